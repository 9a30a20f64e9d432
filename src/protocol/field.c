/* SPDX-License-Identifier: ISC */
#include "protocol/field.h"

#include <string.h>

#include "base/cbor_write.h"
#include "structures/public.h"

#define PROFILE BYTES_STRING("bootgate/1")
#define UEID_RANDOM 0x01
#define UEID_MAX 32

struct field_kind {
	void (*encode)(const struct field *f, const void *from, struct cbor_writer *w);
	void (*decode)(const struct field *f, struct cbor_reader *r, void *to);
};

/* Where a field, or the count of a list, is in the struct. */
static const void *
at(const void *from, size_t offset)
{
	return (const uint8_t *)from + offset;
}

static void *
at_in(void *to, size_t offset)
{
	return (uint8_t *)to + offset;
}

static void
refuse_unless(struct cbor_writer *w, bool ok, enum status s)
{
	if (!ok)
		buffer_fail(w->out, s);
}

static void
bounds_check(struct cbor_writer *w, const struct field *f, size_t n)
{
	refuse_unless(w, n >= f->min || (f->optional && n == 0), E_RANGE);
	refuse_unless(w, n <= f->max, E_TOO_LARGE);
}

static void
encode_version(const struct field *f, const void *from, struct cbor_writer *w)
{
	(void)from;
	cbor_write_uint(w, f->min);
}

static void
decode_version(const struct field *f, struct cbor_reader *r, void *to)
{
	(void)to;
	if (cbor_read_uint(r, 0, UINT64_MAX) != f->min)
		cbor_read_fail(r, E_VERSION);
}

static void
encode_profile(const struct field *f, const void *from, struct cbor_writer *w)
{
	(void)f, (void)from;
	cbor_write_text(w, PROFILE);
}

static void
decode_profile(const struct field *f, struct cbor_reader *r, void *to)
{
	(void)f, (void)to;
	if (!bytes_equal(cbor_read_text(r, 0, SIZE_MAX), PROFILE))
		cbor_read_fail(r, E_VERSION);
}

static void
encode_u32(const struct field *f, const void *from, struct cbor_writer *w)
{
	const uint32_t *v = at(from, f->offset);

	refuse_unless(w, *v >= f->min && *v <= f->max, E_RANGE);
	cbor_write_uint(w, *v);
}

static void
decode_u32(const struct field *f, struct cbor_reader *r, void *to)
{
	uint32_t *v = at_in(to, f->offset);

	*v = (uint32_t)cbor_read_uint(r, f->min, f->max);
}

static void
encode_u64(const struct field *f, const void *from, struct cbor_writer *w)
{
	const uint64_t *v = at(from, f->offset);

	cbor_write_uint(w, *v);
}

static void
decode_u64(const struct field *f, struct cbor_reader *r, void *to)
{
	uint64_t *v = at_in(to, f->offset);

	*v = cbor_read_uint(r, 0, UINT64_MAX);
}

static void
encode_enum(const struct field *f, const void *from, struct cbor_writer *w)
{
	const unsigned *v = at(from, f->offset);

	refuse_unless(w, *v >= f->min && *v <= f->max, E_RANGE);
	if (w->out->failed == OK)
		cbor_write_uint(w, f->wire == NULL ? *v : f->wire[*v]);
}

static void
decode_enum(const struct field *f, struct cbor_reader *r, void *to)
{
	unsigned *v = at_in(to, f->offset), i = f->min;
	uint64_t n = cbor_read_uint(r, 0, UINT64_MAX);

	while (i <= f->max && n != (f->wire == NULL ? i : f->wire[i]))
		i++;
	if (i > f->max)
		cbor_read_fail(r, E_RANGE);
	*v = r->failed == OK ? i : 0;
}

static void
encode_bool(const struct field *f, const void *from, struct cbor_writer *w)
{
	const bool *v = at(from, f->offset);

	cbor_write_bool(w, *v);
}

static void
decode_bool(const struct field *f, struct cbor_reader *r, void *to)
{
	bool *v = at_in(to, f->offset);

	*v = cbor_read_bool(r);
}

static void
encode_fixed(const struct field *f, const void *from, struct cbor_writer *w)
{
	cbor_write_bytes(w, bytes_of(at(from, f->offset), f->min));
}

static void
decode_fixed(const struct field *f, struct cbor_reader *r, void *to)
{
	cbor_read_copy(r, at_in(to, f->offset), f->min);
}

static void
encode_ueid(const struct field *f, const void *from, struct cbor_writer *w)
{
	uint8_t ueid[1 + UEID_MAX] = { UEID_RANDOM };

	memcpy(ueid + 1, at(from, f->offset), f->min);
	cbor_write_bytes(w, bytes_of(ueid, 1 + f->min));
}

static void
decode_ueid(const struct field *f, struct cbor_reader *r, void *to)
{
	uint8_t ueid[1 + UEID_MAX];

	cbor_read_copy(r, ueid, 1 + f->min);
	if (ueid[0] != UEID_RANDOM)
		cbor_read_fail(r, E_RANGE);
	memcpy(at_in(to, f->offset), ueid + 1, f->min);
}

