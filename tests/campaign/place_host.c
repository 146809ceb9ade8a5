/* SPDX-License-Identifier: MIT */
/*
 * Trials on a POSIX host: each in a process of its own, so that a crash ends
 * nothing else, and a call that does not return is stopped when it has used
 * the processor for a hundred times what a trial needs.
 */
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

#include "campaign.h"

/* Where a microcontroller's RAM is. */
#define PLACE ((unsigned char *)0x20000000)
/* Nothing may be accessed so far around. */
#define MOAT ((size_t)1 << 24)

unsigned char *place_memory(void)
{
	static unsigned char *memory;
	size_t all = MOAT + MEMORY_BYTES + MOAT;

	if (memory != NULL)
		return memory;
	memory = mmap(PLACE - MOAT, all, PROT_NONE,
		      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE |
			      MAP_FIXED_NOREPLACE,
		      -1, 0);
	if (memory != PLACE - MOAT ||
	    mprotect(PLACE, MEMORY_BYTES, PROT_READ | PROT_WRITE) != 0) {
		tap_diag("cannot have memory at %p", (void *)PLACE);
		_exit(2);
	}
	return memory = PLACE;
}

static void stopped(int signal, siginfo_t *info, void *context)
{
	const ucontext_t *c = context;
#ifdef __x86_64__
	greg_t pc = c->uc_mcontext.gregs[REG_RIP];
#else
	greg_t pc = c->uc_mcontext.gregs[REG_EIP];
#endif
	bool writes = (c->uc_mcontext.gregs[REG_ERR] & 2) != 0;

	if (signal == SIGVTALRM)
		campaign_end(HANG, "time", NULL, (const void *)pc);
	else
		campaign_end(CRASH, writes ? "write" : "read", info->si_addr,
			     (const void *)pc);
	_exit(0);
}

static void catch_all(void)
{
	static char stack[65536];
	static const int signals[] = {SIGSEGV, SIGBUS,  SIGILL,
				      SIGFPE,  SIGTRAP, SIGVTALRM};
	struct sigaction action = {.sa_sigaction = stopped,
				   .sa_flags = SA_SIGINFO | SA_ONSTACK};
	struct itimerval limit = {.it_value = {.tv_sec = 3}};

	sigaltstack(&(stack_t){.ss_sp = stack, .ss_size = sizeof(stack)}, NULL);
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		sigaction(signals[i], &action, NULL);
	setitimer(ITIMER_VIRTUAL, &limit, NULL);
}

_Noreturn void place_end(void)
{
	_exit(0);
}

void place_try(void (*run)(unsigned long index), unsigned long index)
{
	int status = 0;
	pid_t child = fork();

	if (child < 0) {
		tap_diag("cannot fork");
		_exit(2);
	}
	if (child == 0) {
		catch_all();
		run(index);
		_exit(0);
	}
	if (waitpid(child, &status, 0) != child || status != 0)
		campaign_end(CRASH, "abort", NULL, NULL);
}
