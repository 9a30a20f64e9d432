/* SPDX-License-Identifier: ISC */
/*
 * Each mutation is one change to evidence that is approved, and the exact set of checks that must tell it.  So a check that is
 * taken out, or answers for another, fails here.
 */
#include "evidence_build.h"

#define OK_APPROVED ""

/* A change before the TPM quotes; to the encoded binding; to the attestation before it is signed; to the signed evidence. */
struct mutation {
	const char *name;
	void (*facts)(struct built *b);
	void (*bound)(struct built *b);
	void (*attested)(struct built *b);
	void (*sent)(struct built *b);
	enum decision decision;
	const char *checks;
};

static const struct verdict *
judge(const struct mutation *m, struct built *b)
{
	if (m->facts != NULL)
		m->facts(b);
	if (b->log.n == 0)
		build_log(b);
	build_bind(b);
	if (m->bound != NULL)
		m->bound(b);
	build_attest(b);
	if (m->attested != NULL)
		m->attested(b);
	build_sign(b);
	if (m->sent != NULL)
		m->sent(b);
	return build_judge(b);
}

static unsigned attacks;

static void
run(const struct mutation *m, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct verdict *v = judge(&m[i], build_begin());
		char failed[256];

		attacks += m[i].decision != DECISION_APPROVE;
		build_failed(v, failed);
		if (strcmp(failed, m[i].checks) != 0 || v->decision != m[i].decision) {
			for (size_t k = 0; k < v->reasons; k++)
				print_message("  %s %s\n", v->reason[k].check, v->reason[k].text);
			fail_msg("%s: decision %d by [%s], expected %d by [%s]", m[i].name, (int)v->decision, failed, (int)m[i].decision, m[i].checks);
		}
	}
}

#define RUN(table) run((table), sizeof(table) / sizeof((table)[0]))

/* ${b} judged without a change but those already made. */
static const struct verdict *
judge_plain(struct built *b)
{
	const struct mutation none = { .name = "none" };

	return judge(&none, b);
}

static void
assert_failed(const struct verdict *v, enum decision decision, const char *checks, const char *said)
{
	char failed[256];

	assert_string_equal(build_failed(v, failed), checks);
	assert_int_equal(v->decision, decision);
	if (said != NULL && strstr(v->reason[0].text, said) == NULL)
		fail_msg("\"%s\" is not in \"%s\"", said, v->reason[0].text);
}

static void
keep_ak(struct built *b, enum ec_curve curve, uint32_t attributes)
{
	uint8_t d[48];

	memset(d, 0x42, sizeof d);
	assert_int_equal(ec_private_from_d(curve, bytes_of(d, ec_field_size(curve)), &b->ak), OK);
	b->machine.ak_n = build_ak_public(&b->ak, attributes, b->machine.ak);
	b->signature_hash = (uint16_t)ec_hash(curve);
}

/* --- what is approved -------------------------------------------------------------------------------------------------- */

static void
use_p384(struct built *b)
{
	keep_ak(b, EC_P384, BUILD_AK_ATTRIBUTES);
}

static void
forget_phase(struct built *b)
{
	b->users.n = 1;
}

static void
measure_phase_first(struct built *b)
{
	struct user_event first = b->users.event[0];

	b->users.event[0] = b->users.event[1];
	b->users.event[1] = first;
}

static void
change_display(struct built *b)
{
	struct bytes data = build_keep(b, b->event[BUILD_UKI].data);

	b->data[(size_t)(data.p - b->data) + 70] ^= 0x20;
	b->event[BUILD_UKI].data = data;
}

static void
seen_nothing(struct built *b)
{
	b->machine.seen = false;
}

static void
be_same_boot(struct built *b)
{
	b->reset_count = b->machine.seen_reset;
	b->clock = b->machine.seen_clock + 1;
}

static void
be_unsafe(struct built *b)
{
	be_same_boot(b);
	b->clock = 0;
	b->safe = false;
}

static void
was_unsafe(struct built *b)
{
	be_same_boot(b);
	b->clock = 0;
	b->machine.seen_safe = false;
}

static void
name_restarts(struct built *b)
{
	build_policy_with(b, "on-restart = hold", "on-restart = name");
	b->restart_count = 2;
}

static void
quote_sha512(struct built *b)
{
	b->bank[b->banks] = HASH_SHA512;
	for (size_t i = 0; i < b->events; i++)
		hash_compute(HASH_SHA512, b->event[i].data, b->event[i].digest[b->banks]);
	/* The digests that are no hashes of data in the log are only bound to be something; names of sections are hashed as they are. */
	for (size_t i = BUILD_LINUX_NAME; i < BUILD_INITRD_SECTION; i += 2) {
		char name[16] = "";
		size_t n = b->event[i].data.n / 2;

		for (size_t k = 0; k < n; k++)
			name[k] = (char)b->event[i].data.p[2 * k];
		hash_compute(HASH_SHA512, bytes_of(name, n), b->event[i].digest[b->banks]);
	}
	hash_compute(HASH_SHA512, BYTES_STRING(BUILD_COMMAND_LINE), b->event[BUILD_CMDLINE].digest[b->banks]);
	b->banks++;
	b->selection[b->selections++] = (struct pcr_selection){ HASH_SHA512, 0xffff };
	for (size_t i = 0; i < b->users.n; i++)
		b->users.event[i].digest[b->users.event[i].digests++] = hash_digest(HASH_SHA512, b->users.event[i].data);
	build_remove(b, BUILD_LOAD_OPTIONS);
}

static void
an_honest_boot_is_approved(void **state)
{
	static const struct mutation good[] = {
		{ "untouched", NULL, NULL, NULL, NULL, DECISION_APPROVE, OK_APPROVED },
		{ "an AK on P-384", use_p384, NULL, NULL, NULL, DECISION_APPROVE, OK_APPROVED },
		{ "the phase not yet measured", forget_phase, NULL, NULL, NULL, DECISION_APPROVE, OK_APPROVED },
		{ "the phase measured first", measure_phase_first, NULL, NULL, NULL, DECISION_APPROVE, OK_APPROVED },
		{ "data for display only are another", change_display, NULL, NULL, NULL, DECISION_APPROVE, OK_APPROVED },
		{ "the first evidence", seen_nothing, NULL, NULL, NULL, DECISION_APPROVE, OK_APPROVED },
		{ "a second try in one boot", be_same_boot, NULL, NULL, NULL, DECISION_APPROVE, OK_APPROVED },
		{ "a clock that the TPM calls unsafe", be_unsafe, NULL, NULL, NULL, DECISION_APPROVE, OK_APPROVED },
		{ "a clock that was unsafe last time", was_unsafe, NULL, NULL, NULL, DECISION_APPROVE, OK_APPROVED },
		{ "a restart, where the policy only names it", name_restarts, NULL, NULL, NULL, DECISION_APPROVE, OK_APPROVED },
		{ "three banks", quote_sha512, NULL, NULL, NULL, DECISION_APPROVE, OK_APPROVED },
	};

	(void)state;
	RUN(good);
}

/* --- S4: quotes that are none ------------------------------------------------------------------------------------------ */

static void
set_magic(struct built *b)
{
	b->magic = UINT32_C(0xff544348);
}

static void
set_certify(struct built *b)
{
	b->type = 0x8017;
}

static void
add_byte_to_attest(struct built *b)
{
	buffer_u8(&b->attest, 0);
}

static void
sign_by_other(struct built *b)
{
	struct ec_private ak = b->ak;
	uint8_t d[32];

	memset(d, 0x77, sizeof d);
	assert_int_equal(ec_private_from_d(EC_P256, BYTES(d), &b->ak), OK);
	build_sign(b);
	b->ak = ak;
}

static void
break_signature(struct built *b)
{
	b->signature_space[20] ^= 1;
}

static void
say_sha384(struct built *b)
{
	b->signature_hash = HASH_SHA384;
}

static void
say_rsassa(struct built *b)
{
	b->signature_scheme = SCHEME_RSASSA;
}

static void
enrol_unrestricted(struct built *b)
{
	keep_ak(b, EC_P256, BUILD_AK_ATTRIBUTES & ~UINT32_C(0x00010000));
}

static void
enrol_duplicable(struct built *b)
{
	keep_ak(b, EC_P256, BUILD_AK_ATTRIBUTES & ~UINT32_C(0x00000012));
}

static void
enrol_no_ak(struct built *b)
{
	b->machine.ak_n = 0;
}

static void
rebind(struct built *b)
{
	build_bind(b);
}

