/* SPDX-License-Identifier: MIT */
/* The recorder, told by hand: what it writes, loses, and leaves behind. */
#include "heap.h"
#include "heap_trace.h"
#include "state.h"
#include "tap.h"
#include "trace_ring.h"

#define OUT_MAX 1536

static uint8_t out[OUT_MAX];
static size_t out_size;
static uint64_t ring[HEAP_TRACE_MEMORY_MIN / 8];
static bool beyond_lock;
static uint32_t clock_now;
static struct heap_trace_setup setup;
static uint32_t sequence;

static void to_out(void *ctx, const void *bytes, size_t n)
{
	const uint8_t *from = bytes;

	(void)ctx;
	while (n-- != 0 && out_size < OUT_MAX)
		out[out_size++] = *from++;
}

static void text_to_out(void *ctx, const char *bytes, size_t n)
{
	to_out(ctx, bytes, n);
}

static bool is_beyond(void *ctx)
{
	(void)ctx;
	return beyond_lock;
}

static uint32_t now(void *ctx)
{
	(void)ctx;
	return clock_now;
}

static struct heap *heap;
static uint64_t pool[256];

static const struct heap_port port = {
	.in_isr = is_beyond,
	.write = text_to_out,
};
static const struct heap_port clocked = {.now = now};

/* A block address near the heap, as the heap gives it. */
static void *block(size_t n)
{
	return (char *)((uintptr_t)heap & ~(HEAP_ALIGN - 1)) + n * HEAP_ALIGN;
}

static void *code(size_t n)
{
	return (void *)((uintptr_t)heap_trace_anchor + n);
}

static void prepare(void (*write)(void *ctx, const void *bytes, size_t n))
{
	heap_trace_stop();
	heap = heap_create(pool, sizeof(pool), &port);
	CHECK(heap != NULL);
	setup = (struct heap_trace_setup){
		.heap = heap,
		.memory = ring,
		.size = sizeof(ring),
		.write = write,
	};
	out_size = 0;
	sequence = 100;
}

static void begin(void (*write)(void *ctx, const void *bytes, size_t n))
{
	prepare(write);
	CHECK(heap_trace_start(&setup));
}

static void tell(const struct heap_event *e)
{
	struct heap_event numbered = *e;

	numbered.sequence = sequence++;
	heap_trace_observer.tell(&heap_trace_observer, &numbered);
}

static void tell_alloc(void *mem, size_t asked)
{
	tell(&(struct heap_event){.op = HEAP_OP_ALLOC,
				  .mem = mem,
				  .asked = asked,
				  .size = asked,
				  .caller = code(asked)});
}

static void tell_free(void *old, size_t size)
{
	tell(&(struct heap_event){.op = HEAP_OP_FREE,
				  .old = old,
				  .old_size = size,
				  .caller = code(0)});
}

/* ---- reading ---------------------------------------------------------- */

static size_t at;

static uintptr_t next(void)
{
	uintptr_t value = 0;

	for (unsigned shift = 0; at < out_size; shift += 7) {
		value |= (uintptr_t)(out[at] & 0x7f) << shift;
		if ((out[at++] & 0x80) == 0)
			break;
	}
	return value;
}

/* The header's fields by number; `at` is behind it then. */
static uintptr_t header[10];

static void read_header(void)
{
	CHECK(out_size > TRACE_MAGIC_SIZE);
	for (unsigned i = 0; i < TRACE_MAGIC_SIZE; i++)
		CHECK_EQ(out[i], (uint8_t)TRACE_MAGIC[i]);
	at = TRACE_MAGIC_SIZE;
	for (unsigned i = 0; i < 10; i++)
		header[i] = next();
	at += header[9];
}

static void *next_pointer(void)
{
	const unsigned turn = HEAP_ALIGN == 16 ? 4 : 3;
	uintptr_t x = next();

	return (void *)(header[5] + (x << turn | x >> (8 * sizeof(x) - turn)));
}

static void *next_caller(void)
{
	return (void *)(header[6] + next());
}

/* With `flags` also set, but for what belongs to them. */
static void expect_flagged(uint8_t flags, void *mem, size_t asked)
{
	CHECK(at < out_size);
	CHECK_EQ(out[at++], TRACE_ALLOC | flags);
	CHECK_PTR_EQ(next_pointer(), mem);
	CHECK_EQ(next(), asked);
	CHECK_PTR_EQ(next_caller(), code(asked));
}

static void expect_alloc(void *mem, size_t asked)
{
	expect_flagged(0, mem, asked);
}

