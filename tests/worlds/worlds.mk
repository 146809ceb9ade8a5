# SPDX-License-Identifier: MIT
# Small worlds, and arithmetic over every 32-bit input; see tests/README.md.
#
#   make worlds        all of it: some 20 minutes of a processor
#
# `make test` runs WORLDS_QUICK: each width and each profile once.

WORLDS_PLACES := host host32
WORLDS_ARCHIVES := heap heap-min
WORLDS_PROGRAM := world.c model.c explore.c table.c
ARITHMETIC_PROGRAM := arithmetic.c arithmetic_inline.c arithmetic_calls.c
WORLDS_CFLAGS := $(WARNINGS) -fno-builtin -Iheap -Iport

# $(call worlds_program,PLACE,ARCHIVE,PROGRAM,SOURCES,FLAGS)
define worlds_program
build/worlds/$1/$2/$3: $(addprefix tests/worlds/,$4) \
		$(wildcard tests/worlds/*.h heap/*.h port/*.h) port/region.c \
		build/$1/$2.a $(MAKEFILE_LIST)
	mkdir -p $$(@D)
	$(HOST_CC) $(flags_$1) $(flags_$2) $5 $$(WORLDS_CFLAGS) -o $$@ \
		$(addprefix tests/worlds/,$4) build/$1/$2.a
endef
$(foreach a,$(WORLDS_ARCHIVES), \
	$(foreach p,$(WORLDS_PLACES),$(eval $(call \
		worlds_program,$p,$a,worlds,$(WORLDS_PROGRAM)))) \
	$(eval $(call \
		worlds_program,host32,$a,arithmetic,$(ARITHMETIC_PROGRAM),-O3)))

WORLDS := $(foreach a,$(WORLDS_ARCHIVES),build/worlds/host32/$a/arithmetic \
	$(foreach p,$(WORLDS_PLACES),build/worlds/$p/$a/worlds))
WORLDS_QUICK := build/worlds/host/heap/worlds build/worlds/host32/heap-min/worlds \
	build/worlds/host32/heap/arithmetic

.PHONY: worlds
worlds: $(WORLDS) ## all sequences in small worlds, arithmetic of all inputs
	prove -v -j$(JOBS) --exec '' $^ :: deep
