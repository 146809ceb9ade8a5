/* SPDX-License-Identifier: MIT */
/* Faults of the memory: one word of metadata is changed. */
#include "campaign.h"

static const char *const models[] = {"bit", "byte", "word", "fill", "delta"};

static size_t random_word(void)
{
	uint64_t high = tap_rand(&trial.rand);

	return (size_t)(high << 32 | tap_rand(&trial.rand));
}

/* A word that was w, after a fault of this model. */
static size_t changed(size_t w, unsigned model)
{
	unsigned bits = sizeof(w) * 8;

	switch (model) {
	case 0:
		return w ^ (size_t)1 << below(bits);
	case 1: {
		unsigned shift = below(bits / 8) * 8;

		return (w & ~((size_t)0xff << shift)) | (size_t)below(256)
								<< shift;
	}
	case 2:
		return random_word();
	case 3:
		return below(2) != 0 ? 0 : SIZE_MAX;
	default: {
		size_t delta = (size_t)8 * (1 + below(32));

		return below(2) != 0 ? w + delta : w - delta;
	}
	}
}

enum outcome damage_trial(void)
{
	static struct word words[WORDS_MAX];
	enum outcome outcome = work_ops("before", OPS_BEFORE);
	const struct word *word;
	unsigned model;
	size_t was, is;

	if (outcome != GOING_ON)
		return outcome;
	word = &words[below(words_find(trial.heap, words))];
	model = below(sizeof(models) / sizeof(models[0]));
	was = *word->at;
	/* Zeros over zeros are no fault. */
	do
		is = changed(was, model);
	while (is == was);
	tap_diag("hit %s %s %u model %s at %p was 0x%zx is 0x%zx", word->class,
		 word->name, word->index, models[model], (void *)word->at, was,
		 is);
	*word->at = is;
	return work_to_the_end();
}
