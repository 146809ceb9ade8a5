/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "blocks.h"
#include "program.h"
#include "refuse.h"
#include "trace.h"

/* The latest block at an address, live or not: a table, never half full. */
struct latest {
	uint64_t mem;
	size_t block;
};

/* Blocks on their way from RESIZING to RESIZED. */
struct underway {
	uint64_t old;
	size_t block;
};

struct player {
	struct history *history;
	struct latest *latest;
	size_t latest_size, latest_count;
	struct underway *underway;
	size_t underway_count;
};

/* ---- the latest block at an address --------------------------------------------- */

static struct latest *slot_of(const struct player *player, uint64_t mem)
{
	size_t i = (size_t)(mem * UINT64_C(0x9e3779b97f4a7c15) >> 20) &
		   (player->latest_size - 1);

	while (player->latest[i].mem != 0 && player->latest[i].mem != mem)
		i = (i + 1) & (player->latest_size - 1);
	return &player->latest[i];
}

static void latest_grow(struct player *player)
{
	struct latest *old = player->latest;
	size_t was = player->latest_size;

	player->latest_size = was == 0 ? 4096 : 2 * was;
	player->latest = need(calloc(player->latest_size, sizeof(*old)));
	for (size_t i = 0; i < was; i++)
		if (old[i].mem != 0)
			*slot_of(player, old[i].mem) = old[i];
	free(old);
}

static struct block *latest_at(const struct player *player, uint64_t mem)
{
	const struct latest *slot = slot_of(player, mem);

	return slot->mem == 0 ? NULL : &player->history->blocks[slot->block];
}

static struct block *live_at(const struct player *player, uint64_t mem)
{
	struct block *block = latest_at(player, mem);

	return block != NULL && block->to == NEVER ? block : NULL;
}

/* ---- blocks begin and end --------------------------------------------------------- */

static void widen(struct history *history, uint64_t from, uint64_t to)
{
	if (history->high == 0 || from < history->low)
		history->low = from;
	if (to > history->high)
		history->high = to;
}

static struct block *begin(struct player *player, const struct event *e,
			   size_t at)
{
	struct history *history = player->history;
	size_t n = history->count;
	struct latest *slot;

	if ((n & (n + 1)) == 0)
		history->blocks =
			need(realloc(history->blocks,
				     2 * (n + 1) * sizeof(*history->blocks)));
	history->blocks[n] = (struct block){
		.mem = e->mem,
		.bytes = e->bytes,
		.from = at,
		.to = NEVER,
		.began = at,
		.tag = e->tag,
		.site = program_site(e->caller),
	};
	history->count++;
	history->has_tags |= e->tag != 0;
	if (2 * player->latest_count >= player->latest_size)
		latest_grow(player);
	slot = slot_of(player, e->mem);
	if (slot->mem == 0)
		player->latest_count++;
	else if (history->blocks[slot->block].to == NEVER) {
		/* Its end was lost, or is told later: it is being moved. */
		history->blocks[slot->block].to = at;
		history->unended += !history->blocks[slot->block].moving;
	}
	*slot = (struct latest){e->mem, n};
	widen(history, e->mem, e->mem + e->bytes);
	return &history->blocks[n];
}

static void end(struct block *block, const struct event *e, size_t at,
		bool resized)
{
	block->to = at;
	block->ended = program_site(e->caller);
	block->resized = resized;
}

/* ---- misuse ------------------------------------------------------------------------- */

/* The live block that the byte at `at` lies in. */
static size_t block_around(const struct history *history, uint64_t at)
{
	const struct block *b = history->blocks;

	for (size_t i = 0; b != NULL && i < history->count; i++, b++)
		if (b->to == NEVER && at >= b->mem && at - b->mem < b->bytes)
			return i;
	return NEVER;
}

/* The live block that ends nearest below `at`: what has written there. */
static size_t block_below(const struct history *history, uint64_t at)
{
	uint64_t nearest = 0;
	size_t best = NEVER;

	for (size_t i = 0; i < history->count; i++) {
		const struct block *b = &history->blocks[i];

		if (b->to == NEVER && b->mem < at && b->mem >= nearest) {
			nearest = b->mem;
			best = i;
		}
	}
	return best;
}

static struct problem *add_problem(struct history *history,
				   const struct event *e)
{
	size_t n = history->problem_count++;

	history->problems = need(
		realloc(history->problems, (n + 1) * sizeof(struct problem)));
	history->problems[n] = (struct problem){
		.event = e,
		.block = NEVER,
		.suspect = NEVER,
		.kind = UNKNOWN_BLOCK,
	};
	return &history->problems[n];
}

