/* SPDX-License-Identifier: MIT */
/* L2: the bins: what is looked at before it is relied on.  See bins.h. */
#include "bins.h"

struct chunk *heap_bins_first(const struct bins *b, unsigned bin)
{
	return bin < 2 ? tiny_fwd(b->tiny) : b->head[bin - 2];
}

struct chunk *heap_bins_fwd(const struct chunk *c)
{
	return chunk_is_tiny(c) ? tiny_fwd(c->head) : c->fwd;
}

bool heap_bins_insert(struct bins *b, struct chunk *c, size_t size)
{
	return bins_insert(b, c, size);
}

size_t heap_bins_remove(struct bins *b, struct chunk *c)
{
	return bins_remove(b, c);
}

WORD_COLD void heap_bins_restore(struct bins *b, struct chunk *c)
{
	if (chunk_is_tiny(c)) {
		struct chunk *fwd = tiny_fwd(c->head);

		tiny_back(c)->head = tiny_head(c);
		if (fwd != NULL)
			tiny_set_back(fwd, c);
		b->map |= 2;
	} else {
		bins_link_between(c->back, c, c->fwd);
		b->map |= (size_t)1 << bin_of(chunk_plain_size(c));
	}
}

bool heap_bins_accept(struct bins *b, size_t size)
{
	const struct chunk *back, *fwd;

	if (size == CHUNK_MIN)
		return heap_tiny_accepts(b);
	back = bins_dressed(b, bin_of(size));
	fwd = back->fwd;
	return bins_fwd_agrees(b, fwd, back) &&
	       (fwd == NULL || bins_fwd_agrees(b, fwd->fwd, fwd));
}

WORD_COLD bool heap_bins_blame(struct bins *b, enum heap_fault_kind kind,
			       enum heap_invariant invariant,
			       const struct chunk *c)
{
	if (b->damage.kind == HEAP_FAULT_NONE)
		b->damage = (struct damage){kind, invariant, c};
	return false;
}

/* The links of tiny chunk c lead to chunks, and those lead back. */
bool heap_tiny_links_agree(const struct bins *b, const struct chunk *c)
{
	const struct chunk *fwd = tiny_fwd(c->head), *back = tiny_back(c);

	if ((((const size_t *)c)[1] & (WORD_SIZE - 1)) != CHUNK_TAG)
		return false;
	if (!bins_may_read(b, back))
		return false;
	if (tiny_fwd(back->head) != c)
		return false;
	return fwd == NULL || (bins_may_read(b, fwd) && tiny_back(fwd) == c);
}

bool heap_bins_is_sound(struct bins *b, const struct chunk *c)
{
	if (!bins_may_hold(b, c) || chunk_is_used(c))
		return heap_bins_blame(b, HEAP_FAULT_LINK, HEAP_I6, c);
	if (chunk_is_tiny(c))
		return heap_tiny_links_agree(b, c) ||
		       heap_bins_blame(b, HEAP_FAULT_LINK, HEAP_I6, c);

	if (!bins_may_hold(b, chunk_above(c, chunk_plain_size(c))))
		return heap_bins_blame(b, HEAP_FAULT_HEADER, HEAP_I1, c);
	if (!bins_foot_agrees(b, c))
		return heap_bins_blame(b, HEAP_FAULT_NEIGHBOUR, HEAP_I5, c);
	return bins_links_agree(b, c) ||
	       heap_bins_blame(b, HEAP_FAULT_LINK, HEAP_I6, c);
}

bool heap_tiny_accepts(const struct bins *b)
{
	const struct chunk *first = tiny_fwd(b->tiny);

	return first == NULL || (bins_may_read(b, first) &&
				 (const void *)tiny_back(first) == &b->tiny);
}
