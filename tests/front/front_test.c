/* SPDX-License-Identifier: MIT */
/*
 * malloc on Linux, with the port of Linux but for a `fault` that only records:
 * quick lists, mapped blocks, and what the kernel refuses.
 */
#define _GNU_SOURCE
#include "front.h"

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
	unsigned char *p[BLOCKS] = {NULL};
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
		p[i] = realloc(hidden(p[i]), size(to));
		if (to == 0 && p[i] == NULL) {
			n[i] = 0;
			continue;
		}
		CHECK(p[i] != NULL && malloc_usable_size(p[i]) >= to);
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

/* ---- large blocks --------------------------------------------------------------- */

#if HEAP_CHECK != 0
TEST(what_is_no_mapped_block_is_told)
{
	static _Alignas(4096) char object[8192];
	/* On the stack, above all mappings. */
	_Alignas(4096) char above[8192];
	char *p, *q;
	size_t *seal, was;

	start();
	p = get(LARGE);
	q = get(LARGE);
	CHECK(p != NULL && q != NULL);
	/* Where a mapped block might begin, but none ever was. */
	free(hidden(object + 64));
	told(HEAP_FAULT_FOREIGN, object + 64);
	CHECK(realloc(hidden(object + 64), size(2 * LARGE)) == NULL);
	told(HEAP_FAULT_FOREIGN, object + 64);
	free(hidden(above + 64));
	told(HEAP_FAULT_FOREIGN, above + 64);
	/* Between mappings, and in one. */
	p[4096] = 1;
	free(hidden(p + 4096));
	told(HEAP_FAULT_FOREIGN, p + 4096);
	seal = (size_t *)(void *)p - 1;
	was = *seal;
	*seal ^= 4;
	free(hidden(p));
	told(HEAP_FAULT_FOREIGN, p);
	*seal = was;
	free(hidden(p));
	CHECK_EQ(faults, 0);
	free(hidden(p));
	told(HEAP_FAULT_FOREIGN, p);
	free(hidden(q));
	check_sound();
}
#endif

TEST(mapped_blocks_grow_shrink_and_move_back)
{
	unsigned char *p;
	size_t n;

	start();
	n = (size_t)mallinfo2().hblks;
	p = get(LARGE);
	CHECK(p != NULL);
	CHECK_EQ(mallinfo2().hblks, n + 1);
	p[0] = 1;
	p[LARGE - 1] = 2;
	p = realloc(p, size(5 * LARGE));
	CHECK(p != NULL && p[0] == 1 && p[LARGE - 1] == 2);
	CHECK(mallinfo2().hblkhd >= 5 * LARGE);
	CHECK(malloc_usable_size(p) >= 5 * LARGE);
	CHECK(malloc_usable_size(p) < 5 * LARGE + 8192);
	p = realloc(p, size(100));
	CHECK(p != NULL && p[0] == 1);
	CHECK_EQ(mallinfo2().hblks, n);
	free(p);
	check_sound();
}

TEST(aligned_mapped_blocks_are_aligned)
{
	for (size_t align = 16; align <= (size_t)1 << 20; align *= 2) {
		unsigned char *p = memalign(align, size(LARGE));

		CHECK(p != NULL && (uintptr_t)p % align == 0);
		p[0] = p[LARGE - 1] = 1;
		CHECK(malloc_usable_size(p) >= LARGE);
		free(p);
	}
	check_sound();
}

