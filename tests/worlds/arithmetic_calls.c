/* SPDX-License-Identifier: MIT */
/* Whole calls, through their bound tests, over every 32-bit input. */
#define _DEFAULT_SOURCE
#include <errno.h>
#include <stdlib.h>

#include "arithmetic.h"
#include "heap.h"

/* The function under test, inline: four thousand million calls. */
#include "../../port/region.c"

#define ALL ((uint64_t)1 << 32)

/* ---- the break --------------------------------------------------------- */

static const struct heap_region regions[] = {
	{(char *)0x20000000, (char *)0x20010000, (char *)0x20004003},
	{(char *)0x20000000, (char *)0x20010000, NULL},
	{(char *)0x1000, (char *)0xffffffff, (char *)0x1000},
	{(char *)0x1000, (char *)0xffffffff, (char *)0xfffffffe},
	{(char *)0x80000000, (char *)0x80000000, NULL},
	{(char *)0x20010000, (char *)0x20000000, NULL},
	{NULL, (char *)0x20000000, NULL},
	{(char *)0x20000000, (char *)0x20010000, (char *)0x20010001},
	{(char *)0x20000000, (char *)0x20010000, (char *)0x1fffffff},
	{(char *)0x70000000, (char *)0x90000000, (char *)0x80000000},
};

static int32_t clamped(int64_t n)
{
	return n < INT32_MIN   ? INT32_MIN
	       : n > INT32_MAX ? INT32_MAX
			       : (int32_t)n;
}

/* By sums of 64 bits: the steps that lead into the region, to where. */
static bool steps_of(const struct heap_region *r)
{
	const int64_t start = (uintptr_t)r->start, end = (uintptr_t)r->end;
	const int64_t brk = r->brk != NULL ? (int64_t)(uintptr_t)r->brk : start;
	const int64_t most = end < UINT32_MAX ? end : UINT32_MAX - 1;
	const bool sound = start != 0 && start <= brk && brk <= end;
	const int32_t lowest = clamped(start - brk);
	const int32_t highest = clamped(most - brk);
	uintptr_t to = (uintptr_t)(brk + INT32_MIN);

	for (int32_t n = INT32_MIN;; n++, to++) {
		bool goes = sound && lowest <= n && n <= highest;
		struct heap_region now = *r;
		void *answer = heap_region_sbrk(&now, n);

		if (answer != (goes ? (void *)(uintptr_t)brk : SPENT) ||
		    now.brk != (goes ? (char *)to : r->brk))
			return arithmetic_wrong("heap_region_sbrk",
						(uint32_t)n);
		if (n == INT32_MAX)
			break;
	}
	arithmetic_count(ALL);
	return true;
}

static bool breaks(void)
{
	return steps_of(&regions[0]);
}

static bool all_breaks(void)
{
	for (size_t i = 0; i < sizeof(regions) / sizeof(*regions); i++)
		if (!steps_of(&regions[i]))
			return false;
	return true;
}

/* ---- requests ---------------------------------------------------------- */

/*
 * The sizes that a quick run leaves out: those further than 4 KiB from what
 * is a multiple of 16 MiB, the bound of a chunk.
 */
static uint64_t next_size(uint64_t n)
{
	const uint64_t near = 1 << 12, far = 1 << 24;

	n++;
	if (!arithmetic_deep && n % far == near)
		n += far - 2 * near;
	arithmetic_count(1);
	return n;
}

static unsigned char memory[4096] __attribute__((aligned(4096)));

/* Bytes of the largest block of an empty heap in `memory`. */
static struct heap *small_heap(size_t *largest)
{
	struct heap *h = heap_create(memory, sizeof(memory), NULL);
	struct heap_stats stats = {0};

	if (h != NULL)
		heap_stats(h, &stats);
	*largest = stats.largest_free;
	return h;
}

static bool requests(void)
{
	size_t largest;
	struct heap *h = small_heap(&largest);

	for (uint64_t n = 0; n < ALL; n = next_size(n)) {
		void *p = heap_alloc(h, (size_t)n);

		if ((p != NULL) != (n <= largest) ||
		    (p != NULL && heap_usable_size(h, p) < n))
			return arithmetic_wrong("heap_alloc", (uint32_t)n);
		heap_free(h, p);
	}
	return true;
}

