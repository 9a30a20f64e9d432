/* SPDX-License-Identifier: ISC */
#include "vectors.h"

#include <openssl/core_names.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

#include "crypto/kdf.h"

static void
check_hkdf(enum hash_alg alg, const json_t *test)
{
	static struct octets ikm, salt, info, okm;
	static uint8_t out[16384];
	uint8_t prk[HASH_SIZE_MAX];
	size_t size = (size_t)json_integer_value(json_object_get(test, "size"));
	enum status s;

	assert_true(size <= sizeof out);
	kdf_hkdf_extract(alg, vectors_hex(test, "salt", &salt), vectors_hex(test, "ikm", &ikm), prk);
	s = kdf_hkdf_expand(alg, bytes_of(prk, hash_size(alg)), vectors_hex(test, "info", &info), out, size);
	vectors_hex(test, "okm", &okm);
	if (vectors_result(test, "valid") ? s != OK || okm.n != size || memcmp(out, okm.p, size) != 0 : s != E_TOO_LARGE)
		fail_msg("test %d", vectors_id(test));
}

static void
check_hkdf_sha256(const json_t *group, const json_t *test)
{
	(void)group;
	check_hkdf(HASH_SHA256, test);
}

static void
check_hkdf_sha384(const json_t *group, const json_t *test)
{
	(void)group;
	check_hkdf(HASH_SHA384, test);
}

static void
hkdf_wycheproof(void **state)
{
	(void)state;
	vectors_each("tests/data/vectors/wycheproof/hkdf_sha256_test.json", 86, check_hkdf_sha256);
	vectors_each("tests/data/vectors/wycheproof/hkdf_sha384_test.json", 83, check_hkdf_sha384);
}

/* Fixed values, which openssl's KBKDF and SSKDF give too: `openssl kdf -keylen 32 -kdfopt mac:HMAC …`. */
static void
known_answers(void **state)
{
	uint8_t key[32], u[32], v[32], out[32];
	struct octets expected;

	(void)state;
	memset(key, 0x0b, sizeof key);
	memset(u, 0x01, sizeof u);
	memset(v, 0x02, sizeof v);
	assert_int_equal(kdf_a(HASH_SHA256, BYTES(key), "ATH", bytes_of(u, 16), bytes_of(v, 16), out, 32), OK);
	vectors_unhex("63591fea5c8a26cee98e509a3cd1ba3b4e3c079f7014fc56e5805175d15e292b", &expected);
	assert_memory_equal(out, expected.p, 32);
	assert_int_equal(kdf_a(HASH_SHA256, BYTES(key), "CFB", bytes_of(u, 16), bytes_of(v, 16), out, 16), OK);
	vectors_unhex("102d8c3954fd6f1e1decad8fa4cc2180", &expected);
	assert_memory_equal(out, expected.p, 16);

	memset(key, 0x0c, sizeof key);
	memset(u, 0x03, sizeof u);
	memset(v, 0x04, sizeof v);
	assert_int_equal(kdf_e(HASH_SHA256, BYTES(key), "SECRET", BYTES(u), BYTES(v), out, 32), OK);
	vectors_unhex("792abfa6b8f56534e5cb0baf2492e49c11afe9ce3a2e72968e9db967a01b9d05", &expected);
	assert_memory_equal(out, expected.p, 32);
}

static OSSL_PARAM
octets(const char *name, const uint8_t *p, size_t n)
{
	uint8_t *copy = test_malloc(n + 1);

	memcpy(copy, p, n);
	return OSSL_PARAM_construct_octet_string(name, copy, n);
}

static OSSL_PARAM
word(const char *name, const char *value)
{
	char *copy = test_malloc(strlen(value) + 1);

	strcpy(copy, value);
	return OSSL_PARAM_construct_utf8_string(name, copy, 0);
}

static void
derive(const char *function, OSSL_PARAM *params, uint8_t *out, size_t n)
{
	EVP_KDF *kdf = EVP_KDF_fetch(NULL, function, NULL);
	EVP_KDF_CTX *c = EVP_KDF_CTX_new(kdf);

	assert_int_equal(EVP_KDF_derive(c, out, n, params), 1);
	EVP_KDF_CTX_free(c);
	EVP_KDF_free(kdf);
	for (OSSL_PARAM *p = params; p->key != NULL; p++)
		test_free(p->data);
}

