/* SPDX-License-Identifier: ISC */
/* What ESYS is given for its cryptography: agreement with crypto/, sizes, and what is refused. (That a TPM agrees, test_tpm shows.) */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <string.h>

#include <tss2/tss2_mu.h>

#include "crypto/ec.h"
#include "crypto/hash.h"
#include "tpm/callbacks.h"

static ESYS_CRYPTO_CALLBACKS c;

static int
get_callbacks(void **state)
{
	(void)state;
	c = callbacks_esys();
	return 0;
}

static void
hashes_and_hmacs_come_in_pieces_and_end_their_context(void **state)
{
	static const TPM2_ALG_ID algs[] = { TPM2_ALG_SHA1, TPM2_ALG_SHA256, TPM2_ALG_SHA384, TPM2_ALG_SHA512 };
	static const uint8_t text[] = "one and the other";

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		ESYS_CRYPTO_CONTEXT_BLOB *context = NULL;
		uint8_t out[64], expected[HASH_SIZE_MAX];
		size_t n = sizeof out;

		assert_int_equal(c.hash_start(&context, algs[i], NULL), TSS2_RC_SUCCESS);
		assert_int_equal(c.hash_update(context, text, 4, NULL), TSS2_RC_SUCCESS);
		assert_int_equal(c.hash_update(context, text + 4, sizeof text - 4, NULL), TSS2_RC_SUCCESS);
		assert_int_equal(c.hash_update(context, NULL, 0, NULL), TSS2_RC_SUCCESS);
		assert_int_equal(c.hash_finish(&context, out, &n, NULL), TSS2_RC_SUCCESS);
		assert_null(context);
		assert_int_equal(n, hash_compute((enum hash_alg)algs[i], BYTES(text), expected));
		assert_memory_equal(out, expected, n);

		n = sizeof out;
		assert_int_equal(c.hmac_start(&context, algs[i], text, 7, NULL), TSS2_RC_SUCCESS);
		assert_int_equal(c.hmac_update(context, text, sizeof text, NULL), TSS2_RC_SUCCESS);
		assert_int_equal(c.hmac_finish(&context, out, &n, NULL), TSS2_RC_SUCCESS);
		assert_null(context);
		assert_int_equal(n, hmac_compute((enum hash_alg)algs[i], bytes_of(text, 7), BYTES(text), expected));
		assert_memory_equal(out, expected, n);
	}
}

static void
a_context_that_is_given_up_leaks_nothing_and_bad_calls_are_refused(void **state)
{
	ESYS_CRYPTO_CONTEXT_BLOB *context = NULL;
	uint8_t out[64];
	size_t n = 31;

	(void)state;
	assert_int_equal(c.hash_start(&context, TPM2_ALG_SM3_256, NULL), TSS2_ESYS_RC_NOT_IMPLEMENTED);
	assert_int_equal(c.hmac_start(&context, TPM2_ALG_SHA3_256, out, 1, NULL), TSS2_ESYS_RC_NOT_IMPLEMENTED);
	assert_int_equal(c.hash_start(NULL, TPM2_ALG_SHA256, NULL), TSS2_ESYS_RC_BAD_REFERENCE);
	assert_int_equal(c.hash_start(&context, TPM2_ALG_SHA256, NULL), TSS2_RC_SUCCESS);
	assert_int_equal(c.hash_finish(&context, out, &n, NULL), TSS2_ESYS_RC_BAD_SIZE);
	assert_int_equal(c.hash_update(context, NULL, 1, NULL), TSS2_ESYS_RC_BAD_REFERENCE);
	c.hash_abort(&context, NULL);
	assert_null(context);
	c.hash_abort(&context, NULL);
	assert_int_equal(c.hmac_start(&context, TPM2_ALG_SHA256, out, 0, NULL), TSS2_RC_SUCCESS);
	c.hmac_abort(&context, NULL);
	assert_null(context);
	assert_int_equal(c.hash_finish(&context, out, &n, NULL), TSS2_ESYS_RC_BAD_REFERENCE);
	assert_int_equal(c.hash_update(NULL, out, 1, NULL), TSS2_ESYS_RC_BAD_REFERENCE);
}

