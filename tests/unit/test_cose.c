/* SPDX-License-Identifier: ISC */
#include "vectors.h"

#include "base/cbor_write.h"
#include "crypto/ecdsa_sign.h"
#include "protocol/cbor.h"
#include "protocol/cose.h"
#include "protocol/cose_sign.h"

#define FOLDER "tests/data/vectors/cose/"

static uint8_t scratch_memory[8192];

static struct bytes
unbase64url(const char *text, struct octets *to)
{
	char standard[256];
	struct buffer out = BUFFER(to->p);
	size_t n = strlen(text);

	assert_true(n + 4 < sizeof standard);
	for (size_t i = 0; i < n; i++)
		standard[i] = (char)(text[i] == '-' ? '+' : text[i] == '_' ? '/' : text[i]);
	while (n % 4 != 0)
		standard[n++] = '=';
	assert_int_equal(text_unbase64(bytes_of(standard, n), &out), OK);
	to->n = out.n;
	return buffer_view(&out);
}

static void
coordinate(const json_t *key, const char *name, uint8_t out[EC_FIELD_MAX])
{
	static struct octets raw;
	const char *text = json_string_value(json_object_get(key, name));
	char other[8];
	struct bytes v;

	snprintf(other, sizeof other, "%s_hex", name);
	v = text != NULL ? unbase64url(text, &raw) : vectors_hex(key, other, &raw);
	memset(out, 0, EC_FIELD_MAX);
	memcpy(out, v.p, v.n);
}

/* A vector taken apart: more than our own reader takes. */
struct vector {
	struct octets cbor, external, strict;
	struct bytes protected, payload, signature;
	struct ec_public key;
};

static void
unprotected_skip(struct cbor_reader *r)
{
	size_t n = cbor_read_map(r);

	for (size_t i = 0; i < n; i++) {
		cbor_read_int(r);
		if (cbor_read_next(r) == CBOR_BYTES)
			cbor_read_bytes(r, 0, 64);
		else
			cbor_read_int(r);
	}
	cbor_read_close(r);
}

/* The same message without its unprotected header, and with tag 18. */
static void
strict_make(struct vector *v)
{
	struct buffer out = BUFFER(v->strict.p);
	struct cbor_writer w = cbor_write_to(&out);

	cbor_write_tag(&w, COSE_TAG_SIGN1);
	cbor_write_array(&w, 4);
	cbor_write_bytes(&w, v->protected);
	cbor_write_map(&w, 0);
	cbor_write_bytes(&w, v->payload);
	cbor_write_bytes(&w, v->signature);
	assert_int_equal(cbor_write_end(&w), OK);
	v->strict.n = out.n;
}

static void
vector_load(const char *name, struct vector *v)
{
	char path[128];
	json_t *root, *sign, *key;
	const char *curve;
	struct cbor_reader r;

	snprintf(path, sizeof path, FOLDER "%s.json", name);
	root = vectors_load(path);
	sign = json_object_get(json_object_get(root, "input"), "sign0");
	key = json_object_get(sign, "key");
	curve = vectors_text(key, "crv");
	v->key.curve = strcmp(curve, "P-384") == 0 ? EC_P384 : strcmp(curve, "P-256") == 0 ? EC_P256 : EC_NONE;
	if (v->key.curve != EC_NONE) {
		coordinate(key, "x", v->key.x);
		coordinate(key, "y", v->key.y);
	}
	v->external.n = 0;
	if (json_object_get(sign, "external") != NULL)
		vectors_hex(sign, "external", &v->external);
	vectors_hex(json_object_get(root, "output"), "cbor", &v->cbor);
	json_decref(root);

	r = cbor_read_from(bytes_of(v->cbor.p, v->cbor.n));
	if (cbor_read_next(&r) == CBOR_TAG)
		cbor_read_tag(&r);
	cbor_read_array(&r, 4, 4);
	v->protected = cbor_read_bytes(&r, 0, 64);
	unprotected_skip(&r);
	v->payload = cbor_read_bytes(&r, 1, 512);
	v->signature = cbor_read_bytes(&r, 0, 256);
	cbor_read_close(&r);
	assert_int_equal(cbor_read_end(&r), OK);
	strict_make(v);
}

static enum status
verify(const struct ec_public *k, const struct octets *in)
{
	struct buffer scratch = BUFFER(scratch_memory);
	struct bytes payload = BYTES_STRING("stale");
	enum status s = cose_verify(k, bytes_of(in->p, in->n), &scratch, &payload);

	assert_true(s == OK ? payload.n > 0 : payload.n == 0);
	return s;
}

