#!/usr/bin/perl
# SPDX-License-Identifier: MIT
# Which instructions of the heap, as it is in the archive, the suites have run on
# an emulated board, and which ways its branches went.
#
#   target.pl RUN,TAKEN,PASSED ARCHIVE.a TWIN PROGRAM...
#
# QEMU logs what it translates, which is what it is about to run; nothing is
# built for this.  What it translates begins where somebody has jumped to, or
# behind a branch that was not taken: so a conditional branch was taken when
# that begins where it leads, and not taken when it begins behind it.
#
# A function is the heap's when archive and program have one of that name and
# size; what counts is its name and the instruction's offset, so that programs
# can be put together.  TWIN is a folder with the archive's objects compiled once
# more, with line numbers: the same code, or else it is not believed.
#
# Prints how much ran, how many branches were taken and passed, and fails below the
# goals, in percent: RUN,TAKEN,PASSED.  What did not is in build/coverage-report/.
use strict;
use warnings;

my ($goals, $archive, $twin, @programs) = @ARGV;
my $out = 'build/coverage-report';
my $prefix = $ENV{ARM} // 'arm-none-eabi-';
my $board = $ENV{COVERAGE_BOARD} // 'mps2-an385';
my ($profile) = $archive =~ m{([^/]+)\.a$} or die "coverage: $archive?\n";

# What is measured; boards and ports are not.
my $ours = qr{\b(heap/[\w./-]+|port/region\.c)};

sub slurp {
	my ($path) = @_;
	open my $in, '<', $path or die "coverage: $path: $!\n";
	local $/;
	return scalar <$in>;
}

# ---- the archive's code ------------------------------------------------------

# Functions of the archive: "NAME SIZE", for several files have one of that name.
my %there;
for (`${prefix}nm -S $archive 2>/dev/null`) {
	$there{"$2 " . hex $1} = 1 if /^\S+ (\S+) [tTwW] (\S+)$/;
}
die "coverage: no function in $archive\n" unless %there;

sub functions_of {
	my ($file) = @_;
	my %at;

	for (`${prefix}nm -S $file`) {
		$at{"$3 " . (hex($1) & ~1)} = hex $2
			if /^(\S+) (\S+) [tTwW] (\S+)$/;
	}
	return \%at;
}

# "NAME SIZE+OFFSET" => [NAME, FILE, LINE, TEXT]
my (%line, %next, %target);
for my $object (split /\n/, `find $twin/heap $twin/port/region.o -name '*.o'`) {
	my ($name, $start, $key, $size, $file, $number, $before);
	my %sizes;

	for (`${prefix}nm -S $object`) {
		$sizes{$2} = hex $1 if /^\S+ (\S+) [tTwW] (\S+)$/;
	}
	for (`${prefix}objdump -dl --no-show-raw-insn $object`) {
		if (/^([0-9a-f]+) <(.*)>:/) {
			($start, $name, $file, $before) = (hex $1, $2);
			$size = $sizes{$name} // 0;
			$key = "$name $size";
			die "coverage: $name is not the same in $object\n"
				unless $there{$key};
		} elsif (/^\S*?$ours:(\d+)/) {
			($file, $number) = ($1, $2);
		} elsif (/^\S+:(\d+)/) {
			undef $file;
		} elsif (defined $name && /^\s*([0-9a-f]+):\s+(?!\.)(\S.*)/) {
			my ($at, $text) = (hex($1) - $start, $2);
			my $id = sprintf '%s+0x%x', $key, $at;

			$next{$before} = $id if defined $before;
			$before = $id;
			next unless defined $file;
			# Between functions.
			next if $text =~ /^nop/ && $at >= $size - 6;
			$line{$id} = [$name, $file, $number, $text];
			$target{$id} = sprintf '%s+0x%x', $key, hex($1) - $start
				if $text =~ /^(?:b(?:eq|ne|cs|cc|mi|pl|vs|vc|hi|ls|ge|lt|gt|le)(?:\.[nw])?\s+|cbn?z\s+\w+,\s*)([0-9a-f]+) /;
		}
	}
}

