/* SPDX-License-Identifier: ISC */
/*
 * Evidence that is old, made in advance, or somebody else's; and what a freeze, a hold and an operator's word are worth (S5, S20).
 * Against a real bootgated.
 */
#include "daemon.h"

#include "verifier/nonce.h"

static uint8_t nonce_key[NONCE_KEY_SIZE], own[NONCE_VERIFIER_SIZE];

static int
set_up_with_keys(void **state)
{
	uint8_t point[EC_POINT_MAX];
	struct digest d;
	struct keys k;
	char path[128], why[256];

	set_up(state);
	snprintf(path, sizeof path, "%s/state", t.folder);
	assert_int_equal(keys_load(path, NULL, &k, why, sizeof why), OK);
	keys_derive(k.master, "nonce", nonce_key);
	d = hash_digest(HASH_SHA256, bytes_of(point, ec_public_encode(&k.statement.public, point)));
	memcpy(own, d.p, sizeof own);
	keys_wipe(&k);
	return 0;
}

static uint64_t
now(void)
{
	return (uint64_t)time(NULL);
}

/* Quoted and signed as the binding is now. */
static struct bytes
remake(void)
{
	static uint8_t space[EVIDENCE_SIZE_MAX];
	struct buffer out = BUFFER(space);
	struct evidence e;

	build_bind(t.built);
	build_attest(t.built);
	build_sign(t.built);
	e = build_evidence(t.built);
	assert_int_equal(message_evidence_encode(&e, &out), OK);
	return buffer_view(&out);
}

/* The evidence as it stands, without binding, quote or signature made anew. */
static struct bytes
as_it_is(void)
{
	static uint8_t space[EVIDENCE_SIZE_MAX];
	struct buffer out = BUFFER(space);
	struct evidence e = build_evidence(t.built);

	assert_int_equal(message_evidence_encode(&e, &out), OK);
	return buffer_view(&out);
}

/* --- S5 --- */

enum answered { APPROVED, ASK_AGAIN };

static void
nonces_that_are_too_old_from_the_future_or_foreign_are_refused(void **state)
{
	static const uint8_t peer[NONCE_VERIFIER_SIZE] = { 9 };
	static const struct {
		const char *what;
		const uint8_t *verifier; /* NULL: this one */
		int64_t age;
		enum answered expected;
	} cases[] = {
		{ "its own, a moment ago", NULL, 0, APPROVED },
		{ "its own, nearly ten minutes ago", NULL, 595, APPROVED },
		{ "its own, more than ten minutes ago", NULL, 602, ASK_AGAIN },
		{ "its own, of yesterday", NULL, 86400, ASK_AGAIN },
		{ "its own, from before a step of its clock", NULL, -300, APPROVED },
		{ "its own, from far ahead", NULL, -700, ASK_AGAIN },
		{ "a peer's, a moment ago", peer, 0, APPROVED },
		{ "a peer's, more than ten minutes ago", peer, 602, ASK_AGAIN },
		{ "a peer's, two minutes ahead", peer, -115, APPROVED },
		{ "a peer's, more than two minutes ahead", peer, -130, ASK_AGAIN },
	};
	static struct answer a;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		enroll_it();
		make_evidence(PURPOSE_BOOT);
		assert_int_equal(nonce_make(nonce_key, cases[i].verifier != NULL ? cases[i].verifier : own, now() - (uint64_t)cases[i].age, t.nonce), OK);
		if (cases[i].expected == ASK_AGAIN) {
			ask(t.https, "POST", "/v1/attest", remake(), &a);
			if (a.code != 409)
				fail_msg("%s: %u", cases[i].what, a.code);
			continue;
		}
		attest("/v1/attest", remake(), &a);
		if (a.statement.decision != DECISION_APPROVE)
			fail_msg("%s: not approved", cases[i].what);
	}
}

