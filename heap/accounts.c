/* SPDX-License-Identifier: MIT */
/*
 * L4: the layer that keeps accounts by tag; the lowest, right above the engine.
 *
 *  mem ->  | payload             | caller | tag ^ sum |    the block's last words
 *
 * (in the debug profile, words of its trailer that are there for it)
 *
 * The sum is over address, size, caller and the accounts' number, so that a
 * word that was left there by somebody else is not taken for a tag: of
 * arbitrary words one in 2^32 / tags would be.
 *
 * A request is charged before the engine is asked, so that threads cannot pass
 * a limit together; what it got is settled behind.
 */
#include "accounts.h"
#include "enter.h"

#if HEAP_CHECK != 0

/* ---- trailers; the lock is held ----------------------------------------- */

static uintptr_t mix(uintptr_t sum, uintptr_t word)
{
	sum = (sum ^ word) * (uintptr_t)0x9e3779b97f4a7c15u;
	return sum ^ sum >> (WORD_BITS / 2);
}

static uintptr_t sum_of(const struct heap_watch *w,
			const struct heap_tag_trailer *t, const void *p)
{
	return mix(mix(mix(w->epoch, (uintptr_t)t), (uintptr_t)p), t->caller);
}

struct heap_tag_trailer *heap_tag_trailer(struct heap *h, const void *p,
					  size_t *size)
{
	*size = heap_block_size(h, p);
	if (h->bins.damage.kind != HEAP_FAULT_NONE ||
	    (HEAP_CHECK < 3 && *size < sizeof(struct heap_tag_trailer))) {
		h->bins.damage = (struct damage){0};
		return NULL;
	}
	if (HEAP_CHECK >= 3)
		return (struct heap_tag_trailer *)heap_debug_tag(
			mem_to_chunk(p));
	return (struct heap_tag_trailer *)align_down(
		(uintptr_t)p + *size - sizeof(struct heap_tag_trailer),
		WORD_SIZE);
}

/* The trailer of block p was written to. */
static void sign(const struct heap *h, const void *p)
{
	if (HEAP_CHECK >= 3)
		heap_debug_sign(h, mem_to_chunk(p));
}

unsigned heap_tag_in(const struct heap_watch *w,
		     const struct heap_tag_trailer *t, const void *p)
{
	uintptr_t tag;

	if (t == NULL || w->accounts == NULL)
		return HEAP_TAG_NONE;
	tag = t->tag ^ sum_of(w, t, p);
	return tag < w->accounts->tags ? (unsigned)tag : HEAP_TAG_NONE;
}

/* Bytes to ask for so that n and a trailer fit; SIZE_MAX when they do not. */
static size_t with_trailer(size_t n)
{
	if (HEAP_CHECK >= 3)
		return n <= DEBUG_MAX ? n : SIZE_MAX;
	if (n > CHUNK_PAYLOAD_MAX - sizeof(struct heap_tag_trailer) - WORD_SIZE)
		return SIZE_MAX;
	/* A first word, for who hangs a freed block on a list. */
	if (n == 0)
		n = 1;
	return align_up(n, WORD_SIZE) + sizeof(struct heap_tag_trailer);
}

/* What a block of `size` usable bytes costs; the debug profile's are not counted. */
static size_t cost_of(size_t size)
{
	return chunk_round(size);
}

/* ---- accounts; the lock is held ------------------------------------------ */

static unsigned tag_of_caller(const struct heap_accounts *a, const void *caller)
{
	size_t low = 0, high = a->ranges;

	/* range[low - 1].start <= caller < range[high].start */
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (a->range[middle].start <= (uintptr_t)caller)
			low = middle + 1;
		else
			high = middle;
	}
	return low != 0 ? a->range[low - 1].tag : 0;
}

struct heap_tag_task *heap_tag_task(const struct heap_accounts *a,
				    uintptr_t thread)
{
	for (size_t i = 0; i < a->tasks; i++)
		if (a->task[i].tag != 0 && a->task[i].thread == thread)
			return &a->task[i];
	return NULL;
}

static unsigned tag_for(const struct heap_accounts *a, uintptr_t thread,
			const void *caller)
{
	const struct heap_tag_task *task = heap_tag_task(a, thread);
	unsigned tag = task != NULL ? task->tag : tag_of_caller(a, caller);

	return tag < a->tags ? tag : 0;
}

