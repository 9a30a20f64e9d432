/* SPDX-License-Identifier: ISC */
/*
 * Logs of real machines, and small ones with one thing wrong: each names its exact reason and offset.
 */
#include "eventlog_build.h"

static const struct eventlog_alg two[] = { { HASH_SHA1, 20 }, { HASH_SHA256, 32 } };
static const struct eventlog_alg with_unknown[] = { { 0x0012, 32 }, { HASH_SHA256, 32 }, { 0x0027, 48 } };

/* Every real log: how it reads when it is shown, and when it is appraised. */
static const struct {
	const char *name;
	enum eventlog_fault shown, appraised;
	size_t shown_at, appraised_at, events;
} logs[] = {
	{ "amd635", EVENTLOG_FINE, EVENTLOG_FINE, 0, 0, 97 },
	{ "arch-linux-workstation", EVENTLOG_FINE, EVENTLOG_FINE, 0, 0, 25 },
	{ "bios-tpm12", EVENTLOG_FINE, EVENTLOG_SHA1_ONLY, 0, 0, 39 },
	{ "bogus", EVENTLOG_PCR, EVENTLOG_PCR, 0, 0, 0 },
	{ "create-mb-policy", EVENTLOG_FINE, EVENTLOG_FINE, 0, 0, 121 },
	{ "crypto-agile", EVENTLOG_FINE, EVENTLOG_FINE, 0, 0, 27 },
	{ "debian-10-gce", EVENTLOG_FINE, EVENTLOG_SHA1_ONLY, 0, 0, 25 },
	{ "exit-boot-services-event-missing", EVENTLOG_FINE, EVENTLOG_SHA1_ONLY, 0, 0, 38 },
	{ "fedora-secureboot", EVENTLOG_FINE, EVENTLOG_FINE, 0, 0, 99 },
	{ "gdc-host", EVENTLOG_FINE, EVENTLOG_FINE, 0, 0, 159 },
	{ "ideapad", EVENTLOG_FINE, EVENTLOG_FINE, 0, 0, 40 },
	{ "intel-server", EVENTLOG_FINE, EVENTLOG_FINE, 0, 0, 119 },
	{ "moklisttrusted", EVENTLOG_FINE, EVENTLOG_FINE, 0, 0, 97 },
	{ "option-rom", EVENTLOG_FINE, EVENTLOG_SHA1_ONLY, 0, 0, 61 },
	{ "qemu-ovmf-uki", EVENTLOG_FINE, EVENTLOG_FINE, 0, 0, 36 },
	{ "rhel8-gce", EVENTLOG_FINE, EVENTLOG_FINE, 0, 0, 83 },
	{ "rust-keylime", EVENTLOG_FINE, EVENTLOG_FINE, 0, 0, 124 },
	{ "sb-cert", EVENTLOG_FINE, EVENTLOG_FINE, 0, 0, 15 },
	{ "sd-boot-fedora37", EVENTLOG_FINE, EVENTLOG_FINE, 0, 0, 28 },
	{ "short-no-action", EVENTLOG_SPEC_ABSENT, EVENTLOG_SPEC_ABSENT, 0, 0, 0 },
	{ "sp800155", EVENTLOG_FINE, EVENTLOG_FINE, 0, 0, 54 },
	{ "specid-vendordata", EVENTLOG_SPEC_VENDOR, EVENTLOG_SPEC_VENDOR, 69, 69, 0 },
	{ "sr645", EVENTLOG_FINE, EVENTLOG_FINE, 0, 0, 47 },
	{ "thinkpad", EVENTLOG_FINE, EVENTLOG_DIGEST_MISSING, 0, 20783, 59 },
	{ "tpm12-sha1", EVENTLOG_FINE, EVENTLOG_SHA1_ONLY, 0, 0, 17 },
	{ "two-events", EVENTLOG_FINE, EVENTLOG_FINE, 0, 0, 2 },
	{ "ubuntu-2104-no-secure-boot", EVENTLOG_FINE, EVENTLOG_FINE, 0, 0, 106 },
	{ "ubuntu-2404-sevsnp", EVENTLOG_FINE, EVENTLOG_FINE, 0, 0, 117 },
	{ "uefiservices", EVENTLOG_FINE, EVENTLOG_FINE, 0, 0, 2 },
	{ "uefivar", EVENTLOG_FINE, EVENTLOG_DIGEST_MISSING, 0, 77, 2 },
	{ "windows-tpm12", EVENTLOG_FINE, EVENTLOG_SHA1_ONLY, 0, 0, 35 },
};
#define LOGS_COUNT (sizeof logs / sizeof *logs)

