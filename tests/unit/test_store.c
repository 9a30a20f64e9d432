/* SPDX-License-Identifier: ISC */
/*
 * The database, the keys in files, and the configuration, in a folder of their own.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "base/file.h"
#include "base/text.h"
#include "crypto/ecdsa_sign.h"
#include "crypto/keyfile.h"
#include "store/config.h"
#include "store/keys.h"
#include "store/record.h"
#include "store/store.h"

static char folder[64], path[128];
static struct store *st;

static int
setup(void **state)
{
	char why[256];

	(void)state;
	snprintf(folder, sizeof folder, "/tmp/bootgate-store-XXXXXX");
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof path, "%s/" STORE_FILE, folder);
	if (store_open(path, STORE_CREATE, &st, why, sizeof why) != OK)
		fail_msg("%s", why);
	return 0;
}

static int
teardown(void **state)
{
	char command[128];

	(void)state;
	store_close(st);
	st = NULL;
	snprintf(command, sizeof command, "rm -r %s", folder);
	return system(command);
}

static struct machine
machine_of(uint8_t first, const char *label)
{
	struct machine m;

	memset(&m, 0, sizeof m);
	memset(m.id, first, sizeof m.id);
	snprintf(m.label, sizeof m.label, "%s", label);
	snprintf(m.policy, sizeof m.policy, "default");
	m.ek_n = m.ak_n = 100;
	memset(m.ak, first, m.ak_n);
	m.epoch = 1;
	m.nv_handle = 0x01800001;
	m.nv_handle_next = 0x01800002;
	return m;
}

static uint64_t
append(const char *text)
{
	uint64_t n = 0;

	assert_int_equal(store_audit_append(st, 1000, bytes_of(text, strlen(text)), &n), OK);
	return n;
}

static void
a_machine_comes_back_as_it_was_put(void **state)
{
	struct machine a = machine_of(0xa1, "web1"), b = machine_of(0xb2, "web2"), got;

	(void)state;
	assert_int_equal(store_machine_get(st, a.id, &got), E_NOT_FOUND);
	assert_int_equal(store_machine_put(st, &a), OK);
	assert_int_equal(store_machine_put(st, &b), OK);
	assert_int_equal(store_machine_get(st, a.id, &got), OK);
	assert_memory_equal(&got, &a, sizeof a);
	a.frozen = true;
	assert_int_equal(store_machine_put(st, &a), OK);
	assert_int_equal(store_machine_get(st, a.id, &got), OK);
	assert_true(got.frozen);
}

/* As a verifier wrote it before it knew rotations; and it is still written so where there is none. */
static void
a_record_from_before_rotations_is_read(void **state)
{
	static const char old[] = "ab0158200101010101010101010101010101010101010101010101010101010101010101"
				  "02617703616404f505f40642030307420404085820050505050505050505050505050505050505050505050505050505050505050509010a"
				  "821a018000011a018000020d82190100182a";
	uint8_t bytes[256], again[MACHINE_ENCODED_MAX];
	struct buffer b = BUFFER(again);
	struct machine m;
	size_t n = 0;

	(void)state;
	assert_int_equal(text_unhex(old, bytes, sizeof bytes, &n), OK);
	assert_int_equal(machine_decode(bytes_of(bytes, n), &m), OK);
	assert_true(m.active && m.epoch == 1 && m.rotate_to == 0 && !m.rotate_ordered && m.nv_handle_next == 0x01800002 && m.enrolled_reset == 42);
	assert_int_equal(machine_encode(&m, &b), OK);
	assert_true(bytes_equal(buffer_view(&b), bytes_of(bytes, n)));
	m.rotate_to = 2;
	m.rotate_seen = true;
	b.n = 0;
	assert_int_equal(machine_encode(&m, &b), OK);
	memset(&m, 0, sizeof m);
	assert_int_equal(machine_decode(buffer_view(&b), &m), OK);
	assert_true(m.rotate_to == 2 && !m.rotate_ordered && m.rotate_seen);
}

static void
a_machine_is_found_by_label_and_by_eight_digits_of_its_id(void **state)
{
	struct machine a = machine_of(0xa1, "web1"), b = machine_of(0xa1, "web1"), got;

	(void)state;
	b.id[31] = 0;
	assert_int_equal(store_machine_put(st, &a), OK);
	assert_int_equal(store_machine_find(st, "web1", &got), OK);
	assert_int_equal(store_machine_find(st, "a1a1a1a1", &got), OK);
	assert_memory_equal(got.id, a.id, sizeof a.id);
	assert_int_equal(store_machine_find(st, "a1a1a1", &got), E_NOT_FOUND);
	assert_int_equal(store_machine_find(st, "web", &got), E_NOT_FOUND);
	assert_int_equal(store_machine_put(st, &b), OK);
	assert_int_equal(store_machine_find(st, "web1", &got), E_DUPLICATE);
	assert_int_equal(store_machine_find(st, "a1a1a1a1", &got), E_DUPLICATE);
}

