/* SPDX-License-Identifier: MIT */
/*
 * Large blocks on Linux: a mapping each, given back when freed.
 *
 *   start       mem - 4 words      mem = start + 64, or a page's start
 *   | (lead)    | struct mapping   | payload ...          |
 *
 * Only beside our own port: a program that brings its own has all blocks from
 * there.  Nothing is locked; what threads share is atomic.
 */
#include "blocks.h"
#include "family.h"
#include "host_alone.h"
#include "layer.h"

#if BLOCKS_MAP

#define PAGE ((size_t)HEAP_LINUX_PAGE)

/* Mapped from here on; what is freed sooner than that costs too many calls. */
#define LEAST ((size_t)128 << 10)
/* How far the bound rises when larger blocks come and go. */
#define LEAST_MOST                                                             \
	(SIZE_MAX > 0xffffffffu ? (size_t)32 << 20 : (size_t)512 << 10)
/* A mapped block that shrinks below moves to the heap. */
#define WORTH (LEAST / 4)

struct mapping {
	char *start;
	size_t bytes; /* of the whole mapping */
	uintptr_t unused;
	uintptr_t seal; /* over the others, their place and the key */
};

_Static_assert(sizeof(struct mapping) <= BLOCKS_MAPPED_OFFSET, "it fits");

size_t heap_mapped_least = LEAST;
unsigned heap_mapped_wait;
size_t heap_mapped_fast;

/* Calls of free until the end of the heap is looked at again. */
#define WAIT 1024

static struct {
	uintptr_t key;    /* 0 until there is the first mapping */
	uintptr_t lo, hi; /* all mappings ever lay in between   */
	size_t blocks, bytes;
} all = {.lo = UINTPTR_MAX};

/* A weak reference: the answer depends on whose port was linked. */
extern const char heap_linux_is_default __attribute__((weak));

static bool is_ours(void)
{
	return &heap_linux_is_default != NULL;
}

/* Observers and hooks see what the heap does: it gets all blocks then. */
static bool may_map(void)
{
	return is_ours() && !heap_has_layers(&heap_default);
}

#define READ(x)       __atomic_load_n(&(x), __ATOMIC_RELAXED)
#define ADD(x, delta) __atomic_fetch_add(&(x), (delta), __ATOMIC_RELAXED)

static size_t pages_for(size_t n)
{
	return (n + PAGE - 1) & ~(PAGE - 1);
}

/* ---- which blocks these are ------------------------------------------- */

static uintptr_t key(void)
{
	uintptr_t none = 0, made = READ(all.key);

	if (made != 0)
		return made;
	made = heap_linux_seed(NULL) | 1;
	if (__atomic_compare_exchange_n(&all.key, &none, made, false,
					__ATOMIC_RELAXED, __ATOMIC_RELAXED))
		return made;
	return none;
}

static uintptr_t seal_of(const struct mapping *m)
{
	uintptr_t sum = key() ^ (uintptr_t)m;

	sum = sum * 31 ^ (uintptr_t)m->start;
	return sum * 31 ^ m->bytes;
}

/* Let the hull reach to the mapping. */
static void cover(uintptr_t start, size_t n)
{
	uintptr_t lo = READ(all.lo), hi = READ(all.hi);

	while (start < lo &&
	       !__atomic_compare_exchange_n(&all.lo, &lo, start, false,
					    __ATOMIC_RELAXED, __ATOMIC_RELAXED))
		;
	while (start + n > hi &&
	       !__atomic_compare_exchange_n(&all.hi, &hi, start + n, false,
					    __ATOMIC_RELAXED, __ATOMIC_RELAXED))
		;
}

/*
 * The mapping whose block p is, or NULL.  What lies below p is read only where
 * it is known to be there: p may be anything, a block freed before included.
 */
static struct mapping *find(const void *p)
{
	struct mapping *m = (struct mapping *)((uintptr_t)p - sizeof(*m));

