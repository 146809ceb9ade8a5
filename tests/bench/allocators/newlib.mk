bench.newlib.libs := -lc -lgcc
