# SPDX-License-Identifier: MIT
# The mutants of a C file: every way to make one small mistake in it.
#
# The rules work on tokens.  They lean on the format of this project, which
# clang-format makes sure of: blanks around binary operators, none behind a
# pointer's star.
package Mutants;

use strict;
use warnings;
use Exporter 'import';

our @EXPORT_OK = qw(mutants mutate);

my %operators = (
	'<'  => ['<='], '<=' => ['<'],  '>'  => ['>='], '>=' => ['>'],
	'==' => ['!='], '!=' => ['=='], '&&' => ['||'], '||' => ['&&'],
	'+'  => ['-'],  '-'  => ['+'],  '*'  => ['/'],  '/'  => ['*'],
	'%'  => ['*'],  '<<' => ['>>'], '>>' => ['<<'], '&'  => ['|'],
	'|'  => ['&'],  '^'  => ['|'],  '+=' => ['-='], '-=' => ['+='],
	'|=' => ['&='], '&=' => ['|='], '^=' => ['|='], '++' => ['--'],
	'--' => ['++'], '<<=' => ['>>='], '>>=' => ['<<='],
);
my %unary = ('!' => '', '~' => '', '-' => '');
my %words = ('true' => 'false', 'false' => 'true');

# Knobs are the user's choice: another value is no mistake.
my $knobs = qr{heap_config\.h$};

my $token = qr{
	(?<blank>   \s+ | /\*.*?\*/ | //[^\n]* )
  | (?<word>    [A-Za-z_]\w* )
  | (?<number>  0[xX][0-9a-fA-F]+[uUlL]* | \d+[uUlL]* )
  | (?<text>    "(?:\\.|[^"\\])*" | '(?:\\.|[^'\\])*' )
  | (?<mark>    <<= | >>= | \.\.\. | -> | \+\+ | -- | << | >> | <= | >= | ==
	      | != | && | \|\| | [-+*/%&|^]= | . )
}xs;

