/* SPDX-License-Identifier: ISC */
/*
 * EK certificates of real makers, and what is wrong with others: each with the exact reason.
 */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/bn.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "base/file.h"
#include "ekcert/ekcert.h"
#include "verifier/ekcert_ask.h"

#define NOW UINT64_C(1795000000)  /* November 2026 */
#define Y2017 UINT64_C(1500000000)
#define Y2039 UINT64_C(2200000000)

#define INFINEON "leaf/ifx-ek-Infineon_OPTIGA_TM_RSA_Manufacturing_CA_-234480e4.der"
#define ST_P256 "leaf/stm-ek-STM_TPM_ECC_Intermediate_CA_01-85f38843.der"
#define ST_P256_CA "ca/stm-ca-STM_TPM_ECC_Intermediate_CA_01-015bcfc3.der"
#define ST_OAEP "leaf/stm-ek-STM_TPM_EK_Intermediate_CA_02-07d685f9.der"
#define SWTPM_P384 "leaf/swtpm-ek-swtpm_localca-f1a242ae.der"

struct file {
	size_t n;
	uint8_t p[8192];
};

static struct bytes
load(const char *name, struct file *f)
{
	char path[256];
	struct buffer b = BUFFER(f->p);

	snprintf(path, sizeof path, "tests/data/ek/%s", name);
	assert_int_equal(file_read(path, &b), OK);
	f->n = b.n;
	return buffer_view(&b);
}

/* key_in(certificate, ek): the EK that the certificate is for, as if a TPM had shown it. */
static void
key_in(struct bytes certificate, struct public_area *ek)
{
	const uint8_t *p = certificate.p, *bits;
	X509 *x = d2i_X509(NULL, &p, (long)certificate.n);
	EVP_PKEY *k = x == NULL ? NULL : X509_get_pubkey(x);
	BIGNUM *a = NULL, *b = NULL;
	int n;

	memset(ek, 0, sizeof *ek);
	if (x != NULL && k == NULL) {
		X509_PUBKEY_get0_param(NULL, &bits, &n, NULL, X509_get_X509_PUBKEY(x));
		k = d2i_PublicKey(EVP_PKEY_RSA, NULL, &bits, n);
	}
	X509_free(x);
	if (k == NULL)
		return;
	if (EVP_PKEY_get_base_id(k) == EVP_PKEY_RSA) {
		ek->type = PUBLIC_RSA;
		assert_int_equal(EVP_PKEY_get_bn_param(k, "n", &a) & EVP_PKEY_get_bn_param(k, "e", &b), 1);
		ek->key.rsa.n_size = (size_t)BN_num_bytes(a);
		BN_bn2bin(a, ek->key.rsa.n);
		ek->key.rsa.e = (uint32_t)BN_get_word(b);
	} else {
		char group[32];

		ek->type = PUBLIC_ECC;
		assert_int_equal(EVP_PKEY_get_utf8_string_param(k, "group", group, sizeof group, NULL), 1);
		ek->key.ec.curve = strcmp(group, "secp384r1") == 0 ? EC_P384 : EC_P256;
		n = (int)ec_field_size(ek->key.ec.curve);
		assert_int_equal(EVP_PKEY_get_bn_param(k, "qx", &a) & EVP_PKEY_get_bn_param(k, "qy", &b), 1);
		BN_bn2binpad(a, ek->key.ec.x, n);
		BN_bn2binpad(b, ek->key.ec.y, n);
	}
	BN_free(a);
	BN_free(b);
	EVP_PKEY_free(k);
}

static struct ekcert_trust *
trust_in(const char *folder)
{
	struct ekcert_trust *t = ekcert_trust_new();
	char path[256];

	assert_non_null(t);
	snprintf(path, sizeof path, "tests/data/ek/%s", folder);
	assert_int_not_equal(ekcert_trust_add(t, path), 0);
	return t;
}

static void
expect(const char *what, enum ekcert_code got, enum ekcert_code wanted)
{
	if (got != wanted)
		fail_msg("%s: %s instead of %s", what, ekcert_code_name(got), ekcert_code_name(wanted));
}

