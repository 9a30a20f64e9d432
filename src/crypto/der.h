/* SPDX-License-Identifier: ISC */
/*
 * As much of DER (X.690) as key files need: one-byte tags, definite lengths in their shortest form.
 */
#ifndef CRYPTO_DER_H
#define CRYPTO_DER_H

#include "base/bytes.h"

enum der_tag {
	DER_INTEGER = 0x02,
	DER_BIT_STRING = 0x03,
	DER_OCTET_STRING = 0x04,
	DER_OID = 0x06,
	DER_SEQUENCE = 0x30,
	DER_CONTEXT_0 = 0xa0,
	DER_CONTEXT_1 = 0xa1,
};

/* der_read(r, tag): the contents of the element that stands next; the cursor fails (E_SYNTAX) when its tag is another. */
struct bytes der_read(struct reader *r, enum der_tag tag);

/* der_next(r, tag): whether an element with that tag stands next. */
bool der_next(const struct reader *r, enum der_tag tag);

/* der_write(b, tag, v): an element of up to 255 bytes (else E_TOO_LARGE). */
void der_write(struct buffer *b, enum der_tag tag, struct bytes v);

#endif