static void
random_nonces_have_the_size_asked_for(void **state)
{
	TPM2B_NONCE a = { 0 }, b = { 0 };

	(void)state;
	assert_int_equal(c.get_random2b(&a, 32, NULL), TSS2_RC_SUCCESS);
	assert_int_equal(a.size, 32);
	assert_int_equal(c.get_random2b(&b, 0, NULL), TSS2_RC_SUCCESS);
	assert_int_equal(b.size, sizeof b.buffer);
	assert_memory_not_equal(a.buffer, b.buffer, 32);
	assert_int_equal(c.get_random2b(&a, sizeof a.buffer + 1, NULL), TSS2_ESYS_RC_BAD_SIZE);
}

static TPM2B_PUBLIC
ec_area(const struct ec_public *k)
{
	TPM2B_PUBLIC p = { 0 };
	TPMS_ECC_POINT *q = &p.publicArea.unique.ecc;
	size_t n = ec_field_size(k->curve);

	p.publicArea.type = TPM2_ALG_ECC;
	p.publicArea.parameters.eccDetail.curveID = (TPMI_ECC_CURVE)k->curve;
	q->x.size = q->y.size = (UINT16)n;
	memcpy(q->x.buffer, k->x, n);
	memcpy(q->y.buffer, k->y, n);
	return p;
}

static void
both_ends_of_an_ecdh_get_the_same_padded_z(void **state)
{
	static const enum ec_curve curves[] = { EC_P256, EC_P384 };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		size_t n = ec_field_size(curves[i]), out_n = 0;
		struct ec_private k;
		struct ec_public point;
		TPM2B_PUBLIC p;
		TPM2B_ECC_PARAMETER z;
		TPMS_ECC_POINT q;
		uint8_t out[256], ours[EC_FIELD_MAX];

		assert_int_equal(ec_generate(curves[i], &k), OK);
		p = ec_area(&k.public);
		assert_int_equal(c.get_ecdh_point(&p, sizeof out, &z, &q, out, &out_n, NULL), TSS2_RC_SUCCESS);
		assert_int_equal(z.size, n);
		assert_int_equal(q.x.size, n);
		assert_int_equal(out_n, 2 * (2 + n));
		assert_memory_equal(out + 2, q.x.buffer, n);
		assert_int_equal(ec_public_from_xy(curves[i], bytes_of(q.x.buffer, n), bytes_of(q.y.buffer, n), &point), OK);
		assert_int_equal(ec_shared(&k, &point, ours), OK);
		assert_memory_equal(z.buffer, ours, n);
		assert_int_not_equal(c.get_ecdh_point(&p, 2 * (2 + n) - 1, &z, &q, out, &out_n, NULL), TSS2_RC_SUCCESS);
		p.publicArea.unique.ecc.y.buffer[3] ^= 1;
		assert_int_equal(c.get_ecdh_point(&p, sizeof out, &z, &q, out, &out_n, NULL), TSS2_ESYS_RC_BAD_VALUE);
		p.publicArea.parameters.eccDetail.curveID = TPM2_ECC_NIST_P521;
		assert_int_equal(c.get_ecdh_point(&p, sizeof out, &z, &q, out, &out_n, NULL), TSS2_ESYS_RC_NOT_IMPLEMENTED);
	}
}