/* `more` bytes for a tag: false when its limit refuses them. */
static bool charge(struct heap_tag *tag, size_t more)
{
	bool over = tag->limit != 0 && more > 0 &&
		    (tag->bytes > tag->limit || more > tag->limit - tag->bytes);

	if (over && tag->refuse) {
		tag->refused++;
		return false;
	}
	tag->bytes += more;
	tag->total += more;
	if (tag->bytes > tag->peak)
		tag->peak = tag->bytes;
	return true;
}

/* Has the tag passed its limit just now? */
static bool has_passed(struct heap_tag *tag)
{
	bool was = tag->is_over;

	tag->is_over = tag->limit != 0 && tag->bytes > tag->limit;
	return tag->is_over && !was;
}

static void discharge(struct heap_tag *tag, size_t fewer)
{
	tag->bytes -= fewer;
	has_passed(tag);
}

/* ---- a request ------------------------------------------------------------ */

/* From its charge to its settlement. */
struct request {
	struct heap_accounts *a; /* NULL: nobody counts this one */
	uintptr_t epoch;
	unsigned tag;
	size_t charged; /* bytes                               */
	size_t had;     /* bytes that the block counted before */
	bool refused;
};

/* Tell the owner; `a` stays meanwhile. */
static void tell_over(struct heap *h, const struct request *r, size_t n,
		      const void *caller)
{
	struct heap_accounts *a = r->a;
	uintptr_t state;

	a->over(a, r->tag, n, caller);
	state = heap_lock(h);
	a->busy--;
	heap_unlock(h, state);
}

/*
 * Charge for a block of n bytes, which block p, of some size, is to become;
 * NULL: a new one.
 */
static void begin(struct heap *h, struct request *r, const void *p, size_t n,
		  const void *caller)
{
	struct heap_watch *w = heap_watch_of(h);
	uintptr_t thread = heap_thread(h), state;
	size_t size = 0, want = with_trailer(n);
	bool tell = false;

	*r = (struct request){0};
	if (want == SIZE_MAX || !heap_layer_enter(h, &state))
		return;
	r->a = w->accounts;
	if (r->a != NULL && p != NULL) {
		const struct heap_tag_trailer *t =
			heap_tag_trailer(h, p, &size);

		r->tag = heap_tag_in(w, t, p);
		/* No block; or without a tag, and it shall only shrink. */
		if ((t == NULL && size == 0) ||
		    (r->tag == HEAP_TAG_NONE && n <= size))
			r->a = NULL;
		else if (r->tag != HEAP_TAG_NONE)
			r->had = cost_of(size);
	}
	if (r->a != NULL) {
		if (p == NULL || r->tag == HEAP_TAG_NONE)
			r->tag = tag_for(r->a, thread, caller);

		struct heap_tag *tag = &r->a->tag[r->tag];
		size_t cost = chunk_round(want);

		r->epoch = w->epoch;
		r->charged = cost > r->had ? cost - r->had : 0;
		r->refused = !charge(tag, r->charged);
		tell = (r->refused || has_passed(tag)) && r->a->over != NULL;
		if (tell)
			r->a->busy++;
	}
	heap_unlock(h, state);
	if (tell)
		tell_over(h, r, n, caller);
}

/* The block is p now, or NULL: put what was charged right, and sign p. */
static void *settle(struct heap *h, const struct request *r, void *p,
		    const void *caller)
{
	struct heap_watch *w = heap_watch_of(h);
	uintptr_t state;
	size_t size;

	if (r->a == NULL || !heap_layer_enter(h, &state))
		return p;
	if (w->accounts == r->a && w->epoch == r->epoch) {
		struct heap_tag *tag = &r->a->tag[r->tag];
		struct heap_tag_trailer *t =
			p != NULL ? heap_tag_trailer(h, p, &size) : NULL;

		tag->bytes -= r->charged;
		if (p == NULL)
			tag->total -= r->charged;
		if (t != NULL) {
			tag->bytes += cost_of(size) - r->had;
			tag->blocks += r->had == 0;
			t->caller = (uintptr_t)caller;
			t->tag = r->tag ^ sum_of(w, t, p);
			sign(h, p);
		}
		has_passed(tag);
	}
	heap_unlock(h, state);
	return p;
}

