/* SPDX-License-Identifier: MIT */
/*
 * The report of a fault: what it says, that it is told with the lock released,
 * that a handler may use the heap and is never entered twice.  heap-min.a finds
 * no faults to tell of.
 */
#include "rig.h"
#include "state.h"

#if HEAP_CHECK != 0

#define MOST ((size_t)3072)

static struct heap *h;
static struct heap_port port;
static unsigned told;
static struct heap_fault last;
static char text[640];
static size_t text_used;

static void write(void *ctx, const char *bytes, size_t n)
{
	(void)ctx;
	for (size_t i = 0; i < n && text_used < sizeof(text) - 1; i++)
		text[text_used++] = bytes[i];
	text[text_used] = '\0';
}

static void note(void *ctx, const struct heap_fault *fault)
{
	(void)ctx;
	rig.lock_errors += rig.locked;
	told++;
	last = *fault;
}

static void start(void (*fault)(void *, const struct heap_fault *))
{
	size_t n;
	void *mem = rig_arena(&n, MOST);

	port = rig_port;
	port.fault = fault;
	port.write = write;
	told = 0;
	text_used = 0;
	text[0] = '\0';
	h = heap_create(mem, n, &port);
}

static bool text_has(const char *words)
{
	for (const char *at = text; *at != '\0'; at++) {
		size_t n = 0;

		while (words[n] != '\0' && at[n] == words[n])
			n++;
		if (words[n] == '\0')
			return true;
	}
	return false;
}

/* ---- what it says ------------------------------------------------------- */

TEST(the_suspect_is_the_block_below_a_smashed_header)
{
	static const char maker;
	size_t *p, *next;

	start(note);
	heap_alloc(h, 40);
	p = heap_alloc_from(h, 6 * WORD_SIZE, &maker);
	next = heap_alloc(h, 40);
	heap_alloc(h, 8);
	mem_to_chunk(next)->head ^= 0x50;
	heap_free(h, next);
	CHECK(told != 0);
	CHECK_PTR_EQ(last.chunk, mem_to_chunk(next));
	CHECK_PTR_EQ(last.prev, mem_to_chunk(p));
	CHECK_PTR_EQ(last.next, NULL);
	CHECK_PTR_EQ(last.suspect, p);
	/* Asked for, or what may be used: three units but a word. */
	CHECK_EQ(last.suspect_size, (HEAP_CHECK >= 3 ? 6 : 7) * WORD_SIZE);
	CHECK_PTR_EQ(last.suspect_by, HEAP_CHECK >= 3 ? &maker : NULL);
	mem_to_chunk(next)->head ^= 0x50;
	CHECK_EQ(heap_check(h, NULL), HEAP_OK);
}

TEST(the_neighbours_of_a_freed_block_are_known)
{
	void *p[3];

	start(note);
	for (unsigned i = 0; i < 3; i++)
		p[i] = heap_alloc(h, 40);
	heap_free(h, p[1]);
	heap_free(h, p[1]);
	CHECK_EQ(told, 1);
	CHECK_EQ(last.kind, HEAP_FAULT_NOT_USED);
	CHECK_PTR_EQ(last.chunk, mem_to_chunk(p[1]));
	CHECK_PTR_EQ(last.prev, mem_to_chunk(p[0]));
	CHECK_PTR_EQ(last.next, mem_to_chunk(p[2]));
	CHECK_PTR_EQ(last.suspect, NULL);
}

TEST(what_cannot_be_trusted_is_left_out)
{
	size_t *p[4];

	start(note);
	for (unsigned i = 0; i < 4; i++)
		p[i] = heap_alloc(h, 40);
	/* Nothing leads from the first chunk to the last any more. */
	mem_to_chunk(p[0])->head ^= 0x70;
	mem_to_chunk(p[3])->head ^= 0x70;
	heap_free(h, p[3]);
	CHECK(told != 0);
	CHECK_PTR_EQ(last.prev, NULL);
	CHECK_PTR_EQ(last.next, NULL);
	CHECK_PTR_EQ(last.suspect, NULL);
}

static void report(void *ctx, const struct heap_fault *fault)
{
	note(ctx, fault);
	heap_port_report(&port, fault);
}

