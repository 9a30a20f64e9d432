/* SPDX-License-Identifier: ISC */
#include "policy/evidence_check.h"

#include <inttypes.h>
#include <string.h>

#define SELECTION_ALL UINT32_C(0xffff)
#define SELECTION_WITHOUT_IMA UINT32_C(0xfbff) /* PCR 10 goes on growing on a running host */
#define ENROLMENT_SECONDS 900

/* --- binding and machine ----------------------------------------------------------------------------------------------- */

enum outcome
evidence_check_binding(struct judgement *j)
{
	enum status s = message_binding_decode(j->a->evidence->binding, &j->binding);

	j->binding_read = s == OK;
	if (s != OK)
		return judgement_fail(j, "the binding cannot be read: %s", status_text(s));
	return OUTCOME_PASSED;
}

enum outcome
evidence_check_machine(struct judgement *j)
{
	if (!j->binding_read)
		return OUTCOME_UNDECIDED;
	if (!bytes_equal(BYTES(j->binding.machine), BYTES(j->a->machine->id)))
		return judgement_fail(j, "the evidence names another machine, %.16s", judgement_hex(BYTES(j->binding.machine)).text);
	return OUTCOME_PASSED;
}

enum outcome
evidence_check_active(struct judgement *j)
{
	if (!j->a->machine->active)
		return judgement_hold(j, "the machine is enrolled but waits for an operator's yes: bootgatectl machine approve %.16s",
			judgement_hex(BYTES(j->a->machine->id)).text);
	return OUTCOME_PASSED;
}

enum outcome
evidence_check_frozen(struct judgement *j)
{
	if (j->a->machine->frozen)
		return judgement_fail(j, "the machine is frozen: it gets no key until bootgatectl machine unfreeze %.16s",
			judgement_hex(BYTES(j->a->machine->id)).text);
	return OUTCOME_PASSED;
}

enum outcome
evidence_check_salting_key(struct judgement *j)
{
	if (!j->binding_read)
		return OUTCOME_UNDECIDED;
	if (j->a->salting_key == NULL || j->a->salting_key->n == 0)
		return judgement_fail(j, "no EK is known of this machine; enrol it again");
	if (!name_equal(&j->binding.salting_key, j->a->salting_key))
		return judgement_fail(j, "the session is salted to the key %.20s and not to the enrolled EK: somebody may have put "
			"a key of his own at the EK's handle to read the bus", judgement_hex(name_view(&j->binding.salting_key)).text);
	return OUTCOME_PASSED;
}

/* Why the machine key and the index do not fit is then said by a check of its own. */
static bool
rotation_explains(const struct judgement *j)
{
	return machine_is_behind(j->a->machine, &j->binding) || (j->binding.purpose == PURPOSE_VOLUME && j->a->machine->rotate_to != 0);
}

enum outcome
evidence_check_machine_key(struct judgement *j)
{
	if (!j->binding_read || rotation_explains(j))
		return OUTCOME_UNDECIDED;
	if (bytes_zero(BYTES(j->a->machine->machine_key)))
		return judgement_fail(j, "no machine key is known; enrol the machine again");
	if (!bytes_equal(BYTES(j->binding.machine_key), BYTES(j->a->machine->machine_key)))
		return judgement_fail(j, "the machine key %.16s on the disk is not the enrolled one%s",
			judgement_hex(BYTES(j->binding.machine_key)).text, machine_claims_rotated(j->a->machine, &j->binding) ?
			", nor does a seal on it prove that it follows it: put the LUKS header back that the last boot left" : "");
	return OUTCOME_PASSED;
}

/* Each index that is claimed must be one of the two fixed at enrolment; the one in force must be there to be opened. */
enum outcome
evidence_check_index(struct judgement *j)
{
	const struct machine *m = j->a->machine;
	bool there = j->binding.purpose == PURPOSE_VOLUME;

	if (!j->binding_read || rotation_explains(j))
		return OUTCOME_UNDECIDED;
	for (size_t i = 0; i < j->binding.indices; i++) {
		const struct index_claim *c = &j->binding.index[i];

		if (c->handle != m->nv_handle && c->handle != m->nv_handle_next)
			return judgement_fail(j, "NV index %08" PRIx32 " is none of this machine's", c->handle);
		there = there || (c->handle == m->nv_handle && c->epoch == m->epoch);
	}
	if (!there)
		return judgement_fail(j, "NV index %08" PRIx32 " of epoch %" PRIu32 ", which is in force, is not there", m->nv_handle,
			m->epoch);
	return OUTCOME_PASSED;
}

