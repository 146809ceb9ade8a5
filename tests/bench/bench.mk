# SPDX-License-Identifier: MIT
# The bench: exact instruction counts of allocators.  See tests/bench/README.md.
#
#   make bench         everything, and tests/bench/RESULTS.md anew
#   make bench-fast    one allocator: ALLOC=heap-min CPU=cortex-m3 OPT=-Os
#   make bench-quick   a subset against tests/bench/budgets.txt (TAP)
#   make bench-budgets writes those budgets anew
#   make figures       the budgets, RESULTS.md and what README.md says

BENCH := tests/bench
BENCH_OUT := build/bench
BENCH_CC ?= arm-none-eabi-gcc

ALLOC ?= heap-min
CPU ?= cortex-m3
OPT ?= -Os

# An allocator is allocators/NAME.c; allocators/NAME.mk may set, all optional:
#   bench.NAME.cflags    for the adapter
#   bench.NAME.objects   what to link besides; CPU and OPT are $(1) and $(2)
#   bench.NAME.libs      behind it; default -lgcc
#   bench.NAME.ldflags   for instance --specs
#   bench.NAME.own       yes: the adapter is the allocator, its code is counted
#   bench.NAME.measures  default size time heap worst
BENCH_ALLOCS := $(patsubst $(BENCH)/allocators/%.c,%,\
	$(wildcard $(BENCH)/allocators/*.c))
BENCH_CPUS := cortex-m3 cortex-m0plus

BENCH_CFLAGS := -std=c11 -mthumb -O2 -ffreestanding -g -fno-common \
	-ffunction-sections -fdata-sections -fno-tree-loop-distribute-patterns \
	-Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wcast-align -Werror \
	-I$(BENCH)/firmware -Iheap -Iport
BENCH_FIRMWARE := probe timer console start replay measure
BENCH_TRACES := $(sort $(wildcard $(BENCH)/traces/*.trace))

-include $(wildcard $(BENCH)/allocators/*.mk)

$(BENCH_OUT)/traces.S: $(BENCH)/pack.pl $(BENCH_TRACES)
	mkdir -p $(@D)
	perl $< $@ $(BENCH_TRACES)

# What every allocator is linked with, $(1) = CPU.
define bench_cpu
bench.$(1).firmware := $$(BENCH_FIRMWARE:%=$(BENCH_OUT)/$(1)/firmware/%.o) \
	$(BENCH_OUT)/$(1)/firmware/traces.o

$(BENCH_OUT)/$(1)/firmware/%.o: $(BENCH)/firmware/%.c \
		$(BENCH)/firmware/bench.h $(BENCH)/bench.mk
	mkdir -p $$(@D)
	$$(BENCH_CC) -mcpu=$(1) $$(BENCH_CFLAGS) -c -o $$@ $$<

$(BENCH_OUT)/$(1)/firmware/%.o: $(BENCH)/firmware/%.S
	mkdir -p $$(@D)
	$$(BENCH_CC) -mcpu=$(1) -mthumb -c -o $$@ $$<

$(BENCH_OUT)/$(1)/firmware/traces.o: $(BENCH_OUT)/traces.S
	mkdir -p $$(@D)
	$$(BENCH_CC) -mcpu=$(1) -mthumb -c -o $$@ $$<
endef
$(foreach cpu,$(BENCH_CPUS),$(eval $(call bench_cpu,$(cpu))))

# One firmware, $(1) = allocator, $(2) = CPU, $(3) = -O.  Its folder holds the
# outputs of its three measurements.
bench_dir = $(BENCH_OUT)/$(2)/$(1)$(3)
define bench_firmware
$(bench_dir)/adapter.o: $(BENCH)/allocators/$(1).c \
		$$(wildcard $(BENCH)/allocators/*.h) \
		$(BENCH)/firmware/bench.h $(BENCH)/bench.mk \
		$$(wildcard $(BENCH)/allocators/$(1).mk)
	mkdir -p $$(@D)
	$$(BENCH_CC) -mcpu=$(2) $$(BENCH_CFLAGS) $(3) \
		$$(bench.$(1).cflags) -c -o $$@ $$<

$(bench_dir)/firmware.elf: $(bench_dir)/adapter.o \
		$$(call bench.$(1).objects,$(2),$(3)) \
		$$(bench.$(2).firmware) $(BENCH)/firmware/bench.ld
	$$(BENCH_CC) -mcpu=$(2) -mthumb $$(bench.$(1).ldflags) \
		-nostartfiles -nodefaultlibs -Wl,--gc-sections \
		-T $(BENCH)/firmware/bench.ld \
		-Wl,-Map=$(bench_dir)/firmware.map -o $$@ \
		$$(filter %.o,$$^) -Wl,--start-group $$(filter %.a,$$^) \
		$$(or $$(bench.$(1).libs),-lgcc) -Wl,--end-group

$(bench_dir)/size.txt: $(bench_dir)/firmware.elf $(BENCH)/size.pl
	perl $(BENCH)/size.pl $$(if $$(bench.$(1).own),--own) \
		$(bench_dir)/firmware.map >$$@

$(bench_dir)/time.txt: $(bench_dir)/firmware.elf
	$(BENCH)/run $$< 1 >$$@ || { cat $$@ >&2; rm $$@; exit 1; }

$(bench_dir)/heap.txt: $(bench_dir)/firmware.elf
	$(BENCH)/run $$< 2 >$$@ || { cat $$@ >&2; rm $$@; exit 1; }

$(bench_dir)/worst.txt: $(bench_dir)/firmware.elf
	$(BENCH)/run $$< 3 >$$@ || { cat $$@ >&2; rm $$@; exit 1; }
endef
$(foreach a,$(BENCH_ALLOCS),$(foreach cpu,$(BENCH_CPUS),\
	$(foreach o,-Os -O2,$(eval $(call bench_firmware,$(a),$(cpu),$(o))))))

bench_outputs = $(patsubst %,$(bench_dir)/%.txt, \
	$(or $(bench.$(1).measures),size time heap worst))

# Only of interest to bench-fast.
ifneq ($(filter bench-fast,$(MAKECMDGOALS)),)
bench_known = $(if $(filter-out $2,$($1)),$(error there is no $1=$($1); \
	choose among: $(sort $2)))
$(call bench_known,ALLOC,$(BENCH_ALLOCS))
$(call bench_known,CPU,$(BENCH_CPUS))
$(call bench_known,OPT,-Os -O2)
endif

.PHONY: bench-fast
bench-fast: $(call bench_outputs,$(ALLOC),$(CPU),$(OPT)) ## one allocator: ALLOC=heap-min CPU=cortex-m3 OPT=-Os
	echo "$(ALLOC), $(CPU) code, $(OPT): instructions"
	perl $(BENCH)/fast.pl $(call bench_dir,$(ALLOC),$(CPU),$(OPT))

# ---- everything ----------------------------------------------------------

# Who is measured how: an archive of the toolchain has one -O, an allocator that
# is its adapter is timed at the other too; the debug archive walks the whole heap
# at each call and so is only timed.
bench_ours_opt := heap heap-min
bench_ours_timed := heap-locked heap-min-locked heap-debug heap-native \
	heap-min-native heap-stock heap-min-stock
BENCH_PLAIN := $(filter-out heap%,$(BENCH_ALLOCS))
BENCH_FILES := $(foreach c,$(BENCH_CPUS), \
	$(foreach a,$(BENCH_PLAIN),$(call bench_outputs,$a,$c,-Os) \
		$(if $(bench.$a.own),$(addprefix $(call bench_dir,$a,$c,-O2)/, \
			size.txt time.txt))) \
	$(foreach a,$(bench_ours_opt),$(foreach o,-Os -O2, \
		$(call bench_outputs,$a,$c,$o))) \
	$(foreach a,$(bench_ours_timed), \
		$(addprefix $(call bench_dir,$a,$c,-Os)/,size.txt time.txt)) \
	$(foreach a,heap-meter heap-min-meter, \
		$(addprefix $(call bench_dir,$a,$c,-Os)/,size.txt time.txt \
			worst.txt)))

.PHONY: bench
bench: $(BENCH_FILES) ## count instructions of this heap and others: tests/bench/RESULTS.md
	perl $(BENCH)/report.pl $(BENCH_OUT) $(BENCH)
	sed -n '/^## Overview/,/^## Worst/{/^## Worst/!p}' $(BENCH)/RESULTS.md

.PHONY: bench-variants
bench-variants: ## the heap without one of its decisions: tests/bench/VARIANTS.md, or [ONLY=names]
	perl $(BENCH)/variants.pl $(ONLY)

# ---- budgets -------------------------------------------------------------

# What quick.t reads.
BENCH_QUICK := $(foreach c,$(BENCH_CPUS),$(foreach a,heap heap-min, \
	$(call bench_outputs,$a,$c,-Os) \
	$(addprefix $(call bench_dir,$a-meter,$c,-Os)/,time.txt worst.txt)))

# What idle.t reads.
BENCH_IDLE := $(foreach c,$(BENCH_CPUS),$(foreach a,heap-bare heap-idle \
	heap-locked-bare heap-locked-idle,$(call bench_dir,$a,$c,-Os)/time.txt))

.PHONY: bench-idle
bench-idle: $(BENCH_IDLE) ## what observers, hooks and accounts cost while idle
	prove -v $(BENCH)/idle.t

.PHONY: bench-quick
bench-quick: $(BENCH_QUICK) ## the heap's counts against tests/bench/budgets.txt
	prove -v $(BENCH)/quick.t

.PHONY: bench-budgets
bench-budgets: $(BENCH_QUICK) ## make the counts of now the budgets
	perl $(BENCH)/quick.t --write

# ---- after a change of the engine ------------------------------------------

.PHONY: figures
figures: bench-budgets bench ## budgets, RESULTS.md and README.md's figures anew
	tests/readme/readme.t --write
	tests/bench/sizing.t --write
	tests/bench/costs.t --write

# quick.t is one of the tests.
test: $(if $(TEST_SCRIPTS),$(BENCH_QUICK) $(BENCH_IDLE))
