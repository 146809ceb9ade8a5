/* SPDX-License-Identifier: MIT */
#include "rig.h"

#include "state.h"

struct rig rig;

/* ---- the break -------------------------------------------------------- */

/* Somebody else calls sbrk: other bytes each time, so nothing stays aligned. */
static void stranger_takes(struct rig_bank *bank)
{
	size_t n = 1 + (rig.strangers * 7 + 2) % 23;

	if (rig.strangers == RIG_STRANGERS ||
	    n > (size_t)(bank->end - bank->brk))
		return;
	rig_fill(bank->brk, n, rig.strangers);
	rig.stranger[rig.strangers].mem = bank->brk;
	rig.stranger[rig.strangers].n = n;
	rig.strangers++;
	bank->brk += n;
}

bool rig_strangers_untouched(void)
{
	for (unsigned i = 0; i < rig.strangers; i++)
		if (!rig_filled(rig.stranger[i].mem, rig.stranger[i].n, i))
			return false;
	return true;
}

static void *give(size_t n)
{
	if (rig.how == RIG_TURNS)
		rig.turn ^= 1;

	struct rig_bank *bank = &rig.bank[rig.turn];

	if (rig.how == RIG_FOREIGN)
		stranger_takes(bank);
	if (rig.how == RIG_DOWN) {
		if (n > (size_t)(bank->brk - bank->start))
			return (void *)-1;
		bank->brk -= n;
		rig.given += n;
		return bank->brk;
	}
	if (n > (size_t)(bank->end - bank->brk))
		return (void *)-1;
	bank->brk += n;
	rig.given += n;
	return bank->brk - n;
}

static void *on_sbrk(void *ctx, ptrdiff_t increment)
{
	struct rig_bank *bank = &rig.bank[rig.turn];
	unsigned char *old = bank->brk;
	size_t back = (size_t)0 - (size_t)increment;

	(void)ctx;
	rig.lock_errors += !rig.locked;
	if (increment == 0)
		return old;
	if (increment < 0) {
		if (rig.refuse || rig.how == RIG_DOWN ||
		    back > (size_t)(old - bank->start))
			return (void *)-1;
		bank->brk -= back;
		rig.given -= back;
		return old;
	}
	rig.grows++;
	if ((size_t)increment > rig.asked)
		rig.asked = (size_t)increment;
	if (rig.refuse || rig.grows == rig.fail_at)
		return (void *)-1;
	return give((size_t)increment);
}

/* ---- the other callbacks ---------------------------------------------- */

static uintptr_t on_lock(void *ctx)
{
	(void)ctx;
	rig.lock_errors += rig.locked;
	rig.locked = true;
	return ++rig.locks;
}

static void on_unlock(void *ctx, uintptr_t state)
{
	(void)ctx;
	rig.lock_errors += !rig.locked || state != rig.locks;
	rig.locked = false;
}

static bool on_in_isr(void *ctx)
{
	(void)ctx;
	return rig.in_isr;
}

static void on_fault(void *ctx, const struct heap_fault *fault)
{
	(void)ctx;
	rig.lock_errors += rig.locked;
	rig.faults++;
	rig.fault = *fault;
}

const struct heap_port rig_port = {
	.lock = on_lock,
	.unlock = on_unlock,
	.in_isr = on_in_isr,
	.fault = on_fault,
};

const struct heap_port rig_port_growing = {
	.sbrk = on_sbrk,
	.lock = on_lock,
	.unlock = on_unlock,
	.in_isr = on_in_isr,
	.fault = on_fault,
};

/* ---- setting up -------------------------------------------------------- */

void rig_start(void *mem, size_t n, enum rig_break how)
{
	unsigned char *start = mem, *middle = start + n / 2 + 3;

	rig = (struct rig){.how = how};
	if (n == 0)
		return;
	rig.bank[0] = (struct rig_bank){start, start + n, start};
	if (how == RIG_TURNS) {
		rig.bank[0].end = middle;
		rig.bank[1] = (struct rig_bank){middle, start + n, middle};
	}
	if (how == RIG_DOWN)
		rig.bank[0].brk = start + n;
}

void *rig_arena(size_t *n, size_t most)
{
	void *arena = tap_arena(n);

	if (*n > most)
		*n = most;
	rig_start(arena, 0, RIG_ADJOIN);
	return arena;
}

struct heap *rig_growing_heap(size_t most, enum rig_break how)
{
	static struct heap heap;
	size_t n;
	void *arena = rig_arena(&n, most);