static void expect_end(uint32_t lost)
{
	CHECK(at < out_size);
	CHECK_EQ(out[at++], TRACE_END);
	CHECK_EQ(next(), lost);
	CHECK_EQ(at, out_size);
}

/* ---- what is written --------------------------------------------------- */

TEST(a_trace_tells_where_the_program_was)
{
	begin(to_out);
	heap_trace_stop();
	read_header();
	CHECK_EQ(header[0], 8 * sizeof(void *));
	/* No clock, and no flags. */
	CHECK_EQ(header[1], 0);
	CHECK_EQ(header[2], 0);
	CHECK_EQ(header[3], 0);
	CHECK_EQ(header[4], (uintptr_t)heap_trace_anchor);
	CHECK_EQ(header[7], 0);
	expect_end(0);
}

TEST(a_trace_that_runs_is_ended_by_the_next_start)
{
	size_t first;

	begin(to_out);
	tell_alloc(block(1), 1);
	CHECK(heap_trace_start(&setup));
	first = out_size;
	heap_trace_stop();
	read_header();
	expect_alloc(block(1), 1);
	CHECK_EQ(out[at++], TRACE_END);
	CHECK_EQ(next(), 0);
	/* The header of the next one, as long as this one's. */
	CHECK_EQ(out[at], (uint8_t)TRACE_MAGIC[0]);
	CHECK_EQ(out_size, first + 2);
}

/* One that lies between two places for a block. */
TEST(pointers_are_told_from_where_blocks_may_be)
{
	static const struct heap_port none = {.in_isr = is_beyond};
	uintptr_t start = align_up((uintptr_t)pool, HEAP_ALIGN);
	struct heap *odd = (struct heap *)(start + sizeof(size_t));
	size_t before;

	prepare(to_out);
	odd->port = &none;
	setup.heap = odd;
	CHECK(heap_trace_start(&setup));
	before = out_size;
	heap = odd;
	tell_alloc(block(100), 1);
	heap_trace_stop();
	read_header();
	CHECK_EQ(header[5], start);
	CHECK_EQ(at, before);
	expect_alloc(block(100), 1);
	expect_end(0);
}

TEST(a_trace_tells_which_code_it_was)
{
	static const char text[] = "code";

	prepare(to_out);
	setup.code = text;
	setup.code_size = 4;
	setup.build_id = text;
	setup.build_id_size = 2;
	CHECK(heap_trace_start(&setup));
	heap_trace_stop();
	read_header();
	CHECK_EQ(header[6], (uintptr_t)text);
	CHECK_EQ(header[7], 4);
	CHECK_EQ(header[8], trace_sum(TRACE_SUM_START, "code", 4));
	CHECK_EQ(header[9], 2);
	CHECK_EQ(out[at - 2], 'c');
	CHECK_EQ(out[at - 1], 'o');
	expect_end(0);
}

TEST(a_build_id_that_is_too_long_is_refused)
{
	prepare(to_out);
	setup.build_id = "";
	setup.build_id_size = TRACE_BUILD_ID_MAX + 1;
	CHECK(!heap_trace_start(&setup));
}

TEST(the_longest_build_id_is_told)
{
	uint8_t id[TRACE_BUILD_ID_MAX] = {0};

	id[0] = 3;
	id[TRACE_BUILD_ID_MAX - 1] = 7;
	prepare(to_out);
	setup.build_id = id;
	setup.build_id_size = sizeof(id);
	CHECK(heap_trace_start(&setup));
	heap_trace_stop();
	read_header();
	CHECK_EQ(header[9], sizeof(id));
	CHECK_EQ(out[at - sizeof(id)], 3);
	CHECK_EQ(out[at - 1], 7);
	expect_end(0);
}

TEST(events_come_back_as_they_were)
{
	begin(to_out);
	tell_alloc(block(4), 20);
	tell(&(struct heap_event){.op = HEAP_OP_ALIGNED,
				  .mem = block(8),
				  .asked = 100000,
				  .align = 64,
				  .tag = 300,
				  .caller = code(7)});
	tell(&(struct heap_event){.op = HEAP_OP_RESIZED,
				  .old = block(4),
				  .mem = block(900),
				  .asked = 70,
				  .caller = code(1)});
	tell_free(block(900), 72);
	tell_free((char *)block(900) + 3, 0);
	heap_trace_stop();

	read_header();
	expect_alloc(block(4), 20);
	CHECK_EQ(out[at++], TRACE_ALIGNED | TRACE_HAS_TAG);
	CHECK_PTR_EQ(next_pointer(), block(8));
	CHECK_EQ(next(), 100000);
	CHECK_PTR_EQ(next_caller(), code(7));
	CHECK_EQ(next(), 64);
	CHECK_EQ(next(), 300);
	CHECK_EQ(out[at++], TRACE_RESIZED);
	CHECK_PTR_EQ(next_pointer(), block(4));
	CHECK_PTR_EQ(next_pointer(), block(900));
	CHECK_EQ(next(), 70);
	CHECK_PTR_EQ(next_caller(), code(1));
	CHECK_EQ(out[at++], TRACE_FREE);
	CHECK_PTR_EQ(next_pointer(), block(900));
	CHECK_PTR_EQ(next_caller(), code(0));
	CHECK_EQ(out[at++], TRACE_BAD_FREE);
	CHECK_PTR_EQ(next_pointer(), (char *)block(900) + 3);
	CHECK_PTR_EQ(next_caller(), code(0));
	expect_end(0);
}

