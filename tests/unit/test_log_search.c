/* SPDX-License-Identifier: ISC */
/*
 * Searches for a forged log (S3): logs of real boots, and of boots that somebody tampered with, changed in every way that can be
 * listed, each judged under the quote of the boot as it was.  Whatever the log says, the PCRs stay those of that boot.
 *
 * A boot that is denied must be denied under every change.  A boot that is approved may be approved under a change only
 * where nothing that a rule looks at says something else: bytes that no digest covers and that are there for people.
 *
 * A share of the bytes and events is tried; with LOG_SEARCH=all in the environment each of them, and each bit.
 */
#include "evidence_build.h"

#include "eventlog/event_cover.h"

#define EVENTS_MAX 256
#define DONORS_MAX 64

/* An event as it stands in a log: pcr 4 | type 4 | count 4, digests | size 4, data. */
struct piece {
	uint32_t pcr, type;
	struct bytes digests, data;
};

/* What a policy can know of a boot: for each PCR, a digest over what it was extended by, and what of it the digests prove. */
struct facts {
	uint8_t pcr[EVENT_PCR_MAX + 1][32];
};

static struct search {
	const char *name;
	struct built *b;
	struct bytes log, head;
	size_t pieces;
	struct piece piece[EVENTS_MAX];
	bool good;
	bool covered[LOG_SIZE_MAX]; /* bytes whose change is always a denial */
	struct facts facts;
	size_t bytes, events; /* one of so many is changed */
	size_t tried, approved;
} s;

/* Events of the honest boot: what a forger would like to show. */
static size_t donors;
static struct piece donor[DONORS_MAX];

static bool everything;
static size_t tried_of_all;

/* --- a log and its verdict --------------------------------------------------------------------------------------------- */

static void
read_pieces(struct bytes in)
{
	struct eventlog log;
	struct event ev;

	s.pieces = 0;
	eventlog_begin(&log, in, EVENTLOG_APPRAISE);
	while (eventlog_next(&log, &ev)) {
		size_t end = log.in.at;

		if (ev.number == 0) {
			s.head = bytes_of(in.p, end);
			continue;
		}
		assert_true(s.pieces < EVENTS_MAX);
		s.piece[s.pieces++] = (struct piece){ ev.pcr, ev.type, bytes_of(in.p + ev.offset + 8, end - ev.data.n - ev.offset - 12), ev.data };
	}
	assert_int_equal(eventlog_end(&log), OK);
}

/* Whether an event of Secure Boot's PCR, or of the boot applications', is what a rule takes it for: by what its digests prove. */
static void
add_proved(struct hash *h, const struct event *ev)
{
	struct event_data_variable v;
	enum event_cover_form form = event_cover_verify(ev).form;
	uint8_t separator = ev->type == EV_SEPARATOR && form == EVENT_COVER_DATA, action = ev->type == EV_EFI_ACTION && form == EVENT_COVER_DATA;

	hash_add(h, bytes_of(&separator, 1));
	hash_add(h, bytes_of(&action, 1));
	if (ev->pcr == 7 && event_cover_variable(ev, &v) == OK) {
		hash_add(h, v.guid);
		hash_add(h, v.name);
		hash_add(h, v.value);
	}
}

static struct facts
facts_of(struct bytes in)
{
	static struct facts f;
	struct hash h[EVENT_PCR_MAX + 1];
	struct eventlog log;
	struct event ev;

	for (size_t i = 0; i <= EVENT_PCR_MAX; i++)
		hash_begin(&h[i], HASH_SHA256);
	eventlog_begin(&log, in, EVENTLOG_APPRAISE);
	while (eventlog_next(&log, &ev)) {
		if (!event_extends(&ev))
			continue;
		for (size_t i = 0; i < s.b->selections; i++)
			hash_add(&h[ev.pcr], event_digest(&ev, (enum hash_alg)s.b->selection[i].alg));
		if (ev.pcr == 4 || ev.pcr == 7)
			add_proved(&h[ev.pcr], &ev);
	}
	for (size_t i = 0; i <= EVENT_PCR_MAX; i++)
		hash_end(&h[i], f.pcr[i]);
	return f;
}

