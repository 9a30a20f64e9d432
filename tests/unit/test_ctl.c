/* SPDX-License-Identifier: ISC */
/*
 * bootgatectl on a verifier's database with machines, verdicts, holds and cases in it; and that `bootgatectl appraise` judges as the
 * verifier does, word for word.  Runs build/test/bootgatectl; ctl.sh holds what needs no database of ours.
 */
#include "evidence_build.h"

#include <jansson.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "store/keys.h"
#include "store/record.h"
#include "store/store.h"

#define OUTPUT_MAX 65536

static struct {
	char folder[64], output[OUTPUT_MAX];
	int status;
	struct store *store;
} w;

/* --- running it -------------------------------------------------------------------------------------------------------- */

/* ${arguments}, in which $W is the folder; standard output and error together in w.output. */
static int
ctl(const char *arguments)
{
	const char *program = getenv("BOOTGATECTL");
	char command[1024];
	size_t n;
	FILE *p;

	snprintf(command, sizeof command, "W=%s; %s -c $W/conf %s 2>&1 </dev/null", w.folder, program != NULL ? program : "build/test/bootgatectl", arguments);
	p = popen(command, "r");
	assert_non_null(p);
	n = fread(w.output, 1, sizeof w.output - 1, p);
	w.output[n] = '\0';
	w.status = pclose(p);
	assert_true(WIFEXITED(w.status));
	return WEXITSTATUS(w.status);
}

static void
expect(int status, const char *arguments, const char *said)
{
	int got = ctl(arguments);

	if (got != status || strstr(w.output, said) == NULL)
		fail_msg("%s: status %d (expected %d), and it said, without \"%s\":\n%s", arguments, got, status, said, w.output);
}

static void
expect_not(const char *said)
{
	if (strstr(w.output, said) != NULL)
		fail_msg("it said \"%s\":\n%s", said, w.output);
}

static void
write_file(const char *name, struct bytes data)
{
	char path[128];

	snprintf(path, sizeof path, "%s/%s", w.folder, name);
	assert_int_equal(file_write(path, data, 0600), OK);
}

static int
setup(void **state)
{
	char text[256], why[512];

	(void)state;
	snprintf(w.folder, sizeof w.folder, "/tmp/test_ctl.XXXXXX");
	assert_non_null(mkdtemp(w.folder));
	snprintf(text, sizeof text, "state = \"%s\"\nlisten = { \"127.0.0.1:1\" }\n", w.folder);
	write_file("conf", bytes_of(text, strlen(text)));
	snprintf(text, sizeof text, "%s/" STORE_FILE, w.folder);
	assert_int_equal(store_open(text, STORE_CREATE, &w.store, why, sizeof why), OK);
	return 0;
}

static int
teardown(void **state)
{
	char command[128];

	(void)state;
	store_close(w.store);
	snprintf(command, sizeof command, "rm -rf %s", w.folder);
	return system(command);
}

/* --- what is in the database ------------------------------------------------------------------------------------------- */

static uint8_t case_space[CASE_SIZE_MAX + 65536], policy_space[65536], references_space[65536], evidence_space[EVIDENCE_SIZE_MAX];

/* The EK of evidence_build.h has no public area; here it has one, so that its Name can be computed from the record. */
static void
give_ek(struct built *b)
{
	struct ec_private ek;
	struct public_area area;
	uint8_t d[32];

	memset(d, 0x31, sizeof d);
	assert_int_equal(ec_private_from_d(EC_P256, BYTES(d), &ek), OK);
	b->machine.ek_n = build_ak_public(&ek, UINT32_C(0x000300b2), b->machine.ek);
	assert_int_equal(public_decode(bytes_of(b->machine.ek, b->machine.ek_n), &area), OK);
	assert_int_equal(public_name(&area, &b->ek_name), OK);
	b->binding.salting_key = b->ek_name;
	snprintf(b->machine.policy, sizeof b->machine.policy, "default");
}

static struct bytes
policy_text(void)
{
	struct buffer b = BUFFER(policy_space);

	assert_int_equal(file_read(BUILD_POLICY, &b), OK);
	return buffer_view(&b);
}

