/* SPDX-License-Identifier: MIT */
/*
 * Which trials there are, and what is said of each.
 *
 * A trial is known by its index: the damages come first, then EACH trials of
 * each misuse, or several times as many.  SEED and the index are all that it depends on.
 *
 *	# try INDEX GROUP what
 *	# hit ...                    when and where the fault was made
 *	# end OUTCOME why ...
 *	# then OUTCOME why ...       harm done after a detection, see AFTER
 *	# done                       unless COUNT did not reach so far
 *
 * `run` reads these lines.
 */
#include <limits.h>

#include "campaign.h"

/* The index of the first trial of misuse k is (k + 1) * STRIDE. */
#define STRIDE 1000000ul

static unsigned long seed;
static unsigned after; /* operations when the port has been told */
static bool under_way; /* a trial */

/* A damaged pointer to a function may lead here again. */
static void not_astray(void)
{
	if (!under_way)
		return;
	campaign_end(CRASH, "astray", NULL, NULL);
	place_end();
}

static const char *const outcomes[] = {
	[GOING_ON] = "going-on", [DETECT] = "detect", [SILENT] = "silent",
	[DEGRADE] = "degrade",   [CRASH] = "crash",   [HANG] = "hang",
	[BENIGN] = "benign",     [MISSED] = "missed", [UNFIT] = "unfit",
};

static const char *const calls[] = {"-",      "alloc", "zalloc", "aligned",
				    "resize", "free",  "size",   "check"};

static const char *const kinds[] = {
	[HEAP_FAULT_NONE] = "-",
	[HEAP_FAULT_MISALIGNED] = "misaligned",
	[HEAP_FAULT_FOREIGN] = "foreign",
	[HEAP_FAULT_NOT_USED] = "not-used",
	[HEAP_FAULT_HEADER] = "header",
	[HEAP_FAULT_NEIGHBOUR] = "neighbour",
	[HEAP_FAULT_LINK] = "link",
	[HEAP_FAULT_INVARIANT] = "invariant",
	[HEAP_FAULT_INTERRUPT] = "interrupt",
};

void campaign_end(enum outcome outcome, const char *why, const void *at,
		  const void *pc)
{
	unsigned kind = trial.faults != 0 || outcome == DETECT
				? (unsigned)trial.fault.kind
				: 0;
	const char *name = kind < sizeof(kinds) / sizeof(kinds[0]) ? kinds[kind]
								   : "unknown";

	tap_diag("%s %s: %s: %s %u %s fault %s I%d at %p pc %p",
		 trial.told ? "then" : "end", outcomes[outcome],
		 why != NULL ? why : "-", trial.phase, trial.op,
		 calls[trial.call], name,
		 kind != 0 ? (int)trial.fault.invariant : 0, at, pc);
}

static void run(unsigned long index)
{
	/* Neighbouring seeds are to give sequences far apart. */
	uint32_t mixed = (uint32_t)(seed ^ (index + 1) * 0x9e3779b1ul);
	enum outcome outcome;

	mixed = (mixed ^ mixed >> 16) * 0x85ebca6bu;
	mixed = (mixed ^ mixed >> 13) * 0xc2b2ae35u;
	arena_start(mixed ^ mixed >> 16);
	outcome = index < STRIDE ? damage_trial()
				 : misuse_trial((unsigned)(index / STRIDE - 1));
	campaign_end(outcome, trial.why, trial.mem, NULL);
	if (outcome == DETECT && index < STRIDE)
		work_after_detection(after);
}

/* How many are to be tried yet before the program is to be called again. */
static unsigned long left;

static void try(unsigned long index)
{
	const char *call = "damage", *name = "";

	not_astray();
	if (left == 0)
		return;
	left--;
	if (index >= STRIDE)
		misuse_name((unsigned)(index / STRIDE - 1), &call, &name);
	tap_diag("try %lu %s: %s", index, call, name);
	under_way = true;
	place_try(run, index);
	under_way = false;
}

TEST(every_fault_is_tried)
{
	not_astray();

	unsigned long damages = tap_arg("trials", 100);
	unsigned long each = tap_arg("each", 10);
	unsigned long first = tap_arg("first", 0);
	unsigned long only = tap_arg("only", ULONG_MAX);

	left = tap_arg("count", ULONG_MAX);

	const char *call, *name;

	seed = tap_arg("seed", 1);
	after = (unsigned)tap_arg("after", 0);
	trial.verbose = tap_arg("verbose", 0) != 0;
	arena_measure();
	tap_diag("seed 0x%lx largest %zu %zu %zu", seed, arena_largest[0],
		 arena_largest[1], arena_largest[2]);
	if (only != ULONG_MAX) {
		try(only);
		return;
	}
	for (unsigned long i = first; i < damages; i++)
		try(i);
	for (unsigned k = 0; misuse_name(k, &call, &name); k++)
		for (unsigned long i = 0; i < misuse_weight(k) * each; i++)
			if ((k + 1) * STRIDE + i >= first)
				try((k + 1) * STRIDE + i);
	if (left != 0)
		tap_diag("done");
}
