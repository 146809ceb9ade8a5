/* SPDX-License-Identifier: MIT */
/* The inline functions of word.h, chunk.h and bins.h, over every 32-bit input. */
#include "arithmetic.h"
#include "bins.h"

#define ALL ((uint64_t)1 << 32)

/*
 * `expression` of every 32-bit `x` is 0: else says where.  A block at a time,
 * which compilers turn into vectors.
 */
#define EVERY(x, what, expression)                                             \
	for (uint32_t block = 0;; block++) {                                   \
		uint32_t bad = 0;                                              \
		for (uint32_t low = 0; low < 65536; low++) {                   \
			uint32_t x = block << 16 | low;                        \
			bad |= (expression);                                   \
		}                                                              \
		if (bad != 0)                                                  \
			return arithmetic_wrong(what ", 64 Ki from",           \
						block << 16);                  \
		if (block == 65535)                                            \
			break;                                                 \
	}                                                                      \
	arithmetic_count(ALL)

/* ---- word.h ------------------------------------------------------------ */

/* n = multiple + rest: what is below is the multiple, what is above the next. */
static bool aligns_to(uint32_t align)
{
	for (uint64_t multiple = 0; multiple < ALL; multiple += align) {
		uint32_t bad = align_up((uint32_t)multiple, align) ^
			       (uint32_t)multiple;

		bad |= align_down((uint32_t)multiple, align) ^
		       (uint32_t)multiple;
		for (uint32_t rest = 1; rest < align; rest++) {
			uint32_t n = (uint32_t)multiple + rest;

			bad |= align_down(n, align) ^ (uint32_t)multiple;
			/* Behind the last multiple it wraps to 0. */
			bad |= align_up(n, align) ^
			       (uint32_t)(multiple + align);
		}
		if (bad != 0)
			return arithmetic_wrong("align_up or align_down",
						(uint32_t)multiple);
	}
	arithmetic_count(ALL);
	return true;
}

static bool aligning(void)
{
	return aligns_to(HEAP_ALIGN);
}

static bool aligning_to_all(void)
{
	for (unsigned bit = 0; bit < 32; bit++)
		if (!aligns_to((uint32_t)1 << bit))
			return false;
	return true;
}

/* There are 32 of them, and every other number is none. */
static bool powers_of_two(void)
{
	for (unsigned bit = 0; bit < 32; bit++) {
		uint32_t bad = 0, power = (uint32_t)1 << bit;

		if (!is_power_of_two(power))
			return arithmetic_wrong("is_power_of_two", power);
		for (uint32_t n = 1; n < power; n++)
			bad |= is_power_of_two(power + n);
		if (bad != 0)
			return arithmetic_wrong("is_power_of_two behind",
						power);
	}
	arithmetic_count(ALL);
	return !is_power_of_two(0) || arithmetic_wrong("is_power_of_two", 0);
}

/* Bit b is the lowest of the odd multiples of 2^b. */
static bool lowest_bits(void)
{
	for (unsigned bit = 0; bit < 32; bit++) {
		uint64_t step = (uint64_t)2 << bit;
		unsigned bad = 0;

		for (uint64_t w = step / 2; w < ALL; w += step)
			bad |= word_lowest((uint32_t)w) ^ bit;
		if (bad != 0)
			return arithmetic_wrong("word_lowest", bit);
	}
	arithmetic_count(ALL - 1);
	return true;
}

/* From 2^bit up, and from half an octave above. */
static bool highest_bits(void)
{
	const unsigned first = word_log2(HEAP_EXACT_BINS);

	for (unsigned half = 2 * first; half < 64; half++) {
		uint64_t octave = (uint64_t)1 << half / 2;
		uint64_t from = octave + half % 2 * octave / 2;
		unsigned bad = 0;

		for (uint64_t w = from; w < from + octave / 2; w++)
			bad |= word_halves((uint32_t)w, first) ^ half;
		if (bad != 0)
			return arithmetic_wrong("word_halves", half);
	}
	arithmetic_count(ALL - HEAP_EXACT_BINS);
	return true;
}

/* ---- sizes ------------------------------------------------------------- */

/* Chunk by chunk: the requests that it serves and the one below does not. */
static bool chunk_sizes(void)
{
	uint64_t n = 0;

	for (uint64_t size = CHUNK_MIN; n < ALL; size += HEAP_ALIGN) {
		uint64_t most = size - WORD_SIZE;
		uint32_t want = size < HEAP_CHUNK_MAX ? (uint32_t)size : 0;
		uint32_t bad = 0;

		for (; n <= most && n < ALL; n++)
			bad |= (uint32_t)chunk_size_for((uint32_t)n) ^ want;
		if (bad != 0)
			return arithmetic_wrong("chunk_size_for",
						(uint32_t)most);
	}
	arithmetic_count(ALL);
	return true;
}

