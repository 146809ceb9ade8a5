# SPDX-License-Identifier: MIT
# The heap without one of its decisions: what variants.pl builds.
#
#   name   of the folder, and for the command line
#   title  in the table
#   of     the archives that it makes a difference to
#   knobs  for the compiler
#   edits  [file, text that is there once, text instead]; blanks stand for any
#
# Edits go through the bench, which looks at the contents of every block, and
# through nothing else: on a damaged heap they do anything.
package Variants;
use strict;
use warnings;

my @both = qw(heap heap-min);

sub knob {
	my ($name, $title, $knobs, @of) = @_;
	return {name => $name, title => $title, knobs => $knobs,
	    of => @of ? \@of : \@both};
}

sub other {
	my ($name, $title, $of, @edits) = @_;
	return {name => $name, title => $title, of => $of, edits => \@edits};
}

my @checked = ('heap');

our @all = (
	knob('as-it-is', 'as it is', ''),

	knob('search-1', '`HEAP_SEARCH` 1', '-DHEAP_SEARCH=1'),
	knob('search-2', '`HEAP_SEARCH` 2', '-DHEAP_SEARCH=2'),
	knob('search-8', '`HEAP_SEARCH` 8', '-DHEAP_SEARCH=8'),
	knob('search-1000', '`HEAP_SEARCH` 1000', '-DHEAP_SEARCH=1000'),
	knob('no-last-resort', '`HEAP_LAST_RESORT` 0', '-DHEAP_LAST_RESORT=0'),

	knob('exact-8-of-16', '8 exact bins, 16 in all',
	    '-DHEAP_EXACT_BINS=8 -DHEAP_BINS=16'),
	knob('exact-8-of-24', '8 exact bins, 24 in all',
	    '-DHEAP_EXACT_BINS=8 -DHEAP_BINS=24'),
	knob('exact-2-of-4', '2 exact bins, 4 in all: the least RAM',
	    '-DHEAP_EXACT_BINS=2 -DHEAP_BINS=4'),
	knob('bins-20', '16 exact bins, 20 in all', '-DHEAP_BINS=20'),
	knob('bins-24', '16 exact bins, 24 in all', '-DHEAP_BINS=24'),
	knob('bins-32', '16 exact bins, 32 in all', '-DHEAP_BINS=32'),

	other('not-second', 'a larger chunk does not go second', \@both,
	    ['heap/bins.h',
		'if (fwd != NULL && !chunk_is_plain_from(fwd, size)) {',
		'if (false) {']),
	other('no-tiny', 'no chunk below 16 bytes', \@both,
	    ['heap/chunk.h', 'return align_up(n + WORD_SIZE, HEAP_ALIGN);',
		'return n < 2 * HEAP_ALIGN - WORD_SIZE ? 2 * HEAP_ALIGN ' .
		': align_up(n + WORD_SIZE, HEAP_ALIGN);'],
	    ['heap/chunk.h', 'return (c->head & CHUNK_LINK) != 0;',
		'(void)c; return false;'],
	    ['heap/bins.h', 'if (size == CHUNK_MIN) ' .
		'return heap_tiny_insert(b, c) || HEAP_CHECK == 0;', ''],
	    ['heap/hot.h', 'if (HEAP_CHECK == 0 ? bin == 1 : ' .
		'!hull_may_hold(u, c))',
		'if (HEAP_CHECK != 0 && !hull_may_hold(u, c))'],
	    ['heap/hot.h', 'HEAP_CHECK != 0) return NULL; ' .
		'if (HEAP_CHECK != 0 && (c->back != back',
		"HEAP_CHECK != 0) return NULL;\n" .
		"if (rest == CHUNK_MIN) size = have, rest = 0;\n" .
		'if (HEAP_CHECK != 0 && (c->back != back'],
	    ['heap/hot.h', 'if ((foot & (HEAP_CHECK == 0 ? CHUNK_TAG : ' .
		'HEAP_ALIGN - 1)) != 0) {', 'if (false) {'],
	    ['heap/core.c', 'return take_tiny(h);',
		'return (void)take_tiny, NULL;'],
	    ['heap/core.c', 'if (rest == 0) return true;',
		'if (rest <= CHUNK_MIN) return true;']),
	knob('grow-0', '`HEAP_GROW` 0', '-DHEAP_GROW=0'),
	knob('grow-4096', '`HEAP_GROW` 4096', '-DHEAP_GROW=4096'),

	other('one-copy', 'one copy for all heaps', \@both,
	    ['heap/libc/front.c', 'if (HEAP_CHECK >= 3 || n >= h->bins.fast)',
		'if (HEAP_CHECK >= 0 || n >= h->bins.fast)'],
	    ['heap/libc/front.c', 'if (HEAP_CHECK >= 3 || (HEAP_CHECK == 0',
		'if (HEAP_CHECK >= 0 || (HEAP_CHECK == 0']),
	other('memmove', 'realloc copies with the libc\'s memmove', \@both,
	    ['heap/resize.c', 'word_copy(chunk_to_mem(to)',
		'memmove(chunk_to_mem(to)']),

	other('no-statistics', 'no statistics (`HEAP_STATS` 0)', \@checked,
	    ['port/targets.mk', 'flags_heap := -DHEAP_CHECK=2 -DHEAP_STATS=1',
		'flags_heap := -DHEAP_CHECK=2 -DHEAP_STATS=0']),
	knob('no-layers', 'no look for observers', '-DHEAP_NO_LAYERS',
	    @checked),
	knob('chunk-bits-28', 'seals of 4 bits (`HEAP_CHUNK_BITS` 28)',
	    '-DHEAP_CHUNK_BITS=28', @checked),
	other('no-seals', 'no seals', \@checked,
	    ['heap/chunk.h', 'if (HEAP_CHECK == 0) return low; return low | ' .
		'(chunk_parity(low ^ (uintptr_t)c) ^ key);',
		'(void)c; (void)key; return low;'],
	    ['heap/chunk.h', 'return chunk_parity(c->head ^ (uintptr_t)c) ' .
		'== key;', '(void)c; (void)key; return true;'],
	    ['heap/chunk.h', ': CHUNK_PREV_USED | ' .
		'CHUNK_PREV_USED << HEAP_CHUNK_BITS)', ': CHUNK_PREV_USED)'],
	    ['heap/chunk.h', '((HEAP_CHECK == 0 ? SIZE_MAX',
		'((HEAP_CHECK < 9 ? SIZE_MAX']),
	other('no-next-seal', 'free does not look at the next seal',
	    \@checked,
	    ['heap/hot.h', 'if (HEAP_CHECK != 0 && ' .
		'!chunk_is_sealed(next, b->key)) return false;', '']),
	other('no-next', 'free does not look at the next chunk at all',
	    \@checked,
	    ['heap/hot.h', 'if (HEAP_CHECK != 0 && ' .
		'!chunk_is_sealed(next, b->key)) return false;', ''],
	    ['heap/hot.h', 'next = chunk_next_used(c); ' .
		'return hull_may_end(u, next) && chunk_is_prev_used(next);',
		'(void)next; return true;']),
	other('no-insert-look', 'an insertion does not look at what it moves',
	    \@checked,
	    ['heap/bins.h', 'if (HEAP_CHECK != 0 && ' .
		'!bins_fwd_agrees(u, fwd, back)) return false; /*', '/*'],
	    ['heap/bins.h', 'if (HEAP_CHECK != 0 && ' .
		'!bins_fwd_agrees(u, fwd, back)) return false; c->fwd',
		'c->fwd']),
	other('no-may-hold', 'links are followed without asking whether they ' .
	    'lead into the heap', \@checked,
	    ['heap/bins.h', 'return hull_index(u, c) < u.units;',
		'(void)u; (void)c; return true;']),
	other('no-link-checks', 'links are not looked at at all', \@checked,
	    ['heap/bins.h', 'return hull_index(u, c) < u.units;',
		'(void)u; (void)c; return true;'],
	    ['heap/bins.h', 'return fwd == NULL || (hull_may_hold(u, fwd) && ' .
		'fwd->back == c);', '(void)u; (void)fwd; (void)c; return true;'],
	    ['heap/bins.h', 'if (HEAP_CHECK != 0 && back->fwd != c) ' .
		'return false;', ''],
	    ['heap/hot.h', '(c->back != back || !bins_foot_agrees',
		'(!bins_foot_agrees']),
	other('no-foot', 'sizes of free chunks are not compared with their feet',
	    \@checked,
	    ['heap/bins.h', 'const struct chunk *next = chunk_above(c, size); ' .
		'return hull_may_end(u, next) && ' .
		'chunk_prev_foot(next) == size;',
		'(void)u; (void)c; (void)size; return true;']),
);

1;