enum outcome
evidence_check_epoch(struct judgement *j)
{
	const struct machine *m = j->a->machine;

	if (!j->binding_read)
		return OUTCOME_UNDECIDED;
	for (size_t i = 0; i < j->binding.indices; i++)
		if (j->binding.index[i].epoch < m->epoch)
			return judgement_fail(j, "the disk shows epoch %" PRIu32 ", which this machine left for epoch %" PRIu32 ": an old LUKS header "
				"was put back, or the disk was away during the rotation; put the newest header back, or open it by passphrase, boot "
				"with an approval and run: bootgate luks-enroll", j->binding.index[i].epoch, m->epoch);
	return OUTCOME_PASSED;
}

enum outcome
evidence_check_rotation(struct judgement *j)
{
	const struct machine *m = j->a->machine;

	if (!j->binding_read)
		return OUTCOME_UNDECIDED;
	if (j->binding.purpose == PURPOSE_VOLUME && m->rotate_to != 0)
		return judgement_fail(j, "the machine is on its way to epoch %" PRIu32 "; reboot it until bootgatectl machine show %.16s says that it "
			"is there, then enrol the volume", m->rotate_to, judgement_hex(BYTES(m->id)).text);
	return OUTCOME_PASSED;
}

/* --- quote ------------------------------------------------------------------------------------------------------------- */

enum outcome
evidence_check_quote(struct judgement *j)
{
	enum status s = quote_decode(j->a->evidence->attest, &j->quote);

	j->quote_read = s == OK;
	if (s != OK)
		return judgement_fail(j, "this is no quote of a TPM: %s", status_text(s));
	return OUTCOME_PASSED;
}

enum outcome
evidence_check_ak(struct judgement *j)
{
	const struct machine *m = j->a->machine;
	const char *why = "it cannot be read";
	enum status s = OK;

	if (j->a->identified != NULL)
		j->ak = *j->a->identified;
	else
		s = m->ak_n <= sizeof m->ak ? public_decode(bytes_of(m->ak, m->ak_n), &j->ak) : E_TOO_LARGE;
	if (s == OK)
		s = public_check_ak(&j->ak, &why);
	j->ak_read = s == OK;
	if (s != OK)
		return judgement_fail(j, "the enrolled AK is not usable: %s", why);
	return OUTCOME_PASSED;
}

enum outcome
evidence_check_signature(struct judgement *j)
{
	enum status s;

	if (!j->ak_read)
		return OUTCOME_UNDECIDED;
	if (j->a->identified != NULL)
		return OUTCOME_PASSED;
	s = public_verify(&j->ak, j->a->evidence->attest, j->a->evidence->signature);
	if (s != OK)
		return judgement_fail(j, "the quote is not signed by the enrolled AK: %s", status_text(s));
	return OUTCOME_PASSED;
}

enum outcome
evidence_check_extra_data(struct judgement *j)
{
	struct digest d = hash_digest(HASH_SHA256, j->a->evidence->binding);

	if (!j->quote_read)
		return OUTCOME_UNDECIDED;
	if (!bytes_equal(j->quote.extra_data, digest_view(&d)))
		return judgement_fail(j, "the quote was made for another binding: other nonce, session, keys or logs");
	return OUTCOME_PASSED;
}

enum outcome
evidence_check_selection(struct judgement *j)
{
	bool running = j->binding_read && j->binding.purpose == PURPOSE_VOLUME;

	if (!j->quote_read)
		return OUTCOME_UNDECIDED;
	if (j->quote.banks == 0)
		return judgement_fail(j, "the quote covers no PCR at all");
	for (size_t i = 0; i < j->quote.banks; i++) {
		const struct pcr_selection *s = &j->quote.selection[i];

		if (s->alg == HASH_SHA1)
			return judgement_fail(j, "the quote covers the SHA-1 bank, which proves nothing");
		if (!hash_known(s->alg))
			return judgement_fail(j, "the quote covers the bank of algorithm 0x%04x, which cannot be checked here: "
				"switch that bank off in the firmware's setup", s->alg);
		if (s->pcrs != SELECTION_ALL && !(running && s->pcrs == SELECTION_WITHOUT_IMA))
			return judgement_fail(j, "the quote covers PCRs %08" PRIx32 " of bank %s and not exactly 0 to 15", s->pcrs,
				hash_name((enum hash_alg)s->alg));
	}
	j->selection_fits = true;
	return OUTCOME_PASSED;
}

