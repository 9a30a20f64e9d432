/* SPDX-License-Identifier: ISC */
#include "vectors.h"

#include "crypto/aead.h"
#include "crypto/hpke.h"
#include "crypto/x25519.h"

static void
check_x25519(const json_t *group, const json_t *test)
{
	static struct octets sk, pk, shared;
	uint8_t z[X25519_SIZE];
	enum status s;

	(void)group;
	assert_int_equal(vectors_hex(test, "private", &sk).n, X25519_SIZE);
	assert_int_equal(vectors_hex(test, "public", &pk).n, X25519_SIZE);
	assert_int_equal(vectors_hex(test, "shared", &shared).n, X25519_SIZE);
	s = x25519_shared(sk.p, pk.p, z);
	if (s != (bytes_zero(bytes_of(shared.p, shared.n)) ? E_KEY : OK) || memcmp(z, shared.p, sizeof z) != 0)
		fail_msg("test %d", vectors_id(test));
}

static void
x25519_wycheproof(void **state)
{
	(void)state;
	vectors_each("tests/data/vectors/wycheproof/x25519_test.json", 518, check_x25519);
}

static void
check_aead(const json_t *group, const json_t *test)
{
	static struct octets key, iv, aad, msg, ct, tag;
	static uint8_t data[16384];
	uint8_t made[AEAD_TAG_SIZE];
	struct aead_key k;
	bool valid = vectors_result(test, "valid");

	(void)group;
	/* Nonces of other sizes cannot even be said to aead_encrypt(). */
	if (vectors_hex(test, "iv", &iv).n != AEAD_NONCE_SIZE) {
		assert_false(valid);
		return;
	}
	assert_int_equal(vectors_hex(test, "key", &key).n, AEAD_KEY_SIZE);
	assert_int_equal(vectors_hex(test, "tag", &tag).n, AEAD_TAG_SIZE);
	vectors_hex(test, "aad", &aad);
	vectors_hex(test, "msg", &msg);
	vectors_hex(test, "ct", &ct);
	memcpy(k.key, key.p, sizeof k.key);
	memcpy(k.nonce, iv.p, sizeof k.nonce);
	memcpy(data, ct.p, ct.n);
	if (aead_decrypt(&k, bytes_of(aad.p, aad.n), data, ct.n, tag.p) != (valid ? OK : E_MAC))
		fail_msg("test %d", vectors_id(test));
	if (!valid) {
		assert_true(bytes_zero(bytes_of(data, ct.n)));
		return;
	}
	assert_memory_equal(data, msg.p, msg.n);
	aead_encrypt(&k, bytes_of(aad.p, aad.n), data, msg.n, made);
	assert_memory_equal(data, ct.p, ct.n);
	assert_memory_equal(made, tag.p, sizeof made);
}

static void
chacha20_poly1305_wycheproof(void **state)
{
	(void)state;
	vectors_each("tests/data/vectors/wycheproof/chacha20_poly1305_test.json", 325, check_aead);
}

/* What one RFC 9180 vector says, as far as a single message goes. */
struct exchange {
	struct octets info, psk, psk_id, aad, plain, sealed;
	struct hpke_private receiver, ephemeral;
	struct hpke_context context;
};

static struct bytes
optional(const json_t *o, const char *name, struct octets *to)
{
	to->n = 0;
	return json_object_get(o, name) != NULL ? vectors_hex(o, name, to) : bytes_of(NULL, 0);
}

static void
derive(const json_t *v, const char *ikm_name, const char *sk_name, const char *pk_name, struct hpke_private *k)
{
	static struct octets ikm, sk, pk;

	assert_int_equal(hpke_derive(vectors_hex(v, ikm_name, &ikm), k), OK);
	vectors_hex(v, sk_name, &sk);
	vectors_hex(v, pk_name, &pk);
	assert_memory_equal(k->sk, sk.p, HPKE_KEY_SIZE);
	assert_memory_equal(k->pk, pk.p, HPKE_KEY_SIZE);
}

static void
load_exchange(const json_t *v, struct exchange *x)
{
	const json_t *first = json_array_get(json_object_get(v, "encryptions"), 0);
	static struct octets ct;

	derive(v, "ikmR", "skRm", "pkRm", &x->receiver);
	derive(v, "ikmE", "skEm", "pkEm", &x->ephemeral);
	x->context.info = vectors_hex(v, "info", &x->info);
	x->context.psk = optional(v, "psk", &x->psk);
	x->context.psk_id = optional(v, "psk_id", &x->psk_id);
	x->context.aad = vectors_hex(first, "aad", &x->aad);
	vectors_hex(first, "pt", &x->plain);
	vectors_hex(v, "enc", &x->sealed);
	vectors_hex(first, "ct", &ct);
	memcpy(x->sealed.p + x->sealed.n, ct.p, ct.n);
	x->sealed.n += ct.n;
}

