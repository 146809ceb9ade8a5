/* SPDX-License-Identifier: MIT */
/*
 * Banks: tables that are wrong, at made-up addresses that are never touched;
 * and one heap over three banks with somebody else's data between them.
 */
#include "heap_banks.h"
#include "rig.h"
#include "state.h"

#define SPENT ((void *)-1)

static struct heap_bank bank_at(uintptr_t start, uintptr_t end)
{
	return (struct heap_bank){
		.region = {.start = (char *)start, .end = (char *)end}};
}

/* ---- what is wrong with a table ---------------------------------------- */

static char said[160];

static void keep_text(void *ctx, const char *bytes, size_t n)
{
	(void)ctx;
	CHECK(n < sizeof(said));
	memmove(said, bytes, n);
	said[n] = '\0';
}

static const struct heap_port writer = {.write = keep_text};

/* A text with the digits 0 that addresses of 64 bits have more taken out. */
static const char *report(const struct heap_banks_error *error)
{
	size_t more = 2 * sizeof(void *) - 8, to = 0;

	said[0] = '\0';
	heap_banks_report(&writer, error);
	for (size_t at = 0; said[at] != '\0'; at++) {
		said[to++] = said[at];
		if (at > 0 && said[at - 1] == '0' && said[at] == 'x')
			at += more;
	}
	said[to] = '\0';
	return said;
}

static void check_problem(const struct heap_bank *table, size_t n,
			  enum heap_banks_problem problem, const char *text)
{
	struct heap_banks_error error;

	CHECK(!heap_banks_check(table, n, &error));
	CHECK_EQ(error.problem, problem);
	CHECK_STR_EQ(report(&error), text);
	CHECK(!heap_banks_check(table, n, NULL));
}

TEST(a_table_that_is_not_there_is_told)
{
	check_problem(NULL, 2, HEAP_BANKS_NO_TABLE,
		      "heap: banks: there is no table, its address is NULL\n");
}

TEST(a_table_without_banks_is_told)
{
	struct heap_bank table[1] = {bank_at(0x1000, 0x2000)};

	check_problem(table, 0, HEAP_BANKS_NONE,
		      "heap: banks: the table has no bank\n");
}

TEST(a_table_with_too_many_banks_is_told)
{
	struct heap_bank table[HEAP_BANKS_MOST + 1];

	for (size_t i = 0; i <= HEAP_BANKS_MOST; i++)
		table[i] = bank_at(0x1000 * (i + 1), 0x1000 * (i + 1) + 8);
	check_problem(table, HEAP_BANKS_MOST + 1, HEAP_BANKS_TOO_MANY,
		      "heap: banks: 17 banks, there is room for 16\n");
	CHECK(heap_banks_check(table, HEAP_BANKS_MOST, NULL));
}

TEST(a_bank_at_null_is_told)
{
	struct heap_bank table[] = {bank_at(0x1000, 0x2000), bank_at(0, 0x100)};

	check_problem(table, 2, HEAP_BANKS_AT_NULL,
		      "heap: banks: bank 1 0x00000000 to 0x00000100 starts at "
		      "NULL, which can be no block's address\n");
}

TEST(an_empty_bank_is_told)
{
	struct heap_bank table[] = {bank_at(0x1000, 0x2000),
				    bank_at(0x3000, 0x4000),
				    bank_at(0x5000, 0x5000)};

	check_problem(table, 3, HEAP_BANKS_EMPTY,
		      "heap: banks: bank 2 0x00005000 to 0x00005000 is "
		      "empty\n");
}

TEST(a_reversed_bank_is_told)
{
	struct heap_bank table[] = {bank_at(0x20002000, 0x20001000)};

	check_problem(table, 1, HEAP_BANKS_REVERSED,
		      "heap: banks: bank 0 0x20002000 to 0x20001000 ends "
		      "before it starts\n");
	/* An end behind the last address is below the start. */
	table[0] = bank_at(UINTPTR_MAX - 0xfff, 0x1000);
	CHECK(!heap_banks_check(table, 1, NULL));
}

