/* SPDX-License-Identifier: MIT */
/*
 * Semihosting: files and exit of the machine that runs the emulator or the
 * debug probe.  Needs one of the two: on a part that runs alone, a call is a
 * HardFault, or on RISC-V a breakpoint trap.  References: Arm, "Semihosting for
 * AArch32 and AArch64"; RISC-V International, "RISC-V Semihosting".
 */
#ifndef SEMIHOST_H
#define SEMIHOST_H

#include <stddef.h>

enum semihost_mode {
	SEMIHOST_READ = 1,  /* "rb" */
	SEMIHOST_WRITE = 5, /* "wb" */
	SEMIHOST_APPEND = 9 /* "ab" */
};

/* A handle, or -1 when the host cannot open `path`; ":tt" is the console. */
int semihost_open(const char *path, enum semihost_mode mode);

/* Bytes read, less than n only at the end of the file, or -1. */
int semihost_read(int handle, void *bytes, size_t n);

/* 0, or -1 when not all n bytes could be written. */
int semihost_write(int handle, const void *bytes, size_t n);

/* Length of the file in bytes, or -1. */
long semihost_length(int handle);

/* 0, or -1. */
int semihost_close(int handle);

#endif
