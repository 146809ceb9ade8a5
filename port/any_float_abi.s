@ SPDX-License-Identifier: MIT
@ Assembled in front of every object of a Cortex-M archive: no floating-point
@ argument passes in or out, so that programs of the soft-float and of the
@ hard-float ABI may both link it (Tag_ABI_VFP_args: compatible).
	.eabi_attribute 28, 3