TEST(overlapping_banks_are_told_whichever_lies_where)
{
	static const struct {
		uintptr_t start, end;
		bool overlaps;
	} beside[] = {
		{0x2000, 0x3000, false}, {0x2000, 0x4000, false},
		{0x2000, 0x4008, true},  {0x4000, 0x5000, true},
		{0x4800, 0x4808, true},  {0x3000, 0x6000, true},
		{0x4ff8, 0x6000, true},  {0x5000, 0x6000, false},
		{0x5008, 0x6000, false},
	};
	struct heap_bank table[] = {bank_at(0x9000, 0x9100),
				    bank_at(0x4000, 0x5000), bank_at(1, 2)};

	for (size_t i = 0; i < sizeof(beside) / sizeof(*beside); i++) {
		struct heap_banks_error error;
		bool sound;

		table[2] = bank_at(beside[i].start, beside[i].end);
		sound = heap_banks_check(table, 3, &error);
		CHECK_EQ(sound, !beside[i].overlaps);
		CHECK_EQ(error.problem,
			 sound ? HEAP_BANKS_SOUND : HEAP_BANKS_OVERLAP);
	}
	table[2] = bank_at(0x4ff8, 0x6000);
	check_problem(table, 3, HEAP_BANKS_OVERLAP,
		      "heap: banks: bank 2 0x00004ff8 to 0x00006000 overlaps "
		      "bank 1 0x00004000 to 0x00005000\n");
}

TEST(of_a_sound_table_nothing_is_written)
{
	struct heap_bank table[] = {bank_at(0x4000, 0x5000)};
	struct heap_banks_error error;

	CHECK(heap_banks_check(table, 1, &error));
	CHECK_EQ(error.problem, HEAP_BANKS_SOUND);
	CHECK_STR_EQ(report(&error), "");
	/* Nor through a port that cannot write. */
	error.problem = HEAP_BANKS_EMPTY;
	heap_banks_report(&rig_port, &error);
}

TEST(an_unsound_table_gives_nothing_and_says_why)
{
	struct heap_bank table[] = {bank_at(0x1000, 0x2000),
				    bank_at(0x1800, 0x2800)};
	struct heap_banks banks = {.bank = table, .count = 2};

	CHECK_PTR_EQ(heap_banks_sbrk(&banks, 16), SPENT);
	CHECK_PTR_EQ(heap_banks_sbrk(&banks, 0), SPENT);
	CHECK_EQ(banks.error.problem, HEAP_BANKS_OVERLAP);
	CHECK_EQ(banks.error.bank, 1);
	CHECK_EQ(banks.error.other, 0);
	banks = (struct heap_banks){0};
	CHECK_PTR_EQ(heap_banks_sbrk(&banks, 16), SPENT);
	CHECK_EQ(banks.error.problem, HEAP_BANKS_NO_TABLE);
}

/* ---- banks at run time -------------------------------------------------- */

static void check_not_added(struct heap_banks *banks, uintptr_t mem, size_t n,
			    enum heap_banks_problem problem)
{
	size_t before = banks->count;
	struct heap_banks_error error;

	CHECK(!heap_banks_add(banks, (void *)mem, n, &error));
	CHECK_EQ(error.problem, problem);
	CHECK(!heap_banks_add(banks, (void *)mem, n, NULL));
	CHECK_EQ(banks->count, before);
}

TEST(a_bank_that_cannot_be_is_not_added)
{
	struct heap_bank table[3] = {bank_at(0x1000, 0x2000)};
	struct heap_banks banks = {.bank = table, .count = 1, .most = 3};
	struct heap_banks_error error;

	check_not_added(&banks, 0, 16, HEAP_BANKS_AT_NULL);
	check_not_added(&banks, 0x3000, 0, HEAP_BANKS_EMPTY);
	check_not_added(&banks, 0x1ff8, 16, HEAP_BANKS_OVERLAP);
	check_not_added(&banks, 0x3000, SIZE_MAX, HEAP_BANKS_WRAPS);
	check_not_added(&banks, UINTPTR_MAX - 0xfff, 0x1001, HEAP_BANKS_WRAPS);
	heap_banks_add(&banks, (void *)(UINTPTR_MAX - 0xfff), 0x1001, &error);
	said[0] = '\0';
	heap_banks_report(&writer, &error);
	CHECK_STR_EQ(said + (sizeof(void *) == 4 ? 30 : 38),
		     " has 4097 bytes, which is more than there are addresses "
		     "behind it\n");
	CHECK(heap_banks_add(&banks, (void *)0x3000, 0x1000, NULL));
	CHECK(heap_banks_add(&banks, (void *)0x800, 0x800, &error));
	CHECK_EQ(error.problem, HEAP_BANKS_SOUND);
	CHECK_EQ(banks.count, 3);
	check_not_added(&banks, 0x8000, 16, HEAP_BANKS_TOO_MANY);
	banks.bank = NULL;
	check_not_added(&banks, 0x8000, 16, HEAP_BANKS_NO_TABLE);
}

