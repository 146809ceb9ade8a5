/* SPDX-License-Identifier: MIT */
/*
 * A test is a sentence:
 *
 *	TEST(free_between_two_free_chunks_leaves_one_chunk)
 *	{
 *		CHECK_EQ(free_chunks(h), 1);
 *	}
 *
 * One source file is one suite and one program; the same source runs on the
 * host and on every board.  The output is TAP, the exit status is 1 if any test
 * failed.  Nothing here needs a libc or allocates.
 *
 * A CHECK that fails prints where and what, and returns from the function that
 * it stands in (which must return void); every later CHECK of that test then
 * returns too, so that a check in a helper ends the test as well.
 */
#ifndef TAP_H
#define TAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct tap_test {
	const char *name; /* an identifier; printed with blanks for _ */
	void (*run)(void);
};

/*
 * The tests are the array of pointers in section tap_tests, bounded by
 * __start_tap_tests and __stop_tap_tests.  GNU ld defines both; a linker script
 * that names the section writes them itself, around KEEP(*(tap_tests)).
 */
#if defined(__GNUC__) && !defined(__clang__)
#define TAP_IN_ORDER no_reorder,
#else
#define TAP_IN_ORDER
#endif

#define TEST(sentence)                                                         \
	static void test_##sentence(void);                                     \
	static const struct tap_test tap_test_##sentence = {#sentence,         \
							    test_##sentence};  \
	__attribute__((TAP_IN_ORDER used,                                      \
		       section("tap_tests"))) static const struct tap_test     \
		*const tap_entry_##sentence = &tap_test_##sentence;            \
	static void test_##sentence(void)

#define TAP_DO(condition)                                                      \
	do {                                                                   \
		if (!(condition))                                              \
			return;                                                \
	} while (0)

/* The condition holds. */
#define CHECK(c) TAP_DO(tap_check((c), #c, __FILE__, __LINE__))

/* Two integers are equal: a is what we got, b what we want.  Prints both. */
#define CHECK_EQ(a, b)                                                         \
	TAP_DO(tap_check_eq((long long)(a), (long long)(b), #a, #b, __FILE__,  \
			    __LINE__))

/* Two pointers are equal. */
#define CHECK_PTR_EQ(a, b)                                                     \
	TAP_DO(tap_check_ptr_eq((uintptr_t)(a), (uintptr_t)(b), #a, #b,        \
				__FILE__, __LINE__))

/* Two strings are equal; NULL equals only NULL. */
#define CHECK_STR_EQ(a, b)                                                     \
	TAP_DO(tap_check_str_eq((a), (b), #a, #b, __FILE__, __LINE__))

/* End this test as skipped; `why` is shown and counted. */
#define SKIP(why) TAP_DO((tap_skip("%s", (why)), false))

/* Skip this test where the test arena has less than `bytes` bytes. */
#define TAP_NEEDS(bytes) TAP_DO(tap_fits(bytes))

/* The functions behind the macros; true to go on with the test. */
bool tap_check(bool holds, const char *text, const char *file, int line);
bool tap_check_eq(long long a, long long b, const char *a_text,
		  const char *b_text, const char *file, int line);
bool tap_check_ptr_eq(uintptr_t a, uintptr_t b, const char *a_text,
		      const char *b_text, const char *file, int line);
bool tap_check_str_eq(const char *a, const char *b, const char *a_text,
		      const char *b_text, const char *file, int line);
bool tap_fits(size_t bytes);

/* SKIP with a formatted reason; the caller returns by itself. */
__attribute__((format(printf, 1, 2))) void tap_skip(const char *format, ...);

/*
 * Print a line of diagnosis ("# ..."), without "\n" at the end.  Knows %s %c %d
 * %i %u %x %p and %%, with the lengths l, ll, z, t, j; no widths.
 */
__attribute__((format(printf, 1, 2))) void tap_diag(const char *format, ...);

/* True once a CHECK of the running test has failed: for loops in helpers. */
bool tap_failed(void);

/*
 * The number given as NAME=number on the command line (or, on the host, in the
 * environment), in any case of the letters; `otherwise` when there is none.
 * Decimal or 0x...  What a test asked for is printed when it fails, so that it
 * can be run again: take every seed from here.
 */
unsigned long tap_arg(const char *name, unsigned long otherwise);

/*
 * The next of a sequence of 32-bit numbers that depends on *state alone
 * (xorshift); start with any number.
 */
uint32_t tap_rand(uint32_t *state);

/* As tap_rand, from 0 to n - 1; n = 0 gives 0. */
uint32_t tap_below(uint32_t *state, uint32_t n);

/*
 * Memory for the heap under test: *n bytes, aligned to 16, the same at each
 * call and not cleared between tests.  256 KiB on the host; on a board, what
 * its board.mk says.  A test that needs more than a small board has starts
 * with TAP_NEEDS.
 */
void *tap_arena(size_t *n);

#endif
