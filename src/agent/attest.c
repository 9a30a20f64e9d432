/* SPDX-License-Identifier: ISC */
#include "agent/attest.h"

#include <stdio.h>
#include <string.h>

#include "agent/door.h"
#include "agent/ima.h"
#include "base/file.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/text.h"
#include "net/https.h"

#define CONNECT_SECONDS 5
#define ANSWER_SECONDS 30

static const char *
path_of(enum purpose purpose)
{
	return purpose == PURPOSE_VOLUME ? "/v1/volume" : "/v1/attest";
}

/* What was extended after the firmware's log had ended: our own events, and IMA's, unless PCR 10 is left out. */
static enum status
gather_user_events(struct attest *a, enum purpose purpose)
{
	static struct user_events events;
	static uint8_t noted[USER_EVENTS_SIZE_MAX], list[USER_EVENTS_SIZE_MAX], crypto[USER_EVENTS_SIZE_MAX];
	struct buffer n = BUFFER(noted), l = BUFFER(list), c = BUFFER(crypto), out = BUFFER(a->user_events);
	enum hash_alg banks[QUOTE_BANKS_MAX];
	size_t n_banks;
	enum status s = door_user_events(&n);

	if (s == OK)
		s = message_user_events_decode(buffer_view(&n), &events);
	if (s == OK)
		s = tpm_banks(a->tpm, banks, &n_banks);
	if (s != OK)
		return s;
	s = purpose == PURPOSE_VOLUME ? E_NOT_FOUND : file_read(IMA_LIST, &l);
	if (s == OK)
		s = file_read("/proc/crypto", &c);
	if (s == OK)
		s = ima_parse(buffer_view(&l), buffer_view(&c), banks, n_banks, &events);
	if (s != OK && s != E_NOT_FOUND) {
		snprintf(a->said, sizeof a->said, "%s: %s", IMA_LIST, status_text(s));
		return s;
	}
	s = message_user_events_encode(&events, &out);
	a->user_events_n = out.n;
	return s;
}

/* Step 2, while the challenge travels: session, event log, an HPKE key for this exchange alone. */
static enum status
prepare(struct attest *a, enum purpose purpose)
{
	struct buffer log = BUFFER(a->log);
	enum status s = OK;

	if (purpose == PURPOSE_BOOT)
		s = tpm_session_begin(a->tpm, &a->identity->ek, a->nonce_tpm);
	if (s != OK)
		return s;
	s = file_read(a->settings->event_log, &log);
	if (s != OK) {
		snprintf(a->said, sizeof a->said, "%s: %s", a->settings->event_log, status_text(s));
		return s == E_NOT_FOUND ? E_MISSING : s;
	}
	a->log_n = log.n;
	s = gather_user_events(a, purpose);
	return s != OK ? s : hpke_generate(&a->hpke);
}

/* The session's 120 seconds have begun with it: an old one is not worth a quote. */
static enum status
renew_session(struct attest *a, enum purpose purpose)
{
	if (purpose != PURPOSE_BOOT || tpm_session_age(a->tpm) <= ATTEST_SESSION_MAX)
		return OK;
	tpm_session_end(a->tpm);
	return tpm_session_begin(a->tpm, &a->identity->ek, a->nonce_tpm);
}

static enum status
bind(struct attest *a, enum purpose purpose, struct bytes nonce, struct buffer *out)
{
	struct binding *b = &a->binding;
	uint8_t digest[HASH_SIZE_MAX];
	uint32_t handle;
	enum status s;

	memset(b, 0, sizeof *b);
	b->purpose = purpose;
	memcpy(b->machine, a->identity->machine, sizeof b->machine);
	memcpy(b->machine_key, a->identity->machine_key[0], sizeof b->machine_key);
	/* Our own hash of the public area that the salt goes to, never a stored Name: a swapped EK handle shows. */
	s = tpm_object_name(&a->identity->ek, &b->salting_key, &handle);
	b->indices = a->identity->indices;
	memcpy(b->index, a->identity->index, sizeof b->index);
	b->seals = a->seals;
	memcpy(b->seal, a->seal, sizeof b->seal);
	b->nonce = nonce;
	if (purpose == PURPOSE_BOOT)
		b->nonce_tpm = BYTES(a->nonce_tpm);
	memcpy(b->hpke_key, a->hpke.pk, sizeof b->hpke_key);
	hash_compute(HASH_SHA256, bytes_of(a->log, a->log_n), digest);
	memcpy(b->event_log, digest, sizeof b->event_log);
	hash_compute(HASH_SHA256, bytes_of(a->user_events, a->user_events_n), digest);
	memcpy(b->user_events, digest, sizeof b->user_events);
	if (s == OK)
		s = message_binding_encode(b, out);
	hash_compute(HASH_SHA256, buffer_view(out), digest);
	memcpy(a->digest, digest, sizeof a->digest);
	return s;
}