static void
finish(struct built *b)
{
	if (b->log.n == 0)
		build_log(b);
	build_bind(b);
	build_attest(b);
	build_sign(b);
}

static struct bytes
evidence_of(struct built *b)
{
	struct evidence e = build_evidence(b);
	struct buffer out = BUFFER(evidence_space);

	assert_int_equal(message_evidence_encode(&e, &out), OK);
	return buffer_view(&out);
}

static void
case_of(struct built *b, struct case_file *c)
{
	static uint8_t machine[MACHINE_ENCODED_MAX];
	struct buffer m = BUFFER(machine), r = BUFFER(references_space);
	struct references references = { b->reference, b->references };

	assert_int_equal(machine_encode(&b->machine, &m), OK);
	assert_int_equal(case_references_encode(&references, &r), OK);
	*c = (struct case_file){ evidence_of(b), buffer_view(&m), BYTES_STRING("default"), policy_text(), buffer_view(&r), b->now };
}

static struct bytes
encoded_case(struct built *b)
{
	struct case_file c;
	struct buffer out = BUFFER(case_space);

	case_of(b, &c);
	assert_int_equal(case_encode(&c, &out), OK);
	return buffer_view(&out);
}

static uint64_t
add_record(const struct record *r)
{
	uint8_t space[STORE_RECORD_MAX];
	struct buffer b = BUFFER(space);
	uint64_t number = 0;

	assert_int_equal(record_encode(r, &b), OK);
	assert_int_equal(store_begin(w.store), OK);
	assert_int_equal(store_audit_append(w.store, 1700000000, buffer_view(&b), &number), OK);
	assert_int_equal(store_commit(w.store), OK);
	return number;
}

static uint64_t
add_verdict(const struct machine *m, const char *check, const char *text)
{
	static const uint8_t digest[32] = { 9 };
	struct record r = {
		.kind = BYTES_STRING("verdict"),
		.machine = BYTES(m->id),
		.label = bytes_of(m->label, strlen(m->label)),
		.judged = true,
		.decision = check == NULL ? DECISION_APPROVE : DECISION_DENY,
		.purpose = PURPOSE_BOOT,
		.evidence = BYTES(digest),
		.policy = BYTES_STRING("strict/1"),
		.policy_digest = BYTES(digest),
		.references_digest = BYTES(digest),
		.verifier = bytes_of(digest, RECORD_VERIFIER_SIZE),
	};

	if (check != NULL) {
		r.reasons = 1;
		r.reason[0] = (struct reason){ bytes_of(check, strlen(check)), bytes_of(text, strlen(text)) };
	}
	return add_record(&r);
}

static struct machine
put_machine(uint8_t first, const char *label)
{
	struct machine m = build_begin()->machine;

	m.id[0] = first;
	snprintf(m.label, sizeof m.label, "%s", label);
	snprintf(m.policy, sizeof m.policy, "default");
	assert_int_equal(store_machine_put(w.store, &m), OK);
	return m;
}

/* --- appraise ---------------------------------------------------------------------------------------------------------- */

static const char *
json_text(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	assert_non_null(text);
	return text;
}

/* What `appraise` says of ${b} is what appraise() says of it, as a table and as JSON. */
static void
same_verdict(struct built *b)
{
	static const char *const words[] = { [DECISION_DENY] = "deny", [DECISION_HOLD] = "hold", [DECISION_APPROVE] = "approve" };
	const struct verdict *v;
	const json_t *reasons;
	json_t *all;

	finish(b);
	v = build_judge(b);
	write_file("case", encoded_case(b));
	assert_int_equal(ctl("appraise $W/case"), v->decision == DECISION_APPROVE ? 0 : 3);
	for (size_t i = 0; i < v->reasons; i++)
		if (strstr(w.output, v->reason[i].text) == NULL)
			fail_msg("not said: %s: %s; but:\n%s", v->reason[i].check, v->reason[i].text, w.output);
	assert_int_equal(ctl("appraise --json $W/case"), v->decision == DECISION_APPROVE ? 0 : 3);
	all = json_loads(w.output, 0, NULL);
	assert_non_null(all);
	assert_string_equal(json_text(all, "verdict"), words[v->decision]);
	assert_string_equal(json_text(all, "policy"), policy_title(b->policy));
	reasons = json_object_get(all, "reasons");
	assert_int_equal(json_array_size(reasons), v->reasons);
	for (size_t i = 0; i < v->reasons; i++) {
		assert_string_equal(json_text(json_array_get(reasons, i), "check"), v->reason[i].check);
		assert_string_equal(json_text(json_array_get(reasons, i), "text"), v->reason[i].text);
	}
	json_decref(all);
}

