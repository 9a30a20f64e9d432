/* SPDX-License-Identifier: ISC */
/*
 * POST /v1/enroll/begin and /v1/enroll/finish.
 *
 *   begin    EK and AK are looked at first, then who may enrol: the holder of a token, an EK that the operator listed, or one
 *            whose certificate a configured manufacturer made.  The answer is a credential that only this TPM with this AK opens.
 *   finish   MACed with the credential's secret; proves the NV index; writes the machine.
 *
 * A token alone makes a machine active only where its EK certificate is good too.  Whatever would replace an enrolled machine
 * waits for an operator's yes, unless the token was made for that machine.
 */
#include <stdio.h>
#include <string.h>

#include "base/cbor_write.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/text.h"
#include "crypto/random.h"
#include "protocol/cbor.h"
#include "structures/credential.h"
#include "structures/nv.h"
#include "verifier/ekcert_ask.h"
#include "verifier/judge.h"

#define EKCERT_FD (ROLES_FD + 1)
#define SESSION_PURPOSE "session"
#define HOW_MAX 128

/* What begin leaves for finish, in the store: CBOR, keys as numbered here. */
struct session {
	uint8_t t2[TRANSCRIPT_SIZE];       /* 1 */
	struct bytes key;                  /* 2: K, wrapped */
	struct bytes ek, ak;               /* 3, 4 */
	struct bytes label, policy, how;   /* 5, 6, 7 */
	uint8_t nonce[32];                 /* 8 */
	uint32_t epoch;                    /* 9 */
	struct bytes token;                /* 10: its id, or empty */
	bool active, replaces;             /* 11, 12: at once; also an enrolled machine */
};

static enum status
session_encode(const struct session *v, struct buffer *out)
{
	struct cbor_writer w = cbor_write_to(out);

	cbor_write_map(&w, 12);
	cbor_write_uint(&w, 1), cbor_write_bytes(&w, BYTES(v->t2));
	cbor_write_uint(&w, 2), cbor_write_bytes(&w, v->key);
	cbor_write_uint(&w, 3), cbor_write_bytes(&w, v->ek);
	cbor_write_uint(&w, 4), cbor_write_bytes(&w, v->ak);
	cbor_write_uint(&w, 5), cbor_write_text(&w, v->label);
	cbor_write_uint(&w, 6), cbor_write_text(&w, v->policy);
	cbor_write_uint(&w, 7), cbor_write_text(&w, v->how);
	cbor_write_uint(&w, 8), cbor_write_bytes(&w, BYTES(v->nonce));
	cbor_write_uint(&w, 9), cbor_write_uint(&w, v->epoch);
	cbor_write_uint(&w, 10), cbor_write_bytes(&w, v->token);
	cbor_write_uint(&w, 11), cbor_write_bool(&w, v->active);
	cbor_write_uint(&w, 12), cbor_write_bool(&w, v->replaces);
	return cbor_write_end(&w);
}

static enum status
session_decode(struct bytes in, struct session *v)
{
	struct cbor_reader c = cbor_read_from(in);

	cbor_read_map(&c);
	cbor_read_field(&c, 1), cbor_read_copy(&c, v->t2, sizeof v->t2);
	cbor_read_field(&c, 2), v->key = cbor_read_bytes(&c, 1, KEYS_WRAP_MAX + KEYS_WRAP_OVERHEAD);
	cbor_read_field(&c, 3), v->ek = cbor_read_bytes(&c, 1, PUBLIC_SIZE_MAX);
	cbor_read_field(&c, 4), v->ak = cbor_read_bytes(&c, 1, PUBLIC_SIZE_MAX);
	cbor_read_field(&c, 5), v->label = cbor_read_text(&c, 1, LABEL_MAX);
	cbor_read_field(&c, 6), v->policy = cbor_read_text(&c, 1, POLICY_NAME_MAX);
	cbor_read_field(&c, 7), v->how = cbor_read_text(&c, 1, HOW_MAX);
	cbor_read_field(&c, 8), cbor_read_copy(&c, v->nonce, sizeof v->nonce);
	cbor_read_field(&c, 9), v->epoch = (uint32_t)cbor_read_uint(&c, 1, UINT32_MAX);
	cbor_read_field(&c, 10), v->token = cbor_read_bytes(&c, 0, TOKEN_ID_SIZE);
	cbor_read_field(&c, 11), v->active = cbor_read_bool(&c);
	cbor_read_field(&c, 12), v->replaces = cbor_read_bool(&c);
	cbor_read_close(&c);
	return cbor_read_end(&c);
}

