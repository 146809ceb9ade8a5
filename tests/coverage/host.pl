#!/usr/bin/perl
# SPDX-License-Identifier: MIT
# What gcovr has counted, held against the list of what need not be run:
# tests/coverage/justified.txt.  Status 1 for a line or branch that was neither
# run nor justified, and for a line of the list that is out of date.
#
#   host.pl PLACE-KIND-ARCHIVE.json...
#
# A line is run when any archive runs it.  Its branches are those of the archives
# in which it has equally many: HEAP_CHECK and its like are constants, of which the
# compiler makes no branch, so that each archive has its own of a condition.
#
# The list: FILE<tab>WHAT<tab>LINE<tab>WHY.  WHAT is "line" or "branch N of M"; LINE
# the text of the source line, with " #2" behind when it is the second of that
# text in the file.
use strict;
use warnings;
use File::Basename 'basename';
use JSON::PP 'decode_json';

my $list = 'tests/coverage/justified.txt';
my $left = 'build/coverage-report/left';

sub slurp {
	my ($path) = @_;
	open my $in, '<', $path or die "coverage: $path: $!\n";
	local $/;
	return scalar <$in>;
}

# The lines of a file as the list names them.
my %names;
sub names {
	my ($file) = @_;

	return $names{$file} if $names{$file};
	my (@names, %seen);
	for my $line (split /\n/, slurp($file)) {
		$line =~ s/^\s+|\s+$//g;
		$line =~ s/\s+/ /g;
		my $nth = ++$seen{$line};
		push @names, $nth > 1 ? "$line #$nth" : $line;
	}
	return $names{$file} = \@names;
}

# ---- what was counted -------------------------------------------------------

# Of a set: each line's count, and by the number of its branches theirs.
sub add {
	my ($set, $key, $line) = @_;
	my @branches = @{ $line->{branches} };

	$set->{lines}{$key} += $line->{count};
	return if !$line->{count} || !@branches;
	my $sum = $set->{branches}{$key}{scalar @branches} //= [];
	$sum->[$_] += $branches[$_]{count} for 0 .. $#branches;
}

# What was missed of a set, as [KEY, WHAT], and how many lines and branches it has.
sub missed {
	my ($set) = @_;
	my ($lines, $branches, @missed) = (0, 0);

	for my $key (keys %{ $set->{lines} }) {
		$lines++;
		push @missed, [$key, 'line'] if !$set->{lines}{$key};
		for my $sum (values %{ $set->{branches}{$key} // {} }) {
			my $all = @$sum;

			$branches += $all;
			push @missed, map { [$key, "branch $_ of $all"] }
				grep { !$sum->[$_ - 1] } 1 .. $all;
		}
	}
	return ($lines, $branches, @missed);
}

my %set;
for my $path (@ARGV) {
	my ($archive) = basename($path, '.json') =~ /^\w+?-\w+?-(.*)/ or
		die "coverage: what is $path?\n";

	for my $file (@{ decode_json(slurp($path))->{files} }) {
		for my $line (@{ $file->{lines} }) {
			next if $line->{'gcovr/noncode'};
			my $key = "$file->{file}:$line->{line_number}";

			add($set{$_} //= {}, $key, $line) for $archive, 'together';
		}
	}
}

my (%missed, %place);
for my $name (sort keys %set) {
	my ($lines, $branches, @missed) = missed($set{$name});
	my $unrun = grep { $_->[1] eq 'line' } @missed;

	printf "coverage: %-10s %5d of %5d lines run, %5.1f %%; " .
		"%5d of %5d branches of these, %5.1f %%\n", $name,
		$lines - $unrun, $lines, 100 * (1 - $unrun / $lines),
		$branches - (@missed - $unrun), $branches,
		100 * (1 - (@missed - $unrun) / $branches);
	next if $name ne 'together';
	for (@missed) {
		my ($key, $what) = @$_;
		my ($file, $line) = split /:/, $key;
		my $id = "$file\t$what\t" . names($file)->[$line - 1];

		$missed{$id} = 1;
		$place{$id} = $key;
	}
}

# ---- what is justified -----------------------------------------------------

my (%justified, @wrong);
for (split /\n/, slurp($list)) {
	next if /^#|^$/;
	my ($file, $what, $text, $why) = split /\t/;
	die "coverage: $list: not FILE, WHAT, LINE, WHY: $_\n"
		unless defined $why && $why =~ /\S/ && $why !~ /^(WHY|todo)/;
	my $id = "$file\t$what\t$text";

	push @wrong, "$id: is there twice" if $justified{$id}++;
	push @wrong, "$id: is run, or not there" if !$missed{$id};
}
my @left = grep { !$justified{$_} } sort keys %missed;

# ---- the answer ------------------------------------------------------------

printf "coverage: %d lines and branches never run: %d justified in %s, %d not\n",
	scalar keys %missed, keys(%missed) - @left, $list, scalar @left;
open my $to, '>', $left or die "coverage: $left: $!\n";
for my $id (@left) {
	my ($file, $what, $text) = split /\t/, $id;

	print "$place{$id}: $what never run: $text\n";
	print $to "$id\tWHY\n";
}
close $to;
print "coverage: write a test for these, or copy them from $left to $list, ",
	"with the reason\n" if @left;
print "coverage: $list is out of date: $_\n" for @wrong;
exit(@left || @wrong ? 1 : 0);
