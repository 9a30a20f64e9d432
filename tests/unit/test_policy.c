/* SPDX-License-Identifier: ISC */
/*
 * Loading policies: the shipped ones load; one change each does not, with the line and the words.  Records and case files.
 */
#include "evidence_build.h"

#include "policy/case.h"

static uint8_t space[65536], changed[131072];

static struct bytes
read_policy(const char *path)
{
	struct buffer b = BUFFER(space);

	if (file_read(path, &b) != OK)
		fail_msg("%s", path);
	return buffer_view(&b);
}

static void
expect(struct bytes text, const char *said)
{
	struct policy *p;
	struct policy_error why;
	enum status s = policy_load("test.conf", text, &p, &why);

	policy_free(p);
	if (s != E_CONFIG || p != NULL || strstr(why.text, said) == NULL || strncmp(why.text, "test.conf:", 10) != 0)
		fail_msg("expected \"%s\", got %s \"%s\"", said, status_name(s), why.text);
}

/* The text with ${find} replaced, once. */
static struct bytes
with(struct bytes in, const char *find, const char *replace)
{
	struct buffer out = BUFFER(changed);
	const uint8_t *at = memmem(in.p, in.n, find, strlen(find));
	size_t before;

	if (at == NULL)
		fail_msg("no \"%s\"", find);
	before = (size_t)(at - in.p);
	buffer_bytes(&out, bytes_of(in.p, before));
	buffer_bytes(&out, bytes_of(replace, strlen(replace)));
	buffer_bytes(&out, bytes_of(at + strlen(find), in.n - before - strlen(find)));
	return buffer_view(&out);
}

