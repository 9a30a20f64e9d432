/* SPDX-License-Identifier: ISC */
/*
 * Writing CBOR in core deterministic encoding (RFC 8949, 4.2.1): shortest heads, definite lengths, map keys in bytewise
 * order of their encoding.
 *
 *	struct cbor_writer w = cbor_write_to(&buffer);
 *
 *	cbor_write_map(&w, 2);
 *	cbor_write_uint(&w, 1), cbor_write_text(&w, BYTES_STRING("name"));
 *	cbor_write_uint(&w, 2), cbor_write_bytes(&w, digest);
 *	s = cbor_write_end(&w);
 *
 * The writer holds the caller to what it announced.  The first failure is remembered in the buffer, and
 * cbor_write_end() tells it: a key not above the one before (E_NOT_DETERMINISTIC; E_DUPLICATE when equal), text that is
 * not UTF-8 (E_SYNTAX), more than one item at the top (E_TRAILING), one missing anywhere (E_MISSING), nesting deeper
 * than CBOR_WRITE_DEPTH (E_TOO_LARGE), no space (E_NO_SPACE).
 */
#ifndef BASE_CBOR_WRITE_H
#define BASE_CBOR_WRITE_H

#include "base/bytes.h"

#define CBOR_WRITE_DEPTH 12

struct cbor_writer {
	struct buffer *out;
	size_t depth;
	struct {
		uint64_t left; /* items still to come; two for each pair of a map */
		size_t item_at, key_at, key_n;
		bool map, begun;
	} level[CBOR_WRITE_DEPTH + 1];
};

/* cbor_write_to(out): a writer of one item that appends to ${out}, which must outlive it. */
struct cbor_writer cbor_write_to(struct buffer *out);

void cbor_write_uint(struct cbor_writer *w, uint64_t v);
void cbor_write_int(struct cbor_writer *w, int64_t v);
void cbor_write_bytes(struct cbor_writer *w, struct bytes v);
void cbor_write_text(struct cbor_writer *w, struct bytes v);
void cbor_write_bool(struct cbor_writer *w, bool v);
void cbor_write_null(struct cbor_writer *w);

/* cbor_write_array(w, n): the next ${n} items are its elements. cbor_write_map(w, n): the next ${n} pairs are its content. */
void cbor_write_array(struct cbor_writer *w, uint64_t n);
void cbor_write_map(struct cbor_writer *w, uint64_t n);

/* cbor_write_tag(w, v): tags the next item. */
void cbor_write_tag(struct cbor_writer *w, uint64_t v);

/* cbor_write_encoded(w, item): one item that is encoded already, deterministically: the caller's word is taken for it. */
void cbor_write_encoded(struct cbor_writer *w, struct bytes item);

/* cbor_write_end(w): OK when exactly the one item was written. */
enum status cbor_write_end(const struct cbor_writer *w);

#endif
