# SPDX-License-Identifier: MIT
# The floors: each adapter is the whole allocator.  A pool has no chunks that
# are slightly too small.
BENCH_FLOORS := bump pool lists
$(foreach a,$(BENCH_FLOORS), \
	$(eval bench.$a.own := yes) \
	$(eval bench.$a.ldflags := --specs=picolibc.specs) \
	$(eval bench.$a.libs := -lc -lgcc))
bench.pool.measures := size time heap
