bench.newlib-nano.libs := -lc_nano -lgcc
