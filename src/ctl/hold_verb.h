/* SPDX-License-Identifier: ISC */
/*
 * bootgatectl hold list|approve|deny: machines that wait for an operator's decision.
 */
#ifndef CTL_HOLD_VERB_H
#define CTL_HOLD_VERB_H

#include "ctl/arguments.h"

int hold_verb_list(struct call *c);
int hold_verb_approve(struct call *c);
int hold_verb_deny(struct call *c);

#endif
