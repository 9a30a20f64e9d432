/* SPDX-License-Identifier: ISC */
/*
 * One exchange of docs/protocol.md, made from labels: what is random in life is SHA-256("bootgate/1 example " || label) here
 * (scalars, nonces, secrets), signatures are RFC 6979's, and HPKE has a given ephemeral key.  Only the MakeCredential blob is
 * recorded (tests/data/protocol/credential-*.hex), since its randomness cannot be given.
 */
#ifndef TESTS_EXCHANGE_H
#define TESTS_EXCHANGE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/text.h"
#include "crypto/ecdsa_sign.h"
#include "crypto/hpke.h"
#include "protocol/cose.h"
#include "protocol/cose_sign.h"
#include "protocol/message.h"
#include "structures/nv.h"

#define EXCHANGE_HANDLE UINT32_C(0x018b4701)
#define EXCHANGE_FOLDER "tests/data/protocol/"

/* The parts with a fixture of the same name, in the order of the document. */
#define EXCHANGE_PARTS(X)                                                                                              \
	X(challenge, "challenge")                                                                                      \
	X(event_log, "event-log")                                                                                      \
	X(user_events, "user-events")                                                                                  \
	X(binding, "binding")                                                                                          \
	X(attest, "attest")                                                                                            \
	X(signature, "signature")                                                                                      \
	X(evidence, "evidence")                                                                                        \
	X(approved_claims, "statement-approved")                                                                       \
	X(approved, "result-approved")                                                                                 \
	X(denied_claims, "statement-denied")                                                                           \
	X(denied, "result-denied")                                                                                     \
	X(held_claims, "statement-held")                                                                               \
	X(held, "result-held")                                                                                         \
	X(hold, "hold")                                                                                                \
	X(problem, "problem")                                                                                          \
	X(door, "door-event")                                                                                          \
	X(begin_body, "enroll-begin-body")                                                                             \
	X(begin, "enroll-begin")                                                                                       \
	X(offer_body, "enroll-challenge-body")                                                                         \
	X(offer, "enroll-challenge")                                                                                   \
	X(finish_body, "enroll-finish-body")                                                                           \
	X(finish, "enroll-finish")                                                                                     \
	X(answer_body, "enroll-answer-body")                                                                           \
	X(answer, "enroll-answer")

struct part {
	const char *name;
	size_t n;
	uint8_t p[2048];
};

struct exchange {
	struct ec_private authority, approval, statement, ek, ak;
	struct hpke_private machine_key, boot_key, ephemeral;
	struct name ek_name, ak_signer, index_name;
	uint8_t machine[MACHINE_ID_SIZE], digest[32], secret[32], share[SHARE_SIZE], share_id[SHARE_ID_SIZE];
	uint8_t nonce[32], nonce_tpm[GATE_NONCE_SIZE], token_id[TOKEN_ID_SIZE], token_key[TOKEN_KEY_SIZE];
	uint8_t credential[CREDENTIAL_SECRET_SIZE], transcript[4][TRANSCRIPT_SIZE], key[32];
	struct part ek_public, ak_public, delegation, gate_approval, blob, seed, audit, audit_signature;
#define X(member, file) struct part member;
	EXCHANGE_PARTS(X)
#undef X
};

static inline struct bytes
part_view(const struct part *p)
{
	return bytes_of(p->p, p->n);
}

/* The part gets what was written into ${b}, which began at its start. */
static inline void
part_set(struct part *p, const struct buffer *b)
{
	assert_int_equal(b->failed, OK);
	p->n = b->n;
}

#define PART_WRITE(part, b, body)                                                                                      \
	do {                                                                                                           \
		struct buffer b = BUFFER((part)->p);                                                                   \
		body;                                                                                                  \
		part_set((part), &b);                                                                                  \
	} while (0)

static inline void
label_bytes(const char *label, void *out, size_t n)
{
	struct hash h;
	uint8_t digest[HASH_SIZE_MAX];

	assert_true(n <= 32);
	hash_begin(&h, HASH_SHA256);
	hash_add(&h, BYTES_STRING("bootgate/1 example "));
	hash_add(&h, bytes_of(label, strlen(label)));
	hash_end(&h, digest);
	memcpy(out, digest, n);
}

