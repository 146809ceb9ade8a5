/* SPDX-License-Identifier: MIT */
/* A heap for each kind of memory, and which of them serves a request. */
#include "heap.h"

#include "heap_banks.h"

#define CALLER __builtin_return_address(0)

/* ---- the port of a pool's heap: the program's, but for its sbrk --------- */

static const struct heap_port *below(void *ctx)
{
	return ((struct heap_pool *)ctx)->below;
}

static void *pool_sbrk(void *ctx, ptrdiff_t increment)
{
	return heap_banks_sbrk(&((struct heap_pool *)ctx)->banks, increment);
}

static uintptr_t pool_lock(void *ctx)
{
	return below(ctx)->lock(below(ctx)->ctx);
}

static void pool_unlock(void *ctx, uintptr_t state)
{
	below(ctx)->unlock(below(ctx)->ctx, state);
}

static bool pool_in_isr(void *ctx)
{
	return below(ctx)->in_isr(below(ctx)->ctx);
}

static uintptr_t pool_thread(void *ctx)
{
	return below(ctx)->thread(below(ctx)->ctx);
}

static uintptr_t pool_seed(void *ctx)
{
	return below(ctx)->seed(below(ctx)->ctx);
}

static uint32_t pool_now(void *ctx)
{
	return below(ctx)->now(below(ctx)->ctx);
}

static void pool_write(void *ctx, const char *bytes, size_t n)
{
	below(ctx)->write(below(ctx)->ctx, bytes, n);
}

static void pool_fault(void *ctx, const struct heap_fault *fault)
{
	below(ctx)->fault(below(ctx)->ctx, fault);
}

static void pool_shade(void *ctx, enum heap_shade what, const void *mem,
		       size_t n, size_t was)
{
	below(ctx)->shade(below(ctx)->ctx, what, mem, n, was);
}

/* What the program has not, its pools have not. */
static void make_port(struct heap_pool *pool, const struct heap_port *port)
{
	static const struct heap_port nothing = {0};

	pool->below = port != NULL ? port : &nothing;
	port = pool->below;
	pool->port = (struct heap_port){
		.ctx = pool,
		.sbrk = pool_sbrk,
		.lock = port->lock != NULL ? pool_lock : NULL,
		.unlock = port->unlock != NULL ? pool_unlock : NULL,
		.in_isr = port->in_isr != NULL ? pool_in_isr : NULL,
		.thread = port->thread != NULL ? pool_thread : NULL,
		.seed = port->seed != NULL ? pool_seed : NULL,
		.now = port->now != NULL ? pool_now : NULL,
		.write = port->write != NULL ? pool_write : NULL,
		.fault = port->fault != NULL ? pool_fault : NULL,
		.shade = port->shade != NULL ? pool_shade : NULL,
	};
}

/* ---- start -------------------------------------------------------------- */

/*
 * Move the banks that are like the first of n behind it, the others keep their
 * order; how many are alike.
 */
static size_t gather(struct heap_bank *bank, size_t n)
{
	size_t alike = 1;

	for (size_t i = 1; i < n; i++) {
		struct heap_bank found = bank[i];

		if (found.attributes != bank->attributes)
			continue;
		for (size_t at = i; at > alike; at--)
			bank[at] = bank[at - 1];
		bank[alike++] = found;
	}
	return alike;
}

/* The heap of the banks from `bank` on; false when the first one is too small. */
static bool make_pool(struct heap_pool *pool, struct heap_bank *bank,
		      size_t count, const struct heap_port *port)
{
	struct heap_region *first = &bank->region;

	pool->attributes = bank->attributes;
	pool->banks = (struct heap_banks){.bank = bank, .count = count};
	make_port(pool, port);
	pool->heap = heap_create(
		first->start,
		(size_t)((uintptr_t)first->end - (uintptr_t)first->start),
		&pool->port);
	first->brk = first->end;
	pool->banks.heap = pool->heap;
	return pool->heap != NULL;
}

static size_t kinds_of(const struct heap_bank *table, size_t n)
{
	size_t kinds = 0;

	for (size_t i = 0; i < n; i++) {
		size_t other = 0;

		while (table[other].attributes != table[i].attributes)
			other++;
		if (other == i)
			kinds++;
	}
	return kinds;
}

bool heap_pools_start(struct heap_pools *pools, struct heap_bank *table,
		      size_t n, struct heap_banks_error *error)
{
	struct heap_banks_error unwanted;
	size_t kinds, at = 0;

	if (error == NULL)
		error = &unwanted;
	pools->count = 0;
	if (!heap_banks_check(table, n, error))
		return false;
	kinds = kinds_of(table, n);
	if (kinds > pools->most || pools->pool == NULL) {
		*error = (struct heap_banks_error){
			.problem = HEAP_BANKS_KINDS,
			.bank = kinds,
			.most = pools->pool != NULL ? pools->most : 0};
		return false;
	}
	for (size_t i = 0; i < kinds; i++) {
		size_t alike = gather(&table[at], n - at);

		if (!make_pool(&pools->pool[i], &table[at], alike,
			       pools->port)) {
			*error = (struct heap_banks_error){
				.problem = HEAP_BANKS_TOO_SMALL,
				.bank = at,
				.start = (uintptr_t)table[at].region.start,
				.end = (uintptr_t)table[at].region.end};
			return false;
		}
		at += alike;
	}
	pools->table = table;
	pools->banks = n;
	pools->count = kinds;
	return true;
}

/* ---- which one ---------------------------------------------------------- */

static unsigned bits_of(unsigned bits)
{
	unsigned n = 0;

	for (; bits != 0; bits &= bits - 1)
		n++;
	return n;
}

