/* SPDX-License-Identifier: ISC */
#include "crypto/ec.h"

#include <string.h>

#include "base/memory.h"
#include "crypto/ec_curve.h"
#include "crypto/random.h"

/* Named one by one instead of through br_ec_get_default(), so that nothing else is linked. Both are constant-time. */
static const struct ec_curve_facts curves[] = {
	{ EC_P256, 32, HASH_SHA256, BR_EC_secp256r1, &br_ec_p256_m31 },
	{ EC_P384, 48, HASH_SHA384, BR_EC_secp384r1, &br_ec_prime_i31 },
};

const struct ec_curve_facts *
ec_curve_find(enum ec_curve curve)
{
	for (size_t i = 0; i < sizeof curves / sizeof *curves; i++)
		if (curves[i].curve == curve)
			return &curves[i];
	return NULL;
}

size_t
ec_field_size(enum ec_curve curve)
{
	const struct ec_curve_facts *c = ec_curve_find(curve);

	return c != NULL ? c->field : 0;
}

enum hash_alg
ec_hash(enum ec_curve curve)
{
	const struct ec_curve_facts *c = ec_curve_find(curve);

	return c != NULL ? c->hash : HASH_NONE;
}

size_t
ec_public_encode(const struct ec_public *k, uint8_t out[EC_POINT_MAX])
{
	size_t field = ec_field_size(k->curve);

	if (field == 0)
		return 0;
	out[0] = 0x04;
	memcpy(out + 1, k->x, field);
	memcpy(out + 1 + field, k->y, field);
	return 1 + 2 * field;
}

/*
 * BearSSL's mul() decodes the point before it multiplies, and its result says whether that went well: both coordinates
 * below the field's prime, the curve's equation true.  Both curves have cofactor 1, so a point on the curve has the full
 * order; the point at infinity has no such encoding.  Multiplying by one is the cheapest way to that answer.
 */
static bool
on_curve(const struct ec_curve_facts *c, const struct ec_public *k)
{
	static const uint8_t one[] = { 1 };
	uint8_t point[EC_POINT_MAX];
	size_t n = ec_public_encode(k, point);

	return c->impl->mul(point, n, one, sizeof one, c->id) == 1;
}

/* ${n} bytes, right-aligned in a field of ${field}. */
static void
pad(uint8_t to[EC_FIELD_MAX], size_t field, struct bytes v)
{
	memset(to, 0, EC_FIELD_MAX);
	if (v.n > 0)
		memcpy(to + field - v.n, v.p, v.n);
}

enum status
ec_public_from_xy(enum ec_curve curve, struct bytes x, struct bytes y, struct ec_public *k)
{
	const struct ec_curve_facts *c = ec_curve_find(curve);

	memset(k, 0, sizeof *k);
	if (c == NULL || x.n > c->field || y.n > c->field)
		return E_KEY;
	k->curve = curve;
	pad(k->x, c->field, x);
	pad(k->y, c->field, y);
	if (on_curve(c, k))
		return OK;
	memset(k, 0, sizeof *k);
	return E_KEY;
}

enum status
ec_public_decode(enum ec_curve curve, struct bytes in, struct ec_public *k)
{
	size_t field = ec_field_size(curve);
	struct reader r = reader_of(in);
	uint8_t form = reader_u8(&r);
	struct bytes x = reader_take(&r, field), y = reader_take(&r, field);

	memset(k, 0, sizeof *k);
	if (reader_end(&r) != OK || form != 0x04)
		return E_KEY;
	return ec_public_from_xy(curve, x, y, k);
}

bool
ec_public_equal(const struct ec_public *a, const struct ec_public *b)
{
	size_t field = ec_field_size(a->curve);

	return field > 0 && a->curve == b->curve && memcmp(a->x, b->x, field) == 0 && memcmp(a->y, b->y, field) == 0;
}

/* Whether 0 < d < order, without a branch on the secret. */
static bool
scalar_in_range(const struct ec_curve_facts *c, const uint8_t *d)
{
	size_t n;
	const unsigned char *order = c->impl->order(c->id, &n);
	unsigned borrow = 0, any = 0;

	for (size_t i = n; i > 0; i--) {
		borrow = ((unsigned)d[i - 1] - order[i - 1] - borrow) >> 8 & 1;
		any |= d[i - 1];
	}
	return (borrow != 0) & (any != 0);
}

enum status
ec_private_from_d(enum ec_curve curve, struct bytes d, struct ec_private *k)
{
	const struct ec_curve_facts *c = ec_curve_find(curve);
	uint8_t point[EC_POINT_MAX];

	memset(k, 0, sizeof *k);
	if (c == NULL || d.n != c->field || !scalar_in_range(c, d.p))
		return E_KEY;
	c->impl->mulgen(point, d.p, d.n, c->id);
	k->public.curve = curve;
	memcpy(k->public.x, point + 1, c->field);
	memcpy(k->public.y, point + 1 + c->field, c->field);
	memcpy(k->d, d.p, c->field);
	return OK;
}

enum status
ec_generate(enum ec_curve curve, struct ec_private *k)
{
	uint8_t d[EC_FIELD_MAX];
	size_t field = ec_field_size(curve);
	enum status s = E_KEY;

	memset(k, 0, sizeof *k);
	if (field == 0)
		return E_UNSUPPORTED;
	/* Drawn again until it is in range, which keeps it uniform. One try in 2^32 fails; four in a row is a broken source. */
	for (int tries = 0; tries < 4 && s == E_KEY; tries++) {
		s = random_fill(d, field);
		if (s == OK)
			s = ec_private_from_d(curve, bytes_of(d, field), k);
	}
	memory_wipe(d, sizeof d);
	return s == OK ? OK : E_RANDOM;
}

enum status
ec_shared(const struct ec_private *k, const struct ec_public *peer, uint8_t z[EC_FIELD_MAX])
{
	const struct ec_curve_facts *c = ec_curve_find(k->public.curve);
	uint8_t point[EC_POINT_MAX];
	uint32_t good;

	memset(z, 0, EC_FIELD_MAX);
	if (c == NULL || peer->curve != c->curve)
		return E_KEY;
	good = c->impl->mul(point, ec_public_encode(peer, point), k->d, c->field, c->id);
	if (good == 1)
		memcpy(z, point + 1, c->field);
	memory_wipe(point, sizeof point);
	return good == 1 ? OK : E_KEY;
}

enum status
ec_verify(const struct ec_public *k, struct bytes digest, struct bytes sig)
{
	const struct ec_curve_facts *c = ec_curve_find(k->curve);
	uint8_t point[EC_POINT_MAX];
	br_ec_public_key key = { 0, point, 0 };

	if (c == NULL || digest.n == 0 || sig.n != 2 * c->field)
		return E_SIGNATURE;
	/* BearSSL refuses r and s that are not below the order, and s = 0, but leaves r = 0 to its arithmetic. */
	if (bytes_zero(bytes_of(sig.p, c->field)) || bytes_zero(bytes_of(sig.p + c->field, c->field)))
		return E_SIGNATURE;
	key.curve = c->id;
	key.qlen = ec_public_encode(k, point);
	return br_ecdsa_i31_vrfy_raw(c->impl, digest.p, digest.n, &key, sig.p, sig.n) == 1 ? OK : E_SIGNATURE;
}