static inline void
label_key(const char *label, struct ec_private *k)
{
	uint8_t d[32];

	label_bytes(label, d, sizeof d);
	assert_int_equal(ec_private_from_d(EC_P256, BYTES(d), k), OK);
}

static inline void
label_hpke(const char *label, struct hpke_private *k)
{
	uint8_t ikm[32];

	label_bytes(label, ikm, sizeof ikm);
	assert_int_equal(hpke_derive(BYTES(ikm), k), OK);
}

static inline void
exchange_sign(const struct ec_private *k, const struct digest *d, struct part *to)
{
	assert_int_equal(ecdsa_sign(k, d->alg, digest_view(d), to->p, &to->n), OK);
}

/* A TPMT_SIGNATURE (Part 2, 11.3.4) by the AK. */
static inline void
exchange_ak_sign(const struct exchange *x, struct bytes message, struct part *to)
{
	struct digest d = hash_digest(HASH_SHA256, message);
	struct part raw;

	exchange_sign(&x->ak, &d, &raw);
	PART_WRITE(to, b, {
		buffer_be16(&b, SCHEME_ECDSA);
		buffer_be16(&b, HASH_SHA256);
		buffer_sized16(&b, bytes_of(raw.p, 32));
		buffer_sized16(&b, bytes_of(raw.p + 32, 32));
	});
}

/* TPMT_PUBLIC (Part 2, 12.2.4) of P-256 keys: template L-2, and our AK. */
static inline void
exchange_public(const struct ec_private *k, uint32_t attributes, struct bytes policy, struct bytes parameters, struct part *to)
{
	PART_WRITE(to, b, {
		buffer_be16(&b, PUBLIC_ECC);
		buffer_be16(&b, HASH_SHA256);
		buffer_be32(&b, attributes);
		buffer_sized16(&b, policy);
		buffer_bytes(&b, parameters);
		buffer_sized16(&b, bytes_of(k->public.x, 32));
		buffer_sized16(&b, bytes_of(k->public.y, 32));
	});
}

static inline struct name
exchange_name(struct bytes a, struct bytes b)
{
	struct name name = { .n = 34, .p = { 0x00, HASH_SHA256 } };
	struct hash h;
	uint8_t digest[HASH_SIZE_MAX];

	hash_begin(&h, HASH_SHA256);
	hash_add(&h, a);
	hash_add(&h, b);
	hash_end(&h, digest);
	memcpy(name.p + 2, digest, 32);
	return name;
}

static inline void
exchange_identity(struct exchange *x)
{
	static const uint8_t policy_a[32] = { 0x83, 0x71, 0x97, 0x67, 0x44, 0x84, 0xb3, 0xf8, 0x1a, 0x90, 0xcc, 0x8d, 0x46, 0xa5,
		0xd7, 0x24, 0xfd, 0x52, 0xd7, 0x6e, 0x06, 0x52, 0x0b, 0x64, 0xf2, 0xa1, 0xda, 0x1b, 0x33, 0x14, 0x69, 0xaa };
	static const uint8_t ek_parameters[] = { 0x00, 0x06, 0x00, 0x80, 0x00, 0x43, 0x00, 0x10, 0x00, 0x03, 0x00, 0x10 };
	static const uint8_t ak_parameters[] = { 0x00, 0x10, 0x00, 0x18, 0x00, 0x0b, 0x00, 0x03, 0x00, 0x10 };
	static const uint8_t endorsement[4] = { 0x40, 0x00, 0x00, 0x0b };
	struct public_area ek, ak;
	struct name ak_name, ek_qualified;
	const char *why;

	label_key("ek", &x->ek);
	label_key("ak", &x->ak);
	exchange_public(&x->ek, 0x000300b2, BYTES(policy_a), BYTES(ek_parameters), &x->ek_public);
	exchange_public(&x->ak, 0x00050472, bytes_of(NULL, 0), BYTES(ak_parameters), &x->ak_public);
	assert_int_equal(public_decode(part_view(&x->ek_public), &ek), OK);
	assert_int_equal(public_decode(part_view(&x->ak_public), &ak), OK);
	assert_int_equal(public_check_ek(&ek, &why), OK);
	assert_int_equal(public_check_ak(&ak, &why), OK);
	assert_int_equal(public_name(&ek, &x->ek_name), OK);
	assert_int_equal(public_name(&ak, &ak_name), OK);
	public_id(&ek, x->machine);
	ek_qualified = exchange_name(BYTES(endorsement), name_view(&x->ek_name));
	x->ak_signer = exchange_name(name_view(&ek_qualified), name_view(&ak_name));
}

