#!/usr/bin/perl
# SPDX-License-Identifier: MIT
# Measures the heap without one of its decisions, and puts the tables into
# VARIANTS.md: variants.pl [NAME...], all by default.  With names the tables go
# to the terminal only.  --look only looks whether what they replace is there.
# For `make bench-variants`.
#
# Each variant is built in a copy of the tree below build/variants, with knobs
# or with text replaced; a text that is no longer there is told, and the variant
# left out.
use strict;
use warnings;
use File::Path qw(make_path remove_tree);
use FindBin;
use lib $FindBin::Bin;
use Bench;
use Variants;

my $root = "$FindBin::Bin/../..";
my $out = "$root/build/variants";
my $kept = "$out/kept"; # the bench's own objects, made by the first variant
my $page = "$FindBin::Bin/VARIANTS.md";
my @cpus = qw(cortex-m3 cortex-m0plus);
my @parts = qw(Makefile heap port boards linker tools tests);

# What a program of malloc, free and realloc does not pull in: not compiled.
my @spare = qw(observe watch accounts tags tags_dump trace trace_recover
    trace_text debug debug_resize fill quarantine slice walk instance lua
    libc/hooks libc/info libc/rename);

# What make measures of an archive; the smallest heap is the same on both.
my %measured = ('cortex-m3' => [qw(size time heap worst)],
    'cortex-m0plus' => [qw(size time worst)]);

# Where the page is written to.
my %mark = map { $_ => qr/(<!-- variants\.pl: $_ -->\n\n)((?:\S.*\n)*)/ }
    qw(engine heap heap-min);

sub slurp {
	my ($file) = @_;
	open my $in, '<', $file or die "variants.pl: $file: $!\n";
	local $/;
	return scalar <$in>;
}

sub write_file {
	my ($file, $text) = @_;
	open my $fh, '>', $file or die "variants.pl: $file: $!\n";
	print $fh $text;
	close $fh or die "variants.pl: $file: $!\n";
}

# Replace $from, in which blanks stand for any, once.
sub edit {
	my ($dir, $file, $from, $to) = @_;
	my $text = slurp("$dir/$file");
	my $like = join '\s+', map { quotemeta } split ' ', $from;
	my $times = () = $text =~ /$like/g;

	die "$file has this $times times, not once; change Variants.pm:\n" .
	    "\t$from\n" if $times != 1;
	$text =~ s/$like/$to/;
	write_file("$dir/$file", $text);
}

