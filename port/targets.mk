# SPDX-License-Identifier: MIT
# What there is to build for, and how: included by the Makefile.

CORTEX_M := $(addprefix cortex-,m0 m0plus m3 m4 m7 m23 m33 m55)
RISCV := rv32imac rv64imac
X86_64 := x86_64-kernel
BARE := $(CORTEX_M) $(RISCV) $(X86_64)
TARGETS := host host32 $(BARE)
LIBCS := picolibc newlib none

comma := ,
HOST_CC ?= gcc
ARM ?= arm-none-eabi-
RISCV_GNU ?= riscv64-unknown-elf-

is_arm = $(filter $(CORTEX_M),$1)
is_riscv = $(filter $(RISCV),$1)
is_bare = $(filter $(BARE),$1)
prefix_of = $(if $(is_arm),$(ARM))$(if $(is_riscv),$(RISCV_GNU))
cc = $(if $(prefix_of),$(prefix_of)gcc,$(HOST_CC))
ar = $(prefix_of)ar

# The libcs of a target; the host has its own, and a kernel none.
libcs_of = $(strip $(if $(is_arm),$(LIBCS)) \
	$(if $(is_riscv),$(filter-out newlib,$(LIBCS))) \
	$(if $(filter $(X86_64),$1),none)$(if $(is_bare),,host))

# Where the archives of a target and libc go.
home = build/$1$(if $(is_bare),/$2)

flags_host := -O2 -m64
flags_host32 := -O2 -m32
flags_sanitize := -O1 -g -fno-omit-frame-pointer \
	-fsanitize=address,undefined -fno-sanitize-recover=all
# For tests/coverage: a function is there once, so that its branches are.
flags_coverage := -O0 -g --coverage -DWORD_HOT=inline
flags_coverage32 := $(flags_coverage) -m32
HOST_PLACES := host host32 sanitize coverage coverage32
$(foreach t,$(CORTEX_M),$(eval flags_$t := -Os -mthumb -mcpu=$t \
	-mfloat-abi=soft -fcallgraph-info=su))
flags_rv32imac := -Os -march=rv32imac -mabi=ilp32 -mcmodel=medany
flags_rv64imac := -Os -march=rv64imac -mabi=lp64 -mcmodel=medany
# For an interrupt there is no red zone, and the registers of floating point
# are the user's.  The code model serves the lowest and the highest 2 GiB.
flags_x86_64-kernel := -O2 -m64 -ffreestanding -fno-pic -mcmodel=kernel \
	-mno-red-zone -mgeneral-regs-only -fno-stack-protector \
	-fcf-protection=none -fno-asynchronous-unwind-tables

# The archives serve programs of both float ABIs.
both_abis = $(if $(is_arm),-Wa$(comma)port/any_float_abi.s)

specs_picolibc := --specs=picolibc.specs
specs_none := -ffreestanding

# The profiles: what the archives differ in.
ARCHIVES := heap heap-min heap-debug
flags_heap-min := -DHEAP_CHECK=0 -DHEAP_STATS=0
flags_heap := -DHEAP_CHECK=2 -DHEAP_STATS=1
flags_heap-debug := -DHEAP_CHECK=3 -DHEAP_STATS=1

# A file in heap/libc/ named after a libc, or LIBC_*.c, is for that libc only.
# The sanitizers bring a malloc of their own.
only_for_libcs := $(patsubst %,heap/libc/%.c,picolibc newlib host)
other_libcs = $(filter-out %/$2.c,$(only_for_libcs))
libc_sources = $(if $(filter none,$2)$(filter sanitize,$1),,$(filter-out \
	$(other_libcs) $(other_libcs:.c=_%.c),$(wildcard heap/libc/*.c)))
port_sources = $(wildcard port/region.c port/banks*.c port/pools.c port/gap.c port/report*.c \
	port/locker.c port/mutex.c port/swap.c $(if $(is_bare), \
	port/region_linker.c) $(port_of))
port_of = $(if $(is_arm),port/cortex_m*.c)$(if $(is_riscv),port/riscv*.c) \
	$(if $(filter $(X86_64),$1),port/x86_64*.c)$(if $(is_bare),,\
	port/host*.c port/linux*.c)
sources = $(wildcard heap/*.c) $(call libc_sources,$1,$2) $(port_sources)

# How a folder's files are compiled.  A compiler that knows what malloc or
# memset means may turn the body of one into a call of itself.
flags_in_heap := -ffreestanding -fno-tree-loop-distribute-patterns
flags_in_heap/libc := $(flags_in_heap)
flags_in_heap/libc/optional := $(flags_in_heap)
flags_in_port :=
