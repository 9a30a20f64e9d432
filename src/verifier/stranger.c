/* SPDX-License-Identifier: ISC */
#include "verifier/stranger.h"

#include <string.h>

#include "crypto/random.h"

/* fixedTPM, fixedParent, sensitiveDataOrigin, userWithAuth, noDA, restricted, sign */
#define AK_ATTRIBUTES UINT32_C(0x00050472)

static void
put_head(struct buffer *b, enum public_type type, enum hash_alg alg, enum signature_scheme scheme)
{
	buffer_be16(b, (uint16_t)type);
	buffer_be16(b, (uint16_t)alg);
	buffer_be32(b, AK_ATTRIBUTES);
	buffer_be16(b, 0);      /* no policy */
	buffer_be16(b, 0x0010); /* no symmetric algorithm */
	buffer_be16(b, (uint16_t)scheme);
	buffer_be16(b, (uint16_t)alg);
}

static enum status
make_ec(enum ec_curve curve, struct machine *m)
{
	struct buffer b = BUFFER(m->ak);
	struct ec_private k;
	size_t n = ec_field_size(curve);
	enum status s = ec_generate(curve, &k);

	if (s != OK)
		return s;
	put_head(&b, PUBLIC_ECC, ec_hash(curve), SCHEME_ECDSA);
	buffer_be16(&b, (uint16_t)curve);
	buffer_be16(&b, 0x0010); /* no key derivation */
	buffer_sized16(&b, bytes_of(k.public.x, n));
	buffer_sized16(&b, bytes_of(k.public.y, n));
	m->ak_n = b.n;
	return b.failed;
}

static enum status
make_rsa(size_t n, struct machine *m)
{
	struct buffer b = BUFFER(m->ak);
	uint8_t modulus[RSA_SIZE_MAX];
	enum status s = random_fill(modulus, n);

	if (s != OK)
		return s;
	modulus[0] |= 0x80; /* nobody has its factors; it need not be a product of two primes */
	modulus[n - 1] |= 1;
	put_head(&b, PUBLIC_RSA, HASH_SHA256, SCHEME_RSASSA);
	buffer_be16(&b, (uint16_t)(8 * n));
	buffer_be32(&b, 0);
	buffer_sized16(&b, bytes_of(modulus, n));
	m->ak_n = b.n;
	return b.failed;
}

enum status
stranger_make_all(struct strangers *all)
{
	static const struct {
		enum public_type type;
		size_t size;
		enum ec_curve curve;
	} kinds[STRANGERS_MAX] = {
		{ PUBLIC_ECC, 32, EC_P256 },
		{ PUBLIC_ECC, 48, EC_P384 },
		{ PUBLIC_RSA, 256, EC_NONE },
		{ PUBLIC_RSA, 384, EC_NONE },
		{ PUBLIC_RSA, 512, EC_NONE },
	};

	memset(all, 0, sizeof *all);
	for (all->n = 0; all->n < STRANGERS_MAX; all->n++) {
		struct machine *m = &all->kind[all->n].machine;
		enum status s = kinds[all->n].type == PUBLIC_ECC ? make_ec(kinds[all->n].curve, m) : make_rsa(kinds[all->n].size, m);

		if (s != OK)
			return s;
		all->kind[all->n].type = kinds[all->n].type;
		all->kind[all->n].size = kinds[all->n].size;
	}
	return OK;
}

static size_t
find_kind(const struct strangers *all, struct bytes signature)
{
	struct reader r = reader_of(signature);
	uint16_t scheme = reader_be16(&r);
	enum public_type type = scheme == SCHEME_ECDSA ? PUBLIC_ECC : PUBLIC_RSA;
	size_t n;

	(void)reader_be16(&r);
	n = reader_be16(&r);
	for (size_t i = 0; i < all->n; i++)
		if (all->kind[i].type == type && n <= all->kind[i].size)
			return i;
	return 0;
}

const struct machine *
stranger_of(const struct strangers *all, struct bytes signature)
{
	return &all->kind[find_kind(all, signature)].machine;
}

bool
stranger_is_kind(const struct strangers *all, struct bytes signature, struct bytes ak)
{
	size_t i = find_kind(all, signature);
	struct public_area k;

	if (public_decode(ak, &k) != OK || k.type != all->kind[i].type)
		return false;
	return (k.type == PUBLIC_RSA ? k.key.rsa.n_size : ec_field_size(k.key.ec.curve)) == all->kind[i].size;
}