static bool
quotes_bank(const struct quote *q, uint16_t alg)
{
	for (size_t i = 0; i < q->banks; i++)
		if (q->selection[i].alg == alg)
			return true;
	return false;
}

enum outcome
evidence_check_required_banks(struct judgement *j)
{
	const struct policy *p = j->a->policy;
	enum outcome outcome = OUTCOME_PASSED;

	if (!j->quote_read)
		return OUTCOME_UNDECIDED;
	for (size_t i = 0; i < p->banks; i++)
		if (!quotes_bank(&j->quote, (uint16_t)p->bank[i]))
			outcome = judgement_fail(j, "the policy needs the %s bank, but the quote does not cover it: switch it on in the "
				"firmware's setup (TPM, PCR banks)", hash_name(p->bank[i]));
	return outcome;
}

/* --- logs -------------------------------------------------------------------------------------------------------------- */

static bool
has_digest(struct bytes data, const uint8_t digest[32])
{
	struct digest d = hash_digest(HASH_SHA256, data);

	return bytes_equal(digest_view(&d), bytes_of(digest, 32));
}

enum outcome
evidence_check_log_digest(struct judgement *j)
{
	if (!j->binding_read)
		return OUTCOME_UNDECIDED;
	if (!has_digest(j->a->evidence->event_log, j->binding.event_log))
		return judgement_fail(j, "the event log is not the one that the quote was made with");
	return OUTCOME_PASSED;
}

enum outcome
evidence_check_users_digest(struct judgement *j)
{
	if (!j->binding_read)
		return OUTCOME_UNDECIDED;
	if (!has_digest(j->a->evidence->user_events, j->binding.user_events))
		return judgement_fail(j, "the user-space events are not those that the quote was made with");
	return OUTCOME_PASSED;
}

/* A running host that was enrolled minutes ago proves itself by resetCount alone: its boot was never judged. */
static bool
just_enrolled(const struct judgement *j)
{
	const struct machine *m = j->a->machine;

	return j->binding_read && j->quote_read && j->binding.purpose == PURPOSE_VOLUME && j->quote.reset_count == m->enrolled_reset &&
		m->enrolled_at != 0 && j->a->now >= m->enrolled_at && j->a->now - m->enrolled_at <= ENROLMENT_SECONDS;
}

static bool
reads_logs(const struct judgement *j)
{
	return !just_enrolled(j);
}

enum outcome
evidence_check_log(struct judgement *j)
{
	struct eventlog log;

	if (!reads_logs(j))
		return OUTCOME_PASSED;
	eventlog_begin(&log, j->a->evidence->event_log, EVENTLOG_APPRAISE);
	if (replay_log(&j->replay, &log) != OK)
		return judgement_fail(j, "the event log cannot be relied on: %s, at byte %zu", eventlog_fault_text(log.fault), log.fault_at);
	j->firmware_events = log.events;
	j->log_read = true;
	return OUTCOME_PASSED;
}

/* Banks that the TPM has and firmware does not fill, or the reverse, stand open to whoever comes after. */
enum outcome
evidence_check_log_banks(struct judgement *j)
{
	struct eventlog log;
	enum outcome outcome = OUTCOME_PASSED;

	if (!reads_logs(j))
		return OUTCOME_PASSED;
	if (!j->log_read || !j->quote_read)
		return OUTCOME_UNDECIDED;
	eventlog_begin(&log, j->a->evidence->event_log, EVENTLOG_APPRAISE);
	for (size_t i = 0; i < log.algs; i++)
		if (log.alg[i].alg != HASH_SHA1 && !quotes_bank(&j->quote, log.alg[i].alg))
			outcome = judgement_fail(j, "the firmware measures into bank %s (0x%04x), but the quote does not cover it",
				hash_name((enum hash_alg)log.alg[i].alg), log.alg[i].alg);
	for (size_t i = 0; i < j->quote.banks; i++) {
		bool measured = false;

		for (size_t k = 0; k < log.algs; k++)
			measured = measured || log.alg[k].alg == j->quote.selection[i].alg;
		if (!measured)
			outcome = judgement_fail(j, "the firmware does not measure into bank %s, which is active: switch it off in the "
				"firmware's setup", hash_name((enum hash_alg)j->quote.selection[i].alg));
	}
	return outcome;
}