static void
change_nonce(struct built *b)
{
	static const uint8_t other[32] = { 9 };

	b->binding.nonce = BYTES(other);
	rebind(b);
}

static void
change_tpm_nonce(struct built *b)
{
	static const uint8_t other[32] = { 9 };

	b->binding.nonce_tpm = BYTES(other);
	rebind(b);
}

static void
change_hpke_key(struct built *b)
{
	b->binding.hpke_key[0] ^= 1;
	rebind(b);
}

static void
cut_attest(struct built *b)
{
	b->attest.n--;
}

static void
s4_a_forged_quote_is_denied(void **state)
{
	static const struct mutation forged[] = {
		{ "wrong magic", set_magic, NULL, NULL, NULL, DECISION_DENY, "A3" },
		{ "a certification instead of a quote", set_certify, NULL, NULL, NULL, DECISION_DENY, "A3" },
		{ "a byte too many", NULL, NULL, add_byte_to_attest, NULL, DECISION_DENY, "A3" },
		{ "a byte too few", NULL, NULL, cut_attest, NULL, DECISION_DENY, "A3" },
		{ "another key", NULL, NULL, NULL, sign_by_other, DECISION_DENY, "A5" },
		{ "a broken signature", NULL, NULL, NULL, break_signature, DECISION_DENY, "A5" },
		{ "another hash than the key's", say_sha384, NULL, NULL, NULL, DECISION_DENY, "A5" },
		{ "another scheme than the key's", say_rsassa, NULL, NULL, NULL, DECISION_DENY, "A5" },
		{ "an unrestricted key in the record", enrol_unrestricted, NULL, NULL, NULL, DECISION_DENY, "A4" },
		{ "a duplicable key in the record", enrol_duplicable, NULL, NULL, NULL, DECISION_DENY, "A4" },
		{ "no key in the record", enrol_no_ak, NULL, NULL, NULL, DECISION_DENY, "A4" },
		{ "another verifier's nonce", NULL, NULL, NULL, change_nonce, DECISION_DENY, "A6" },
		{ "another session of the TPM", NULL, NULL, NULL, change_tpm_nonce, DECISION_DENY, "A6" },
		{ "another key for the shares", NULL, NULL, NULL, change_hpke_key, DECISION_DENY, "A6" },
	};

	(void)state;
	RUN(forged);
}

/* --- the machine ------------------------------------------------------------------------------------------------------- */

static void
break_binding(struct built *b)
{
	b->binding_space[b->encoded.n - 1] ^= 0xff;
	b->encoded.n--;
}

static void
name_other_machine(struct built *b)
{
	b->binding.machine[31] ^= 1;
}

static void
deactivate(struct built *b)
{
	b->machine.active = false;
}

static void
freeze_machine(struct built *b)
{
	b->machine.frozen = true;
}

static void
salt_to_other(struct built *b)
{
	b->binding.salting_key.p[20] ^= 1;
}

static void
know_no_ek(struct built *b)
{
	b->ek_name.n = 0;
}

static void
replace_machine_key(struct built *b)
{
	b->binding.machine_key[0] ^= 1;
}

static void
claim_no_index(struct built *b)
{
	b->binding.indices = 0;
}

static void
claim_old_epoch(struct built *b)
{
	b->binding.index[0].epoch--;
}

static void
claim_later_epoch(struct built *b)
{
	b->binding.index[0].epoch++;
}

static void
claim_foreign_index(struct built *b)
{
	b->binding.indices = 2;
	b->binding.index[1] = (struct index_claim){ UINT32_C(0x018b4777), b->machine.epoch + 1 };
}

static void
claim_next_index(struct built *b)
{
	b->binding.indices = 2;
	b->binding.index[1] = (struct index_claim){ b->machine.nv_handle_next, b->machine.epoch + 1 };
}

static void
evidence_for_another_machine_or_secret_is_denied(void **state)
{
	static const struct mutation changed[] = {
		{ "a binding that is none", NULL, break_binding, NULL, NULL, DECISION_DENY, "A1" },
		{ "another machine", name_other_machine, NULL, NULL, NULL, DECISION_DENY, "A2" },
		{ "not yet accepted", deactivate, NULL, NULL, NULL, DECISION_HOLD, "A7" },
		{ "frozen", freeze_machine, NULL, NULL, NULL, DECISION_DENY, "A8" },
		{ "salted to another key", salt_to_other, NULL, NULL, NULL, DECISION_DENY, "A9" },
		{ "another machine key", replace_machine_key, NULL, NULL, NULL, DECISION_DENY, "A10" },
		{ "no index", claim_no_index, NULL, NULL, NULL, DECISION_DENY, "A11" },
		{ "an index of an old epoch", claim_old_epoch, NULL, NULL, NULL, DECISION_DENY, "A26" },
		{ "an index of an epoch to come", claim_later_epoch, NULL, NULL, NULL, DECISION_DENY, "A11" },
		{ "a foreign index", claim_foreign_index, NULL, NULL, NULL, DECISION_DENY, "A11" },
		{ "the next index, too", claim_next_index, NULL, NULL, NULL, DECISION_APPROVE, OK_APPROVED },
	};

	(void)state;
	RUN(changed);
}

static void
a_record_without_keys_approves_nothing(void **state)
{
	struct built *b = build_begin();

	(void)state;
	know_no_ek(b);
	b->binding.salting_key.n = 34;
	assert_failed(judge_plain(b), DECISION_DENY, "A9", "enrol it again");
	b = build_begin();
	memset(b->machine.machine_key, 0, sizeof b->machine.machine_key);
	memset(b->binding.machine_key, 0, sizeof b->binding.machine_key);
	assert_failed(judge_plain(b), DECISION_DENY, "A10", "enrol the machine again");
}

/* --- S3: what is quoted and what the log says -------------------------------------------------------------------------- */

static void
quote_without_pcr_15(struct built *b)
{
	b->selection[0].pcrs = 0x7fff;
}

static void
quote_one_more(struct built *b)
{
	b->selection[0].pcrs = 0x1ffff;
}

static void
quote_without_ima(struct built *b)
{
	b->selection[0].pcrs = b->selection[1].pcrs = 0xfbff;
}

static void
quote_sha1_too(struct built *b)
{
	b->selection[b->selections++] = (struct pcr_selection){ HASH_SHA1, 0xffff };
}

static void
quote_sm3_too(struct built *b)
{
	b->selection[b->selections++] = (struct pcr_selection){ 0x0012, 0xffff };
}

static void
quote_nothing(struct built *b)
{
	b->selections = 0;
}

static void
quote_sha256_only(struct built *b)
{
	b->selections = 1;
}

static void
quote_empty_bank(struct built *b)
{
	b->selection[b->selections++] = (struct pcr_selection){ HASH_SHA512, 0xffff };
	for (size_t i = 0; i < b->users.n; i++)
		b->users.event[i].digest[b->users.event[i].digests++] = hash_digest(HASH_SHA512, b->users.event[i].data);
}

static void
need_sha512(struct built *b)
{
	build_policy_with(b, "banks = { sha256 }", "banks = { sha256, sha512 }");
}

static void
change_log(struct built *b)
{
	b->log_space[b->log.n - 1] ^= 1;
}

static void
change_users(struct built *b)
{
	b->users.event[0].name = BYTES_STRING("imb");
	b->user_events = BUFFER(b->users_space);
	assert_int_equal(message_user_events_encode(&b->users, &b->user_events), OK);
}

static void
cut_log(struct built *b)
{
	build_freeze(b);
	build_log(b);
	b->log.n--;
}

static void
send_tpm12_log(struct built *b)
{
	static struct log_file file;
	struct bytes log = log_load("tpm12-sha1", &file);

	b->log = BUFFER(b->log_space);
	buffer_bytes(&b->log, log);
}

static void
send_no_log(struct built *b)
{
	b->event[0].data = bytes_of(NULL, 0);
	b->log = BUFFER(b->log_space);
	buffer_bytes(&b->log, BYTES_STRING("no log"));
}

static void
forget_users_digest(struct built *b)
{
	b->users.event[0].digests = 1;
}

static void
measure_user_elsewhere(struct built *b)
{
	b->users.event[0].digests = 1;
	b->users.event[0].digest[0] = hash_digest(HASH_SHA512, BYTES_STRING("x"));
}

static void
garble_users(struct built *b)
{
	b->users_space[0] = 0xff;
	build_hash(buffer_view(&b->user_events), b->binding.user_events);
	b->encoded = BUFFER(b->binding_space);
	assert_int_equal(message_binding_encode(&b->binding, &b->encoded), OK);
}

