/* SPDX-License-Identifier: ISC */
/*
 * POST /v1/attest and /v1/volume.
 *
 * Before the enrolled AK's signature over a fresh nonce is verified there is one answer, refuse_stranger(), and the same work.
 */
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/memory.h"
#include "base/text.h"
#include "crypto/ecdsa_sign.h"
#include "crypto/random.h"
#include "protocol/cose_sign.h"
#include "verifier/judge.h"
#include "verifier/shares.h"

#define YES_LIFETIME 3600 /* seconds that an operator's yes to a hold waits for the machine */

/* What becomes of one evidence. */
struct decision_made {
	struct statement statement;
	struct verdict verdict;
	uint64_t now;
	const struct library_policy *policy; /* NULL: the machine's policy is not there */
	char title[POLICY_NAME_MAX + 1];
	uint8_t hold[HOLD_ID_SIZE];
	bool use_yes;                        /* an operator's yes to hold made this an approval */
	struct shares shares;
	bool rotated;                        /* this evidence shows a rotation to be complete; the machine as it was before: */
	struct machine before;
};

static void
refuse_stranger(struct job *job)
{
	judge_refuse(job, 403, "unknown", "no enrolled machine has shown this evidence; enrol it, or see the verifier's log");
}

/* --- before the transaction --- */

#define CLOCK_SAID_EVERY 60

/* say_clock(): that another verifier of the fleet, whose nonce this is by its MAC, lives in another time; seldom, since a client can bring it about. */
static void
say_clock(struct judge *j, const struct job *job)
{
	struct reader r = reader_of(job->binding.nonce);
	uint64_t made = reader_be64(&r), now = judge_now(), apart = made > now ? made - now : now - made;
	bool own = bytes_equal(reader_take(&r, NONCE_VERIFIER_SIZE), BYTES(j->verifier));

	if (own || (j->clock_said != 0 && now - j->clock_said < CLOCK_SAID_EVERY))
		return;
	j->clock_said = now;
	log_warning("a nonce of another verifier was made %llu seconds %s by this one's clock: %s one of the two clocks is wrong, set them (NTP)",
		(unsigned long long)apart, made > now ? "ahead" : "ago", made > now ? "" : "it was kept for long, or");
}

static void
refuse_nonce(struct judge *j, struct job *job, enum status s)
{
	const char *why = s == E_TIMEOUT ? "the nonce is older than ten minutes; ask for another one" :
			  s == E_RANGE   ? "the nonce is from another verifier whose clock is ahead of this one's; challenge and attest at the same one" :
					   "the nonce is none of this verifier's; challenge and attest at the same one";

	if (s == E_TIMEOUT || s == E_RANGE)
		say_clock(j, job);
	judge_refuse(job, 409, "challenge-again", why);
}

static enum purpose
purpose_of(enum http_route route)
{
	return route == HTTP_ROUTE_VOLUME ? PURPOSE_VOLUME : PURPOSE_BOOT;
}

/* identify(): whether an enrolled machine's AK signed this; strangers take as long. */
static bool
identify(struct judge *j, struct job *job)
{
	struct machine fake = *stranger_of(&j->strangers, job->evidence.signature);
	enum status found = store_machine_get(j->store, job->binding.machine, &job->machine), s;
	char name[JUDGE_NAME_MAX];
	struct binding binding;
	struct quote quote;
	bool right_kind;

	memcpy(fake.id, job->binding.machine, sizeof fake.id);
	/* An AK of another kind than the signature's would be refused before any arithmetic. */
	right_kind = found == OK && stranger_is_kind(&j->strangers, job->evidence.signature, bytes_of(job->machine.ak, job->machine.ak_n));
	s = appraise_identify(&job->evidence, right_kind ? &job->machine : &fake, &binding, &quote, &job->ak);
	if (right_kind && s == OK) {
		job->binding = binding;
		job->quote = quote;
		return true;
	}
	judge_name(job->binding.machine, found == OK ? job->machine.label : "", name);
	if (found == OK)
		log_warning("%s: evidence that is not this machine's: %s", name, status_text(s));
	else if (found == E_NOT_FOUND)
		log_info("%s: evidence of a machine that is not enrolled", name);
	else
		log_error("%s: %s", name, store_why(j->store));
	return false;
}

