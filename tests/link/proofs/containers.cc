// SPDX-License-Identifier: MIT
// C++: new, aligned new, containers; with -DFAIL a new that cannot be met.
#include <cstdint>
#include <cstdlib>
#include <map>
#include <new>
#include <string>
#include <vector>

#include "witness.h"

// Constructed before main: the heap serves this early.
static std::vector<int> early(100, 7);

struct alignas(64) line {
	char bytes[64];
};

static void containers()
{
	std::map<int, std::string> names;
	std::vector<int> numbers;

	for (int i = 0; i < 20; i++) {
		names[i] = std::string(50, static_cast<char>('a' + i));
		numbers.push_back(i);
	}
	SHOW(inside(numbers.data()) && inside(names[3].data()));
	SHOW(names[3][49] == 'd' && numbers[19] == 19);
}

static void aligned()
{
	line *one = new line;
	line *many = new line[3];

	SHOW(inside(one) && reinterpret_cast<std::uintptr_t>(one) % 64 == 0);
	SHOW(inside(many) && reinterpret_cast<std::uintptr_t>(many) % 64 == 0);
	delete[] many;
	delete one;
}

#ifdef FAIL
static void fail()
{
	volatile std::size_t n = 0x40000000;
	char *volatile p = nullptr; // or the compiler drops the new
	bool caught = false;

#ifdef __cpp_exceptions
	try {
		p = new char[n];
	} catch (const std::bad_alloc &) {
		caught = true;
	}
#else
	p = new char[n];
#endif
	SHOW(caught);
	delete[] p;
}
#endif

int main()
{
	int *number = new int(5);

	SHOW(inside(early.data()) && early[99] == 7);
	SHOW(inside(number) && *number == 5);
	delete number;
	containers();
	aligned();
#ifdef FAIL
	fail();
#endif
	return shown();
}
