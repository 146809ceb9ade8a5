/* SPDX-License-Identifier: MIT */
/*
 * The contract of heap_region_sbrk, in whole numbers, which do not wrap.
 *
 * WP does not follow a struct through void *: here the parameter has its type.
 */
#include "heap_port.h"

/*
 * How numbers become unsigned, C11 6.3.1.3: WP knows only of those that fit.
 */
/*@ axiomatic Conversion {
      axiom wraps: \forall integer x; -UINTPTR_MAX - 1 <= x < 0 ==>
        (uintptr_t)x == x + UINTPTR_MAX + 1;
      axiom folds: \forall integer x;
        UINTPTR_MAX < x <= 2 * UINTPTR_MAX + 1 ==>
        (uintptr_t)x == x - UINTPTR_MAX - 1;
    }
*/

/*@ requires \valid(region);
    requires \let start = (uintptr_t)region->start;
             \let end = (uintptr_t)region->end;
             0 <= start <= UINTPTR_MAX && 0 <= end < UINTPTR_MAX;
    assigns region->brk;
    behavior unsound:
      assumes \let start = (uintptr_t)region->start;
              \let end = (uintptr_t)region->end;
              \let brk = (uintptr_t)region->brk;
              start == 0 || (brk == 0 ? start > end : brk < start || brk > end);
      ensures region->brk == \old(region->brk);
      ensures \result == (void *)-1;
    behavior moves_at_first:
      assumes \let start = (uintptr_t)region->start;
              \let end = (uintptr_t)region->end;
              (uintptr_t)region->brk == 0 && 0 < start <= end &&
              0 <= increment <= end - start;
      ensures \result == (void *)(uintptr_t)\old(region->start);
      ensures region->brk == (char *)((uintptr_t)\old(region->start) + increment);
    behavior moves:
      assumes \let start = (uintptr_t)region->start;
              \let end = (uintptr_t)region->end;
              \let brk = (uintptr_t)region->brk;
              0 < start <= brk <= end && brk != 0 &&
              start - brk <= increment <= end - brk;
      ensures \result == \old(region->brk);
      ensures region->brk == (char *)((uintptr_t)\old(region->brk) + increment);
    behavior refuses_at_first:
      assumes \let start = (uintptr_t)region->start;
              \let end = (uintptr_t)region->end;
              (uintptr_t)region->brk == 0 && 0 < start <= end &&
              !(0 <= increment <= end - start);
      ensures region->brk == \old(region->brk);
      ensures \result == (void *)-1;
    behavior refuses:
      assumes \let start = (uintptr_t)region->start;
              \let end = (uintptr_t)region->end;
              \let brk = (uintptr_t)region->brk;
              0 < start <= brk <= end && brk != 0 &&
              !(start - brk <= increment <= end - brk);
      ensures region->brk == \old(region->brk);
      ensures \result == (void *)-1;
    complete behaviors;
    disjoint behaviors;
*/
void *sbrk_of_region(struct heap_region *region, ptrdiff_t increment);

#define heap_region_sbrk(source, step)                                         \
	sbrk_of_region(struct heap_region *region, ptrdiff_t increment)

#include "../../port/region.c"