/* The AK's signature is not made anew for each of a million logs: the verifier is told that it was verified (appraise.h, identified). */
static const struct verdict *
judge_log(struct bytes in)
{
	static struct public_area ak;
	struct built *b = s.b;
	struct references r = { b->reference, b->references };
	struct evidence e;
	struct appraisal a = { .evidence = &e, .machine = &b->machine, .policy = b->policy, .references = &r, .salting_key = &b->ek_name,
		.now = b->now, .identified = &ak };

	assert_int_equal(public_decode(bytes_of(b->machine.ak, b->machine.ak_n), &ak), OK);
	b->log = BUFFER(b->log_space);
	buffer_bytes(&b->log, in);
	assert_int_equal(b->log.failed, OK);
	build_bind(b);
	build_attest(b);
	e = build_evidence(b);
	assert_int_equal(appraise(&a, &b->verdict), OK);
	return &b->verdict;
}

static bool
try_log(struct bytes in, const char *what, size_t i, size_t k)
{
	const struct verdict *v = judge_log(in);
	struct facts f;

	s.tried++;
	if (v->decision == DECISION_DENY)
		return false;
	if (v->decision == DECISION_HOLD || !s.good)
		fail_msg("%s: %s (%zu, %zu): not denied", s.name, what, i, k);
	f = facts_of(in);
	if (memcmp(&f, &s.facts, sizeof f) != 0 || v->reasons > 0 || v->notes > 0)
		fail_msg("%s: %s (%zu, %zu): approved, though it says something else", s.name, what, i, k);
	s.approved++;
	return true;
}

/* --- changes ----------------------------------------------------------------------------------------------------------- */

static struct bytes
compose(const struct piece *piece, size_t n)
{
	static uint8_t space[LOG_SIZE_MAX];
	struct buffer out = BUFFER(space);

	buffer_bytes(&out, s.head);
	for (size_t i = 0; i < n; i++) {
		put_le32(&out, piece[i].pcr);
		put_le32(&out, piece[i].type);
		buffer_bytes(&out, piece[i].digests);
		put_le32(&out, (uint32_t)piece[i].data.n);
		buffer_bytes(&out, piece[i].data);
	}
	assert_int_equal(out.failed, OK);
	return buffer_view(&out);
}

/* The base with the pieces from ${at} on, ${old} of them, replaced. */
static void
try_pieces(size_t at, size_t old, const struct piece *new, size_t n, const char *what, size_t k)
{
	static struct piece changed[EVENTS_MAX + 2];

	memcpy(changed, s.piece, at * sizeof *changed);
	if (n > 0)
		memcpy(changed + at, new, n * sizeof *changed);
	memcpy(changed + at + n, s.piece + at + old, (s.pieces - at - old) * sizeof *changed);
	(void)try_log(compose(changed, s.pieces - old + n), what, at, k);
}

/* The ${k}-th other value of a byte: each bit alone, none, all. */
static uint8_t
other_value(uint8_t byte, size_t k)
{
	static const uint8_t ends[] = { 0x00, 0xff };
	unsigned flipped = byte ^ 1u << (k & 7);

	return k < 8 ? (uint8_t)flipped : ends[k & 1];
}

static void
change_bytes(void)
{
	static uint8_t space[LOG_SIZE_MAX];
	struct bytes in = bytes_of(space, s.log.n);
	size_t values = everything && s.pieces < 64 ? 10 : 1;

	memcpy(space, s.log.p, s.log.n);
	for (size_t i = s.log.n % s.bytes; i < s.log.n; i += s.bytes) {
		for (size_t k = 0; k < values; k++) {
			space[i] = other_value(s.log.p[i], k);
			if (space[i] != s.log.p[i] && try_log(in, "a byte", i, space[i]) && s.covered[i])
				fail_msg("%s: byte %zu is covered, but approved as %02x", s.name, i, space[i]);
		}
		space[i] = s.log.p[i];
	}
}

