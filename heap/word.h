/* SPDX-License-Identifier: MIT */
/*
 * L0: arithmetic on words and addresses.  Knows nothing of chunks.
 */
#ifndef HEAP_WORD_H
#define HEAP_WORD_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WORD_SIZE sizeof(size_t)
#define WORD_BITS (sizeof(size_t) * CHAR_BIT)

/* Never inline: a cold path that must not weigh on the hot one. */
#define WORD_COLD __attribute__((noinline, cold))

/* Inline, even where the compiler would save bytes: the hot path. */
#ifndef WORD_HOT
#define WORD_HOT inline __attribute__((always_inline))
#endif

/* The linker or the firmware has these, whatever the libc. */
void *memmove(void *to, const void *from, size_t n);
void *memset(void *to, int byte, size_t n);

/*
 * Forget how x, a variable, was computed: else the compiler may keep both it
 * and what it was made of in registers, of which hot paths have too few.
 */
#define WORD_OPAQUE(x) __asm__("" : "+r"(x))

/* What is so more often than not: lets the compiler lay that way straight. */
#define WORD_LIKELY(x) __builtin_expect((x), 1)

/* n rounded down or up to a multiple of `align`, a power of two. */
static inline uintptr_t align_down(uintptr_t n, size_t align)
{
	return n & ~(uintptr_t)(align - 1);
}

/* The caller makes sure that n + align - 1 does not wrap. */
static inline uintptr_t align_up(uintptr_t n, size_t align)
{
	return align_down(n + (align - 1), align);
}

static inline bool is_power_of_two(size_t n)
{
	return n != 0 && (n & (n - 1)) == 0;
}

/* Of a constant power of two: costs nothing. */
static inline unsigned word_log2(size_t n)
{
	return (unsigned)__builtin_ctzll(n);
}

/*
 * Index of the lowest set bit of w, which must not be 0; and of the highest in
 * halves, one more when the bit below it is set too: 2, 3 for 2, 3; 4 for 4, 5;
 * 5 for 6, 7.  The highest must be at or above bit `from`, which is not 0.
 *
 * ARMv6-M and RISC-V without Zbb have no instruction for either, and the
 * compiler would call libgcc: there a table and a short loop serve.
 */
#if defined(__ARM_FEATURE_CLZ) || defined(__x86_64__) || defined(__i386__)
static inline unsigned word_lowest(size_t w)
{
	return WORD_BITS == 32 ? (unsigned)__builtin_ctz((unsigned)w)
			       : (unsigned)__builtin_ctzll(w);
}

static inline unsigned word_halves(size_t w, unsigned from)
{
	unsigned zeros = WORD_BITS == 32 ? (unsigned)__builtin_clz((unsigned)w)
					 : (unsigned)__builtin_clzll(w);

	(void)from;
	return (unsigned)(w >> (WORD_BITS - 2 - zeros)) - 2 * zeros +
	       (2 * (unsigned)WORD_BITS - 4);
}
#else
/* Every five bits of this number are different: a de Bruijn sequence. */
#define WORD_DE_BRUIJN 0x077cb531u

extern const uint8_t heap_word_index[32];

static inline unsigned word_lowest(size_t w)
{
	unsigned base = 0;

	if (WORD_BITS > 32 && (w & 0xffffffffu) == 0) {
		w >>= WORD_BITS / 2;
		base = 32;
	}
	uint32_t lowest = (uint32_t)(w & (~w + 1));

	return base + heap_word_index[lowest * WORD_DE_BRUIJN >> 27];
}

static inline unsigned word_halves(size_t w, unsigned from)
{
	unsigned halves = 2 * from - 2;

	for (w >>= from - 1; w > 3; w >>= 1)
		halves += 2;
	return halves + (unsigned)w;
}
#endif

/*
 * Copy n bytes, an odd number of words, from `from` up.  The two may overlap
 * when `to` is the lower one.
 *
 * The memmove of small libcs goes byte by byte; those of hosts know better.
 */
#if defined(__x86_64__) || defined(__i386__)
static inline void word_copy(void *to, const void *from, size_t n)
{
	memmove(to, from, n);
}
#else
static inline void word_copy(void *to, const void *from, size_t n)
{
	size_t *t = to;
	const size_t *f = from, *end = f + n / WORD_SIZE;

	for (*t++ = *f++; f != end; t += 2, f += 2) {
		size_t low = f[0], high = f[1];

		t[0] = low;
		t[1] = high;
	}
}
#endif

#endif
