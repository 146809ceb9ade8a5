/* SPDX-License-Identifier: MIT */
/*
 * The ways of small blocks on Linux while a process has one thread: how much
 * waits in quick lists and until when, and what leaves these ways.  All of it
 * is of 64 bits; of 32, and in the debug profile, malloc has other ways.
 */
#define _GNU_SOURCE
#include "front.h"

#include <sys/single_threaded.h>

#include "libc/host_quick.h"
#include "libc/blocks.h"
#include "state.h"

#if HEAP_CHECK < 3 && SIZE_MAX > 0xffffffffu

enum { LEAST = 32, MOST_SIZE = 512, UNIT = 16, MOST_BLOCKS = 2048 / 32 };

static size_t chunk_of(size_t n)
{
	return n <= LEAST - 8 ? LEAST : (n + 8 + 15) / 16 * 16;
}

static size_t waits_in(size_t chunk)
{
	return heap_quick.bytes[chunk / UNIT];
}

/* The heap need not grow for n bytes more. */
static void make_room(size_t n)
{
	heap_free(&heap_default, hidden(heap_alloc(&heap_default, n)));
}

static bool all_lists_empty(void)
{
	for (size_t i = 0; i < QUICK_UNITS; i++)
		if (heap_quick.head[i] != NULL || heap_quick.bytes[i] != 0)
			return false;
	return true;
}

/* ---- before anything was freed --------------------------------------------- */

TEST(until_the_first_free_malloc_takes_the_usual_way)
{
	void *p;

	heap_mapped_fast = 0;
	heap_mapped_wait = 0;
	heap_quick_flush();
	p = get(1);
	/* A chunk of two words, which no list would take. */
	CHECK_EQ(malloc_usable_size(p), 8);
	free(p);
	CHECK_EQ(heap_mapped_fast, (size_t)128 << 10);
	CHECK_EQ(heap_quick.key & 1, 1);
	CHECK(all_lists_empty());
	p = get(1);
	CHECK_EQ(malloc_usable_size(p), LEAST - 8);
	free(p);
	check_sound();
}

/* ---- what waits ------------------------------------------------------------ */

TEST(every_size_has_as_much_as_may_wait_and_no_more)
{
	static void *p[MOST_BLOCKS + 2];

	start();
	make_room(40000);
	for (size_t n = 1; n <= 600; n++) {
		const size_t chunk = chunk_of(n), used = used_chunks();
		const size_t most = chunk <= MOST_SIZE ? 2048 / chunk : 0;

		for (size_t i = 0; i < most + 2; i++) {
			p[i] = get(n);
			CHECK_EQ(malloc_usable_size(p[i]), chunk - 8);
		}
		for (size_t i = 0; i < most + 2; i++)
			free(hidden(p[i]));
		CHECK_EQ(used_chunks(), used + most);
		if (chunk <= MOST_SIZE)
			CHECK_EQ(waits_in(chunk), most * chunk);
		/* The last one that waited is the first to go. */
		for (size_t i = most; i-- != 0;)
			CHECK_PTR_EQ(hidden(malloc(size(n))), p[i]);
		for (size_t i = 0; i < most; i++)
			free(hidden(p[i]));
		CHECK_EQ(used_chunks(), used + most);
		CHECK(heap_quick_flush() == (most != 0));
		CHECK_EQ(used_chunks(), used);
		CHECK(all_lists_empty());
		CHECK(!heap_quick_flush());
	}
	check_sound();
}

TEST(a_chunk_too_small_to_wait_goes_to_the_heap)
{
	size_t used;
	void *p;

	start();
	used = used_chunks();
	p = hidden(heap_alloc(&heap_default, 1));
	if (((uintptr_t)p & BLOCKS_NOT_MAPPED) == 0) {
		void *q = hidden(heap_alloc(&heap_default, 1));

		heap_free(&heap_default, p);
		p = q;
	}
	free(p);
	CHECK_EQ(used_chunks(), used);
	check_sound();
}

