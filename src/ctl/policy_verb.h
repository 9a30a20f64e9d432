/* SPDX-License-Identifier: ISC */
/*
 * bootgatectl policy check|apply|list|show|remove|checks.
 */
#ifndef CTL_POLICY_VERB_H
#define CTL_POLICY_VERB_H

#include "ctl/arguments.h"
#include "ctl/state.h"

int policy_verb_check(struct call *c);
int policy_verb_apply(struct call *c);
int policy_verb_list(struct call *c);
int policy_verb_show(struct call *c);
int policy_verb_remove(struct call *c);
int policy_verb_checks(struct call *c);

/* policy_verb_exists(s, name): whether the verifier has a policy of that name. */
bool policy_verb_exists(const struct state *s, const char *name);

/* policy_verb_take(s, name, to): the value of --policy, if it was given, when there is such a policy. False with the reason on standard error. */
bool policy_verb_take(const struct state *s, const char *name, char to[POLICY_NAME_MAX + 1]);

/* policy_verb_release(s): every machine that is held may ask again, since what it was judged by has changed. */
enum status policy_verb_release(const struct state *s);

#endif
