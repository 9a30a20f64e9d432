/* SPDX-License-Identifier: ISC */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "agent/retry.h"

static void
what_no_try_can_mend_ends_the_asking(void **state)
{
	static const enum status last[] = { OK, E_KEY, E_MISSING, E_NOT_FOUND };
	unsigned again = 0;

	(void)state;
	for (size_t i = 0; i < sizeof last / sizeof *last; i++)
		assert_int_equal(retry_next(last[i], &again), RETRY_DONE);
}

static void
what_a_verifier_or_the_network_does_never_ends_it(void **state)
{
	static const enum status theirs[] = { E_NETWORK, E_TIMEOUT, E_TLS, E_PROTOCOL, E_SIGNATURE, E_UNAVAILABLE, E_TOO_LARGE, E_SYNTAX };
	unsigned again = 0;

	(void)state;
	for (size_t i = 0; i < sizeof theirs / sizeof *theirs; i++)
		assert_int_equal(retry_next(theirs[i], &again), RETRY_VERIFIER);
	assert_int_equal(retry_next(E_DENIED, &again), RETRY_PAUSE);
	assert_int_equal(retry_next(E_REFUSED, &again), RETRY_PAUSE);
	assert_int_equal(retry_next(E_HELD, &again), RETRY_HELD);
}

static void
trouble_with_the_tpm_is_tried_again_at_once_but_not_for_ever(void **state)
{
	static const enum status trouble[] = { E_MISMATCH, E_BUSY, E_TPM, E_TPM_AGAIN, E_TPM_LOST, E_TPM_PCR_CHANGED };

	(void)state;
	for (size_t i = 0; i < sizeof trouble / sizeof *trouble; i++) {
		unsigned again = 0;

		for (unsigned k = 0; k < RETRY_AGAIN_MAX; k++)
			assert_int_equal(retry_next(trouble[i], &again), RETRY_AGAIN);
		assert_int_equal(retry_next(trouble[i], &again), RETRY_PAUSE);
	}
}

static void
pauses_grow_to_their_last(void **state)
{
	struct retry_pause p = { 10, 300, 10 };
	uint32_t before = 0;

	(void)state;
	for (unsigned i = 0; i < 20; i++) {
		uint32_t ms = retry_pause_next(&p, 0, 0);

		assert_true(ms >= before);
		before = ms;
	}
	assert_int_equal(before, 300000);
	retry_pause_reset(&p);
	assert_int_equal(retry_pause_next(&p, 0, 0), 10000);
}

static void
jitter_adds_at_most_a_quarter(void **state)
{
	struct retry_pause p = { 300, 300, 300 };

	(void)state;
	assert_int_equal(retry_pause_next(&p, 0, UINT16_MAX), 375000);
	assert_int_equal(retry_pause_next(&p, 0, UINT16_MAX / 2), 300000 + 37499);
}

static void
a_verifier_may_ask_for_a_longer_pause_but_not_for_a_day(void **state)
{
	struct retry_pause p = { 2, 60, 2 };

	(void)state;
	assert_int_equal(retry_pause_next(&p, 30, 0), 30000);
	assert_int_equal(retry_pause_next(&p, 86400, 0), RETRY_AFTER_MAX * 1000);
	assert_int_equal(retry_pause_next(&p, 86400, UINT16_MAX), RETRY_AFTER_MAX * 1250);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_no_try_can_mend_ends_the_asking),
		cmocka_unit_test(what_a_verifier_or_the_network_does_never_ends_it),
		cmocka_unit_test(trouble_with_the_tpm_is_tried_again_at_once_but_not_for_ever),
		cmocka_unit_test(pauses_grow_to_their_last),
		cmocka_unit_test(jitter_adds_at_most_a_quarter),
		cmocka_unit_test(a_verifier_may_ask_for_a_longer_pause_but_not_for_a_day),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
