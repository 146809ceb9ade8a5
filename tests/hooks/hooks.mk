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

# One that has its accounts by a table made from its own map.
TAGS_BOARD := mps2-an385
TAGS := build/hooks/tags

$(TAGS)/%.o: tests/hooks/tags/%.c $(MAKEFILE_LIST) | $(DEPS_FIRST)
	mkdir -p $(@D)
	$(call cc,$(target_of_$(TAGS_BOARD))) $(flags_of_$(TAGS_BOARD)) $(WARNINGS) \
		-fno-builtin -MMD -MP -c -o $@ $<

$(TAGS)/libred.a: $(TAGS)/red.o
	rm -f $@
	$(call ar,$(target_of_$(TAGS_BOARD))) crD $@ $<

# Linked until the table is that of the program that it is in.
$(TAGS)/app: $(TAGS)/main.o $(TAGS)/blue.o $(TAGS)/libred.a \
		$(support_of_$(TAGS_BOARD)) build/boards/$(TAGS_BOARD)/stdio.o \
		build/$(target_of_$(TAGS_BOARD))/heap.a \
		tools/heap-tags.pl tests/hooks/tags/rules
	tools/heap-tags.pl tests/hooks/tags/rules /dev/null >$(TAGS)/table.c
	for pass in first second third; do \
		$(call cc,$(target_of_$(TAGS_BOARD))) $(flags_of_$(TAGS_BOARD)) \
			-c -o $(TAGS)/table.o $(TAGS)/table.c && \
		$(call cc,$(target_of_$(TAGS_BOARD))) $(flags_of_$(TAGS_BOARD)) \
			$(link_of_$(TAGS_BOARD)) -Wl,-Map=$@.map -o $@ \
			$(filter %.o %.a,$^) $(TAGS)/table.o || exit 1; \
		tools/heap-tags.pl -c tests/hooks/tags/rules $@.map \
			$(TAGS)/table.c 2>$(TAGS)/$$pass.txt && break; \
		tools/heap-tags.pl tests/hooks/tags/rules $@.map \
			>$(TAGS)/table.c 2>$(TAGS)/warnings.txt; \
	done
	tools/heap-tags.pl -c tests/hooks/tags/rules $@.map $(TAGS)/table.c \
		2>$(TAGS)/last.txt

test: $(if $(TEST_SCRIPTS),$(HOOK_TESTS) $(TAGS)/app)