static void
shipped_policies_load(void **state)
{
	static const struct {
		const char *path, *title;
	} shipped[] = {
		{ "policy/uki.conf", "uki/1" },
		{ "policy/uki-firmware.conf", "uki-firmware/1" },
		{ BUILD_POLICY, "strict/1" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof shipped / sizeof shipped[0]; i++) {
		struct policy *p;
		struct policy_error why;

		if (policy_load(shipped[i].path, read_policy(shipped[i].path), &p, &why) != OK)
			fail_msg("%s", why.text);
		assert_string_equal(policy_title(p), shipped[i].title);
		policy_free(p);
	}
}

static void
a_policy_that_leaves_something_open_does_not_load(void **state)
{
	static const struct {
		const char *find, *replace, *said;
	} changes[] = {
		/* Every PCR. */
		{ "pcr 0 {", "pcr 1 {", "test.conf:" },
		{ "pcr 15 { rule = unused }", "", "PCR 15 has no rule and is not ignored by name" },
		{ "pcr 15 { rule = unused }", "pcr 16 { rule = unused }", "\"16\" is no PCR from 0 to 15" },
		{ "pcr 15 {", "pcr 015 {", "\"015\" is no PCR" },
		{ "pcr 15 {", "pcr \" 15\" {", "\" 15\" is no PCR" },
		{ "pcr 15 {", "pcr \"\" {", "\"\" is no PCR" },
		{ "pcr 14 {", "pcr 15 {", "test.conf:64: found duplicate title '15'" },
		{ "pcr 14 { rule = unused }", "pcr 14 { }", "PCR 14 has neither \"rule\" nor \"ignore\"" },
		{ "pcr 14 { rule = unused }", "pcr 14 { rule = unsued }", "no rule is called \"unsued\"" },
		{ "pcr 14 { rule = unused }", "pcr 14 { ignore = \"\" }", "says in words why" },
		{ "pcr 14 { rule = unused }", "pcr 14 { ignore = \"why\" rule = unused }", "no rule can stand beside" },
		{ "pcr 14 { rule = unused }", "pcr 14 { ignore = \"why\" values = x }", "would mean nothing" },
		{ "pcr 14 { rule = unused }", "pcr 14 { rule = unused values = x }", "\"values\" means nothing to the rule \"unused\"" },
		{ "pcr 14 { rule = unused }", "pcr 14 { rule = unused may-occur = { \"x\" } }", "\"may-occur\" means nothing" },
		{ "pcr 14 { rule = unused }", "pcr 14 { rule = values }", "needs \"values\", a list" },
		{ "pcr 14 { rule = unused }", "pcr 14 { rule = values values = \"a b\" }", "is no name of a list" },
		{ "pcr 14 { rule = unused }", "pcr 14 { rule = values values = ignored }", "cannot be ignored here" },
		{ "pcr 14 { rule = unused }", "pcr 14 { rule = door }", "does not belong to PCR 14" },
		{ "pcr 14 { rule = unused }", "pcr 14 { rule = initrd initrd = x }", "does not belong to PCR 14" },
		{ "pcr 13 { rule = door }", "pcr 13 { ignore = \"who cares\" }", "PCR 13 is the door" },
		{ "pcr 13 { rule = door }", "pcr 13 { rule = unused }", "does not belong to PCR 13" },
		/* Secure Boot: each of its keys is listed or ignored by name. */
		{ "\t\tdbx = sb.dbx\n", "", "needs \"dbx\"" },
		{ "\t\tauthorities = sb.authorities\n", "", "needs \"authorities\"" },
		{ "\t\tpk = sb.pk\n", "\t\tpk = \"\"\n", "is no name of a list" },
		/* The command line. */
		{ "\t\tallowed = cmdline\n", "", "needs \"allowed\"" },
		{ "allowed = cmdline", "allowed = ignored", "needs \"allowed\"" },
		{ "require = { \"noresume\" }", "require = { \"\" }", "is empty, longer" },
		{ "require = { \"noresume\" }", "require = { \"no resume\" }", "has blanks or quotes in it" },
		{ "require = { \"noresume\" }", "require = { 'no\"resume' }", "has blanks or quotes in it" },
		{ "require = { \"noresume\" }", "require = { \"\\x1b\" }", "has blanks or quotes in it" },
		/* The head. */
		{ "version = 1", "", "needs a \"version\"" },
		{ "version = 1", "version = \"1 a\"", "needs a \"version\"" },
		{ "policy strict {", "policy \"st rict\" {", "needs a name" },
		{ "policy strict {", "policy {", "test.conf:2: " },
		{ "banks = { sha256 }", "", "\"banks\" must name sha256" },
		{ "banks = { sha256 }", "banks = { }", "\"banks\" must name sha256" },
		{ "banks = { sha256 }", "banks = { sha384 }", "\"banks\" must name sha256" },
		{ "banks = { sha256 }", "banks = { sha1, sha256 }", "\"sha1\" is no bank to rely on" },
		{ "banks = { sha256 }", "banks = { sha257 }", "\"sha257\" is no bank to rely on" },
		{ "banks = { sha256 }", "banks = { sha256, sha384, sha256 }", "bank sha256 is named twice" },
		{ "on-restart = hold", "", "\"on-restart\" must be hold or name" },
		{ "on-restart = hold", "on-restart = ignore", "\"on-restart\" must be hold or name" },
		/* The grammar. */
		{ "on-restart = hold", "on-restrat = hold", "test.conf:7: no such option 'on-restrat'" },
		{ "pcr 14 { rule = unused }", "pcr 14 { rule = unused color = red }", "no such option 'color'" },
		{ "on-restart = hold", "on-restart = \"${HOME}\"", "replaced from the environment" },
		{ "on-restart = hold", "include(\"/etc/passwd\")", "test.conf:7: " },
		{ "pcr 15 { rule = unused }\n}", "pcr 15 { rule = unused }\n", "braces are not balanced" },
		{ "pcr 15 { rule = unused }\n}", "pcr 15 { rule = unused }\n}\npolicy two { }", "exactly one section" },
	};
	struct bytes text = read_policy(BUILD_POLICY);

	(void)state;
	for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++)
		expect(with(text, changes[i].find, changes[i].replace), changes[i].said);
}

static void
what_is_no_policy_does_not_load(void **state)
{
	static uint8_t large[POLICY_TEXT_MAX + 1];

	(void)state;
	memset(large, ' ', sizeof large);
	expect(bytes_of(NULL, 0), "exactly one section");
	expect(BYTES_STRING("# only a comment\n"), "exactly one section");
	expect(BYTES_STRING("policy"), "test.conf:");
	expect(BYTES_STRING("{}"), "test.conf:1: ");
	expect(BYTES_STRING("policy a { version = 1 }\0"), "a NUL byte");
	expect(BYTES(large), "longer than 65536 bytes");
	expect(BYTES_STRING("policy a { version = \"1"), "braces are not balanced");
	expect(BYTES_STRING("# ${X}\n"), "replaced from the environment");
}

