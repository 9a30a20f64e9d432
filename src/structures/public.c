/* SPDX-License-Identifier: ISC */
#include "structures/public.h"

#include <string.h>

#define ALG_AES 0x0006
#define ALG_NULL 0x0010
#define ALG_CFB 0x0043

/* TPMA_OBJECT (Part 2, 8.3) */
#define FIXED_TPM UINT32_C(0x00000002)
#define FIXED_PARENT UINT32_C(0x00000010)
#define SENSITIVE_DATA_ORIGIN UINT32_C(0x00000020)
#define USER_WITH_AUTH PUBLIC_USER_WITH_AUTH
#define ADMIN_WITH_POLICY UINT32_C(0x00000080)
#define NO_DA UINT32_C(0x00000400)
#define RESTRICTED UINT32_C(0x00010000)
#define DECRYPT UINT32_C(0x00020000)
#define SIGN UINT32_C(0x00040000)

#define RSA_DEFAULT_EXPONENT 65537

struct bytes
name_view(const struct name *a)
{
	return bytes_of(a->p, a->n);
}

bool
name_equal(const struct name *a, const struct name *b)
{
	return bytes_equal(name_view(a), name_view(b));
}

static enum hash_alg
decode_hash(struct reader *r)
{
	uint16_t alg = reader_be16(r);

	if (!hash_known(alg)) {
		reader_fail(r, E_UNSUPPORTED);
		return HASH_NONE;
	}
	return (enum hash_alg)alg;
}

/* TPMT_SYM_DEF_OBJECT (Part 2, 11.1.7) */
static void
decode_symmetric(struct reader *r, struct public_area *k)
{
	k->symmetric = reader_be16(r);
	if (k->symmetric == ALG_NULL)
		return;
	if (k->symmetric != ALG_AES)
		reader_fail(r, E_UNSUPPORTED);
	k->symmetric_bits = reader_be16(r);
	k->symmetric_mode = reader_be16(r);
}

/* TPMT_RSA_SCHEME, TPMT_ECC_SCHEME (Part 2, 11.2.4.2, 11.2.5.6); of the schemes those that sign, and null */
static void
decode_scheme(struct reader *r, struct public_area *k)
{
	uint16_t scheme = reader_be16(r);
	bool fits = k->type == PUBLIC_RSA ? scheme == SCHEME_RSASSA || scheme == SCHEME_RSAPSS : scheme == SCHEME_ECDSA;

	k->scheme = SCHEME_NULL;
	k->scheme_hash = HASH_NONE;
	if (scheme == SCHEME_NULL)
		return;
	if (!fits) {
		reader_fail(r, E_UNSUPPORTED);
		return;
	}
	k->scheme = (enum signature_scheme)scheme;
	k->scheme_hash = decode_hash(r);
}

static void
decode_rsa(struct reader *r, struct public_area *k)
{
	struct rsa_public *rsa = &k->key.rsa;
	uint16_t bits;
	struct bytes modulus;

	bits = reader_be16(r);
	rsa->e = reader_be32(r);
	if (rsa->e == 0)
		rsa->e = RSA_DEFAULT_EXPONENT;
	modulus = reader_take(r, reader_be16(r));
	if (r->failed != OK)
		return;
	if (bits % 8 != 0 || modulus.n != bits / 8U || modulus.n == 0 || modulus.n > RSA_SIZE_MAX) {
		reader_fail(r, E_KEY);
		return;
	}
	rsa->n_size = modulus.n;
	memcpy(rsa->n, modulus.p, modulus.n);
	if (rsa_public_check(rsa) != OK)
		reader_fail(r, E_KEY);
}

static void
decode_ec(struct reader *r, struct public_area *k)
{
	uint16_t curve = reader_be16(r);
	uint16_t kdf = reader_be16(r);
	struct bytes x, y;
	enum status s;

	if (kdf != ALG_NULL || (curve != EC_P256 && curve != EC_P384)) {
		reader_fail(r, E_UNSUPPORTED);
		return;
	}
	x = reader_take(r, reader_be16(r));
	y = reader_take(r, reader_be16(r));
	if (r->failed != OK)
		return;
	s = ec_public_from_xy((enum ec_curve)curve, x, y, &k->key.ec);
	if (s != OK)
		reader_fail(r, E_KEY);
}

