/* SPDX-License-Identifier: MIT */
/*
 * What a program asks of an operating system: there are no files here, and it
 * is always the same time, so that every run is the same.
 */
#include <errno.h>
#include <stddef.h>
#include <sys/time.h>
#include <sys/times.h>
#include <sys/types.h>

#ifdef __PICOLIBC__
#define SYSTEM(name) name
#else
#define SYSTEM(name) _##name
#endif

int SYSTEM(gettimeofday)(struct timeval *now, void *zone);
clock_t SYSTEM(times)(struct tms *buffer);

int SYSTEM(gettimeofday)(struct timeval *now, void *zone)
{
	(void)zone;
	now->tv_sec = 0;
	now->tv_usec = 0;
	return 0;
}

clock_t SYSTEM(times)(struct tms *buffer)
{
	*buffer = (struct tms){0};
	return 0;
}

#ifdef __PICOLIBC__
/* boards/stdio.c has newlib's. */
int open(const char *path, int flags, ...);
int close(int file);
ssize_t read(int file, void *bytes, size_t n);
ssize_t write(int file, const void *bytes, size_t n);
off_t lseek(int file, off_t offset, int whence);

int open(const char *path, int flags, ...)
{
	(void)path;
	(void)flags;
	errno = ENOENT;
	return -1;
}

int close(int file)
{
	(void)file;
	return 0;
}

ssize_t read(int file, void *bytes, size_t n)
{
	(void)file;
	(void)bytes;
	(void)n;
	return 0;
}

ssize_t write(int file, const void *bytes, size_t n)
{
	(void)file;
	(void)bytes;
	return (ssize_t)n;
}

off_t lseek(int file, off_t offset, int whence)
{
	(void)file;
	(void)whence;
	return offset;
}
#endif