static inline void
exchange_gate(struct exchange *x)
{
	uint8_t policy[GATE_DIGEST_SIZE], delegated[GATE_DIGEST_SIZE];
	struct digest d;

	label_key("authority", &x->authority);
	label_key("approval", &x->approval);
	label_key("statement", &x->statement);
	assert_int_equal(gate_nv_policy(&x->authority.public, 1, policy), OK);
	gate_nv_name(EXCHANGE_HANDLE, GATE_NV_ATTRIBUTES, policy, &x->index_name);
	assert_int_equal(gate_delegated_policy(&x->approval.public, &x->statement.public, delegated), OK);
	assert_int_equal(gate_delegation_digest(&x->authority.public, delegated, 1, &d), OK);
	exchange_sign(&x->authority, &d, &x->delegation);
	gate_approval_digest(&x->approval.public, x->nonce_tpm, &x->index_name, &x->statement.public, &d);
	exchange_sign(&x->approval, &d, &x->gate_approval);
}

/* A log with a Spec ID event and one separator in PCR 7.  (TCG PFP 1.06, 10.2) */
static inline void
exchange_event_log(struct exchange *x)
{
	static const uint8_t zeros[20], spec_id[] = { 0, 0, 0, 0, 0, 2, 0, 2, 1, 0, 0, 0, 0x0b, 0, 32, 0, 0 };
	struct digest separator = hash_digest(HASH_SHA256, bytes_of(zeros, 4));

	PART_WRITE(&x->event_log, b, {
		buffer_bytes(&b, bytes_of("\0\0\0\0\3\0\0\0", 8));
		buffer_bytes(&b, BYTES(zeros));
		buffer_bytes(&b, bytes_of("\41\0\0\0Spec ID Event03", 20));
		buffer_bytes(&b, BYTES(spec_id));
		buffer_bytes(&b, bytes_of("\7\0\0\0\4\0\0\0\1\0\0\0\x0b\0", 14));
		buffer_bytes(&b, digest_view(&separator));
		buffer_bytes(&b, bytes_of("\4\0\0\0\0\0\0\0", 8));
	});
}

static inline void
exchange_attest_head(struct buffer *b, uint16_t type, const struct exchange *x, struct bytes extra)
{
	buffer_be32(b, UINT32_C(0xff544347));
	buffer_be16(b, type);
	buffer_sized16(b, name_view(&x->ak_signer));
	buffer_sized16(b, extra);
	buffer_be64(b, 7000);   /* clock, ms */
	buffer_be32(b, 41);     /* resetCount */
	buffer_be32(b, 0);      /* restartCount */
	buffer_u8(b, 1);        /* safe */
	buffer_be64(b, UINT64_C(0x2024012500120000));
}

static inline void
exchange_quote(struct exchange *x)
{
	static const uint8_t zeros[32], separator[4], selection[] = { 0, 0, 0, 1, 0, 0x0b, 3, 0xff, 0xff, 0 };
	uint8_t values[16][32] = { 0 };
	struct digest d, event = hash_digest(HASH_SHA256, BYTES(separator));
	struct bytes bank = bytes_of(values, sizeof values);
	struct hash h;
	uint8_t out[HASH_SIZE_MAX];

	hash_begin(&h, HASH_SHA256), hash_add(&h, BYTES(zeros)), hash_add(&h, digest_view(&event)), hash_end(&h, out);
	memcpy(values[7], out, 32);
	event = hash_digest(HASH_SHA256, BYTES_STRING("enter-initrd"));
	hash_begin(&h, HASH_SHA256), hash_add(&h, BYTES(zeros)), hash_add(&h, digest_view(&event)), hash_end(&h, out);
	memcpy(values[11], out, 32);
	assert_int_equal(quote_pcr_digest(HASH_SHA256, &bank, 1, &d), OK);
	PART_WRITE(&x->attest, b, {
		exchange_attest_head(&b, 0x8018, x, bytes_of(x->digest, 32));
		buffer_bytes(&b, BYTES(selection));
		buffer_sized16(&b, digest_view(&d));
	});
	exchange_ak_sign(x, part_view(&x->attest), &x->signature);
}

