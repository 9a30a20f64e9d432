/* SPDX-License-Identifier: ISC */
/*
 * What public and private key files have in common: which algorithm and curve (RFC 5480, 2.1.1).
 */
#ifndef CRYPTO_KEYFILE_ASN1_H
#define CRYPTO_KEYFILE_ASN1_H

#include "crypto/ec.h"

#define KEYFILE_DER_MAX 768

/* keyfile_asn1_curve(oid): EC_NONE for what is not known.  keyfile_asn1_oid(curve): the reverse; empty for what is not known. */
enum ec_curve keyfile_asn1_curve(struct bytes oid);
struct bytes keyfile_asn1_oid(enum ec_curve curve);

/* keyfile_asn1_read_algorithm(r): an AlgorithmIdentifier; the cursor fails (E_UNSUPPORTED) unless it is an EC key on a curve we have. */
enum ec_curve keyfile_asn1_read_algorithm(struct reader *r);
void keyfile_asn1_write_algorithm(struct buffer *b, enum ec_curve curve);

/* keyfile_asn1_read_point(r, curve, k): a BIT STRING with an uncompressed point (E_SYNTAX, E_KEY: the cursor fails). */
void keyfile_asn1_read_point(struct reader *r, enum ec_curve curve, struct ec_public *k);
void keyfile_asn1_write_point(struct buffer *b, const struct ec_public *k);

#endif
