/* SPDX-License-Identifier: MIT */
/* The recorder: events as records, kept in a ring, written from there. */
#include "heap_trace.h"
#include "state.h"
#include "trace_ring.h"

static struct {
	const struct heap_trace_setup
		*setup; /* NULL: not recording           */
	struct trace_ring *ring;
	uintptr_t base;           /* pointers are told from here    */
	uintptr_t code;           /* and return addresses from here */
	uint32_t time;            /* of the last record             */
	uint32_t sequence;        /* of the last event              */
	bool numbered;            /* there is a last event          */
	uint32_t missed;          /* not yet told of in the trace  */
	uint32_t lost;            /* in all                        */
	volatile uint32_t beyond; /* lost where no lock reaches    */
	bool writing;             /* a thread is in setup->write   */
} recorder;

/* A record on its way into the ring. */
struct record {
	uint8_t n;
	uint8_t bytes[TRACE_RECORD_MAX];
};

_Static_assert(sizeof(struct trace_ring) + 3 * TRACE_RECORD_MAX <=
		       HEAP_TRACE_MEMORY_MIN,
	       "the least memory holds a record, and room is left to tell");

__attribute__((noinline)) void heap_trace_anchor(void)
{
	__asm__ volatile("");
}

/* What a number of this machine takes at most. */
#define NUMBER_MAX ((8 * sizeof(uintptr_t) + 6) / 7)

/* ---- numbers ---------------------------------------------------------- */

static void begin(struct record *r, enum trace_kind kind)
{
	r->bytes[0] = (uint8_t)kind;
	r->n = 1;
}

static void put(struct record *r, uintptr_t number)
{
	r->n = (uint8_t)(trace_number(r->bytes + r->n, number) - r->bytes);
}

static void put_pointer(struct record *r, const void *p)
{
	const unsigned turn = HEAP_ALIGN == 16 ? 4 : 3;
	uintptr_t x = (uintptr_t)p - recorder.base;

	put(r, x >> turn | x << (8 * sizeof(x) - turn));
}

static void put_caller(struct record *r, const void *caller)
{
	put(r, (uintptr_t)caller - recorder.code);
}

/* ---- the ring: the lock is held ---------------------------------------- */

/* True when n bytes fit, older records having made way where nobody writes. */
static bool make_room(struct trace_ring *ring, uint32_t n)
{
	while (ring_room(ring) < n) {
		if (recorder.setup->write != NULL)
			return false;
		ring_drop(ring);
		recorder.lost++;
	}
	return true;
}

/* What was missed goes first, where it is missing; there is room. */
static void tell_missed(struct trace_ring *ring)
{
	uint8_t bytes[1 + NUMBER_MAX];

	if (recorder.missed == 0)
		return;
	bytes[0] = TRACE_LOST;
	ring_append(
		ring, bytes,
		(unsigned)(trace_number(bytes + 1, recorder.missed) - bytes));
	recorder.missed = 0;
}

static void add_time(struct record *r)
{
	const struct heap_port *port = recorder.setup->heap->port;
	uint32_t now;

	if (port->now == NULL)
		return;
	now = port->now(port->ctx);
	if (now == recorder.time)
		return;
	r->bytes[0] |= TRACE_HAS_TIME;
	put(r, now - recorder.time);
	recorder.time = now;
}

/* ---- keeping ------------------------------------------------------------ */

/* False where the lock does not reach. */
static bool enter(const struct heap_port *port, uintptr_t *state)
{
	if (port->in_isr != NULL && port->in_isr(port->ctx))
		return false;
	*state = port->lock != NULL ? port->lock(port->ctx) : 0;
	return true;
}

static void leave(const struct heap_port *port, uintptr_t state)
{
	if (port->unlock != NULL)
		port->unlock(port->ctx, state);
}

/*
 * Write what waits now, span by span; what comes meanwhile, perhaps because of
 * the writing, is for the next time.  Only this moves `tail` where there is a
 * `write`, and `writing` keeps others out.
 */
