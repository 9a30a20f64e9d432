/* SPDX-License-Identifier: ISC */
/*
 * bootgatectl authority init|delegate: the operator's key, and what it vouches for.
 *
 * An authority's folder:  authority.key, authority.pem   signs delegations and nothing else; the public half goes into every image
 *                         tls-ca.key, tls-ca.pem         signs the verifiers' TLS certificates; the certificate goes into every image
 *                         delegations/, revoked/         whom it trusted (ctl/authority_known.h)
 */
#ifndef CTL_AUTHORITY_VERB_H
#define CTL_AUTHORITY_VERB_H

#include "ctl/arguments.h"

int authority_verb_init(struct call *c);
int authority_verb_delegate(struct call *c);

#endif