/* --- begin --- */

/* One request to begin, as it is looked at. */
struct beginning {
	struct framed framed;
	struct enroll_begin m;
	struct public_area ek, ak;
	uint8_t id[MACHINE_ID_SIZE], t[TRANSCRIPT_SIZE];
	bool has_token;
	struct store_token token;
	uint8_t token_key[TOKEN_KEY_SIZE];
	bool active, replaces;
	char label[LABEL_MAX + 1], policy[POLICY_NAME_MAX + 1], how[HOW_MAX + 1];
};

static void
refuse(struct job *job, const struct beginning *e, const char *code, const char *text)
{
	char name[JUDGE_NAME_MAX];

	log_warning("%s: not enrolled: %s", judge_name(e->id, "", name), text);
	judge_refuse(job, 403, code, text);
}

static bool
decode_begin(struct job *job, struct beginning *e)
{
	enum status s = message_framed_decode(job->request.body, &e->framed);

	if (s == OK)
		s = message_enroll_begin_decode(e->framed.body, &e->m);
	if (s != OK) {
		judge_refuse(job, 400, "enroll", status_text(s));
		return false;
	}
	message_transcript_begin(e->t);
	message_transcript_add(e->t, e->framed.body);
	return true;
}

static bool
check_keys(struct job *job, struct beginning *e)
{
	const char *why = NULL;
	char text[REASON_TEXT_MAX];

	if (public_decode(e->m.ek, &e->ek) != OK)
		why = "the EK is no public area that is understood";
	else if (public_decode(e->m.ak, &e->ak) != OK)
		why = "the AK is no public area that is understood";
	if (why != NULL) {
		judge_refuse(job, 400, "enroll", why);
		return false;
	}
	public_id(&e->ek, e->id);
	if (public_check_ak(&e->ak, &why) != OK) {
		snprintf(text, sizeof text, "AK: %s", why);
		refuse(job, e, "ak", text);
		return false;
	}
	if (public_check_ek(&e->ek, &why) != OK) {
		snprintf(text, sizeof text, "EK: %s", why);
		refuse(job, e, "ek", text);
		return false;
	}
	return true;
}

/* read_token(): the token that the request names; E_MAC when there is none, it is used up, or the MAC is not by its key. */
static enum status
read_token(struct judge *j, struct beginning *e)
{
	struct buffer b = BUFFER(e->token_key);
	uint8_t mac[32];
	enum status s = e->m.token.n == TOKEN_ID_SIZE ? store_token_get(j->store, e->m.token.p, &e->token) : E_MAC;

	if (s == OK)
		s = keys_unwrap(j->keys.master, STORE_TOKEN_PURPOSE, BYTES(e->token.id), bytes_of(e->token.wrapped, e->token.n), &b);
	if (s == OK && b.n != sizeof e->token_key)
		s = E_MAC;
	if (s != OK)
		return s == E_STORE || s == E_BUSY ? s : E_MAC;
	message_enroll_mac(BYTES(e->token_key), e->t, mac);
	if (e->framed.mac.n != sizeof mac || !memory_equal(mac, e->framed.mac.p, sizeof mac) || e->token.uses == 0 ||
		e->token.expires <= judge_now() || (e->token.has_machine && memcmp(e->token.machine, e->id, sizeof e->id) != 0))
		return E_MAC;
	e->has_token = true;
	return OK;
}

