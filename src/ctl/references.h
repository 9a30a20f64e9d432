/* SPDX-License-Identifier: ISC */
/*
 * All reference values of a store in memory, as an appraisal wants them.
 */
#ifndef CTL_REFERENCES_H
#define CTL_REFERENCES_H

#include "ctl/state.h"

struct references_loaded {
	struct references references; /* points into ${value} */
	struct reference *value;
	size_t room;
};

/* references_load(s, r): references_free() after use, also of one that is all zeros. False with the reason on standard error. */
bool references_load(const struct state *s, struct references_loaded *r);
void references_free(struct references_loaded *r);

#endif