static void
hide_event(struct built *b)
{
	build_freeze(b);
	build_remove(b, BUILD_LAST);
}

static void
invent_event(struct built *b)
{
	build_freeze(b);
	build_insert(b, b->events, 5, EV_EFI_ACTION, BYTES_STRING("x"), BYTES_STRING("x"));
}

static void
exchange_events(struct built *b)
{
	struct built_event e = b->event[BUILD_INITRD];

	build_freeze(b);
	b->event[BUILD_INITRD] = b->event[BUILD_LOAD_OPTIONS];
	b->event[BUILD_LOAD_OPTIONS] = e;
}

static void
hide_digest_in_one_bank(struct built *b)
{
	build_freeze(b);
	b->event[1].digest[1][0] ^= 1;
}

static void
call_it_no_action(struct built *b)
{
	build_freeze(b);
	b->event[1].type = EV_NO_ACTION;
}

static void
invent_phase(struct built *b)
{
	build_freeze(b);
	build_user(b, 11, "systemd-pcrphase", BYTES_STRING("enter-initrd"));
}

static void
s3_a_quote_over_less_than_it_must_is_denied(void **state)
{
	static const struct mutation less[] = {
		{ "without PCR 15", quote_without_pcr_15, NULL, NULL, NULL, DECISION_DENY, "A12" },
		{ "with PCR 16", quote_one_more, NULL, NULL, NULL, DECISION_DENY, "A12" },
		{ "without PCR 10, in a boot", quote_without_ima, NULL, NULL, NULL, DECISION_DENY, "A12" },
		{ "with SHA-1", quote_sha1_too, NULL, NULL, NULL, DECISION_DENY, "A12 A17 A18" },
		{ "with a bank that nobody here can compute", quote_sm3_too, NULL, NULL, NULL, DECISION_DENY, "A12 A17 A18" },
		{ "without the SHA-384 bank, which the firmware fills", quote_sha256_only, NULL, NULL, NULL, DECISION_DENY, "A17" },
		{ "with a bank that the firmware does not fill", quote_empty_bank, NULL, NULL, NULL, DECISION_DENY,
			"A17 A19" },
		{ "without a bank that the policy needs", need_sha512, NULL, NULL, NULL, DECISION_DENY, "A13" },
	};

	(void)state;
	RUN(less);
}

static void
a_quote_over_no_bank_is_denied(void **state)
{
	struct built *b = build_begin();

	(void)state;
	quote_nothing(b);
	assert_int_equal(judge_plain(b)->decision, DECISION_DENY);
	assert_string_equal(b->verdict.reason[0].check, "A12");
}

static void
s3_a_log_that_is_not_what_happened_is_denied(void **state)
{
	static const struct mutation logs[] = {
		{ "another log than the bound one", NULL, NULL, NULL, change_log, DECISION_DENY, "A14" },
		{ "other user-space events than the bound ones", NULL, NULL, NULL, change_users, DECISION_DENY, "A15" },
		{ "a log that is cut", cut_log, NULL, NULL, NULL, DECISION_DENY, "A16" },
		{ "a log of TPM 1.2", send_tpm12_log, NULL, NULL, NULL, DECISION_DENY, "A16" },
		{ "no log", send_no_log, NULL, NULL, NULL, DECISION_DENY, "A16" },
		{ "a user-space event without a digest of a bank", forget_users_digest, NULL, NULL, NULL, DECISION_DENY, "A18" },
		{ "a user-space event in a bank that is not there", measure_user_elsewhere, NULL, NULL, NULL, DECISION_DENY, "A18" },
		{ "user-space events that are none", NULL, garble_users, NULL, NULL, DECISION_DENY, "A18" },
		{ "an event left out", hide_event, NULL, NULL, NULL, DECISION_DENY, "A19" },
		{ "an event made up", invent_event, NULL, NULL, NULL, DECISION_DENY, "A19" },
		{ "two events exchanged", exchange_events, NULL, NULL, NULL, DECISION_DENY, "A19" },
		{ "another digest in one bank only", hide_digest_in_one_bank, NULL, NULL, NULL, DECISION_DENY, "A19" },
		{ "an event that is called none", call_it_no_action, NULL, NULL, NULL, DECISION_DENY, "A19" },
		{ "a user-space event made up", invent_phase, NULL, NULL, NULL, DECISION_DENY, "A19" },
	};

	(void)state;
	RUN(logs);
}

static void
what_cannot_be_explained_is_guessed_at(void **state)
{
	struct built *b = build_begin();

	(void)state;
	build_freeze(b);
	b->users.n = 1;
	assert_failed(judge_plain(b), DECISION_DENY, "A19", "PCR 11 was extended by \"enter-initrd\" as well");
	b = build_begin();
	invent_phase(b);
	assert_failed(judge_plain(b), DECISION_DENY, "A19", "without event 37 in PCR 11");
	b = build_begin();
	b->users.n = 0;
	build_freeze(b);
	build_user(b, 10, "ima", BYTES_STRING("x"));
	build_user(b, 10, "ima", BYTES_STRING("y"));
	assert_failed(judge_plain(b), DECISION_DENY, "A19", "the firmware's events alone");
}

/* --- S6, S7: the door -------------------------------------------------------------------------------------------------- */

static struct bytes
door_event(const char *outcome, struct bytes digest)
{
	static uint8_t space[128];
	struct buffer out = BUFFER(space);

	assert_int_equal(message_door_event(outcome, digest, &out), OK);
	return buffer_view(&out);
}

static void
close_door(struct built *b)
{
	build_user(b, DOOR_PCR, "door", door_event("passphrase", bytes_of(NULL, 0)));
}

static void
close_door_and_hide_it(struct built *b)
{
	close_door(b);
	build_freeze(b);
	b->users.n--;
}

static void
touch_door_in_firmware(struct built *b)
{
	build_insert(b, b->events, DOOR_PCR, EV_IPL, BYTES_STRING("sysext"), BYTES_STRING("sysext"));
}

static void
s6_a_closed_door_is_denied(void **state)
{
	static const struct mutation doors[] = {
		{ "closed by the agent", close_door, NULL, NULL, NULL, DECISION_DENY, "A20" },
		{ "touched by the boot loader", touch_door_in_firmware, NULL, NULL, NULL, DECISION_DENY, "A20" },
		{ "closed, and kept quiet about", close_door_and_hide_it, NULL, NULL, NULL, DECISION_DENY, "A19" },
	};
	struct built *b = build_begin();

	(void)state;
	RUN(doors);
	b = build_begin();
	close_door_and_hide_it(b);
	assert_failed(judge_plain(b), DECISION_DENY, "A19", "the door (PCR 13) was closed in this boot (\"passphrase\")");
	b = build_begin();
	b->machine.approved = true;
	memset(b->machine.approved_statement, 0x55, sizeof b->machine.approved_statement);
	build_user(b, DOOR_PCR, "door", door_event("approved", BYTES(b->machine.approved_statement)));
	build_freeze(b);
	b->users.n--;
	assert_failed(judge_plain(b), DECISION_DENY, "A19", "the door (PCR 13) was closed in this boot (\"approved\")");
}

/* --- S20: counters ----------------------------------------------------------------------------------------------------- */

static void
reset_back(struct built *b)
{
	b->reset_count = b->machine.seen_reset - 1;
}

static void
restart_once(struct built *b)
{
	b->restart_count = 1;
}

static void
restart_in_seen_boot(struct built *b)
{
	be_same_boot(b);
	b->restart_count = 1;
}

static void
restart_back(struct built *b)
{
	be_same_boot(b);
	b->machine.seen_restart = 2;
	b->restart_count = 1;
}

static void
restart_back_though_named(struct built *b)
{
	name_restarts(b);
	restart_back(b);
}

static void
clock_back(struct built *b)
{
	be_same_boot(b);
	b->clock = b->machine.seen_clock - 1;
}

static void
s20_counters_that_go_back_or_hide_a_boot_are_held(void **state)
{
	static const struct mutation counters[] = {
		{ "resetCount goes back", reset_back, NULL, NULL, NULL, DECISION_HOLD, "A21" },
		{ "a restart in a new boot", restart_once, NULL, NULL, NULL, DECISION_HOLD, "A22" },
		{ "a restart since the last evidence", restart_in_seen_boot, NULL, NULL, NULL, DECISION_HOLD, "A22" },
		{ "restartCount goes back", restart_back, NULL, NULL, NULL, DECISION_HOLD, "A22" },
		{ "restartCount goes back, where the policy only names restarts", restart_back_though_named, NULL, NULL, NULL, DECISION_HOLD,
			"A22" },
		{ "the clock goes back", clock_back, NULL, NULL, NULL, DECISION_HOLD, "A23" },
	};

	(void)state;
	RUN(counters);
}

