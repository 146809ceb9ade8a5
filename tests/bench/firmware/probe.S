/* SPDX-License-Identifier: MIT */
/*
 * The counted call.  In Thumb-1, so that the same instructions serve all
 * cores.  Between the two reads of the timer lie the first read, the blx and
 * the callee: an empty callee, a bare bx lr, counts 3.
 */
	.syntax unified
	.thumb
	.equ	TIMER_VALUE, 0x40000004

	.section .text.bench_probe, "ax"
	.global	bench_probe
	.type	bench_probe, %function
	.thumb_func
bench_probe:
	push	{r3, r4, r5, r6, r7, lr}
	mov	r12, r0
	mov	r5, r3
	mov	r0, r1
	mov	r1, r2
	ldr	r4, =TIMER_VALUE
	mov	r7, r12
	ldr	r6, [r4]
	blx	r7
	ldr	r7, [r4]
	str	r0, [r5]
	subs	r0, r6, r7
	pop	{r3, r4, r5, r6, r7, pc}
	.pool
	.size	bench_probe, . - bench_probe

	.section .text.bench_calibrate, "ax"
	.global	bench_nops_10
	.type	bench_nops_10, %function
	.thumb_func
bench_nops_10:
	.rept	10
	nop
	.endr
	bx	lr

	.global	bench_nops_1000
	.type	bench_nops_1000, %function
	.thumb_func
bench_nops_1000:
	.rept	1000
	nop
	.endr
	bx	lr

	.global	bench_loop_100
	.type	bench_loop_100, %function
	.thumb_func
bench_loop_100:
	movs	r0, #100
1:	subs	r0, r0, #1
	bne	1b
	bx	lr
