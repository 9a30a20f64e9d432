/* SPDX-License-Identifier: ISC */
#include "crypto/der.h"

/* The length (X.690, 8.1.3, 10.1): below 128 in one byte, else 81 or 82 and as many bytes as needed, not more. */
static size_t
read_length(struct reader *r)
{
	size_t n = reader_u8(r);

	if (n < 0x80)
		return n;
	if (n == 0x81) {
		n = reader_u8(r);
		if (n < 0x80)
			reader_fail(r, E_SYNTAX);
		return n;
	}
	if (n != 0x82)
		reader_fail(r, E_SYNTAX);
	n = reader_be16(r);
	if (n < 0x100)
		reader_fail(r, E_SYNTAX);
	return n;
}

struct bytes
der_read(struct reader *r, enum der_tag tag)
{
	if (reader_u8(r) != tag)
		reader_fail(r, E_SYNTAX);
	return reader_take(r, read_length(r));
}

bool
der_next(const struct reader *r, enum der_tag tag)
{
	return reader_left(r) > 0 && r->p[r->at] == tag;
}

void
der_write(struct buffer *b, enum der_tag tag, struct bytes v)
{
	if (v.n > UINT8_MAX)
		buffer_fail(b, E_TOO_LARGE);
	buffer_u8(b, (uint8_t)tag);
	if (v.n >= 0x80)
		buffer_u8(b, 0x81);
	buffer_u8(b, (uint8_t)v.n);
	buffer_bytes(b, v);
}
