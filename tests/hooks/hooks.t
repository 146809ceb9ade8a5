#!/usr/bin/perl
# SPDX-License-Identifier: MIT
# Programs with the classic hooks print what the books say: tests/hooks/NAME.c
# prints NAME.expected, with addresses for names.  PLACE/NAME as an argument
# runs one, and shows what it printed.
use strict;
use warnings;
no warnings 'portable';
use Test::More;

my $build = 'build/hooks';

# The function of the program that an address lies in, or "libc".
sub name_of
{
	my ($elf, $arm, $address) = @_;
	my $tool = $arm ? 'arm-none-eabi-addr2line' : 'addr2line';
	my $call = sprintf '0x%x', (hex($address) & ~1) - 1;
	my ($function, $line) = `$tool -f -e $elf $call`;

	chomp $function;
	return $line =~ m{hooks/\w+\.c:} ? $function : 'libc';
}

# What a program printed, with names for addresses: those of code after "by" or
# "from", those of blocks by number, a new one for each result.
sub readable
{
	my ($elf, $arm, @lines) = @_;
	my ($blocks, %block) = (0);
	my $null = qr/\(nil\)|\(null\)|\b0x0+\b|(?<=\()0(?=[,)])|(?<=: )0$/;
	my $pointer = qr/0x[0-9a-f]+/;

	for (@lines) {
		s/\r?\n$//;
		s/$null/NULL/g;
		s/\b(by|from) ($pointer)/"$1 " . name_of($elf, $arm, $2)/e;
		if (s/(returns|:) ($pointer)$/"$1 P" . ++$blocks/e) {
			my $result = $2;

			s/($pointer)/$block{$1} || 'an unknown block'/ge;
			$block{$result} = "P$blocks";
		}
		s/($pointer)/$block{$1} || 'an unknown block'/ge;
	}
	# At the end newlib frees what it has printed through.
	return map { "$_\n" } grep { !/unknown block.* libc$/ } @lines;
}

sub run
{
	my ($place, $name) = @_;
	my $elf = "$build/$place/$name";
	my $board = $place =~ s/-(newlib|nano)$//r;
	my $command = $place eq 'host' ? "timeout 60 $elf"
				       : "boards/run $board $elf";
	my @lines = `$command 2>&1`;

	return ($?, readable($elf, $place ne 'host', @lines));
}

if (@ARGV) {
	my ($status, @lines) = run(split m{/}, $ARGV[0]);

	print @lines;
	exit($status >> 8);
}

my @names = map { m{(\w+)\.expected$} } glob('tests/hooks/*.expected');
my @programs = map { s{^$build/}{}r } grep { -x } sort
	map { glob("$build/*/$_") } @names;
plan skip_all => 'not built: make test builds them' if !@programs;
for my $program (@programs) {
	my ($place, $name) = split m{/}, $program;
	my ($status, @lines) = run($place, $name);

	open(my $file, '<', "tests/hooks/$name.expected")
		or die "tests/hooks/$name.expected: $!";
	is(join('', @lines, "status $status\n"),
		join('', <$file>, "status 0\n"), "$place: $name prints what it should");
}
done_testing();