enum outcome
evidence_check_users(struct judgement *j)
{
	enum status s;

	if (!reads_logs(j))
		return OUTCOME_PASSED;
	s = message_user_events_decode(j->a->evidence->user_events, &j->users);
	if (s != OK)
		return judgement_fail(j, "the user-space events cannot be read: %s", status_text(s));
	if (!j->log_read)
		return OUTCOME_UNDECIDED;
	for (size_t i = 0; i < j->users.n; i++) {
		struct event ev;

		judgement_user_event(j, i, &ev);
		s = replay_user_event(&j->replay, ev.pcr, ev.digest, ev.digests);
		if (s != OK)
			return judgement_fail(j, "user-space event %zu in PCR %" PRIu32 ": %s", ev.number, ev.pcr, status_text(s));
		for (size_t k = 0; j->quote_read && k < j->quote.banks; k++)
			if (event_digest(&ev, (enum hash_alg)j->quote.selection[k].alg).n == 0)
				return judgement_fail(j, "user-space event %zu in PCR %" PRIu32 " has no digest of bank %s", ev.number, ev.pcr,
					hash_name((enum hash_alg)j->quote.selection[k].alg));
	}
	j->users_read = true;
	return OUTCOME_PASSED;
}

/* --- replay ------------------------------------------------------------------------------------------------------------ */

static bool
explains(const struct judgement *j, const struct replay *r)
{
	uint8_t d[HASH_SIZE_MAX];
	struct hash h;
	size_t n;

	hash_begin(&h, j->ak.scheme_hash);
	for (size_t i = 0; i < j->quote.banks; i++)
		for (unsigned pcr = 0; pcr < RULE_PCRS; pcr++)
			if ((j->quote.selection[i].pcrs & UINT32_C(1) << pcr) != 0)
				hash_add(&h, replay_value(r, (enum hash_alg)j->quote.selection[i].alg, pcr));
	n = hash_end(&h, d);
	return n > 0 && bytes_equal(bytes_of(d, n), j->quote.pcr_digest);
}

/* The state before user space, and its events but one: ${without} = users.n keeps all. */
static void
replay_without(const struct judgement *j, struct replay *r, size_t first, size_t without)
{
	struct eventlog log;

	eventlog_begin(&log, j->a->evidence->event_log, EVENTLOG_APPRAISE);
	(void)replay_log(r, &log);
	for (size_t i = 0; i < first; i++) {
		struct event ev;

		judgement_user_event(j, i, &ev);
		if (i != without)
			(void)replay_user_event(r, ev.pcr, ev.digest, ev.digests);
	}
}

static bool
explains_with(const struct judgement *j, unsigned pcr, struct bytes data)
{
	struct replay r = j->replay;
	struct digest d[QUOTE_BANKS_MAX];
	struct event_digest list[QUOTE_BANKS_MAX];

	for (size_t i = 0; i < j->quote.banks; i++) {
		d[i] = hash_digest((enum hash_alg)j->quote.selection[i].alg, data);
		list[i] = (struct event_digest){ j->quote.selection[i].alg, digest_view(&d[i]) };
	}
	return replay_user_event(&r, pcr, list, j->quote.banks) == OK && explains(j, &r);
}

static const struct {
	unsigned pcr;
	const char *text;
} phases[] = {
	{ 11, "enter-initrd" },
	{ 11, "leave-initrd" },
	{ 11, "sysinit" },
	{ 11, "ready" },
};

static const char *const outcomes[] = { "passphrase", "shell", "left" };

static bool
guess_door(struct judgement *j, const char *outcome, struct bytes digest)
{
	uint8_t space[128];
	struct buffer b = BUFFER(space);

	if (message_door_event(outcome, digest, &b) != OK || !explains_with(j, DOOR_PCR, buffer_view(&b)))
		return false;
	(void)judgement_fail(j, "the door (PCR %d) was closed in this boot (\"%s\"), which the evidence does not list", DOOR_PCR, outcome);
	return true;
}

