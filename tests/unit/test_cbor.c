/* SPDX-License-Identifier: ISC */
#include "vectors.h"

#include "cbor_copy.h"

struct row {
	const char *hex;
	enum status status;
};

static void
check_rows(const struct row *row, size_t n)
{
	static struct octets in;

	for (size_t i = 0; i < n; i++) {
		enum status s = cbor_read_from(vectors_unhex(row[i].hex, &in)).failed;

		if (s != row[i].status)
			fail_msg("%s: %s, not %s", row[i].hex, status_name(s), status_name(row[i].status));
	}
}

#define CHECK_ROWS(rows) check_rows((rows), sizeof(rows) / sizeof((rows)[0]))

static void
what_is_not_deterministic_is_refused(void **state)
{
	static const struct row rows[] = {
		{ "1800", E_NOT_DETERMINISTIC },
		{ "1817", E_NOT_DETERMINISTIC },
		{ "1900ff", E_NOT_DETERMINISTIC },
		{ "1a0000ffff", E_NOT_DETERMINISTIC },
		{ "1b00000000ffffffff", E_NOT_DETERMINISTIC },
		{ "3817", E_NOT_DETERMINISTIC },
		{ "5800", E_NOT_DETERMINISTIC },
		{ "590001aa", E_NOT_DETERMINISTIC },
		{ "780161", E_NOT_DETERMINISTIC },
		{ "980100", E_NOT_DETERMINISTIC },
		{ "b8010000", E_NOT_DETERMINISTIC },
		{ "d81200", E_NOT_DETERMINISTIC },
		{ "d801", E_NOT_DETERMINISTIC },
		{ "5f4101ff", E_NOT_DETERMINISTIC },
		{ "7f6161ff", E_NOT_DETERMINISTIC },
		{ "9fff", E_NOT_DETERMINISTIC },
		{ "bfff", E_NOT_DETERMINISTIC },
		{ "81" "9f00ff", E_NOT_DETERMINISTIC },
		{ "a2" "0200" "0100", E_NOT_DETERMINISTIC },
		{ "a2" "181900" "181800", E_NOT_DETERMINISTIC },
		{ "a2" "2000" "0100", E_NOT_DETERMINISTIC },
		{ "a2" "616200" "616100", E_NOT_DETERMINISTIC },
		/* The older rule, shorter keys first: h'20' (-1) before h'1818' (24). */
		{ "a2" "2000" "181800", E_NOT_DETERMINISTIC },
		{ "a2" "181800" "2000", OK },
	};

	(void)state;
	CHECK_ROWS(rows);
}

static void
malformed_and_unsupported_items_are_refused(void **state)
{
	static const struct row rows[] = {
		{ "", E_TRUNCATED },
		{ "18", E_TRUNCATED },
		{ "1900", E_TRUNCATED },
		{ "1b00000000000000", E_TRUNCATED },
		{ "42aa", E_TRUNCATED },
		{ "5affffffff", E_TRUNCATED },
		{ "5bffffffffffffffff", E_TRUNCATED },
		{ "7bffffffffffffffff", E_TRUNCATED },
		{ "81", E_TRUNCATED },
		{ "8201", E_TRUNCATED },
		{ "9affffffff", E_TRUNCATED },
		{ "9bffffffffffffffff", E_TRUNCATED },
		{ "9b7fffffffffffffff", E_TRUNCATED },
		{ "bb8000000000000000", E_TRUNCATED },
		{ "a101", E_TRUNCATED },
		{ "c1", E_TRUNCATED },
		{ "a2" "0100" "0101", E_DUPLICATE },
		{ "a2" "4100" "4100", E_TRUNCATED },
		{ "a2" "8100" "00" "8100" "00", E_DUPLICATE },
		{ "0000", E_TRAILING },
		{ "a000", E_TRAILING },
		{ "1c", E_SYNTAX },
		{ "1f", E_SYNTAX },
		{ "3f", E_SYNTAX },
		{ "5c", E_SYNTAX },
		{ "df00", E_SYNTAX },
		{ "ff", E_SYNTAX },
		{ "81ff", E_SYNTAX },
		{ "fc", E_SYNTAX },
		{ "f800", E_SYNTAX },
		{ "f814", E_SYNTAX },
		{ "61c3", E_SYNTAX },
		{ "62c0af", E_SYNTAX },
		{ "63eda080", E_SYNTAX },
		{ "64f4908080", E_SYNTAX },
		{ "e0", E_UNSUPPORTED },
		{ "f6", E_UNSUPPORTED },
		{ "f7", E_UNSUPPORTED },
		{ "f820", E_UNSUPPORTED },
		{ "f90000", E_UNSUPPORTED },
		{ "fa00000000", E_UNSUPPORTED },
		{ "fb0000000000000000", E_UNSUPPORTED },
		{ "8181818181818180", OK },
		{ "818181818181818180", E_TOO_LARGE },
		{ "a100a100a100a100a100a100a100a100a100a0", E_TOO_LARGE },
	};

	(void)state;
	CHECK_ROWS(rows);
}