static enum status
make_evidence(struct attest *a, enum purpose purpose, struct bytes nonce, struct buffer *out)
{
	uint8_t binding_bytes[BINDING_SIZE_MAX], attest_bytes[QUOTE_SIZE_MAX], signature_bytes[SIGNATURE_SIZE_MAX];
	struct buffer binding = BUFFER(binding_bytes), attest = BUFFER(attest_bytes), signature = BUFFER(signature_bytes);
	enum hash_alg banks[QUOTE_BANKS_MAX];
	struct evidence e;
	size_t n;
	enum status s = renew_session(a, purpose);

	if (s == OK)
		s = bind(a, purpose, nonce, &binding);
	if (s == OK)
		s = tpm_banks(a->tpm, banks, &n);
	if (s == OK)
		s = tpm_quote(a->tpm, &a->identity->ak, a->digest, banks, n, purpose == PURPOSE_VOLUME ? TPM_PCRS_WITHOUT_IMA : TPM_PCRS,
			&attest, &signature);
	if (s != OK)
		return s;
	e = (struct evidence){ buffer_view(&binding), buffer_view(&attest), buffer_view(&signature),
		bytes_of(a->log, a->log_n), bytes_of(a->user_events, a->user_events_n) };
	return message_evidence_encode(&e, out);
}

static void
say_problem(struct attest *a, const struct https_answer *answer)
{
	struct problem p;

	if (message_problem_decode(answer->body, &p) == OK)
		snprintf(a->said, sizeof a->said, "%.*s (%.*s)", (int)p.text.n, (const char *)p.text.p, (int)p.code.n, (const char *)p.code.p);
	else
		snprintf(a->said, sizeof a->said, "HTTP status %u", answer->code);
}

/* Steps 1 and 2: the nonce, into ${nonce}. */
static enum status
challenge(struct attest *a, struct https *h, enum purpose purpose, struct buffer *nonce)
{
	uint8_t body[512];
	struct buffer in = BUFFER(body);
	struct https_answer answer;
	struct challenge c;
	enum status s = https_send(h, "POST", "/v1/challenge", bytes_of(NULL, 0));

	if (s != OK)
		return s;
	s = prepare(a, purpose);
	if (s != OK)
		return s;
	s = https_receive(h, ANSWER_SECONDS, &in, &answer);
	if (s != OK)
		return s;
	if (answer.code != 200) {
		a->retry_after = answer.retry_after;
		say_problem(a, &answer);
		return E_UNAVAILABLE;
	}
	s = message_challenge_decode(answer.body, &c);
	if (s != OK)
		return E_PROTOCOL;
	buffer_bytes(nonce, c.nonce);
	return nonce->failed;
}

static enum status
judge_result(struct attest *a, struct bytes body)
{
	static const enum status outcome[] = { [DECISION_DENY] = E_DENIED, [DECISION_HOLD] = E_HELD, [DECISION_APPROVE] = OK };
	struct buffer scratch = BUFFER(a->scratch);
	uint8_t digest[HASH_SIZE_MAX];
	enum status s = message_result_decode(body, &a->result);

	if (s != OK) {
		snprintf(a->said, sizeof a->said, "its answer is malformed: %s", status_text(s));
		return E_PROTOCOL;
	}
	s = message_result_verify(&a->result, &a->settings->authority, &a->binding, a->digest, &scratch, &a->statement);
	if (s != OK) {
		snprintf(a->said, sizeof a->said, s == E_SIGNATURE ?
			"its keys were not delegated by the authority whose key is in this image, or its statement is not signed by them" :
			"its statement is not about this exchange: %s", status_text(s));
		/* No status of theirs may look like one of ours, which could end the asking. */
		return s == E_SIGNATURE ? s : E_PROTOCOL;
	}
	hash_compute(HASH_SHA256, a->result.statement, digest);
	memcpy(a->statement_digest, digest, sizeof a->statement_digest);
	return outcome[a->statement.decision];
}

/* Step 3. */
static enum status
submit(struct attest *a, struct https *h, enum purpose purpose, struct bytes nonce)
{
	struct buffer evidence = BUFFER(a->message), in = BUFFER(a->answer);
	struct https_answer answer;
	enum status s = make_evidence(a, purpose, nonce, &evidence);

	if (s == OK)
		s = https_send(h, "POST", path_of(purpose), buffer_view(&evidence));
	if (s == OK)
		s = https_receive(h, ANSWER_SECONDS, &in, &answer);
	if (s != OK)
		return s;
	a->retry_after = answer.retry_after;
	if ((answer.code == 200 || answer.code == 202 || answer.code == 403) &&
		message_result_decode(answer.body, &a->result) == OK)
		return judge_result(a, answer.body);
	say_problem(a, &answer);
	return answer.code == 403 ? E_REFUSED : answer.code == 200 ? E_PROTOCOL : E_UNAVAILABLE;
}