# Kind, text and place of each token but the blanks.
sub tokens {
	my ($source) = @_;
	my @tokens;

	# Lines for the preprocessor: blank them, but for what #define defines.
	$source =~ s{^(\#[ \t]*(\w+)(?:\\\n|[^\n])*)}{
		my ($line, $what) = ($1, $2);
		if ($what eq 'define') {
			$line =~ s{^(\#[ \t]*define\s+\w+(\([^)]*\))?)}{' ' x length $1}e;
			$line =~ s{\\\n}{ \n}g;
		} else {
			$line =~ s{[^\n]}{ }g;
		}
		$line;
	}gem;
	while ($source =~ /\G$token/gc) {
		my ($kind) = grep { defined $+{$_} } qw(blank word number text mark);
		next if $kind eq 'blank';
		push @tokens, {
			kind => $kind, text => $&, at => $-[0],
			before => substr($source, $-[0] ? $-[0] - 1 : 0, 1),
			after => substr($source, $+[0], 1) };
	}
	return @tokens;
}

# The index of the parenthesis that closes the one at $i.
sub closing {
	my ($tokens, $i) = @_;
	my $depth = 0;

	for (; $i < @$tokens; $i++) {
		$depth++ if $tokens->[$i]{text} eq '(';
		$depth-- if $tokens->[$i]{text} eq ')';
		return $i if $depth == 0;
	}
	return $#$tokens;
}

sub end_of { $_[0]{at} + length $_[0]{text} }

sub plus_one {
	my ($number) = @_;
	my ($digits, $suffix) = $number =~ /^(0[xX][0-9a-fA-F]+|\d+)(\w*)$/;
	return () if length $digits > 10;
	my $value = $digits =~ /^0[xX]/ ? hex $digits : $digits;

	return (($value + 1) . $suffix, $value ? ($value - 1) . $suffix : ());
}

# Is the statement of these tokens one that can be left out?
sub is_action {
	my @text = map { $_->{text} } @_;
	my ($first, $second) = (@_[0, 1]);

	return 1 if @_ == 1 && $text[0] =~ /^(break|continue)$/;
	return 0 if @_ < 2 || $text[0] =~ /^(return|goto|case|default|struct|enum
		|const|static|extern|unsigned|int|char|void|bool|union)$/x;
	# A declaration begins with two words, or a word and a star.
	return 0 if $first->{kind} eq 'word' && $second->{kind} eq 'word';
	return 0 if $first->{kind} eq 'word' && $second->{text} eq '*' &&
		$second->{after} ne ' ';
	return 0 if "@text[0, 1]" eq '( void' && $text[2] eq ')';
	return grep { /^([-+|&^]?=|<<=|>>=|\+\+|--|\()$/ } @text;
}

sub mutants {
	my ($file, $source) = @_;

	return () if $file =~ $knobs;
	my @t = tokens($source);
	my @found;
	my $add = sub {
		my ($from, $to, $new, $name) = @_;
		push @found, { file => $file, from => $from, to => $to,
			new => $new, name => $name };
	};
	my @braces;    # of each open one: is there code inside?
	my $start = 0; # of a statement
	my $depth = 0; # of parentheses

	for (my $i = 0; $i < @t; $i++) {
		my ($this, $before) = ($t[$i], $i ? $t[$i - 1] : { text => '' });
		my $text = $this->{text};

		if ($text =~ /^(_Static_assert|__attribute__|__builtin_return_address
				|_Alignas|sizeof)$/x && $t[$i + 1]{text} eq '(') {
			$i = closing(\@t, $i + 1);
			next;
		}
		if ($text =~ /^(if|while|for|switch)$/ && $t[$i + 1]{text} eq '(') {
			my $close = closing(\@t, $i + 1);
			my ($from, $to) = (end_of($t[$i + 1]), $t[$close]{at});

			$add->($from, $to, '1', 'if 1') if $text eq 'if';
			$add->($from, $to, '0', "$text 0") if $text =~ /^(if|while)$/;
			$this->{control} = $close;
			$t[$close]{ends_control} = 1;
		}
		$depth++ if $text eq '(';
		$depth-- if $text eq ')';
		if ($text eq '{') {
			push @braces, $before->{text} =~ /^([){};:]|else|do)$/ ? 1 : 0;
		} elsif ($text eq '}') {
			pop @braces;
		}
		if ($text eq ';' && $depth == 0 && @braces && $braces[-1] &&
		    $start < $i && is_action(@t[$start .. $i - 1])) {
			my $name = join ' ', map { $_->{text} } @t[$start .. $i - 1];
			$add->($t[$start]{at}, $this->{at}, '', 'left out');
		}
		$start = $i + 1 if $depth == 0 && ($text =~ /^(;|\{|\}|else|do|:)$/ ||
			$this->{ends_control});

		if ($this->{kind} eq 'word' && exists $words{$text}) {
			$add->($this->{at}, end_of($this), $words{$text},
				"$text => $words{$text}");
		} elsif ($this->{kind} eq 'number' && $before->{text} ne '{') {
			$add->($this->{at}, end_of($this), $_, "$text => $_")
				for plus_one($text);
		} elsif ($this->{kind} eq 'mark') {
			my $binary = ($this->{before} =~ /\s/ && $this->{after} =~ /\s/) ||
				$text =~ /^(\+\+|--)$/;

			if ($binary && exists $operators{$text}) {
				$add->($this->{at}, end_of($this), $_, "$text => $_")
					for @{ $operators{$text} };
			} elsif (!$binary && exists $unary{$text}) {
				$add->($this->{at}, end_of($this), $unary{$text},
					"no $text");
			}
		}
	}
	return named($source, @found);
}

# A name that lasts: the line's own text, and which of its kind in that line of
# that text it is.
sub named {
	my ($source, @found) = @_;
	my %seen;

	for my $mutant (sort { $a->{from} <=> $b->{from} } @found) {
		my $head = substr $source, 0, $mutant->{from};
		my $line = 1 + ($head =~ tr/\n//);
		my $text = (split /\n/, $source)[$line - 1];

		$text =~ s/^\s+|\s+$//g;
		$text =~ s/\s+/ /g;
		my $name = "$mutant->{file}\t$mutant->{name}\t$text";
		my $nth = ++$seen{$name};
		$mutant->{line} = $line;
		$mutant->{name} .= " #$nth" if $nth > 1;
		$mutant->{id} = "$mutant->{file}\t$mutant->{name}\t$text";
	}
	return @found;
}

sub mutate {
	my ($source, $mutant) = @_;

	substr($source, $mutant->{from}, $mutant->{to} - $mutant->{from},
		$mutant->{new});
	return $source;
}

1;