static void
every_real_log_is_read_or_refused_with_its_reason(void **state)
{
	static struct log_file f;
	struct eventlog log;
	struct event ev;
	size_t at;

	(void)state;
	for (size_t i = 0; i < LOGS_COUNT; i++) {
		struct bytes in = log_load(logs[i].name, &f);

		eventlog_begin(&log, in, EVENTLOG_SHOW);
		while (eventlog_next(&log, &ev))
			assert_int_equal(ev.number + 1, log.events);
		if (log.fault != logs[i].shown || log.fault_at != logs[i].shown_at)
			fail_msg("%s: %s at %zu", logs[i].name, eventlog_fault_name(log.fault), log.fault_at);
		assert_int_equal(log.fault == EVENTLOG_FINE ? log.events : 0, logs[i].events);
		assert_int_equal(log.padding, 0);
		if (log_fault(in, EVENTLOG_APPRAISE, &at) != logs[i].appraised || at != logs[i].appraised_at)
			fail_msg("%s, appraised: at %zu", logs[i].name, at);
	}
}

/* NAME.pcrs: lines "bank index hex", as the verb prints them. */
static void
compare_pcrs(const char *name, const struct replay *r)
{
	char path[256], line[512], bank[16], hex[2 * HASH_SIZE_MAX + 1], got[2 * HASH_SIZE_MAX + 1];
	size_t lines = 0, extended = 0;
	unsigned pcr;
	FILE *file;

	snprintf(path, sizeof path, LOGS "%s.pcrs", name);
	file = fopen(path, "r");
	assert_non_null(file);
	while (fgets(line, sizeof line, file) != NULL) {
		if (line[0] == '#')
			continue;
		assert_int_equal(sscanf(line, "%15s %u %128s", bank, &pcr, hex), 3);
		if (!replay_extended(r, hash_of_name(bank), pcr))
			fail_msg("%s: %s %u is not extended", name, bank, pcr);
		text_hex(replay_value(r, hash_of_name(bank), pcr), got, sizeof got);
		if (strcmp(got, hex) != 0)
			fail_msg("%s: %s %u is %s", name, bank, pcr, got);
		lines++;
	}
	fclose(file);
	for (size_t i = 0; i < r->banks; i++)
		for (unsigned k = 0; k < REPLAY_PCRS; k++)
			extended += replay_extended(r, r->bank[i].alg, k);
	assert_int_equal(lines, extended);
}

static void
every_real_log_replays_to_the_values_stated(void **state)
{
	static struct log_file f;
	struct eventlog log;
	struct replay r;
	size_t compared = 0;

	(void)state;
	for (size_t i = 0; i < LOGS_COUNT; i++) {
		if (logs[i].shown != EVENTLOG_FINE)
			continue;
		eventlog_begin(&log, log_load(logs[i].name, &f), EVENTLOG_SHOW);
		assert_int_equal(replay_log(&r, &log), OK);
		compare_pcrs(logs[i].name, &r);
		compared++;
	}
	assert_int_equal(compared, 28);
}

/* A cut log is refused, or ends exactly where an event ended; memory beyond the cut is never touched (address sanitizer). */
static void
cut_everywhere(const char *name)
{
	static struct log_file f;
	struct bytes whole = log_load(name, &f);
	struct eventlog log;
	struct event ev;
	size_t fine = 0, events = 0, at;

	eventlog_begin(&log, whole, EVENTLOG_SHOW);
	while (eventlog_next(&log, &ev))
		events++;
	for (size_t n = 0; n < whole.n; n++) {
		uint8_t *copy = malloc(n + 1);

		assert_non_null(copy);
		memcpy(copy + 1, whole.p, n);
		if (log_fault(bytes_of(copy + 1, n), EVENTLOG_SHOW, &at) == EVENTLOG_FINE)
			fine++;
		assert_true(at <= n);
		free(copy);
	}
	assert_int_equal(fine + 1, events);
}

