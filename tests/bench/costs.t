#!/usr/bin/perl
# SPDX-License-Identifier: MIT
# The figures of heap/README.md and heap/SIZING.md that the bench measures are
# those of budgets.txt, which quick.t keeps exact; TAP.  `costs.t --write` puts
# those of now there.
use strict;
use warnings;
use FindBin;

my $heap = "$FindBin::Bin/../../heap";
my $mark = '<!-- costs.t -->';

sub slurp
{
	my ($name) = @_;

	open my $file, '<', $name or die "costs.t: $name: $!\n";
	local $/;
	return scalar <$file>;
}

# {"heap cortex-m3"}{what}{figure}
my %budget;
for (split /\n/, slurp("$FindBin::Bin/budgets.txt")) {
	my ($who, $cpu, $what, @values) = split;
	next if /^#/;
	$budget{"$who $cpu"}{$what} = {map { split /=/ } @values};
}

sub most
{
	my ($most) = sort { $b <=> $a } @_;

	return $most;
}

# A figure of some lines of the budgets, the largest of these.
sub of
{
	my ($for, $lines, $figure) = @_;

	return most(map { $for->{$_}{$figure} // 0 }
	    grep { $_ =~ $lines } keys %$for);
}

my $sets = qr/-chunks$/;
my $traces = qr/^[a-z_0-9]+$/;
my @calls = (
	['malloc, the first of all: the heap is made',
	    sub { of($_[0], qr/^growth$/, 'first') }],
	['malloc that grows the heap, 1 MiB filled',
	    sub { of($_[0], qr/^growth$/, 'worst') }],
	['malloc from a larger bin, behind chunks too small',
	    sub { of($_[0], $sets, 'malloc') }],
	['malloc, any that is served',
	    sub { most(of($_[0], qr/^growth$/, 'first'),
		of($_[0], qr/^growth$/, 'worst'), of($_[0], $sets, 'malloc'),
		of($_[0], $traces, 'worst-malloc')) }],
	['malloc, refused by a full heap, 64 chunks too small',
	    sub { of($_[0], qr/^growth$/, 'refused') }],
	['free, any', sub { most(of($_[0], $sets, 'free'),
	    of($_[0], $traces, 'worst-free')) }],
	['realloc that moves a block of 20 bytes',
	    sub { of($_[0], $sets, 'realloc') }],
	['the longest locked section, with a lock that masks interrupts',
	    sub { of($_[0], qr/^locked$/, 'longest') }],
	['the same of a refusal', sub { of($_[0], qr/^locked$/, 'refused') }],
);

sub costs
{
	my $rows = '';

	for (@calls) {
		my ($what, $figure) = @$_;

		$rows .= join(' | ', "| $what", map { my $who = $_;
			join ' / ', map { $figure->($budget{"$who $_"}) }
			qw(cortex-m3 cortex-m0plus) } qw(heap-min heap)) . " |\n";
	}
	return "| call | `heap-min.a` M3 / M0+ | `heap.a` M3 / M0+ |\n" .
	    "|---|--:|--:|\n$rows";
}

# The control block; malloc's static RAM has the region port besides.
my $port = 12;
my $min = $budget{'heap-min cortex-m3'}{size}{ram} - $port;
my $block = $budget{'heap cortex-m3'}{size}{ram} - $port;

# Without the ends of the region, 8 bytes.
my @sizes = (
	[qr/(\| )\d+( on Arm, )\d+( where enums are words; )\d+( more but)/,
	    $min, $min + 4, $block - $min],
	[qr/(hand out\nn - )\d+( bytes of chunks on Arm \(`heap-min.a`: n - )\d+(\))/,
	    map { $_ + 8 + 7 & ~7 } $block, $min],
);

sub put_sizes
{
	my ($text) = @_;

	for (@sizes) {
		my ($like, @figures) = @$_;

		$text =~ s{$like}{
			my @around = grep { defined } $1, $2, $3, $4;
			join '', map { $around[$_] . ($figures[$_] // '') }
			    0 .. $#around;
		}e or die "costs.t: heap/SIZING.md: not found: $like\n";
	}
	return $text;
}

sub put_costs
{
	my ($text) = @_;
	my $table = costs();

	$text =~ s/\Q$mark\E\n\n(\|.*\n)*\n?/$mark\n\n$table\n/ or
	    die "costs.t: heap/README.md: no mark $mark\n";
	return $text;
}

my @pages = (['README.md', \&put_costs, 'what a call may cost'],
    ['SIZING.md', \&put_sizes, 'the control block']);
my $number = 0;

print '1..', scalar @pages, "\n" if !@ARGV;
for (@pages) {
	my ($page, $put, $what) = @$_;
	my $text = slurp("$heap/$page");
	my $now = $put->($text);

	if (@ARGV && $ARGV[0] eq '--write') {
		open my $file, '>', "$heap/$page"
		    or die "costs.t: $page: $!\n";
		print $file $now;
		close $file or die "costs.t: $page: $!\n";
		next;
	}
	printf "%sok %d - heap/%s: %s is as in the bench's budgets\n",
	    $now eq $text ? '' : 'not ', ++$number, $page, $what;
	print STDERR "# heap/$page differs from tests/bench/budgets.txt; ",
	    "run tests/bench/costs.t --write\n" if $now ne $text;
}
