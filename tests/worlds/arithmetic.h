/* SPDX-License-Identifier: MIT */
/*
 * Arithmetic on sizes, alignments and addresses of 32 bits, each answer held
 * against a model that cannot wrap: 64-bit sums, or counting.
 */
#ifndef ARITHMETIC_H
#define ARITHMETIC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A sentence, and the function that goes through every input. */
struct arithmetic {
	const char *sentence;
	bool (*holds)(void);
	bool quick; /* in `make test`, too */
};

extern const struct arithmetic arithmetic_inline[], arithmetic_calls[];
extern const size_t arithmetic_inline_number, arithmetic_calls_number;

/* True in `make worlds`: what takes minutes as well. */
extern bool arithmetic_deep;

/* Say at which input; returns false. */
bool arithmetic_wrong(const char *what, uint32_t at);

/* So many inputs were tried. */
void arithmetic_count(uint64_t inputs);

#endif
