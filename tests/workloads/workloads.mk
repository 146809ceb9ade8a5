# SPDX-License-Identifier: MIT
# Other people's programs on a board, with heap.a: included by the Makefile.
# Their sources are Debian's source packages, fetched into build/.

WORKLOAD_SOURCES := build/workloads/sources
WORKLOAD_PLACES := mps2-an385 mps2-an385-newlib
WORKLOADS := lua cjson mbedtls
WORKLOAD_COMMON := $(addprefix tests/workloads/,workload.c system.c trace.c)
WORKLOAD_HEADERS := $(addprefix tests/workloads/,workload.h trace.h)

source_of_lua := lua5.4
source_of_cjson := cjson
source_of_mbedtls := mbedtls
workload_source = $(WORKLOAD_SOURCES)/$(source_of_$1)
# Of ours, which is small, there is nothing to fetch.
workload_unpacked = $(if $(source_of_$1),$(workload_source)/.unpacked)

# What each is made of, and how it is compiled.
parts_of_lua := $(addprefix src/l,api.c auxlib.c baselib.c code.c corolib.c \
	ctype.c debug.c do.c dump.c func.c gc.c lex.c mathlib.c mem.c object.c \
	opcodes.c parser.c state.c string.c strlib.c table.c tablib.c tm.c \
	undump.c vm.c zio.c)
parts_of_cjson := cJSON.c
parts_of_mbedtls := $(addprefix library/,asn1parse.c asn1write.c bignum.c \
	constant_time.c ecdh.c ecjpake.c ecp.c ecp_curves.c hmac_drbg.c md.c oid.c \
	platform_util.c rsa.c rsa_internal.c sha1.c sha256.c)
flags_of_lua := -I$(WORKLOAD_SOURCES)/lua5.4/src -Ibuild/workloads \
	'-Dluai_makeseed(l)=1'
flags_of_cjson := -I$(WORKLOAD_SOURCES)/cjson
flags_of_mbedtls := -I$(WORKLOAD_SOURCES)/mbedtls/include \
	-I$(WORKLOAD_SOURCES)/mbedtls/library -Itests/workloads \
	'-DMBEDTLS_CONFIG_FILE="mbedtls_config.h"'

# $(call workload_rules,WORKLOAD,PLACE)
define workload_rules
build/workloads/$2/$1: tests/workloads/$1.c $(WORKLOAD_COMMON) \
		$(WORKLOAD_HEADERS) $(call workload_unpacked,$1) \
		$$(support_of_$2) build/boards/$2/stdio.o \
		$(call home,$(target_of_$2),$(libc_of_$2))/heap.a $(MAKEFILE_LIST)
	mkdir -p $$(@D)
	echo '#define DEB_HOST_MULTIARCH "none"' >build/workloads/lua5.4-deb-multiarch.h
	$(call cc,$(target_of_$2)) $(flags_of_$2) -std=gnu11 -w $$(flags_of_$1) \
		$(link_of_$2) -Wl,-Map=$$@.map -o $$@ \
		tests/workloads/$1.c $(WORKLOAD_COMMON) \
		$(addprefix $(call workload_source,$1)/,$(parts_of_$1)) \
		$$(support_of_$2) build/boards/$2/stdio.o linker/heap.ld \
		$(call home,$(target_of_$2),$(libc_of_$2))/heap.a $(libs_of_$2) -lm
endef
$(foreach w,$(WORKLOADS) small,$(foreach p,$(WORKLOAD_PLACES), \
	$(eval $(call workload_rules,$w,$p))))

WORKLOAD_PROGRAMS := $(foreach p,$(WORKLOAD_PLACES), \
	$(WORKLOADS:%=build/workloads/$p/%))

$(foreach w,$(WORKLOADS),$(call workload_source,$w)/.unpacked) &: \
		tests/workloads/fetch.sh | $(DEPS_FIRST)
	tests/workloads/fetch.sh $(WORKLOAD_SOURCES) \
		$(foreach w,$(WORKLOADS),$(source_of_$w))

.PHONY: workloads
workloads: ## Lua, cJSON, mbed TLS on a board: deps-all, fetches sources; [TRACE=1]
workloads: $(WORKLOAD_PROGRAMS) $(if $(TRACE),build/tools/heap-trace)
	WORKLOADS='$(WORKLOAD_PROGRAMS)' TRACE='$(TRACE)' \
		prove -v tests/workloads/workloads.t

# How they end, and are traced, is one of the tests.
TEST_SCRIPTS += $(if $(T)$(BOARD),,tests/workloads/small.t)
test: $(if $(TEST_SCRIPTS),build/tools/heap-trace \
	$(WORKLOAD_PLACES:%=build/workloads/%/small))
