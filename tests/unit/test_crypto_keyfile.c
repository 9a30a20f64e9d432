/* SPDX-License-Identifier: ISC */
#include "vectors.h"

#include <stdio.h>

#include "base/file.h"
#include "crypto/ecdsa_sign.h"
#include "crypto/keyfile.h"

/* A file of tests/data/keys, all made by openssl. */
struct text {
	size_t n;
	uint8_t p[8192];
};

static struct bytes
load(const char *name, struct text *to)
{
	char path[128];
	struct buffer b = BUFFER(to->p);

	snprintf(path, sizeof path, "tests/data/keys/test-only-%s.pem", name);
	if (file_read(path, &b) != OK)
		fail_msg("%s", path);
	to->n = b.n;
	return buffer_view(&b);
}

static const struct {
	const char *name;
	enum ec_curve curve;
} curves[] = { { "p256", EC_P256 }, { "p384", EC_P384 } };

static struct bytes
load_of(const char *curve, const char *kind, struct text *to)
{
	char name[64];

	snprintf(name, sizeof name, "%s.%s", curve, kind);
	return load(name, to);
}

static void
keys_of_openssl_are_read(void **state)
{
	static struct text file;
	struct digest d = hash_digest(HASH_SHA256, BYTES_STRING("delegation"));

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct ec_public public;
		struct ec_private sec1, pkcs8;
		uint8_t sig[EC_SIGNATURE_MAX];
		size_t n;

		assert_int_equal(keyfile_decode_public(load_of(curves[i].name, "public", &file), &public), OK);
		assert_int_equal(public.curve, curves[i].curve);
		assert_int_equal(keyfile_decode_private(load_of(curves[i].name, "sec1", &file), &sec1), OK);
		assert_int_equal(keyfile_decode_private(load_of(curves[i].name, "pkcs8", &file), &pkcs8), OK);
		assert_true(ec_public_equal(&public, &sec1.public));
		assert_memory_equal(&sec1, &pkcs8, sizeof sec1);
		assert_int_equal(ecdsa_sign(&sec1, HASH_SHA256, digest_view(&d), sig, &n), OK);
		assert_int_equal(ec_verify(&public, digest_view(&d), bytes_of(sig, n)), OK);
	}
}

static void
keys_are_written_as_openssl_writes_them(void **state)
{
	static struct text file;
	uint8_t out[KEYFILE_SIZE_MAX];

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct buffer b = BUFFER(out);
		struct ec_private k;

		assert_int_equal(keyfile_decode_private(load_of(curves[i].name, "sec1", &file), &k), OK);
		assert_int_equal(keyfile_encode_private(&k, &b), OK);
		assert_int_equal(b.n, file.n);
		assert_memory_equal(out, file.p, b.n);
		b = (struct buffer)BUFFER(out);
		load_of(curves[i].name, "public", &file);
		assert_int_equal(keyfile_encode_public(&k.public, &b), OK);
		assert_int_equal(b.n, file.n);
		assert_memory_equal(out, file.p, b.n);
		for (size_t size = 0; size < file.n; size++) {
			b = buffer_of(out, size);
			assert_int_equal(keyfile_encode_public(&k.public, &b), E_NO_SPACE);
		}
	}
}

static void
a_private_key_without_its_public_half_is_enough(void **state)
{
	static struct text file;
	struct ec_private with, without;

	(void)state;
	assert_int_equal(keyfile_decode_private(load("p256.sec1", &file), &with), OK);
	assert_int_equal(keyfile_decode_private(load("p256.sec1-no-public", &file), &without), OK);
	assert_memory_equal(&with, &without, sizeof with);
}

static const struct {
	const char *name;
	bool private;
	enum status expected;
} refused[] = {
	{ "p256.public-compressed", false, E_KEY },
	{ "p384.public-compressed", false, E_KEY },
	{ "p256.public-explicit", false, E_UNSUPPORTED },
	{ "p521.public", false, E_UNSUPPORTED },
	{ "k256.public", false, E_UNSUPPORTED },
	{ "ed25519.public", false, E_UNSUPPORTED },
	{ "rsa-2048.public", false, E_UNSUPPORTED },
	{ "p256.sec1", false, E_TYPE },
	{ "p256.public", true, E_TYPE },
	{ "p256.explicit", true, E_UNSUPPORTED },
	{ "p521.sec1", true, E_UNSUPPORTED },
	{ "ed25519.pkcs8", true, E_UNSUPPORTED },
	{ "rsa-2048", true, E_TOO_LARGE },
	{ "p256.pkcs8-encrypted", true, E_TYPE },
	{ "p256.with-parameters", true, E_TYPE },
};

