/* SPDX-License-Identifier: ISC */
#include "vectors.h"

#include "crypto/hash.h"

static void
assert_hex(const uint8_t *got, size_t n, const char *expected)
{
	char text[2 * HASH_SIZE_MAX + 1];

	assert_string_equal(text_hex(bytes_of(got, n), text, sizeof text), expected);
}

/* FIPS 180-4, the examples NIST publishes with it. */
static const struct {
	enum hash_alg alg;
	const char *in, *out;
} known[] = {
	{ HASH_SHA1, "", "da39a3ee5e6b4b0d3255bfef95601890afd80709" },
	{ HASH_SHA1, "abc", "a9993e364706816aba3e25717850c26c9cd0d89d" },
	{ HASH_SHA256, "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
	{ HASH_SHA256, "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
	{ HASH_SHA384, "", "38b060a751ac96384cd9327eb1b1e36a21fdb71114be07434c0cc7bf63f6e1da274edebfe76f65fbd51ad2f14898b95b" },
	{ HASH_SHA384, "abc", "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7" },
	{ HASH_SHA512, "",
		"cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce"
		"47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e" },
	{ HASH_SHA512, "abc",
		"ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
		"2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f" },
};

static const char million_a[] = "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0";

static void
known_answers(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
		struct digest d = hash_digest(known[i].alg, bytes_of(known[i].in, strlen(known[i].in)));

		assert_int_equal(d.n, hash_size(known[i].alg));
		assert_hex(d.p, d.n, known[i].out);
	}
}

static void
a_million_letters_in_uneven_pieces(void **state)
{
	uint8_t piece[997], out[HASH_SIZE_MAX];
	struct hash h;
	size_t left = 1000000;

	(void)state;
	memset(piece, 'a', sizeof piece);
	hash_begin(&h, HASH_SHA256);
	while (left > 0) {
		size_t n = left < sizeof piece ? left : sizeof piece;

		hash_add(&h, bytes_of(piece, n));
		left -= n;
	}
	assert_int_equal(hash_end(&h, out), 32);
	assert_hex(out, 32, million_a);
}

static void
a_copied_computation_goes_its_own_way(void **state)
{
	static const enum hash_alg algs[] = { HASH_SHA1, HASH_SHA256, HASH_SHA384, HASH_SHA512 };
	uint8_t a[HASH_SIZE_MAX], b[HASH_SIZE_MAX];

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		struct hash h, fork;
		struct digest abc = hash_digest(algs[i], BYTES_STRING("abc")), abd = hash_digest(algs[i], BYTES_STRING("abd"));

		hash_begin(&h, algs[i]);
		hash_add(&h, BYTES_STRING("ab"));
		fork = h;
		hash_add(&h, BYTES_STRING("c"));
		hash_add(&fork, BYTES_STRING("d"));
		assert_int_equal(hash_end(&h, a), abc.n);
		assert_int_equal(hash_end(&fork, b), abd.n);
		assert_memory_equal(a, abc.p, abc.n);
		assert_memory_equal(b, abd.p, abd.n);
		assert_true(bytes_zero(bytes_of(&h, sizeof h)));
	}
}

static void
an_unknown_algorithm_gives_nothing(void **state)
{
	/* SM3_256, which the TPM's registry has and we do not. */
	const enum hash_alg sm3 = (enum hash_alg)0x0012;
	uint8_t out[HASH_SIZE_MAX];
	struct digest d = hash_digest(sm3, BYTES_STRING("abc"));

	(void)state;
	assert_int_equal(d.n, 0);
	assert_false(hash_known(0x0012));
	assert_false(hash_known(0));
	assert_true(hash_known(0x000c));
	assert_int_equal(hash_size(sm3), 0);
	assert_string_equal(hash_name(sm3), "unknown");
	assert_int_equal(hmac_compute(sm3, BYTES_STRING("key"), BYTES_STRING("abc"), out), 0);
}

