/* SPDX-License-Identifier: ISC */
#include "vectors.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <stdio.h>

#include "crypto/rsa.h"

static void
load_modulus(struct bytes n, uint32_t e, struct rsa_public *k)
{
	while (n.n > 0 && n.p[0] == 0)
		n = bytes_of(n.p + 1, n.n - 1);
	memset(k, 0, sizeof *k);
	assert_true(n.n <= sizeof k->n);
	k->n_size = n.n;
	memcpy(k->n, n.p, n.n);
	k->e = e;
}

static void
load_wycheproof_key(const json_t *group, struct rsa_public *k)
{
	static struct octets n, e;
	const json_t *key = json_object_get(group, "publicKey");

	vectors_hex(key, "modulus", &n);
	vectors_hex(key, "publicExponent", &e);
	load_modulus(bytes_of(n.p, n.n), e.n == 3 ? 65537 : e.p[0], k);
}

static void
check_pkcs1(const json_t *group, const json_t *test)
{
	static struct octets msg, sig;
	struct rsa_public k;
	struct digest d = hash_digest(HASH_SHA256, vectors_hex(test, "msg", &msg));
	enum status s, expected = vectors_result(test, "valid") ? OK : E_SIGNATURE;

	load_wycheproof_key(group, &k);
	/* Two valid signatures are there by keys with e = 3, which we refuse.  "Acceptable" is one that leaves out the NULL: not here. */
	if (k.e == 3) {
		assert_int_equal(rsa_public_check(&k), E_KEY);
		expected = E_SIGNATURE;
	}
	s = rsa_verify_pkcs1(&k, HASH_SHA256, digest_view(&d), vectors_hex(test, "sig", &sig));
	if (s != expected)
		fail_msg("test %d", vectors_id(test));
}

static void
pkcs1_wycheproof(void **state)
{
	(void)state;
	vectors_each("tests/data/vectors/wycheproof/rsa_signature_2048_sha256_test.json", 259, check_pkcs1);
	vectors_each("tests/data/vectors/wycheproof/rsa_signature_3072_sha256_test.json", 259, check_pkcs1);
}

static void
check_pss(const json_t *group, const json_t *test)
{
	static struct octets msg, sig;
	struct rsa_public k;
	struct digest d = hash_digest(HASH_SHA256, vectors_hex(test, "msg", &msg));
	/* Six tests are invalid for having another salt length than 32, which is what we do not ask for. */
	bool other_salt = strncmp(vectors_text(test, "comment"), "s_len changed to", 16) == 0;
	enum status s;

	load_wycheproof_key(group, &k);
	s = rsa_verify_pss(&k, HASH_SHA256, digest_view(&d), vectors_hex(test, "sig", &sig));
	if (s != (vectors_result(test, "valid") || other_salt ? OK : E_SIGNATURE))
		fail_msg("test %d", vectors_id(test));
}

static void
pss_wycheproof(void **state)
{
	(void)state;
	vectors_each("tests/data/vectors/wycheproof/rsa_pss_2048_sha256_mgf1_32_test.json", 108, check_pss);
}

static const char *const key_files[] = {
	"tests/data/keys/test-only-rsa-2048.pem",
	"tests/data/keys/test-only-rsa-3072.pem",
	"tests/data/keys/test-only-rsa-4096.pem",
};

static const struct {
	enum hash_alg alg;
	const char *name;
} algs[] = { { HASH_SHA1, "SHA1" }, { HASH_SHA256, "SHA256" }, { HASH_SHA384, "SHA384" }, { HASH_SHA512, "SHA512" } };

/* libcrypto's private key, and its public half as ours. */
static EVP_PKEY *
load_key(const char *path, struct rsa_public *k)
{
	FILE *f = fopen(path, "r");
	EVP_PKEY *key;
	BIGNUM *n = NULL;
	uint8_t bytes[RSA_SIZE_MAX];

	assert_non_null(f);
	key = PEM_read_PrivateKey(f, NULL, NULL, NULL);
	fclose(f);
	assert_non_null(key);
	assert_int_equal(EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_N, &n), 1);
	load_modulus(bytes_of(bytes, (size_t)BN_bn2bin(n, bytes)), 65537, k);
	BN_free(n);
	assert_int_equal(rsa_public_check(k), OK);
	return key;
}