/* Files in tests/data/ek/leaf and odd, and how the check of each ends at NOW; some are PEM. */
static const struct {
	const char *name;
	enum ekcert_code code;
} corpus[] = {
	{ "leaf/goog-ak-EK_AK_CA_Intermediate-0dd71325.der", EKCERT_OK },
	{ "leaf/goog-ak-EK_AK_CA_Intermediate-2df7967a.der", EKCERT_OK },
	{ "leaf/goog-ak-EK_AK_CA_Intermediate-8f5a0701.der", EKCERT_SIGNATURE },     /* another CA of the same name */
	{ "leaf/goog-ak-EK_AK_CA_Intermediate-fa4e233a.der", EKCERT_USAGE },         /* a key that signs */
	{ "leaf/goog-ek-EK_AK_CA_Intermediate-3722cd55.der", EKCERT_OK },
	{ "leaf/goog-ek-tpm_ek_v1_cloud_host_signer_0_2021_10_12-9c49baf0.der", EKCERT_USAGE },
	{ "leaf/goog-ek-tpm_ek_v1_cloud_host_signer_0_2021_10_12-af614aee.der", EKCERT_OK },
	{ "leaf/goog-ek-tpm_ek_v1_cloud_host_signer_0_2021_10_12-d2ec0b0a.der", EKCERT_USAGE },
	{ INFINEON, EKCERT_OK },
	{ "leaf/ifx-ek-Infineon_OPTIGA_TM_RSA_Manufacturing_CA_-e54a9d6e.der", EKCERT_OK },
	{ "leaf/ifx-ek-Infineon_OPTIGA_TM_RSA_Manufacturing_CA_-f67a10b7.der", EKCERT_ISSUER_UNKNOWN },
	{ "leaf/intc-ek-www_intel_com-5cf52f89.der", EKCERT_OK },                    /* encoded defaults */
	{ "leaf/misc-ak-WebAuthn_test_vectors-f725c510.der", EKCERT_EXTENDED_USAGE },
	{ "leaf/misc-ak-hirs_machine-43318b38.der", EKCERT_EXTENDED_USAGE },
	{ "leaf/msft-ak-Global_Virtual_TPM_CA_03-3fcb21ec.der", EKCERT_EXTENDED_USAGE },
	{ "leaf/ntc-ek-Nuvoton_TPM_Root_CA_1110-8e0c90e2.der", EKCERT_OK },
	{ "leaf/ntc-ek-Nuvoton_TPM_Root_CA_2010-0a61803c.der", EKCERT_OK },          /* rsaesOaep, bytes after the end */
	{ "leaf/ntc-ek-Nuvoton_TPM_Root_CA_2111-933cdb17.der", EKCERT_OK },          /* SETs out of order */
	{ ST_P256, EKCERT_OK },
	{ ST_OAEP, EKCERT_EXPIRED },
	{ "leaf/stm-ek-STM_TPM_EK_Intermediate_CA_05-4291a17d.der", EKCERT_OK },     /* bytes after the end */
	{ "leaf/stm-ek-STM_TPM_EK_Intermediate_CA_06-ce0e7316.der", EKCERT_OK },
	{ "leaf/stm-ek-STSAFE_TPM_RSA_Intermediate_CA_10-43e7be4a.der", EKCERT_ISSUER_UNKNOWN },
	{ "leaf/swtpm-ek-swtpm_localca-3a888ace.der", EKCERT_SIGNATURE },            /* another CA of the same name */
	{ "leaf/swtpm-ek-swtpm_localca-65e4c242.der", EKCERT_OK },
	{ "leaf/swtpm-ek-swtpm_localca-8905c6d8.der", EKCERT_OK },
	{ "leaf/swtpm-ek-swtpm_localca-b29e62e0.der", EKCERT_OK },
	{ SWTPM_P384, EKCERT_OK },
	{ "odd/ak-webauthn-fidofake-21a22224.der", EKCERT_MALFORMED },
	{ "odd/ak-webauthn-fidofake-6a4f8db5.der", EKCERT_MALFORMED },
	{ "odd/ak-webauthn-intc-689d29f5.der", EKCERT_EXTENDED_USAGE },
	{ "odd/ak-webauthn-ntc-47ecfee7.der", EKCERT_EXTENDED_USAGE },
	{ "odd/ak-webauthn-ntc-550d195b.der", EKCERT_EXTENDED_USAGE },
	{ "odd/ca-msft-webauthn-6391f1b3.der", EKCERT_MALFORMED },
	{ "odd/ca-msft-webauthn-9b0ceb59.der", EKCERT_IS_CA },
	{ "odd/hirs-certificate_notParsable.crt", EKCERT_MALFORMED },
	{ "odd/hirs-ci-dummy-ek_cert.der", EKCERT_ISSUER_UNKNOWN },                  /* RSA-4096, but this one has its key */
	{ "odd/hirs-fakestmtpmekint02.pem", EKCERT_IS_CA },
	{ "odd/hirs-flawed_attribute_cert_2187.pem", EKCERT_MALFORMED },
	{ "odd/ifx-ek-tcg-header-security-assertions.cer", EKCERT_MALFORMED },
	{ "odd/keylime-Alibaba_Cloud_vTPM_EK.pem", EKCERT_IS_CA },
	{ "odd/keylime-IFX_RSA_042.pem", EKCERT_IS_CA },
	{ "odd/platform-attrcert-Intel_nuc1.cer", EKCERT_MALFORMED },
	{ "odd/platform-attrcert-plat_cert1.cer", EKCERT_MALFORMED },
	{ "odd/stm-ca-illegal-padding-serial-035f8264.der", EKCERT_MALFORMED },
	{ "odd/stm-ca-illegal-padding-serial-d034e9e1.der", EKCERT_MALFORMED },
	{ "odd/stm-ca-illegal-padding-serial-f29c461a.der", EKCERT_MALFORMED },
	{ "odd/stm-ek-tcg-header-7-bytes.cer", EKCERT_MALFORMED },
};

