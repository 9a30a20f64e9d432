/* SPDX-License-Identifier: ISC */
#include "agent/enroll.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/certificates.h"
#include "agent/identity.h"
#include "base/file.h"
#include "base/log.h"
#include "base/memory.h"
#include "crypto/hpke.h"
#include "crypto/random.h"
#include "net/https.h"

#define ANSWER_SECONDS 60

/* One enrolment under way. */
struct enrollment {
	const struct settings *settings;
	const struct enroll_options *options;
	struct tpm *tpm;
	struct https *https;
	struct identity identity, before; /* before: what an earlier enrolment noted, or zeros */
	bool ak_made, secret_made;
	bool unclear; /* the verifier may have enrolled the machine, and we may not have heard it */

	uint8_t certificate[CERTIFICATES_MAX * CERTIFICATE_SIZE_MAX];
	uint8_t message[ENROLL_SIZE_MAX], answer[ENROLL_SIZE_MAX];
	uint8_t transcript[TRANSCRIPT_SIZE];
	bool has_token;
	uint8_t token_id[TOKEN_ID_SIZE], token_key[TOKEN_KEY_SIZE];
	uint8_t key[32]; /* K of docs/protocol.md */
	struct enroll_challenge challenge;
};

static struct bytes
token_key(const struct enrollment *e)
{
	return bytes_of(e->token_key, e->has_token ? sizeof e->token_key : 0);
}

/* *The* EK is the first with a certificate, in this order; it also salts. */
static enum status
choose_ek(struct enrollment *e, struct buffer *certificates, enum tpm_ek_kind *kind)
{
	uint8_t chain_bytes[CERTIFICATE_SIZE_MAX * 4];
	struct buffer chain = BUFFER(chain_bytes);

	for (int i = TPM_EK_P384; i < TPM_EK_KINDS; i++) {
		certificates->n = chain.n = 0;
		*kind = (enum tpm_ek_kind)i;
		if (tpm_ek_certificate(e->tpm, *kind, certificates, &chain) == OK && certificates->n > 0) {
			buffer_bytes(certificates, buffer_view(&chain));
			return certificates->failed;
		}
	}
	certificates->n = 0;
	log_error("the TPM holds no EK certificate; take it from the vendor's site and give it as --ek-certificate FILE");
	return E_NOT_FOUND;
}

static enum status
read_certificate(const char *file, struct buffer *certificates)
{
	enum status s = file_read(file, certificates);

	if (s != OK)
		log_error("%s: %s", file, status_text(s));
	return s;
}

static enum status
take_certificates(struct buffer *certificates, struct enroll_begin *m)
{
	enum status s = certificates_split(buffer_view(certificates), m->certificate, CERTIFICATES_MAX, &m->certificates);

	if (s == OK && m->certificates == 0)
		s = E_MISSING;
	if (s != OK)
		log_error("the EK certificate: %s; it must be in DER", status_text(s));
	return s;
}

static const char *const kind_names[] = { [TPM_EK_P384] = "P-384", [TPM_EK_P256] = "P-256", [TPM_EK_RSA2048] = "RSA-2048" };

static enum status
make_keys(struct enrollment *e, struct enroll_begin *m)
{
	struct buffer certificates = BUFFER(e->certificate);
	struct identity *id = &e->identity;
	enum tpm_ek_kind kind = TPM_EK_RSA2048;
	enum hash_alg banks[QUOTE_BANKS_MAX];
	size_t n;
	bool sha256 = false;
	enum status s = tpm_banks(e->tpm, banks, &n);

	for (size_t i = 0; s == OK && i < n; i++)
		sha256 = sha256 || banks[i] == HASH_SHA256;
	if (s == OK && !sha256) {
		log_error("the TPM has no active SHA-256 bank of PCRs: switch it on in the firmware's set-up, at \"TPM\" or \"Trusted Computing\", \"PCR banks\"");
		return E_UNSUPPORTED;
	}
	if (s == OK)
		s = e->options->certificate != NULL ? read_certificate(e->options->certificate, &certificates) : choose_ek(e, &certificates, &kind);
	if (s == OK)
		s = take_certificates(&certificates, m);
	if (s != OK)
		return s;
	if (e->options->certificate != NULL)
		kind = certificates_ek_kind(m->certificate[0]);
	log_info("endorsement key: %s, %zu certificate%s", kind_names[kind], m->certificates, m->certificates == 1 ? "" : "s");
	s = tpm_ek_ensure(e->tpm, kind, &id->ek);
	if (s != OK)
		return s;
	s = tpm_object_public(&id->ek, &m->ek, &id->ek_handle);
	if (s == OK)
		s = tpm_ak_ensure(e->tpm, &id->ek, id->ak_handle, (enum tpm_ek_kind)e->options->key_kind, &id->ak, &e->ak_made);
	if (s == OK)
		s = tpm_object_public(&id->ak, &m->ak, &id->ak_handle);
	return s;
}