/* heap_alloc_from rounds first, and refuses what is too large later. */
static bool chunk_rounding(void)
{
	uint64_t n = 0;

	for (uint64_t size = CHUNK_MIN; n < ALL; size += HEAP_ALIGN) {
		uint64_t most = size - WORD_SIZE;
		uint32_t bad = 0;

		for (; n <= most && n < ALL; n++)
			bad |= (uint32_t)chunk_round((uint32_t)n) ^
			       (uint32_t)size;
		if (bad != 0)
			return arithmetic_wrong("chunk_round", (uint32_t)most);
	}
	arithmetic_count(ALL);
	return true;
}

/* The bins as heap/README.md draws them: one size each, then two an octave. */
static bool bins_of_sizes(void)
{
	unsigned bin = 1;
	/* The first size, in units, of the bin behind; of its octave. */
	uint64_t next = 2, octave = HEAP_EXACT_BINS;

	for (uint64_t units = 1; units < ALL / HEAP_ALIGN; units++) {
		if (units == next && bin < HEAP_BINS - 1) {
			bin++;
			if (bin <= HEAP_EXACT_BINS) {
				next++;
			} else if (next < octave + octave / 2) {
				next = octave + octave / 2;
			} else {
				octave *= 2;
				next = octave;
			}
		}
		if (bin_of((uint32_t)(units * HEAP_ALIGN)) != bin)
			return arithmetic_wrong("bin_of",
						(uint32_t)(units * HEAP_ALIGN));
	}
	arithmetic_count(ALL / HEAP_ALIGN);
	return true;
}

/* ---- heads and feet ---------------------------------------------------- */

static uint32_t fields_differ(uint32_t head)
{
	const uint32_t bound = HEAP_CHECK != 0 ? HEAP_CHUNK_MAX : 0;
	struct chunk c = {.head = head};
	uint32_t units = head / HEAP_ALIGN, flags = head % HEAP_ALIGN;
	uint32_t plain = units * HEAP_ALIGN;
	uint32_t size = flags >= WORD_SIZE ? CHUNK_MIN : plain;

	return (uint32_t)(chunk_is_used(&c) ^ (flags % 2 == 1)) |
	       (uint32_t)(chunk_is_prev_used(&c) ^ (flags / 2 % 2 == 1)) |
	       (uint32_t)(chunk_is_tiny(&c) ^ (flags >= WORD_SIZE)) |
	       (chunk_head_size(&c) ^ (bound != 0 ? plain % bound : plain)) |
	       (chunk_free_size(&c) ^ size) |
	       (chunk_foot_size(head) ^ (head % 2 == 1 ? CHUNK_MIN : head));
}

static bool head_fields(void)
{
	EVERY(head, "a field of a head or foot", fields_differ(head));
	return true;
}

/* The four lanes of a word, or so, one after the other. */
static uint32_t lanes(uint32_t x)
{
	const uint32_t lane = ((uint32_t)1 << CHUNK_SEAL_BITS) - 1;
	uint32_t sum = 0;

	for (unsigned at = 0; at < 32; at += CHUNK_SEAL_BITS)
		sum ^= x >> at & lane;
	return sum << HEAP_CHUNK_BITS;
}

static bool parities(void)
{
	EVERY(x, "chunk_parity", chunk_parity(x) ^ lanes(x));
	return true;
}

/* Where chunks lie, and keys, of which a seal has to hold. */
static const uint32_t places[] = {4, 0x20000004, 0x7ffffffc, 0x8123456c,
				  0xfffffffc};
static const uint32_t keys[] = {0, 1, 0x5a, 0xff};

static bool seal_holds(const struct chunk *c, uint32_t low, uint32_t key)
{
	uint32_t head = (uint32_t)chunk_sealed(c, low, key);

	if (HEAP_CHECK == 0)
		return head == low;
	return (head & (HEAP_CHUNK_MAX - 1)) == low &&
	       chunk_parity(head ^ (uintptr_t)c) == key;
}

static bool seals(void)
{
	for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++)
		for (size_t k = 0; k < sizeof(keys) / sizeof(*keys); k++)
			for (uint32_t low = 0; low < HEAP_CHUNK_MAX; low++)
				if (!seal_holds((struct chunk *)places[i], low,
						keys[k] << HEAP_CHUNK_BITS))
					return arithmetic_wrong("chunk_sealed",
								low);
	arithmetic_count((uint64_t)HEAP_CHUNK_MAX *
			 (sizeof(places) / sizeof(*places)) *
			 (sizeof(keys) / sizeof(*keys)));
	return true;
}

/* One flag and one bit of the seal turn over; what was sealed stays so. */
static uint32_t flip_differs(uint32_t head)
{
	const uint32_t seal =
		HEAP_CHECK != 0 ? (uint32_t)2 << HEAP_CHUNK_BITS : 0;
	struct chunk c = {.head = head};

	chunk_flip_prev_used(&c);
	if (HEAP_CHECK == 0)
		return c.head ^ head ^ 2;
	return (c.head ^ head ^ (2 | seal)) |
	       (chunk_parity(c.head) ^ chunk_parity(head));
}