static inline struct binding
exchange_binding(const struct exchange *x)
{
	struct binding m = { .purpose = PURPOSE_BOOT, .salting_key = x->ek_name, .indices = 1,
		.index = { { EXCHANGE_HANDLE, 1 } }, .seals = 1, .seal = { { .epoch = 1 } }, .nonce = BYTES(x->nonce),
		.nonce_tpm = BYTES(x->nonce_tpm) };
	struct digest log = hash_digest(HASH_SHA256, part_view(&x->event_log));
	struct digest events = hash_digest(HASH_SHA256, part_view(&x->user_events));

	memcpy(m.machine, x->machine, sizeof m.machine);
	memcpy(m.machine_key, x->machine_key.pk, sizeof m.machine_key);
	memcpy(m.seal[0].share, x->share_id, SHARE_ID_SIZE);
	memcpy(m.hpke_key, x->boot_key.pk, sizeof m.hpke_key);
	memcpy(m.event_log, log.p, 32);
	memcpy(m.user_events, events.p, 32);
	return m;
}

static inline void
exchange_evidence(struct exchange *x)
{
	struct challenge c = { BYTES(x->nonce), BYTES_STRING("verifier-1") };
	struct user_events events = { .n = 1, .event = { { .pcr = 11, .digests = 1, .data = BYTES_STRING("enter-initrd"),
		.name = BYTES_STRING("systemd-pcrphase") } } };
	struct binding binding;
	struct digest d;
	struct evidence e;

	PART_WRITE(&x->challenge, b, message_challenge_encode(&c, &b));
	exchange_event_log(x);
	events.event[0].digest[0] = hash_digest(HASH_SHA256, events.event[0].data);
	PART_WRITE(&x->user_events, b, message_user_events_encode(&events, &b));
	binding = exchange_binding(x);
	PART_WRITE(&x->binding, b, message_binding_encode(&binding, &b));
	d = hash_digest(HASH_SHA256, part_view(&x->binding));
	memcpy(x->digest, d.p, sizeof x->digest);
	exchange_quote(x);
	e = (struct evidence){ part_view(&x->binding), part_view(&x->attest), part_view(&x->signature),
		part_view(&x->event_log), part_view(&x->user_events) };
	PART_WRITE(&x->evidence, b, message_evidence_encode(&e, &b));
}

/* A statement about this exchange, with nothing in it that belongs to one decision. */
static inline struct statement
exchange_statement(const struct exchange *x, enum decision decision)
{
	struct statement m = { .issued_at = 1790000000, .decision = decision, .policy = BYTES_STRING("servers/7"),
		.purpose = PURPOSE_BOOT, .record = 1042 };

	memcpy(m.evidence, x->digest, sizeof m.evidence);
	memcpy(m.machine, x->machine, sizeof m.machine);
	return m;
}

/* The answer that carries the statement ${m}, with the gate's approval when ${opens}. */
static inline void
exchange_result(const struct exchange *x, const struct statement *m, bool opens, struct part *claims, struct part *to)
{
	static uint8_t scratch[4096], cose[2048];
	struct buffer s = BUFFER(scratch), signed_claims = BUFFER(cose);
	struct result r = { .approval_key = x->approval.public, .statement_key = x->statement.public, .gates = 1,
		.gate = { { 1, EXCHANGE_HANDLE, part_view(&x->delegation), bytes_of(NULL, 0) } } };

	PART_WRITE(claims, b, message_statement_encode(m, &b));
	assert_int_equal(cose_sign(&x->statement, part_view(claims), &s, &signed_claims), OK);
	r.statement = buffer_view(&signed_claims);
	if (opens)
		r.gate[0].approval = part_view(&x->gate_approval);
	PART_WRITE(to, b, message_result_encode(&r, &b));
}