/* Send a framed request, take the framed answer; the transcript goes on with both bodies. ${key} empty: no MAC. */
static enum status
exchange(struct enrollment *e, const char *path, struct bytes body, struct bytes key, struct framed *reply)
{
	struct buffer request = BUFFER(e->message), in = BUFFER(e->answer);
	uint8_t mac[32] = { 0 };
	struct framed f = { body, bytes_of(mac, key.n > 0 ? sizeof mac : 0) };
	struct https_answer answer;
	struct problem p;
	enum status s;

	message_transcript_add(e->transcript, body);
	if (key.n > 0)
		message_enroll_mac(key, e->transcript, mac);
	s = message_framed_encode(&f, &request);
	if (s == OK)
		s = https_send(e->https, "POST", path, buffer_view(&request));
	if (s == OK)
		s = https_receive(e->https, ANSWER_SECONDS, &in, &answer);
	if (s != OK) {
		log_error("%s: %s: %s", path, status_text(s), https_error(e->https));
		return s == E_TIMEOUT ? E_NETWORK : s;
	}
	if (answer.code != 200) {
		/* 5xx may come of something in between that waited in vain. */
		e->unclear = e->unclear && answer.code >= 500;
		if (message_problem_decode(answer.body, &p) == OK)
			log_error("the verifier refuses: %.*s (%.*s)", (int)p.text.n, (const char *)p.text.p, (int)p.code.n, (const char *)p.code.p);
		else
			log_error("the verifier answers %s with HTTP status %u", path, answer.code);
		return E_REFUSED;
	}
	s = message_framed_decode(answer.body, reply);
	if (s == OK)
		message_transcript_add(e->transcript, reply->body);
	return s == OK ? OK : E_PROTOCOL;
}

static bool
mac_fits(const struct enrollment *e, struct bytes mac)
{
	uint8_t expected[32];

	message_enroll_mac(BYTES(e->key), e->transcript, expected);
	return mac.n == sizeof expected && memory_equal(mac.p, expected, sizeof expected);
}

/* The first half: who we are, and the proof that the verifier's answer is for this TPM. */
static enum status
begin(struct enrollment *e)
{
	static uint8_t body_bytes[ENROLL_SIZE_MAX - 128];
	struct enroll_begin m = { .certificates = 0 };
	struct buffer body = BUFFER(body_bytes);
	struct framed reply;
	uint8_t secret[32];
	char host[LABEL_MAX + 1] = "";
	enum status s = make_keys(e, &m);

	gethostname(host, sizeof host - 1);
	if (e->options->label != NULL)
		snprintf(host, sizeof host, "%s", e->options->label);
	m.label = bytes_of(host, strlen(host));
	m.token = bytes_of(e->token_id, e->has_token ? sizeof e->token_id : 0);
	if (s == OK)
		s = random_fill(m.nonce, sizeof m.nonce);
	if (s == OK)
		s = message_enroll_begin_encode(&m, &body);
	if (s == OK)
		s = exchange(e, "/v1/enroll/begin", buffer_view(&body), token_key(e), &reply);
	if (s == OK && message_enroll_challenge_decode(reply.body, &e->challenge) != OK)
		s = E_PROTOCOL;
	if (s == OK)
		s = tpm_activate(e->tpm, &e->identity.ek, &e->identity.ak, e->challenge.blob, e->challenge.seed, secret);
	if (s == OK)
		s = message_enroll_key(e->transcript, secret, token_key(e), e->key);
	memory_wipe(secret, sizeof secret);
	if (s == OK && !mac_fits(e, reply.mac)) {
		log_error("the verifier's answer was changed on the way, or it does not know the token");
		s = E_MAC;
	}
	return s;
}

