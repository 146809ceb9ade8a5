/* SPDX-License-Identifier: MIT */
/*
 * Makes mistakes on lines that the test knows by their comments.
 *
 *	boards/run BOARD faulty FILE [MANNER]
 *	TRACE=FILE faulty
 */
#define _GNU_SOURCE /* asprintf */
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "traced.h"

/* The compiler is not to see what is done to it. */
static char *volatile block, *volatile other;

static void leak(void)
{
	block = malloc(24);                             /* leaked by malloc */
	block = strdup("a text that nobody frees");     /* leaked by strdup */
	if (asprintf((char **)&block, "%d", 12345) < 0) /* by asprintf */
		block = NULL;
	block = realloc(malloc(8), 40); /* leaked by realloc */
}

static void free_twice(void)
{
	block = malloc(56); /* freed twice */
	other = malloc(56);
	free(block); /* the first time */
	free(block); /* the second time */
	free(other);
}

static void overrun(void)
{
	block = malloc(20); /* overrun */
	other = malloc(20); /* behind it */
	memset(block, 'x', malloc_usable_size(block) + 4u);
	free(block); /* finds the overrun */
}

static void free_inside(void)
{
	block = malloc(100); /* freed from inside */
	free(block + 16);    /* frees inside */
	free(block);
}

int main(void)
{
	traced_start();
	free_inside();
	leak();
	free_twice();
	overrun();
	traced_stop();
}
