/* SPDX-License-Identifier: MIT */
/*
 * Growth and trim to the byte: where a segment begins and ends in what the port
 * gives, what the port is asked for, and the sums over what then is known.
 */
#include "rig.h"
#include "state.h"

#define MOST ((size_t)4096)

static struct heap *h;
static unsigned char *region;

/* Where the segment in a gift of n bytes begins and ends; false: it has none. */
static bool expect_segment(uintptr_t start, size_t n, size_t descriptor,
			   uintptr_t *base, uintptr_t *limit)
{
	const uintptr_t unit = HEAP_ALIGN;

	/* A chunk lies a word below a multiple of the alignment. */
	*base = (start + descriptor + WORD_SIZE + unit - 1) / unit * unit -
		WORD_SIZE;
	*limit = (start + n) / unit * unit - WORD_SIZE;
	return n >= descriptor + 2 * unit && *limit >= *base + unit;
}

/* Hand over n bytes: the control block says what it should, to the unit. */
static void check_exactly(uintptr_t start, size_t n)
{
	struct heap old = *h;
	bool first = old.top == NULL;
	size_t rest = first ? 0 : heap_room(h);
	uintptr_t base, limit, lo, high;

	if (!expect_segment(start, n, first ? 0 : sizeof(struct segment), &base,
			    &limit)) {
		heap_attach(h, start, n);
		CHECK_EQ(h->taken, old.taken);
		CHECK_PTR_EQ(h->top, old.top);
		CHECK_EQ(h->bins.units, old.bins.units);
		return;
	}
	lo = first || base < old.bins.lo ? base : old.bins.lo;
	high = first ? base : old.bins.lo + old.bins.units * HEAP_ALIGN;
	heap_attach(h, start, n);
	CHECK_PTR_EQ(h->base, base);
	CHECK_PTR_EQ(h->top, base);
	CHECK_EQ(h->top->head, FENCE);
	CHECK_PTR_EQ(h->limit, limit);
	CHECK_PTR_EQ(h->end, start + n);
	CHECK_EQ(h->taken, old.taken + n);
	CHECK_EQ(h->older, old.older + !first);
	CHECK_PTR_EQ(h->bins.lo, lo);
	CHECK_PTR_EQ(h->bins.lo + h->bins.units * HEAP_ALIGN,
		     limit > high ? limit : high);
	if (!first) {
		/* The old segment's rest is a chunk, unless there is none. */
		CHECK_EQ(rest == 0, old.limit->head == FENCE);
		CHECK_EQ(chunk_is_prev_used(old.limit), rest == 0);
		if (rest > CHUNK_MIN)
			CHECK_EQ(chunk_prev_foot(old.limit), rest);
	}
	CHECK_EQ(heap_check(h, NULL), HEAP_OK);
}

/* An empty heap, or one with a segment in the middle of the region. */
static void given_middle(bool empty, bool full)
{
	h = rig_growing_heap(2048, RIG_ADJOIN);
	region = rig.bank[0].start;
	rig.refuse = true;
	if (empty)
		return;
	heap_attach(h, (uintptr_t)region + 600, 30 * HEAP_ALIGN);
	CHECK(h->top != NULL);
	if (full)
		while (heap_alloc(h, 0) != NULL)
			continue;
}

TEST(a_gift_is_a_segment_exactly_where_a_chunk_fits)
{
	for (size_t offset = 0; offset <= HEAP_ALIGN; offset++) {
		for (size_t n = 0; n < 10 * HEAP_ALIGN; n++) {
			for (unsigned i = 0; i < 5; i++) {
				size_t at = i % 2 == 0 ? 200 : 1400;

				given_middle(i == 4, i >= 2);
				check_exactly((uintptr_t)region + at + offset,
					      n);
			}
		}
	}
}

