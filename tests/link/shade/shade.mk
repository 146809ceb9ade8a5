# SPDX-License-Identifier: MIT
# heap-debug.a of the host with a port that shows its blocks to a tool.

SHADES := $(addprefix build/host/heap-,asan.a valgrind.a)

$(SHADES): build/host/heap-%.a: build/host/heap-debug.a \
		build/obj/host/host/heap-debug/port/shade_%.o
	cp $< $@
	ar d $@ host_default.o
	ar rD $@ build/obj/host/host/heap-debug/port/shade_$*.o
	echo $@

.PHONY: shades
shades: $(SHADES) ## archives that show blocks to AddressSanitizer and Valgrind

test: $(if $(TEST_SCRIPTS),$(SHADES))