static struct store_share
share_of(const struct machine *m, uint8_t first)
{
	struct store_share s = { .n = 64 };

	memcpy(s.machine, m->id, sizeof s.machine);
	memset(s.id, first, sizeof s.id);
	memset(s.wrapped, first, s.n);
	return s;
}

static void
a_share_is_this_machines_alone_and_is_never_replaced(void **state)
{
	struct machine a = machine_of(1, "a"), b = machine_of(2, "b");
	struct store_share s = share_of(&a, 7), got;
	size_t n = 9;

	(void)state;
	assert_int_equal(store_share_put(st, &s), OK);
	assert_int_equal(store_share_put(st, &s), E_EXISTS);
	assert_int_equal(store_share_get(st, a.id, s.id, &got), OK);
	assert_memory_equal(got.wrapped, s.wrapped, s.n);
	assert_int_equal(store_share_get(st, b.id, s.id, &got), E_NOT_FOUND);
	assert_int_equal(store_share_count(st, b.id, &n), OK);
	assert_int_equal(n, 0);
}

static bool
count_shares(const struct store_share *s, void *arg)
{
	assert_int_equal(s->n, 64);
	assert_int_equal(s->wrapped[63], s->id[0]);
	++*(unsigned *)arg;
	return true;
}

static void
shares_are_counted_and_removed_one_by_one(void **state)
{
	struct machine a = machine_of(1, "a"), b = machine_of(2, "b");
	struct store_share one = share_of(&a, 7), two = share_of(&a, 8), other = share_of(&b, 7), got;
	unsigned n = 0;

	(void)state;
	assert_int_equal(store_share_put(st, &one), OK);
	assert_int_equal(store_share_put(st, &two), OK);
	assert_int_equal(store_share_put(st, &other), OK);
	assert_int_equal(store_share_each(st, a.id, count_shares, &n), OK);
	assert_int_equal(n, 2);
	assert_int_equal(store_share_remove(st, a.id, one.id), OK);
	assert_int_equal(store_share_remove(st, a.id, one.id), E_NOT_FOUND);
	assert_int_equal(store_share_get(st, a.id, one.id, &got), E_NOT_FOUND);
	assert_int_equal(store_share_get(st, a.id, two.id, &got), OK);
	assert_int_equal(store_share_get(st, b.id, other.id, &got), OK);
}

static void
a_candidate_replaces_nothing_until_it_is_accepted(void **state)
{
	struct machine old = machine_of(1, "web1"), fresh = machine_of(1, "its own word"), got;
	struct store_share s = share_of(&old, 7);

	(void)state;
	old.active = old.frozen = true;
	snprintf(old.policy, sizeof old.policy, "strict");
	memset(fresh.ak, 0x99, fresh.ak_n);
	assert_int_equal(store_machine_put(st, &old), OK);
	assert_int_equal(store_share_put(st, &s), OK);
	assert_int_equal(store_candidate_put(st, &fresh), OK);
	assert_int_equal(store_machine_get(st, old.id, &got), OK);
	assert_memory_equal(got.ak, old.ak, old.ak_n);
	assert_int_equal(store_candidate_accept(st, old.id), OK);
	assert_int_equal(store_machine_get(st, old.id, &got), OK);
	assert_memory_equal(got.ak, fresh.ak, fresh.ak_n);
	assert_string_equal(got.label, "web1");
	assert_string_equal(got.policy, "strict");
	assert_true(got.active && got.frozen);
	assert_int_equal(store_share_get(st, old.id, s.id, &s), E_NOT_FOUND);
	assert_int_equal(store_candidate_get(st, old.id, &got), E_NOT_FOUND);
	assert_int_equal(store_candidate_accept(st, old.id), E_NOT_FOUND);
}

static void
a_forgotten_machine_leaves_nothing_but_audit_records(void **state)
{
	struct machine m = machine_of(1, "a"), got;
	struct store_share s = share_of(&m, 7);
	struct store_record last;
	uint64_t bad = 1;

	(void)state;
	assert_int_equal(store_machine_put(st, &m), OK);
	assert_int_equal(store_share_put(st, &s), OK);
	assert_int_equal(store_begin(st), OK);
	append("one");
	assert_int_equal(store_commit(st), OK);
	assert_int_equal(store_machine_forget(st, m.id), OK);
	assert_int_equal(store_machine_get(st, m.id, &got), E_NOT_FOUND);
	assert_int_equal(store_share_get(st, m.id, s.id, &s), E_NOT_FOUND);
	assert_int_equal(store_machine_forget(st, m.id), E_NOT_FOUND);
	assert_int_equal(store_audit_verify(st, &last, &bad), OK);
	assert_int_equal(last.number, 1);
}

