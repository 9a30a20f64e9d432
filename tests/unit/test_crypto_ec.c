/* SPDX-License-Identifier: ISC */
#include "vectors.h"

#include "crypto/ec.h"
#include "crypto/ecdsa_sign.h"

static void
check_ecdsa(enum ec_curve curve, const json_t *group, const json_t *test)
{
	static struct octets point, msg, sig;
	const json_t *key = json_object_get(group, "publicKey");
	struct ec_public k;
	struct digest d = hash_digest(ec_hash(curve), vectors_hex(test, "msg", &msg));
	enum status s;

	if (ec_public_decode(curve, vectors_hex(key, "uncompressed", &point), &k) != OK)
		fail_msg("key of test %d", vectors_id(test));
	s = ec_verify(&k, digest_view(&d), vectors_hex(test, "sig", &sig));
	if (s != (vectors_result(test, "valid") ? OK : E_SIGNATURE))
		fail_msg("test %d", vectors_id(test));
}

static void
check_ecdsa_p256(const json_t *group, const json_t *test)
{
	check_ecdsa(EC_P256, group, test);
}

static void
check_ecdsa_p384(const json_t *group, const json_t *test)
{
	check_ecdsa(EC_P384, group, test);
}

static void
ecdsa_wycheproof_p256(void **state)
{
	(void)state;
	vectors_each("tests/data/vectors/wycheproof/ecdsa_secp256r1_sha256_p1363_test.json", 262, check_ecdsa_p256);
}

static void
ecdsa_wycheproof_p384(void **state)
{
	(void)state;
	vectors_each("tests/data/vectors/wycheproof/ecdsa_secp384r1_sha384_p1363_test.json", 280, check_ecdsa_p384);
}

/* Their private keys are integers in hex: zeros before them, or left out, mean nothing. */
static struct bytes
scalar(struct bytes in, size_t field, uint8_t to[EC_FIELD_MAX])
{
	while (in.n > field && in.p[0] == 0)
		in = bytes_of(in.p + 1, in.n - 1);
	assert_true(in.n <= field);
	memset(to, 0, EC_FIELD_MAX);
	memcpy(to + field - in.n, in.p, in.n);
	return bytes_of(to, field);
}

static void
check_ecdh(enum ec_curve curve, const json_t *test)
{
	static struct octets point, d, shared;
	uint8_t padded[EC_FIELD_MAX], z[EC_FIELD_MAX];
	size_t field = ec_field_size(curve);
	struct ec_private k;
	struct ec_public peer;
	enum status s;

	assert_int_equal(ec_private_from_d(curve, scalar(vectors_hex(test, "private", &d), field, padded), &k), OK);
	s = ec_public_decode(curve, vectors_hex(test, "public", &point), &peer);
	/* The one "acceptable" test has a compressed point, which we do not read. */
	if (!vectors_result(test, "valid")) {
		if (s != E_KEY)
			fail_msg("test %d", vectors_id(test));
		return;
	}
	assert_int_equal(s, OK);
	assert_int_equal(ec_shared(&k, &peer, z), OK);
	assert_int_equal(vectors_hex(test, "shared", &shared).n, field);
	if (memcmp(z, shared.p, field) != 0)
		fail_msg("test %d", vectors_id(test));
}

static void
check_ecdh_p256(const json_t *group, const json_t *test)
{
	(void)group;
	check_ecdh(EC_P256, test);
}

static void
check_ecdh_p384(const json_t *group, const json_t *test)
{
	(void)group;
	check_ecdh(EC_P384, test);
}

static void
ecdh_wycheproof(void **state)
{
	(void)state;
	vectors_each("tests/data/vectors/wycheproof/ecdh_secp256r1_ecpoint_test.json", 355, check_ecdh_p256);
	vectors_each("tests/data/vectors/wycheproof/ecdh_secp384r1_ecpoint_test.json", 277, check_ecdh_p384);
}

