/* SPDX-License-Identifier: ISC */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "verifier/nonce.h"

#define NOW 1700000000u

static const uint8_t key[NONCE_KEY_SIZE] = { 1 }, other_key[NONCE_KEY_SIZE] = { 2 };
static const uint8_t own[NONCE_VERIFIER_SIZE] = { 3 }, peer[NONCE_VERIFIER_SIZE] = { 4 };

static void
a_nonce_is_good_for_ten_minutes_at_every_verifier_of_the_fleet(void **state)
{
	uint8_t nonce[NONCE_SIZE];

	(void)state;
	assert_int_equal(nonce_make(key, own, NOW, nonce), OK);
	assert_int_equal(nonce_check(key, own, NOW, BYTES(nonce)), OK);
	assert_int_equal(nonce_check(key, peer, NOW, BYTES(nonce)), OK);
	assert_int_equal(nonce_check(key, own, NOW + 600, BYTES(nonce)), OK);
	assert_int_equal(nonce_check(key, own, NOW + 601, BYTES(nonce)), E_TIMEOUT);
	assert_int_equal(nonce_check(key, peer, NOW + 601, BYTES(nonce)), E_TIMEOUT);
}

static void
a_foreign_nonce_from_more_than_two_minutes_ahead_is_refused(void **state)
{
	uint8_t nonce[NONCE_SIZE];

	(void)state;
	assert_int_equal(nonce_make(key, peer, NOW + 120, nonce), OK);
	assert_int_equal(nonce_check(key, own, NOW, BYTES(nonce)), OK);
	assert_int_equal(nonce_check(key, own, NOW - 1, BYTES(nonce)), E_RANGE);
	assert_int_equal(nonce_check(key, peer, NOW - 1, BYTES(nonce)), OK);
}

static void
a_nonce_under_another_master_or_with_a_bit_changed_is_none_of_ours(void **state)
{
	uint8_t nonce[NONCE_SIZE];

	(void)state;
	assert_int_equal(nonce_make(key, own, NOW, nonce), OK);
	assert_int_equal(nonce_check(other_key, own, NOW, BYTES(nonce)), E_MAC);
	assert_int_equal(nonce_check(key, own, NOW, bytes_of(nonce, NONCE_SIZE - 1)), E_MAC);
	for (size_t i = 0; i < 8 * NONCE_SIZE; i++) {
		nonce[i / 8] ^= (uint8_t)(1u << i % 8);
		assert_int_equal(nonce_check(key, own, NOW, BYTES(nonce)), E_MAC);
		nonce[i / 8] ^= (uint8_t)(1u << i % 8);
	}
}

static void
no_two_nonces_are_the_same(void **state)
{
	uint8_t a[NONCE_SIZE], b[NONCE_SIZE];

	(void)state;
	assert_int_equal(nonce_make(key, own, NOW, a), OK);
	assert_int_equal(nonce_make(key, own, NOW, b), OK);
	assert_memory_not_equal(a, b, sizeof a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_nonce_is_good_for_ten_minutes_at_every_verifier_of_the_fleet),
		cmocka_unit_test(a_foreign_nonce_from_more_than_two_minutes_ahead_is_refused),
		cmocka_unit_test(a_nonce_under_another_master_or_with_a_bit_changed_is_none_of_ours),
		cmocka_unit_test(no_two_nonces_are_the_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
