/* SPDX-License-Identifier: MIT */
/*
 * The port: what the heap needs from below, and what it tells.
 *
 * A port is one const struct of callbacks.  Its comments are the porting
 * guide: fill in what your platform has, with designated initialisers, and
 * leave the rest NULL; NULL always means what the comment says, never a
 * silent no-op.  The heap that serves malloc uses `heap_port_default`, which
 * sits alone in its archive member: define your own in an object file, or in
 * an archive before heap.a, and it takes the place of ours.
 *
 * Callbacks run in the context of the caller of the heap.  None of them may
 * call the heap, except `fault`, which runs after the lock has been released.
 */
#ifndef HEAP_PORT_H
#define HEAP_PORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct heap;
struct heap_pending;

/* What kind of misuse or damage was met. */
enum heap_fault_kind {
	HEAP_FAULT_NONE,
	HEAP_FAULT_MISALIGNED, /* the pointer is no multiple of HEAP_ALIGN    */
	HEAP_FAULT_FOREIGN,    /* the pointer lies outside of this heap       */
	HEAP_FAULT_NOT_USED,   /* freed already, or never was a block         */
	HEAP_FAULT_HEADER,     /* a chunk's header is damaged, or the pointer
	                           is inside a block                           */
	HEAP_FAULT_NEIGHBOUR,  /* the next or previous chunk does not agree   */
	HEAP_FAULT_LINK,       /* a link of a free chunk or a bin is damaged  */
	HEAP_FAULT_INVARIANT,  /* heap_check found it: see `invariant`        */
	HEAP_FAULT_INTERRUPT,  /* called where the lock excludes nobody       */
	HEAP_FAULT_GUARD,      /* heap-debug.a: written behind a block's end;
	                           or above the break, see heap_guard.h      */
	HEAP_FAULT_FREED       /* heap-debug.a: written to after it was freed */
};

/*
 * The invariants of a sound heap; heap/README.md spells them out.
 * HEAP_OK is what heap_check answers for a sound heap.
 */
enum heap_invariant {
	HEAP_OK,
	HEAP_I1, /* a size is a multiple of the alignment, at least the smallest */
	HEAP_I2, /* chunks tile a segment, from its start to its fence           */
	HEAP_I3, /* no two neighbours are both free                              */
	HEAP_I4, /* a prev-used bit equals the used bit of the chunk before      */
	HEAP_I5, /* the foot of a free chunk equals its size                     */
	HEAP_I6, /* every free chunk is in the bin of its size, once             */
	HEAP_I7, /* a binmap bit is set exactly when its bin is not empty        */
	HEAP_I8, /* used + free + overhead = bytes taken from the port           */
	HEAP_I9, /* the fence is used, has size 0, and ends every segment        */
	HEAP_I10 /* heap-debug.a: guards, trailers and fill are as they were made */
};

/*
 * What the fault callback is told.  Valid during the callback only.  What is
 * not known, or cannot be trusted any more, is NULL or 0.
 */
struct heap_fault {
	enum heap_fault_kind kind;
	enum heap_invariant
		invariant; /* the one that is broken, or HEAP_OK   */
	const struct heap *heap;
	const void *chunk;  /* header of the chunk at fault                   */
	const void *mem;    /* the pointer that the caller passed             */
	const void *caller; /* return address of the outermost heap call      */
	const void *prev;   /* headers of the neighbours of `chunk`, below    */
	const void *next;   /* and above                                      */
	/* heap-debug.a: who allocated and freed the block at fault. */
	const void *allocated_by;
	const void *freed_by;
	/*
	 * The block that was probably overrun: it ends where `chunk` begins, or
	 * `chunk` lies in it, or it is the one at fault itself.  Its bytes are
	 * those asked for in heap-debug.a, else those that may be used.
	 */
	const void *suspect;
	size_t suspect_size;
	const void *suspect_by; /* heap-debug.a: who allocated it             */
	unsigned untold;        /* faults before this one that were not told: */
				/* they came while `fault` ran                */
};

/* What happens to bytes, for tools that mark those which are the program's. */
enum heap_shade {
	HEAP_SHADE_TAKEN,   /* n bytes are the heap's: nobody may touch them  */
	HEAP_SHADE_BORN,    /* they are a block now                           */
	HEAP_SHADE_RESIZED, /* a block of `was` bytes has n now               */
	HEAP_SHADE_DEAD,    /* they were a block: nobody may touch them       */
	HEAP_SHADE_GONE     /* they are not the heap's any more               */
};

/* A short English text for a kind, without a full stop; never NULL. */
const char *heap_fault_text(enum heap_fault_kind kind);

struct heap_port {
	/* Passed as the first argument of every callback. */
	void *ctx;

	/*
	 * Move the break by `increment` bytes and return the old break, or
	 * (void *)-1 when the memory is spent; the break is then unchanged.
	 * Zero asks where the break is.  A negative increment gives the last
	 * bytes back.  Never NULL.  Successive gifts need not adjoin and need
	 * not be aligned, but must not overlap.  Constant time.  Called with
	 * the lock held.  NULL: the heap never grows.
	 */
	void *(*sbrk)(void *ctx, ptrdiff_t increment);

