#!/usr/bin/perl
# SPDX-License-Identifier: MIT
# Which instructions of the heap, as it is in the archive, the suites have run on
# an emulated board, and which ways its branches went.
#
#   target.pl ARCHIVE.a TWIN PROGRAM...
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
# Prints how much ran, how many branches were taken and passed.  Fails when what was
# not has no reason in tests/coverage/target.txt, and for a reason that nothing
# needs any more.
#
# The list: ARCHIVES<tab>FUNCTION<tab>FILE<tab>WHAT<tab>LINE<tab>WHY, where the
# first five may be "*"; but for LINE several, with commas between.
# LINE is the text of the source line.  Of WHY that begins with "sometimes: " it
# is no error to be run.
use strict;
use warnings;

my ($archive, $twin, @programs) = @ARGV;
my $list = 'tests/coverage/target.txt';
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
	my ($name, $start, $key, $size, $file, $number, $before, $ended);
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
			# Before constants, or between functions.
			next if $text =~ /^nop/ && $ended;
			$ended = $text =~ /^(b(\.[nw])?\s|bx\s|(pop|ldm|ldr).*\bpc\b)/;
			$line{$id} = [$name, $file, $number, $text];
			$target{$id} = sprintf '%s+0x%x', $key, hex($1) - $start
				if $text =~ /^(?:b(?:eq|ne|cs|cc|mi|pl|vs|vc|hi|ls|ge|lt|gt|le)(?:\.[nw])?\s+|cbn?z\s+\w+,\s*)([0-9a-f]+) /;
		}
	}
}

# ---- what ran ------------------------------------------------------------------

# A campaign, which damages heaps, runs with these seeds; damage may end it before
# its end, which is no matter here.
my @campaign = map { "SEED=$_ TRIALS=1000 EACH=2" } 1 .. 12;

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
	my $is_campaign = $program =~ m{/campaign$};
	for my $arguments ($is_campaign ? @campaign : '') {
		read_log(\%address, log_of($program, $arguments, $is_campaign));
	}
}

# What QEMU says of one run.
sub log_of {
	my ($program, $arguments, $may_fail) = @_;
	my $log = "$out/$profile.trace";
	local $ENV{QEMU_ARGS} = "-d in_asm -D $log";

	system("boards/run -t 300 $board $program $arguments " .
		">$out/$profile.tap 2>&1");
	if (($? && !$may_fail) || !-s $log) {
		print "coverage: $program fails on $board:\n",
			`tail -5 $out/$profile.tap`;
		exit 1;
	}
	return $log;
}

sub read_log {
	my ($address, $log) = @_;
	my $first = 0;

	open my $in, '<', $log or die "coverage: $log: $!\n";
	while (<$in>) {
		if (/^IN:/) {
			$first = 1;
		} elsif (/^0x([0-9a-f]+):/) {
			my $id = $address->{hex $1};

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

my (%missed, %place, %first, %count);
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
	$place{$key} //= "$file:$number";
	$first{$key} //= $id =~ s/.*\+//r;
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

my $functions = keys %linked;

for my $what ('run', 'taken', 'passed') {
	my ($done, $all) = ($count{$what}{done} // 0, $count{$what}{all} // 0);
	my $percent = $all ? 100 * $done / $all : 0;

	printf "coverage: %-10s on %s: %5d of %5d %s, %.1f %%\n",
		$profile, $board, $done, $all, $what eq 'run' ?
		"instructions of $functions functions run" :
		"conditional branches $what", $percent;
}

# Reasons for this archive.
my @reasons;
for (split /\n/, slurp($list)) {
	next if /^#|^$/;
	my @columns = split /\t/;
	my $why = $columns[5];

	die "coverage: $list: not ARCHIVES, FUNCTION, FILE, WHAT, LINE, WHY: $_\n"
		unless @columns == 6 && $why =~ /\S/ && $why !~ /^(WHY|todo)/;
	push @reasons, { columns => \@columns, line => $_ }
		if fits($columns[0], $profile);
}

sub fits {
	my ($column, $value) = @_;

	return $column eq '*' || grep { $_ eq $value } split /,/, $column;
}

# Is there a reason?  All that fit are of use.
sub is_justified {
	my ($file, $function, $what, $text) = @_;
	my $justified = 0;

	for my $reason (@reasons) {
		my @c = @{ $reason->{columns} };

		next unless fits($c[1], $function) && fits($c[2], $file) &&
			fits($c[3], $what) && ($c[4] eq '*' || $c[4] eq $text);
		$reason->{used} = 1;
		$justified = 1;
	}
	return $justified;
}

my $left = 0;
open my $to, '>', "$out/$profile.left" or die "coverage: $!\n";
for (sort keys %missed) {
	my ($function, $what, $text) = split /\t/;
	my ($file, $number) = split /:/, $place{$_};

	next if is_justified($file, $function, $what, $text);
	$left++;
	print "$file:$number: $function+$first{$_} of $profile.a: never $what: ",
		"$text\n";
	print $to join("\t", $profile, $function, $file, $what, $text, 'WHY'), "\n";
}
close $to;
my @stale = grep { !$_->{used} && $_->{columns}[5] !~ /^sometimes: / } @reasons;
printf "coverage: %-10s %d places were not: %d with a reason in %s, %d not\n",
	$profile, scalar keys %missed, keys(%missed) - $left, $list, $left;
print "coverage: write a test for these, or copy them from " .
	"$out/$profile.left to $list, with the reason\n" if $left;
print "coverage: $list is out of date: all of this is run, or not there: " .
	"$_->{line}\n" for @stale;
exit($left || @stale ? 1 : 0);