enum status
public_decode(struct bytes in, struct public_area *k)
{
	struct reader r = reader_of(in);
	uint16_t type;

	memset(k, 0, sizeof *k);
	if (in.n > PUBLIC_SIZE_MAX)
		return E_TOO_LARGE;
	type = reader_be16(&r);
	if (r.failed == OK && type != PUBLIC_RSA && type != PUBLIC_ECC)
		return E_TYPE;
	k->type = type == PUBLIC_RSA ? PUBLIC_RSA : PUBLIC_ECC;
	k->name_alg = decode_hash(&r);
	k->attributes = reader_be32(&r);
	k->policy = reader_take(&r, reader_be16(&r));
	if (k->policy.n != 0 && k->policy.n != hash_size(k->name_alg))
		reader_fail(&r, E_RANGE);
	decode_symmetric(&r, k);
	decode_scheme(&r, k);
	if (k->type == PUBLIC_RSA)
		decode_rsa(&r, k);
	else
		decode_ec(&r, k);
	k->encoded = in;
	return reader_end(&r);
}

enum status
public_encode_verify_key(const struct ec_public *k, struct buffer *out)
{
	size_t n = ec_field_size(k->curve);
	enum hash_alg alg = ec_hash(k->curve);

	if (n == 0)
		return E_KEY;
	buffer_be16(out, PUBLIC_ECC);
	buffer_be16(out, (uint16_t)alg);
	buffer_be32(out, SIGN | USER_WITH_AUTH);
	buffer_be16(out, 0);
	buffer_be16(out, ALG_NULL);
	buffer_be16(out, SCHEME_ECDSA);
	buffer_be16(out, (uint16_t)alg);
	buffer_be16(out, (uint16_t)k->curve);
	buffer_be16(out, ALG_NULL);
	buffer_sized16(out, bytes_of(k->x, n));
	buffer_sized16(out, bytes_of(k->y, n));
	return out->failed;
}

static void
name_of(enum hash_alg alg, struct bytes encoded, struct name *name)
{
	uint8_t digest[HASH_SIZE_MAX];
	struct buffer b = buffer_of(name->p, sizeof name->p);
	size_t n = hash_compute(alg, encoded, digest);

	buffer_be16(&b, (uint16_t)alg);
	buffer_bytes(&b, bytes_of(digest, n));
	name->n = b.n;
}

enum status
public_name(const struct public_area *k, struct name *name)
{
	if (hash_size(k->name_alg) == 0)
		return E_UNSUPPORTED;
	name_of(k->name_alg, k->encoded, name);
	return OK;
}

enum status
name_of_verify_key(const struct ec_public *k, struct name *name)
{
	uint8_t area[PUBLIC_SIZE_MAX];
	struct buffer b = BUFFER(area);
	enum status s = public_encode_verify_key(k, &b);

	if (s != OK)
		return s;
	name_of(ec_hash(k->curve), buffer_view(&b), name);
	return OK;
}

void
public_id(const struct public_area *k, uint8_t id[MACHINE_ID_SIZE])
{
	uint8_t digest[HASH_SIZE_MAX];

	hash_compute(HASH_SHA256, k->encoded, digest);
	memcpy(id, digest, MACHINE_ID_SIZE);
}

