/* SPDX-License-Identifier: ISC */
/*
 * What events say, and how much of it their digests prove (security S3).
 */
#include "eventlog_build.h"

#include "eventlog/event_cover.h"
#include "eventlog/event_linux.h"

#define FORMS 8
static const struct eventlog_alg two[] = { { HASH_SHA256, 32 }, { HASH_SHA384, 48 } };
static const struct eventlog_alg unknown[] = { { 0x0012, 32 } };

/* How many events of each log have which form, counted by a script of its own; and how many are of types without data to prove. */
static const struct {
	const char *name;
	size_t forms[FORMS]; /* in the order of enum event_cover_form */
	size_t impossible;
} logs[] = {
	{ "amd635", { 0, 41, 0, 0, 26, 0, 0, 0 }, 29 },
	{ "arch-linux-workstation", { 0, 19, 0, 0, 0, 0, 1, 0 }, 4 },
	{ "bios-tpm12", { 0, 18, 0, 17, 0, 0, 0, 0 }, 4 },
	{ "create-mb-policy", { 1, 22, 0, 14, 53, 0, 0, 0 }, 29 },
	{ "crypto-agile", { 0, 22, 0, 0, 0, 0, 0, 0 }, 4 },
	{ "debian-10-gce", { 0, 18, 1, 3, 0, 0, 0, 0 }, 3 },
	{ "exit-boot-services-event-missing", { 0, 16, 0, 18, 0, 0, 0, 0 }, 4 },
	{ "fedora-secureboot", { 4, 21, 0, 4, 52, 0, 0, 0 }, 17 },
	{ "gdc-host", { 4, 21, 0, 4, 66, 0, 0, 0 }, 62 },
	{ "ideapad", { 0, 30, 0, 5, 0, 0, 0, 0 }, 3 },
	{ "intel-server", { 0, 22, 0, 6, 66, 0, 0, 0 }, 24 },
	{ "moklisttrusted", { 0, 22, 0, 4, 52, 0, 0, 0 }, 18 },
	{ "option-rom", { 0, 34, 0, 21, 0, 0, 0, 0 }, 5 },
	{ "qemu-ovmf-uki", { 6, 18, 0, 4, 0, 0, 0, 4 }, 3 },
	{ "rhel8-gce", { 0, 21, 0, 4, 1, 49, 0, 0 }, 7 },
	{ "rust-keylime", { 0, 22, 0, 12, 60, 0, 0, 0 }, 29 },
	{ "sb-cert", { 0, 9, 2, 0, 0, 0, 0, 0 }, 3 },
	{ "sd-boot-fedora37", { 1, 19, 0, 5, 0, 0, 0, 0 }, 2 },
	{ "sp800155", { 3, 23, 0, 3, 15, 0, 0, 0 }, 7 },
	{ "sr645", { 0, 19, 0, 0, 12, 0, 0, 0 }, 15 },
	{ "thinkpad", { 0, 34, 0, 14, 0, 0, 0, 0 }, 9 },
	{ "tpm12-sha1", { 0, 15, 0, 0, 0, 0, 0, 0 }, 2 },
	{ "two-events", { 0, 0, 0, 0, 0, 0, 0, 0 }, 1 },
	{ "ubuntu-2104-no-secure-boot", { 0, 20, 0, 5, 67, 0, 0, 0 }, 13 },
	{ "ubuntu-2404-sevsnp", { 4, 21, 0, 4, 71, 0, 0, 0 }, 16 },
	{ "uefiservices", { 0, 0, 0, 0, 0, 0, 0, 0 }, 1 },
	{ "uefivar", { 0, 1, 0, 0, 0, 0, 0, 0 }, 0 },
	{ "windows-tpm12", { 0, 30, 0, 0, 0, 0, 0, 0 }, 4 },
};