static void
an_evidence_has_one_verdict_and_an_approval_never_follows_a_denial(void **state)
{
	struct store_verdict v = { .decision = DECISION_APPROVE, .record = 4, .claims = BYTES_STRING("approved") }, got;
	uint8_t space[64];
	struct buffer b = BUFFER(space);

	(void)state;
	assert_int_equal(store_verdict_get(st, v.machine, v.evidence, &got, &b), E_NOT_FOUND);
	assert_int_equal(store_verdict_put(st, &v), OK);
	assert_int_equal(store_verdict_put(st, &v), E_EXISTS);
	v.decision = DECISION_DENY;
	v.claims = BYTES_STRING("denied");
	assert_int_equal(store_verdict_put(st, &v), OK);
	assert_int_equal(store_verdict_put(st, &v), E_EXISTS);
	v.decision = DECISION_APPROVE;
	assert_int_equal(store_verdict_put(st, &v), E_EXISTS);
	assert_int_equal(store_verdict_get(st, v.machine, v.evidence, &got, &b), OK);
	assert_int_equal(got.decision, DECISION_DENY);
	assert_true(bytes_equal(got.claims, BYTES_STRING("denied")));
}

static void
a_verdict_goes_when_its_evidence_cannot_be_shown_any_more(void **state)
{
	struct store_verdict v = { .decision = DECISION_DENY, .made = 10000, .claims = BYTES_STRING("one") }, got;
	uint8_t space[64], other[32] = { 1 };
	struct buffer b = BUFFER(space);

	(void)state;
	assert_int_equal(store_verdict_put(st, &v), OK);
	memcpy(v.evidence, other, sizeof other);
	v.made += STORE_VERDICT_LIFETIME;
	assert_int_equal(store_verdict_put(st, &v), OK);
	memset(v.evidence, 0, sizeof v.evidence);
	assert_int_equal(store_verdict_get(st, v.machine, v.evidence, &got, &b), OK);
	v.evidence[0] = 2;
	v.made++;
	assert_int_equal(store_verdict_put(st, &v), OK);
	v.evidence[0] = 0;
	assert_int_equal(store_verdict_get(st, v.machine, v.evidence, &got, &b), E_NOT_FOUND);
	assert_int_equal(store_verdict_get(st, v.machine, other, &got, &b), OK);
}

static void
a_token_is_used_as_often_as_it_says_and_not_after_its_time(void **state)
{
	struct store_token t = { .n = 64, .label = "web1", .made = 100, .expires = 200, .uses = 2, .has_machine = true }, got;

	(void)state;
	memset(t.machine, 5, sizeof t.machine);
	assert_int_equal(store_token_put(st, &t), OK);
	assert_int_equal(store_token_get(st, t.id, &got), OK);
	assert_memory_equal(&got, &t, sizeof t);
	assert_int_equal(store_token_use(st, t.id, 200), E_NOT_FOUND);
	assert_int_equal(store_token_use(st, t.id, 150), OK);
	assert_int_equal(store_token_use(st, t.id, 150), OK);
	assert_int_equal(store_token_use(st, t.id, 150), E_NOT_FOUND);
}

static void
a_session_is_taken_once_and_not_after_its_time(void **state)
{
	struct store_session a = { .id = { 1 }, .made = 1000, .state = BYTES_STRING("a") }, b = { .id = { 2 }, .made = 1000, .state = BYTES_STRING("b") };
	uint8_t space[16];
	struct buffer to = BUFFER(space);

	(void)state;
	assert_int_equal(store_session_put(st, &a), OK);
	assert_int_equal(store_session_put(st, &b), OK);
	assert_int_equal(store_session_take(st, a.id, 1000 + STORE_SESSION_LIFETIME, &to), OK);
	assert_int_equal(store_session_take(st, a.id, 1000, &to), E_NOT_FOUND);
	assert_int_equal(store_session_take(st, b.id, 1001 + STORE_SESSION_LIFETIME, &to), E_NOT_FOUND);
}

static void
sessions_are_bounded_and_the_oldest_go_first(void **state)
{
	uint8_t space[16];
	struct buffer to = BUFFER(space);
	struct store_session v = { .state = BYTES_STRING("x") };

	(void)state;
	assert_int_equal(store_begin(st), OK);
	for (unsigned i = 0; i < STORE_SESSIONS_MAX + 1; i++) {
		v.id[0] = (uint8_t)i;
		v.id[1] = (uint8_t)(i >> 8);
		v.made = 1000 + i / 8;
		assert_int_equal(store_session_put(st, &v), OK);
	}
	assert_int_equal(store_commit(st), OK);
	assert_int_equal(store_session_take(st, v.id, v.made, &to), OK);
	v.id[0] = v.id[1] = 0;
	/* Of the first eight, which are of one second, one has gone. */
	for (unsigned i = 0, there = 0; i < 8; i++) {
		v.id[0] = (uint8_t)i;
		there += store_session_take(st, v.id, 1000, &to) == OK;
		if (i == 7)
			assert_int_equal(there, 7);
	}
}

