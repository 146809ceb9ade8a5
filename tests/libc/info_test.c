/* SPDX-License-Identifier: MIT */
/* The names that ask, tune and report. */
#include <malloc.h>
#include <string.h>

#include "own_port.h"

TEST(usable_size_is_at_least_what_was_asked_and_all_of_it_is_usable)
{
	for (size_t n = 0; n < 200; n += 3) {
		void *p = hidden(malloc(size(n)));
		void *q = hidden(malloc(size(n)));
		size_t usable = malloc_usable_size(p);

		CHECK(usable >= n);
		CHECK_EQ(usable, heap_usable_size(&heap_default, p));
		fill(p, usable, 1);
		fill(q, malloc_usable_size(q), 2);
		CHECK(filled(p, usable, 1));
		free(q);
		CHECK(filled(p, usable, 1));
		free(p);
	}
	check_sound();
}

TEST(usable_size_of_null_is_0)
{
	errno = 0x5a;
	CHECK_EQ(malloc_usable_size(hidden(NULL)), 0);
	CHECK_EQ(errno, 0x5a);
	check_sound();
}

#pragma GCC diagnostic ignored "-Wdeprecated-declarations"

TEST(mallinfo_agrees_with_the_heap)
{
	struct heap_stats s;
	void *p = hidden(malloc(size(123)));
	void *q = hidden(malloc(size(45)));

	CHECK(ours(p) && ours(q));
	free(p);
	struct mallinfo info = mallinfo();

	heap_stats(&heap_default, &s);
	CHECK_EQ(info.arena, s.taken);
	CHECK_EQ(info.uordblks, s.in_use);
	CHECK_EQ(info.fordblks, s.free);
	CHECK_EQ(info.ordblks, s.free_chunks);
	CHECK_EQ(info.keepcost, s.largest_free);
	CHECK_EQ(info.smblks, 0);
	CHECK_EQ(info.hblks, 0);
	CHECK_EQ(info.hblkhd, 0);
	CHECK_EQ(info.usmblks, 0);
	CHECK_EQ(info.fsmblks, 0);
#ifdef __GLIBC__
	struct mallinfo2 info2 = mallinfo2();

	CHECK_EQ(info2.arena, s.taken);
	CHECK_EQ(info2.uordblks, s.in_use);
#endif
	free(q);
	check_sound();
}

TEST(mallopt_sets_nothing)
{
	CHECK_EQ(mallopt(-1, 128), 0);
	CHECK_EQ(mallopt(1, 0), 0);
}

TEST(malloc_trim_gives_free_memory_at_the_end_back)
{
	malloc_trim(0);

	void *low = hidden(malloc(size(16)));

	malloc_trim(0);
	size_t brk = own.brk;
	void *p = hidden(malloc(size(700)));
	void *wall = hidden(malloc(size(16)));

	CHECK(ours(low) && ours(p) && ours(wall));
	CHECK(own.brk > brk);
	free(wall);
	free(p);
	CHECK_EQ(malloc_trim(0), 1);
	CHECK(own.brk <= brk);
	CHECK_EQ(malloc_trim(0), 0);
	p = hidden(malloc(size(700)));
	CHECK(ours(p));
	free(p);
	free(low);
	check_sound();
}

/* The number behind the first line of the report that has `name` in it. */
static long reported(const char *name)
{
	const char *line = strstr(own.text, name);

	return line ? strtol(line + strlen(name), NULL, 10) : -1;
}

TEST(malloc_stats_writes_through_the_port_and_takes_no_memory)
{
	struct heap_stats s, after;
	void *p = hidden(malloc(size(200)));

	heap_stats(&heap_default, &s);
	memset(own.text, 0, sizeof(own.text));
	own.text_used = 0;
	malloc_stats();
	CHECK(own.text_used > 0);
	CHECK_EQ(own.text[own.text_used - 1], '\n');
	CHECK_EQ(reported("bytes taken"), s.taken);
	CHECK_EQ(reported("bytes in use"), s.in_use);
	CHECK_EQ(reported("bytes free"), s.free);
	CHECK_EQ(reported("chunks in use"), s.used_chunks);
	CHECK_EQ(reported("segments"), s.segments);
	heap_stats(&heap_default, &after);
	CHECK_EQ(after.in_use, s.in_use);
	CHECK_EQ(after.taken, s.taken);
	free(p);
	check_sound();
}