TEST(segments_above_and_below_widen_the_heaps_bounds)
{
	static const unsigned at[] = {1400, 300, 40, 1800, 1150};

	given_middle(false, false);
	for (unsigned i = 0; i < sizeof(at) / sizeof(*at); i++)
		check_exactly((uintptr_t)region + at[i],
			      12 * HEAP_ALIGN + 3 * i);
	CHECK_EQ(rig_stats(h).segments, 6);
	CHECK_EQ(rig_stats(h).free_chunks, 6);
	rig_check_sound(h);
}

/* Of these only the first bytes are there, and only they are touched. */
TEST(a_segment_ends_where_a_size_would_not_fit_a_head)
{
	/* In the debug profile all of the top is filled. */
	RIG_NEEDS_PLAIN_BLOCKS;
	for (int more = -2; more <= 3; more++) {
		size_t n =
			HEAP_CHUNK_MAX + WORD_SIZE + (size_t)more * HEAP_ALIGN;
		size_t most = HEAP_CHUNK_MAX - HEAP_ALIGN;
		uintptr_t start;

		given_middle(true, false);
		/* Such that the first chunk lies at its start. */
		start = align_up((uintptr_t)region, HEAP_ALIGN) + WORD_SIZE;
		heap_attach(h, start, n);
		CHECK_PTR_EQ(h->base, start);
		CHECK_EQ(heap_room(h), more < 0 ? n - WORD_SIZE : most);
		CHECK_EQ(rig_stats(h).free, heap_room(h));
		CHECK_EQ(h->taken, n);
		rig_check_sound(h);
	}
}

TEST(what_adjoins_belongs_to_the_segment_until_that_is_too_large)
{
	RIG_NEEDS_PLAIN_BLOCKS;
	for (size_t more = 0; more <= 1; more++) {
		size_t n;

		given_middle(false, false);
		n = HEAP_CHUNK_MAX - (h->end - (uintptr_t)h->base) + more;
		heap_attach(h, h->end, n);
		CHECK_EQ(h->older, more);
		rig_check_sound(h);
	}
}

/* ---- what the port is asked for ------------------------------------------ */

#define SPENT ((void *)-1)

/* Answers, and the questions. */
static struct {
	void *answer[6];
	ptrdiff_t asked[6];
	unsigned calls;
} script;

static void *on_script(void *ctx, ptrdiff_t n)
{
	unsigned i = script.calls++;

	(void)ctx;
	if (i >= 6)
		return SPENT;
	script.asked[i] = n;
	return script.answer[i];
}

static const struct heap_port scripted = {.sbrk = on_script};

/* A heap without memory, over this port, which refuses everything. */
static void given_script(void)
{
	h = rig_growing_heap(MOST, RIG_ADJOIN);
	region = rig.bank[0].start;
	h->port = &scripted;
	script.calls = 0;
	for (unsigned i = 0; i < 6; i++)
		script.answer[i] = SPENT;
}

/* And one that has `units` of room in memory of its own. */
static void given_script_room(size_t units)
{
	given_script();
	heap_attach(h, (uintptr_t)region, (units + 2) * HEAP_ALIGN);
	CHECK(h->top != NULL);
	CHECK_EQ(heap_room(h), (units + 1) * HEAP_ALIGN);
	CHECK(heap_take(h, HEAP_ALIGN) != NULL);
	CHECK_EQ(script.calls, 0);
}

static void check_asked(unsigned calls, size_t one, size_t two, size_t three,
			size_t four)
{
	size_t asked[4] = {one, two, three, four};

	CHECK_EQ(script.calls, calls);
	for (unsigned i = 0; i < calls; i++)
		CHECK_EQ((size_t)script.asked[i], asked[i]);
}

/* What makes a segment of `size` bytes, wherever it lies. */
static size_t anywhere(size_t size)
{
	return size + align_up(sizeof(struct segment), HEAP_ALIGN) +
	       3 * HEAP_ALIGN;
}