TEST(the_report_has_a_line_for_each_thing_that_is_known)
{
	void *p;

	start(report);
	p = heap_alloc(h, 40);
	heap_free(h, p);
	heap_free(h, p);
	CHECK(text_has("heap: fault: double free or not a block chunk 0x"));
	CHECK_EQ(text_has("allocated by 0x"), HEAP_CHECK >= 3);
	CHECK_EQ(text_has("freed by 0x"), HEAP_CHECK >= 3);
	CHECK(!text_has("suspect"));
	CHECK_EQ(text[text_used - 1], '\n');

	const struct heap_fault all = {
		.kind = HEAP_FAULT_GUARD,
		.invariant = HEAP_I10,
		.suspect = p,
		.suspect_size = 90,
		.suspect_by = p,
		.prev = p,
		.next = p,
		.allocated_by = p,
		.freed_by = p,
		.untold = 65535,
	};

	text_used = 0;
	heap_port_report(&port, &all);
	CHECK(text_has("written behind the end of a block (I10)"));
	CHECK(text_has("heap:  suspect 0x"));
	CHECK(text_has(" of 90 bytes allocated by 0x"));
	CHECK(text_has("heap:  chunks around prev 0x"));
	CHECK(text_has("heap:  block allocated by 0x"));
	CHECK(text_has("not told: 65535\n"));
}

/* ---- who is told, and when ----------------------------------------------- */

static void errs_again(void *ctx, const struct heap_fault *fault)
{
	void *p;

	note(ctx, fault);
	/* The heap serves meanwhile. */
	p = heap_alloc(h, 24);
	rig_fill(p, 24, 9);
	p = heap_resize(h, p, 60);
	rig.lock_errors += !rig_filled(p, 24, 9);
	heap_free(h, p);
	/* And what goes wrong is counted. */
	heap_free(h, p);
	heap_free(h, &port);
	heap_free(h, (char *)p + 1);
}

TEST(a_handler_uses_the_heap_and_is_not_entered_again)
{
	void *p;

	start(errs_again);
	p = heap_alloc(h, 40);
	CHECK_EQ(told, 0);
	heap_free(h, &told);
	CHECK_EQ(told, 1);
	CHECK_EQ(last.kind, HEAP_FAULT_FOREIGN);
	CHECK_EQ(last.untold, 0);
	CHECK_EQ(rig.lock_errors, 0);
	heap_free(h, &told);
	CHECK_EQ(told, 2);
	CHECK_EQ(last.untold, 3);
	heap_free(h, p);
	CHECK_EQ(told, 2);
	CHECK_EQ(heap_check(h, NULL), HEAP_OK);
	CHECK_EQ(rig_stats(h).in_use, 0);
}

static void leaves(void *ctx, const struct heap_fault *fault)
{
	note(ctx, fault);
	heap_fault_over(h);
	if (told < 3)
		heap_free(h, &port);
}

TEST(a_handler_that_does_not_return_says_so_first)
{
	start(leaves);
	heap_free(h, &told);
	CHECK_EQ(told, 3);
	CHECK_EQ(last.untold, 0);
	CHECK_EQ(rig.lock_errors, 0);
}

TEST(a_call_from_an_interrupt_while_a_fault_is_told_is_counted)
{
	start(note);
	h->telling = 1;
	rig.in_isr = true;
	CHECK(heap_alloc(h, 10) == NULL);
	CHECK_EQ(told, 0);
	heap_fault_over(h);
	CHECK(heap_alloc(h, 10) == NULL);
	CHECK_EQ(told, 1);
	CHECK_EQ(last.kind, HEAP_FAULT_INTERRUPT);
	CHECK_EQ(last.untold, 1);
	rig.in_isr = false;
}

TEST(without_a_handler_nothing_is_counted_either)
{
	start(NULL);
	for (unsigned i = 0; i < 3; i++)
		heap_free(h, &port);
	port.fault = note;
	heap_free(h, &port);
	CHECK_EQ(told, 1);
	CHECK_EQ(last.untold, 0);
}

TEST(untold_faults_are_counted_up_to_what_fits)
{
	start(note);
	h->telling = 1;
	h->untold = UINT16_MAX - 1;
	for (unsigned i = 0; i < 5; i++)
		heap_free(h, &port);
	heap_fault_over(h);
	heap_free(h, &port);
	CHECK_EQ(told, 1);
	CHECK_EQ(last.untold, UINT16_MAX);
	/* Once. */
	heap_free(h, &port);
	CHECK_EQ(told, 2);
	CHECK_EQ(last.untold, 0);
}

#endif
