#!/usr/bin/perl
# SPDX-License-Identifier: MIT
# Writes RESULTS.md and its two pictures from the outputs of all firmwares:
# report.pl FOLDER OUT
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Bench;
use Parts;
use Plot;

my ($build, $out) = @ARGV;
die "usage: report.pl FOLDER OUT\n" unless $out;

my @kinds = @Bench::kinds;
my @ours = qw(heap-min heap);
my @rivals = qw(newlib newlib-nano picolibc);
my @others = map { s{.*/}{}r =~ s{\.c$}{}r }
    glob "$FindBin::Bin/allocators/*.c";
my @floors = qw(pool lists bump);
@others = grep { my $a = $_; !/^heap/ && !grep { $a eq $_ } @rivals, @floors }
    @others;
push @rivals, @others;
my @shown = (@ours, 'heap-debug', @rivals, @floors);
my %title = (
	'heap' => 'heap.a', 'heap-min' => 'heap-min.a',
	'heap-debug' => 'heap-debug.a',
	'pool' => 'floor: pool of one size',
	'lists' => 'floor: lists, no split, no merge',
	'bump' => 'floor: bump, never frees',
);
my %loaded;

# The figures of an allocator; an empty set if it was not measured so.
sub of {
	my ($name, $cpu, $opt) = @_;
	my $dir = "$build/$cpu/$name$opt";
	return $loaded{$dir} //= -e "$dir/time.txt" ? Bench::load($dir) : undef;
}

