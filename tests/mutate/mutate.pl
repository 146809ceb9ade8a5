#!/usr/bin/perl
# SPDX-License-Identifier: MIT
# Make each small mistake in the heap's sources, and see whether the tests find
# it.  `make mutate` calls this; build/mutate/how tells it how to build.
#
# A mutant is tried place by place until a test fails: compile what it changes,
# link with what is there, run.  Where the compiler makes the same code of it,
# nothing is run.  What survives everywhere must stand in survivors.txt, with a
# judgement.
use strict;
use warnings;
use Cwd 'getcwd';
use Digest::MD5;
use File::Copy 'copy';
use File::Path qw(make_path remove_tree);
use Getopt::Long;
use List::Util qw(shuffle sum0);
use Mutants qw(mutants mutate);

my $out = 'build/mutate';
my $judged = 'tests/mutate/survivors.txt';
my $goal = 95;
my ($jobs, $sample, $skip, $seed, $again) = (1, 0, 0, 1, '');
GetOptions('jobs=i' => \$jobs, 'sample=i' => \$sample, 'skip=i' => \$skip,
	'seed=i' => \$seed, 'again=s' => \$again) or exit 2;
my @files = @ARGV;
my $top = getcwd;

sub slurp {
	my ($path) = @_;
	open my $in, '<', $path or die "mutate: $path: $!\n";
	local $/;
	return scalar <$in>;
}

sub spew {
	my ($path, $text) = @_;
	open my $to, '>', $path or die "mutate: $path: $!\n";
	print $to $text;
	close $to or die "mutate: $path: $!\n";
}

sub md5 {
	my ($path) = @_;
	open my $in, '<', $path or return '';
	return Digest::MD5->new->addfile($in)->hexdigest;
}

# ---- places ---------------------------------------------------------------

my @places;
for (split /\n/, slurp("$out/how")) {
	my ($key, $value) = /^\s*(\S+)\s*(.*?)\s*$/ or next;

	push @places, {} if $key eq 'place';
	$places[-1]{$key} = $value;
}

# Suites that bring a port of their own: each is a program.
my $own_program = qr{^tests/(libc|front)/};

sub object { my ($path) = @_; $path =~ tr{/}{_}; $path =~ s/\.c$/.o/; $path }

# Compile a source of the heap that lies below $root, as the archives are.
sub compile {
	my ($place, $root, $source, $to) = @_;
	my $in_heap = $source =~ m{^heap/} ? $place->{in_heap} : '';

	return system("cd $root && ulimit -t 60 && $place->{cc} $place->{heap} " .
		"$in_heap -c -o $top/$to $source 2>/dev/null") == 0;
}

# Where a place's program without a mutant is.
sub unchanged {
	my ($place, $program) = @_;

	return "$out/$place->{place}/" .
		($program eq 'main' ? 'main' : object($program) . '.elf');
}

