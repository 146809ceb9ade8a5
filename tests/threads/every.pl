#!/usr/bin/perl
# SPDX-License-Identifier: MIT
# every.pl PROGRAM TRACE HITS MISSES PLACE: which instructions of each scene's
# operation were interrupted, of those that it executes.
#
# TRACE is QEMU's log of every instruction of a run with TRACE=1, HITS what the
# sweep printed.  What is executed while PRIMASK is set cannot be interrupted;
# what else was not must be in MISSES, "PLACE FUNCTION+OFFSET reason", and what
# is there must be missed.  Prints one line a scene; status 1 when not so.
use strict;
use warnings;

my ($program, $trace, $hits, $misses, $place) = @ARGV;

# Where masks begin and end, and [address, name] of each function.
my (%masks, %unmasks, @functions);
open my $code, '-|', 'arm-none-eabi-objdump', '-d', $program or die "$!\n";
while (<$code>) {
	push @functions, [hex $1, $2] if /^([0-9a-f]+) <([\w.]+)>:/;
	my ($pc) = /^\s*([0-9a-f]+):/ or next;
	$masks{hex $pc} = 1 if /\tcpsid\ti/;
	$unmasks{hex $pc} = 1 if /\tmsr\tPRIMASK/;
}
close $code or die "objdump: $program\n";

sub name_of {
	my ($pc) = @_;
	my ($at, $name) = (0, '?');
	for (@functions) {
		last if $_->[0] > $pc;
		($at, $name) = @$_;
	}
	return sprintf '%s+0x%x', $name, $pc - $at;
}

# What each scene executes: address => number, 0 when masked.
my (@scenes, $inside, $masked);
open my $in, '<', $trace or die "$trace: $!\n";
while (<$in>) {
	my ($pc, $function) = m{\[\w+/(\w+)/\S+ (\S*)} or next;
	$pc = hex $pc;
	if ($function eq 'mark_begin') {
		push @scenes, {} unless $inside;
		($inside, $masked) = (1, 0);
		next;
	}
	$inside = 0 if $function eq 'mark_end';
	next unless $inside;
	$scenes[-1]{$pc} ||= !$masked;
	$masked = 1 if $masks{$pc};
	$masked = 0 if $unmasks{$pc};
}

my %excused;
open $in, '<', $misses or die "$misses: $!\n";
while (<$in>) {
	next if /^#|^$/;
	my ($where, $what) = split;
	$excused{$what} = 0 if $where eq $place;
}

my ($number, $bad) = (-1, 0);
my ($scene, %hit, %total);

sub finish {
	return unless defined $scene;
	my $executed = $scenes[$number];
	my @all = sort { $a <=> $b } keys %$executed;
	my @open = grep { $executed->{$_} } @all;
	my @missed = grep { !$hit{$_ & 0xfffffff} } @open;
	my @bad = grep { !exists $excused{name_of($_)} } @missed;
	$excused{name_of($_)}++ for @missed;
	printf "%s: %d of %d instructions, %d masked\n", $scene,
	    @open - @missed, scalar @all, @all - @open;
	$total{hit} += @open - @missed;
	$total{masked} += @all - @open;
	$total{all} += @all;
	print "missed: $scene ", name_of($_), "\n" for @bad;
	$bad ||= @bad || !@all;
}

open $in, '<', $hits or die "$hits: $!\n";
while (<$in>) {
	if (/^scene (\S+)/) {
		finish();
		($scene, %hit) = ($1);
		$number++;
	} elsif (s/^hit //) {
		$hit{hex $_} = 1 for split;
	}
}
finish();
for (sort grep { !$excused{$_} } keys %excused) {
	print "not missed, but in $misses: $_\n";
	$bad = 1;
}
if ($number + 1 != @scenes) {
	print "the trace has ", scalar @scenes, " scenes, not ", $number + 1, "\n";
	$bad = 1;
}
printf "all: %d of %d instructions, %d masked\n", @total{qw(hit all masked)};
exit($bad ? 1 : 0);
