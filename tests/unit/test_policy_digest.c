/* SPDX-License-Identifier: ISC */
/*
 * The gate's digests, against those of a software TPM's trial sessions (tpm2_policysigned, tpm2_policypcr,
 * tpm2_policyauthorize, tpm2_nvreadpublic of tpm2-tools 5.4) for the keys of RFC 6979, A.2.5 and A.2.6.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <string.h>

#include "base/text.h"
#include "crypto/ecdsa_sign.h"
#include "structures/nv.h"

#define EPOCH 7
#define INDEX UINT32_C(0x018b4701)

static struct ec_private p256, p384;

static int
make_keys(void **state)
{
	uint8_t d[EC_FIELD_MAX];
	size_t n;

	(void)state;
	assert_int_equal(text_unhex("c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721", d, sizeof d, &n), OK);
	assert_int_equal(ec_private_from_d(EC_P256, bytes_of(d, n), &p256), OK);
	assert_int_equal(text_unhex("6b9d3dad2e1b8c1c05b19875b6659f4de23c3b667bf297ba9aa47740787137d896d5724e4c70a825f872c9ea60d2edf5", d, sizeof d, &n), OK);
	assert_int_equal(ec_private_from_d(EC_P384, bytes_of(d, n), &p384), OK);
	return 0;
}

static void
assert_hex(const uint8_t *p, size_t n, const char *expected)
{
	char hex[2 * NAME_SIZE_MAX + 1];

	assert_string_equal(text_hex(bytes_of(p, n), hex, sizeof hex), expected);
}

static void
the_delegated_policy_is_that_of_a_trial_session(void **state)
{
	const struct { const struct ec_private *approval, *statement; const char *expected; } cases[] = {
		{ &p256, &p256, "8259f0dc5d5d2b876af8521834337a5bd1cea9c5fd44d0fedbcf298923852af1" },
		{ &p256, &p384, "6389458582b49173341f67b0b31e354d817bff4c5ae0f2e25aae162a65c7ac15" },
		{ &p384, &p256, "5fbe1608319665a193a4049969429b7f132afca1361fbac8183d38b2652579af" },
		{ &p384, &p384, "147d7fbd3c2b30664ac55d382af3658bd70f6e7da7ed70443b797884eff16508" },
	};
	uint8_t policy[GATE_DIGEST_SIZE];

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		assert_int_equal(gate_delegated_policy(&cases[i].approval->public, &cases[i].statement->public, policy), OK);
		assert_hex(policy, sizeof policy, cases[i].expected);
	}
}

static void
the_index_has_the_policy_and_the_names_that_the_tpm_shows(void **state)
{
	const struct { const struct ec_private *authority; const char *policy, *defined, *locked; } cases[] = {
		{ &p256, "b65b13150e260b5f7f42d4f86bc6d00f761c806d2a4577b9b2cc87fd79e29400",
			"000b5cf1a7fc9c25e049422b2e71acc763c246e23cb4117399b44d0b680e4ef49f94",
			"000bf42d983e665de55277fa5ddcffe6dfabbda1fc311482dc59799233308720861d" },
		{ &p384, "efbe533a14151da26260909ecde05ddc1894ca3ccf9fc94062816943785ad905",
			"000bd40c1be5efc00964469860c85de90471f3046ca9db47e65800d7d310cfdaf3ed",
			"000b244b0bd5bfe1d90dcf10bee246818a4051cdf65559378a34871577aa0d53cc28" },
	};
	uint8_t policy[GATE_DIGEST_SIZE];
	struct name name;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(gate_nv_policy(&cases[i].authority->public, EPOCH, policy), OK);
		assert_hex(policy, sizeof policy, cases[i].policy);
		gate_nv_name(INDEX, GATE_NV_ATTRIBUTES_DEFINE, policy, &name);
		assert_hex(name.p, name.n, cases[i].defined);
		gate_nv_name(INDEX, GATE_NV_ATTRIBUTES, policy, &name);
		assert_hex(name.p, name.n, cases[i].locked);
	}
}

static void
each_input_of_a_digest_changes_it(void **state)
{
	uint8_t policy[GATE_DIGEST_SIZE], other[GATE_DIGEST_SIZE], nonce[GATE_NONCE_SIZE] = { 0 };
	struct name name, second;
	struct digest a, b;

	(void)state;
	assert_int_equal(gate_nv_policy(&p256.public, 1, policy), OK);
	assert_int_equal(gate_nv_policy(&p256.public, 2, other), OK);
	assert_memory_not_equal(policy, other, sizeof policy);
	gate_nv_name(INDEX, GATE_NV_ATTRIBUTES, policy, &name);
	gate_nv_name(INDEX + 1, GATE_NV_ATTRIBUTES, policy, &second);
	assert_false(name_equal(&name, &second));

	gate_approval_digest(&p256.public, nonce, &name, &p256.public, &a);
	assert_int_equal(a.alg, HASH_SHA256);
	gate_approval_digest(&p384.public, nonce, &name, &p256.public, &b);
	assert_int_equal(b.alg, HASH_SHA384);
	gate_approval_digest(&p256.public, nonce, &second, &p256.public, &b);
	assert_false(digest_equal(&a, &b));
	gate_approval_digest(&p256.public, nonce, &name, &p384.public, &b);
	assert_false(digest_equal(&a, &b));
	nonce[31] = 1;
	gate_approval_digest(&p256.public, nonce, &name, &p256.public, &b);
	assert_false(digest_equal(&a, &b));
}

static void
a_delegation_holds_for_its_keys_and_its_epoch_only(void **state)
{
	const struct ec_private *authorities[] = { &p256, &p384 };
	struct ec_public none = { .curve = EC_NONE };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		const struct ec_private *k = authorities[i];
		uint8_t policy[GATE_DIGEST_SIZE], sig[EC_SIGNATURE_MAX];
		struct digest d;
		size_t n;

		assert_int_equal(gate_delegated_policy(&p256.public, &p384.public, policy), OK);
		assert_int_equal(gate_delegation_digest(&k->public, policy, EPOCH, &d), OK);
		assert_int_equal(d.alg, ec_hash(k->public.curve));
		assert_int_equal(ecdsa_sign(k, d.alg, digest_view(&d), sig, &n), OK);
		assert_int_equal(gate_delegation_verify(&k->public, &p256.public, &p384.public, EPOCH, bytes_of(sig, n)), OK);
		assert_int_equal(gate_delegation_verify(&k->public, &p256.public, &p384.public, EPOCH + 1, bytes_of(sig, n)), E_SIGNATURE);
		assert_int_equal(gate_delegation_verify(&k->public, &p384.public, &p384.public, EPOCH, bytes_of(sig, n)), E_SIGNATURE);
		assert_int_equal(gate_delegation_verify(&k->public, &p256.public, &p256.public, EPOCH, bytes_of(sig, n)), E_SIGNATURE);
		assert_int_equal(gate_delegation_verify(&authorities[1 - i]->public, &p256.public, &p384.public, EPOCH, bytes_of(sig, n)), E_SIGNATURE);
		assert_int_equal(gate_delegation_verify(&k->public, &p256.public, &p384.public, EPOCH, bytes_of(sig, n - 1)), E_SIGNATURE);
		assert_int_equal(gate_delegation_verify(&k->public, &none, &p384.public, EPOCH, bytes_of(sig, n)), E_KEY);
		assert_int_equal(gate_delegation_verify(&k->public, &p256.public, &none, EPOCH, bytes_of(sig, n)), E_KEY);
		sig[n - 1] ^= 1;
		assert_int_equal(gate_delegation_verify(&k->public, &p256.public, &p384.public, EPOCH, bytes_of(sig, n)), E_SIGNATURE);
	}
}

/* S28: what one key signs never has the bytes of what another signs */
static void
what_the_authority_signs_and_what_a_verifier_signs_have_other_lengths(void **state)
{
	uint8_t ref[GATE_EPOCH_REF_SIZE];

	(void)state;
	gate_epoch_ref(0x01020304, ref);
	assert_memory_equal(ref, "bootgate/1 epoch\1\2\3\4", sizeof ref);
	/* policy || epoch ref against nonce || expiration || cpHash || ref */
	assert_int_not_equal(GATE_DIGEST_SIZE + GATE_EPOCH_REF_SIZE, GATE_NONCE_SIZE + 4 + GATE_DIGEST_SIZE + GATE_REF_SIZE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_delegated_policy_is_that_of_a_trial_session),
		cmocka_unit_test(the_index_has_the_policy_and_the_names_that_the_tpm_shows),
		cmocka_unit_test(each_input_of_a_digest_changes_it),
		cmocka_unit_test(a_delegation_holds_for_its_keys_and_its_epoch_only),
		cmocka_unit_test(what_the_authority_signs_and_what_a_verifier_signs_have_other_lengths),
	};

	return cmocka_run_group_tests(tests, make_keys, NULL);
}
