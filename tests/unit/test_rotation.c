/* SPDX-License-Identifier: ISC */
/*
 * A rotation as a verifier sees it, from the order to the last seal; the machine's part is played here.  (docs/protocol.md, "Rotation")
 */
#include "daemon.h"

#include "protocol/rotation.h"

#define VOLUMES 2
#define NEXT 2 /* the epoch */

/* What lies on the machine's disks and in its TPM. */
static struct {
	uint8_t old_key[MACHINE_KEY_SIZE], new_key[MACHINE_KEY_SIZE];
	struct {
		uint8_t id[SHARE_ID_SIZE], share[SHARE_SIZE];             /* the first seal */
		uint8_t successor[SHARE_ID_SIZE], new_share[SHARE_SIZE]; /* what the order brought */
		uint8_t new_id[SHARE_ID_SIZE];                           /* of the second seal */
	} volume[VOLUMES];
} disk;

static struct machine
record(void)
{
	struct machine m;

	assert_int_equal(store_machine_get(t.store, t.built->machine.id, &m), OK);
	return m;
}

static void
order(uint32_t epoch)
{
	struct machine m = record();

	m.rotate_to = epoch;
	assert_int_equal(store_machine_put(t.store, &m), OK);
}

static void
start_anew(void)
{
	https_close(t.https);
	kill(t.pid, SIGTERM);
	waitpid(t.pid, NULL, 0);
	launch_it();
	t.https = connect_to_it();
}

/* Delegations are read at the start. */
static void
delegate(unsigned epoch)
{
	run("build/bootgatectl authority delegate %s/authority %s/state --epoch %u >/dev/null", t.folder, t.folder, epoch);
	start_anew();
}

/* --- what the disk shows --- */

static void
show_nothing(void)
{
	t.built->binding.seals = t.built->binding.indices = 0;
}

static void
show_index(uint32_t handle, uint32_t epoch)
{
	t.built->binding.index[t.built->binding.indices++] = (struct index_claim){ handle, epoch };
}

static int
compare(const void *a, const void *b)
{
	const struct seal_claim *x = a, *y = b;

	return x->epoch != y->epoch ? (x->epoch < y->epoch ? -1 : 1) : memcmp(x->share, y->share, SHARE_ID_SIZE);
}

static void
show_seal(uint32_t epoch, const uint8_t id[SHARE_ID_SIZE])
{
	struct binding *b = &t.built->binding;

	b->seal[b->seals].epoch = epoch;
	memcpy(b->seal[b->seals++].share, id, SHARE_ID_SIZE);
	qsort(b->seal, b->seals, sizeof *b->seal, compare);
}

static void
show_key(const uint8_t key[MACHINE_KEY_SIZE])
{
	memcpy(t.built->binding.machine_key, key, MACHINE_KEY_SIZE);
}

static void
show_old(void)
{
	show_nothing();
	show_key(disk.old_key);
	show_index(t.built->machine.nv_handle, 1);
	for (size_t i = 0; i < VOLUMES; i++)
		show_seal(1, disk.volume[i].id);
}

static void
show_both(void)
{
	show_old();
	show_index(t.built->machine.nv_handle_next, NEXT);
	for (size_t i = 0; i < VOLUMES; i++)
		show_seal(NEXT, disk.volume[i].new_id);
}

/* The new index, and the first ${seals} of the new seals. */
static void
show_new(size_t seals)
{
	show_nothing();
	show_key(disk.new_key);
	show_index(t.built->machine.nv_handle_next, NEXT);
	for (size_t i = 0; i < seals; i++)
		show_seal(NEXT, disk.volume[i].new_id);
}

static const struct answer *
boot(void)
{
	static struct answer a;

	attest("/v1/attest", make_evidence(PURPOSE_BOOT), &a);
	return &a;
}

