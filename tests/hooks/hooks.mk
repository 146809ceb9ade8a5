# SPDX-License-Identifier: MIT
# Programs with the classic hooks, and what stands on them: included by the
# Makefile after tests.mk.  tests/hooks/README.md explains.
#
# A program is build/hooks/PLACE/NAME.

HOOK_PLACES := host mps2-an385 mps2-an385-newlib mps2-an385-nano microbit
HOOK_PROGRAMS := $(basename $(notdir $(wildcard tests/hooks/*.expected)))

# These programs know nothing of us: they are compiled as they are, but for a
# header that is included by force.
HOOK_CFLAGS := -std=gnu11 -Wall -Wextra -fno-builtin -D_GNU_SOURCE \
	-Iheap -Iport -Iheap/libc -include heap_malloc_hooks.h

# $(call hook_rules,PLACE)
define hook_rules
build/hooks/$1/%.o: tests/hooks/%.c $(MAKEFILE_LIST) | $(DEPS_FIRST)
	mkdir -p $$(@D)
	$(call cc,$(place_target)) $(or $(flags_of_$1),$(flags_$1) -no-pie -fno-pie -g) \
		$(HOOK_CFLAGS) -MMD -MP -c -o $$@ $$<

build/hooks/$1/%: build/hooks/$1/%.o $(support_of_$1) \
		$(if $(filter $(BOARD_PLACES),$1),build/boards/$1/stdio.o) \
		$(call home,$(place_target),$(place_libc))/heap.a
	$(call cc,$(place_target)) $(or $(flags_of_$1),$(flags_$1) -no-pie) \
		$(link_of_$1) -o $$@ $$^ $(libs_of_$1)
endef
$(foreach p,$(HOOK_PLACES),$(eval $(call hook_rules,$p)))
HOOK_TESTS := $(foreach p,$(HOOK_PLACES), \
	$(addprefix build/hooks/$p/,$(HOOK_PROGRAMS)))

test: $(if $(TEST_SCRIPTS),$(HOOK_TESTS))
