/* SPDX-License-Identifier: MIT */
/*
 * A static program without any libc that allocates through heap.a and the
 * port for Linux.  It prints TAP; its exit status is 0 when all is well.
 */
#include "heap.h"
#include "heap_linux.h"
#include "linux_call.h"

/* ---- what a libc would bring ------------------------------------------- */

/* Plain loops, which -fno-builtin and the flags beside it leave plain. */
void *memcpy(void *restrict to, const void *restrict from, size_t n);
void *memmove(void *to, const void *from, size_t n);
void *memset(void *to, int byte, size_t n);

void *memcpy(void *restrict to, const void *restrict from, size_t n)
{
	return memmove(to, from, n);
}

void *memmove(void *to, const void *from, size_t n)
{
	char *t = to;
	const char *f = from;

	if ((uintptr_t)t <= (uintptr_t)f)
		for (size_t i = 0; i < n; i++)
			t[i] = f[i];
	else
		while (n-- != 0)
			t[n] = f[n];
	return to;
}

void *memset(void *to, int byte, size_t n)
{
	for (size_t i = 0; i < n; i++)
		((char *)to)[i] = (char)byte;
	return to;
}

#ifdef __x86_64__
__asm__(".globl _start\n_start:\n\txorl %ebp, %ebp\n\tandq $-16, %rsp\n"
	"\tcall program\n\thlt\n");
#else
__asm__(".globl _start\n_start:\n\txorl %ebp, %ebp\n\tandl $-16, %esp\n"
	"\tcall program\n\thlt\n");
#endif

static unsigned tests, failures;

static void print(const char *text)
{
	size_t n = 0;

	while (text[n] != '\0')
		n++;
	CALL(CALL_WRITE, 1, (uintptr_t)text, n);
}

static void print_number(size_t n)
{
	char digits[24];
	size_t at = sizeof(digits) - 1;

	digits[at] = '\0';
	do {
		digits[--at] = (char)('0' + n % 10);
		n /= 10;
	} while (n != 0);
	print(&digits[at]);
}

static void verdict(bool good, const char *sentence)
{
	tests++;
	failures += !good;
	print(good ? "ok " : "not ok ");
	print_number(tests);
	print(" - ");
	print(sentence);
	print("\n");
}

static _Noreturn void end(unsigned status)
{
	for (;;)
		CALL(CALL_EXIT_GROUP, status);
}

/* ---- blocks with known contents ---------------------------------------- */

#define BLOCKS 512

struct block {
	unsigned char *mem;
	size_t n;
};

static struct block blocks[BLOCKS];
static uint32_t state = 1;

static uint32_t random(void)
{
	state ^= state << 13;
	state ^= state >> 17;
	return state ^= state << 5;
}

static void fill(struct block *b, size_t i)
{
	memset(b->mem, (int)(i & 255), b->n);
}

static bool is_filled(const struct block *b, size_t i)
{
	for (size_t k = 0; k < b->n; k++)
		if (b->mem[k] != (i & 255))
			return false;
	return true;
}

static size_t some_size(void)
{
	uint32_t r = random();

	return r % 64 == 0 ? r >> 6 & 0x3ffff : r >> 6 & 0x1ff;
}

/* Random operations; false when a block's contents changed or none came. */
static bool churn(unsigned operations)
{
	bool good = true;

	while (operations-- != 0) {
		size_t i = random() % BLOCKS, n = some_size();
		struct block *b = &blocks[i];
		size_t keep = n < b->n ? n : b->n;

		good = good && is_filled(b, i);
		if (b->mem == NULL) {
			b->mem = heap_alloc(&heap_default, n);
		} else if (random() % 3 == 0 && n != 0) {
			b->mem = heap_resize(&heap_default, b->mem, n);
			b->n = keep;
			good = good && is_filled(b, i);
		} else {
			heap_free(&heap_default, b->mem);
			b->mem = NULL;
			n = 0;
		}
		good = good && (b->mem != NULL || n == 0);
		b->n = b->mem != NULL ? n : 0;
		fill(b, i);
	}
	return good;
}

static void free_all(void)
{
	for (size_t i = 0; i < BLOCKS; i++) {
		heap_free(&heap_default, blocks[i].mem);
		blocks[i] = (struct block){0};
	}
}

static bool is_sound(void)
{
	return heap_check(&heap_default, NULL) == HEAP_OK;
}

static size_t in_use(void)
{
	struct heap_stats s;

	heap_stats(&heap_default, &s);
	return s.in_use;
}

/* ---- the tests ---------------------------------------------------------- */

static char *here(void)
{
	return heap_linux_break(0);
}

static void the_break(void)
{
	char *const failed = (char *)(uintptr_t)-1;
	char *start = here(), *old;

	old = heap_linux_break(8192);
	verdict(old == start && here() == start + 8192,
		"a positive increment answers the old break");
	start[0] = start[8191] = 1;
	old = heap_linux_break(-4096);
	verdict(old == start + 8192 && here() == start + 4096,
		"a negative increment answers the old break");
	/* Of 32 bits the first may well be served; the second wraps. */
	bool served = (char *)heap_linux_break(PTRDIFF_MAX) != failed;
	bool wrapped =
		served && (char *)heap_linux_break(PTRDIFF_MAX) != failed;

	if (served)
		heap_linux_break(-PTRDIFF_MAX);
	verdict(!wrapped && here() == start + 4096,
		"a sum that wraps, or is too large, is refused");
	verdict((char *)heap_linux_break(
			(ptrdiff_t)(0 - (uintptr_t)here() - 4096)) == failed &&
			here() == start + 4096,
		"a difference that wraps is refused");
	verdict((char *)heap_linux_break(-(ptrdiff_t)0x100000) == failed &&
			here() == start + 4096,
		"the kernel keeps what is below the break's start");
	heap_linux_break(-4096);
	verdict(here() == start, "all is given back");
}