static void
boot_is_denied(const char *check)
{
	const struct answer *a = boot();

	assert_int_equal(a->statement.decision, DECISION_DENY);
	assert_int_equal(a->statement.orders, 0);
	assert_int_equal(a->statement.shares, 0);
	if (!bytes_equal(a->statement.reason[0].check, bytes_of(check, strlen(check))))
		fail_msg("%.*s: %.*s", (int)a->statement.reason[0].check.n, (const char *)a->statement.reason[0].check.p,
			(int)a->statement.reason[0].text.n, (const char *)a->statement.reason[0].text.p);
}

/* --- what an approval holds --- */

/* take(a, id, share): the share that goes by that id; false: there is none. */
static bool
take(const struct answer *a, const uint8_t id[SHARE_ID_SIZE], uint8_t share[SHARE_SIZE])
{
	struct digest d = hash_digest(HASH_SHA256, buffer_view(&t.built->encoded));

	for (size_t i = 0; i < a->statement.shares; i++)
		if (memcmp(a->statement.share[i].id, id, SHARE_ID_SIZE) == 0) {
			assert_int_equal(message_share_open(&t.hpke, d.p, &a->statement.share[i], share), OK);
			return true;
		}
	return false;
}

static void
holds(const struct answer *a, const uint8_t id[SHARE_ID_SIZE], const uint8_t share[SHARE_SIZE])
{
	uint8_t got[SHARE_SIZE];

	assert_true(take(a, id, got));
	assert_memory_equal(got, share, SHARE_SIZE);
}

/* opens(a, handle, epoch): a delegation of that epoch, and an approval that the TPM takes for the index. */
static void
opens(const struct answer *a, uint32_t handle, uint32_t epoch)
{
	uint8_t policy[GATE_DIGEST_SIZE];
	struct name name;
	struct digest digest;

	assert_int_equal(gate_nv_policy(&t.authority, epoch, policy), OK);
	gate_nv_name(handle, GATE_NV_ATTRIBUTES, policy, &name);
	gate_approval_digest(&a->result.approval_key, t.built->binding.nonce_tpm.p, &name, &a->result.statement_key, &digest);
	for (size_t i = 0; i < a->result.gates; i++)
		if (a->result.gate[i].epoch == epoch && a->result.gate[i].handle == handle) {
			assert_int_equal(ec_verify(&a->result.approval_key, digest_view(&digest), a->result.gate[i].approval), OK);
			return;
		}
	fail_msg("no gate of epoch %u", (unsigned)epoch);
}

static void
is_ordered(const struct answer *a, uint32_t epoch)
{
	assert_int_equal(a->statement.decision, DECISION_APPROVE);
	assert_int_equal(a->statement.orders, 1);
	assert_int_equal(a->statement.order[0].kind, ORDER_ROTATE);
	assert_int_equal(a->statement.order[0].epoch, epoch);
}

/* --- the way there --- */

/* A machine with two volumes that was told to go to NEXT. */
static void
begin(void)
{
	enroll_just_now();
	memcpy(disk.old_key, t.built->machine.machine_key, sizeof disk.old_key);
	memset(disk.new_key, 0x42, sizeof disk.new_key);
	show_nothing();
	show_key(disk.old_key);
	show_index(t.built->machine.nv_handle, 1);
	for (size_t i = 0; i < VOLUMES; i++)
		new_volume(disk.volume[i].id, disk.volume[i].share);
	show_old();
	order(NEXT);
}

/* Boot 1: what came with the order is sealed to, by the new machine key. */
static void
make_second_seals(const struct answer *a)
{
	is_ordered(a, NEXT);
	for (size_t i = 0; i < VOLUMES; i++) {
		rotation_successor(disk.volume[i].id, NEXT, disk.volume[i].successor);
		assert_true(take(a, disk.volume[i].successor, disk.volume[i].new_share));
		rotation_seal_id(disk.volume[i].new_share, NEXT, disk.new_key, disk.volume[i].new_id);
	}
}

static void
go_half_way(void)
{
	begin();
	make_second_seals(boot());
	show_both();
	is_ordered(boot(), NEXT);
}