static void
s20_boots_in_between_are_named_with_their_number(void **state)
{
	struct built *b = build_begin();

	(void)state;
	b->reset_count = b->machine.seen_reset + 4;
	assert_failed(judge_plain(b), DECISION_APPROVE, OK_APPROVED, NULL);
	assert_int_equal(b->verdict.notes, 1);
	assert_string_equal(b->verdict.note[0].check, "A21");
	assert_non_null(strstr(b->verdict.note[0].text, "3 boots"));
	b = build_begin();
	name_restarts(b);
	assert_failed(judge_plain(b), DECISION_APPROVE, OK_APPROVED, NULL);
	assert_string_equal(b->verdict.note[0].check, "A22");
}

static void
a_hold_by_counters_is_still_there_at_the_next_try(void **state)
{
	struct quote q = { .reset_count = 41, .restart_count = 1, .clock = 5, .safe = true };
	struct built *b = build_begin();

	(void)state;
	restart_once(b);
	appraise_update(&b->machine, &q, judge_plain(b));
	assert_int_equal(b->machine.seen_reset, 40);
	appraise_update(&b->machine, &q, NULL);
	assert_int_equal(b->machine.seen_reset, 41);
	assert_int_equal(b->machine.seen_restart, 1);
	b = build_begin();
	freeze_machine(b);
	appraise_update(&b->machine, &q, judge_plain(b));
	assert_int_equal(b->machine.seen_reset, 41);
}

/* --- S1, S19: what booted ---------------------------------------------------------------------------------------------- */

/* Measured is something else than before: in the TPM and in the log alike. */
static void
tamper(struct built *b, size_t event)
{
	build_measure(b, event, BYTES_STRING("something else"));
}

static void
tamper_image(struct built *b)
{
	tamper(b, BUILD_UKI);
}

static void
tamper_kernel(struct built *b)
{
	tamper(b, BUILD_UKI);
	tamper(b, BUILD_LINUX);
}

static void
tamper_initrd(struct built *b)
{
	tamper(b, BUILD_UKI);
	tamper(b, BUILD_INITRD_SECTION);
	tamper(b, BUILD_INITRD);
}

static void
replace_initrd_on_the_way(struct built *b)
{
	tamper(b, BUILD_INITRD);
}

static void
load_no_initrd(struct built *b)
{
	build_remove(b, BUILD_INITRD);
}

static void
load_extra_initrd(struct built *b)
{
	build_insert(b, BUILD_INITRD + 1, 9, EV_EVENT_TAG, BYTES_STRING("extra"), b->event[BUILD_INITRD].data);
}

static void
load_initrd_twice(struct built *b)
{
	b->event[b->events++] = b->event[BUILD_INITRD];
}

/* A forged label: an initrd that calls itself a command line, or something nobody knows. */
static void
load_extra_initrd_as_options(struct built *b)
{
	build_insert(b, BUILD_INITRD + 1, 9, EV_EVENT_TAG, BYTES_STRING("extra"), b->event[BUILD_LOAD_OPTIONS].data);
}

static void
load_extra_initrd_as_separator(struct built *b)
{
	build_insert(b, BUILD_INITRD + 1, 9, EV_SEPARATOR, BYTES_STRING("extra"), BYTES_STRING("\0\0\0\0"));
}

static void
tamper_command_line(struct built *b)
{
	tamper(b, BUILD_UKI);
	tamper(b, BUILD_CMDLINE);
	tamper(b, BUILD_LOAD_OPTIONS);
}

static void
type_command_line(struct built *b)
{
	static const uint8_t text[] = "r\0d\0i\0n\0i\0t\0=\0s\0h\0\0";

	build_measure(b, BUILD_LOAD_OPTIONS, BYTES(text));
	build_insert(b, BUILD_LOAD_OPTIONS, 12, EV_IPL, BYTES(text), BYTES(text));
}

static void
start_another_first(struct built *b)
{
	build_insert(b, BUILD_UKI, 4, EV_EFI_BOOT_SERVICES_APPLICATION, BYTES_STRING("shell"), b->event[BUILD_UKI].data);
}

/* Another type beside a digest that its data do not explain. */
static void
call_it_an_action(struct built *b)
{
	build_insert(b, BUILD_UKI, 4, EV_EFI_ACTION, BYTES_STRING("evil"), BYTES_STRING("Calling EFI Application from Boot Option"));
}

static void
call_it_a_separator(struct built *b)
{
	build_insert(b, BUILD_UKI, 4, EV_SEPARATOR, BYTES_STRING("evil"), BYTES_STRING("\0\0\0\0"));
}

static void
return_from_application(struct built *b)
{
	struct bytes text = BYTES_STRING("Returning from EFI Application from Boot Option");

	build_insert(b, BUILD_UKI, 4, EV_EFI_ACTION, text, text);
}

static void
start_nothing(struct built *b)
{
	build_remove(b, BUILD_UKI);
}

static void
start_kernel_inside(struct built *b)
{
	build_insert(b, BUILD_UKI + 1, 4, EV_EFI_BOOT_SERVICES_APPLICATION, BYTES_STRING("kernel"), b->event[BUILD_UKI].data);
	build_reference(b, "uki.kernels", bytes_of(b->event[BUILD_UKI + 1].digest[0], 32));
}

static void
start_kernel_alone(struct built *b)
{
	build_insert(b, BUILD_UKI, 4, EV_EFI_BOOT_SERVICES_APPLICATION, BYTES_STRING("kernel"), b->event[BUILD_UKI].data);
	build_reference(b, "uki.kernels", build_sha256(b, BUILD_UKI));
}

static void
start_kernel_twice(struct built *b)
{
	start_kernel_inside(b);
	build_insert(b, BUILD_UKI + 1, 4, EV_EFI_BOOT_SERVICES_APPLICATION, BYTES_STRING("kernel"), b->event[BUILD_UKI].data);
}

static void
change_option_rom(struct built *b)
{
	build_insert(b, BUILD_UKI, 2, EV_EFI_BOOT_SERVICES_DRIVER, BYTES_STRING("rom"), bytes_of(NULL, 0));
}

static void
give_credential(struct built *b)
{
	build_insert(b, BUILD_LOAD_OPTIONS, 12, EV_IPL, BYTES_STRING("cpio"), BYTES_STRING("Credentials initrd"));
}

static void
extend_pcr_8(struct built *b)
{
	build_insert(b, b->events, 8, EV_IPL, BYTES_STRING("ls"), BYTES_STRING("grub_cmd: ls"));
}

static void
user_extends_pcr_15(struct built *b)
{
	build_user(b, 15, "systemd-cryptsetup", BYTES_STRING("cryptsetup:root"));
}

static void
forget_section_content(struct built *b)
{
	build_remove(b, BUILD_INITRD_SECTION);
}

static void
name_section_last(struct built *b)
{
	forget_section_content(b);
	b->users.n = 1;
}

static void
boot_without_command_line(struct built *b)
{
	build_remove(b, BUILD_LOAD_OPTIONS);
	build_remove(b, BUILD_CMDLINE);
	build_remove(b, BUILD_CMDLINE - 1);
}

static void
measure_section_twice(struct built *b)
{
	build_insert(b, BUILD_LINUX_NAME, 11, EV_IPL, bytes_of(".linux", 7), b->event[BUILD_LINUX_NAME].data);
	build_insert(b, BUILD_LINUX_NAME + 1, 11, EV_IPL, bytes_of("x", 1), b->event[BUILD_LINUX].data);
	memcpy(b->event[BUILD_LINUX_NAME + 1].digest, b->event[BUILD_LINUX + 2].digest, sizeof b->event[0].digest);
}

static void
boot_without_stub(struct built *b)
{
	for (size_t i = BUILD_INITRD_SECTION; i >= BUILD_LINUX_NAME; i--)
		build_remove(b, i);
}

static void
know_phase(struct built *b)
{
	build_user(b, 11, "systemd-pcrphase", BYTES_STRING("leave-initrd"));
}

static void
extend_pcr_9(struct built *b)
{
	build_user(b, 9, "nvpcr", BYTES_STRING("nvpcr-init"));
}

/* A TPM takes another digest for each bank. */
static void
extend_pcr_9_in_one_bank(struct built *b)
{
	extend_pcr_9(b);
	b->users.event[b->users.n - 1].digest[1].p[0] ^= 1;
}

static void
extend_pcr_9_otherwise(struct built *b)
{
	build_user(b, 9, "nvpcr", BYTES_STRING("nvpcr-what"));
}