static enum status
check_delegation(const struct enrollment *e)
{
	const struct enroll_challenge *c = &e->challenge;
	enum status s = gate_delegation_verify(&e->settings->authority, &c->approval_key, &c->statement_key, c->epoch, c->delegation);

	if (s != OK)
		log_error("the authority whose key is in %s never delegated this verifier", e->settings->authority_path);
	return s;
}

/* The secret: made here, written once into the TPM, and forgotten; only its public half goes on. */
static enum status
make_secret(struct enrollment *e)
{
	uint8_t secret[GATE_SECRET_SIZE];
	struct hpke_private machine_key;
	struct identity *id = &e->identity;
	enum status s = random_fill(secret, sizeof secret);

	id->indices = 1;
	id->index[0] = (struct index_claim){ 0, e->challenge.epoch };
	if (s == OK)
		s = hpke_derive(BYTES(secret), &machine_key);
	if (s == OK) {
		memcpy(id->machine_key[0], machine_key.pk, sizeof machine_key.pk);
		s = tpm_secret_define(e->tpm, &id->ek, &e->settings->authority, e->challenge.epoch, &id->index[0].handle, secret, &id->nv[0]);
		e->secret_made = s == OK;
	}
	memory_wipe(secret, sizeof secret);
	memory_wipe(&machine_key, sizeof machine_key);
	return s;
}

static enum status
finish(struct enrollment *e, enum enrolled_state *state)
{
	uint8_t body_bytes[4096], attest_bytes[QUOTE_SIZE_MAX], signature_bytes[SIGNATURE_SIZE_MAX], session[SESSION_SIZE_MAX];
	struct buffer body = BUFFER(body_bytes), attest = BUFFER(attest_bytes), signature = BUFFER(signature_bytes);
	struct identity *id = &e->identity;
	struct enroll_finish m;
	struct enroll_answer a;
	struct framed reply;
	enum status s;

	memset(&m, 0, sizeof m);
	/* The challenge's views end with the next answer. */
	memcpy(session, e->challenge.session.p, e->challenge.session.n);
	m.session = bytes_of(session, e->challenge.session.n);
	s = tpm_secret_prove(e->tpm, &id->ak, &id->nv[0], e->challenge.nonce, &attest, &signature);
	m.nv_handle = id->index[0].handle;
	id->nv_handle_next = m.nv_handle_next = m.nv_handle + 1;
	m.epoch = id->index[0].epoch;
	memcpy(m.machine_key, id->machine_key[0], sizeof m.machine_key);
	m.attest = buffer_view(&attest);
	m.signature = buffer_view(&signature);
	if (s == OK)
		s = message_enroll_finish_encode(&m, &body);
	if (s != OK)
		return s;
	e->unclear = true;
	s = exchange(e, "/v1/enroll/finish", buffer_view(&body), BYTES(e->key), &reply);
	if (s != OK)
		return s;
	if (!mac_fits(e, reply.mac) || message_enroll_answer_decode(reply.body, &a) != OK) {
		log_error("the verifier's last answer was changed on the way");
		return E_MAC;
	}
	e->unclear = false;
	*state = a.state;
	if (a.text.n > 0)
		log_info("the verifier says: %.*s", (int)a.text.n, (const char *)a.text.p);
	return OK;
}

static void
undo(struct enrollment *e)
{
	if (e->secret_made && tpm_secret_delete(e->tpm, e->identity.index[0].handle) == OK)
		log_info("undone: the NV index 0x%08" PRIx32 " was deleted again", e->identity.index[0].handle);
	if (e->ak_made && tpm_object_evict(e->tpm, e->identity.ak_handle) == OK)
		log_info("undone: the new AK at 0x%08" PRIx32 " was removed again", e->identity.ak_handle);
}