static void
appraise_approves_what_the_verifier_approves(void **state)
{
	struct built *b = build_begin();

	(void)state;
	give_ek(b);
	same_verdict(b);
	expect(0, "appraise $W/case", "verdict   approve");
	expect(0, "appraise $W/case", "machine   1111111111111111 test");
}

static void
appraise_denies_and_holds_word_for_word(void **state)
{
	struct built *b = build_begin();

	(void)state;
	give_ek(b);
	build_measure(b, BUILD_UKI, BYTES_STRING("another kernel"));
	same_verdict(b);
	expect(3, "appraise $W/case", "verdict   deny");

	b = build_begin();
	give_ek(b);
	build_forget(b, "initrd", build_sha256(b, BUILD_INITRD));
	same_verdict(b);

	b = build_begin();
	give_ek(b);
	b->reset_count = 3; /* it goes back */
	same_verdict(b);
	expect(3, "appraise $W/case", "verdict   hold");

	b = build_begin();
	give_ek(b);
	b->machine.frozen = true;
	b->magic = 1;
	same_verdict(b);
}

static void
appraise_takes_another_policy(void **state)
{
	struct built *b = build_begin();
	char command[256];

	(void)state;
	give_ek(b);
	finish(b);
	write_file("case", encoded_case(b));
	snprintf(command, sizeof command, "sed 's/require = {/& \"lockdown=integrity\",/' policy/uki.conf >%s/wants.conf", w.folder);
	assert_int_equal(system(command), 0);
	expect(0, "appraise $W/case --policy policy/uki.conf", "policy    uki/");
	expect(3, "appraise $W/case --policy $W/wants.conf", "lockdown=integrity");
	write_file("bad.conf", BYTES_STRING("policy x {\n}\n"));
	expect(1, "appraise $W/case --policy $W/bad.conf", "bad.conf:");
}

static void
appraise_judges_evidence_by_what_the_database_has(void **state)
{
	struct built *b = build_begin();

	(void)state;
	give_ek(b);
	finish(b);
	write_file("evidence", evidence_of(b));
	expect(1, "appraise $W/evidence", "needs --machine");
	expect(1, "appraise $W/evidence --machine 11111111", "no machine has this label");
	assert_int_equal(store_machine_put(w.store, &b->machine), OK);
	expect(1, "appraise $W/evidence --machine 11111111", "there is no policy \"default\"");
	assert_int_equal(store_policy_put(w.store, "default", policy_text()), OK);
	expect(3, "appraise $W/evidence --machine 11111111", "P1");
	for (size_t i = 0; i < b->references; i++)
		assert_int_equal(store_reference_add(w.store, &b->reference[i], ""), OK);
	expect(0, "appraise $W/evidence --machine test", "verdict   approve");
}

/* --- machines ---------------------------------------------------------------------------------------------------------- */

static void
machines_are_named_by_label_or_first_digits(void **state)
{
	(void)state;
	put_machine(0x21, "web");
	put_machine(0x22, "db");
	expect(0, "machine list", "2111111111111111");
	assert_non_null(strstr(w.output, "web"));
	expect(0, "machine show 21111111", "2111111111111111111111111111111111111111111111111111111111111111");
	expect(0, "machine show web", "enrolled");
	expect(1, "machine show 2111", "at least 8 digits");
	expect(1, "machine show mail", "no machine has this label");
	put_machine(0x23, "web");
	expect(1, "machine show web", "more than one");
	expect(1, "machine forget web", "more than one");
}

