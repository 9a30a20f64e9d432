/* SPDX-License-Identifier: ISC */
/*
 * Making a COSE_Sign1 as protocol/cose.h describes it.  Linked into the verifier only.
 */
#ifndef PROTOCOL_COSE_SIGN_H
#define PROTOCOL_COSE_SIGN_H

#include "crypto/ec.h"

/*
 * cose_sign(k, payload, scratch, out): appends a COSE_Sign1 over ${payload} (not empty: E_RANGE).  ${scratch} has at least
 * payload.n + 64 bytes; what it held is lost.
 */
enum status cose_sign(const struct ec_private *k, struct bytes payload, struct buffer *scratch, struct buffer *out);

#endif