static bool
count(const struct reference *r, const char *note, uint64_t added, void *arg)
{
	(void)r;
	(void)added;
	assert_string_equal(note, "kernel 6.1");
	++*(unsigned *)arg;
	return true;
}

static void
every_change_of_policies_and_references_is_a_new_generation(void **state)
{
	struct reference r = { .list = "uki", .n = 32, .value = { 1 } };
	uint64_t before = 0, after = 0;
	unsigned n = 0;

	(void)state;
	assert_int_equal(store_generation(st, &before), OK);
	assert_int_equal(store_reference_add(st, &r, "kernel 6.1"), OK);
	assert_int_equal(store_reference_add(st, &r, "kernel 6.1"), E_EXISTS);
	assert_int_equal(store_reference_each(st, count, &n), OK);
	assert_int_equal(n, 1);
	assert_int_equal(store_policy_put(st, "default", BYTES_STRING("text")), OK);
	assert_int_equal(store_policy_put(st, "default", BYTES_STRING("other text")), OK);
	assert_int_equal(store_policy_remove(st, "default"), OK);
	assert_int_equal(store_policy_remove(st, "default"), E_NOT_FOUND);
	assert_int_equal(store_reference_remove(st, &r), OK);
	assert_int_equal(store_reference_remove(st, &r), E_NOT_FOUND);
	assert_int_equal(store_generation(st, &after), OK);
	assert_int_equal(after, before + 5);
}

static void
a_hold_is_decided_once_and_its_yes_is_used_once(void **state)
{
	struct store_hold h = { .id = { 1 }, .machine = { 2 }, .made = 10, .reset = 3, .restart = 4 }, got;

	(void)state;
	assert_int_equal(store_hold_put(st, &h), OK);
	assert_int_equal(store_hold_use(st, h.id), E_NOT_FOUND);
	assert_int_equal(store_hold_find(st, h.machine, 3, 5, &got), E_NOT_FOUND);
	assert_int_equal(store_hold_find(st, h.machine, 3, 4, &got), OK);
	assert_int_equal(got.state, HOLD_WAITING);
	assert_int_equal(store_hold_decide(st, h.id, true, 20), OK);
	assert_int_equal(store_hold_decide(st, h.id, false, 21), E_NOT_FOUND);
	assert_int_equal(store_hold_get(st, h.id, &got), OK);
	assert_true(got.state == HOLD_YES && got.decided == 20);
	assert_int_equal(store_hold_use(st, h.id), OK);
	assert_int_equal(store_hold_use(st, h.id), E_NOT_FOUND);
}

