/* SPDX-License-Identifier: ISC */
/*
 * bootgatectl ek check|add|list|remove.
 */
#ifndef CTL_EK_VERB_H
#define CTL_EK_VERB_H

#include "ctl/arguments.h"

int ek_verb_check(struct call *c);
int ek_verb_add(struct call *c);
int ek_verb_list(struct call *c);
int ek_verb_remove(struct call *c);

#endif
