#!/usr/bin/perl
# SPDX-License-Identifier: MIT
# Write a source package with the manifests of other build systems:
#
#	tools/package/manifests.pl tools/package/package.txt FOLDER
#
# All they say about the heap is in package.txt; all they say about its files
# is found here, from the sources.
use strict;
use warnings;
use File::Basename;
use File::Path qw(make_path);
use JSON::PP;

@ARGV == 2 or die "usage: manifests.pl package.txt FOLDER\n";
my ($table, $out) = @ARGV;

my %about;
open my $in, '<', $table or die "$table: $!\n";
while (<$in>) {
	next if /^#/ || /^\s*$/;
	/^(\w+)\s+(.*\S)\s*$/ or die "$table:$.: not NAME value: $_";
	$about{$1} = $2;
}
close $in;
for my $name (qw(name long_name version date license vendor author url summary
	description keywords)) {
	defined $about{$name} or die "$table: $name is missing\n";
}

# Write a manifest, @NAME@ replaced by the table's value.
sub put
{
	my ($path, $text) = @_;
	$text =~ s/\@(\w+)\@/$about{$1} \/\/ die "no \@$1\@\n"/ge;
	put_file($path, $text);
}

# Write a file of the package.
sub put_file
{
	my ($path, $text) = @_;
	make_path(dirname("$out/$path"));
	open my $file, '>', "$out/$path" or die "$out/$path: $!\n";
	print $file $text;
	close $file or die "$out/$path: $!\n";
}

sub slurp
{
	my ($path) = @_;
	local $/;
	open my $file, '<', $path or die "$path: $!\n";
	return scalar <$file>;
}

# ---- the files --------------------------------------------------------------

# One flat folder: some build systems compile all of src/ and search it alone.
# Others compile everything for any processor, so that a file for one has a
# condition put around it.
my $cortex_m = "#if defined(__ARM_ARCH_PROFILE) && __ARM_ARCH_PROFILE == 'M'";
my @core;
for my $path (glob('heap/*.[ch]'), 'port/heap_port.h', 'port/heap_lock.h',
	'port/heap_pending.h', 'port/heap_banks.h', 'port/heap_guard.h', 'port/pools.c', 'port/gap.c', 'port/swap.c',
	glob('port/heap_cortex_m.h port/locker.c port/mutex.c port/region*.c'),
	glob('port/report*.c port/banks*.c port/cortex_m*.c')) {
	my $text = slurp($path);
	my $name = basename($path);
	if ($name =~ /^cortex_m.*\.c$/) {
		my ($license, $rest) = split /\n/, $text, 2;
		$text = "$license\n$cortex_m\n$rest#endif\n";
	}
	put_file("src/$name", $text);
	push @core, "src/$name" if $name =~ /\.c$/;
}

# The libcs are those that a file in heap/libc/ is named after.
my ($own) = slurp('port/targets.mk') =~ m{heap/libc/%\.c,([\w ]+)\)}
	or die "port/targets.mk: no list of libcs\n";
my @libcs = sort grep { $_ ne 'host' } split ' ', $own;
my (@family, %glue);
for my $path (glob('heap/libc/*.[ch]')) {
	my $name = basename($path);
	my ($stem) = $name =~ /^(\w+)\./;
	next if $stem =~ /^host(_|$)/;
	put_file("libc/$name", slurp($path));
	next if $name !~ /\.c$/;
	if (grep { $_ eq $stem } @libcs) {
		$glue{$stem} = "libc/$name";
	} else {
		push @family, "libc/$name";
	}
}
put_file('linker/heap.ld', slurp('linker/heap.ld'));
put_file('LICENSE', slurp('LICENSE'));
put_file('README.md', slurp('tools/package/PACKAGE.md'));

# What serves malloc and needs a port of the program: left out where objects
# are linked whether they are used or not.
my $for_malloc = qr{/(default|report_continue|cortex_m_fault|cortex_m_first|locker|region_linker)\.c$};
my $port = 'src/cortex_m_default.c';
# Wants a priority from the program.
my $basepri = 'src/cortex_m_basepri.c';
my @native = grep { $_ ne $port && $_ ne $basepri && !/$for_malloc/ } @core;

# ---- ESP-IDF ----------------------------------------------------------------

# Text in quotes, for JSON and the likes of YAML that contain it.
my $json = JSON::PP->new->canonical->pretty->allow_nonref;
sub quoted
{
	my $text = $json->encode($_[0]);
	chomp $text;
	return $text;
}