static size_t
shares(void)
{
	size_t n = 0;

	assert_int_equal(store_share_count(t.store, t.built->machine.id, &n), OK);
	return n;
}

static void
nothing_is_settled(void)
{
	struct machine m = record();

	assert_int_equal(m.epoch, 1);
	assert_int_equal(m.rotate_to, NEXT);
	assert_int_equal(m.nv_handle, t.built->machine.nv_handle);
	assert_memory_equal(m.machine_key, disk.old_key, sizeof disk.old_key);
	assert_int_equal(shares(), 2 * VOLUMES);
}

static void
it_is_complete(size_t rows)
{
	struct machine m = record();

	assert_int_equal(m.epoch, NEXT);
	assert_int_equal(m.rotate_to, 0);
	assert_false(m.rotate_ordered);
	assert_int_equal(m.nv_handle, t.built->machine.nv_handle_next);
	assert_int_equal(m.nv_handle_next, t.built->machine.nv_handle);
	assert_memory_equal(m.machine_key, disk.new_key, sizeof disk.new_key);
	assert_int_equal(shares(), rows);
}

static bool
find_rotated(const struct store_record *r, void *arg)
{
	static struct record got;

	assert_int_equal(record_decode(r->record, &got), OK);
	*(bool *)arg = bytes_equal(got.kind, BYTES_STRING("rotated"));
	return true;
}

/* --- tests --- */

static void
without_a_delegation_for_it_a_verifier_orders_nothing(void **state)
{
	const struct answer *a;

	(void)state;
	begin();
	a = boot();
	assert_int_equal(a->statement.decision, DECISION_APPROVE);
	assert_int_equal(a->statement.orders, 0);
	assert_int_equal(a->statement.shares, VOLUMES);
	assert_false(record().rotate_ordered);
	delegate(NEXT);
	is_ordered(boot(), NEXT);
	assert_true(record().rotate_ordered);
}

static void
the_order_brings_a_successor_of_each_share_and_again_the_same(void **state)
{
	static struct answer a;
	uint8_t again[SHARE_SIZE];

	(void)state;
	begin();
	for (unsigned i = 0; i < 3; i++) { /* a boot that was cut off begins anew */
		a = *boot();
		assert_int_equal(a.statement.shares, 2 * VOLUMES);
		if (i == 0)
			make_second_seals(&a);
		for (size_t k = 0; k < VOLUMES; k++) {
			holds(&a, disk.volume[k].id, disk.volume[k].share);
			holds(&a, disk.volume[k].successor, disk.volume[k].new_share);
			assert_memory_not_equal(disk.volume[k].share, disk.volume[k].new_share, SHARE_SIZE);
		}
		assert_int_equal(a.result.gates, 1);
		opens(&a, t.built->machine.nv_handle, 1);
	}
	assert_memory_not_equal(disk.volume[0].new_share, disk.volume[1].new_share, SHARE_SIZE);
	nothing_is_settled();

	/* A volume whose disk is away gets one as well: its seal may be there at the next boot. */
	show_nothing();
	show_index(t.built->machine.nv_handle, 1);
	show_seal(1, disk.volume[0].id);
	a = *boot();
	assert_int_equal(a.statement.shares, 1 + VOLUMES);
	assert_true(take(&a, disk.volume[1].successor, again));
	assert_memory_equal(again, disk.volume[1].new_share, sizeof again);
}

static void
a_denied_machine_gets_no_order_and_no_volume_is_enrolled_on_the_way(void **state)
{
	static struct answer a;
	struct machine m;

	(void)state;
	begin();
	m = record();
	m.frozen = true;
	assert_int_equal(store_machine_put(t.store, &m), OK);
	boot_is_denied("A8");
	assert_false(record().rotate_ordered);
	m.frozen = false;
	assert_int_equal(store_machine_put(t.store, &m), OK);
	attest("/v1/volume", make_evidence(PURPOSE_VOLUME), &a);
	assert_int_equal(a.statement.decision, DECISION_DENY);
	assert_true(bytes_equal(a.statement.reason[0].check, BYTES_STRING("A27")));
	assert_int_equal(shares(), VOLUMES);
}