TEST(the_first_memory_is_asked_for_twice)
{
	/* Of which an alignment is lost where it starts. */
	for (size_t size = HEAP_ALIGN; size < HEAP_GROW - HEAP_ALIGN;
	     size += 5 * HEAP_ALIGN) {
		given_script();
		CHECK(heap_take(h, size) == NULL);
		check_asked(2, HEAP_GROW, size + HEAP_ALIGN, 0, 0);
	}
	for (unsigned i = 0; i < 3; i++) {
		size_t size = HEAP_GROW + (i - (size_t)1) * HEAP_ALIGN;

		given_script();
		CHECK(heap_take(h, size) == NULL);
		check_asked(1, size + HEAP_ALIGN, 0, 0, 0);
	}
	CHECK_EQ(h->taken, 0);
	CHECK_EQ(heap_check(h, NULL), HEAP_OK);
}

TEST(more_memory_is_asked_for_twice)
{
	for (size_t room = 0; room < 3; room++) {
		given_script_room(room);
		CHECK(heap_take(h, 3 * HEAP_ALIGN) == NULL);
		check_asked(2, HEAP_GROW, (3 - room) * HEAP_ALIGN, 0, 0);
		for (unsigned i = 0; i < 2; i++) {
			size_t need = HEAP_GROW + i * HEAP_ALIGN;

			given_script_room(room);
			CHECK(heap_take(h, room * HEAP_ALIGN + need) == NULL);
			check_asked(1, need, 0, 0, 0);
		}
	}
}

/* Adjoining: the first or the second answer is memory. */
TEST(memory_that_adjoins_is_enough)
{
	for (unsigned i = 0; i < 2; i++) {
		size_t got = i == 0 ? HEAP_GROW : 5 * HEAP_ALIGN, taken;

		given_script_room(2);
		taken = h->taken;
		script.answer[i] = (void *)h->end;
		CHECK(heap_take(h, 7 * HEAP_ALIGN) != NULL);
		check_asked(i + 1, HEAP_GROW, 5 * HEAP_ALIGN, 0, 0);
		CHECK_EQ(h->taken, taken + got);
		CHECK_EQ(h->check, heap_slow_check(h));
		CHECK_EQ(heap_room(h), got - 5 * HEAP_ALIGN);
		CHECK_EQ(h->older, 0);
		CHECK(bins_may_end(&h->bins, h->limit));
		CHECK(!bins_may_hold(&h->bins, h->limit));
	}
}

TEST(memory_elsewhere_that_is_enough_is_used)
{
	size_t size = HEAP_GROW - sizeof(struct segment) - 4 * HEAP_ALIGN;

	given_script_room(2);
	script.answer[0] = region + 1024;
	CHECK(heap_take(h, align_down(size, HEAP_ALIGN)) != NULL);
	check_asked(1, HEAP_GROW, 0, 0, 0);
	CHECK_EQ(h->older, 1);
	CHECK_EQ(h->check, heap_slow_check(h));
}

/* Just enough elsewhere, and a unit less: then it is asked for once more. */
TEST(memory_elsewhere_is_measured_exactly)
{
	for (unsigned i = 0; i < 2; i++) {
		size_t size;

		given_script_room(2);
		script.answer[0] = region + 1024;
		size = HEAP_GROW + i * HEAP_ALIGN -
		       align_up(sizeof(struct segment) + WORD_SIZE, HEAP_ALIGN);
		CHECK_EQ(heap_take(h, size) != NULL, i == 0);
		if (i == 0)
			check_asked(1, HEAP_GROW, 0, 0, 0);
		else
			check_asked(3, HEAP_GROW, anywhere(size), HEAP_ALIGN,
				    0);
	}
}

