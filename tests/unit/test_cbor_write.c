/* SPDX-License-Identifier: ISC */
#include "vectors.h"

#include "base/cbor_write.h"

static uint8_t space[4096];

/* Whether the writer has words for it; whole numbers are read as reals, since one of the file is larger than jansson's. */
static bool
write_value(struct cbor_writer *w, json_t *v)
{
	const char *name;
	json_t *child;
	size_t i;
	bool good = true;

	switch (json_typeof(v)) {
	case JSON_REAL:
		cbor_write_int(w, (int64_t)json_real_value(v));
		return json_real_value(v) < 9007199254740992.0 && json_real_value(v) > -9007199254740992.0;
	case JSON_STRING:
		cbor_write_text(w, bytes_of(json_string_value(v), json_string_length(v)));
		return true;
	case JSON_TRUE:
	case JSON_FALSE:
		cbor_write_bool(w, json_is_true(v));
		return true;
	case JSON_NULL:
		cbor_write_null(w);
		return true;
	case JSON_ARRAY:
		cbor_write_array(w, json_array_size(v));
		json_array_foreach(v, i, child)
			good = write_value(w, child) && good;
		return good;
	case JSON_OBJECT:
		cbor_write_map(w, json_object_size(v));
		json_object_foreach(v, name, child) {
			cbor_write_text(w, bytes_of(name, strlen(name)));
			good = write_value(w, child) && good;
		}
		return good;
	case JSON_INTEGER:
	default:
		return false;
	}
}

/* Floats, big numbers, and the whole numbers that do not fit in a double. */
static bool
has_no_words(const char *hex)
{
	static const char *const heads[] = { "f9", "fa", "fb", "c2", "c3", "1bff", "3bff" };

	for (size_t i = 0; i < sizeof heads / sizeof *heads; i++)
		if (strncmp(hex, heads[i], strlen(heads[i])) == 0)
			return true;
	return false;
}

static void
appendix_a_of_rfc_8949_is_written_as_printed(void **state)
{
	static struct octets want;
	json_t *all = json_load_file("tests/data/vectors/cbor/appendix_a.json", JSON_DECODE_INT_AS_REAL, NULL), *one;
	size_t i, n = 0;

	(void)state;
	assert_non_null(all);
	json_array_foreach(all, i, one) {
		struct buffer out = BUFFER(space);
		struct cbor_writer w = cbor_write_to(&out);
		json_t *value = json_object_get(one, "decoded");
		const char *hex = vectors_text(one, "hex");

		if (value == NULL || !json_is_true(json_object_get(one, "roundtrip")) || has_no_words(hex))
			continue;
		assert_true(write_value(&w, value));
		assert_int_equal(cbor_write_end(&w), OK);
		vectors_unhex(hex, &want);
		assert_int_equal(out.n, want.n);
		assert_memory_equal(out.p, want.p, want.n);
		n++;
	}
	json_decref(all);
	assert_int_equal(n, 32);
}

static void
what_appendix_a_has_in_words_is_written_as_printed(void **state)
{
	static const uint8_t map[] = { 0xa2, 1, 2, 3, 4 }, bytes[] = { 0x44, 1, 2, 3, 4 }, tag[] = { 0xd7, 0x44, 1, 2, 3, 4 };
	static const uint8_t most[] = { 0x1b, 255, 255, 255, 255, 255, 255, 255, 255 }, least[] = { 0x3b, 127, 255, 255, 255, 255, 255, 255, 255 };
	struct bytes want[] = { BYTES(map), BYTES(bytes), BYTES(tag), BYTES(most), BYTES(least) };

	(void)state;
	for (size_t i = 0; i < sizeof want / sizeof *want; i++) {
		struct buffer out = BUFFER(space);
		struct cbor_writer w = cbor_write_to(&out);

		if (i == 0) {
			cbor_write_map(&w, 2);
			for (uint64_t k = 1; k <= 4; k++)
				cbor_write_uint(&w, k);
		}
		if (i == 2)
			cbor_write_tag(&w, 23);
		if (i == 1 || i == 2)
			cbor_write_bytes(&w, bytes_of(bytes + 1, 4));
		if (i == 3)
			cbor_write_uint(&w, UINT64_MAX);
		if (i == 4)
			cbor_write_int(&w, INT64_MIN);
		assert_int_equal(cbor_write_end(&w), OK);
		assert_true(bytes_equal(buffer_view(&out), want[i]));
	}
}

/* Keys of a map, each given with an empty value, in the order of a list of encoded items. */
static enum status
write_keys(const char *const hex[], size_t n)
{
	static struct octets key;
	struct buffer out = BUFFER(space);
	struct cbor_writer w = cbor_write_to(&out);

	cbor_write_map(&w, n);
	for (size_t i = 0; i < n; i++) {
		cbor_write_encoded(&w, vectors_unhex(hex[i], &key));
		cbor_write_null(&w);
	}
	return cbor_write_end(&w);
}