	if (((uintptr_t)p & BLOCKS_NOT_MAPPED) != 0 ||
	    (uintptr_t)p <= READ(all.lo) || (uintptr_t)p >= READ(all.hi))
		return NULL;
	if (!heap_linux_is_mapped(m) || m->seal != seal_of(m))
		return NULL;
	return m;
}

static void *describe(void *mem, char *start, size_t n)
{
	struct mapping *m = (struct mapping *)((uintptr_t)mem - sizeof(*m));

	m->start = start;
	m->bytes = n;
	m->seal = seal_of(m);
	cover((uintptr_t)start, n);
	return mem;
}

/* ---- map, unmap ------------------------------------------------------- */

/* A mapping of n bytes that starts a page below a multiple of `align`. */
static char *map_aligned(size_t align, size_t n)
{
	char *start = heap_linux_map(n + align);
	uintptr_t mem = ((uintptr_t)start + PAGE + align - 1) & ~(align - 1);
	size_t lead = mem - PAGE - (uintptr_t)start;

	if (start == NULL)
		return NULL;
	if (lead != 0)
		heap_linux_unmap(start, lead);
	/* Never nothing: `lead` is at most a page less. */
	heap_linux_unmap(start + lead + n, align - lead);
	return start + lead;
}

static void *map(size_t align, size_t n)
{
	size_t lead =
		align <= BLOCKS_MAPPED_OFFSET ? BLOCKS_MAPPED_OFFSET : PAGE;
	char *start;

	if (!may_map() || align > PTRDIFF_MAX / 4 ||
	    n > PTRDIFF_MAX - 2 * PAGE - align)
		return NULL;
	n = pages_for(n + lead);
	start = align <= PAGE ? heap_linux_map(n) : map_aligned(align, n);
	if (start == NULL)
		return NULL;
	ADD(all.blocks, 1);
	ADD(all.bytes, n);
	return describe(start + lead, start, n);
}

/* Blocks of this size come and go: rather from the heap, from now on. */
static void raise_least(size_t n)
{
	size_t least = READ(heap_mapped_least);

	if (n > least && n <= LEAST_MOST)
		__atomic_store_n(&heap_mapped_least, n, __ATOMIC_RELAXED);
}

static void unmap(struct mapping *m)
{
	char *start = m->start;
	size_t n = m->bytes;

	m->seal = 0;
	ADD(all.blocks, (size_t)-1);
	ADD(all.bytes, 0 - n);
	/* The kernel bounds how many mappings there are, holes count. */
	if (!heap_linux_unmap(start, n))
		heap_linux_drop(start, n);
}

void *heap_mapped_alloc(size_t n, const void *caller)
{
	void *p = map(1, n);

	return p != NULL ? p : heap_narrow_alloc(n, caller);
}

void *heap_mapped_zalloc(size_t n, const void *caller)
{
	void *p = blocks_is_large(n) ? map(1, n) : NULL;

	if (p != NULL)
		return p;
	p = heap_narrow_alloc(n, caller);
	if (p != NULL)
		__builtin_memset(p, 0, n);
	return p;
}

void *heap_mapped_align(size_t align, size_t n, const void *caller)
{
	void *p = blocks_is_large(n) ? map(align, n) : NULL;

	if (p != NULL)
		return p;
	if (align <= BLOCKS_ALIGN && may_map())
		return heap_narrow_alloc(n, caller);
	return heap_alloc_aligned_from(&heap_default, align, n, caller);
}

bool heap_mapped_free(void *p)
{
	struct mapping *m = find(p);

	if (m == NULL)
		return false;
	raise_least(m->bytes);
	unmap(m);
	return true;
}

size_t heap_mapped_size(const void *p)
{
	const struct mapping *m = find(p);

	return m != NULL ? (size_t)(m->start + m->bytes - (const char *)p) : 0;
}

/* ---- change the size --------------------------------------------------- */

static void *move(void *p, size_t was, size_t n, const void *caller)
{
	void *to = blocks_alloc(n, caller);

	if (to != NULL) {
		__builtin_memcpy(to, p, was < n ? was : n);
		blocks_free(p, caller);
	}
	return to;
}

