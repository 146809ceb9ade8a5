# SPDX-License-Identifier: MIT
# Programs that record a trace, and what is made of it: included by the Makefile.

TRACED_BOARD := mps2-an385
TRACED_PLACES := $(TRACED_BOARD) $(TRACED_BOARD)-newlib
TRACED_DEMO := build/trace/$(TRACED_BOARD)/demo/concordance

# $(call traced_rules,PLACE): build/trace/PLACE/NAME of tests/trace/NAME.c
define traced_rules
build/trace/$1/%.o: tests/trace/%.c $(MAKEFILE_LIST) | $(DEPS_FIRST)
	mkdir -p $$(@D)
	$(call cc,$(target_of_$1)) $(flags_of_$1) $(WARNINGS) -Itests/trace \
		-fno-builtin -Wno-use-after-free -MMD -MP -c -o $$@ $$<

$(addprefix build/trace/$1/,faulty tagged demo/concordance): build/trace/$1/%: \
		build/trace/$1/%.o build/trace/$1/traced.o \
		build/trace/$1/tag_names.o $(support_of_$1) \
		build/boards/$1/stdio.o \
		$(call home,$(target_of_$1),$(libc_of_$1))/heap.a
	$(call cc,$(target_of_$1)) $(flags_of_$1) $(link_of_$1) -o $$@ $$^ \
		$(libs_of_$1)
endef
$(foreach p,$(TRACED_PLACES),$(eval $(call traced_rules,$p)))

# $(call traced_host_rules,TARGET): the same mistakes on this machine.
define traced_host_rules
build/trace/$1/%.o: tests/trace/%.c $(MAKEFILE_LIST) | $(DEPS_FIRST)
	mkdir -p $$(@D)
	$(HOST_CC) $(flags_$1) -g $(WARNINGS) -Iheap -Iport -Itests/trace \
		-fno-builtin -Wno-use-after-free -MMD -MP -c -o $$@ $$<

$(addprefix build/trace/$1/,faulty racing): build/trace/$1/%: \
		build/trace/$1/%.o build/trace/$1/traced_host.o build/$1/heap.a
	$(HOST_CC) $(flags_$1) -o $$@ $$^ -pthread
endef
$(foreach t,host host32,$(eval $(call traced_host_rules,$t)))

# Instructions are what its time is made of: the same at each run.
build/trace/demo.trace: $(TRACED_DEMO) tests/trace/demo/text.txt
	QEMU_ICOUNT=6 boards/run $(TRACED_BOARD) $< $@ tests/trace/demo/text.txt

# It has a leak to report: status 1.
.PHONY: demo-trace
demo-trace: build/trace/demo.trace build/tools/heap-trace ## trace a program, report its leak, draw its heap
	build/tools/heap-trace -s build/trace/demo.svg $(TRACED_DEMO) $<; \
		test $$? -eq 1
	echo
	echo "the picture is build/trace/demo.svg"

figures: trace-figures
.PHONY: trace-figures
trace-figures: demo-trace
	cp build/trace/demo.svg tests/trace/heap.svg

TEST_SCRIPTS += $(if $(T)$(BOARD),,tests/trace/trace.t)
test: $(if $(TEST_SCRIPTS),build/trace/demo.trace $(foreach p,$(TRACED_PLACES), \
	build/trace/$p/faulty build/trace/$p/demo/concordance) \
	build/trace/host/faulty build/trace/host32/faulty \
	build/trace/host/racing build/trace/$(TRACED_BOARD)/tagged)
