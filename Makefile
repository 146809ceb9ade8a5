# SPDX-License-Identifier: MIT
# Build, demonstrate and test the heap; `make help` lists what there is.
# How each target is compiled is in port/targets.mk, how the tests are put
# together in tests/tests.mk, a board's flags in boards/*/board.mk.  All output
# goes to build/.  V=1 shows the commands.

JOBS ?= $(shell nproc 2>/dev/null || echo 1)
ifeq ($(MAKELEVEL),0)
MAKEFLAGS += -j$(JOBS)
endif
ifndef V
.SILENT:
endif
.DELETE_ON_ERROR:
.SECONDARY:
.SUFFIXES:

WARNINGS := -std=c11 -Wall -Wextra -Wpedantic -Wconversion -Wshadow \
	-Wcast-align -Werror

include port/targets.mk
BOARDS := $(patsubst boards/%/board.mk,%,$(wildcard boards/*/board.mk))

# A board's firmware has picolibc, if its target has; BOARD-newlib and BOARD-nano are the same
# board with newlib and newlib-nano.  These are tested too.
OTHER_LIBCS := mps2-an385-newlib mps2-an385-nano
BOARD_PLACES := $(BOARDS) $(OTHER_LIBCS)
board_of = $(patsubst %-nano,%,$(1:%-newlib=%))
# $(call libc_of_board,PLACE,TARGET)
libc_of_board = $(if $(filter %-newlib %-nano,$1),newlib,$(or \
	$(filter picolibc,$(call libcs_of,$2)),none))

# $(call known,VARIABLE,values): stop, in plain words, at a value not known.
known = $(if $(filter-out $2,$($1)),$(error there is no $1=$($1); \
	choose among: $(sort $2)))
$(call known,TARGET,$(TARGETS))
$(call known,LIBC,$(sort $(foreach t,$(or $(TARGET),$(TARGETS)), \
	$(call libcs_of,$t))))
$(call known,BOARD,$(HOST_PLACES) $(BOARDS) $(OTHER_LIBCS))

# `make deps test` -j must finish the first before it starts the second.
DEPS_FIRST := $(filter deps deps-%,$(MAKECMDGOALS))

# ---- archives ----------------------------------------------------------

# The archives of a target: build/T/L/*.a, and for a bare machine build/T/*.a,
# which are picolibc's.  $(call archives_of,TARGET[,LIBC])
archives_of = $(sort \
	$(foreach a,$(ARCHIVES),$(foreach l,$(or $2,$(libcs_of)), \
		$(call home,$1,$l)/$a.a \
		$(if $(filter picolibc,$l),build/$1/$a.a))))

# libc's locks, an object of its own.  $(call locks_of,TARGET[,LIBC])
locks_of = $(foreach l,$(filter-out none host,$(or $2,$(libcs_of))), \
	build/$1/$l/heap_$l_locks.o)

# build/T/libheap.so and its two brothers, to be preloaded on the host.  Without
# the classic hooks: where one is linked, every call looks at them.
shared_of = $(if $(is_bare),,$(ARCHIVES:%=build/$1/lib%.so))

.PHONY: all
all: ## build the archives of host, host32, cortex-m3; or [TARGET=T] [LIBC=L]
all: $(foreach t,$(or $(TARGET),host host32 cortex-m3), \
	$(call archives_of,$t,$(LIBC)) $(call locks_of,$t,$(LIBC)) \
	$(call shared_of,$t))

# $(call archive_rules,TARGET,LIBC,ARCHIVE)
define archive_rules
build/obj/$1/$2/$3/%.o: %.c $(MAKEFILE_LIST) | $(DEPS_FIRST)
	mkdir -p $$(@D)
	$(cc) $(flags_$1) $(both_abis) $(flags_$3) $(WARNINGS) $(specs_$2) -Iheap -Iport \
		-ffunction-sections -fdata-sections \
		$$(flags_in_$$(patsubst %/,%,$$(dir $$<))) \
		$(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $$@ $$<

$(call home,$1,$2)/$3.a: $(patsubst %.c,build/obj/$1/$2/$3/%.o,$(sources))
	mkdir -p $$(@D)
	rm -f $$@
	$(ar) crD $$@ $$^
	echo $$@
endef
$(foreach a,$(ARCHIVES), \
	$(foreach t,$(TARGETS) $(filter-out host host32,$(HOST_PLACES)),$(foreach l,$(call libcs_of,$t), \
		$(eval $(call archive_rules,$t,$l,$a)))) \
	$(foreach t,$(CORTEX_M) $(RISCV),$(eval \
		build/$t/$a.a: build/$t/picolibc/$a.a; cp $$< $$@)))
$(foreach t,$(BARE),$(foreach l,$(filter-out none,$(call libcs_of,$t)),$(eval \
	$(call locks_of,$t,$l): \
		build/obj/$t/$l/heap/heap/libc/optional/locks.o; \
		mkdir -p $$(@D); cp $$< $$@)))

# ---- shared libraries of the host --------------------------------------

# The heap asks the kernel for more at a time than a microcontroller would.
SHARED_FLAGS := -fPIC -fvisibility=hidden -DHEAP_GROW=131072
# Threads count at the same time.
shared_flags_coverage := -fprofile-update=prefer-atomic
shared_flags_coverage32 := $(shared_flags_coverage)

# $(call shared_rules,TARGET,ARCHIVE)
define shared_rules
build/obj/$1/shared/$2/%.o: %.c $(MAKEFILE_LIST) | $(DEPS_FIRST)
	mkdir -p $$(@D)
	$(cc) $(flags_$1) $(flags_$2) $(SHARED_FLAGS) $(shared_flags_$1) \
		$(WARNINGS) -Iheap -Iport \
		$$(flags_in_$$(patsubst %/,%,$$(dir $$<))) \
		$(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $$@ $$<

build/$1/lib$2.so: $(patsubst %.c,build/obj/$1/shared/$2/%.o, \
		$(filter-out heap/libc/hooks.c,$(call sources,$1,host)) \
		heap/libc/optional/preload.c)
	mkdir -p $$(@D)
	$(cc) $(flags_$1) -shared -Wl,-soname,lib$2.so -Wl,-z,defs -Wl,-z,now \
		-o $$@ $$^
	echo $$@
endef
$(foreach t,host host32 $(filter coverage%,$(HOST_PLACES)),$(foreach a,$(ARCHIVES), \
	$(eval $(call shared_rules,$t,$a))))

# ---- firmware ----------------------------------------------------------

# Half of the RAM is the tests', but for what a stack and a heap need of a
# small one; no more than on the host.
default_arena = $(shell expr $1 / 2 - 1024 '&' $1 '<' 524288 '|' 262144)

# What a firmware without a libc is linked with.
board_link_none := -nostdlib -static -Wl,--build-id=none
board_libs_none := -lgcc

# A board.mk sets BOARD_*; they are kept here under the place's name.
define read_board
BOARD_SOURCES := startup.c board_port.c console_semihost.c semihost.c
BOARD_TARGET :=
BOARD_CFLAGS :=
BOARD_DEFINES :=
BOARD_ARENA :=
include boards/$(board_of)/board.mk
target_of_$1 := $$(BOARD_TARGET)
ram_of_$1 := $$(BOARD_RAM)
arena_of_$1 := $$(or $$(BOARD_ARENA),$$(call default_arena,$$(BOARD_RAM)))
libc_of_$1 := $$(call libc_of_board,$1,$$(BOARD_TARGET))
flags_of_$1 := $$(BOARD_CFLAGS) $$(BOARD_DEFINES) -Os -g \
	$$(if $$(filter %-nano,$1),--specs=nano.specs,$$(specs_$$(libc_of_$1))) \
	-ffunction-sections -fdata-sections -Iboards -Iport -Iheap
link_of_$1 := -nostartfiles -Llinker -T linker/$(board_of).ld -Wl,--gc-sections \
	$$(board_link_$$(libc_of_$1))
libs_of_$1 := $$(board_libs_$$(libc_of_$1))
support_of_$1 := $$(addprefix build/boards/$1/,$$(addsuffix .o,$$(basename \
	$$(BOARD_SOURCES) $$(patsubst boards/%,%, \
		$$(wildcard boards/$(board_of)/*.[cS])))))

build/boards/$1/%.o: boards/%.c $(MAKEFILE_LIST) boards/$(board_of)/board.mk | \
		$(DEPS_FIRST)
	mkdir -p $$(@D)
	$$(call cc,$$(target_of_$1)) $$(flags_of_$1) $(WARNINGS) -MMD -MP -c -o $$@ $$<

build/boards/$1/%.o: boards/%.S $(MAKEFILE_LIST) boards/$(board_of)/board.mk | \
		$(DEPS_FIRST)
	mkdir -p $$(@D)
	$$(call cc,$$(target_of_$1)) $$(flags_of_$1) -c -o $$@ $$<
endef
$(foreach b,$(BOARD_PLACES),$(eval $(call read_board,$b)))

# Those that can print the demo's report.
DEMO_BOARDS := $(foreach b,$(BOARDS),$(if $(filter picolibc,$(libc_of_$b)),$b))

DEMO_BOARD := $(or $(BOARD),mps2-an385)
DEMO := build/demo/$(DEMO_BOARD)/wordcount
ifneq ($(filter demo,$(MAKECMDGOALS)),)
$(if $(filter $(DEMO_BOARDS),$(DEMO_BOARD)),,$(error the demo runs on a board \
	with a libc, not on BOARD=$(DEMO_BOARD); choose among: $(sort $(DEMO_BOARDS))))
endif
# The words of README.md do not fit into the small boards.
INPUT ?= $(if $(shell expr $(ram_of_$(DEMO_BOARD)) '<' 131072 | grep 1), \
	tests/demo/small.txt,README.md)

.PHONY: demo
demo: $(DEMO) ## count words in [INPUT=file] on an emulated [BOARD=B]
	boards/run $(DEMO_BOARD) $< '$(strip $(INPUT))'

build/demo/$(DEMO_BOARD)/%.o: tests/demo/%.c $(MAKEFILE_LIST) | $(DEPS_FIRST)
	mkdir -p $(@D)
	$(call cc,$(target_of_$(DEMO_BOARD))) $(flags_of_$(DEMO_BOARD)) $(WARNINGS) -MMD -MP -c -o $@ $<

$(DEMO): $(patsubst tests/demo/%.c,build/demo/$(DEMO_BOARD)/%.o, \
		$(wildcard tests/demo/*.c)) $(support_of_$(DEMO_BOARD)) \
		build/boards/$(DEMO_BOARD)/stdio.o \
		build/$(target_of_$(DEMO_BOARD))/heap.a
	$(call cc,$(target_of_$(DEMO_BOARD))) $(flags_of_$(DEMO_BOARD)) $(link_of_$(DEMO_BOARD)) \
		-Wl,-Map=$@.map -o $@ $^

# ---- tests -------------------------------------------------------------

include tests/worlds/worlds.mk
include tests/programs/programs.mk
include tests/tests.mk
include tests/link/shade/shade.mk
include tests/hooks/hooks.mk
include tests/campaign/campaign.mk
include tests/fuzz/fuzz.mk
include tests/mutate/mutate.mk
include tests/coverage/coverage.mk
include tests/threads/threads.mk
include tests/workloads/workloads.mk
include tests/bench/bench.mk
include tests/trace/trace.mk
include tools/tools.mk
include tools/package/install.mk

SIZE_TARGETS := cortex-m3 cortex-m0plus

.PHONY: size
size: ## code, static RAM and stack use of the heap on Cortex-M
size: $(foreach t,$(SIZE_TARGETS),$(call archives_of,$t,picolibc))
	tests/size/run $(SIZE_TARGETS)

STACK_PLACES := $(foreach t,$(SIZE_TARGETS),$(foreach a,$(ARCHIVES),$t/$a))
stack_archives := $(foreach t,$(SIZE_TARGETS),$(call archives_of,$t,picolibc))

.PHONY: stack stack-bounds
stack: $(stack_archives) ## the most stack that each call of the heap may use
	perl tests/size/stack.pl $(STACK_PLACES)
stack-bounds: $(stack_archives)
	perl tests/size/stack.pl --write $(STACK_PLACES)

.PHONY: proof
proof: ## prove contracts of the arithmetic and the break with Frama-C
	tests/proof/run

.PHONY: lint
lint: ## check format, warnings and what static analysers say
	WARNINGS='$(WARNINGS)' tests/lint.sh

# ---- packages ----------------------------------------------------------

DEPS := gcc libc6-dev gcc-multilib binutils perl gcc-arm-none-eabi \
	picolibc-arm-none-eabi libnewlib-arm-none-eabi qemu-system-arm \
	gcc-riscv64-unknown-elf picolibc-riscv64-unknown-elf \
	qemu-system-misc qemu-system-x86 \
	libelf-dev libdw-dev libstdc++-arm-none-eabi-newlib libstdc++-arm-none-eabi-picolibc \
	valgrind cmake meson ninja-build pkgconf python3 musl-tools
DEPS_LINT := $(DEPS) clang clang-format clang-tidy cppcheck shellcheck
DEPS_FUZZ := $(DEPS) clang libclang-rt-14-dev g++-multilib

DEPS_ALL := $(DEPS_LINT) $(DEPS_FUZZ) afl++ gcovr git sqlite3 xz-utils gdb \
	stress-ng libpython3.11-testsuite dpkg-dev valgrind time \
	libjemalloc2 libmimalloc2.0 libtcmalloc-minimal4 \
	frama-c-base why3 z3 cvc4

.PHONY: deps deps-lint deps-fuzz deps-all
deps: ## install the Debian packages that demo, build and test need
	tests/packages.sh $(DEPS)
deps-lint: ## those of lint as well
	tests/packages.sh $(DEPS_LINT)
deps-fuzz: ## those of fuzz, with ENGINE=libfuzzer
	tests/packages.sh $(DEPS_FUZZ)
deps-all: ## all packages that anything here needs
	tests/packages.sh $(DEPS_ALL)

# ---- the rest ----------------------------------------------------------

.PHONY: clean
clean: ## remove build/
	rm -rf build

.PHONY: help
help: ## list what make can do
	awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-10s %s\n", $$1, $$2 }' \
		$(MAKEFILE_LIST)
	echo
	echo "TARGET  $(TARGETS)"
	echo "LIBC    $(LIBCS) (Cortex-M), picolibc none (RISC-V)"
	echo "BOARD   $(BOARDS); test: $(HOST_PLACES) too"

-include $(shell find build -name workloads -prune -o -name '*.d' -print 2>/dev/null)
