/* SPDX-License-Identifier: ISC */
#ifndef AGENT_ENROLL_H
#define AGENT_ENROLL_H

#include "agent/settings.h"

struct enroll_options {
	const char *token;          /* text of an enrolment token, or NULL */
	const char *label;          /* NULL: the host name */
	const char *certificate;    /* file with the EK certificate (DER), for TPMs that hold none; or NULL */
	int key_kind;               /* enum tpm_ek_kind of the AK; TPM_EK_KINDS: the default order */
	struct bytes owner, endorsement;
};

/*
 * enroll_run(s, o): enrol this host at the first verifier of ${s}: EK certificate, activation of the AK, the secret in an NV index, and
 * the note in /var/lib/bootgate/machine.  When it fails in the middle, what was begun is undone, and said; but not when only the
 * verifier's last answer is lost: then it may have enrolled the machine, and what it knows must stay.
 */
enum status enroll_run(const struct settings *s, const struct enroll_options *o);

#endif
