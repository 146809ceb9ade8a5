#!/usr/bin/perl
# SPDX-License-Identifier: MIT
# Compares the heap's instruction counts, smallest heaps and sizes with the
# exact budgets in budgets.txt; TAP.  quick.t --write makes the figures of now
# the budgets.  Reads what `make bench-quick` has measured below build/bench.
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Bench;

my $build = $ENV{BENCH_OUT} // "$FindBin::Bin/../../build/bench";
my $file = "$FindBin::Bin/budgets.txt";

# [what, [name => value]...] in the order of the file.
sub measured {
	my @lines;
	for my $cpu (qw(cortex-m3 cortex-m0plus)) {
		for my $name (qw(heap-min heap)) {
			my $dir = "$build/$cpu/$name-Os";
			my $meter = "$build/$cpu/$name-meter-Os";
			for ((map { "$dir/$_" } qw(time heap worst size)),
			    map { "$meter/$_" } qw(time worst)) {
				next if -e "$_.txt";
				print "1..0 # SKIP not measured yet: " .
				    "run `make bench-quick`\n";
				exit 0;
			}
			push @lines, figures("$name $cpu", Bench::load($dir)),
			    ["$name $cpu locked",
			    [longest => Bench::load($meter)->{locked}],
			    [refused => Bench::load($meter)->{refused_locked}]];
		}
	}
	return @lines;
}

sub figures {
	my ($who, $bench) = @_;
	my @lines;

	for my $trace (@{$bench->{traces}}) {
		my @line;
		for my $kind (@Bench::kinds) {
			my $calls = $bench->{calls}{$trace}{$kind} or next;
			my ($total) = Bench::total($calls);
			push @line, [$kind => $total], ["worst-$kind" =>
			    Bench::worst($bench, $kind, $trace)];
		}
		push @lines, ["$who $trace", @line,
		    [heap => $bench->{heap}{$trace}]];
	}
	for my $set (@Bench::sets) {
		push @lines, ["$who 1000-$set-chunks", map { [$_ =>
		    $bench->{worst}{$set}{$_}{1000}] } @Bench::kinds];
	}
	push @lines, ["$who growth", [first => $bench->{first}],
	    [worst => $bench->{growth}], [refused => $bench->{refused}]];
	push @lines, ["$who size", [code => $bench->{code}],
	    [ram => $bench->{ram}]];
	return @lines;
}

sub unit {
	return $_[0] =~ /^(heap|code|ram)$/ ? 'bytes' : 'instructions';
}

my @lines = measured();
my $toolchain = Bench::toolchain();

if (@ARGV && $ARGV[0] eq '--write') {
	open my $out, '>', $file or die "quick.t: $file: $!\n";
	print $out <<"END";
# Budgets of the bench, exact: total and worst instructions of each trace's
# calls, smallest heap and sizes in bytes.  Written by `make bench-budgets`,
# checked by `make bench-quick`.
# toolchain: $toolchain
END
	print $out "$_->[0]", (map { " $_->[0]=$_->[1]" } @$_[1 .. $#$_]), "\n"
	    for @lines;
	close $out or die "quick.t: $file: $!\n";
	exit 0;
}

my (%budget, $for);
open my $in, '<', $file or die "quick.t: $file: $! (make bench-budgets)\n";
while (<$in>) {
	$for = $1 if /^# toolchain: (.*)$/;
	next if /^#/;
	my ($who, $cpu, $what, @values) = split;
	$budget{"$who $cpu $what"} = {map { split /=/ } @values};
}
if (($for // '') ne $toolchain) {
	print "1..0 # SKIP the budgets are for $for, this is $toolchain; " .
	    "`make bench-budgets` writes them for yours\n";
	exit 0;
}

print '1..', scalar @lines, "\n";
# A change in a common path moves every figure: the first few tell the tale.
my $loud = 10;
my ($number, $over, $under) = (0, 0, 0);
for my $line (@lines) {
	my ($what, @values) = @$line;
	my @bad;
	for (@values) {
		my ($name, $value) = @$_;
		my $budget = $budget{$what}{$name};
		if (!defined $budget) {
			push @bad, "$name has no budget";
		} elsif ($value > $budget) {
			push @bad, sprintf '%s is %d %s, the budget %d (+%d)',
			    $name, $value, unit($name), $budget,
			    $value - $budget;
		} elsif ($value < $budget) {
			$under++;
		}
	}
	printf "%sok %d - %s\n", @bad ? 'not ' : '', ++$number, $what;
	for (@bad) {
		my $where = $over++ < $loud ? *STDERR : *STDOUT;
		print $where "# $what: $_\n";
	}
}
print STDERR "# $over figures are above their budgets in " .
    "tests/bench/budgets.txt (prove -v tests/bench/quick.t lists all).\n# If that is the price of something wanted, " .
    "say so in the commit and run `make bench-budgets`.\n" if $over;
print "# $under figures are below: `make bench-budgets` keeps the gain\n"
    if $under;
exit($over != 0);