	rig_start(arena, n, how);
	heap = (struct heap){
		.bins.lo = BINS_NOWHERE(&heap),
		.port = &rig_port_growing,
	};
	return &heap;
}

struct heap *rig_heap(size_t most)
{
	size_t n;
	void *arena = rig_arena(&n, most);

	return heap_create(arena, n, &rig_port);
}

/* ---- checks ------------------------------------------------------------ */

void rig_check_sound(struct heap *h)
{
	const void *bad = NULL;

	CHECK_EQ(heap_check(h, &bad), HEAP_OK);
	CHECK_PTR_EQ(bad, NULL);
	CHECK_EQ(rig.faults, 0);
	CHECK_EQ(rig.lock_errors, 0);
	CHECK(!rig.locked);
}

void rig_check_fault(enum heap_fault_kind kind, const void *mem)
{
	CHECK_EQ(rig.faults, 1);
	CHECK_EQ(rig.fault.kind, kind);
	CHECK_PTR_EQ(rig.fault.mem, mem);
	CHECK_EQ(rig.lock_errors, 0);
	CHECK(!rig.locked);
	rig.faults = 0;
}

/* ---- maps -------------------------------------------------------------- */

static char map[128];
static size_t map_used;

static void map_add(char c)
{
	if (map_used < sizeof(map) - 1)
		map[map_used++] = c;
	map[map_used] = '\0';
}

static void map_add_number(size_t n)
{
	if (n >= 10)
		map_add_number(n / 10);
	map_add((char)('0' + n % 10));
}

static bool map_chunk(void *ctx, const struct heap_chunk *chunk)
{
	(void)ctx;
	if (map_used != 0)
		map_add(' ');
	if (chunk->state == HEAP_CHUNK_TOP) {
		map_add('t');
		return true;
	}
	map_add(chunk->state == HEAP_CHUNK_USED ? 'u' : 'f');
	map_add_number(chunk->size / HEAP_ALIGN);
	return true;
}

const char *rig_map(struct heap *h)
{
	map_used = 0;
	map_add('\0');
	map_used = 0;
	return heap_walk(h, map_chunk, NULL) ? map : "stopped";
}

void *rig_block[RIG_BLOCKS];

/* The number behind the letter at *plan, which moves on to the next letter. */
static size_t plan_units(const char **plan)
{
	size_t n = 0;

	for (++*plan; **plan >= '0' && **plan <= '9'; ++*plan)
		n = 10 * n + (size_t)(**plan - '0');
	while (**plan == ' ')
		++*plan;
	return n;
}

static bool is_plan(const char *is, const char *plan)
{
	while (*plan != '\0' && *is == *plan)
		is++, plan++;
	return *plan == '\0' && is[0] == ' ' && is[1] == 't' && is[2] == '\0';
}

void rig_lay(struct heap *h, const char *plan)
{
	const char *at = plan;
	size_t i = 0;

	while (*at != '\0' && i < RIG_BLOCKS) {
		size_t n = rig_units(plan_units(&at));

		rig_block[i] = heap_alloc(h, n);
		CHECK(rig_block[i] != NULL);
		rig_fill(rig_block[i], n, (unsigned)i);
		i++;
	}
	at = plan;
	for (i = 0; *at != '\0'; i++) {
		if (*at == 'f')
			heap_free(h, rig_block[i]);
		plan_units(&at);
	}
	if (!is_plan(rig_map(h), plan))
		CHECK_STR_EQ(rig_map(h), plan);
	rig_check_sound(h);
}

/* ---- bytes ------------------------------------------------------------- */

void rig_fill(void *mem, size_t n, unsigned seed)
{
	unsigned char *bytes = mem;

	for (size_t i = 0; i < n; i++)
		bytes[i] = (unsigned char)(seed * 31u + 7u * (unsigned)i + 1u);
}

bool rig_filled(const void *mem, size_t n, unsigned seed)
{
	const unsigned char *bytes = mem;

	for (size_t i = 0; i < n; i++)
		if (bytes[i] !=
		    (unsigned char)(seed * 31u + 7u * (unsigned)i + 1u))
			return false;
	return true;
}

uint32_t rig_hash(const void *mem, size_t n)
{
	const unsigned char *bytes = mem;
	uint32_t hash = 2166136261u;

	for (size_t i = 0; i < n; i++)
		hash = (hash ^ bytes[i]) * 16777619u;
	return hash;
}