/* our_suite(mode, x): the vector of RFC 9180, A.2 (base: 0, PSK: 1). */
static void
our_suite(int mode, struct exchange *x)
{
	json_t *root = vectors_load("tests/data/vectors/hpke/rfc9180.json"), *v;
	size_t i;
	bool found = false;

	json_array_foreach(root, i, v) {
		if (json_integer_value(json_object_get(v, "mode")) != mode || json_integer_value(json_object_get(v, "kem_id")) != 0x20
			|| json_integer_value(json_object_get(v, "aead_id")) != 3)
			continue;
		load_exchange(v, x);
		found = true;
	}
	json_decref(root);
	assert_true(found);
}

static void
sealing_and_opening_agree_with_rfc_9180(void **state)
{
	static struct exchange x;

	(void)state;
	for (int mode = 0; mode < 2; mode++) {
		uint8_t out[512];
		struct buffer b = BUFFER(out);

		our_suite(mode, &x);
		assert_int_equal(x.context.psk.n > 0, mode == 1);
		assert_int_equal(hpke_seal_deterministic(&x.ephemeral, x.receiver.pk, &x.context, bytes_of(x.plain.p, x.plain.n), &b), OK);
		assert_int_equal(b.n, x.sealed.n);
		assert_memory_equal(out, x.sealed.p, b.n);
		b = (struct buffer)BUFFER(out);
		assert_int_equal(hpke_open(&x.receiver, &x.context, bytes_of(x.sealed.p, x.sealed.n), &b), OK);
		assert_int_equal(b.n, x.plain.n);
		assert_memory_equal(out, x.plain.p, b.n);
	}
}

/* Opening must fail with ${expected} and leave neither bytes nor a trace. */
static void
assert_shut(const struct hpke_private *k, const struct hpke_context *c, struct bytes sealed, enum status expected)
{
	uint8_t out[512] = { 0 };
	struct buffer b = BUFFER(out);

	buffer_u8(&b, 0xee);
	assert_int_equal(hpke_open(k, c, sealed, &b), expected);
	assert_int_equal(b.n, 1);
	assert_int_equal(b.failed, OK);
	assert_true(bytes_zero(bytes_of(out + 1, sizeof out - 1)));
}

static void
every_changed_bit_shuts_it(void **state)
{
	static struct exchange x;

	(void)state;
	our_suite(1, &x);
	for (size_t i = 0; i < 8 * x.sealed.n; i += 7) {
		/* RFC 7748 says that the highest bit of a public key means nothing; here it is hashed, so it does. */
		x.sealed.p[i / 8] ^= (uint8_t)(1 << i % 8);
		assert_shut(&x.receiver, &x.context, bytes_of(x.sealed.p, x.sealed.n), E_MAC);
		x.sealed.p[i / 8] ^= (uint8_t)(1 << i % 8);
	}
	x.sealed.p[31] ^= 0x80;
	assert_shut(&x.receiver, &x.context, bytes_of(x.sealed.p, x.sealed.n), E_MAC);
}

static void
every_part_of_the_context_counts(void **state)
{
	static struct exchange x;
	uint8_t psk[32] = { 1 };
	struct bytes sealed;
	struct hpke_context c;
	struct hpke_private other;

	(void)state;
	our_suite(1, &x);
	sealed = bytes_of(x.sealed.p, x.sealed.n);
	c = x.context;
	c.info = BYTES_STRING("other");
	assert_shut(&x.receiver, &c, sealed, E_MAC);
	c = x.context;
	c.aad = bytes_of(NULL, 0);
	assert_shut(&x.receiver, &c, sealed, E_MAC);
	c = x.context;
	c.psk = BYTES(psk);
	assert_shut(&x.receiver, &c, sealed, E_MAC);
	c = x.context;
	c.psk_id = BYTES_STRING("other");
	assert_shut(&x.receiver, &c, sealed, E_MAC);
	c = x.context;
	c.psk = c.psk_id = bytes_of(NULL, 0);
	assert_shut(&x.receiver, &c, sealed, E_MAC);
	assert_int_equal(hpke_generate(&other), OK);
	assert_shut(&other, &x.context, sealed, E_MAC);
}

