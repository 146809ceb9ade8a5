# SPDX-License-Identifier: MIT
# Draws line charts as SVG, panels side by side, x and perhaps y logarithmic.
package Plot;
use strict;
use warnings;

my ($WIDTH, $HEIGHT, $LEFT, $TOP, $BOTTOM, $LEGEND) =
    (400, 300, 64, 48, 52, 150);
my @COLOURS = map { "#$_" }
    qw(d62728 1f77b4 2ca02c ff7f0e 9467bd 8c564b 7f7f7f);

sub escape {
	my ($text) = @_;
	$text =~ s/&/&amp;/g;
	$text =~ s/</&lt;/g;
	return $text;
}

sub label {
	my ($x, $y, $text, $more) = @_;
	return sprintf "<text x=\"%.1f\" y=\"%.1f\" %s>%s</text>\n", $x, $y,
	    $more // '', escape($text);
}

sub line {
	my ($x1, $y1, $x2, $y2, $more) = @_;
	return sprintf "<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" " .
	    "y2=\"%.1f\" %s/>\n", $x1, $y1, $x2, $y2, $more;
}

# An axis: {from, to, log}; the share of its length where a value lies.
sub share {
	my ($axis, $value) = @_;
	my ($from, $to) = @$axis{qw(from to)};
	return ($value - $from) / ($to - $from) unless $axis->{log};
	$value = $from if $value < $from;
	return log($value / $from) / log($to / $from);
}

sub ticks {
	my ($axis) = @_;
	return @{$axis->{ticks}} if $axis->{ticks};
	my @ticks;
	for (my $tick = 1; $tick <= $axis->{to} * 1.0001; $tick *= 10) {
		push @ticks, $tick if $tick >= $axis->{from};
	}
	return @ticks;
}

# Of the points in one column of pixels the first and the last will do.
sub thin {
	my @points = @_;
	my @kept;
	for my $i (0 .. $#points) {
		next if $i > 0 && $i < $#points &&
		    int($points[$i - 1][0]) == int($points[$i + 1][0]) &&
		    int($points[$i][0]) == int($points[$i + 1][0]);
		push @kept, $points[$i];
	}
	return @kept;
}

# panels: [{title, x => axis, y => axis, series => [[name, [x, y]...]...]}]
# An axis also has a text.  Series of the same name share a colour; "ours" are
# the names to be drawn thick.
sub svg {
	my (%arg) = @_;
	my @panels = @{$arg{panels}};
	my $width = @panels * ($WIDTH + $LEFT) + $LEGEND + 8;
	my $height = $TOP + $HEIGHT + $BOTTOM;
	my (%colour, @names, %ours);

	$ours{$_} = 1 for @{$arg{ours}};
	for my $series (map { @{$_->{series}} } @panels) {
		next if $colour{$series->[0]};
		$colour{$series->[0]} = $COLOURS[@names % @COLOURS];
		push @names, $series->[0];
	}
	my $svg = "<svg xmlns=\"http://www.w3.org/2000/svg\" " .
	    "viewBox=\"0 0 $width $height\" font-family=\"sans-serif\" " .
	    "font-size=\"12\">\n" .
	    "<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n" .
	    label($LEFT, 18, $arg{title}, 'font-size="15"');
	my $left = $LEFT;
	for my $panel (@panels) {
		my ($x, $y) = @$panel{qw(x y)};
		my $px = sub { $left + share($x, $_[0]) * $WIDTH };
		my $py = sub { $TOP + (1 - share($y, $_[0])) * $HEIGHT };

		$svg .= label($left, $TOP - 8, $panel->{title},
			'font-weight="bold"');
		for my $tick (ticks($x)) {
			$svg .= line($px->($tick), $TOP, $px->($tick),
				$TOP + $HEIGHT, 'stroke="#ddd"');
			$svg .= label($px->($tick), $TOP + $HEIGHT + 16, $tick,
				'text-anchor="middle"');
		}
		for my $tick (ticks($y)) {
			$svg .= line($left, $py->($tick), $left + $WIDTH,
				$py->($tick), 'stroke="#ddd"');
			$svg .= label($left - 6, $py->($tick) + 4,
				$tick . ($y->{unit} // ''),
				'text-anchor="end"');
		}
		$svg .= label($left + $WIDTH / 2, $TOP + $HEIGHT + 38,
			$x->{text}, 'text-anchor="middle"');
		$svg .= sprintf "<rect x=\"%d\" y=\"%d\" width=\"%d\" " .
		    "height=\"%d\" fill=\"none\" stroke=\"#888\"/>\n",
		    $left, $TOP, $WIDTH, $HEIGHT;
		for my $series (@{$panel->{series}}) {
			my ($name, @points) = @$series;
			$svg .= sprintf "<polyline fill=\"none\" " .
			    "stroke=\"%s\" stroke-width=\"%s\" " .
			    "stroke-linejoin=\"round\" points=\"%s\"/>\n",
			    $colour{$name}, $ours{$name} ? 3 : 1.5,
			    join ' ', map { sprintf '%.1f,%.1f', @$_ }
			    thin(map { [$px->($_->[0]), $py->($_->[1])] }
				@points);
		}
		$left += $WIDTH + $LEFT;
	}
	my $at = $TOP + 8;
	for my $name (@names) {
		my $x = $left - $LEFT + 16;
		$svg .= line($x, $at, $x + 24, $at,
			"stroke=\"$colour{$name}\" stroke-width=\"" .
			($ours{$name} ? 3 : 1.5) . '"');
		$svg .= label($x + 30, $at + 4, $name);
		$at += 20;
	}
	return "$svg</svg>\n";
}

1;
