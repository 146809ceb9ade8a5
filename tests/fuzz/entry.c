/* SPDX-License-Identifier: MIT */
/* Where an engine comes in; FUZZ_TARGET is the target that it is to try. */
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	FUZZ_TARGET(bytes, n);
	return 0;
}