TEST(a_kernel_without_memory_is_enomem)
{
	char *p, *q[64], *small[2];
	unsigned n = 0;

	start();
	p = get(LARGE);
	CHECK(p != NULL);
	p[5] = 77;
	small[0] = get(40);
	small[1] = get(40);
	limit_memory((size_t)1 << 20);
	/* What the heap itself has, and may still get, is used up. */
	while (n < 64 && (q[n] = get(LARGE)) != NULL)
		n++;
	CHECK(n < 64);
	/* What waits in a quick list is given back, in vain. */
	free(hidden(small[0]));
	errno = 0;
	CHECK(get(LARGE) == NULL && errno == ENOMEM);
	CHECK(calloc(size(1), size(LARGE)) == NULL);
	CHECK(memalign(8192, size(LARGE)) == NULL);
	errno = 0;
	CHECK(hidden(realloc(p, size(100 * LARGE))) == NULL && errno == ENOMEM);
	while (n < 64 && (q[n] = get(100000)) != NULL)
		n++;
	CHECK(n < 64);
	CHECK(hidden(realloc(small[1], size(100000))) == NULL);
	unlimit();
	free(hidden(small[1]));
	CHECK_EQ(p[5], 77);
	while (n-- != 0)
		free(hidden(q[n]));
	free(p);
	p = get(LARGE);
	CHECK(p != NULL);
	free(p);
	CHECK_EQ(faults, 0);
}

/*
 * The kernel bounds how many mappings a process has.  At the bound it cannot
 * take one out of the middle of what it holds for one: that costs nothing then.
 */
TEST(a_mapping_that_cannot_go_costs_no_memory)
{
	enum { PAGES = 140000 };
	char *area = mmap(NULL, (size_t)PAGES * 4096, PROT_NONE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	unsigned char *p[5], resident;
	size_t i;

	start();
	CHECK(area != MAP_FAILED);
	for (i = 0; i < 5; i++) {
		p[i] = get(LARGE);
		CHECK(p[i] != NULL);
		p[i][0] = 1;
	}
	for (i = 1; i < PAGES; i += 2)
		if (mprotect(area + i * 4096, 4096, PROT_READ) != 0)
			break;
	/* From the middle, so that what is left is in two. */
	for (i = 0; i < 5; i++)
		free(hidden(p[(i * 2 + 2) % 5]));
	munmap(area, (size_t)PAGES * 4096);
	for (i = 0; i < 5; i++)
		if (mincore((void *)((uintptr_t)p[i] & ~(uintptr_t)4095), 1,
			    &resident) == 0)
			CHECK_EQ(resident & 1, 0);
	check_sound();
}

TEST(pages_inside_free_chunks_go_and_small_ones_stay)
{
	char *p[6];

	start();
	for (unsigned i = 0; i < 6; i++) {
		p[i] = get(i % 2 == 0 ? 60000 : 600);
		CHECK(p[i] != NULL);
		p[i][0] = 1;
	}
	free(hidden(p[0]));
	free(hidden(p[3]));
	if (HEAP_CHECK < 3)
		CHECK_EQ(malloc_trim(0), 1);
	check_sound();
	for (unsigned i = 0; i < 6; i++)
		if (i != 0 && i != 3)
			free(hidden(p[i]));
	malloc_trim(0);
	check_sound();
}

/* The last one: it holds for the process. */
TEST(large_blocks_that_come_and_go_are_the_heaps_from_then_on)
{
	const size_t n = (size_t)200 << 10;
	void *p;
	size_t blocks;

	start();
	blocks = (size_t)mallinfo2().hblks;
	p = get((size_t)127 << 10);
	CHECK_EQ(mallinfo2().hblks, blocks);
	free(hidden(p));
	p = get((size_t)128 << 10);
	CHECK_EQ(mallinfo2().hblks, blocks + 1);
	free(hidden(p));
	p = get(n);
	CHECK_EQ(mallinfo2().hblks, blocks + 1);
	free(hidden(p));
	p = get(n);
	CHECK(p != NULL);
	CHECK_EQ(mallinfo2().hblks, blocks);
	free(hidden(p));
	p = get(2 * n);
	CHECK_EQ(mallinfo2().hblks, blocks + 1);
	free(hidden(p));
	p = get(LARGE);
	CHECK_EQ(mallinfo2().hblks, blocks + 1);
	free(hidden(p));
	check_sound();
}