static void
a_log_cut_at_any_byte_is_refused_unless_an_event_ended_there(void **state)
{
	(void)state;
	cut_everywhere("tpm12-sha1");
	cut_everywhere("sd-boot-fedora37");
	cut_everywhere("crypto-agile");
	cut_everywhere("two-events");
}

/* One change in a real log each. */
static const struct {
	const char *what, *name;
	size_t at;
	const char *bytes;
	size_t n;
	enum eventlog_fault fault;
	size_t fault_at;
} mutations[] = {
	/* two-events: Spec ID event 0-76 with four algorithms at 56; an event at 77: PCR, type, count, SHA-1 at 89, SHA-256 at 111 */
	{ "Spec ID event in PCR 1", "two-events", 0, "\x01", 1, EVENTLOG_SPEC_PCR, 0 },
	{ "Spec ID event of another type", "two-events", 4, "\x04", 1, EVENTLOG_DATA_CUT, 77 },
	{ "Spec ID event with a digest", "two-events", 27, "\x01", 1, EVENTLOG_SPEC_DIGEST, 8 },
	{ "Spec ID event longer than the log", "two-events", 30, "\x01", 1, EVENTLOG_DATA_CUT, 0 },
	{ "Spec ID event a byte short", "two-events", 28, "\x2c", 1, EVENTLOG_SPEC_CUT, 76 },
	{ "Spec ID event a byte long", "two-events", 28, "\x2e", 1, EVENTLOG_SPEC_VENDOR, 77 },
	{ "another signature", "two-events", 46, "4", 1, EVENTLOG_DATA_CUT, 77 },
	{ "no signature", "two-events", 32, "s", 1, EVENTLOG_SPEC_ABSENT, 0 },
	{ "no algorithm", "two-events", 56, "\x00", 1, EVENTLOG_SPEC_ALGS, 56 },
	{ "seventeen algorithms", "two-events", 56, "\x11", 1, EVENTLOG_SPEC_ALGS, 56 },
	{ "billions of algorithms", "two-events", 56, "\xff\xff\xff\xff", 4, EVENTLOG_SPEC_ALGS, 56 },
	{ "five algorithms in the room of four", "two-events", 56, "\x05", 1, EVENTLOG_SPEC_CUT, 76 },
	{ "three algorithms in the room of four", "two-events", 56, "\x03", 1, EVENTLOG_SPEC_VENDOR, 73 },
	{ "SHA-1 of 32 bytes", "two-events", 62, "\x20", 1, EVENTLOG_SPEC_ALG_SIZE, 60 },
	{ "an unknown algorithm of no bytes", "two-events", 60, "\x12\x00\x00", 3, EVENTLOG_SPEC_ALG_SIZE, 60 },
	{ "an unknown algorithm of 65 bytes", "two-events", 60, "\x12\x00\x41", 3, EVENTLOG_SPEC_ALG_SIZE, 60 },
	{ "SHA-256 listed twice", "two-events", 68, "\x0b\x00\x20", 3, EVENTLOG_SPEC_ALG_TWICE, 68 },
	{ "vendor bytes that are not there", "two-events", 76, "\x01", 1, EVENTLOG_SPEC_VENDOR, 77 },
	{ "PCR 24", "two-events", 77, "\x18", 1, EVENTLOG_PCR, 77 },
	{ "no PCR, but an action", "two-events", 77, "\xff\xff\xff\xff", 4, EVENTLOG_PCR, 77 },
	{ "no digest", "two-events", 85, "\x00", 1, EVENTLOG_DIGESTS_NONE, 77 },
	{ "five digests", "two-events", 85, "\x05", 1, EVENTLOG_DIGESTS_MANY, 77 },
	{ "billions of digests", "two-events", 85, "\xff\xff\xff\xff", 4, EVENTLOG_DIGESTS_MANY, 77 },
	{ "three digests of four", "two-events", 85, "\x03", 1, EVENTLOG_DATA_CUT, 77 },
	{ "a digest of an algorithm not listed", "two-events", 89, "\x12", 1, EVENTLOG_DIGEST_UNLISTED, 89 },
	{ "two digests of SHA-1", "two-events", 111, "\x04", 1, EVENTLOG_DIGEST_TWICE, 111 },
	{ "data beyond the end", "sd-boot-fedora37", 109, "\xff\xff\xff\x7f", 4, EVENTLOG_DATA_CUT, 65 },
	{ "data to the last address", "sd-boot-fedora37", 109, "\xff\xff\xff\xff", 4, EVENTLOG_DATA_CUT, 65 },
	{ "TPM 1.2: PCR 24", "tpm12-sha1", 0, "\x18", 1, EVENTLOG_PCR, 0 },
	{ "TPM 1.2: data beyond the end", "tpm12-sha1", 30, "\xff", 1, EVENTLOG_DATA_CUT, 0 },
	{ "StartupLocality 1", "create-mb-policy", 157, "\x01", 1, EVENTLOG_LOCALITY, 69 },
	{ "StartupLocality in PCR 1", "create-mb-policy", 69, "\x01", 1, EVENTLOG_LOCALITY, 69 },
};

