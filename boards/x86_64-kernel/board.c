/* SPDX-License-Identifier: MIT */
/*
 * A kernel's startup behind boot.S, its console on the first serial port, and
 * its end by two devices of QEMU's: port 0xe9 takes the status, 0xf4 ends.
 */
#include "startup.h"

#define COM1   0x3f8
#define STATUS 0xe9
#define END    0xf4

/* Of the two interrupt controllers. */
#define PIC_FIRST_MASK  0x21
#define PIC_SECOND_MASK 0xa1

/* Of the serial port: its status register, and the bit "send more". */
#define COM1_STATUS (COM1 + 5)
#define COM1_EMPTY  0x20

/* What PVH tells a kernel; only the part that is read here. */
struct start_info {
	uint32_t magic, version, flags, modules;
	uint64_t module_list;
	uint64_t command_line;
};

static const char *command_line = "";

static void out(uint16_t port, uint8_t byte)
{
	__asm__ volatile("outb %0, %1" : : "a"(byte), "Nd"(port));
}

static uint8_t in(uint16_t port)
{
	uint8_t byte;

	__asm__ volatile("inb %1, %0" : "=a"(byte) : "Nd"(port));
	return byte;
}

void board_write(const char *bytes, size_t n)
{
	for (; n != 0; n--) {
		while ((in(COM1_STATUS)&COM1_EMPTY) == 0)
			;
		out(COM1, (uint8_t)*bytes++);
	}
}

_Noreturn void board_exit(int status)
{
	if (status < 0 || status > 255)
		status = BOARD_STATUS_RANGE;
	out(STATUS, (uint8_t)status);
	for (;;)
		out(END, 0);
}

const char *board_args(void)
{
	return command_line;
}

__attribute__((weak)) _Noreturn void board_return(int status)
{
	board_exit(status);
}

/* ---- exceptions ------------------------------------------------------- */

#define EXCEPTIONS 32
#define CODE       8

/* An interrupt gate, present, of the kernel. */
#define GATE 0x8e00

struct gate {
	uint16_t low, selector, type, middle;
	uint32_t high, none;
};

static struct gate gates[EXCEPTIONS];

/* 16 bytes of code each, in boot.S. */
extern const char board_vectors[EXCEPTIONS][16];

static void exceptions_on(void)
{
	struct __attribute__((packed)) {
		uint16_t limit;
		uint64_t base;
	} table = {sizeof(gates) - 1, (uintptr_t)gates};

	for (int i = 0; i < EXCEPTIONS; i++) {
		uintptr_t entry = (uintptr_t)board_vectors[i];

		gates[i].low = (uint16_t)entry;
		gates[i].selector = CODE;
		gates[i].type = GATE;
		gates[i].middle = (uint16_t)(entry >> 16);
		gates[i].high = (uint32_t)(entry >> 32);
	}
	__asm__ volatile("lidt %0" : : "m"(table));
}

/* `frame`: number, error code, rip, cs, rflags, rsp, ss. */
_Noreturn void board_exception(const uint64_t *frame);

__attribute__((used)) _Noreturn void board_exception(const uint64_t *frame)
{
	uint64_t address;

	__asm__ volatile("movq %%cr2, %0" : "=r"(address));
	put_word("board: exception 0x", frame[0]);
	put_word(" rip 0x", frame[2]);
	put_word(" error 0x", frame[1]);
	put_word(" cr2 0x", address);
	put_text("\n");
	board_exit(BOARD_STATUS_FAULT);
}

/* ---- start ------------------------------------------------------------ */

/* The first word is the program. */
static const char *arguments_of(const char *line)
{
	while (*line != '\0' && *line != ' ')
		line++;
	while (*line == ' ')
		line++;
	return line;
}

_Noreturn void board_start(const struct start_info *info);

__attribute__((used)) _Noreturn void board_start(const struct start_info *info)
{
	ram_start();
	exceptions_on();
	/* Mask the PC's interrupts: their vectors are exceptions' too. */
	out(PIC_FIRST_MASK, 0xff);
	out(PIC_SECOND_MASK, 0xff);
	if (info->command_line != 0)
		command_line = arguments_of(
			(const char *)(uintptr_t)info->command_line);
	program_run();
}