my @portable = grep { !/cortex_m/ } @native;
my $lines = sub { join '', map { "$_[0]$_\n" } @_[1 .. $#_] };

put('idf_component.yml', <<END);
# Put this folder into components/ as "\@long_name\@": ESP-IDF has a "heap".
version: "\@version\@"
description: @{[quoted($about{description})]}
url: "\@url\@"
license: "\@license\@"
END
put('CMakeLists.txt', <<END);
# SPDX-License-Identifier: \@license\@
# An ESP-IDF component: the native API; malloc stays ESP-IDF's.
idf_component_register(
	SRCS
@{[$lines->("\t", @portable)]}	INCLUDE_DIRS src)
target_compile_options(\${COMPONENT_LIB} PRIVATE -ffreestanding)
END

# ---- Zephyr -----------------------------------------------------------------

put('zephyr/module.yml', <<END);
name: \@long_name\@
build:
  cmake: zephyr
  kconfig: zephyr/Kconfig
END
my $option = uc $about{long_name};
put('zephyr/Kconfig', <<END);
# SPDX-License-Identifier: \@license\@

config $option
	bool @{[quoted($about{summary})]}
	help
	  The native API: heaps on memory of your own, by heap_create.  malloc
	  stays that of the libc.
END
put('zephyr/CMakeLists.txt', <<END);
# SPDX-License-Identifier: \@license\@
if(CONFIG_$option)
	zephyr_library_named(\@long_name\@)
	zephyr_library_sources(
@{[$lines->("\t\t../", @native)]}	)
	zephyr_library_compile_options(-ffreestanding)
	zephyr_include_directories(../src)
endif()
END

# ---- PlatformIO, Arduino ----------------------------------------------------

put('library.json', $json->encode({
	name => $about{name},
	version => $about{version},
	description => $about{description},
	keywords => [split ' ', $about{keywords}],
	license => $about{license},
	authors => [{name => $about{author}}],
	homepage => $about{url},
	headers => 'heap.h',
	frameworks => '*',
	platforms => '*',
	build => {
		srcDir => 'src',
		includeDir => 'src',
		flags => ['-ffreestanding'],
	},
}));
put('library.properties', <<END);
name=\@name\@
version=\@version\@
author=\@author\@
maintainer=\@author\@
sentence=\@summary\@
paragraph=\@description\@
category=Data Storage
url=\@url\@
architectures=*
includes=heap.h
dot_a_linkage=true
END

# ---- CMSIS-Pack -------------------------------------------------------------

my %entity = ('&' => '&amp;', '<' => '&lt;', '>' => '&gt;', '"' => '&quot;');
my %xml = map { $_ => $about{$_} =~ s/([&<>"])/$entity{$1}/gr } keys %about;

sub component
{
	my ($sub, $condition, $text, $header, @sources) = @_;
	my $files = join '', map {
		qq(        <file category="source" name="$_"/>\n)
	} @sources;
	$files = qq(        <file category="include" name="src/"/>\n) .
		qq(        <file category="header" name="src/heap.h"/>\n) . $files
		if $header;
	return <<END;
    <component Cclass="Utility" Cgroup="Heap" Csub="$sub" Cversion="$xml{version}" condition="$condition">
      <description>$text</description>
      <files>
$files      </files>
    </component>
END
}

my $components = component('Core', 'Cortex-M', "Native API", 1, @native);
$components .= component('Default heap', 'Heap core',
	'The heap behind malloc, for heap_port_default', 0,
	grep { /$for_malloc/ } @core);
$components .= component('Port', 'Default heap',
	'heap_port_default of a Cortex-M without RTOS: leave it out for your own',
	0, $port);
$components .= component('BASEPRI lock', 'Heap core',
	'Masks interrupts below heap_cortex_m_basepri, which the program defines',
	0, $basepri);
for my $libc (sort keys %glue) {
	$components .= component("malloc of $libc", 'Default heap',
		"The malloc family for $libc", 0, @family, $glue{$libc});
}
put("$about{vendor}.$about{name}.pdsc", <<END);
<?xml version="1.0" encoding="UTF-8"?>
<package schemaVersion="1.7.7">
  <vendor>$xml{vendor}</vendor>
  <name>$xml{name}</name>
  <description>$xml{description}</description>
  <url>$xml{url}</url>
  <license>LICENSE</license>
  <releases>
    <release version="$xml{version}" date="$xml{date}">$xml{summary}</release>
  </releases>
  <keywords>
@{[join '', map { "    <keyword>$_</keyword>\n" } split ' ', $xml{keywords}]}  </keywords>
  <conditions>
    <condition id="Cortex-M">
@{[join '', map { qq(      <accept Dcore="$_"/>\n) } qw(Cortex-M0 Cortex-M0+ Cortex-M3
	Cortex-M4 Cortex-M7 Cortex-M23 Cortex-M33 Cortex-M55)]}      <require Tcompiler="GCC"/>
    </condition>
    <condition id="Heap core">
      <require condition="Cortex-M"/>
      <require Cclass="Utility" Cgroup="Heap" Csub="Core"/>
    </condition>
    <condition id="Default heap">
      <require condition="Heap core"/>
      <require Cclass="Utility" Cgroup="Heap" Csub="Default heap"/>
    </condition>
  </conditions>
  <components>
$components  </components>
</package>
END
print "$out\n";
