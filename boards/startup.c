/* SPDX-License-Identifier: MIT */
/* From reset to main and back, for every Cortex-M, with or without a libc. */
#include "startup.h"

/* Of the system control block: what a fault was, and access to coprocessors. */
#define SCB_CFSR  (*(volatile uint32_t *)0xe000ed28u)
#define SCB_MMFAR (*(volatile uint32_t *)0xe000ed34u)
#define SCB_BFAR  (*(volatile uint32_t *)0xe000ed38u)
#define SCB_CPACR (*(volatile uint32_t *)0xe000ed88u)

/* Bits of CFSR: the address that could not be accessed is known. */
#define CFSR_MMARVALID (1u << 7)
#define CFSR_BFARVALID (1u << 15)

/* A floating-point unit is off at reset, and using it then is a fault. */
static void fpu_on(void)
{
#ifdef __ARM_FP
	SCB_CPACR |= 0xfu << 20;
	__asm__ volatile("dsb\n\tisb" ::: "memory");
#endif
}

_Noreturn void Reset_Handler(void);

_Noreturn void Reset_Handler(void)
{
	fpu_on();
	ram_start();
	program_run();
}

__attribute__((weak)) _Noreturn void board_return(int status)
{
	board_exit(status);
}

/* ---- exceptions that nobody expected ---------------------------------- */

/*
 * `frame` is what the processor pushed: r0-r3, r12, lr, pc, xpsr.  `used`: no
 * compiler sees that the assembler below needs it.
 */
_Noreturn void board_exception(const uint32_t *frame);

__attribute__((used)) _Noreturn void board_exception(const uint32_t *frame)
{
	uint32_t number;

	__asm__ volatile("mrs %0, ipsr" : "=r"(number));
	if (number == 3)
		put_text("board: HardFault");
	else
		put_word("board: exception 0x", number);
	put_word(" pc 0x", frame[6]);
	put_word(" lr 0x", frame[5]);
#if __ARM_ARCH_ISA_THUMB >= 2
	uint32_t cfsr = SCB_CFSR;

	put_word(" cfsr 0x", cfsr);
	if (cfsr & CFSR_BFARVALID)
		put_word(" at 0x", SCB_BFAR);
	else if (cfsr & CFSR_MMARVALID)
		put_word(" at 0x", SCB_MMFAR);
#endif
	put_text("\n");
	board_exit(BOARD_STATUS_FAULT);
}

/* Bit 2 of the return value in lr tells which stack has the frame. */
__attribute__((naked)) void Default_Handler(void);

__attribute__((naked)) void Default_Handler(void)
{
	__asm__ volatile("movs r0, #4\n\t"
			 "mov r1, lr\n\t"
			 "tst r1, r0\n\t"
			 "bne 1f\n\t"
			 "mrs r0, msp\n\t"
			 "b 2f\n"
			 "1:\n\t"
			 "mrs r0, psp\n"
			 "2:\n\t"
			 "ldr r1, =board_exception\n\t"
			 "bx r1\n\t"
			 ".ltorg");
}

#define HANDLER(name)                                                          \
	__attribute__((weak, alias("Default_Handler"))) void name(void)

HANDLER(NMI_Handler);
HANDLER(HardFault_Handler);
HANDLER(MemManage_Handler);
HANDLER(BusFault_Handler);
HANDLER(UsageFault_Handler);
HANDLER(SecureFault_Handler);
HANDLER(SVC_Handler);
HANDLER(DebugMon_Handler);
HANDLER(PendSV_Handler);
HANDLER(SysTick_Handler);
HANDLER(Interrupt_Handler);

/* All external interrupts share one handler; IPSR - 16 tells which it is. */
#define EIGHT(handler)                                                         \
	handler, handler, handler, handler, handler, handler, handler, handler
#define INTERRUPTS 64

__attribute__((section(".vectors"), used)) static const struct {
	char *stack;
	void (*handler[15 + INTERRUPTS])(void);
} vectors = {
	.stack = __stack,
	.handler =
		{
			Reset_Handler,
			NMI_Handler,
			HardFault_Handler,
			MemManage_Handler,
			BusFault_Handler,
			UsageFault_Handler,
			SecureFault_Handler,
			NULL,
			NULL,
			NULL,
			SVC_Handler,
			DebugMon_Handler,
			NULL,
			PendSV_Handler,
			SysTick_Handler,
			EIGHT(Interrupt_Handler),
			EIGHT(Interrupt_Handler),
			EIGHT(Interrupt_Handler),
			EIGHT(Interrupt_Handler),
			EIGHT(Interrupt_Handler),
			EIGHT(Interrupt_Handler),
			EIGHT(Interrupt_Handler),
			EIGHT(Interrupt_Handler),
		},
};
