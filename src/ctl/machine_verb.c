/* SPDX-License-Identifier: ISC */
#include "ctl/machine_verb.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/log.h"
#include "base/text.h"
#include "ctl/audit_note.h"
#include "ctl/exit.h"
#include "ctl/printable.h"
#include "structures/public.h"

bool
machine_verb_find(const struct state *s, const char *name, struct machine *m)
{
	enum status status = store_machine_find(s->store, name, m);

	if (status == OK)
		return true;
	if (status == E_NOT_FOUND)
		log_error("%s: no machine has this label or an id that begins so (at least 8 digits); see `bootgatectl machine list`", name);
	else if (status == E_DUPLICATE)
		log_error("%s: more than one machine is meant by this; give more digits of the id", name);
	else
		state_complain(s, name, status);
	return false;
}

/* --- list -------------------------------------------------------------------------------------------------------------- */

static const char *
condition(const struct machine *m)
{
	return m->frozen ? "frozen" : !m->active ? "pending" : m->approved ? "active" : "enrolled";
}

static bool
print_machine(const struct machine *m, void *arg)
{
	char id[17], label[PRINTABLE_SIZE], policy[PRINTABLE_SIZE], epoch[24];

	(void)arg;
	snprintf(epoch, sizeof epoch, m->rotate_to == 0 ? "%" PRIu32 : "%" PRIu32 ">%" PRIu32, m->epoch, m->rotate_to);
	printf("%s  %-8s  %-5s %-20s %s\n", text_hex(bytes_of(m->id, 8), id, sizeof id), condition(m), epoch,
		printable_text(m->policy, policy), printable_text(m->label, label));
	return true;
}

static bool
print_candidate(const struct machine *m, void *arg)
{
	char id[17], label[PRINTABLE_SIZE];

	(void)arg;
	printf("%s  enrolled again, waits for `bootgatectl machine approve` (it says of itself: \"%s\")\n", text_hex(bytes_of(m->id, 8), id, sizeof id),
		printable_text(m->label, label));
	return true;
}

int
machine_verb_list(struct call *c)
{
	struct state s;
	enum status status;

	if (!arguments_take(c, NULL, 0, 0, 0))
		return CTL_USAGE;
	if (!state_open(c->config, &s))
		return CTL_FAILED;
	printf("MACHINE           STATE     EPOCH POLICY               LABEL\n");
	status = store_machine_each(s.store, print_machine, NULL);
	if (status == OK)
		status = store_candidate_each(s.store, print_candidate, NULL);
	if (status != OK)
		state_complain(&s, "machine list", status);
	state_close(&s);
	return status == OK ? CTL_DONE : CTL_FAILED;
}

/* --- show -------------------------------------------------------------------------------------------------------------- */

static void
print_hex(const char *what, struct bytes v)
{
	char hex[2 * 64 + 1];

	printf("%-16s %s\n", what, text_hex(v, hex, sizeof hex));
}

static void
print_key(const char *what, struct bytes encoded)
{
	struct public_area p;
	struct name name;

	if (public_decode(encoded, &p) != OK || public_name(&p, &name) != OK) {
		printf("%-16s cannot be read\n", what);
		return;
	}
	printf("%-16s %s, Name ", what, p.type == PUBLIC_RSA ? "RSA" : p.key.ec.curve == EC_P384 ? "P-384" : "P-256");
	for (size_t i = 0; i < name.n; i++)
		printf("%02x", name.p[i]);
	printf("\n");
}

static void
print_history(const struct machine *m)
{
	char at[STATE_TIME_SIZE];

	printf("%-16s %s\n", "enrolled", state_time(m->enrolled_at, at));
	if (m->seen)
		printf("%-16s reset %" PRIu32 ", restart %" PRIu32 ", clock %" PRIu64 " ms%s\n", "last evidence", m->seen_reset, m->seen_restart,
			m->seen_clock, m->seen_safe ? "" : " (not safe)");
	else
		printf("%-16s none yet\n", "last evidence");
	if (!m->approved) {
		printf("%-16s none yet\n", "last approval");
		return;
	}
	printf("%-16s reset %" PRIu32 ", restart %" PRIu32 "\n", "last approval", m->approved_reset, m->approved_restart);
	print_hex("  statement", BYTES(m->approved_statement));
	print_hex("  event log", BYTES(m->approved_log));
}

