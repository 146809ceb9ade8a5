/* SPDX-License-Identifier: MIT */
/*
 * Every sequence of operations of a length in a small world.
 *
 * Depth first; what an operation did is undone by copying the world back.  A
 * state that was met before, with as many operations or more still to come, is
 * not entered again: all that can come of it has been seen.  The sequences
 * behind it are counted all the same.
 */
#define _DEFAULT_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "world.h"

#define OPS 160

static struct op path[WORLD_DEPTH];
static unsigned depth;

void explore_print(void)
{
	for (unsigned i = 0; i < depth; i++)
		op_print(&path[i]);
}

/* ---- tables of states: open addressing, 0 is an empty place ------------ */

/* How many sequences of i operations begin in `state`, for i up to `left`. */
struct entry {
	uint64_t state;
	unsigned left;
	uint64_t sequences[WORLD_DEPTH];
};

struct table {
	size_t entry_bytes;
	size_t places; /* a power of two */
	size_t used;
	unsigned char *entry;
};

static struct table seen = {.entry_bytes = sizeof(uint64_t)};
static struct table inner = {.entry_bytes = sizeof(struct entry)};

static void table_new(struct table *t, size_t places)
{
	t->places = places;
	t->used = 0;
	t->entry = mmap(NULL, places * t->entry_bytes, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (t->entry == MAP_FAILED) {
		printf("Bail out! no memory for %zu states: make the worlds "
		       "less deep\n",
		       places);
		exit(2);
	}
}

/* The place of a state; its first word is 0 when it is not there. */
static uint64_t *table_at(const struct table *t, uint64_t state)
{
	size_t i = (size_t)state;
	uint64_t *at;

	do {
		i &= t->places - 1;
		at = (uint64_t *)(void *)(t->entry + i++ * t->entry_bytes);
	} while (*at != 0 && *at != state);
	return at;
}

static void table_double(struct table *t)
{
	struct table old = *t;

	table_new(t, 2 * old.places);
	for (size_t i = 0; i < old.places; i++) {
		const unsigned char *from = old.entry + i * old.entry_bytes;
		uint64_t state;

		memcpy(&state, from, sizeof(state));
		if (state == 0)
			continue;
		memcpy(table_at(t, state), from, t->entry_bytes);
		t->used++;
	}
	munmap(old.entry, old.places * old.entry_bytes);
}

/* True when it was not there. */
static bool table_add(struct table *t, uint64_t state, uint64_t **at)
{
	*at = table_at(t, state);
	if (**at != 0)
		return false;
	if (t->used > t->places / 2) {
		table_double(t);
		*at = table_at(t, state);
	}
	**at = state;
	t->used++;
	return true;
}

/* ---- the search -------------------------------------------------------- */

static void explore(uint64_t state, unsigned left, uint64_t *sequences);

/*
 * What one operation leads to, and all that follows; then the same with each
 * choice of sbrk's grants, from the given one on, denied.
 */
static void follow(struct op op, unsigned first, unsigned left,
		   uint64_t *sequences)
{
	uint64_t behind[WORLD_DEPTH] = {1}, state, *at;
	unsigned grants;

	path[depth++] = op;
	grants = world_do(&op);
	state = world_look();
	if (table_add(&seen, state, &at))
		world_examine(state);
	if (left > 1)
		explore(state, left - 1, behind);
	for (unsigned i = 1; i <= left; i++)
		sequences[i] += behind[i - 1];
	depth--;
	world_back(depth);
	for (unsigned i = first; i < grants; i++) {
		struct op denied = op;

		denied.refused |= 1u << i;
		follow(denied, i + 1, left, sequences);
	}
}

/*
 * All sequences of up to `left` operations from here; adds their numbers by
 * length.
 */
static void explore(uint64_t state, unsigned left, uint64_t *sequences)
{
	struct entry *e = (struct entry *)(void *)table_at(&inner, state);
	uint64_t count[WORLD_DEPTH] = {1}, *at;
	struct op op[OPS];
	unsigned ops;

	if (e->state == 0 || e->left < left) {
		world_keep(depth);
		ops = world_ops(op, OPS);
		for (unsigned i = 0; i < ops; i++)
			follow(op[i], 0, left, count);
		table_add(&inner, state, &at);
		e = (struct entry *)(void *)at;
		e->left = left;
		memcpy(e->sequences, count, sizeof(count));
	}
	for (unsigned i = 0; i <= left; i++)
		sequences[i] = e->sequences[i];
}

/* ---- main -------------------------------------------------------------- */

/* Every sequence of `length` operations; how many, and in *states of what. */
static uint64_t run(const struct world *w, unsigned length, size_t *states)
{
	uint64_t sequences[WORLD_DEPTH] = {0}, state, *at;

	table_new(&seen, (size_t)1 << 16);
	table_new(&inner, (size_t)1 << 12);
	depth = 0;
	world_start(w);
	state = world_look();
	table_add(&seen, state, &at);
	explore(state, length, sequences);
	*states = seen.used;
	munmap(seen.entry, seen.places * seen.entry_bytes);
	munmap(inner.entry, inner.places * inner.entry_bytes);
	return sequences[length];
}

/* worlds [deep | WORLD [LENGTH]] */
int main(int argc, char **argv)
{
	const char *only = argc > 1 ? argv[1] : NULL;
	bool deep = only != NULL && strcmp(only, "deep") == 0;
	unsigned length = argc > 2 ? (unsigned)atoi(argv[2]) : 0, done = 0;
	uint64_t all = 0;
	size_t all_states = 0, states;
	bool failed = false;

	if (deep)
		only = NULL;
	if (length > WORLD_DEPTH - 2) {
		printf("Bail out! the longest sequence is %d operations\n",
		       WORLD_DEPTH - 2);
		return 2;
	}
	for (unsigned i = 0; i < worlds_number; i++) {
		const struct world *w = &worlds[i];
		unsigned n = length != 0 ? length : deep ? w->deep : w->depth;

		if (only != NULL && strcmp(only, w->name) != 0)
			continue;

		uint64_t sequences = run(w, n, &states);

		printf("ok %u - world %s: %llu sequences of %u operations, "
		       "%zu states\n",
		       ++done, w->name, (unsigned long long)sequences, n,
		       states);
		fflush(stdout);
		all += sequences;
		all_states += states;
	}
	if (only == NULL && length == 0) {
		printf("%sok %u - a million states, or more\n",
		       all_states < 1000000 ? "not " : "", ++done);
		failed = all_states < 1000000;
	}
	printf("1..%u\n# in all %llu sequences, %zu states\n", done,
	       (unsigned long long)all, all_states);
	return failed ? 1 : done != 0 ? 0 : 2;
}
