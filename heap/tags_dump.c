/* SPDX-License-Identifier: MIT */
/* L4: the accounts as a table, through the port's `write`. */
#include "heap_tags.h"
#include "state.h"

#if HEAP_CHECK != 0

#define NAME_WIDTH   12
#define NUMBER_WIDTH 10

static size_t length_of(const char *text)
{
	size_t n = 0;

	while (text[n] != '\0')
		n++;
	return n;
}

static void put(const struct heap *h, const char *text, size_t n)
{
	h->port->write(h->port->ctx, text, n);
}

static void pad(const struct heap *h, size_t n, size_t width)
{
	for (; n < width; n++)
		put(h, " ", 1);
}

/* The digits of n at the end of `digits`: how many. */
static size_t to_digits(char digits[24], size_t n)
{
	size_t at = 24;

	do {
		digits[--at] = (char)('0' + n % 10);
		n /= 10;
	} while (n != 0);
	return 24 - at;
}

static void put_number(const struct heap *h, size_t n)
{
	char digits[24];
	size_t count = to_digits(digits, n);

	pad(h, count, NUMBER_WIDTH);
	put(h, digits + sizeof(digits) - count, count);
}

static void put_line(const struct heap *h, unsigned number,
		     const struct heap_tag *tag)
{
	char digits[24];
	size_t n;

	if (tag->name != NULL) {
		n = length_of(tag->name);
		put(h, tag->name, n);
	} else {
		n = to_digits(digits, number);
		put(h, digits + sizeof(digits) - n, n);
	}
	pad(h, n, NAME_WIDTH);
	put_number(h, tag->bytes);
	put_number(h, tag->blocks);
	put_number(h, tag->peak);
	put_number(h, tag->total);
	put_number(h, tag->limit);
	put_number(h, tag->refused);
	put(h, "\n", 1);
}

void heap_tags_dump(struct heap *h)
{
	static const char title[] = "tag              bytes    blocks      peak"
				    "     total     limit   refused\n";
	struct heap_tag tag;

	if (h->port->write == NULL || !heap_tag_read(h, 0, &tag))
		return;
	put(h, title, sizeof(title) - 1);
	for (unsigned i = 0; heap_tag_read(h, i, &tag); i++)
		if (tag.total != 0 || tag.refused != 0)
			put_line(h, i, &tag);
}

#endif
