/* SPDX-License-Identifier: MIT */
/*
 * Layers at their edges: several heaps with room, none, calls that are on their
 * way when accounts end, and contexts that the lock does not reach.
 */
#include "heap_observe.h"
#include "heap_tags.h"
#include "layer.h"
#include "rig.h"

#define TAGS 2
#define HALF 1536

extern const struct heap_layer heap_accounts_layer;
void heap_unwatch(struct heap *h);

static struct heap_watch room, second_room;
static struct heap_port port;
static struct heap_tag tag[TAGS];
static struct heap_accounts accounts;
static struct heap_observer observer;
static unsigned told, overs, written;
static void (*in_over)(void);
static struct heap *heap;

static void count(struct heap_observer *self, const struct heap_event *e)
{
	(void)self;
	(void)e;
	told++;
}

static void over(struct heap_accounts *a, unsigned which, size_t n,
		 const void *caller)
{
	(void)a;
	(void)which;
	(void)n;
	(void)caller;
	overs++;
	if (in_over != NULL)
		in_over();
}

static void put(void *ctx, const char *bytes, size_t n)
{
	(void)ctx;
	(void)bytes;
	written += n != 0;
}

/* One heap of two in the arena; it has no room for layers. */
static struct heap *bare_heap(unsigned which)
{
	size_t n;
	char *mem = rig_arena(&n, 2 * HALF);

	port = rig_port;
	port.write = put;
	told = overs = written = 0;
	in_over = NULL;
	observer = (struct heap_observer){.tell = count};
	for (unsigned i = 0; i < TAGS; i++)
		tag[i] = (struct heap_tag){0};
	accounts = (struct heap_accounts){.tag = tag, .tags = TAGS};
	return heap_create(mem + which * HALF, HALF, &port);
}

static struct heap *roomy_heap(void)
{
	struct heap *h = bare_heap(0);

	heap_watchable(h, &room);
	return h;
}

/* Blocks of h whose calls go through the layer although accounts have ended. */
static const struct heap_layer *const layer = &heap_accounts_layer;

/* ---- rooms ----------------------------------------------------------------- */

TEST(each_heap_has_its_own_room)
{
	struct heap *h = bare_heap(0), *second = bare_heap(1);

	heap_watchable(h, &room);
	heap_watchable(second, &second_room);
	CHECK_EQ(heap_observe(h, &observer), true);
	heap_free(h, heap_alloc(h, 10));
	heap_free(second, heap_alloc(second, 10));
	CHECK_EQ(told, 2);
	CHECK(heap_watch_of(h) == &room);
	CHECK(heap_watch_of(second) == &second_room);
	/* The first is not the first of the list. */
	CHECK_EQ(heap_unobserve(h, &observer), true);
	heap_destroy(h);
	CHECK_EQ(heap_has_watch(h), false);
	CHECK_EQ(heap_has_watch(second), true);
	heap_destroy(second);
	CHECK_EQ(heap_has_watch(second), false);
	CHECK_EQ(rig.faults, 0);
}

TEST(room_given_twice_changes_nothing)
{
	struct heap *h = roomy_heap();

	CHECK_EQ(heap_observe(h, &observer), true);
	heap_watchable(h, &room);
	heap_watchable(h, &second_room);
	CHECK(heap_watch_of(h) == &room);
	heap_alloc(h, 10);
	CHECK_EQ(told, 1);
	CHECK_EQ(heap_unobserve(h, &observer), true);
	rig_check_sound(h);
	heap_destroy(h);
}

TEST(a_heap_without_room_may_end)
{
	struct heap *h = bare_heap(0), *second = bare_heap(1);

	heap_watchable(second, &room);
	heap_destroy(h);
	heap_unwatch(h);
	CHECK_EQ(heap_has_watch(second), true);
	heap_destroy(second);
}

TEST(frames_may_leave_in_any_order)
{
	struct heap_frame a = {.thread = 1}, b = {.thread = 2},
			  c = {.thread = 3}, *list = NULL;

	heap_frame_push(&list, &a);
	heap_frame_push(&list, &b);
	heap_frame_push(&list, &c);
	heap_frame_remove(&list, &a);
	CHECK(list == &c && c.next == &b && b.next == NULL);
	heap_frame_remove(&list, &b);
	CHECK(heap_frame_of(list, 2) == NULL);
	CHECK(heap_frame_of(list, 3) == &c);
	heap_frame_remove(&list, &c);
	CHECK(list == NULL);
}