/* One private operation of libcrypto's; the size of what came out, 0 when it refused. */
static size_t
private_operation(EVP_PKEY *key, bool sign, const OSSL_PARAM *params, struct bytes in, uint8_t out[RSA_SIZE_MAX])
{
	EVP_PKEY_CTX *c = EVP_PKEY_CTX_new(key, NULL);
	size_t n = RSA_SIZE_MAX;

	assert_int_equal(sign ? EVP_PKEY_sign_init_ex(c, params) : EVP_PKEY_decrypt_init_ex(c, params), 1);
	if ((sign ? EVP_PKEY_sign(c, out, &n, in.p, in.n) : EVP_PKEY_decrypt(c, out, &n, in.p, in.n)) != 1)
		n = 0;
	EVP_PKEY_CTX_free(c);
	return n;
}

/* OSSL_PARAM takes what it only reads as not const. */
static OSSL_PARAM
word(const char *name, const char *value, char copy[32])
{
	snprintf(copy, 32, "%s", value);
	return OSSL_PARAM_construct_utf8_string(name, copy, 0);
}

static size_t
sign_pss(EVP_PKEY *key, const char *hash, const char *salt, struct digest d, uint8_t sig[RSA_SIZE_MAX])
{
	char a[32], b[32], c[32], e[32];
	OSSL_PARAM params[] = {
		word(OSSL_SIGNATURE_PARAM_PAD_MODE, OSSL_PKEY_RSA_PAD_MODE_PSS, a),
		word(OSSL_SIGNATURE_PARAM_DIGEST, hash, b),
		word(OSSL_SIGNATURE_PARAM_MGF1_DIGEST, hash, c),
		word(OSSL_SIGNATURE_PARAM_PSS_SALTLEN, salt, e),
		OSSL_PARAM_construct_end(),
	};

	return private_operation(key, true, params, digest_view(&d), sig);
}

static void
pss_signatures_of_libcrypto_verify_with_any_salt(void **state)
{
	static const char *const salts[] = { "0", "1", "20", "digest", "max" };
	uint8_t sig[RSA_SIZE_MAX];
	struct rsa_public k;

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		EVP_PKEY *key = load_key(key_files[i], &k);

		for (size_t a = 0; a < 4; a++)
			for (size_t s = 0; s < 5; s++) {
				struct digest d = hash_digest(algs[a].alg, BYTES_STRING("a quote"));
				size_t n = sign_pss(key, algs[a].name, salts[s], d, sig);

				assert_int_equal(n, k.n_size);
				assert_int_equal(rsa_verify_pss(&k, algs[a].alg, digest_view(&d), bytes_of(sig, n)), OK);
				assert_int_equal(rsa_verify_pkcs1(&k, algs[a].alg, digest_view(&d), bytes_of(sig, n)), E_SIGNATURE);
				d.p[0] ^= 1;
				assert_int_equal(rsa_verify_pss(&k, algs[a].alg, digest_view(&d), bytes_of(sig, n)), E_SIGNATURE);
			}
		EVP_PKEY_free(key);
	}
}

static void
pkcs1_signatures_of_libcrypto_verify(void **state)
{
	uint8_t sig[RSA_SIZE_MAX];
	struct rsa_public k;

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		EVP_PKEY *key = load_key(key_files[i], &k);

		for (size_t a = 0; a < 4; a++) {
			struct digest d = hash_digest(algs[a].alg, BYTES_STRING("a quote"));
			char x[32], y[32];
			OSSL_PARAM params[] = {
				word(OSSL_SIGNATURE_PARAM_PAD_MODE, OSSL_PKEY_RSA_PAD_MODE_PKCSV15, x),
				word(OSSL_SIGNATURE_PARAM_DIGEST, algs[a].name, y),
				OSSL_PARAM_construct_end(),
			};
			size_t n = private_operation(key, true, params, digest_view(&d), sig);

			assert_int_equal(n, k.n_size);
			assert_int_equal(rsa_verify_pkcs1(&k, algs[a].alg, digest_view(&d), bytes_of(sig, n)), OK);
			assert_int_equal(rsa_verify_pss(&k, algs[a].alg, digest_view(&d), bytes_of(sig, n)), E_SIGNATURE);
			sig[n - 1] ^= 1;
			assert_int_equal(rsa_verify_pkcs1(&k, algs[a].alg, digest_view(&d), bytes_of(sig, n)), E_SIGNATURE);
		}
		EVP_PKEY_free(key);
	}
}

