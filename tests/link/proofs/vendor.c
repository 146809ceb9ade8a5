/* SPDX-License-Identifier: MIT */
/* A start file in the manner of vendors', for st.ld and cmsis.ld. */
#include <stdint.h>
#include <stdlib.h>

extern uint32_t _sidata[], _sdata[], _edata[], _sbss[], _ebss[];
extern char _estack[];

int main(void);
void __libc_init_array(void);
void Reset_Handler(void);
void _init(void);
void _fini(void);

#ifdef __PICOLIBC__
extern char __tls_base[];
void _set_tls(void *tls);
#else
void initialise_monitor_handles(void);
__attribute__((weak)) void *__dso_handle;
#endif

__attribute__((used)) void _init(void)
{
}

__attribute__((used)) void _fini(void)
{
}

void Reset_Handler(void)
{
	const volatile uint32_t *from = _sidata;

	for (volatile uint32_t *to = _sdata; to < _edata; to++)
		*to = *from++;
	for (volatile uint32_t *to = _sbss; to < _ebss; to++)
		*to = 0;
#ifdef __PICOLIBC__
	_set_tls(__tls_base);
#else
	initialise_monitor_handles();
#endif
	__libc_init_array();
	exit(main());
}

__attribute__((section(".isr_vector"), used)) static const struct {
	const char *stack;
	void (*handler[15])(void);
} vectors = {_estack, {Reset_Handler}};