sub m3 { of($_[0], 'cortex-m3', '-Os') }
sub m0 { of($_[0], 'cortex-m0plus', '-Os') }
sub name { $title{$_[0]} // $_[0] }
sub number { Bench::text($_[0], $_[1]) }

@shown = grep { m3($_) } @shown;
@rivals = grep { m3($_) } @rivals;
@ours = grep { m3($_) } @ours;

sub table {
	my ($head, @rows) = @_;
	return join('', map { '| ' . join(' | ', @$_) . " |\n" } $head,
	    [map { $_ == 0 ? '---' : '--:' } 0 .. $#$head], @rows) . "\n";
}

# The dearest of all sets of free chunks, at n of them.
sub at {
	my ($bench, $kind, $n) = @_;
	my @took = sort { $b <=> $a } grep { defined }
	    map { $bench->{worst}{$_}{$kind}{$n} } @Bench::sets;
	return $took[0];
}

sub both { join ' / ', @_ }

sub version {
	my ($command) = @_;
	my ($line) = split /\n/, `$command 2>/dev/null`;
	return $line // 'unknown';
}

# What calls take on the traces.
sub calls {
	my @rows;
	for my $name (@shown) {
		my $bench = m3($name);
		my $o2 = of($name, 'cortex-m3', '-O2');
		my $stayed = Bench::stayed($bench);
		push @rows, [name($name),
		    number('%.1f', Bench::pair($bench)),
		    $o2 ? number('%.1f', Bench::pair($o2)) : '=',
		    m0($name) ? number('%.1f', Bench::pair(m0($name))) : '-',
		    both(map { number('%d', Bench::quantile($bench, $_, 0.99)) }
			@kinds[0, 1]),
		    both(map { number('%d', Bench::worst($bench, $_)) }
			@kinds[0, 1]),
		    number('%.0f', Bench::mean_all($bench, 'realloc')),
		    number('%.0f %%', defined $stayed ? $stayed * 100 : undef)];
	}
	return table(['allocator', 'pair -Os', '-O2', 'M0+ -Os',
	    'p99 malloc / free', 'worst malloc / free', 'realloc', 'in place'],
	    @rows);
}

# Memory and code, and what calls take beyond the traces.
sub bounds {
	my @rows;
	for my $name (@shown) {
		my $bench = m3($name);
		my $flat = %{$bench->{worst}};
		push @rows, [name($name),
		    ($flat ? map { my $kind = $_; both(map { number('%d',
			at($bench, $kind, $_)) } 10, 1000, 5000) } @kinds[0, 1]
			: ('-', '-')),
		    defined $bench->{first} ? both(map { number('%d',
			$bench->{$_}) } qw(first growth refused)) : '-',
		    $flat ? both(map { Bench::dearest($bench, $_) }
			@kinds[0, 1]) : '-',
		    number('%.3f', Bench::mem($bench)),
		    both(map { number('%d', $_ && $_->{code}) }
			$bench, m0($name)), number('%d', $bench->{ram})];
	}
	return table(['allocator', 'malloc at N = 10 / 1000 / 5000',
	    'free at N', 'first malloc / growth / refused', 'worst of all', 'mem',
	    'code M3 / M0+', 'static RAM'], @rows);
}

# What the code is for.
sub code {
	my @names = grep { $_ ne 'heap-debug' } @shown;
	my %of = map { $_ => Parts::of("$build/cortex-m3/$_-Os/size.txt") }
	    @names;
	my @rows = map { my ($part, $title) = @$_; [$title,
	    map { $of{$_}{$part} // '-' } @names] } grep { my $part = $_->[0];
		grep { $of{$_}{$part} } @names } @Parts::parts;
	return table(['bytes, Cortex-M3', map { name($_) } @names],
	    @rows, ['whole', map { m3($_)->{code} } @names]);
}

# Whose code is smaller than ours, in words.
sub larger {
	my @lines;
	for my $our (reverse @ours) {
		my $b = m3($our)->{code};
		my @than = map { sprintf '%.1f times %s', $b / m3($_)->{code},
		    name($_) } grep { m3($_)->{code} < $b } @rivals;
		push @lines, '`' . name($our) . '` is larger than ' .
		    (@than == @rivals ? 'every rival' : 'some') . ': ' .
		    join(', ', @than) . ".\n" if @than;
	}
	return join('', @lines);
}

sub ratio {
	my ($theirs, $ours) = @_;
	return '-' unless defined $theirs && $ours;
	my $ratio = $theirs / $ours;
	return sprintf $ratio >= 100 ? '%.0f' : $ratio >= 10 ? '%.1f' : '%.2f',
	    $ratio;
}

sub ratios {
	my @rows;
	for my $our (@ours) {
		for my $name (@rivals) {
			my ($a, $b) = (m3($name), m3($our));
			my ($a0, $b0) = (m0($name), m0($our));
			push @rows, [name($name) . ' : ' . name($our),
			    ratio(Bench::pair($a), Bench::pair($b)),
			    $a0 && $b0 ? ratio(Bench::pair($a0),
				Bench::pair($b0)) : '-',
			    (map { ratio(Bench::worst($a, $_),
				Bench::worst($b, $_)) } @kinds[0, 1]),
			    (map { ratio(at($a, $_, 1000), at($b, $_, 1000)) }
				@kinds[0, 1]),
			    ratio(Bench::mem($a), Bench::mem($b)),
			    ratio(map { Bench::mean_all($_, 'realloc') }
				$a, $b),
			    ratio($a->{code}, $b->{code})];
		}
	}
	return table(['rival : ours', 'pair M3', 'pair M0+', 'worst malloc',
	    'worst free', 'malloc at N = 1000',
	    'free at N = 1000', 'mem', 'realloc', 'code'], @rows);
}

# Every call of every trace: mean, median, p99, worst.
sub detail {
	my ($get, $kind) = @_;
	my @names = grep { $get->($_) } @shown;
	my @traces = grep { $get->($names[0])->{calls}{$_}{$kind} }
	    @{$get->($names[0])->{traces}};
	my @rows;
	for my $name (@names) {
		my $bench = $get->($name);
		push @rows, [name($name), map { my @only = $_ // ();
			both(number('%.1f', $_
				? Bench::mean($bench, $kind, $_)
				: Bench::mean_all($bench, $kind)),
			    map { number('%d', Bench::quantile($bench, $kind,
				$_, @only)) } 0.5, 0.99, 1) } @traces, undef];
	}
	return table([$kind, @traces, 'all'], @rows);
}

sub heaps {
	my @names = grep { %{m3($_)->{heap}} } @shown;
	my @traces = @{m3($names[0])->{traces}};
	my @rows = map { my $bench = m3($_); [name($_),
	    (map { number('%d', $bench->{heap}{$_}) . ' (' .
		number('%.3f', Bench::mem($bench, $_)) . ')' } @traces),
	    number('%.3f', Bench::mem($bench))] } @names;
	my $peaks = ['peak of live bytes',
	    (map { m3($names[0])->{peak}{$_} } @traces), ''];
	return table(['region, bytes (mem)', @traces, 'mem'], $peaks, @rows);
}

sub counted {
	my ($set, $kind) = @_;
	my @names = grep { %{m3($_)->{worst}} } @shown;
	my @counts = sort { $a <=> $b } keys %{m3($names[0])->{worst}{$set}{$kind}};
	return table(["$kind, $set", map { "N = $_" } @counts],
	    map { my $bench = m3($_); [name($_),
		map { number('%d', $bench->{worst}{$set}{$kind}{$_}) } @counts]
	    } @names);
}

# What the ways in cost: heap.h, malloc, malloc with the lock, and as shipped.
sub ways {
	my @rows;
	for my $our (@ours) {
		for my $i (0, 1) {
			my $get = (\&m3, \&m0)[$i];
			my %way = map { $_ => $get->($our . $_) }
			    "", qw(-native -locked -stock -meter);
			next unless $way{""};
			push @rows, [name($our) . ", " . ("M3", "M0+")[$i],
			    (map { $_ ? sprintf "%.1f", Bench::pair($_) : "-" }
				@way{"-native", "", "-locked", "-stock"}),
			    $way{-locked} ? both(map {
				Bench::worst($way{-locked}, $_) } @kinds[0, 1])
				: "-",
			    both(map { number("%d", $way{-meter} &&
				$way{-meter}{$_}) } qw(locked refused_locked))];
		}
	}
	return table(["pair", "heap.h, no lock", "malloc, no lock",
	    "malloc, PRIMASK lock", "malloc, the archive\x27s port",
	    "worst malloc / free, PRIMASK lock", "longest locked section / of a refusal"],
	    @rows);
}

sub write_file {
	my ($file, $text) = @_;
	open my $fh, '>', $file or die "report.pl: $file: $!\n";
	print $fh $text;
	close $fh or die "report.pl: $file: $!\n";
}

sub draw_worst {
	my @names = grep { %{m3($_)->{worst}} } @ours, @rivals;
	write_file("$out/worst.svg", Plot::svg(
	    title => 'One call against N free chunks that are all slightly ' .
		'too small (Cortex-M3, -Os)',
	    ours => [map { name($_) } @ours],
	    panels => [map { my $kind = $_; {
		title => $kind,
		x => {from => 10, to => 5000, log => 1, text => 'free chunks',
		    ticks => [10, 30, 100, 300, 1000, 3000]},
		y => {from => 10, to => 100000, log => 1,
		    text => 'instructions'},
		series => [map { my $bench = m3($_);
		    [name($_), map { [$_, at($bench, $kind, $_)] }
			sort { $a <=> $b }
			keys %{$bench->{worst}{small}{$kind}}] } @names],
	    } } @kinds[0, 1]]));
}

sub draw_latency {
	write_file("$out/latency.svg", Plot::svg(
	    title => 'Share of the calls that take at most so many ' .
		'instructions, over all traces (Cortex-M3, -Os)',
	    ours => [map { name($_) } @ours],
	    panels => [map { my $kind = $_; {
		title => $kind,
		x => {from => 10, to => 100000, log => 1,
		    text => 'instructions'},
		y => {from => 0, to => 100, unit => ' %',
		    ticks => [0, 25, 50, 75, 90, 100]},
		series => [map { my $weight = Bench::distribution(m3($_),
			$kind);
		    my ($sum, @points) = (0);
		    for my $took (sort { $a <=> $b } keys %$weight) {
			push @points, [$took, $sum * 100];
			$sum += $weight->{$took};
			push @points, [$took, $sum * 100];
		    }
		    [name($_), [10, 0], @points, [100000, 100]]
		} @ours, @rivals],
	    } } @kinds[0, 1]]));
}

sub main {
	my $gcc = version('arm-none-eabi-gcc --version');
	my $qemu = version('qemu-system-arm --version');
	my $packages = join ', ', map { my $v = version("dpkg-query -W " .
	    "-f '\${Version}' $_"); "$_ $v" }
	    qw(libnewlib-arm-none-eabi picolibc-arm-none-eabi);

	draw_worst();
	draw_latency();
	write_file("$out/RESULTS.md", <<"END");
# Results of the bench

Written by `make bench`; do not edit. How it is measured and what the words
mean: [README.md](README.md). All counts are guest instructions, exact and the
same on every run; they are not cycles. The heap is without a lock here, like
its rivals; with one see [below](#with-the-lock).

$gcc; $qemu; $packages.

## Overview

On the eight traces: pair = mean malloc + mean free; `=` at -O2: there is no other than
the one at -Os, as the toolchain's own. realloc is the mean with its copies: the heap
copies words, the others use their libc's memmove and memcpy, of which picolibc's take 2
to 3 instructions a byte, newlib's less than one. `in place` is the share of the reallocs
that left the block where it was.

${\calls()}Beyond them: the dearest of three sets of N free chunks that are slightly too
small; the first malloc of all, the dearest while 1 MiB is filled, and one that is
refused with 100 chunks too small in a full heap; the dearest malloc and free of these,
but a refusal, and of the traces; the smallest heap over the peak of live bytes.

${\bounds()}A floor is no rival, it cannot do what a heap has to: the pool was told the largest
size of the trace and takes so much for every block, the lists never cut or join what
was once made, bump never takes back.

## Code

All that malloc, free and realloc pull in, by what it is for. A compiler makes no
such cut: a function counts where its main work is, so that the checks which every
call of `heap.a` makes are in its first two rows.

${\code()}${\larger()}
What the rivals have of these:

| | ours | newlib | newlib-nano | picolibc |
|---|---|---|---|---|
| growth through sbrk | yes | yes | yes | yes |
| memory that does not adjoin | segments, fenced | yes | a chunk in the list | a chunk in the list |
| gives back by itself | no: `heap_trim` | from 128 KiB at the top | no | no |
| several heaps | yes | no | no | no |
| a lock | the port's | stubs to replace | stubs to replace | stubs to replace |
| realloc grows down into a free chunk | yes | yes | no | no |
| calls bounded whatever the heap holds | yes | no | no | no |
| checks of what free is given | `heap.a` | no | is it free already | is it free already |
| tells of faults | `heap.a` all; `heap-min.a` a call from an interrupt | no | errno | errno |

So every rival grows, in newlib and newlib-nano inside of malloc; to the rows of
damage, faults and observers none has a counterpart. A bounded allocator for one fixed
arena, without locks and checks, has that of the first, third and fourth row.

## Times ours

Above 1 ours needs less.

${\ratios()}## Worst case against N

![one call against N free chunks](worst.svg)

${\join '', map { my $set = $_; map { counted($set, $_) } @kinds }
	@Bench::sets}## Latency

![share of the calls by instructions](latency.svg)

mean / median / p99 / worst, Cortex-M3, -Os:

${\join '', map { detail(\&m3, $_) } @kinds}The same for Cortex-M0+:

${\join '', map { detail(\&m0, $_) } @kinds}## The smallest heap

The smallest region that completes a trace, and that with the static variables
over the trace's peak of requested bytes.

${\heaps()}## With the lock

The lock masks interrupts. The archive's own port has it and also looks whether
it runs in an NMI or HardFault. The longest locked section is that of all traces
and of the worst cases above; a refusal holds it longer, while it looks at
`HEAP_LAST_RESORT` chunks.

${\ways()}
END
}

main();