static void
every_event_of_the_real_logs_proves_what_the_table_says(void **state)
{
	static struct log_file f;

	(void)state;
	for (size_t i = 0; i < sizeof logs / sizeof *logs; i++) {
		size_t forms[FORMS] = { 0 }, impossible = 0;
		struct eventlog log;
		struct event ev;

		eventlog_begin(&log, log_load(logs[i].name, &f), EVENTLOG_SHOW);
		while (eventlog_next(&log, &ev)) {
			struct event_cover c = event_cover_verify(&ev);

			assert_true(c.form == EVENT_COVER_NONE || event_cover_possible(&ev));
			if (!event_extends(&ev))
				continue;
			if (event_cover_possible(&ev))
				forms[c.form]++;
			else
				impossible++;
		}
		for (size_t k = 0; k < FORMS; k++)
			if (forms[k] != logs[i].forms[k])
				fail_msg("%s: %zu x %s", logs[i].name, forms[k], event_cover_form_text((enum event_cover_form)k));
		assert_int_equal(impossible, logs[i].impossible);
	}
}

/* The one event of a small log, whose digests are of ${measured}. */
static struct event
one_event(struct buffer *b, uint32_t pcr, uint32_t type, struct bytes measured, struct bytes data)
{
	struct event ev;

	b->n = 0;
	put_spec_id(b, two, 2);
	put_agile(b, pcr, type, two, 2, measured, data);
	assert_int_equal(b->failed, OK);
	log_event(buffer_view(b), 1, &ev);
	return ev;
}

static void
put_variable(struct buffer *b, const uint8_t *guid, const char *name, struct bytes value)
{
	buffer_bytes(b, bytes_of(guid, 16));
	put_le64(b, strlen(name));
	put_le64(b, value.n);
	for (size_t i = 0; name[i] != '\0'; i++)
		put_le16(b, (unsigned char)name[i]);
	buffer_bytes(b, value);
}

static const struct bytes on = { (const uint8_t *)"\1", 1 };

static void
secure_boot_is_read_from_a_real_log(void **state)
{
	static struct log_file f;
	struct event_data_variable v;
	struct event ev;

	(void)state;
	log_event(log_load("sp800155", &f), 5, &ev);
	assert_int_equal(ev.pcr, 7);
	assert_int_equal(event_cover_variable(&ev, &v), OK);
	assert_true(event_data_variable_is(&v, event_data_guid_global, "SecureBoot"));
	assert_false(event_data_variable_is(&v, event_data_guid_security, "SecureBoot"));
	assert_false(event_data_variable_is(&v, event_data_guid_global, "SecureBoo"));
	assert_false(event_data_variable_is(&v, event_data_guid_global, "SecureBoos"));
	assert_int_equal(v.value.n, 1);
	assert_int_equal(v.value.p[0], 1);
	log_event(log_load("ubuntu-2104-no-secure-boot", &f), 3, &ev);
	assert_int_equal(event_cover_variable(&ev, &v), OK);
	assert_true(event_data_variable_is(&v, event_data_guid_global, "SecureBoot"));
	assert_int_equal(v.value.p[0], 0);
}

static void
a_byte_changed_anywhere_in_covered_data_proves_nothing(void **state)
{
	static struct log_file f;
	struct event_data_variable v;
	struct event ev;
	uint8_t *data;

	(void)state;
	log_event(log_load("sp800155", &f), 5, &ev);
	data = f.p + (ev.data.p - f.p);
	for (size_t i = 0; i < ev.data.n; i++) {
		data[i] ^= 1;
		assert_int_equal(event_cover_verify(&ev).form, EVENT_COVER_NONE);
		assert_int_not_equal(event_cover_variable(&ev, &v), OK);
		assert_int_equal(v.value.n, 0);
		data[i] ^= 1;
	}
	assert_int_equal(event_cover_verify(&ev).form, EVENT_COVER_DATA);
}

