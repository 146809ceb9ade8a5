/* SPDX-License-Identifier: MIT */
/*
 * The libc's side of a board, for programs that use <stdio.h> or exit: the
 * standard streams on board_write, and an orderly end.  Serves picolibc,
 * newlib and newlib-nano.  Link it beside startup.c; leave it out otherwise.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/types.h>

#include "board.h"

/*
 * Only libc, which is no part of a program's -flto, asks for these: with it the
 * compiler would drop them before.
 */
#define FOR_LIBC __attribute__((used))

_Noreturn void board_return(int status)
{
	exit(status);
}

_Noreturn void _exit(int status);

FOR_LIBC _Noreturn void _exit(int status)
{
	board_exit(status);
}

#ifdef __PICOLIBC__
int kill(pid_t pid, int signal);
pid_t getpid(void);

static int put(char c, FILE *file)
{
	(void)file;
	board_write(&c, 1);
	return (unsigned char)c;
}

static FILE console = FDEV_SETUP_STREAM(put, NULL, NULL, _FDEV_SETUP_WRITE);

/* abort() and assert() arrive here. */
FOR_LIBC int kill(pid_t pid, int signal)
{
	(void)pid;
	board_exit(128 + signal);
}

FOR_LIBC pid_t getpid(void)
{
	return 1;
}

FOR_LIBC FILE *const stdin = &console;
FOR_LIBC FILE *const stdout = &console;
FOR_LIBC FILE *const stderr = &console;
#else
#include <errno.h>
#include <sys/stat.h>

int _write(int fd, const char *bytes, int n);
int _read(int fd, char *bytes, int n);
int _open(const char *path, int flags, int mode);
int _close(int fd);
int _fstat(int fd, struct stat *st);
int _isatty(int fd);
off_t _lseek(int fd, off_t offset, int whence);
int _kill(int pid, int signal);
int _getpid(void);
void _init(void);
void _fini(void);
void __libc_fini_array(void);

/* First of all, so that destructors come after every atexit function. */
__attribute__((constructor(101))) static void destructors_at_exit(void)
{
	atexit(__libc_fini_array);
}

FOR_LIBC int _write(int fd, const char *bytes, int n)
{
	(void)fd;
	board_write(bytes, (size_t)n);
	return n;
}

FOR_LIBC int _read(int fd, char *bytes, int n)
{
	(void)fd;
	(void)bytes;
	(void)n;
	return 0;
}

FOR_LIBC int _open(const char *path, int flags, int mode)
{
	(void)path;
	(void)flags;
	(void)mode;
	errno = ENOENT;
	return -1;
}

FOR_LIBC int _close(int fd)
{
	(void)fd;
	return 0;
}

/* A terminal: lines go out as they end, not when the program does. */
FOR_LIBC int _fstat(int fd, struct stat *st)
{
	(void)fd;
	st->st_mode = S_IFCHR;
	return 0;
}

FOR_LIBC int _isatty(int fd)
{
	(void)fd;
	return 1;
}

FOR_LIBC off_t _lseek(int fd, off_t offset, int whence)
{
	(void)fd;
	(void)offset;
	(void)whence;
	return 0;
}

/* As kill above. */
FOR_LIBC int _kill(int pid, int signal)
{
	(void)pid;
	board_exit(128 + signal);
}

FOR_LIBC int _getpid(void)
{
	return 1;
}

/* newlib's exit calls _fini, which other start files bring. */
FOR_LIBC void _init(void)
{
}

FOR_LIBC void _fini(void)
{
}

/* Only a program with shared libraries has more than one of these. */
FOR_LIBC __attribute__((weak)) void *__dso_handle;
#endif
