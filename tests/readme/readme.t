#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# README.md tells the truth: in a clean copy of the tree its C is compiled and
# its commands are run, and what they print is what the page says.
#
#   ```c     compiled for Cortex-M3; with a main also linked for mps2-an385 and
#            run, status 0.  A first line /* NAME.c */ names the file for the
#            commands that follow.
#   ```sh    run in the copy, command by command; "# status N" behind one is its
#            exit status, else 0.  NAME=value holds for the rest of the block.
#   ```text  behind a ```sh: its output, as a whole; a line ... stands for any
#            lines, an address for any address.
#   ```cmake, ```meson  not looked at: tests/link/pages.t builds with both.
#   ```      drawings, not looked at.
#
# Commands in @slow are only tried with make -n: they have tests of their own,
# or are what runs this test.  Run it from the root, after the archives are
# built: prove tests/readme/readme.t
#
# When figures have changed on purpose, `make figures`, or at its end
# tests/readme/readme.t --write, puts what is measured into the page: figures, and
# outputs that begin with their only "...".
use strict;
use warnings;
use FindBin;
use lib "$FindBin::Bin/../bench";
use Bench;
use Test::More;

my $page = 'README.md';
my $out = 'build/tests/readme';
my $copy = "$out/copy";
my @slow = qw(test bench bench-quick bench-budgets figures lint coverage fuzz workloads
    test-programs deps-all deps-lint);

my @warnings = split ' ', '-std=c11 -Wall -Wextra -Wpedantic -Wconversion ' .
    '-Wshadow -Wcast-align -Werror';
my @cc = qw(arm-none-eabi-gcc -mcpu=cortex-m3 -mthumb -Os
    --specs=picolibc.specs -Iheap -Iport -Iboards);
my @board = split ' ', '-nostartfiles -Llinker -Tlinker/mps2-an385.ld ' .
    '-Wl,--gc-sections boards/startup.c boards/board_port.c boards/stdio.c ' .
    'boards/console_semihost.c boards/semihost.c build/cortex-m3/heap.a';

# Only what the page says is to count, not how this test was started.
delete @ENV{grep { /^(MAKE|MFLAGS|TAP_|T$|SEED$|BOARD$|V$)/ } keys %ENV};

# ---- the page ----------------------------------------------------------

sub slurp {
	my ($path) = @_;
	open my $file, '<', $path or die "$path: $!\n";
	local $/;
	return <$file>;
}

# The fenced blocks: {lang, text, line}.
sub blocks_of {
	my ($text) = @_;
	my ($number, $block, @blocks) = (0);

	for my $line (split /^/, $text) {
		$number++;
		if ($line =~ /^```(\w*)$/ && !$block) {
			$block = {lang => $1, text => '', line => $number};
		} elsif ($line =~ /^```$/) {
			push @blocks, $block;
			undef $block;
		} elsif ($block) {
			$block->{text} .= $line;
		}
	}
	die "$page:$block->{line}: this block does not end\n" if $block;
	return @blocks;
}

# ---- commands ----------------------------------------------------------

# Run a shell command in the copy: its status and all that it prints.
sub run {
	my ($command) = @_;
	open my $script, '>', "$out/command" or die "$out/command: $!\n";
	print $script "cd $copy\n$command\n";
	close $script;
	my $said = `timeout 300 sh $out/command 2>&1`;
	return ($? >> 8, $said);
}