static void
one_bank_that_disagrees_proves_nothing(void **state)
{
	static struct log_file f;
	struct event ev;

	(void)state;
	log_event(log_load("sp800155", &f), 5, &ev);
	assert_int_equal(ev.digests, 3);
	for (size_t i = 0; i < ev.digests; i++) {
		uint8_t *digest = f.p + (ev.digest[i].value.p - f.p);

		digest[0] ^= 1;
		assert_int_equal(event_cover_verify(&ev).form, EVENT_COVER_NONE);
		digest[0] ^= 1;
	}
}

static void
digests_of_unknown_algorithms_alone_prove_nothing(void **state)
{
	uint8_t memory[512];
	struct buffer b = BUFFER(memory);
	struct event ev;

	(void)state;
	put_spec_id(&b, unknown, 1);
	put_agile(&b, 7, EV_SEPARATOR, unknown, 1, BYTES_STRING("\0\0\0\0"), BYTES_STRING("\0\0\0\0"));
	log_event(buffer_view(&b), 1, &ev);
	assert_true(event_cover_possible(&ev));
	assert_int_equal(event_cover_verify(&ev).form, EVENT_COVER_NONE);
}

static void
a_boot_variable_measured_by_its_value_has_no_name(void **state)
{
	uint8_t memory[512], structure[128];
	struct buffer b = BUFFER(memory), d = BUFFER(structure);
	struct event_data_variable v;
	struct event ev;

	(void)state;
	put_variable(&d, event_data_guid_global, "SecureBoot", on);
	ev = one_event(&b, 1, EV_EFI_VARIABLE_BOOT, on, buffer_view(&d));
	assert_int_equal(event_cover_verify(&ev).form, EVENT_COVER_VALUE);
	assert_int_equal(event_cover_variable(&ev, &v), OK);
	assert_int_equal(v.name.n, 0);
	assert_int_equal(v.guid.n, 0);
	assert_true(bytes_equal(v.value, on));
}

static void
a_value_is_no_proof_for_other_types_of_variables(void **state)
{
	static const uint32_t types[] = { EV_EFI_VARIABLE_DRIVER_CONFIG, EV_EFI_VARIABLE_AUTHORITY, EV_EFI_VARIABLE_BOOT2 };
	uint8_t memory[512], structure[128];
	struct buffer b = BUFFER(memory), d = BUFFER(structure);
	struct event_data_variable v;

	(void)state;
	put_variable(&d, event_data_guid_global, "SecureBoot", on);
	for (size_t i = 0; i < 3; i++) {
		struct event ev = one_event(&b, 7, types[i], on, buffer_view(&d));

		assert_int_equal(event_cover_verify(&ev).form, EVENT_COVER_NONE);
		assert_int_equal(event_cover_variable(&ev, &v), E_MISMATCH);
		ev = one_event(&b, 7, types[i], buffer_view(&d), buffer_view(&d));
		assert_int_equal(event_cover_variable(&ev, &v), OK);
		assert_true(event_data_variable_is(&v, event_data_guid_global, "SecureBoot"));
	}
}

static void
a_last_byte_that_is_not_measured_is_no_part_of_the_variable(void **state)
{
	uint8_t memory[512], structure[128];
	struct buffer b = BUFFER(memory), d = BUFFER(structure);
	struct event_data_variable v;
	struct event ev;
	size_t n;

	(void)state;
	put_variable(&d, event_data_guid_security, "db", on);
	n = d.n;
	buffer_u8(&d, 0xaf);
	ev = one_event(&b, 7, EV_EFI_VARIABLE_AUTHORITY, bytes_of(structure, n), buffer_view(&d));
	assert_int_equal(event_cover_verify(&ev).form, EVENT_COVER_BUT_LAST);
	assert_int_equal(event_cover_variable(&ev, &v), OK);
	assert_true(bytes_equal(v.value, on));
	/* The value reaches into the last byte now. */
	structure[24] = 2;
	ev = one_event(&b, 7, EV_EFI_VARIABLE_AUTHORITY, bytes_of(structure, n), buffer_view(&d));
	assert_int_equal(event_cover_verify(&ev).form, EVENT_COVER_NONE);
}