static void
s1_a_tampered_boot_is_denied(void **state)
{
	static const struct mutation boots[] = {
		{ "another image", tamper_image, NULL, NULL, NULL, DECISION_DENY, "P4" },
		{ "another kernel in it", tamper_kernel, NULL, NULL, NULL, DECISION_DENY, "P4 P10" },
		{ "another initrd in it", tamper_initrd, NULL, NULL, NULL, DECISION_DENY, "P4 P8 P10" },
		{ "an initrd exchanged behind the stub", replace_initrd_on_the_way, NULL, NULL, NULL, DECISION_DENY, "P8" },
		{ "an initrd by a way that nothing measures", load_no_initrd, NULL, NULL, NULL, DECISION_DENY, "P8" },
		{ "an extra initrd", load_extra_initrd, NULL, NULL, NULL, DECISION_DENY, "P9" },
		{ "the initrd twice", load_initrd_twice, NULL, NULL, NULL, DECISION_DENY, "P9" },
		{ "an extra initrd that is called a command line", load_extra_initrd_as_options, NULL, NULL, NULL, DECISION_DENY, "P11" },
		{ "an extra initrd that is called a separator", load_extra_initrd_as_separator, NULL, NULL, NULL, DECISION_DENY, "P12" },
		{ "another command line", tamper_command_line, NULL, NULL, NULL, DECISION_DENY, "P4 P10 P11" },
		{ "a command line typed at the loader", type_command_line, NULL, NULL, NULL, DECISION_DENY, "P2 P11" },
		{ "another program first", start_another_first, NULL, NULL, NULL, DECISION_DENY, "P4" },
		{ "a program that is called an action", call_it_an_action, NULL, NULL, NULL, DECISION_DENY, "P4" },
		{ "a program that is called a separator", call_it_a_separator, NULL, NULL, NULL, DECISION_DENY, "P4" },
		{ "a program that came back", return_from_application, NULL, NULL, NULL, DECISION_DENY, "P4" },
		{ "no program", start_nothing, NULL, NULL, NULL, DECISION_DENY, "P4" },
		{ "the kernel inside, after its image", start_kernel_inside, NULL, NULL, NULL, DECISION_APPROVE, OK_APPROVED },
		{ "the kernel inside, without its image before", start_kernel_alone, NULL, NULL, NULL, DECISION_DENY, "P4" },
		{ "the kernel inside, once more than images", start_kernel_twice, NULL, NULL, NULL, DECISION_DENY, "P4" },
		{ "another option ROM", change_option_rom, NULL, NULL, NULL, DECISION_DENY, "P3" },
		{ "a credential from outside the image", give_credential, NULL, NULL, NULL, DECISION_DENY, "P2" },
		{ "something in PCR 8", extend_pcr_8, NULL, NULL, NULL, DECISION_DENY, "P2" },
		{ "something of user space in PCR 15", user_extends_pcr_15, NULL, NULL, NULL, DECISION_DENY, "P2" },
		{ "a section named and not measured", forget_section_content, NULL, NULL, NULL, DECISION_DENY, "P10" },
		{ "a section named last and not measured", name_section_last, NULL, NULL, NULL, DECISION_DENY, "P10" },
		{ "no command line", boot_without_command_line, NULL, NULL, NULL, DECISION_DENY, "P11" },
		{ "a section measured twice", measure_section_twice, NULL, NULL, NULL, DECISION_DENY, "P10" },
		{ "no stub", boot_without_stub, NULL, NULL, NULL, DECISION_DENY, "P10" },
		{ "a later phase than the initrd", know_phase, NULL, NULL, NULL, DECISION_DENY, "P12" },
		{ "a known user-space event in PCR 9", extend_pcr_9, NULL, NULL, NULL, DECISION_APPROVE, OK_APPROVED },
		{ "a known one in one bank, something else in the other", extend_pcr_9_in_one_bank, NULL, NULL, NULL, DECISION_DENY, "P12" },
		{ "an unknown one", extend_pcr_9_otherwise, NULL, NULL, NULL, DECISION_DENY, "P12" },
	};

	(void)state;
	RUN(boots);
}

static void
forget_image(struct built *b)
{
	build_forget(b, "uki", build_sha256(b, BUILD_UKI));
}

static void
forget_initrd(struct built *b)
{
	build_forget(b, "initrd", build_sha256(b, BUILD_INITRD));
}

static void
forget_line(struct built *b)
{
	build_forget(b, "cmdline", BYTES_STRING(BUILD_COMMAND_LINE));
}

static void
forget_section(struct built *b)
{
	build_forget(b, "uki.sections", build_sha256(b, BUILD_LINUX));
}

static void
forget_list(struct built *b)
{
	build_forget(b, "uki", bytes_of(NULL, 0));
}

static void
forget_kernels(struct built *b)
{
	build_forget(b, "uki.kernels", bytes_of(NULL, 0));
}

static void
know_zeros(struct built *b)
{
	static const uint8_t zeros[32];

	build_reference(b, "initrd", BYTES(zeros));
}

static void
load_zero_initrd(struct built *b)
{
	know_zeros(b);
	memset(b->event[BUILD_INITRD].digest, 0, sizeof b->event[BUILD_INITRD].digest);
}

static void
know_short(struct built *b)
{
	build_reference(b, "sb.db", BYTES_STRING("short"));
}

static void
s19_removing_a_reference_value_bites_at_the_next_boot(void **state)
{
	static const struct mutation values[] = {
		{ "the image", forget_image, NULL, NULL, NULL, DECISION_DENY, "P4" },
		{ "the initrd", forget_initrd, NULL, NULL, NULL, DECISION_DENY, "P8" },
		{ "the command line", forget_line, NULL, NULL, NULL, DECISION_DENY, "P11" },
		{ "a section", forget_section, NULL, NULL, NULL, DECISION_DENY, "P10" },
	};

	(void)state;
	RUN(values);
}

static void
s23_empty_and_zero_reference_values_are_denied(void **state)
{
	static const struct mutation values[] = {
		{ "an empty list", forget_list, NULL, NULL, NULL, DECISION_DENY, "P1 P4" },
		{ "an empty list that this boot does not need", forget_kernels, NULL, NULL, NULL, DECISION_DENY, "P1" },
		{ "a value of zeros", know_zeros, NULL, NULL, NULL, DECISION_DENY, "P1" },
		{ "a value of zeros, and an initrd of that digest", load_zero_initrd, NULL, NULL, NULL, DECISION_DENY, "P1 P8" },
		{ "a value that is no digest", know_short, NULL, NULL, NULL, DECISION_DENY, "P1" },
	};

	(void)state;
	RUN(values);
}

/* --- command lines ----------------------------------------------------------------------------------------------------- */

static void
boot_with_line(struct built *b, const char *text)
{
	uint8_t wide[2 * REFERENCE_VALUE_MAX + 2] = { 0 };
	size_t n = strlen(text);

	for (size_t i = 0; i < n; i++)
		wide[2 * i] = (uint8_t)text[i];
	build_measure(b, BUILD_CMDLINE, bytes_of(text, n));
	build_measure(b, BUILD_LOAD_OPTIONS, bytes_of(wide, 2 * n + 2));
	build_reference(b, "uki.sections", build_sha256(b, BUILD_CMDLINE));
	build_reference(b, "cmdline", bytes_of(text, n));
}

static void
words_on_the_command_line_decide_though_it_is_listed(void **state)
{
	static const struct {
		const char *text;
		enum decision decision;
	} lines[] = {
		{ "noresume quiet", DECISION_APPROVE },
		{ "noresume breakfast=1 initial=1 xinit=/bin/sh", DECISION_APPROVE },
		{ "noresume\tquiet\n", DECISION_APPROVE },
		{ "quiet", DECISION_DENY },
		{ "noresume=1", DECISION_DENY },
		{ "\"noresume\" quiet", DECISION_DENY },
		{ "foo=\"a noresume\"", DECISION_DENY },
		{ "foo=\"a noresume b\"", DECISION_DENY },
		{ "noresume init=/bin/sh", DECISION_DENY },
		{ "noresume \"init=/bin/sh\"", DECISION_DENY },
		{ "noresume in'it'=/bin/sh", DECISION_DENY },
		{ "noresume init\\=/bin/sh", DECISION_DENY },
		{ "noresume break", DECISION_DENY },
		{ "noresume break=premount", DECISION_DENY },
		{ "noresume rd.break", DECISION_DENY },
		{ "noresume rd.systemd.debug-shell", DECISION_DENY },
		{ "noresume rd.systemd.debug_shell=1", DECISION_DENY },
		{ "noresume foo=\"a break\"", DECISION_DENY },
		{ "noresume bootgate.door=unprotected", DECISION_DENY },
		{ "noresume resume=/dev/sda3", DECISION_DENY },
	};

	(void)state;
	for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
		struct built *b = build_begin();
		const char *checks = lines[i].decision == DECISION_APPROVE ? OK_APPROVED : "P11";

		boot_with_line(b, lines[i].text);
		print_message("%s\n", lines[i].text);
		assert_failed(judge_plain(b), lines[i].decision, checks, NULL);
	}
}