static void
each_change_is_refused_with_its_own_reason(void **state)
{
	static struct log_file f;
	size_t at;

	(void)state;
	for (size_t i = 0; i < sizeof mutations / sizeof *mutations; i++) {
		struct bytes in = log_load(mutations[i].name, &f);
		enum eventlog_fault fault;

		assert_true(mutations[i].at + mutations[i].n <= in.n);
		memcpy(f.p + mutations[i].at, mutations[i].bytes, mutations[i].n);
		fault = log_fault(in, EVENTLOG_SHOW, &at);
		if (fault != mutations[i].fault || at != mutations[i].fault_at)
			fail_msg("%s: %s at %zu", mutations[i].what, eventlog_fault_name(fault), at);
	}
}

static void
every_fault_has_a_name_and_a_sentence(void **state)
{
	(void)state;
	for (int f = EVENTLOG_FINE; f <= EVENTLOG_LOCALITY_LATE; f++) {
		assert_true(strncmp(eventlog_fault_name((enum eventlog_fault)f), "EVENTLOG_", 9) == 0);
		assert_true(strlen(eventlog_fault_text((enum eventlog_fault)f)) > 0);
	}
	assert_string_equal(eventlog_fault_text((enum eventlog_fault)1000), "unknown fault");
}

static const struct bytes separator = { (const uint8_t *)"\0\0\0\0", 4 };
static const struct bytes locality3 = { (const uint8_t *)"StartupLocality\0\3", 17 };
static const struct bytes locality0 = { (const uint8_t *)"StartupLocality\0\0", 17 };

static void
assert_fault(const struct buffer *b, enum eventlog_fault expected, size_t expected_at)
{
	size_t at;
	enum eventlog_fault fault;

	assert_int_equal(b->failed, OK);
	fault = log_fault(buffer_view(b), EVENTLOG_APPRAISE, &at);
	if (fault != expected || at != expected_at)
		fail_msg("%s at %zu", eventlog_fault_name(fault), at);
}

static void
an_empty_log_and_one_of_padding_only_are_refused(void **state)
{
	uint8_t memory[64] = { 0 };
	size_t at;

	(void)state;
	assert_int_equal(log_fault(bytes_of(memory, 0), EVENTLOG_SHOW, &at), EVENTLOG_EMPTY);
	assert_int_equal(log_fault(bytes_of(memory, 31), EVENTLOG_SHOW, &at), EVENTLOG_HEADER_CUT);
	assert_int_equal(log_fault(bytes_of(memory, 64), EVENTLOG_SHOW, &at), EVENTLOG_EMPTY);
	memset(memory, 0xff, sizeof memory);
	assert_int_equal(log_fault(bytes_of(memory, 64), EVENTLOG_SHOW, &at), EVENTLOG_PCR);
}

static void
padding_of_zeros_or_ones_ends_a_log(void **state)
{
	static const uint8_t fills[] = { 0x00, 0xff };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		uint8_t memory[512];
		struct buffer b = BUFFER(memory);
		struct eventlog log;
		struct replay r;
		size_t end;

		put_spec_id(&b, two, 2);
		put_agile(&b, 7, EV_SEPARATOR, two, 2, separator, separator);
		end = b.n;
		for (size_t k = 0; k < 12; k++)
			buffer_u8(&b, fills[i]);
		assert_fault(&b, EVENTLOG_FINE, 0);
		buffer_u8(&b, fills[i]);
		eventlog_begin(&log, buffer_view(&b), EVENTLOG_APPRAISE);
		assert_int_equal(replay_log(&r, &log), OK);
		assert_int_equal(log.padding, 13);
		assert_int_equal(log.events, 2);
		memory[end + 12] = 1;
		assert_fault(&b, EVENTLOG_PADDING, end + 12);
		b.n = end + 11;
		assert_fault(&b, EVENTLOG_HEADER_CUT, end);
	}
}

