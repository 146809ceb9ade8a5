/* SPDX-License-Identifier: MIT */
/* Uses MIGRATION.md's heap_4 functions: ends with 7 when they do as it says. */
#include <stddef.h>
#include <string.h>

void *pvPortMalloc(size_t n);
void vPortFree(void *p);
size_t xPortGetFreeHeapSize(void);

int main(void)
{
	size_t before, between;
	char *block, *libcs;

	vPortFree(pvPortMalloc(1));
	before = xPortGetFreeHeapSize();
	block = pvPortMalloc(100);
	libcs = strdup("from libc");
	between = xPortGetFreeHeapSize();
	if (block == NULL || libcs == NULL || pvPortMalloc(0) != NULL)
		return 1;
	/* Two blocks with 4 bytes each, rounded up to 8. */
	if (before - between != 104 + 16)
		return 2;
	vPortFree(libcs);
	vPortFree(block);
	return xPortGetFreeHeapSize() == before ? 7 : 3;
}