# What a place has to offer: its name, the same objects but those changed.
sub link_program {
	my ($place, $program, $suites, $changed, $to) = @_;
	my $o = "$out/$place->{place}";
	my @objects = map { "$o/" . object($_) } @$suites,
		split(' ', $place->{harness});

	if ($program eq 'main') {
		# As if from the archive, of which it wants no malloc.
		push @objects, map { $changed->{$_} // "$o/" . object($_) }
			grep { !m{^heap/libc/} } split ' ', $place->{sources};
	} else {
		my $archive = "$o/heap.a";

		if (%$changed) {
			$archive = "$to.a";
			copy("$o/heap.a", $archive) or die "mutate: $archive: $!\n";
			system("$place->{ar} rD $archive " .
				join ' ', values %$changed) == 0 or die;
		}
		push @objects, $archive;
	}
	push @objects, $place->{objects};
	push @objects, $place->{at_exit} if $program ne 'main';
	return system("$place->{cc} $place->{link} -o $to @objects " .
		"$place->{libs} 2>$to.log") == 0;
}

# Run a program: 'passed', or what went wrong.  Ends it at the first failure.
sub run_program {
	my ($place, $program) = @_;
	my ($plan, $count, $why) = (0, 0, '');
	# Of a processor, and on the wall: some mutants wait for ever.
	my ($cpu, $wall) = $place->{run} ? (10, 120) : (3, 20);
	my $pid = open my $lines, '-|';

	die "mutate: fork: $!\n" unless defined $pid;
	if ($pid == 0) {
		setpgrp;
		open STDERR, '>', '/dev/null';
		open STDIN, '<', '/dev/null';
		exec 'sh', '-c', "ulimit -t $cpu -c 0; " .
			"exec timeout $wall $place->{run} $program";
		exit 127;
	}
	while (<$lines>) {
		$count++ if /^ok/;
		$plan = $1 if /^1\.\.(\d+)/;
		if (/^not ok \d+ - (.*)/) {
			$why = $1;
			kill 'KILL', -$pid;
			last;
		}
	}
	close $lines;
	my $signal = $? & 127;
	my $status = $? >> 8;

	return $why if $why;
	return 'timeout' if $status == 124 || $status == 137 || $signal == 9 ||
		$signal == 24 || $status == 152;
	return "status $status, signal $signal" if $?;
	return "only $count of $plan tests" if !$plan || $count != $plan;
	return 'passed';
}

# The programs of a place: all suites that go together in one, the fast ones
# first; the others have a port of their own each.
sub programs {
	my ($place) = @_;
	my @suites = split ' ', $place->{suites};
	my @own = grep { m{$own_program} } @suites;
	my @main = sort { ($a =~ /stress/) <=> ($b =~ /stress/) || $a cmp $b }
		grep { !m{$own_program} } @suites;

	return (main => \@main, map { ($_ => [$_]) } @own);
}

# ---- what is there before anything is changed ------------------------------

# Run each closure of a list in one of $jobs processes; false if any failed.
sub in_parallel {
	my ($count, $work) = @_;
	my $failed = 0;

	for my $child (0 .. $jobs - 1) {
		my $pid = fork // die "mutate: fork: $!\n";
		next if $pid;
		for (my $i = $child; $i < $count; $i += $jobs) {
			$work->($i, $child);
		}
		exit 0;
	}
	while (wait != -1) {
		$failed = 1 if $?;
	}
	return !$failed;
}

sub copy_tree {
	my ($to) = @_;

	remove_tree($to);
	make_path("$to/heap/libc", "$to/port");
	copy($_, "$to/$_") or die "mutate: $_: $!\n"
		for glob('heap/*.[ch] heap/libc/*.[ch] port/*.[ch]');
}

# Is there an object of $source made since anything changed that it may include?
my $changed = 0;
sub is_fresh {
	my ($object, $source) = @_;
	my $made = (stat $object)[9] // 0;

	return $made > $changed && $made > (stat $source)[9];
}

sub look_for_changes {
	my $how = slurp("$out/how");
	my $same = -f "$out/how.done" && slurp("$out/how.done") eq $how;

	for (glob('heap/*.h heap/libc/*.h port/*.h tests/*/*.h boards/*.h'),
	    $0, map { "$_/." } 'heap', 'heap/libc', 'port') {
		my $at = (stat)[9];
		$changed = $at if $at > $changed;
	}
	$changed = time if !$same;
	return $how;
}

sub prepare {
	my @work;
	my $how = look_for_changes();

	copy_tree("$out/copies/original");
	for my $place (@places) {
		my $o = "$out/$place->{place}";

		make_path($o);
		for my $source (split ' ', $place->{sources}) {
			next if is_fresh("$o/" . object($source), $source);
			push @work, sub { compile($place, "$out/copies/original", $source,
				"$o/" . object($source)) or die "mutate: $source does not compile for $place->{place}\n" };
		}
		for my $source (split ' ', "$place->{harness} $place->{suites}") {
			my $to = "$o/" . object($source);

			next if is_fresh($to, $source);
			push @work, sub { system("$place->{cc} $place->{test} -c -o $to $source") == 0 or exit 1 };
		}
	}
	in_parallel(scalar @work, sub { $work[$_[0]]->() }) or exit 2;
	spew("$out/how.done", $how);

	@work = ();
	for my $place (@places) {
		my %programs = programs($place);
		my $o = "$out/$place->{place}";
		my @all = map { "$o/" . object($_) } split ' ', $place->{sources};

		unlink "$o/heap.a";
		system("$place->{ar} crD $o/heap.a @all") == 0 or exit 2;

		for my $source (split ' ', $place->{sources}) {
			$place->{md5}{$source} = md5("$out/$place->{place}/" .
				object($source));
			$place->{needs}{$source} = { map { $_ => 1 } split ' ',
				`cd $out/copies/original && $place->{cc} $place->{heap} -MM $source | tr -d '\\\\\\n' | sed 's/.*: *//'` };
		}
		for my $program (keys %programs) {
			push @work, sub {
				my $to = unchanged($place, $program);

				link_program($place, $program, $programs{$program}, {},
					$to) or die slurp("$to.log");
				my $how = run_program($place, $to);
				$how eq 'passed' or die "mutate: $to fails " .
					"without a mutant: $how\n";
			};
		}
	}
	in_parallel(scalar @work, sub { $work[$_[0]]->() }) or exit 2;
}

# ---- one mutant -----------------------------------------------------------

# 'killed', 'timeout', 'not compiled', 'same code' or 'survived', and by what.
sub try_mutant {
	my ($mutant, $source, $worker) = @_;
	my $root = "$out/copies/$worker";
	my $file = $mutant->{file};
	my ($tried, $outcome, $by) = (0, 'survived', '');

	spew("$root/$file", mutate($source, $mutant));
	PLACE: for my $place (@places) {
		my @affected = grep { $place->{needs}{$_}{$file} } split ' ',
			$place->{sources};
		my %changed;

		# What is for newlib alone needs no other places, and the reverse.
		next if !@affected || ($place->{place} =~ /newlib/ &&
			$file !~ m{^heap/libc/});
		for my $affected (@affected) {
			my $to = "$root/" . object($affected);

			if (!compile($place, $root, $affected, $to)) {
				($outcome, $by) = ('not compiled', $place->{place});
				last PLACE;
			}
			$changed{$affected} = $to
				if md5($to) ne $place->{md5}{$affected};
		}
		next if !%changed;
		$tried = 1;
		my %programs = programs($place);
		my @order = sort { ($b eq 'main') <=> ($a eq 'main') || $a cmp $b }
			keys %programs;

		if ($file =~ m{^heap/libc/}) {
			# The main program has nothing of it.
			@order = grep { $_ ne 'main' } @order;
		} elsif ($place != $places[0]) {
			@order = ('main');
		}
		for my $program (@order) {
			if (!link_program($place, $program, $programs{$program},
			    \%changed, "$root/program")) {
				($outcome, $by) = ('not compiled', $place->{place});
				last PLACE;
			}
			# It may have nothing of what was changed.
			next if md5("$root/program") eq
				md5(unchanged($place, $program));
			my $how = run_program($place, "$root/program");
			next if $how eq 'passed';
			$outcome = $how eq 'timeout' ? 'timeout' : 'killed';
			$by = "$place->{place}: $how";
			last PLACE;
		}
	}
	spew("$root/$file", $source);
	$outcome = 'same code' if $outcome eq 'survived' && !$tried;
	return ($outcome, $by);
}

# ---- judgements -----------------------------------------------------------

# Lines "FILE<tab>MISTAKE<tab>LINE<tab>equivalent|todo: why".
sub judgements {
	my %judgement;

	for (split /\n/, -f $judged ? slurp($judged) : '') {
		next if /^#|^$/;
		my ($file, $name, $text, $why) = split /\t/;

		die "mutate: $judged: say 'equivalent: why' or 'todo: what': $_\n"
			unless defined $why && $why =~ /^(equivalent|todo): \S/;
		$judgement{"$file\t$name\t$text"} = $why;
	}
	return %judgement;
}

# ---- all of them ----------------------------------------------------------

my (%source, @all);
for my $file (@files) {
	$source{$file} = slurp($file);
	push @all, mutants($file, $source{$file});
}
my %exists = map { $_->{id} => 1 } @all;
srand $seed;
my %order = map { $all[$_]{id} => $_ } 0 .. $#all;
my @mutants = shuffle @all;
splice @mutants, 0, $skip;
splice @mutants, $sample if $sample && $sample < @mutants;
if ($again) {
	# Lines as in survivors.txt.
	my %wanted = map { join("\t", (split /\t/)[0 .. 2]) => 1 }
		grep { /\t.*\t/ && !/\tequivalent:/ } split /\n/, slurp($again);

	@mutants = grep { $wanted{$_->{id}} } @all;
}
@mutants = sort { $order{$a->{id}} <=> $order{$b->{id}} } @mutants;
my %judgement = judgements();
printf "mutate: %d of %d mutants, seed %d\n", scalar @mutants, scalar @all,
	$seed;
prepare();
copy_tree("$out/copies/$_") for 0 .. $jobs - 1;
in_parallel(scalar @mutants, sub {
	my ($i, $worker) = @_;
	my $mutant = $mutants[$i];
	my ($outcome, $by) = try_mutant($mutant, $source{$mutant->{file}},
		$worker);

	open my $log, '>>', "$out/copies/$worker/results" or die;
	print $log join("\t", $i, $outcome, $by), "\n";
	if ($outcome eq 'survived') {
		$| = 1;
		printf "%s:%d: survived: %s | %s\n", $mutant->{file},
			$mutant->{line}, $mutant->{name}, (split /\t/, $mutant->{id})[2];
	}
}) or exit 2;

my (%count, @unjudged, @stale, @log);
for my $worker (0 .. $jobs - 1) {
	-f "$out/copies/$worker/results" or next;
	for (split /\n/, slurp("$out/copies/$worker/results")) {
		my ($i, $outcome, $by) = split /\t/, $_, 3;
		my $mutant = $mutants[$i];
		my $why = $judgement{$mutant->{id}};

		push @log, "$mutant->{file}:$mutant->{line}\t$outcome\t" .
			"$mutant->{id}\t$by\n";
		if ($outcome eq 'survived') {
			push @unjudged, $mutant unless $why;
			$outcome = 'equivalent' if ($why // '') =~ /^equivalent/;
		} elsif ($why) {
			push @stale, "$mutant->{id}: $outcome";
		}
		$count{$outcome}++;
	}
}
push @stale, grep { my ($file) = split /\t/; $source{$file} && !$exists{$_} }
	keys %judgement;
spew("$out/log", join '', sort @log);
spew("$out/unjudged", join '', map { "$_->{id}\ttodo: judge it\n" }
	sort { $a->{id} cmp $b->{id} } @unjudged);

$count{$_} //= 0 for ('killed', 'timeout', 'survived', 'equivalent',
	'same code', 'not compiled');
my $counted = $count{killed} + $count{timeout} + $count{survived};
my $score = $counted ? 100 * ($counted - $count{survived}) / $counted : 100;
print "mutate: $_: $count{$_}\n" for ('killed', 'timeout', 'survived',
	'equivalent', 'same code', 'not compiled');
printf "mutate: score %.1f %% of %d that are not equivalent; goal %d %%\n",
	$score, $counted, $goal;
print "mutate: each one is in $out/log\n";
print "mutate: not judged yet, to be copied to $judged with a word on each: " .
	"$out/unjudged\n" if @unjudged;
if (@stale) {
	print "mutate: $judged has lines that are no survivors any more:\n";
	print "  $_\n" for sort @stale;
}
exit($score < $goal || @stale || (@unjudged && !$sample && !$again) ? 1 : 0);