static void
other_keys_are_refused_with_their_reason(void **state)
{
	static struct text file;

	(void)state;
	for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
		struct bytes in = load(refused[i].name, &file);
		struct ec_public public;
		struct ec_private private;
		enum status s = refused[i].private ? keyfile_decode_private(in, &private) : keyfile_decode_public(in, &public);

		if (s != refused[i].expected)
			fail_msg("%s: %s", refused[i].name, status_name(s));
		assert_true(bytes_zero(refused[i].private ? bytes_of(&private, sizeof private) : bytes_of(&public, sizeof public)));
	}
}

static void
white_space_around_a_key_does_not_matter_and_anything_else_does(void **state)
{
	static struct text file;
	static uint8_t in[KEYFILE_SIZE_MAX];
	static const struct {
		const char *before, *after;
		enum status expected;
	} around[] = {
		{ "", "", OK },
		{ "\n\n  ", "\r\n\n", OK },
		{ "", "x", E_SYNTAX },
		{ "x\n", "", E_SYNTAX },
		{ "", "-----BEGIN PUBLIC KEY-----\n", E_SYNTAX },
		{ "# comment\n", "", E_SYNTAX },
	};
	struct bytes key = load("p256.public", &file);
	struct ec_public k;

	(void)state;
	for (size_t i = 0; i < sizeof around / sizeof *around; i++) {
		struct buffer b = BUFFER(in);

		buffer_bytes(&b, bytes_of(around[i].before, strlen(around[i].before)));
		buffer_bytes(&b, key);
		buffer_bytes(&b, bytes_of(around[i].after, strlen(around[i].after)));
		assert_int_equal(keyfile_decode_public(buffer_view(&b), &k), around[i].expected);
	}
}

static void
two_keys_in_one_file_are_refused(void **state)
{
	static struct text file;
	static uint8_t in[KEYFILE_SIZE_MAX];
	struct buffer b = BUFFER(in);
	struct bytes key = load("p256.public", &file);
	struct ec_public k;

	(void)state;
	buffer_bytes(&b, key);
	buffer_bytes(&b, key);
	assert_int_equal(keyfile_decode_public(buffer_view(&b), &k), E_SYNTAX);
}

static void
line_ends_of_other_systems_are_read(void **state)
{
	static struct text file;
	static uint8_t in[KEYFILE_SIZE_MAX];
	struct buffer b = BUFFER(in);
	struct bytes key = load("p256.public", &file);
	struct ec_public k;

	(void)state;
	for (size_t i = 0; i < key.n; i++) {
		if (key.p[i] == '\n')
			buffer_u8(&b, '\r');
		buffer_u8(&b, key.p[i]);
	}
	assert_int_equal(keyfile_decode_public(buffer_view(&b), &k), OK);
}

static void
every_shortened_key_is_refused(void **state)
{
	static struct text file;
	struct bytes key = load("p256.public", &file);
	struct ec_public public;
	struct ec_private private;

	(void)state;
	/* The last byte is the line's end. */
	for (size_t n = 0; n < key.n - 1; n++)
		assert_int_not_equal(keyfile_decode_public(bytes_of(key.p, n), &public), OK);
	key = load("p384.pkcs8", &file);
	for (size_t n = 0; n < key.n - 1; n++) {
		assert_int_not_equal(keyfile_decode_private(bytes_of(key.p, n), &private), OK);
		assert_true(bytes_zero(bytes_of(&private, sizeof private)));
	}
}

/* A private key in PEM from bytes of DER. */
static enum status
decode_der(const char *label, struct bytes der, struct ec_private *k)
{
	static char base64[2048];
	static uint8_t in[KEYFILE_SIZE_MAX];
	char line[64];
	struct buffer b = BUFFER(in);

	assert_int_equal(text_base64(der, base64, sizeof base64), OK);
	snprintf(line, sizeof line, "-----BEGIN %s-----\n", label);
	buffer_bytes(&b, bytes_of(line, strlen(line)));
	buffer_bytes(&b, bytes_of(base64, strlen(base64)));
	snprintf(line, sizeof line, "\n-----END %s-----\n", label);
	buffer_bytes(&b, bytes_of(line, strlen(line)));
	return keyfile_decode_private(buffer_view(&b), k);
}

#define D_ONE "0000000000000000000000000000000000000000000000000000000000000001"
#define D_ZERO "0000000000000000000000000000000000000000000000000000000000000000"
#define OID_P256 "06082a8648ce3d030107"
#define OID_P384 "06052b81040022"
#define G_P256                                                                                                         \
	"046b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"                                           \
	"4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5"
/* -G: on the curve, but of another private key. */
#define MINUS_G_P256                                                                                                   \
	"046b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"                                           \
	"b01cbd1c01e58065711814b583f061e9d431cca994cea1313449bf97c840ae0a"

