/* SPDX-License-Identifier: MIT */
/* L0: the table for machines that cannot count zeros.  See word.h. */
#include "word.h"

/* Where the highest five bits of a power of two times the sequence lead. */
extern const uint8_t heap_word_index[32];
const uint8_t heap_word_index[32] = {
	0,  1,  28, 2,  29, 14, 24, 3, 30, 22, 20, 15, 25, 17, 4,  8,
	31, 27, 13, 23, 21, 19, 16, 7, 26, 12, 18, 6,  11, 5,  10, 9,
};
