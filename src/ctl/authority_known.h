/* SPDX-License-Identifier: ISC */
/*
 * Whom an authority ever trusted: the copies of its delegations, and those verifiers that it trusts no longer.
 *
 *   delegations/ID-EPOCH   ID: 16 digits of the approval key's fingerprint
 *   revoked/ID             a verifier that was lost; a text for people
 */
#ifndef CTL_AUTHORITY_KNOWN_H
#define CTL_AUTHORITY_KNOWN_H

#include "ctl/authority_files.h"

#define AUTHORITY_REVOKED "revoked"
#define AUTHORITY_VERIFIERS_MAX 256
#define AUTHORITY_ID_SIZE 17

struct authority_verifier {
	char id[AUTHORITY_ID_SIZE];
	struct ec_public approval, statement;
	uint32_t newest; /* epoch that it has a delegation for */
	bool revoked;
};

struct authority_known {
	size_t n;
	struct authority_verifier verifier[AUTHORITY_VERIFIERS_MAX];
};

/* authority_known_load(folder, key, k): what verifies under the authority's ${key}. False with the reason on standard error. */
bool authority_known_load(const char *folder, const struct ec_public *key, struct authority_known *k);

/* authority_known_epoch(k): the newest epoch, which no revoked verifier has a delegation for; 1 at first. 0: there is none left. */
uint32_t authority_known_epoch(const struct authority_known *k);

/* authority_known_find(k, approval): NULL when this authority has no copy of a delegation to it. */
struct authority_verifier *authority_known_find(struct authority_known *k, const struct ec_public *approval);

/* authority_known_keep(folder, d): the copy of a delegation, as delegations/ID-EPOCH; its path in ${path}. False with the reason on standard error. */
bool authority_known_keep(const char *folder, const struct keys_delegation *d, char path[PATH_MAX]);

/* authority_known_revoke(folder, v): writes revoked/ID. False with the reason on standard error. */
bool authority_known_revoke(const char *folder, const struct authority_verifier *v);

#endif