/* What a request wants, and the pools that were asked for it: a bit each. */
struct request {
	size_t align, n;
	unsigned required, preferred;
	unsigned asked;
	const void *caller;
};

/* The rules: a number that is greater the better the pool suits; 0, not at all. */
static unsigned suits(const struct heap_pool *pool, const struct request *r)
{
	unsigned has = pool->attributes;

	if ((r->required & ~has) != 0)
		return 0;
	return 64 * (1 + bits_of(has & r->preferred)) -
	       bits_of(has & ~(r->required | r->preferred));
}

/* The best of those that were not asked yet, or NULL. */
static struct heap_pool *best(const struct heap_pools *pools, struct request *r)
{
	size_t found = 0;
	unsigned most = 0;

	for (size_t i = 0; i < pools->count; i++) {
		unsigned how_well = (r->asked >> i & 1) != 0
					    ? 0
					    : suits(&pools->pool[i], r);

		if (how_well > most) {
			most = how_well;
			found = i;
		}
	}
	r->asked |= 1u << found;
	return most != 0 ? &pools->pool[found] : NULL;
}

static void *serve(struct heap_pools *pools, struct request *r)
{
	struct heap_pool *pool;
	void *p = NULL;

	if (pools->large != 0 && r->n >= pools->large)
		r->preferred |= pools->large_prefers;
	while (p == NULL && (pool = best(pools, r)) != NULL)
		p = r->align != 0
			    ? heap_alloc_aligned_from(pool->heap, r->align,
						      r->n, r->caller)
			    : heap_alloc_from(pool->heap, r->n, r->caller);
	return p;
}

void *heap_pools_alloc(struct heap_pools *pools, size_t n, unsigned required,
		       unsigned preferred)
{
	struct request r = {.n = n,
			    .required = required,
			    .preferred = preferred,
			    .caller = CALLER};

	return serve(pools, &r);
}

void *heap_pools_alloc_aligned(struct heap_pools *pools, size_t align, size_t n,
			       unsigned required, unsigned preferred)
{
	struct request r = {.align = align,
			    .n = n,
			    .required = required,
			    .preferred = preferred,
			    .caller = CALLER};

	return align != 0 ? serve(pools, &r) : NULL;
}

void *heap_pools_alloc_dma(struct heap_pools *pools, size_t line, size_t n,
			   unsigned required)
{
	struct request r = {.align = line,
			    .required = required | HEAP_BANK_DMA,
			    .caller = CALLER};

	if (line == 0 || (line & (line - 1)) != 0 || n > SIZE_MAX - line)
		return NULL;
	/* A block of nothing has a line too: its address is the block's own. */
	r.n = (n + (n == 0) + line - 1) & ~(line - 1);
	return serve(pools, &r);
}

/* ---- and back ----------------------------------------------------------- */

static struct heap_pool *pool_of(const struct heap_pools *pools, const void *p)
{
	const struct heap_bank *bank =
		heap_banks_find(pools->table, pools->banks, p);

	for (size_t i = 0; i < pools->count && bank != NULL; i++)
		if (pools->pool[i].attributes == bank->attributes)
			return &pools->pool[i];
	return NULL;
}

struct heap *heap_pools_find(const struct heap_pools *pools, const void *p,
			     unsigned *attributes)
{
	const struct heap_pool *pool = pool_of(pools, p);

	if (pool == NULL)
		return NULL;
	if (attributes != NULL)
		*attributes = pool->attributes;
	return pool->heap;
}

/* The pool of a pointer that is to be freed or resized; NULL, and told. */
static struct heap_pool *owner(const struct heap_pools *pools, const void *p,
			       const void *caller)
{
	const struct heap_port *port = pools->port;
	struct heap_pool *pool = pool_of(pools, p);
	const struct heap_fault fault = {
		.kind = HEAP_FAULT_FOREIGN,
		.mem = p,
		.caller = caller,
	};

	if (pool == NULL && port != NULL && port->fault != NULL)
		port->fault(port->ctx, &fault);
	return pool;
}

/* Elsewhere; `had` bytes are to be kept, or fewer. */
static void *move(struct heap_pools *pools, struct heap_pool *from, void *p,
		  size_t had, struct request *r)
{
	void *to = serve(pools, r);

	if (to == NULL)
		return NULL;
	__builtin_memcpy(to, p, had < r->n ? had : r->n);
	heap_free_from(from->heap, p, r->caller);
	return to;
}

static void *resize(struct heap_pools *pools, struct heap_pool *from, void *p,
		    struct request *r)
{
	size_t had = heap_usable_size_from(from->heap, p, r->caller);
	void *to;

	/* No block has 0: that was told. */
	if (had == 0)
		return NULL;
	if ((r->required & ~from->attributes) == 0) {
		to = heap_resize_from(from->heap, p, r->n, r->caller);
		if (to != NULL)
			return to;
		r->asked = 1u << (from - pools->pool);
	}
	return move(pools, from, p, had, r);
}

void *heap_pools_resize(struct heap_pools *pools, void *p, size_t n,
			unsigned required, unsigned preferred)
{
	struct request r = {.n = n,
			    .required = required,
			    .preferred = preferred,
			    .caller = CALLER};
	struct heap_pool *from;

	if (p == NULL)
		return serve(pools, &r);
	from = owner(pools, p, r.caller);
	if (from == NULL)
		return NULL;
	if (n != 0)
		return resize(pools, from, p, &r);
	heap_free_from(from->heap, p, r.caller);
	return NULL;
}

void heap_pools_free(struct heap_pools *pools, void *p)
{
	const void *caller = CALLER;
	struct heap_pool *pool;

	if (p == NULL)
		return;
	pool = owner(pools, p, caller);
	if (pool != NULL)
		heap_free_from(pool->heap, p, caller);
}
