/* SPDX-License-Identifier: MIT */
/* Likewise, an object. */
#include <stdlib.h>

void *blue_work(void);

void *blue_work(void)
{
	void **list = NULL;

	for (unsigned i = 0; i < 5; i++) {
		void **link = calloc(1, 20);

		*link = list;
		list = link;
	}
	return list;
}