static void
a_nonce_of_another_fleet_or_of_any_other_length_is_refused(void **state)
{
	static struct answer a;
	uint8_t other_key[NONCE_KEY_SIZE], longest[NONCE_SIZE_MAX] = { 0 };

	(void)state;
	enroll_it();
	make_evidence(PURPOSE_BOOT);
	memcpy(other_key, nonce_key, sizeof other_key);
	other_key[0] ^= 1;
	assert_int_equal(nonce_make(other_key, own, now(), t.nonce), OK);
	ask(t.https, "POST", "/v1/attest", remake(), &a);
	expect_problem(&a, 409, "challenge-again");
	assert_int_equal(nonce_make(nonce_key, own, now(), longest), OK);
	for (size_t n = NONCE_SIZE_MIN; n < NONCE_SIZE_MAX; n++) {
		t.built->binding.nonce = bytes_of(longest, n);
		ask(t.https, "POST", "/v1/attest", remake(), &a);
		expect_problem(&a, 409, "challenge-again");
	}
	t.built->binding.nonce = bytes_of(longest, NONCE_SIZE_MAX);
	attest("/v1/attest", remake(), &a);
	assert_int_equal(a.statement.decision, DECISION_APPROVE);
}

/* What is exchanged after the quote was made: the nonce, the session, the keys, anything. */
static void
no_byte_of_a_binding_differs_from_what_was_quoted(void **state)
{
	static struct answer a;
	static uint8_t kept[BINDING_SIZE_MAX];
	unsigned tries = 0;

	(void)state;
	enroll_it();
	make_evidence(PURPOSE_BOOT);
	memcpy(kept, t.built->binding_space, t.built->encoded.n);
	for (size_t i = 0; i < t.built->encoded.n; i++) {
		t.built->binding_space[i] ^= (uint8_t)(1u << i % 8);
		ask(t.https, "POST", "/v1/attest", as_it_is(), &a);
		if (a.code != 400 && a.code != 403 && a.code != 409)
			fail_msg("byte %zu: %u", i, a.code);
		if (a.code == 403)
			expect_problem(&a, 403, "unknown");
		memcpy(t.built->binding_space, kept, t.built->encoded.n);
		tries++;
	}
	attest("/v1/attest", as_it_is(), &a);
	assert_int_equal(a.statement.decision, DECISION_APPROVE);
	printf("# count: %u bindings changed after the quote\n", tries);
}

/* Recorded on one machine, shown as another's, which is enrolled, too. */
static void
evidence_of_one_machine_is_not_anothers(void **state)
{
	static struct answer a;
	struct machine other;
	struct ec_private k;

	(void)state;
	enroll_it();
	other = t.built->machine;
	memset(other.id, 0x77, sizeof other.id);
	assert_int_equal(ec_generate(EC_P256, &k), OK);
	other.ak_n = build_ak_public(&k, BUILD_AK_ATTRIBUTES, other.ak);
	(void)store_machine_forget(t.store, other.id);
	assert_int_equal(store_machine_put(t.store, &other), OK);
	make_evidence(PURPOSE_BOOT);
	/* its name in the binding; then quoted anew, but by the wrong AK */
	memcpy(t.built->binding.machine, other.id, sizeof other.id);
	ask(t.https, "POST", "/v1/attest", remake(), &a);
	expect_problem(&a, 403, "unknown");
	/* its AK as well: what is left is the EK that salts the session, which is the other's */
	other.ek[30] ^= 1;
	assert_int_equal(store_machine_put(t.store, &other), OK);
	{
		struct ec_private real = t.built->ak;

		t.built->ak = k;
		attest("/v1/attest", remake(), &a);
		t.built->ak = real;
	}
	assert_int_equal(a.statement.decision, DECISION_DENY);
	assert_int_equal(store_machine_forget(t.store, other.id), OK);
}