static const struct {
	const char *what, *label, *der;
	enum status expected;
} encodings[] = {
	{ "as it should be", "EC PRIVATE KEY", "3031" "020101" "0420" D_ONE "a00a" OID_P256, OK },
	{ "with its public half", "EC PRIVATE KEY", "3077" "020101" "0420" D_ONE "a00a" OID_P256 "a144034200" G_P256, OK },
	{ "another's public half", "EC PRIVATE KEY", "3077" "020101" "0420" D_ONE "a00a" OID_P256 "a144034200" MINUS_G_P256, E_KEY },
	{ "unused bits in the public half", "EC PRIVATE KEY", "3077" "020101" "0420" D_ONE "a00a" OID_P256 "a144034201" G_P256, E_SYNTAX },
	{ "zero", "EC PRIVATE KEY", "3031" "020101" "0420" D_ZERO "a00a" OID_P256, E_KEY },
	{ "on another curve than its size says", "EC PRIVATE KEY", "302e" "020101" "0420" D_ONE "a007" OID_P384, E_KEY },
	{ "another version", "EC PRIVATE KEY", "3031" "020102" "0420" D_ONE "a00a" OID_P256, E_SYNTAX },
	{ "no curve", "EC PRIVATE KEY", "3025" "020101" "0420" D_ONE, E_SYNTAX },
	{ "a long form where the short one fits", "EC PRIVATE KEY", "308131" "020101" "0420" D_ONE "a00a" OID_P256, E_SYNTAX },
	{ "three bytes of length", "EC PRIVATE KEY", "3083000031" "020101" "0420" D_ONE "a00a" OID_P256, E_SYNTAX },
	{ "indefinite length", "EC PRIVATE KEY", "3080" "020101" "0420" D_ONE "a00a" OID_P256 "0000", E_SYNTAX },
	{ "bytes after the end", "EC PRIVATE KEY", "3031" "020101" "0420" D_ONE "a00a" OID_P256 "00", E_SYNTAX },
	{ "bytes after the last part", "EC PRIVATE KEY", "3032" "020101" "0420" D_ONE "a00a" OID_P256 "00", E_SYNTAX },
	{ "bytes after the curve", "EC PRIVATE KEY", "3032" "020101" "0420" D_ONE "a00b" OID_P256 "00", E_SYNTAX },
	{ "nothing", "EC PRIVATE KEY", "", E_SYNTAX },
	{ "PKCS #8", "PRIVATE KEY",
		"3041" "020100" "3013" "06072a8648ce3d0201" OID_P256 "0427" "3025" "020101" "0420" D_ONE, OK },
	{ "PKCS #8 with two curves", "PRIVATE KEY",
		"304a" "020100" "3013" "06072a8648ce3d0201" OID_P256 "0430" "302e" "020101" "0420" D_ONE "a007" OID_P384, E_SYNTAX },
	{ "PKCS #8 of another version", "PRIVATE KEY",
		"3041" "020101" "3013" "06072a8648ce3d0201" OID_P256 "0427" "3025" "020101" "0420" D_ONE, E_SYNTAX },
};

static void
private_keys_have_one_encoding(void **state)
{
	static struct octets der;

	(void)state;
	for (size_t i = 0; i < sizeof encodings / sizeof *encodings; i++) {
		struct ec_private k;
		enum status s = decode_der(encodings[i].label, vectors_unhex(encodings[i].der, &der), &k);

		if (s != encodings[i].expected)
			fail_msg("%s: %s", encodings[i].what, status_name(s));
	}
}

static void
every_changed_byte_is_refused(void **state)
{
	static struct text file;
	struct ec_private good, k;
	uint8_t der[200];
	struct buffer b = BUFFER(der);
	struct bytes in = load("p256.sec1", &file);

	(void)state;
	assert_int_equal(keyfile_decode_private(in, &good), OK);
	/* The base64 between the two lines of dashes, without its line ends. */
	file.p[file.n - sizeof "\n-----END EC PRIVATE KEY-----"] = '\0';
	for (size_t i = 0, n = 0; i < file.n; i++)
		if (file.p[i] != '\n')
			file.p[n++] = file.p[i];
	assert_int_equal(text_unbase64(bytes_of(file.p + 30, strlen((char *)file.p + 30)), &b), OK);
	assert_int_equal(decode_der("EC PRIVATE KEY", buffer_view(&b), &k), OK);
	for (size_t i = 0; i < b.n; i++) {
		der[i] ^= 1;
		assert_int_not_equal(decode_der("EC PRIVATE KEY", buffer_view(&b), &k), OK);
		der[i] ^= 1;
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys_of_openssl_are_read),
		cmocka_unit_test(keys_are_written_as_openssl_writes_them),
		cmocka_unit_test(a_private_key_without_its_public_half_is_enough),
		cmocka_unit_test(other_keys_are_refused_with_their_reason),
		cmocka_unit_test(white_space_around_a_key_does_not_matter_and_anything_else_does),
		cmocka_unit_test(two_keys_in_one_file_are_refused),
		cmocka_unit_test(line_ends_of_other_systems_are_read),
		cmocka_unit_test(every_shortened_key_is_refused),
		cmocka_unit_test(private_keys_have_one_encoding),
		cmocka_unit_test(every_changed_byte_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
