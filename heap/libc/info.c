/* SPDX-License-Identifier: MIT */
/* The names of the malloc family that tune and report. */
#include <errno.h>
#include <limits.h>
#include <malloc.h>

#include "blocks.h"
#include "family.h"

const char heap_libc_info = 0;
HEAP_LIBC_HOLD(heap_libc_malloc);

/* No parameter can be set: answers 0, "not done", whatever is asked. */
int mallopt(int param, int val)
{
	(void)param;
	(void)val;
	return 0;
}

/* Give free memory at the heap's end back, but for pad bytes: 1 if any was. */
int malloc_trim(size_t pad)
{
	return blocks_trim(pad, HEAP_LIBC_CALLER);
}

void *heap_libc_sbrk(ptrdiff_t increment, int *error)
{
	const struct heap_port *port = &heap_port_default;
	void *old = (void *)-1;

	if (port->sbrk != NULL) {
		uintptr_t state = port->lock ? port->lock(port->ctx) : 0;

		old = port->sbrk(port->ctx, increment);
		if (port->lock != NULL)
			port->unlock(port->ctx, state);
	}
	if (old == (void *)-1)
		*(error != NULL ? error : &errno) = ENOMEM;
	return old;
}

/* int in glibc, size_t elsewhere. */
typedef __typeof__(((struct mallinfo *)0)->arena) field;

static field clip(size_t n)
{
	const size_t most = (field)-1 > 0 ? SIZE_MAX : INT_MAX;

	return (field)(n < most ? n : most);
}

/*
 * arena: bytes taken; ordblks: free chunks; uordblks and fordblks: bytes in
 * use and free; keepcost: the largest n that a free chunk would serve.  In
 * glibc, what does not fit into an int reads as INT_MAX.
 */
struct mallinfo mallinfo(void)
{
	struct heap_stats s;

	blocks_settle();
	heap_stats(&heap_default, &s);
	return (struct mallinfo){
		.arena = clip(s.taken),
		.ordblks = clip(s.free_chunks),
		.uordblks = clip(s.in_use),
		.fordblks = clip(s.free),
		.keepcost = clip(s.largest_free),
	};
}

/* ---- malloc_stats: a report without stdio, which would allocate ------ */

static void report(const char *text, size_t n)
{
	heap_port_default.write(heap_port_default.ctx, text, n);
}

static void report_line(const char *name, size_t n)
{
	char digits[24];
	size_t at = sizeof(digits);
	size_t length = 0;

	digits[--at] = '\n';
	do {
		digits[--at] = (char)('0' + n % 10);
		n /= 10;
	} while (n != 0);
	while (name[length] != '\0')
		length++;
	report(name, length);
	report(&digits[at], sizeof(digits) - at);
}

/* Report on the heap through the port's `write`; nothing without one. */
void malloc_stats(void)
{
	struct heap_stats s;

	if (heap_port_default.write == NULL)
		return;
	blocks_settle();
	heap_stats(&heap_default, &s);
	report_line("heap: bytes taken      ", s.taken);
	report_line("heap: bytes in use     ", s.in_use);
	report_line("heap: bytes in use max ", s.peak);
	report_line("heap: bytes free       ", s.free);
	report_line("heap: bytes overhead   ", s.overhead);
	report_line("heap: largest free     ", s.largest_free);
	report_line("heap: chunks in use    ", s.used_chunks);
	report_line("heap: chunks free      ", s.free_chunks);
	report_line("heap: segments         ", s.segments);
	report_line("heap: failures         ", s.failures);
}
