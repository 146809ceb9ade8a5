/* SPDX-License-Identifier: MIT */
/*
 * The fault-injection campaign: what its parts share.  README.md explains it.
 *
 * A trial is a heap in an arena, random work on it, one fault, more work; the
 * first event after the fault is its outcome.  One trial at a time, all of it
 * in `trial`, determined by its seed.
 */
#ifndef CAMPAIGN_H
#define CAMPAIGN_H

#include "heap.h"
#include "tap.h"

/* ---- outcomes --------------------------------------------------------- */

enum outcome {
	GOING_ON,
	DETECT,  /* the heap told its port                                   */
	SILENT,  /* blocks overlap, lie outside, or what they hold changed   */
	DEGRADE, /* a request refused that there was memory for              */
	CRASH,   /* the processor faulted                                    */
	HANG,    /* a call did not return, or took the lock twice            */
	BENIGN,  /* nothing of this up to the end                            */
	MISSED,  /* a misuse that no one noticed when it should have been    */
	UNFIT    /* this world has nothing that the misuse could be tried on */
};

/* ---- the trial -------------------------------------------------------- */

#define ARENA_BYTES  ((size_t)65536)
#define GUARD_BYTES  ((size_t)1024)
#define MEMORY_BYTES (GUARD_BYTES + ARENA_BYTES + GUARD_BYTES)

#define BLOCKS       96
#define OPS_BEFORE   600
#define OPS_AFTER    1000

/* What the program thinks it has. */
struct block {
	unsigned char *mem; /* NULL: nothing               */
	size_t n;           /* bytes asked for             */
	size_t checked;     /* bytes that hold the filling */
	size_t key;         /* what it is filled with      */
};

enum call {
	NO_CALL,
	CALL_ALLOC,
	CALL_ZALLOC,
	CALL_ALIGNED,
	CALL_RESIZE,
	CALL_FREE,
	CALL_SIZE,
	CALL_CHECK
};

extern struct trial {
	unsigned char *arena;
	struct heap *heap;
	uint32_t rand;
	struct block block[BLOCKS];
	size_t keys; /* given out */

	/* What the heap has said. */
	unsigned faults;
	struct heap_fault fault; /* the first */
	bool locked;
	bool locking;   /* this heap has a lock ...                */
	unsigned locks; /* ... and the call under way has taken it */

	/* Where we are, for reports. */
	const char *phase;
	unsigned op;
	enum call call;
	const void *mem; /* what the call is about */
	const char *why; /* of the outcome         */
	bool told;       /* the trial has ended, but goes on */
	bool verbose;
} trial;

static inline uint32_t below(uint32_t n)
{
	return tap_below(&trial.rand, n);
}

static inline enum outcome end(enum outcome outcome, const char *why)
{
	trial.why = why;
	return outcome;
}

/* ---- ground.c: the memory, and the port that deals it out ----------------- */

/* Begin a trial: an empty heap in a patterned arena. */
void arena_start(uint32_t seed);

/* Has the heap been given all of [p, p + n)? */
bool arena_gave(const void *p, size_t n);

/* Are the bytes that the heap never got, and those around, untouched? */
bool arena_is_untouched(void);

/* Somewhere in the arena that the heap does not own: between two segments. */
unsigned char *arena_hole(void);

/* Behind all that the heap was given, in the arena. */
unsigned char *arena_beyond(void);

/* A number over all that the heap was given, but for its control block. */
uint32_t arena_sum(void);

/* The largest blocks of the three parts, all free; measured once. */
#define PARTS 3
void arena_measure(void);
extern size_t arena_largest[PARTS];

/* ---- work.c: blocks and random work -------------------------------------- */

/* Do one random operation, `ops` of them, free all that is left. */
enum outcome work_op(void);
enum outcome work_ops(const char *phase, unsigned ops);
enum outcome work_drain(void);

/* Are the largest blocks back? */
enum outcome work_largest(void);

/*
 * The rest of a trial behind a fault: never GOING_ON.  When nothing happens,
 * `why` is "latent" if heap_check then finds something.
 */
enum outcome work_to_the_end(void);

/* The port was told: `ops` more all the same, and what harm they do. */
void work_after_detection(unsigned ops);

/* A live block at random; NULL when there is none. */
struct block *work_pick(void);

/* Allocate n bytes into a block that is empty; NULL if that fails. */
struct block *work_take(size_t n);

/* Free it as the program would. */
enum outcome work_give(struct block *b);

/* The live block at this address, or that this address is in. */
struct block *work_block_at(const void *mem);
struct block *work_block_around(const void *mem);

/* Fill every live block anew, when somebody was allowed to write there. */
void work_refill(void);

/* Looks at every block and every byte around: GOING_ON or SILENT. */
enum outcome work_verify(void);

/* ---- words.c: where the metadata lies; knows the heap's insides ---------- */

struct word {
	size_t *at;
	const char *class;
	const char *name;
	unsigned index; /* of several of that name */
};

#define WORDS_MAX 4096

/* Every word of metadata of a sound heap; how many. */
unsigned words_find(struct heap *h, struct word *words);

/*
 * As somebody would who knows the sources and the addresses, but not the key:
 * write the heads around a used chunk of `size` bytes at mem; and a free one of
 * at most n bytes, which is then linked behind a free chunk.  That is false
 * when no free chunk suits.
 */
void words_forge_used(unsigned char *mem, size_t size);
bool words_forge_free(struct heap *h, unsigned char *mem, size_t n);

/* Bytes at the start of a heap's memory that are its control block. */
size_t words_control(void);

/* Is this archive's HEAP_CHECK above 0?  Above 2? */
bool words_checked(void);
bool words_debug(void);

/* ---- damage.c, misuse.c: the faults ---------------------------------------- */

/* One word of metadata is changed. */
enum outcome damage_trial(void);

/* A program errs, in the way of this number. */
enum outcome misuse_trial(unsigned kind);

/* How it is called: "free", or "", and "freed now".  False: no such number. */
bool misuse_name(unsigned kind, const char **call, const char **name);

/* How many times EACH it is to be tried. */
unsigned misuse_weight(unsigned kind);

/* ---- place_host.c, place_board.c ------------------------------------------- */

/* MEMORY_BYTES, aligned to 64, at the same address in every run. */
unsigned char *place_memory(void);

/*
 * Call run(index), which prints its own outcome, such that a crash or a call
 * that never returns is an outcome too.
 */
void place_try(void (*run)(unsigned long index), unsigned long index);

/* End the trial under way, which has gone astray. */
_Noreturn void place_end(void);

/* Print the end of a trial, or what came after it: the outcome, and where. */
void campaign_end(enum outcome outcome, const char *why, const void *at,
		  const void *pc);

#endif
