/* SPDX-License-Identifier: MIT */
/* What gcc and the heap call where there is no libc. */
#include <stddef.h>

void *memcpy(void *restrict to, const void *restrict from, size_t n);
void *memmove(void *to, const void *from, size_t n);
void *memset(void *to, int byte, size_t n);

void *memcpy(void *restrict to, const void *restrict from, size_t n)
{
	void *at = to;

	__asm__ volatile("rep movsb" : "+D"(at), "+S"(from), "+c"(n)::"memory");
	return to;
}

void *memmove(void *to, const void *from, size_t n)
{
	char *end = (char *)to + n;
	const char *last = (const char *)from + n;

	if ((size_t)((char *)to - (const char *)from) >= n)
		return memcpy(to, from, n);
	/* Upwards, bytes would be overwritten before they are read. */
	while (n-- != 0)
		*(volatile char *)--end = *--last;
	return to;
}

void *memset(void *to, int byte, size_t n)
{
	void *at = to;

	__asm__ volatile("rep stosb"
			 : "+D"(at), "+c"(n)
			 : "a"(byte)
			 : "memory");
	return to;
}