static void
half_a_psk_is_refused(void **state)
{
	static struct exchange x;
	uint8_t out[512];
	struct buffer b = BUFFER(out);
	struct bytes sealed;
	struct hpke_context c;

	(void)state;
	our_suite(1, &x);
	sealed = bytes_of(x.sealed.p, x.sealed.n);
	c = x.context;
	c.psk_id = bytes_of(NULL, 0);
	assert_shut(&x.receiver, &c, sealed, E_RANGE);
	assert_int_equal(hpke_seal(x.receiver.pk, &c, sealed, &b), E_RANGE);
	c = x.context;
	c.psk = bytes_of(NULL, 0);
	assert_shut(&x.receiver, &c, sealed, E_RANGE);
	c = x.context;
	c.psk.n = 31;
	assert_shut(&x.receiver, &c, sealed, E_RANGE);
	assert_int_equal(hpke_seal(x.receiver.pk, &c, sealed, &b), E_RANGE);
	assert_int_equal(b.n, 0);
}

static void
points_of_low_order_are_refused(void **state)
{
	static struct exchange x;
	uint8_t out[512], zero[HPKE_KEY_SIZE] = { 0 };
	struct buffer b = BUFFER(out);

	(void)state;
	our_suite(0, &x);
	assert_int_equal(hpke_seal(zero, &x.context, BYTES_STRING("secret"), &b), E_KEY);
	assert_int_equal(b.n, 0);
	memset(x.sealed.p, 0, HPKE_ENC_SIZE);
	assert_shut(&x.receiver, &x.context, bytes_of(x.sealed.p, x.sealed.n), E_KEY);
	x.sealed.p[0] = 1;
	assert_shut(&x.receiver, &x.context, bytes_of(x.sealed.p, x.sealed.n), E_KEY);
}

static void
every_shortened_message_is_refused(void **state)
{
	static struct exchange x;

	(void)state;
	our_suite(0, &x);
	for (size_t n = 0; n < x.sealed.n; n++)
		assert_shut(&x.receiver, &x.context, bytes_of(x.sealed.p, n), n < HPKE_OVERHEAD ? E_TRUNCATED : E_MAC);
}

static void
any_length_goes_there_and_back(void **state)
{
	uint8_t plain[100], sealed[200], opened[100];
	struct hpke_private k;
	struct hpke_context c = { BYTES_STRING("test"), bytes_of(NULL, 0), bytes_of(NULL, 0), bytes_of(NULL, 0) };

	(void)state;
	assert_int_equal(hpke_generate(&k), OK);
	memset(plain, 0x42, sizeof plain);
	for (size_t n = 0; n <= sizeof plain; n++) {
		struct buffer s = BUFFER(sealed), o = BUFFER(opened);

		assert_int_equal(hpke_seal(k.pk, &c, bytes_of(plain, n), &s), OK);
		assert_int_equal(s.n, n + HPKE_OVERHEAD);
		assert_int_equal(hpke_open(&k, &c, buffer_view(&s), &o), OK);
		assert_int_equal(o.n, n);
		assert_memory_equal(opened, plain, n);
	}
}

static void
what_does_not_fit_leaves_nothing_behind(void **state)
{
	uint8_t plain[40], out[128];
	struct hpke_private k;
	struct hpke_context c = { BYTES_STRING("test"), bytes_of(NULL, 0), bytes_of(NULL, 0), bytes_of(NULL, 0) };

	(void)state;
	assert_int_equal(hpke_generate(&k), OK);
	memset(plain, 0x42, sizeof plain);
	for (size_t size = 1; size < sizeof plain + HPKE_OVERHEAD + 1; size++) {
		struct buffer b = buffer_of(out, size);

		memset(out, 0, sizeof out);
		buffer_u8(&b, 0xee);
		assert_int_equal(hpke_seal(k.pk, &c, BYTES(plain), &b), E_NO_SPACE);
		assert_int_equal(b.n, 1);
		assert_true(bytes_zero(bytes_of(out + 1, sizeof out - 1)));
	}
}

static void
key_material_below_32_bytes_is_refused(void **state)
{
	uint8_t ikm[32] = { 0 };
	struct hpke_private k;

	(void)state;
	assert_int_equal(hpke_derive(bytes_of(ikm, 31), &k), E_RANGE);
	assert_true(bytes_zero(bytes_of(&k, sizeof k)));
	assert_int_equal(hpke_derive(BYTES(ikm), &k), OK);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(x25519_wycheproof),
		cmocka_unit_test(chacha20_poly1305_wycheproof),
		cmocka_unit_test(sealing_and_opening_agree_with_rfc_9180),
		cmocka_unit_test(every_changed_bit_shuts_it),
		cmocka_unit_test(every_part_of_the_context_counts),
		cmocka_unit_test(half_a_psk_is_refused),
		cmocka_unit_test(points_of_low_order_are_refused),
		cmocka_unit_test(every_shortened_message_is_refused),
		cmocka_unit_test(any_length_goes_there_and_back),
		cmocka_unit_test(what_does_not_fit_leaves_nothing_behind),
		cmocka_unit_test(key_material_below_32_bytes_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