/* What of RFC 8949's examples is refused although it is well-formed, by the beginning of its encoding. */
static enum status
expected_of(const char *hex, bool shortest)
{
	static const struct row refused[] = { { "f4", OK }, { "f5", OK }, { "f818", E_SYNTAX }, { "f", E_UNSUPPORTED },
		{ "c1fb", E_UNSUPPORTED } };

	for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++)
		if (strncmp(hex, refused[i].hex, strlen(refused[i].hex)) == 0)
			return refused[i].status;
	return shortest ? OK : E_NOT_DETERMINISTIC;
}

static void
the_examples_of_rfc_8949_are_accepted_where_deterministic_and_of_our_types(void **state)
{
	static struct octets in;
	json_t *root = json_load_file("tests/data/vectors/cbor/appendix_a.json", JSON_DECODE_INT_AS_REAL, NULL), *test;
	size_t i, accepted = 0;

	(void)state;
	assert_non_null(root);
	json_array_foreach(root, i, test) {
		const char *hex = vectors_text(test, "hex");
		enum status expected = expected_of(hex, json_is_true(json_object_get(test, "roundtrip")));
		enum status s = cbor_read_from(vectors_hex(test, "hex", &in)).failed;

		if (s != expected)
			fail_msg("%s: %s, not %s", hex, status_name(s), status_name(expected));
		accepted += s == OK;
		/* int64_t holds every number of the examples but -18446744073709551616. */
		if (s == OK && strcmp(hex, "3bffffffffffffffff") != 0)
			assert_int_equal(cbor_copy_check(bytes_of(in.p, in.n)), OK);
	}
	assert_int_equal(i, 82);
	assert_int_equal(accepted, 43);
	json_decref(root);
}

static void
numbers_and_sizes_are_held_to_their_limits(void **state)
{
	static const uint8_t ten[] = { 0x0a }, min[] = { 0x3b, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff },
			     below[] = { 0x3b, 0x80, 0, 0, 0, 0, 0, 0, 0 }, text[] = { 0x62, 'a', 'b' }, list[] = { 0x82, 1, 2 };
	struct cbor_reader r = cbor_read_from(BYTES(ten));

	(void)state;
	assert_int_equal(cbor_read_uint(&r, 10, 10), 10);
	assert_int_equal(cbor_read_end(&r), OK);
	assert_int_equal(cbor_read_uint(&r, 0, 10), 0);
	assert_int_equal(cbor_read_end(&r), E_MISSING);
	r = cbor_read_from(BYTES(ten));
	assert_int_equal(cbor_read_uint(&r, 0, 9), 0);
	assert_int_equal(cbor_read_end(&r), E_RANGE);
	r = cbor_read_from(BYTES(min));
	assert_true(cbor_read_int(&r) == INT64_MIN);
	r = cbor_read_from(BYTES(below));
	assert_int_equal(cbor_read_int(&r), 0);
	assert_int_equal(cbor_read_end(&r), E_RANGE);
	r = cbor_read_from(BYTES(text));
	assert_int_equal(cbor_read_text(&r, 3, 9).n, 0);
	assert_int_equal(cbor_read_end(&r), E_RANGE);
	r = cbor_read_from(BYTES(text));
	assert_int_equal(cbor_read_text(&r, 0, 1).n, 0);
	assert_int_equal(cbor_read_end(&r), E_TOO_LARGE);
	r = cbor_read_from(BYTES(text));
	assert_int_equal(cbor_read_bytes(&r, 0, 9).n, 0);
	assert_int_equal(cbor_read_end(&r), E_TYPE);
	r = cbor_read_from(BYTES(list));
	assert_int_equal(cbor_read_array(&r, 0, 1), 0);
	assert_int_equal(cbor_read_end(&r), E_TOO_LARGE);
}

