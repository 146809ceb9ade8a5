# SPDX-License-Identifier: MIT
# Coverage: which lines, branches and instructions of the heap no test has run.
# tests/README.md explains.
#
#   make coverage        on the host, and of the target's own binary
#   make coverage-host
#   make coverage-target

COVERAGE := tests/coverage
COVERAGE_OUT := build/coverage-report
COVERAGE_PLACES := coverage coverage32
COVERAGE_FUZZ := $(foreach p,$(COVERAGE_PLACES),$(foreach a,$(ARCHIVES), \
	$(FUZZ_OUT)/$p/$a/fuzz))

# The fuzz targets over the corpus and random arenas are tests, too.
# $(call coverage_fuzz,PLACE,ARCHIVE)
define coverage_fuzz
$(FUZZ_OUT)/$1/$2/%.o: %.c $(MAKEFILE_LIST) | $(DEPS_FIRST)
	mkdir -p $$(@D)
	$(HOST_CC) -O1 $(fuzz_bits_$1) $(flags_$2) $(WARNINGS) $(FUZZ_FLAGS) \
		-MMD -MP -c -o $$@ $$<

$(FUZZ_OUT)/$1/$2/fuzz: $(patsubst %.c,$(FUZZ_OUT)/$1/$2/%.o, \
		$(FUZZ_SOURCES) $(FUZZ)/plain.c) build/$1/$2.a
	$(HOST_CC) $(fuzz_bits_$1) --coverage -o $$@ $$^
endef
fuzz_bits_coverage32 := -m32
$(foreach p,$(COVERAGE_PLACES),$(foreach a,$(ARCHIVES), \
	$(eval $(call coverage_fuzz,$p,$a))))

.PHONY: coverage coverage-host coverage-target
coverage: ## lines, branches and instructions of the heap that no test runs
coverage: coverage-host coverage-target

# Besides, the libraries for whole programs.
COVERAGE_SHARED := $(foreach p,$(COVERAGE_PLACES),$(call shared_of,$p))
COVERAGE_PROGRAMS := $(foreach p,family names threads,$(foreach b,64 32, \
	$(PROGRAMS_IN)/$p-$b))

coverage-host: $(COVERAGE_FUZZ) $(COVERAGE_SHARED) $(COVERAGE_PROGRAMS)
	find $(COVERAGE_PLACES:%=build/obj/%) -name '*.gcda' -delete
	for place in $(COVERAGE_PLACES); do \
		$(MAKE) --no-print-directory test BOARD=$$place || exit; \
	done
	for program in $(COVERAGE_FUZZ); do \
		timeout 300 $$program ops $(FUZZ)/corpus/ops/* && \
		timeout 300 $$program arena $(FUZZ)/corpus/arena/* && \
		timeout 300 $$program loop 10000 || exit; \
	done
	$(COVERAGE)/programs.sh coverage 64
	$(COVERAGE)/programs.sh coverage32 32
	mkdir -p $(COVERAGE_OUT)
	rm -f $(COVERAGE_OUT)/*.json
	$(foreach p,$(COVERAGE_PLACES),$(foreach k,host shared,$(foreach a,$(ARCHIVES), \
		gcovr --root . --json --exclude-unreachable-branches \
			--filter heap/ --filter port/region.c \
			-o $(COVERAGE_OUT)/$p-$k-$a.json build/obj/$p/$k/$a &&))) true
	perl $(COVERAGE)/host.pl $(COVERAGE_OUT)/*.json

# Of the archives that a board's suites are linked with, not built for this.  Only
# their line numbers come from objects compiled once more.
COVERAGE_BOARD := mps2-an385
COVERAGE_TARGET := $(target_of_$(COVERAGE_BOARD))
COVERAGE_TWINS := build/coverage-target
# The campaign damages heaps, which heap-min.a does not look for.
COVERAGE_CAMPAIGN := $(foreach a,heap heap-debug, \
	$(CAMPAIGN_OUT)/$(COVERAGE_BOARD)/$a/campaign)

# $(call coverage_twin,ARCHIVE)
define coverage_twin
$(COVERAGE_TWINS)/$1/%.o: %.c $(MAKEFILE_LIST) | $(DEPS_FIRST)
	mkdir -p $$(@D)
	$(call cc,$(COVERAGE_TARGET)) $(flags_$(COVERAGE_TARGET)) $(flags_$1) \
		$(specs_picolibc) -std=c11 -w -Iheap -Iport -ffunction-sections \
		-fdata-sections -g $$(flags_in_$$(patsubst %/,%,$$(dir $$<))) \
		-MMD -MP -c -o $$@ $$<
endef
$(foreach a,$(ARCHIVES),$(eval $(call coverage_twin,$a)))

coverage-target: $(foreach a,$(ARCHIVES),$(patsubst %.c,$(COVERAGE_TWINS)/$a/%.o, \
		$(call sources,$(COVERAGE_TARGET),picolibc))) \
		$(COVERAGE_CAMPAIGN)
	$(MAKE) --no-print-directory test BOARD=$(COVERAGE_BOARD)
	mkdir -p $(COVERAGE_OUT)
	failed=; $(foreach a,$(ARCHIVES),COVERAGE_BOARD=$(COVERAGE_BOARD) \
		perl $(COVERAGE)/target.pl \
		$(call home,$(COVERAGE_TARGET),picolibc)/$a.a $(COVERAGE_TWINS)/$a \
		$$(find build/tests/$(COVERAGE_BOARD)/$a -name '*_test') \
		$(filter %/$a/campaign,$(COVERAGE_CAMPAIGN)) || failed=1;) \
	test -z "$$failed"
