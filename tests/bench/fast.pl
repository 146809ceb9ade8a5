#!/usr/bin/perl
# SPDX-License-Identifier: MIT
# The figures of one firmware on one screen: fast.pl FOLDER
use strict;
use warnings;
use FindBin;
use lib $FindBin::Bin;
use Bench;

my $dir = shift or die "usage: fast.pl FOLDER\n";
my $bench = Bench::load($dir);
my @kinds = @Bench::kinds;

printf "%-9s %28s %18s %24s  %s\n", '', 'mean', 'p99', 'worst', 'mem';
printf "%-9s %7s %6s %7s %6s %6s %5s %6s %7s %7s %7s\n", 'trace',
    'malloc', 'free', 'realloc', 'pair', @kinds[0, 1], @kinds, '';
for my $trace (@{$bench->{traces}}, undef) {
	my @only = $trace // ();
	my @mean = map { $trace ? Bench::mean($bench, $_, $trace)
	    : Bench::mean_all($bench, $_) } @kinds;
	printf "%-9s %7s %6s %7s %6.1f %6s %5s %6s %7s %7s %7s\n",
	    $trace // 'all',
	    (map { Bench::text('%.1f', $_) } @mean),
	    Bench::pair($bench, $trace),
	    (map { Bench::text('%d', Bench::quantile($bench, $_, 0.99, @only)) }
		@kinds[0, 1]),
	    (map { Bench::text('%d', Bench::worst($bench, $_, @only)) } @kinds),
	    Bench::text('%.3f', Bench::mem($bench, $trace));
}
print "\nworst against N free chunks, all slightly too small\n";
for my $set (@Bench::sets) {
	for my $kind (@kinds) {
		my $at = $bench->{worst}{$set}{$kind} or next;
		printf "%-6s %-8s %s\n", $set, $kind, join ' ',
		    map { "$_:$at->{$_}" } sort { $a <=> $b } keys %$at;
	}
}
printf "growth    first malloc %d, worst while growing %d\n",
    $bench->{first}, $bench->{growth} if defined $bench->{first};
printf "locked    longest locked section %d\n", $bench->{locked}
    if defined $bench->{locked};
printf "size      code %d, static RAM %d\n", $bench->{code}, $bench->{ram};
printf "summary   pair %.1f  mem %s  code %d\n", Bench::pair($bench),
    Bench::text('%.3f', Bench::mem($bench)), $bench->{code};