TEST(a_malloc_takes_at_most_ten_bytes)
{
	size_t before;

	begin(to_out);
	tell_alloc(block(1), 1);
	heap_trace_flush();
	before = out_size;
	tell_alloc(block(1000), 100);
	heap_trace_flush();
	CHECK(out_size - before <= 10);
	heap_trace_stop();
}

TEST(events_told_in_another_order_keep_their_numbers)
{
	begin(to_out);
	tell_alloc(block(1), 1);
	sequence += 5;
	tell_alloc(block(2), 2);
	sequence -= 3;
	tell_alloc(block(3), 3);
	tell_alloc(block(4), 4);
	heap_trace_stop();

	read_header();
	expect_alloc(block(1), 1);
	expect_flagged(TRACE_HAS_ORDER, block(2), 2);
	CHECK_EQ(next(), 10); /* 5 ahead */
	expect_flagged(TRACE_HAS_ORDER, block(3), 3);
	CHECK_EQ(next(), 5); /* 3 back */
	expect_alloc(block(4), 4);
	expect_end(0);
}

TEST(times_are_told_as_differences)
{
	prepare(to_out);
	setup.heap = heap_create(pool, sizeof(pool), &clocked);
	clock_now = 1000;
	CHECK(heap_trace_start(&setup));
	clock_now = 1005;
	heap_trace_mark(1);
	heap_trace_mark(2);
	clock_now = 1305;
	heap_trace_mark(3);
	heap_trace_stop();
	read_header();
	CHECK_EQ(header[1], 1000);
	CHECK_EQ(out[at++], TRACE_MARK | TRACE_HAS_TIME);
	CHECK_EQ(next(), 1);
	CHECK_EQ(next(), 5);
	CHECK_EQ(out[at++], TRACE_MARK);
	CHECK_EQ(next(), 2);
	CHECK_EQ(out[at++], TRACE_MARK | TRACE_HAS_TIME);
	CHECK_EQ(next(), 3);
	CHECK_EQ(next(), 300);
}

/* ---- no room ------------------------------------------------------------ */

TEST(what_finds_no_room_is_counted_and_told_of)
{
	unsigned told = 0;
	uint32_t lost;

	prepare(to_out);
	setup.deferred = true;
	CHECK(heap_trace_start(&setup));
	while (heap_trace_lost() < 3 && ++told < 200)
		tell_alloc(block(told), told);
	CHECK_EQ(heap_trace_lost(), 3);
	lost = told - 3;
	heap_trace_flush();
	tell_alloc(block(5), 5);
	heap_trace_stop();

	read_header();
	for (unsigned i = 1; i <= lost; i++)
		expect_alloc(block(i), i);
	CHECK_EQ(out[at++], TRACE_LOST);
	CHECK_EQ(next(), 3);
	expect_flagged(TRACE_HAS_ORDER, block(5), 5);
	CHECK_EQ(next(), 6);
	expect_end(3);
}

TEST(the_end_is_told_of_a_trace_that_was_full)
{
	unsigned told = 0;

	prepare(to_out);
	setup.deferred = true;
	CHECK(heap_trace_start(&setup));
	while (heap_trace_lost() < 2 && ++told < 200)
		tell_alloc(block(told), told);
	heap_trace_stop();
	read_header();
	for (unsigned i = 1; i <= told - 2; i++)
		expect_alloc(block(i), i);
	CHECK_EQ(out[at++], TRACE_LOST);
	CHECK_EQ(next(), 2);
	expect_end(2);
}

static void tell_reset(void)
{
	tell(&(struct heap_event){.op = HEAP_OP_RESET});
}

