# SPDX-License-Identifier: MIT
# heap-trace, which reads what the recorder writes: included by tools/tools.mk.

HEAP_TRACE := heap-trace blocks charts export holes live map misuse picture program report \
	source trace
HEAP_TRACE_OBJECTS := $(HEAP_TRACE:%=build/tools/trace/%.o) build/tools/refuse.o

tools: build/tools/heap-trace

build/tools/trace/%.o: tools/trace/%.c $(MAKEFILE_LIST) | $(DEPS_FIRST)
	mkdir -p $(@D)
	$(HOST_CC) $(WARNINGS) -D_GNU_SOURCE -Itools -Iheap -O2 -g $(CPPFLAGS) \
		$(CFLAGS) -MMD -MP -c -o $@ $<

build/tools/heap-trace: $(HEAP_TRACE_OBJECTS)
	$(HOST_CC) $(LDFLAGS) -o $@ $^ -ldw -lelf -lm

# What the scripts of tests/trace/ call.
test: $(if $(TEST_SCRIPTS),build/tools/heap-trace)
