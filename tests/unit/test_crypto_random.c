/* SPDX-License-Identifier: ISC */
#include "vectors.h"

#include "crypto/random.h"

static void
every_byte_is_filled(void **state)
{
	uint8_t p[1000], seen[sizeof p] = { 0 };

	(void)state;
	/* A byte that is never written stays zero in all 16 rounds; one that is has a chance of 2^-128 to look like it. */
	for (int round = 0; round < 16; round++) {
		memset(p, 0, sizeof p);
		assert_int_equal(random_fill(p, sizeof p), OK);
		for (size_t i = 0; i < sizeof p; i++)
			seen[i] |= p[i];
	}
	for (size_t i = 0; i < sizeof p; i++)
		assert_int_not_equal(seen[i], 0);
}

static void
nothing_beyond_is_written(void **state)
{
	uint8_t p[64] = { 0 };

	(void)state;
	assert_int_equal(random_fill(p, 32), OK);
	assert_true(bytes_zero(bytes_of(p + 32, 32)));
	assert_int_equal(random_fill(p, 0), OK);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_byte_is_filled),
		cmocka_unit_test(nothing_beyond_is_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
