/* SPDX-License-Identifier: ISC */
#include "protocol/cbor.h"

#include <cbor.h>
#include <string.h>

#include "base/text.h"

/* One head with what it announces: a number's value, a string's bytes, a container's count, a tag. */
struct item {
	enum cbor_type type;
	uint64_t value;
	struct bytes string;
	size_t size; /* of the head, and of a string with its bytes */
};

static const struct item NO_ITEM = { CBOR_NONE, 0, { NULL, 0 }, 0 };

/* RFC 8949, 3: the low five bits of the first byte are the value, or say how many bytes it takes. */
static uint8_t
shortest(uint64_t v, size_t *size)
{
	static const struct {
		uint64_t max;
		uint8_t info, size;
	} form[] = { { UINT8_MAX, 24, 2 }, { UINT16_MAX, 25, 3 }, { UINT32_MAX, 26, 5 }, { UINT64_MAX, 27, 9 } };
	size_t i = 0;

	*size = 1;
	if (v < 24)
		return (uint8_t)v;
	while (v > form[i].max)
		i++;
	*size = form[i].size;
	return form[i].info;
}

static enum status
status_of(CborError e)
{
	static const struct {
		CborError error;
		enum status status;
	} known[] = {
		{ CborNoError, OK },
		{ CborErrorUnexpectedEOF, E_TRUNCATED },
		{ CborErrorUnknownLength, E_NOT_DETERMINISTIC },
		{ CborErrorDataTooLarge, E_TOO_LARGE },
	};

	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
		if (known[i].error == e)
			return known[i].status;
	return E_SYNTAX;
}

static CborError
string_of(const CborValue *v, struct item *item)
{
	size_t n = 0;
	CborError e = cbor_value_get_string_length(v, &n);

	item->type = cbor_value_is_text_string(v) ? CBOR_TEXT : CBOR_BYTES;
	item->value = n;
	return e;
}

static CborError
container_of(const CborValue *v, struct item *item)
{
	size_t n = 0;
	CborError e;

	item->type = cbor_value_is_map(v) ? CBOR_MAP : CBOR_ARRAY;
	e = item->type == CBOR_MAP ? cbor_value_get_map_length(v, &n) : cbor_value_get_array_length(v, &n);
	item->value = n;
	return e;
}

static enum status
item_of(const CborValue *v, struct item *item)
{
	CborError e;
	bool b = false;

	if (cbor_value_is_integer(v)) {
		item->type = cbor_value_is_unsigned_integer(v) ? CBOR_UINT : CBOR_NEGATIVE;
		return status_of(cbor_value_get_raw_integer(v, &item->value));
	}
	if (cbor_value_is_byte_string(v) || cbor_value_is_text_string(v))
		return status_of(string_of(v, item));
	if (cbor_value_is_container(v))
		return status_of(container_of(v, item));
	if (cbor_value_is_tag(v)) {
		item->type = CBOR_TAG;
		return status_of(cbor_value_get_tag(v, &item->value));
	}
	if (!cbor_value_is_boolean(v))
		return E_UNSUPPORTED;
	item->type = CBOR_BOOL;
	e = cbor_value_get_boolean(v, &b);
	item->value = b;
	return status_of(e);
}

/* The bytes of a string; and every item of a container takes one at least, so that no count can run away. */
static enum status
content_of(struct bytes rest, struct item *item)
{
	bool string = item->type == CBOR_BYTES || item->type == CBOR_TEXT;
	uint64_t least = string || item->type == CBOR_ARRAY ? item->value : 0;

	if (item->type == CBOR_MAP)
		least = 2 * item->value;
	if (least > rest.n || (item->type == CBOR_MAP && item->value > rest.n))
		return E_TRUNCATED;
	if (!string)
		return OK;
	item->string = bytes_of(rest.p, (size_t)item->value);
	item->size += item->string.n;
	return item->type == CBOR_BYTES || text_is_utf8(item->string) ? OK : E_SYNTAX;
}

