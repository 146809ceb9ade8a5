bench.picolibc.ldflags := --specs=picolibc.specs
bench.picolibc.libs := -lc -lgcc