/* The gift makes a segment that is too small; then the port has enough. */
TEST(memory_elsewhere_that_is_not_enough_is_followed_by_more)
{
	size_t size = HEAP_GROW + 4 * HEAP_ALIGN, room;

	for (size_t offset = 0; offset < HEAP_ALIGN; offset++) {
		given_script_room(2);
		script.answer[0] = region + 200;
		script.answer[1] = region + 1400 + offset;
		CHECK(heap_take(h, size) != NULL);
		check_asked(2, size - 2 * HEAP_ALIGN, anywhere(size), 0, 0);
		CHECK_EQ(h->older, 2);
	}
	given_script_room(2);
	script.answer[0] = region + 200;
	CHECK(heap_take(h, size) == NULL);
	room = heap_room(h);
	CHECK_EQ(h->older, 1);
	check_asked(3, size - 2 * HEAP_ALIGN, anywhere(size), size - room, 0);
	/* That adjoins the second gift. */
	given_script_room(2);
	script.answer[0] = region + 200;
	script.answer[2] = region + 200 + size - 2 * HEAP_ALIGN;
	CHECK(heap_take(h, size) != NULL);
	check_asked(3, size - 2 * HEAP_ALIGN, anywhere(size), size - room, 0);
	CHECK_EQ(h->older, 1);
	CHECK_EQ(heap_room(h), 0);
}

TEST(four_questions_are_the_most)
{
	given_script_room(2);
	script.answer[1] = region + 1024;
	CHECK(heap_take(h, 9 * HEAP_ALIGN) == NULL);
	CHECK_EQ(h->older, 1);
	check_asked(4, HEAP_GROW, 7 * HEAP_ALIGN, anywhere(9 * HEAP_ALIGN),
		    9 * HEAP_ALIGN - heap_room(h));
}

/* Not one of these gifts makes a segment, and the third would not be asked. */
TEST(gifts_too_small_for_a_segment_are_not_used)
{
	given_script();
	script.answer[1] = region + WORD_SIZE + 1;
	CHECK(heap_take(h, HEAP_ALIGN) == NULL);
	check_asked(4, HEAP_GROW, 2 * HEAP_ALIGN, anywhere(HEAP_ALIGN),
		    2 * HEAP_ALIGN);
	CHECK(h->top == NULL);
	CHECK_EQ(h->taken, 0);
	given_script();
	script.answer[1] = region + WORD_SIZE + 1;
	script.answer[2] = region + 101;
	CHECK(heap_take(h, HEAP_ALIGN) != NULL);
	CHECK_EQ(h->taken, anywhere(HEAP_ALIGN));
}

TEST(an_answer_that_would_wrap_is_a_refusal)
{
	for (size_t room = 0; room < 2; room++) {
		given_script_room(room);
		script.answer[0] = (void *)(0 - (uintptr_t)HEAP_GROW);
		script.answer[1] = (void *)(0 - (uintptr_t)HEAP_ALIGN);
		CHECK(heap_take(h, (room + 1) * HEAP_ALIGN) == NULL);
		check_asked(2, HEAP_GROW, HEAP_ALIGN, 0, 0);
		given_script();
		script.answer[0] = (void *)(0 - (uintptr_t)HEAP_GROW);
		CHECK(heap_take(h, HEAP_ALIGN) == NULL);
		check_asked(2, HEAP_GROW, 2 * HEAP_ALIGN, 0, 0);
	}
}

/* ---- trim, exactly -------------------------------------------------------- */

TEST(trim_asks_where_the_break_is_and_gives_back_whole_units)
{
	for (size_t keep = 0; keep <= 6 * HEAP_ALIGN; keep++) {
		struct heap old;
		size_t n = keep < 5 * HEAP_ALIGN
				   ? (5 * HEAP_ALIGN - keep) / HEAP_ALIGN *
					     HEAP_ALIGN
				   : 0;

		given_script_room(5);
		old = *h;
		script.answer[0] = (void *)h->end;
		script.answer[1] = (void *)h->end;
		CHECK_EQ(heap_trim(h, keep), n);
		check_asked(n != 0 ? 2 : 0, 0, (size_t)0 - n, 0, 0);
		CHECK_PTR_EQ(h->end, old.end - n);
		CHECK_PTR_EQ(h->limit, chunk_below(old.limit, n));
		CHECK_EQ(h->taken, old.taken - n);
		CHECK_EQ(h->bins.units, old.bins.units - n / HEAP_ALIGN);
		CHECK_EQ(h->check, heap_slow_check(h));
		/* The port keeps it. */
		given_script_room(5);
		script.answer[0] = (void *)h->end;
		CHECK_EQ(heap_trim(h, keep), 0);
		CHECK_PTR_EQ(h->limit, old.limit);
		CHECK_EQ(h->taken, old.taken);
	}
}