static bool flips(void)
{
	EVERY(head, "chunk_flip_prev_used", flip_differs(head));
	return true;
}

/* Used, nothing of a size, and one of two. */
static bool fences(void)
{
	const uint32_t one = 3,
		       other = HEAP_CHECK != 0
				       ? 1 | (uint32_t)2 << HEAP_CHUNK_BITS
				       : 1;

	EVERY(head, "chunk_is_fence",
	      (uint32_t)(chunk_is_fence(&(struct chunk){.head = head}) ^
			 (head == one || head == other)));
	return true;
}

/* Of every address where a chunk can lie. */
static bool tiny_links(void)
{
	for (uint64_t at = WORD_SIZE; at < ALL; at += HEAP_ALIGN) {
		const struct chunk *c = (const struct chunk *)(uintptr_t)at;
		struct chunk tiny = {.head = tiny_head(c)};
		/* The first one is NULL plus a link's mark: no chunk. */
		const struct chunk *want = at == WORD_SIZE ? NULL : c;

		if (tiny_fwd(tiny.head) != want || !chunk_is_tiny(&tiny) ||
		    chunk_is_used(&tiny) || !chunk_is_prev_used(&tiny))
			return arithmetic_wrong("tiny_head", (uint32_t)at);
	}
	arithmetic_count(ALL / HEAP_ALIGN);
	return tiny_fwd(tiny_head(NULL)) == NULL ||
	       arithmetic_wrong("tiny_head", 0);
}

/* ---- the hull ---------------------------------------------------------- */

static const struct extent {
	uint32_t from;
	uint32_t units;
} hulls[] = {
	{0x20000004, 0x2000}, {0x20000004, 1},        {0x20000004, 0},
	{4, 0x1fffffff},      {0x7ffffffc, 2},        {0x7000000c, 0x10000000},
	{0xfffffff4, 1},      {0xff000004, 0x1fffff},
};

static bool hull_holds(const struct extent *hull)
{
	const struct bins b = {.lo = hull->from, .units = hull->units};
	const uint32_t from = hull->from;
	const uint32_t bytes = hull->units * HEAP_ALIGN;

	EVERY(at, "bins_may_hold",
	      (uint32_t)(bins_may_hold(&b, (const void *)at) ^
			 (at >= from && at - from < bytes &&
			  (at - from) % HEAP_ALIGN == 0)));
	EVERY(at, "bins_may_end",
	      (uint32_t)(bins_may_end(&b, (const void *)at) ^
			 (at >= from && at - from <= bytes &&
			  (at - from) % HEAP_ALIGN == 0)));
	return true;
}

/* A bin's head dressed as a chunk is known by its address. */
static bool dressed_heads(void)
{
	const struct bins *b = (const struct bins *)(uintptr_t)0x20000040;

	EVERY(at, "bins_of_dressed",
	      (uint32_t)((bins_of_dressed(b, (const struct chunk *)at) <
			  HEAP_BINS) ^
			 (at >= 0x20000040 && at % WORD_SIZE == 0 &&
			  at < 0x20000040 + HEAP_BINS * WORD_SIZE)));
	for (unsigned bin = 0; bin < HEAP_BINS; bin++)
		if (bins_of_dressed(
			    b, (const struct chunk *)((uintptr_t)b +
						      bin * WORD_SIZE)) != bin)
			return arithmetic_wrong("bins_of_dressed of bin", bin);
	return true;
}

static bool hull(void)
{
	return hull_holds(&hulls[0]);
}

static bool all_hulls(void)
{
	for (size_t i = 0; i < sizeof(hulls) / sizeof(*hulls); i++)
		if (!hull_holds(&hulls[i]))
			return false;
	return true;
}

const struct arithmetic arithmetic_inline[] = {
	{"aligning to HEAP_ALIGN", aligning, true},
	{"aligning to each power of two", aligning_to_all, false},
	{"powers of two are told from others", powers_of_two, false},
	{"the lowest bit", lowest_bits, false},
	{"the highest two bits", highest_bits, false},
	{"the chunk of every request is the smallest", chunk_sizes, true},
	{"rounding, requests that are too large included", chunk_rounding,
	 false},
	{"the bin of every size", bins_of_sizes, true},
	{"size and flags of every head and foot", head_fields, true},
	{"the parity of every word", parities, true},
	{"a seal leaves size and flags, and holds", seals, true},
	{"a seal outlasts a flip of the prev-used flag", flips, false},
	{"two words are fences", fences, true},
	{"a tiny chunk's head leads where it was told", tiny_links, true},
	{"the hull: every address inside, aligned, and no other", hull, false},
	{"the heads of bins, and no other address", dressed_heads, false},
	{"eight hulls, to the last address", all_hulls, false},
};
const size_t arithmetic_inline_number =
	sizeof(arithmetic_inline) / sizeof(*arithmetic_inline);
