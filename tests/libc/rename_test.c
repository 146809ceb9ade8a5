/* SPDX-License-Identifier: MIT */
/* What heap_rename.h renames to, by its own names. */
#include "own_port.h"

void *heap_std_malloc(size_t n);
void *heap_std_calloc(size_t count, size_t n);
void *heap_std_realloc(void *p, size_t n);
void *heap_std_reallocarray(void *p, size_t count, size_t n);
void heap_std_free(void *p);
void *heap_std_memalign(size_t align, size_t n);
void *heap_std_aligned_alloc(size_t align, size_t n);
int heap_std_posix_memalign(void **memptr, size_t align, size_t n);
size_t heap_std_malloc_usable_size(void *p);
char *heap_std_strdup(const char *text);
char *heap_std_strndup(const char *text, size_t most);

/* Its callbacks change errno, which these must keep or set. */
static void start(void)
{
	own.noise = 99;
	own.faults = 0;
	own.refuse = false;
}

static void finish(void)
{
	CHECK_EQ(in_use(), 0);
	own.noise = 0;
	check_sound();
}

/* In the debug profile what was freed is held for a while. */
static void put_back(void *p)
{
	errno = 5;
	heap_std_free(p);
	CHECK_EQ(errno, 5);
	malloc_trim(0);
	own.noise = 99;
}

TEST(blocks_come_and_go_and_errno_stays)
{
	void *p, *q;

	start();
	p = heap_std_malloc(20);
	CHECK(ours(p));
	CHECK(heap_std_malloc_usable_size(p) >= 20);
	CHECK_EQ(heap_std_malloc_usable_size(NULL), 0);
	fill(p, 20, 1);
	q = heap_std_realloc(p, 300);
	CHECK(ours(q) && filled(q, 20, 1));
	q = heap_std_reallocarray(q, 7, 100);
	CHECK(ours(q) && filled(q, 20, 1));
	CHECK(heap_std_malloc_usable_size(q) >= 700);
	p = heap_std_realloc(NULL, 8);
	CHECK(ours(p) && p != q);
	errno = 5;
	CHECK_PTR_EQ(heap_std_realloc(p, 0), NULL);
	CHECK_EQ(errno, 5);
	CHECK(heap_std_realloc(NULL, 0) != NULL);
	put_back(NULL);
	put_back(q);
	heap_reset(&heap_default);
	finish();
}

TEST(calloc_clears_and_refuses_what_overflows)
{
	char *p;

	start();
	p = heap_std_malloc(100);
	CHECK(p != NULL);
	fill(p, 100, 3);
	put_back(p);
	p = heap_std_calloc(10, 10);
	CHECK(ours(p) && zero(p, 100));
	errno = 0;
	CHECK_PTR_EQ(heap_std_calloc(SIZE_MAX / 2, 3), NULL);
	CHECK_EQ(errno, ENOMEM);
	errno = 0;
	CHECK_PTR_EQ(heap_std_reallocarray(p, SIZE_MAX / 2, 3), NULL);
	CHECK_EQ(errno, ENOMEM);
	CHECK(zero(p, 100));
	put_back(p);
	finish();
}

TEST(aligned_blocks_take_powers_of_two)
{
	static int object;
	void *p;

	start();
	for (size_t align = 1; align <= 256; align *= 2) {
		p = heap_std_aligned_alloc(align, 20);
		CHECK(ours(p) && (uintptr_t)p % align == 0);
		put_back(p);
	}
	p = heap_std_memalign(64, 5);
	CHECK(ours(p) && (uintptr_t)p % 64 == 0);
	put_back(p);
	errno = 0;
	CHECK_PTR_EQ(heap_std_aligned_alloc(0, 8), NULL);
	CHECK_EQ(errno, EINVAL);
	errno = 0;
	CHECK_PTR_EQ(heap_std_aligned_alloc(24, 8), NULL);
	CHECK_EQ(errno, EINVAL);
	errno = 0;
	CHECK_PTR_EQ(heap_std_aligned_alloc(64, SIZE_MAX / 2), NULL);
	CHECK_EQ(errno, ENOMEM);
	errno = 5;
	p = &object;
	CHECK_EQ(heap_std_posix_memalign(&p, 0, 8), EINVAL);
	CHECK_EQ(heap_std_posix_memalign(&p, 24, 8), EINVAL);
	CHECK_EQ(heap_std_posix_memalign(&p, sizeof(void *) / 2, 8), EINVAL);
	CHECK_EQ(heap_std_posix_memalign(&p, 64, SIZE_MAX / 2), ENOMEM);
	CHECK_PTR_EQ(p, &object);
	CHECK_EQ(heap_std_posix_memalign(&p, sizeof(void *), 8), 0);
	CHECK(ours(p));
	CHECK_EQ(errno, 5);
	put_back(p);
	finish();
}