static void
names_go_both_ways(void **state)
{
	static const enum hash_alg algs[] = { HASH_SHA1, HASH_SHA256, HASH_SHA384, HASH_SHA512 };

	(void)state;
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(hash_of_name(hash_name(algs[i])), algs[i]);
	assert_int_equal(hash_of_name("SHA256"), HASH_NONE);
	assert_int_equal(hash_of_name(""), HASH_NONE);
}

static void
digests_are_equal_only_with_their_algorithm(void **state)
{
	struct digest a = hash_digest(HASH_SHA256, BYTES_STRING("abc")), b = a;

	(void)state;
	assert_true(digest_equal(&a, &b));
	b.p[31] ^= 1;
	assert_false(digest_equal(&a, &b));
	b = a;
	b.alg = HASH_SHA384;
	assert_false(digest_equal(&a, &b));
	assert_int_equal(digest_view(&a).n, 32);
}

/* RFC 2202 (SHA-1) and RFC 4231: case 2, and case 6 with a key longer than any block. */
static const struct {
	enum hash_alg alg;
	size_t long_key;
	const char *out;
} macs[] = {
	{ HASH_SHA1, 0, "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79" },
	{ HASH_SHA1, 80, "aa4ae5e15272d00e95705637ce8a3b55ed402112" },
	{ HASH_SHA256, 0, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843" },
	{ HASH_SHA256, 131, "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54" },
	{ HASH_SHA384, 0, "af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e8e2240ca5e69e2c78b3239ecfab21649" },
	{ HASH_SHA384, 131, "4ece084485813e9088d2c63a041bc5b44f9ef1012a2b588f3cd11f05033ac4c60c2ef6ab4030fe8296248df163f44952" },
	{ HASH_SHA512, 0,
		"164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554"
		"9758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737" },
	{ HASH_SHA512, 131,
		"80b24263c7c1a3ebb71493c1dd7be8b49b46d1f41b4aeec1121b013783f8f352"
		"6b56d037e05f2598bd0fd2215d6a1e5295e64f73f63f0aec8b915a985d786598" },
};

static void
hmac_known_answers(void **state)
{
	uint8_t key[131], out[HASH_SIZE_MAX];

	(void)state;
	memset(key, 0xaa, sizeof key);
	for (size_t i = 0; i < sizeof macs / sizeof *macs; i++) {
		size_t n = macs[i].long_key;
		struct bytes data = n > 0 ? BYTES_STRING("Test Using Larger Than Block-Size Key - Hash Key First")
		                          : BYTES_STRING("what do ya want for nothing?");

		assert_int_equal(hmac_compute(macs[i].alg, n > 0 ? bytes_of(key, n) : BYTES_STRING("Jefe"), data, out),
			hash_size(macs[i].alg));
		assert_hex(out, hash_size(macs[i].alg), macs[i].out);
	}
}

static void
check_hmac(const json_t *group, const json_t *test)
{
	static struct octets key, msg, tag;
	uint8_t out[HASH_SIZE_MAX];
	bool same;

	(void)group;
	vectors_hex(test, "tag", &tag);
	hmac_compute(HASH_SHA256, vectors_hex(test, "key", &key), vectors_hex(test, "msg", &msg), out);
	assert_true(tag.n <= 32);
	same = memcmp(out, tag.p, tag.n) == 0;
	if (same != vectors_result(test, "valid"))
		fail_msg("test %d", vectors_id(test));
}

static void
hmac_wycheproof(void **state)
{
	(void)state;
	vectors_each("tests/data/vectors/wycheproof/hmac_sha256_test.json", 174, check_hmac);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_answers),
		cmocka_unit_test(a_million_letters_in_uneven_pieces),
		cmocka_unit_test(a_copied_computation_goes_its_own_way),
		cmocka_unit_test(an_unknown_algorithm_gives_nothing),
		cmocka_unit_test(names_go_both_ways),
		cmocka_unit_test(digests_are_equal_only_with_their_algorithm),
		cmocka_unit_test(hmac_known_answers),
		cmocka_unit_test(hmac_wycheproof),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
