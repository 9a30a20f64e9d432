/* SPDX-License-Identifier: ISC */
/*
 * Reading CBOR that is in core deterministic encoding (RFC 8949, 4.2.1), and nothing else.
 *
 *	struct cbor_reader r = cbor_read_from(in);
 *
 *	cbor_read_map(&r);
 *	cbor_read_field(&r, 1), name = cbor_read_text(&r, 1, 64);
 *	if (cbor_read_key(&r, 2))
 *		cbor_read_copy(&r, digest, 32);
 *	cbor_read_close(&r);
 *	s = cbor_read_end(&r);
 *
 * cbor_read_from() walks the whole input once, whatever it is meant to be.  It refuses heads that are not the shortest,
 * indefinite lengths, map keys out of order (E_NOT_DETERMINISTIC) or given twice (E_DUPLICATE), text that is not UTF-8 and
 * what is no CBOR (E_SYNTAX), floating point, null, undefined and other simple values (E_UNSUPPORTED), nesting deeper than
 * CBOR_READ_DEPTH (E_TOO_LARGE), a missing rest (E_TRUNCATED) and bytes left over (E_TRAILING).
 *
 * Then the reader holds the input to what is expected.  The first failure is remembered; every further read gives zeros and
 * empty views, counts among them, so that loops over counts end.  Another type than the one read: E_TYPE.  Below a
 * minimum: E_RANGE; strings and containers above their maximum: E_TOO_LARGE, numbers: E_RANGE.
 * Views point into the input, which must outlive them.
 */
#ifndef PROTOCOL_CBOR_H
#define PROTOCOL_CBOR_H

#include "base/bytes.h"

#define CBOR_READ_DEPTH 8

enum cbor_type {
	CBOR_NONE = 0, /* after a failure, and where the container or the input ends */
	CBOR_UINT,
	CBOR_NEGATIVE,
	CBOR_BYTES,
	CBOR_TEXT,
	CBOR_ARRAY,
	CBOR_MAP,
	CBOR_TAG,
	CBOR_BOOL,
};

struct cbor_reader {
	struct bytes in;
	size_t at;
	enum status failed;
	size_t depth;
	struct {
		uint64_t left; /* items still to come; two for each pair of a map */
		size_t item_at, key_at, key_n;
		bool map, begun;
	} level[CBOR_READ_DEPTH + 1];
};

struct cbor_reader cbor_read_from(struct bytes in);

/* cbor_read_next(r): the type of what comes next, which is not passed. */
enum cbor_type cbor_read_next(const struct cbor_reader *r);

uint64_t cbor_read_uint(struct cbor_reader *r, uint64_t min, uint64_t max);

/* cbor_read_int(r): of either sign; E_RANGE for what int64_t does not hold. */
int64_t cbor_read_int(struct cbor_reader *r);

struct bytes cbor_read_bytes(struct cbor_reader *r, size_t min, size_t max);
struct bytes cbor_read_text(struct cbor_reader *r, size_t min, size_t max);
bool cbor_read_bool(struct cbor_reader *r);

/* cbor_read_copy(r, to, n): a byte string of exactly ${n} bytes into ${to}; zeros after a failure. */
void cbor_read_copy(struct cbor_reader *r, void *to, size_t n);

/* cbor_read_tag(r): the tag of what follows it. */
uint64_t cbor_read_tag(struct cbor_reader *r);

/* cbor_read_array(r, min, max), cbor_read_map(r): enter it; the number of its items or pairs. cbor_read_close() leaves it. */
size_t cbor_read_array(struct cbor_reader *r, size_t min, size_t max);
size_t cbor_read_map(struct cbor_reader *r);

/*
 * cbor_read_key(r, key): whether the next pair of the map has this key, which is then passed.
 * cbor_read_field(r, key): the same, where it must (E_MISSING).
 */
bool cbor_read_key(struct cbor_reader *r, int64_t key);
void cbor_read_field(struct cbor_reader *r, int64_t key);

/* cbor_read_close(r): leaves the innermost container; E_UNSUPPORTED when something in it was not read: a key nobody knows. */
void cbor_read_close(struct cbor_reader *r);

/* cbor_read_fail(r, s): remember ${s}, unless something failed before. */
void cbor_read_fail(struct cbor_reader *r, enum status s);

/* cbor_read_end(r): OK when nothing failed and all was read; else the first failure, or E_TRAILING. */
enum status cbor_read_end(const struct cbor_reader *r);

#endif