TEST(trim_stops_when_the_break_is_not_where_it_was)
{
	for (int i = -1; i <= 1; i += 2) {
		given_script_room(5);
		script.answer[0] = (void *)(h->end + (uintptr_t)i);
		CHECK_EQ(heap_trim(h, 0), 0);
		check_asked(1, 0, 0, 0, 0);
	}
}

/* Where nothing is to be given back nothing is looked at. */
TEST(trim_of_nothing_does_not_look_for_damage)
{
	RIG_NEEDS_CHECKS;
	RIG_NEEDS_PLAIN_BLOCKS;
	given_middle(false, false);
	h->end++;
	CHECK_EQ(heap_trim(h, heap_room(h)), 0);
	CHECK_EQ(rig.faults, 0);
	CHECK_EQ(heap_trim(h, heap_room(h) - HEAP_ALIGN), 0);
	rig_check_fault(HEAP_FAULT_INVARIANT, NULL);
}

/* ---- the check words ------------------------------------------------------ */

/* A bit of a word is another: the sum must be, too. */
static void check_in_sum(size_t *word)
{
	for (unsigned bit = 0; bit < WORD_BITS; bit++) {
		*word ^= (size_t)1 << bit;
		CHECK(h->check != heap_slow_check(h));
		*word ^= (size_t)1 << bit;
	}
	CHECK_EQ(h->check, heap_slow_check(h));
}

TEST(every_bit_of_the_slow_words_is_in_their_sum)
{
	given_middle(false, false);
	check_in_sum((size_t *)&h->port);
	check_in_sum(&h->bins.lo);
	check_in_sum(&h->bins.key);
	check_in_sum((size_t *)&h->base);
	check_in_sum(&h->older);
	check_in_sum(&h->ended);
	check_in_sum((size_t *)&h->limit);
	check_in_sum(&h->end);
	check_in_sum(&h->bins.units);
	check_in_sum(&h->taken);
}

static bool knows_older(void)
{
	struct span s = {h->base, h->top};
	size_t i = 0;

	return heap_older_segment(h, &s, &i) && i == 1;
}

TEST(every_bit_of_a_descriptor_is_in_its_sum)
{
	size_t *words;

	given_middle(false, false);
	heap_attach(h, (uintptr_t)region + 1400, 20 * HEAP_ALIGN);
	CHECK(knows_older());
	words = (size_t *)((struct segment *)h->base - 1);
	for (unsigned i = 0; i < 3 * WORD_BITS; i++) {
		words[i % 3] ^= (size_t)1 << i / 3;
		CHECK(!knows_older());
		words[i % 3] ^= (size_t)1 << i / 3;
	}
	CHECK(knows_older());
}

/* Whatever the sum says, nobody is led out of the heap. */
TEST(an_older_segment_lies_inside_the_heap)
{
	struct bins b;
	struct segment *d;

	given_middle(false, false);
	heap_attach(h, (uintptr_t)region + 200, 20 * HEAP_ALIGN);
	d = (struct segment *)h->base - 1;
	b = h->bins;
	h->bins.units = (size_t)((uintptr_t)d->fence - b.lo) / HEAP_ALIGN;
	CHECK(knows_older());
	h->bins.units--;
	CHECK(!knows_older());
	h->bins = b;
	h->bins.lo = (uintptr_t)d->base;
	CHECK(knows_older());
	h->bins.lo += HEAP_ALIGN;
	CHECK(!knows_older());
}

static uintptr_t seed;

static uintptr_t on_seed(void *ctx)
{
	(void)ctx;
	return seed;
}