static enum status
item_parse(struct bytes in, struct item *item)
{
	CborParser parser;
	CborValue v;
	enum status s;
	uint8_t info;

	if (in.n == 0)
		return E_TRUNCATED;
	s = status_of(cbor_parser_init(in.p, in.n, 0, &parser, &v));
	if (s == OK)
		s = item_of(&v, item);
	if (s != OK)
		return s;
	info = in.p[0] & 0x1f;
	if (item->type == CBOR_BOOL) {
		item->size = 1;
		return OK;
	}
	if (shortest(item->value, &item->size) != info)
		return E_NOT_DETERMINISTIC;
	return content_of(bytes_of(in.p + item->size, in.n - item->size), item);
}

static void
key_check(struct cbor_reader *r)
{
	size_t at = r->level[r->depth].item_at, n = r->at - at;
	size_t before_at = r->level[r->depth].key_at, before_n = r->level[r->depth].key_n;

	/* No encoded item is the beginning of another one, so equal beginnings are equal keys; keys have at least one byte. */
	if (before_n > 0) {
		int order = memcmp(r->in.p + before_at, r->in.p + at, before_n < n ? before_n : n);

		if (order >= 0)
			cbor_read_fail(r, order == 0 ? E_DUPLICATE : E_NOT_DETERMINISTIC);
	}
	r->level[r->depth].key_at = at;
	r->level[r->depth].key_n = n;
}

static void
item_end(struct cbor_reader *r)
{
	r->level[r->depth].begun = false;
	if (r->level[r->depth].map && r->level[r->depth].left % 2 == 0)
		key_check(r);
	r->level[r->depth].left--;
}

static void
container_begin(struct cbor_reader *r, const struct item *item)
{
	if (r->depth == CBOR_READ_DEPTH) {
		cbor_read_fail(r, E_TOO_LARGE);
		return;
	}
	r->depth++;
	memset(&r->level[r->depth], 0, sizeof r->level[r->depth]);
	r->level[r->depth].map = item->type == CBOR_MAP;
	r->level[r->depth].left = item->type == CBOR_MAP ? 2 * item->value : item->value;
}

static void
container_end(struct cbor_reader *r)
{
	r->depth--;
	item_end(r);
}

static struct bytes
rest(const struct cbor_reader *r)
{
	return r->at < r->in.n ? bytes_of(r->in.p + r->at, r->in.n - r->at) : bytes_of(NULL, 0);
}

static struct item
item_peek(const struct cbor_reader *r)
{
	struct item item = NO_ITEM;

	if (r->failed != OK || r->level[r->depth].left == 0)
		return NO_ITEM;
	if (item_parse(rest(r), &item) != OK)
		return NO_ITEM;
	return item;
}

/* Passes a head, and with a string its bytes. */
static struct item
item_take(struct cbor_reader *r)
{
	struct item item = NO_ITEM;

	if (r->failed == OK && r->level[r->depth].left == 0)
		cbor_read_fail(r, E_MISSING);
	if (r->failed == OK)
		cbor_read_fail(r, item_parse(rest(r), &item));
	if (r->failed != OK)
		return NO_ITEM;
	if (!r->level[r->depth].begun)
		r->level[r->depth].item_at = r->at;
	r->level[r->depth].begun = true;
	r->at += item.size;
	if (item.type == CBOR_ARRAY || item.type == CBOR_MAP)
		container_begin(r, &item);
	else if (item.type != CBOR_TAG)
		item_end(r);
	return r->failed == OK ? item : NO_ITEM;
}

static struct item
item_take_type(struct cbor_reader *r, enum cbor_type type)
{
	enum cbor_type next = cbor_read_next(r);

	/* With nothing to come, item_take() knows why. */
	if (next != CBOR_NONE && next != type)
		cbor_read_fail(r, E_TYPE);
	return item_take(r);
}

static struct cbor_reader
reader_begin(struct bytes in)
{
	struct cbor_reader r = { .in = in };

	r.level[0].left = 1;
	return r;
}

struct cbor_reader
cbor_read_from(struct bytes in)
{
	struct cbor_reader walk = reader_begin(in), r = walk;

	while (walk.failed == OK && (walk.depth > 0 || walk.level[0].left > 0)) {
		if (walk.level[walk.depth].left == 0)
			container_end(&walk);
		else
			item_take(&walk);
	}
	if (walk.at != in.n)
		cbor_read_fail(&walk, E_TRAILING);
	r.failed = walk.failed;
	return r;
}

