# SPDX-License-Identifier: MIT
# Mutation: are the tests able to see small mistakes?  tests/README.md explains.
#
#   make mutate [SAMPLE=n] [SKIP=n] [SEED=n] [FILES='heap/core.c ...']
#   make mutate AGAIN=build/mutate/unjudged

# PLACE/ARCHIVE, in the order in which a mutant is tried there.
MUTATE_PLACES := host/heap host32/heap host/heap-debug host/heap-min \
	mps2-an385/heap mps2-an385-newlib/heap
MUTATE_OUT := build/mutate
MUTATE_FILES := $(wildcard heap/*.[ch] heap/libc/*.[ch]) port/region.c

# How to build and run a place's tests, for mutate.pl: lines "KEY VALUE".
# $(call mutate_how,PLACE,ARCHIVE)
define mutate_how
place $1/$2
cc $(call cc,$(place_target))
ar $(call ar,$(place_target))
heap $(strip $(flags_$(place_target)) $(flags_$2) $(specs_$(place_libc)) -std=c11 -w -Iheap -Iport -ffunction-sections -fdata-sections)
in_heap $(flags_in_heap)
sources $(call sources,$(place_target),$(place_libc))
test $(strip $(place_flags) $(flags_$2) $(TEST_FLAGS) -w -DTAP_WHERE='"$1"' -DTAP_ARENA=$(place_arena))
harness $(filter-out %/main_$(if $(filter $(BOARD_PLACES),$1),host,board).c,$(wildcard tests/harness/*.c))
suites $(patsubst %,tests/%.c,$(call place_suites,$1,$2))
link $(strip $(place_flags) $(link_of_$1))
objects $(support_of_$1)
at_exit $(if $(filter $(BOARD_PLACES),$1),build/boards/$1/stdio.o)
libs $(libs_of_$1)
run $(if $(filter $(BOARD_PLACES),$1),boards/run -t 120 $(board_of))


endef

.PHONY: mutate
mutate: ## small mistakes that the tests must find: [SAMPLE=n] [SEED=n] [FILES=]
mutate: $(foreach p,$(filter $(BOARD_PLACES),$(foreach p,$(MUTATE_PLACES), \
	$(patsubst %/,%,$(dir $p)))),$(support_of_$p) build/boards/$p/stdio.o)
	$(shell mkdir -p $(MUTATE_OUT))$(file >$(MUTATE_OUT)/how,$(foreach p,$(MUTATE_PLACES), \
		$(call mutate_how,$(patsubst %/,%,$(dir $p)),$(notdir $p))))
	perl -Itests/mutate tests/mutate/mutate.pl --jobs=$(JOBS) \
		--sample=$(or $(SAMPLE),0) --skip=$(or $(SKIP),0) \
		--seed=$(or $(SEED),1) $(if $(AGAIN),--again=$(AGAIN)) \
		$(or $(FILES),$(MUTATE_FILES))

