#!/usr/bin/perl
# SPDX-License-Identifier: MIT
# Which instructions of the heap, as it is in the archive, the suites have run on
# an emulated board: target.pl GOAL ARCHIVE.a PROGRAM...
#
# QEMU translates one instruction at a time and logs each it translates, which
# is each that it is about to run.  A function is the heap's when archive and
# program have one of that name and size; what counts is its name and the
# instruction's offset, so that programs can be put together.
use strict;
use warnings;

my ($goal, $archive, @programs) = @ARGV;
my $out = 'build/coverage-report';
my $prefix = $ENV{ARM} // 'arm-none-eabi-';
my $board = $ENV{COVERAGE_BOARD} // 'mps2-an385';

my %ours;
for (`${prefix}nm -S $archive 2>/dev/null`) {
	$ours{"$2 " . hex $1} = 1 if /^\S+ (\S+) [tTwW] (\S+)$/;
}
die "coverage: no function in $archive\n" unless %ours;

my (%all, %text, %run);
for my $program (@programs) {
	my %address;  # of an instruction: "FUNCTION+OFFSET"
	my %size;

	for (`${prefix}nm -S $program`) {
		$size{hex $1} = hex $2 if /^(\S+) (\S+) [tTwW] /;
	}
	my ($name, $start);
	for (`${prefix}objdump -d --no-show-raw-insn $program`) {
		if (/^([0-9a-f]+) <(.*)>:/) {
			($start, $name) = (hex $1, $2);
			my $size = $size{$start} // 0;
			$name = undef unless $ours{"$name $size"};
		} elsif (defined $name && /^\s*([0-9a-f]+):\s+(?!\.)(\S.*)/) {
			my $id = sprintf '%s+0x%x', $name, hex($1) - $start;
			$address{hex $1} = $id;
			$all{$id} = $name;
			$text{$id} = $2;
		}
	}
	my $log = "$out/trace";
	local $ENV{QEMU_ARGS} = "-singlestep -d in_asm -D $log";
	system("boards/run -t 300 $board $program >$out/target.tap 2>&1");
	if ($? || !-s $log) {
		print "coverage: $program fails on $board:\n", `tail -5 $out/target.tap`;
		exit 1;
	}
	open my $in, '<', $log or die "coverage: $log: $!\n";
	while (<$in>) {
		$run{$address{hex $1}} = 1
			if /^0x([0-9a-f]+):/ && exists $address{hex $1};
	}
	unlink $log;
}

my $count = keys %all;
my $run = grep { $run{$_} } keys %all;
my $percent = $count ? 100 * $run / $count : 0;
my %functions = map { $_ => 1 } values %all;
my $left = "$out/" . ($archive =~ m{([^/]+)\.a$} ? $1 : 'heap') . '.left';

printf "coverage: %-26s %5d of %5d instructions of %d functions run, %.1f %%\n",
	$archive, $run, $count, scalar keys %functions, $percent;
open my $to, '>', $left or die "coverage: $left: $!\n";
print $to "$_\t$text{$_}\n" for grep { !$run{$_} } sort keys %all;
close $to;
print "coverage: those that were not are in $left\n" if $run < $count;
if ($percent < $goal) {
	print "coverage: that is below the goal of $goal %\n";
	exit 1;
}