void
attest_prepare(struct judge *j, struct job *job)
{
	struct digest d;
	enum status s = message_evidence_decode(job->request.body, &job->evidence);

	if (s == OK)
		s = message_binding_decode(job->evidence.binding, &job->binding);
	if (s == OK && job->binding.purpose != purpose_of(job->request.route))
		s = E_MISMATCH;
	if (s != OK) {
		judge_refuse(job, 400, "evidence", status_text(s));
		return;
	}
	s = nonce_check(j->nonce_key, j->verifier, judge_now(), job->binding.nonce);
	if (s != OK) {
		refuse_nonce(j, job, s);
		return;
	}
	if (!identify(j, job)) {
		refuse_stranger(job);
		return;
	}
	d = hash_digest(HASH_SHA256, job->evidence.binding);
	memcpy(job->digest, d.p, sizeof job->digest);
	job->decide = attest_decide;
}

/* --- the verdict --- */

static void
deny_for_want_of_policy(const struct job *job, const struct library_policy *p, struct verdict *v)
{
	memset(v, 0, sizeof *v);
	v->reasons = 1;
	snprintf(v->reason[0].check, sizeof v->reason[0].check, "P0");
	if (p == NULL)
		snprintf(v->reason[0].text, sizeof v->reason[0].text, "there is no policy \"%s\": bootgatectl policy apply", job->machine.policy);
	else
		snprintf(v->reason[0].text, sizeof v->reason[0].text, "the policy does not load: %.300s", p->why.text);
}

/* name_ek(m, name): the Name of the enrolled EK, which was decoded and checked when it enrolled. */
static void
name_ek(const struct machine *m, struct name *name)
{
	struct reader r = reader_of(bytes_of(m->ek, m->ek_n));
	uint16_t alg;

	(void)reader_be16(&r);
	alg = reader_be16(&r);
	name->n = 0;
	if (r.failed != OK || !hash_known(alg))
		return;
	name->p[0] = (uint8_t)(alg >> 8);
	name->p[1] = (uint8_t)alg;
	name->n = 2 + hash_compute((enum hash_alg)alg, bytes_of(m->ek, m->ek_n), name->p + 2);
}

static void
judge_evidence(const struct judge *j, const struct job *job, struct decision_made *d)
{
	struct name salting_key;
	struct appraisal a = {
		.evidence = &job->evidence,
		.machine = &job->machine,
		.references = &j->library.references,
		.salting_key = &salting_key,
		.now = d->now,
		.identified = &job->ak, /* or attest_decide() would not have come here */
	};

	d->policy = library_find(&j->library, job->machine.policy);
	if (d->policy == NULL || d->policy->policy == NULL) {
		deny_for_want_of_policy(job, d->policy, &d->verdict);
		snprintf(d->title, sizeof d->title, "%s", job->machine.policy[0] != '\0' ? job->machine.policy : "none");
		return;
	}
	snprintf(d->title, sizeof d->title, "%s", policy_title(d->policy->policy));
	name_ek(&job->machine, &salting_key);
	a.policy = d->policy->policy;
	if (appraise(&a, &d->verdict) != OK) {
		memset(&d->verdict, 0, sizeof d->verdict);
		d->verdict.reasons = 1;
		snprintf(d->verdict.reason[0].check, sizeof d->verdict.reason[0].check, "P0");
		snprintf(d->verdict.reason[0].text, sizeof d->verdict.reason[0].text, "the evidence could not be appraised");
	}
}