/* Under the policies that are shipped. For the second one only what its command line says counts: firmware's values are not on its lists. */
static void
s7_a_command_line_that_may_resume_from_swap_is_denied(void **state)
{
	static const char *const policies[] = { "policy/uki.conf", "policy/uki-firmware.conf" };
	static const struct {
		const char *line, *why;
	} lines[] = {
		{ "quiet noresume", NULL },
		{ "quiet", "noresume" },
		{ "noresume resume=/dev/sda2", "resume=" },
		{ "resume=/dev/sda2", "resume=" },
	};
	static uint8_t space[65536];

	(void)state;
	for (size_t i = 0; i < 2 * sizeof lines / sizeof *lines; i++) {
		const char *why = lines[i / 2].why;
		struct buffer text = BUFFER(space);
		struct built *b = build_begin();
		bool named = false;

		assert_int_equal(file_read(policies[i % 2], &text), OK);
		build_policy(b, buffer_view(&text));
		boot_with_line(b, lines[i / 2].line);
		judge_plain(b);
		for (size_t k = 0; k < b->verdict.reasons; k++)
			named = named || strstr(b->verdict.reason[k].text, why != NULL ? why : "resume") != NULL;
		if (named != (why != NULL))
			fail_msg("%s under %s", lines[i / 2].line, policies[i % 2]);
		if (i % 2 == 0)
			assert_int_equal(b->verdict.decision, why != NULL ? DECISION_DENY : DECISION_APPROVE);
	}
}

/* --- S2: Secure Boot --------------------------------------------------------------------------------------------------- */

/* UEFI_VARIABLE_DATA */
static struct bytes
variable(struct built *b, const uint8_t guid[16], const char *name, struct bytes value)
{
	uint8_t space[256];
	struct buffer out = BUFFER(space);

	buffer_bytes(&out, bytes_of(guid, 16));
	put_le64(&out, strlen(name));
	put_le64(&out, value.n);
	for (size_t i = 0; name[i] != '\0'; i++)
		put_le16(&out, (uint8_t)name[i]);
	buffer_bytes(&out, value);
	return build_keep(b, buffer_view(&out));
}

static void
set_variable(struct built *b, size_t event, const uint8_t guid[16], const char *name, struct bytes value)
{
	b->event[event].data = variable(b, guid, name, value);
	build_measure(b, event, b->event[event].data);
}

static void
turn_off(struct built *b)
{
	set_variable(b, BUILD_SECURE_BOOT, event_data_guid_global, "SecureBoot", BYTES_STRING("\0"));
}

static void
turn_off_and_lie(struct built *b)
{
	struct bytes on = b->event[BUILD_SECURE_BOOT].data;

	turn_off(b);
	b->event[BUILD_SECURE_BOOT].data = on;
}

/* Off; later somebody extends what "on" would have, a configuration that is listed and all; and calls the true one authorities. */
static void
turn_off_and_extend(struct built *b)
{
	for (size_t i = 0; i <= BUILD_SEPARATOR_7 - BUILD_SECURE_BOOT; i++)
		b->event[b->events++] = b->event[BUILD_SECURE_BOOT + i];
	turn_off(b);
	for (size_t i = BUILD_SECURE_BOOT; i < BUILD_SEPARATOR_7; i++)
		b->event[i].type = EV_EFI_VARIABLE_AUTHORITY;
}

static void
turn_on_late(struct built *b)
{
	struct built_event e = b->event[BUILD_SECURE_BOOT];

	b->event[BUILD_SECURE_BOOT] = b->event[BUILD_PK];
	b->event[BUILD_PK] = b->event[BUILD_KEK];
	b->event[BUILD_KEK] = b->event[BUILD_DB];
	b->event[BUILD_DB] = b->event[BUILD_DBX];
	b->event[BUILD_DBX] = b->event[BUILD_SEPARATOR_7];
	b->event[BUILD_SEPARATOR_7] = e;
}

static void
turn_on_elsewhere(struct built *b)
{
	set_variable(b, BUILD_SECURE_BOOT, event_data_guid_security, "SecureBoot", BYTES_STRING("\1"));
}

static void
audit_mode(struct built *b)
{
	struct bytes v = variable(b, event_data_guid_global, "AuditMode", BYTES_STRING("\1"));

	build_insert(b, BUILD_PK, 7, EV_EFI_VARIABLE_DRIVER_CONFIG, v, v);
}

static void
deployed_mode(struct built *b)
{
	struct bytes v = variable(b, event_data_guid_global, "DeployedMode", BYTES_STRING("\1"));

	build_insert(b, BUILD_PK, 7, EV_EFI_VARIABLE_DRIVER_CONFIG, v, v);
}

static void
enrol_other_db(struct built *b)
{
	set_variable(b, BUILD_DB, event_data_guid_security, "db", BYTES_STRING("other"));
}

static void
roll_back_dbx(struct built *b)
{
	set_variable(b, BUILD_DBX, event_data_guid_security, "dbx", bytes_of(NULL, 0));
}

static void
show_no_dbx(struct built *b)
{
	build_remove(b, BUILD_DBX);
}

static void
show_db_twice(struct built *b)
{
	build_insert(b, BUILD_DBX, 7, EV_EFI_VARIABLE_DRIVER_CONFIG, b->event[BUILD_DB].data, b->event[BUILD_DB].data);
}

static void
vouch_otherwise(struct built *b)
{
	set_variable(b, BUILD_AUTHORITY, event_data_guid_security, "db", BYTES_STRING("other certificate"));
}

static void
configure_late(struct built *b)
{
	struct bytes v = variable(b, event_data_guid_global, "PK", BYTES_STRING("x"));

	build_insert(b, BUILD_AUTHORITY, 7, EV_EFI_VARIABLE_AUTHORITY, v, v);
	build_reference(b, "sb.authorities", build_sha256(b, BUILD_AUTHORITY));
}

static void
debug_mode(struct built *b)
{
	build_insert(b, BUILD_PK, 7, EV_EFI_ACTION, BYTES_STRING("UEFI Debug Mode"), BYTES_STRING("UEFI Debug Mode"));
}

static void
separate_twice(struct built *b)
{
	build_insert(b, BUILD_AUTHORITY, 7, EV_SEPARATOR, BYTES_STRING("\0\0\0\0"), BYTES_STRING("\0\0\0\0"));
}

static void
separate_never(struct built *b)
{
	build_remove(b, BUILD_SEPARATOR_7);
}

static void
uncover_authority(struct built *b)
{
	b->event[BUILD_AUTHORITY].data = build_keep(b, b->event[BUILD_AUTHORITY].data);
	b->data[b->data_n - 1] ^= 1;
}

static void
uncover_in_one_bank(struct built *b)
{
	b->event[BUILD_SECURE_BOOT].digest[1][0] ^= 1;
}

static void
extend_pcr_7(struct built *b)
{
	build_user(b, 7, "root", BYTES_STRING("x"));
}

