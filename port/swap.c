/* SPDX-License-Identifier: MIT */
#include "heap_pending.h"

#if defined(__ARM_ARCH_6M__)
#include "heap_cortex_m.h"

/* Set while *word is looked at and written: PRIMASK keeps no NMI out. */
static volatile bool busy;

bool heap_swap(volatile uintptr_t *word, uintptr_t from, uintptr_t to)
{
	uintptr_t primask;
	bool swaps;

	if (busy)
		return false;
	primask = heap_cortex_m_lock(NULL);
	busy = true;
	swaps = *word == from;
	if (swaps)
		*word = to;
	busy = false;
	heap_cortex_m_unlock(NULL, primask);
	return swaps;
}
#else
/* NOLINTNEXTLINE(readability-non-const-parameter): the builtin writes it */
bool heap_swap(volatile uintptr_t *word, uintptr_t from, uintptr_t to)
{
	return __atomic_compare_exchange_n(word, &from, to, false,
					   __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
}
#endif