/* Broken variable structures: how long name and value claim to be, in an event of 40 bytes. */
static void
a_variable_that_reaches_beyond_its_event_is_refused(void **state)
{
	static const struct {
		uint64_t name, value;
		enum status expected;
	} cases[] = {
		{ 4, 0, OK }, { 0, 8, OK }, { 1, 6, OK }, { 5, 0, E_TRUNCATED }, { 4, 1, E_TRUNCATED }, { 0, 9, E_TRUNCATED },
		{ UINT64_MAX, 0, E_TRUNCATED }, { 0, UINT64_MAX, E_TRUNCATED }, { UINT64_C(1) << 63, 0, E_TRUNCATED },
		{ (UINT64_C(1) << 63) + 2, 2, E_TRUNCATED }, { UINT64_MAX, UINT64_MAX, E_TRUNCATED },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		uint8_t memory[512], structure[40] = { 0 };
		struct buffer b = BUFFER(memory), d = BUFFER(structure);
		struct event_data_variable v;
		struct event ev;

		put_zeros(&d, 16);
		put_le64(&d, cases[i].name);
		put_le64(&d, cases[i].value);
		ev = one_event(&b, 7, EV_EFI_VARIABLE_DRIVER_CONFIG, BYTES(structure), BYTES(structure));
		assert_int_equal(event_data_variable(&ev, &v), cases[i].expected);
		assert_int_equal(event_cover_variable(&ev, &v), cases[i].expected);
	}
}

static void
another_type_beside_the_same_bytes_is_not_proved_by_a_file_digest(void **state)
{
	uint8_t memory[512];
	struct buffer b = BUFFER(memory);
	struct event ev;

	(void)state;
	ev = one_event(&b, 4, EV_EFI_BOOT_SERVICES_APPLICATION, BYTES_STRING("x"), BYTES_STRING("x"));
	assert_false(event_cover_possible(&ev));
	assert_int_equal(event_cover_verify(&ev).form, EVENT_COVER_NONE);
	ev = one_event(&b, 9, EV_IPL, BYTES_STRING("x"), BYTES_STRING("x"));
	assert_false(event_cover_possible(&ev));
	ev = one_event(&b, 0, EV_POST_CODE, BYTES_STRING("x"), BYTES_STRING("x"));
	assert_false(event_cover_possible(&ev));
}