static void
seal_raw(EVP_PKEY *key, struct bytes em, uint8_t sig[RSA_SIZE_MAX])
{
	char x[32];
	OSSL_PARAM params[] = {
		word(OSSL_SIGNATURE_PARAM_PAD_MODE, OSSL_PKEY_RSA_PAD_MODE_NONE, x),
		OSSL_PARAM_construct_end(),
	};

	assert_int_equal(private_operation(key, true, params, em, sig), em.n);
}

/* Encodings that are wrong in one place each, but honestly signed; their hash would be right. */
static void
malformed_pss_encodings_are_refused(void **state)
{
	struct rsa_public k;
	EVP_PKEY *key = load_key(key_files[0], &k);
	struct digest d = hash_digest(HASH_SHA256, BYTES_STRING("a quote"));
	uint8_t sig[RSA_SIZE_MAX], em[RSA_SIZE_MAX], bad[RSA_SIZE_MAX];

	(void)state;
	assert_int_equal(sign_pss(key, "SHA256", "digest", d, sig), 256);
	assert_int_equal(rsa_encrypt_raw(&k, bytes_of(sig, 256), em), OK);
	for (size_t i = 0; i < 256; i++) {
		memcpy(bad, em, 256);
		/* The lowest bit, so that the number stays below the modulus. */
		bad[i] ^= 1;
		seal_raw(key, bytes_of(bad, 256), sig);
		assert_int_equal(rsa_verify_pss(&k, HASH_SHA256, digest_view(&d), bytes_of(sig, 256)), E_SIGNATURE);
	}
	/* The bit above the encoding's length, where the modulus allows it; and nothing but zeros. */
	memcpy(bad, em, 256);
	bad[0] |= 0x80;
	if (memcmp(bad, k.n, 256) < 0) {
		seal_raw(key, bytes_of(bad, 256), sig);
		assert_int_equal(rsa_verify_pss(&k, HASH_SHA256, digest_view(&d), bytes_of(sig, 256)), E_SIGNATURE);
	}
	memset(sig, 0, sizeof sig);
	assert_int_equal(rsa_verify_pss(&k, HASH_SHA256, digest_view(&d), bytes_of(sig, 256)), E_SIGNATURE);
	assert_int_equal(rsa_verify_pkcs1(&k, HASH_SHA256, digest_view(&d), bytes_of(sig, 256)), E_SIGNATURE);
	EVP_PKEY_free(key);
}

static void
a_signature_not_below_the_modulus_or_of_another_size_is_refused(void **state)
{
	struct rsa_public k;
	EVP_PKEY *key = load_key(key_files[0], &k);
	struct digest d = hash_digest(HASH_SHA256, BYTES_STRING("a quote"));
	uint8_t sig[RSA_SIZE_MAX], out[RSA_SIZE_MAX];
	size_t n = sign_pss(key, "SHA256", "digest", d, sig);

	(void)state;
	assert_int_equal(rsa_verify_pss(&k, HASH_SHA256, digest_view(&d), bytes_of(sig, n - 1)), E_SIGNATURE);
	assert_int_equal(rsa_verify_pss(&k, HASH_SHA256, digest_view(&d), bytes_of(sig, n + 1)), E_SIGNATURE);
	assert_int_equal(rsa_verify_pss(&k, HASH_SHA256, bytes_of(d.p, 31), bytes_of(sig, n)), E_SIGNATURE);
	assert_int_equal(rsa_verify_pss(&k, (enum hash_alg)0x0012, bytes_of(NULL, 0), bytes_of(sig, n)), E_SIGNATURE);
	assert_int_equal(rsa_verify_pss(&k, HASH_SHA256, digest_view(&d), bytes_of(k.n, n)), E_SIGNATURE);
	assert_int_equal(rsa_encrypt_raw(&k, bytes_of(k.n, n), out), E_RANGE);
	assert_int_equal(rsa_encrypt_raw(&k, bytes_of(sig, n - 1), out), E_RANGE);
	EVP_PKEY_free(key);
}

