/* SPDX-License-Identifier: ISC */
/*
 * bootgatectl reference add|list|remove: what machines are allowed to show.
 */
#ifndef CTL_REFERENCE_VERB_H
#define CTL_REFERENCE_VERB_H

#include "ctl/arguments.h"

int reference_verb_add(struct call *c);
int reference_verb_list(struct call *c);
int reference_verb_remove(struct call *c);

#endif