static void
half_way_both_indices_open_and_all_shares_are_given(void **state)
{
	static struct answer a;

	(void)state;
	go_half_way();
	a = *boot();
	is_ordered(&a, NEXT);
	assert_int_equal(a.result.gates, 2);
	opens(&a, t.built->machine.nv_handle, 1);
	opens(&a, t.built->machine.nv_handle_next, NEXT);
	assert_int_equal(a.statement.shares, 2 * VOLUMES);
	for (size_t k = 0; k < VOLUMES; k++) {
		holds(&a, disk.volume[k].id, disk.volume[k].share);
		holds(&a, disk.volume[k].successor, disk.volume[k].new_share);
	}
	nothing_is_settled();

	/* Cut off between two headers, whichever of them is read first. */
	show_nothing();
	show_index(t.built->machine.nv_handle, 1);
	show_index(t.built->machine.nv_handle_next, NEXT);
	show_seal(1, disk.volume[0].id);
	show_seal(NEXT, disk.volume[0].new_id);
	show_seal(NEXT, disk.volume[1].new_id);
	a = *boot();
	is_ordered(&a, NEXT);
	holds(&a, disk.volume[0].id, disk.volume[0].share);
	holds(&a, disk.volume[1].successor, disk.volume[1].new_share);
	show_old();
	a = *boot();
	is_ordered(&a, NEXT);
	assert_int_equal(a.statement.shares, 2 * VOLUMES);
	nothing_is_settled();
}

static void
the_new_index_alone_completes_it(void **state)
{
	static struct answer a;
	bool rotated = false;

	(void)state;
	go_half_way();
	show_new(VOLUMES);
	for (unsigned i = 0; i < 2; i++) { /* the second is an ordinary boot */
		a = *boot();
		assert_int_equal(a.statement.decision, DECISION_APPROVE);
		if (i == 0)
			is_ordered(&a, NEXT); /* to look for what is left */
		else
			assert_int_equal(a.statement.orders, 0);
		assert_int_equal(a.result.gates, 1);
		opens(&a, t.built->machine.nv_handle_next, NEXT);
		assert_int_equal(a.statement.shares, VOLUMES);
		for (size_t k = 0; k < VOLUMES; k++)
			holds(&a, disk.volume[k].new_id, disk.volume[k].new_share);
		it_is_complete(VOLUMES);
		assert_int_equal(store_audit_each(t.store, a.statement.record + 1, find_rotated, &rotated), OK);
		assert_int_equal(rotated, i == 0);
		rotated = false;
	}
}

/* On the way, who changes the disk names a machine key of his own, the other epoch, the ids that he can compute. */
static void
a_forged_token_completes_nothing(void **state)
{
	uint8_t own[MACHINE_KEY_SIZE], id[SHARE_ID_SIZE];

	(void)state;
	go_half_way();
	memset(own, 0x66, sizeof own);
	show_new(VOLUMES);
	show_key(own);
	boot_is_denied("A10");
	show_new(0); /* no seal, no proof */
	boot_is_denied("A10");
	show_seal(NEXT, disk.volume[0].successor);
	boot_is_denied("A10");
	rotation_seal_id(disk.volume[0].new_share, NEXT, own, id);
	show_new(0);
	show_seal(NEXT, id);
	boot_is_denied("A10");
	show_new(0);
	rotation_seal_id(disk.volume[0].new_share, NEXT + 1, disk.new_key, id);
	show_seal(NEXT, id);
	boot_is_denied("A10");
	show_new(VOLUMES);
	t.built->binding.index[0].handle = t.built->machine.nv_handle;
	boot_is_denied("A10");
	nothing_is_settled();
	show_both();
	is_ordered(boot(), NEXT);
	show_new(VOLUMES);
	assert_int_equal(boot()->statement.decision, DECISION_APPROVE);
	it_is_complete(VOLUMES);
}