static enum status
ask_about_certificate(const struct beginning *e, enum ekcert_code *code, char detail[EKCERT_DETAIL_MAX + 1])
{
	struct ekcert_question q = { .ek = e->m.ek, .certificates = e->m.certificates };

	memcpy(q.certificate, e->m.certificate, sizeof q.certificate);
	return ekcert_ask(EKCERT_FD, &q, code, detail);
}

/* admit_by_certificate(): with a token active, without one an operator's yes is wanted. */
static bool
admit_by_certificate(struct job *job, struct beginning *e)
{
	enum ekcert_code code = EKCERT_FAILED;
	char detail[EKCERT_DETAIL_MAX + 1] = "", text[REASON_TEXT_MAX];

	if (ask_about_certificate(e, &code, detail) != OK) {
		judge_refuse(job, 503, "busy", "the EK certificate cannot be checked just now; try again");
		return false;
	}
	if (code == EKCERT_NO_CA && e->has_token) {
		snprintf(e->how, sizeof e->how, "token; no manufacturer's CA is configured, so the EK is for an operator to accept");
		return true;
	}
	if (code != EKCERT_OK) {
		snprintf(text, sizeof text, "%s%s%s", ekcert_code_text(code), detail[0] != '\0' ? ": " : "", detail);
		refuse(job, e, "ek-certificate", text);
		return false;
	}
	e->active = e->has_token;
	snprintf(e->how, sizeof e->how, "%s", e->has_token ? "token and EK certificate" : "EK certificate");
	return true;
}

static void
copy_text(char *to, size_t size, struct bytes from)
{
	size_t n = from.n < size ? from.n : size - 1;

	memcpy(to, n > 0 ? from.p : (const uint8_t *)"", n);
	to[n] = '\0';
	for (char *c = to; *c != '\0'; c++)
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			*c = '?';
}

/* choose_names(): a token's or a list's word goes before the machine's own. */
static void
choose_names(const struct judge *j, struct beginning *e, const char *label, const char *policy)
{
	if (label[0] != '\0')
		snprintf(e->label, sizeof e->label, "%s", label);
	else
		copy_text(e->label, sizeof e->label, e->m.label);
	if (e->label[0] == '\0')
		text_hex(bytes_of(e->id, 8), e->label, 17);
	snprintf(e->policy, sizeof e->policy, "%s", policy[0] != '\0' ? policy : j->config->default_policy);
}

/* admit(): who may enrol. */
static bool
admit(struct judge *j, struct job *job, struct beginning *e)
{
	struct store_ek listed = { .label = "" };
	enum status s = e->m.token.n > 0 ? read_token(j, e) : OK;

	if (s == E_MAC) {
		refuse(job, e, "token", "the token is not one that may be used, or the message was changed on the way");
		return false;
	}
	if (s == OK)
		s = store_ek_get(j->store, e->id, &listed);
	if (s == OK) {
		e->active = true;
		snprintf(e->how, sizeof e->how, "EK on the operator's list");
	} else if (s != E_NOT_FOUND) {
		judge_refuse(job, 503, "failed", "the verifier cannot read its database");
		return false;
	} else if (!admit_by_certificate(job, e)) {
		return false;
	}
	choose_names(j, e, e->has_token && e->token.label[0] != '\0' ? e->token.label : listed.label,
		e->has_token && e->token.policy[0] != '\0' ? e->token.policy : listed.policy);
	e->replaces = e->active && e->has_token && e->token.has_machine;
	return true;
}

