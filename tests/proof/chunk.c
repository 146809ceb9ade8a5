/* SPDX-License-Identifier: MIT */
/*
 * Contracts of the alignments in heap/word.h and the sizes in heap/chunk.h, in
 * whole numbers, which do not wrap.  A declaration before the header carries
 * each, so that the headers need none.
 */
#include "heap_config.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WORD  sizeof(size_t)
#define LIMIT (HEAP_CHUNK_MAX - HEAP_ALIGN - WORD)

/*@ predicate is_align(integer a) =
      a == 1 || a == 2 || a == 4 || a == 8 || a == 16 || a == 32 || a == 64 ||
      a == 128 || a == 256 || a == 512 || a == 1024 || a == 2048 || a == 4096;
*/

/*
 * What a mask does: WP's provers know little of bits.  All that is taken for
 * granted here, tests/worlds/arithmetic tries for every 32-bit n and every
 * power of two.
 */
/*@ axiomatic Mask {
      axiom multiple: \forall integer n, a; 0 <= n <= UINTPTR_MAX ==>
        is_align(a) ==> (n & (uintptr_t)~(a - 1)) % a == 0;
      axiom below: \forall integer n, a; 0 <= n <= UINTPTR_MAX ==>
        is_align(a) ==> (n & (uintptr_t)~(a - 1)) <= n;
      axiom near: \forall integer n, a; 0 <= n <= UINTPTR_MAX ==>
        is_align(a) ==> n < (n & (uintptr_t)~(a - 1)) + a;
      axiom odd: \forall integer n; 0 <= n ==> (n & 1) == n % 2;
    }
*/

/*@ requires is_align(align);
    assigns \nothing;
    ensures \result % align == 0;
    ensures \result <= n < \result + align;
*/
static inline uintptr_t align_down(uintptr_t n, size_t align);

/*@ requires is_align(align);
    requires n + align - 1 <= UINTPTR_MAX;
    assigns \nothing;
    ensures \result % align == 0;
    ensures \result - align < n <= \result;
*/
static inline uintptr_t align_up(uintptr_t n, size_t align);

/*@ requires n <= UINTPTR_MAX - WORD - HEAP_ALIGN + 1;
    assigns \nothing;
    ensures \result % HEAP_ALIGN == 0;
    ensures HEAP_ALIGN <= \result;
    ensures n + WORD <= \result < n + WORD + HEAP_ALIGN;
*/
static inline size_t chunk_round(size_t n);

/*@ assigns \nothing;
    behavior serves:
      assumes n <= LIMIT;
      ensures \result % HEAP_ALIGN == 0;
      ensures HEAP_ALIGN <= \result < HEAP_CHUNK_MAX;
      ensures n + WORD <= \result < n + WORD + HEAP_ALIGN;
    behavior refuses:
      assumes n > LIMIT;
      ensures \result == 0;
    complete behaviors;
    disjoint behaviors;
*/
static inline size_t chunk_size_for(size_t n);

/*@ assigns \nothing;
    ensures \result == (n % 2 == 1 ? HEAP_ALIGN : n);
*/
static inline size_t chunk_foot_size(size_t n);

#include "chunk.h"
