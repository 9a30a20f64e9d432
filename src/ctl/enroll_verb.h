/* SPDX-License-Identifier: ISC */
/*
 * bootgatectl enroll token|list|cancel: tokens that let machines enrol.
 */
#ifndef CTL_ENROLL_VERB_H
#define CTL_ENROLL_VERB_H

#include "ctl/arguments.h"

/* enroll_verb_token(c): the token, a secret, alone on standard output; what it is good for on standard error. */
int enroll_verb_token(struct call *c);
int enroll_verb_list(struct call *c);
int enroll_verb_cancel(struct call *c);

#endif
