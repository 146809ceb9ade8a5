/* SPDX-License-Identifier: MIT */
/*
 * Lets the emulator start newlib's own crt0, which has no vector table: the
 * stack's top for the time being, and where to begin.
 */
#define STACK_TOP 0x3ff000

void _start(void);

struct vectors {
	unsigned long stack;
	void (*reset)(void);
};

/* To be named by -u, or --gc-sections drops it. */
extern const struct vectors vectors;
__attribute__((section(".vectors")))
const struct vectors vectors = {STACK_TOP, _start};
