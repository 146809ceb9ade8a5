# SPDX-License-Identifier: MIT
# The test programs: included by the Makefile.  tests/README.md explains.
#
# A place is where tests run: host, host32, sanitize, or a board, perhaps with
# another libc.  Each suite is one program for each place and archive:
# build/tests/PLACE/ARCHIVE/DIR/SUITE

PLACES := host host32 sanitize $(BOARD_PLACES)
place_archives = heap-debug heap \
	$(if $(filter host host32 coverage coverage32 microbit mps2-an385,$1), \
	heap-min)
place_target = $(or $(target_of_$1),$1)
place_libc = $(or $(libc_of_$1),host)
place_arena = $(or $(arena_of_$1),262144)

# T=name leaves only the suites in which some test's name contains it.
ALL_SUITES := $(wildcard tests/unit/*_test.c tests/stress/*_test.c \
	tests/libc/*_test.c tests/front/*_test.c)
SUITES := $(if $(T),$(shell grep -l '^TEST.*$(T)' $(ALL_SUITES) /dev/null),\
	$(ALL_SUITES))

# The line "PLACE SUITE *" or "ARCHIVE SUITE *" in tests/skips.txt leaves out a suite.
# $(call place_suites,PLACE,ARCHIVE)
left_out := $(shell sed -n 's/^\([^\# ]*\) \([^ ]*\) \*$$/\1:\2/p' tests/skips.txt)
is_left_out = $(filter $1:$(suite_name) $2:$(suite_name),$(left_out)) \
	$(and $(filter sanitize none,$1 $(place_libc)),$(filter tests/libc/%,$3)) \
	$(and $(filter sanitize $(BOARD_PLACES),$1),$(filter tests/front/%,$3))
suite_name = $(basename $(notdir $3))
place_suites = $(foreach s,$(SUITES),$(if $(strip \
	$(call is_left_out,$1,$2,$s)),,$(patsubst tests/%.c,%,$s)))
harness_objects = $(patsubst tests/%.c,build/tests/$1/$2/%.o, \
	$(filter-out %/main_$(if $(filter $(BOARD_PLACES),$1),host,board).c, \
	$(wildcard tests/harness/*.c)))

# What several suites of a folder share is in its files without _test.
dir_objects = $(patsubst tests/%.c,build/tests/$1/$2/%.o, \
	$(filter-out %_test.c,$(wildcard $(dir tests/$3)*.c)))

# Tests misuse memory on purpose: the compiler is not to know what malloc means.
place_flags = $(or $(flags_of_$1),$(flags_$1) -O1 -g)
TEST_FLAGS := $(WARNINGS) -Iheap -Iport -Itests/harness -Itests \
	-fno-builtin -Wno-use-after-free

# $(call place_rules,PLACE,ARCHIVE)
define place_rules
build/tests/$1/$2/%.o: tests/%.c $(MAKEFILE_LIST) | $(DEPS_FIRST)
	mkdir -p $$(@D)
	$(call cc,$(place_target)) $(place_flags) $(flags_$2) $(TEST_FLAGS) \
		-DTAP_WHERE='"$1"' -DTAP_ARENA=$(place_arena) \
		-MMD -MP -c -o $$@ $$<

build/tests/$1/$2/harness.a: $(harness_objects)
	rm -f $$@
	$(call ar,$(place_target)) crD $$@ $$^
endef

# Without it a board's main ends the run: what is registered by atexit would
# not be tried.
at_exit = $(if $(filter libc/%,$2),$(if $(filter $(BOARD_PLACES),$1), \
	build/boards/$1/stdio.o))

# $(call suite_rules,PLACE,ARCHIVE,DIR/SUITE)
define suite_rules
build/tests/$1/$2/$3: build/tests/$1/$2/$3.o $(dir_objects) \
		build/tests/$1/$2/harness.a $(support_of_$1) $(call at_exit,$1,$3) \
		$(call home,$(place_target),$(place_libc))/$2.a
	$(call cc,$(place_target)) $(place_flags) $(link_of_$1) -o $$@ $$^ \
		$(libs_of_$1)
endef

wanted_places := $(if $(filter test,$(MAKECMDGOALS)),$(or $(BOARD),$(PLACES)))

$(foreach p,$(wanted_places), \
	$(foreach a,$(call place_archives,$p), \
		$(eval $(call place_rules,$p,$a)) \
		$(foreach s,$(call place_suites,$p,$a), \
			$(eval $(call suite_rules,$p,$a,$s)) \
			$(eval TEST_PROGRAMS += build/tests/$p/$a/$s))))

# Scripts look at the sources and the archives; they have no place or test
# names, so that a part of the tests leaves them out.
TEST_SCRIPTS := $(if $(T)$(BOARD),,$(wildcard tests/link/*.t \
	tests/threads/*.t tests/banks/*.t tests/rtos/*.t tests/hooks/*.t tests/demo/*.t tests/readme/*.t \
	tests/bench/*.t tests/campaign/*.t tests/linux/*.t \
	$(addprefix tests/programs/,short.t told.t races.t)))
TEST_WORLDS := $(if $(T)$(BOARD),,$(WORLDS_QUICK))
ALL_ARCHIVES := $(foreach t,$(TARGETS),$(call archives_of,$t))
ALL_LOCKS := $(foreach t,$(TARGETS),$(call locks_of,$t))
ALL_SHARED := $(foreach t,host host32,$(call shared_of,$t))
SKIPS_TEST := $(if $(T),,tests/harness/skips.t)

# There are more programs than fit into a command: a file names them, which gets
# a line of the recipe from each place.
TEST_LIST := build/tests/programs.list
define list_programs
	$(if $(filter build/tests/$1/%,$(TEST_PROGRAMS)),printf '%s\n' \
		$(filter build/tests/$1/%,$(TEST_PROGRAMS)) >>$(TEST_LIST))

endef

.PHONY: test
test: ## run the tests: [BOARD=place] [T=name] [SEED=n]
test: $(TEST_PROGRAMS) $(TEST_WORLDS) $(if $(TEST_SCRIPTS),$(ALL_ARCHIVES) $(ALL_LOCKS) \
		$(OUR_PROGRAMS) $(ALL_SHARED))
	$(if $(TEST_PROGRAMS),,$(error no test has "$(T)" in its name))
	rm -f $(TEST_LIST)
	$(foreach p,$(wanted_places),$(call list_programs,$p))
	sed 's/$$/.tap/' $(TEST_LIST) | xargs rm -f
	PLACES='$(wanted_places)' PROGRAMS='$(TEST_LIST)' \
		ARCHIVES='$(ALL_ARCHIVES)' \
		TAP_ARGS='$(filter-out BOARD=%,$(MAKEOVERRIDES))' \
		HARNESS_RULESFILE=tests/harness/rules.yml \
		prove -j$(JOBS) --exec tests/harness/run \
		- $(TEST_WORLDS) $(TEST_SCRIPTS) $(SKIPS_TEST) <$(TEST_LIST)
