/* SPDX-License-Identifier: ISC */
/*
 * COSE_Sign1 (RFC 9052, 4.2) with ES256 and ES384: tag 18, protected header { 1: alg } and nothing else, empty unprotected
 * header, payload included, external_aad empty.  cose_verify() is strict for our own messages; cose_verify_lenient() takes what the published test vectors need (detached parts no).
 */
#ifndef PROTOCOL_COSE_H
#define PROTOCOL_COSE_H

#include "crypto/ec.h"

#define COSE_OVERHEAD_MAX 160

/* cose_verify(k, in, scratch, payload): checks the signature; ${payload} points into ${in}. ${scratch}: at least in.n + 64 bytes, for the Sig_structure. */
enum status cose_verify(const struct ec_public *k, struct bytes in, struct buffer *scratch, struct bytes *payload);

/* cose_signed_begin/…: cose_sign(k, payload, out) stands in protocol/cose_sign.h: the agent does not link it. */

#endif
