/* SPDX-License-Identifier: MIT */
/*
 * The references to the heap are weak: a proof must not pull out of the
 * archive what the program itself does not.  The console is semihosting's, as
 * libc's may be what is under test.
 */
#include <stdint.h>

#include "heap.h"
#include "witness.h"

#define SYS_WRITE0 0x04

extern char __heap_start[], __heap_end[] __attribute__((weak));
#pragma weak __heap_start
#pragma weak heap_default
#pragma weak heap_stats

static bool failed;

static void say(const char *text)
{
	register uintptr_t r0 __asm__("r0") = SYS_WRITE0;
	register const char *r1 __asm__("r1") = text;

	__asm__ volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
}

/* Something was taken from the region, and by no one but the heap. */
bool inside(const void *p)
{
	uintptr_t at = (uintptr_t)p;
	struct heap_stats s;

	if (!heap_stats || &heap_default == NULL)
		return false;
	heap_stats(&heap_default, &s);
	return s.in_use != 0 && at > (uintptr_t)__heap_start &&
	       at < (uintptr_t)__heap_end;
}

void show(bool is_so, const char *what)
{
	if (is_so)
		return;
	failed = true;
	say("not so: ");
	say(what);
	say("\n");
}

int shown(void)
{
	return failed ? 1 : 0;
}