/* ---- the break ---------------------------------------------------------- */

/* Banks without a heap: nobody writes to them. */
TEST(the_break_moves_on_when_a_bank_has_too_little_left)
{
	struct heap_bank table[] = {bank_at(0x3000, 0x3100),
				    bank_at(0x1000, 0x1010),
				    bank_at(0x2000, 0x2200)};
	struct heap_banks banks = {.bank = table, .count = 3};

	CHECK_PTR_EQ(heap_banks_sbrk(&banks, 0), 0x3000);
	CHECK_PTR_EQ(heap_banks_sbrk(&banks, -1), SPENT);
	CHECK_PTR_EQ(heap_banks_sbrk(&banks, 0xf0), 0x3000);
	/* The second one is too small for this. */
	CHECK_PTR_EQ(heap_banks_sbrk(&banks, 0x100), 0x2000);
	CHECK_PTR_EQ(heap_banks_sbrk(&banks, -0x80), 0x2100);
	CHECK_PTR_EQ(heap_banks_sbrk(&banks, -0x81), SPENT);
	CHECK_PTR_EQ(heap_banks_sbrk(&banks, 0), 0x2080);
	CHECK_PTR_EQ(heap_banks_sbrk(&banks, 0x181), SPENT);
	CHECK_PTR_EQ(heap_banks_sbrk(&banks, PTRDIFF_MAX), SPENT);
	CHECK_PTR_EQ(heap_banks_sbrk(&banks, PTRDIFF_MIN), SPENT);
	CHECK_PTR_EQ(heap_banks_sbrk(&banks, 0x180), 0x2080);
	/* What is left of the first comes first. */
	CHECK_PTR_EQ(heap_banks_sbrk(&banks, 0x10), 0x30f0);
	CHECK_PTR_EQ(heap_banks_sbrk(&banks, 0x10), 0x1000);
	CHECK_PTR_EQ(heap_banks_sbrk(&banks, 1), SPENT);
	CHECK_PTR_EQ(heap_banks_sbrk(&banks, 0), 0x1010);
}

TEST(a_pointer_is_found_in_what_was_given_out)
{
	struct heap_bank table[] = {bank_at(0x3000, 0x3100),
				    bank_at(0x1000, 0x1100)};
	struct heap_banks banks = {.bank = table, .count = 2};

	CHECK_PTR_EQ(heap_banks_find(table, 2, (void *)0x3000), NULL);
	heap_banks_sbrk(&banks, 0x20);
	CHECK_PTR_EQ(heap_banks_find(table, 2, (void *)0x2fff), NULL);
	CHECK_PTR_EQ(heap_banks_find(table, 2, (void *)0x3000), &table[0]);
	CHECK_PTR_EQ(heap_banks_find(table, 2, (void *)0x301f), &table[0]);
	CHECK_PTR_EQ(heap_banks_find(table, 2, (void *)0x3020), NULL);
	CHECK_PTR_EQ(heap_banks_find(table, 2, (void *)0x1000), NULL);
	CHECK_PTR_EQ(heap_banks_find(table, 2, NULL), NULL);
}

/* ---- one heap over three banks ------------------------------------------ */

#define BANKS 3
#define GAP   40
#define MOST  6000

static struct heap_bank table[BANKS];
static struct heap_banks three;
static struct heap_port port;
static struct heap heap;
static unsigned char *bank_start[BANKS];
static size_t bank_size[BANKS];

/* Somebody's data lie between two banks and around them. */
static bool gaps_untouched(void)
{
	for (unsigned i = 0; i < BANKS; i++)
		if (!rig_filled(bank_start[i] - GAP, GAP, i) ||
		    !rig_filled(bank_start[i] + bank_size[i], GAP, i))
			return false;
	return true;
}