/* RFC 6979, A.2.5 and A.2.6. */
static const char p256_d[] = "c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721";
static const char p256_x[] = "60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6";
static const char p384_d[] = "6b9d3dad2e1b8c1c05b19875b6659f4de23c3b667bf297ba9aa47740787137d896d5724e4c70a825f872c9ea60d2edf5";
static const char p384_x[] = "ec3a4e415b4e19a4568618029f427fa5da9a8bc4ae92e02e06aae5286b300c64def8f0ea9055866064a254515480bc13";

static const struct {
	enum ec_curve curve;
	const char *d, *x;
	enum hash_alg alg;
	const char *msg, *sig;
} signatures[] = {
	{ EC_P256, p256_d, p256_x, HASH_SHA256, "sample",
		"efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716"
		"f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8" },
	{ EC_P256, p256_d, p256_x, HASH_SHA256, "test",
		"f1abb023518351cd71d881567b1ea663ed3efcf6c5132b354f28d3b0b7d38367"
		"019f4113742a2b14bd25926b49c649155f267e60d3814b4c0cc84250e46f0083" },
	{ EC_P256, p256_d, p256_x, HASH_SHA512, "sample",
		"8496a60b5e9b47c825488827e0495b0e3fa109ec4568fd3f8d1097678eb97f00"
		"2362ab1adbe2b8adf9cb9edab740ea6049c028114f2460f96554f61fae3302fe" },
	{ EC_P384, p384_d, p384_x, HASH_SHA384, "sample",
		"94edbb92a5ecb8aad4736e56c691916b3f88140666ce9fa73d64c4ea95ad133c81a648152e44acf96e36dd1e80fabe46"
		"99ef4aeb15f178cea1fe40db2603138f130e740a19624526203b6351d0a3a94fa329c145786e679e7b82c71a38628ac8" },
	{ EC_P384, p384_d, p384_x, HASH_SHA384, "test",
		"8203b63d3c853e8d77227fb377bcf7b7b772e97892a80f36ab775d509d7a5feb0542a7f0812998da8f1dd3ca3cf023db"
		"ddd0760448d42d8a43af45af836fce4de8be06b485e9b61b827c2f13173923e06a739f040649a667bf3b828246baa5a5" },
	{ EC_P384, p384_d, p384_x, HASH_SHA256, "sample",
		"21b13d1e013c7fa1392d03c5f99af8b30c570c6f98d4ea8e354b63a21d3daa33bde1e888e63355d92fa2b3c36d8fb2cd"
		"f3aa443fb107745bf4bd77cb3891674632068a10ca67e3d45db2266fa7d1feebefdc63eccd1ac42ec0cb8668a4fa0ab0" },
};

static void
signatures_are_those_of_rfc_6979(void **state)
{
	static struct octets d, x, expected;

	(void)state;
	for (size_t i = 0; i < sizeof signatures / sizeof *signatures; i++) {
		struct digest m = hash_digest(signatures[i].alg, bytes_of(signatures[i].msg, strlen(signatures[i].msg)));
		uint8_t sig[EC_SIGNATURE_MAX];
		struct ec_private k;
		size_t n;

		assert_int_equal(ec_private_from_d(signatures[i].curve, vectors_unhex(signatures[i].d, &d), &k), OK);
		vectors_unhex(signatures[i].x, &x);
		assert_memory_equal(k.public.x, x.p, x.n);
		assert_int_equal(ecdsa_sign(&k, signatures[i].alg, digest_view(&m), sig, &n), OK);
		assert_int_equal(n, 2 * ec_field_size(signatures[i].curve));
		vectors_unhex(signatures[i].sig, &expected);
		assert_memory_equal(sig, expected.p, n);
		assert_int_equal(ec_verify(&k.public, digest_view(&m), bytes_of(sig, n)), OK);
		m.p[0] ^= 1;
		assert_int_equal(ec_verify(&k.public, digest_view(&m), bytes_of(sig, n)), E_SIGNATURE);
	}
}

