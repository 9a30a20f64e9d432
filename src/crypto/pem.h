/* SPDX-License-Identifier: ISC */
/*
 * Textual encoding of binary structures (RFC 7468): one block, of a label that the caller knows.
 */
#ifndef CRYPTO_PEM_H
#define CRYPTO_PEM_H

#include "base/bytes.h"

/*
 * pem_decode(in, label, out): the bytes of the one block in ${in}, appended to ${out}.  White space may stand around the block
 * and between the base64 digits, nothing else may.
 * E_TYPE when a block of another label begins there; E_SYNTAX for anything malformed, E_TOO_LARGE above 1024 digits.
 */
enum status pem_decode(struct bytes in, const char *label, struct buffer *out);

/* pem_encode(label, der, out): a block with lines of 64 digits, as openssl writes it. */
enum status pem_encode(const char *label, struct bytes der, struct buffer *out);

#endif