/* A call that passed `old`, which the heap did not take for a sound block. */
static void misused(struct player *player, const struct event *e, uint64_t old)
{
	struct history *history = player->history;
	struct problem *problem = add_problem(history, e);
	struct block *block = latest_at(player, old);

	if (block != NULL && block->to == NEVER) {
		block->refused = true;
		problem->kind = DAMAGED;
	} else if (block != NULL) {
		problem->kind = DOUBLE_FREE;
	}
	if (block != NULL) {
		problem->block = (size_t)(block - history->blocks);
		return;
	}
	problem->block = block_around(history, old);
	if (problem->block != NEVER)
		problem->kind = INSIDE;
}

/* What the heap said of it: to the call before, or of one that is not told. */
static void faulted(struct player *player, const struct event *e)
{
	struct history *history = player->history;
	struct problem *problem = NULL;

	if (history->problem_count != 0)
		problem = &history->problems[history->problem_count - 1];
	if (problem == NULL || problem->fault != NULL ||
	    problem->event->old != e->mem ||
	    problem->event->caller != e->caller) {
		misused(player, e, e->mem);
		problem = &history->problems[history->problem_count - 1];
	}
	problem->fault = e;
	/* A head is damaged: by who lies below it. */
	if (problem->kind == DAMAGED && e->chunk != 0)
		problem->suspect = block_below(history, e->chunk);
}

/* ---- events -------------------------------------------------------------------------- */

static void freed(struct player *player, const struct event *e, size_t at)
{
	struct block *block = live_at(player, e->old);

	if (block != NULL)
		end(block, e, at, false);
	else
		player->history->unknown++;
}

static void resizing(struct player *player, const struct event *e)
{
	struct block *block = live_at(player, e->old);
	size_t n = player->underway_count;

	if (block == NULL)
		return;
	block->moving = true;
	player->underway = need(
		realloc(player->underway, (n + 1) * sizeof(*player->underway)));
	player->underway[n] = (struct underway){
		e->old, (size_t)(block - player->history->blocks)};
	player->underway_count++;
}

static void resized(struct player *player, const struct event *e, size_t at)
{
	size_t was = NEVER;
	struct block *block;

	for (size_t i = 0; i < player->underway_count; i++)
		if (player->underway[i].old == e->old) {
			was = player->underway[i].block;
			player->underway_count--;
			player->underway[i] =
				player->underway[player->underway_count];
			break;
		}
	if (was != NEVER)
		player->history->blocks[was].moving = false;
	if (e->mem == 0) {
		player->history->refused++;
		return;
	}
	if (was != NEVER && player->history->blocks[was].to == NEVER)
		end(&player->history->blocks[was], e, at, true);
	else if (was == NEVER)
		player->history->unknown++;
	block = begin(player, e, at);
	if (was != NEVER)
		block->began = player->history->blocks[was].began;
}

static void reset(struct player *player, const struct event *e, size_t at)
{
	for (size_t i = 0; i < player->history->count; i++)
		if (player->history->blocks[i].to == NEVER)
			end(&player->history->blocks[i], e, at, false);
}

static void play(struct player *player, const struct event *e, size_t at)
{
	switch (e->kind) {
	case TRACE_ALLOC:
	case TRACE_ALIGNED:
		if (e->mem != 0)
			begin(player, e, at);
		else
			player->history->refused++;
		break;
	case TRACE_FREE:
		freed(player, e, at);
		break;
	case TRACE_BAD_FREE:
	case TRACE_BAD_RESIZE:
		misused(player, e, e->old);
		break;
	case TRACE_RESIZING:
		resizing(player, e);
		break;
	case TRACE_RESIZED:
		resized(player, e, at);
		break;
	case TRACE_GROWN:
		widen(player->history, e->mem - e->bytes, e->mem);
		break;
	case TRACE_RESET:
		reset(player, e, at);
		break;
	case TRACE_FAULT:
		faulted(player, e);
		break;
	case TRACE_TRIMMED:
	case TRACE_LOST:
	case TRACE_MARK:
	case TRACE_END:
		break;
	}
}

void history_read(struct history *history, const struct trace *trace)
{
	struct player player = {.history = history};

	*history = (struct history){.trace = trace};
	program_site(0);
	latest_grow(&player);
	for (size_t i = 0; i < trace->count; i++)
		play(&player, &trace->events[i], i);
	free(player.latest);
	free(player.underway);
}