static void *resize_mapping(struct mapping *m, size_t n, const void *caller)
{
	char *mem = (char *)(m + 1), *start = m->start;
	size_t lead = (size_t)(mem - start), was = m->bytes;
	void *to;

	if (n > PTRDIFF_MAX - 2 * PAGE)
		return NULL;
	to = n < WORTH ? move(mem, was - lead, n, caller) : NULL;
	if (to != NULL)
		return to;
	n = pages_for(n + lead);
	if (n == was)
		return mem;
	start = heap_linux_remap(start, was, n);
	if (start == NULL)
		return NULL;
	ADD(all.bytes, n - was);
	return describe(start + lead, start, n);
}

void *heap_mapped_resize(void *p, size_t n, const void *caller)
{
	struct mapping *m;
	size_t was;

	if (!is_ours() || (p == NULL && !may_map()))
		return heap_resize_from(&heap_default, p, n, caller);
	if (p == NULL)
		return blocks_alloc(n, caller);
	m = find(p);
	if (m != NULL && n != 0)
		return resize_mapping(m, n, caller);
	if (m != NULL) {
		heap_mapped_free(p);
		return NULL;
	}
	if (!may_map())
		return heap_resize_from(&heap_default, p, n, caller);
	was = heap_usable_size_from(&heap_default, p, caller);
	if (was == 0)
		return NULL;
	/* Of 32 bits, growing in place might move down by half of 16 bytes. */
	if (n <= was || (HEAP_ALIGN >= BLOCKS_ALIGN && !blocks_is_large(n)))
		return heap_resize_from(&heap_default, p, n, caller);
	return move(p, was, n, caller);
}

/* ---- of 32 bits -------------------------------------------------------- */

/*
 * Chunks of multiples of 16 bytes behind one that is aligned are aligned; so
 * the second try is rare.
 */
void *heap_narrow_alloc(size_t n, const void *caller)
{
	const size_t head = sizeof(size_t);
	void *p;

	if (HEAP_ALIGN >= BLOCKS_ALIGN || !may_map() || n > PTRDIFF_MAX)
		return heap_alloc_from(&heap_default, n, caller);
	n = ((n + head + BLOCKS_ALIGN - 1) & ~(BLOCKS_ALIGN - 1)) - head;
	p = heap_alloc_from(&heap_default, n, caller);
	if (((uintptr_t)p & (BLOCKS_ALIGN - 1)) == 0)
		return p;
	heap_free_from(&heap_default, p, caller);
	return heap_alloc_aligned_from(&heap_default, BLOCKS_ALIGN, n, caller);
}

/* ---- give back --------------------------------------------------------- */

void heap_mapped_tidy(void)
{
	if (!is_ours())
		return;
	__atomic_store_n(&heap_mapped_wait, WAIT, __ATOMIC_RELAXED);
	if (&__libc_single_threaded != NULL)
		__atomic_store_n(&heap_mapped_fast, LEAST, __ATOMIC_RELAXED);
	heap_quick_tidy();
	heap_trim(&heap_default, READ(heap_mapped_least));
}

/* Of a free chunk, all but its links and its foot may vanish. */
static bool drop(void *ctx, const struct heap_chunk *chunk)
{
	const size_t links = 2 * sizeof(size_t), ends = links + links;

	if (chunk->state == HEAP_CHUNK_FREE && chunk->size > ends + PAGE) {
		heap_linux_drop((char *)(uintptr_t)chunk->mem + links,
				chunk->size - ends);
		*(bool *)ctx = true;
	}
	return true;
}

bool heap_mapped_trim(size_t keep, const void *caller)
{
	bool any;

	heap_quick_flush();
	any = heap_trim_from(&heap_default, keep, caller) != 0;

	/* heap-debug.a may look at what is in a free chunk. */
	if (is_ours() && HEAP_CHECK < 3)
		heap_walk(&heap_default, drop, &any);
	return any;
}

void heap_mapped_count(size_t *blocks, size_t *bytes)
{
	*blocks = READ(all.blocks);
	*bytes = READ(all.bytes);
}

#endif
