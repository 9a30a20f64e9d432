/* SPDX-License-Identifier: ISC */
#include "policy/appraise.h"

#include <string.h>

#include "policy/evidence_check.h"
#include "policy/judgement.h"
#include "policy/pcr_check.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/*
 * The numbers are for ever: log lines, bootgate-checks(7), tests and dashboards name them.  A new check gets a new number.
 * Later checks use what earlier ones read.
 */
#define CHECK_LIST(X) \
	X("A1", evidence_check_binding, "the binding is one of protocol version 1") \
	X("A2", evidence_check_machine, "the binding names this machine") \
	X("A3", evidence_check_quote, "the quote is a quote: magic, type, form") \
	X("A4", evidence_check_ak, "the enrolled AK is restricted, fixed to its TPM and signs only") \
	X("A5", evidence_check_signature, "the enrolled AK signed the quote, with its own scheme") \
	X("A6", evidence_check_extra_data, "the quote was made for this binding") \
	X("A7", evidence_check_active, "the machine was accepted by an operator") \
	X("A8", evidence_check_frozen, "the machine is not frozen") \
	X("A9", evidence_check_salting_key, "the session is salted to the enrolled EK") \
	X("A10", evidence_check_machine_key, "the machine key is the enrolled one") \
	X("A11", evidence_check_index, "the NV index in force is there, and no foreign one") \
	X("A12", evidence_check_selection, "the quote covers PCR 0 to 15 of its banks, exactly, and no SHA-1") \
	X("A13", evidence_check_required_banks, "the quote covers the banks that the policy needs") \
	X("A14", evidence_check_log_digest, "the event log is the one that was bound") \
	X("A15", evidence_check_users_digest, "the user-space events are those that were bound") \
	X("A16", evidence_check_log, "the event log can be read, and is crypto-agile") \
	X("A17", evidence_check_log_banks, "the firmware measures into the quoted banks, and the quote covers those it measures into") \
	X("A18", evidence_check_users, "the user-space events can be read, with a digest for each bank") \
	X("A19", evidence_check_replay, "the events add up to the quoted PCRs") \
	X("A20", evidence_check_door, "the door is as it must be: untouched for a boot, showing the approval for a volume") \
	X("A21", evidence_check_resets, "the TPM's resetCount does not go back") \
	X("A22", evidence_check_restarts, "no restart of the TPM hides a boot") \
	X("A23", evidence_check_clock, "the TPM's clock does not go back within a boot") \
	X("A24", evidence_check_same_boot, "a volume is enrolled in an approved boot, or right after the machine") \
	X("A25", evidence_check_same_log, "a volume is enrolled under the event log of the approved boot") \
	X("A26", evidence_check_epoch, "no epoch is shown that the machine has left") \
	X("A27", evidence_check_rotation, "no volume is enrolled while the machine goes to another epoch") \
	X("P1", pcr_check_references, "the reference lists that the policy names hold usable values") \
	X("P2", pcr_check_unused, "unused PCRs are unused") \
	X("P3", pcr_check_values, "final values of PCRs are known") \
	X("P4", pcr_check_applications, "boot applications are known") \
	X("P5", pcr_check_secure_boot, "Secure Boot is on") \
	X("P6", pcr_check_keys, "the keys of Secure Boot are known") \
	X("P7", pcr_check_secure_boot_events, "everything else in Secure Boot's PCR is known") \
	X("P8", pcr_check_initrd, "the initrd is the expected one") \
	X("P9", pcr_check_extra_initrd, "there is no other initrd") \
	X("P10", pcr_check_sections, "the sections of the kernel image are known") \
	X("P11", pcr_check_command_line, "the command line is an allowed one") \
	X("P12", pcr_check_user_space, "what user space extended is known")

static enum outcome (*const runs[])(struct judgement *j) = {
#define X(number, run, title) run,
	CHECK_LIST(X)
#undef X
};

static const struct check_info infos[] = {
#define X(number, run, title) { number, title },
	CHECK_LIST(X)
#undef X
};

/* A check that gave no reason where it should have still denies; then its title must do. */
static enum outcome
run_check(struct judgement *j, size_t i)
{
	size_t before = j->v->reasons;
	enum outcome outcome;

	j->check = infos[i].number;
	j->reasons_of_check = 0;
	outcome = runs[i](j);
	if (outcome != OUTCOME_PASSED && outcome != OUTCOME_UNDECIDED && j->v->reasons == before && before < REASONS_MAX)
		(void)judgement_fail(j, "not so: %s", infos[i].title);
	return outcome;
}

enum status
appraise(const struct appraisal *a, struct verdict *v)
{
	struct judgement j = { .a = a, .v = v };
	enum outcome worst = OUTCOME_PASSED;

	memset(v, 0, sizeof *v);
	if (a->evidence == NULL || a->machine == NULL || a->policy == NULL || a->references == NULL)
		return E_MISSING;
	for (size_t i = 0; i < COUNT(runs); i++) {
		enum outcome outcome = run_check(&j, i);

		if (outcome < worst)
			worst = outcome;
	}
	if (worst == OUTCOME_PASSED)
		v->decision = DECISION_APPROVE;
	else if (worst == OUTCOME_HELD)
		v->decision = DECISION_HOLD;
	return OK;
}

enum status
appraise_identify(const struct evidence *e, const struct machine *m, struct binding *b, struct quote *q, struct public_area *ak)
{
	struct verdict v;
	struct appraisal a = { .evidence = e, .machine = m };
	struct judgement j = { .a = &a, .v = &v, .check = "A0" };
	enum status s = OK;

	memset(&v, 0, sizeof v);
	memset(b, 0, sizeof *b);
	memset(q, 0, sizeof *q);
	if (evidence_check_binding(&j) != OUTCOME_PASSED || evidence_check_quote(&j) != OUTCOME_PASSED)
		s = E_SYNTAX;
	else if (evidence_check_machine(&j) != OUTCOME_PASSED || evidence_check_extra_data(&j) != OUTCOME_PASSED)
		s = E_MISMATCH;
	else if (evidence_check_ak(&j) != OUTCOME_PASSED)
		s = E_KEY;
	else if (evidence_check_signature(&j) != OUTCOME_PASSED)
		s = E_SIGNATURE;
	if (s != OK)
		return s;
	*b = j.binding;
	*q = j.quote;
	*ak = j.ak;
	return OK;
}

/* The checks that compare counters with those of the last evidence. */
static bool
is_held_by_counters(const struct verdict *v)
{
	static const char *const counters[] = { "A21", "A22", "A23" };

	for (size_t i = 0; i < v->reasons; i++)
		for (size_t k = 0; k < COUNT(counters); k++)
			if (strcmp(v->reason[i].check, counters[k]) == 0)
				return true;
	return false;
}

void
appraise_update(struct machine *m, const struct quote *q, const struct verdict *v)
{
	if (v != NULL && is_held_by_counters(v))
		return;
	m->seen = true;
	m->seen_safe = q->safe;
	m->seen_reset = q->reset_count;
	m->seen_restart = q->restart_count;
	m->seen_clock = q->clock;
}

const struct check_info *
appraise_checks(size_t *n)
{
	*n = COUNT(infos);
	return infos;
}
