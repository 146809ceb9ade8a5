// SPDX-License-Identifier: MIT
// In C++, with and without std::.
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>

void *allocate();
void release(void *block);

void *allocate()
{
	return std::realloc(std::malloc(8), 16);
}

void release(void *block)
{
	std::free(block);
	free(strdup(std::string("text").c_str()));
}