/* Evidence of before is good for as long as its nonce; what it gets is the verdict of then, for the session of then. */
static void
old_evidence_gets_no_approval_for_another_session(void **state)
{
	static struct answer a;
	static uint8_t space[EVIDENCE_SIZE_MAX], other_session[32] = { 7 };
	struct buffer kept = BUFFER(space);
	struct binding then;
	struct name name;
	struct digest digest;
	uint8_t policy[GATE_DIGEST_SIZE];

	(void)state;
	enroll_it();
	buffer_bytes(&kept, make_evidence(PURPOSE_BOOT));
	then = t.built->binding;
	attest("/v1/attest", buffer_view(&kept), &a);
	assert_int_equal(a.statement.decision, DECISION_APPROVE);
	/* the machine boots anew, approved; then the old evidence is shown again */
	t.built->reset_count++;
	attest("/v1/attest", make_evidence(PURPOSE_BOOT), &a);
	assert_int_equal(a.statement.decision, DECISION_APPROVE);
	ask(t.https, "POST", "/v1/attest", buffer_view(&kept), &a);
	assert_int_equal(a.code, 200);
	assert_int_equal(message_result_decode(bytes_of(a.body, a.n), &a.result), OK);
	assert_int_equal(gate_nv_policy(&t.authority, 1, policy), OK);
	gate_nv_name(t.built->machine.nv_handle, GATE_NV_ATTRIBUTES, policy, &name);
	gate_approval_digest(&a.result.approval_key, then.nonce_tpm.p, &name, &a.result.statement_key, &digest);
	assert_int_equal(ec_verify(&a.result.approval_key, digest_view(&digest), a.result.gate[0].approval), OK);
	gate_approval_digest(&a.result.approval_key, other_session, &name, &a.result.statement_key, &digest);
	assert_int_equal(ec_verify(&a.result.approval_key, digest_view(&digest), a.result.gate[0].approval), E_SIGNATURE);
	t.built->reset_count--;
}

/* Or who replays evidence could take the present boot's right to enrol volumes away: its door shows another statement. */
static void
evidence_of_before_does_not_take_the_place_of_the_last_approval(void **state)
{
	static struct answer a;
	static uint8_t space[2][EVIDENCE_SIZE_MAX];
	struct digest last;
	struct machine m;

	(void)state;
	enroll_it();
	for (unsigned same_boot = 0; same_boot < 2; same_boot++) {
		struct buffer before = BUFFER(space[0]), present = BUFFER(space[1]);

		buffer_bytes(&before, make_evidence(PURPOSE_BOOT));
		attest("/v1/attest", buffer_view(&before), &a);
		assert_int_equal(a.statement.decision, DECISION_APPROVE);
		t.built->reset_count += same_boot == 0;
		buffer_bytes(&present, make_evidence(PURPOSE_BOOT));
		attest("/v1/attest", buffer_view(&present), &a);
		assert_int_equal(a.statement.decision, DECISION_APPROVE);
		last = hash_digest(HASH_SHA256, a.result.statement);
		ask(t.https, "POST", "/v1/attest", buffer_view(&before), &a);
		assert_int_equal(a.code, 200);
		assert_int_equal(store_machine_get(t.store, t.built->machine.id, &m), OK);
		assert_memory_equal(m.approved_statement, last.p, sizeof m.approved_statement);
		ask(t.https, "POST", "/v1/attest", buffer_view(&present), &a);
		assert_int_equal(store_machine_get(t.store, t.built->machine.id, &m), OK);
		assert_memory_equal(m.approved_statement, last.p, sizeof m.approved_statement);
	}
	t.built->reset_count--;
}

/* --- S20: freeze --- */

static void
launch_again(void)
{
	int status = 0;

	https_close(t.https);
	kill(t.pid, SIGTERM);
	waitpid(t.pid, &status, 0);
	launch_it();
	t.https = connect_to_it();
}

static enum decision
decision_on(struct bytes evidence)
{
	static struct answer a;

	attest("/v1/attest", evidence, &a);
	if (a.statement.decision != DECISION_APPROVE)
		assert_int_equal(a.result.gate[0].approval.n, 0);
	return a.statement.decision;
}