enum cbor_type
cbor_read_next(const struct cbor_reader *r)
{
	return item_peek(r).type;
}

uint64_t
cbor_read_uint(struct cbor_reader *r, uint64_t min, uint64_t max)
{
	uint64_t v = item_take_type(r, CBOR_UINT).value;

	if (v < min || v > max)
		cbor_read_fail(r, E_RANGE);
	return r->failed == OK ? v : 0;
}

int64_t
cbor_read_int(struct cbor_reader *r)
{
	bool negative = cbor_read_next(r) == CBOR_NEGATIVE;
	uint64_t v = item_take_type(r, negative ? CBOR_NEGATIVE : CBOR_UINT).value;

	if (v > INT64_MAX)
		cbor_read_fail(r, E_RANGE);
	if (r->failed != OK)
		return 0;
	return negative ? -1 - (int64_t)v : (int64_t)v;
}

/* The bounds of a string or a count: too few is out of range, too many is too large. */
static bool
in_bounds(struct cbor_reader *r, uint64_t n, size_t min, size_t max)
{
	if (n < min)
		cbor_read_fail(r, E_RANGE);
	if (n > max)
		cbor_read_fail(r, E_TOO_LARGE);
	return r->failed == OK;
}

static struct bytes
string(struct cbor_reader *r, enum cbor_type type, size_t min, size_t max)
{
	struct bytes v = item_take_type(r, type).string;

	return in_bounds(r, v.n, min, max) ? v : NO_ITEM.string;
}

struct bytes
cbor_read_bytes(struct cbor_reader *r, size_t min, size_t max)
{
	return string(r, CBOR_BYTES, min, max);
}

struct bytes
cbor_read_text(struct cbor_reader *r, size_t min, size_t max)
{
	return string(r, CBOR_TEXT, min, max);
}

bool
cbor_read_bool(struct cbor_reader *r)
{
	return item_take_type(r, CBOR_BOOL).value != 0;
}

void
cbor_read_copy(struct cbor_reader *r, void *to, size_t n)
{
	struct bytes v = cbor_read_bytes(r, n, n);

	memset(to, 0, n);
	if (v.n > 0)
		memcpy(to, v.p, v.n);
}

uint64_t
cbor_read_tag(struct cbor_reader *r)
{
	return item_take_type(r, CBOR_TAG).value;
}

size_t
cbor_read_array(struct cbor_reader *r, size_t min, size_t max)
{
	uint64_t n = item_take_type(r, CBOR_ARRAY).value;

	return in_bounds(r, n, min, max) ? (size_t)n : 0;
}

size_t
cbor_read_map(struct cbor_reader *r)
{
	return (size_t)item_take_type(r, CBOR_MAP).value;
}

bool
cbor_read_key(struct cbor_reader *r, int64_t key)
{
	struct item next = item_peek(r);

	if (!r->level[r->depth].map || r->level[r->depth].left % 2 != 0)
		return false;
	if (next.type != (key < 0 ? CBOR_NEGATIVE : CBOR_UINT) || next.value != (key < 0 ? ~(uint64_t)key : (uint64_t)key))
		return false;
	item_take(r);
	return r->failed == OK;
}

void
cbor_read_field(struct cbor_reader *r, int64_t key)
{
	if (!cbor_read_key(r, key))
		cbor_read_fail(r, E_MISSING);
}

void
cbor_read_close(struct cbor_reader *r)
{
	if (r->failed == OK && (r->depth == 0 || r->level[r->depth].left > 0))
		cbor_read_fail(r, E_UNSUPPORTED);
	if (r->failed == OK)
		container_end(r);
}

void
cbor_read_fail(struct cbor_reader *r, enum status s)
{
	if (r->failed == OK)
		r->failed = s;
}

enum status
cbor_read_end(const struct cbor_reader *r)
{
	if (r->failed != OK)
		return r->failed;
	return r->depth == 0 && r->level[0].left == 0 ? OK : E_TRAILING;
}