static void
cut_and_lengthen(void)
{
	static uint8_t space[LOG_SIZE_MAX];

	for (size_t n = 0; n < s.log.n; n += s.bytes)
		(void)try_log(bytes_of(s.log.p, n), "cut", n, 0);
	memcpy(space, s.log.p, s.log.n);
	for (size_t n = 1; n <= 64 && s.log.n + n <= sizeof space; n += s.events)
		for (unsigned byte = 0; byte <= 0xff; byte += 0x33) {
			memset(space + s.log.n, (int)byte, n);
			(void)try_log(bytes_of(space, s.log.n + n), "lengthened", n, byte);
		}
}

static void
remove_double_swap(void)
{
	for (size_t i = 0; i < s.pieces; i++) {
		struct piece two[] = { s.piece[i], s.piece[i] };

		try_pieces(i, 1, NULL, 0, "removed", 0);
		try_pieces(i, 1, two, 2, "doubled", 0);
		if (i + 1 == s.pieces)
			continue;
		two[0] = s.piece[i + 1];
		try_pieces(i, 2, two, 2, "swapped with the next", 0);
	}
}

static const uint32_t types[] = {
	EV_PREBOOT_CERT, EV_POST_CODE, EV_UNUSED, EV_NO_ACTION, EV_SEPARATOR, EV_ACTION, EV_EVENT_TAG, EV_S_CRTM_CONTENTS, EV_S_CRTM_VERSION,
	EV_CPU_MICROCODE, EV_PLATFORM_CONFIG_FLAGS, EV_TABLE_OF_DEVICES, EV_COMPACT_HASH, EV_IPL, EV_IPL_PARTITION_DATA, EV_NONHOST_CODE,
	EV_NONHOST_CONFIG, EV_NONHOST_INFO, EV_OMIT_BOOT_DEVICE_EVENTS, EV_POST_CODE2, EV_EFI_VARIABLE_DRIVER_CONFIG, EV_EFI_VARIABLE_BOOT,
	EV_EFI_BOOT_SERVICES_APPLICATION, EV_EFI_BOOT_SERVICES_DRIVER, EV_EFI_RUNTIME_SERVICES_DRIVER, EV_EFI_GPT_EVENT, EV_EFI_ACTION,
	EV_EFI_PLATFORM_FIRMWARE_BLOB, EV_EFI_HANDOFF_TABLES, EV_EFI_PLATFORM_FIRMWARE_BLOB2, EV_EFI_HANDOFF_TABLES2, EV_EFI_VARIABLE_BOOT2,
	EV_EFI_GPT_EVENT2, EV_EFI_HCRTM_EVENT, EV_EFI_VARIABLE_AUTHORITY, EV_EFI_SPDM_FIRMWARE_BLOB, EV_EFI_SPDM_FIRMWARE_CONFIG,
	EV_EFI_SPDM_DEVICE_POLICY, EV_EFI_SPDM_DEVICE_AUTHORITY, UINT32_C(0x12345678), UINT32_C(0xfffffffe), UINT32_C(0xffffffff),
};

static void
retype_and_move(void)
{
	for (size_t i = s.pieces % s.events; i < s.pieces; i += s.events) {
		struct piece p = s.piece[i];

		for (size_t k = 0; k < sizeof types / sizeof types[0]; k++) {
			p.type = types[k];
			try_pieces(i, 1, &p, 1, "of another type", types[k]);
		}
		p.type = s.piece[i].type;
		for (uint32_t pcr = 0; pcr <= EVENT_PCR_MAX + 2; pcr++) {
			p.pcr = pcr <= EVENT_PCR_MAX + 1 ? pcr : EVENT_PCR_NONE;
			try_pieces(i, 1, &p, 1, "of another PCR", pcr);
		}
	}
}

