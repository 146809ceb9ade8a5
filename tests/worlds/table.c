/* SPDX-License-Identifier: MIT */
/*
 * The worlds: each small enough that some sequences exhaust it, with sizes
 * that meet in the parts of the engine that its name says.
 */
#include "world.h"

const struct world worlds[] = {
	/* Links in head and foot, and chunks that turn tiny or cease to be. */
	{.name = "tiny",
	 .room = 9,
	 .size = {1, 2, 3},
	 .aligned = {{2, 1}, {4, 1}},
	 .depth = 8,
	 .deep = 10},
	/* One size a bin; the top is spent early. */
	{.name = "exact",
	 .room = 31,
	 .locked = true,
	 .size = {2, 3, 5, 8},
	 .aligned = {{2, 2}, {4, 3}},
	 .depth = 6,
	 .deep = 8},
	/* Several sizes a bin, and the last exact one. */
	{.name = "ranges",
	 .room = 120,
	 .size = {16, 17, 19, 22, 30},
	 .aligned = {{8, 17}},
	 .depth = 6,
	 .deep = 7},
	/* What is carved out leaves ends of all kinds. */
	{.name = "aligned",
	 .room = 40,
	 .locked = true,
	 .size = {1, 4, 9},
	 .aligned = {{2, 1}, {2, 3}, {4, 2}, {8, 1}, {16, 5}},
	 .depth = 6,
	 .deep = 7},
	/* The top grows, gift by gift, down to a region's last byte. */
	{.name = "growing",
	 .room = 30,
	 .grows = true,
	 .size = {1, 3, 8, 14},
	 .aligned = {{4, 2}},
	 .depth = 6,
	 .deep = 7},
	/* The same by HEAP_GROW bytes. */
	{.name = "generous",
	 .room = 200,
	 .grows = true,
	 .locked = true,
	 .size = {2, 40, 70},
	 .aligned = {{16, 3}},
	 .depth = 6,
	 .deep = 7},
	/* Two banks, and somebody else: segments above and below. */
	{.name = "segments",
	 .room = 40,
	 .other = 30,
	 .grows = true,
	 .strangers = true,
	 .size = {1, 4, 11},
	 .aligned = {{4, 2}},
	 .depth = 6,
	 .deep = 7},
};

const unsigned worlds_number = sizeof(worlds) / sizeof(*worlds);