static void
the_audit_log_is_a_chain_that_names_the_first_bad_record(void **state)
{
	struct store_record last;
	uint64_t bad = 9, n = 0;
	sqlite3 *db;

	(void)state;
	assert_int_equal(store_audit_append(st, 1, BYTES_STRING("outside"), &n), E_STORE);
	assert_int_equal(store_begin(st), OK);
	for (unsigned i = 1; i <= 5; i++)
		assert_int_equal(append("record"), i);
	assert_int_equal(store_commit(st), OK);
	assert_int_equal(store_audit_verify(st, &last, &bad), OK);
	assert_true(last.number == 5 && bad == 0);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "UPDATE audit SET record = x'00' WHERE number = 3", NULL, NULL, NULL), SQLITE_CONSTRAINT);
	assert_int_equal(sqlite3_exec(db, "DELETE FROM audit WHERE number = 5", NULL, NULL, NULL), SQLITE_CONSTRAINT);
	assert_int_equal(sqlite3_exec(db, "DROP TRIGGER audit_no_update; UPDATE audit SET time = 1001 WHERE number = 3", NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
	assert_int_equal(store_audit_verify(st, &last, &bad), E_MISMATCH);
	assert_int_equal(bad, 3);
}

static void
what_is_rolled_back_was_never_there(void **state)
{
	struct machine m = machine_of(1, "a"), got;
	struct store_record last;
	uint64_t bad;

	(void)state;
	assert_int_equal(store_begin(st), OK);
	assert_int_equal(store_machine_put(st, &m), OK);
	append("record");
	store_rollback(st);
	assert_int_equal(store_machine_get(st, m.id, &got), E_NOT_FOUND);
	assert_int_equal(store_audit_verify(st, &last, &bad), OK);
	assert_int_equal(last.number, 0);
}

/* die_in_the_middle(): commits ${whole} records, tells so, then is killed with one more under way. */
static void
die_in_the_middle(int tell, unsigned whole)
{
	char why[256];
	struct machine m = machine_of(3, "killed");

	if (store_open(path, STORE_READ_WRITE, &st, why, sizeof why) != OK)
		_exit(1);
	for (unsigned i = 0; i <= whole; i++) {
		uint64_t n = 0;

		m.seen_clock = i;
		if (store_begin(st) != OK || store_audit_append(st, i, BYTES_STRING("record"), &n) != OK || store_machine_put(st, &m) != OK)
			_exit(1);
		if (i == whole)
			kill(getpid(), SIGKILL);
		if (store_commit(st) != OK || write(tell, "x", 1) != 1)
			_exit(1);
	}
}

static void
a_writer_killed_in_the_middle_leaves_what_it_committed_and_a_chain_that_verifies(void **state)
{
	struct store_record last;
	struct machine m;
	uint64_t bad;
	int tell[2], status;
	char told[16];
	pid_t pid;

	(void)state;
	assert_int_equal(pipe(tell), 0);
	pid = fork();
	if (pid == 0)
		die_in_the_middle(tell[1], 7);
	close(tell[1]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	assert_int_equal(read(tell[0], told, sizeof told), 7);
	close(tell[0]);
	assert_int_equal(store_audit_verify(st, &last, &bad), OK);
	assert_int_equal(last.number, 7);
	assert_int_equal(store_machine_find(st, "killed", &m), OK);
	assert_int_equal(store_begin(st), OK);
	assert_int_equal(append("goes on"), 8);
	assert_int_equal(store_commit(st), OK);
}

static void
a_second_process_may_write_at_the_same_time(void **state)
{
	struct store *second;
	struct machine m = machine_of(1, "a");
	char why[256];
	struct store_record last;
	uint64_t bad;
	int status;
	pid_t pid = fork();

	(void)state;
	if (pid == 0) {
		struct store *own;

		if (store_open(path, STORE_READ_WRITE, &own, why, sizeof why) != OK)
			_exit(1);
		for (unsigned i = 0; i < 50; i++) {
			uint64_t n;

			if (store_begin(own) != OK || store_audit_append(own, 1, BYTES_STRING("theirs"), &n) != OK || store_commit(own) != OK)
				_exit(2);
		}
		store_close(own);
		_exit(0);
	}
	assert_int_equal(store_open(path, STORE_READ_WRITE, &second, why, sizeof why), OK);
	for (unsigned i = 0; i < 50; i++) {
		uint64_t n;

		assert_int_equal(store_machine_put(second, &m), OK);
		assert_int_equal(store_begin(second), OK);
		assert_int_equal(store_audit_append(second, 1, BYTES_STRING("ours"), &n), OK);
		assert_int_equal(store_commit(second), OK);
	}
	store_close(second);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(store_audit_verify(st, &last, &bad), OK);
	assert_int_equal(last.number, 100);
}

static void
cases_come_back_whole_and_old_ones_go(void **state)
{
	const struct case_file c = { .evidence = BYTES_STRING("evidence"), .machine = BYTES_STRING("machine"), .policy_name = BYTES_STRING("default"),
		.policy_text = BYTES_STRING("text"), .references = BYTES_STRING("references"), .now = 77 };
	uint8_t id[MACHINE_ID_SIZE] = { 1 }, space[256];
	struct buffer b = BUFFER(space);
	struct case_file got;

	(void)state;
	for (unsigned i = 1; i <= 12; i++)
		assert_int_equal(store_case_put(st, i, id, i > 9, &c, 2), OK);
	assert_int_equal(store_case_get(st, 1, &got, &b), E_NOT_FOUND);
	assert_int_equal(store_case_get(st, 2, &got, &b), OK); /* of nine others, eight */
	assert_int_equal(store_case_get(st, 10, &got, &b), E_NOT_FOUND);
	b.n = 0;
	assert_int_equal(store_case_get(st, 12, &got, &b), OK);
	assert_true(bytes_equal(got.evidence, c.evidence) && bytes_equal(got.machine, c.machine) && bytes_equal(got.policy_name, c.policy_name) &&
		    bytes_equal(got.policy_text, c.policy_text) && bytes_equal(got.references, c.references) && got.now == 77);
}

static void
a_database_that_others_may_read_or_of_another_schema_is_refused(void **state)
{
	struct store *again;
	char why[256];
	sqlite3 *db;

	(void)state;
	assert_int_equal(chmod(path, 0640), 0);
	assert_int_equal(store_open(path, STORE_READ_WRITE, &again, why, sizeof why), E_PERMISSION);
	assert_int_equal(chmod(path, 0600), 0);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "UPDATE meta SET value = 2 WHERE key = 'schema'", NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
	assert_int_equal(store_open(path, STORE_READ_WRITE, &again, why, sizeof why), E_VERSION);
	assert_int_equal(store_open("/nonexistent/x.db", STORE_READ_WRITE, &again, why, sizeof why), E_NOT_FOUND);
}

/* --- keys --- */

static void
keys_are_made_once_and_only_for_their_owner(void **state)
{
	char why[512], file[128];
	struct keys a, b;
	struct stat s;

	(void)state;
	if (keys_create(folder, why, sizeof why) != OK)
		fail_msg("%s", why);
	assert_int_equal(keys_load(folder, NULL, &a, why, sizeof why), OK);
	assert_int_equal(a.authority.curve, EC_NONE);
	assert_int_equal(keys_create(folder, why, sizeof why), OK);
	assert_int_equal(keys_load(folder, NULL, &b, why, sizeof why), OK);
	assert_memory_equal(&a, &b, sizeof a);
	assert_false(ec_public_equal(&a.approval.public, &a.statement.public));
	snprintf(file, sizeof file, "%s/" KEYS_MASTER, folder);
	assert_int_equal(stat(file, &s), 0);
	assert_int_equal(s.st_mode & 0777, 0600);
	assert_int_equal(chmod(file, 0604), 0);
	assert_int_equal(keys_load(folder, NULL, &b, why, sizeof why), E_PERMISSION);
	assert_non_null(strstr(why, "share.master"));
}

static void
a_delegation_counts_only_from_this_authority_for_these_keys_and_its_epoch(void **state)
{
	char why[512], file[128];
	struct ec_private authority, other;
	struct keys_delegation d;
	uint8_t pem[KEYFILE_SIZE_MAX];
	struct buffer b = BUFFER(pem);
	struct keys k;

	(void)state;
	assert_int_equal(ec_generate(EC_P256, &authority), OK);
	assert_int_equal(ec_generate(EC_P384, &other), OK);
	assert_int_equal(keys_create(folder, why, sizeof why), OK);
	assert_int_equal(keyfile_encode_public(&authority.public, &b), OK);
	snprintf(file, sizeof file, "%s/" KEYS_AUTHORITY, folder);
	assert_int_equal(file_write(file, buffer_view(&b), 0644), OK);
	assert_int_equal(keys_load(folder, NULL, &k, why, sizeof why), OK);
	assert_int_equal(keys_delegation_of(&authority, &k.approval.public, &k.statement.public, 0, &d), E_RANGE);

	for (uint32_t epoch = 3; epoch >= 1; epoch--) {
		assert_int_equal(keys_delegation_of(&authority, &k.approval.public, &k.statement.public, epoch, &d), OK);
		assert_int_equal(keys_write_delegation(folder, &d), OK);
	}
	assert_int_equal(keys_load(folder, NULL, &k, why, sizeof why), OK);
	assert_string_equal(why, "");
	assert_true(k.delegations == 3 && k.delegation[0].epoch == 1 && k.delegation[2].epoch == 3);
	assert_null(keys_find_delegation(&k, 4));

	d.epoch = 4; /* the signature is over another */
	assert_int_equal(keys_write_delegation(folder, &d), OK);
	assert_int_equal(keys_load(folder, NULL, &k, why, sizeof why), OK);
	assert_int_equal(k.delegations, 3);
	assert_non_null(strstr(why, "delegation-4"));

	assert_int_equal(keys_delegation_of(&other, &k.approval.public, &k.statement.public, 4, &d), OK);
	assert_int_equal(keys_write_delegation(folder, &d), OK);
	assert_int_equal(keys_load(folder, NULL, &k, why, sizeof why), OK);
	assert_int_equal(k.delegations, 3);

	assert_int_equal(keys_delegation_of(&authority, &k.statement.public, &k.approval.public, 4, &d), OK);
	assert_int_equal(keys_write_delegation(folder, &d), OK);
	assert_int_equal(keys_load(folder, NULL, &k, why, sizeof why), OK);
	assert_int_equal(k.delegations, 3);
	assert_non_null(strstr(why, "other keys"));

	/* Of more than there is room for, the newest are kept, in whatever order the folder gives them. */
	for (uint32_t epoch = 4; epoch <= 4 + KEYS_DELEGATIONS_MAX; epoch++) {
		assert_int_equal(keys_delegation_of(&authority, &k.approval.public, &k.statement.public, epoch, &d), OK);
		assert_int_equal(keys_write_delegation(folder, &d), OK);
	}
	assert_int_equal(keys_load(folder, NULL, &k, why, sizeof why), OK);
	assert_int_equal(k.delegations, KEYS_DELEGATIONS_MAX);
	for (size_t i = 0; i < k.delegations; i++)
		assert_int_equal(k.delegation[i].epoch, 5 + i);
}

static void
the_text_formats_refuse_what_is_not_theirs(void **state)
{
	struct keys_request q;
	struct keys_delegation d, again;
	struct ec_private a, b;
	uint8_t text[KEYS_TEXT_MAX + 8];
	struct buffer out = BUFFER(text);

	(void)state;
	assert_int_equal(ec_generate(EC_P256, &a), OK);
	assert_int_equal(ec_generate(EC_P384, &b), OK);
	q = (struct keys_request){ a.public, b.public, a.public };
	assert_int_equal(keys_encode_request(&q, &out), OK);
	assert_int_equal(keys_parse_request(buffer_view(&out), &q), OK);
	assert_true(ec_public_equal(&q.statement, &b.public));
	assert_int_equal(keys_parse_request(bytes_of(text, out.n - 1), &q), E_TRUNCATED);
	buffer_u8(&out, '\n');
	assert_int_equal(keys_parse_request(buffer_view(&out), &q), E_TRAILING);
	text[strlen("bootgate-verifier ")] = '2';
	assert_int_equal(keys_parse_request(bytes_of(text, out.n - 1), &q), E_VERSION);
	text[0] = 'x';
	assert_int_equal(keys_parse_request(bytes_of(text, out.n - 1), &q), E_SYNTAX);

	assert_int_equal(keys_delegation_of(&a, &b.public, &a.public, 4294967295u, &d), OK);
	out.n = 0;
	assert_int_equal(keys_encode_delegation(&d, &out), OK);
	assert_int_equal(keys_parse_delegation(buffer_view(&out), &again), OK);
	assert_true(again.epoch == 4294967295u && again.n == d.n && memcmp(again.signature, d.signature, d.n) == 0);
	text[strlen("bootgate-delegation 1\nepoch ")] = '0';
	assert_int_equal(keys_parse_delegation(buffer_view(&out), &again), E_RANGE);
}

static void
what_is_wrapped_opens_under_the_same_master_purpose_and_data_only(void **state)
{
	uint8_t master[KEYS_MASTER_SIZE] = { 1 }, wrapped[128], plain[64];
	struct buffer w = BUFFER(wrapped), p = BUFFER(plain);

	(void)state;
	assert_int_equal(keys_wrap(master, "share", BYTES_STRING("id"), BYTES_STRING("secret"), &w), OK);
	assert_int_equal(keys_unwrap(master, "share", BYTES_STRING("id"), buffer_view(&w), &p), OK);
	assert_true(bytes_equal(buffer_view(&p), BYTES_STRING("secret")));
	assert_int_equal(keys_unwrap(master, "token", BYTES_STRING("id"), buffer_view(&w), &p), E_MAC);
	assert_int_equal(keys_unwrap(master, "share", BYTES_STRING("di"), buffer_view(&w), &p), E_MAC);
	for (size_t i = 0; i < w.n; i++) {
		wrapped[i] ^= 1;
		assert_int_equal(keys_unwrap(master, "share", BYTES_STRING("id"), buffer_view(&w), &p), E_MAC);
		wrapped[i] ^= 1;
		assert_int_equal(keys_unwrap(master, "share", BYTES_STRING("id"), bytes_of(wrapped, i), &p), E_MAC);
	}
	master[0] = 2;
	assert_int_equal(keys_unwrap(master, "share", BYTES_STRING("id"), buffer_view(&w), &p), E_MAC);
	assert_int_equal(p.n, 6);
}

/* --- records, configuration --- */

static void
an_audit_record_comes_back_as_it_was_encoded(void **state)
{
	static const uint8_t id[MACHINE_ID_SIZE] = { 1 }, digest[32] = { 2 }, share[SHARE_ID_SIZE] = { 3 };
	static uint8_t space[STORE_RECORD_MAX];
	static struct record r, again;
	struct buffer b = BUFFER(space);

	(void)state;
	r = (struct record){ .kind = BYTES_STRING("verdict"), .machine = BYTES(id), .label = BYTES_STRING("web1"), .judged = true,
		.decision = DECISION_HOLD, .purpose = PURPOSE_BOOT, .evidence = BYTES(digest), .policy = BYTES_STRING("default/1"),
		.policy_digest = BYTES(digest), .references_digest = BYTES(digest), .reasons = 1, .notes = 1, .shares = 1 };
	r.reason[0] = (struct reason){ BYTES_STRING("A7"), BYTES_STRING("why") };
	r.note[0] = (struct reason){ BYTES_STRING("A22"), BYTES_STRING("note") };
	r.share[0] = BYTES(share);
	assert_int_equal(record_encode(&r, &b), OK);
	assert_int_equal(record_decode(buffer_view(&b), &again), OK);
	assert_true(again.decision == DECISION_HOLD && again.purpose == PURPOSE_BOOT && again.reasons == 1 && again.notes == 1 && again.shares == 1);
	assert_true(bytes_equal(again.reason[0].text, BYTES_STRING("why")) && bytes_equal(again.policy, BYTES_STRING("default/1")));
	for (size_t i = 0; i < b.n; i++)
		assert_int_not_equal(record_decode(bytes_of(space, i), &again), OK);
	b.n = 0;
	r = (struct record){ .kind = BYTES_STRING("operator"), .text = BYTES_STRING("policy apply") };
	assert_int_equal(record_encode(&r, &b), OK);
	assert_int_equal(record_decode(buffer_view(&b), &again), OK);
	assert_false(again.judged);
}

static void
a_record_with_as_many_reasons_as_there_may_be_fits(void **state)
{
	static char text[REASON_TEXT_MAX];
	static uint8_t space[STORE_RECORD_MAX];
	static struct record r;
	struct buffer b = BUFFER(space);

	(void)state;
	memset(text, 'x', sizeof text);
	r = (struct record){ .kind = BYTES_STRING("verdict"), .judged = true, .policy = BYTES_STRING("p"), .evidence = bytes_of(text, 32),
		.reasons = REASONS_MAX, .notes = 8, .shares = SEALS_MAX };
	for (size_t i = 0; i < REASONS_MAX; i++)
		r.reason[i] = (struct reason){ BYTES_STRING("A1234567"), bytes_of(text, sizeof text) };
	for (size_t i = 0; i < 8; i++)
		r.note[i] = r.reason[0];
	for (size_t i = 0; i < SEALS_MAX; i++)
		r.share[i] = bytes_of(text, SHARE_ID_SIZE);
	assert_int_equal(record_encode(&r, &b), OK);
}

static void
the_configuration_is_taken_whole_or_refused_by_file_and_line(void **state)
{
	static const struct {
		const char *text, *why; /* NULL: it loads */
	} cases[] = {
		{ "listen = { \"127.0.0.1:8443\" }\n", NULL },
		{ "# nothing\n", "listen takes one to eight addresses" },
		{ "", "listen takes one to eight addresses" },
		{ "listen = { \"a:1\" }\nfoo = 1\n", ":2: no such option 'foo'" },
		{ "listen = { \"a:1\" }\n\njudges = 17\n", ":3: judges must be from 1 to 16" },
		{ "listen = { \"a:1\" }\njudges = none\n", ":2: invalid integer value for option 'judges'" },
		{ "listen = { \"a:1\" }\nlog = loud\n", ":2: log must be info or debug" },
		{ "listen = { \"a:1\" }\nname = \"${HOME}\"\n", ":2: ${...} is not taken from the environment" },
		{ "include(\"/etc/passwd\")\n", ":1: no such option 'include'" },
		{ "listen = { \"a:1\" }\nstate = \"\"\n", "state is empty" },
		{ "listen = { \"a:1\"\n", "" },
	};
	static struct config c;
	char file[128], why[512];

	(void)state;
	snprintf(file, sizeof file, "%s/conf", folder);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		enum status s;

		assert_int_equal(file_write(file, bytes_of(cases[i].text, strlen(cases[i].text)), 0644), OK);
		s = config_load(file, &c, why, sizeof why);
		if (cases[i].why == NULL) {
			assert_int_equal(s, OK);
			assert_string_equal(c.state, "/var/lib/bootgate");
			assert_string_equal(c.authority, "/var/lib/bootgate/authority.pub");
			assert_string_equal(c.listen[0], "127.0.0.1:8443");
			continue;
		}
		assert_int_equal(s, E_CONFIG);
		if (strncmp(why, file, strlen(file)) != 0 || strstr(why, cases[i].why) == NULL)
			fail_msg("%s: %s", cases[i].text, why);
	}
	assert_int_equal(config_load("/nonexistent", &c, why, sizeof why), E_CONFIG);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(a_machine_comes_back_as_it_was_put),
		TEST(a_machine_is_found_by_label_and_by_eight_digits_of_its_id),
		TEST(a_share_is_this_machines_alone_and_is_never_replaced),
		TEST(shares_are_counted_and_removed_one_by_one),
		TEST(a_record_from_before_rotations_is_read),
		TEST(a_candidate_replaces_nothing_until_it_is_accepted),
		TEST(a_forgotten_machine_leaves_nothing_but_audit_records),
		TEST(an_evidence_has_one_verdict_and_an_approval_never_follows_a_denial),
		TEST(a_verdict_goes_when_its_evidence_cannot_be_shown_any_more),
		TEST(a_token_is_used_as_often_as_it_says_and_not_after_its_time),
		TEST(a_session_is_taken_once_and_not_after_its_time),
		TEST(sessions_are_bounded_and_the_oldest_go_first),
		TEST(every_change_of_policies_and_references_is_a_new_generation),
		TEST(a_hold_is_decided_once_and_its_yes_is_used_once),
		TEST(the_audit_log_is_a_chain_that_names_the_first_bad_record),
		TEST(what_is_rolled_back_was_never_there),
		TEST(a_writer_killed_in_the_middle_leaves_what_it_committed_and_a_chain_that_verifies),
		TEST(a_second_process_may_write_at_the_same_time),
		TEST(cases_come_back_whole_and_old_ones_go),
		TEST(a_database_that_others_may_read_or_of_another_schema_is_refused),
		TEST(keys_are_made_once_and_only_for_their_owner),
		TEST(a_delegation_counts_only_from_this_authority_for_these_keys_and_its_epoch),
		TEST(the_text_formats_refuse_what_is_not_theirs),
		TEST(what_is_wrapped_opens_under_the_same_master_purpose_and_data_only),
		TEST(an_audit_record_comes_back_as_it_was_encoded),
		TEST(a_record_with_as_many_reasons_as_there_may_be_fits),
		TEST(the_configuration_is_taken_whole_or_refused_by_file_and_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