/* What waits is half of the ring at most, and written when it is that. */
TEST(half_a_ring_is_written_and_not_before)
{
	const struct trace_ring *r = (struct trace_ring *)ring;
	size_t written = 0, half, kept = 0;

	for (unsigned odd = 0; odd < 2; odd++) {
		begin(to_out);
		written = out_size;
		half = r->size / 2;
		kept = 0;
		if (odd != 0) {
			/* One byte, the other two. */
			tell_reset();
			kept = 1;
		}
		while (kept < half) {
			CHECK_EQ(out_size, written);
			CHECK_EQ(ring_used(r), kept);
			heap_trace_mark(5);
			kept += 2;
		}
		CHECK_EQ(out_size, written + kept);
		CHECK_EQ(ring_used(r), 0);
		heap_trace_stop();
		CHECK_EQ(heap_trace_lost(), 0);
	}
}

/*
 * The smallest record finds room where others do not: with an order, a time and
 * a number of lost ones that are as long as can be.
 */
TEST(a_record_takes_no_more_than_the_room_that_was_asked_for)
{
	enum { LOST = 16400 };
	uint32_t kept, missed;

	for (unsigned lead = 0; lead < 4; lead++) {
		prepare(to_out);
		setup.heap = heap_create(pool, sizeof(pool), &clocked);
		setup.deferred = true;
		clock_now = 0;
		CHECK(heap_trace_start(&setup));
		tell_reset();
		for (unsigned i = 0; i < lead; i++)
			heap_trace_mark(200);
		for (kept = 0; heap_trace_lost() == 0; kept++)
			heap_trace_mark(1);
		kept--;
		for (unsigned i = 1; i < LOST; i++)
			heap_trace_mark(1);
		clock_now = 0xf0000000u;
		sequence += 0x70000000u;
		tell_reset();
		missed = heap_trace_lost();
		clock_now = 0;
		heap_trace_stop();
		read_header();
		CHECK_EQ(out[at++], TRACE_RESET);
		for (unsigned i = 0; i < lead; i++) {
			CHECK_EQ(out[at++], TRACE_MARK);
			CHECK_EQ(next(), 200);
		}
		for (unsigned i = 0; i < kept; i++) {
			CHECK_EQ(out[at++], TRACE_MARK);
			CHECK_EQ(next(), 1);
		}
		CHECK_EQ(out[at++], TRACE_LOST);
		CHECK_EQ(next(), missed);
		if (missed == LOST) {
			CHECK_EQ(out[at++], TRACE_RESET | TRACE_HAS_ORDER |
						    TRACE_HAS_TIME);
			CHECK_EQ(next(), 2 * 0x70000000u);
			CHECK_EQ(next(), 0xf0000000u);
		}
		CHECK_EQ(out[at++] & TRACE_KIND, TRACE_END);
		CHECK_EQ(next(), missed);
	}
}

TEST(where_the_lock_does_not_reach_events_are_counted)
{
	begin(to_out);
	beyond_lock = true;
	tell_alloc(block(1), 1);
	tell_alloc(block(2), 2);
	beyond_lock = false;
	CHECK_EQ(heap_trace_lost(), 2);
	heap_trace_stop();
	read_header();
	expect_end(2);
}

TEST(too_little_memory_is_refused)
{
	prepare(to_out);
	setup.size = HEAP_TRACE_MEMORY_MIN - 1;
	CHECK(!heap_trace_start(&setup));
	setup.size = sizeof(ring);
	setup.memory = NULL;
	CHECK(!heap_trace_start(&setup));
	/* Nobody records now. */
	out_size = 0;
	tell_alloc(block(1), 1);
	heap_trace_flush();
	CHECK_EQ(out_size, 0);
}

static unsigned nested;

static void write_and_allocate(void *ctx, const void *bytes, size_t n)
{
	static bool inside;

	to_out(ctx, bytes, n);
	if (inside) {
		nested++;
		return;
	}
	inside = true;
	heap_trace_mark(77);
	heap_trace_flush();
	inside = false;
}

TEST(what_writes_may_cause_events_itself)
{
	nested = 0;
	begin(write_and_allocate);
	tell_alloc(block(1), 1);
	heap_trace_flush();
	heap_trace_stop();
	CHECK_EQ(heap_trace_lost(), 0);
	/* One thread at a time. */
	CHECK_EQ(nested, 0);
}

static unsigned locks, unlocks;

static uintptr_t count_lock(void *ctx)
{
	(void)ctx;
	return ++locks;
}

static void count_unlock(void *ctx, uintptr_t state)
{
	(void)ctx;
	unlocks += state == locks;
}