static void
say_no(struct verdict *v)
{
	if (v->reasons == REASONS_MAX)
		return;
	snprintf(v->reason[v->reasons].check, sizeof v->reason[0].check, "hold");
	snprintf(v->reason[v->reasons].text, sizeof v->reason[0].text, "an operator said no to this boot; after a power cycle it is judged anew");
	v->reasons++;
}

/* settle_hold(): a held verdict, and what an operator said to it. A yes is for the boot it was asked for, once, and never makes a machine an accepted one. */
static enum status
settle_hold(struct judge *j, struct job *job, struct decision_made *d, uint64_t record)
{
	struct store_hold h;
	enum status s;

	if (d->verdict.decision != DECISION_HOLD)
		return OK;
	s = store_hold_find(j->store, job->machine.id, job->quote.reset_count, job->quote.restart_count, &h);
	if (s != OK && s != E_NOT_FOUND)
		return s;
	if (s == OK && h.state == HOLD_YES && job->machine.active && d->now - h.decided <= YES_LIFETIME) {
		d->verdict.decision = DECISION_APPROVE;
		d->use_yes = true;
		return store_hold_use(j->store, h.id);
	}
	if (s == OK && h.state == HOLD_NO) {
		d->verdict.decision = DECISION_DENY;
		say_no(&d->verdict);
		return OK;
	}
	if (s == OK && h.state == HOLD_WAITING) {
		memcpy(d->hold, h.id, sizeof d->hold);
		return OK;
	}
	h = (struct store_hold){ .state = HOLD_WAITING, .made = d->now, .reset = job->quote.reset_count,
		.restart = job->quote.restart_count, .record = record };
	memcpy(h.machine, job->machine.id, sizeof h.machine);
	s = random_fill(h.id, sizeof h.id);
	memcpy(d->hold, h.id, sizeof d->hold);
	return s == OK ? store_hold_put(j->store, &h) : s;
}

/* --- rotation --- */

/*
 * claim_rotation(): evidence that shows the new index alone, proved by a seal, is judged by what the machine is after its rotation; what it was stays
 * in d->before until it is approved.  Before an approved boot showed both indices, the agent cannot have deleted the old one: then it is somebody else's claim.
 */
static void
claim_rotation(const struct judge *j, struct job *job, struct decision_made *d)
{
	struct machine *m = &job->machine;

	if (!m->rotate_seen || !machine_claims_rotated(m, &job->binding) || keys_find_delegation(&j->keys, m->rotate_to) == NULL ||
		!shares_prove(job, &d->shares, m->rotate_to))
		return;
	d->before = *m;
	d->rotated = true;
	machine_rotated(m, job->binding.machine_key);
}

static bool
shows_next(const struct machine *m, const struct binding *b)
{
	for (size_t i = 0; i < b->indices; i++)
		if (b->index[i].handle == m->nv_handle_next && b->index[i].epoch == m->rotate_to)
			return true;
	return false;
}

/* settle_rotation(): what was approved is so from now on, what was not is as before. */
static void
settle_rotation(struct job *job, struct decision_made *d)
{
	if (d->rotated && d->verdict.decision != DECISION_APPROVE) {
		job->machine = d->before;
		d->rotated = false;
	}
	if (d->statement.orders > 0 && !d->rotated) {
		job->machine.rotate_ordered = true;
		job->machine.rotate_seen = job->machine.rotate_seen || shows_next(&job->machine, &job->binding);
	}
}

/* order_rotation(): the order and the successors, as long as the machine has not shown that it is there. */
static enum status
order_rotation(const struct judge *j, const struct job *job, struct decision_made *d)
{
	uint32_t epoch = d->rotated ? job->machine.epoch : job->machine.rotate_to;

	if (epoch == 0 || keys_find_delegation(&j->keys, epoch) == NULL)
		return OK;
	d->statement.order[d->statement.orders++] = (struct order){ ORDER_ROTATE, epoch };
	/* Once more at the end: the agent looks whether an older secret is still in its TPM. */
	return d->rotated ? OK : shares_give_successors(j, job, epoch, &d->shares, &d->statement);
}