/* ---- every word of it ---------------------------------------------------- */

/* How much of own.text was as it should be; it is read along. */
static size_t good;

static void want(const char *text)
{
	for (; *text != '\0'; text++) {
		CHECK(good < own.text_used);
		CHECK_EQ(own.text[good], *text);
		good++;
	}
}

static void want_line(const char *name, size_t n)
{
	char digits[24] = {0};
	size_t at = sizeof(digits) - 1;

	do {
		digits[--at] = (char)('0' + n % 10);
		n /= 10;
	} while (n != 0);
	want("heap: ");
	want(name);
	want(&digits[at]);
	want("\n");
}

static void want_stats(void)
{
	struct heap_stats s;

	heap_stats(&heap_default, &s);
	want_line("bytes taken      ", s.taken);
	want_line("bytes in use     ", s.in_use);
	want_line("bytes in use max ", s.peak);
	want_line("bytes free       ", s.free);
	want_line("bytes overhead   ", s.overhead);
	want_line("largest free     ", s.largest_free);
	want_line("chunks in use    ", s.used_chunks);
	want_line("chunks free      ", s.free_chunks);
	want_line("segments         ", s.segments);
	want_line("failures         ", s.failures);
}

static void begin_text(void)
{
	memset(own.text, 0, sizeof(own.text));
	own.text_used = 0;
	good = 0;
}

TEST(malloc_stats_writes_ten_lines_of_decimal_numbers)
{
	void *p = hidden(malloc(size(300))), *q = hidden(malloc(size(20)));

	CHECK(ours(p) && ours(q));
	CHECK(hidden(malloc(size(SIZE_MAX))) == NULL);
	free(p);
	begin_text();
	malloc_stats();
	want_stats();
	CHECK_EQ(own.text_used, good);
	free(q);
	check_sound();
}

#if defined(__NEWLIB__) && !defined(__PICOLIBC__)
#include <reent.h>

void mstats(char *heading);
void _mstats_r(struct _reent *r, char *heading);

TEST(mstats_writes_the_same_below_a_heading)
{
	char heading[] = "after start";

	begin_text();
	mstats(heading);
	want("after start\n");
	want_stats();
	CHECK_EQ(own.text_used, good);
	begin_text();
	_mstats_r(_REENT, heading + 6);
	want("start\n");
	want_stats();
	CHECK_EQ(own.text_used, good);
	/* One of no words. */
	heading[0] = '\0';
	begin_text();
	mstats(heading);
	want("\n");
	want_stats();
	CHECK_EQ(own.text_used, good);
	begin_text();
	_malloc_stats_r(_REENT);
	want_stats();
	CHECK_EQ(own.text_used, good);
	check_sound();
}

TEST(the_r_names_tell_the_same)
{
	void *p = hidden(malloc(size(900)));

	CHECK(ours(p));
	CHECK_EQ(_malloc_usable_size_r(_REENT, p), malloc_usable_size(p));
	CHECK_EQ(_mallinfo_r(_REENT).arena, mallinfo().arena);
	CHECK_EQ(_mallinfo_r(_REENT).uordblks, mallinfo().uordblks);
	CHECK_EQ(_mallopt_r(_REENT, 1, 1), 0);
	free(p);
	CHECK_EQ(_malloc_trim_r(_REENT, 0), 1);
	CHECK_EQ(_malloc_trim_r(_REENT, 0), 0);
	check_sound();
}
#endif

/* ---- a program that has its own break ------------------------------------------ */

#if defined(__PICOLIBC__) || defined(__NEWLIB__)
bool heap_libc_program_sbrk(ptrdiff_t increment, void **old);
void *sbrk(ptrdiff_t increment);
void *_sbrk(ptrdiff_t increment);

static ptrdiff_t asked;

#ifdef __PICOLIBC__
void *sbrk(ptrdiff_t increment)
#else
void *_sbrk(ptrdiff_t increment)
#endif
{
	asked = increment;
	return &asked;
}

TEST(the_break_that_a_program_brings_is_asked)
{
	void *old = NULL;

	CHECK(heap_libc_program_sbrk(123, &old));
	CHECK_PTR_EQ(old, &asked);
	CHECK_EQ(asked, 123);
}
#endif