/* The label and the data of ${d} beside the digests of each event; with the PCR of ${d}, too; and ${d} itself at each place. */
static void
forge_as(const struct piece *d, size_t k)
{
	for (size_t i = k % s.events; i < s.pieces; i += s.events) {
		struct piece p = s.piece[i];

		p.data = d->data;
		try_pieces(i, 1, &p, 1, "with the data of another", k);
		p.type = d->type;
		try_pieces(i, 1, &p, 1, "with type and data of another", k);
		p.pcr = d->pcr;
		try_pieces(i, 1, &p, 1, "with PCR, type and data of another", k);
		try_pieces(i, 1, d, 1, "replaced by another", k);
		try_pieces(i, 0, d, 1, "one more", k);
	}
}

/* Types and data that say what a rule would like to hear, or what changes how the rest is read. */
static void
forge_no_actions(void)
{
	static const char *const texts[] = { "StartupLocality\0\0", "StartupLocality\0\3", "StartupLocality\0\4", "Spec ID Event03", "SP800-155 Event" };

	for (size_t k = 0; k < sizeof texts / sizeof texts[0]; k++)
		for (size_t i = k % s.events; i <= s.pieces; i += s.events) {
			struct piece p = { 0, EV_NO_ACTION, s.piece[0].digests, bytes_of(texts[k], 17 - (k > 2)) };

			try_pieces(i, 0, &p, 1, "a note of firmware added", k);
		}
}

static void
forge(void)
{
	for (size_t k = 0; k < donors; k++)
		forge_as(&donor[k], k);
	for (size_t k = 0; k < s.pieces; k += s.pieces < 64 ? 1 : 8)
		forge_as(&s.piece[k], k);
	forge_no_actions();
}

/* Two events swapped, wherever they are; and their digests alone. */
static void
swap_all(void)
{
	static struct piece changed[EVENTS_MAX];

	for (size_t i = 0; i < s.pieces; i += s.events)
		for (size_t k = i + 2; k < s.pieces; k += s.pieces < 64 ? s.events : s.events * 8) {
			memcpy(changed, s.piece, sizeof changed);
			changed[i] = s.piece[k];
			changed[k] = s.piece[i];
			(void)try_log(compose(changed, s.pieces), "swapped", i, k);
			changed[i].type = s.piece[i].type;
			changed[i].data = s.piece[i].data;
			changed[k].type = s.piece[k].type;
			changed[k].data = s.piece[k].data;
			(void)try_log(compose(changed, s.pieces), "digests swapped", i, k);
		}
}

/* --- bases ------------------------------------------------------------------------------------------------------------- */

static void
cover(struct bytes part)
{
	memset(s.covered + (part.p - s.log.p), true, part.n);
}

/* Digests of SHA-1, which is never quoted, are proved by nothing. */
static void
cover_digests(struct bytes digests)
{
	struct reader r = reader_of(digests);
	uint32_t n = reader_le32(&r);

	cover(bytes_of(digests.p, 4));
	for (uint32_t i = 0; i < n; i++) {
		size_t at = r.at;
		enum hash_alg alg = (enum hash_alg)reader_le16(&r);

		(void)reader_take(&r, hash_size(alg));
		cover(bytes_of(digests.p + at, alg == HASH_SHA1 ? 2 : r.at - at));
	}
	assert_int_equal(reader_end(&r), OK);
}

/*
 * Of the head: what makes it one, and the list of algorithms.  Of each event that extends: PCR, count and digests; in PCR 7 the data,
 * in PCR 4 those of separators and actions.
 */