/* Policy A: PolicySecret(endorsement); B: that, or PolicyAuthorizeNV of the index of the profile (EK Credential Profile, B.6). */
static const uint8_t policy_a_sha256[32] = {
	0x83, 0x71, 0x97, 0x67, 0x44, 0x84, 0xb3, 0xf8, 0x1a, 0x90, 0xcc, 0x8d, 0x46, 0xa5, 0xd7, 0x24,
	0xfd, 0x52, 0xd7, 0x6e, 0x06, 0x52, 0x0b, 0x64, 0xf2, 0xa1, 0xda, 0x1b, 0x33, 0x14, 0x69, 0xaa,
};
static const uint8_t policy_b_sha256[32] = {
	0xca, 0x3d, 0x0a, 0x99, 0xa2, 0xb9, 0x39, 0x06, 0xf7, 0xa3, 0x34, 0x24, 0x14, 0xef, 0xcf, 0xb3,
	0xa3, 0x85, 0xd4, 0x4c, 0xd1, 0xfd, 0x45, 0x90, 0x89, 0xd1, 0x9b, 0x50, 0x71, 0xc0, 0xb7, 0xa0,
};
static const uint8_t policy_b_sha384[48] = {
	0xb2, 0x6e, 0x7d, 0x28, 0xd1, 0x1a, 0x50, 0xbc, 0x53, 0xd8, 0x82, 0xbc, 0xf5, 0xfd, 0x3a, 0x1a,
	0x07, 0x41, 0x48, 0xbb, 0x35, 0xd3, 0xb4, 0xe4, 0xcb, 0x1c, 0x0a, 0xd9, 0xbd, 0xe4, 0x19, 0xca,
	0xcb, 0x47, 0xba, 0x09, 0x69, 0x96, 0x46, 0x15, 0x0f, 0x9f, 0xc0, 0x00, 0xf3, 0xf8, 0x0e, 0x12,
};

#define EK_COMMON (FIXED_TPM | FIXED_PARENT | SENSITIVE_DATA_ORIGIN | ADMIN_WITH_POLICY | RESTRICTED | DECRYPT)

static const struct ek_template {
	enum public_type type;
	enum ec_curve curve;
	enum hash_alg name_alg;
	uint32_t attributes;
	struct bytes policy;
	uint16_t symmetric_bits;
	uint16_t unique_size; /* zeros in the template's unique field */
} ek_templates[] = {
	{ PUBLIC_RSA, EC_NONE, HASH_SHA256, EK_COMMON, { policy_a_sha256, 32 }, 128, 256 },                /* L-1 */
	{ PUBLIC_ECC, EC_P256, HASH_SHA256, EK_COMMON, { policy_a_sha256, 32 }, 128, 32 },                 /* L-2 */
	{ PUBLIC_RSA, EC_NONE, HASH_SHA256, EK_COMMON | USER_WITH_AUTH, { policy_b_sha256, 32 }, 128, 0 }, /* H-1 */
	{ PUBLIC_ECC, EC_P256, HASH_SHA256, EK_COMMON | USER_WITH_AUTH, { policy_b_sha256, 32 }, 128, 0 }, /* H-2 */
	{ PUBLIC_ECC, EC_P384, HASH_SHA384, EK_COMMON | USER_WITH_AUTH, { policy_b_sha384, 48 }, 256, 0 }, /* H-3 */
};

static bool
same_key_kind(const struct public_area *k, const struct ek_template *t)
{
	if (k->type != t->type)
		return false;
	return k->type == PUBLIC_RSA ? k->key.rsa.n_size == 256 : k->key.ec.curve == t->curve;
}

static const char *
ek_difference(const struct public_area *k, const struct ek_template *t)
{
	if (k->name_alg != t->name_alg)
		return "the EK's Name algorithm is not that of its template";
	if (k->attributes != t->attributes)
		return "the EK's attributes are not those of its template";
	if (!bytes_equal(k->policy, t->policy))
		return "the EK's policy is not that of its template";
	if (k->symmetric != ALG_AES || k->symmetric_bits != t->symmetric_bits || k->symmetric_mode != ALG_CFB)
		return "the EK's symmetric algorithm is not that of its template";
	if (k->scheme != SCHEME_NULL)
		return "the EK has a signature scheme";
	return NULL;
}

enum status
public_check_ek(const struct public_area *k, const char **why)
{
	const struct ek_template *near = NULL;
	const char *difference = "the EK is not RSA-2048, P-256 or P-384";

	/* the attributes tell the two templates of one kind apart: speak of the nearer one */
	for (size_t i = 0; i < sizeof ek_templates / sizeof *ek_templates; i++)
		if (same_key_kind(k, &ek_templates[i]) && (near == NULL || k->attributes == ek_templates[i].attributes))
			near = &ek_templates[i];
	if (near != NULL)
		difference = ek_difference(k, near);
	if (difference == NULL)
		return OK;
	*why = difference;
	return E_KEY;
}