static void
rsa_encryption_refuses_weak_keys_other_schemes_and_small_buffers(void **state)
{
	TPM2B_PUBLIC p = { 0 };
	TPMT_PUBLIC *area = &p.publicArea;
	uint8_t in[32] = { 1 }, out[512], again[512];
	size_t n = 0;

	(void)state;
	area->type = TPM2_ALG_RSA;
	area->nameAlg = TPM2_ALG_SHA256;
	area->parameters.rsaDetail.scheme.scheme = TPM2_ALG_OAEP;
	area->unique.rsa.size = 256;
	memset(area->unique.rsa.buffer, 0xc3, 256);
	assert_int_equal(c.rsa_pk_encrypt(&p, sizeof in, in, sizeof out, out, &n, "SECRET", NULL), TSS2_RC_SUCCESS);
	assert_int_equal(n, 256);
	assert_int_equal(c.rsa_pk_encrypt(&p, sizeof in, in, sizeof again, again, &n, "SECRET", NULL), TSS2_RC_SUCCESS);
	assert_memory_not_equal(out, again, 256);
	assert_int_equal(c.rsa_pk_encrypt(&p, sizeof in, in, 255, out, &n, "SECRET", NULL), TSS2_ESYS_RC_BAD_SIZE);
	area->parameters.rsaDetail.scheme.scheme = TPM2_ALG_RSAES;
	assert_int_equal(c.rsa_pk_encrypt(&p, sizeof in, in, sizeof out, out, &n, "SECRET", NULL), TSS2_ESYS_RC_NOT_IMPLEMENTED);
	area->parameters.rsaDetail.scheme.scheme = TPM2_ALG_OAEP;
	area->parameters.rsaDetail.exponent = 3;
	assert_int_equal(c.rsa_pk_encrypt(&p, sizeof in, in, sizeof out, out, &n, "SECRET", NULL), TSS2_ESYS_RC_BAD_VALUE);
	area->parameters.rsaDetail.exponent = 0;
	area->unique.rsa.size = 128;
	assert_int_equal(c.rsa_pk_encrypt(&p, sizeof in, in, sizeof out, out, &n, "SECRET", NULL), TSS2_ESYS_RC_BAD_VALUE);
}

static void
aes_cfb_goes_there_and_back_and_nothing_else_is_offered(void **state)
{
	uint8_t key[32] = { 7 }, iv[16] = { 9 }, data[37], plain[37];

	(void)state;
	for (size_t i = 0; i < sizeof data; i++)
		data[i] = plain[i] = (uint8_t)i;
	assert_int_equal(c.aes_encrypt(key, TPM2_ALG_AES, 128, TPM2_ALG_CFB, data, sizeof data, iv, NULL), TSS2_RC_SUCCESS);
	assert_memory_not_equal(data, plain, sizeof data);
	assert_int_equal(iv[0], 9);
	assert_int_equal(c.aes_decrypt(key, TPM2_ALG_AES, 128, TPM2_ALG_CFB, data, sizeof data, iv, NULL), TSS2_RC_SUCCESS);
	assert_memory_equal(data, plain, sizeof data);
	assert_int_equal(c.aes_encrypt(key, TPM2_ALG_AES, 128, TPM2_ALG_CBC, data, sizeof data, iv, NULL), TSS2_ESYS_RC_NOT_IMPLEMENTED);
	assert_int_equal(c.aes_encrypt(key, TPM2_ALG_SM4, 128, TPM2_ALG_CFB, data, sizeof data, iv, NULL), TSS2_ESYS_RC_NOT_IMPLEMENTED);
	assert_int_equal(c.aes_encrypt(key, TPM2_ALG_AES, 40, TPM2_ALG_CFB, data, sizeof data, iv, NULL), TSS2_ESYS_RC_BAD_VALUE);
	assert_null(c.sm4_encrypt);
	assert_null(c.sm4_decrypt);
	assert_int_equal(c.init(NULL), TSS2_RC_SUCCESS);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hashes_and_hmacs_come_in_pieces_and_end_their_context),
		cmocka_unit_test(a_context_that_is_given_up_leaks_nothing_and_bad_calls_are_refused),
		cmocka_unit_test(random_nonces_have_the_size_asked_for),
		cmocka_unit_test(both_ends_of_an_ecdh_get_the_same_padded_z),
		cmocka_unit_test(rsa_encryption_refuses_weak_keys_other_schemes_and_small_buffers),
		cmocka_unit_test(aes_cfb_goes_there_and_back_and_nothing_else_is_offered),
	};

	return cmocka_run_group_tests(tests, get_callbacks, NULL);
}