static void
every_real_certificate_is_good_or_refused_for_its_reason(void **state)
{
	struct ekcert_trust *t = trust_in("ca");
	static struct file f;

	(void)state;
	for (size_t i = 0; i < sizeof corpus / sizeof *corpus; i++) {
		static uint8_t der[16384];
		struct buffer space = BUFFER(der);
		struct bytes chain[6];
		struct public_area ek;
		char detail[200];
		size_t n;

		assert_int_equal(ekcert_split(load(corpus[i].name, &f), &space, chain, 6, &n), OK);
		key_in(chain[0], &ek);
		expect(corpus[i].name, ekcert_check(t, &ek, chain, n, NOW, detail, sizeof detail), corpus[i].code);
	}
	ekcert_trust_free(t);
}

static size_t
files_in(const char *folder)
{
	DIR *d = opendir(folder);
	const struct dirent *e;
	size_t n = 0;

	assert_non_null(d);
	while ((e = readdir(d)) != NULL)
		n += e->d_name[0] != '.';
	closedir(d);
	return n;
}

static void
no_file_of_the_corpus_is_left_out(void **state)
{
	(void)state;
	assert_int_equal(files_in("tests/data/ek/leaf") + files_in("tests/data/ek/odd"), sizeof corpus / sizeof *corpus);
}

static void
time_decides_for_the_certificate_and_for_its_ca(void **state)
{
	static const struct {
		const char *name;
		uint64_t now;
		enum ekcert_code code;
	} cases[] = {
		{ ST_OAEP, Y2017, EKCERT_OK },
		{ ST_OAEP, NOW, EKCERT_EXPIRED },
		{ ST_P256, Y2017, EKCERT_NOT_YET_VALID },
		{ "leaf/stm-ek-STM_TPM_EK_Intermediate_CA_06-ce0e7316.der", Y2039, EKCERT_CHAIN_EXPIRED },
	};
	struct ekcert_trust *t = trust_in("ca");
	static struct file f;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct bytes leaf = load(cases[i].name, &f);
		struct public_area ek;
		char detail[200];

		key_in(leaf, &ek);
		expect(cases[i].name, ekcert_check(t, &ek, &leaf, 1, cases[i].now, detail, sizeof detail), cases[i].code);
	}
	ekcert_trust_free(t);
}

static void
a_certificate_for_another_key_is_refused(void **state)
{
	static const char *const names[] = { INFINEON, ST_P256, SWTPM_P384 };
	struct ekcert_trust *t = trust_in("ca");
	static struct file f, g;

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct bytes leaf = load(names[i], &f), other = load(names[(i + 1) % 3], &g);
		struct public_area ek;
		char detail[200];

		key_in(other, &ek);
		expect(names[i], ekcert_check(t, &ek, &leaf, 1, NOW, detail, sizeof detail), EKCERT_KEY_DIFFERS);
		key_in(leaf, &ek);
		if (ek.type == PUBLIC_RSA)
			ek.key.rsa.n[255] ^= 2;
		else
			ek.key.ec.y[0] ^= 1;
		expect(names[i], ekcert_check(t, &ek, &leaf, 1, NOW, detail, sizeof detail), EKCERT_KEY_DIFFERS);
	}
	ekcert_trust_free(t);
}

static void
a_chain_may_be_sent_along_but_ends_at_a_configured_ca(void **state)
{
	struct ekcert_trust *root = trust_in("root"), *others = trust_in("leaf");
	static struct file f, g;
	struct bytes chain[2] = { load(ST_P256, &f), load(ST_P256_CA, &g) };
	struct public_area ek;
	char detail[200];

	(void)state;
	key_in(chain[0], &ek);
	expect("without the intermediate", ekcert_check(root, &ek, chain, 1, NOW, detail, sizeof detail), EKCERT_ISSUER_UNKNOWN);
	expect("with it", ekcert_check(root, &ek, chain, 2, NOW, detail, sizeof detail), EKCERT_OK);
	expect("without the root", ekcert_check(others, &ek, chain, 2, NOW, detail, sizeof detail), EKCERT_CHAIN);
	g.p[10] ^= 0xff;
	expect("a damaged intermediate", ekcert_check(root, &ek, chain, 2, NOW, detail, sizeof detail), EKCERT_CHAIN_MALFORMED);
	ekcert_trust_free(root);
	ekcert_trust_free(others);
}