/* A disk alone, changed while the machine was off, does not make the verifier forget an index that the TPM still has. */
static void
before_both_were_seen_the_new_index_alone_completes_nothing(void **state)
{
	(void)state;
	begin();
	make_second_seals(boot());
	show_new(VOLUMES);
	boot_is_denied("A10");
	nothing_is_settled();
	show_both();
	is_ordered(boot(), NEXT);
	show_new(VOLUMES);
	assert_int_equal(boot()->statement.decision, DECISION_APPROVE);
	it_is_complete(VOLUMES);
}

static void
a_boot_that_is_denied_completes_nothing(void **state)
{
	struct built_event kept = t.built->event[BUILD_INITRD];

	(void)state;
	go_half_way();
	show_new(VOLUMES);
	build_measure(t.built, BUILD_INITRD, BYTES_STRING("another initrd"));
	boot_is_denied("P8");
	t.built->event[BUILD_INITRD] = kept;
	nothing_is_settled();
	assert_int_equal(boot()->statement.decision, DECISION_APPROVE);
	it_is_complete(VOLUMES);
}

static void
a_boot_that_is_held_completes_it_when_an_operator_says_yes(void **state)
{
	static struct answer a;
	uint32_t reset = t.built->reset_count;

	(void)state;
	go_half_way();
	show_new(VOLUMES);
	t.built->reset_count = reset - 1;
	a = *boot();
	assert_int_equal(a.statement.decision, DECISION_HOLD);
	nothing_is_settled();
	assert_int_equal(store_hold_decide(t.store, a.statement.hold.p, true, (uint64_t)time(NULL)), OK);
	a = *boot();
	t.built->reset_count = reset;
	assert_int_equal(a.statement.decision, DECISION_APPROVE);
	assert_int_equal(a.statement.shares, VOLUMES);
	it_is_complete(VOLUMES);
}

/* All of it or nothing, whenever a judge dies over it. */
static void
a_judge_killed_at_the_end_of_it_leaves_no_half(void **state)
{
	static const useconds_t delays[] = { 0, 500, 1000, 2000, 3000, 4500, 6000, 9000 };
	static uint8_t body[RESULT_SIZE_MAX + 1024];

	(void)state;
	for (size_t i = 0; i < sizeof delays / sizeof *delays; i++) {
		struct buffer b = BUFFER(body);
		struct https_answer got = { .code = 0 };
		struct bytes evidence;

		go_half_way();
		show_new(VOLUMES);
		evidence = make_evidence(PURPOSE_BOOT);
		assert_int_equal(https_send(t.https, "POST", "/v1/attest", evidence), OK);
		usleep(delays[i]);
		each_judge(kill_it);
		(void)https_receive(t.https, WAIT, &b, &got);
		start_anew();
		if (record().rotate_to == 0) {
			it_is_complete(VOLUMES);
		} else {
			nothing_is_settled();
			assert_int_not_equal(got.code, 200);
		}
		assert_int_equal(boot()->statement.decision, DECISION_APPROVE);
		it_is_complete(VOLUMES);
	}
	printf("# count: %zu faults injected\n", sizeof delays / sizeof *delays);
}

