#!/usr/bin/perl
# SPDX-License-Identifier: MIT
# What gcovr has counted, one JSON file an archive, held against the list of
# what need not be run: tests/coverage/justified.txt.  Prints the percentages;
# status 1 for a line or branch that was neither run nor justified, for a line
# of the list that is none, and for figures below those at the list's end.
#
# The list: FILE<tab>WHAT<tab>LINE<tab>ARCHIVES<tab>WHY.  WHAT is "line" or
# "branch N of M"; LINE the text of the source line, with " #2" behind when it is
# the second of that text in the file; ARCHIVES as in "heap heap-debug", or all.
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

my (%missed, %place, %total, @archives);
for my $path (@ARGV) {
	my $archive = basename($path, '.json');

	push @archives, $archive;
	for my $file (@{ decode_json(slurp($path))->{files} }) {
		my $name = $file->{file};

		for my $line (@{ $file->{lines} }) {
			next if $line->{'gcovr/noncode'};
			my $text = names($name)->[$line->{line_number} - 1];
			my @branches = @{ $line->{branches} };
			my @missed;

			$total{$archive}{lines}++;
			$total{$archive}{branches} += @branches;
			if ($line->{count} == 0) {
				push @missed, 'line';
				$total{$archive}{'lines missed'}++;
				$total{$archive}{'branches missed'} += @branches;
			} else {
				for my $i (0 .. $#branches) {
					next if $branches[$i]{count};
					push @missed, sprintf 'branch %d of %d', $i + 1,
						scalar @branches;
					$total{$archive}{'branches missed'}++;
				}
			}
			for my $what (@missed) {
				my $id = "$name\t$what\t$text";

				$missed{$id}{$archive} = 1;
				$place{$id} = "$name:$line->{line_number}";
			}
		}
	}
}

# ---- what is justified -----------------------------------------------------

my (%justified, @wrong, %goal);
my $todo = 0;
for (split /\n/, slurp($list)) {
	next if /^#|^$/;
	if (/^goal (\w+) ([\d.]+)$/) {
		$goal{$1} = $2;
		next;
	}
	my ($file, $what, $text, $where, $why) = split /\t/;
	die "coverage: $list: not FILE, WHAT, LINE, ARCHIVES, WHY: $_\n"
		unless defined $why && $why =~ /\S/;
	my $id = "$file\t$what\t$text";

	$todo++ if $why =~ /^todo:/;
	for my $archive ($where eq 'all' ? @archives : split ' ', $where) {
		$justified{$id}{$archive} = 1;
		push @wrong, "$id: is run with $archive, or not there"
			if !$missed{$id}{$archive} && $where ne 'all';
	}
	push @wrong, "$id: is run, or not there" if !$missed{$id};
}

my @left;
for my $id (sort keys %missed) {
	my @in = grep { !$justified{$id}{$_} } @archives;
	@in = grep { $missed{$id}{$_} } @in;
	push @left, [$id, "@in"] if @in;
}

# ---- the answer ------------------------------------------------------------

my $failed = 0;
for my $archive (@archives) {
	for my $kind ('lines', 'branches') {
		my $all = $total{$archive}{$kind};
		my $run = $all - ($total{$archive}{"$kind missed"} // 0);
		my $percent = 100 * $run / $all;

		printf "coverage: %-10s %-8s %5d of %5d run, %.1f %%\n", $archive,
			$kind, $run, $all, $percent;
		next unless defined $goal{$kind} && $percent < $goal{$kind};
		print "coverage: that is below the $goal{$kind} % of $list\n";
		$failed = 1;
	}
}
printf "coverage: of %d lines and branches not run, %d are justified in %s, " .
	"%d want a test\n", scalar keys %missed,
	scalar(keys %missed) - scalar(@left) - $todo, $list, $todo;
open my $to, '>', $left or die "coverage: $left: $!\n";
for (@left) {
	my ($id, $in) = @$_;
	my ($file, $what, $text) = split /\t/, $id;

	print "$place{$id}: $what never run with $in: $text\n";
	print $to "$id\t", ($in eq "@archives" ? 'all' : $in), "\tWHY\n";
}
close $to;
print "coverage: write a test for these, or copy them from $left to $list, ",
	"with the reason\n" if @left;
print "coverage: $list is out of date: $_\n" for @wrong;
exit($failed || @left || @wrong ? 1 : 0);