TEST(observers_leave_in_any_order)
{
	static struct heap_observer leaver;
	struct heap *h = roomy_heap();

	leaver = (struct heap_observer){.tell = count};
	CHECK_EQ(heap_observe(h, &observer), true);
	CHECK_EQ(heap_observe(h, &leaver), true);
	/* As by another thread, while one is about to tell it. */
	leaver.leaving = true;
	heap_alloc(h, 1);
	CHECK_EQ(told, 1);
	CHECK(room.observers == &observer && observer.next == NULL);
	CHECK_EQ(heap_unobserve(h, &observer), true);
	CHECK_EQ(heap_has_layers(h), false);
	rig_check_sound(h);
	heap_destroy(h);
}

/* Who says to be the heap itself, and has no call in the engine, is nobody. */
TEST(a_fault_without_a_frame_has_no_caller)
{
	static int object;
	struct heap *h = roomy_heap();

	heap_free_from(h, &object, h);
	CHECK(rig.fault.caller == NULL);
	rig_check_fault(HEAP_FAULT_FOREIGN, &object);
	heap_destroy(h);
}

static uintptr_t fifth(void *ctx)
{
	(void)ctx;
	return 5;
}

/* The engine's own calls of the heap name who called the layers. */
TEST(a_fault_below_layers_names_the_callers_of_this_thread)
{
	static const char culprit;
	static int object;
	struct heap *h = roomy_heap();
	void *p = heap_alloc(h, 20);

	port.thread = fifth;
	CHECK_EQ(heap_observe(h, &observer), true);
	CHECK_PTR_EQ(heap_resize_from(h, &object, 60, &culprit), NULL);
	CHECK_PTR_EQ(rig.fault.caller, &culprit);
	rig_check_fault(HEAP_FAULT_FOREIGN, &object);
	/* What has ended is no call any more. */
	CHECK(room.calls == NULL);
	p = heap_resize(h, p, 60);
	CHECK(p != NULL && room.calls == NULL);
	CHECK(heap_alloc_aligned(h, 64, 8) != NULL && room.calls == NULL);
	CHECK_EQ(heap_unobserve(h, &observer), true);
	rig_check_sound(h);
	heap_destroy(h);
}

TEST(an_alignment_that_every_block_has_is_told_once)
{
	struct heap *h = roomy_heap();

	CHECK_EQ(heap_observe(h, &observer), true);
	for (size_t align = 1; align <= 4 * HEAP_ALIGN; align *= 2) {
		told = 0;
		CHECK(heap_alloc_aligned(h, align, 8) != NULL);
		CHECK_EQ(told, 1);
	}
	CHECK_EQ(heap_unobserve(h, &observer), true);
	rig_check_sound(h);
	heap_destroy(h);
}

/* ---- where the lock does not reach -------------------------------------------- */

TEST(accounts_and_tags_need_room_and_the_lock)
{
	struct heap *h = bare_heap(0);
	const void *caller;
	unsigned which;
	struct heap_tag copy;

	for (unsigned i = 0; i < 2; i++) {
		CHECK_EQ(heap_accounts_start(h, &accounts), false);
		/* Without room there is nothing to wait for. */
		CHECK_EQ(heap_accounts_stop(h, &accounts), i == 0);
		CHECK_EQ(heap_tag_set(h, 1), 0);
		CHECK_EQ(heap_tag_of(h, h, &which, &caller), false);
		CHECK_EQ(heap_tag_read(h, 0, &copy), false);
		CHECK_EQ(heap_observe(h, &observer), false);
		heap_tags_dump(h);
		heap_watchable(h, &room);
		rig.in_isr = true;
	}
	CHECK_EQ(written, 0);
	rig.in_isr = false;
	/* Room, but no accounts. */
	CHECK_EQ(heap_tag_read(h, 0, &copy), false);
	CHECK_EQ(heap_accounts_start(h, &accounts), true);
	CHECK_EQ(heap_tag_read(h, 0, &copy), true);
	port.write = NULL;
	heap_tags_dump(h);
	CHECK_EQ(written, 0);
	CHECK_EQ(heap_accounts_stop(h, &accounts), true);
	rig_check_sound(h);
	heap_destroy(h);
}