static void
s29_afterwards_what_is_old_gets_nothing(void **state)
{
	static struct answer a;
	static uint8_t space[EVIDENCE_SIZE_MAX];
	struct buffer kept = BUFFER(space);
	struct store_share row;

	(void)state;
	go_half_way();
	buffer_bytes(&kept, make_evidence(PURPOSE_BOOT));
	attest("/v1/attest", buffer_view(&kept), &a);
	is_ordered(&a, NEXT);
	show_new(VOLUMES);
	assert_int_equal(boot()->statement.decision, DECISION_APPROVE);

	show_old();
	boot_is_denied("A26");
	show_both();
	boot_is_denied("A26");
	show_old();
	show_key(disk.new_key);
	boot_is_denied("A26");
	for (size_t i = 0; i < VOLUMES; i++) {
		assert_int_equal(store_share_get(t.store, t.built->machine.id, disk.volume[i].id, &row), E_NOT_FOUND);
		assert_int_equal(store_share_get(t.store, t.built->machine.id, disk.volume[i].successor, &row), E_NOT_FOUND);
	}

	/* The old seals beside the new ones: theirs is no share any more. */
	show_new(VOLUMES);
	for (size_t i = 0; i < VOLUMES; i++)
		show_seal(1, disk.volume[i].id);
	a = *boot();
	assert_int_equal(a.statement.decision, DECISION_APPROVE);
	assert_int_equal(a.statement.shares, VOLUMES);
	it_is_complete(VOLUMES);
}

static void
evidence_approved_on_the_way_is_denied_afterwards(void **state)
{
	static struct answer a;
	static uint8_t space[EVIDENCE_SIZE_MAX];
	struct buffer kept = BUFFER(space), encoded;
	static uint8_t binding[BINDING_SIZE_MAX];
	struct bytes last;

	(void)state;
	go_half_way();
	buffer_bytes(&kept, make_evidence(PURPOSE_BOOT));
	attest("/v1/attest", buffer_view(&kept), &a);
	is_ordered(&a, NEXT);
	encoded = BUFFER(binding);
	buffer_bytes(&encoded, buffer_view(&t.built->encoded));
	show_new(VOLUMES);
	last = make_evidence(PURPOSE_BOOT);
	attest("/v1/attest", last, &a);
	assert_int_equal(a.statement.decision, DECISION_APPROVE);
	attest("/v1/attest", last, &a); /* the same once more */
	assert_int_equal(a.statement.decision, DECISION_APPROVE);
	assert_int_equal(a.statement.shares, VOLUMES);
	opens(&a, t.built->machine.nv_handle_next, NEXT);
	ask(t.https, "POST", "/v1/attest", buffer_view(&kept), &a);
	assert_int_equal(a.code, 403);
}

/* It was there in boot 2, and is not in boot 3. */
static void
a_volume_that_comes_back_later_still_gets_its_share(void **state)
{
	const struct answer *a;

	(void)state;
	go_half_way();
	show_new(1);
	a = boot();
	assert_int_equal(a->statement.decision, DECISION_APPROVE);
	assert_int_equal(a->statement.shares, 1);
	it_is_complete(2);
	show_new(2);
	a = boot();
	assert_int_equal(a->statement.decision, DECISION_APPROVE);
	holds(a, disk.volume[1].new_id, disk.volume[1].new_share);
	a = boot();
	holds(a, disk.volume[0].new_id, disk.volume[0].new_share);
	holds(a, disk.volume[1].new_id, disk.volume[1].new_share);
	it_is_complete(2);
}

static void
a_machine_goes_on_to_the_epoch_after_that(void **state)
{
	static struct answer a;
	uint8_t id[SHARE_ID_SIZE], share[SHARE_SIZE], key[MACHINE_KEY_SIZE];

	(void)state;
	delegate(NEXT + 1);
	go_half_way();
	show_new(VOLUMES);
	assert_int_equal(boot()->statement.decision, DECISION_APPROVE);
	order(NEXT + 1);
	a = *boot();
	is_ordered(&a, NEXT + 1);
	assert_int_equal(a.statement.shares, 2 * VOLUMES);
	rotation_successor(disk.volume[0].new_id, NEXT + 1, id);
	assert_true(take(&a, id, share));
	memset(key, 0x43, sizeof key);
	rotation_seal_id(share, NEXT + 1, key, id);
	show_index(t.built->machine.nv_handle, NEXT + 1); /* the first handle again */
	show_seal(NEXT + 1, id);
	is_ordered(boot(), NEXT + 1);
	show_nothing();
	show_key(key);
	show_index(t.built->machine.nv_handle, NEXT + 1);
	show_seal(NEXT + 1, id);
	a = *boot();
	assert_int_equal(a.statement.decision, DECISION_APPROVE);
	holds(&a, id, share);
	opens(&a, t.built->machine.nv_handle, NEXT + 1);
	assert_int_equal(record().epoch, NEXT + 1);
	show_new(VOLUMES);
	boot_is_denied("A26");
}