static void
encode_unique(enum public_type type, uint16_t n, struct buffer *out)
{
	static const uint8_t zeros[256];

	buffer_sized16(out, bytes_of(zeros, n));
	if (type == PUBLIC_ECC)
		buffer_sized16(out, bytes_of(zeros, n));
}

/* keyBits and exponent of an RSA key, curve and KDF of an EC key */
static void
encode_kind(enum public_type type, enum ec_curve curve, struct buffer *out)
{
	if (type == PUBLIC_RSA) {
		buffer_be16(out, 2048);
		buffer_be32(out, 0);
	} else {
		buffer_be16(out, (uint16_t)curve);
		buffer_be16(out, ALG_NULL);
	}
}

/* the first of a kind is the default */
static const struct ek_template *
default_template(enum public_type type, enum ec_curve curve)
{
	for (size_t i = 0; i < sizeof ek_templates / sizeof *ek_templates; i++)
		if (ek_templates[i].type == type && (type == PUBLIC_RSA || ek_templates[i].curve == curve))
			return &ek_templates[i];
	return NULL;
}

/* all but the unique field */
static void
encode_ek(const struct ek_template *t, struct buffer *out)
{
	buffer_be16(out, (uint16_t)t->type);
	buffer_be16(out, (uint16_t)t->name_alg);
	buffer_be32(out, t->attributes);
	buffer_sized16(out, t->policy);
	buffer_be16(out, ALG_AES);
	buffer_be16(out, t->symmetric_bits);
	buffer_be16(out, ALG_CFB);
	buffer_be16(out, ALG_NULL);
	encode_kind(t->type, t->curve, out);
}

enum status
public_encode_ek_template(enum public_type type, enum ec_curve curve, struct buffer *out)
{
	const struct ek_template *t = default_template(type, curve);

	if (t == NULL)
		return E_UNSUPPORTED;
	encode_ek(t, out);
	encode_unique(type, t->unique_size, out);
	return out->failed;
}

enum status
public_encode_ek(const struct public_area *k, struct buffer *out)
{
	const struct ek_template *t = default_template(k->type, k->type == PUBLIC_ECC ? k->key.ec.curve : EC_NONE);

	if (t == NULL || !same_key_kind(k, t))
		return E_UNSUPPORTED;
	encode_ek(t, out);
	if (k->type == PUBLIC_RSA) {
		buffer_sized16(out, bytes_of(k->key.rsa.n, k->key.rsa.n_size));
	} else {
		buffer_sized16(out, bytes_of(k->key.ec.x, ec_field_size(t->curve)));
		buffer_sized16(out, bytes_of(k->key.ec.y, ec_field_size(t->curve)));
	}
	return out->failed;
}

static const struct ak_attribute {
	uint32_t bit;
	bool set;
	const char *why;
} ak_attributes[] = {
	{ RESTRICTED, true, "the AK is not restricted" },
	{ SIGN, true, "the AK does not sign" },
	{ DECRYPT, false, "the AK decrypts, too" },
	{ SENSITIVE_DATA_ORIGIN, true, "the AK was not made by the TPM (sensitiveDataOrigin)" },
	{ FIXED_TPM, true, "the AK can leave the TPM (fixedTPM)" },
	{ FIXED_PARENT, true, "the AK can be moved to another parent (fixedParent)" },
	{ NO_DA, true, "the AK is subject to the dictionary attack lockout (noDA)" },
};

#define AK_ALLOWED (RESTRICTED | SIGN | SENSITIVE_DATA_ORIGIN | FIXED_TPM | FIXED_PARENT | NO_DA | USER_WITH_AUTH | ADMIN_WITH_POLICY)

