/* SPDX-License-Identifier: MIT */
/*
 * malloc before anything of the program has run, and after all of it has.
 *
 * What runs after main cannot print a test's line any more; it turns the exit
 * status of the program into a failure.
 */
#include "own_port.h"

/* Where the program's startup runs these before and after main. */
static char *in_preinit, *in_constructor;
static bool preinit_ran, constructor_ran;

static void take_in_preinit(void)
{
	preinit_ran = true;
	in_preinit = hidden(malloc(size(100)));
	if (in_preinit != NULL)
		fill(in_preinit, 100, 1);
}

__attribute__((used, section(".preinit_array"))) static void (*const preinit)(
	void) = take_in_preinit;

__attribute__((constructor(101))) static void take_in_constructor(void)
{
	constructor_ran = true;
	in_constructor = hidden(calloc(size(10), size(10)));
	if (in_constructor != NULL && zero(in_constructor, 100))
		fill(in_constructor, 100, 2);
}

static void fail_unless(bool good, const char *where)
{
	if (good)
		return;
	tap_diag("%s: malloc does not work any more", where);
	__builtin_trap();
}

/* Left over by the last test, to be freed after main. */
static char *for_later;

static void use_after_main(const char *where)
{
	char *p = hidden(malloc(size(200)));

	fail_unless(ours(p), where);
	fill(p, 200, 3);
	p = hidden(realloc(p, size(300)));
	fail_unless(ours(p) && filled(p, 200, 3), where);
	free(p);
	fail_unless(own.faults == 0, where);
	fail_unless(heap_check(&heap_default, NULL) == HEAP_OK, where);
	tap_diag("%s: malloc works", where);
}

static void use_at_exit(void)
{
	use_after_main("atexit");
	fail_unless(filled(for_later, 50, 4), "atexit");
	free(for_later);
	for_later = NULL;
	use_after_main("atexit, after a free");
}

__attribute__((destructor(101))) static void use_in_destructor(void)
{
	use_after_main("destructor");
}

TEST(malloc_works_in_the_preinit_array)
{
	if (!preinit_ran)
		SKIP("the startup has no .preinit_array");
	CHECK(ours(in_preinit));
	CHECK(filled(in_preinit, 100, 1));
}

TEST(malloc_works_in_the_first_constructor)
{
	if (!constructor_ran)
		SKIP("the startup runs no constructors");
	CHECK(ours(in_constructor));
	CHECK(filled(in_constructor, 100, 2));
}

TEST(main_goes_on_with_the_same_heap)
{
	char *p = hidden(malloc(size(100)));

	CHECK(ours(p));
	CHECK(p != in_preinit && p != in_constructor);
	fill(p, 100, 5);
	CHECK(in_preinit == NULL || filled(in_preinit, 100, 1));
	CHECK(in_constructor == NULL || filled(in_constructor, 100, 2));
	free(in_preinit);
	free(in_constructor);
	CHECK(filled(p, 100, 5));
	free(p);
	check_sound();
}

TEST(blocks_survive_until_after_main)
{
	for_later = hidden(malloc(size(50)));
	CHECK(ours(for_later));
	fill(for_later, 50, 4);
	CHECK_EQ(atexit(use_at_exit), 0);
	check_sound();
}
