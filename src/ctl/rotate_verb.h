/* SPDX-License-Identifier: ISC */
/*
 * bootgatectl machine rotate: tells machines to go to a new epoch; the approvals of their next boots order it.
 */
#ifndef CTL_ROTATE_VERB_H
#define CTL_ROTATE_VERB_H

#include "ctl/arguments.h"
#include "ctl/state.h"

int rotate_verb_run(struct call *c);

/* rotate_verb_list_behind(s, epoch): prints each machine that is not on ${epoch} yet, and what that means. False with the reason on standard error. */
bool rotate_verb_list_behind(const struct state *s, uint32_t epoch);

#endif