/* `order` has the places of the banks, from low addresses up, as a number. */
static struct heap *start(unsigned order)
{
	size_t n, each;
	unsigned char *at = rig_arena(&n, MOST);

	/* Banks are neither aligned nor of like size. */
	each = n / BANKS - 2 * GAP;
	for (unsigned i = 0; i < BANKS; i++) {
		bank_start[i] = at + GAP + i;
		bank_size[i] = each - 16 * i - 3;
		rig_fill(bank_start[i] - GAP, GAP, i);
		rig_fill(bank_start[i] + bank_size[i], GAP, i);
		at += each + 2 * GAP;
	}
	for (unsigned i = 0; i < BANKS; i++, order /= 10) {
		unsigned place = order % 10;

		table[i] = bank_at(
			(uintptr_t)bank_start[place],
			(uintptr_t)(bank_start[place] + bank_size[place]));
	}
	three = (struct heap_banks){
		.bank = table, .count = BANKS, .heap = &heap};
	port = rig_port;
	port.ctx = &three;
	port.sbrk = heap_banks_sbrk;
	heap = (struct heap){.bins.lo = BINS_NOWHERE(&heap), .port = &port};
	return &heap;
}

static const unsigned orders[] = {210, 201, 120, 102, 21, 12};
#define ORDERS (sizeof(orders) / sizeof(*orders))

/* Blocks are a list; behind the link is a pattern. */
struct block {
	struct block *other;
	unsigned char pattern[];
};

static unsigned blocks;

static size_t pattern_size(struct heap *h, const struct block *b)
{
	return heap_usable_size(h, b) - sizeof(*b);
}

static struct block *take(struct heap *h, size_t n, struct block *list)
{
	struct block *b = heap_alloc(h, sizeof(*b) + n);

	rig_check_sound(h);
	if (b == NULL)
		return NULL;
	blocks++;
	b->other = list;
	n = pattern_size(h, b);
	rig_fill(b->pattern, n, (unsigned)n);
	return b;
}

/* Every block of the list holds what it held, and is freed. */
static void free_all(struct heap *h, struct block *list)
{
	while (list != NULL) {
		struct block *b = list;
		size_t n = pattern_size(h, b);

		CHECK(rig_filled(b->pattern, n, (unsigned)n));
		list = b->other;
		heap_free(h, b);
		blocks--;
		rig_check_sound(h);
	}
	CHECK_EQ(blocks, 0);
}

/* Until not even the smallest is served. */
static struct block *take_all(struct heap *h, size_t largest)
{
	struct block *list = NULL, *b;
	uint32_t chance = 7;

	blocks = 0;
	for (;;) {
		b = take(h, tap_below(&chance, (uint32_t)largest), list);
		if (tap_failed() || (b == NULL && largest <= 1))
			return list;
		if (b == NULL)
			largest /= 2;
		else
			list = b;
	}
}

/* Bytes of all banks. */
static size_t all_bytes(void)
{
	size_t n = 0;

	for (size_t i = 0; i < BANKS; i++)
		n += bank_size[i];
	return n;
}

/* What is too small for the smallest block and its alignment stays the port's. */
#define LEAST ((HEAP_CHECK >= 3 ? 5 : 2) * HEAP_ALIGN)

static void check_all_taken(struct heap *h)
{
	struct heap_stats s = rig_stats(h);

	CHECK(s.taken <= all_bytes());
	CHECK(all_bytes() - s.taken < LEAST);
	CHECK_EQ(s.segments, BANKS);
	CHECK(s.overhead < BANKS * 8 * HEAP_ALIGN);
}

TEST(three_banks_are_used_to_the_last_tail_in_any_order)
{
	for (size_t i = 0; i < ORDERS; i++) {
		struct heap *h = start(orders[i]);
		struct block *list = take_all(h, 200);

		CHECK(gaps_untouched());
		check_all_taken(h);
		/* Nothing that the smallest block would need. */
		CHECK(heap_alloc(h, 1) == NULL);
		free_all(h, list);
		CHECK_EQ(rig_stats(h).in_use, 0);
		rig_let_go(h);
		/* And again, from what is free. */
		list = take_all(h, 200);
		free_all(h, list);
		CHECK(gaps_untouched());
	}
}

