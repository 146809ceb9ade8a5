/* SPDX-License-Identifier: MIT */
/* Are the blocks of port/README.md where they should be? */
#include <stdint.h>
#include <unistd.h>

extern char __ccm_start[], __ccm_end[], __sram2_start[], __sram2_end[];
extern void *frame, *stack;

void start_memory(void);

int main(void)
{
	start_memory();
	_exit((char *)frame > __sram2_start && (char *)frame < __sram2_end &&
			      (uintptr_t)frame % 32 == 0 &&
			      (char *)stack > __ccm_start &&
			      (char *)stack < __ccm_end
		      ? 7
		      : 1);
}
