/* SPDX-License-Identifier: MIT */
/*
 * From reset to main and back, in machine mode, for RISC-V of 32 and 64 bits.
 * The first hart runs, others wait.  Interrupts are off, and no trap has a
 * handler: write mtvec for your own.
 */
#include "startup.h"

#ifdef __riscv_flen
#error "board_start does not turn the floating-point unit on"
#endif

/*
 * Hart 0 goes on, with a stack, its thread-local variables and where traps go,
 * to board_start.
 */
__asm__(".section .vectors, \"ax\"\n\t"
	".option push\n\t"
	".option arch, +zicsr\n\t"
	".global Reset_Handler\n"
	"Reset_Handler:\n\t"
	"csrr t0, mhartid\n"
	"1:\n\t"
	"bnez t0, 1b\n\t"
	"la sp, __stack\n\t"
	"la tp, __tls_base\n\t"
	"la t0, trap\n\t"
	"csrw mtvec, t0\n\t"
	"call board_start\n"
	/* mtvec is a multiple of 4. */
	"\t.balign 4\n"
	"trap:\n\t"
	"csrr a0, mcause\n\t"
	"csrr a1, mepc\n\t"
	"csrr a2, mtval\n\t"
	"mv a3, ra\n\t"
	"la sp, __stack\n\t"
	"call board_exception\n\t"
	".option pop\n\t"
	".text");

_Noreturn void board_start(void);

__attribute__((used)) _Noreturn void board_start(void)
{
	ram_start();
	program_run();
}

__attribute__((weak)) _Noreturn void board_return(int status)
{
	board_exit(status);
}

_Noreturn void board_exception(uintptr_t cause, uintptr_t pc, uintptr_t value,
			       uintptr_t ra);

__attribute__((used)) _Noreturn void
board_exception(uintptr_t cause, uintptr_t pc, uintptr_t value, uintptr_t ra)
{
	put_word("board: trap 0x", cause);
	put_word(" pc 0x", pc);
	put_word(" ra 0x", ra);
	put_word(" mtval 0x", value);
	put_text("\n");
	board_exit(BOARD_STATUS_FAULT);
}