/* --- what is answered --- */

static void
copy_reasons(struct decision_made *d)
{
	struct statement *m = &d->statement;
	const struct verdict *v = &d->verdict;

	for (size_t i = 0; i < v->reasons && m->reasons < REASONS_MAX; i++)
		m->reason[m->reasons++] = (struct reason){ bytes_of(v->reason[i].check, strlen(v->reason[i].check)),
			bytes_of(v->reason[i].text, strlen(v->reason[i].text)) };
	for (size_t i = 0; i < v->notes && m->reasons < REASONS_MAX; i++)
		m->reason[m->reasons++] = (struct reason){ bytes_of(v->note[i].check, strlen(v->note[i].check)),
			bytes_of(v->note[i].text, strlen(v->note[i].text)) };
}

static enum status
fill_statement(struct judge *j, const struct job *job, struct decision_made *d, uint64_t record)
{
	struct statement *m = &d->statement;

	m->issued_at = d->now;
	memcpy(m->evidence, job->digest, sizeof m->evidence);
	memcpy(m->machine, job->machine.id, sizeof m->machine);
	m->decision = d->verdict.decision;
	m->policy = bytes_of(d->title, strlen(d->title));
	m->purpose = job->binding.purpose;
	m->record = record;
	copy_reasons(d);
	if (m->decision == DECISION_HOLD)
		m->hold = BYTES(d->hold);
	if (m->decision != DECISION_APPROVE)
		return OK;
	if (m->purpose == PURPOSE_BOOT) {
		enum status s = shares_give(j, job, &d->shares, m);

		return s == OK ? order_rotation(j, job, d) : s;
	}
	m->machine_key = BYTES(job->machine.machine_key);
	return shares_make(j, job, &d->shares, m);
}

/* sign_gate(): the signature that lets this TPM, in this session, read this index. */
static enum status
sign_gate(const struct judge *j, const struct job *job, const struct index_claim *c, uint8_t sig[EC_SIGNATURE_MAX], size_t *n)
{
	uint8_t policy[GATE_DIGEST_SIZE];
	struct digest digest;
	struct name name;
	enum status s;

	if (job->binding.nonce_tpm.n != GATE_NONCE_SIZE)
		return E_RANGE;
	s = gate_nv_policy(&j->keys.authority, c->epoch, policy);
	if (s != OK)
		return s;
	gate_nv_name(c->handle, GATE_NV_ATTRIBUTES, policy, &name);
	gate_approval_digest(&j->keys.approval.public, job->binding.nonce_tpm.p, &name, &j->keys.statement.public, &digest);
	return ecdsa_sign(&j->keys.approval, digest.alg, digest_view(&digest), sig, n);
}

/* The index in force, and the one that is to be. */
static bool
is_ours(const struct machine *m, const struct index_claim *c)
{
	return (c->handle == m->nv_handle && c->epoch == m->epoch) ||
		(m->rotate_to != 0 && c->handle == m->nv_handle_next && c->epoch == m->rotate_to);
}

/* The delegation that comes with an answer which opens nothing. */
static const struct keys_delegation *
any_delegation(const struct keys *k, uint32_t epoch)
{
	const struct keys_delegation *d = keys_find_delegation(k, epoch);

	return d != NULL || k->delegations == 0 ? d : &k->delegation[k->delegations - 1];
}