static void
s2_secure_boot_off_or_with_other_keys_is_denied(void **state)
{
	static const struct mutation boots[] = {
		{ "off", turn_off, NULL, NULL, NULL, DECISION_DENY, "P5" },
		{ "off, and the log says on", turn_off_and_lie, NULL, NULL, NULL, DECISION_DENY, "P5 P7" },
		{ "off, and a good configuration extended later", turn_off_and_extend, NULL, NULL, NULL, DECISION_DENY, "P5 P7" },
		{ "on, but after the separator", turn_on_late, NULL, NULL, NULL, DECISION_DENY, "P5 P7" },
		{ "another variable of that name", turn_on_elsewhere, NULL, NULL, NULL, DECISION_DENY, "P5 P7" },
		{ "audit mode", audit_mode, NULL, NULL, NULL, DECISION_DENY, "P5" },
		{ "deployed mode", deployed_mode, NULL, NULL, NULL, DECISION_APPROVE, OK_APPROVED },
		{ "another db", enrol_other_db, NULL, NULL, NULL, DECISION_DENY, "P6" },
		{ "dbx rolled back", roll_back_dbx, NULL, NULL, NULL, DECISION_DENY, "P6" },
		{ "no dbx", show_no_dbx, NULL, NULL, NULL, DECISION_DENY, "P6" },
		{ "db twice", show_db_twice, NULL, NULL, NULL, DECISION_DENY, "P6" },
		{ "another certificate vouched", vouch_otherwise, NULL, NULL, NULL, DECISION_DENY, "P7" },
		{ "configuration after the separator", configure_late, NULL, NULL, NULL, DECISION_DENY, "P7" },
		{ "debug mode", debug_mode, NULL, NULL, NULL, DECISION_DENY, "P7" },
		{ "two separators", separate_twice, NULL, NULL, NULL, DECISION_DENY, "P7" },
		{ "no separator", separate_never, NULL, NULL, NULL, DECISION_DENY, "P6 P7" },
		{ "data that the digest does not cover", uncover_authority, NULL, NULL, NULL, DECISION_DENY, "P7" },
		{ "data that one bank's digest does not cover", uncover_in_one_bank, NULL, NULL, NULL, DECISION_DENY, "P5 P7" },
		{ "user space in PCR 7", extend_pcr_7, NULL, NULL, NULL, DECISION_DENY, "P7" },
	};

	(void)state;
	RUN(boots);
}

static void
s2_forged_types_do_not_help_where_keys_are_ignored(void **state)
{
	static uint8_t space[65536];
	struct buffer text = BUFFER(space);
	struct built *b = build_begin();

	(void)state;
	assert_int_equal(file_read("policy/uki.conf", &text), OK);
	build_policy(b, buffer_view(&text));
	assert_failed(judge_plain(b), DECISION_APPROVE, OK_APPROVED, NULL);
	b = build_begin();
	build_policy(b, buffer_view(&text));
	turn_off_and_extend(b);
	assert_failed(judge_plain(b), DECISION_DENY, "P5 P7", "Secure Boot is off");
}

/* --- reasons ----------------------------------------------------------------------------------------------------------- */

static void
a_reason_names_event_digest_list_and_remedy(void **state)
{
	struct built *b = build_begin();

	(void)state;
	tamper_image(b);
	assert_failed(judge_plain(b), DECISION_DENY, "P4",
		"PCR 4 event 23: boot application \\EFI\\BOOT\\BOOTX64.EFI sha256 f41f3fa625ff120d");
	assert_non_null(strstr(b->verdict.reason[0].text, "is not in list uki; if it is yours: bootgatectl reference add UKI"));
}

static void
all_reasons_are_told_but_one_kind_does_not_crowd_out_others(void **state)
{
	struct built *b = build_begin();

	(void)state;
	freeze_machine(b);
	salt_to_other(b);
	tamper_image(b);
	turn_off(b);
	assert_failed(judge_plain(b), DECISION_DENY, "A8 A9 P4 P5", "frozen");
	b = build_begin();
	for (size_t i = 0; i < 20; i++)
		build_user(b, 15, "x", BYTES_STRING("x"));
	turn_off(b);
	assert_failed(judge_plain(b), DECISION_DENY, "P2 P5", "PCR 15 must be unused");
	assert_int_equal(b->verdict.reasons, 6);
	assert_string_equal(b->verdict.reason[4].text, "and more of this kind: 20 in all");
}

static void
foreign_text_in_a_reason_is_printable(void **state)
{
	struct built *b = build_begin();

	(void)state;
	build_user(b, 15, "x", BYTES_STRING("\x1b[2J\xff\n\"quoted\""));
	(void)judge_plain(b);
	for (const char *c = b->verdict.reason[0].text; *c != '\0'; c++)
		assert_in_range(*c, 0x20, 0x7e);
}

/* --- volumes ----------------------------------------------------------------------------------------------------------- */

static void
run_on(struct built *b)
{
	b->machine.approved = true;
	b->machine.approved_reset = b->reset_count = b->machine.seen_reset;
	b->clock = b->machine.seen_clock + 60000;
	memset(b->machine.approved_statement, 0x55, sizeof b->machine.approved_statement);
	b->binding.purpose = PURPOSE_VOLUME;
	b->binding.nonce_tpm = bytes_of(NULL, 0);
	build_user(b, DOOR_PCR, "door", door_event("approved", BYTES(b->machine.approved_statement)));
	build_user(b, 11, "systemd-pcrphase", BYTES_STRING("ready"));
	build_log(b);
	build_hash(buffer_view(&b->log), b->machine.approved_log);
}

static void
run_on_with_ima(struct built *b)
{
	run_on(b);
	quote_without_ima(b);
	build_freeze(b);
	build_user(b, 10, "ima", BYTES_STRING("something opened later, which nobody lists"));
}

static void
run_on_after_sleep(struct built *b)
{
	run_on(b);
	b->restart_count = 3;
}

static void
run_on_next_boot(struct built *b)
{
	run_on(b);
	b->reset_count++;
}

static void
run_on_other_log(struct built *b)
{
	run_on(b);
	b->machine.approved_log[0] ^= 1;
}

static void
run_on_other_statement(struct built *b)
{
	run_on(b);
	b->machine.approved_statement[0] ^= 1;
}

static void
run_on_door_twice(struct built *b)
{
	run_on(b);
	build_user(b, DOOR_PCR, "door", door_event("left", bytes_of(NULL, 0)));
}

static void
run_on_passphrase(struct built *b)
{
	run_on(b);
	b->users.n -= 2;
	close_door(b);
}

static void
run_on_never_approved(struct built *b)
{
	run_on(b);
	b->machine.approved = false;
}

static void
just_enrolled(struct built *b)
{
	run_on_never_approved(b);
	b->users.n = 0;
	b->log = BUFFER(b->log_space);
	buffer_bytes(&b->log, BYTES_STRING("-"));
	b->machine.enrolled_at = b->now - 900;
	b->machine.enrolled_reset = b->reset_count;
}

static void
enrolled_long_ago(struct built *b)
{
	run_on_never_approved(b);
	b->machine.enrolled_at = b->now - 901;
	b->machine.enrolled_reset = b->reset_count;
}

static void
enrolled_in_another_boot(struct built *b)
{
	run_on_never_approved(b);
	b->machine.enrolled_at = b->now - 10;
	b->machine.enrolled_reset = b->reset_count - 1;
}

static void
enrolled_in_the_future(struct built *b)
{
	run_on_never_approved(b);
	b->machine.enrolled_at = b->now + 1;
	b->machine.enrolled_reset = b->reset_count;
}

static void
run_on_without_pcr_13(struct built *b)
{
	run_on(b);
	b->selection[0].pcrs = 0xdfff;
}

static void
s12_volumes_are_enrolled_only_in_the_approved_boot(void **state)
{
	static const struct mutation hosts[] = {
		{ "the approved boot", run_on, NULL, NULL, NULL, DECISION_APPROVE, OK_APPROVED },
		{ "the approved boot, with IMA", run_on_with_ima, NULL, NULL, NULL, DECISION_APPROVE, OK_APPROVED },
		{ "after sleep", run_on_after_sleep, NULL, NULL, NULL, DECISION_APPROVE, OK_APPROVED },
		{ "a later boot", run_on_next_boot, NULL, NULL, NULL, DECISION_DENY, "A24" },
		{ "another log", run_on_other_log, NULL, NULL, NULL, DECISION_DENY, "A25" },
		{ "another statement at the door", run_on_other_statement, NULL, NULL, NULL, DECISION_DENY, "A20" },
		{ "two events at the door", run_on_door_twice, NULL, NULL, NULL, DECISION_HOLD, "A20" },
		{ "opened by passphrase", run_on_passphrase, NULL, NULL, NULL, DECISION_DENY, "A20" },
		{ "never approved", run_on_never_approved, NULL, NULL, NULL, DECISION_DENY, "A20 A24 A25" },
		{ "just enrolled", just_enrolled, NULL, NULL, NULL, DECISION_APPROVE, OK_APPROVED },
		{ "enrolled more than 15 minutes ago", enrolled_long_ago, NULL, NULL, NULL, DECISION_DENY, "A20 A24 A25" },
		{ "enrolled in another boot", enrolled_in_another_boot, NULL, NULL, NULL, DECISION_DENY, "A20 A24 A25" },
		{ "enrolled in the future", enrolled_in_the_future, NULL, NULL, NULL, DECISION_DENY, "A20 A24 A25" },
		{ "a quote that leaves out the door", run_on_without_pcr_13, NULL, NULL, NULL, DECISION_DENY, "A12" },
	};

	(void)state;
	RUN(hosts);
}