/* ---- the layer ------------------------------------------------------------ */

static const struct heap_layer *below(const struct heap *h)
{
	return heap_layer_below(h, HEAP_RANK_ACCOUNTS);
}

/* What to ask the engine for. */
static size_t wanted(const struct request *r, size_t n)
{
	return r->a != NULL ? with_trailer(n) : n;
}

static void *counted_alloc(struct heap *h, size_t n, const void *caller)
{
	struct request r;

	begin(h, &r, NULL, n, caller);
	if (r.refused)
		return heap_refuse(h);
	return settle(h, &r, below(h)->alloc(h, wanted(&r, n), caller), caller);
}

static void *counted_align(struct heap *h, size_t align, size_t n,
			   const void *caller)
{
	struct request r;

	begin(h, &r, NULL, n, caller);
	if (r.refused)
		return heap_refuse(h);
	return settle(h, &r, below(h)->align(h, align, wanted(&r, n), caller),
		      caller);
}

/* Block p ends; the lock is held. */
static void counted_late(struct heap *h, const void *p)
{
	struct heap_watch *w = heap_watch_of(h);
	size_t size;
	struct heap_tag_trailer *t = heap_tag_trailer(h, p, &size);
	unsigned tag = heap_tag_in(w, t, p);

	if (tag != HEAP_TAG_NONE) {
		discharge(&w->accounts->tag[tag], cost_of(size));
		w->accounts->tag[tag].blocks--;
		/* Not to be taken for a tag again. */
		t->tag = ~t->tag;
		sign(h, p);
	}
	below(h)->late(h, p);
}

static void counted_free(struct heap *h, void *p, const void *caller)
{
	uintptr_t state;

	if (p != NULL && heap_layer_enter(h, &state)) {
		counted_late(h, p);
		heap_unlock(h, state);
	}
	below(h)->free(h, p, caller);
}

static void *counted_resize(struct heap *h, void *p, size_t n,
			    const void *caller)
{
	struct request r;

	if (p == NULL)
		return counted_alloc(h, n, caller);
	if (n == 0) {
		counted_free(h, p, caller);
		return NULL;
	}
	begin(h, &r, p, n, caller);
	if (r.refused)
		return heap_refuse(h);
	return settle(h, &r, below(h)->resize(h, p, wanted(&r, n), caller),
		      caller);
}

static struct heap_block counted_look(struct heap *h, const void *p,
				      const void *caller)
{
	struct heap_watch *w = heap_watch_of(h);
	uintptr_t thread = heap_thread(h), state;
	struct heap_block block = {0};

	if (!heap_layer_enter(h, &state))
		return block;
	if (p == NULL) {
		if (w->accounts != NULL)
			block.tag = tag_for(w->accounts, thread, caller);
	} else {
		const struct heap_tag_trailer *t =
			heap_tag_trailer(h, p, &block.size);
		unsigned tag = heap_tag_in(w, t, p);

		if (tag != HEAP_TAG_NONE) {
			block.tag = tag;
			if (HEAP_CHECK < 3)
				block.size =
					(size_t)((uintptr_t)t - (uintptr_t)p);
		}
	}
	heap_unlock(h, state);
	return block;
}

static void counted_notice(struct heap *h, enum heap_operation op,
			   const void *caller)
{
	struct heap_watch *w = heap_watch_of(h);
	uintptr_t state;

	if (op == HEAP_OP_RESET && heap_layer_enter(h, &state)) {
		struct heap_accounts *a = w->accounts;

		w->epoch++;
		for (unsigned i = 0; a != NULL && i < a->tags; i++) {
			a->tag[i].bytes = a->tag[i].blocks = 0;
			a->tag[i].is_over = false;
		}
		heap_unlock(h, state);
	}
	below(h)->notice(h, op, caller);
}

const struct heap_layer heap_accounts_layer = {
	.alloc = counted_alloc,
	.align = counted_align,
	.resize = counted_resize,
	.free = counted_free,
	.look = counted_look,
	.late = counted_late,
	.notice = counted_notice,
};

#endif
