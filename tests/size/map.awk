# SPDX-License-Identifier: MIT
# From a linker map: bytes of code and constants, and of static RAM, that come
# from the archive ARCHIVE and, on its behalf, from gcc's library.

/^Linker script and memory map/ { placed = 1 }
!placed { next }

# A long section name stands on a line of its own.
/^ \.[^ ]+$/ { section = $1; next }
/^ \.[^ ]+ +0x/ { section = $1; size = $3; from = $4 }
/^ +0x[0-9a-f]+ +0x[0-9a-f]+ [^ ]/ { size = $2; from = $3 }
!/ 0x[0-9a-f]+ +0x[0-9a-f]+ [^ ]/ { next }

index(from, ARCHIVE "(") == 1 || from ~ /libgcc\.a\(/ {
	bytes = number(size)
	if (section ~ /^\.(text|rodata|data|data\.rel\.ro)(\.|$)/)
		code += bytes
	if (section ~ /^\.(data|bss|tdata|tbss)(\.|$)/ &&
	    section !~ /^\.data\.rel\.ro/)
		ram += bytes
}

# mawk reads no hexadecimal.
function number(text,    i, n)
{
	for (i = 3; i <= length(text); i++)
		n = n * 16 + index("0123456789abcdef", substr(text, i, 1)) - 1
	return n
}

END { print code + 0, ram + 0 }
