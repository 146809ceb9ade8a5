#!/usr/bin/perl
# SPDX-License-Identifier: MIT
# Packs traces into words for the firmware: pack.pl OUT.S TRACE...
# Writes OUT.S and, for each trace, its words beside it.
use strict;
use warnings;

my ($out, @traces) = @ARGV;
die "usage: pack.pl OUT.S TRACE...\n" unless @traces;
(my $dir = $out) =~ s{[^/]*$}{};
my (@rows, @blobs);

for my $file (@traces) {
	my ($name) = $file =~ m{([^/]+)\.trace$}
	    or die "pack.pl: $file: a trace is named NAME.trace\n";
	my ($words, %slot, %size, @spare) = ('');
	my ($slots, $live, $peak, $count, $largest) = (0) x 5;

	open my $in, '<', $file or die "pack.pl: $file: $!\n";
	while (<$in>) {
		my ($kind, $id, $size) = /^([afr]) (\d+)(?: (\d+))?$/
		    or die "pack.pl: $file:$.: expected 'a ID SIZE', " .
		    "'f ID' or 'r ID SIZE'\n";
		die "pack.pl: $file:$.: block $id is " .
		    ($kind eq 'a' ? "live already\n" : "not live\n")
		    if $kind eq 'a' ? exists $slot{$id} : !exists $slot{$id};
		die "pack.pl: $file:$.: size $size is above 65535\n"
		    if ($size // 0) > 65535;
		if ($kind eq 'a') {
			$slot{$id} = @spare ? pop @spare : $slots++;
			$size{$id} = 0;
		}
		$live += ($size // 0) - $size{$id};
		$size{$id} = $size // 0;
		$peak = $live if $live > $peak;
		$largest = $size if ($size // 0) > $largest;
		$words .= pack 'V', index('afr', $kind) << 30 |
		    $slot{$id} << 16 | $size{$id};
		$count++;
		if ($kind eq 'f') {
			push @spare, delete $slot{$id};
			delete $size{$id};
		}
	}
	die "pack.pl: $file: more than 16384 live blocks\n" if $slots > 16384;
	open my $bin, '>:raw', "$dir$name.words" or die "pack.pl: $name: $!\n";
	print $bin $words;
	close $bin or die "pack.pl: $name: $!\n";
	push @blobs, "1:\t.asciz\t\"$name\"\n\t.balign\t4\n" .
	    "trace_$name:\n\t.incbin\t\"$dir$name.words\"\n";
	push @rows, "\t.word\tname_$name, trace_$name, $count, $peak, $slots, $largest\n";
	$blobs[-1] =~ s/^1:/name_$name:/;
}

open my $asm, '>', $out or die "pack.pl: $out: $!\n";
print $asm "\t.section .rodata.bench_traces, \"a\"\n",
    "\t.global\tbench_traces, bench_trace_count\n",
    "\t.balign\t4\nbench_traces:\n", @rows,
    "bench_trace_count:\n\t.word\t", scalar @rows, "\n", @blobs;
close $asm or die "pack.pl: $out: $!\n";
