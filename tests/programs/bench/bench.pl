#!/usr/bin/perl
# SPDX-License-Identifier: MIT
# The same programs on several allocators, by `make bench-host`:
#
#   time and peak memory, the least of ROUNDS runs each, as ratios to glibc's:
#   reported, memory asserted;
#   on each trace of tests/bench, peak memory, and the instructions of malloc,
#   realloc and free by callgrind: asserted.
#
# An allocator that is not installed is left out, and it is said.
use strict;
use warnings;

my $root = `pwd`;
chomp $root;
my $built = "$root/build/tests/programs";
my $rounds = $ENV{ROUNDS} || 3;
my $lib = '/usr/lib/x86_64-linux-gnu';
my @allocators = (
	[glibc => ''],
	['heap' => "$root/build/host/libheap.so"],
	['heap-min' => "$root/build/host/libheap-min.so"],
	[jemalloc => "$lib/libjemalloc.so.2"],
	[mimalloc => "$lib/libmimalloc.so.2.0"],
	[tcmalloc => "$lib/libtcmalloc_minimal.so.4"],
);
my %library = map { @$_ } @allocators;
my @names = grep { !$library{$_} || -e $library{$_} } map { $_->[0] } @allocators;
my %there = map { $_ => 1 } @names;
print "not installed, left out: $_; try 'make deps-all'\n"
	for grep { !$there{$_} } map { $_->[0] } @allocators;

