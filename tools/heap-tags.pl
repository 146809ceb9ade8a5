#!/usr/bin/perl
# SPDX-License-Identifier: MIT
# Make the table that gives callers a tag (heap_tags.h) from a linker's map.
use strict;
use warnings;

my $usage = <<'END';
usage: heap-tags.pl RULES MAP >TABLE.c
       heap-tags.pl -c RULES MAP TABLE.c

Write a table of which code belongs to which tag, as C for heap_tags.h:
heap_tag_names, heap_tag_count, heap_tag_ranges, heap_tag_range_count.

RULES   lines "TAG PATTERN ...": code from an archive or object that matches a
        pattern has that tag; the first rule wins.  * and ? as in a shell, but
        * takes slashes too.  An archive matches by its name, libfoo.a, one of
        its members as libfoo.a(bar.o), an object by its path or its name.
        What no rule matches has tag 0.  '#' begins a comment.
MAP     what ld writes with -Map.  Empty or /dev/null for the first link, in
        which the table has no ranges.
-c      no output; status 1 if TABLE.c is not what it would be.

The table is part of the program, so link, make the table, and link again until
-c finds it right: with code in front of constants, as usual, the second time.
END

sub fail
{
	print STDERR "heap-tags: @_\n";
	exit 2;
}

my $check = @ARGV && $ARGV[0] eq '-c' && shift @ARGV;
if (@ARGV != ($check ? 3 : 2) || $ARGV[0] =~ /^-/) {
	print STDERR $usage;
	exit 2;
}
my ($rules_file, $map_file, $table_file) = @ARGV;

sub lines_of
{
	my ($name) = @_;

	open(my $file, '<', $name) or fail("cannot read $name: $!");
	return <$file>;
}

# ---- rules ---------------------------------------------------------------

my (@names, @rules, %number);

my $line = 0;

for (lines_of($rules_file)) {
	$line++;
	s/#.*//;
	my ($tag, @patterns) = split;

	next if !defined $tag;
	fail("$rules_file:$line: tag '$tag' has no pattern") if !@patterns;
	fail("$rules_file:$line: a tag is letters, digits, - and _, not '$tag'")
		if $tag !~ /^[\w-]+$/;
	if (!$number{$tag}) {
		push @names, $tag;
		$number{$tag} = @names;
	}
	for my $pattern (@patterns) {
		my $regex = quotemeta $pattern;

		$regex =~ s/\\\*/.*/g;
		$regex =~ s/\\\?/./g;
		push @rules, [qr/^$regex$/, $number{$tag}, $pattern, 0];
	}
}
fail("$rules_file has no rule") if !@rules;

# The tag of code from a file as the map names it.
sub tag_of
{
	my ($file) = @_;
	my @calls = ($file, $file =~ s{.*/}{}r);

	# path/libfoo.a(bar.o): the archive's path and name, the member in it.
	if ($file =~ m{^(.*)\(([^()]*)\)$}) {
		my ($path, $member) = ($1, $2);
		my $name = $path =~ s{.*/}{}r;

		@calls = ($path, $name, "$path($member)", "$name($member)");
	}
	for my $rule (@rules) {
		next if !grep { $_ =~ $rule->[0] } @calls;
		$rule->[3]++;
		return $rule->[1];
	}
	return 0;
}

# ---- the map --------------------------------------------------------------

my (@pieces, $in_map, $name);
my @map = lines_of($map_file);

for (@map) {
	s/\r?\n$//;
	$in_map = 1 if /^Linker script and memory map/;
	next if !$in_map;
	# A long name stands on a line of its own.
	if (/^ (\.\S+)$/) {
		$name = $1;
		next;
	}
	$name = $1 if s/^ (\.\S+)(?=\s)//;
	if (defined $name && $name =~ /^\.text/ &&
	    /^\s+0x([0-9a-f]+)\s+0x([0-9a-f]+)\s+(\S.*)$/) {
		no warnings 'portable';
		my ($start, $size) = (hex $1, hex $2);

		push @pieces, [$start, $size, tag_of($3)] if $size;
	}
	undef $name;
}
fail("$map_file is no map of GNU ld: link with -Wl,-Map=FILE")
	if @map && !$in_map;
fail("$map_file shows no .text sections") if @map && !@pieces;
for my $rule (@rules) {
	warn "heap-tags: nothing matches '$rule->[2]' of $rules_file\n"
		if @map && !$rule->[3];
}

# Neighbours of one tag are one range; the padding between belongs to it.
my (@ranges, $end);
my $padding = 64;

for my $piece (sort { $a->[0] <=> $b->[0] } @pieces) {
	my ($start, $size, $tag) = @$piece;

	push @ranges, [$end, 0]
		if @ranges && $ranges[-1][1] != 0 && $start > $end + $padding;
	push @ranges, [$start, $tag] if (@ranges ? $ranges[-1][1] : 0) != $tag;
	$end = $start + $size;
}
push @ranges, [$end, 0] if @ranges && $ranges[-1][1] != 0;

# ---- the table --------------------------------------------------------------

my $count = @names + 1;
my $table = "/* Made by heap-tags from a map and rules: do not change. */\n" .
	"#include \"heap_tags.h\"\n\n" .
	"extern const char *const heap_tag_names[];\n" .
	"extern const unsigned heap_tag_count;\n" .
	"extern const struct heap_tag_range heap_tag_ranges[];\n" .
	"extern const size_t heap_tag_range_count;\n\n" .
	"const char *const heap_tag_names[] = {\n\t\"other\",\n" .
	join('', map { "\t\"$_\",\n" } @names) . "};\n" .
	"const unsigned heap_tag_count = $count;\n\n" .
	"const struct heap_tag_range heap_tag_ranges[] = {\n" .
	join('', map { sprintf "\t{0x%x, %u},\n", @$_ }
		@ranges ? @ranges : [0, 0]) . "};\n" .
	'const size_t heap_tag_range_count = ' . (@ranges || 1) . ";\n";

if ($check) {
	exit 0 if join('', lines_of($table_file)) eq $table;
	print STDERR "heap-tags: $table_file is not that of $map_file: " .
		"make it again and link again\n";
	exit 1;
}
print $table;