static inline void
exchange_results(struct exchange *x)
{
	struct statement approved = exchange_statement(x, DECISION_APPROVE), denied = exchange_statement(x, DECISION_DENY),
			 held = exchange_statement(x, DECISION_HOLD);
	uint8_t aad[32 + SHARE_ID_SIZE], sealed[SEALED_SHARE_SIZE], id[HOLD_ID_SIZE];
	struct hpke_context c = { .info = BYTES_STRING("bootgate/1 share"), .aad = BYTES(aad) };
	struct buffer share = BUFFER(sealed);
	struct result r;
	struct digest d;

	memcpy(aad, x->digest, 32);
	memcpy(aad + 32, x->share_id, SHARE_ID_SIZE);
	assert_int_equal(hpke_seal_deterministic(&x->ephemeral, x->boot_key.pk, &c, BYTES(x->share), &share), OK);
	approved.shares = 1;
	memcpy(approved.share[0].id, x->share_id, SHARE_ID_SIZE);
	approved.share[0].sealed = buffer_view(&share);
	exchange_result(x, &approved, true, &x->approved_claims, &x->approved);

	denied.reasons = 1;
	denied.reason[0] = (struct reason){ BYTES_STRING("A11"), BYTES_STRING("PCR 7: Secure Boot is off") };
	exchange_result(x, &denied, false, &x->denied_claims, &x->denied);

	label_bytes("hold", id, sizeof id);
	held.hold = BYTES(id);
	held.reasons = 1;
	held.reason[0] = (struct reason){ BYTES_STRING("A12"), BYTES_STRING("unknown initrd; an operator decides") };
	exchange_result(x, &held, false, &x->held_claims, &x->held);

	PART_WRITE(&x->hold, b, message_hold_encode(true, &b));
	PART_WRITE(&x->problem, b, message_problem_encode(&(struct problem){ BYTES_STRING("busy"),
		BYTES_STRING("the verifier is at its limit; try again") }, &b));
	assert_int_equal(message_result_decode(part_view(&x->approved), &r), OK);
	d = hash_digest(HASH_SHA256, r.statement);
	PART_WRITE(&x->door, b, message_door_event("approved", digest_view(&d), &b));
}

/* Message ${i} (1 to 4) of the enrolment: the transcript goes on over its body, the MAC is over that. */
static inline void
exchange_frame(struct exchange *x, size_t i, const struct part *body, struct bytes key, struct part *to)
{
	uint8_t mac[MAC_SIZE];
	struct framed f = { part_view(body), BYTES(mac) };

	if (i == 1)
		message_transcript_begin(x->transcript[0]);
	else
		memcpy(x->transcript[i - 1], x->transcript[i - 2], TRANSCRIPT_SIZE);
	message_transcript_add(x->transcript[i - 1], f.body);
	if (i == 2)
		assert_int_equal(message_enroll_key(x->transcript[1], x->credential, BYTES(x->token_key), x->key), OK);
	message_enroll_mac(key, x->transcript[i - 1], mac);
	PART_WRITE(to, b, message_framed_encode(&f, &b));
}

static inline void
exchange_audit(struct exchange *x, struct bytes nonce)
{
	uint8_t policy[GATE_DIGEST_SIZE], session[GATE_DIGEST_SIZE];

	assert_int_equal(gate_nv_policy(&x->authority.public, 1, policy), OK);
	nv_read_public_audit(EXCHANGE_HANDLE, GATE_NV_ATTRIBUTES, policy, session);
	PART_WRITE(&x->audit, b, {
		exchange_attest_head(&b, 0x8016, x, nonce);
		buffer_u8(&b, 1); /* exclusiveSession */
		buffer_sized16(&b, BYTES(session));
	});
	exchange_ak_sign(x, part_view(&x->audit), &x->audit_signature);
}

