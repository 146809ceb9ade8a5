# SPDX-License-Identifier: MIT
# Firmware about threads and interrupts: included by the Makefile after
# tests.mk.  tests/threads/README.md explains.
#
# A program is build/threads/BOARD/NAME, of NAME.c and what it needs.

THREAD_BOARDS := microbit mps2-an385 mps2-an505
THREAD_PROGRAMS := threads every observers
THREAD_OBJECTS_threads := sched.o
THREAD_OBJECTS_every := scenes.o
# Printing takes more stack.
THREAD_OBJECTS_observers := sched_deep.o stdio.o

# $(call thread_rules,BOARD)
define thread_rules
build/threads/$1/%.o: tests/threads/%.c $(MAKEFILE_LIST) | $(DEPS_FIRST)
	mkdir -p $$(@D)
	$(call cc,$(target_of_$1)) $(flags_of_$1) $(TEST_FLAGS) -MMD -MP -c -o $$@ $$<

build/threads/$1/sched_deep.o: tests/threads/sched.c $(MAKEFILE_LIST) | $(DEPS_FIRST)
	mkdir -p $$(@D)
	$(call cc,$(target_of_$1)) $(flags_of_$1) $(TEST_FLAGS) -MMD -MP \
		-DSCHED_STACK_WORDS=448 -c -o $$@ $$<

build/threads/$1/stdio.o: build/boards/$1/stdio.o
	mkdir -p $$(@D)
	cp $$< $$@

build/threads/$1/format.o: tests/harness/format.c $(MAKEFILE_LIST) | $(DEPS_FIRST)
	mkdir -p $$(@D)
	$(call cc,$(target_of_$1)) $(flags_of_$1) $(TEST_FLAGS) -MMD -MP -c -o $$@ $$<
endef

# $(call thread_program,BOARD,NAME)
define thread_program
build/threads/$1/$2: $(addprefix build/threads/$1/,$2.o format.o \
		$(THREAD_OBJECTS_$2)) $(support_of_$1) \
		build/$(target_of_$1)/heap.a
	$(call cc,$(target_of_$1)) $(flags_of_$1) $(link_of_$1) -o $$@ $$^ \
		$(libs_of_$1)
endef
$(foreach b,$(THREAD_BOARDS),$(eval $(call thread_rules,$b)) \
	$(foreach p,$(THREAD_PROGRAMS),$(eval $(call thread_program,$b,$p))))
THREAD_FIRMWARE := $(foreach b,$(THREAD_BOARDS), \
	$(addprefix build/threads/$b/,$(THREAD_PROGRAMS)))

test: $(if $(TEST_SCRIPTS),$(THREAD_FIRMWARE))

.PHONY: preempt
preempt: $(THREAD_FIRMWARE) ## the tests of threads and interrupts in full length
	PREEMPT=full prove -v tests/threads/*.t