static const struct {
	enum hash_alg alg;
	const char *name;
} algs[] = { { HASH_SHA1, "SHA1" }, { HASH_SHA256, "SHA256" }, { HASH_SHA384, "SHA384" }, { HASH_SHA512, "SHA512" } };

static const size_t sizes[] = { 1, 16, 20, 32, 33, 48, 64, 65, 200 };

/* KDFa is the counter mode of SP 800-108 with label, zero byte, context and length; libcrypto calls the label "salt". */
static void
kdf_a_is_the_counter_mode_of_sp800_108(void **state)
{
	uint8_t key[20], context[42], out[200], other[200];

	(void)state;
	memset(key, 0x5a, sizeof key);
	memset(context, 0xc3, sizeof context);
	for (size_t i = 0; i < 4; i++)
		for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++) {
			OSSL_PARAM params[] = {
				word(OSSL_KDF_PARAM_MAC, "HMAC"),
				word(OSSL_KDF_PARAM_DIGEST, algs[i].name),
				octets(OSSL_KDF_PARAM_KEY, key, sizeof key),
				octets(OSSL_KDF_PARAM_SALT, (const uint8_t *)"STORAGE", 7),
				octets(OSSL_KDF_PARAM_INFO, context, sizeof context),
				OSSL_PARAM_construct_end(),
			};

			derive("KBKDF", params, other, sizes[k]);
			assert_int_equal(kdf_a(algs[i].alg, BYTES(key), "STORAGE", bytes_of(context, 13), bytes_of(context, 29),
					out, sizes[k]), OK);
			assert_memory_equal(out, other, sizes[k]);
		}
}

/* KDFe is the one-step derivation of SP 800-56A with a hash, its info being the use, a zero byte and both parties. */
static void
kdf_e_is_the_one_step_derivation_of_sp800_56a(void **state)
{
	uint8_t z[48], party[48], info[sizeof "IDENTITY" + 96], out[200], other[200];

	(void)state;
	memset(z, 0x77, sizeof z);
	memset(party, 0x3c, sizeof party);
	memcpy(info, "IDENTITY", sizeof "IDENTITY");
	memset(info + sizeof "IDENTITY", 0x3c, 96);
	for (size_t i = 0; i < 4; i++)
		for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++) {
			OSSL_PARAM params[] = {
				word(OSSL_KDF_PARAM_DIGEST, algs[i].name),
				octets(OSSL_KDF_PARAM_KEY, z, sizeof z),
				octets(OSSL_KDF_PARAM_INFO, info, sizeof info),
				OSSL_PARAM_construct_end(),
			};

			derive("SSKDF", params, other, sizes[k]);
			assert_int_equal(kdf_e(algs[i].alg, BYTES(z), "IDENTITY", BYTES(party), BYTES(party), out, sizes[k]), OK);
			assert_memory_equal(out, other, sizes[k]);
		}
}

static void
an_unknown_hash_is_refused(void **state)
{
	const enum hash_alg sm3 = (enum hash_alg)0x0012;
	uint8_t key[32] = { 0 }, out[32];

	(void)state;
	assert_int_equal(kdf_a(sm3, BYTES(key), "ATH", BYTES(key), BYTES(key), out, 32), E_UNSUPPORTED);
	assert_int_equal(kdf_e(sm3, BYTES(key), "ATH", BYTES(key), BYTES(key), out, 32), E_UNSUPPORTED);
	assert_int_equal(kdf_hkdf_expand(sm3, BYTES(key), BYTES(key), out, 32), E_UNSUPPORTED);
	assert_int_equal(kdf_a(HASH_SHA256, BYTES(key), "ATH", BYTES(key), BYTES(key), out, (size_t)1 << 29), E_TOO_LARGE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hkdf_wycheproof),
		cmocka_unit_test(known_answers),
		cmocka_unit_test(kdf_a_is_the_counter_mode_of_sp800_108),
		cmocka_unit_test(kdf_e_is_the_one_step_derivation_of_sp800_56a),
		cmocka_unit_test(an_unknown_hash_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
