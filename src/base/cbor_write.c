/* SPDX-License-Identifier: ISC */
#include "base/cbor_write.h"

#include <string.h>

#include "base/text.h"

enum { MAJOR_UINT, MAJOR_NEGATIVE, MAJOR_BYTES, MAJOR_TEXT, MAJOR_ARRAY, MAJOR_MAP, MAJOR_TAG, MAJOR_SIMPLE };
enum { SIMPLE_FALSE = 20, SIMPLE_TRUE = 21, SIMPLE_NULL = 22 };

struct cbor_writer
cbor_write_to(struct buffer *out)
{
	struct cbor_writer w = { .out = out };

	w.level[0].left = 1;
	return w;
}

/* Every level below the innermost one is in the middle of an item; the innermost one may be between two. */
static void
item_begin(struct cbor_writer *w)
{
	if (w->level[w->depth].left == 0)
		buffer_fail(w->out, E_TRAILING);
	if (w->level[w->depth].begun)
		return;
	w->level[w->depth].begun = true;
	w->level[w->depth].item_at = w->out->n;
}

static void
key_check(struct cbor_writer *w, size_t at, size_t n)
{
	size_t before_at = w->level[w->depth].key_at, before_n = w->level[w->depth].key_n;
	int order = memcmp(w->out->p + before_at, w->out->p + at, before_n < n ? before_n : n);

	/* No encoded item is the beginning of another one, so equal beginnings are equal keys; keys have at least one byte. */
	if (before_n > 0 && order >= 0)
		buffer_fail(w->out, order == 0 ? E_DUPLICATE : E_NOT_DETERMINISTIC);
	w->level[w->depth].key_at = at;
	w->level[w->depth].key_n = n;
}

static void
item_end(struct cbor_writer *w)
{
	while (w->out->failed == OK) {
		size_t at = w->level[w->depth].item_at;

		w->level[w->depth].begun = false;
		if (w->level[w->depth].map && w->level[w->depth].left % 2 == 0)
			key_check(w, at, w->out->n - at);
		if (--w->level[w->depth].left > 0 || w->depth == 0)
			return;
		w->depth--;
	}
}

static void
head(struct cbor_writer *w, uint8_t major, uint64_t v)
{
	uint8_t m = (uint8_t)(major << 5);

	item_begin(w);
	if (v < 24) {
		buffer_u8(w->out, (uint8_t)(m | v));
	} else if (v <= UINT8_MAX) {
		buffer_u8(w->out, m | 24);
		buffer_u8(w->out, (uint8_t)v);
	} else if (v <= UINT16_MAX) {
		buffer_u8(w->out, m | 25);
		buffer_be16(w->out, (uint16_t)v);
	} else if (v <= UINT32_MAX) {
		buffer_u8(w->out, m | 26);
		buffer_be32(w->out, (uint32_t)v);
	} else {
		buffer_u8(w->out, m | 27);
		buffer_be64(w->out, v);
	}
}

void
cbor_write_uint(struct cbor_writer *w, uint64_t v)
{
	head(w, MAJOR_UINT, v);
	item_end(w);
}

void
cbor_write_int(struct cbor_writer *w, int64_t v)
{
	head(w, v < 0 ? MAJOR_NEGATIVE : MAJOR_UINT, v < 0 ? ~(uint64_t)v : (uint64_t)v);
	item_end(w);
}

static void
string(struct cbor_writer *w, uint8_t major, struct bytes v)
{
	head(w, major, v.n);
	buffer_bytes(w->out, v);
	item_end(w);
}

void
cbor_write_bytes(struct cbor_writer *w, struct bytes v)
{
	string(w, MAJOR_BYTES, v);
}

void
cbor_write_text(struct cbor_writer *w, struct bytes v)
{
	if (!text_is_utf8(v))
		buffer_fail(w->out, E_SYNTAX);
	string(w, MAJOR_TEXT, v);
}

void
cbor_write_bool(struct cbor_writer *w, bool v)
{
	head(w, MAJOR_SIMPLE, v ? SIMPLE_TRUE : SIMPLE_FALSE);
	item_end(w);
}

void
cbor_write_null(struct cbor_writer *w)
{
	head(w, MAJOR_SIMPLE, SIMPLE_NULL);
	item_end(w);
}

static void
container(struct cbor_writer *w, uint8_t major, uint64_t n)
{
	bool map = major == MAJOR_MAP;

	head(w, major, n);
	if (n == 0) {
		item_end(w);
		return;
	}
	if (w->depth == CBOR_WRITE_DEPTH || (map && n > UINT64_MAX / 2)) {
		buffer_fail(w->out, E_TOO_LARGE);
		return;
	}
	w->depth++;
	memset(&w->level[w->depth], 0, sizeof w->level[w->depth]);
	w->level[w->depth].map = map;
	w->level[w->depth].left = map ? 2 * n : n;
}

void
cbor_write_array(struct cbor_writer *w, uint64_t n)
{
	container(w, MAJOR_ARRAY, n);
}

void
cbor_write_map(struct cbor_writer *w, uint64_t n)
{
	container(w, MAJOR_MAP, n);
}

void
cbor_write_tag(struct cbor_writer *w, uint64_t v)
{
	head(w, MAJOR_TAG, v);
}

void
cbor_write_encoded(struct cbor_writer *w, struct bytes item)
{
	item_begin(w);
	if (item.n == 0)
		buffer_fail(w->out, E_MISSING);
	buffer_bytes(w->out, item);
	item_end(w);
}

enum status
cbor_write_end(const struct cbor_writer *w)
{
	if (w->out->failed != OK)
		return w->out->failed;
	return w->depth == 0 && w->level[0].left == 0 ? OK : E_MISSING;
}
