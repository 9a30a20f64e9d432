/* SPDX-License-Identifier: ISC */
/*
 * Logs as lines for people: readable, and nothing from a log reaches the terminal raw.
 */
#include "eventlog_build.h"

#include "eventlog/device_path.h"
#include "eventlog/escape.h"
#include "eventlog/show.h"

static const struct eventlog_alg one[] = { { HASH_SHA256, 32 } };

struct text {
	size_t n, lines;
	char p[512 * 1024];
};

/* Takes a line, and checks that it is one: printable ASCII and a newline at the end. */
static void
take_line(void *to, const char *line, size_t n)
{
	struct text *t = to;

	assert_true(n > 0 && line[n - 1] == '\n');
	for (size_t i = 0; i + 1 < n; i++)
		assert_true(line[i] >= 0x20 && line[i] < 0x7f);
	assert_true(t->n + n < sizeof t->p);
	memcpy(t->p + t->n, line, n);
	t->n += n;
	t->p[t->n] = '\0';
	t->lines++;
}

static const char *
shown(struct bytes in, struct text *t)
{
	const struct show show = { take_line, t };
	struct eventlog log;
	enum status s;

	t->n = t->lines = 0;
	eventlog_begin(&log, in, EVENTLOG_SHOW);
	s = show_log(&show, &log);
	assert_int_equal(s, eventlog_end(&log));
	return t->p;
}

static void
real_logs_are_shown_in_printable_ascii(void **state)
{
	static const struct {
		const char *name, *line;
	} cases[] = {
		{ "fedora-secureboot", "  SecureBoot 8be4df61-93ca-11d2-aa0d-00e098032b8c, 1 byte: 01\n  proved: whole data\n" },
		{ "gdc-host", "  StartupLocality 3\n" },
		{ "gdc-host", "  tag 0x8f3b22ec, 13 bytes: \"Linux initrd\"\n  proved: nothing\n" },
		{ "gdc-host", "  \"grub_cmd: initrd /initrd.img-6.9.0-rc7+\"\n  proved: text after the label\n" },
		{ "arch-linux-workstation", "  \"initrd=\\\\intel-ucode.img initrd=\\\\initramfs-linux-lts.img" },
		{ "arch-linux-workstation", "  proved: whole data and a zero byte more\n" },
		{ "windows-tpm12", "TPM 1.2 log: sha1\n" },
		{ "windows-tpm12", "no PCR EV_NO_ACTION, 461 bytes\n" },
		{ "thinkpad", "16 events without a digest for every algorithm listed: never approved\n" },
		{ "sp800155", "  \"SP800-155 Event3\" 792b0000" },
		{ "sp800155", "  proved: value only\n" },
		{ "create-mb-policy", "PCR 1 EV_EFI_HANDOFF_TABLES, 32 bytes\n" },
		{ "create-mb-policy", "type c12a7328-f81f-11d2-ba4b-00a0c93ec93b blocks 2048-" },
		{ "sd-boot-fedora37", "\" console=ttyS0" },
		{ "two-events", "end after 2 events\n" },
	};
	static struct log_file f;
	static struct text t;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		if (strstr(shown(log_load(cases[i].name, &f), &t), cases[i].line) == NULL)
			fail_msg("%s has no \"%s\"", cases[i].name, cases[i].line);
}

/* Every type that has a decoder, and some that have none, with data that try to reach the terminal. */
static void
control_bytes_of_any_event_are_escaped(void **state)
{
	static const uint32_t types[] = {
		EV_IPL, EV_EFI_ACTION, EV_EVENT_TAG, EV_EFI_VARIABLE_BOOT, EV_EFI_BOOT_SERVICES_APPLICATION, EV_EFI_GPT_EVENT,
		EV_EFI_PLATFORM_FIRMWARE_BLOB, EV_EFI_PLATFORM_FIRMWARE_BLOB2, EV_EFI_HANDOFF_TABLES, EV_EFI_HANDOFF_TABLES2,
		EV_NO_ACTION, EV_POST_CODE, 0x1234,
	};
	static uint8_t memory[8192];
	static struct text t;
	uint8_t data[256];

	(void)state;
	for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
		for (unsigned fill = 0; fill < 256; fill++) {
			struct buffer b = BUFFER(memory);

			memset(data, (int)fill, sizeof data);
			put_spec_id(&b, one, 1);
			put_agile(&b, 5, types[i], one, 1, BYTES(data), BYTES(data));
			put_agile(&b, 5, types[i], one, 1, BYTES(data), bytes_of(data, 17));
			put_agile(&b, 5, types[i], one, 1, BYTES(data), bytes_of(data, 0));
			shown(buffer_view(&b), &t);
			assert_true(t.lines >= 9);
		}
	}
}