static inline void
exchange_enroll(struct exchange *x)
{
	uint8_t session[24];
	struct enroll_begin begin = { .token = BYTES(x->token_id), .ek = part_view(&x->ek_public),
		.ak = part_view(&x->ak_public), .label = BYTES_STRING("rack3-node7") };
	struct enroll_challenge offer = { .session = BYTES(session), .blob = part_view(&x->blob), .seed = part_view(&x->seed),
		.approval_key = x->approval.public, .statement_key = x->statement.public, .epoch = 1,
		.delegation = part_view(&x->delegation) };
	struct enroll_finish finish = { .session = BYTES(session), .nv_handle = EXCHANGE_HANDLE, .epoch = 1,
		.nv_handle_next = EXCHANGE_HANDLE + 1 };
	struct enroll_answer answer = { .state = ENROLLED_ACTIVE, .text = BYTES_STRING("welcome") };
	struct bytes key = BYTES(x->key);

	label_bytes("session", session, sizeof session);
	label_bytes("enroll nonce", begin.nonce, sizeof begin.nonce);
	PART_WRITE(&x->begin_body, b, message_enroll_begin_encode(&begin, &b));
	exchange_frame(x, 1, &x->begin_body, BYTES(x->token_key), &x->begin);

	label_bytes("audit nonce", offer.nonce, sizeof offer.nonce);
	PART_WRITE(&x->offer_body, b, message_enroll_challenge_encode(&offer, &b));
	exchange_frame(x, 2, &x->offer_body, key, &x->offer);

	exchange_audit(x, BYTES(offer.nonce));
	memcpy(finish.machine_key, x->machine_key.pk, sizeof finish.machine_key);
	finish.attest = part_view(&x->audit);
	finish.signature = part_view(&x->audit_signature);
	PART_WRITE(&x->finish_body, b, message_enroll_finish_encode(&finish, &b));
	exchange_frame(x, 3, &x->finish_body, key, &x->finish);

	memcpy(answer.machine, x->machine, sizeof answer.machine);
	PART_WRITE(&x->answer_body, b, message_enroll_answer_encode(&answer, &b));
	exchange_frame(x, 4, &x->answer_body, key, &x->answer);
}

/* Fixtures are lower-case hex, 32 bytes a line. */
static inline void
fixture_path(const char *name, char path[128])
{
	snprintf(path, 128, EXCHANGE_FOLDER "%s.hex", name);
}

static inline struct bytes
fixture_read(const char *name, char *text, size_t size)
{
	struct buffer b = buffer_of(text, size);
	char path[128];

	fixture_path(name, path);
	if (file_read(path, &b) != OK)
		fail_msg("%s cannot be read", path);
	return buffer_view(&b);
}

static inline void
fixture_decode(const char *name, struct part *to)
{
	char text[8192], digits[8192];
	struct bytes v = fixture_read(name, text, sizeof text);
	size_t n = 0;

	for (size_t i = 0; i < v.n; i++)
		if (v.p[i] != '\n')
			digits[n++] = (char)v.p[i];
	digits[n] = '\0';
	assert_int_equal(text_unhex(digits, to->p, sizeof to->p, &to->n), OK);
}

static inline void
exchange_make(struct exchange *x)
{
	uint8_t tpm_secret[32];

	memset(x, 0, sizeof *x);
	label_bytes("nonce", x->nonce, sizeof x->nonce);
	label_bytes("nonceTPM", x->nonce_tpm, sizeof x->nonce_tpm);
	label_bytes("share", x->share, sizeof x->share);
	label_bytes("share id", x->share_id, sizeof x->share_id);
	label_bytes("token id", x->token_id, sizeof x->token_id);
	label_bytes("token key", x->token_key, sizeof x->token_key);
	label_bytes("credential", x->credential, sizeof x->credential);
	label_bytes("tpm_secret", tpm_secret, sizeof tpm_secret);
	assert_int_equal(hpke_derive(BYTES(tpm_secret), &x->machine_key), OK);
	label_hpke("boot key", &x->boot_key);
	label_hpke("ephemeral", &x->ephemeral);
	exchange_identity(x);
	exchange_gate(x);
	exchange_evidence(x);
	exchange_results(x);
	fixture_decode("credential-blob", &x->blob);
	fixture_decode("credential-seed", &x->seed);
	exchange_enroll(x);
#define X(member, file) x->member.name = file;
	EXCHANGE_PARTS(X)
#undef X
}

#endif
