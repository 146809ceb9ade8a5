/* SPDX-License-Identifier: MIT */
/* Memory by attribute: which pool serves what, and where a block goes back. */
#include "heap_banks.h"
#include "rig.h"
#include "state.h"

#define FAST     HEAP_BANK_FAST
#define DMA      HEAP_BANK_DMA
#define EXTERNAL HEAP_BANK_EXTERNAL
#define RETAINED HEAP_BANK_RETAINED

#define BANKS    4
#define GAP      64
#define MOST     8192

static struct heap_bank table[BANKS];
static struct heap_pool kinds[BANKS];
static struct heap_pools pools;
static size_t each; /* bytes of a bank */

/* Banks with these attributes, each GAP bytes behind the last. */
static void lay(const unsigned *attributes, size_t n)
{
	size_t all;
	char *at = rig_arena(&all, MOST);

	each = all / BANKS - GAP;
	for (size_t i = 0; i < n; i++) {
		table[i] = (struct heap_bank){
			.region = {.start = at, .end = at + each},
			.attributes = attributes[i],
		};
		at += each + GAP;
	}
	pools = (struct heap_pools){
		.pool = kinds, .most = BANKS, .port = &rig_port};
}

static bool start(const unsigned *attributes, size_t n)
{
	lay(attributes, n);
	return heap_pools_start(&pools, table, n, NULL);
}

#define LIST(...) ((const unsigned[]){__VA_ARGS__})
#define START(...)                                                             \
	CHECK(start(LIST(__VA_ARGS__),                                         \
		    sizeof(LIST(__VA_ARGS__)) / sizeof(unsigned)))

/* The attributes of the memory at p; ~0u for none. */
static unsigned where(const void *p)
{
	unsigned attributes;

	return heap_pools_find(&pools, p, &attributes) != NULL ? attributes
							       : ~0u;
}

static void check_sound(void)
{
	for (size_t i = 0; i < pools.count; i++)
		rig_check_sound(pools.pool[i].heap);
}

/* Ask for 16 bytes, see which pool serves, and free them. */
static void check_served(unsigned required, unsigned preferred, unsigned by)
{
	void *p = heap_pools_alloc(&pools, 16, required, preferred);

	CHECK(p != NULL);
	CHECK_EQ(where(p), by);
	rig_fill(p, 16, by);
	heap_pools_free(&pools, p);
	check_sound();
}

/* ---- the rules ----------------------------------------------------------- */

TEST(what_is_required_is_there_or_nothing_is)
{
	START(0, FAST, DMA, FAST | DMA);
	check_served(FAST, 0, FAST);
	check_served(DMA, 0, DMA);
	check_served(FAST | DMA, 0, FAST | DMA);
	CHECK(heap_pools_alloc(&pools, 16, EXTERNAL, 0) == NULL);
	CHECK(heap_pools_alloc(&pools, 16, FAST | RETAINED, 0) == NULL);
	CHECK(heap_pools_alloc(&pools, 16, 0x100, ~0u) == NULL);
}

TEST(a_plain_request_leaves_special_memory_alone)
{
	START(FAST | DMA, FAST, 0);
	check_served(0, 0, 0);
	/* Nor does one for fast memory take what DMA reaches. */
	check_served(FAST, 0, FAST);
}

TEST(what_is_preferred_comes_first_the_more_the_better)
{
	START(0, FAST, FAST | RETAINED, DMA);
	check_served(0, FAST, FAST);
	check_served(0, FAST | RETAINED, FAST | RETAINED);
	check_served(0, RETAINED, FAST | RETAINED);
	check_served(FAST, RETAINED, FAST | RETAINED);
	check_served(0, EXTERNAL, 0);
	/* One preference of two: the first pool in the table. */
	check_served(0, DMA | FAST, FAST);
}

TEST(of_two_that_suit_alike_the_first_in_the_table_serves)
{
	START(DMA, FAST);
	check_served(0, 0, DMA);
	START(FAST, DMA);
	check_served(0, 0, FAST);
}