static void
a_container_must_be_read_to_its_end_and_no_further(void **state)
{
	static const uint8_t list[] = { 0x82, 1, 2 }, map[] = { 0xa2, 1, 2, 3, 4 };
	struct cbor_reader r = cbor_read_from(BYTES(list));

	(void)state;
	assert_int_equal(cbor_read_array(&r, 0, 9), 2);
	assert_int_equal(cbor_read_uint(&r, 0, 9), 1);
	assert_int_equal(cbor_read_end(&r), E_TRAILING);
	cbor_read_close(&r);
	assert_int_equal(cbor_read_end(&r), E_UNSUPPORTED);
	r = cbor_read_from(BYTES(list));
	cbor_read_array(&r, 0, 9), cbor_read_uint(&r, 0, 9), cbor_read_uint(&r, 0, 9), cbor_read_uint(&r, 0, 9);
	assert_int_equal(cbor_read_end(&r), E_MISSING);
	r = cbor_read_from(BYTES(map));
	assert_int_equal(cbor_read_map(&r), 2);
	assert_false(cbor_read_key(&r, 0));
	assert_false(cbor_read_key(&r, -2));
	assert_true(cbor_read_key(&r, 1));
	assert_false(cbor_read_key(&r, 2)); /* that is the value */
	assert_int_equal(cbor_read_uint(&r, 0, 9), 2);
	cbor_read_field(&r, 4);
	assert_int_equal(cbor_read_end(&r), E_MISSING);
	cbor_read_close(&r);
	assert_int_equal(cbor_read_end(&r), E_MISSING);
}

static void
a_reader_of_nothing_gives_nothing(void **state)
{
	struct cbor_reader r = cbor_read_from(bytes_of(NULL, 0));
	uint8_t copy[4] = { 1, 2, 3, 4 };

	(void)state;
	assert_int_equal(cbor_read_next(&r), CBOR_NONE);
	assert_int_equal(cbor_read_map(&r), 0);
	assert_int_equal(cbor_read_array(&r, 0, 4), 0);
	assert_int_equal(cbor_read_tag(&r), 0);
	assert_int_equal(cbor_read_text(&r, 0, 4).n, 0);
	assert_false(cbor_read_bool(&r));
	assert_false(cbor_read_key(&r, 0));
	cbor_read_copy(&r, copy, sizeof copy);
	assert_true(bytes_zero(BYTES(copy)));
	cbor_read_close(&r);
	assert_int_equal(cbor_read_end(&r), E_TRUNCATED);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_not_deterministic_is_refused),
		cmocka_unit_test(malformed_and_unsupported_items_are_refused),
		cmocka_unit_test(the_examples_of_rfc_8949_are_accepted_where_deterministic_and_of_our_types),
		cmocka_unit_test(numbers_and_sizes_are_held_to_their_limits),
		cmocka_unit_test(a_container_must_be_read_to_its_end_and_no_further),
		cmocka_unit_test(a_reader_of_nothing_gives_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
