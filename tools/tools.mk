# SPDX-License-Identifier: MIT
# Programs for the developer's desk, in build/tools/: included by the Makefile.

HEAP_CHECK := heap-check allocators image map refuse report span

.PHONY: tools
tools: build/tools/heap-check ## build build/tools/heap-check

build/tools/%.o: tools/%.c $(MAKEFILE_LIST) | $(DEPS_FIRST)
	mkdir -p $(@D)
	$(HOST_CC) $(WARNINGS) -D_GNU_SOURCE -O2 -g $(CPPFLAGS) $(CFLAGS) \
		-MMD -MP -c -o $@ $<

build/tools/heap-check: $(HEAP_CHECK:%=build/tools/%.o)
	$(HOST_CC) $(LDFLAGS) -o $@ $^ -lelf

# What the scripts of tests/link/ call.
test: $(if $(TEST_SCRIPTS),build/tools/heap-check)

include tools/trace/trace.mk