/* put_gates(): with an approved boot the signature for each index in force; else one delegation, that the statement be believed. */
static enum status
put_gates(const struct judge *j, const struct job *job, bool opens, uint8_t sig[GATES_MAX][EC_SIGNATURE_MAX], struct result *r)
{
	const struct keys_delegation *d;

	for (size_t i = 0; opens && i < job->binding.indices; i++) {
		const struct index_claim *c = &job->binding.index[i];
		size_t n = 0;
		enum status s;

		d = is_ours(&job->machine, c) ? keys_find_delegation(&j->keys, c->epoch) : NULL;
		if (d == NULL)
			continue;
		s = sign_gate(j, job, c, sig[r->gates], &n);
		if (s != OK)
			return s;
		r->gate[r->gates] = (struct gate){ c->epoch, c->handle, bytes_of(d->signature, d->n), bytes_of(sig[r->gates], n) };
		r->gates++;
	}
	d = any_delegation(&j->keys, job->machine.epoch);
	if (r->gates > 0)
		return OK;
	if (d == NULL)
		return E_MISSING;
	r->gates = 1;
	r->gate[0] = (struct gate){ d->epoch, job->machine.nv_handle, bytes_of(d->signature, d->n), { NULL, 0 } };
	return OK;
}

/* put_result(): statement, keys, delegations, approvals. */
static enum status
put_result(struct judge *j, struct job *job, enum decision decision, struct bytes statement)
{
	struct result r = { .statement = statement, .approval_key = j->keys.approval.public, .statement_key = j->keys.statement.public };
	uint8_t sig[GATES_MAX][EC_SIGNATURE_MAX];
	enum status s = put_gates(j, job, decision == DECISION_APPROVE && job->binding.purpose == PURPOSE_BOOT, sig, &r);

	return s == OK ? message_result_encode(&r, &job->answer) : s;
}

static void
set_status(struct job *job, enum decision decision)
{
	static const uint16_t statuses[] = { [DECISION_DENY] = 403, [DECISION_HOLD] = 202, [DECISION_APPROVE] = 200 };

	job->status = statuses[decision];
}

/* --- what is written --- */

/* say_besides(): what was decided apart from the verdict, for people. */
static void
say_besides(const struct decision_made *d, char *text, size_t size)
{
	size_t n = (size_t)snprintf(text, size, "%s", d->use_yes ? "held, and approved by an operator" : "");

	if (d->statement.orders > 0 && !d->rotated)
		snprintf(text + n, size - n, "%sordered to rotate to epoch %u, %zu new network shares", n > 0 ? "; " : "",
			(unsigned)d->statement.order[0].epoch, d->shares.made);
}

static enum status
append_record(struct judge *j, const struct job *job, const struct decision_made *d, uint64_t *number)
{
	struct record r = {
		.kind = BYTES_STRING("verdict"),
		.machine = BYTES(job->machine.id),
		.label = bytes_of(job->machine.label, strlen(job->machine.label)),
		.judged = true,
		.decision = d->verdict.decision,
		.purpose = job->binding.purpose,
		.evidence = BYTES(job->digest),
		.policy = d->statement.policy,
		.policy_digest = d->policy != NULL ? BYTES(d->policy->digest) : bytes_of(NULL, 0),
		.references_digest = BYTES(j->library.references_digest),
		.verifier = BYTES(j->verifier),
		.shares = d->statement.shares,
	};
	const struct verdict *v = &d->verdict;
	char text[RECORD_TEXT_MAX];
	enum status s;

	for (r.reasons = 0; r.reasons < v->reasons; r.reasons++)
		r.reason[r.reasons] = (struct reason){ bytes_of(v->reason[r.reasons].check, strlen(v->reason[r.reasons].check)),
			bytes_of(v->reason[r.reasons].text, strlen(v->reason[r.reasons].text)) };
	for (r.notes = 0; r.notes < v->notes; r.notes++)
		r.note[r.notes] = (struct reason){ bytes_of(v->note[r.notes].check, strlen(v->note[r.notes].check)),
			bytes_of(v->note[r.notes].text, strlen(v->note[r.notes].text)) };
	for (size_t i = 0; i < r.shares; i++)
		r.share[i] = BYTES(d->statement.share[i].id);
	say_besides(d, text, sizeof text);
	r.text = bytes_of(text, strlen(text));
	j->space.n = 0;
	s = record_encode(&r, &j->space);
	return s == OK ? store_audit_append(j->store, d->now, buffer_view(&j->space), number) : s;
}

