#!/usr/bin/perl
# SPDX-License-Identifier: MIT
# The table of the eight traces in heap/SIZING.md: what it says follows from
# traces/ and RESULTS.md.  `sizing.t --write` puts the table of now there.
use strict;
use warnings;
use FindBin;

my $page = "$FindBin::Bin/../../heap/SIZING.md";
my $mark = '<!-- sizing.t -->';

sub slurp
{
	my ($name) = @_;

	open my $file, '<', $name or die "$name: $!\n";
	local $/;
	return scalar <$file>;
}

# Bytes of chunk for n bytes; the end of the bin of a chunk; for 32 bits.
sub chunk
{
	my $size = $_[0] + 4 + 7 & ~7;

	return $size;
}

sub edge
{
	my ($size) = @_;
	my $octave = 128;

	return $size if $size <= $octave;
	$octave *= 2 while $octave * 2 <= $size;
	return $size < $octave * 1.5 ? $octave * 1.5 : $octave * 2;
}

# The peaks of a trace: bytes asked for, bytes of chunks, blocks, largest chunk.
sub peaks
{
	my (%size, $bytes, $chunks, @peak);

	@peak = ($bytes = $chunks = 0) x 4;
	for (split /\n/, slurp("$FindBin::Bin/traces/$_[0].trace")) {
		my ($what, $id, $n) = /^([afr]) (\d+)(?: (\d+))?/ or next;
		my $old = delete $size{$id};

		$bytes -= $old, $chunks -= chunk($old) if defined $old;
		next if $what eq 'f';
		$size{$id} = $n;
		$bytes += $n;
		$chunks += chunk($n);
		my @now = ($bytes, $chunks, scalar keys %size, chunk($n));
		$now[$_] > $peak[$_] and $peak[$_] = $now[$_] for 0 .. 3;
	}
	return @peak;
}

my $results = slurp("$FindBin::Bin/RESULTS.md");
my ($names) = $results =~ /^\| region, bytes \(mem\) \| (.*) \| mem \|$/m;
my ($regions) = $results =~ /^\| heap\.a \| (\d+ \(.*) \|$/m;
my @region = $regions =~ /(\d+) \(/g;
my ($rounding, $fragments, @rows) = (1, 1);

for my $trace (split / \| /, $names) {
	my ($bytes, $m, $k, $n) = peaks($trace);
	my $region = shift @region;
	my $bound = $m + ($k - 1) * (edge($n) - 8);

	$rounding *= $m / $bytes;
	$fragments *= ($region - 8) / $m;
	push @rows, sprintf '| %s | %d | %d | %.3f | %d | %d | %d | %.3f | %d |',
	    $trace, $bytes, $m, $m / $bytes, $k, $n, $region,
	    ($region - 8) / $m, $bound;
}
push @rows, sprintf '| geometric mean | | | %.3f | | | | %.3f | |',
    $rounding ** (1 / @rows), $fragments ** (1 / @rows);
my $table = join "\n", '| trace | peak asked for | M | chunks / peak | K | n ' .
    '| region | region / M | bound |', '|---|' . '--:|' x 8, @rows, '';

my $text = slurp($page);
if (@ARGV && $ARGV[0] eq '--write') {
	$text =~ s/\Q$mark\E\n\n(\|.*\n)*\n?/$mark\n\n$table\n/;
	open my $file, '>', $page or die "$page: $!\n";
	print $file $text;
	close $file or die "$page: $!\n";
	exit 0;
}
my $ok = index($text, "$mark\n\n$table\n") >= 0;
print "1..1\n", $ok ? '' : 'not ',
    "ok 1 - the traces in heap/SIZING.md are as in the bench\n";
print "# heap/SIZING.md differs from RESULTS.md; ",
    "run tests/bench/sizing.t --write\n" if !$ok;
exit !$ok;