/* put_begin_answer(): credential, challenge, transcript, and what finish needs. */
static enum status
put_begin_answer(struct judge *j, struct job *job, const struct beginning *e)
{
	const struct keys_delegation *d = &j->keys.delegation[j->keys.delegations - 1];
	uint8_t secret[CREDENTIAL_SECRET_SIZE], blob_space[CREDENTIAL_BLOB_MAX], seed_space[CREDENTIAL_SEED_MAX], k[32], mac[32];
	uint8_t wrapped_space[STORE_WRAPPED_MAX], body_space[2048];
	struct buffer blob = BUFFER(blob_space), seed = BUFFER(seed_space), wrapped = BUFFER(wrapped_space), body = BUFFER(body_space);
	struct enroll_challenge m = { .approval_key = j->keys.approval.public, .statement_key = j->keys.statement.public,
		.epoch = d->epoch, .delegation = bytes_of(d->signature, d->n) };
	struct session v = { .ek = e->m.ek, .ak = e->m.ak, .epoch = d->epoch, .active = e->active, .replaces = e->replaces };
	struct framed f;
	struct name name;
	enum status s = random_fill(secret, sizeof secret);

	if (s == OK)
		s = random_fill(job->enroll.session, sizeof job->enroll.session);
	if (s == OK)
		s = random_fill(m.nonce, sizeof m.nonce);
	if (s == OK)
		s = public_name(&e->ak, &name);
	if (s == OK)
		s = credential_make(&e->ek, &name, secret, &blob, &seed);
	m.session = BYTES(job->enroll.session);
	m.blob = buffer_view(&blob);
	m.seed = buffer_view(&seed);
	if (s == OK)
		s = message_enroll_challenge_encode(&m, &body);
	memcpy(v.t2, e->t, sizeof v.t2);
	message_transcript_add(v.t2, buffer_view(&body));
	if (s == OK)
		s = message_enroll_key(v.t2, secret, e->has_token ? BYTES(e->token_key) : bytes_of(NULL, 0), k);
	if (s == OK)
		s = keys_wrap(j->keys.master, SESSION_PURPOSE, BYTES(job->enroll.session), BYTES(k), &wrapped);
	message_enroll_mac(BYTES(k), v.t2, mac);
	v.key = buffer_view(&wrapped);
	v.label = bytes_of(e->label, strlen(e->label));
	v.policy = bytes_of(e->policy, strlen(e->policy));
	v.how = bytes_of(e->how, strlen(e->how));
	v.token = e->has_token ? BYTES(e->token.id) : bytes_of(NULL, 0);
	memcpy(v.nonce, m.nonce, sizeof v.nonce);
	if (s == OK)
		s = session_encode(&v, &job->enroll.state);
	f = (struct framed){ buffer_view(&body), BYTES(mac) };
	if (s == OK)
		s = message_framed_encode(&f, &job->answer);
	memory_wipe(secret, sizeof secret);
	memory_wipe(k, sizeof k);
	return s;
}

/* decide_begin(): what is answered was made before; here it is remembered. */
static enum status
decide_begin(struct judge *j, struct job *job)
{
	struct store_session v = { .made = judge_now(), .state = buffer_view(&job->enroll.state) };

	memcpy(v.id, job->enroll.session, sizeof v.id);
	return store_session_put(j->store, &v);
}

void
enroll_prepare_begin(struct judge *j, struct job *job)
{
	struct beginning e;
	enum status s;

	memset(&e, 0, sizeof e);
	if (decode_begin(job, &e) && check_keys(job, &e) && admit(j, job, &e)) {
		s = put_begin_answer(j, job, &e);
		job->status = 200;
		job->decide = decide_begin;
		if (s != OK)
			refuse(job, &e, "enroll", status_text(s));
	}
	memory_wipe(&e, sizeof e);
}

/* --- finish --- */

struct finishing {
	struct framed framed;
	struct enroll_finish m;
	struct session session;
	struct public_area ek, ak;
	uint8_t state[STORE_SESSION_STATE_MAX], k[32], t[TRANSCRIPT_SIZE], id[MACHINE_ID_SIZE];
	struct session_audit audit;
	char label[LABEL_MAX + 1];
};

void
enroll_prepare_finish(struct judge *j, struct job *job)
{
	(void)j;
	job->decide = enroll_decide_finish;
}