/* The heap's address and the seed cancel each other, and are no key then. */
TEST(the_key_is_made_of_the_address_and_the_seed)
{
	static const struct heap_port seeded = {.seed = on_seed};

	RIG_NEEDS_CHECKS;
	for (unsigned i = 0; i < 2; i++) {
		given_script();
		h->port = &seeded;
		seed = (uintptr_t)h ^ i;
		heap_attach(h, (uintptr_t)region, 20 * HEAP_ALIGN);
		CHECK_EQ(h->bins.key != 0, i != 0);
	}
}

/* Behind the last address there is nothing: no sum may wrap. */
TEST(a_gift_too_small_for_a_segment_may_end_with_the_last_address)
{
	for (size_t n = 0; n < 2 * HEAP_ALIGN; n++) {
		size_t more = sizeof(struct segment);

		given_middle(true, false);
		check_exactly(UINTPTR_MAX - n, n);
		given_middle(false, false);
		check_exactly(UINTPTR_MAX - more - n, more + n);
	}
}

/* ---- who else is told of the bounds --------------------------------------- */

static unsigned covered;
static size_t covered_units;

static void on_cover(struct heap *heap)
{
	covered++;
	covered_units = heap->bins.units;
}

static const struct heap_pending_calls covers = {
	.cover = on_cover,
	.forget = on_cover,
};

/* Each time the bounds have changed, and when they have. */
TEST(whoever_frees_in_interrupts_is_told_of_the_bounds)
{
	static struct heap_pending pending = {.calls = &covers};
	static const struct heap_port port = {
		.sbrk = on_script,
		.pending = &pending,
	};
	unsigned count = 0;

	given_script();
	h->port = &port;
	covered = 0;
	heap_attach(h, (uintptr_t)region, 20 * HEAP_ALIGN);
	CHECK_EQ(covered, ++count);
	CHECK_EQ(covered_units, h->bins.units);
	heap_attach(h, h->end, 20 * HEAP_ALIGN);
	CHECK_EQ(covered, ++count);
	CHECK_EQ(covered_units, h->bins.units);
	script.answer[0] = (void *)h->end;
	CHECK(heap_take(h, 60 * HEAP_ALIGN) != NULL);
	CHECK_EQ(covered, ++count);
	CHECK_EQ(covered_units, h->bins.units);
	script.answer[1] = (void *)h->end;
	script.answer[2] = (void *)h->end;
	CHECK_EQ(heap_trim(h, heap_room(h) - HEAP_ALIGN), HEAP_ALIGN);
	CHECK_EQ(covered, ++count);
	CHECK_EQ(covered_units, h->bins.units);
	heap_attach(h, h->end + 100, 20 * HEAP_ALIGN);
	CHECK_EQ(covered, ++count);
	CHECK_EQ(covered_units, h->bins.units);
	CHECK_EQ(h->older, 1);
}

static uintptr_t on_lock(void *ctx)
{
	(void)ctx;
	return 1;
}

static void on_unlock(void *ctx, uintptr_t state)
{
	(void)ctx;
	(void)state;
}

static bool on_in_isr(void *ctx)
{
	(void)ctx;
	return false;
}

static void check_fast(const struct heap_port *port, bool fast)
{
	given_script();
	h->port = port;
	CHECK_EQ(h->bins.fast, 0);
	heap_attach(h, (uintptr_t)region + 512, 20 * HEAP_ALIGN);
	CHECK_EQ(h->bins.fast, fast ? CHUNK_PAYLOAD_MAX + 1 : 0);
	CHECK_EQ(h->bins.open, fast ? h->bins.units : 0);
	heap_attach(h, (uintptr_t)region + 1024, 20 * HEAP_ALIGN);
	CHECK_EQ(h->bins.open, fast ? h->bins.units : 0);
	heap_attach(h, (uintptr_t)region, 20 * HEAP_ALIGN);
	CHECK_EQ(h->bins.open, fast ? h->bins.units : 0);
	CHECK_EQ(h->older, 2);
}

