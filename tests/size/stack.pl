#!/usr/bin/perl
# SPDX-License-Identifier: MIT
# Worst-case stack of the public operations, from gcc's call graphs:
#
#   stack.pl [--write | --check | --deepest FUNCTION,...] TARGET/ARCHIVE...
#
# for archives built in build/obj/TARGET/picolibc/ARCHIVE with
# -fcallgraph-info=su.  Prints a table; --check compares it with the bounds in
# stack.txt, as TAP, and --write writes them.  --deepest prints the deepest of
# the functions alone.  stack.txt says what a call through a pointer may reach,
# and which functions may be under way more than once.  Calls through pointers
# are known by the name of the pointer, read from the source where the call is.
use strict;
use warnings;
use File::Find;

my $rules = 'tests/size/stack.txt';
my $step = 32; # a bound is a multiple, and has that much to spare at least
my (%callback, %outside, %again, %bound, @columns, @keep);
my (%used, %complaints, %indirect);

sub complain { $complaints{$_[0]}++ }

sub read_rules {
	open my $in, '<', $rules or die "$rules: $!\n";
	while (<$in>) {
		last if /^# Bounds/;
		push @keep, $_;
		s/#.*//;
		my ($kind, $name, @rest) = split or next;
		if ($kind eq 'callback') { $callback{$name} = [@rest] }
		elsif ($kind eq 'outside') { $outside{$name} = 1 }
		elsif ($kind eq 'again') { $again{$name} = $rest[0] }
		else { die "$rules: line $.: what is '$kind'?\n" }
	}
	while (<$in>) {
		s/#.*//;
		my ($name, @values) = split or next;
		if ($name eq 'operation') { @columns = @values; next }
		push @{$bound{''}}, $name;
		@{$bound{$name}}{@columns} = @values;
	}
}

