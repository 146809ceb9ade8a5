/* SPDX-License-Identifier: MIT */
/* System calls of Linux on x86: their numbers, and how to make one. */
#ifndef HEAP_LINUX_CALL_H
#define HEAP_LINUX_CALL_H

#include <stdint.h>

#ifdef __x86_64__
enum call_number {
	CALL_WRITE = 1,
	CALL_MMAP = 9,
	CALL_MUNMAP = 11,
	CALL_BRK = 12,
	CALL_MREMAP = 25,
	CALL_MINCORE = 27,
	CALL_MADVISE = 28,
	CALL_GETPID = 39,
	CALL_FORK = 57,
	CALL_WAIT4 = 61,
	CALL_GETTID = 186,
	CALL_FUTEX = 202,
	CALL_EXIT_GROUP = 231,
	CALL_TGKILL = 234,
	CALL_PRLIMIT = 302,
	CALL_GETRANDOM = 318
};
#else
enum call_number {
	CALL_FORK = 2,
	CALL_WRITE = 4,
	CALL_GETPID = 20,
	CALL_BRK = 45,
	CALL_MUNMAP = 91,
	CALL_WAIT4 = 114,
	CALL_MREMAP = 163,
	CALL_MMAP = 192, /* mmap2 */
	CALL_MINCORE = 218,
	CALL_MADVISE = 219,
	CALL_GETTID = 224,
	CALL_FUTEX = 240,
	CALL_EXIT_GROUP = 252,
	CALL_TGKILL = 270,
	CALL_PRLIMIT = 340,
	CALL_GETRANDOM = 355
};
#endif

/*
 * What the kernel answers; call_failed tells an errno, negative.  The sixth
 * argument, which only mmap has, is 0.
 */
static inline uintptr_t call_kernel(enum call_number number,
				    const uintptr_t x[5])
{
	uintptr_t answer;

#ifdef __x86_64__
	const uintptr_t fourth = x[3], fifth = x[4];
	register uintptr_t d __asm__("r10") = fourth;
	register uintptr_t e __asm__("r8") = fifth;
	register uintptr_t f __asm__("r9") = 0;

	__asm__ volatile("syscall"
			 : "=a"(answer)
			 : "a"((uintptr_t)number), "D"(x[0]), "S"(x[1]),
			   "d"(x[2]), "r"(d), "r"(e), "r"(f)
			 : "rcx", "r11", "memory");
#else
	/* The compiler may need ebp, where the sixth argument goes. */
	__asm__ volatile("pushl %%ebp\n\t"
			 "xorl %%ebp, %%ebp\n\t"
			 "int $0x80\n\t"
			 "popl %%ebp"
			 : "=a"(answer)
			 : "a"((uintptr_t)number), "b"(x[0]), "c"(x[1]),
			   "d"(x[2]), "S"(x[3]), "D"(x[4])
			 : "memory");
#endif
	return answer;
}

#define CALL(number, ...)                                                      \
	call_kernel((number), (const uintptr_t[5]){__VA_ARGS__})

/* The kernel's errors are the last page of numbers. */
static inline int call_failed(uintptr_t answer)
{
	return answer > (uintptr_t)-4096;
}

#define CALL_EINTR ((uintptr_t)-4)

#endif
