/* SPDX-License-Identifier: ISC */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "agent/certificates.h"
#include "base/file.h"

#define LEAF "tests/data/ek/leaf/"

static uint8_t space[16384];

static struct bytes
read_all(const char *path, struct buffer *b)
{
	size_t before = b->n;

	assert_int_equal(file_read(path, b), OK);
	return bytes_of(b->p + before, b->n - before);
}

static void
real_certificates_tell_the_kind_of_their_key(void **state)
{
	static const struct {
		const char *path;
		enum tpm_ek_kind kind;
	} cases[] = {
		{ LEAF "goog-ek-tpm_ek_v1_cloud_host_signer_0_2021_10_12-9c49baf0.der", TPM_EK_P256 },
		{ LEAF "stm-ek-STM_TPM_ECC_Intermediate_CA_01-85f38843.der", TPM_EK_P256 },
		{ LEAF "swtpm-ek-swtpm_localca-f1a242ae.der", TPM_EK_P384 },
		{ LEAF "swtpm-ek-swtpm_localca-3a888ace.der", TPM_EK_RSA2048 },
		/* OAEP as the key's algorithm */
		{ LEAF "ntc-ek-Nuvoton_TPM_Root_CA_2010-0a61803c.der", TPM_EK_RSA2048 },
		{ LEAF "ifx-ek-Infineon_OPTIGA_TM_RSA_Manufacturing_CA_-234480e4.der", TPM_EK_RSA2048 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct buffer b = BUFFER(space);

		print_message("%s\n", cases[i].path);
		assert_int_equal(certificates_ek_kind(read_all(cases[i].path, &b)), cases[i].kind);
	}
}

static void
certificates_in_a_row_are_told_apart(void **state)
{
	struct buffer b = BUFFER(space);
	struct bytes list[2], first, second;
	size_t n;

	(void)state;
	first = read_all(LEAF "swtpm-ek-swtpm_localca-f1a242ae.der", &b);
	second = read_all(LEAF "swtpm-ek-swtpm_localca-3a888ace.der", &b);
	assert_int_equal(certificates_split(buffer_view(&b), list, 2, &n), OK);
	assert_int_equal(n, 2);
	assert_true(bytes_equal(list[0], first));
	assert_true(bytes_equal(list[1], second));
	assert_int_equal(certificates_split(buffer_view(&b), list, 1, &n), E_TOO_LARGE);
	assert_int_equal(certificates_split(bytes_of(b.p, b.n - 1), list, 2, &n), E_SYNTAX);
	assert_int_equal(certificates_split(bytes_of(NULL, 0), list, 2, &n), OK);
	assert_int_equal(n, 0);
}

static void
pem_is_no_der(void **state)
{
	struct bytes list[1];
	size_t n;

	(void)state;
	assert_int_equal(certificates_split(BYTES_STRING("-----BEGIN CERTIFICATE-----\n"), list, 1, &n), E_SYNTAX);
	assert_int_equal(certificates_split(BYTES_STRING("0\x82\x01"), list, 1, &n), E_SYNTAX);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(real_certificates_tell_the_kind_of_their_key),
		cmocka_unit_test(certificates_in_a_row_are_told_apart),
		cmocka_unit_test(pem_is_no_der),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