TEST(a_block_that_has_waited_bears_no_trace_of_it)
{
	size_t *p, *q, used;

	start();
	used = used_chunks();
	p = get(88);
	q = get(88);
	free(hidden(p));
	CHECK_EQ(p[1], heap_quick.key);
	CHECK_PTR_EQ(hidden(malloc(size(88))), p);
	CHECK_EQ(p[1], 0);
	/* So it is not doubted and waits again. */
	free(hidden(p));
	CHECK_EQ(used_chunks(), used + 2);
	/* Those that were given back are joined, and begin without, too. */
	free(hidden(q));
	heap_quick_flush();
	CHECK_EQ(used_chunks(), used);
	CHECK(p[1] != heap_quick.key && q[1] != heap_quick.key);
	check_sound();
}

#if HEAP_CHECK != 0
TEST(the_deepest_of_a_full_list_is_found_when_it_is_freed_again)
{
	static void *p[MOST_BLOCKS];

	start();
	for (unsigned i = 0; i < MOST_BLOCKS; i++)
		p[i] = get(10);
	for (unsigned i = 0; i < MOST_BLOCKS; i++)
		free(hidden(p[i]));
	for (unsigned i = 0; i < MOST_BLOCKS; i++) {
		free(hidden(p[i]));
		told(HEAP_FAULT_NOT_USED, p[i]);
		CHECK_PTR_EQ(last.heap, &heap_default);
		CHECK_PTR_EQ(last.chunk, (char *)p[i] - WORD);
		CHECK(last.caller != NULL);
		CHECK(realloc(hidden(p[i]), size(20)) == NULL);
		told(HEAP_FAULT_NOT_USED, p[i]);
	}
	CHECK(heap_quick_flush());
	check_sound();
}

static void follow(const void *away)
{
	size_t *p, *q, used;

	p = get(88);
	q = get(88);
	used = used_chunks();
	free(hidden(p));
	/* Whoever looks for q in the list comes to its end. */
	p[0] = (size_t)away;
	q[1] = heap_quick.key;
	free(hidden(q));
	CHECK_EQ(faults, 0);
	CHECK_EQ(used_chunks(), used - 1);
	/* It would be doubted again. */
	q = hidden(heap_alloc(&heap_default, 88));
	q[1] = 0;
	heap_free(&heap_default, q);
	/* And whoever takes one from it. */
	CHECK_PTR_EQ(hidden(malloc(size(88))), p);
	q = get(88);
	CHECK(q != NULL);
	told(HEAP_FAULT_LINK, NULL);
	free(hidden(p));
	free(hidden(q));
	heap_quick_flush();
}

TEST(no_link_is_followed_out_of_the_heap)
{
	char *away =
		mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	start();
	CHECK(away != MAP_FAILED);
	follow(away + 256);
	munmap(away, 4096);
	check_sound();
}

TEST(a_list_that_was_damaged_begins_again_empty)
{
	static void *p[MOST_BLOCKS];
	size_t used, *q;

	start();
	used = used_chunks();
	for (unsigned i = 0; i < MOST_BLOCKS; i++)
		p[i] = get(10);
	free(hidden(p[0]));
	q = p[0];
	q[1] ^= 1;
	q = get(10);
	CHECK(q != NULL && q != p[0]);
	told(HEAP_FAULT_LINK, NULL);
	CHECK_PTR_EQ(last.chunk, NULL);
	CHECK_PTR_EQ(last.heap, &heap_default);
	CHECK(last.caller != NULL);
	CHECK_EQ(waits_in(LEAST), 0);
	heap_free(&heap_default, p[0]);
	p[0] = q;
	/* As many as ever may wait. */
	for (unsigned i = 0; i < MOST_BLOCKS; i++)
		free(hidden(p[i]));
	CHECK_EQ(used_chunks(), used + MOST_BLOCKS);
	heap_quick_flush();
	CHECK_EQ(used_chunks(), used);
	check_sound();
}

TEST(a_header_that_was_written_over_is_told_and_does_not_wait)
{
	size_t *p, *q, was, used;

	start();
	p = get(40);
	q = get(40);
	used = used_chunks();
	was = p[-1];
	/* A size that could wait, without its seal; and the flag of the next. */
	p[-1] = was ^ 0x20;
	free(hidden(p));
	CHECK_EQ(faults, 1);
	faults = 0;
	p[-1] = was;
	was = q[-1];
	if (q == p + 6) {
		q[-1] = was ^ 2;
		free(hidden(p));
		CHECK_EQ(faults, 1);
		faults = 0;
		q[-1] = was;
	}
	CHECK_EQ(used_chunks(), used);
	CHECK(all_lists_empty());
	free(hidden(p));
	free(hidden(q));
	check_sound();
}
#endif