TEST(the_recorder_takes_the_heaps_lock)
{
	static const struct heap_port locking = {
		.lock = count_lock,
		.unlock = count_unlock,
	};
	unsigned before;

	prepare(to_out);
	heap_destroy(heap);
	heap = heap_create(pool, sizeof(pool), &locking);
	CHECK(heap != NULL);
	setup.heap = heap;
	CHECK(heap_trace_start(&setup));
	before = locks;
	tell_alloc(block(1), 1);
	CHECK_EQ(locks, before + 1);
	/* To look, and again behind what is written. */
	heap_trace_flush();
	CHECK_EQ(locks, before + 3);
	heap_trace_stop();
	CHECK_EQ(unlocks, locks);
	read_header();
	expect_alloc(block(1), 1);
	expect_end(0);
}

TEST(where_the_lock_does_not_reach_nothing_is_written)
{
	begin(to_out);
	tell_alloc(block(1), 1);
	out_size = 0;
	beyond_lock = true;
	heap_trace_flush();
	CHECK_EQ(out_size, 0);
	beyond_lock = false;
	heap_trace_flush();
	CHECK(out_size > 0);
	heap_trace_stop();
}

/* Records lie across the ring's end, where the writing is in two parts. */
TEST(what_goes_round_the_ring_is_written_in_order)
{
	unsigned n = 0;

	prepare(to_out);
	setup.deferred = true;
	CHECK(heap_trace_start(&setup));
	while (out_size + 200 < OUT_MAX && n < 400) {
		for (unsigned i = 0; i < 8; i++, n++)
			tell_alloc(block(n % 50), n);
		heap_trace_flush();
	}
	heap_trace_stop();
	CHECK_EQ(heap_trace_lost(), 0);
	CHECK(out_size > sizeof(ring) && out_size < OUT_MAX);
	read_header();
	for (unsigned i = 0; i < n; i++) {
		expect_alloc(block(i % 50), i);
		CHECK(!tap_failed());
	}
	expect_end(0);
}

TEST(growth_and_faults_are_recorded)
{
	const struct heap_fault fault = {
		.kind = HEAP_FAULT_LINK,
		.invariant = HEAP_I6,
		.chunk = block(2),
		.mem = block(3),
		.caller = code(4),
	};

	begin(to_out);
	tell(&(struct heap_event){
		.op = HEAP_OP_GROWN, .mem = block(9), .size = 90});
	tell(&(struct heap_event){
		.op = HEAP_OP_TRIMMED, .mem = block(8), .size = 80});
	heap_trace_fault(&fault);
	heap_trace_stop();
	read_header();
	CHECK_EQ(out[at++], TRACE_GROWN);
	CHECK_PTR_EQ(next_pointer(), block(9));
	CHECK_EQ(next(), 90);
	CHECK_EQ(out[at++], TRACE_TRIMMED);
	CHECK_PTR_EQ(next_pointer(), block(8));
	CHECK_EQ(next(), 80);
	CHECK_EQ(out[at++], TRACE_FAULT);
	CHECK_EQ(next(), HEAP_FAULT_LINK);
	CHECK_EQ(next(), HEAP_I6);
	CHECK_PTR_EQ(next_pointer(), block(2));
	CHECK_PTR_EQ(next_pointer(), block(3));
	CHECK_PTR_EQ(next_caller(), code(4));
	expect_end(0);
}

/* Where a ring ends is a number of 31 bits; no such memory is looked at. */
TEST(of_very_much_memory_two_gigabytes_are_used)
{
	struct trace_ring *r = (struct trace_ring *)ring;

	prepare(NULL);
	setup.size = SIZE_MAX - 4096;
	CHECK(heap_trace_start(&setup));
	CHECK_EQ(r->size, UINT32_MAX / 2);
	tell_alloc(block(1), 1);
	heap_trace_stop();
	CHECK_EQ(heap_trace_lost(), 0);
}

/* ---- after a reset ------------------------------------------------------- */

TEST(the_newest_records_survive_a_reset)
{
	uint32_t lost, count = 0, first;

	begin(NULL);
	for (unsigned i = 1; i <= 200; i++)
		tell_alloc(block(i), i);
	lost = heap_trace_lost();
	CHECK(lost > 50);
	CHECK(lost < 200);
	/* As a reset would: nothing more is written. */
	CHECK(heap_trace_recover(ring, sizeof(ring), to_out, NULL));
	read_header();
	CHECK_EQ(out[at++], TRACE_LOST);
	CHECK_EQ(next(), lost);
	first = lost + 1;
	while (at < out_size && out[at] != TRACE_END) {
		expect_alloc(block(first + count), first + count);
		CHECK(!tap_failed());
		count++;
	}
	CHECK_EQ(count, 200 - lost);
	expect_end(lost);
	CHECK(!heap_trace_recover(ring, sizeof(ring), to_out, NULL));
	heap_trace_stop();
}

