/* SPDX-License-Identifier: ISC */
/*
 * Any accepted item, read and written again: the same bytes, since there is one encoding of each.
 */
#ifndef TESTS_CBOR_COPY_H
#define TESTS_CBOR_COPY_H

#include <string.h>

#include "base/cbor_write.h"
#include "protocol/cbor.h"

static inline void cbor_copy(struct cbor_reader *r, struct cbor_writer *w);

static inline void
cbor_copy_items(struct cbor_reader *r, struct cbor_writer *w, size_t n)
{
	for (size_t i = 0; i < n && r->failed == OK; i++)
		cbor_copy(r, w);
	cbor_read_close(r);
}

static inline void
cbor_copy(struct cbor_reader *r, struct cbor_writer *w)
{
	size_t n;

	switch (cbor_read_next(r)) {
	case CBOR_UINT:
		cbor_write_uint(w, cbor_read_uint(r, 0, UINT64_MAX));
		break;
	case CBOR_NEGATIVE:
		cbor_write_int(w, cbor_read_int(r));
		break;
	case CBOR_BYTES:
		cbor_write_bytes(w, cbor_read_bytes(r, 0, SIZE_MAX));
		break;
	case CBOR_TEXT:
		cbor_write_text(w, cbor_read_text(r, 0, SIZE_MAX));
		break;
	case CBOR_ARRAY:
		n = cbor_read_array(r, 0, SIZE_MAX);
		cbor_write_array(w, n);
		cbor_copy_items(r, w, n);
		break;
	case CBOR_MAP:
		n = cbor_read_map(r);
		cbor_write_map(w, n);
		cbor_copy_items(r, w, 2 * n);
		break;
	case CBOR_TAG:
		cbor_write_tag(w, cbor_read_tag(r));
		cbor_copy(r, w);
		break;
	case CBOR_BOOL:
		cbor_write_bool(w, cbor_read_bool(r));
		break;
	case CBOR_NONE:
		cbor_read_fail(r, E_MISSING);
		break;
	}
}

/* cbor_copy_check(in): what the reader says of ${in}; E_MISMATCH when the copy is another. */
static inline enum status
cbor_copy_check(struct bytes in)
{
	static uint8_t copy[65536];
	struct buffer out = BUFFER(copy);
	struct cbor_reader r = cbor_read_from(in);
	struct cbor_writer w = cbor_write_to(&out);
	enum status s;

	if (r.failed != OK)
		return r.failed;
	cbor_copy(&r, &w);
	s = cbor_read_end(&r);
	if (s != OK)
		return s;
	return cbor_write_end(&w) == OK && bytes_equal(buffer_view(&out), in) ? OK : E_MISMATCH;
}

#endif
