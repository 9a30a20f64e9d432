/* SPDX-License-Identifier: ISC */
#include "base/bytes.h"

#include <string.h>

struct bytes
bytes_of(const void *p, size_t n)
{
	return (struct bytes){ p, n };
}

bool
bytes_equal(struct bytes a, struct bytes b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

bool
bytes_zero(struct bytes a)
{
	for (size_t i = 0; i < a.n; i++)
		if (a.p[i] != 0)
			return false;
	return true;
}

struct reader
reader_of(struct bytes in)
{
	return (struct reader){ in.p, in.n, 0, OK };
}

struct bytes
reader_take(struct reader *r, size_t n)
{
	if (r->failed == OK && n > r->n - r->at)
		r->failed = E_TRUNCATED;
	if (r->failed != OK || n == 0)
		return (struct bytes){ NULL, 0 };
	r->at += n;
	return (struct bytes){ r->p + r->at - n, n };
}

void
reader_copy(struct reader *r, void *to, size_t n)
{
	struct bytes v = reader_take(r, n);

	if (v.n > 0)
		memcpy(to, v.p, v.n);
	else if (n > 0)
		memset(to, 0, n);
}

static uint64_t
read_be(struct reader *r, size_t n)
{
	struct bytes v = reader_take(r, n);
	uint64_t x = 0;

	for (size_t i = 0; i < v.n; i++)
		x = x << 8 | v.p[i];
	return x;
}

static uint64_t
read_le(struct reader *r, size_t n)
{
	struct bytes v = reader_take(r, n);
	uint64_t x = 0;

	for (size_t i = v.n; i > 0; i--)
		x = x << 8 | v.p[i - 1];
	return x;
}

uint8_t
reader_u8(struct reader *r)
{
	return (uint8_t)read_be(r, 1);
}

uint16_t
reader_be16(struct reader *r)
{
	return (uint16_t)read_be(r, 2);
}

uint32_t
reader_be32(struct reader *r)
{
	return (uint32_t)read_be(r, 4);
}

uint64_t
reader_be64(struct reader *r)
{
	return read_be(r, 8);
}

uint16_t
reader_le16(struct reader *r)
{
	return (uint16_t)read_le(r, 2);
}

uint32_t
reader_le32(struct reader *r)
{
	return (uint32_t)read_le(r, 4);
}

uint64_t
reader_le64(struct reader *r)
{
	return read_le(r, 8);
}

size_t
reader_left(const struct reader *r)
{
	return r->failed == OK ? r->n - r->at : 0;
}

void
reader_fail(struct reader *r, enum status s)
{
	if (r->failed == OK)
		r->failed = s;
}

enum status
reader_end(const struct reader *r)
{
	if (r->failed != OK)
		return r->failed;
	return r->at == r->n ? OK : E_TRAILING;
}

struct buffer
buffer_of(void *p, size_t size)
{
	return (struct buffer){ p, size, 0, OK };
}

void
buffer_bytes(struct buffer *b, struct bytes v)
{
	if (b->failed == OK && v.n > b->size - b->n)
		b->failed = E_NO_SPACE;
	if (b->failed != OK || v.n == 0)
		return;
	memcpy(b->p + b->n, v.p, v.n);
	b->n += v.n;
}

static void
write_be(struct buffer *b, uint64_t v, size_t n)
{
	uint8_t x[8];

	for (size_t i = 0; i < n; i++)
		x[i] = (uint8_t)(v >> (8 * (n - 1 - i)));
	buffer_bytes(b, bytes_of(x, n));
}

void
buffer_u8(struct buffer *b, uint8_t v)
{
	write_be(b, v, 1);
}

void
buffer_be16(struct buffer *b, uint16_t v)
{
	write_be(b, v, 2);
}

void
buffer_be32(struct buffer *b, uint32_t v)
{
	write_be(b, v, 4);
}

void
buffer_be64(struct buffer *b, uint64_t v)
{
	write_be(b, v, 8);
}

void
buffer_sized16(struct buffer *b, struct bytes v)
{
	if (v.n > UINT16_MAX) {
		buffer_fail(b, E_TOO_LARGE);
		return;
	}
	buffer_be16(b, (uint16_t)v.n);
	buffer_bytes(b, v);
}

void
buffer_fail(struct buffer *b, enum status s)
{
	if (b->failed == OK)
		b->failed = s;
}

struct bytes
buffer_view(const struct buffer *b)
{
	return (struct bytes){ b->p, b->n };
}
