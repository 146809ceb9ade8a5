/* SPDX-License-Identifier: MIT */
/* Not renamed: malloc is libc's, and works beside ours.  Status 7: all is well. */
#include <stdlib.h>
#include <string.h>

#include "beside.h"
#include "heap.h"

static char pool[8192];
static struct heap_region region = {.start = pool, .end = pool + sizeof(pool)};
static uintptr_t culprit;

static void fault(void *ctx, const struct heap_fault *f)
{
	(void)ctx;
	culprit = (uintptr_t)f->caller;
}

static void *sbrk_in_pool(void *ctx, ptrdiff_t increment)
{
	return heap_region_sbrk(ctx, increment);
}

const struct heap_port heap_port_default = {
	.ctx = &region,
	.sbrk = sbrk_in_pool,
	.fault = fault,
};

bool is_ours(const void *block)
{
	return (uintptr_t)block - (uintptr_t)pool < sizeof(pool);
}

char *libc_block(void)
{
	return strdup("of libc");
}

static int try_libc(void)
{
	struct heap_stats before, after;
	void *p;

	heap_stats(&heap_default, &before);
	p = malloc(100);
	heap_stats(&heap_default, &after);
	if (p == NULL || is_ours(p) || after.in_use != before.in_use)
		return 1;
	p = realloc(p, 300);
	if (p == NULL || is_ours(p))
		return 2;
	free(p);
	return 0;
}

static int try_caller(void)
{
	misuse();
	return culprit > (uintptr_t)misuse && culprit < (uintptr_t)behind_misuse
		       ? 0
		       : 3;
}

int main(void)
{
	int status = try_libc();

	if (status == 0)
		status = try_renamed();
	if (status == 0)
		status = try_libc_block();
	if (status == 0 && HEAP_CHECK != 0)
		status = try_caller();
	if (status == 0)
		status = try_libc();
	if (status == 0 && culprit != 0 && HEAP_CHECK == 0)
		status = 4;
	return status == 0 ? 7 : status;
}
