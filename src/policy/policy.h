/* SPDX-License-Identifier: ISC */
/*
 * Policies: what a boot must look like to be approved.  Text in libconfuse's syntax (bootgate-policy(5)); rules over parsed
 * events.  A policy that leaves a PCR of 0-15 without a rule, names an unknown key, or needs an empty or all-zero reference list does not load.
 */
#ifndef POLICY_POLICY_H
#define POLICY_POLICY_H

#include "policy/machine.h"

struct policy; /* opaque, allocated by policy_load() */

/* Why a policy does not load: "FILE:LINE: sentence". */
struct policy_error {
	char text[512];
};

/* policy_load(name, text, p, why): E_CONFIG with the reason. `${…}` (environment) is refused, include() too. Free with policy_free(). */
enum status policy_load(const char *name, struct bytes text, struct policy **p, struct policy_error *why);
void policy_free(struct policy *p);

/* policy_title(p): "name/version" of the section. */
const char *policy_title(const struct policy *p);

/* Reference values: named lists of digests or texts. A value belongs to one list and has a note for people. */
#define REFERENCE_VALUE_MAX 512
struct reference {
	char list[POLICY_NAME_MAX + 1];
	size_t n;
	uint8_t value[REFERENCE_VALUE_MAX]; /* a digest, or the text of a command line */
};

struct references {
	const struct reference *value;
	size_t n;
};

/* policy_references_check(p, r, why): each list that the policy names exists, is not empty, holds no zero value (E_CONFIG). */
enum status policy_references_check(const struct policy *p, const struct references *r, struct policy_error *why);

#endif
