# SPDX-License-Identifier: MIT
# The heap's own firmwares: -Os is the archive as it is shipped, -O2 the same
# sources compiled so.  Variables not set here are port/targets.mk's.

# $(call bench_ours,ARCHIVE,CPU,OPT)
bench_ours = $(if $(filter -Os,$3),build/$2/picolibc/$1.a,$(BENCH_OUT)/ours/$2$3/$1.a)

bench.heap.objects = $(call bench_ours,heap,$1,$2)
bench.heap-locked.objects = $(call bench_ours,heap,$1,$2)
bench.heap-meter.objects = $(call bench_ours,heap,$1,$2)
bench.heap-stock.objects = $(call bench_ours,heap,$1,$2)
bench.heap-idle.objects = $(call bench_ours,heap,$1,$2)
bench.heap-locked-idle.objects = $(call bench_ours,heap,$1,$2)
bench.heap-bare.objects = $(BENCH_OUT)/ours/$1-Os/heap-bare.a
bench.heap-locked-bare.objects = $(BENCH_OUT)/ours/$1-Os/heap-bare.a
bench.heap-min.objects = $(call bench_ours,heap-min,$1,$2)
bench.heap-min-locked.objects = $(call bench_ours,heap-min,$1,$2)
bench.heap-min-meter.objects = $(call bench_ours,heap-min,$1,$2)
bench.heap-min-stock.objects = $(call bench_ours,heap-min,$1,$2)
bench.heap-debug.objects = $(call bench_ours,heap-debug,$1,$2)
bench.heap-native.objects = build/$1/none/heap.a
bench.heap-min-native.objects = build/$1/none/heap-min.a

BENCH_OURS := heap heap-locked heap-meter heap-min heap-min-locked \
	heap-min-meter heap-debug heap-native \
	heap-min-native heap-stock heap-min-stock heap-idle heap-locked-idle \
	heap-bare heap-locked-bare
$(foreach a,$(BENCH_OURS), \
	$(eval bench.$a.ldflags := --specs=picolibc.specs) \
	$(eval bench.$a.libs := -lc -lgcc))

# $(call bench_ours_rules,ARCHIVE,CPU,OPT)
define bench_ours_rules
$(BENCH_OUT)/ours/$2$3/$1/%.o: %.c $(wildcard heap/*.h heap/libc/*.h port/*.h) \
		$(MAKEFILE_LIST)
	mkdir -p $$(@D)
	$(BENCH_CC) $(flags_$2) $(flags_$1) $(specs_picolibc) -std=c11 -Iheap \
		-Iport -ffunction-sections -fdata-sections \
		$$(flags_in_$$(patsubst %/,%,$$(dir $$<))) $(3) -c -o $$@ $$<

$(BENCH_OUT)/ours/$2$3/$1.a: $(patsubst %.c,$(BENCH_OUT)/ours/$2$3/$1/%.o, \
		$(call sources,$2,picolibc))
	rm -f $$@
	arm-none-eabi-ar crD $$@ $$^
endef
$(foreach a,heap heap-min heap-debug,$(foreach c,$(BENCH_CPUS), \
	$(eval $(call bench_ours_rules,$a,$c,-O2))))
flags_heap-bare := $(flags_heap) -DHEAP_NO_LAYERS
$(foreach c,$(BENCH_CPUS),$(eval $(call bench_ours_rules,heap-bare,$c,-Os)))
