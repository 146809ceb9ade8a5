# SPDX-License-Identifier: MIT
# Fuzzing: included by the Makefile.  tests/README.md explains.
#
#   make fuzz [SECONDS=60] [ENGINE=libfuzzer|afl] [ARENAS=1000000] [SEED=1]

SECONDS ?= 60
ENGINE ?= libfuzzer
ARENAS ?= 1000000
$(call known,ENGINE,libfuzzer afl)

FUZZ := tests/fuzz
FUZZ_OUT := build/fuzz
FUZZ_SOURCES := $(addprefix $(FUZZ)/,ops.c arena.c dice.c memory.c) \
	$(addprefix tests/harness/,rig.c model.c format.c)
FUZZ_FLAGS := -D_GNU_SOURCE -fno-builtin -Wno-use-after-free -Iheap -Iport \
	-Itests/harness -Itests
# The heap as on any bare machine, without the malloc family.
FUZZ_HEAP := $(call sources,sanitize)

# Where and what: PLACE/ARCHIVE.  The plain programs count the heap's basic
# blocks, so that a loop without an end is found without a clock.
FUZZ_PLAIN := $(foreach a,$(ARCHIVES),host/$a host32/$a) sanitize/heap \
	sanitize/heap-debug
# Debian's AFL++ has no library for 32 bits.
FUZZ_COMBOS := host/heap $(if $(filter afl,$(ENGINE)),,host32/heap) \
	host/heap-min host/heap-debug
FUZZ_PLAIN_PROGRAMS := $(FUZZ_PLAIN:%=$(FUZZ_OUT)/plain/%/fuzz)
FUZZ_PROGRAMS := $(foreach c,$(FUZZ_COMBOS),$(FUZZ_OUT)/$(ENGINE)/$c/ops \
	$(FUZZ_OUT)/$(ENGINE)/$c/arena)

fuzz_cc_plain := $(HOST_CC)
fuzz_cc_libfuzzer := clang
fuzz_cc_afl := afl-clang-fast
fuzz_bits_host32 := -m32
fuzz_flags_plain = $(if $(filter sanitize,$1),$(flags_sanitize), \
	-O2 -g $(fuzz_bits_$1))
fuzz_flags_libfuzzer = -O1 -g $(fuzz_bits_$1) -DFUZZ_ENGINE \
	-Wno-unknown-warning-option -fsanitize=address,undefined \
	-fno-sanitize-recover=all
fuzz_flags_afl = $(fuzz_flags_libfuzzer)
fuzz_watch_plain := -ffreestanding -fsanitize-coverage=trace-pc
fuzz_watch_libfuzzer := -ffreestanding -fsanitize=fuzzer-no-link
fuzz_watch_afl := -ffreestanding

# $(call fuzz_rules,ENGINE,PLACE,ARCHIVE): the objects of one combination.
define fuzz_rules
fuzz_objects_$1_$2_$3 := $$(patsubst %.c,$(FUZZ_OUT)/$1/$2/$3/%.o, \
	$(FUZZ_HEAP) $(FUZZ_SOURCES))

$(FUZZ_OUT)/$1/$2/$3/heap/%.o: heap/%.c $(MAKEFILE_LIST) | $(DEPS_FIRST)
	mkdir -p $$(@D)
	$(fuzz_cc_$1) $$(call fuzz_flags_$1,$2) $(flags_$3) $(WARNINGS) \
		$(fuzz_watch_$1) -Iport -MMD -MP -c -o $$@ $$<

$(FUZZ_OUT)/$1/$2/$3/%.o: %.c $(MAKEFILE_LIST) | $(DEPS_FIRST)
	mkdir -p $$(@D)
	$(fuzz_cc_$1) $$(call fuzz_flags_$1,$2) $(flags_$3) $(WARNINGS) \
		$(FUZZ_FLAGS) -MMD -MP -c -o $$@ $$<

$(FUZZ_OUT)/$1/$2/$3/fuzz: $$(fuzz_objects_$1_$2_$3) \
		$(FUZZ_OUT)/$1/$2/$3/$(FUZZ)/plain.o
	$(fuzz_cc_$1) $$(call fuzz_flags_$1,$2) -o $$@ $$^

$(FUZZ_OUT)/$1/$2/$3/ops $(FUZZ_OUT)/$1/$2/$3/arena: \
		$$(fuzz_objects_$1_$2_$3) $(FUZZ)/entry.c
	$(fuzz_cc_$1) $$(call fuzz_flags_$1,$2) -I$(FUZZ) -fsanitize=fuzzer \
		-DFUZZ_TARGET=fuzz_$$(@F) -o $$@ $$^
endef
$(foreach e,plain $(ENGINE),$(foreach c, \
	$(if $(filter plain,$e),$(FUZZ_PLAIN),$(FUZZ_COMBOS)), \
	$(eval $(call fuzz_rules,$e,$(patsubst %/,%,$(dir $c)),$(notdir $c)))))

.PHONY: fuzz
fuzz: ## look for faults: [SECONDS=n] [ENGINE=afl] [ARENAS=n] [SEED=n]
fuzz: $(FUZZ_PROGRAMS) $(FUZZ_PLAIN_PROGRAMS)
	$(FUZZ)/run loop $(ARENAS) $(or $(SEED),1) $(JOBS) \
		$(FUZZ_PLAIN_PROGRAMS)
	$(FUZZ)/run $(ENGINE) $(SECONDS) $(or $(SEED),1) $(JOBS) $(FUZZ_PROGRAMS)

# `make test` replays the corpus, and has a share of the random arenas.
ifeq ($(T)$(BOARD),)
TEST_SCRIPTS += $(FUZZ)/fuzz.t
test: $(FUZZ_PLAIN_PROGRAMS)
endif