/* Take all of the memory that blocks of n bytes can have. */
static void exhaust(size_t n, unsigned required)
{
	while (heap_pools_alloc(&pools, n, required, 0) != NULL)
		check_sound();
}

TEST(a_pool_that_has_no_room_gives_way_to_the_next_best)
{
	START(0, FAST, FAST | DMA);
	exhaust(16, FAST);
	check_served(0, FAST, 0);
	CHECK(heap_pools_alloc(&pools, 16, FAST, 0) == NULL);
	/* And nothing is left at last. */
	exhaust(16, 0);
	CHECK(heap_pools_alloc(&pools, 16, 0, FAST) == NULL);
	check_sound();
}

TEST(large_requests_go_elsewhere)
{
	void *p;

	START(0, EXTERNAL);
	pools.large = 64;
	pools.large_prefers = EXTERNAL;
	check_served(0, 0, 0);
	CHECK_EQ(where(heap_pools_alloc(&pools, 63, 0, 0)), 0);
	p = heap_pools_alloc(&pools, 64, 0, 0);
	CHECK_EQ(where(p), EXTERNAL);
	/* They come back when there is no room. */
	exhaust(64, EXTERNAL);
	CHECK_EQ(where(heap_pools_alloc(&pools, 64, 0, 0)), 0);
	pools.large = 0;
	heap_pools_free(&pools, p);
	CHECK_EQ(where(heap_pools_alloc(&pools, 64, 0, 0)), 0);
	check_sound();
}

/* ---- several banks of a kind -------------------------------------------- */

TEST(banks_of_a_kind_are_one_heap_wherever_they_stand)
{
	uintptr_t first, third;

	START(FAST, 0, FAST, 0);
	CHECK_EQ(pools.count, 2);
	CHECK_EQ(pools.pool[0].attributes, FAST);
	CHECK_EQ(pools.pool[0].banks.count, 2);
	first = (uintptr_t)table[0].region.start;
	third = (uintptr_t)table[1].region.start;
	CHECK_EQ(third - first, 2 * (each + GAP));
	/* The second bank when the first is used up. */
	CHECK_PTR_EQ(table[1].region.brk, NULL);
	exhaust(64, FAST);
	CHECK_EQ(rig_stats(pools.pool[0].heap).segments, 2);
	CHECK_PTR_EQ(table[3].region.brk, NULL);
}

/* ---- DMA ------------------------------------------------------------------ */

TEST(a_block_for_dma_has_its_cache_lines_for_itself)
{
	START(0, DMA);
	for (size_t line = 8; line <= 64; line *= 2) {
		for (size_t n = 0; n <= 70; n += 7) {
			char *p = heap_pools_alloc_dma(&pools, line, n, 0);
			char *other = heap_pools_alloc(&pools, 8, DMA, 0);
			size_t lines = (n == 0 ? 1 : (n + line - 1) / line);

			CHECK(p != NULL && other != NULL);
			CHECK_EQ(where(p), DMA);
			CHECK_EQ((uintptr_t)p % line, 0);
			CHECK(heap_usable_size(kinds[1].heap, p) >=
			      lines * line);
			/* Nothing of the heap's or another's is in them. */
			rig_fill(p, lines * line, 1);
			CHECK(other + 8 <= p || other >= p + lines * line);
			rig_fill(other, 8, 2);
			check_sound();
			CHECK(rig_filled(p, lines * line, 1));
			heap_pools_free(&pools, other);
			CHECK(rig_filled(p, lines * line, 1));
			heap_pools_free(&pools, p);
			check_sound();
		}
	}
}

TEST(a_block_for_dma_that_cannot_be_is_refused)
{
	START(0, DMA);
	CHECK(heap_pools_alloc_dma(&pools, 0, 8, 0) == NULL);
	CHECK(heap_pools_alloc_dma(&pools, 24, 8, 0) == NULL);
	CHECK(heap_pools_alloc_dma(&pools, 32, SIZE_MAX, 0) == NULL);
	CHECK(heap_pools_alloc_dma(&pools, 32, SIZE_MAX - 31, 0) == NULL);
	CHECK(heap_pools_alloc_dma(&pools, 32, 8, FAST) == NULL);
	CHECK(heap_pools_alloc_aligned(&pools, 0, 8, 0, 0) == NULL);
	CHECK(heap_pools_alloc_aligned(&pools, 24, 8, 0, 0) == NULL);
	check_sound();
}