static void
a_second_spec_id_event_is_refused(void **state)
{
	uint8_t memory[512];
	struct buffer b = BUFFER(memory);
	size_t at;

	(void)state;
	put_spec_id(&b, two, 2);
	at = b.n;
	put_agile(&b, 0, EV_NO_ACTION, two, 2, separator, bytes_of("Spec ID Event03", 16));
	assert_fault(&b, EVENTLOG_SPEC_TWICE, at);
}

static void
an_event_that_lacks_a_listed_algorithm_is_shown_but_not_appraised(void **state)
{
	uint8_t memory[512];
	struct buffer b = BUFFER(memory);
	struct eventlog log;
	struct replay r;
	size_t at;

	(void)state;
	put_spec_id(&b, two, 2);
	put_agile(&b, 7, EV_SEPARATOR, two, 2, separator, separator);
	at = b.n;
	put_agile(&b, 7, EV_SEPARATOR, two + 1, 1, separator, separator);
	assert_fault(&b, EVENTLOG_DIGEST_MISSING, at);
	eventlog_begin(&log, buffer_view(&b), EVENTLOG_SHOW);
	assert_int_equal(replay_log(&r, &log), OK);
	assert_int_equal(log.uneven, 1);
}

static void
digests_of_unknown_algorithms_are_stepped_over_by_the_sizes_of_the_head(void **state)
{
	uint8_t memory[1024], expected[32 + HASH_SIZE_MAX] = { 0 };
	struct buffer b = BUFFER(memory);
	struct eventlog log;
	struct event ev;
	struct replay r;

	(void)state;
	put_spec_id(&b, with_unknown, 3);
	put_agile(&b, 7, EV_SEPARATOR, with_unknown, 3, separator, separator);
	eventlog_begin(&log, buffer_view(&b), EVENTLOG_APPRAISE);
	assert_true(eventlog_next(&log, &ev));
	assert_int_equal(ev.digests, 0);
	assert_true(eventlog_next(&log, &ev));
	assert_int_equal(ev.digests, 3);
	assert_int_equal(ev.digest[2].alg, 0x0027);
	assert_int_equal(ev.digest[2].value.n, 48);
	assert_int_equal(event_digest(&ev, HASH_SHA1).n, 0);
	assert_int_equal(event_digest(&ev, HASH_SHA256).n, 32);

	eventlog_begin(&log, buffer_view(&b), EVENTLOG_APPRAISE);
	assert_int_equal(replay_log(&r, &log), OK);
	assert_int_equal(r.banks, 1);
	hash_compute(HASH_SHA256, separator, expected + 32);
	hash_compute(HASH_SHA256, bytes_of(expected, 64), expected);
	assert_true(bytes_equal(replay_value(&r, HASH_SHA256, 7), bytes_of(expected, 32)));
	assert_int_equal(replay_value(&r, HASH_SHA1, 7).n, 0);
	assert_false(replay_extended(&r, HASH_SHA256, 6));
}

/* PCR 0 after one event, whose digest is that of the separator, when its last byte was ${start}. */
static void
assert_pcr0(struct bytes log_bytes, uint8_t start)
{
	uint8_t expected[32 + HASH_SIZE_MAX] = { 0 };
	struct eventlog log;
	struct replay r;

	expected[31] = start;
	hash_compute(HASH_SHA256, separator, expected + 32);
	hash_compute(HASH_SHA256, bytes_of(expected, 64), expected);
	eventlog_begin(&log, log_bytes, EVENTLOG_APPRAISE);
	assert_int_equal(replay_log(&r, &log), OK);
	assert_true(bytes_equal(replay_value(&r, HASH_SHA256, 0), bytes_of(expected, 32)));
}