TEST(a_bank_is_left_with_nothing_in_it)
{
	struct heap *h = start(12);
	struct block *list = NULL;

	blocks = 0;
	while (three.current == 0) {
		CHECK_PTR_EQ(table[1].region.brk, NULL);
		list = take(h, bank_size[0] / 4, list);
		CHECK(list != NULL);
	}
	/* What was too little for this one is the heap's. */
	CHECK_EQ(three.current, 1);
	CHECK_PTR_EQ(table[0].region.brk, table[0].region.end);
	CHECK_PTR_EQ(table[2].region.brk, NULL);
	free_all(h, list);
	CHECK_EQ(rig_stats(h).segments, 2);
}

TEST(a_bank_that_is_too_small_waits_for_what_fits)
{
	struct heap *h = start(12);
	size_t n = bank_size[0] - 30 * HEAP_ALIGN;
	struct block *a, *b;

	table[1].region.end = table[1].region.start + 64;
	a = take(h, n, NULL);
	b = take(h, n, a);
	CHECK(b != NULL);
	CHECK_EQ(three.current, 2);
	CHECK_PTR_EQ(table[1].region.brk, NULL);
	blocks = 2;
	free_all(h, b);
}

TEST(what_is_trimmed_goes_back_to_its_bank_and_comes_again)
{
	struct heap *h = start(21);
	struct block *list = take_all(h, 100);
	size_t taken;

	free_all(h, list);
	taken = rig_stats(h).taken;
	CHECK(heap_trim(h, 0) > 0);
	rig_check_sound(h);
	CHECK(rig_stats(h).taken < taken);
	list = take_all(h, 100);
	free_all(h, list);
	CHECK(all_bytes() - rig_stats(h).taken < LEAST);
	CHECK(gaps_untouched());
}

TEST(a_bank_added_late_serves_what_was_refused)
{
	static struct heap_bank room[2];
	struct heap *h = start(12);
	struct block *list;

	room[0] = table[2];
	three.bank = room;
	three.count = 1;
	three.most = 2;
	list = take_all(h, 100);
	CHECK(heap_alloc(h, 100) == NULL);
	CHECK(heap_banks_add(&three, table[0].region.start, bank_size[0],
			     NULL));
	list = take(h, 100, list);
	CHECK(list != NULL);
	CHECK_EQ(rig_stats(h).segments, 2);
	free_all(h, list);
	CHECK(gaps_untouched());
}

TEST(without_a_heap_named_the_tails_serve_smaller_requests)
{
	struct heap *h = start(12);
	struct block *list;

	three.heap = NULL;
	list = take_all(h, 200);
	/* A tail that is too small for a segment of its own is lost. */
	CHECK(all_bytes() - rig_stats(h).taken < BANKS * 64 * HEAP_ALIGN);
	free_all(h, list);
	CHECK(gaps_untouched());
}

TEST(operations_at_random_keep_their_contents_over_three_banks)
{
	enum { SLOTS = 12 };
	static void *mem[SLOTS];
	static uint32_t size[SLOTS];
	uint32_t state = (uint32_t)tap_arg("SEED", 1);
	struct heap *h = start(201);

	memset(mem, 0, sizeof(mem));
	for (unsigned i = 0; i < 1500; i++) {
		unsigned slot = tap_below(&state, SLOTS);
		uint32_t n = 1 + tap_below(&state, 400);
		void *p = mem[slot];
		uint32_t kept = p == NULL ? 0 : size[slot] < n ? size[slot] : n;

		if (p != NULL)
			CHECK(rig_filled(p, size[slot], slot));
		if (p != NULL && tap_below(&state, 2) == 0) {
			heap_free(h, p);
			mem[slot] = NULL;
		} else if ((p = heap_resize(h, p, n)) != NULL) {
			CHECK(rig_filled(p, kept, slot));
			rig_fill(p, n, slot);
			mem[slot] = p;
			size[slot] = n;
		}
		rig_check_sound(h);
		CHECK(gaps_untouched());
		if (tap_failed())
			return;
	}
	for (unsigned slot = 0; slot < SLOTS; slot++)
		heap_free(h, mem[slot]);
	rig_check_sound(h);
	CHECK_EQ(rig_stats(h).in_use, 0);
}