my @programs = (
	['python, objects' => 'PYTHONMALLOC=malloc /usr/bin/python3 '
			. "$root/tests/programs/objects.py"],
	['perl, hash' => q{perl -e 'my %h; $h{"k" . $_ * 7919 % 200003} .= }
			. q{"v" x ($_ % 90) for 1..300000; my $n = 0; }
			. q{$n += length for values %h; print "$n\n"'}],
	[sqlite => q{sqlite3 :memory: "create table t(a, b); with recursive c(i) }
			. q{as (select 1 union all select i+1 from c where i < 60000) }
			. q{insert into t select i, hex(randomblob(i % 60)) from c; }
			. q{create index x on t(b); select count(distinct b) > 0 from t;"}],
	[gcc => "gcc -O2 -ffreestanding -Iheap -Iport -c -o /dev/null heap/core.c"],
	[ 'git log' => "git -C $root log --stat -n 60" ],
	['trace uniform' => "$built/replay tests/bench/traces/uniform.trace 30"],
	['trace lua1' => "$built/replay tests/bench/traces/lua1.trace 100"],
	['8 threads' => "$built/threads-64 8 100000 0"],
);

my $failed = 0;

sub complain
{
	print "not so: $_[0]\n";
	$failed = 1;
}

# The geometric mean.
sub mean
{
	my $sum = 0;
	$sum += log $_ for @_;
	return exp($sum / @_);
}

sub row
{
	my ($name, @cells) = @_;
	printf "%-16s%s\n", $name, join '', map { sprintf '%11s', $_ } @cells;
}

# ---- time and memory ---------------------------------------------------------

# Seconds of the processor and KiB at the peak, of one run.
sub measure
{
	my ($command, $preload) = @_;
	my $note = "$built/measured";
	my $env = $preload ? "env LD_PRELOAD='$preload'" : 'env';
	system("$env /usr/bin/time -o $note -f '%U %S %M' "
			. "sh -c '" . ($command =~ s/'/'\\''/gr) . "' >/dev/null 2>&1") == 0
		or die "bench-host: this failed, with '$preload': $command\n";
	open my $file, '<', $note or die "bench-host: $note: $!\n";
	my ($user, $system, $peak) = split ' ', (<$file>)[-1];
	return ($user + $system, $peak);
}

my (%time, %peak);
for my $round (1 .. $rounds) {
	for my $program (@programs) {
		my ($name, $command) = @$program;
		for my $allocator (@names) {
			my ($t, $p) = measure($command, $library{$allocator});
			my $best = \$time{$name}{$allocator};
			$$best = $t if !defined $$best || $t < $$best;
			$best = \$peak{$name}{$allocator};
			$$best = $p if !defined $$best || $p < $$best;
		}
	}
}

for my $what (['processor time', \%time, 's'], ['peak memory', \%peak, 'KiB']) {
	my ($title, $table, $unit) = @$what;
	my %ratios;
	print "\n$title: glibc's in $unit, the others as ratios to it\n";
	row('', @names);
	for my $program (@programs) {
		my $of = $table->{$program->[0]};
		my $base = $of->{glibc} || 0.01;
		my @cells = ($of->{glibc});
		for my $allocator (@names[1 .. $#names]) {
			my $ratio = ($of->{$allocator} || 0.01) / $base;
			push @cells, sprintf '%.2f', $ratio;
			push @{$ratios{$allocator}}, $ratio;
		}
		row($program->[0], @cells);
	}
	row('mean', '', map { sprintf '%.2f', mean(@{$ratios{$_}}) } @names[1 .. $#names]);
	next if $unit ne 'KiB';
	for my $ours ('heap', 'heap-min') {
		my $mean = mean(@{$ratios{$ours}});
		complain(sprintf "peak memory of %s is %.3f of glibc's", $ours, $mean)
			if $mean > 1.005;
	}
}

# ---- traces ------------------------------------------------------------------

my @traces = map { m{(\w+)\.trace$} } glob 'tests/bench/traces/*.trace';

sub with
{
	my ($preload) = @_;
	return $preload ? "env LD_PRELOAD='$preload'" : 'env';
}

sub instructions
{
	my ($trace, $preload) = @_;
	my $env = with($preload);
	my $toggles = join ' ', map { "--toggle-collect=traced_$_" }
		qw(malloc realloc free);
	my $said = `$env valgrind --tool=callgrind $toggles \\
		--callgrind-out-file=/dev/null \\
		$built/replay tests/bench/traces/$trace.trace 2>&1`;
	$said =~ /Collected : (\d+)/
		or die "bench-host: callgrind failed on $trace:\n$said";
	return $1;
}

sub calls
{
	my ($trace) = @_;
	open my $file, '<', "tests/bench/traces/$trace.trace"
		or die "bench-host: $trace: $!\n";
	return scalar grep { /^[afr]/ } <$file>;
}

# KiB that the process grew by at most, looked at after every 16 operations: the
# least of some runs, for where the break starts makes a page.
sub growth
{
	my ($trace, $preload) = @_;
	my $env = with($preload);
	my @found = sort { $a <=> $b }
		map { `$env $built/replay tests/bench/traces/$trace.trace 1 16` } 1 .. 3;
	$found[0] =~ /^\d+$/ or die "bench-host: replay failed on $trace\n";
	chomp(my $least = $found[0]);
	return $least;
}

# How many instructions of glibc's one of ours may take.
my $most = 1.25;
my %ratios;
print "\ninstructions a call of malloc, realloc, free, by callgrind: glibc's, and ratios\n";
row('', qw(glibc heap heap-min));
for my $trace (@traces) {
	my $base = instructions($trace, '');
	my @cells = sprintf '%.0f', $base / calls($trace);
	for my $ours ('heap', 'heap-min') {
		my $ratio = instructions($trace, $library{$ours}) / $base;
		push @cells, sprintf '%.2f', $ratio;
		push @{$ratios{$ours}}, $ratio;
		complain(sprintf "on %s %s takes %.2f of glibc's instructions, "
				. 'at most %.2f are meant', $trace, $ours, $ratio, $most)
			if $ratio > $most;
	}
	row($trace, @cells);
}
row('mean', '', map { sprintf '%.2f', mean(@{$ratios{$_}}) } 'heap', 'heap-min');

%ratios = ();
print "\npeak memory of the traces: glibc's in KiB, the others as ratios to it\n";
row('', @names);
for my $trace (@traces) {
	my $base = growth($trace, '');
	my @cells = $base;
	for my $allocator (@names[1 .. $#names]) {
		my $peak = growth($trace, $library{$allocator});
		push @cells, sprintf '%.2f', $peak / $base;
		push @{$ratios{$allocator}}, $peak / $base;
		complain("on $trace $allocator takes $peak KiB, glibc's malloc $base")
			if $allocator =~ /^heap/ && $peak > $base;
	}
	row($trace, @cells);
}
row('mean', '', map { sprintf '%.2f', mean(@{$ratios{$_}}) } @names[1 .. $#names]);

print "again: make bench-host\n" if $failed;
print $failed ? "\nnot all as it should be\n" : "\nall as it should be\n";
exit $failed;