# The name of the pointer that is called at FILE:LINE:COLUMN.
sub pointer_at {
	my ($file, $line, $column) = split /:/, $_[0];
	open my $in, '<', $file or return '?';
	my $text = (<$in>)[$line - 1] // '';
	$text = substr($text, $column - 1);
	return $1 if $text =~ /^[\w.>-]*(?:->|\.)(\w+)\(/;
	return $1 if $text =~ /->(\w+)\(/;
	return $text =~ /^(\w+)\(/ ? $1 : '?';
}

# "heap/core.c:take_fresh.part.0" => "take_fresh"
sub bare { return $_[0] =~ s/.*://r =~ s/\..*//r }

my (%frame, %calls, %title);

sub read_graph {
	my ($file) = @_;
	open my $in, '<', $file or die "$file: $!\n";
	while (<$in>) {
		if (/^node: \{ title: "([^"]*)".*?(\d+) bytes \(([a-z,]+)\)/) {
			$frame{$1} = $2;
			$title{bare($1)} = $1;
			complain("$1 has a frame without a bound ($3)")
				if $3 ne 'static';
		} elsif (/^edge: \{ sourcename: "([^"]*)" targetname: "([^"]*)" label: "([^"]*)"/) {
			my ($from, $to) = ($1, $2);
			if ($to eq '__indirect_call') {
				$to = '*' . pointer_at($3);
				$indirect{$to}{bare($from)} = 1;
			}
			$calls{$from}{$to} = 1;
		}
	}
}

my %open;

# The deepest stack below $name; @path led to it.
sub depth {
	my ($name, @path) = @_;
	my $bare = bare($name);
	my $most = $again{$bare} // 1;

	if (!exists $frame{$name}) {
		complain("$bare is not in the graph: who is that? (@path)")
			unless $outside{$bare};
		$used{$bare} = 1;
		return 0;
	}
	if (($open{$name} // 0) >= $most) {
		complain('calls itself: ' . join(' > ', map { bare($_) } @path,
			$name)) unless exists $again{$bare};
		$used{$bare} = 1;
		return 0;
	}
	$used{$bare} = 1 if $open{$name}++;
	my $deepest = 0;
	for my $to (sort keys %{$calls{$name}}) {
		for my $target ($to =~ /^\*(.*)/ ? reach($1, $name) : $to) {
			my $d = depth($target, @path, $name);
			$deepest = $d if $d > $deepest;
		}
	}
	$open{$name}--;
	return $frame{$name} + $deepest;
}

# What a call through this pointer may reach.
sub reach {
	my ($pointer, $from) = @_;
	my $targets = $callback{$pointer};

	$used{$pointer} = 1;
	if (!defined $targets) {
		complain("$from calls through '$pointer': add a line "
			. "'callback $pointer' to $rules");
		return ();
	}
	return map { $title{$_} // () } grep { $_ ne '-' } @$targets;
}

sub load {
	my ($target, $archive) = split m{/}, $_[0];
	my $folder = "build/obj/$target/picolibc/$archive";
	my @files;

	-d $folder or die "stack: no $folder: make TARGET=$target LIBC=picolibc\n";
	find(sub { push @files, $File::Find::name if /\.ci$/ }, $folder);
	%frame = %calls = %title = %open = ();
	read_graph($_) for grep { !m{/optional/} } sort @files;
}

my $mode = @ARGV && $ARGV[0] =~ /^--(write|check|deepest)$/ ? shift : '';
my @roots = $mode eq '--deepest' ? split /,/, shift : ();
my @places = @ARGV or die "usage: see $0\n";

read_rules();
my @operations = @roots ? @roots : @{$bound{''} // []};
my %is;
for my $place (@places) {
	load($place);
	for my $name (@operations) {
		if (exists $frame{$name}) {
			$is{$name}{$place} = depth($name);
		} else {
			complain("$name is not in $place");
		}
	}
}

if (@roots) {
	die map { "stack: $_\n" } sort keys %complaints if %complaints;
	my ($deepest) = sort { $b <=> $a } map { $is{$_}{$places[0]} } @roots;
	print "$deepest\n";
	exit;
}
unless (%complaints) {
	for my $name (keys %callback, keys %outside, keys %again) {
		complain("$rules: nobody needs the line of '$name'")
			unless $used{$name};
	}
}

# A table of operations by places, of what $cell answers.
sub table {
	my ($cell) = @_;
	my $text = sprintf '%-20s', 'operation';
	my $row = sub { join('', map { sprintf ' %*s', length, $cell->($_[0], $_) }
		@places) };

	$text .= " $_" for @places;
	$text .= sprintf "\n%-20s%s", $_, $row->($_) for @operations;
	return "$text\n";
}

if ($mode eq '--write') {
	die map { "stack: $_\n" } sort keys %complaints if %complaints;
	open my $out, '>', $rules or die "$rules: $!\n";
	print $out @keep, "# Bounds, $step bytes or more above what is needed: "
		. "\`make stack-bounds\`\n# writes them.\n",
		table(sub { my $n = $is{$_[0]}{$_[1]};
			return int(($n + 2 * $step - 1) / $step) * $step });
	exit;
}
if ($mode eq '') {
	print table(sub { $is{$_[0]}{$_[1]} // '?' });
	print "\nCalls through pointers:\n";
	printf "%-12s in %s\n", substr($_, 1), join ', ',
		sort keys %{$indirect{$_}} for sort keys %indirect;
	die map { "stack: $_\n" } sort keys %complaints if %complaints;
	exit;
}

my $number = 0;
my $failed = 0;

sub verdict {
	my ($sentence, @wrong) = @_;
	print @wrong ? 'not ' : '', 'ok ', ++$number, " - $sentence\n";
	print STDERR "# $_\n" for @wrong;
	$failed ||= @wrong;
}

verdict('every frame and every chain of calls has a bound', sort keys %complaints);
my @above;
for my $name (@operations) {
	for my $place (@places) {
		my ($is, $most) = ($is{$name}{$place}, $bound{$name}{$place});
		push @above, "$name, $place: $is bytes of stack, no more than "
			. ($most // '?') . "; if that is meant: make stack-bounds"
			if defined $is && (!defined $most || $is > $most);
	}
}
verdict('no operation needs more stack than stack.txt allows', @above);
print "1..$number\n";
exit($failed ? 1 : 0);