TEST(calls_through_layers_are_refused_in_an_interrupt)
{
	struct heap *h = roomy_heap();
	void *p = heap_alloc(h, 20);

	CHECK_EQ(heap_accounts_start(h, &accounts), true);
	rig.in_isr = true;
	CHECK_PTR_EQ(heap_alloc_aligned(h, 64, 10), NULL);
	rig_check_fault(HEAP_FAULT_INTERRUPT, NULL);
	CHECK_PTR_EQ(heap_resize(h, p, 60), NULL);
	rig_check_fault(HEAP_FAULT_INTERRUPT, p);
	CHECK_PTR_EQ(heap_alloc(h, 10), NULL);
	rig_check_fault(HEAP_FAULT_INTERRUPT, NULL);
	heap_free(h, p);
	rig_check_fault(HEAP_FAULT_INTERRUPT, p);
	CHECK_EQ(layer->look(h, p, NULL).size, 0);
	layer->notice(h, HEAP_OP_RESET, NULL);
	rig.in_isr = false;
	CHECK_EQ(tag[0].bytes, 0);
	heap_free(h, p);
	CHECK_EQ(heap_accounts_stop(h, &accounts), true);
	rig_check_sound(h);
	heap_destroy(h);
}

/* The largest size is tried below them as it is without. */
TEST(a_resize_through_layers_has_the_same_limit)
{
	RIG_NEEDS_PLAIN_BLOCKS;
	struct heap *h = roomy_heap();
	void *p = heap_alloc(h, 20);

	CHECK_EQ(heap_observe(h, &observer), true);
	CHECK_PTR_EQ(heap_resize(h, p, CHUNK_PAYLOAD_MAX + 1), NULL);
	CHECK_EQ(rig_stats(h).failures, 0);
	CHECK_PTR_EQ(heap_resize(h, p, CHUNK_PAYLOAD_MAX), NULL);
	CHECK_EQ(rig_stats(h).failures, 1);
	CHECK_EQ(heap_unobserve(h, &observer), true);
	rig_check_sound(h);
	heap_destroy(h);
}

/* ---- accounts that end meanwhile ------------------------------------------------ */

TEST(a_call_on_its_way_when_accounts_end_goes_on)
{
	struct heap *h = roomy_heap();
	void *p, *q;

	CHECK_EQ(heap_accounts_start(h, &accounts), true);
	p = heap_alloc(h, 20);
	CHECK_EQ(heap_accounts_stop(h, &accounts), true);
	q = layer->alloc(h, 20, NULL);
	CHECK(q != NULL && q != p);
	q = layer->resize(h, q, 60, NULL);
	CHECK(q != NULL);
	CHECK_EQ(layer->look(h, NULL, NULL).tag, 0);
	CHECK(layer->look(h, q, NULL).size >= 60);
	layer->notice(h, HEAP_OP_RESET, NULL);
	layer->notice(h, HEAP_OP_TRIMMED, NULL);
	CHECK(tag[0].bytes != 0);
	layer->free(h, q, NULL);
	layer->free(h, p, NULL);
	rig_let_go(h);
	CHECK_EQ(rig_stats(h).used_chunks, 0);
	rig_check_sound(h);
	heap_destroy(h);
}

static void stop_accounts(void)
{
	CHECK_EQ(heap_accounts_stop(heap, &accounts), false);
}

static void reset_heap(void)
{
	heap_reset(heap);
}

/* What was charged is not taken off other accounts than it was charged to. */
TEST(accounts_may_end_while_their_owner_is_told)
{
	void *p;

	heap = roomy_heap();
	tag[0].limit = 1;
	accounts.over = over;
	in_over = stop_accounts;
	CHECK_EQ(heap_accounts_start(heap, &accounts), true);
	p = heap_alloc(heap, 20);
	CHECK(p != NULL);
	CHECK_EQ(overs, 1);
	CHECK_EQ(tag[0].blocks, 0);
	CHECK_EQ(heap_accounts_stop(heap, &accounts), true);
	heap_free(heap, p);
	rig_check_sound(heap);
	heap_destroy(heap);
}