static void drain(const struct heap_trace_setup *setup)
{
	const struct heap_port *port = setup->heap->port;
	struct trace_ring *ring = recorder.ring;
	uint32_t left, n;
	uintptr_t state;

	if (setup->write == NULL || !enter(port, &state))
		return;
	left = recorder.writing ? 0 : ring_used(ring);
	while (left != 0) {
		recorder.writing = true;
		n = ring->size - ring->tail;
		if (n > left)
			n = left;
		leave(port, state);
		setup->write(setup->ctx, ring_bytes(ring) + ring->tail, n);
		if (!enter(port, &state))
			return;
		left -= n;
		n += ring->tail;
		ring->tail = n == ring->size ? 0 : n;
		if (left == 0)
			recorder.writing = false;
	}
	leave(port, state);
}

/* The event's number, where it does not follow from the last one's. */
static void add_order(struct record *r, uint32_t sequence)
{
	int32_t by = (int32_t)(sequence - recorder.sequence - 1);

	if (recorder.numbered && by != 0) {
		r->bytes[0] |= TRACE_HAS_ORDER;
		put(r, (uint32_t)by << 1 ^ (by < 0 ? UINT32_MAX : 0));
	}
	recorder.sequence = sequence;
	recorder.numbered = true;
}

/* Record r; the sequence is the heap's, if it is an event of the heap. */
static void keep(struct record *r, const uint32_t *sequence)
{
	const struct heap_trace_setup *setup = recorder.setup;
	const struct heap_port *port;
	struct trace_ring *ring;
	uintptr_t state;
	bool half;

	if (setup == NULL)
		return;
	port = setup->heap->port;
	if (!enter(port, &state)) {
		recorder.beyond++;
		return;
	}
	ring = recorder.ring;
	/* Three more numbers: what was missed, the order, the time. */
	if (make_room(ring, r->n + 1u + 3 * NUMBER_MAX)) {
		tell_missed(ring);
		if (sequence != NULL)
			add_order(r, *sequence);
		add_time(r);
		ring_append(ring, r->bytes, r->n);
	} else {
		recorder.missed++;
		recorder.lost++;
	}
	half = ring_used(ring) >= ring->size / 2;
	leave(port, state);
	if (half && !setup->deferred)
		drain(setup);
}

/* ---- events -------------------------------------------------------------- */

static void put_event(struct record *r, enum trace_kind kind,
		      const struct heap_event *e)
{
	const bool grown = kind == TRACE_GROWN || kind == TRACE_TRIMMED;
	const uint8_t *fields = trace_fields[kind];

	begin(r, kind);
	for (unsigned i = 0; i < TRACE_FIELDS_MAX && fields[i] != 0; i++)
		if (fields[i] == TRACE_MEM)
			put_pointer(r, e->mem);
		else if (fields[i] == TRACE_OLD)
			put_pointer(r, e->old);
		else if (fields[i] == TRACE_CALLER)
			put_caller(r, e->caller);
		else if (fields[i] == TRACE_ALIGN)
			put(r, e->align);
		else
			put(r, grown ? e->size : e->asked);
}

/* By operation; of a block that is none, by the second. */
static const uint8_t kinds[][2] = {
	[HEAP_OP_ALLOC] = {TRACE_ALLOC, TRACE_ALLOC},
	[HEAP_OP_ALIGNED] = {TRACE_ALIGNED, TRACE_ALIGNED},
	[HEAP_OP_FREE] = {TRACE_FREE, TRACE_BAD_FREE},
	[HEAP_OP_RESIZING] = {TRACE_RESIZING, TRACE_BAD_RESIZE},
	[HEAP_OP_RESIZED] = {TRACE_RESIZED, TRACE_RESIZED},
	[HEAP_OP_GROWN] = {TRACE_GROWN, TRACE_GROWN},
	[HEAP_OP_TRIMMED] = {TRACE_TRIMMED, TRACE_TRIMMED},
	[HEAP_OP_RESET] = {TRACE_RESET, TRACE_RESET},
};