static void
print_record(const struct state *s, const struct machine *m)
{
	char label[PRINTABLE_SIZE], policy[PRINTABLE_SIZE];
	size_t shares = 0;

	print_hex("machine", BYTES(m->id));
	printf("%-16s %s\n", "label", printable_text(m->label, label));
	printf("%-16s %s\n", "state", condition(m));
	printf("%-16s %s\n", "policy", printable_text(m->policy, policy));
	print_key("EK", bytes_of(m->ek, m->ek_n));
	print_key("AK", bytes_of(m->ak, m->ak_n));
	print_hex("machine key", BYTES(m->machine_key));
	printf("%-16s 0x%08" PRIx32 ", epoch %" PRIu32 "; 0x%08" PRIx32 " for the next\n", "NV index", m->nv_handle, m->epoch, m->nv_handle_next);
	if (m->rotate_to != 0)
		printf("%-16s to epoch %" PRIu32 ", %s\n", "rotation", m->rotate_to,
			m->rotate_seen ? "half-way: complete when a boot shows the new index alone" :
			m->rotate_ordered ? "ordered: a boot is to show both indices next" : "waits for its next approved boot");
	if (store_share_count(s->store, m->id, &shares) == OK)
		printf("%-16s %zu\n", "network shares", shares);
	print_history(m);
}

int
machine_verb_show(struct call *c)
{
	struct state s;
	struct machine m, candidate;
	bool good;

	if (!arguments_take(c, NULL, 0, 1, 1))
		return CTL_USAGE;
	if (!state_open(c->config, &s))
		return CTL_FAILED;
	good = machine_verb_find(&s, c->argv[0], &m);
	if (good) {
		print_record(&s, &m);
		if (store_candidate_get(s.store, m.id, &candidate) == OK) {
			printf("\nenrolled again; after `bootgatectl machine approve` it would have:\n");
			print_key("AK", bytes_of(candidate.ak, candidate.ak_n));
			print_hex("machine key", BYTES(candidate.machine_key));
		}
	}
	state_close(&s);
	return good ? CTL_DONE : CTL_FAILED;
}

/* --- changes ----------------------------------------------------------------------------------------------------------- */

/* Within the transaction that read ${m}, so that no judge's write is lost. */
typedef enum status change(struct state *s, struct machine *m, const char **said);

static enum status
approve(struct state *s, struct machine *m, const char **said)
{
	struct machine candidate;

	*said = "approved";
	if (store_candidate_get(s->store, m->id, &candidate) == OK) {
		*said = "approved: the new enrolment replaces the old one; its volumes need `bootgate luks-enroll` again";
		return store_candidate_accept(s->store, m->id);
	}
	if (m->active) {
		*said = "nothing to approve: it is active, and has not enrolled again";
		return OK;
	}
	m->active = true;
	return store_machine_put(s->store, m);
}

static enum status
freeze(struct state *s, struct machine *m, const char **said)
{
	*said = "frozen: it gets no approval from now on";
	m->frozen = true;
	return store_machine_put(s->store, m);
}

static enum status
unfreeze(struct state *s, struct machine *m, const char **said)
{
	*said = "no longer frozen";
	m->frozen = false;
	return store_machine_put(s->store, m);
}

static enum status
forget(struct state *s, struct machine *m, const char **said)
{
	*said = "forgotten, with its shares: its volumes open by passphrase only; the audit log keeps what it has";
	return store_machine_forget(s->store, m->id);
}

static enum status
apply(struct state *s, struct machine *m, const char *verb, change *run, const char **said)
{
	enum status status = store_begin(s->store);

	if (status != OK)
		return status;
	status = store_machine_get(s->store, m->id, m);
	if (status == OK)
		status = audit_note(s, m, "machine %s", verb);
	if (status == OK)
		status = run(s, m, said);
	if (status == OK && run != forget)
		status = store_hold_release(s->store, m->id, (uint64_t)time(NULL));
	if (status == OK)
		status = store_commit(s->store);
	if (status != OK)
		store_rollback(s->store);
	return status;
}