static void allocation(void)
{
	verdict(churn(100000), "100000 random operations keep their contents");
	verdict(is_sound(), "the heap is sound");
	free_all();
	verdict(in_use() == 0 && is_sound(),
		"nothing is left when all is freed");
}

static void trimming(void)
{
	heap_trim(&heap_default, 0);

	char *start = here();
	void *p = heap_alloc(&heap_default, 1 << 20);
	char *high = here();

	verdict(p != NULL && high >= start + (1 << 19),
		"a large block moves the break");
	heap_free(&heap_default, p);
	heap_trim(&heap_default, 0);
	verdict(here() < start + 4096 && is_sound(),
		"trim moves the break back, below a page");
}

static void pages(void)
{
	char *p = heap_linux_map(8 * HEAP_LINUX_PAGE), *q;

	verdict(p != NULL && heap_linux_is_mapped(p), "pages are mapped");
	p[0] = p[HEAP_LINUX_PAGE] = 1;
	heap_linux_drop(p, 2 * HEAP_LINUX_PAGE - 1);
	verdict(p[0] == 0 && p[HEAP_LINUX_PAGE] == 1,
		"only whole pages are dropped");
	q = heap_linux_remap(p, 8 * HEAP_LINUX_PAGE, 64 * HEAP_LINUX_PAGE);
	verdict(q != NULL && q[HEAP_LINUX_PAGE] == 1,
		"a mapping grows and keeps its contents");
	verdict(heap_linux_unmap(q, 64 * HEAP_LINUX_PAGE) &&
			!heap_linux_is_mapped(q),
		"a mapping is given back");
	verdict(heap_linux_map(0) == NULL && heap_linux_map(SIZE_MAX) == NULL &&
			heap_linux_map((size_t)PTRDIFF_MAX + 1) == NULL,
		"what cannot be mapped is NULL");
}

static void forking(void)
{
	uintptr_t child, status = 1;

	churn(1000);
	heap_linux_before_fork();
	child = CALL(CALL_FORK, 0);
	if (child == 0) {
		heap_linux_in_child();
		bool good = churn(10000) && is_sound();

		free_all();
		end(good && in_use() == 0 ? 0 : 1);
	}
	heap_linux_in_parent();
	CALL(CALL_WAIT4, child, (uintptr_t)&status, 0, 0);
	verdict((status & 0xffff) == 0, "the child of a fork has a sound heap");
	verdict(churn(10000) && is_sound(), "and so has the parent");
	free_all();
}

static void limit_break(uint64_t bytes)
{
	enum { RLIMIT_DATA = 2 };
	const uint64_t both[2] = {bytes, bytes};

	CALL(CALL_PRLIMIT, 0, RLIMIT_DATA, (uintptr_t)both, 0);
}

/* What others map may lie where the break would go next. */
static void arenas(void)
{
	char *wall = (char *)(((uintptr_t)here() + 8191) &
			      ~(uintptr_t)(HEAP_LINUX_PAGE - 1));
	enum { READ_ONLY = 1, PRIVATE_ANONYMOUS_FIXED = 0x32 };
	char *before;
	void *p;

	CALL(CALL_MMAP, (uintptr_t)wall, HEAP_LINUX_PAGE, READ_ONLY,
	     PRIVATE_ANONYMOUS_FIXED, (uintptr_t)-1);
	before = here();
	verdict(heap_linux_break(1 << 20) == (void *)-1 && here() == before,
		"the break does not run into a mapping");
	p = heap_alloc(&heap_default, 1 << 18);
	verdict(p != NULL, "the heap grows all the same");
	verdict(churn(100000) && is_sound(), "and is sound there");
	heap_free(&heap_default, p);
	free_all();
	verdict(in_use() == 0 && is_sound(), "and gives all back");
	verdict(heap_trim(&heap_default, 0) != 0 && churn(10000) && is_sound(),
		"and can be trimmed there");
	free_all();
}

static void exhaustion(void)
{
	void *p = NULL;
	size_t n = 0;

	limit_break(64 << 20);
	for (;;) {
		void **q = heap_alloc(&heap_default, 50000);

		if (q == NULL || n > 10000)
			break;
		*q = p;
		p = q;
		n++;
	}
	verdict(n > 100 && n < 10000, "the heap ends where the kernel says");
	verdict(is_sound(), "and is sound then");
	while (p != NULL) {
		void *next = *(void **)p;

		heap_free(&heap_default, p);
		p = next;
	}
	verdict(in_use() == 0 && churn(10000) && is_sound(), "and goes on");
}

_Noreturn void program(void);

_Noreturn void program(void)
{
	the_break();
	allocation();
	trimming();
	pages();
	forking();
	arenas();
	exhaustion();
	print("1..");
	print_number(tests);
	print("\n");
	end(failures != 0);
}