static void
a_text_longer_than_a_line_is_cut(void **state)
{
	static uint8_t memory[65536], data[40000];
	static struct text t;
	struct buffer b = BUFFER(memory);

	(void)state;
	memset(data, 'a', sizeof data);
	put_spec_id(&b, one, 1);
	put_agile(&b, 5, EV_EFI_ACTION, one, 1, BYTES(data), BYTES(data));
	assert_non_null(strstr(shown(buffer_view(&b), &t), "aaaa...\"\n"));
	assert_true(t.n < 4096);
}

static void
a_refused_log_is_shown_up_to_the_fault(void **state)
{
	static struct log_file f;
	static struct text t;
	struct bytes in = log_load("two-events", &f);

	(void)state;
	f.p[77] = 24;
	assert_non_null(strstr(shown(in, &t), "#0 at 0: PCR 0 EV_NO_ACTION, 45 bytes\n"));
	assert_null(strstr(t.p, "#1"));
	assert_null(strstr(t.p, "end after"));
}

static void
texts_are_escaped_unit_by_unit(void **state)
{
	uint8_t memory[128];
	struct buffer b = BUFFER(memory);

	(void)state;
	escape_bytes(&b, BYTES_STRING("a\\\"\x1b[31m\x7f\xc3"));
	assert_true(bytes_equal(buffer_view(&b), BYTES_STRING("a\\\\\\\"\\x1b[31m\\x7f\\xc3")));
	b.n = 0;
	escape_utf16(&b, BYTES_STRING("a\0\x1b\0\x2e\x20\xe9\0\\\0z"));
	assert_true(bytes_equal(buffer_view(&b), BYTES_STRING("a\\x1b\\u202e\\xe9\\\\\\x7a")));
}

static void
device_paths_read_as_in_uefi(void **state)
{
	static const struct {
		const char *bytes;
		size_t n;
		const char *text;
	} cases[] = {
		{ "\x7f\xff\x04\x00", 4, "" },
		{ "\x02\x01\x0c\x00\xd0\x41\x03\x0a\x00\x00\x00\x00\x01\x01\x06\x00\x02\x1f\x03\x12\x0a\x00\x00\x00\xff\xff\x00\x00"
		  "\x7f\xff\x04\x00",
			32, "PciRoot(0x0)/Pci(0x1f,0x2)/Sata(0x0,0xffff,0x0)" },
		{ "\x04\x04\x0a\x00\\\0a\0\0\0\x7f\xff\x04\x00", 14, "\\\\a" },
		{ "\x04\x04\x0a\x00\x1b\0a\0\0\0", 10, "\\x1ba" },
		{ "\x09\x09\x06\x00\x01\x02", 6, "Path(9,9,0102)" },
		{ "\x01\x01\x03\x00\x01", 5, "(broken)" },
		{ "\x01\x01\xff\xff\x01", 5, "(broken)" },
		{ "\x01\x01\x05\x00\x01", 5, "Pci(0x0,0x1)(broken)" },
		{ "\x01", 1, "(broken)" },
		{ "\x09\x09\x04\x00\x7f\x01\x04\x00\x09\x08\x04\x00", 12, "Path(9,9) , Path(9,8)" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		uint8_t memory[256];
		struct buffer b = BUFFER(memory);

		device_path_text(bytes_of(cases[i].bytes, cases[i].n), &b);
		if (!bytes_equal(buffer_view(&b), bytes_of(cases[i].text, strlen(cases[i].text))))
			fail_msg("%s: %.*s", cases[i].text, (int)b.n, (const char *)b.p);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(real_logs_are_shown_in_printable_ascii),
		cmocka_unit_test(control_bytes_of_any_event_are_escaped),
		cmocka_unit_test(a_text_longer_than_a_line_is_cut),
		cmocka_unit_test(a_refused_log_is_shown_up_to_the_fault),
		cmocka_unit_test(texts_are_escaped_unit_by_unit),
		cmocka_unit_test(device_paths_read_as_in_uefi),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