enum status
public_encode_ak_template(enum public_type type, enum ec_curve curve, struct buffer *out)
{
	enum hash_alg alg = type == PUBLIC_RSA ? HASH_SHA256 : ec_hash(curve);

	if (alg == HASH_NONE)
		return E_UNSUPPORTED;
	buffer_be16(out, (uint16_t)type);
	buffer_be16(out, (uint16_t)alg);
	buffer_be32(out, RESTRICTED | SIGN | SENSITIVE_DATA_ORIGIN | FIXED_TPM | FIXED_PARENT | NO_DA | USER_WITH_AUTH);
	buffer_be16(out, 0);
	buffer_be16(out, ALG_NULL);
	buffer_be16(out, type == PUBLIC_RSA ? SCHEME_RSASSA : SCHEME_ECDSA);
	buffer_be16(out, (uint16_t)alg);
	encode_kind(type, curve, out);
	encode_unique(type, 0, out);
	return out->failed;
}

static bool
strong_hash(enum hash_alg alg)
{
	return alg == HASH_SHA256 || alg == HASH_SHA384;
}

static const char *
ak_defect(const struct public_area *k)
{
	for (size_t i = 0; i < sizeof ak_attributes / sizeof *ak_attributes; i++)
		if (((k->attributes & ak_attributes[i].bit) != 0) != ak_attributes[i].set)
			return ak_attributes[i].why;
	if ((k->attributes & ~AK_ALLOWED) != 0)
		return "the AK has an attribute that an AK has not";
	if (k->symmetric != ALG_NULL)
		return "the AK has a symmetric algorithm";
	if (k->scheme == SCHEME_NULL)
		return "the AK has no signature scheme of its own";
	if (!strong_hash(k->scheme_hash))
		return "the AK signs with a hash other than SHA-256 and SHA-384";
	if (!strong_hash(k->name_alg))
		return "the AK's Name algorithm is not SHA-256 or SHA-384";
	return NULL;
}

enum status
public_check_ak(const struct public_area *k, const char **why)
{
	const char *defect = ak_defect(k);

	if (defect == NULL)
		return OK;
	*why = defect;
	return E_KEY;
}

static enum status
verify_rsa(const struct public_area *k, struct bytes digest, struct reader *r)
{
	struct bytes sig = reader_take(r, reader_be16(r));
	enum status s = reader_end(r);

	if (s != OK)
		return s;
	if (k->scheme == SCHEME_RSASSA)
		return rsa_verify_pkcs1(&k->key.rsa, k->scheme_hash, digest, sig);
	return rsa_verify_pss(&k->key.rsa, k->scheme_hash, digest, sig);
}

/* A number of at most ${size} bytes, padded with zeros in front: the TPM drops none, other implementations do. */
static void
decode_padded(struct reader *r, uint8_t *to, size_t size)
{
	struct bytes v = reader_take(r, reader_be16(r));

	if (v.n > size) {
		reader_fail(r, E_SIGNATURE);
		return;
	}
	memset(to, 0, size);
	if (v.n > 0)
		memcpy(to + size - v.n, v.p, v.n);
}

static enum status
verify_ec(const struct public_area *k, struct bytes digest, struct reader *r)
{
	uint8_t sig[EC_SIGNATURE_MAX];
	size_t n = ec_field_size(k->key.ec.curve);
	enum status s;

	decode_padded(r, sig, n);
	decode_padded(r, sig + n, n);
	s = reader_end(r);
	if (s != OK)
		return s;
	return ec_verify(&k->key.ec, digest, bytes_of(sig, 2 * n));
}

enum status
public_verify(const struct public_area *k, struct bytes message, struct bytes signature)
{
	struct reader r = reader_of(signature);
	uint16_t scheme, alg;
	struct digest d;

	if (k->scheme == SCHEME_NULL)
		return E_KEY;
	if (!strong_hash(k->scheme_hash) && k->scheme_hash != HASH_SHA512)
		return E_UNSUPPORTED;
	scheme = reader_be16(&r);
	alg = reader_be16(&r);
	if (r.failed != OK)
		return r.failed;
	if (scheme != k->scheme || alg != k->scheme_hash)
		return E_MISMATCH;
	d = hash_digest(k->scheme_hash, message);
	return k->type == PUBLIC_RSA ? verify_rsa(k, digest_view(&d), &r) : verify_ec(k, digest_view(&d), &r);
}