static void
a_machine_cannot_write_on_the_terminal(void **state)
{
	(void)state;
	put_machine(0x21, "a\033[2J\xc2\x9b\xe2\x80\xae");
	expect(0, "machine list", "a?[2J??");
	expect_not("\033");
	expect_not("\xc2\x9b");
}

static void
a_pending_machine_waits_for_approve(void **state)
{
	struct machine m = put_machine(0x21, "web"), after;

	(void)state;
	m.active = false;
	assert_int_equal(store_machine_put(w.store, &m), OK);
	expect(0, "machine list", "pending");
	expect(0, "machine approve web", "approved");
	assert_int_equal(store_machine_get(w.store, m.id, &after), OK);
	assert_true(after.active);
	expect(0, "machine approve web", "nothing to approve");
	expect(0, "audit list --machine web", "machine approve");
}

static void
a_machine_that_enrolled_again_replaces_itself_by_approve_only(void **state)
{
	struct machine m = put_machine(0x21, "web"), candidate = m, after;

	(void)state;
	memset(candidate.machine_key, 0x77, sizeof candidate.machine_key);
	snprintf(candidate.label, sizeof candidate.label, "evil");
	assert_int_equal(store_candidate_put(w.store, &candidate), OK);
	expect(0, "machine list", "enrolled again");
	expect(0, "machine show web", "7777777777777777");
	assert_int_equal(store_machine_get(w.store, m.id, &after), OK);
	assert_memory_equal(after.machine_key, m.machine_key, sizeof m.machine_key);
	expect(0, "machine approve web", "the new enrolment replaces");
	assert_int_equal(store_machine_get(w.store, m.id, &after), OK);
	assert_memory_equal(after.machine_key, candidate.machine_key, sizeof m.machine_key);
	assert_string_equal(after.label, "web");
}

static void
freeze_unfreeze_and_forget_last(void **state)
{
	struct machine m = put_machine(0x21, "web"), after;

	(void)state;
	expect(0, "machine freeze web", "frozen");
	assert_int_equal(store_machine_get(w.store, m.id, &after), OK);
	assert_true(after.frozen);
	expect(0, "machine list", "frozen");
	expect(0, "machine unfreeze 21111111", "no longer frozen");
	assert_int_equal(store_machine_get(w.store, m.id, &after), OK);
	assert_false(after.frozen);
	expect(0, "freeze web", "frozen");
	assert_int_equal(store_machine_get(w.store, m.id, &after), OK);
	assert_true(after.frozen);
	expect(0, "unfreeze 21111111", "no longer frozen");
	assert_int_equal(store_machine_get(w.store, m.id, &after), OK);
	assert_false(after.frozen);
	expect(0, "machine forget web", "forgotten");
	assert_int_equal(store_machine_get(w.store, m.id, &after), E_NOT_FOUND);
	expect(0, "audit list", "machine forget");
}

static bool
count_frozen(const struct machine *m, void *arg)
{
	size_t *n = arg;

	n[m->frozen]++;
	return true;
}

/* More of them than are changed at a time. */
static void
the_whole_fleet_is_frozen_and_freed_by_one_word(void **state)
{
	size_t before[2] = { 0 }, frozen[2] = { 0 }, after[2] = { 0 };
	struct machine m;
	char label[16];

	(void)state;
	for (unsigned i = 0; i < 150; i++) {
		snprintf(label, sizeof label, "fleet-%u", i);
		m = put_machine((uint8_t)(0x40 + i), label);
		m.frozen = i % 3 == 0;
		assert_int_equal(store_machine_put(w.store, &m), OK);
	}
	assert_int_equal(store_machine_each(w.store, count_frozen, before), OK);
	assert_int_equal(before[1], 50);
	expect(2, "freeze", "name one machine, or say --all");
	expect(2, "freeze fleet-1 --all", "name one machine, or say --all");
	expect(0, "freeze --all", "frozen: none of the fleet");
	assert_int_equal(store_machine_each(w.store, count_frozen, frozen), OK);
	assert_int_equal(frozen[0], 0);
	assert_int_equal(frozen[1], before[0] + before[1]);
	expect(0, "audit list --last 1", "machine freeze --all");
	expect(0, "machine unfreeze --all", "no longer frozen");
	assert_int_equal(store_machine_each(w.store, count_frozen, after), OK);
	assert_int_equal(after[1], 0);
	for (unsigned i = 0; i < 150; i++) {
		snprintf(label, sizeof label, "fleet-%u", i);
		assert_int_equal(store_machine_find(w.store, label, &m), OK);
		assert_int_equal(store_machine_forget(w.store, m.id), OK);
	}
}

