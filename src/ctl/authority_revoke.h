/* SPDX-License-Identifier: ISC */
/*
 * bootgatectl authority revoke: a verifier was lost or stolen.  Each step can be run again.
 */
#ifndef CTL_AUTHORITY_REVOKE_H
#define CTL_AUTHORITY_REVOKE_H

#include "ctl/arguments.h"

/* authority_revoke_run(c): notes it down, makes the delegations of a new epoch for all other verifiers; lists the machines that are behind, where the verifier's configuration is here. */
int authority_revoke_run(struct call *c);

#endif
