/* SPDX-License-Identifier: MIT */
/* L4: accounts are begun, ended and read; see accounts.c. */
#include "accounts.h"
#include "enter.h"

#if HEAP_CHECK != 0

/* Take the lock of a heap that has room for accounts. */
static struct heap_watch *enter(struct heap *h, uintptr_t *state)
{
	if (!heap_has_watch(h) || !heap_layer_enter(h, state))
		return NULL;
	return heap_watch_of(h);
}

bool heap_accounts_start(struct heap *h, struct heap_accounts *a)
{
	uintptr_t state;
	struct heap_watch *w = enter(h, &state);
	bool may;

	if (w == NULL)
		return false;
	may = w->accounts == NULL;
	if (may) {
		for (unsigned i = 0; i < a->tags; i++) {
			struct heap_tag *tag = &a->tag[i];

			tag->bytes = tag->blocks = tag->peak = 0;
			tag->total = tag->refused = 0;
			tag->is_over = false;
		}
		a->busy = 0;
		w->epoch++;
		w->accounts = a;
		heap_layer_put(h, HEAP_RANK_ACCOUNTS, &heap_accounts_layer);
	}
	heap_unlock(h, state);
	return may;
}

bool heap_accounts_stop(struct heap *h, struct heap_accounts *a)
{
	uintptr_t state;
	struct heap_watch *w = enter(h, &state);
	bool gone;

	if (w == NULL)
		return !heap_has_watch(h);
	if (w->accounts == a) {
		w->accounts = NULL;
		heap_layer_put(h, HEAP_RANK_ACCOUNTS, NULL);
	}
	gone = a->busy == 0;
	heap_unlock(h, state);
	return gone;
}

/* A slot without a thread, or NULL. */
static struct heap_tag_task *free_task(const struct heap_accounts *a)
{
	for (size_t i = 0; i < a->tasks; i++)
		if (a->task[i].tag == 0)
			return &a->task[i];
	return NULL;
}

static unsigned set(const struct heap_accounts *a, uintptr_t thread,
		    unsigned tag)
{
	struct heap_tag_task *task;
	unsigned was;

	if (tag >= a->tags)
		return HEAP_TAG_NONE;
	task = heap_tag_task(a, thread);
	was = task != NULL ? task->tag : 0;
	if (task == NULL && tag != 0) {
		task = free_task(a);
		if (task == NULL)
			return HEAP_TAG_NONE;
		task->thread = thread;
	}
	if (task != NULL)
		task->tag = tag;
	return was;
}

unsigned heap_tag_set(struct heap *h, unsigned tag)
{
	uintptr_t thread = heap_thread(h), state;
	struct heap_watch *w = enter(h, &state);
	unsigned was = 0;

	if (w == NULL)
		return 0;
	if (w->accounts != NULL)
		was = set(w->accounts, thread, tag);
	heap_unlock(h, state);
	return was;
}

bool heap_tag_of(struct heap *h, const void *p, unsigned *tag,
		 const void **caller)
{
	uintptr_t state;
	const struct heap_watch *w = enter(h, &state);
	const struct heap_tag_trailer *t;
	size_t size;

	if (w == NULL)
		return false;
	t = heap_tag_trailer(h, p, &size);
	*tag = heap_tag_in(w, t, p);
	if (*tag != HEAP_TAG_NONE)
		*caller = (const void *)t->caller;
	heap_unlock(h, state);
	return *tag != HEAP_TAG_NONE;
}

bool heap_tag_read(struct heap *h, unsigned tag, struct heap_tag *copy)
{
	uintptr_t state;
	const struct heap_watch *w = enter(h, &state);
	bool there;

	if (w == NULL)
		return false;
	there = w->accounts != NULL && tag < w->accounts->tags;
	if (there)
		*copy = w->accounts->tag[tag];
	heap_unlock(h, state);
	return there;
}

#endif