/* --- S29: rotation ------------------------------------------------------------------------------------------------------ */

/* The record as a rotation left it; the evidence shows what was on the disk before. */
static void
rotate_away(struct built *b)
{
	static const uint8_t key[MACHINE_KEY_SIZE] = { 0x77 };

	b->machine.rotate_to = b->machine.epoch + 1;
	machine_rotated(&b->machine, key);
}

static void
rotate_away_and_show_both(struct built *b)
{
	claim_next_index(b);
	rotate_away(b);
}

/* Handle and machine key are right, the epoch is not. */
static void
show_new_index_as_old(struct built *b)
{
	rotate_away(b);
	memcpy(b->binding.machine_key, b->machine.machine_key, sizeof b->binding.machine_key);
	b->binding.index[0].handle = b->machine.nv_handle;
}

static void
rotate_away_while_running(struct built *b)
{
	run_on(b);
	rotate_away(b);
}

static void
s29_what_a_rotation_left_is_denied(void **state)
{
	static const struct mutation old[] = {
		{ "the header of before", rotate_away, NULL, NULL, NULL, DECISION_DENY, "A26" },
		{ "the header of half-way", rotate_away_and_show_both, NULL, NULL, NULL, DECISION_DENY, "A26" },
		{ "the old epoch at the new handle", show_new_index_as_old, NULL, NULL, NULL, DECISION_DENY, "A26" },
		{ "a volume, by the old epoch", rotate_away_while_running, NULL, NULL, NULL, DECISION_DENY, "A26" },
	};
	struct built *b;

	(void)state;
	RUN(old);
	b = build_begin();
	rotate_away(b);
	assert_failed(judge_plain(b), DECISION_DENY, "A26", "bootgate luks-enroll");
}

static void
go_to_next(struct built *b)
{
	b->machine.rotate_to = b->machine.epoch + 1;
}

static void
go_to_next_showing_both(struct built *b)
{
	claim_next_index(b);
	go_to_next(b);
}

/* What only a verified seal makes good, which is not for an appraisal to see. */
static void
go_to_next_showing_the_new_alone(struct built *b)
{
	go_to_next(b);
	b->binding.index[0] = (struct index_claim){ b->machine.nv_handle_next, b->machine.rotate_to };
	b->binding.machine_key[0] ^= 1;
}

static void
go_to_next_while_running(struct built *b)
{
	run_on(b);
	go_to_next(b);
}

static void
a_machine_on_its_way_to_another_epoch_boots_by_the_old_one(void **state)
{
	static const struct mutation ways[] = {
		{ "nothing was done yet", go_to_next, NULL, NULL, NULL, DECISION_APPROVE, OK_APPROVED },
		{ "both", go_to_next_showing_both, NULL, NULL, NULL, DECISION_APPROVE, OK_APPROVED },
		{ "the new one alone, unproved", go_to_next_showing_the_new_alone, NULL, NULL, NULL, DECISION_DENY, "A10 A11" },
		{ "a volume", go_to_next_while_running, NULL, NULL, NULL, DECISION_DENY, "A27" },
	};

	(void)state;
	RUN(ways);
}

/* --- the gatekeeper, the table ----------------------------------------------------------------------------------------- */

static enum status
identify(const struct mutation *m)
{
	struct built *b = build_begin();
	struct binding binding;
	struct quote q;
	struct public_area ak;
	struct evidence e;
	enum status s;

	(void)judge(m, b);
	e = build_evidence(b);
	s = appraise_identify(&e, &b->machine, &binding, &q, &ak);
	assert_int_equal(s == OK, q.banks > 0);
	assert_int_equal(s == OK, binding.purpose != PURPOSE_NONE);
	return s;
}

static void
s31_only_the_enrolled_ak_over_this_binding_identifies(void **state)
{
	static const struct mutation m[] = {
		{ .name = "good" },
		{ .name = "frozen", .facts = freeze_machine },
		{ .name = "binding", .bound = break_binding },
		{ .name = "machine", .facts = name_other_machine },
		{ .name = "magic", .facts = set_magic },
		{ .name = "nonce", .sent = change_nonce },
		{ .name = "key", .sent = sign_by_other },
		{ .name = "unrestricted", .facts = enrol_unrestricted },
	};
	static const enum status expected[] = { OK, OK, E_SYNTAX, E_MISMATCH, E_SYNTAX, E_MISMATCH, E_SIGNATURE, E_KEY };

	(void)state;
	for (size_t i = 0; i < sizeof m / sizeof m[0]; i++)
		if (identify(&m[i]) != expected[i])
			fail_msg("%s", m[i].name);
}

static void
the_numbers_of_checks_are_unique(void **state)
{
	size_t n;
	const struct check_info *c = appraise_checks(&n);

	(void)state;
	assert_int_equal(n, 39);
	for (size_t i = 0; i < n; i++) {
		assert_true(strlen(c[i].number) < 8 && strlen(c[i].title) > 10);
		for (size_t k = 0; k < i; k++)
			assert_string_not_equal(c[i].number, c[k].number);
	}
}

static void
the_man_page_lists_the_checks_word_for_word(void **state)
{
	static uint8_t page[65536];
	struct buffer in = BUFFER(page);
	size_t n;
	const struct check_info *c = appraise_checks(&n);
	const char *at = (const char *)page;

	(void)state;
	assert_int_equal(file_read("docs/bootgate-checks.7", &in), OK);
	buffer_u8(&in, 0);
	for (size_t i = 0; i < n; i++) {
		char item[256];

		snprintf(item, sizeof item, "\n.It %s\n%s\n", c[i].number, c[i].title);
		at = strstr(at, item);
		if (at == NULL)
			fail_msg("%s %s", c[i].number, c[i].title);
		at++;
	}
}

static void
an_appraisal_that_lacks_a_part_decides_nothing(void **state)
{
	struct appraisal a = { 0 };
	struct verdict v;

	(void)state;
	memset(&v, 0xff, sizeof v);
	assert_int_equal(appraise(&a, &v), E_MISSING);
	assert_int_equal(v.decision, DECISION_DENY);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_honest_boot_is_approved),
		cmocka_unit_test(s4_a_forged_quote_is_denied),
		cmocka_unit_test(evidence_for_another_machine_or_secret_is_denied),
		cmocka_unit_test(a_record_without_keys_approves_nothing),
		cmocka_unit_test(s3_a_quote_over_less_than_it_must_is_denied),
		cmocka_unit_test(a_quote_over_no_bank_is_denied),
		cmocka_unit_test(s3_a_log_that_is_not_what_happened_is_denied),
		cmocka_unit_test(what_cannot_be_explained_is_guessed_at),
		cmocka_unit_test(s6_a_closed_door_is_denied),
		cmocka_unit_test(s20_counters_that_go_back_or_hide_a_boot_are_held),
		cmocka_unit_test(s20_boots_in_between_are_named_with_their_number),
		cmocka_unit_test(a_hold_by_counters_is_still_there_at_the_next_try),
		cmocka_unit_test(s1_a_tampered_boot_is_denied),
		cmocka_unit_test(s19_removing_a_reference_value_bites_at_the_next_boot),
		cmocka_unit_test(s23_empty_and_zero_reference_values_are_denied),
		cmocka_unit_test(words_on_the_command_line_decide_though_it_is_listed),
		cmocka_unit_test(s7_a_command_line_that_may_resume_from_swap_is_denied),
		cmocka_unit_test(s2_secure_boot_off_or_with_other_keys_is_denied),
		cmocka_unit_test(s2_forged_types_do_not_help_where_keys_are_ignored),
		cmocka_unit_test(a_reason_names_event_digest_list_and_remedy),
		cmocka_unit_test(all_reasons_are_told_but_one_kind_does_not_crowd_out_others),
		cmocka_unit_test(foreign_text_in_a_reason_is_printable),
		cmocka_unit_test(s12_volumes_are_enrolled_only_in_the_approved_boot),
		cmocka_unit_test(s29_what_a_rotation_left_is_denied),
		cmocka_unit_test(a_machine_on_its_way_to_another_epoch_boots_by_the_old_one),
		cmocka_unit_test(s31_only_the_enrolled_ak_over_this_binding_identifies),
		cmocka_unit_test(the_numbers_of_checks_are_unique),
		cmocka_unit_test(the_man_page_lists_the_checks_word_for_word),
		cmocka_unit_test(an_appraisal_that_lacks_a_part_decides_nothing),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	printf("# count: %u attack cases tried\n", attacks);
	return failed;
}