/* The verifier has replaced the machine's earlier record: the earlier secret opens nothing any more. */
static void
drop_earlier(struct enrollment *e)
{
	uint32_t handle = e->before.index[0].handle, other = e->before.nv_handle_next;

	/* Where a rotation moved it, of which the note does not know. */
	if (other != 0 && other != e->identity.index[0].handle)
		tpm_secret_clear(e->tpm, &e->settings->authority, e->challenge.epoch, other);
	if (handle == 0 || handle == e->identity.index[0].handle)
		return;
	if (tpm_secret_delete(e->tpm, handle) == OK)
		log_info("the secret of the earlier enrolment, NV index 0x%08" PRIx32 ", was deleted", handle);
	log_warning("volumes that were enrolled before open by passphrase only, until each is enrolled again: bootgate luks-enroll DEVICE");
}

/* Nothing must be undone from here on: what the verifier may know must stay. */
static enum status
conclude(struct enrollment *e, enum status s, enum enrolled_state state)
{
	enum status saved = identity_save(&e->identity, IDENTITY_PATH);

	if (saved != OK)
		log_error("%s could not be written: %s", IDENTITY_PATH, status_text(saved));
	if (s != OK) {
		log_warning("the verifier may have enrolled this machine all the same, so its keys stay in the TPM. Try bootgate luks-enroll; "
			"if that is refused, bootgate enroll again");
		return s;
	}
	if (state == ENROLLED_ACTIVE)
		drop_earlier(e);
	log_info("enrolled at %s%s; next: bootgate luks-enroll DEVICE", e->settings->verifier_text[0],
		state == ENROLLED_PENDING ? ", and waiting for an operator's yes (bootgatectl machine approve)" : "");
	return saved;
}

static enum status
run_steps(struct enrollment *e)
{
	const struct settings *settings = e->settings;
	enum enrolled_state state = ENROLLED_PENDING;
	enum status s = identity_open_tpm(settings->tpm, &e->tpm);

	if (s == OK)
		s = tpm_set_auth(e->tpm, e->options->owner, e->options->endorsement);
	if (s != OK)
		return s;
	s = https_open(&settings->verifier[0], &settings->trust, 10, &e->https);
	if (s != OK) {
		log_error("%s: %s: %s", settings->verifier_text[0], status_text(s), https_error(e->https));
		return s == E_TIMEOUT ? E_NETWORK : s;
	}
	message_transcript_begin(e->transcript);
	s = begin(e);
	if (s == OK)
		s = check_delegation(e);
	if (s == OK)
		s = make_secret(e);
	if (s == OK)
		s = finish(e, &state);
	if (s != OK && !e->unclear) {
		undo(e);
		return s;
	}
	return conclude(e, s, state);
}

static enum status
take_token(struct enrollment *e)
{
	enum status s;

	if (e->options->token == NULL)
		return OK;
	s = message_token_parse(e->options->token, e->token_id, e->token_key);
	e->has_token = s == OK;
	if (s != OK)
		log_error("this is not an enrolment token as `bootgatectl enroll token` prints it");
	return s;
}

enum status
enroll_run(const struct settings *settings, const struct enroll_options *o)
{
	struct enrollment *e = calloc(1, sizeof *e);
	enum status s;

	if (e == NULL)
		return E_MEMORY;
	e->settings = settings;
	e->options = o;
	/* A host that was enrolled before keeps its AK. */
	if (identity_load(IDENTITY_PATH, &e->before) != OK)
		memset(&e->before, 0, sizeof e->before);
	e->identity.ak_handle = e->before.ak_handle;
	s = take_token(e);
	if (s == OK)
		s = identity_check_place(IDENTITY_PATH);
	if (s == OK)
		s = run_steps(e);
	https_close(e->https);
	tpm_close(e->tpm);
	memory_wipe(e, sizeof *e);
	free(e);
	return s;
}