TEST(an_aligned_block_follows_the_same_rules)
{
	void *p;

	START(0, FAST);
	p = heap_pools_alloc_aligned(&pools, 64, 10, 0, FAST);
	CHECK_EQ(where(p), FAST);
	CHECK_EQ((uintptr_t)p % 64, 0);
	p = heap_pools_alloc_aligned(&pools, 64, 10, 0, 0);
	CHECK_EQ(where(p), 0);
	CHECK_EQ((uintptr_t)p % 64, 0);
}

/* ---- and back ------------------------------------------------------------- */

TEST(a_block_goes_back_to_the_heap_that_it_came_from)
{
	void *p[BANKS];

	START(0, FAST, DMA, EXTERNAL);
	for (unsigned i = 0; i < BANKS; i++) {
		p[i] = heap_pools_alloc(&pools, 40, kinds[i].attributes, 0);
		CHECK_PTR_EQ(heap_pools_find(&pools, p[i], NULL),
			     kinds[i].heap);
	}
	heap_pools_free(&pools, NULL);
	for (unsigned i = 0; i < BANKS; i++) {
		heap_pools_free(&pools, p[i]);
		CHECK_EQ(rig_stats(kinds[i].heap).in_use, 0);
	}
	check_sound();
}

/* Told, and nothing has been read or changed. */
static void check_foreign(void *p)
{
	heap_pools_free(&pools, p);
	rig_check_fault(HEAP_FAULT_FOREIGN, p);
	CHECK(heap_pools_resize(&pools, p, 8, 0, 0) == NULL);
	rig_check_fault(HEAP_FAULT_FOREIGN, p);
	CHECK(heap_pools_find(&pools, p, NULL) == NULL);
}

TEST(a_pointer_between_banks_is_told_and_not_read)
{
	int local;

	START(FAST, 0, FAST);
	check_foreign(table[0].region.end + 8);
	/* Not given out yet: the second bank of its kind. */
	check_foreign(table[1].region.start + 64);
	check_foreign(&local);
	/* Addresses that nothing answers at. */
	check_foreign((void *)8);
	check_foreign((void *)(UINTPTR_MAX - 7));
	check_sound();
}

TEST(misuse_of_a_block_is_told_by_its_heap)
{
	RIG_NEEDS_CHECKS;
	char *p;

	START(FAST, 0);
	p = heap_pools_alloc(&pools, 40, 0, 0);
	heap_pools_free(&pools, p + HEAP_ALIGN);
	CHECK_EQ(rig.faults, 1);
	CHECK_PTR_EQ(rig.fault.heap, kinds[1].heap);
	rig.faults = 0;
	heap_pools_free(&pools, p);
	CHECK_EQ(rig.faults, 0);
	heap_pools_free(&pools, p);
	rig_check_fault(HEAP_FAULT_NOT_USED, p);
	CHECK(heap_pools_resize(&pools, p, 100, 0, 0) == NULL);
	rig_check_fault(HEAP_FAULT_NOT_USED, p);
	check_sound();
}

TEST(without_a_port_nothing_is_told_and_all_else_holds)
{
	void *p;

	START(FAST, 0);
	pools.port = NULL;
	CHECK(heap_pools_start(&pools, table, 2, NULL));
	p = heap_pools_alloc(&pools, 40, FAST, 0);
	CHECK_EQ(where(p), FAST);
	heap_pools_free(&pools, &p);
	heap_pools_free(&pools, p);
	CHECK_EQ(rig.faults, 0);
	CHECK_EQ(rig.locks, 0);
}