/* Over the connection that the network's process makes, where there is one. */
static enum status
connect_verifier(struct attest *a, size_t verifier, struct https **h)
{
	const struct settings *settings = a->settings;
	int fd;
	enum status s = network_dial(a->network, a->settings, verifier, &fd, a->said, sizeof a->said);

	*h = NULL;
	if (s != OK)
		return s;
	return fd >= 0 ? https_open_on(fd, &settings->verifier[verifier], &settings->trust, CONNECT_SECONDS, h) :
		https_open(&settings->verifier[verifier], &settings->trust, CONNECT_SECONDS, h);
}

enum status
attest_exchange(struct attest *a, size_t verifier, enum purpose purpose)
{
	uint8_t nonce_bytes[NONCE_SIZE_MAX];
	struct buffer nonce = BUFFER(nonce_bytes);
	struct https *h = NULL;
	enum status s;

	a->said[0] = '\0';
	a->retry_after = 0;
	s = connect_verifier(a, verifier, &h);
	if (s == OK)
		s = challenge(a, h, purpose, &nonce);
	if (s == OK)
		s = submit(a, h, purpose, buffer_view(&nonce));
	if (h != NULL)
		a->requests = https_requests(h);
	if ((s == E_NETWORK || s == E_TIMEOUT || s == E_TLS) && a->said[0] == '\0')
		snprintf(a->said, sizeof a->said, "%s", https_error(h));
	https_close(h);
	/* What no approval will use must not stay in the TPM. */
	if (s != OK && purpose == PURPOSE_BOOT)
		tpm_session_end(a->tpm);
	return s;
}

enum status
attest_hold_wait(struct attest *a, size_t verifier)
{
	char path[sizeof "/v1/hold/" + 2 * HOLD_ID_SIZE], id[2 * HOLD_ID_SIZE + 1];
	uint8_t body[128];
	struct buffer in = BUFFER(body);
	struct https *h = NULL;
	struct https_answer answer;
	bool decided = false;
	enum status s;

	if (a->statement.hold.n != HOLD_ID_SIZE)
		return E_MISSING;
	snprintf(path, sizeof path, "/v1/hold/%s", text_hex(a->statement.hold, id, sizeof id));
	s = connect_verifier(a, verifier, &h);
	if (s == OK)
		s = https_send(h, "GET", path, bytes_of(NULL, 0));
	if (s == OK)
		s = https_receive(h, 60, &in, &answer);
	if (s == OK)
		s = answer.code == 200 ? message_hold_decode(answer.body, &decided) : E_UNAVAILABLE;
	https_close(h);
	return s != OK ? s : decided ? OK : E_HELD;
}

static void
say_reasons(const struct statement *st)
{
	for (size_t i = 0; i < st->reasons; i++)
		log_error("  %.*s: %.*s", (int)st->reason[i].check.n, (const char *)st->reason[i].check.p,
			(int)st->reason[i].text.n, (const char *)st->reason[i].text.p);
}

/* Whose fault it is: not the verifier's when it is about our TPM or our files. */
static bool
is_local(enum status s)
{
	static const enum status local[] = { E_BUSY, E_IO, E_MEMORY, E_MISMATCH, E_MISSING, E_NOT_FOUND, E_RANDOM, E_TPM, E_TPM_AGAIN, E_TPM_AUTH,
		E_TPM_LOST, E_TPM_PCR_CHANGED };

	for (size_t i = 0; i < sizeof local / sizeof *local; i++)
		if (local[i] == s)
			return true;
	return false;
}

void
attest_say(const struct attest *a, size_t verifier, enum status s)
{
	const char *where = a->settings->verifier_text[verifier];
	const struct statement *st = &a->statement;
	int n = (int)st->policy.n;
	const char *policy = (const char *)st->policy.p;

	switch ((int)s) {
	case OK:
		log_info("%s: approved under policy %.*s (audit record %llu)", where, n, policy, (unsigned long long)st->record);
		break;
	case E_DENIED:
		log_error("%s: DENIED under policy %.*s (audit record %llu):", where, n, policy, (unsigned long long)st->record);
		say_reasons(st);
		break;
	case E_HELD:
		log_warning("%s: held for an operator's decision under policy %.*s (audit record %llu):", where, n, policy,
			(unsigned long long)st->record);
		say_reasons(st);
		break;
	default:
		log_error("%s: %s%s%s", is_local(s) ? "this machine" : where, status_text(s), a->said[0] != '\0' ? ": " : "", a->said);
		break;
	}
}

void
attest_wipe(struct attest *a)
{
	memory_wipe(&a->hpke, sizeof a->hpke);
	memory_wipe(a->scratch, sizeof a->scratch);
}