/* From its first memory on: nothing is locked where a port has no lock. */
TEST(no_lock_is_needed_where_the_port_has_none)
{
	static const struct heap_port locked = {
		.lock = on_lock,
		.unlock = on_unlock,
	};
	static const struct heap_port handlers = {.in_isr = on_in_isr};

	check_fast(&scripted, HEAP_CHECK < 3);
	check_fast(&locked, false);
	check_fast(&handlers, false);
}

/* ---- growth in place ------------------------------------------------------ */

/* As if the segment began further below: nothing there is looked at. */
TEST(a_segment_grows_until_it_is_too_large)
{
	for (size_t more = 0; more <= 1; more++) {
		size_t now;

		given_script_room(2);
		now = h->end - (uintptr_t)h->base;
		h->base = chunk_below(h->base, HEAP_CHUNK_MAX - HEAP_GROW -
						       now + more * HEAP_ALIGN);
		h->check = heap_slow_check(h);
		script.answer[0] = (void *)h->end;
		CHECK(heap_take(h, 5 * HEAP_ALIGN) != NULL);
		check_asked(1, HEAP_GROW, 0, 0, 0);
		CHECK_EQ(h->older, more);
	}
}

TEST(a_segment_below_another_grows_and_the_bounds_stay)
{
	struct bins b;

	given_script();
	heap_attach(h, (uintptr_t)region + 2000, 20 * HEAP_ALIGN);
	heap_attach(h, (uintptr_t)region + 100, 20 * HEAP_ALIGN);
	CHECK_EQ(h->older, 1);
	b = h->bins;
	script.answer[0] = (void *)h->end;
	CHECK(heap_take(h, 40 * HEAP_ALIGN) != NULL);
	check_asked(1, HEAP_GROW, 0, 0, 0);
	CHECK_EQ(h->older, 1);
	CHECK_PTR_EQ(h->bins.lo, b.lo);
	CHECK_EQ(h->bins.units, b.units);
	/* Nor does it take them with it. */
	script.answer[1] = (void *)h->end;
	script.answer[2] = (void *)h->end;
	CHECK(heap_trim(h, 0) != 0);
	CHECK_EQ(h->bins.units, b.units);
	CHECK_EQ(h->check, heap_slow_check(h));
}

/* Nothing is asked for, and nothing is written. */
static void check_not_grown(struct chunk *top)
{
	struct heap old;

	h->top = top;
	script.answer[0] = (void *)h->end;
	old = *h;
	CHECK(heap_take(h, 5 * HEAP_ALIGN) == NULL);
	CHECK_EQ(script.calls, 0);
	CHECK_EQ(h->bins.damage.kind, HEAP_FAULT_HEADER);
	CHECK_EQ(h->bins.damage.invariant, HEAP_I9);
	CHECK_PTR_EQ(h->bins.damage.chunk, top);
	CHECK_PTR_EQ(h->end, old.end);
	CHECK_PTR_EQ(h->limit, old.limit);
	CHECK_EQ(h->bins.units, old.bins.units);
}

TEST(a_damaged_top_does_not_grow)
{
	static const size_t heads[] = {
		0,
		CHUNK_USED,
		CHUNK_PREV_USED,
		FENCE | HEAP_ALIGN,
		FENCE ^ CHUNK_FLIP,
	};
	const size_t fence = FENCE;

	RIG_NEEDS_CHECKS;
	for (unsigned i = 0; i < sizeof(heads) / sizeof(*heads); i++) {
		given_script_room(2);
		h->top->head = heads[i];
		check_not_grown(h->top);
	}
	/* One that looks as it should, where none can be. */
	given_script_room(0);
	memmove((char *)h->limit - 1, &fence, sizeof(fence));
	check_not_grown((struct chunk *)((uintptr_t)h->limit - 1));
	given_script_room(2);
	check_not_grown(NULL);
}