TEST(the_lock_is_the_ports)
{
	START(FAST, 0);
	rig.locks = 0;
	heap_pools_free(&pools, heap_pools_alloc(&pools, 40, FAST, 0));
	CHECK_EQ(rig.locks, 2);
	CHECK_EQ(rig.lock_errors, 0);
	rig.in_isr = true;
	CHECK(heap_pools_alloc(&pools, 40, FAST, 0) == NULL);
	rig_check_fault(HEAP_FAULT_INTERRUPT, NULL);
	rig.in_isr = false;
}

/* ---- the port of a pool is the program's ---------------------------------- */

static unsigned passed_on;
static const int whose = 3;

static void arrives(void *ctx, unsigned what)
{
	CHECK_PTR_EQ(ctx, &whose);
	passed_on |= what;
}

static uintptr_t on_thread(void *ctx)
{
	arrives(ctx, 1);
	return 11;
}

static uintptr_t on_seed(void *ctx)
{
	arrives(ctx, 2);
	return 12;
}

static uint32_t on_now(void *ctx)
{
	arrives(ctx, 4);
	return 13;
}

static void on_write(void *ctx, const char *bytes, size_t n)
{
	arrives(ctx, 8);
	CHECK_EQ(n, 2);
	CHECK_EQ(bytes[1], 'b');
}

static void on_shade(void *ctx, enum heap_shade what, const void *mem, size_t n,
		     size_t was)
{
	arrives(ctx, 16);
	CHECK_EQ(what, HEAP_SHADE_BORN);
	CHECK_PTR_EQ(mem, &whose);
	CHECK_EQ(n, 5);
	CHECK_EQ(was, 6);
}

TEST(each_callback_gets_the_context_of_the_pools_port)
{
	static const struct heap_port all = {
		.ctx = (void *)(uintptr_t)&whose,
		.thread = on_thread,
		.seed = on_seed,
		.now = on_now,
		.write = on_write,
	};
	struct heap_port shading = all;
	const struct heap_port *port = &kinds[0].port;

	lay(LIST(FAST), 1);
	pools.port = &all;
	CHECK(heap_pools_start(&pools, table, 1, NULL));
	CHECK_EQ(port->thread(port->ctx), 11);
	CHECK_EQ(port->seed(port->ctx), 12);
	CHECK_EQ(port->now(port->ctx), 13);
	port->write(port->ctx, "ab", 2);
	CHECK(port->lock == NULL && port->unlock == NULL &&
	      port->in_isr == NULL && port->fault == NULL &&
	      port->pending == NULL && port->shade == NULL);
	/* Not with a heap: its blocks are shaded too. */
	shading.shade = on_shade;
	kinds[0].below = &shading;
	pools.port = &shading;
	kinds[0].heap = NULL;
	table[0].region.end = table[0].region.start + 1;
	CHECK(!heap_pools_start(&pools, table, 1, NULL));
	port->shade(port->ctx, HEAP_SHADE_BORN, &whose, 5, 6);
	CHECK_EQ(passed_on, 31);
}

/* ---- resize ---------------------------------------------------------------- */

TEST(resize_stays_where_it_may_and_keeps_the_contents)
{
	void *p;

	START(0, FAST, DMA);
	p = heap_pools_resize(&pools, NULL, 40, 0, FAST);
	CHECK_EQ(where(p), FAST);
	rig_fill(p, 40, 3);
	p = heap_pools_resize(&pools, p, 100, 0, 0);
	CHECK_EQ(where(p), FAST);
	CHECK(rig_filled(p, 40, 3));
	rig_fill(p, 100, 3);
	/* Where it lies it may not stay. */
	p = heap_pools_resize(&pools, p, 60, DMA, 0);
	CHECK_EQ(where(p), DMA);
	CHECK(rig_filled(p, 60, 3));
	p = heap_pools_resize(&pools, p, 80, DMA, 0);
	CHECK(rig_filled(p, 60, 3));
	CHECK(heap_pools_resize(&pools, p, 60, EXTERNAL, 0) == NULL);
	CHECK(rig_filled(p, 60, 3));
	CHECK(heap_pools_resize(&pools, p, 0, 0, 0) == NULL);
	for (unsigned i = 0; i < 3; i++)
		CHECK_EQ(rig_stats(kinds[i].heap).in_use, 0);
	check_sound();
}