static void
a_signature_needs_a_digest_of_its_hash(void **state)
{
	struct digest d = hash_digest(HASH_SHA256, BYTES_STRING("sample"));
	uint8_t sig[EC_SIGNATURE_MAX];
	struct ec_private k;
	size_t n;

	(void)state;
	assert_int_equal(ec_generate(EC_P256, &k), OK);
	assert_int_equal(ecdsa_sign(&k, HASH_SHA384, digest_view(&d), sig, &n), E_RANGE);
	assert_int_equal(ecdsa_sign(&k, (enum hash_alg)0x0012, digest_view(&d), sig, &n), E_UNSUPPORTED);
	k.public.curve = EC_NONE;
	assert_int_equal(ecdsa_sign(&k, HASH_SHA256, digest_view(&d), sig, &n), E_KEY);
	memset(&k, 0, sizeof k);
	k.public.curve = EC_P256;
	assert_int_equal(ecdsa_sign(&k, HASH_SHA256, digest_view(&d), sig, &n), E_KEY);
	assert_int_equal(n, 0);
}

static const char p256_order[] = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";
static const char p384_order[] = "ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973";

static void
a_secret_scalar_is_above_zero_and_below_the_order(void **state)
{
	static const struct {
		enum ec_curve curve;
		const char *order;
	} curves[] = { { EC_P256, p256_order }, { EC_P384, p384_order } };
	static struct octets d;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		enum ec_curve curve = curves[i].curve;
		struct bytes order = vectors_unhex(curves[i].order, &d);
		struct ec_private k;

		assert_int_equal(ec_private_from_d(curve, order, &k), E_KEY);
		assert_true(bytes_zero(bytes_of(&k, sizeof k)));
		d.p[d.n - 1]--;
		assert_int_equal(ec_private_from_d(curve, order, &k), OK);
		assert_int_equal(ec_private_from_d(curve, bytes_of(d.p, d.n - 1), &k), E_KEY);
		memset(d.p, 0xff, d.n);
		assert_int_equal(ec_private_from_d(curve, order, &k), E_KEY);
		memset(d.p, 0, d.n);
		assert_int_equal(ec_private_from_d(curve, order, &k), E_KEY);
		d.p[d.n - 1] = 1;
		assert_int_equal(ec_private_from_d(curve, order, &k), OK);
	}
	assert_int_equal(ec_private_from_d(EC_NONE, bytes_of(d.p, 32), &(struct ec_private){ 0 }), E_KEY);
}

static void
a_coordinate_not_below_the_prime_is_refused(void **state)
{
	/* The point with x = 0 lies on P-256; x = p is the same number in another spelling. */
	static const char y[] = "66485c780e2f83d72433bd5d84a06bb6541c2af31dae871728bf856a174f93f4";
	static const char p[] = "ffffffff00000001000000000000000000000000ffffffffffffffffffffffff";
	static struct octets x, at;
	struct ec_public k;

	(void)state;
	vectors_unhex(y, &at);
	assert_int_equal(ec_public_from_xy(EC_P256, bytes_of(NULL, 0), bytes_of(at.p, at.n), &k), OK);
	assert_int_equal(ec_public_from_xy(EC_P256, vectors_unhex(p, &x), bytes_of(at.p, at.n), &k), E_KEY);
	assert_true(bytes_zero(bytes_of(&k, sizeof k)));
}

static void
points_are_read_in_one_form_only(void **state)
{
	uint8_t point[EC_POINT_MAX + 1] = { 0 };
	struct ec_private k;
	struct ec_public other;
	size_t n;

	(void)state;
	assert_int_equal(ec_generate(EC_P256, &k), OK);
	n = ec_public_encode(&k.public, point);
	assert_int_equal(n, 65);
	assert_int_equal(ec_public_decode(EC_P256, bytes_of(point, n), &other), OK);
	assert_true(ec_public_equal(&k.public, &other));
	assert_int_equal(ec_public_decode(EC_P256, bytes_of(point, n - 1), &other), E_KEY);
	assert_int_equal(ec_public_decode(EC_P256, bytes_of(point, n + 1), &other), E_KEY);
	assert_int_equal(ec_public_decode(EC_P384, bytes_of(point, n), &other), E_KEY);
	assert_int_equal(ec_public_decode(EC_NONE, bytes_of(point, 1), &other), E_KEY);
	assert_int_equal(ec_public_decode(EC_P256, bytes_of(NULL, 0), &other), E_KEY);
	for (unsigned form = 0; form < 256; form++) {
		point[0] = (uint8_t)form;
		assert_int_equal(ec_public_decode(EC_P256, bytes_of(point, n), &other), form == 4 ? OK : E_KEY);
	}
	/* Neither the point at infinity nor zeros. */
	assert_int_equal(ec_public_decode(EC_P256, bytes_of(point, 1), &other), E_KEY);
	assert_int_equal(ec_public_from_xy(EC_P256, bytes_of(NULL, 0), bytes_of(NULL, 0), &other), E_KEY);
}