static void
pcr_0_starts_with_the_locality_of_the_startup(void **state)
{
	uint8_t memory[512];
	struct buffer b = BUFFER(memory);

	(void)state;
	put_spec_id(&b, two, 2);
	put_agile(&b, 0, EV_NO_ACTION, two, 2, separator, locality3);
	put_agile(&b, 0, EV_S_CRTM_VERSION, two, 2, separator, separator);
	assert_pcr0(buffer_view(&b), 3);
	b.n = 0;
	put_spec_id(&b, two, 2);
	put_agile(&b, 0, EV_NO_ACTION, two, 2, separator, locality0);
	put_agile(&b, 0, EV_S_CRTM_VERSION, two, 2, separator, separator);
	assert_pcr0(buffer_view(&b), 0);
}

static void
pcr_0_starts_with_4_when_an_h_crtm_event_is_its_first(void **state)
{
	uint8_t memory[512];
	struct buffer b = BUFFER(memory);

	(void)state;
	put_spec_id(&b, two, 2);
	put_agile(&b, 0, EV_NO_ACTION, two, 2, separator, locality3);
	put_agile(&b, 0, EV_EFI_HCRTM_EVENT, two, 2, separator, BYTES_STRING("HCRTM"));
	assert_pcr0(buffer_view(&b), 4);
}

static void
a_second_or_a_late_startup_locality_is_refused(void **state)
{
	uint8_t memory[1024];
	struct buffer b = BUFFER(memory);
	size_t at;

	(void)state;
	put_spec_id(&b, two, 2);
	put_agile(&b, 0, EV_NO_ACTION, two, 2, separator, locality3);
	at = b.n;
	put_agile(&b, 0, EV_NO_ACTION, two, 2, separator, locality3);
	assert_fault(&b, EVENTLOG_LOCALITY_TWICE, at);
	b.n = 0;
	put_spec_id(&b, two, 2);
	put_agile(&b, 0, EV_S_CRTM_VERSION, two, 2, separator, separator);
	at = b.n;
	put_agile(&b, 0, EV_NO_ACTION, two, 2, separator, locality3);
	assert_fault(&b, EVENTLOG_LOCALITY_LATE, at);
	/* An H-CRTM event that is not the first does not make it better. */
	b.n = at;
	put_agile(&b, 0, EV_EFI_HCRTM_EVENT, two, 2, separator, BYTES_STRING("HCRTM"));
	at = b.n;
	put_agile(&b, 0, EV_NO_ACTION, two, 2, separator, locality3);
	assert_fault(&b, EVENTLOG_LOCALITY_LATE, at);
}

static void
a_late_startup_locality_that_changes_nothing_is_read(void **state)
{
	uint8_t memory[1024];
	struct buffer b = BUFFER(memory);

	(void)state;
	put_spec_id(&b, two, 2);
	put_agile(&b, 0, EV_S_CRTM_VERSION, two, 2, separator, separator);
	put_agile(&b, 0, EV_NO_ACTION, two, 2, separator, locality0);
	assert_pcr0(buffer_view(&b), 0);
	b.n = 0;
	put_spec_id(&b, two, 2);
	put_agile(&b, 0, EV_EFI_HCRTM_EVENT, two, 2, separator, BYTES_STRING("HCRTM"));
	put_agile(&b, 0, EV_NO_ACTION, two, 2, separator, locality3);
	assert_pcr0(buffer_view(&b), 4);
}

static void
no_action_extends_nothing_whatever_its_digests_are(void **state)
{
	uint8_t memory[512];
	struct buffer b = BUFFER(memory);
	struct eventlog log;
	struct replay r;

	(void)state;
	put_spec_id(&b, two, 2);
	put_agile(&b, 7, EV_NO_ACTION, two, 2, separator, separator);
	put_agile(&b, EVENT_PCR_NONE, EV_NO_ACTION, two, 2, separator, separator);
	eventlog_begin(&log, buffer_view(&b), EVENTLOG_APPRAISE);
	assert_int_equal(replay_log(&r, &log), OK);
	for (unsigned pcr = 0; pcr < REPLAY_PCRS; pcr++) {
		assert_false(replay_extended(&r, HASH_SHA256, pcr));
		assert_true(bytes_zero(replay_value(&r, HASH_SHA256, pcr)));
	}
}