static void
nothing_is_approved_from_the_freeze_on_also_by_a_verifier_started_anew(void **state)
{
	static uint8_t first_space[EVIDENCE_SIZE_MAX], second_space[EVIDENCE_SIZE_MAX];
	struct buffer first = BUFFER(first_space), second = BUFFER(second_space);

	(void)state;
	enroll_it();
	buffer_bytes(&first, make_evidence(PURPOSE_BOOT));
	assert_int_equal(decision_on(buffer_view(&first)), DECISION_APPROVE);
	buffer_bytes(&second, make_evidence(PURPOSE_BOOT));
	assert_int_equal(decision_on(buffer_view(&second)), DECISION_APPROVE);
	run("build/bootgatectl -c %s/conf freeze --all >/dev/null", t.folder);
	make_evidence(PURPOSE_BOOT);
	assert_int_equal(decision_on(as_it_is()), DECISION_DENY);
	launch_again();
	make_evidence(PURPOSE_BOOT);
	assert_int_equal(decision_on(as_it_is()), DECISION_DENY);
	/* evidence that was approved before, sent again */
	{
		static struct answer a;

		ask(t.https, "POST", "/v1/attest", buffer_view(&first), &a);
		assert_int_equal(a.code, 403);
		run("build/bootgatectl -c %s/conf unfreeze --all >/dev/null", t.folder);
		/* what was denied meanwhile stays denied; what was not shown is as it was */
		ask(t.https, "POST", "/v1/attest", buffer_view(&first), &a);
		assert_int_equal(a.code, 403);
		ask(t.https, "POST", "/v1/attest", buffer_view(&second), &a);
		assert_int_equal(a.code, 200);
	}
	make_evidence(PURPOSE_BOOT);
	assert_int_equal(decision_on(as_it_is()), DECISION_APPROVE);
}

static void
an_operators_yes_does_not_thaw(void **state)
{
	static struct answer a;
	struct machine m;

	(void)state;
	enroll_it();
	t.built->restart_count = 1;
	attest("/v1/attest", make_evidence(PURPOSE_BOOT), &a);
	assert_int_equal(a.statement.decision, DECISION_HOLD);
	assert_int_equal(store_hold_decide(t.store, a.statement.hold.p, true, now()), OK);
	assert_int_equal(store_machine_get(t.store, t.built->machine.id, &m), OK);
	m.frozen = true;
	assert_int_equal(store_machine_put(t.store, &m), OK);
	assert_int_equal(decision_on(make_evidence(PURPOSE_BOOT)), DECISION_DENY);
	t.built->restart_count = 0;
}

/* --- S20: holds --- */

static void
a_restart_is_held_again_and_again_until_an_operator_says_yes(void **state)
{
	static struct answer a;
	uint8_t id[HOLD_ID_SIZE];

	(void)state;
	enroll_it();
	assert_int_equal(decision_on(make_evidence(PURPOSE_BOOT)), DECISION_APPROVE);
	t.built->restart_count = 1;
	for (unsigned i = 0; i < 4; i++) {
		attest("/v1/attest", make_evidence(PURPOSE_BOOT), &a);
		assert_int_equal(a.statement.decision, DECISION_HOLD);
		assert_true(bytes_equal(a.statement.reason[0].check, BYTES_STRING("A22")));
		if (i > 0)
			assert_memory_equal(a.statement.hold.p, id, sizeof id); /* one hold, not four */
		memcpy(id, a.statement.hold.p, sizeof id);
		if (i == 1)
			launch_again();
	}
	assert_int_equal(store_hold_decide(t.store, id, true, now()), OK);
	assert_int_equal(decision_on(make_evidence(PURPOSE_BOOT)), DECISION_APPROVE);
	t.built->restart_count = 0;
}