/* --- rotation ---------------------------------------------------------------------------------------------------------- */

static void
give_shares(const struct machine *m, unsigned n)
{
	struct store_share share = { .n = 64 };

	memcpy(share.machine, m->id, sizeof share.machine);
	for (unsigned i = 0; i < n; i++) {
		memset(share.id, (int)i + 1, sizeof share.id);
		assert_int_equal(store_share_put(w.store, &share), OK);
	}
}

static struct machine
read_again(const struct machine *m)
{
	struct machine now;

	assert_int_equal(store_machine_get(w.store, m->id, &now), OK);
	return now;
}

/* A verifier with keys, and delegations of epochs 1 and 5; machines are on epoch 3. */
static void
make_verifier(void)
{
	assert_int_equal(ctl("authority init $W/authority --verifier $W --name host"), 0);
	assert_int_equal(ctl("authority delegate $W/authority $W --epoch 5"), 0);
}

static void
a_machine_rotates_to_the_newest_epoch_that_is_delegated(void **state)
{
	struct machine m = put_machine(0x21, "web");

	(void)state;
	expect(1, "machine rotate web", "authority init --verifier");
	assert_int_equal(ctl("authority init $W/authority --verifier $W --name host"), 0);
	expect(1, "machine rotate web", "authority delegate DIR STATEDIR --epoch 4");
	expect(1, "machine rotate web --epoch 5", "authority delegate DIR STATEDIR --epoch 5");
	expect(1, "machine rotate web --epoch 1", "never goes back");
	assert_int_equal(ctl("authority delegate $W/authority $W --epoch 5"), 0);
	expect(1, "machine rotate web", "no volume of it is enrolled");
	assert_int_equal(read_again(&m).rotate_to, 0);
	give_shares(&m, 2);
	expect(0, "machine rotate web", "goes to epoch 5");
	assert_int_equal(read_again(&m).rotate_to, 5);
	expect(0, "machine rotate web", "goes to epoch 5");
	expect(0, "machine list", "3>5");
	expect(0, "machine show web", "waits for its next approved boot");
	expect(0, "audit list --machine web", "machine rotate: from epoch 3 to 5");
	expect(2, "machine rotate", "name one machine");
	expect(2, "machine rotate web --all", "name one machine");
}

static void
a_machine_with_more_shares_than_two_epochs_hold_is_not_rotated(void **state)
{
	struct machine m = put_machine(0x21, "web"), n = put_machine(0x22, "db");

	(void)state;
	make_verifier();
	give_shares(&m, 17);
	give_shares(&n, 16);
	expect(1, "machine rotate --all", "NOT ROTATED: has 17 network shares, and 16 are the most");
	assert_int_equal(read_again(&m).rotate_to, 0);
	assert_int_equal(read_again(&n).rotate_to, 5);
	assert_non_null(strstr(w.output, "not on epoch 5 yet:\n  2211111111111111  epoch 3, waits for its next boot  db"));
	assert_non_null(strstr(w.output, "2111111111111111  epoch 3, not told to rotate  web"));
	assert_non_null(strstr(w.output, "2 of 2 machines"));
}

