# SPDX-License-Identifier: MIT
# The fault-injection campaign.  See tests/campaign/README.md.

CAMPAIGN := tests/campaign
CAMPAIGN_OUT := build/campaign
CAMPAIGN_PLACES := host host32 mps2-an385

# At the same addresses in every run: a trial can be repeated.
campaign_flags = $(if $(filter host%,$1),$(flags_$1) -O2 -g -no-pie \
	-D_GNU_SOURCE,$(flags_of_$1) -O2)
campaign_objects = $(addprefix $(CAMPAIGN_OUT)/$1/$2/,$(addsuffix .o, \
	campaign ground work words damage misuse \
	$(if $(filter host%,$1),place_host main_host,place_board main_board) \
	tap format arena))
campaign_compile = $(call cc,$(place_target)) $(campaign_flags) $(flags_$2) \
	$(TEST_FLAGS) -DTAP_WHERE='"$1"' -DTAP_ARENA=64 -MMD -MP -c

# $(call campaign_rules,PLACE,ARCHIVE)
define campaign_rules
$(CAMPAIGN_OUT)/$1/$2/%.o: $(CAMPAIGN)/%.c $(MAKEFILE_LIST) | $(DEPS_FIRST)
	mkdir -p $$(@D)
	$(campaign_compile) -o $$@ $$<

$(CAMPAIGN_OUT)/$1/$2/%.o: tests/harness/%.c $(MAKEFILE_LIST) | $(DEPS_FIRST)
	mkdir -p $$(@D)
	$(campaign_compile) -o $$@ $$<

$(CAMPAIGN_OUT)/$1/$2/campaign: $(campaign_objects) $(support_of_$1) \
		$(call home,$(place_target),$(place_libc))/$2.a
	$(call cc,$(place_target)) $(campaign_flags) $(link_of_$1) -o $$@ $$^ \
		$(libs_of_$1)
endef
$(foreach p,$(CAMPAIGN_PLACES),$(foreach a,$(ARCHIVES), \
	$(eval $(call campaign_rules,$p,$a))))

CAMPAIGN_PROGRAMS := $(foreach p,$(CAMPAIGN_PLACES),$(foreach a,$(ARCHIVES), \
	$(CAMPAIGN_OUT)/$p/$a/campaign))

.PHONY: campaign
campaign: $(CAMPAIGN_PROGRAMS) ## faults injected into heaps on host and board: [SEED=n]
	$(CAMPAIGN)/run $(if $(SEED),SEED=$(SEED))

# The corners, with whatever malloc there is: to be preloaded.
CORNERS := tests/libc/corners_test.c $(addprefix tests/harness/,tap.c format.c \
	arena.c main_host.c)

$(CAMPAIGN_OUT)/corners-64: $(CORNERS) $(MAKEFILE_LIST) | $(DEPS_FIRST)
	mkdir -p $(@D)
	$(HOST_CC) -m64 -O1 -g $(TEST_FLAGS) -DTAP_WHERE='"host"' -DTAP_ARENA=64 \
		-o $@ $(CORNERS)

$(CAMPAIGN_OUT)/corners-32: $(CORNERS) $(MAKEFILE_LIST) | $(DEPS_FIRST)
	mkdir -p $(@D)
	$(HOST_CC) -m32 -O1 -g $(TEST_FLAGS) -DTAP_WHERE='"host32"' -DTAP_ARENA=64 \
		-o $@ $(CORNERS)

# make test runs a small one.
test: $(if $(TEST_SCRIPTS),$(CAMPAIGN_OUT)/corners-64 \
	$(CAMPAIGN_OUT)/corners-32 \
	$(filter-out %/heap-min/campaign,$(CAMPAIGN_PROGRAMS)))