static void
the_boot_that_completed_it_is_appraised_again_with_the_same_outcome(void **state)
{
	static uint8_t space[4u * 1024 * 1024];
	static struct reference references[256];
	static struct verdict v;
	struct buffer b = BUFFER(space);
	struct case_file c;
	struct policy *policy;
	struct policy_error why;
	struct machine m;
	struct evidence e;
	struct references r = { references, 0 };
	struct appraisal p = { .evidence = &e, .machine = &m, .references = &r, .salting_key = &t.built->ek_name };

	(void)state;
	go_half_way();
	show_new(VOLUMES);
	assert_int_equal(store_case_get(t.store, boot()->statement.record, &c, &b), OK);
	assert_int_equal(message_evidence_decode(c.evidence, &e), OK);
	assert_int_equal(machine_decode(c.machine, &m), OK);
	assert_int_equal(policy_load("test", c.policy_text, &policy, &why), OK);
	assert_int_equal(case_references_decode(c.references, references, 256, &r.n), OK);
	p.policy = policy;
	p.now = c.now;
	assert_int_equal(appraise(&p, &v), OK);
	policy_free(policy);
	assert_int_equal(v.decision, DECISION_APPROVE);
}

/* A verifier that holds the old epoch's delegation alone, as a stolen one does, cannot speak for a machine that left. */
static void
a_verifier_of_the_old_epoch_alone_sends_the_machine_elsewhere(void **state)
{
	static struct answer a;
	char path[128];

	(void)state;
	go_half_way();
	for (unsigned epoch = NEXT; epoch <= NEXT + 1; epoch++) {
		snprintf(path, sizeof path, "%s/state/delegation-%u", t.folder, epoch);
		unlink(path);
	}
	delegate(1);
	show_new(VOLUMES);
	ask(t.https, "POST", "/v1/attest", make_evidence(PURPOSE_BOOT), &a);
	expect_problem(&a, 503, "no-delegation");
	nothing_is_settled();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_a_delegation_for_it_a_verifier_orders_nothing),
		cmocka_unit_test(the_order_brings_a_successor_of_each_share_and_again_the_same),
		cmocka_unit_test(a_denied_machine_gets_no_order_and_no_volume_is_enrolled_on_the_way),
		cmocka_unit_test(half_way_both_indices_open_and_all_shares_are_given),
		cmocka_unit_test(the_new_index_alone_completes_it),
		cmocka_unit_test(a_forged_token_completes_nothing),
		cmocka_unit_test(before_both_were_seen_the_new_index_alone_completes_nothing),
		cmocka_unit_test(a_boot_that_is_denied_completes_nothing),
		cmocka_unit_test(a_boot_that_is_held_completes_it_when_an_operator_says_yes),
		cmocka_unit_test(a_judge_killed_at_the_end_of_it_leaves_no_half),
		cmocka_unit_test(s29_afterwards_what_is_old_gets_nothing),
		cmocka_unit_test(evidence_approved_on_the_way_is_denied_afterwards),
		cmocka_unit_test(a_volume_that_comes_back_later_still_gets_its_share),
		cmocka_unit_test(a_machine_goes_on_to_the_epoch_after_that),
		cmocka_unit_test(the_boot_that_completed_it_is_appraised_again_with_the_same_outcome),
		cmocka_unit_test(a_verifier_of_the_old_epoch_alone_sends_the_machine_elsewhere),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