static void
an_order_that_was_given_is_not_taken_back(void **state)
{
	struct machine m = put_machine(0x21, "web"), now;

	(void)state;
	make_verifier();
	give_shares(&m, 1);
	expect(0, "machine rotate --cancel web", "stays on epoch 3");
	expect(0, "machine rotate web", "goes to epoch 5");
	expect(0, "machine rotate --cancel web", "stays on epoch 3");
	assert_int_equal(read_again(&m).rotate_to, 0);
	expect(0, "machine rotate web", "goes to epoch 5");
	now = read_again(&m);
	now.rotate_ordered = true;
	assert_int_equal(store_machine_put(w.store, &now), OK);
	expect(1, "machine rotate --cancel web", "let it go on");
	expect(0, "machine show web", "ordered: a boot");
	now.rotate_seen = true;
	assert_int_equal(store_machine_put(w.store, &now), OK);
	expect(0, "machine show web", "half-way");
	assert_int_equal(ctl("authority delegate $W/authority $W --epoch 6"), 0);
	expect(1, "machine rotate web", "on its way to epoch 5");
	assert_int_equal(read_again(&m).rotate_to, 5);
	expect(2, "machine rotate --cancel --all", "for one machine");
}

static void
revoke_names_the_machines_that_are_behind(void **state)
{
	struct machine m = put_machine(0x21, "web"), n = put_machine(0x22, "db");

	(void)state;
	make_verifier();
	expect(1, "authority revoke $W/authority 00000000", "of no verifier that");
	expect(1, "authority revoke $W/authority $W/nothing", "of no verifier that");
	n.epoch = 6;
	assert_int_equal(store_machine_put(w.store, &n), OK);
	expect(0, "authority revoke $W/authority $W", "epoch 6, delegated to:\n  none is left");
	assert_non_null(strstr(w.output, "epoch 3, not told to rotate  web"));
	assert_non_null(strstr(w.output, "1 of 2 machines"));
	expect_not("  db");
	m.epoch = 6;
	assert_int_equal(store_machine_put(w.store, &m), OK);
	expect(0, "authority revoke $W/authority $W/verifier.pub", "all 2 machines are on epoch 6");
	expect(1, "authority delegate $W/authority $W", "was revoked");
}

/* --- holds ------------------------------------------------------------------------------------------------------------- */

static struct store_hold
put_hold(const struct machine *m, uint8_t first)
{
	struct store_hold h = { .state = HOLD_WAITING, .made = 1700000000, .reset = 41, .record = 7 };

	memset(h.id, first, sizeof h.id);
	memcpy(h.machine, m->id, sizeof h.machine);
	assert_int_equal(store_hold_put(w.store, &h), OK);
	return h;
}

static void
holds_are_decided_once(void **state)
{
	struct machine m = put_machine(0x21, "web");
	struct store_hold a = put_hold(&m, 0xa1), b = put_hold(&m, 0xb2), after;

	(void)state;
	expect(0, "hold list", "a1a1a1a1a1a1a1a1  waiting");
	expect(1, "hold approve 21111111", "more than one hold");
	expect(0, "hold approve a1a1a1a1", "approved, for this one boot");
	assert_int_equal(store_hold_get(w.store, a.id, &after), OK);
	assert_int_equal(after.state, HOLD_YES);
	expect(1, "hold deny a1a1a1a1", "nothing waits");
	expect(0, "hold deny web", "denied");
	assert_int_equal(store_hold_get(w.store, b.id, &after), OK);
	assert_int_equal(after.state, HOLD_NO);
	expect(0, "hold list", "HOLD");
	expect_not("a1a1");
	expect(0, "hold list --all", "a1a1a1a1a1a1a1a1  approved");
	expect(0, "audit list", "hold deny b2b2b2b2b2b2b2b2");
}

static void
a_new_policy_or_value_lets_held_machines_ask_again(void **state)
{
	struct machine m = put_machine(0x21, "web");
	struct store_hold a = put_hold(&m, 0xa1), b, after;

	(void)state;
	expect(0, "policy apply policy/uki.conf", "is now the policy");
	assert_int_equal(store_hold_get(w.store, a.id, &after), OK);
	assert_int_equal(after.state, HOLD_USED);
	b = put_hold(&m, 0xb2);
	expect(0, "reference add cmdline 'quiet noresume'", "added");
	assert_int_equal(store_hold_get(w.store, b.id, &after), OK);
	assert_int_equal(after.state, HOLD_USED);
}

/* --- the audit log ----------------------------------------------------------------------------------------------------- */

