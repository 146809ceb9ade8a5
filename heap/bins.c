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

/* Could `back` of a tiny chunk be followed? */
static bool may_be_back(const struct bins *b, const struct chunk *back)
{
	return (const void *)back == &b->tiny || bins_may_hold(b, back);
}

/* The links of tiny chunk c lead to chunks, and those lead back. */
static bool tiny_links_agree(const struct bins *b, const struct chunk *c)
{
	const struct chunk *fwd = tiny_fwd(c->head), *back = tiny_back(c);

	if ((((const size_t *)c)[1] & (WORD_SIZE - 1)) != CHUNK_TAG)
		return false;
	if (!may_be_back(b, back) || tiny_fwd(back->head) != c)
		return false;
	return fwd == NULL || (bins_may_hold(b, fwd) && tiny_back(fwd) == c);
}

/* Does fwd, behind `back` in their list, lead back to it? */
static WORD_HOT bool tiny_leads_back(const struct bins *b,
				     const struct chunk *fwd,
				     const struct chunk *back)
{
	return bins_may_hold(b, fwd) &&
	       tiny_foot(fwd) == ((uintptr_t)back | CHUNK_TAG);
}

static bool tiny_accepts(struct bins *b)
{
	const struct chunk *first = tiny_fwd(b->tiny);

	return first == NULL || tiny_leads_back(b, first, tiny_dressed(b));
}

bool heap_tiny_insert(struct bins *b, struct chunk *c)
{
	struct chunk *first = tiny_fwd(b->tiny);

	if (first == NULL) {
		b->map |= 2;
	} else {
		if (HEAP_CHECK != 0 &&
		    !tiny_leads_back(b, first, tiny_dressed(b)))
			return false;
		tiny_set_back(first, c);
	}
	c->head = tiny_head(first);
	tiny_set_back(c, tiny_dressed(b));
	b->tiny = tiny_head(c);
	return true;
}

bool heap_tiny_unlink(struct bins *b, struct chunk *c)
{
	struct chunk *back, *fwd;
	size_t head;

	/* A damaged list head may lead anywhere: not a word of c before. */
	if (HEAP_CHECK != 0 && !bins_may_hold(b, c))
		return false;
	head = c->head;
	/* With its marks off, a link is aligned; else it leads nowhere. */
	back = (struct chunk *)(tiny_foot(c) - CHUNK_TAG);
	fwd = (struct chunk *)(head - CHUNK_PREV_USED);
	if (HEAP_CHECK != 0 &&
	    ((back != tiny_dressed(b) && !bins_may_hold(b, back)) ||
	     back->head != tiny_head(c)))
		return false;
	if (head != tiny_head(NULL)) {
		if (HEAP_CHECK != 0 && !tiny_leads_back(b, fwd, c))
			return false;
		tiny_set_back(fwd, back);
	} else if (back == tiny_dressed(b)) {
		b->map &= ~(size_t)2;
	}
	back->head = head;
	return true;
}

bool heap_bins_insert(struct bins *b, struct chunk *c, size_t size)
{
	return bins_insert(b, bins_hull(b), c, size);
}

void heap_bins_remove(struct bins *b, struct chunk *c)
{
	if (chunk_is_tiny(c))
		heap_tiny_unlink(b, c);
	else
		bins_unlink(b, bins_hull(b), c);
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
		return tiny_accepts(b);
	back = bins_dressed(b, bin_of(size));
	fwd = back->fwd;
	return bins_fwd_agrees(bins_hull(b), fwd, back) &&
	       (fwd == NULL || bins_fwd_agrees(bins_hull(b), fwd->fwd, fwd));
}

WORD_COLD bool heap_bins_blame(struct bins *b, enum heap_fault_kind kind,
			       enum heap_invariant invariant,
			       const struct chunk *c)
{
	if (b->damage.kind == HEAP_FAULT_NONE)
		b->damage = (struct damage){kind, invariant, c};
	return false;
}

/* Do the neighbours in the list of c, not tiny, lead to it? */
static bool links_agree(const struct bins *b, const struct chunk *c)
{
	const struct chunk *back = c->back;

	return (bins_of_dressed(b, back) < HEAP_BINS ||
		bins_may_hold(b, back)) &&
	       back->fwd == c && bins_fwd_agrees(bins_hull(b), c->fwd, c);
}

bool heap_bins_is_sound(struct bins *b, const struct chunk *c)
{
	if (!bins_may_hold(b, c) || chunk_is_used(c))
		return heap_bins_blame(b, HEAP_FAULT_LINK, HEAP_I6, c);
	if (chunk_is_tiny(c))
		return tiny_links_agree(b, c) ||
		       heap_bins_blame(b, HEAP_FAULT_LINK, HEAP_I6, c);

	size_t size = chunk_plain_size(c);

	if (!bins_may_end(b, chunk_above(c, size)))
		return heap_bins_blame(b, HEAP_FAULT_HEADER, HEAP_I1, c);
	if (!bins_foot_agrees(bins_hull(b), c, size))
		return heap_bins_blame(b, HEAP_FAULT_NEIGHBOUR, HEAP_I5, c);
	return links_agree(b, c) ||
	       heap_bins_blame(b, HEAP_FAULT_LINK, HEAP_I6, c);
}
