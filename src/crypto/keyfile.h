/* SPDX-License-Identifier: ISC */
/*
 * EC keys in files: PEM, "PUBLIC KEY" (SubjectPublicKeyInfo, RFC 5480) and "EC PRIVATE KEY" (RFC 5915, named curve),
 * as openssl reads and writes them.
 */
#ifndef CRYPTO_KEYFILE_H
#define CRYPTO_KEYFILE_H

#include "crypto/ec.h"

#define KEYFILE_SIZE_MAX 1024

/*
 * keyfile_decode_public(in, k): one PEM block, white space around it allowed.  E_TOO_LARGE above KEYFILE_SIZE_MAX, E_TYPE (another
 * PEM label), E_SYNTAX, E_UNSUPPORTED (other curve or algorithm), E_KEY (not a point of the curve; compressed points are not read).
 */
enum status keyfile_decode_public(struct bytes in, struct ec_public *k);
enum status keyfile_encode_public(const struct ec_public *k, struct buffer *out);

/*
 * Private halves: linked into verifier and tool only (keyfile_private.c).  decode accepts "EC PRIVATE KEY" and PKCS#8 "PRIVATE KEY"
 * (RFC 5208), unencrypted; failures as above, E_KEY also when the file's public half is not that of its private one.
 */
enum status keyfile_decode_private(struct bytes in, struct ec_private *k);
enum status keyfile_encode_private(const struct ec_private *k, struct buffer *out);

#endif
