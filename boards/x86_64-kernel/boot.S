/* SPDX-License-Identifier: MIT */
/*
 * From PVH's entry, 32 bits without paging, to board_start in long mode with
 * the first GiB mapped to itself, interrupts off, and a handler for exceptions.
 * References: Xen, "x86/HVM direct boot ABI"; AMD64 manual, volume 2, 14.
 */

/* The note: name "Xen", type 18, where to enter. */
	.section .note.pvh, "a", @note
	.balign 4
	.long 4, 4, 18
	.asciz "Xen"
	.long Reset_Handler

#define CR0_PE_WP_PG 0x80010001
#define CR4_PAE      0x20
#define EFER         0xc0000080
#define EFER_LME     0x100
#define CODE         8
#define DATA         16

	.section .vectors, "ax"
	.code32
	.global Reset_Handler
Reset_Handler:
	cli
	cld
	movl $__stack, %esp
	movl %ebx, %esi			/* start information, kept */
	lgdt gdt_pointer
	movl $CR4_PAE, %eax
	movl %eax, %cr4
	movl $tables_4, %eax
	movl %eax, %cr3
	movl $EFER, %ecx
	rdmsr
	orl $EFER_LME, %eax
	wrmsr
	movl $CR0_PE_WP_PG, %eax
	movl %eax, %cr0
	ljmp $CODE, $long_mode

	.code64
long_mode:
	movl $DATA, %eax
	movl %eax, %ds
	movl %eax, %es
	movl %eax, %ss
	/* The first argument: where the start information is. */
	movl %esi, %edi
	xorl %ebp, %ebp
	call board_start

/*
 * 32 exceptions, 16 bytes each: push a 0 for the error code where the
 * processor pushes none, and the number.
 */
	.balign 16
	.global board_vectors
board_vectors:
	.set number, 0
	.rept 32
	.balign 16
	.if !(0x60227d00 >> number & 1)
	pushq $0
	.endif
	pushq $number
	jmp exception
	.set number, number + 1
	.endr

exception:
	movq %rsp, %rdi
	andq $-16, %rsp
	call board_exception

	.section .rodata
	.balign 8
gdt:
	.quad 0
	.quad 0x00af9a000000ffff	/* code, 64 bits */
	.quad 0x00cf92000000ffff	/* data */
gdt_pointer:
	.word gdt_pointer - gdt - 1
	.long gdt

/* Pages of 2 MiB; the processor marks them as used. */
	.balign 4096
tables_4:
	.quad tables_3 + 3
	.fill 511, 8, 0
tables_3:
	.quad tables_2 + 3
	.fill 511, 8, 0
tables_2:
	.set page, 0
	.rept 512
	.quad page + 0x83
	.set page, page + 0x200000
	.endr
	.section .note.GNU-stack, "", @progbits