/* ---- when it is given back -------------------------------------------------- */

TEST(once_before_the_heap_grows_what_waits_is_given_back)
{
	enum { N = 4 };
	char *p[N], *wall, *q;
	size_t taken, n;

	start();
	for (unsigned i = 0; i < N; i++)
		p[i] = get(488);
	wall = get(488);
	for (unsigned i = 1; i < N; i++)
		CHECK_PTR_EQ(p[i], p[0] + 496 * i);
	for (unsigned i = 0; i < N; i++)
		free(hidden(p[i]));
	CHECK_EQ(waits_in(496), N * 496);
	/* Nothing is left that has room for four but these four. */
	n = heap_room(&heap_default);
	q = heap_alloc(&heap_default, n - 8);
	CHECK(q != NULL);
	taken = heap_default.taken;
	CHECK_PTR_EQ(hidden(malloc(size(N * 496 - 8))), p[0]);
	CHECK_EQ(heap_default.taken, taken);
	CHECK(all_lists_empty());
	free(hidden(p[0]));
	/* The next time it grows, for it has not since. */
	for (unsigned i = 0; i < N; i++)
		CHECK_PTR_EQ(hidden(malloc(size(488))), p[0] + 496 * i);
	for (unsigned i = 0; i < N; i++)
		free(hidden(p[i]));
	p[0] = get(N * 496 - 8);
	CHECK(p[0] != NULL && heap_default.taken > taken);
	CHECK_EQ(waits_in(496), N * 496);
	free(hidden(p[0]));
	free(hidden(q));
	free(hidden(wall));
	check_sound();
}

TEST(before_malloc_fails_what_waits_is_given_back)
{
	enum { N = 4 };
	char *p[N], *wall, *q;
	void *list = NULL, *more;

	start();
	for (unsigned i = 0; i < N; i++)
		p[i] = get(488);
	wall = get(488);
	limit_memory(0);
	while ((more = heap_alloc(&heap_default, 2000)) != NULL) {
		*(void **)more = list;
		list = more;
	}
	/* Once because it has grown since. */
	CHECK(malloc(size(2000)) == NULL);
	for (unsigned i = 0; i < N; i++)
		free(hidden(p[i]));
	CHECK_EQ(waits_in(496), N * 496);
	q = get(N * 496 - 8);
	CHECK_PTR_EQ(q, p[0]);
	CHECK(all_lists_empty());
	errno = 0;
	CHECK(malloc(size(N * 496 - 8)) == NULL);
	CHECK_EQ(errno, ENOMEM);
	unlimit();
	free(hidden(q));
	free(hidden(wall));
	while (list != NULL) {
		more = *(void **)list;
		heap_free(&heap_default, list);
		list = more;
	}
	check_sound();
}

TEST(before_a_large_block_what_waits_is_given_back)
{
	void *p, *q;

	start();
	make_room(200000);
	p = get(40);
	free(hidden(p));
	CHECK_EQ(waits_in(48), 48);
	q = get(((size_t)128 << 10) - 1);
	CHECK_EQ(waits_in(48), 48);
	free(hidden(q));
	q = get((size_t)128 << 10);
	CHECK(all_lists_empty());
	free(hidden(q));
	/* realloc does so too. */
	p = get(40);
	free(hidden(p));
	q = get(1000);
	CHECK_EQ(waits_in(48), 48);
	q = hidden(realloc(q, size((size_t)128 << 10)));
	CHECK(q != NULL && all_lists_empty());
	free(hidden(q));
	check_sound();
}

TEST(before_a_report_what_waits_is_given_back)
{
	int errors = dup(2), nowhere = open("/dev/null", 1);
	struct mallinfo info;

	start();
	free(hidden(get(40)));
	CHECK_EQ(waits_in(48), 48);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
	info = mallinfo();
#pragma GCC diagnostic pop
	CHECK_EQ(info.arena, heap_default.taken);
	CHECK(all_lists_empty());
	free(hidden(get(40)));
	CHECK_EQ(waits_in(48), 48);
	/* It writes to where errors go. */
	dup2(nowhere, 2);
	malloc_stats();
	dup2(errors, 2);
	close(nowhere);
	close(errors);
	CHECK(all_lists_empty());
	check_sound();
}