static void
the_label_of_grub_is_not_proved_but_its_text_is(void **state)
{
	static const struct {
		const char *data;
		size_t data_n;
		const char *measured;
		size_t measured_n;
		enum event_cover_form form;
		size_t part_n;
	} cases[] = {
		{ "grub_cmd: ls\0", 13, "ls", 2, EVENT_COVER_TEXT, 2 },
		{ "grub_cmd ls\0", 12, "ls\0", 3, EVENT_COVER_TEXT_NUL, 2 },
		{ "kernel_cmdline: a b\0", 20, "a b", 3, EVENT_COVER_TEXT, 3 },
		{ "grub_cmd: ls\0", 13, "la", 2, EVENT_COVER_NONE, 0 },
		{ "grub_cmd: ls", 12, "ls", 2, EVENT_COVER_NONE, 0 },
		{ "grub_xmd: ls\0", 13, "ls", 2, EVENT_COVER_NONE, 0 },
		{ "grub_cmd: ls\0", 13, "grub_cmd: ls\0", 13, EVENT_COVER_NONE, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		uint8_t memory[512];
		struct buffer b = BUFFER(memory);
		struct event ev = one_event(&b, 8, EV_IPL, bytes_of(cases[i].measured, cases[i].measured_n),
		    bytes_of(cases[i].data, cases[i].data_n));
		struct event_cover c = event_cover_verify(&ev);

		assert_int_equal(c.form, cases[i].form);
		assert_true(bytes_equal(c.part, bytes_of(cases[i].measured, cases[i].part_n)));
	}
}

static const struct bytes linux16 = { (const uint8_t *)".\0l\0i\0n\0u\0x\0\0", 14 };
static const struct bytes pcrsig16 = { (const uint8_t *)".\0p\0c\0r\0s\0i\0g\0\0", 16 };

static void
a_section_of_a_kernel_image_is_a_pair_of_events(void **state)
{
	uint8_t memory[512], other[512];
	struct buffer b = BUFFER(memory), o = BUFFER(other);
	struct event name, contents;
	struct event_linux_section s;

	(void)state;
	name = one_event(&b, 11, EV_IPL, BYTES_STRING(".linux\0"), linux16);
	contents = one_event(&o, 11, EV_IPL, BYTES_STRING("a kernel"), linux16);
	assert_int_equal(event_cover_verify(&name).form, EVENT_COVER_NAME);
	assert_int_equal(event_cover_verify(&contents).form, EVENT_COVER_NONE);
	assert_int_equal(event_linux_section(&name, &contents, &s), OK);
	assert_string_equal(s.name, ".linux");
	assert_int_equal(s.order, 0);
	assert_ptr_equal(s.contents, &contents);
	/* The other way round, twice the name's event as contents, and with something else in the name's digest. */
	assert_int_equal(event_linux_section(&contents, &name, &s), E_MISMATCH);
	name = one_event(&b, 11, EV_IPL, BYTES_STRING(".linux"), linux16);
	assert_int_equal(event_linux_section(&name, &contents, &s), E_MISMATCH);
	name = one_event(&b, 11, EV_IPL, BYTES_STRING(".initrd\0"), linux16);
	assert_int_equal(event_linux_section(&name, &contents, &s), E_MISMATCH);
	assert_null(s.contents);
}

static void
a_pair_with_another_label_pcr_or_type_is_no_section(void **state)
{
	uint8_t memory[512], other[512];
	struct buffer b = BUFFER(memory), o = BUFFER(other);
	struct event name = one_event(&b, 11, EV_IPL, BYTES_STRING(".linux\0"), linux16), contents;
	struct event_linux_section s;

	(void)state;
	contents = one_event(&o, 11, EV_IPL, BYTES_STRING("a kernel"), pcrsig16);
	assert_int_equal(event_linux_section(&name, &contents, &s), E_MISMATCH);
	contents = one_event(&o, 12, EV_IPL, BYTES_STRING("a kernel"), linux16);
	assert_int_equal(event_linux_section(&name, &contents, &s), E_TYPE);
	contents = one_event(&o, 11, EV_EVENT_TAG, BYTES_STRING("a kernel"), linux16);
	assert_int_equal(event_linux_section(&name, &contents, &s), E_TYPE);
	name = one_event(&b, 11, EV_IPL, BYTES_STRING(".pcrsig\0"), pcrsig16);
	contents = one_event(&o, 11, EV_IPL, BYTES_STRING("a signature"), pcrsig16);
	assert_int_equal(event_linux_section(&name, &contents, &s), E_UNSUPPORTED);
}

static void
a_unified_kernel_image_of_debian_measures_its_sections_and_its_initrd_twice(void **state)
{
	static const char *const names[] = { ".linux", ".osrel", ".cmdline", ".initrd" };
	static struct log_file f;
	struct event_linux_section s;
	struct event first, second, initrd;

	(void)state;
	log_load("qemu-ovmf-uki", &f);
	for (size_t i = 0; i < 4; i++) {
		log_event(bytes_of(f.p, f.n), 24 + 2 * i, &first);
		log_event(bytes_of(f.p, f.n), 25 + 2 * i, &second);
		assert_int_equal(event_linux_section(&first, &second, &s), OK);
		assert_string_equal(s.name, names[i]);
	}
	log_event(bytes_of(f.p, f.n), 33, &initrd);
	assert_true(bytes_equal(event_linux_initrd_digest(&initrd, HASH_SHA384), event_digest(s.contents, HASH_SHA384)));
}

static void
the_kernels_stub_tags_initrd_and_load_options(void **state)
{
	static struct log_file f;
	struct event ev;

	(void)state;
	log_event(log_load("gdc-host", &f), 155, &ev);
	assert_int_equal(event_linux_tag(&ev), EVENT_LINUX_LOAD_OPTIONS);
	assert_int_equal(event_linux_initrd_digest(&ev, HASH_SHA256).n, 0);
	log_event(log_load("gdc-host", &f), 157, &ev);
	assert_int_equal(event_linux_tag(&ev), 0);
	log_event(log_load("gdc-host", &f), 156, &ev);
	assert_int_equal(event_linux_tag(&ev), EVENT_LINUX_INITRD);
	assert_true(bytes_equal(event_linux_initrd_digest(&ev, HASH_SHA256), event_digest(&ev, HASH_SHA256)));
	assert_int_equal(event_cover_verify(&ev).form, EVENT_COVER_NONE);
	f.p[ev.data.p - f.p] ^= 1;
	assert_int_equal(event_linux_tag(&ev), 0);
}

static void
partitions_blobs_tables_and_images_are_decoded(void **state)
{
	static struct log_file f;
	char text[EVENT_DATA_GUID_TEXT_SIZE];
	struct event_data_partition p;
	struct event_data_tables t;
	struct event_data_image image;
	struct event_data_blob blob;
	struct event_data_gpt gpt;
	struct eventlog log;
	struct event ev;
	size_t seen = 0;

	(void)state;
	eventlog_begin(&log, log_load("create-mb-policy", &f), EVENTLOG_SHOW);
	while (eventlog_next(&log, &ev)) {
		if (event_data_gpt(&ev, &gpt) == OK) {
			assert_true(gpt.partitions > 0);
			assert_int_equal(event_data_partition(&gpt, 0, &p), OK);
			assert_string_equal(event_data_guid_text(p.type, text), "c12a7328-f81f-11d2-ba4b-00a0c93ec93b");
			assert_int_equal(event_data_partition(&gpt, gpt.partitions, &p), E_RANGE);
			seen |= 1;
		}
		seen |= event_data_tables(&ev, &t) == OK && t.tables == 1 ? 2 : 0;
		seen |= event_data_image(&ev, &image) == OK && image.path.n > 0 ? 4 : 0;
		seen |= event_data_blob(&ev, &blob) == OK && blob.length > 0 ? 8 : 0;
	}
	assert_int_equal(seen, 15);
	assert_string_equal(event_data_guid_text(bytes_of(text, 3), text), "");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_event_of_the_real_logs_proves_what_the_table_says),
		cmocka_unit_test(secure_boot_is_read_from_a_real_log),
		cmocka_unit_test(a_byte_changed_anywhere_in_covered_data_proves_nothing),
		cmocka_unit_test(one_bank_that_disagrees_proves_nothing),
		cmocka_unit_test(digests_of_unknown_algorithms_alone_prove_nothing),
		cmocka_unit_test(a_boot_variable_measured_by_its_value_has_no_name),
		cmocka_unit_test(a_value_is_no_proof_for_other_types_of_variables),
		cmocka_unit_test(a_last_byte_that_is_not_measured_is_no_part_of_the_variable),
		cmocka_unit_test(a_variable_that_reaches_beyond_its_event_is_refused),
		cmocka_unit_test(another_type_beside_the_same_bytes_is_not_proved_by_a_file_digest),
		cmocka_unit_test(the_label_of_grub_is_not_proved_but_its_text_is),
		cmocka_unit_test(a_section_of_a_kernel_image_is_a_pair_of_events),
		cmocka_unit_test(a_pair_with_another_label_pcr_or_type_is_no_section),
		cmocka_unit_test(a_unified_kernel_image_of_debian_measures_its_sections_and_its_initrd_twice),
		cmocka_unit_test(the_kernels_stub_tags_initrd_and_load_options),
		cmocka_unit_test(partitions_blobs_tables_and_images_are_decoded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
