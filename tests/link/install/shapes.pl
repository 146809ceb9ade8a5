#!/usr/bin/perl
# SPDX-License-Identifier: MIT
# Read the manifests of the package in folder ARGV[0] as their build systems
# would, and complain: about their form, what they lack, files that are not
# there, versions that differ.
use strict;
use warnings;
use CPAN::Meta::YAML;
use JSON::PP;

my ($folder) = @ARGV;
chdir $folder or die "$folder: $!\n";
my %version;

sub slurp
{
	my ($path) = @_;
	local $/;
	open my $file, '<', $path or die "$path: $!\n";
	return scalar <$file>;
}

sub need
{
	my ($path, $what, @names) = @_;
	for (@names) {
		print "$path: no $_\n" if !defined $what->{$_} || $what->{$_} eq '';
	}
	$version{$path} = $what->{version} if defined $what->{version};
}

sub exists_in_package
{
	my ($path, $name) = @_;
	print "$path: there is no $name\n" if !-e $name;
}

# Tags that close in order, attributes in quotes; the root's name.
sub xml
{
	my ($path, $text) = @_;
	my @open;
	my $root;
	$text =~ s/^<\?xml version="1\.0" encoding="UTF-8"\?>\s*//
		or print "$path: no XML declaration\n";
	while ($text =~ m{<(/?)([\w]+)((?:\s+[\w:]+="[^"<]*")*)\s*(/?)>|([<>])|&(?!amp;|lt;|gt;|quot;)}g) {
		if (!defined $2) {
			print "$path: stray markup at byte ", pos $text, "\n";
		} elsif ($1) {
			my $was = pop(@open) // 'nothing';
			print "$path: </$2> closes $was\n" if $was ne $2;
		} else {
			$root //= $2;
			push @open, $2 if !$4;
		}
	}
	print "$path: <$_> is not closed\n" for @open;
	return $root // '';
}

my $yaml = sub { CPAN::Meta::YAML->read_string(slurp($_[0]))->[0] };

my $idf = $yaml->('idf_component.yml');
need('idf_component.yml', $idf, qw(version description license url));

my $zephyr = $yaml->('zephyr/module.yml');
need('zephyr/module.yml', $zephyr, 'name');
exists_in_package('zephyr/module.yml', $zephyr->{build}{kconfig});
exists_in_package('zephyr/module.yml', "$zephyr->{build}{cmake}/CMakeLists.txt");

my $pio = decode_json(slurp('library.json'));
need('library.json', $pio, qw(name version description license keywords));
exists_in_package('library.json', $pio->{build}{srcDir});
exists_in_package('library.json', "$pio->{build}{includeDir}/$pio->{headers}");

my %arduino = map { /^(\w+)=(.*)$/ ? ($1, $2) : print "library.properties: $_\n" }
	split /\n/, slurp('library.properties');
need('library.properties', \%arduino, qw(name version author maintainer sentence
	paragraph category url architectures));
exists_in_package('library.properties', "src/$arduino{includes}");

my ($pdsc) = glob '*.pdsc';
my $text = slurp($pdsc);
print "$pdsc: the root is no package\n" if xml($pdsc, $text) ne 'package';
print "$pdsc: not named VENDOR.NAME.pdsc\n" if $text !~
	m{<vendor>(\w+)</vendor>\s*<name>(\w+)</name>} || $pdsc ne "$1.$2.pdsc";
exists_in_package($pdsc, $1) while $text =~ /<file [^>]*name="([^"]*)"/g;
exists_in_package($pdsc, $1) while $text =~ m{<license>([^<]*)</license>}g;
my %conditions = map { $_ => 1 } $text =~ /<condition id="([^"]*)"/g;
for ($text =~ /\bcondition="([^"]*)"/g) {
	print "$pdsc: there is no condition $_\n" if !$conditions{$_};
}
$version{$_} = $1 for $text =~ /<release version="([^"]*)"/ ? $pdsc : ();

for (sort keys %version) {
	print "$_: version $version{$_}, but library.json has $pio->{version}\n"
		if $version{$_} ne $pio->{version};
}

# No source of the package is forgotten by all manifests.
for my $source (glob 'src/*.c libc/*.c') {
	print "$pdsc: does not name $source\n" if $text !~ /"\Q$source\E"/;
}
