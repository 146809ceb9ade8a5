# SPDX-License-Identifier: MIT
# Programs that run with the heap: included by the Makefile.  tests/README.md
# explains.

PROGRAMS_IN := build/tests/programs
OUR_PROGRAMS := $(foreach p,family threads,$(foreach k,64 32 glibc-64 \
	glibc-32 musl-64,$(PROGRAMS_IN)/$p-$k)) \
	$(PROGRAMS_IN)/names-64 $(PROGRAMS_IN)/names-32
PROGRAM_FLAGS := -std=c11 -Wall -Wextra -Werror -O1 -g -fno-builtin -pthread
STATICALLY := -static -Wl,-u,heap_libc_malloc

# $(call program_rule,KIND,COMPILER AND FLAGS,ARCHIVE)
define program_rule
$(PROGRAMS_IN)/%-$1: tests/programs/%.c $3 $(MAKEFILE_LIST) | $(DEPS_FIRST)
	mkdir -p $$(@D)
	$2 $(PROGRAM_FLAGS) -o $$@ $$< $3
endef
$(eval $(call program_rule,64,gcc -m64))
$(eval $(call program_rule,32,gcc -m32))
$(eval $(call program_rule,glibc-64,gcc -m64 $(STATICALLY),build/host/heap.a))
$(eval $(call program_rule,glibc-32,gcc -m32 $(STATICALLY),build/host32/heap.a))
$(eval $(call program_rule,musl-64,musl-gcc $(STATICALLY),build/host/heap.a))

.PHONY: test-programs
test-programs: ## whole programs on the heap: [ONLY="NAME..."] [PROFILE=P]
test-programs: $(OUR_PROGRAMS) $(call shared_of,host) $(call shared_of,host32) \
		build/demo/mps2-an385/wordcount
	ONLY='$(ONLY)' PROFILE='$(PROFILE)' RACES=all \
		prove $(if $(ONLY),-v) tests/programs/programs.t \
		$(if $(ONLY),,tests/programs/races.t tests/programs/gdb.t)

# ---- figures -----------------------------------------------------------------

$(PROGRAMS_IN)/replay: tests/programs/bench/replay.c $(MAKEFILE_LIST)
	mkdir -p $(@D)
	gcc -O2 -g -fno-builtin -Wall -Wextra -Werror -o $@ $<

.PHONY: bench-host
bench-host: ## time, memory, instructions beside glibc's and others: [ROUNDS=n]
bench-host: $(PROGRAMS_IN)/replay $(PROGRAMS_IN)/threads-64 $(call shared_of,host)
	ROUNDS='$(ROUNDS)' tests/programs/bench/bench.pl
