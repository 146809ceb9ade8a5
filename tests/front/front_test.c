/* SPDX-License-Identifier: MIT */
/*
 * malloc, free and realloc of small blocks on Linux, with the port of Linux but
 * for a `fault` that only records.
 */
#define _GNU_SOURCE
#include "front.h"

#include "libc/blocks.h"
#include "libc/host_quick.h"
#include "state.h"

/* ---- small blocks ---------------------------------------------------------- */

TEST(a_freed_block_is_the_next_of_its_size)
{
	size_t *p, *q;

	start();
	p = get(40);
	q = get(40);
	CHECK(p != NULL && q != NULL && p != q);
	free(hidden(p));
	if (HEAP_CHECK < 3)
		CHECK_PTR_EQ(get(40), p);
	free(hidden(q));
	check_sound();
}

TEST(what_waits_goes_back_to_the_heap_before_it_is_counted)
{
	enum { MOST = QUICK_MOST(40) };
	void *p[2 * MOST];
	size_t n;

	start();
	n = used_chunks();
	for (unsigned i = 0; i < 2 * MOST; i++)
		p[i] = get(40);
	CHECK_EQ(used_chunks(), n + 2 * MOST);
	for (unsigned i = 0; i < 2 * MOST; i++)
		free(hidden(p[i]));
	/* As many as may wait do. */
	if (HEAP_CHECK < 3 && HEAP_ALIGN == 16)
		CHECK_EQ(used_chunks(), n + MOST);
	CHECK(mallinfo2().arena > 0);
	if (HEAP_CHECK < 3)
		CHECK_EQ(used_chunks(), n);
	check_sound();
}

TEST(blocks_of_many_sizes_wait_apart)
{
	unsigned char *p[40];

	start();
	for (unsigned round = 0; round < 3; round++) {
		for (size_t i = 0; i < 40; i++) {
			p[i] = get(i * 16 + 8);
			CHECK(p[i] != NULL);
			CHECK(malloc_usable_size(p[i]) >= i * 16 + 8);
			for (size_t k = 0; k < i * 16 + 8; k++)
				p[i][k] = (unsigned char)(i + round);
		}
		for (size_t i = 0; i < 40; i++)
			for (size_t k = 0; k < i * 16 + 8; k++)
				CHECK_EQ(p[i][k], (unsigned char)(i + round));
		for (size_t i = 0; i < 40; i++)
			free(hidden(p[i]));
	}
	check_sound();
}

#if HEAP_CHECK != 0
TEST(a_block_freed_twice_at_once_is_told)
{
	void *p;

	start();
	p = get(40);
	free(hidden(p));
	free(hidden(p));
	told(HEAP_FAULT_NOT_USED, p);
	malloc_trim(0);
	free(hidden(p));
	CHECK_EQ(faults, 1);
	faults = 0;
	check_sound();
}

TEST(a_block_freed_twice_behind_a_full_list_is_told)
{
	enum { MOST = QUICK_MOST(100) };
	void *p[MOST + 2];

	start();
	for (unsigned i = 0; i < MOST + 2; i++)
		p[i] = get(100);
	for (unsigned i = 0; i < MOST + 1; i++)
		free(hidden(p[i]));
	/* The first that went there, the last, and the one that did not. */
	free(hidden(p[0]));
	told(HEAP_FAULT_NOT_USED, p[0]);
	free(hidden(p[MOST - 1]));
	told(HEAP_FAULT_NOT_USED, p[MOST - 1]);
	free(hidden(p[MOST]));
	told(HEAP_FAULT_NOT_USED, p[MOST]);
	free(hidden(p[MOST + 1]));
	check_sound();
}