static void
both_sides_share_the_same_secret(void **state)
{
	static const enum ec_curve curves[] = { EC_P256, EC_P384 };
	uint8_t a[EC_FIELD_MAX], b[EC_FIELD_MAX];

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct ec_private alice, bob;

		assert_int_equal(ec_generate(curves[i], &alice), OK);
		assert_int_equal(ec_generate(curves[i], &bob), OK);
		assert_false(ec_public_equal(&alice.public, &bob.public));
		assert_int_equal(ec_shared(&alice, &bob.public, a), OK);
		assert_int_equal(ec_shared(&bob, &alice.public, b), OK);
		assert_memory_equal(a, b, ec_field_size(curves[i]));
		bob.public.curve = curves[1 - i];
		assert_int_equal(ec_shared(&alice, &bob.public, a), E_KEY);
		bob.public.curve = curves[i];
		bob.public.y[0] ^= 1;
		assert_int_equal(ec_shared(&alice, &bob.public, a), E_KEY);
		assert_true(bytes_zero(BYTES(a)));
	}
	assert_int_equal(ec_generate(EC_NONE, &(struct ec_private){ 0 }), E_UNSUPPORTED);
}

static void
a_signature_by_another_key_or_of_another_size_is_refused(void **state)
{
	struct digest d = hash_digest(HASH_SHA256, BYTES_STRING("statement"));
	uint8_t sig[EC_SIGNATURE_MAX + 1];
	struct ec_private k, other;
	size_t n;

	(void)state;
	memset(sig, 0, sizeof sig);
	assert_int_equal(ec_generate(EC_P256, &k), OK);
	assert_int_equal(ec_generate(EC_P256, &other), OK);
	assert_int_equal(ec_verify(&k.public, digest_view(&d), bytes_of(sig, 64)), E_SIGNATURE);
	assert_int_equal(ecdsa_sign(&k, HASH_SHA256, digest_view(&d), sig, &n), OK);
	assert_int_equal(ec_verify(&other.public, digest_view(&d), bytes_of(sig, n)), E_SIGNATURE);
	assert_int_equal(ec_verify(&k.public, digest_view(&d), bytes_of(sig, n - 1)), E_SIGNATURE);
	assert_int_equal(ec_verify(&k.public, digest_view(&d), bytes_of(sig, n + 1)), E_SIGNATURE);
	assert_int_equal(ec_verify(&k.public, bytes_of(NULL, 0), bytes_of(sig, n)), E_SIGNATURE);
	k.public.curve = EC_NONE;
	assert_int_equal(ec_verify(&k.public, digest_view(&d), bytes_of(sig, n)), E_SIGNATURE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ecdsa_wycheproof_p256),
		cmocka_unit_test(ecdsa_wycheproof_p384),
		cmocka_unit_test(ecdh_wycheproof),
		cmocka_unit_test(signatures_are_those_of_rfc_6979),
		cmocka_unit_test(a_signature_needs_a_digest_of_its_hash),
		cmocka_unit_test(a_secret_scalar_is_above_zero_and_below_the_order),
		cmocka_unit_test(a_coordinate_not_below_the_prime_is_refused),
		cmocka_unit_test(points_are_read_in_one_form_only),
		cmocka_unit_test(both_sides_share_the_same_secret),
		cmocka_unit_test(a_signature_by_another_key_or_of_another_size_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
