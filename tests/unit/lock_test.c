/* SPDX-License-Identifier: MIT */
/* The lock of a bare machine masks interrupts, and leaves them as they were. */
#include "heap.h"
#include "tap.h"

#if defined __riscv
#define MIE 8u

static bool interrupts_on(void)
{
	uintptr_t mstatus;

	__asm__ volatile(".option push\n\t"
			 ".option arch, +zicsr\n\t"
			 "csrr %0, mstatus\n\t"
			 ".option pop"
			 : "=r"(mstatus));
	return (mstatus & MIE) != 0;
}

/* None of them is enabled by itself (mie): nothing comes. */
static void turn_interrupts(bool on)
{
	__asm__ volatile(".option push\n\t"
			 ".option arch, +zicsr\n\t"
			 "csrc mstatus, %0\n\t"
			 "csrs mstatus, %1\n\t"
			 ".option pop"
			 :
			 : "r"(MIE), "r"(on ? MIE : 0));
}
#elif defined __x86_64__
#define IF 0x200u

static bool interrupts_on(void)
{
	uintptr_t rflags;

	__asm__ volatile("pushfq\n\tpopq %0" : "=r"(rflags));
	return (rflags & IF) != 0;
}

static void turn_interrupts(bool on)
{
	if (on)
		__asm__ volatile("sti" ::: "memory");
	else
		__asm__ volatile("cli" ::: "memory");
}
#else
static bool interrupts_on(void)
{
	uintptr_t primask;

	__asm__ volatile("mrs %0, primask" : "=r"(primask));
	return primask == 0;
}

static void turn_interrupts(bool on)
{
	__asm__ volatile("msr primask, %0" ::"r"(on ? 0 : 1) : "memory");
}
#endif

static void check_lock(bool on)
{
	bool inside, behind;

	turn_interrupts(on);
	uintptr_t state = heap_port_default.lock(heap_port_default.ctx);

	inside = interrupts_on();
	heap_port_default.unlock(heap_port_default.ctx, state);
	behind = interrupts_on();
	turn_interrupts(false);
	CHECK_EQ(inside, false);
	CHECK_EQ(behind, on);
}

TEST(the_lock_masks_interrupts_and_unlock_lets_them_in_again)
{
	check_lock(true);
}

TEST(a_lock_taken_with_interrupts_masked_leaves_them_masked)
{
	check_lock(false);
}

TEST(a_call_of_the_heap_leaves_interrupts_as_they_were)
{
	for (int on = 0; on < 2; on++) {
		bool behind;

		turn_interrupts(on);
		heap_free(&heap_default, heap_alloc(&heap_default, 24));
		behind = interrupts_on();
		turn_interrupts(false);
		CHECK_EQ(behind, on);
	}
}