static void
audit_list_and_show_tell_verdicts(void **state)
{
	struct machine web = put_machine(0x21, "web"), db = put_machine(0x22, "db");
	uint64_t number;

	(void)state;
	add_verdict(&web, NULL, NULL);
	number = add_verdict(&db, "P4", "PCR 4 shows a stranger\033");
	assert_int_equal(number, 2);
	expect(0, "audit list", "P4: PCR 4 shows a stranger?");
	assert_non_null(strstr(w.output, "approved"));
	expect(0, "audit list --machine db", "denied");
	expect_not("approved");
	expect(0, "audit list --machine 2111111111111111", "approved");
	expect_not("denied");
	expect(0, "audit show 2", "reason       P4: PCR 4 shows a stranger?");
	assert_non_null(strstr(w.output, "2211111111111111111111111111111111111111111111111111111111111111"));
	/* A machine that is forgotten is still found in the log. */
	expect(0, "machine forget db", "forgotten");
	expect(0, "audit list --machine db", "P4");
}

static void
a_case_is_exported_bit_for_bit(void **state)
{
	static uint8_t space[sizeof case_space];
	struct buffer exported = BUFFER(space);
	struct built *b = build_begin();
	struct case_file c;
	struct stat st;
	char path[128];
	uint64_t number;

	(void)state;
	give_ek(b);
	finish(b);
	number = add_verdict(&b->machine, NULL, NULL);
	case_of(b, &c);
	assert_int_equal(store_case_put(w.store, number, b->machine.id, true, &c, 8), OK);
	expect(0, "audit show 1 --case $W/exported", "verdict      approved");
	snprintf(path, sizeof path, "%s/exported", w.folder);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(file_read(path, &exported), OK);
	assert_true(bytes_equal(buffer_view(&exported), encoded_case(b)));
	expect(0, "appraise $W/exported", "verdict   approve");
}

static void
audit_verify_holds_for_an_untouched_log(void **state)
{
	struct machine web = put_machine(0x21, "web");

	(void)state;
	expect(0, "audit verify", "0 records");
	for (unsigned i = 0; i < 5; i++)
		add_verdict(&web, NULL, NULL);
	expect(0, "audit verify", "5 records");
}

static void
audit_verify_names_a_record_that_is_none(void **state)
{
	uint64_t number = 0;

	(void)state;
	add_verdict(&build_begin()->machine, NULL, NULL);
	assert_int_equal(store_begin(w.store), OK);
	assert_int_equal(store_audit_append(w.store, 1700000000, BYTES_STRING("\xff"), &number), OK);
	assert_int_equal(store_commit(w.store), OK);
	expect(3, "audit verify", "record 2 is no record");
	expect(0, "audit list", "2       cannot be read");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(appraise_approves_what_the_verifier_approves),
		TEST(appraise_denies_and_holds_word_for_word),
		TEST(appraise_takes_another_policy),
		TEST(appraise_judges_evidence_by_what_the_database_has),
		TEST(machines_are_named_by_label_or_first_digits),
		TEST(a_machine_cannot_write_on_the_terminal),
		TEST(a_pending_machine_waits_for_approve),
		TEST(a_machine_that_enrolled_again_replaces_itself_by_approve_only),
		TEST(freeze_unfreeze_and_forget_last),
		TEST(the_whole_fleet_is_frozen_and_freed_by_one_word),
		TEST(a_machine_rotates_to_the_newest_epoch_that_is_delegated),
		TEST(a_machine_with_more_shares_than_two_epochs_hold_is_not_rotated),
		TEST(an_order_that_was_given_is_not_taken_back),
		TEST(revoke_names_the_machines_that_are_behind),
		TEST(holds_are_decided_once),
		TEST(a_new_policy_or_value_lets_held_machines_ask_again),
		TEST(audit_list_and_show_tell_verdicts),
		TEST(a_case_is_exported_bit_for_bit),
		TEST(audit_verify_holds_for_an_untouched_log),
		TEST(audit_verify_names_a_record_that_is_none),
	};

	return cmocka_run_group_tests_name("ctl", tests, NULL, NULL);
}