static int
change_machine(struct call *c, const char *verb, change *run)
{
	char id[17], label[PRINTABLE_SIZE];
	const char *said = "";
	struct state s;
	struct machine m;
	enum status status;
	bool good;

	if (!arguments_take(c, NULL, 0, 1, 1))
		return CTL_USAGE;
	if (!state_open(c->config, &s))
		return CTL_FAILED;
	good = machine_verb_find(&s, c->argv[0], &m);
	if (good) {
		text_hex(bytes_of(m.id, 8), id, sizeof id);
		printable_text(m.label, label);
		status = apply(&s, &m, verb, run, &said);
		good = status == OK || state_complain(&s, c->argv[0], status);
	}
	if (good)
		printf("%s %s: %s\n", id, label, said);
	state_close(&s);
	return good ? CTL_DONE : CTL_FAILED;
}

int
machine_verb_approve(struct call *c)
{
	return change_machine(c, "approve", approve);
}

/* --- all at once ------------------------------------------------------------------------------------------------------- */

#define BATCH 64

/* Machines whose flag differs: at most a batch of them, so that memory does not grow with the fleet. */
struct batch {
	bool wanted;
	size_t n;
	struct machine machine[BATCH];
};

static bool
collect(const struct machine *m, void *arg)
{
	struct batch *b = arg;

	if (m->frozen != b->wanted)
		b->machine[b->n++] = *m;
	return b->n < BATCH;
}

/* Within one transaction: all of them, or none. */
static enum status
change_all(struct state *s, const char *verb, change *run, bool wanted, size_t *changed)
{
	static struct batch b;
	const char *said;
	enum status status = audit_note(s, NULL, "machine %s --all", verb);

	*changed = 0;
	b.wanted = wanted;
	do {
		b.n = 0;
		if (status == OK)
			status = store_machine_each(s->store, collect, &b);
		for (size_t i = 0; status == OK && i < b.n; i++) {
			status = run(s, &b.machine[i], &said);
			if (status == OK)
				status = store_hold_release(s->store, b.machine[i].id, (uint64_t)time(NULL));
			*changed += status == OK;
		}
	} while (status == OK && b.n > 0);
	return status;
}

static int
freeze_all(struct call *c, const char *verb, change *run, bool wanted)
{
	struct state s;
	enum status status;
	size_t changed = 0;

	if (!state_open(c->config, &s))
		return CTL_FAILED;
	status = store_begin(s.store);
	if (status == OK) {
		status = change_all(&s, verb, run, wanted, &changed);
		if (status == OK)
			status = store_commit(s.store);
		if (status != OK)
			store_rollback(s.store);
	}
	if (status != OK)
		state_complain(&s, verb, status);
	else
		printf("%zu machines %s\n", changed, wanted ? "frozen: none of the fleet gets an approval from now on" : "no longer frozen");
	state_close(&s);
	return status == OK ? CTL_DONE : CTL_FAILED;
}

static int
freeze_some(struct call *c, const char *verb, change *run, bool wanted)
{
	bool all = false;
	const struct argument table[] = { { "all", NULL, &all } };

	if (!arguments_take(c, table, 1, 0, 1))
		return CTL_USAGE;
	if (all == (c->argc > 0)) {
		log_error("%s: name one machine, or say --all", verb);
		return CTL_USAGE;
	}
	return all ? freeze_all(c, verb, run, wanted) : change_machine(c, verb, run);
}

int
machine_verb_freeze(struct call *c)
{
	return freeze_some(c, "freeze", freeze, true);
}

int
machine_verb_unfreeze(struct call *c)
{
	return freeze_some(c, "unfreeze", unfreeze, false);
}

int
machine_verb_forget(struct call *c)
{
	return change_machine(c, "forget", forget);
}
