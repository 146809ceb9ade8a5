# SPDX-License-Identifier: MIT
# What the code of an allocator is for: the functions that size.pl counted,
# sorted into parts.
package Parts;
use strict;
use warnings;

our @parts = (
	[calls => 'malloc and free, as nearly every call goes'],
	[again => 'the same for other heaps and with a lock'],
	[rare => 'their rarer ways: tiny chunks, ends of segments, refusal'],
	[realloc => 'realloc'],
	[growth => 'growth, segments, the region; giving back'],
	[damage => 'damage: looked at closely, undone'],
	[fault => 'faults told; the context looked at'],
	[layers => 'observers stand in between'],
	[libc => 'libc: names, errno, lock stubs'],
	[other => 'other'],
);

# The first that matches "OBJECT FUNCTION" says the part.
my @rules = (
	# Ours.
	[calls => qr/^front (malloc|free)$/],
	[libc => qr/^(front|malloc|picolibc) (?!heap_libc_resize|realloc|resize)/],
	[realloc => qr/^(malloc|resize) /],
	[layers => qr/layer(?!_is)|^(watch|observe|accounts) /],
	[damage => qr/\ (is_used|reject|refused|blame\w*|heap_inspect|\w+_is_sound
	    |heap_put_back|\w+_(blame|restore|accepts?|agree))\b|^check\ /x],
	[fault => qr/^fault\ |^api\ (heap_fail|heap_mend|lost_layer|nothing
	    |heap_enter|is_port_of)|^report/x],
	[growth => qr/^(grow|region\w*) |^api heap_set_fast/],
	[again => qr/^core heap_(take|give)$|^(api|pending) /],
	[rare => qr/^(core|bins|word|default) /],
	# The toolchain's.
	[growth => qr/_malloc_trim_r$|^sbrkr\ |^nano-malloc-malloc\.c
	    \ __malloc_/x],
	[libc => qr/^(malloc|mlock|libc_misc_lock\.c)\b/],
	[realloc => qr/realloc|msize/],
	[calls => qr/^(nano-)?(mallocr|freer|malloc-\w+)\b/],
	# A floor, or somebody's whole allocator.
	[realloc => qr/realloc/],
	[growth => qr/ init$/],
	[calls => qr/malloc|free|^adapter list_of/],
);

# {part => bytes} of what size.pl printed.
sub of {
	my ($file) = @_;
	my %bytes;

	open my $in, '<', $file or die "bench: $file: $!\n";
	while (my $line = <$in>) {
		my ($n, $section, $object) =
		    $line =~ /^# code +(\d+) (\S+) (\S+)/
		    or next;
		my ($function) = $section =~ /^\.(?:text|rodata)
		    (?:\.unlikely|\.hot)?\.?(.*)/x;
		$object =~ s/.*\(|\)$//g;
		$object =~ s/^(lib_a-)?|\.o$//g;
		$function =~ s/\.(part|isra|constprop|str1)\b.*|\.\d+$//;
		my $what = "$object $function";
		my ($part) = map { $_->[0] } grep { $what =~ $_->[1] } @rules;
		$bytes{$part // 'other'} += $n;
	}
	return \%bytes;
}

1;
