/* SPDX-License-Identifier: ISC */
/*
 * bootgatectl audit list|show|verify: what was decided, why, and that nobody changed it since.
 */
#ifndef CTL_AUDIT_VERB_H
#define CTL_AUDIT_VERB_H

#include "ctl/arguments.h"

int audit_verb_list(struct call *c);
int audit_verb_show(struct call *c);
int audit_verb_verify(struct call *c);

#endif
