/* SPDX-License-Identifier: MIT */
/* Does not allocate, nor does anything of libc that it uses. */
int main(void)
{
	return 0;
}
