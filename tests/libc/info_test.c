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