static bool
take_session(struct judge *j, struct job *job, struct finishing *e, enum status *s)
{
	struct buffer b = BUFFER(e->state), k = BUFFER(e->k);

	*s = message_framed_decode(job->request.body, &e->framed);
	if (*s == OK)
		*s = message_enroll_finish_decode(e->framed.body, &e->m);
	if (*s != OK) {
		judge_refuse(job, 400, "enroll", status_text(*s));
		*s = OK;
		return false;
	}
	*s = e->m.session.n == STORE_SESSION_SIZE ? store_session_take(j->store, e->m.session.p, judge_now(), &b) : E_NOT_FOUND;
	if (*s == OK)
		*s = session_decode(buffer_view(&b), &e->session);
	if (*s == OK)
		*s = keys_unwrap(j->keys.master, SESSION_PURPOSE, e->m.session, e->session.key, &k);
	if (*s == OK && public_decode(e->session.ek, &e->ek) == OK && public_decode(e->session.ak, &e->ak) == OK) {
		public_id(&e->ek, e->id);
		copy_text(e->label, sizeof e->label, e->session.label);
		return true;
	}
	if (*s != E_STORE && *s != E_BUSY) {
		judge_refuse(job, 403, "session", "no enrolment of that session is under way; begin again");
		*s = OK;
	}
	return false;
}

/* check_finish(): NULL, or what is wrong. */
static const char *
check_finish(const struct judge *j, struct finishing *e)
{
	uint8_t mac[32], policy[GATE_DIGEST_SIZE], audit[GATE_DIGEST_SIZE];

	memcpy(e->t, e->session.t2, sizeof e->t);
	message_transcript_add(e->t, e->framed.body);
	message_enroll_mac(BYTES(e->k), e->t, mac);
	if (e->framed.mac.n != sizeof mac || !memory_equal(mac, e->framed.mac.p, sizeof mac))
		return "the TPM did not activate the credential, or a message was changed on the way";
	if (e->m.epoch != e->session.epoch)
		return "the NV index is of another epoch";
	if (e->m.nv_handle >> 24 != 0x01 || e->m.nv_handle_next >> 24 != 0x01 || e->m.nv_handle == e->m.nv_handle_next)
		return "the NV handles are not two handles of NV indices";
	if (public_verify(&e->ak, e->m.attest, e->m.signature) != OK)
		return "the NV proof is not signed by the AK";
	if (session_audit_decode(e->m.attest, &e->audit) != OK)
		return "the NV proof is no audit of a session";
	if (!bytes_equal(e->audit.extra_data, BYTES(e->session.nonce)))
		return "the NV proof was made for another enrolment";
	if (gate_nv_policy(&j->keys.authority, e->m.epoch, policy) != OK)
		return "the authority's key cannot be used";
	nv_read_public_audit(e->m.nv_handle, GATE_NV_ATTRIBUTES, policy, audit);
	if (!bytes_equal(e->audit.session_digest, BYTES(audit)))
		return "the NV index is not as it must be: attributes, policy of this authority and epoch, written and locked";
	return NULL;
}

static void
fill_machine(const struct finishing *e, struct machine *m)
{
	memset(m, 0, sizeof *m);
	memcpy(m->id, e->id, sizeof m->id);
	copy_text(m->label, sizeof m->label, e->session.label);
	copy_text(m->policy, sizeof m->policy, e->session.policy);
	m->active = e->session.active;
	m->ek_n = e->session.ek.n;
	memcpy(m->ek, e->session.ek.p, m->ek_n);
	m->ak_n = e->session.ak.n;
	memcpy(m->ak, e->session.ak.p, m->ak_n);
	memcpy(m->machine_key, e->m.machine_key, sizeof m->machine_key);
	m->epoch = e->m.epoch;
	m->nv_handle = e->m.nv_handle;
	m->nv_handle_next = e->m.nv_handle_next;
	m->enrolled_at = judge_now();
	m->enrolled_reset = e->audit.reset_count;
	/* From here on each boot counts: one that never asks shows in the next one's evidence. */
	m->seen = true;
	m->seen_safe = e->audit.safe;
	m->seen_reset = e->audit.reset_count;
	m->seen_restart = e->audit.restart_count;
	m->seen_clock = e->audit.clock;
}