/* Wherever in the ring the records begin and end. */
TEST(as_many_records_are_recovered_as_were_not_lost)
{
	for (unsigned n = 1; n <= 160; n++) {
		uint32_t lost, count = 0;

		begin(NULL);
		for (unsigned i = 1; i <= n; i++)
			tell_alloc(block(i), i);
		lost = heap_trace_lost();
		CHECK(heap_trace_recover(ring, sizeof(ring), to_out, NULL));
		read_header();
		if (lost != 0) {
			CHECK_EQ(out[at++], TRACE_LOST);
			CHECK_EQ(next(), lost);
		}
		for (; at < out_size && out[at] != TRACE_END; count++) {
			expect_alloc(block(lost + 1 + count), lost + 1 + count);
			CHECK(!tap_failed());
		}
		CHECK_EQ(count, n - lost);
		expect_end(lost);
		heap_trace_stop();
	}
}

TEST(a_reset_in_the_middle_of_a_record_loses_only_that)
{
	begin(NULL);
	for (unsigned i = 1; i <= 100; i++)
		tell_alloc(block(i), i);
	/* The bytes behind head are somebody's half record. */
	struct trace_ring *r = (struct trace_ring *)ring;

	ring_bytes(r)[r->head] = 0xff;
	CHECK(heap_trace_recover(ring, sizeof(ring), to_out, NULL));
	heap_trace_stop();
}

TEST(what_is_no_ring_is_not_recovered)
{
	uint8_t *bytes = (uint8_t *)ring;
	struct trace_ring *r = (struct trace_ring *)ring;

	begin(NULL);
	for (unsigned i = 1; i <= 100; i++)
		tell_alloc(block(i), i);
	for (size_t i = 0; i < 2 * TRACE_MAGIC_SIZE + r->header_size; i++) {
		if (i >= offsetof(struct trace_ring, lost) &&
		    i < offsetof(struct trace_ring, header))
			continue;
		bytes[i] ^= 0x10;
		CHECK(!heap_trace_recover(ring, sizeof(ring), to_out, NULL));
		bytes[i] ^= 0x10;
	}
	r->head = r->size;
	CHECK(!heap_trace_recover(ring, sizeof(ring), to_out, NULL));
	r->head = 0;
	r->tail = r->size;
	CHECK(!heap_trace_recover(ring, sizeof(ring), to_out, NULL));
	r->tail = 0;
	CHECK(!heap_trace_recover(ring, sizeof(ring) - 8, to_out, NULL));
	CHECK_EQ(out_size, 0);
	heap_trace_stop();
}

TEST(any_bytes_in_the_place_of_records_are_met_without_harm)
{
	struct trace_ring *r = (struct trace_ring *)ring;
	uint32_t seed = (uint32_t)tap_arg("seed", 1);

	begin(NULL);
	for (unsigned round = 0; round < 200; round++) {
		for (uint32_t i = 0; i < r->size; i++)
			ring_bytes(r)[i] = (uint8_t)tap_rand(&seed);
		r->magic[0] = (uint8_t)TRACE_RING_MAGIC[0];
		r->head = tap_below(&seed, r->size);
		r->tail = tap_below(&seed, r->size);
		out_size = 0;
		heap_trace_recover(ring, sizeof(ring), to_out, NULL);
		CHECK(out_size <= sizeof(ring) + 4 * TRACE_NUMBER_MAX);
	}
	heap_trace_stop();
}

TEST(records_with_an_order_and_a_time_survive_a_reset)
{
	uint32_t lost, count = 0;

	prepare(NULL);
	setup.heap = heap_create(pool, sizeof(pool), &clocked);
	clock_now = 1000;
	CHECK(heap_trace_start(&setup));
	for (unsigned i = 1; i <= 120; i++) {
		clock_now += 300;
		sequence += 2;
		tell_alloc(block(i), i);
	}
	lost = heap_trace_lost();
	CHECK(lost > 20 && lost < 120);
	CHECK(heap_trace_recover(ring, sizeof(ring), to_out, NULL));
	read_header();
	CHECK_EQ(out[at++], TRACE_LOST);
	CHECK_EQ(next(), lost);
	while (at < out_size && out[at] != TRACE_END) {
		count++;
		expect_flagged(TRACE_HAS_ORDER | TRACE_HAS_TIME,
			       block(lost + count), lost + count);
		CHECK_EQ(next(), 4);
		CHECK_EQ(next(), 300);
		CHECK(!tap_failed());
	}
	CHECK_EQ(count, 120 - lost);
	expect_end(lost);
	heap_trace_stop();
}