/* ECDSA over the Sig_structure with the vector's own headers and external_aad. */
static enum status
verify_adapted(const struct vector *v)
{
	struct buffer scratch = BUFFER(scratch_memory);
	static const uint8_t empty_map[] = { 0xa0 };
	struct digest d;
	/* An empty header is signed as an empty string, however it is sent.  (RFC 9052, 4.4) */
	struct bytes protected = bytes_equal(v->protected, BYTES(empty_map)) ? bytes_of(NULL, 0) : v->protected;
	enum status s = cose_signed_digest(v->key.curve, protected, bytes_of(v->external.p, v->external.n), v->payload,
		&scratch, &d);

	return s == OK ? ec_verify(&v->key, digest_view(&d), v->signature) : s;
}

static void
published_vectors_verify_or_are_refused_with_their_reason(void **state)
{
	static const struct {
		const char *name;
		enum status as_it_is;      /* headers as published: our form has none unprotected */
		enum status in_our_form;   /* tag 18, no unprotected header */
		enum status signature;     /* the signature alone, with the vector's external_aad */
	} rows[] = {
		{ "CWT__A_3", OK, OK, OK },
		{ "RFC8152__Appendix_C_2_1", E_UNSUPPORTED, OK, OK },
		{ "ecdsa-examples__ecdsa-sig-01", E_UNSUPPORTED, E_UNSUPPORTED, OK },
		{ "ecdsa-examples__ecdsa-sig-02", E_UNSUPPORTED, OK, OK },
		{ "ecdsa-examples__ecdsa-sig-03", E_UNSUPPORTED, E_UNSUPPORTED, E_SIGNATURE },
		{ "ecdsa-examples__ecdsa-sig-04", E_UNSUPPORTED, E_UNSUPPORTED, E_SIGNATURE },
		{ "sign1-tests__sign-pass-01", E_UNSUPPORTED, E_UNSUPPORTED, OK },
		{ "sign1-tests__sign-pass-02", E_UNSUPPORTED, E_SIGNATURE, OK },
		{ "sign1-tests__sign-pass-03", E_TYPE, OK, OK },
		{ "sign1-tests__sign-fail-01", E_TYPE, OK, OK },
		{ "sign1-tests__sign-fail-02", E_UNSUPPORTED, E_SIGNATURE, E_SIGNATURE },
		{ "sign1-tests__sign-fail-03", E_UNSUPPORTED, E_UNSUPPORTED, E_SIGNATURE },
		{ "sign1-tests__sign-fail-04", E_UNSUPPORTED, E_UNSUPPORTED, E_SIGNATURE },
		{ "sign1-tests__sign-fail-06", E_UNSUPPORTED, E_UNSUPPORTED, E_SIGNATURE },
		{ "sign1-tests__sign-fail-07", E_UNSUPPORTED, E_SIGNATURE, E_SIGNATURE },
	};
	static struct vector v;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		enum status as_it_is, in_our_form, signature;

		vector_load(rows[i].name, &v);
		as_it_is = verify(&v.key, &v.cbor);
		in_our_form = verify(&v.key, &v.strict);
		signature = verify_adapted(&v);
		if (as_it_is != rows[i].as_it_is || in_our_form != rows[i].in_our_form || signature != rows[i].signature)
			fail_msg("%s: %s, %s, %s", rows[i].name, status_name(as_it_is), status_name(in_our_form),
				status_name(signature));
	}
}

static void
key_make(enum ec_curve curve, uint8_t seed, struct ec_private *k)
{
	uint8_t d[EC_FIELD_MAX];

	memset(d, seed, sizeof d);
	assert_int_equal(ec_private_from_d(curve, bytes_of(d, ec_field_size(curve)), k), OK);
}

static void
sign(const struct ec_private *k, struct octets *out)
{
	struct buffer scratch = BUFFER(scratch_memory), b = BUFFER(out->p);

	assert_int_equal(cose_sign(k, BYTES_STRING("claims"), &scratch, &b), OK);
	out->n = b.n;
}

static void
what_is_signed_verifies_under_that_key_and_no_other(void **state)
{
	static const enum ec_curve curves[] = { EC_P256, EC_P384 };
	static struct octets in;
	struct ec_private k, other, foreign;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		key_make(curves[i], 7, &k);
		key_make(curves[i], 8, &other);
		key_make(curves[1 - i], 7, &foreign);
		sign(&k, &in);
		assert_true(in.n <= COSE_OVERHEAD_MAX + 6);
		assert_int_equal(verify(&k.public, &in), OK);
		assert_int_equal(verify(&other.public, &in), E_SIGNATURE);
		assert_int_equal(verify(&foreign.public, &in), E_MISMATCH);
		foreign.public.curve = EC_NONE;
		assert_int_equal(verify(&foreign.public, &in), E_MISMATCH);
	}
}

