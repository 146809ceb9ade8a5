/* SPDX-License-Identifier: MIT */
/* JSON documents: built, printed, parsed, compared; and when memory ends. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cJSON.h"
#include "workload.h"

static cJSON *document(int n)
{
	cJSON *root = cJSON_CreateObject();
	cJSON *list = cJSON_AddArrayToObject(root, "readings");
	char name[40];

	for (int i = 0; i < n; i++) {
		cJSON *one = cJSON_CreateObject();

		snprintf(name, sizeof(name), "sensor \"%d\"\n",
			 i * 7919 % 1009);
		cJSON_AddStringToObject(one, "name", name);
		cJSON_AddNumberToObject(one, "value", i / 8.0);
		cJSON_AddBoolToObject(one, "good", i % 3 != 0);
		cJSON_AddItemToObject(one, "where",
				      cJSON_CreateIntArray(&(int){i}, 1));
		cJSON_AddItemToArray(list, one);
	}
	return root;
}

static bool survives(int n, bool pretty)
{
	cJSON *one = document(n), *two, *copy;
	char *text = pretty ? cJSON_Print(one) : cJSON_PrintUnformatted(one);
	bool same;

	if (text == NULL)
		return went_wrong("a document is printed");
	two = cJSON_Parse(text);
	copy = cJSON_Duplicate(two, true);
	same = cJSON_Compare(one, two, true) && cJSON_Compare(one, copy, true);
	cJSON_DetachItemFromObject(copy, "nothing of that name");
	cJSON_DeleteItemFromArray(cJSON_GetObjectItem(copy, "readings"), n / 2);
	same = same && !cJSON_Compare(one, copy, true);
	cJSON_Delete(copy);
	cJSON_Delete(two);
	cJSON_Delete(one);
	free(text);
	return same;
}

/* A document that has no room: NULL, and all that was taken is free again. */
static bool ends_cleanly(void)
{
	const size_t n = 300000;
	char *text = malloc(2 * n + 3);
	cJSON *parsed;

	if (text == NULL)
		return went_wrong("there is room for the text");
	text[0] = '[';
	for (size_t i = 0; i < n; i++)
		memcpy(text + 1 + 2 * i, "7,", 2);
	memcpy(text + 1 + 2 * n, "7]", 3);
	parsed = cJSON_Parse(text);
	free(text);
	cJSON_Delete(parsed);
	return parsed == NULL;
}

bool workload(void)
{
	bool good = true;

	for (int n = 3; n <= 300; n += 33)
		if (!survives(n, n % 2 == 0))
			good = went_wrong("a document survives its text");
	if (!ends_cleanly())
		good = went_wrong("a document that is too large is refused");
	if (!survives(200, true))
		good = went_wrong("and a smaller one is not");
	return good;
}
