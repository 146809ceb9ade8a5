/* SPDX-License-Identifier: MIT */
/*
 * Where the metadata lies.  The one file of the campaign that knows what is
 * inside of a heap; it is compiled with the archive's own knobs.
 */
#include "campaign.h"
#include "state.h"

/* The words of struct heap by name: each reaches up to the next. */
static const struct {
	size_t offset;
	const char *name;
} names[] = {
	{offsetof(struct heap, bins.fast), "fast"},
	{offsetof(struct heap, bins.map), "map"},
	{offsetof(struct heap, bins.tiny), "tiny"},
	{offsetof(struct heap, bins.head), "bin"},
	{offsetof(struct heap, bins.lo), "lo"},
	{offsetof(struct heap, bins.units), "units"},
	{offsetof(struct heap, bins.key), "key"},
	{offsetof(struct heap, bins.open), "open"},
	{offsetof(struct heap, bins.damage), "damage"},
	{offsetof(struct heap, top), "top"},
	{offsetof(struct heap, limit), "limit"},
	{offsetof(struct heap, port), "port"},
	{offsetof(struct heap, peak), "peak"},
	{offsetof(struct heap, below_peak), "below_peak"},
	{offsetof(struct heap, failures), "failures"},
	{offsetof(struct heap, base), "base"},
	{offsetof(struct heap, end), "end"},
	{offsetof(struct heap, older), "older"},
	{offsetof(struct heap, taken), "taken"},
	{offsetof(struct heap, ended), "ended"},
	{offsetof(struct heap, check), "check"},
	{offsetof(struct heap, telling), "telling"},
#if HEAP_CHECK >= 3
	{offsetof(struct heap, debug), "debug"},
#endif
#if HEAP_CHECK != 0
	{offsetof(struct heap, port_copy), "port_copy"},
	{offsetof(struct heap, layer), "layer"},
	{offsetof(struct heap, layer_copy), "layer_copy"},
#endif
};

static struct word *list;
static unsigned found;

static void add(const void *at, const char *class, const char *name,
		unsigned index)
{
	if (found < WORDS_MAX)
		list[found++] = (struct word){(size_t *)(uintptr_t)at, class,
					      name, index};
}

static void add_control(const struct heap *h)
{
	for (size_t i = 0; i < sizeof(*h) / WORD_SIZE; i++) {
		size_t n = sizeof(names) / sizeof(names[0]);

		while (names[--n].offset > i * WORD_SIZE)
			;
		add((const size_t *)h + i, "control", names[n].name,
		    (unsigned)(i - names[n].offset / WORD_SIZE));
	}
}

static void add_chunk(const struct chunk *c)
{
	const size_t *last = (const size_t *)chunk_next(c) - 1;

	if (chunk_is_used(c)) {
		add(c, "used", "head", 0);
#if HEAP_CHECK >= 3
		/* And what the debug profile keeps behind a block. */
		for (unsigned i = 0; i < sizeof(struct trailer) / WORD_SIZE;
		     i++)
			add(last - i, "used", "trailer", i);
#endif
	} else if (chunk_is_tiny(c)) {
		add(c, "tiny", "head", 0);
		add(last, "tiny", "foot", 0);
	} else {
		add(c, "free", "head", 0);
		add((const size_t *)c + 1, "free", "fwd", 0);
		add((const size_t *)c + 2, "free", "back", 0);
		add(last, "free", "foot", 0);
	}
}

unsigned words_find(struct heap *h, struct word *words)
{
	struct span s = {h->base, h->top};
	size_t older = 0;

	list = words;
	found = 0;
	add_control(h);
	do {
		for (const struct chunk *c = s.base; c != s.fence;
		     c = chunk_next(c))
			add_chunk(c);
		add(s.fence, "fence", s.fence == h->top ? "top" : "older", 0);
		if (older < h->older) {
			const size_t *d = (const size_t *)chunk_below(
				s.base, sizeof(struct segment));

			add(d, "segment", "base", 0);
			add(d + 1, "segment", "fence", 0);
			add(d + 2, "segment", "check", 0);
		}
	} while (heap_older_segment(h, &s, &older));
	return found;
}

/* ---- what else depends on the insides ---------------------------------- */

void words_forge_used(unsigned char *mem, size_t size)
{
	struct chunk *c = mem_to_chunk(mem);

	c->head = size | CHUNK_USED | CHUNK_PREV_USED;
	chunk_above(c, size)->head = FENCE;
}

bool words_forge_free(struct heap *h, unsigned char *mem, size_t n)
{
	const unsigned bins = sizeof(h->bins.head) / sizeof(h->bins.head[0]);
	unsigned first = below(bins);
	struct chunk *forged = mem_to_chunk(mem);

	for (unsigned i = 0; i < bins; i++) {
		struct chunk *c = h->bins.head[(first + i) % bins];

		if (c == NULL || c->fwd != NULL || chunk_free_size(c) > n)
			continue;
		chunk_set_free(forged, chunk_free_size(c));
		forged->fwd = NULL;
		forged->back = c;
		c->fwd = forged;
		return true;
	}
	return false;
}

size_t words_control(void)
{
	return sizeof(struct heap);
}

bool words_checked(void)
{
	return HEAP_CHECK > 0;
}

bool words_debug(void)
{
	return HEAP_CHECK >= 3;
}
