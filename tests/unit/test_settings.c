/* SPDX-License-Identifier: ISC */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "agent/settings.h"

#define UUID "0f0e0d0c-0b0a-4908-8706-050403020100"

static struct settings settings;

static enum status
parse(const char *text, unsigned *line, const char **why)
{
	return settings_parse(bytes_of(text, strlen(text)), &settings, line, why);
}

static void
a_good_file_is_read_as_written(void **state)
{
	unsigned line;
	const char *why;
	char name[64];

	(void)state;
	assert_int_equal(parse("# comment\n\nverifier = https://a.example\nverifier=https://10.0.2.2:8443\r\n"
		"volume = root " UUID "\ngive-up = 90\nmemory-overwrite = off\nroot = verity", &line, &why), OK);
	assert_int_equal(settings.verifiers, 2);
	assert_string_equal(settings.verifier[1].port, "8443");
	assert_int_equal(settings.give_up, GIVE_UP_AFTER);
	assert_int_equal(settings.give_up_seconds, 90);
	assert_false(settings.memory_overwrite);
	assert_int_equal(settings.root, ROOT_VERITY);
	settings_name(&settings, UUID, name, sizeof name);
	assert_string_equal(name, "root");
	settings_name(&settings, "11111111-1111-4111-8111-111111111111", name, sizeof name);
	assert_string_equal(name, "luks-11111111-1111-4111-8111-111111111111");
}

static void
an_empty_file_has_defaults_that_open_nothing(void **state)
{
	unsigned line;
	const char *why;

	(void)state;
	assert_int_equal(parse("", &line, &why), OK);
	assert_int_equal(settings.verifiers, 0);
	assert_int_equal(settings.give_up, GIVE_UP_NEVER);
	assert_int_equal(settings.root, ROOT_APPROVED);
	assert_true(settings.memory_overwrite);
}

static void
a_bad_line_is_named(void **state)
{
	static const struct {
		const char *text;
		unsigned line;
	} cases[] = {
		{ "verifyer = https://a.example\n", 1 },
		{ "\nverifier = http://a.example\n", 2 },
		{ "give-up = never\n#\ngive-up = never\n", 3 },
		{ "give-up = 0\n", 1 },
		{ "give-up = 12x\n", 1 },
		{ "volume = root\n", 1 },
		{ "volume = ../x " UUID "\n", 1 },
		{ "volume = root " UUID " more\n", 1 },
		{ "volume = root 0F0E0D0C-0b0a-4908-8706-050403020100\n", 1 },
		{ "volume = a " UUID "\nvolume = b " UUID "\n", 2 },
		{ "volume = a " UUID "\nvolume = a 11111111-1111-4111-8111-111111111111\n", 2 },
		{ "root = yes\n", 1 },
		{ "memory-overwrite = perhaps\n", 1 },
		{ "no equals sign\n", 1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		unsigned line;
		const char *why = NULL;

		print_message("%s", cases[i].text);
		assert_int_equal(parse(cases[i].text, &line, &why), E_CONFIG);
		assert_int_equal(line, cases[i].line);
		assert_non_null(why);
	}
}

static void
a_line_with_a_nul_or_too_long_is_refused(void **state)
{
	char text[700];
	unsigned line;
	const char *why;

	(void)state;
	memset(text, 'a', sizeof text - 1);
	text[sizeof text - 1] = '\0';
	assert_int_equal(parse(text, &line, &why), E_CONFIG);
	assert_int_equal(settings_parse(bytes_of("prompt = on\0\n", 13), &settings, &line, &why), E_CONFIG);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_good_file_is_read_as_written),
		cmocka_unit_test(an_empty_file_has_defaults_that_open_nothing),
		cmocka_unit_test(a_bad_line_is_named),
		cmocka_unit_test(a_line_with_a_nul_or_too_long_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