TEST(faults_survive_a_reset)
{
	struct heap_fault fault = {
		.kind = HEAP_FAULT_LINK,
		.invariant = HEAP_I6,
	};
	uint32_t lost, count = 0;

	begin(NULL);
	fault.chunk = block(2);
	fault.mem = block(3);
	fault.caller = code(4);
	for (unsigned i = 1; i <= 120; i++)
		heap_trace_fault(&fault);
	lost = heap_trace_lost();
	CHECK(lost > 20 && lost < 120);
	CHECK(heap_trace_recover(ring, sizeof(ring), to_out, NULL));
	read_header();
	CHECK_EQ(out[at++], TRACE_LOST);
	CHECK_EQ(next(), lost);
	while (at < out_size && out[at] != TRACE_END) {
		CHECK_EQ(out[at++], TRACE_FAULT);
		CHECK_EQ(next(), HEAP_FAULT_LINK);
		CHECK_EQ(next(), HEAP_I6);
		CHECK_PTR_EQ(next_pointer(), block(2));
		CHECK_PTR_EQ(next_pointer(), block(3));
		CHECK_PTR_EQ(next_caller(), code(4));
		count++;
	}
	CHECK_EQ(count, 120 - lost);
	expect_end(lost);
	heap_trace_stop();
}

TEST(a_ring_with_a_record_of_no_kind_is_not_recovered)
{
	static const uint8_t none[] = {0, TRACE_END + 1, TRACE_HAS_TIME};
	struct trace_ring *r = (struct trace_ring *)ring;
	uint32_t record;

	begin(NULL);
	for (unsigned i = 1; i <= 120; i++)
		tell_alloc(block(i), i);
	record = r->tail;
	while (record != r->head) {
		uint8_t *kind = &ring_bytes(r)[record], was = *kind;

		for (unsigned i = 0; i < sizeof(none); i++) {
			*kind = none[i];
			CHECK(!heap_trace_recover(ring, sizeof(ring), to_out,
						  NULL));
		}
		*kind = was;
		record = ring_record_end(r, record);
	}
	CHECK_EQ(out_size, 0);
	CHECK(heap_trace_recover(ring, sizeof(ring), to_out, NULL));
	heap_trace_stop();
}

TEST(a_ring_without_records_is_recovered)
{
	begin(NULL);
	CHECK(heap_trace_recover(ring, sizeof(ring), to_out, NULL));
	read_header();
	expect_end(0);
	heap_trace_stop();
}

TEST(the_longest_record_comes_back)
{
	for (unsigned round = 0; round < 2; round++) {
		prepare(to_out);
		setup.heap = heap_create(pool, sizeof(pool), &clocked);
		clock_now = 0;
		CHECK(heap_trace_start(&setup));
		tell_alloc(block(1), 1);
		clock_now = 0xfffffff0u;
		sequence += 0x70000000u;
		tell(&(struct heap_event){.op = HEAP_OP_ALIGNED,
					  .mem = (void *)(header[5] - 16),
					  .asked = SIZE_MAX,
					  .align = SIZE_MAX / 2 + 1,
					  .tag = UINT16_MAX,
					  .caller = (void *)(header[6] - 1)});
		heap_trace_stop();
		/* The second time it is known what these are told from. */
		read_header();
	}
	expect_alloc(block(1), 1);
	CHECK_EQ(out[at++], TRACE_ALIGNED | TRACE_HAS_TAG | TRACE_HAS_ORDER |
				    TRACE_HAS_TIME);
	CHECK_PTR_EQ(next_pointer(), header[5] - 16);
	CHECK_EQ(next(), SIZE_MAX);
	CHECK_PTR_EQ(next_caller(), header[6] - 1);
	CHECK_EQ(next(), SIZE_MAX / 2 + 1);
	CHECK_EQ(next(), UINT16_MAX);
	CHECK(next() >= 0x70000000u);
	CHECK_EQ(next(), 0xfffffff0u);
	expect_end(0);
}

TEST(a_ring_lies_at_the_first_place_that_is_aligned)
{
	const size_t align = _Alignof(struct trace_ring);
	/* Nothing is written there meanwhile. */
	const uintptr_t base = ((uintptr_t)out + 7) & ~(uintptr_t)7;

	for (size_t skip = 0; skip < 8; skip++) {
		const size_t start = (skip + align - 1) / align * align;
		struct trace_ring *r = (struct trace_ring *)(base + start);

		prepare(NULL);
		setup.memory = (void *)(base + skip);
		setup.size = HEAP_TRACE_MEMORY_MIN + 8;
		CHECK(heap_trace_start(&setup));
		CHECK_EQ(r->magic[0], (uint8_t)TRACE_RING_MAGIC[0]);
		CHECK_EQ(r->size, setup.size - (start - skip) - sizeof(*r));
		heap_trace_stop();
		r->magic[0] = 0;
	}
}