TEST(resize_moves_to_other_memory_when_there_is_no_room)
{
	void *p;

	START(0, FAST);
	p = heap_pools_alloc(&pools, 40, FAST, 0);
	rig_fill(p, 40, 5);
	exhaust(16, FAST);
	CHECK(heap_pools_resize(&pools, p, 200, FAST, 0) == NULL);
	CHECK(rig_filled(p, 40, 5));
	p = heap_pools_resize(&pools, p, 200, 0, FAST);
	CHECK_EQ(where(p), 0);
	CHECK(rig_filled(p, 40, 5));
	exhaust(16, 0);
	CHECK(heap_pools_resize(&pools, p, each, 0, 0) == NULL);
	CHECK(rig_filled(p, 40, 5));
	heap_pools_free(&pools, p);
	check_sound();
}

/* ---- what is wrong --------------------------------------------------------- */

static char said[160];

static void keep_text(void *ctx, const char *bytes, size_t n)
{
	(void)ctx;
	CHECK(n < sizeof(said));
	memmove(said, bytes, n);
	said[n] = '\0';
}

static const char *report(const struct heap_banks_error *error)
{
	static const struct heap_port writer = {.write = keep_text};

	heap_banks_report(&writer, error);
	return said;
}

static void check_not_started(size_t n, enum heap_banks_problem problem,
			      size_t bank)
{
	struct heap_banks_error error;

	CHECK(!heap_pools_start(&pools, table, n, &error));
	CHECK_EQ(error.problem, problem);
	CHECK_EQ(error.bank, bank);
	CHECK(!heap_pools_start(&pools, table, n, NULL));
	CHECK(heap_pools_alloc(&pools, 8, 0, 0) == NULL);
	CHECK(heap_pools_find(&pools, table, NULL) == NULL);
}

TEST(a_table_that_is_wrong_makes_no_heap)
{
	struct heap_banks_error error;
	struct heap_bank first;

	START(FAST, 0, DMA);
	check_not_started(0, HEAP_BANKS_NONE, 0);
	first = table[1];
	table[1].region.end = table[1].region.start;
	check_not_started(3, HEAP_BANKS_EMPTY, 1);
	table[1] = first;
	table[2].region.start = table[0].region.start + 8;
	check_not_started(3, HEAP_BANKS_OVERLAP, 2);
	CHECK(!heap_pools_start(&pools, NULL, 3, &error));
	CHECK_EQ(error.problem, HEAP_BANKS_NO_TABLE);
}

TEST(more_kinds_of_memory_than_pools_are_told)
{
	struct heap_banks_error error;

	START(FAST, 0, DMA, FAST);
	pools.most = 2;
	check_not_started(4, HEAP_BANKS_KINDS, 3);
	CHECK(!heap_pools_start(&pools, table, 4, &error));
	CHECK_EQ(error.most, 2);
	CHECK_STR_EQ(report(&error), "heap: banks: 3 kinds of memory, there "
				     "are pools for 2\n");
	pools.pool = NULL;
	check_not_started(4, HEAP_BANKS_KINDS, 3);
	CHECK(!heap_pools_start(&pools, table, 4, &error));
	CHECK_EQ(error.most, 0);
	pools.pool = kinds;
	pools.most = 3;
	CHECK(heap_pools_start(&pools, table, 4, NULL));
}

TEST(a_bank_without_room_for_a_heap_is_told)
{
	struct heap_banks_error error;

	START(FAST, 0, DMA);
	table[1].region.end = table[1].region.start + 16;
	check_not_started(3, HEAP_BANKS_TOO_SMALL, 1);
	CHECK(!heap_pools_start(&pools, table, 3, &error));
	CHECK_EQ(error.start, (uintptr_t)table[1].region.start);
	CHECK_EQ(error.end, (uintptr_t)table[1].region.end);
	error.start = 0x1000;
	error.end = 0x1010;
	CHECK_STR_EQ(report(&error) + 28 + 4 * sizeof(void *),
		     " is too small for a heap's control block\n");
}
