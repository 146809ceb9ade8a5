#!/bin/sh
# SPDX-License-Identifier: MIT
# Install the headers, linker files and the archives of some PLACEs:
#
#   tools/package/install.sh ROOT build/TARGET[/LIBC]...
#
# What is installed knows no absolute path, so that ROOT may be moved.  More
# PLACEs may be added to a ROOT later.
set -eu
umask 022

root=$1
shift
here=tools/package
version=$(sed -n 's/^version[[:blank:]]*//p' $here/package.txt)
summary=$(sed -n 's/^summary[[:blank:]]*//p' $here/package.txt)

put()
{
	folder=$root/$1
	shift
	mkdir -p "$folder"
	for file; do
		rm -f "$folder/${file##*/}"
		cp "$file" "$folder"
		chmod 644 "$folder/${file##*/}"
	done
}

# Libc's own objects ask for malloc too late to be heard.  A name that only this
# heap has: libc's archive in front of ours is then an error instead of a second
# heap, and a program that does not allocate pays nothing.
anchor=heap_libc_malloc

# The anchored name of an archive: a text that ld reads in its place.
# ld looks for INPUT's file beside the text, before anywhere else.
libheap_text()
{
	echo "/* For ld: $1.a, taken even if only libc calls malloc. */"
	[ "$2" = none ] || echo "EXTERN($anchor)"
	echo "INPUT($1.a)"
}

pkg_config()
{
	cat <<END
# Relocatable: paths are relative to this file.
prefix=\${pcfiledir}/../..
includedir=\${prefix}/include/heap
libdir=\${prefix}/lib/heap/$2
heap_ld=\${prefix}/lib/heap/linker/heap.ld

Name: $1
Description: $summary ($2)
Version: $version
Cflags: -I\${includedir}
END
	libs="-L\${libdir} -l$1"
	[ "$3" = none ] || libs="-Wl,-u,$anchor $libs"
	echo "Libs: $libs"
}

put include/heap heap/heap*.h heap/libc/heap_*.h port/heap_*.h
put lib/heap/linker linker/heap.ld linker/sections.ld
put share/heap/rtos port/rtos/*
put share/doc/heap LICENSE CHANGELOG.md linker/README.md port/MIGRATION.md
mv "$root/share/doc/heap/README.md" "$root/share/doc/heap/LINKER.md"
put lib/cmake/heap $here/cmake/heapConfig.cmake $here/cmake/heapSelect.cmake
sed "s/@VERSION@/$version/" $here/cmake/heapConfigVersion.cmake.in \
	>"$root/lib/cmake/heap/heapConfigVersion.cmake"

mkdir -p "$root/lib/pkgconfig"
for place; do
	libc=${place##*/}
	place=${place#build/}
	for locks in build/"$place"/heap_*_locks.o; do
		[ ! -e "$locks" ] || put lib/heap/"$place" "$locks"
	done
	for archive in build/"$place"/heap*.a; do
		put lib/heap/"$place" "$archive"
		name=$(basename "$archive" .a)
		libheap_text "$name" "$libc" \
			>"$root/lib/heap/$place/lib$name.a"
		pkg_config "$name" "$place" "$libc" \
			>"$root/lib/pkgconfig/$name-$(echo "$place" | tr / -).pc"
	done
	# Not beside the archives: -lheap would find them first.
	for library in build/"$place"/libheap*.so; do
		[ ! -e "$library" ] || put lib/heap/"$place"/preload "$library"
	done
done
cat >"$root/lib/pkgconfig/heap-region.pc" <<END
# Relocatable: paths are relative to this file.
prefix=\${pcfiledir}/../..

Name: heap-region
Description: The heap's region, from the symbols of a vendor's linker script
Version: $version
Libs: \${prefix}/lib/heap/linker/heap.ld
END
echo "$root"
