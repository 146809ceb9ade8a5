/* SPDX-License-Identifier: MIT */
/* The misuse that was seen, in words. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "blocks.h"
#include "program.h"
#include "report.h"
#include "trace.h"

/* The block's life before event e. */
static void print_life(const struct history *history, const struct block *b,
		       const struct event *e)
{
	printf("    allocated    %s\n", program_site_name(b->site));
	if (b->to != NEVER && &history->trace->events[b->to] < e)
		printf("    %-12s %s\n", b->resized ? "resized" : "freed",
		       program_site_name(b->ended));
}

static const char *verb(const struct event *e)
{
	switch (e->kind) {
	case TRACE_BAD_FREE:
		return "freed";
	case TRACE_BAD_RESIZE:
		return "resized";
	default:
		return "met";
	}
}

static void print_title(const struct history *history, const struct problem *p,
			uint64_t old)
{
	static const struct block none;
	const struct block *block =
		p->block == NEVER ? &none : &history->blocks[p->block];

	switch (p->kind) {
	case DOUBLE_FREE:
		printf("%s of 0x%" PRIx64 ", %" PRIu64 " bytes\n",
		       p->event->kind == TRACE_BAD_RESIZE ? "realloc after free"
							  : "double free",
		       old, block->bytes);
		break;
	case DAMAGED:
		printf("damage at 0x%" PRIx64 ", %" PRIu64 " bytes\n", old,
		       block->bytes);
		break;
	case INSIDE:
		printf("pointer 0x%" PRIx64 " into a block, %" PRIu64
		       " behind its start\n",
		       old, old - block->mem);
		break;
	case UNKNOWN_BLOCK:
		printf("pointer 0x%" PRIx64 " to no block that the trace "
		       "knows\n",
		       old);
		break;
	}
}

/* The heap's words for it; the kinds are those of heap_port.h. */
static void print_fault(const struct history *history, const struct problem *p)
{
	static const char *const kinds[] = {
		"no fault",
		"misaligned pointer",
		"pointer outside of the heap",
		"double free or not a block",
		"header damaged or inside a block",
		"neighbour damaged by an overrun",
		"free list damaged",
		"broken invariant",
		"called where the lock does not reach",
	};
	const struct event *fault = p->fault;

	printf("    the heap     %s",
	       fault->number < sizeof(kinds) / sizeof(kinds[0])
		       ? kinds[fault->number]
		       : "unknown fault");
	if (fault->number2 != 0)
		printf(" (I%" PRIu64 ")", fault->number2);
	if (fault->chunk != 0)
		printf(", chunk 0x%" PRIx64, fault->chunk);
	putchar('\n');
	if (p->suspect != NEVER) {
		const struct block *b = &history->blocks[p->suspect];

		printf("    overrun      0x%" PRIx64 ", %" PRIu64
		       " bytes, allocated %s\n",
		       b->mem, b->bytes, program_site_name(b->site));
	}
}

size_t report_problems(const struct history *history)
{
	if (history->problem_count != 0)
		printf("\nmisuse: %zu\n", history->problem_count);
	for (size_t i = 0; i < history->problem_count; i++) {
		const struct problem *p = &history->problems[i];
		uint64_t old = p->event->kind == TRACE_FAULT ? p->event->mem
							     : p->event->old;

		printf("  ");
		print_title(history, p, old);
		if (p->block != NEVER)
			print_life(history, &history->blocks[p->block],
				   p->event);
		printf("    %s%-*s %s\n", verb(p->event),
		       12 - (int)strlen(verb(p->event)),
		       p->kind == DOUBLE_FREE ? " again" : "",
		       program_site_name(program_site(p->event->caller)));
		if (p->fault != NULL)
			print_fault(history, p);
	}
	return history->problem_count;
}