static void
every_bit_and_every_length_counts(void **state)
{
	static struct octets in, cut;
	struct ec_private k;

	(void)state;
	key_make(EC_P256, 7, &k);
	sign(&k, &in);
	for (size_t bit = 0; bit < 8 * in.n; bit++) {
		in.p[bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_int_not_equal(verify(&k.public, &in), OK);
		in.p[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	cut = in;
	for (cut.n = 0; cut.n < in.n; cut.n++)
		assert_int_equal(verify(&k.public, &cut), E_TRUNCATED);
	cut.n = in.n + 1;
	cut.p[in.n] = 0;
	assert_int_equal(verify(&k.public, &cut), E_TRAILING);
}

static void
other_forms_are_refused_with_their_reason(void **state)
{
	/* Nothing here gets as far as the signature. */
	static const struct {
		const char *hex;
		enum status status;
	} rows[] = {
		{ "d28443a10126a04101", E_TRUNCATED },
		{ "d28443a10126a0f64100", E_UNSUPPORTED },         /* a detached payload */
		{ "d28443a10126a0404100", E_RANGE },               /* an empty one */
		{ "d28443a10126a061614100", E_TYPE },              /* a text as payload */
		{ "d28443a10126a041014100", E_SIGNATURE },         /* a short signature */
		{ "d28443a10126a0410140", E_SIGNATURE },
		{ "d18443a10126a041014100", E_TYPE },              /* COSE_Mac0 */
		{ "d9d9f7d28443a10126a041014100", E_TYPE },        /* tagged twice */
		{ "d28343a10126a04101", E_RANGE },
		{ "d28543a10126a04101410000", E_TOO_LARGE },
		{ "d284a10126a041014100", E_TYPE },                /* the protected header not wrapped */
		{ "d28440a1012641014100", E_UNSUPPORTED },         /* the algorithm unprotected */
		{ "d28440a041014100", E_UNSUPPORTED },             /* none at all */
		{ "d28444a1013822a041014100", E_MISMATCH },        /* ES384 under a P-256 key */
		{ "d28444a1011826a041014100", E_UNSUPPORTED },     /* an algorithm that is none */
		{ "d28444a1013806a041014100", E_UNSUPPORTED },     /* ES256, not in its shortest form */
		{ "d28443a10126a1044101410141" "00", E_UNSUPPORTED }, /* an unprotected key id */
		{ "d2584303", E_TRUNCATED },
		{ "d29f43a10126a041014100ff", E_NOT_DETERMINISTIC },
	};
	static struct octets in;
	struct ec_private k;

	(void)state;
	key_make(EC_P256, 7, &k);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		enum status s;

		vectors_unhex(rows[i].hex, &in);
		s = verify(&k.public, &in);
		if (s != rows[i].status)
			fail_msg("%s: %s, not %s", rows[i].hex, status_name(s), status_name(rows[i].status));
	}
}

static void
too_little_room_is_a_failure(void **state)
{
	static struct octets in;
	uint8_t out[64], little[16];
	struct buffer scratch = BUFFER(scratch_memory), b = BUFFER(out), small = BUFFER(little);
	struct ec_private k, none = { .public = { .curve = EC_NONE } };
	struct bytes payload;

	(void)state;
	key_make(EC_P256, 7, &k);
	sign(&k, &in);
	assert_int_equal(cose_verify(&k.public, bytes_of(in.p, in.n), &small, &payload), E_NO_SPACE);
	small = buffer_of(little, sizeof little);
	assert_int_equal(cose_sign(&k, BYTES_STRING("claims"), &small, &b), E_NO_SPACE);
	assert_int_equal(cose_sign(&k, BYTES_STRING("claims"), &scratch, &b), E_NO_SPACE);
	b = BUFFER(out);
	assert_int_equal(cose_sign(&k, bytes_of(NULL, 0), &scratch, &b), E_RANGE);
	assert_int_equal(cose_sign(&none, BYTES_STRING("claims"), &scratch, &b), E_KEY);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(published_vectors_verify_or_are_refused_with_their_reason),
		cmocka_unit_test(what_is_signed_verifies_under_that_key_and_no_other),
		cmocka_unit_test(every_bit_and_every_length_counts),
		cmocka_unit_test(other_forms_are_refused_with_their_reason),
		cmocka_unit_test(too_little_room_is_a_failure),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