TEST(what_is_served_leaves_errno_alone)
{
	void *p;

	own.noise = 0;
	errno = 5;
	p = heap_std_malloc(20);
	CHECK(ours(p));
	CHECK_EQ(errno, 5);
	p = heap_std_realloc(p, 100);
	CHECK(ours(p));
	CHECK_EQ(errno, 5);
	CHECK(in_use() >= 100);
	CHECK_PTR_EQ(heap_std_realloc(p, 0), NULL);
	CHECK_EQ(in_use(), 0);
	CHECK_EQ(errno, 5);
	put_back(NULL);
	finish();
}

static bool same(const char *a, const char *b)
{
	while (*a != '\0' && *a == *b)
		a++, b++;
	return *a == *b;
}

TEST(texts_are_copied_to_their_end_or_to_the_most)
{
	char *p;

	start();
	p = heap_std_strdup("");
	CHECK(ours(p) && same(p, ""));
	put_back(p);
	p = heap_std_strdup("a text");
	CHECK(ours(p) && same(p, "a text"));
	put_back(p);
	p = heap_std_strndup("a text", 3);
	CHECK(ours(p) && same(p, "a t"));
	put_back(p);
	p = heap_std_strndup("a text", 30);
	CHECK(ours(p) && same(p, "a text"));
	put_back(p);
	p = heap_std_strndup("a text", 0);
	CHECK(ours(p) && same(p, ""));
	put_back(p);
	finish();
}

TEST(a_copy_has_as_many_bytes_as_the_text_and_its_end)
{
	char text[48], *copy;
	void *p;

	start();
	for (size_t n = 0; n < sizeof(text); n++) {
		for (size_t i = 0; i < n; i++)
			text[i] = 'x';
		text[n] = '\0';
		p = heap_std_malloc(n + 1);
		CHECK(ours(p));
		copy = heap_std_strdup(text);
		CHECK(ours(copy) && same(copy, text));
		CHECK_EQ(heap_std_malloc_usable_size(copy),
			 heap_std_malloc_usable_size(p));
		put_back(copy);
		text[n] = 'y';
		copy = heap_std_strndup(text, n);
		text[n] = '\0';
		CHECK(ours(copy) && same(copy, text));
		CHECK_EQ(heap_std_malloc_usable_size(copy),
			 heap_std_malloc_usable_size(p));
		put_back(copy);
		put_back(p);
	}
	finish();
}

TEST(without_memory_every_name_says_enomem)
{
	void *p;

	start();
	p = heap_std_malloc(20);
	CHECK(p != NULL);
	fill(p, 20, 4);
	own.refuse = true;
	while (heap_std_malloc(1000) != NULL)
		continue;
	while (heap_std_malloc(1) != NULL)
		continue;
	errno = 0;
	CHECK_PTR_EQ(heap_std_malloc(1), NULL);
	CHECK_EQ(errno, ENOMEM);
	errno = 0;
	CHECK_PTR_EQ(heap_std_calloc(1, 1), NULL);
	CHECK_EQ(errno, ENOMEM);
	errno = 0;
	CHECK_PTR_EQ(heap_std_realloc(p, 2000), NULL);
	CHECK_EQ(errno, ENOMEM);
	errno = 0;
	CHECK_PTR_EQ(heap_std_strdup("a text"), NULL);
	CHECK_EQ(errno, ENOMEM);
	errno = 0;
	CHECK_PTR_EQ(heap_std_strndup("a text", 2), NULL);
	CHECK_EQ(errno, ENOMEM);
	CHECK(filled(p, 20, 4));
	heap_reset(&heap_default);
	own.refuse = false;
	finish();
}
