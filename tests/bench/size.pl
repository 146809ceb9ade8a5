#!/usr/bin/perl
# SPDX-License-Identifier: MIT
# Code and static RAM of an allocator from its firmware's link map:
#     size.pl [--own] MAP
# Prints "S CODE RAM" and one line for each input section that was counted.
#
# Counted: text and read-only data (and the image of initialised variables,
# which needs flash too, is left to RAM), of all objects but the bench's; with
# --own the adapter is counted as well, for it is the allocator.
# Left out: mem* functions and what any program has that uses the libc at all,
# errno, the reentrancy structure and thread-local storage.
use strict;
use warnings;

my $own = @ARGV && $ARGV[0] eq '--own' && shift;
my $map = shift or die "usage: size.pl [--own] MAP\n";
open my $in, '<', $map or die "size.pl: $map: $!\n";
local $/;
my $text = <$in>;
$text =~ s/.*^Linker script and memory map$//ms
    or die "size.pl: $map: no memory map in it\n";
my ($code, $ram, @lines) = (0, 0);

sub line { return sprintf "# %-4s %5d %s %s\n", @_ }

while ($text =~ /^ (\.\S+|COMMON)\s+0x([0-9a-f]+)\s+0x([0-9a-f]+) (\S.*)$/mg) {
	my ($section, $address, $size, $object) = ($1, hex $2, hex $3, $4);

	next if $size == 0 || $object =~ m{/firmware/};
	next if $object =~ m{/adapter\.o$} &&
	    (!$own || $section eq '.rodata.bench_allocator');
	# Debug sections and the like lie at address 0 and in no memory.
	next if $section !~ /^(\.text|\.rodata|\.data|\.bss|COMMON)/;
	next if $object =~ /\b(lib_a-|libc_string_|libc_machine_arm_)?mem(cpy|set|move|chr)\w*[.-]/;
	next if $object =~ /impure|errno|reent\.o|tls|read_tp/;
	my $kind = $section =~ /^\.(text|rodata)/ ? 'code' : 'RAM';
	$kind eq 'code' ? ($code += $size) : ($ram += $size);
	$object =~ s{.*/}{};
	# Where several functions share a section, the map tells where they start.
	my ($lies) = substr($text, pos $text) =~ /\A\n((?: {16}0x.*\n)*)/;
	my @starts = grep { $section =~ /^\.\w+$/ &&
	    $_->[0] >= $address && $_->[0] < $address + $size }
	    map { /0x(\S+) +(\w+)$/ ? [hex $1, $2] : () } split /\n/, $lies // '';
	my $end = $address + $size;
	for (reverse @starts) {
		next if $_->[0] == $end;
		push @lines, line($kind, $end - $_->[0], "$section.$_->[1]",
		    $object);
		$end = $_->[0];
	}
	push @lines, line($kind, $end - $address, $section, $object)
	    if $end > $address;
}
print "S $code $ram\n", @lines;