static void
encode_bytes(const struct field *f, const void *from, struct cbor_writer *w)
{
	const struct bytes *v = at(from, f->offset);

	bounds_check(w, f, v->n);
	cbor_write_bytes(w, *v);
}

static void
decode_bytes(const struct field *f, struct cbor_reader *r, void *to)
{
	struct bytes *v = at_in(to, f->offset);

	*v = cbor_read_bytes(r, f->min, f->max);
}

/* C0, DEL and C1: U+0080..U+009F are C2 80..C2 9F in UTF-8. */
static bool
has_controls(struct bytes v)
{
	for (size_t i = 0; i < v.n; i++)
		if (v.p[i] < 0x20 || v.p[i] == 0x7f || (v.p[i] == 0xc2 && i + 1 < v.n && v.p[i + 1] < 0xa0))
			return true;
	return false;
}

static void
encode_text(const struct field *f, const void *from, struct cbor_writer *w)
{
	const struct bytes *v = at(from, f->offset);

	bounds_check(w, f, v->n);
	refuse_unless(w, !has_controls(*v), E_RANGE);
	cbor_write_text(w, *v);
}

static void
decode_text(const struct field *f, struct cbor_reader *r, void *to)
{
	struct bytes *v = at_in(to, f->offset);

	*v = cbor_read_text(r, f->min, f->max);
	if (has_controls(*v))
		cbor_read_fail(r, E_RANGE);
}

static bool
signature_size(const struct field *f, size_t n)
{
	return n == 2 * ec_field_size(EC_P256) || n == 2 * ec_field_size(EC_P384) || (n == 0 && f->min == 0);
}

static void
encode_signature(const struct field *f, const void *from, struct cbor_writer *w)
{
	const struct bytes *v = at(from, f->offset);

	refuse_unless(w, signature_size(f, v->n), E_RANGE);
	cbor_write_bytes(w, *v);
}

static void
decode_signature(const struct field *f, struct cbor_reader *r, void *to)
{
	struct bytes *v = at_in(to, f->offset);

	*v = cbor_read_bytes(r, 0, EC_SIGNATURE_MAX);
	if (!signature_size(f, v->n))
		cbor_read_fail(r, E_RANGE);
}

static void
encode_point(const struct field *f, const void *from, struct cbor_writer *w)
{
	uint8_t point[EC_POINT_MAX];
	size_t n = ec_public_encode(at(from, f->offset), point);

	refuse_unless(w, n > 0, E_KEY);
	cbor_write_bytes(w, bytes_of(point, n));
}

static void
decode_point(const struct field *f, struct cbor_reader *r, void *to)
{
	struct bytes v = cbor_read_bytes(r, 0, EC_POINT_MAX);

	if (r->failed == OK)
		cbor_read_fail(r, ec_public_decode(v.n == EC_POINT_MAX ? EC_P384 : EC_P256, v, at_in(to, f->offset)));
}

static bool
name_good(struct bytes v)
{
	struct reader r = reader_of(v);
	uint16_t alg = reader_be16(&r);

	return hash_known(alg) && reader_left(&r) == hash_size((enum hash_alg)alg);
}

static void
encode_name(const struct field *f, const void *from, struct cbor_writer *w)
{
	const struct name *name = at(from, f->offset);

	refuse_unless(w, name->n <= sizeof name->p && name_good(bytes_of(name->p, name->n)), E_RANGE);
	if (w->out->failed == OK)
		cbor_write_bytes(w, bytes_of(name->p, name->n));
}

static void
decode_name(const struct field *f, struct cbor_reader *r, void *to)
{
	struct name *name = at_in(to, f->offset);
	struct bytes v = cbor_read_bytes(r, 0, NAME_SIZE_MAX);

	if (!name_good(v))
		cbor_read_fail(r, E_RANGE);
	name->n = r->failed == OK ? v.n : 0;
	if (name->n > 0)
		memcpy(name->p, v.p, v.n);
}

static void
encode_digest(const struct field *f, const void *from, struct cbor_writer *w)
{
	const struct digest *d = at(from, f->offset);

	refuse_unless(w, d->n > 0 && d->n == hash_size(d->alg), E_RANGE);
	if (w->out->failed != OK)
		return;
	cbor_write_array(w, 2);
	cbor_write_uint(w, d->alg);
	cbor_write_bytes(w, bytes_of(d->p, d->n));
}

static void
decode_digest(const struct field *f, struct cbor_reader *r, void *to)
{
	struct digest *d = at_in(to, f->offset);
	uint16_t alg;

	cbor_read_array(r, 2, 2);
	alg = (uint16_t)cbor_read_uint(r, 0, UINT16_MAX);
	if (!hash_known(alg))
		cbor_read_fail(r, E_UNSUPPORTED);
	d->alg = r->failed == OK ? (enum hash_alg)alg : HASH_NONE;
	d->n = hash_size(d->alg);
	cbor_read_copy(r, d->p, d->n);
	cbor_read_close(r);
}