/* write_machine(): a new one; or one that waits already, anew; or a candidate beside an enrolled one. */
static enum status
write_machine(struct judge *j, const struct finishing *e, enum enrolled_state *state, const char **text)
{
	struct machine m, old;
	enum status s = store_machine_get(j->store, e->id, &old);

	fill_machine(e, &m);
	*state = m.active ? ENROLLED_ACTIVE : ENROLLED_PENDING;
	*text = m.active ? "enrolled" : "waits for an operator's yes: bootgatectl machine approve";
	if (s == E_NOT_FOUND || (s == OK && !old.active))
		return store_machine_put(j->store, &m);
	if (s == OK)
		s = store_candidate_put(j->store, &m);
	if (s == OK && e->session.replaces) {
		*text = "enrolled anew; enrol its volumes again";
		return store_candidate_accept(j->store, e->id);
	}
	*state = ENROLLED_PENDING;
	*text = "this EK is enrolled already; replacing it waits for an operator's yes: bootgatectl machine approve";
	return s;
}

static enum status
write_record(struct judge *j, const struct finishing *e, enum enrolled_state state)
{
	char text[RECORD_TEXT_MAX];
	struct record r = {
		.kind = state == ENROLLED_ACTIVE ? BYTES_STRING("enrolled") : BYTES_STRING("pending"),
		.machine = BYTES(e->id),
		.label = e->session.label,
		.verifier = BYTES(j->verifier),
	};
	uint64_t number;
	enum status s;

	snprintf(text, sizeof text, "%.*s", (int)e->session.how.n, (const char *)e->session.how.p);
	r.text = bytes_of(text, strlen(text));
	j->space.n = 0;
	s = record_encode(&r, &j->space);
	return s == OK ? store_audit_append(j->store, judge_now(), buffer_view(&j->space), &number) : s;
}

static enum status
put_finish_answer(struct job *job, struct finishing *e, enum enrolled_state state, const char *text)
{
	uint8_t space[512], mac[32];
	struct buffer body = BUFFER(space);
	struct enroll_answer a = { .state = state, .text = bytes_of(text, strlen(text)) };
	struct framed f;
	enum status s;

	memcpy(a.machine, e->id, sizeof a.machine);
	s = message_enroll_answer_encode(&a, &body);
	message_transcript_add(e->t, buffer_view(&body));
	message_enroll_mac(BYTES(e->k), e->t, mac);
	f = (struct framed){ buffer_view(&body), BYTES(mac) };
	job->status = 200;
	return s == OK ? message_framed_encode(&f, &job->answer) : s;
}

static enum status
finish(struct judge *j, struct job *job, struct finishing *e)
{
	const char *why = check_finish(j, e), *text = "";
	char name[JUDGE_NAME_MAX];
	enum enrolled_state state = ENROLLED_PENDING;
	enum status s = OK;

	judge_name(e->id, e->label, name);
	if (why == NULL && e->session.token.n == TOKEN_ID_SIZE) {
		s = store_token_use(j->store, e->session.token.p, judge_now());
		if (s == E_NOT_FOUND)
			why = "the token was used up or has expired meanwhile";
	}
	if (why != NULL) {
		log_warning("%s: not enrolled: %s", name, why);
		judge_refuse(job, 403, "enroll", why);
		return OK;
	}
	if (s == OK)
		s = write_machine(j, e, &state, &text);
	if (s == OK)
		s = write_record(j, e, state);
	if (s == OK)
		s = put_finish_answer(job, e, state, text);
	if (s == OK)
		log_info("%s: %s (%.*s)", name, text, (int)e->session.how.n, (const char *)e->session.how.p);
	return s;
}

enum status
enroll_decide_finish(struct judge *j, struct job *job)
{
	struct finishing e;
	enum status s = OK;

	job->answer.n = 0;
	memset(&e, 0, sizeof e);
	if (take_session(j, job, &e, &s))
		s = finish(j, job, &e);
	memory_wipe(&e, sizeof e);
	return s;
}