static void
mark_covered(void)
{
	memset(s.covered, false, sizeof s.covered);
	cover(bytes_of(s.head.p, 32 + 15)); /* "Spec ID Event03" */
	cover(bytes_of(s.head.p + 32 + 24, s.head.n - 32 - 24));
	for (size_t i = 0; i < s.pieces; i++) {
		const struct piece *p = &s.piece[i];

		if (p->type == EV_NO_ACTION)
			continue;
		cover(bytes_of(p->digests.p - 8, 4));
		cover_digests(p->digests);
		if (p->pcr == 7 || (p->pcr == 4 && (p->type == EV_SEPARATOR || p->type == EV_EFI_ACTION)))
			cover(p->data);
	}
}

/* The quote of the boot that this log is of, user space included. */
static void
freeze(void)
{
	struct built *b = s.b;
	struct eventlog log;
	struct replay r;
	struct hash h;

	eventlog_begin(&log, s.log, EVENTLOG_APPRAISE);
	assert_int_equal(replay_log(&r, &log), OK);
	for (size_t i = 0; i < b->users.n; i++) {
		struct event_digest d[QUOTE_BANKS_MAX];
		const struct user_event *u = &b->users.event[i];

		for (size_t k = 0; k < u->digests; k++)
			d[k] = (struct event_digest){ (uint16_t)u->digest[k].alg, digest_view(&u->digest[k]) };
		assert_int_equal(replay_user_event(&r, u->pcr, d, u->digests), OK);
	}
	hash_begin(&h, ec_hash(b->ak.public.curve));
	for (size_t i = 0; i < b->selections; i++)
		for (unsigned pcr = 0; pcr < BUILD_PCRS; pcr++)
			hash_add(&h, replay_value(&r, (enum hash_alg)b->selection[i].alg, pcr));
	b->pcr_digest.alg = ec_hash(b->ak.public.curve);
	b->pcr_digest.n = hash_end(&h, b->pcr_digest.p);
	b->frozen = true;
}

static void
begin(const char *name, struct bytes log)
{
	static uint8_t space[LOG_SIZE_MAX];

	assert_true(log.n <= sizeof space);
	memcpy(space, log.p, log.n);
	s.name = name;
	s.log = bytes_of(space, log.n);
	s.tried = s.approved = 0;
	read_pieces(s.log);
	freeze();
	mark_covered();
	s.facts = facts_of(s.log);
	s.good = judge_log(s.log)->decision == DECISION_APPROVE;
}

static void
end(void)
{
	print_message("# %s: %zu changes tried, %zu of them in what is there for people\n", s.name, s.tried, s.approved);
	tried_of_all += s.tried;
}

/* One of so many bytes and events, where not everything is tried. */
static void
search(size_t bytes, size_t events)
{
	s.bytes = everything ? 1 : bytes;
	s.events = everything ? 1 : events;
	change_bytes();
	cut_and_lengthen();
	remove_double_swap();
	retype_and_move();
	forge();
	swap_all();
	end();
}

static void
use_shipped_policy(const char *path)
{
	static uint8_t space[65536];
	struct buffer text = BUFFER(space);

	assert_int_equal(file_read(path, &text), OK);
	build_policy(s.b, buffer_view(&text));
}

/* --- the honest boot, and what was done to it -------------------------------------------------------------------------- */

static void
lend(void)
{
	donors = 0;
	for (size_t i = 0; i < s.pieces && i < DONORS_MAX; i++) {
		donor[donors] = s.piece[i];
		donor[donors].digests = build_keep(s.b, s.piece[i].digests);
		donor[donors++].data = build_keep(s.b, s.piece[i].data);
	}
}

static void
the_log_of_an_honest_boot_has_no_other_reading(void **state)
{
	static const char *const policies[] = { "policy/uki.conf", BUILD_POLICY };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		s.b = build_begin();
		use_shipped_policy(policies[i]);
		build_log(s.b);
		begin(policies[i], buffer_view(&s.b->log));
		assert_true(s.good);
		donors = 0;
		search(i == 0 ? 8 : 32, i == 0 ? 5 : 11);
		assert_true(s.approved > 0);
	}
}