/* finish_rotation(): what is left of the old epoch goes, and the audit log says so. */
static enum status
finish_rotation(struct judge *j, const struct job *job, const struct decision_made *d)
{
	const struct machine *m = &job->machine;
	char text[RECORD_TEXT_MAX], name[JUDGE_NAME_MAX];
	const struct record r = {
		.kind = BYTES_STRING("rotated"),
		.machine = BYTES(m->id),
		.label = bytes_of(m->label, strlen(m->label)),
		.verifier = BYTES(j->verifier),
		.text = bytes_of(text, (size_t)snprintf(text, sizeof text, "from epoch %u to %u, NV index 0x%08x; its older network shares are deleted",
			(unsigned)d->before.epoch, (unsigned)m->epoch, (unsigned)m->nv_handle)),
	};
	uint64_t number;
	enum status s;

	j->space.n = 0;
	s = record_encode(&r, &j->space);
	if (s == OK)
		s = store_audit_append(j->store, d->now, buffer_view(&j->space), &number);
	if (s == OK)
		log_info("%s: rotated %s", judge_name(m->id, m->label, name), text);
	return s;
}

static enum status
keep_case(struct judge *j, const struct job *job, const struct decision_made *d, uint64_t record)
{
	uint8_t machine[MACHINE_ENCODED_MAX];
	struct buffer b = BUFFER(machine);
	enum status s = machine_encode(&job->machine, &b);
	const struct case_file c = {
		.evidence = job->request.body,
		.machine = buffer_view(&b),
		.policy_name = bytes_of(job->machine.policy, strlen(job->machine.policy)),
		.policy_text = d->policy != NULL ? d->policy->text : bytes_of(NULL, 0),
		.references = j->library.encoded,
		.now = d->now,
	};

	if (s != OK)
		return s;
	return store_case_put(j->store, record, job->machine.id, d->verdict.decision == DECISION_APPROVE, &c, j->config->keep_cases);
}

static enum status
update_machine(struct judge *j, struct job *job, const struct decision_made *d, struct bytes statement)
{
	struct machine *m = &job->machine;
	uint8_t digest[HASH_SIZE_MAX];

	appraise_update(m, &job->quote, d->use_yes ? NULL : &d->verdict);
	if (d->verdict.decision == DECISION_APPROVE && job->binding.purpose == PURPOSE_BOOT) {
		m->approved = true;
		m->approved_reset = job->quote.reset_count;
		m->approved_restart = job->quote.restart_count;
		hash_compute(HASH_SHA256, statement, digest);
		memcpy(m->approved_statement, digest, sizeof m->approved_statement);
		memcpy(m->approved_log, job->binding.event_log, sizeof m->approved_log);
	}
	return store_machine_put(j->store, m);
}

/* log_verdict(): one line with the numbers of the checks, then one for each reason: a denial at night is read from these. */
static void
log_verdict(const struct job *job, const struct decision_made *d)
{
	static const char *const words[] = { [DECISION_DENY] = "denied", [DECISION_HOLD] = "held", [DECISION_APPROVE] = "approved" };
	const struct verdict *v = &d->verdict;
	char name[JUDGE_NAME_MAX], checks[160] = "";
	size_t n = 0;

	for (size_t i = 0; i < v->reasons && n + 1 < sizeof checks; i++)
		if (i == 0 || strcmp(v->reason[i].check, v->reason[i - 1].check) != 0)
			n += (size_t)snprintf(checks + n, sizeof checks - n, "%s%s", i == 0 ? ": " : ", ", v->reason[i].check);
	judge_name(job->machine.id, job->machine.label, name);
	log_info("%s: %s, %s, policy %s, record %llu%s%s", name, words[v->decision],
		job->binding.purpose == PURPOSE_VOLUME ? "volume" : "boot", d->title, (unsigned long long)d->statement.record,
		d->use_yes ? ", by an operator's yes" : "", checks);
	if (d->statement.orders > 0 && !d->rotated)
		log_info("%s:   ordered to rotate to epoch %u", name, (unsigned)d->statement.order[0].epoch);
	for (size_t i = 0; i < v->reasons; i++)
		log_info("%s:   %s %s", name, v->reason[i].check, v->reason[i].text);
	for (size_t i = 0; i < v->notes; i++)
		log_info("%s:   note, %s %s", name, v->note[i].check, v->note[i].text);
}

