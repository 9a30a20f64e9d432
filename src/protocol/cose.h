/* SPDX-License-Identifier: ISC */
/*
 * COSE_Sign1 (RFC 9052, 4.2) with ES256 on P-256 and ES384 on P-384 (RFC 9053, 2.1):
 *
 *	18([ h'A10126' or h'A1013822', {}, payload bstr, r || s bstr ])
 *
 * The protected header is { 1: algorithm } and nothing else, the unprotected one is empty, the payload is included,
 * external_aad is empty.  Signing stands in protocol/cose_sign.h: the agent does not link it.
 */
#ifndef PROTOCOL_COSE_H
#define PROTOCOL_COSE_H

#include "crypto/ec.h"

#define COSE_OVERHEAD_MAX 160
#define COSE_TAG_SIGN1 18

/* The bytes of the protected header for keys on a curve; empty for EC_NONE. */
struct bytes cose_protected(enum ec_curve curve);

/*
 * cose_verify(k, in, scratch, payload): checks the signature; ${payload} points into ${in}. ${scratch} has at least
 * in.n + 64 bytes, for what is signed.
 * Refuses another tag or type (E_TYPE), an empty payload (E_RANGE), other protected headers and any unprotected one (E_UNSUPPORTED), the algorithm of
 * another curve (E_MISMATCH), and what cbor.h refuses.  E_SIGNATURE.
 */
enum status cose_verify(const struct ec_public *k, struct bytes in, struct buffer *scratch, struct bytes *payload);

/*
 * cose_signed_digest(curve, protected, external_aad, payload, scratch, out): the digest that is signed, over the
 * Sig_structure (RFC 9052, 4.4), which is built in ${scratch}; what ${scratch} held is lost.
 */
enum status cose_signed_digest(enum ec_curve curve, struct bytes protected, struct bytes external_aad, struct bytes payload,
	struct buffer *scratch, struct digest *out);

#endif
