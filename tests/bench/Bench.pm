# SPDX-License-Identifier: MIT
# Reads what the firmwares printed and computes the figures.
package Bench;
use strict;
use warnings;

our @kinds = qw(malloc free realloc);
our @sets = qw(small large mixed);

sub slurp {
	my ($file) = @_;
	open my $in, '<', $file or die "bench: $file: $!\n";
	my @lines = <$in>;
	die "bench: $file is not complete\n"
	    unless grep { /^[ES]\b/ } @lines;
	return @lines;
}

# The longest locked section is that of all runs.
sub longer {
	my ($bench, $took) = @_;
	$bench->{locked} = $took if $took > ($bench->{locked} // 0);
}

# Everything known of the firmware in $dir; files that are not there are
# skipped.
sub load {
	my ($dir) = @_;
	my %bench = (traces => [], calls => {}, heap => {}, worst => {});
	my ($trace, $peak);

	if (-e "$dir/time.txt") {
		for (slurp("$dir/time.txt")) {
			if (/^T \w+ (\w+) (\w+) (\w+)$/) {
				$trace = $1;
				push @{$bench{traces}}, $trace;
				$bench{peak}{$trace} = hex $2;
				$bench{timed}{$trace} = hex $3;
			} elsif (/^H (\w+) (\w+) (\w+)$/) {
				$bench{calls}{$trace}{$kinds[hex $1]}{hex $2}
				    += hex $3;
			} elsif (/^L (\w+)$/) {
				longer(\%bench, hex $1);
			} elsif (/^P (\w+)$/) {
				$bench{stayed}{$trace} = hex $1;
			}
		}
	}
	if (-e "$dir/heap.txt") {
		for (slurp("$dir/heap.txt")) {
			next unless /^M \w+ (\w+) (\w+) (\w+)$/;
			$bench{peak}{$1} = hex $2;
			$bench{heap}{$1} = hex $3;
		}
	}
	if (-e "$dir/worst.txt") {
		for (slurp("$dir/worst.txt")) {
			if (/^W (\w+) (\w+) (\w+) (\w+) (\w+)$/) {
				my @took = map { hex } $3, $4, $5;
				$bench{worst}{$sets[hex $1]}{$kinds[$_]}{hex $2}
				    = $took[$_] for 0 .. 2;
			} elsif (/^G (\w+) (\w+)$/) {
				@bench{qw(first growth)} = (hex $1, hex $2);
			} elsif (/^R (\w+)(?: (\w+))?$/) {
				$bench{refused} = hex $1;
				$bench{refused_locked} = hex $2 if $2;
			} elsif (/^L (\w+)$/) {
				longer(\%bench, hex $1);
			}
		}
	}
	if (-e "$dir/size.txt") {
		(slurp("$dir/size.txt"))[0] =~ /^S (\d+) (\d+)$/
		    or die "bench: $dir/size.txt: no sizes in it\n";
		@bench{qw(code ram)} = ($1, $2);
	}
	return \%bench;
}

sub total {
	my ($calls) = @_;
	my ($sum, $n) = (0, 0);
	while (my ($took, $count) = each %$calls) {
		$sum += $took * $count;
		$n += $count;
	}
	return ($sum, $n);
}

sub average { my $sum = 0; $sum += $_ for @_; return @_ ? $sum / @_ : undef }

# Mean instructions of a kind of call in one trace; undef if there is none.
sub mean {
	my ($bench, $kind, $trace) = @_;
	my $calls = $bench->{calls}{$trace}{$kind} or return undef;
	my ($sum, $n) = total($calls);
	return $sum / $n;
}

# Over the traces, each with the same weight.
sub mean_all {
	my ($bench, $kind) = @_;
	return average(grep { defined } map { mean($bench, $kind, $_) }
	    @{$bench->{traces}});
}

# The share of the reallocs that left the block where it was; over the traces
# that have any, each with the same weight.
sub stayed {
	my ($bench) = @_;
	return average(map {
		my (undef, $n) = total($bench->{calls}{$_}{realloc} // {});
		$n ? $bench->{stayed}{$_} / $n : ();
	} @{$bench->{traces}});
}

sub pair {
	my ($bench, $trace) = @_;
	return $trace
	    ? mean($bench, 'malloc', $trace) + mean($bench, 'free', $trace)
	    : mean_all($bench, 'malloc') + mean_all($bench, 'free');
}

# Weights of all values of a kind of call, summing to 1: of one trace, or of
# all with the same weight each.
sub distribution {
	my ($bench, $kind, @traces) = @_;
	my (%weight, $used);
	@traces = @{$bench->{traces}} unless @traces;
	for my $trace (@traces) {
		my $calls = $bench->{calls}{$trace}{$kind} or next;
		my (undef, $n) = total($calls);
		$weight{$_} += $calls->{$_} / $n for keys %$calls;
		$used++;
	}
	$_ /= $used for values %weight;
	return \%weight;
}

# The least number of instructions that the share $q of the calls keeps within.
sub quantile {
	my ($bench, $kind, $q, @traces) = @_;
	my $weight = distribution($bench, $kind, @traces);
	my $sum = 0;
	for my $took (sort { $a <=> $b } keys %$weight) {
		$sum += $weight->{$took};
		return $took if $sum >= $q - 1e-9;
	}
	return undef;
}

sub worst {
	my ($bench, $kind, @traces) = @_;
	return quantile($bench, $kind, 1, @traces);
}

# The dearest malloc or free of all that is measured, but for a refusal: traces,
# sets, growth.
sub dearest {
	my ($bench, $kind) = @_;
	my @took = map { values %{$bench->{worst}{$_}{$kind} // {}} } @sets;
	push @took, grep { defined } @$bench{qw(first growth)}
	    if $kind eq 'malloc';
	my $most = worst($bench, $kind);
	for (@took) { $most = $_ if $_ > $most }
	return $most;
}

# Smallest heap, static variables included, over the peak of requested bytes:
# of one trace, or the geometric mean.
sub mem {
	my ($bench, $trace) = @_;
	if (!$trace) {
		my $sum = 0;
		my @traces = sort keys %{$bench->{heap}};
		for (@traces) {
			my $one = mem($bench, $_) or return undef;
			$sum += log $one;
		}
		return @traces ? exp($sum / @traces) : undef;
	}
	return undef unless $bench->{heap}{$trace};
	return ($bench->{heap}{$trace} + $bench->{ram}) / $bench->{peak}{$trace};
}

# What the counts hold for: one compiler, and one libc's memcpy.
sub toolchain {
	my ($gcc) = split /\n/, `arm-none-eabi-gcc --version 2>/dev/null` // '';
	my $libc = `dpkg-query -W -f '\${Version}' picolibc-arm-none-eabi 2>/dev/null`;
	return ($gcc // 'no arm-none-eabi-gcc') . ', picolibc ' .
	    ($libc || 'unknown');
}

sub text {
	my ($format, $value) = @_;
	return defined $value ? sprintf $format, $value : '-';
}

1;
