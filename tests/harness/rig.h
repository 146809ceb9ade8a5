/* SPDX-License-Identifier: MIT */
/*
 * The rig that a heap is tested in: ports that record what the heap says and
 * does, and an sbrk that answers as it is told to.  One heap at a time.
 */
#ifndef RIG_H
#define RIG_H

#include "chunk.h"
#include "heap.h"
#include "tap.h"

/* How the memory that sbrk deals out lies. */
enum rig_break {
	RIG_ADJOIN,  /* each gift behind the last                         */
	RIG_FOREIGN, /* somebody else takes a few bytes before each gift  */
	RIG_TURNS,   /* two banks answer by turns                         */
	RIG_DOWN,    /* each gift right below the last                    */
	RIG_BREAKS
};

/* A run of memory, and the break inside. */
struct rig_bank {
	unsigned char *start;
	unsigned char *end;
	unsigned char *brk;
};

#define RIG_STRANGERS 32

extern struct rig {
	/* What the heap has said and done. */
	unsigned faults;
	struct heap_fault fault; /* the last one                             */
	unsigned locks;          /* calls of lock                            */
	unsigned lock_errors;    /* nested, unpaired, held in `fault`, ...   */
	bool locked;
	unsigned grows; /* calls of sbrk that asked for more        */
	size_t asked;   /* the largest of them, bytes               */
	size_t given;   /* bytes that the heap has, of sbrk's       */
	/* What the callbacks are to answer. */
	bool in_isr;
	bool refuse;      /* nothing more, and nothing back           */
	unsigned fail_at; /* this call for more is refused; 0: none   */
	enum rig_break how;
	struct rig_bank bank[2];
	unsigned turn;
	/* Bytes that somebody else has taken. */
	struct {
		unsigned char *mem;
		size_t n;
	} stranger[RIG_STRANGERS];
	unsigned strangers;
} rig;

/* Records, locks, and never grows; the other one has an sbrk as well. */
extern const struct heap_port rig_port;
extern const struct heap_port rig_port_growing;

/* Forget everything; sbrk deals out the n bytes at mem. */
void rig_start(void *mem, size_t n, enum rig_break how);

/* The test arena, at most `most` bytes of it, after rig_start without sbrk. */
void *rig_arena(size_t *n, size_t most);

/* An empty heap over sbrk and the whole arena, at most `most` bytes of it. */
struct heap *rig_growing_heap(size_t most, enum rig_break how);

/* A heap in the arena, of at most `most` bytes, that cannot grow. */
struct heap *rig_heap(size_t most);

/* CHECKs: no fault so far, the lock balanced, every invariant. */
void rig_check_sound(struct heap *h);

/* CHECKs: exactly one fault, of this kind and pointer; then forgets it. */
void rig_check_fault(enum heap_fault_kind kind, const void *mem);

/* Does what others have taken still hold what they wrote? */
bool rig_strangers_untouched(void);

/*
 * The chunks in the order of heap_walk: "u2 f3 t" is a used one of 2 times
 * HEAP_ALIGN bytes, a free one of 3, and the top, whose size is not shown.
 */
const char *rig_map(struct heap *h);

/*
 * Make blocks as the plan says, in the words of rig_map without "t": all are
 * allocated first, then the free ones are freed.  CHECKs that the map of a
 * heap that was empty is now the plan, with a top.  Block i is rig_block[i],
 * filled with seed i if used.
 */
void rig_lay(struct heap *h, const char *plan);

#define RIG_BLOCKS 16
extern void *rig_block[RIG_BLOCKS];

/* Fill n bytes with a pattern that depends on seed; is it still there? */
void rig_fill(void *mem, size_t n, unsigned seed);
bool rig_filled(const void *mem, size_t n, unsigned seed);

/* A number that changes when any of n bytes does. */
uint32_t rig_hash(const void *mem, size_t n);

/* Let chunk c have size and flags `low`, with the seal of a used one. */
static inline void rig_forge(struct chunk *c, size_t low, size_t key)
{
	if ((low & CHUNK_USED) != 0)
		chunk_set_used(c, low, key);
	else
		c->head = low;
}

/* Skip this test where HEAP_CHECK is 0. */
#define RIG_NEEDS_CHECKS TAP_DO(rig_has_checks())

static inline bool rig_has_checks(void)
{
	if (HEAP_CHECK == 0)
		tap_skip("HEAP_CHECK is 0");
	return HEAP_CHECK != 0;
}

/*
 * Skip this test in the debug profile, where a chunk is larger than what was
 * asked for, and what was freed is held for a while.
 */
#define RIG_NEEDS_PLAIN_BLOCKS TAP_DO(rig_has_plain_blocks())

static inline bool rig_has_plain_blocks(void)
{
	if (HEAP_CHECK >= 3)
		tap_skip("HEAP_CHECK is 3");
	return HEAP_CHECK < 3;
}

/* Let go of what the debug profile holds. */
static inline void rig_let_go(struct heap *h)
{
	heap_trim(h, SIZE_MAX);
}

/* Bytes to ask for to get a chunk of n times HEAP_ALIGN. */
static inline size_t rig_units(size_t n)
{
	return n * HEAP_ALIGN - WORD_SIZE;
}

static inline struct heap_stats rig_stats(struct heap *h)
{
	struct heap_stats stats;

	heap_stats(h, &stats);
	return stats;
}

#endif
