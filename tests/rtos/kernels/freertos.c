/* SPDX-License-Identifier: MIT */
/* The real FreeRTOS: tasks of one priority over the heap; see kernels.sh. */
#include "FreeRTOS.h"
#include "task.h"

#include "board.h"
#include "format.h"
#include "work.h"

#define OPERATIONS 60000
#define ROUNDS     40

static volatile unsigned left = WORKERS;

void *work_take(size_t n)
{
	return pvPortMalloc(n);
}

void work_give(void *p)
{
	vPortFree(p);
}

void vApplicationTickHook(void);
void vApplicationTickHook(void)
{
	work_tick();
}

void vApplicationMallocFailedHook(void);
void vApplicationMallocFailedHook(void)
{
	work_fail("malloc failed");
}

void vApplicationStackOverflowHook(TaskHandle_t task, char *name);
void vApplicationStackOverflowHook(TaskHandle_t task, char *name)
{
	(void)task;
	work_fail(name);
}

void kernel_assert(const char *file, int line)
{
	format_print("%s:%d\n", file, line);
	work_fail("an assertion of the kernel's");
}

static void worker(void *arg)
{
	work((unsigned)(uintptr_t)arg, OPERATIONS);
	taskENTER_CRITICAL();
	left--;
	taskEXIT_CRITICAL();
	vTaskDelete(NULL);
}

static void short_life(void *arg)
{
	(void)arg;
	for (;;)
		vTaskDelay(1000);
}

/* Tasks come and go meanwhile: their stacks are blocks of the heap. */
static void boss(void *arg)
{
	HeapStats_t stats;
	TaskHandle_t task;

	(void)arg;
	for (unsigned i = 0; i < ROUNDS || left != 0; i++) {
		if (xTaskCreate(short_life, "short", 128, NULL, 1, &task) !=
		    pdPASS)
			work_fail("no task");
		vTaskDelay(5);
		vTaskDelete(task);
	}
	vPortGetHeapStats(&stats);
	format_print("# %u allocations, %u frees, %u bytes free, least %u\n",
		     (unsigned)stats.xNumberOfSuccessfulAllocations,
		     (unsigned)stats.xNumberOfSuccessfulFrees,
		     (unsigned)stats.xAvailableHeapSpaceInBytes,
		     (unsigned)stats.xMinimumEverFreeBytesRemaining);
	vTaskSuspendAll();
	work_finish();
}

int main(void)
{
	for (uintptr_t i = 0; i < WORKERS; i++)
		xTaskCreate(worker, "worker", 256, (void *)i, 1, NULL);
	xTaskCreate(boss, "boss", 256, NULL, 2, NULL);
	vTaskStartScheduler();
	work_fail("the scheduler has not started");
}