# ---- what ran ------------------------------------------------------------------

# A campaign, which damages heaps, is asked for so many trials.
my $trials = 400;

my (%run, %begun, %linked);
for my $program (@programs) {
	my $at = functions_of($program);
	my ($key, $start, %address);

	for (`${prefix}objdump -d --no-show-raw-insn $program`) {
		if (/^([0-9a-f]+) <(.*)>:/) {
			$start = hex $1;
			$key = "$2 " . ($at->{"$2 $start"} // 0);
			undef $key unless $there{$key};
			$linked{$key} = 1 if defined $key;
		} elsif (defined $key && /^\s*([0-9a-f]+):\s+(?!\.)(\S.*)/) {
			$address{hex $1} = sprintf '%s+0x%x', $key,
				hex($1) - $start;
		}
	}
	my $log = "$out/$profile.trace";
	local $ENV{QEMU_ARGS} = "-d in_asm -D $log";
	my $arguments = $program =~ m{/campaign$} ? "TRIALS=$trials EACH=2" : '';

	system("boards/run -t 300 $board $program $arguments " .
		">$out/$profile.tap 2>&1");
	if ($? || !-s $log) {
		print "coverage: $program fails on $board:\n", `tail -5 $out/$profile.tap`;
		exit 1;
	}
	open my $in, '<', $log or die "coverage: $log: $!\n";
	my $first = 0;
	while (<$in>) {
		if (/^IN:/) {
			$first = 1;
		} elsif (/^0x([0-9a-f]+):/) {
			my $id = $address{hex $1};

			$run{$id} = 1 if defined $id;
			$begun{$id} = 1 if defined $id && $first;
			$first = 0;
		}
	}
	unlink $log;
}

# ---- what did not ----------------------------------------------------------------

my %texts;
sub text_of {
	my ($file, $number) = @_;
	$texts{$file} //= [split /\n/, slurp($file)];
	my $text = $texts{$file}[$number - 1] // '?';
	$text =~ s/^\s+|\s+$//g;
	$text =~ s/\s+/ /g;
	return $text;
}

my (%missed, %place, %count);
sub count {
	my ($what, $id, $done) = @_;
	my ($function, $file, $number) = @{ $line{$id} };

	$count{$what}{all}++;
	if ($done) {
		$count{$what}{done}++;
		return;
	}
	my $key = "$function\t$what\t" . text_of($file, $number);
	$missed{$key}++;
	$place{$key} = "$file:$number";
}

# What no program is linked with is in no firmware: the linker leaves it out.
for my $id (sort keys %line) {
	my ($key) = $id =~ /^(.*)\+/;

	next unless $linked{$key};
	count('run', $id, $run{$id});
	next if !$run{$id} || !defined $target{$id} || !defined $next{$id};
	count('taken', $id, $begun{$target{$id}});
	count('passed', $id, $begun{$next{$id}});
}

# ---- the answer --------------------------------------------------------------------

my $failed = 0;
my $functions = keys %linked;
my %goal;
@goal{'run', 'taken', 'passed'} = split /,/, $goals;

for my $what ('run', 'taken', 'passed') {
	my ($done, $all) = ($count{$what}{done} // 0, $count{$what}{all} // 0);
	my $percent = $all ? 100 * $done / $all : 0;

	printf "coverage: %-10s on %s: %5d of %5d %s, %.1f %%; goal %s %%\n",
		$profile, $board, $done, $all, $what eq 'run' ?
		"instructions of $functions functions run" :
		"conditional branches $what", $percent, $goal{$what};
	$failed = 1 if $percent < $goal{$what};
}
open my $to, '>', "$out/$profile.left" or die "coverage: $!\n";
for (sort keys %missed) {
	my ($function, $what, $text) = split /\t/;

	print $to "$place{$_}: $function: never $what: $text\n";
}
close $to;
printf "coverage: %-10s what was not is in $out/$profile.left: %d places\n",
	$profile, scalar keys %missed;
print "coverage: that is below the goal\n" if $failed;
exit $failed;