static void
other_image(struct built *b)
{
	build_measure(b, BUILD_UKI, BYTES_STRING("other"));
}

static void
other_program_first(struct built *b)
{
	build_insert(b, BUILD_UKI, 4, EV_EFI_BOOT_SERVICES_APPLICATION, BYTES_STRING("shell"), b->event[BUILD_UKI].data);
}

static void
other_kernel_section(struct built *b)
{
	build_measure(b, BUILD_LINUX, BYTES_STRING("other"));
}

static void
other_initrd(struct built *b)
{
	build_measure(b, BUILD_INITRD, BYTES_STRING("other"));
}

static void
extra_initrd(struct built *b)
{
	build_insert(b, BUILD_INITRD + 1, 9, EV_EVENT_TAG, BYTES_STRING("extra"), b->event[BUILD_INITRD].data);
}

static void
other_command_line(struct built *b)
{
	build_measure(b, BUILD_CMDLINE, BYTES_STRING("init=/bin/sh"));
	build_measure(b, BUILD_LOAD_OPTIONS, BYTES_STRING("i\0n\0i\0t\0=\0/\0b\0i\0n\0/\0s\0h\0\0\0"));
}

static void
typed_command_line(struct built *b)
{
	build_insert(b, BUILD_LINUX_NAME, 12, EV_IPL, BYTES_STRING("x\0"), BYTES_STRING("x\0"));
}

static void
secure_boot_off(struct built *b)
{
	struct bytes v = build_keep(b, b->event[BUILD_SECURE_BOOT].data);

	b->data[b->data_n - 1] = 0;
	b->event[BUILD_SECURE_BOOT].data = v;
	build_measure(b, BUILD_SECURE_BOOT, v);
}

/* Off in truth, and then everything that "on" would have extended, once more. */
static void
secure_boot_off_then_on(struct built *b)
{
	for (size_t i = BUILD_SECURE_BOOT; i <= BUILD_SEPARATOR_7; i++)
		b->event[b->events++] = b->event[i];
	secure_boot_off(b);
}

static void
closed_door(struct built *b)
{
	build_insert(b, b->events, DOOR_PCR, EV_IPL, BYTES_STRING("x"), BYTES_STRING("x"));
}

static void
used_pcr_15(struct built *b)
{
	build_insert(b, b->events, 15, EV_IPL, BYTES_STRING("x"), BYTES_STRING("x"));
}