# The tree with a variant's text.
sub copy {
	my ($variant, $dir) = @_;

	remove_tree($dir);
	make_path("$dir/build/bench");
	# Links are copied as links.
	system('cp', '-a', (map { "$root/$_" } @parts), $dir) == 0
	    or die "no copy of the tree in $dir\n";
	system('cp', '-a', "$kept/.", "$dir/build/bench") == 0
	    or die "no copy of $kept in $dir\n" if -e $kept;
	unlink map { "$dir/heap/$_.c" } @spare;
	edit($dir, @$_) for @{$variant->{edits} // []};
}

# Build one and measure it; {CPU => {ARCHIVE => figures}}.
sub measure {
	my ($variant) = @_;
	my $dir = "$out/$variant->{name}";
	my (@files, %figures);

	copy($variant, $dir);
	for my $cpu (@cpus) {
		push @files, map { my $archive = $_; map {
			"build/bench/$cpu/$archive-Os/$_.txt" }
			@{$measured{$cpu}} } @{$variant->{of}};
	}
	local @ENV{qw(MAKEFLAGS MAKELEVEL MFLAGS)};
	delete @ENV{qw(MAKEFLAGS MAKELEVEL MFLAGS)};
	my $log = "$dir/build/log";
	# What is not looked at any more is passed all the same.
	system("make -s -C '$dir' CPPFLAGS='-Wno-error " .
	    ($variant->{knobs} // '') . "' @files >'$log' 2>&1") == 0
	    or die "it does not get through:\n" . slurp($log);
	for my $cpu (@cpus) {
		$figures{$cpu}{$_} =
		    Bench::load("$dir/build/bench/$cpu/$_-Os")
		    for @{$variant->{of}};
	}
	if (!-e $kept) {
		make_path($kept);
		system("cd '$dir/build/bench' && cp -a --parents traces.S " .
		    "*/firmware '$kept'") == 0 or die "no copy in $kept\n";
	}
	remove_tree($dir);
	return \%figures;
}

sub both { return join ' / ', @_ }

sub row {
	my ($title, $m3, $m0) = @_;
	my @most = sort { $b <=> $a } map { $m3->{worst}{$_}{malloc}{5000} }
	    @Bench::sets;

	return '| ' . join(' | ', $title,
	    both(map { sprintf '%.1f', Bench::pair($_) } $m3, $m0),
	    (map { my $b = $_; both(map { Bench::dearest($b, $_) }
		qw(malloc free)) } $m3, $m0),
	    $most[0],
	    sprintf('%.0f', Bench::mean_all($m3, 'realloc')),
	    both(map { $_->{code} } $m3, $m0), $m3->{ram},
	    sprintf('%.3f', Bench::mem($m3))) . " |\n";
}

sub table {
	my ($archive, $measured) = @_;
	my $rows = join '', map { my ($variant, $figures) = @$_;
	    $figures->{'cortex-m3'}{$archive} ? row($variant->{title},
		map { $figures->{$_}{$archive} } @cpus) : () } @$measured;

	return '| variant | pair M3 / M0+ | worst malloc / free M3 | M0+ | ' .
	    'malloc, N = 5000 | realloc | code M3 / M0+ | static RAM | mem |' .
	    "\n|---|" . '--:|' x 8 . "\n$rows";
}

# The last commit that changed what is measured.
sub engine {
	my $sources = "':(glob)heap/**/*.[ch]' ':(glob)port/**/*.[ch]'";
	my $commit = `git -C '$root' log -1 --format=%h -- $sources 2>/dev/null`;
	my $changed = `git -C '$root' status --porcelain -- $sources 2>/dev/null`;

	chomp $commit;
	return ($commit ? "commit `$commit`" : 'no known commit') .
	    ($changed ? ', and changes since' : '') . '; ' .
	    Bench::toolchain();
}

sub main {
	my (%known, @measured, $lost);
	my $look = @ARGV && $ARGV[0] eq '--look' && shift @ARGV;

	$known{$_->{name}} = 1 for @Variants::all;
	for (@ARGV) {
		die "variants.pl: there is no $_; choose among: " .
		    join(' ', sort keys %known) . "\n" unless $known{$_};
	}
	remove_tree($kept);
	my %wanted = map { $_ => 1 } @ARGV;
	for (sort keys %mark) {
		slurp($page) =~ $mark{$_} or die "variants.pl: $page: no mark " .
		    "<!-- variants.pl: $_ -->, or no table behind it\n";
	}
	for my $variant (@Variants::all) {
		next if @ARGV && !$wanted{$variant->{name}};
		next if $look && !$variant->{edits};
		print STDERR "$variant->{name}\n";
		my $figures = eval { $look ? copy($variant, "$out/look") || {}
		    : measure($variant) };
		if ($figures) {
			push @measured, [$variant, $figures];
		} else {
			print STDERR "variants.pl: $variant->{name}: $@";
			$lost++;
		}
	}
	my %table = $look ? () :
	    map { $_ => table($_, \@measured) } qw(heap heap-min);
	if ($look) {
		remove_tree("$out/look");
	} elsif (@ARGV) {
		print "$_.a\n\n$table{$_}\n" for qw(heap heap-min);
	} else {
		my $text = slurp($page);
		my $engine = engine() . "\n";
		$text =~ s/$mark{$_}/$1$table{$_}/ for keys %table;
		$text =~ s/$mark{engine}/$1$engine/;
		write_file($page, $text);
	}
	print STDERR "variants.pl: $lost variants are missing, see above\n"
	    if $lost;
	exit($lost ? 1 : 0);
}

main();
