/* SPDX-License-Identifier: ISC */
/*
 * The CA certificates that a verifier's TLS certificate must lead to.  TLS hides the event log and keeps strangers out; the
 * gate does not rest on it.
 */
#ifndef NET_TRUST_H
#define NET_TRUST_H

#include <bearssl.h>

#include "base/bytes.h"

#define TRUST_MAX 8
#define TRUST_BYTES_MAX 8192

struct trust {
	size_t n;
	br_x509_trust_anchor anchor[TRUST_MAX];
	size_t used;
	uint8_t memory[TRUST_BYTES_MAX]; /* names and keys that the anchors point to */
};

/* trust_parse(pem, t): all CERTIFICATE blocks of ${pem}, at least one.  ${t} must stay where it is. */
enum status trust_parse(struct bytes pem, struct trust *t);

#endif