static void
banks_are_replayed_in_their_own_order_not_in_the_logs(void **state)
{
	static const struct eventlog_alg back[] = { { HASH_SHA512, 64 }, { HASH_SHA384, 48 }, { HASH_SHA256, 32 }, { HASH_SHA1, 20 } };
	static const enum hash_alg order[] = { HASH_SHA1, HASH_SHA256, HASH_SHA384, HASH_SHA512 };
	uint8_t memory[1024];
	struct buffer b = BUFFER(memory);
	struct eventlog log;
	struct replay r;

	(void)state;
	put_spec_id(&b, back, 4);
	put_agile(&b, 7, EV_SEPARATOR, back, 4, separator, separator);
	eventlog_begin(&log, buffer_view(&b), EVENTLOG_APPRAISE);
	assert_int_equal(replay_log(&r, &log), OK);
	assert_int_equal(r.banks, 4);
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(r.bank[i].alg, order[i]);
}

static void
events_of_user_space_come_after_the_firmwares(void **state)
{
	uint8_t memory[512], digest[HASH_SIZE_MAX], expected[96];
	struct buffer b = BUFFER(memory);
	struct event_digest d[2] = { { HASH_SHA256, { digest, 32 } }, { HASH_SHA384, { digest, 48 } } };
	struct eventlog log;
	struct replay r;

	(void)state;
	memset(digest, 0x5a, sizeof digest);
	put_spec_id(&b, two, 2);
	put_agile(&b, 13, EV_SEPARATOR, two, 2, separator, separator);
	eventlog_begin(&log, buffer_view(&b), EVENTLOG_APPRAISE);
	assert_int_equal(replay_log(&r, &log), OK);
	memcpy(expected, replay_value(&r, HASH_SHA256, 13).p, 32);
	memcpy(expected + 32, digest, 32);
	hash_compute(HASH_SHA256, bytes_of(expected, 64), expected);

	assert_int_equal(replay_user_event(&r, 24, d, 1), E_RANGE);
	assert_int_equal(replay_user_event(&r, 13, d, 0), E_MISSING);
	assert_int_equal(replay_user_event(&r, 13, d + 1, 1), E_MISSING);
	d[1].alg = HASH_SHA256;
	d[1].value.n = 32;
	assert_int_equal(replay_user_event(&r, 13, d, 2), E_DUPLICATE);
	d[1].value.n = 31;
	assert_int_equal(replay_user_event(&r, 13, d + 1, 1), E_RANGE);
	assert_int_equal(replay_user_event(&r, 13, d, 1), OK);
	assert_true(bytes_equal(replay_value(&r, HASH_SHA256, 13), bytes_of(expected, 32)));
}

/* Whether the log in ${b} replays to the same values in every bank as ${r}. */
static bool
same_values(const struct buffer *b, const struct replay *r)
{
	struct eventlog log;
	struct replay other;

	eventlog_begin(&log, buffer_view(b), EVENTLOG_APPRAISE);
	assert_int_equal(replay_log(&other, &log), OK);
	for (size_t i = 0; i < r->banks; i++)
		for (unsigned pcr = 0; pcr < REPLAY_PCRS; pcr++)
			if (!bytes_equal(replay_value(r, r->bank[i].alg, pcr), replay_value(&other, r->bank[i].alg, pcr)))
				return false;
	return true;
}

/* Security S3: the log of a real boot, each event in turn left out, doubled, turned into EV_NO_ACTION, moved to another PCR. */
static void
an_event_left_out_doubled_silenced_or_moved_changes_the_values(void **state)
{
	static struct log_file f;
	static uint8_t memory[2 * LOG_SIZE_MAX];
	struct bytes whole = log_load("qemu-ovmf-uki", &f);
	struct buffer b = BUFFER(memory);
	struct eventlog log;
	struct replay r;
	struct event ev;
	size_t changed = 0;

	(void)state;
	eventlog_begin(&log, whole, EVENTLOG_APPRAISE);
	assert_int_equal(replay_log(&r, &log), OK);
	buffer_bytes(&b, whole);
	assert_true(same_values(&b, &r));
	eventlog_begin(&log, whole, EVENTLOG_APPRAISE);
	while (eventlog_next(&log, &ev)) {
		size_t end = (size_t)(ev.data.p - whole.p) + ev.data.n;

		if (ev.number == 0)
			continue;
		b.n = 0;
		buffer_bytes(&b, bytes_of(whole.p, ev.offset));
		buffer_bytes(&b, bytes_of(whole.p + end, whole.n - end));
		assert_false(same_values(&b, &r));
		b.n = 0;
		buffer_bytes(&b, bytes_of(whole.p, end));
		buffer_bytes(&b, bytes_of(whole.p + ev.offset, whole.n - ev.offset));
		assert_false(same_values(&b, &r));
		b.n = 0;
		buffer_bytes(&b, whole);
		memory[ev.offset + 4] = EV_NO_ACTION;
		memset(memory + ev.offset + 5, 0, 3);
		assert_false(same_values(&b, &r));
		memcpy(memory, whole.p, whole.n);
		memory[ev.offset] ^= 8;
		assert_false(same_values(&b, &r));
		changed++;
	}
	assert_int_equal(changed, 35);
}