static void tell(struct heap_observer *self, const struct heap_event *e)
{
	struct record r;

	(void)self;
	put_event(&r, (enum trace_kind)kinds[e->op][e->old_size == 0], e);
	if (e->tag != 0) {
		r.bytes[0] |= TRACE_HAS_TAG;
		put(&r, e->tag);
	}
	keep(&r, &e->sequence);
}

struct heap_observer heap_trace_observer = {.tell = tell};

void heap_trace_fault(const struct heap_fault *fault)
{
	struct record r;

	begin(&r, TRACE_FAULT);
	put(&r, (uintptr_t)fault->kind);
	put(&r, (uintptr_t)fault->invariant);
	put_pointer(&r, fault->chunk);
	put_pointer(&r, fault->mem);
	put_caller(&r, fault->caller);
	keep(&r, NULL);
}

void heap_trace_mark(uint32_t number)
{
	struct record r;

	begin(&r, TRACE_MARK);
	put(&r, number);
	keep(&r, NULL);
}

/* ---- start, stop --------------------------------------------------------- */

static void put_header(struct trace_ring *ring,
		       const struct heap_trace_setup *setup)
{
	const uintptr_t anchor = (uintptr_t)heap_trace_anchor;
	const uint8_t *id = setup->build_id;
	size_t id_size = id != NULL ? setup->build_id_size : 0;
	uint8_t *to = ring->header;

	for (unsigned i = 0; i < TRACE_MAGIC_SIZE; i++) {
		ring->magic[i] = (uint8_t)TRACE_RING_MAGIC[i];
		*to++ = (uint8_t)TRACE_MAGIC[i];
	}
	to = trace_number(to, 8 * sizeof(void *));
	to = trace_number(to, recorder.time);
	to = trace_number(to, setup->hz);
	to = trace_number(to, 0);
	to = trace_number(to, anchor);
	to = trace_number(to, recorder.base);
	to = trace_number(to, recorder.code);
	to = trace_number(to, setup->code_size);
	to = trace_number(
		to, trace_sum(TRACE_SUM_START, setup->code, setup->code_size));
	to = trace_number(to, id_size);
	while (id_size-- != 0)
		*to++ = *id++;
	ring->header_size = (uint32_t)(to - ring->header);
}

bool heap_trace_start(const struct heap_trace_setup *setup)
{
	const struct heap_port *port = setup->heap->port;
	size_t size = setup->size;
	struct trace_ring *ring = ring_in(setup->memory, &size);

	if (ring == NULL || setup->build_id_size > TRACE_BUILD_ID_MAX)
		return false;
	heap_trace_stop();
	recorder.ring = ring;
	recorder.base = (uintptr_t)setup->heap & ~(uintptr_t)(HEAP_ALIGN - 1);
	recorder.code = (uintptr_t)setup->code;
	if (setup->code_size == 0)
		recorder.code =
			(uintptr_t)heap_trace_anchor & ~(uintptr_t)0xfffff;
	recorder.time = port->now != NULL ? port->now(port->ctx) : 0;
	recorder.numbered = false;
	recorder.missed = recorder.lost = recorder.beyond = 0;
	ring->size = (uint32_t)size;
	ring->head = ring->tail = ring->lost = 0;
	put_header(ring, setup);
	ring->check = trace_ring_check(ring);
	if (setup->write != NULL)
		setup->write(setup->ctx, ring->header, ring->header_size);
	recorder.setup = setup;
	return true;
}

void heap_trace_flush(void)
{
	if (recorder.setup != NULL)
		drain(recorder.setup);
}

uint32_t heap_trace_lost(void)
{
	return recorder.lost + recorder.beyond;
}

void heap_trace_stop(void)
{
	const struct heap_trace_setup *setup = recorder.setup;
	struct record r;

	if (setup == NULL)
		return;
	drain(setup);
	begin(&r, TRACE_END);
	put(&r, heap_trace_lost());
	keep(&r, NULL);
	recorder.setup = NULL;
	drain(setup);
}