static void
an_intermediate_that_only_another_root_vouches_for_is_refused(void **state)
{
	struct ekcert_trust *root = trust_in("root");
	static struct file f, g;
	struct bytes chain[2] = { load(ST_OAEP, &f), load("odd/hirs-fakestmtpmekint02.pem", &g) };
	BIO *b = BIO_new_mem_buf(g.p, (int)g.n);
	X509 *fake = PEM_read_bio_X509(b, NULL, NULL, NULL);
	uint8_t *der = NULL;
	struct public_area ek;
	char detail[200];

	(void)state;
	chain[1].n = (size_t)i2d_X509(fake, &der);
	chain[1].p = der;
	key_in(chain[0], &ek);
	expect("a fake intermediate", ekcert_check(root, &ek, chain, 2, Y2017, detail, sizeof detail), EKCERT_CHAIN);
	OPENSSL_free(der);
	X509_free(fake);
	BIO_free(b);
	ekcert_trust_free(root);
}

static void
no_ca_and_no_certificate_are_reasons_of_their_own(void **state)
{
	struct ekcert_trust *none = ekcert_trust_new(), *some = trust_in("ca");
	static struct file f;
	struct bytes leaf = load(INFINEON, &f), empty = { NULL, 0 };
	struct public_area ek;
	char detail[200];

	(void)state;
	key_in(leaf, &ek);
	expect("no CA", ekcert_check(none, &ek, &leaf, 1, NOW, detail, sizeof detail), EKCERT_NO_CA);
	expect("no certificate", ekcert_check(some, &ek, &leaf, 0, NOW, detail, sizeof detail), EKCERT_NONE);
	expect("an empty one", ekcert_check(some, &ek, &empty, 1, NOW, detail, sizeof detail), EKCERT_NONE);
	ekcert_trust_free(none);
	ekcert_trust_free(some);
}

static void
no_bit_of_a_certificate_can_be_changed(void **state)
{
	struct ekcert_trust *t = trust_in("ca");
	static struct file f;
	struct bytes leaf = load(ST_P256, &f);
	struct public_area ek;
	char detail[200];

	(void)state;
	key_in(leaf, &ek);
	for (size_t i = 0; i < leaf.n; i++) {
		f.p[i] ^= (uint8_t)(1u << i % 8);
		assert_int_not_equal(ekcert_check(t, &ek, &leaf, 1, NOW, detail, sizeof detail), EKCERT_OK);
		f.p[i] ^= (uint8_t)(1u << i % 8);
	}
	for (size_t i = 0; i < leaf.n; i++) {
		struct bytes cut = bytes_of(leaf.p, i);

		assert_int_not_equal(ekcert_check(t, &ek, &cut, 1, NOW, detail, sizeof detail), EKCERT_OK);
	}
	expect("as it was", ekcert_check(t, &ek, &leaf, 1, NOW, detail, sizeof detail), EKCERT_OK);
	ekcert_trust_free(t);
}

static void
a_question_comes_back_as_it_went(void **state)
{
	struct ekcert_question q = { .ek = BYTES_STRING("ek"), .certificates = 2, .certificate = { BYTES_STRING("one"), BYTES_STRING("two") } }, again;
	uint8_t space[64];
	struct buffer b = BUFFER(space);

	(void)state;
	ekcert_ask_encode(&q, &b);
	assert_int_equal(ekcert_ask_decode(buffer_view(&b), &again), OK);
	assert_int_equal(again.certificates, 2);
	assert_true(bytes_equal(again.ek, q.ek) && bytes_equal(again.certificate[1], q.certificate[1]));
	assert_int_equal(ekcert_ask_decode(bytes_of(space, b.n - 1), &again), E_TRUNCATED);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_real_certificate_is_good_or_refused_for_its_reason),
		cmocka_unit_test(no_file_of_the_corpus_is_left_out),
		cmocka_unit_test(time_decides_for_the_certificate_and_for_its_ca),
		cmocka_unit_test(a_certificate_for_another_key_is_refused),
		cmocka_unit_test(a_chain_may_be_sent_along_but_ends_at_a_configured_ca),
		cmocka_unit_test(an_intermediate_that_only_another_root_vouches_for_is_refused),
		cmocka_unit_test(no_ca_and_no_certificate_are_reasons_of_their_own),
		cmocka_unit_test(no_bit_of_a_certificate_can_be_changed),
		cmocka_unit_test(a_question_comes_back_as_it_went),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