static bool resizings(void)
{
	size_t largest;
	struct heap *h = small_heap(&largest);
	void *p = heap_alloc(h, 1);

	for (uint64_t n = 1; n < ALL; n = next_size(n)) {
		void *q = heap_resize(h, p, (size_t)n);

		if ((q != NULL) != (n <= largest) || (q != NULL && q != p))
			return arithmetic_wrong("heap_resize", (uint32_t)n);
		heap_resize(h, p, 1);
	}
	return true;
}

static bool aligned_requests_to(size_t align)
{
	size_t largest;
	struct heap *h = small_heap(&largest);

	for (uint64_t n = 0; n < ALL; n = next_size(n)) {
		void *p = heap_alloc_aligned(h, align, (size_t)n);

		/* In memory of 4 KiB, the answer to more is a lie. */
		if (p != NULL &&
		    ((uintptr_t)p % align != 0 || heap_usable_size(h, p) < n ||
		     (unsigned char *)p + n > memory + sizeof(memory)))
			return arithmetic_wrong("heap_alloc_aligned",
						(uint32_t)n);
		/* What carving may cost at most is there. */
		if (p == NULL && align <= largest && n <= largest - align)
			return arithmetic_wrong("heap_alloc_aligned refuses",
						(uint32_t)n);
		heap_free(h, p);
	}
	return true;
}

static bool aligned_requests(void)
{
	for (unsigned bit = 0; bit < 32; bit += arithmetic_deep ? 1 : 3)
		if (!aligned_requests_to((size_t)1 << bit))
			return arithmetic_wrong("with an alignment of 2 to the",
						bit);
	return true;
}

/* No alignment but the powers of two, whatever else is asked. */
static bool alignments(void)
{
	size_t largest;
	struct heap *h = small_heap(&largest);

	for (uint64_t align = 0; align < ALL; align = next_size(align)) {
		void *p = heap_alloc_aligned(h, (size_t)align, 1);
		bool power = align != 0 && (align & (align - 1)) == 0;

		if (p != NULL && (!power || (uintptr_t)p % align != 0))
			return arithmetic_wrong("heap_alloc_aligned to",
						(uint32_t)align);
		heap_free(h, p);
	}
	return true;
}

/* ---- products ---------------------------------------------------------- */

static const uint32_t counts[] = {2,          3,          5,         0x101,
				  0xffff,     0x10000,    0x10001,   0x7fffffff,
				  0x80000000, 0x80000001, 0xffffffff};

/* A product above PTRDIFF_MAX is ENOMEM, and most of all when it would wrap. */
static bool products(void)
{
	for (size_t i = 0; i < sizeof(counts) / sizeof(*counts); i++) {
		uint64_t count = counts[i];

		for (uint64_t n = (ALL / 2) / count + 1; n < ALL;
		     n = next_size(n)) {
			errno = 0;
			if (calloc((size_t)count, (size_t)n) != NULL ||
			    errno != ENOMEM)
				return arithmetic_wrong("calloc", (uint32_t)n);
			errno = 0;
			if (reallocarray(NULL, (size_t)n, (size_t)count) !=
				    NULL ||
			    errno != ENOMEM)
				return arithmetic_wrong("reallocarray",
							(uint32_t)n);
		}
	}
	return true;
}

const struct arithmetic arithmetic_calls[] = {
	{"a region's break goes where a sum of 64 bits does", breaks, true},
	{"ten regions, unsound ones too", all_breaks, false},
	{"malloc serves what fits, and no other size", requests, true},
	{"realloc does", resizings, true},
	{"memalign to each power of two does", aligned_requests, true},
	{"memalign to every number: powers of two, and no other", alignments,
	 true},
	{"products of calloc and reallocarray do not wrap", products, true},
};
const size_t arithmetic_calls_number =
	sizeof(arithmetic_calls) / sizeof(*arithmetic_calls);
