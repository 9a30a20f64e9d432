/* SPDX-License-Identifier: ISC */
/*
 * Views of bytes, a cursor that reads them and a cursor that writes them.
 *
 * Both cursors remember their first failure, so that a parser reads straight down and looks once at the end.  They hold
 * the only length comparisons of a parser.
 */
#ifndef BASE_BYTES_H
#define BASE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

/* A view: somebody else's ${n} bytes at ${p}.  ${p} may be NULL where ${n} is 0. */
struct bytes {
	const uint8_t *p;
	size_t n;
};

/* BYTES(array): a view of a whole array (not of a pointer). */
#define BYTES(array) ((struct bytes){ (array), sizeof(array) })

/* BYTES_STRING("text"): a view of a string literal without its NUL. */
#define BYTES_STRING(text) ((struct bytes){ (const uint8_t *)(text), sizeof(text) - 1 })

/* bytes_of(p, n): a view of ${n} bytes at ${p}. */
struct bytes bytes_of(const void *p, size_t n);

/* bytes_equal(a, b): whether both hold the same bytes.  Not constant-time: memory_equal() is, for secrets and MACs. */
bool bytes_equal(struct bytes a, struct bytes b);

/* bytes_zero(a): whether ${a} is empty or holds zero bytes only. */
bool bytes_zero(struct bytes a);

/*
 * The reading cursor.  After a failure every further read gives zeros and empty views, and the status stays the first one.
 */
struct reader {
	const uint8_t *p;
	size_t n;
	size_t at;
	enum status failed;
};

struct reader reader_of(struct bytes in);
uint8_t reader_u8(struct reader *r);
uint16_t reader_be16(struct reader *r);
uint32_t reader_be32(struct reader *r);
uint64_t reader_be64(struct reader *r);
uint16_t reader_le16(struct reader *r);
uint32_t reader_le32(struct reader *r);
uint64_t reader_le64(struct reader *r);

/* reader_take(r, n): a view of the next ${n} bytes, which the cursor passes. */
struct bytes reader_take(struct reader *r, size_t n);

/* reader_copy(r, to, n): the next ${n} bytes into ${to}; zeros after a failure. */
void reader_copy(struct reader *r, void *to, size_t n);

/* reader_left(r): how many bytes are not yet read; 0 after a failure. */
size_t reader_left(const struct reader *r);

/* reader_fail(r, s): remember ${s}, unless something failed before. */
void reader_fail(struct reader *r, enum status s);

/* reader_end(r): OK if nothing failed and nothing is left over; else the first failure, or E_TRAILING. */
enum status reader_end(const struct reader *r);

/*
 * The writing cursor over the caller's memory.  A write that does not fit writes nothing and fails the cursor (E_NO_SPACE).
 */
struct buffer {
	uint8_t *p;
	size_t size;
	size_t n;
	enum status failed;
};

/* BUFFER(array): an empty cursor over a whole array. */
#define BUFFER(array) ((struct buffer){ (array), sizeof(array), 0, OK })

struct buffer buffer_of(void *p, size_t size);
void buffer_u8(struct buffer *b, uint8_t v);
void buffer_be16(struct buffer *b, uint16_t v);
void buffer_be32(struct buffer *b, uint32_t v);
void buffer_be64(struct buffer *b, uint64_t v);
void buffer_bytes(struct buffer *b, struct bytes v);

/* buffer_sized16(b, v): a TPM2B: the size as big-endian 16 bits, then the bytes.  Fails (E_TOO_LARGE) above 65535. */
void buffer_sized16(struct buffer *b, struct bytes v);

void buffer_fail(struct buffer *b, enum status s);

/* buffer_view(b): what was written. */
struct bytes buffer_view(const struct buffer *b);

#endif
