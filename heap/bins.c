/* SPDX-License-Identifier: MIT */
/* L2: the bins.  See bins.h. */
#include "bins.h"

/* ---- tiny chunks: links in head and foot ------------------------------ */

/* The chunk that a tiny head, or the bin's, leads to. */
static struct chunk *tiny_fwd(size_t head)
{
	uintptr_t link = head & ~CHUNK_FLAGS;

	return link > CHUNK_LINK ? (struct chunk *)link : NULL;
}

/* The head of a tiny free chunk, or of the bin, that leads to c or NULL. */
static size_t tiny_head(const struct chunk *c)
{
	return (uintptr_t)c | CHUNK_LINK | CHUNK_PREV_USED;
}

/* Address of the head that leads to tiny chunk c. */
static size_t *tiny_back(const struct chunk *c)
{
	return (size_t *)(((const size_t *)c)[1] & ~CHUNK_TAG);
}

static void tiny_set_back(struct chunk *c, const size_t *back)
{
	((size_t *)c)[1] = (uintptr_t)back | CHUNK_TAG;
}

static void tiny_insert(struct bins *b, struct chunk *c)
{
	struct chunk *fwd = tiny_fwd(b->tiny);

	c->head = tiny_head(fwd);
	tiny_set_back(c, &b->tiny);
	b->tiny = tiny_head(c);
	if (fwd != NULL)
		tiny_set_back(fwd, &c->head);
	b->map |= 1;
}

static void tiny_remove(struct bins *b, struct chunk *c)
{
	struct chunk *fwd = tiny_fwd(c->head);
	size_t *back = tiny_back(c);

	*back = tiny_head(fwd);
	if (fwd != NULL)
		tiny_set_back(fwd, back);
	else if (back == &b->tiny)
		b->map &= ~(size_t)1;
}

/* The links of tiny chunk c lead to chunks, and those lead back. */
static bool tiny_links_agree(const struct bins *b, const struct chunk *c)
{
	const struct chunk *fwd = tiny_fwd(c->head);
	const size_t *back = tiny_back(c);

	if (chunk_prev_foot(chunk_above(c, CHUNK_MIN)) % WORD_SIZE != CHUNK_TAG)
		return false;
	if (back != &b->tiny && !bins_may_hold(b, back))
		return false;
	if (tiny_fwd(*back) != c)
		return false;
	return fwd == NULL ||
	       (bins_may_hold(b, fwd) && tiny_back(fwd) == &c->head);
}

/* ---- all others: links in the first two words of the payload ---------- */

static bool links_agree(const struct bins *b, const struct chunk *c)
{
	const struct chunk *fwd = c->fwd;
	struct chunk *const *back = c->back;
	size_t slot = (uintptr_t)back - (uintptr_t)b->head;

	if (slot < sizeof(b->head) ? slot % WORD_SIZE != 0
	                           : !bins_may_hold(b, chunk_below(
	                                     (const struct chunk *)back,
	                                     offsetof(struct chunk, fwd))))
		return false;
	if (*back != c)
		return false;
	return fwd == NULL || (bins_may_hold(b, fwd) && fwd->back == &c->fwd);
}

/* ---- both ------------------------------------------------------------- */

struct chunk *bins_first(const struct bins *b, unsigned bin)
{
	return bin == 0 ? tiny_fwd(b->tiny) : b->head[bin - 1];
}

struct chunk *bins_fwd(const struct chunk *c)
{
	return chunk_is_tiny(c) ? tiny_fwd(c->head) : c->fwd;
}

/* One of the first HEAP_SEARCH chunks of a bin that serves `size` bytes. */
static struct chunk *search(const struct bins *b, unsigned bin, size_t size)
{
	struct chunk *c = b->head[bin - 1];

	for (unsigned n = HEAP_SEARCH; n != 0 && c != NULL; n--) {
		if (HEAP_CHECK != 0 && !bins_may_hold(b, c))
			return c;
		if (chunk_head_size(c) >= size)
			return c;
		c = c->fwd;
	}
	return NULL;
}

struct chunk *bins_find(const struct bins *b, size_t size)
{
	unsigned bin = bin_of(size);
	size_t map = b->map >> bin;

	if (bin >= HEAP_EXACT_BINS && (map & 1) != 0) {
		struct chunk *c = search(b, bin, size);

		if (c != NULL)
			return c;
		map &= ~(size_t)1;
	}
	if (map == 0)
		return NULL;
	return bins_first(b, bin + word_lowest(map));
}

WORD_COLD bool bins_blame(struct bins *b, enum heap_fault_kind kind,
                          enum heap_invariant invariant, const struct chunk *c)
{
	if (b->damage.kind == HEAP_FAULT_NONE)
		b->damage = (struct damage){kind, invariant, c};
	return false;
}

bool bins_is_sound(struct bins *b, const struct chunk *c)
{
	if (!bins_may_hold(b, c) || chunk_is_used(c))
		return bins_blame(b, HEAP_FAULT_LINK, HEAP_I6, c);
	if (chunk_is_tiny(c))
		return tiny_links_agree(b, c) ||
		       bins_blame(b, HEAP_FAULT_LINK, HEAP_I6, c);

	size_t size = chunk_head_size(c);

	if (!chunk_is_sealed(c, b->key) || size < 2 * CHUNK_MIN ||
	    !bins_may_hold(b, chunk_above(c, size)))
		return bins_blame(b, HEAP_FAULT_HEADER, HEAP_I1, c);
	if (chunk_prev_foot(chunk_above(c, size)) != size)
		return bins_blame(b, HEAP_FAULT_NEIGHBOUR, HEAP_I5, c);
	return links_agree(b, c) ||
	       bins_blame(b, HEAP_FAULT_LINK, HEAP_I6, c);
}

bool bins_accept(struct bins *b, size_t size)
{
	unsigned bin = bin_of(size);
	const struct chunk *first = bins_first(b, bin);

	if (first == NULL)
		return true;
	if (bins_may_hold(b, first) && !chunk_is_used(first)) {
		if (bin == 0 && tiny_back(first) == &b->tiny)
			return true;
		if (bin != 0 && first->back == &b->head[bin - 1] &&
		    (first->fwd == NULL || bins_may_hold(b, first->fwd)))
			return true;
	}
	return bins_blame(b, HEAP_FAULT_LINK, HEAP_I6, first);
}

void bins_insert(struct bins *b, struct chunk *c, size_t size)
{
	if (size == CHUNK_MIN) {
		tiny_insert(b, c);
		return;
	}

	unsigned bin = bin_of(size);
	struct chunk **back = &b->head[bin - 1];

	/* [head]->[smaller]->...  =>  [head]->[smaller]->[ c ]->... */
	if (*back != NULL && size > chunk_head_size(*back))
		back = &(*back)->fwd;
	c->back = back;
	c->fwd = *back;
	if (c->fwd != NULL)
		c->fwd->back = &c->fwd;
	*back = c;
	b->map |= (size_t)1 << bin;
	chunk_set_free(c, size, b->key);
}

void bins_remove(struct bins *b, struct chunk *c)
{
	if (chunk_is_tiny(c)) {
		tiny_remove(b, c);
		return;
	}

	struct chunk *fwd = c->fwd;
	struct chunk **back = c->back;
	size_t slot = (uintptr_t)back - (uintptr_t)b->head;

	*back = fwd;
	if (fwd != NULL)
		fwd->back = back;
	else if (slot < sizeof(b->head))
		b->map &= ~((size_t)2 << slot / WORD_SIZE);
}