static void
keys_must_come_in_bytewise_order(void **state)
{
	/* The example of RFC 8949, 4.2.1: 10, 100, -1, "z", "aa", [100], [-1], false. */
	static const char *const order[] = { "0a", "1864", "20", "617a", "626161", "811864", "8120", "f4" };

	(void)state;
	assert_int_equal(write_keys(order, 8), OK);
	for (size_t i = 0; i < 7; i++) {
		const char *swapped[] = { order[i + 1], order[i] }, *twice[] = { order[i], order[i] };

		assert_int_equal(write_keys(swapped, 2), E_NOT_DETERMINISTIC);
		assert_int_equal(write_keys(twice, 2), E_DUPLICATE);
	}
}

static void
the_writer_holds_the_caller_to_what_was_announced(void **state)
{
	struct buffer out = BUFFER(space);
	struct cbor_writer w = cbor_write_to(&out);

	(void)state;
	assert_int_equal(cbor_write_end(&w), E_MISSING);
	cbor_write_array(&w, 2);
	cbor_write_array(&w, 0);
	assert_int_equal(cbor_write_end(&w), E_MISSING);
	cbor_write_tag(&w, 18);
	assert_int_equal(cbor_write_end(&w), E_MISSING);
	cbor_write_map(&w, 0);
	assert_int_equal(cbor_write_end(&w), OK);
	cbor_write_null(&w);
	assert_int_equal(cbor_write_end(&w), E_TRAILING);

	out = buffer_of(space, sizeof space);
	w = cbor_write_to(&out);
	cbor_write_map(&w, 1);
	cbor_write_uint(&w, 1);
	assert_int_equal(cbor_write_end(&w), E_MISSING);
}

static void
order_is_checked_in_each_map_of_a_nest(void **state)
{
	struct buffer out = BUFFER(space);
	struct cbor_writer w = cbor_write_to(&out);

	(void)state;
	cbor_write_map(&w, 2);
	cbor_write_uint(&w, 2);
	cbor_write_map(&w, 1);
	cbor_write_uint(&w, 1);
	cbor_write_array(&w, 1);
	cbor_write_null(&w);
	cbor_write_uint(&w, 3);
	cbor_write_null(&w);
	assert_int_equal(cbor_write_end(&w), OK);

	out = buffer_of(space, sizeof space);
	w = cbor_write_to(&out);
	cbor_write_array(&w, 1);
	cbor_write_map(&w, 2);
	cbor_write_text(&w, BYTES_STRING("b"));
	cbor_write_bool(&w, true);
	cbor_write_text(&w, BYTES_STRING("a"));
	assert_int_equal(cbor_write_end(&w), E_NOT_DETERMINISTIC);
}

static void
nesting_space_and_text_have_limits(void **state)
{
	uint8_t small[3];
	struct buffer out = BUFFER(space);
	struct cbor_writer w = cbor_write_to(&out);

	(void)state;
	for (int i = 0; i < CBOR_WRITE_DEPTH; i++)
		cbor_write_array(&w, 1);
	cbor_write_uint(&w, 0);
	assert_int_equal(cbor_write_end(&w), OK);

	out = buffer_of(space, sizeof space);
	w = cbor_write_to(&out);
	for (int i = 0; i <= CBOR_WRITE_DEPTH; i++)
		cbor_write_array(&w, 1);
	assert_int_equal(cbor_write_end(&w), E_TOO_LARGE);

	out = buffer_of(small, sizeof small);
	w = cbor_write_to(&out);
	cbor_write_bytes(&w, bytes_of(space, 3));
	assert_int_equal(cbor_write_end(&w), E_NO_SPACE);

	out = buffer_of(space, sizeof space);
	w = cbor_write_to(&out);
	cbor_write_text(&w, BYTES_STRING("\xc0\x80"));
	assert_int_equal(cbor_write_end(&w), E_SYNTAX);
}

static void
text_is_utf8_as_rfc_3629_has_it(void **state)
{
	static const char *const good[] = { "", "a", "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80", "\xed\x9f\xbf", "\xee\x80\x80", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf" };
	static const char *const bad[] = { "\x80", "\xc0\x80", "\xc1\xbf", "\xc2", "\xc2z", "\xe0\x9f\xbf", "\xed\xa0\x80", "\xed\xbf\xbf",
		"\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80", "\xf8\x88\x80\x80\x80", "\xff", "\xe2\x82", "\xf0\x90\x80" };

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof *good; i++)
		assert_true(text_is_utf8(bytes_of(good[i], strlen(good[i]))));
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_false(text_is_utf8(bytes_of(bad[i], strlen(bad[i]))));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(appendix_a_of_rfc_8949_is_written_as_printed),
		cmocka_unit_test(what_appendix_a_has_in_words_is_written_as_printed),
		cmocka_unit_test(keys_must_come_in_bytewise_order),
		cmocka_unit_test(the_writer_holds_the_caller_to_what_was_announced),
		cmocka_unit_test(order_is_checked_in_each_map_of_a_nest),
		cmocka_unit_test(nesting_space_and_text_have_limits),
		cmocka_unit_test(text_is_utf8_as_rfc_3629_has_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