# The commands of a block, lines that end in \ joined.
sub commands_of {
	my ($text) = @_;
	$text =~ s/\\\n\s*/ /g;
	return grep { /\S/ && !/^\s*#/ } split /\n/, $text;
}

# A make command without its slow goals and without deps, which test nothing
# here that .ci/run does not; and the goals that were taken out.
sub without_slow {
	my ($command) = @_;
	my @left = split ' ', $command;
	return ($command) unless $left[0] eq 'make';

	# Part of the tests is quick.
	my $part = grep { /^T=/ } @left;
	my (@kept, @out);
	for my $word (@left) {
		if ($word eq 'deps' ||
		    (grep { $_ eq $word } @slow) && !($part && $word eq 'test')) {
			push @out, $word;
		} else {
			push @kept, $word;
		}
	}
	return (@kept > 1 ? join(' ', @kept) : '', @out);
}

# $settings are the assignments so far, to be made before the command.
sub try_command {
	my ($command, $where, $settings) = @_;
	my $want = $command =~ s/\s*# status (\d+)$// ? $1 : 0;
	my ($quick, @out) = without_slow($command);
	my $said = '';

	if (@out) {
		my ($status, $text) = run("make -n @out");
		ok $status == 0, "$where: make knows @out" or diag $text;
	}
	if ($quick) {
		(my $status, $said) = run("$settings$quick");
		ok $status == $want, "$where: $quick" or
		    diag "status $status, not $want:\n$said";
	}
	return $said;
}

# Try all commands of a block; what they print.
sub try_block {
	my ($block, $where) = @_;
	my ($settings, $said) = ('', '');

	for my $command (commands_of($block->{text})) {
		if ($command =~ /^(export )?[A-Z_]+=/) {
			$settings .= "$command\n";
		} else {
			$said .= try_command($command, $where, $settings);
		}
	}
	return $said;
}

# Does the output match the page's?  "..." is any lines.
sub same_output {
	my ($said, $want) = @_;
	s/\b0x[0-9a-f]{8}\b/0xADDRESS/g for $said, $want;
	my $pattern = join '', map {
		/^\.\.\.$/ ? '(?:.*\n)*' : quotemeta($_)
	} split /^/, $want;
	return $said =~ /\A$pattern\z/;
}

sub compile {
	my ($block) = @_;
	my $name = $block->{text} =~ m{\A/\* (\w+\.c) \*/$}m ? $1 :
	    "line$block->{line}.c";
	my $where = "$page:$block->{line}";
	my $main = $block->{text} =~ /^int main\(/m;

	open my $file, '>', "$copy/$name" or die "$copy/$name: $!\n";
	print $file $block->{text};
	close $file;
	my ($status, $said) = run("@cc @warnings -c -o $name.o $name");
	ok $status == 0, "$where: $name compiles" or diag $said;
	return if !$main || $status != 0;
	($status, $said) = run("make TARGET=cortex-m3 LIBC=picolibc >made 2>&1 || cat made
		@cc -o $name.elf $name.o @board &&
		boards/run mps2-an385 $name.elf");
	ok $status == 0, "$where: $name runs on mps2-an385" or diag $said;
}

# ---- figures and names -------------------------------------------------

# The knobs of heap_config.h and their defaults as the page's table has them.
sub check_knobs {
	my ($text) = @_;
	my (%is, %says);
	my $header = slurp('heap/heap_config.h');

	$is{$1} = $2 while $header =~ /^#ifndef (HEAP_\w+)\n#define \1 (.+)$/mg;
	$is{HEAP_CHUNK_BITS} = '24, 48 of 64'
	    if $is{HEAP_CHUNK_BITS} eq '(SIZE_MAX > 0xffffffffu ? 48 : 24)';
	$is{HEAP_QUARANTINE_BYTES} = '4096, 65536 of 64'
	    if $is{HEAP_QUARANTINE_BYTES} eq
	    '(SIZE_MAX > 0xffffffffu ? 65536 : 4096)';
	$is{HEAP_BINS} = '28, 32 of 64'
	    if $is{HEAP_BINS} eq '(SIZE_MAX > 0xffffffffu ? 32 : 28)';
	$says{$1} = $2 while $text =~ /^\| `(HEAP_\w+)` \| ([^|]+?) \|/mg;
	is_deeply \%says, \%is, 'the knobs and defaults are those of heap_config.h';
}

# What `make size` prints, {"cortex-m0plus heap.a" => [code, RAM]}.
sub measured_sizes {
	return map { /^(\S+) +(\S+) +(\d+) +(\d+) / ? ("$1 $2" => [$3, $4]) : () }
	    split /\n/, `make -s size 2>&1`;
}

# The worst of all calls in the bench's budgets, which its test keeps exact:
# {"heap" => {malloc => n, free => n}}.
sub worst_calls {
	my %worst;

	for (split /\n/, slurp('tests/bench/budgets.txt')) {
		my ($name, $cpu, $what) = split ' ';
		next if /^#/ || $cpu ne 'cortex-m3';
		my @calls = $what eq 'growth' ? (malloc => / worst=(\d+)/) :
		    $what =~ /-chunks$/ ? / (malloc|free)=(\d+)/g :
		    / worst-(malloc|free)=(\d+)/g;
		while (my ($call, $n) = splice @calls, 0, 2) {
			$worst{$name}{$call} = $n
			    if $n > ($worst{$name}{$call} // 0);
		}
	}
	return %worst;
}

# The overview of the bench's results, its two tables as one: the allocators in
# order, and each one's row by the heads of the columns.
sub overview {
	my $text = slurp('tests/bench/RESULTS.md');
	my (@names, %rows);

	while ($text =~ /^(\| allocator \|.*)\n\|[ :|-]*\n((?:\|.*\n)*)/mg) {
		my ($rows, @heads) = ($2, split /\s*\|\s*/, $1);

		for (split /\n/, $rows) {
			my %row;
			@row{@heads} = split /\s*\|\s*/;
			push @names, $row{allocator}
			    unless $rows{$row{allocator}};
			$rows{$row{allocator}}{$_} = $row{$_} for keys %row;
		}
	}
	return (\@names, \%rows);
}

# The rows of the page's table of allocators.
sub compared_rows {
	my ($names, $rows) = overview();

	return map {
		my $row = $rows->{$_};
		'| ' . join(' | ', (/\.a$/ ? "`$_`" : $_), map {
			/^[\d.]+$/ ? sprintf '%.0f', $_ : $_
		} @$row{'pair -Os', 'worst malloc / free',
		    'malloc at N = 10 / 1000 / 5000'}) . " | $row->{mem} |\n"
	} grep { !/debug|floor/ } @$names;
}

my $compared_like = qr/^(\| allocator \| mean .*\n\|.*\n)((?:\|.*\n)*)/m;

# heap.a's "mem" in the bench's results.
sub smallest_region {
	my ($names, $rows) = overview();
	return $rows->{'heap.a'}{mem};
}

# The measured lines of the page's first table, by how they begin.
sub measured_rows {
	my %size = measured_sizes();
	my %worst = worst_calls();
	my %rows;

	for my $name (qw(heap heap-min)) {
		my $size = $size{"cortex-m0plus $name.a"};
		push @{$rows{'code of'}}, "$size->[0] bytes";
		push @{$rows{'static RAM'}}, "$size->[1] bytes";
		push @{$rows{'worst malloc'}}, "$worst{$name}{malloc}, " .
		    "$worst{$name}{free} instructions";
	}
	return %rows;
}

my $region_like = qr/(static RAM\s+included,\s+was\s+)([\d.]+)(?=\s+times)/;

sub row_like {
	my ($name) = @_;
	return qr/^(\| \Q$name\E[^|]*\| )([^|]+?) \| ([^|]+?)( \|.*)$/m;
}

# They are those of the compiler and libc that the budgets were written with.
sub check_figures {
	my ($text) = @_;
	my ($for) = slurp('tests/bench/budgets.txt') =~ /^# toolchain: (.*)$/m;

	if ($for ne Bench::toolchain()) {
		diag "figures not compared: they are for $for";
		return;
	}
	my %rows = measured_rows();

	for my $name (sort keys %rows) {
		my (undef, @says) = $text =~ row_like($name);
		is_deeply [@says[0, 1]], $rows{$name},
		    "the table's row: $name (else `make figures`)";
	}
	my (undef, $says) = $text =~ $region_like;
	is $says, smallest_region(),
	    'the smallest region is as in RESULTS.md (else `make figures`)';
	my (undef, $compared) = $text =~ $compared_like;
	is $compared, join('', compared_rows()),
	    'the allocators are compared as in RESULTS.md (else `make figures`)';
}

sub write_figures {
	my ($text) = @_;
	my %rows = measured_rows();

	for my $name (keys %rows) {
		my ($heap, $min) = @{$rows{$name}};
		my $like = row_like($name);
		$text =~ s/$like/$1$heap | $min$4/;
	}
	my $region = smallest_region();
	$text =~ s/$region_like/$1$region/;
	my $compared = join '', compared_rows();
	$text =~ s/$compared_like/$1$compared/;
	return $text;
}

# Replace a block's output in the page by as many last lines of $said.
sub write_output {
	my ($block, $said) = @_;
	my @want = split /^/, $block->{text};
	my @lines = split /^/, $said;
	my $all = slurp($page);

	return if @want < 2 || @want - 1 > @lines ||
	    join('', map { /^\.\.\.$/ ? 1 : 0 } @want) !~ /^10*$/;
	my $new = join '', "...\n", @lines[-(@want - 1) .. -1];
	$all =~ s/^```text\n\Q$block->{text}\E```$/```text\n$new```/m;
	write_page($all);
	$block->{text} = $new;
}

# The address that a report names, in what follows it, for addr2line.
sub write_caller {
	my ($report, @behind) = @_;
	my ($caller) = $report->{text} =~ /\bcaller 0x0*([0-9a-f]+)$/m or return;
	my $all = slurp($page);

	for my $text (\$all, map { \$_->{text} } @behind) {
		$$text =~ s/(addr2line .* )0x\w+$/${1}0x$caller/m;
	}
	write_page($all);
}

sub write_page {
	my ($text) = @_;
	open my $file, '>', $page or die "$page: $!\n";
	print $file $text;
}

# Names of files in the text exist, and links lead somewhere.
sub check_names {
	my ($text) = @_;
	$text =~ s/^```.*?^```$//msg;
	my @links = grep { !/^https?:/ && !/^#/ } $text =~ /\]\(([^)\s]+)\)/g;
	my @files = grep { m{^(heap|port|boards|linker|tests|tools)/} || /^\.ci/ }
	    $text =~ /`([\w.\/-]+)`/g;
	my @goals = $text =~ /`make ([a-z-]+)`/g;

	s/#.*// for @links;
	is_deeply [grep { !-e } @links, @files], [],
	    'links and file names lead to what there is';
	is_deeply [grep { system("make -n $_ >/dev/null 2>&1") != 0 } @goals], [],
	    'make knows the goals that the text names';
}

# The drawing of the tree names folders that exist, and all of the top level.
sub check_layout {
	my (@blocks) = @_;
	my ($tree) = grep { $_->{text} =~ m{^heap/ }m } @blocks;
	my ($top, @listed) = ('');

	for (split /\n/, $tree->{text}) {
		next unless m{^( *)([\w-]+/)};
		$top = $2 if $1 eq '';
		push @listed, $1 eq '' ? $2 : "$top$2";
	}
	is_deeply [grep { !-d } @listed], [], 'the folders of the layout exist';
	my %listed = map { $_ => 1 } @listed;
	is_deeply [grep { !$listed{$_} && $_ ne 'build/' } glob '*/'], [],
	    'the layout has all folders of the top level';
}

# The boards of the table are those that there are.
sub check_boards {
	my ($text) = @_;
	my @rows = $text =~ /^\| ([\w-]+) \| (?:Cortex|RISC-V|x86-64)/mg;
	my @boards = map { m{/(.*)/} } glob 'boards/*/board.mk';

	is_deeply [sort @rows], [sort @boards], 'the table has all boards';
}

# The malloc family is what names.t finds in picolibc's archive.
sub check_family {
	my ($text) = @_;
	my ($says) = $text =~ /^The family is (.*?)\.\s/ms;
	my %names = map { $_ => 1 } $says =~ /`(\w+)`/g;
	my @is = grep { !/^__/ } map { / picolibc\b/ ? /^(\w+)/ : () }
	    split /\n/, slurp('tests/link/libc_names.txt');

	is_deeply [sort keys %names], [sort @is],
	    'the family is that of tests/link/libc_names.txt';
}

# The libcs and targets of the tables are those that there are, and so are the
# archives.
sub check_libcs {
	my ($text) = @_;
	my @rows = $text =~ m{^\| (\S+) \|.*`build/cortex-m3/}mg;
	my @paths = $text =~ m{^\|.*`(build/cortex-m3/[\w/.-]+)`}mg;
	my ($libcs) = slurp('port/targets.mk') =~ /^LIBCS := (.*)$/m;

	is_deeply [sort grep { $_ ne 'newlib-nano' } @rows],
	    [sort split ' ', $libcs], 'the table has all libcs';
	is_deeply [grep { !-e "$copy/$_" } @paths], [],
	    'the archives of the table are built';

	my ($table) = $text =~ /^\| target \|.*\n\|.*\n((?:\|.*\n)*)/m;
	my @targets = map { /^\| ([^|]+) \|/ ? $1 =~ /`([^`]+)`/g : () }
	    split /\n/, $table;
	my ($is) = `make -s help` =~ /^TARGET +(.*)$/m;
	is_deeply [sort @targets], [sort split ' ', $is],
	    'the table has all targets';
}

sub check_ci {
	my $last = (grep { /\S/ } split /\n/, slurp('.ci/run'))[-1];
	is $last, 'make deps test', 'make deps test is what .ci/run ends with';
}

# ---- all of it ---------------------------------------------------------

my $write = @ARGV && $ARGV[0] eq '--write';
write_page(write_figures(slurp($page))) if $write;

system("rm -rf $copy && mkdir -p $copy && " .
    "tar -cf - --exclude=./build --exclude=./.git . | tar -xf - -C $copy") == 0
    or die "cannot copy the tree to $copy\n";

my $text = slurp($page);
my @blocks = blocks_of($text);

for my $i (0 .. $#blocks) {
	my $block = $blocks[$i];
	my $where = "$page:$block->{line}";

	if ($block->{lang} eq 'c') {
		compile($block);
	} elsif ($block->{lang} eq 'sh') {
		my $said = try_block($block, $where);
		my $next = $blocks[$i + 1];
		next if !$next || $next->{lang} ne 'text';
		if ($write) {
			write_output($next, $said);
			write_caller($next, @blocks[$i + 2 .. $#blocks]);
		}
		ok same_output($said, $next->{text}),
		    "$page:$next->{line}: it prints what the page says" or
		    diag "it printed:\n$said";
	} elsif ($block->{lang} eq 'text') {
		ok $i > 0 && $blocks[$i - 1]{lang} eq 'sh',
		    "$where: output stands behind its commands";
	} elsif ($block->{lang} !~ /^(cmake|meson)$/) {
		is $block->{lang}, '', "$where: a drawing has no language";
	}
}
check_ci();
check_boards($text);
check_libcs($text);
check_family($text);
check_knobs($text);
check_figures($text);
check_names($text);
check_layout(@blocks);
done_testing();