TEST(memory_of_almost_two_gigabytes_is_used_as_it_is)
{
	struct trace_ring *r = (struct trace_ring *)ring;

	for (uint32_t less = 0; less <= 0x40000000; less += 0x10000000) {
		prepare(NULL);
		setup.size = UINT32_MAX / 2 - less + sizeof(*r);
		CHECK(heap_trace_start(&setup));
		CHECK_EQ(r->size, UINT32_MAX / 2 - less);
		heap_trace_stop();
	}
}

TEST(a_number_takes_no_more_bytes_than_it_needs)
{
	begin(to_out);
	heap_trace_mark(0);
	heap_trace_mark(127);
	heap_trace_mark(128);
	heap_trace_stop();
	read_header();
	CHECK_EQ(out[at++], TRACE_MARK);
	CHECK_EQ(out[at++], 0);
	CHECK_EQ(out[at++], TRACE_MARK);
	CHECK_EQ(out[at++], 127);
	CHECK_EQ(out[at++], TRACE_MARK);
	CHECK_EQ(out[at++], 0x80);
	CHECK_EQ(out[at++], 1);
	expect_end(0);
}

/* ---- as text --------------------------------------------------------------- */

static bool out_is(const char *text)
{
	size_t i = 0;

	while (i < out_size && text[i] != '\0' && out[i] == (uint8_t)text[i])
		i++;
	return i == out_size && text[i] == '\0';
}

TEST(bytes_become_lines_with_a_sum)
{
	out_size = 0;
	heap_trace_write_lines((void *)(uintptr_t)&port, "heap\xff", 5);
	CHECK(out_is("heap-trace: 68656170ff 9d\n"));
	out_size = 0;
	heap_trace_write_lines((void *)(uintptr_t)&port,
			       "0123456789abcdef0123456789abcdef!", 33);
	CHECK(out_is("heap-trace: 30313233343536373839616263646566"
		     "30313233343536373839616263646566 c4\n"
		     "heap-trace: 21 21\n"));
}

TEST(mtrace_lines_are_as_glibc_writes_them)
{
	struct heap_observer *o = &heap_mtrace_observer;

	heap = heap_create(pool, sizeof(pool), &port);
	out_size = 0;
	o->tell(o, &(struct heap_event){.heap = heap,
					.op = HEAP_OP_ALLOC,
					.mem = (void *)0x20001000,
					.asked = 0,
					.caller = (void *)0x5ad});
	o->tell(o, &(struct heap_event){.heap = heap, .op = HEAP_OP_RESIZING});
	o->tell(o, &(struct heap_event){.heap = heap,
					.op = HEAP_OP_RESIZED,
					.old = (void *)0x20001000,
					.mem = (void *)0x20001010,
					.asked = 0x21,
					.caller = (void *)0x5ad});
	o->tell(o, &(struct heap_event){.heap = heap,
					.op = HEAP_OP_RESIZED,
					.old = (void *)0x20001010,
					.asked = 1000,
					.caller = (void *)0x5ad});
	o->tell(o, &(struct heap_event){.heap = heap,
					.op = HEAP_OP_FREE,
					.old = (void *)0x20001010,
					.caller = (void *)0x5af});
	CHECK(out_is("@ [0x5ad] + 0x20001000 0x0\n"
		     "@ [0x5ad] < 0x20001000\n"
		     "@ [0x5ad] > 0x20001010 0x21\n"
		     "@ [0x5ad] ! 0x20001010 0x3e8\n"
		     "@ [0x5af] - 0x20001010\n"));
}

TEST(without_a_console_there_is_no_text)
{
	struct heap_observer *o = &heap_mtrace_observer;
	static const struct heap_port silent = {.lock = count_lock};
	struct heap_event e = {.op = HEAP_OP_ALIGNED,
			       .mem = (void *)0x20001000,
			       .asked = 3,
			       .align = 64,
			       .caller = (void *)0x5ad};

	out_size = 0;
	heap_trace_write_lines((void *)(uintptr_t)&silent, "heap", 4);
	heap = heap_create(pool, sizeof(pool), &silent);
	e.heap = heap;
	o->tell(o, &e);
	CHECK_EQ(out_size, 0);
	heap_destroy(heap);
	heap = heap_create(pool, sizeof(pool), &port);
	e.heap = heap;
	o->tell(o, &e);
	CHECK(out_is("@ [0x5ad] + 0x20001000 0x3\n"));
}