/* sign_statement(): the claims as COSE_Sign1, in j->space. */
static enum status
sign_statement(struct judge *j, struct bytes claims)
{
	j->space.n = j->scratch.n = 0;
	return cose_sign(&j->keys.statement, claims, &j->scratch, &j->space);
}

/* is_of_this_job(s): what went wrong is the request's or the machine's, not the database's: no reason to fail the whole batch. */
static bool
is_of_this_job(enum status s)
{
	return s == E_KEY || s == E_TOO_LARGE || s == E_MAC;
}

static void
refuse_shares(struct job *job, enum status s)
{
	char name[JUDGE_NAME_MAX];

	log_error("%s: network shares: %s", judge_name(job->machine.id, job->machine.label, name),
		s == E_MAC ? "stored under another share master" : status_text(s));
	if (s == E_KEY)
		judge_refuse(job, 400, "evidence", "the key that shares are to be sealed to is none");
	else if (s == E_TOO_LARGE)
		judge_refuse(job, 403, "shares", "the machine has as many volumes as there may be");
	else
		judge_refuse(job, 503, "failed", "this verifier cannot read the machine's shares");
}

static enum status
decide_anew(struct judge *j, struct job *job)
{
	static struct decision_made d; /* 70 kB: too much for a stack, and judged one at a time */
	struct store_verdict v = { .record = 0 };
	uint64_t record = 0;
	enum status s;

	memset(&d, 0, sizeof d);
	d.now = judge_now();
	s = shares_load(j, job, job->binding.machine_key, &d.shares);
	claim_rotation(j, job, &d);
	judge_evidence(j, job, &d);
	if (s == OK)
		s = store_audit_next(j->store, &record);
	if (s == OK)
		s = settle_hold(j, job, &d, record);
	if (s == OK)
		s = fill_statement(j, job, &d, record);
	if (is_of_this_job(s)) {
		refuse_shares(job, s);
		return OK;
	}
	j->claims.n = 0;
	if (s == OK)
		s = message_statement_encode(&d.statement, &j->claims);
	if (s == OK)
		s = append_record(j, job, &d, &record);
	if (s == OK)
		s = keep_case(j, job, &d, record);
	settle_rotation(job, &d);
	if (s == OK && d.rotated)
		s = finish_rotation(j, job, &d);
	if (s == OK && d.verdict.decision == DECISION_APPROVE)
		s = shares_settle(j, d.rotated ? job->machine.epoch : 0, &d.shares);
	if (s == OK)
		s = sign_statement(j, buffer_view(&j->claims));
	if (s == OK)
		s = put_result(j, job, d.verdict.decision, buffer_view(&j->space));
	if (s == OK)
		s = update_machine(j, job, &d, buffer_view(&j->space));
	if (s != OK)
		return s;
	memcpy(v.machine, job->machine.id, sizeof v.machine);
	memcpy(v.evidence, job->digest, sizeof v.evidence);
	v.decision = d.verdict.decision;
	v.record = record;
	v.made = d.now;
	v.claims = buffer_view(&j->claims);
	set_status(job, d.verdict.decision);
	log_verdict(job, &d);
	return store_verdict_put(j->store, &v);
}

