/* SPDX-License-Identifier: MIT */
/* WRONG with a script that forgets the section: ld puts it into the heap. */
#include <stdlib.h>

__attribute__((section(".noinit,\"aw\",%nobits@"))) static char kept[64];

int main(void)
{
	kept[0]++;
	free(malloc(10));
	return 0;
}