static void
encode_item(const struct field_list *l, const void *from, struct cbor_writer *w)
{
	if (l->n > 1)
		cbor_write_array(w, l->n);
	for (size_t i = 0; i < l->n; i++)
		l->field[i].kind->encode(&l->field[i], from, w);
}

static void
decode_item(const struct field_list *l, struct cbor_reader *r, void *to)
{
	if (l->n > 1)
		cbor_read_array(r, l->n, l->n);
	for (size_t i = 0; i < l->n; i++)
		l->field[i].kind->decode(&l->field[i], r, to);
	if (l->n > 1)
		cbor_read_close(r);
}

static void
encode_list(const struct field *f, const void *from, struct cbor_writer *w)
{
	const size_t *n = at(from, f->count);

	bounds_check(w, f, *n);
	if (w->out->failed != OK)
		return;
	cbor_write_array(w, *n);
	for (size_t i = 0; i < *n; i++)
		encode_item(f->item, at(from, f->offset + i * f->stride), w);
}

static void
decode_list(const struct field *f, struct cbor_reader *r, void *to)
{
	size_t *n = at_in(to, f->count);

	*n = cbor_read_array(r, f->min, f->max);
	for (size_t i = 0; i < *n; i++)
		decode_item(f->item, r, at_in(to, f->offset + i * f->stride));
	cbor_read_close(r);
}

const struct field_kind FIELD_VERSION = { encode_version, decode_version };
const struct field_kind FIELD_PROFILE = { encode_profile, decode_profile };
const struct field_kind FIELD_U32 = { encode_u32, decode_u32 };
const struct field_kind FIELD_U64 = { encode_u64, decode_u64 };
const struct field_kind FIELD_ENUM = { encode_enum, decode_enum };
const struct field_kind FIELD_BOOL = { encode_bool, decode_bool };
const struct field_kind FIELD_FIXED = { encode_fixed, decode_fixed };
const struct field_kind FIELD_UEID = { encode_ueid, decode_ueid };
const struct field_kind FIELD_BYTES = { encode_bytes, decode_bytes };
const struct field_kind FIELD_TEXT = { encode_text, decode_text };
const struct field_kind FIELD_SIGNATURE = { encode_signature, decode_signature };
const struct field_kind FIELD_POINT = { encode_point, decode_point };
const struct field_kind FIELD_NAME = { encode_name, decode_name };
const struct field_kind FIELD_DIGEST = { encode_digest, decode_digest };
const struct field_kind FIELD_LIST = { encode_list, decode_list };

/* Strings and lists alone can be optional: the size of the one and the count of the other tell whether it is there. */
static bool
is_present(const struct field *f, const void *from)
{
	if (!f->optional)
		return true;
	if (f->kind == &FIELD_LIST) {
		const size_t *n = at(from, f->count);

		return *n > 0;
	}
	return ((const struct bytes *)at(from, f->offset))->n > 0;
}

static void
encode_map(const struct field_list *l, const void *from, struct cbor_writer *w)
{
	size_t n = 0;

	for (size_t i = 0; i < l->n; i++)
		n += is_present(&l->field[i], from);
	cbor_write_map(w, n);
	for (size_t i = 0; i < l->n; i++) {
		if (!is_present(&l->field[i], from))
			continue;
		cbor_write_int(w, l->field[i].key);
		l->field[i].kind->encode(&l->field[i], from, w);
	}
}

static void
decode_map(const struct field_list *l, struct cbor_reader *r, void *to)
{
	cbor_read_map(r);
	for (size_t i = 0; i < l->n; i++) {
		if (!l->field[i].optional)
			cbor_read_field(r, l->field[i].key);
		else if (!cbor_read_key(r, l->field[i].key))
			continue;
		l->field[i].kind->decode(&l->field[i], r, to);
	}
	cbor_read_close(r);
}

enum status
field_encode(const struct field_form *f, const void *from, struct buffer *out)
{
	struct cbor_writer w = cbor_write_to(out);
	size_t begin = out->n;

	(f->bare ? encode_item : encode_map)(&f->fields, from, &w);
	if (out->failed == OK && f->check != NULL)
		buffer_fail(out, f->check(from));
	if (out->n - begin > f->encoded_max)
		buffer_fail(out, E_TOO_LARGE);
	return cbor_write_end(&w);
}

enum status
field_decode(const struct field_form *f, struct bytes in, void *to)
{
	struct cbor_reader r;
	enum status s = E_TOO_LARGE;

	memset(to, 0, f->size);
	if (in.n <= f->encoded_max) {
		r = cbor_read_from(in);
		(f->bare ? decode_item : decode_map)(&f->fields, &r, to);
		s = cbor_read_end(&r);
	}
	if (s == OK && f->check != NULL)
		s = f->check(to);
	if (s != OK)
		memset(to, 0, f->size);
	return s;
}