	/*
	 * Exclude every other user of this heap; `unlock` gets back what
	 * `lock` returned.  Held for a bounded number of instructions
	 * (heap_check, heap_walk, heap_stats and heap_reset excepted), while
	 * no payload is copied or cleared: an interrupt mask, a mutex or a
	 * spin lock will do.  The heap never takes it twice; no callback but
	 * `sbrk` is called meanwhile.  Works before main and before the
	 * scheduler starts, however little there is to do then.  The heap
	 * sees to it that the compiler moves nothing across; a lock between
	 * cores must order their memory accesses, as any does.
	 * Both or none.  NULL: a single thread and no interrupt uses the heap.
	 * port/README.md has what is ready made.
	 */
	uintptr_t (*lock)(void *ctx);
	void (*unlock)(void *ctx, uintptr_t state);

	/*
	 * True when the caller runs where `lock` cannot exclude others: in an
	 * interrupt, or with the scheduler suspended, when the lock is a
	 * mutex; in an NMI or a HardFault when the lock masks interrupts.  The
	 * operation is then refused: NULL or nothing, and
	 * HEAP_FAULT_INTERRUPT; but see `pending`.  Called before `lock`, in any context.
	 * NULL: the lock works in every context that calls the heap.
	 */
	bool (*in_isr)(void *ctx);

	/*
	 * What free and malloc do instead of being refused where in_isr says
	 * true: see heap_pending.h.  For one heap.  NULL: they are refused.
	 */
	struct heap_pending *pending;

	/*
	 * The running thread's id: for reports, for observers, which are told
	 * nothing of what their own thread does, and for tags.  An interrupt
	 * that allocates should have one of its own: the exception's number,
	 * as long as no thread has that.  Any context.
	 * NULL: there is one thread.
	 */
	uintptr_t (*thread)(void *ctx);

	/*
	 * Entropy for the key that guards headers, asked once before the first
	 * block.  Need not be secret, better so.  One that differs from boot to
	 * boot tells blocks that a warm boot found in RAM from those of now.
	 * NULL: a constant is used.
	 */
	uintptr_t (*seed)(void *ctx);

	/* A time stamp in any unit that rises.  NULL: none. */
	uint32_t (*now)(void *ctx);

	/*
	 * Write n bytes of a report.  Called without the lock, possibly from
	 * an interrupt or a damaged program: poll, do not allocate.
	 * NULL: reports are dropped.
	 */
	void (*write)(void *ctx, const char *bytes, size_t n);

	/*
	 * Misuse or damage was found; nothing has been overwritten.  Called
	 * once for a fault, without the lock.  May halt, reset, or return: the
	 * operation is then abandoned and the heap stays usable.
	 * NULL: the operation is abandoned silently.
	 *
	 * It may call the heap.  What goes wrong while it runs, there or in
	 * another thread, is not told but counted, in `untold` of the next
	 * fault: it never runs twice at once.  When it does not return, by
	 * longjmp or because the thread ends, it calls heap_fault_over first.
	 * It must not destroy the heap.
	 */
	void (*fault)(void *ctx, const struct heap_fault *fault);

	/*
	 * heap-debug.a: what has become of n bytes at mem, for Valgrind, a
	 * sanitizer, an MPU.  Called with the lock held; must not call the
	 * heap, nor write there.  Constant time if the heap's is to be.
	 * NULL: nobody wants to know.
	 */
	void (*shade)(void *ctx, enum heap_shade what, const void *mem,
		      size_t n, size_t was);
};

/* The port of the heap behind malloc. */
extern const struct heap_port heap_port_default;

/*
 * Write a report of a fault through port->write: a line with kind, invariant,
 * chunk, mem and caller, and, as far as they are known, lines with the
 * neighbours, the suspect, and the callers that allocated and freed.  A
 * ready-made body for `fault`.  Allocates nothing, takes no lock; any context.
 * Does nothing when port->write is NULL.
 */
void heap_port_report(const struct heap_port *port,
		      const struct heap_fault *fault);

/*
 * For `fault`: report through the write of heap_port_default, and go on.  The
 * call that met the fault does nothing and answers NULL, 0 or nothing.
 */
void heap_port_continue(void *ctx, const struct heap_fault *fault);

/* ---- region.c: a break that moves inside the linker script's region ---- */

/*
 * A run of RAM and how much of it has been handed out.  Constant-initialise
 * `start` and `end`; leave `brk` zero: it is set at the first call.
 */
struct heap_region {
	char *start; /* first byte                             */
	char *end;   /* first byte behind, at most UINTPTR_MAX */
	char *brk;   /* first byte not handed out yet          */
};

/*
 * Classic sbrk over a region; `region` is a struct heap_region *.
 *
 * Returns the old break, or (void *)-1 iff the new one would leave
 * [start, end], the sum wraps, or the region is unsound: start NULL, reversed.
 * The break is then unchanged; nor does it ever become (void *)-1, should
 * `end` be that.  The stack pointer plays no part.
 * Constant time.  Not locked: the heap calls it with its lock held.
 */
void *heap_region_sbrk(void *region, ptrdiff_t increment);

/* The region [__heap_start, __heap_end) of the linker script. */
extern struct heap_region heap_region_linker;

/*
 * The program's sbrk: over heap_region_linker, unless the program defines the
 * sbrk of its libc itself (_sbrk under newlib, sbrk under picolibc); then that
 * one is asked, so that there is one break.  `ctx` is not used.
 */
void *heap_linker_sbrk(void *ctx, ptrdiff_t increment);

#ifdef __cplusplus
}
#endif

#endif
