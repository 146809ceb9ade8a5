/* SPDX-License-Identifier: MIT */
/* What tools/heap-tags.pl writes of tags; apart, as there. */
extern const char *const heap_tag_names[];
extern const unsigned heap_tag_count;

const char *const heap_tag_names[] = {"other", "sensor", "network"};
const unsigned heap_tag_count = 3;