static void
no_log_explains_a_tampered_boot_away(void **state)
{
	static const struct {
		const char *name;
		void (*tamper)(struct built *b);
	} boots[] = {
		{ "another image", other_image },
		{ "another program first", other_program_first },
		{ "another kernel in the image", other_kernel_section },
		{ "another initrd", other_initrd },
		{ "an extra initrd", extra_initrd },
		{ "another command line", other_command_line },
		{ "a command line typed at the loader", typed_command_line },
		{ "Secure Boot off", secure_boot_off },
		{ "Secure Boot off, a good configuration extended later", secure_boot_off_then_on },
		{ "the door closed", closed_door },
		{ "PCR 15 used", used_pcr_15 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof boots / sizeof boots[0]; i++) {
		s.b = build_begin();
		use_shipped_policy("policy/uki.conf");
		build_log(s.b);
		begin("honest", buffer_view(&s.b->log));
		lend();
		boots[i].tamper(s.b);
		build_log(s.b);
		begin(boots[i].name, buffer_view(&s.b->log));
		assert_false(s.good);
		search(128, 17);
	}
}

/* --- other real boots -------------------------------------------------------------------------------------------------- */

/* What this boot started and which keys it had, as values that are allowed; all else is ignored, so that little stops a forger. */
static void
learn(void)
{
	static const char text[] = "policy learnt { version = 1 banks = { sha256 } on-restart = hold\n"
		"pcr 0 { ignore = \"all\" } pcr 1 { ignore = \"all\" } pcr 2 { ignore = \"all\" } pcr 3 { ignore = \"all\" }\n"
		"pcr 4 { rule = boot-applications applications = uki }\n"
		"pcr 5 { ignore = \"all\" } pcr 6 { ignore = \"all\" }\n"
		"pcr 7 { rule = secure-boot pk = sb kek = sb db = sb dbx = sb authorities = sb }\n"
		"pcr 8 { ignore = \"all\" } pcr 9 { ignore = \"all\" } pcr 10 { ignore = \"all\" } pcr 11 { ignore = \"all\" } pcr 12 { ignore = \"all\" }\n"
		"pcr 13 { rule = door } pcr 14 { ignore = \"all\" } pcr 15 { ignore = \"all\" } }\n";
	struct eventlog log;
	struct event ev;

	build_policy(s.b, BYTES_STRING(text));
	s.b->references = 0;
	eventlog_begin(&log, s.log, EVENTLOG_APPRAISE);
	while (eventlog_next(&log, &ev)) {
		if (event_extends(&ev) && ev.pcr == 7)
			build_reference(s.b, "sb", event_digest(&ev, HASH_SHA256));
		if (ev.pcr == 4 && ev.type == EV_EFI_BOOT_SERVICES_APPLICATION)
			build_reference(s.b, "uki", event_digest(&ev, HASH_SHA256));
		assert_true(s.b->references < sizeof s.b->reference / sizeof s.b->reference[0]);
	}
}

/* The banks of another machine; nothing of its user space is known. */
static void
select_banks(struct bytes in)
{
	struct eventlog log;

	eventlog_begin(&log, in, EVENTLOG_APPRAISE);
	s.b->users.n = s.b->selections = 0;
	for (size_t i = 0; i < log.algs; i++)
		if (log.alg[i].alg != HASH_SHA1 && hash_known(log.alg[i].alg))
			s.b->selection[s.b->selections++] = (struct pcr_selection){ log.alg[i].alg, 0xffff };
}

static void
logs_of_other_machines_have_no_other_reading(void **state)
{
	static const struct {
		const char *name;
		bool good;
	} logs[] = {
		{ "amd635", false },
		{ "arch-linux-workstation", false },
		{ "create-mb-policy", false },
		{ "crypto-agile", false },
		{ "fedora-secureboot", true },
		{ "gdc-host", false },
		{ "ideapad", false },
		{ "intel-server", true },
		{ "moklisttrusted", true },
		{ "rhel8-gce", true },
		{ "rust-keylime", false },
		{ "sb-cert", true },
		{ "sp800155", true },
		{ "sr645", false },
		{ "ubuntu-2104-no-secure-boot", false },
		{ "ubuntu-2404-sevsnp", false },
	};
	static struct log_file f;

	(void)state;
	for (size_t i = 0; i < sizeof logs / sizeof logs[0]; i++) {
		struct bytes in = log_load(logs[i].name, &f);

		s.b = build_begin();
		select_banks(in);
		begin(logs[i].name, in);
		learn();
		begin(logs[i].name, in);
		donors = 0;
		if (s.good != logs[i].good)
			fail_msg("%s: %s", s.name, s.b->verdict.reasons > 0 ? s.b->verdict.reason[0].text : "approved");
		search(2048, 70);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_log_of_an_honest_boot_has_no_other_reading),
		cmocka_unit_test(no_log_explains_a_tampered_boot_away),
		cmocka_unit_test(logs_of_other_machines_have_no_other_reading),
	};
	const char *all = getenv("LOG_SEARCH");
	int failed;

	everything = all != NULL && strcmp(all, "all") == 0;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	printf("# count: %zu forged event logs\n", tried_of_all);
	return failed;
}
