/* SPDX-License-Identifier: MIT */
/*
 * The recorder: an observer that writes down what a heap does, in some eight
 * bytes an event, for tools/trace/ to read with the program's ELF file.
 *
 *	static const struct heap_trace_setup setup = {
 *		.heap = &heap_default,
 *		.memory = ring, .size = sizeof(ring),
 *		.write = to_file,
 *	};
 *	heap_trace_start(&setup);
 *	heap_observe(&heap_default, &heap_trace_observer);
 *	...
 *	heap_unobserve(&heap_default, &heap_trace_observer);
 *	heap_trace_stop();
 *
 * There is one recorder, for one heap.  It allocates nothing and waits for
 * nobody: an event takes the port's lock for the time of copying its bytes, and
 * one that finds no room is counted instead of kept.  heap/trace_format.h has
 * the format.  heap-min.a has no observers, so no traces.
 */
#ifndef HEAP_TRACE_H
#define HEAP_TRACE_H

#include "heap.h"
#include "heap_observe.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Where to, and of what program.  The caller's, until heap_trace_stop.  What is
 * 0 or NULL means what its comment says.
 */
struct heap_trace_setup {
	/*
	 * The one that is observed.  Its port's lock guards the records, its
	 * port's `now` gives them times.
	 */
	const struct heap *heap;
	uint32_t hz; /* units of `now` a second; 0: not known */

	/*
	 * Where records wait to be written, HEAP_TRACE_MEMORY_MIN bytes or
	 * more, of any alignment.
	 */
	void *memory;
	size_t size;

	/*
	 * Take n bytes of the trace, in order: to a file, a line, flash.  Runs
	 * without the lock, in the context of the event that fills half of
	 * `memory`, or, if `deferred`, of heap_trace_flush only; by one
	 * thread at a time.  What it allocates is not recorded by its thread.
	 * NULL: the newest records stay in `memory`, for a debugger or, if it
	 * survives a reset, for heap_trace_recover.
	 */
	void (*write)(void *ctx, const void *bytes, size_t n);
	void *ctx;
	bool deferred;

	/*
	 * The program's code in memory, for heap-trace to see that it is given
	 * the right ELF file; it is read once, four instructions a byte.  With
	 * linker/sections.ld: __code_start, and __etext - __code_start.
	 * Size 0: it cannot tell.
	 */
	const void *code;
	size_t code_size;

	/* The same by the linker's --build-id; at most 32 bytes.  Size 0: no. */
	const void *build_id;
	size_t build_id_size;
};

#define HEAP_TRACE_MEMORY_MIN 512

/*
 * Begin a trace; one that runs is ended first.  False, and nothing done, iff
 * there is no memory or too little.  What was in it is gone: heap_trace_recover
 * comes before.  Cost: O(code_size).
 */
bool heap_trace_start(const struct heap_trace_setup *setup);

/* What records: register it with heap_observe, before or after the start. */
extern struct heap_observer heap_trace_observer;

/*
 * Record a fault, for heap-trace to name the block and who allocated it.  For
 * the port's `fault`; any context.
 */
void heap_trace_fault(const struct heap_fault *fault);

/* Record a number of the program's own: a phase, a request.  Any context. */
void heap_trace_mark(uint32_t number);

/*
 * Write what waits.  Does nothing where there is no `write`, or while another
 * thread does it.
 */
void heap_trace_flush(void);

/* Records lost for want of room, or where the lock does not reach; wraps. */
uint32_t heap_trace_lost(void);

/* End the trace, and write what waits.  Later events are not recorded. */
void heap_trace_stop(void);

/*
 * Write the trace that an earlier run has left in `memory`, as `size` and
 * `memory` were then, and forget it.  False, and nothing written, iff there is
 * none.  For memory that startup does not clear, such as the section .noinit of
 * linker/sections.ld, after a reset that keeps the RAM; where there is a data
 * cache, it must be written through.  Trusts nothing that it finds.
 */
bool heap_trace_recover(void *memory, size_t size,
			void (*write)(void *ctx, const void *bytes, size_t n),
			void *ctx);

/*
 * A `write` for the port's console, whose ctx is a struct heap_port *: the
 * bytes as lines of text, which heap-trace finds among others,
 *
 *	heap-trace: 6865617074726301 ... 4a
 *
 * hexadecimal, 32 bytes a line, then their sum modulo 256.
 */
void heap_trace_write_lines(void *port, const void *bytes, size_t n);

/*
 * Another observer, which writes glibc's mtrace format, a line an event, by
 * the `write` of the heap's port.  For mtrace(1); needs no heap_trace_start.
 */
extern struct heap_observer heap_mtrace_observer;

/* A place in the program, by which a trace tells how far it was moved. */
void heap_trace_anchor(void);

#ifdef __cplusplus
}
#endif

#endif