/* Power off and on moves resetCount: that boot is judged anew, and the one before is named. */
static void
an_operators_no_is_for_this_boot_and_says_so(void **state)
{
	static struct answer a;
	const struct statement *s = &a.statement;

	(void)state;
	enroll_it();
	assert_int_equal(decision_on(make_evidence(PURPOSE_BOOT)), DECISION_APPROVE);
	t.built->restart_count = 1;
	attest("/v1/attest", make_evidence(PURPOSE_BOOT), &a);
	assert_int_equal(s->decision, DECISION_HOLD);
	assert_int_equal(store_hold_decide(t.store, s->hold.p, false, now()), OK);
	for (unsigned i = 0; i < 2; i++) {
		attest("/v1/attest", make_evidence(PURPOSE_BOOT), &a);
		assert_int_equal(s->decision, DECISION_DENY);
		assert_true(bytes_equal(s->reason[s->reasons - 1].check, BYTES_STRING("hold")));
	}
	t.built->restart_count = 0;
	t.built->reset_count += 2;
	attest("/v1/attest", make_evidence(PURPOSE_BOOT), &a);
	assert_int_equal(s->decision, DECISION_APPROVE);
	assert_int_equal(s->reasons, 1);
	assert_true(bytes_equal(s->reason[0].check, BYTES_STRING("A21")));
	assert_true(memmem(s->reason[0].text.p, s->reason[0].text.n, "1 boots since", 13) != NULL);
	t.built->reset_count -= 2;
}

static void
a_yes_of_more_than_an_hour_ago_is_none(void **state)
{
	static struct answer a;

	(void)state;
	enroll_it();
	t.built->restart_count = 1;
	attest("/v1/attest", make_evidence(PURPOSE_BOOT), &a);
	assert_int_equal(a.statement.decision, DECISION_HOLD);
	assert_int_equal(store_hold_decide(t.store, a.statement.hold.p, true, now() - 3601), OK);
	assert_int_equal(decision_on(make_evidence(PURPOSE_BOOT)), DECISION_HOLD);
	t.built->restart_count = 0;
}

/* The power went: Startup without Shutdown.  resetCount steps, the clock is not safe, and may go back. */
static void
a_power_cut_denies_nothing(void **state)
{
	(void)state;
	enroll_it();
	assert_int_equal(decision_on(make_evidence(PURPOSE_BOOT)), DECISION_APPROVE);
	t.built->reset_count++;
	t.built->safe = false;
	assert_int_equal(decision_on(make_evidence(PURPOSE_BOOT)), DECISION_APPROVE);
	t.clock -= 1;
	assert_int_equal(decision_on(make_evidence(PURPOSE_BOOT)), DECISION_APPROVE);
	t.built->safe = true;
	t.built->reset_count--;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nonces_that_are_too_old_from_the_future_or_foreign_are_refused),
		cmocka_unit_test(a_nonce_of_another_fleet_or_of_any_other_length_is_refused),
		cmocka_unit_test(no_byte_of_a_binding_differs_from_what_was_quoted),
		cmocka_unit_test(evidence_of_one_machine_is_not_anothers),
		cmocka_unit_test(old_evidence_gets_no_approval_for_another_session),
		cmocka_unit_test(evidence_of_before_does_not_take_the_place_of_the_last_approval),
		cmocka_unit_test(nothing_is_approved_from_the_freeze_on_also_by_a_verifier_started_anew),
		cmocka_unit_test(an_operators_yes_does_not_thaw),
		cmocka_unit_test(a_restart_is_held_again_and_again_until_an_operator_says_yes),
		cmocka_unit_test(an_operators_no_is_for_this_boot_and_says_so),
		cmocka_unit_test(a_yes_of_more_than_an_hour_ago_is_none),
		cmocka_unit_test(a_power_cut_denies_nothing),
	};

	return cmocka_run_group_tests(tests, set_up_with_keys, tear_down);
}