static size_t
decrypt_oaep(EVP_PKEY *key, const char *hash, struct bytes label, struct bytes in, uint8_t out[RSA_SIZE_MAX])
{
	char a[32], b[32], c[32];
	uint8_t copy[32];
	OSSL_PARAM params[] = {
		word(OSSL_ASYM_CIPHER_PARAM_PAD_MODE, OSSL_PKEY_RSA_PAD_MODE_OAEP, a),
		word(OSSL_ASYM_CIPHER_PARAM_OAEP_DIGEST, hash, b),
		word(OSSL_ASYM_CIPHER_PARAM_MGF1_DIGEST, hash, c),
		OSSL_PARAM_construct_octet_string(OSSL_ASYM_CIPHER_PARAM_OAEP_LABEL, copy, label.n),
		OSSL_PARAM_construct_end(),
	};

	assert_true(label.n <= sizeof copy);
	memcpy(copy, label.p, label.n);
	return private_operation(key, false, params, in, out);
}

static void
libcrypto_opens_what_oaep_sealed(void **state)
{
	static const uint8_t label[] = "IDENTITY";
	uint8_t secret[RSA_SIZE_MAX], sealed[RSA_SIZE_MAX], again[RSA_SIZE_MAX], opened[RSA_SIZE_MAX];
	struct rsa_public k;

	(void)state;
	memset(secret, 0x42, sizeof secret);
	for (size_t i = 0; i < 3; i++) {
		EVP_PKEY *key = load_key(key_files[i], &k);

		for (size_t a = 0; a < 4; a++) {
			size_t most = k.n_size - 2 * hash_size(algs[a].alg) - 2, sizes[] = { 1, 32, most };

			for (size_t s = 0; s < 3; s++) {
				assert_int_equal(rsa_oaep_encrypt(&k, algs[a].alg, BYTES(label), bytes_of(secret, sizes[s]), sealed), OK);
				assert_int_equal(decrypt_oaep(key, algs[a].name, BYTES(label), bytes_of(sealed, k.n_size), opened), sizes[s]);
				assert_memory_equal(opened, secret, sizes[s]);
			}
			assert_int_equal(rsa_oaep_encrypt(&k, algs[a].alg, BYTES(label), bytes_of(secret, most + 1), sealed), E_TOO_LARGE);
		}
		/* The label counts with its NUL, and no two encryptions are the same. */
		assert_int_equal(rsa_oaep_encrypt(&k, HASH_SHA256, BYTES(label), bytes_of(secret, 32), sealed), OK);
		assert_int_equal(decrypt_oaep(key, "SHA256", bytes_of(label, 8), bytes_of(sealed, k.n_size), opened), 0);
		assert_int_equal(rsa_oaep_encrypt(&k, HASH_SHA256, BYTES(label), bytes_of(secret, 32), again), OK);
		assert_memory_not_equal(sealed, again, k.n_size);
		EVP_PKEY_free(key);
	}
}

static void
weak_or_odd_keys_are_refused(void **state)
{
	struct rsa_public good, k;
	uint8_t out[RSA_SIZE_MAX];

	(void)state;
	EVP_PKEY_free(load_key(key_files[0], &good));
	k = good;
	k.e = 3;
	assert_int_equal(rsa_public_check(&k), E_KEY);
	assert_int_equal(rsa_oaep_encrypt(&k, HASH_SHA256, BYTES_STRING("x"), BYTES_STRING("y"), out), E_KEY);
	assert_int_equal(rsa_encrypt_raw(&k, bytes_of(k.n, k.n_size), out), E_KEY);
	k.e = 65538;
	assert_int_equal(rsa_public_check(&k), E_KEY);
	k = good;
	k.n[255] &= 0xfe;
	assert_int_equal(rsa_public_check(&k), E_KEY);
	k = good;
	k.n[0] &= 0x7f;
	assert_int_equal(rsa_public_check(&k), E_KEY);
	k = good;
	for (size_t n = 0; n <= 600; n++) {
		k.n_size = n;
		if (n != 256)
			assert_int_equal(rsa_public_check(&k), E_KEY);
	}
	assert_int_equal(rsa_oaep_encrypt(&good, (enum hash_alg)0x0012, BYTES_STRING("x"), BYTES_STRING("y"), out), E_UNSUPPORTED);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pkcs1_wycheproof),
		cmocka_unit_test(pss_wycheproof),
		cmocka_unit_test(pss_signatures_of_libcrypto_verify_with_any_salt),
		cmocka_unit_test(pkcs1_signatures_of_libcrypto_verify),
		cmocka_unit_test(malformed_pss_encodings_are_refused),
		cmocka_unit_test(a_signature_not_below_the_modulus_or_of_another_size_is_refused),
		cmocka_unit_test(libcrypto_opens_what_oaep_sealed),
		cmocka_unit_test(weak_or_odd_keys_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