/* ---- who goes another way --------------------------------------------------- */

TEST(beside_threads_nothing_waits)
{
	size_t used, *p;

	start();
	used = used_chunks();
	p = get(40);
	free(hidden(p));
	CHECK_EQ(used_chunks(), used + 1);
	__libc_single_threaded = 0;
	/* What waits is left alone until the next look. */
	p = get(40);
	CHECK_EQ(used_chunks(), used + 2);
	CHECK_EQ(waits_in(48), 48);
	heap_mapped_wait = 2;
	free(hidden(p));
	CHECK_EQ(used_chunks(), used + 1);
	CHECK_EQ(heap_mapped_wait, 1);
	free(hidden(get(40)));
	CHECK_EQ(heap_mapped_wait, 0);
	CHECK_EQ(waits_in(48), 48);
	free(hidden(get(40)));
	CHECK_EQ(heap_mapped_wait, 1024);
	CHECK(all_lists_empty());
	CHECK_EQ(used_chunks(), used);
	p = hidden(realloc(get(40), size(1000)));
	CHECK(p != NULL);
	free(hidden(p));
	__libc_single_threaded = 1;
	check_sound();
}

TEST(now_and_then_the_end_of_the_heap_is_given_back)
{
	size_t taken;
	void *p, *q;

	start();
	/* More than a large block of free memory, and something behind it. */
	p = get(120000);
	q = get(120000);
	taken = heap_default.taken;
	heap_mapped_wait = 2;
	free(hidden(q));
	CHECK_EQ(heap_mapped_wait, 1);
	free(hidden(p));
	CHECK_EQ(heap_mapped_wait, 0);
	CHECK(heap_default.taken >= taken);
	/* The next one looks first; what waits goes on to. */
	free(hidden(get(72)));
	heap_mapped_wait = 0;
	p = get(40);
	free(hidden(p));
	CHECK_EQ(heap_mapped_wait, 1024);
	CHECK(heap_default.taken < taken);
	CHECK_EQ(waits_in(48), 48);
	CHECK_EQ(waits_in(80), 80);
	p = get(1000);
	free(hidden(p));
	CHECK_EQ(heap_mapped_wait, 1023);
	/* A realloc that moves counts as well, when it is not the time yet. */
	p = get(1000);
	q = get(1000);
	p = hidden(realloc(p, size(3000)));
	CHECK(p != NULL);
	CHECK_EQ(heap_mapped_wait, 1022);
	free(hidden(q));
	free(hidden(p));
	CHECK_EQ(heap_mapped_wait, 1020);
	check_sound();
}

TEST(a_key_stays_what_it_was)
{
	uintptr_t key;

	start();
	key = heap_quick.key;
	CHECK(key != 0);
	heap_quick_tidy();
	CHECK_EQ(heap_quick.key, key);
	check_sound();
}

#if HEAP_CHECK != 0
static volatile unsigned told_of;

static void count_events(struct heap_observer *self, const struct heap_event *e)
{
	(void)self;
	told_of += e->op == HEAP_OP_ALLOC || e->op == HEAP_OP_FREE ||
		   e->op == HEAP_OP_RESIZED;
}

TEST(an_observer_is_told_of_every_call)
{
	static struct heap_observer observer = {.tell = count_events};
	void *p, *q;

	start();
	p = get(40);
	q = get(40);
	free(hidden(p));
	CHECK(heap_observe(&heap_default, &observer));
	told_of = 0;
	p = hidden(malloc(size(40)));
	CHECK_EQ(told_of, 1);
	p = hidden(realloc(p, size(60)));
	CHECK_EQ(told_of, 2);
	free(hidden(p));
	CHECK_EQ(told_of, 3);
	free(hidden(q));
	CHECK_EQ(told_of, 4);
	CHECK(heap_unobserve(&heap_default, &observer));
	check_sound();
}
#endif

#else

TEST(malloc_has_no_lists_here)
{
	struct heap_stats s;
	void *p, *q;

	start();
	heap_stats(&heap_default, &s);
	p = get(40);
	q = get(40);
	CHECK_EQ(used_chunks(), s.used_chunks + 2);
	free(hidden(p));
	free(hidden(q));
	CHECK_EQ(used_chunks(), s.used_chunks);
	CHECK(!heap_quick_flush());
	check_sound();
}

#endif
