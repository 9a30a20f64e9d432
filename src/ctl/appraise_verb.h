/* SPDX-License-Identifier: ISC */
/*
 * bootgatectl appraise: the verifier's own judging, offline.
 */
#ifndef CTL_APPRAISE_VERB_H
#define CTL_APPRAISE_VERB_H

#include "ctl/arguments.h"

/* appraise_verb_run(c): CTL_DONE: approved, CTL_NO: denied or held. */
int appraise_verb_run(struct call *c);

#endif
