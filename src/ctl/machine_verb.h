/* SPDX-License-Identifier: ISC */
/*
 * bootgatectl machine list|show|approve|freeze|unfreeze|forget.
 */
#ifndef CTL_MACHINE_VERB_H
#define CTL_MACHINE_VERB_H

#include "ctl/arguments.h"
#include "ctl/state.h"

int machine_verb_list(struct call *c);
int machine_verb_show(struct call *c);
int machine_verb_approve(struct call *c);
int machine_verb_freeze(struct call *c);
int machine_verb_unfreeze(struct call *c);
int machine_verb_forget(struct call *c);

/* machine_verb_find(s, name, m): by label, or by at least 8 first digits of the id. False with the reason on standard error. */
bool machine_verb_find(const struct state *s, const char *name, struct machine *m);

#endif