/* is_newest(): whether no other evidence of this machine was judged since; or who replays would choose which approval counts as the last. */
static bool
is_newest(const struct machine *m, const struct quote *q)
{
	return m->seen && q->reset_count == m->seen_reset && q->restart_count == m->seen_restart && q->clock == m->seen_clock;
}

/* decide_again(): the same evidence: what was recorded, signed anew; the door event will show this very statement. */
static enum status
decide_again(struct judge *j, struct job *job, const struct store_verdict *v)
{
	uint8_t digest[HASH_SIZE_MAX];
	struct machine *m = &job->machine;
	enum status s = sign_statement(j, v->claims);

	if (s == OK)
		s = put_result(j, job, v->decision, buffer_view(&j->space));
	if (s != OK)
		return s;
	set_status(job, v->decision);
	hash_compute(HASH_SHA256, buffer_view(&j->space), digest);
	if (v->decision != DECISION_APPROVE || job->binding.purpose != PURPOSE_BOOT || !is_newest(m, &job->quote) ||
		memcmp(m->approved_statement, digest, sizeof m->approved_statement) == 0 ||
		memcmp(m->approved_log, job->binding.event_log, sizeof m->approved_log) != 0)
		return OK;
	memcpy(m->approved_statement, digest, sizeof m->approved_statement);
	return store_machine_put(j->store, m);
}

/* may_judge(): whether an approval could open the index that this evidence is about. */
static bool
may_judge(const struct judge *j, const struct job *job)
{
	const struct machine *m = &job->machine;

	return keys_find_delegation(&j->keys, machine_claims_rotated(m, &job->binding) ? m->rotate_to : m->epoch) != NULL;
}

#define MINUTE 60

/* is_too_much(): each verdict is a record for ever: a machine gets so many a minute, whichever judge it asks. */
static enum status
is_too_much(struct judge *j, struct job *job, bool *too_much)
{
	uint64_t now = judge_now();
	size_t n = 0;
	enum status s = store_verdict_count(j->store, job->machine.id, now > MINUTE ? now - MINUTE : 0, &n);
	char name[JUDGE_NAME_MAX];

	*too_much = s == OK && n >= j->config->max_evidence_per_machine;
	if (*too_much) {
		if (now - j->too_much_said >= MINUTE)
			log_warning("%s: %zu boots in a minute, the next is told to wait", judge_name(job->machine.id, job->machine.label, name), n);
		j->too_much_said = now;
		judge_refuse(job, 429, "too-much", "this machine was judged as often as it may be in a minute; try again later");
	}
	return s;
}

enum status
attest_decide(struct judge *j, struct job *job)
{
	struct machine known = job->machine;
	struct store_verdict v;
	enum status s = store_machine_get(j->store, job->binding.machine, &job->machine);

	job->answer.n = 0;
	/* Between the signature's check and this transaction the machine may have gone, or got another AK. */
	if (s == E_NOT_FOUND || (s == OK && !bytes_equal(bytes_of(known.ak, known.ak_n), bytes_of(job->machine.ak, job->machine.ak_n)))) {
		refuse_stranger(job);
		return OK;
	}
	if (s == OK && !may_judge(j, job)) {
		judge_refuse(job, 503, "no-delegation", "this verifier has no delegation for the machine's epoch");
		return OK;
	}
	j->claims.n = 0;
	if (s == OK)
		s = store_verdict_get(j->store, job->machine.id, job->digest, &v, &j->claims);
	if (s == E_NOT_FOUND) {
		bool too_much = false;

		s = is_too_much(j, job, &too_much);
		return s != OK || too_much ? s : decide_anew(j, job);
	}
	if (s != OK)
		return s;
	if (v.decision == DECISION_APPROVE && (job->machine.frozen || !job->machine.active || machine_is_behind(&job->machine, &job->binding)))
		return decide_anew(j, job);
	return decide_again(j, job, &v);
}