/* One event that the evidence may have kept quiet about: systemd's phases, the door. */
static bool
guess_missing(struct judgement *j)
{
	for (size_t i = 0; i < sizeof phases / sizeof phases[0]; i++)
		if (explains_with(j, phases[i].pcr, bytes_of(phases[i].text, strlen(phases[i].text)))) {
			(void)judgement_fail(j, "the quote is explained when PCR %u was extended by \"%s\" as well, which the evidence does "
				"not list", phases[i].pcr, phases[i].text);
			return true;
		}
	for (size_t i = 0; i < sizeof outcomes / sizeof outcomes[0]; i++)
		if (guess_door(j, outcomes[i], bytes_of(NULL, 0)))
			return true;
	return j->a->machine->approved && guess_door(j, "approved", BYTES(j->a->machine->approved_statement));
}

static bool
guess_surplus(struct judgement *j)
{
	for (size_t i = 0; i < j->users.n; i++) {
		struct replay r;
		struct event ev;

		replay_without(j, &r, j->users.n, i);
		judgement_user_event(j, i, &ev);
		if (!explains(j, &r))
			continue;
		(void)judgement_fail(j, "the quote is explained without event %zu in PCR %" PRIu32 " (%s), which did not happen", ev.number,
			ev.pcr, judgement_print(j->users.event[i].name).text);
		return true;
	}
	return false;
}

enum outcome
evidence_check_replay(struct judgement *j)
{
	struct replay firmware;

	if (!reads_logs(j))
		return OUTCOME_PASSED;
	if (!j->selection_fits || !j->ak_read || !j->log_read || !j->users_read)
		return OUTCOME_UNDECIDED;
	if (explains(j, &j->replay))
		return OUTCOME_PASSED;
	if (guess_missing(j) || guess_surplus(j))
		return OUTCOME_FAILED;
	replay_without(j, &firmware, 0, 0);
	if (j->users.n > 0 && explains(j, &firmware))
		return judgement_fail(j, "the quote is explained by the firmware's events alone: the user-space events did not happen");
	return judgement_fail(j, "the events do not add up to the quoted PCRs: the log is cut, forged or of another boot, or something "
		"else extended a PCR that the evidence does not list (systemd-pcrphase: 11, IMA: 10, an agent or a boot loader: 8 to 15)");
}

/* --- door -------------------------------------------------------------------------------------------------------------- */

/* The one event of PCR 13, or the first of several. */
static size_t
door_events(struct judgement *j, struct measured *first)
{
	struct walk w;
	struct measured m;
	size_t n = 0;

	judgement_walk(j, &w);
	while (judgement_next(&w, &m)) {
		if (m.event.pcr != DOOR_PCR)
			continue;
		if (n++ == 0)
			*first = m;
	}
	return n;
}

static enum outcome
check_door_open(struct judgement *j)
{
	struct measured m;
	size_t n = door_events(j, &m);

	if (n > 0)
		return judgement_fail(j, "the door is closed: PCR %d was extended by event %zu (%s: %s); no key is given in this boot any "
			"more, reboot to try again", DOOR_PCR, m.event.number, m.name.n > 0 ? judgement_print(m.name).text : "firmware",
			judgement_print(m.event.data).text);
	return OUTCOME_PASSED;
}

/* What the door's event says after an approval with that statement. */
static bool
is_approval(const struct judgement *j, const struct event *ev)
{
	uint8_t space[128];
	struct buffer b = BUFFER(space);

	return message_door_event("approved", BYTES(j->a->machine->approved_statement), &b) == OK &&
		judgement_measures(j, ev, buffer_view(&b));
}

enum outcome
evidence_check_door(struct judgement *j)
{
	struct measured m;
	size_t n;

	if (!reads_logs(j))
		return OUTCOME_PASSED;
	if (!j->binding_read || !j->quote_read || !j->log_read || !j->users_read)
		return OUTCOME_UNDECIDED;
	if (j->binding.purpose == PURPOSE_BOOT)
		return check_door_open(j);
	n = door_events(j, &m);
	if (n > 1 && j->a->machine->approved && is_approval(j, &m.event))
		return judgement_hold(j, "PCR %d shows %zu events instead of the one that the approval left: after it a disk was opened by "
			"passphrase, or a shell or another root was started; if that was you: bootgatectl hold approve", DOOR_PCR, n);
	if (n != 1)
		return judgement_fail(j, "PCR %d shows %zu events instead of the one that the approval left", DOOR_PCR, n);
	if (!j->a->machine->approved || !is_approval(j, &m.event))
		return judgement_fail(j, "PCR %d does not show the approval of this boot: the disk was opened otherwise (%s)", DOOR_PCR,
			judgement_print(m.event.data).text);
	return OUTCOME_PASSED;
}

