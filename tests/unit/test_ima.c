/* SPDX-License-Identifier: ISC */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "agent/ima.h"
#include "base/file.h"
#include "base/text.h"

static const enum hash_alg two_banks[] = { HASH_SHA256, HASH_SHA384 };

static struct user_events events;
static uint8_t list_bytes[8192], crypto_bytes[8192];

static struct bytes
read_data(const char *path, uint8_t *to, size_t size)
{
	struct buffer b = buffer_of(to, size);

	assert_int_equal(file_read(path, &b), OK);
	return buffer_view(&b);
}

static enum status
parse(struct bytes list)
{
	events.n = 0;
	return ima_parse(list, read_data("tests/data/ima/qemu-secure-boot.crypto", crypto_bytes, sizeof crypto_bytes), two_banks, 2, &events);
}

/* PCR 10 after all events, in one bank. */
static void
assert_replays(size_t bank, const char *expected)
{
	uint8_t value[HASH_SIZE_MAX] = { 0 };
	char hex[2 * HASH_SIZE_MAX + 1];
	size_t n = hash_size(two_banks[bank]);

	for (size_t i = 0; i < events.n; i++) {
		struct hash h;

		hash_begin(&h, two_banks[bank]);
		hash_add(&h, bytes_of(value, n));
		hash_add(&h, bytes_of(events.event[i].digest[bank].p, n));
		hash_end(&h, value);
	}
	assert_string_equal(text_hex(bytes_of(value, n), hex, sizeof hex), expected);
}

static void
a_list_of_a_secure_boot_replays_to_pcr_10_in_every_bank(void **state)
{
	(void)state;
	assert_int_equal(parse(read_data("tests/data/ima/qemu-secure-boot.bin", list_bytes, sizeof list_bytes)), OK);
	assert_int_equal(events.n, 16);
	assert_replays(0, "23b9fbbe241fba90db8302adbd783cbf72b519db25670154cdbf929280011432");
	/* This kernel had no SHA-384 when IMA began: SHA-1 with zeros. */
	assert_replays(1, "a6d0d6909a35b1a5e6f66a0e0b603b456fc740d6eb722a131b2a0df6e0bcd25e680e43e525b3527e04c4f0130be02a65");
}

static void
data_stands_only_where_every_digest_was_made_of_it(void **state)
{
	struct bytes list = read_data("tests/data/ima/qemu-secure-boot.bin", list_bytes, sizeof list_bytes);
	struct bytes crypto = read_data("tests/data/ima/qemu-secure-boot.crypto", crypto_bytes, sizeof crypto_bytes);

	(void)state;
	events.n = 0;
	assert_int_equal(ima_parse(list, crypto, two_banks, 2, &events), OK);
	assert_int_equal(events.event[0].data.n, 0);
	events.n = 0;
	assert_int_equal(ima_parse(list, crypto, two_banks, 1, &events), OK);
	assert_int_equal(events.event[0].data.n, 0x43);
}

static void
a_violation_extends_ones(void **state)
{
	struct bytes list = read_data("tests/data/ima/qemu-secure-boot.bin", list_bytes, sizeof list_bytes);

	(void)state;
	memset(list_bytes + 4, 0, 20);
	assert_int_equal(parse(list), OK);
	assert_int_equal(events.event[0].digest[0].p[0], 0xff);
	assert_int_equal(events.event[0].digest[1].p[47], 0xff);
	assert_int_equal(events.event[0].data.n, 0);
}

static void
a_list_that_is_cut_is_refused(void **state)
{
	struct bytes list = read_data("tests/data/ima/qemu-secure-boot.bin", list_bytes, sizeof list_bytes);

	(void)state;
	list.n--;
	assert_int_equal(parse(list), E_TRUNCATED);
}

static void
another_pcr_is_refused(void **state)
{
	struct bytes list = read_data("tests/data/ima/qemu-secure-boot.bin", list_bytes, sizeof list_bytes);

	(void)state;
	list_bytes[0] = 11;
	assert_int_equal(parse(list), E_SYNTAX);
}

static void
the_old_template_is_refused(void **state)
{
	static const uint8_t old[] = { 10, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
		3, 0, 0, 0, 'i', 'm', 'a', 0, 0, 0, 0 };

	(void)state;
	assert_int_equal(parse(BYTES(old)), E_TYPE);
}

static void
more_events_than_evidence_holds_are_refused(void **state)
{
	static uint8_t many[(USER_EVENTS_MAX + 1) * 33];

	(void)state;
	for (size_t i = 0; i < sizeof many; i += 33) {
		many[i] = IMA_PCR;
		many[i + 4] = 1;
		many[i + 24] = 1;
		many[i + 28] = 'x';
	}
	assert_int_equal(parse(bytes_of(many, sizeof many - 33)), OK);
	assert_int_equal(parse(BYTES(many)), E_TOO_LARGE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_list_of_a_secure_boot_replays_to_pcr_10_in_every_bank),
		cmocka_unit_test(data_stands_only_where_every_digest_was_made_of_it),
		cmocka_unit_test(a_violation_extends_ones),
		cmocka_unit_test(a_list_that_is_cut_is_refused),
		cmocka_unit_test(another_pcr_is_refused),
		cmocka_unit_test(the_old_template_is_refused),
		cmocka_unit_test(more_events_than_evidence_holds_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