TEST(what_is_no_block_goes_to_the_heap_and_is_told)
{
	static _Alignas(64) size_t object[32];
	char *nothing;
	size_t *p;

	start();
	p = calloc(size(16), WORD);
	free(hidden(&object[4]));
	told(HEAP_FAULT_FOREIGN, &object[4]);
	/* Not a word is read of what is not the heap's. */
	nothing =
		mmap(NULL, 8192, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	CHECK(nothing != MAP_FAILED);
	free(hidden(nothing + 256));
	told(HEAP_FAULT_FOREIGN, nothing + 256);
	CHECK(realloc(hidden(nothing + 256), size(10)) == NULL);
	told(HEAP_FAULT_FOREIGN, nothing + 256);
	munmap(nothing, 8192);
	/* Inside a block, what may be a header's size. */
	p[3] = 3 * HEAP_ALIGN;
	p[5] = p[3];
	p[7] = p[3];
	free(hidden(&p[4]));
	told(HEAP_FAULT_NOT_USED, &p[4]);
	free(hidden((char *)p + 4));
	told(HEAP_FAULT_MISALIGNED, (char *)p + 4);
	free(hidden(p));
	check_sound();
}
#endif

#if HEAP_CHECK == 2
/* What a block that waits holds: the next one, and the key. */
static bool quick_is_there(void)
{
	return HEAP_ALIGN == 16;
}

TEST(a_write_to_the_key_of_a_waiting_block_is_told)
{
	size_t *p, *q;

	start();
	if (!quick_is_there())
		return;
	p = get(40);
	free(hidden(p));
	p[1] ^= 1;
	q = get(40);
	CHECK(q != NULL && q != p);
	told(HEAP_FAULT_LINK, NULL);
	/* The list is forgotten, and another begins. */
	free(hidden(q));
	CHECK_PTR_EQ(get(40), q);
	free(hidden(q));
	/* The block itself is a used one to the heap. */
	p[1] ^= 1;
	heap_free(&heap_default, p);
	check_sound();
}

TEST(a_write_to_the_link_of_a_waiting_block_is_told)
{
	static size_t object[8];
	size_t *p, *q;

	start();
	if (!quick_is_there())
		return;
	p = get(72);
	q = get(72);
	free(hidden(q));
	free(hidden(p));
	p[0] = (size_t)&object[2];
	CHECK_PTR_EQ(get(72), p);
	CHECK_EQ(faults, 0);
	CHECK(get(72) != NULL);
	told(HEAP_FAULT_LINK, NULL);
	heap_free(&heap_default, q);
	free(hidden(p));
	/* A payload that ends in the key, among links of which one is damaged. */
	p[0] = (size_t)&object[2];
	q = get(56);
	q[1] = p[1];
	p = get(72);
	q[1] = 0;
	free(hidden(q));
	free(hidden(p));
	faults = 0;
	malloc_trim(0);
	CHECK_EQ(heap_check(&heap_default, NULL), HEAP_OK);
}

TEST(a_payload_that_looks_like_a_waiting_block_is_none)
{
	static size_t object[8];
	size_t *p[5], *q, key, n;

	start();
	if (!quick_is_there())
		return;
	n = used_chunks();
	for (unsigned i = 0; i < 5; i++)
		p[i] = get(88);
	free(hidden(p[0]));
	key = p[0][1];
	/* Looked for in the list, and then the heap has it. */
	p[1][1] = key;
	free(hidden(p[1]));
	CHECK_EQ(faults, 0);
	CHECK_EQ(used_chunks(), n + 4);
	/* And where the list that is looked through leads away. */
	p[0][0] = (size_t)&object[2];
	p[3][1] = key;
	free(hidden(p[3]));
	CHECK_EQ(faults, 0);
	CHECK_EQ(used_chunks(), n + 3);
	/* Or in a circle. */
	p[0][0] = (size_t)p[0];
	p[4][1] = key;
	free(hidden(p[4]));
	CHECK_EQ(faults, 0);
	p[0][0] = 0;
	p[2][1] = key;
	q = realloc(hidden(p[2]), size(300));
	CHECK(q != NULL && q[1] == key);
	q[1] = 0;
	free(hidden(q));
	check_sound();
}

TEST(a_flush_stops_at_what_was_written_to)
{
	size_t *p, *q, n;

	start();
	if (!quick_is_there())
		return;
	n = used_chunks();
	p = get(40);
	q = get(40);
	free(hidden(p));
	free(hidden(q));
	q[1] ^= 1;
	malloc_trim(0);
	CHECK_EQ(used_chunks(), n + 2);
	heap_free(&heap_default, p);
	heap_free(&heap_default, q);
	check_sound();
}
#endif

/* ---- realloc of small blocks ---------------------------------------------- */

TEST(a_resized_block_keeps_what_it_holds)
{
	enum { BLOCKS = 24 };
	unsigned char *p[BLOCKS] = {NULL}, *last_one;
	size_t n[BLOCKS] = {0};
	uint32_t seed = (uint32_t)tap_arg("seed", 1);

	start();
	for (unsigned round = 0; round < 20000; round++) {
		uint32_t i = tap_below(&seed, BLOCKS);
		size_t to = tap_below(&seed, 8) == 0 ? tap_below(&seed, 20000)
						     : tap_below(&seed, 600);

		for (size_t k = 0; k < n[i]; k++)
			CHECK_EQ(p[i][k], (unsigned char)(i + k));
		if (tap_below(&seed, 4) == 0) {
			free(hidden(p[i]));
			p[i] = NULL;
			n[i] = 0;
			continue;
		}
		last_one = p[i];
		p[i] = realloc(hidden(p[i]), size(to));
		if (to == 0 && last_one != NULL) {
			CHECK(p[i] == NULL);
			n[i] = 0;
			continue;
		}
		CHECK(p[i] != NULL && malloc_usable_size(p[i]) >= to);
		CHECK_EQ((uintptr_t)p[i] % 16, 0);
		for (size_t k = 0; k < n[i] && k < to; k++)
			CHECK_EQ(p[i][k], (unsigned char)(i + k));
		n[i] = to;
		for (size_t k = 0; k < n[i]; k++)
			p[i][k] = (unsigned char)(i + k);
		if (round % 500 == 0)
			CHECK_EQ(heap_check(&heap_default, NULL), HEAP_OK);
	}
	for (unsigned i = 0; i < BLOCKS; i++)
		free(hidden(p[i]));
	check_sound();
}

TEST(a_size_of_nothing_frees_the_block)
{
	size_t used, i;

	start();
	used = used_chunks();
	for (i = 0; i < 2; i++) {
		void *p = get(i == 0 ? 40 : 4000);

		CHECK(p != NULL);
		errno = 5;
		CHECK(realloc(hidden(p), size(0)) == NULL);
		CHECK_EQ(errno, 5);
		heap_quick_flush();
		CHECK_EQ(used_chunks(), used);
	}
	check_sound();
}

#if HEAP_CHECK == 2
TEST(a_block_is_resized_where_it_lies)
{
	char *p, *q, *r;

	start();
	if (!quick_is_there())
		return;
	/* Too large for quick lists. */
	p = get(1000);
	q = get(1000);
	r = get(1000);
	CHECK(q == p + 1008 && r == q + 1008);
	/* Less than a block's worth stays. */
	CHECK_PTR_EQ(realloc(hidden(p), size(985)), p);
	CHECK_EQ(malloc_usable_size(p), 1000);
	CHECK_PTR_EQ(realloc(hidden(p), size(900)), p);
	CHECK_EQ(malloc_usable_size(p), 904);
	CHECK_PTR_EQ(realloc(hidden(p), size(1000)), p);
	CHECK_EQ(malloc_usable_size(p), 1000);
	free(hidden(q));
	CHECK_PTR_EQ(realloc(hidden(p), size(1500)), p);
	CHECK_EQ(malloc_usable_size(p), 1512);
	/* All of the next one but what would be too small. */
	CHECK_PTR_EQ(realloc(hidden(p), size(1990)), p);
	CHECK_EQ(malloc_usable_size(p), 2008);
	CHECK(realloc(hidden(p), size(2100)) != p);
	free(hidden(r));
	check_sound();
}

TEST(damage_around_a_block_is_told_by_its_resize)
{
	size_t *p, *q, *r, *s, was;

	start();
	if (!quick_is_there())
		return;
	p = get(1000);
	q = get(1000);
	r = get(1000);
	s = get(1000);
	CHECK(q == p + 126 && r == q + 126);
	free(hidden(q));
	/* The link of the free one behind. */
	was = q[0];
	q[0] = was ^ HEAP_ALIGN;
	CHECK(realloc(hidden(p), size(1500)) == NULL);
	CHECK_EQ(faults, 1);
	faults = 0;
	q[0] = was;
	/* A header of the block itself. */
	was = p[-1];
	p[-1] = was ^ (2 * HEAP_ALIGN);
	CHECK(realloc(hidden(p), size(1500)) == NULL);
	CHECK_EQ(faults, 1);
	faults = 0;
	p[-1] = was;
	CHECK_PTR_EQ(realloc(hidden(p), size(1500)), p);
	free(hidden(p));
	free(hidden(r));
	free(hidden(s));
	/* And the size of what waits in a quick list. */
	p = get(40);
	free(hidden(p));
	CHECK(realloc(hidden(p), size(100)) == NULL);
	told(HEAP_FAULT_NOT_USED, p);
	check_sound();
}
#endif

/* ---- damage ----------------------------------------------------------------- */

#if HEAP_CHECK == 2 && SIZE_MAX > 0xffffffffu

/* Bytes of chunks, from some address up; the free ones, in a mask. */
static const size_t laid[] = {608, 608, 608, 400, 608, 16, 608,
			      48,  608, 400, 608, 64,  608};
enum { CHUNKS = sizeof(laid) / sizeof(laid[0]), FREE = 0xaaa };
static size_t *block[CHUNKS];
static void *answer;

static void lay(void)
{
	char *p;
	size_t page;

	memset(heap_quick.head, 0, sizeof(heap_quick.head));
	memset(heap_quick.bytes, 0, sizeof(heap_quick.bytes));
	heap_reset(&heap_default);
	/* None of them is to lie where a mapped block might. */
	p = heap_alloc(&heap_default, 8);
	page = 4096 - ((uintptr_t)p & 4095);
	heap_alloc(&heap_default, page + 88);
	for (unsigned i = 0; i < CHUNKS; i++)
		block[i] = heap_alloc(&heap_default, laid[i] - WORD);
	for (unsigned i = 0; i < CHUNKS; i++)
		if ((FREE >> i & 1) != 0)
			heap_free(&heap_default, block[i]);
}

/* Calls; of realloc, whose place the block has then, and its usable size. */
enum { MALLOC = CHUNKS, AWAY };
static const struct {
	unsigned block; /* MALLOC, or what is given to free or realloc */
	size_t n;       /* 0: free */
	unsigned to;
	size_t usable;
} acts[] = {
	{.block = MALLOC, .n = 600},
	{.block = MALLOC, .n = 500},
	{.block = MALLOC, .n = 392},
	{.block = MALLOC, .n = 40},
	{.block = MALLOC, .n = 10},
	{.block = MALLOC, .n = 700},
	{.block = 0},
	{.block = 2},
	{.block = 4},
	{.block = 6},
	{.block = 8},
	{.block = 10},
	{.block = 12},
	/* Less, but for two words, which stay. */
	{0, 300, 0, 312},
	{0, 568, 0, 568},
	{0, 584, 0, 600},
	{2, 590, 2, 600},
	{12, 100, 12, 104},
	/* Into the next one, but for two words of it. */
	{0, 808, 0, 808},
	{0, 1176, 0, 1176},
	{0, 1177, 0, 1208},
	{0, 1208, 0, 1208},
	{2, 700, 2, 712},
	{2, 1000, 2, 1000},
	{4, 604, 4, 616},
	{4, 616, 4, 616},
	{6, 610, 6, 616},
	{6, 617, 6, 648},
	{8, 900, 8, 904},
	{10, 664, 10, 664},
	{12, 700, 12, 712},
	/* Into both. */
	{2, 1001, 1, 1016},
	{2, 1608, 1, 1608},
	{6, 650, 5, 664},
	/* Neither has enough, or there is none below. */
	{0, 1209, AWAY, 1224},
	{2, 1609, AWAY, 1624},
	{6, 665, AWAY, 680},
};
#define ACTS (sizeof(acts) / sizeof(acts[0]))

/* Did it do nothing at all? */
static bool act(unsigned i)
{
	const unsigned b = acts[i].block, before = faults;

	if (b != MALLOC && acts[i].n == 0) {
		free(hidden(block[b]));
		/* The header says that this calls nobody back. */
		hidden(NULL);
		return faults != before;
	}
	answer = b == MALLOC ? malloc(size(acts[i].n))
			     : realloc(hidden(block[b]), size(acts[i].n));
	return hidden(answer) == NULL;
}

/* All that a call may change, but for the notes on what it has found. */
static uint32_t state_of_all(void)
{
	const struct heap *h = &heap_default;
	const void *parts[] = {&h->bins.map, &h->top, block[0] - 2};
	const size_t bytes[] = {offsetof(struct bins, lo) -
					offsetof(struct bins, map),
				2 * sizeof(h->top),
				(uintptr_t)h->top - (uintptr_t)block[0] + 40};
	uint32_t sum = 2166136261u;

	for (unsigned i = 0; i < 3; i++)
		for (size_t k = 0; k < bytes[i]; k++)
			sum = (sum ^ ((const unsigned char *)parts[i])[k]) *
			      16777619u;
	return sum;
}

static void fill_block(unsigned b)
{
	for (size_t k = 0; b < CHUNKS && k < laid[b] / WORD - 1; k++)
		block[b][k] = k + 1;
}

static void check_resized(unsigned i)
{
	const size_t n = acts[i].n, *p = answer;
	unsigned at = 0;

	if (acts[i].block == MALLOC || n == 0)
		return;
	while (at < CHUNKS && p != block[at])
		at++;
	if ((at == CHUNKS ? AWAY : at) != acts[i].to)
		tap_diag("realloc of %u to %zu", acts[i].block, n);
	CHECK_EQ(at == CHUNKS ? AWAY : at, acts[i].to);
	CHECK_EQ(malloc_usable_size(answer), acts[i].usable);
	for (size_t k = 0; k < n / WORD && k < laid[acts[i].block] / WORD - 1;
	     k++)
		CHECK_EQ(p[k], k + 1);
}

TEST(each_call_around_free_chunks_is_sound)
{
	start();
	for (unsigned i = 0; i < ACTS; i++) {
		lay();
		fill_block(acts[i].block);
		CHECK(!act(i));
		check_sound();
		check_resized(i);
		/* What it left behind can be used. */
		for (unsigned k = 0; k < 7; k++)
			CHECK(!act(k));
		CHECK(faults <= 1);
		faults = 0;
		CHECK_EQ(heap_check(&heap_default, NULL), HEAP_OK);
	}
	heap_quick_flush();
	heap_reset(&heap_default);
	check_sound();
}

/* What realloc answers is large enough, unless its own head was hit. */
static void check_served(unsigned i)
{
	size_t usable;

	if (acts[i].block == MALLOC || acts[i].n == 0)
		return;
	usable = malloc_usable_size(answer);
	hidden(NULL);
	CHECK(faults != 0 || usable >= acts[i].n);
}

enum { PLACES = CHUNKS * 5 + 2 };

/* Of each chunk the head, two links, foot and middle; the top; its limit. */
static size_t *place(unsigned k)
{
	const unsigned what = k % 5;

	if (k == PLACES - 1)
		return (size_t *)&heap_default.limit;
	if (k == PLACES - 2)
		return &heap_default.top->head;
	if (what < 3)
		return block[k / 5] + what - 1;
	return block[k / 5] + (what == 3 ? laid[k / 5] / WORD - 2
					 : laid[k / 5] / WORD / 2 - 1);
}

/*
 * Any word of these chunks is changed in several ways, and then each call is
 * tried.  One that tells and answers nothing has changed nothing.
 */
TEST(a_call_that_tells_of_damage_and_answers_nothing_did_nothing)
{
	const size_t masks[] = {16, 1, 2, 80, 8, ~(size_t)0};
	unsigned tells = 0;

	start();
	for (unsigned m = 0; m < 6; m++)
		for (unsigned i = 0; i < ACTS; i++)
			for (unsigned k = 0; k < PLACES; k++) {
				size_t *word, was;
				uint32_t sum;
				bool nothing;

				lay();
				CHECK(block[CHUNKS - 1] != NULL);
				word = place(k);
				was = *word;
				*word ^= masks[m];
				sum = state_of_all();
				nothing = act(i);
				tells += faults != 0;
				if (faults != 0 && nothing)
					CHECK_EQ(state_of_all(), sum);
				CHECK(faults != 0 || !nothing);
				if (faults == 0)
					check_served(i);
				/* A reset believes this one. */
				if (k == PLACES - 1)
					*word = was;
				faults = 0;
			}
	CHECK(tells > 500);
	tap_diag("%u of %u told", tells, (unsigned)(6 * ACTS * PLACES));
	lay();
	check_sound();
	heap_reset(&heap_default);
}

TEST(a_limit_that_lies_lets_no_block_grow_beyond_the_heap)
{
	struct chunk *limit;
	size_t n;
	void *p;

	start();
	lay();
	p = block[CHUNKS - 1];
	limit = heap_default.limit;
	n = laid[CHUNKS - 1] - WORD + heap_room(&heap_default) + 160;
	heap_default.limit = chunk_above(limit, 4096);
	CHECK(realloc(hidden(p), size(n)) == NULL);
	CHECK_EQ(faults, 1);
	CHECK_PTR_EQ(chunk_above(mem_to_chunk(p), laid[CHUNKS - 1]),
		     heap_default.top);
	heap_default.limit = limit;
	faults = 0;
	check_sound();
	heap_reset(&heap_default);
}

TEST(a_header_that_says_nothing_is_no_block)
{
	struct chunk *c;
	size_t was;

	start();
	lay();
	c = mem_to_chunk(block[2]);
	was = c->head;
	chunk_set_used(c, FENCE, heap_default.bins.key);
	CHECK(realloc(hidden(block[2]), size(700)) == NULL);
	CHECK_EQ(faults, 1);
	faults = 0;
	c->head = was;
	check_sound();
	heap_reset(&heap_default);
}
#endif