/* --- counters ---------------------------------------------------------------------------------------------------------- */

enum outcome
evidence_check_resets(struct judgement *j)
{
	const struct machine *m = j->a->machine;
	const struct quote *q = &j->quote;

	if (!j->quote_read)
		return OUTCOME_UNDECIDED;
	if (!m->seen || q->reset_count == m->seen_reset)
		return OUTCOME_PASSED;
	if (q->reset_count < m->seen_reset)
		return judgement_hold(j, "the TPM's resetCount went back from %" PRIu32 " to %" PRIu32 ": a second TPM with the same EK, or a "
			"cleared one; find out which before bootgatectl hold approve", m->seen_reset, q->reset_count);
	if (q->reset_count - m->seen_reset > 1)
		judgement_note(j, "%" PRIu32 " boots since the last evidence did not ask for an approval",
			q->reset_count - m->seen_reset - 1);
	return OUTCOME_PASSED;
}

/*
 * A Restart zeroes the PCRs and leaves resetCount, so a boot in between could hide behind it.  (TPM 2.0 Part 1, 12.2.4)
 * Sleep counts as well; a running host may have slept since.
 */
enum outcome
evidence_check_restarts(struct judgement *j)
{
	const struct machine *m = j->a->machine;
	const struct quote *q = &j->quote;
	uint32_t before;

	if (!j->binding_read || !j->quote_read)
		return OUTCOME_UNDECIDED;
	before = m->seen && q->reset_count == m->seen_reset ? m->seen_restart : 0;
	if (q->restart_count < before)
		return judgement_hold(j, "the TPM's restartCount went back from %" PRIu32 " to %" PRIu32 " within one reset: a second TPM with "
			"the same EK; find out before bootgatectl hold approve", before, q->restart_count);
	if (j->binding.purpose != PURPOSE_BOOT || q->restart_count == before)
		return OUTCOME_PASSED;
	if (j->a->policy->name_restarts) {
		judgement_note(j, "the TPM was restarted %" PRIu32 " times without a reset (sleep, or a boot in between that never asked)",
			q->restart_count - before);
		return OUTCOME_PASSED;
	}
	return judgement_hold(j, "the TPM was restarted %" PRIu32 " times without a reset: a boot in between may have hidden behind that "
		"(the policy says on-restart = hold); power the machine off and on once, or bootgatectl hold approve", q->restart_count - before);
}

enum outcome
evidence_check_clock(struct judgement *j)
{
	const struct machine *m = j->a->machine;
	const struct quote *q = &j->quote;

	if (!j->quote_read)
		return OUTCOME_UNDECIDED;
	if (!m->seen || q->reset_count != m->seen_reset || q->restart_count != m->seen_restart)
		return OUTCOME_PASSED;
	if (!q->safe || !m->seen_safe)
		return OUTCOME_PASSED;
	if (q->clock < m->seen_clock)
		return judgement_hold(j, "the TPM's clock went back from %" PRIu64 " to %" PRIu64 " ms within one boot: a second TPM with the "
			"same EK; find out before bootgatectl hold approve", m->seen_clock, q->clock);
	return OUTCOME_PASSED;
}

/* --- volumes of a running host ----------------------------------------------------------------------------------------- */

enum outcome
evidence_check_same_boot(struct judgement *j)
{
	const struct machine *m = j->a->machine;

	if (!j->binding_read || !j->quote_read)
		return OUTCOME_UNDECIDED;
	if (j->binding.purpose != PURPOSE_VOLUME || just_enrolled(j))
		return OUTCOME_PASSED;
	if (m->approved && j->quote.reset_count == m->approved_reset)
		return OUTCOME_PASSED;
	return judgement_fail(j, "volumes are enrolled in a boot that was approved, or within %d minutes after the machine's enrolment; this "
		"boot is neither: reboot with an approval, or enrol again", ENROLMENT_SECONDS / 60);
}

enum outcome
evidence_check_same_log(struct judgement *j)
{
	if (!j->binding_read)
		return OUTCOME_UNDECIDED;
	if (j->binding.purpose != PURPOSE_VOLUME || just_enrolled(j))
		return OUTCOME_PASSED;
	if (!j->a->machine->approved || !has_digest(j->a->evidence->event_log, j->a->machine->approved_log))
		return judgement_fail(j, "the firmware's event log is not the one of the approved boot");
	return OUTCOME_PASSED;
}
