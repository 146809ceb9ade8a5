#!/usr/bin/perl
# SPDX-License-Identifier: MIT
# What observers, hooks and accounts cost a call while they are idle: all eight
# traces with and without, without a lock and with one; TAP.  At most four
# instructions.  Growth, which looks once more, is rare: means are rounded.
# Reads what `make bench-idle` has measured below build/bench.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Bench;

my $build = $ENV{BENCH_OUT} // "$FindBin::Bin/../../build/bench";
my $most = 4;
my @lines;

for my $cpu (qw(cortex-m3 cortex-m0plus)) {
	for my $lock ('', '-locked') {
		my ($bare, $idle) = map { "$build/$cpu/heap$lock-$_-Os" }
		    qw(bare idle);

		for ($bare, $idle) {
			next if -e "$_/time.txt";
			print "1..0 # SKIP not measured yet: " .
			    "run `make bench-idle`\n";
			exit 0;
		}
		push @lines, [$cpu, $lock, Bench::load($bare),
		    Bench::load($idle)];
	}
}

my $number = 0;
print '1..', @lines * @Bench::kinds, "\n";
for (@lines) {
	my ($cpu, $lock, $bare, $idle) = @$_;
	for my $kind (@Bench::kinds) {
		my ($worst, $where) = (0, 'all');

		for my $trace (@{$bare->{traces}}) {
			my $with = Bench::mean($idle, $kind, $trace) // next;
			my $more = $with - Bench::mean($bare, $kind, $trace);

			($worst, $where) = ($more, $trace) if $more > $worst;
		}
		printf "%sok %d - %s%s: %s costs %.2f instructions more, " .
		    "at most %d (%s)\n", $worst < $most + 0.5 ? '' : 'not ',
		    ++$number, $cpu, $lock ? ', with a lock' : '', $kind,
		    $worst, $most, $where;
	}
}