static void
reasons_name_the_line_that_an_editor_shows(void **state)
{
	(void)state;
	expect(BYTES_STRING("policy a {\n\tbad = 1\n}\n"), "test.conf:2: ");
	expect(BYTES_STRING("# one\n# two\n\npolicy a {\n\tbad = 1\n}\n"), "test.conf:5: ");
	expect(BYTES_STRING("/* one\n two */\npolicy a { // three\n\tbad = 1\n}\n"), "test.conf:4: ");
	expect(BYTES_STRING("policy a {\n\tversion = \"#1\\\"\"\n\tbad = 1\n}\n"), "test.conf:3: ");
	expect(BYTES_STRING("policy a {\n\tversion = '#1'\n\tbad = 1\n}\n"), "test.conf:3: ");
}

static void
a_missing_command_line_section_is_noticed(void **state)
{
	struct bytes text = read_policy(BUILD_POLICY);
	const uint8_t *from = memmem(text.p, text.n, "\tcommand-line {", 15), *to = memmem(text.p, text.n, "\tpcr 0 {", 8);
	struct buffer out = BUFFER(changed);

	(void)state;
	assert_true(from != NULL && to != NULL && from < to);
	buffer_bytes(&out, bytes_of(text.p, (size_t)(from - text.p)));
	buffer_bytes(&out, bytes_of(to, (size_t)(text.p + text.n - to)));
	expect(buffer_view(&out), "there is no section \"command-line\"");
}

static void
a_command_line_section_that_no_rule_uses_is_noticed(void **state)
{
	struct bytes text = read_policy(BUILD_POLICY);
	const uint8_t *from = memmem(text.p, text.n, "\tpcr 11 {", 9), *to = memmem(text.p, text.n, "\tpcr 12 {", 9);
	struct buffer out = BUFFER(changed);

	(void)state;
	assert_true(from != NULL && to != NULL && from < to);
	buffer_bytes(&out, bytes_of(text.p, (size_t)(from - text.p)));
	buffer_bytes(&out, BYTES_STRING("\tpcr 11 { rule = unused }\n"));
	buffer_bytes(&out, bytes_of(to, (size_t)(text.p + text.n - to)));
	expect(buffer_view(&out), "\"command-line\" would mean nothing");
}

static void
too_many_words_are_refused(void **state)
{
	struct bytes text = read_policy(BUILD_POLICY);
	char words[4096] = "require = { ";

	(void)state;
	for (unsigned i = 0; i < 65; i++)
		sprintf(words + strlen(words), "%sw%u", i > 0 ? ", " : "", i);
	strcat(words, " }");
	expect(with(text, "require = { \"noresume\" }", words), "more than 64 words");
}

static void
a_duplicate_of_a_key_is_not_silently_the_last_one(void **state)
{
	struct bytes text = read_policy(BUILD_POLICY);

	(void)state;
	expect(with(text, "on-restart = hold", "on-restart = hold\n\ton-restart = name"), "given twice");
	expect(with(text, "pcr 14 { rule = unused }", "pcr 14 { rule = unused rule = unused }"), "given twice");
	expect(with(text, "\t\tdbx = sb.dbx\n", "\t\tdbx = sb.dbx dbx = ignored\n"), "given twice");
	expect(with(text, "banks = { sha256 }", "banks = { sha384 }\n\tbanks = { sha256 }"), "given twice");
}

/* --- records and cases ------------------------------------------------------------------------------------------------- */

