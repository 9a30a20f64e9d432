/* SPDX-License-Identifier: ISC */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "agent/opened.h"

static enum status
parse(const char *text, struct opened *o)
{
	return opened_parse(bytes_of(text, strlen(text)), o);
}

static void
what_was_noted_is_read_again(void **state)
{
	uint8_t text[OPENED_TEXT_MAX];
	struct buffer b = BUFFER(text);
	struct opened o = { .n = 0 }, again;

	(void)state;
	assert_int_equal(opened_set(&o, "root", true), OK);
	assert_int_equal(opened_set(&o, "data", false), OK);
	assert_int_equal(opened_print(&o, &b), OK);
	assert_true(bytes_equal(buffer_view(&b), BYTES_STRING("approval root\npassphrase data\n")));
	assert_int_equal(opened_parse(buffer_view(&b), &again), OK);
	assert_int_equal(again.n, 2);
	assert_true(again.one[0].approved);
	assert_false(again.one[1].approved);
	assert_string_equal(again.one[1].name, "data");
}

static void
who_opens_it_by_passphrase_later_has_shown_a_right_to_it(void **state)
{
	struct opened o;

	(void)state;
	assert_int_equal(parse("approval root\n", &o), OK);
	assert_int_equal(opened_set(&o, "root", false), OK);
	assert_int_equal(o.n, 1);
	assert_false(o.one[0].approved);
}

static void
anything_else_in_the_file_is_an_error(void **state)
{
	static const char *const texts[] = { "root\n", "approval \n", "opened root\n", "approval root\n\nx\n" };
	struct opened o;

	(void)state;
	assert_int_equal(parse("", &o), OK);
	assert_int_equal(o.n, 0);
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		assert_int_equal(parse(texts[i], &o), E_SYNTAX);
}

static void
more_than_all_volumes_do_not_fit(void **state)
{
	struct opened o = { .n = 0 };
	char name[VOLUME_NAME_MAX + 1];

	(void)state;
	for (unsigned i = 0; i < VOLUMES_MAX; i++) {
		snprintf(name, sizeof name, "volume%u", i);
		assert_int_equal(opened_set(&o, name, true), OK);
	}
	assert_int_equal(opened_set(&o, "volume3", false), OK);
	assert_int_equal(opened_set(&o, "another", true), E_TOO_LARGE);
	o.n = 0;
	memset(name, 'x', VOLUME_NAME_MAX);
	name[VOLUME_NAME_MAX] = '\0';
	assert_int_equal(opened_set(&o, name, true), E_TOO_LARGE);
}

static void
a_root_that_is_no_device_rests_on_nothing(void **state)
{
	(void)state;
	assert_int_equal(opened_check_root("/nowhere/to/be/found"), E_MISMATCH);
	assert_int_equal(opened_check_root("UUID=1234"), E_MISMATCH);
	assert_int_equal(opened_check_root("/"), E_MISMATCH);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_noted_is_read_again),
		cmocka_unit_test(who_opens_it_by_passphrase_later_has_shown_a_right_to_it),
		cmocka_unit_test(anything_else_in_the_file_is_an_error),
		cmocka_unit_test(more_than_all_volumes_do_not_fit),
		cmocka_unit_test(a_root_that_is_no_device_rests_on_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
