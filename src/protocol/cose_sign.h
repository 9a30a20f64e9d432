/* SPDX-License-Identifier: ISC */
#ifndef PROTOCOL_COSE_SIGN_H
#define PROTOCOL_COSE_SIGN_H

#include "crypto/ec.h"

/* cose_sign(k, payload, scratch, out): appends a COSE_Sign1 over ${payload}. Verifier only. ${scratch} as in cose_verify(). */
enum status cose_sign(const struct ec_private *k, struct bytes payload, struct buffer *scratch, struct buffer *out);

#endif