static void
a_machine_record_comes_back_as_it_was(void **state)
{
	struct built *b = build_begin();
	uint8_t out[MACHINE_ENCODED_MAX];
	struct machine m;

	(void)state;
	b->machine.ek_n = PUBLIC_SIZE_MAX;
	memset(b->machine.ek, 0xee, PUBLIC_SIZE_MAX);
	for (unsigned i = 0; i < 4; i++) {
		struct buffer buffer = BUFFER(out);

		b->machine.seen = (i & 1) != 0;
		b->machine.approved = (i & 2) != 0;
		if (!b->machine.seen) {
			b->machine.seen_safe = false;
			b->machine.seen_reset = 0;
			b->machine.seen_clock = 0;
		} else {
			b->machine.seen_safe = true;
			b->machine.seen_reset = UINT32_MAX;
			b->machine.seen_clock = UINT64_MAX;
		}
		memset(b->machine.approved_log, b->machine.approved ? 7 : 0, sizeof b->machine.approved_log);
		assert_int_equal(machine_encode(&b->machine, &buffer), OK);
		assert_int_equal(machine_decode(buffer_view(&buffer), &m), OK);
		assert_memory_equal(&m, &b->machine, sizeof m);
		for (size_t n = 0; n < buffer.n; n++)
			assert_int_not_equal(machine_decode(bytes_of(out, n), &m), OK);
		assert_true(bytes_zero(bytes_of(&m, sizeof m)));
	}
}

static void
a_case_comes_back_as_it_was(void **state)
{
	static struct reference r[64];
	static uint8_t encoded[65536], again[65536], list[65536];
	struct built *b = build_begin();
	struct references references = { b->reference, b->references };
	struct buffer refs = BUFFER(list), out = BUFFER(encoded), second = BUFFER(again);
	struct case_file c = { BYTES_STRING("evidence"), BYTES_STRING("machine"), BYTES_STRING("name"), BYTES_STRING("text"), { 0 }, 77 }, d;
	size_t n;

	(void)state;
	assert_int_equal(case_references_encode(&references, &refs), OK);
	c.references = buffer_view(&refs);
	assert_int_equal(case_encode(&c, &out), OK);
	assert_int_equal(case_decode(buffer_view(&out), &d), OK);
	assert_true(bytes_equal(d.references, c.references));
	assert_true(bytes_equal(d.policy_text, c.policy_text));
	assert_int_equal(d.now, 77);
	assert_int_equal(case_encode(&d, &second), OK);
	assert_true(bytes_equal(buffer_view(&out), buffer_view(&second)));
	assert_int_equal(case_references_decode(d.references, r, 64, &n), OK);
	assert_int_equal(n, b->references);
	assert_memory_equal(r, b->reference, n * sizeof r[0]);
	assert_int_equal(case_references_decode(d.references, r, b->references - 1, &n), E_TOO_LARGE);
	assert_int_equal(n, 0);
	for (size_t i = 0; i < out.n; i++)
		assert_int_not_equal(case_decode(bytes_of(encoded, i), &d), OK);
}

static void
a_case_without_references_is_one(void **state)
{
	static uint8_t encoded[1024], list[16];
	struct references none = { NULL, 0 };
	struct buffer refs = BUFFER(list), out = BUFFER(encoded);
	struct case_file c = { BYTES_STRING("e"), BYTES_STRING("m"), BYTES_STRING("n"), BYTES_STRING("t"), { 0 }, 0 }, d;
	size_t n = 7;

	(void)state;
	assert_int_equal(case_references_encode(&none, &refs), OK);
	c.references = buffer_view(&refs);
	assert_int_equal(case_encode(&c, &out), OK);
	assert_int_equal(case_decode(buffer_view(&out), &d), OK);
	assert_int_equal(case_references_decode(d.references, NULL, 0, &n), OK);
	assert_int_equal(n, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shipped_policies_load),
		cmocka_unit_test(a_policy_that_leaves_something_open_does_not_load),
		cmocka_unit_test(what_is_no_policy_does_not_load),
		cmocka_unit_test(reasons_name_the_line_that_an_editor_shows),
		cmocka_unit_test(a_missing_command_line_section_is_noticed),
		cmocka_unit_test(a_command_line_section_that_no_rule_uses_is_noticed),
		cmocka_unit_test(too_many_words_are_refused),
		cmocka_unit_test(a_duplicate_of_a_key_is_not_silently_the_last_one),
		cmocka_unit_test(a_machine_record_comes_back_as_it_was),
		cmocka_unit_test(a_case_comes_back_as_it_was),
		cmocka_unit_test(a_case_without_references_is_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