static void
two_events_of_one_pcr_in_the_other_order_change_the_values(void **state)
{
	static struct log_file f;
	static uint8_t memory[LOG_SIZE_MAX];
	struct bytes whole = log_load("qemu-ovmf-uki", &f);
	struct buffer b = BUFFER(memory);
	struct eventlog log;
	struct event first, second;
	struct replay r;
	size_t middle, end;

	(void)state;
	eventlog_begin(&log, whole, EVENTLOG_APPRAISE);
	assert_int_equal(replay_log(&r, &log), OK);
	log_event(whole, 32, &first);
	log_event(whole, 33, &second);
	assert_int_equal(first.pcr, second.pcr);
	middle = second.offset;
	end = (size_t)(second.data.p - whole.p) + second.data.n;
	buffer_bytes(&b, bytes_of(whole.p, first.offset));
	buffer_bytes(&b, bytes_of(whole.p + middle, end - middle));
	buffer_bytes(&b, bytes_of(whole.p + first.offset, middle - first.offset));
	buffer_bytes(&b, bytes_of(whole.p + end, whole.n - end));
	assert_int_equal(b.n, whole.n);
	assert_false(same_values(&b, &r));
}

static void
a_log_that_was_not_read_to_its_end_is_not_ok(void **state)
{
	static struct log_file f;
	struct eventlog log;
	struct event ev;

	(void)state;
	eventlog_begin(&log, log_load("two-events", &f), EVENTLOG_SHOW);
	assert_true(eventlog_next(&log, &ev));
	assert_int_equal(eventlog_end(&log), E_TRAILING);
	assert_true(eventlog_next(&log, &ev));
	assert_false(eventlog_next(&log, &ev));
	assert_false(eventlog_next(&log, &ev));
	assert_int_equal(eventlog_end(&log), OK);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_real_log_is_read_or_refused_with_its_reason),
		cmocka_unit_test(every_real_log_replays_to_the_values_stated),
		cmocka_unit_test(a_log_cut_at_any_byte_is_refused_unless_an_event_ended_there),
		cmocka_unit_test(each_change_is_refused_with_its_own_reason),
		cmocka_unit_test(every_fault_has_a_name_and_a_sentence),
		cmocka_unit_test(an_empty_log_and_one_of_padding_only_are_refused),
		cmocka_unit_test(padding_of_zeros_or_ones_ends_a_log),
		cmocka_unit_test(a_second_spec_id_event_is_refused),
		cmocka_unit_test(an_event_that_lacks_a_listed_algorithm_is_shown_but_not_appraised),
		cmocka_unit_test(digests_of_unknown_algorithms_are_stepped_over_by_the_sizes_of_the_head),
		cmocka_unit_test(pcr_0_starts_with_the_locality_of_the_startup),
		cmocka_unit_test(pcr_0_starts_with_4_when_an_h_crtm_event_is_its_first),
		cmocka_unit_test(a_second_or_a_late_startup_locality_is_refused),
		cmocka_unit_test(a_late_startup_locality_that_changes_nothing_is_read),
		cmocka_unit_test(no_action_extends_nothing_whatever_its_digests_are),
		cmocka_unit_test(banks_are_replayed_in_their_own_order_not_in_the_logs),
		cmocka_unit_test(events_of_user_space_come_after_the_firmwares),
		cmocka_unit_test(an_event_left_out_doubled_silenced_or_moved_changes_the_values),
		cmocka_unit_test(two_events_of_one_pcr_in_the_other_order_change_the_values),
		cmocka_unit_test(a_log_that_was_not_read_to_its_end_is_not_ok),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