TEST(the_heap_may_be_reset_while_the_owner_is_told)
{
	heap = roomy_heap();
	tag[0].limit = 1;
	accounts.over = over;
	in_over = reset_heap;
	CHECK_EQ(heap_accounts_start(heap, &accounts), true);
	CHECK(heap_alloc(heap, 20) != NULL);
	CHECK_EQ(overs, 1);
	CHECK_EQ(tag[0].bytes + tag[0].blocks, 0);
	CHECK_EQ(rig_stats(heap).used_chunks, 1);
	CHECK_EQ(heap_accounts_stop(heap, &accounts), true);
	rig_check_sound(heap);
	heap_destroy(heap);
}

TEST(accounts_are_stopped_by_their_owner_only)
{
	static struct heap_accounts other;
	struct heap *h = roomy_heap();

	other = (struct heap_accounts){.tag = tag, .tags = 1};
	CHECK_EQ(heap_accounts_start(h, &accounts), true);
	CHECK_EQ(heap_accounts_stop(h, &other), true);
	heap_alloc(h, 20);
	CHECK_EQ(tag[0].blocks, 1);
	CHECK_EQ(layer->look(h, &other, NULL).size, 0);
	CHECK_EQ(heap_accounts_stop(h, &accounts), true);
	rig_check_sound(h);
	heap_destroy(h);
}

TEST(a_refusal_of_which_nobody_wants_to_hear_is_counted)
{
	struct heap *h = roomy_heap();
	static int object;

	tag[0].limit = 1;
	tag[0].refuse = true;
	CHECK_EQ(heap_accounts_start(h, &accounts), true);
	CHECK_PTR_EQ(heap_alloc(h, 20), NULL);
	CHECK_EQ(tag[0].refused, 1);
	CHECK_EQ(tag[0].total, 0);
	written = 0;
	heap_tags_dump(h);
	/* The title and a line. */
	CHECK(written > 1);
	CHECK_PTR_EQ(heap_resize(h, &object, 20), NULL);
	CHECK_EQ(tag[0].refused, 1);
	rig_check_fault(HEAP_FAULT_FOREIGN, &object);
	CHECK_EQ(heap_accounts_stop(h, &accounts), true);
	rig_check_sound(h);
	heap_destroy(h);
}

TEST(a_trim_leaves_accounts_alone)
{
	struct heap *h = rig_growing_heap(4096, RIG_ADJOIN);
	void *p, *q;

	for (unsigned i = 0; i < TAGS; i++)
		tag[i] = (struct heap_tag){0};
	accounts = (struct heap_accounts){.tag = tag, .tags = TAGS};
	heap_watchable(h, &room);
	p = heap_alloc(h, 64);
	CHECK_EQ(heap_accounts_start(h, &accounts), true);
	q = heap_alloc(h, 1024);
	CHECK(q != NULL);
	heap_free(h, q);
	CHECK(heap_trim(h, 0) > 0);
	CHECK_EQ(tag[0].blocks, 0);
	CHECK_EQ(tag[0].bytes, 0);
	/* A block from before is none of theirs. */
	CHECK_EQ(layer->look(h, p, NULL).tag, 0);
	CHECK(layer->look(h, p, NULL).size >= 64);
	heap_free(h, p);
	CHECK_EQ(heap_accounts_stop(h, &accounts), true);
	rig_check_sound(h);
	heap_destroy(h);
}

TEST(lua_with_a_tag_that_is_none_allocates_without)
{
	struct heap *h = roomy_heap();
	struct heap_lua lua = {h, TAGS};
	void *p;

	CHECK_EQ(heap_accounts_start(h, &accounts), true);
	p = heap_lua_alloc(&lua, NULL, 5, 100);
	CHECK(p != NULL);
	CHECK_EQ(tag[0].blocks, 1);
	CHECK(heap_lua_alloc(&lua, p, 100, 0) == NULL);
	CHECK_EQ(tag[0].blocks, 0);
	CHECK_EQ(heap_accounts_stop(h, &accounts), true);
	rig_check_sound(h);
	heap_destroy(h);
}
