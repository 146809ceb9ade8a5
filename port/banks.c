/* SPDX-License-Identifier: MIT */
/* A break that moves through several banks. */
#include "heap_banks.h"

#define SPENT ((void *)-1)

/*
 * In heap/grow.c: add memory to a heap whose lock is held.  A heap that asks
 * its port for more has finished whatever it was doing, so that it may get some
 * from here and the rest as the answer.
 */
void heap_attach(struct heap *h, uintptr_t start, size_t n);

/* ---- the table --------------------------------------------------------- */

static bool has_problem(struct heap_banks_error *error,
			enum heap_banks_problem problem, size_t bank,
			const struct heap_region *r)
{
	*error = (struct heap_banks_error){.problem = problem, .bank = bank};
	if (r != NULL) {
		error->start = (uintptr_t)r->start;
		error->end = (uintptr_t)r->end;
	}
	return true;
}

/* What is wrong with bank i by itself. */
static bool is_odd(const struct heap_bank *table, size_t i,
		   struct heap_banks_error *error)
{
	const struct heap_region *r = &table[i].region;

	if (r->start == NULL)
		return has_problem(error, HEAP_BANKS_AT_NULL, i, r);
	if (r->end == r->start)
		return has_problem(error, HEAP_BANKS_EMPTY, i, r);
	if ((uintptr_t)r->end < (uintptr_t)r->start)
		return has_problem(error, HEAP_BANKS_REVERSED, i, r);
	return false;
}

/* And beside an earlier one, both in themselves sound. */
static bool overlaps(const struct heap_bank *table, size_t i, size_t other,
		     struct heap_banks_error *error)
{
	const struct heap_region *a = &table[other].region;
	const struct heap_region *b = &table[i].region;

	if ((uintptr_t)b->start >= (uintptr_t)a->end ||
	    (uintptr_t)a->start >= (uintptr_t)b->end)
		return false;
	has_problem(error, HEAP_BANKS_OVERLAP, i, b);
	error->other = other;
	error->other_start = (uintptr_t)a->start;
	error->other_end = (uintptr_t)a->end;
	return true;
}

static bool has_too_many(size_t n, size_t most, struct heap_banks_error *error)
{
	if (n <= most)
		return false;
	has_problem(error, HEAP_BANKS_TOO_MANY, n, NULL);
	error->most = most;
	return true;
}

/* Of the banks before it, all are sound. */
static bool is_wrong(const struct heap_bank *table, size_t i,
		     struct heap_banks_error *error)
{
	if (is_odd(table, i, error))
		return true;
	for (size_t other = 0; other < i; other++)
		if (overlaps(table, i, other, error))
			return true;
	return false;
}

bool heap_banks_check(const struct heap_bank *table, size_t n,
		      struct heap_banks_error *error)
{
	struct heap_banks_error unwanted;

	if (error == NULL)
		error = &unwanted;
	if (table == NULL)
		return !has_problem(error, HEAP_BANKS_NO_TABLE, 0, NULL);
	if (n == 0)
		return !has_problem(error, HEAP_BANKS_NONE, 0, NULL);
	if (has_too_many(n, HEAP_BANKS_MOST, error))
		return false;
	for (size_t i = 0; i < n; i++)
		if (is_wrong(table, i, error))
			return false;
	*error = (struct heap_banks_error){.problem = HEAP_BANKS_SOUND};
	return true;
}

const struct heap_bank *heap_banks_find(const struct heap_bank *table, size_t n,
					const void *p)
{
	for (size_t i = 0; i < n; i++) {
		const struct heap_region *r = &table[i].region;

		if ((uintptr_t)p >= (uintptr_t)r->start &&
		    (uintptr_t)p < (uintptr_t)r->brk)
			return &table[i];
	}
	return NULL;
}

/* ---- the break --------------------------------------------------------- */

static struct heap_region *current(const struct heap_banks *banks)
{
	return &banks->bank[banks->current].region;
}

/*
 * The current bank is left for good: what it still has becomes the heap's, where
 * it adjoins what the heap had of it.
 */
static void give_rest(struct heap_banks *banks)
{
	struct heap_region *r = current(banks);
	size_t rest;
	void *start;

	/* One that has given nothing is not the heap's latest. */
	if (banks->heap == NULL || r->brk == NULL)
		return;
	rest = (size_t)((uintptr_t)r->end - (uintptr_t)r->brk);
	start = heap_region_sbrk(r, (ptrdiff_t)rest);
	if (rest != 0 && start != SPENT)
		heap_attach(banks->heap, (uintptr_t)start, rest);
}

/* Has bank i so much left? */
static bool has_left(const struct heap_banks *banks, size_t i, size_t n)
{
	const struct heap_region *r = &banks->bank[i].region;
	uintptr_t brk = (uintptr_t)(r->brk != NULL ? r->brk : r->start);

	return (uintptr_t)r->end - brk >= n;
}

void *heap_banks_sbrk(void *ctx, ptrdiff_t increment)
{
	struct heap_banks *banks = ctx;
	void *more;

	if (!banks->checked)
		banks->checked = heap_banks_check(banks->bank, banks->count,
						  &banks->error);
	if (!banks->checked)
		return SPENT;
	more = heap_region_sbrk(current(banks), increment);
	if (more != SPENT || increment <= 0)
		return more;
	for (size_t i = 0; i < banks->count; i++) {
		if (i == banks->current ||
		    !has_left(banks, i, (size_t)increment))
			continue;
		give_rest(banks);
		banks->current = i;
		return heap_region_sbrk(current(banks), increment);
	}
	return SPENT;
}

bool heap_banks_add(struct heap_banks *banks, void *mem, size_t n,
		    struct heap_banks_error *error)
{
	struct heap_banks_error unwanted;
	size_t i = banks->count;
	struct heap_region r = {.start = mem, .end = (char *)n};

	if (error == NULL)
		error = &unwanted;
	if (banks->bank == NULL)
		return !has_problem(error, HEAP_BANKS_NO_TABLE, 0, NULL);
	if (has_too_many(i + 1,
			 banks->most < HEAP_BANKS_MOST ? banks->most
						       : HEAP_BANKS_MOST,
			 error))
		return false;
	if (n > UINTPTR_MAX - (uintptr_t)mem)
		return !has_problem(error, HEAP_BANKS_WRAPS, i, &r);
	r.end = (char *)((uintptr_t)mem + n);
	banks->bank[i] = (struct heap_bank){.region = r};
	if (is_wrong(banks->bank, i, error))
		return false;
	*error = (struct heap_banks_error){.problem = HEAP_BANKS_SOUND};
	banks->count++;
	return true;
}
