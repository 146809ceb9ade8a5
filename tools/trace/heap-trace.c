/* SPDX-License-Identifier: MIT */
/* heap-trace: what a heap did, from its trace.  README.md shows what it says. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "blocks.h"
#include "export.h"
#include "picture.h"
#include "program.h"
#include "report.h"
#include "trace.h"

static const char usage[] =
	"usage: heap-trace [OPTION]... PROGRAM.elf TRACE\n"
	"\n"
	"Report on TRACE, which a heap's recorder wrote in PROGRAM: misuse, "
	"what "
	"was not\n"
	"freed, who allocates, sizes and lifetimes, all by source line.\n"
	"\n"
	"  -s FILE.svg    also draw addresses over time, to see fragmentation\n"
	"  -t             colour it by tag, not by source line\n"
	"  -b FILE.trace  also write it as a trace for the heap's bench\n"
	"  -m FILE        also write it in glibc's mtrace format\n"
	"  -n ROWS        rows of a table; default 10\n"
	"  -f             go on although the trace has no end\n"
	"  -l             misuse and leaks only\n"
	"  -q             no report\n"
	"  -h             this text\n"
	"Exit status: 0 all is well; 1 there is misuse, or a leak; 2 the "
	"command "
	"or a\n"
	"file is not what it should be.\n";

struct options {
	const char *svg, *bench, *mtrace;
	size_t rows;
	bool by_tag, partial, leaks_only, quiet;
};

static _Noreturn void wrong(void)
{
	fputs(usage, stderr);
	exit(2);
}

static size_t rows_of(const char *text)
{
	char *end;
	unsigned long rows = strtoul(text, &end, 10);

	if (*text < '0' || *text > '9' || *end != '\0' || rows == 0)
		wrong();
	return rows;
}

static void read_options(struct options *options, int argc, char **argv)
{
	int option;

	*options = (struct options){.rows = 10};
	while ((option = getopt(argc, argv, "s:tb:m:n:flqh")) != -1)
		switch (option) {
		case 's':
			options->svg = optarg;
			break;
		case 't':
			options->by_tag = true;
			break;
		case 'b':
			options->bench = optarg;
			break;
		case 'm':
			options->mtrace = optarg;
			break;
		case 'n':
			options->rows = rows_of(optarg);
			break;
		case 'f':
			options->partial = true;
			break;
		case 'l':
			options->leaks_only = true;
			break;
		case 'q':
			options->quiet = true;
			break;
		case 'h':
			fputs(usage, stdout);
			exit(0);
		default:
			wrong();
		}
	if (argc - optind != 2)
		wrong();
}

/* Print what is asked for; is there something to complain about? */
static bool report(const struct history *history, const struct options *options,
		   const char *program)
{
	bool bad;

	report_summary(history, program);
	bad = report_problems(history) != 0;
	bad |= report_leaks(history, options->rows) != 0;
	if (options->leaks_only)
		return bad;
	report_sites(history, options->rows);
	report_tags(history, options->rows);
	report_live(history);
	report_sizes(history);
	report_lifetimes(history);
	return bad;
}

int main(int argc, char **argv)
{
	struct options options;
	struct history history;
	struct trace trace;
	bool bad = false;

	read_options(&options, argc, argv);
	trace_read(&trace, argv[optind + 1], options.partial);
	program_open(argv[optind], &trace);
	history_read(&history, &trace);
	if (!options.quiet)
		bad = report(&history, &options, argv[optind]);
	if (options.svg != NULL)
		picture_write(&history, options.svg, argv[optind],
			      options.by_tag);
	if (options.bench != NULL)
		export_bench(&history, options.bench);
	if (options.mtrace != NULL)
		export_mtrace(&history, options.mtrace);
	return bad ? 1 : 0;
}
