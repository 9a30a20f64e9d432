/* SPDX-License-Identifier: ISC */
/*
 * The messages of protocol version 1.  (docs/protocol.md)
 *
 * Each is one CBOR item in deterministic encoding (RFC 8949, 4.2.1): maps with unsigned keys, the numbers below; a field
 * that is empty and optional is left out.  Text is UTF-8 without control characters.  message_*_decode() refuses everything
 * else: unknown keys, other types, sizes out of range, non-shortest forms, wrong order, trailing bytes; the struct is then all
 * zeros.  Decoded views point into the input, which must outlive them.  message_*_encode() appends to ${out}, and refuses what
 * the decoder would.
 *
 * E_VERSION: another version or profile; E_UNSUPPORTED: a key nobody knows; E_MISSING: one that is absent; E_TYPE; E_RANGE:
 * too small, or a part that this outcome or purpose does not have; E_TOO_LARGE; E_DUPLICATE and E_NOT_DETERMINISTIC: a list
 * that names something twice or out of order; E_KEY: no point of the curve, or one key for two uses.
 */
#ifndef PROTOCOL_MESSAGE_H
#define PROTOCOL_MESSAGE_H

#include "crypto/ec.h"
#include "crypto/hpke.h"
#include "structures/credential.h"
#include "structures/policy_digest.h"
#include "structures/quote.h"

#define PROTOCOL_VERSION 1

#define NONCE_SIZE_MIN 16
#define NONCE_SIZE_MAX 64
#define SHARE_ID_SIZE 16
#define SHARE_SIZE 32
#define MACHINE_KEY_SIZE 32
#define SEALS_MAX 32
#define GATES_MAX 2
#define REASONS_MAX 32
#define ORDERS_MAX 4
#define REASON_TEXT_MAX 400
#define LABEL_MAX 64
#define CERTIFICATES_MAX 8
#define CERTIFICATE_SIZE_MAX 4096
#define HOLD_ID_SIZE 16
#define SESSION_SIZE_MIN 16
#define SESSION_SIZE_MAX 64
#define POLICY_NAME_MAX 128
#define CHECK_NAME_MAX 16
#define SEALED_SHARE_SIZE (HPKE_OVERHEAD + SHARE_SIZE)
#define PCR_MAX 23
#define BANKS_MAX 4
#define USER_EVENT_DATA_MAX 1024
#define MAC_SIZE 32

/* Limits of bodies; a verifier answers 413 above them. */
#define CHALLENGE_SIZE_MAX 256
#define PROBLEM_SIZE_MAX 512
#define EVENT_LOG_SIZE_MAX (512u * 1024)
#define USER_EVENTS_SIZE_MAX (64u * 1024)
#define USER_EVENTS_MAX 64
#define BINDING_SIZE_MAX 2048
#define EVIDENCE_SIZE_MAX (EVENT_LOG_SIZE_MAX + USER_EVENTS_SIZE_MAX + 8192)
#define STATEMENT_SIZE_MAX 32768
#define RESULT_SIZE_MAX (STATEMENT_SIZE_MAX + 1024)
#define ENROLL_SIZE_MAX 49152

enum purpose { PURPOSE_NONE = 0, PURPOSE_BOOT = 1, PURPOSE_VOLUME = 2 };

/* --- POST /v1/challenge: an empty body; answer: { 1: nonce bstr .size 16..64, 2: "server name" tstr, for the log } --- */
struct challenge {
	struct bytes nonce;
	struct bytes verifier;
};

/* --- binding: what the quote binds. Its SHA-256 is the quote's qualifying data and "the evidence's digest". --- */
struct index_claim {
	uint32_t handle, epoch;
};

struct seal_claim {
	uint32_t epoch;
	uint8_t share[SHARE_ID_SIZE];
};

struct binding {
	/* 1: version = 1 */
	enum purpose purpose;                     /* 2 */
	uint8_t machine[MACHINE_ID_SIZE];         /* 3 */
	struct name salting_key;                  /* 4 */
	uint8_t machine_key[MACHINE_KEY_SIZE];    /* 5 */
	size_t indices;                           /* 6: [ [handle, epoch] ... ], at most GATES_MAX, no doubles of either */
	struct index_claim index[GATES_MAX];
	size_t seals;                             /* 7: [ [epoch, share id] ... ], ascending (epoch, then id), no doubles */
	struct seal_claim seal[SEALS_MAX];
	struct bytes nonce;                       /* 8: the verifier's */
	struct bytes nonce_tpm;                   /* 9: 32 bytes for PURPOSE_BOOT, left out for PURPOSE_VOLUME */
	uint8_t hpke_key[32];                     /* 10: X25519, made for this one exchange */
	uint8_t event_log[32];                    /* 11: SHA-256 of the firmware's log */
	uint8_t user_events[32];                  /* 12: SHA-256 of the encoded user-space events */
};

enum status message_binding_encode(const struct binding *b, struct buffer *out);
enum status message_binding_decode(struct bytes in, struct binding *b);

/* --- user-space events: [ [pcr, [[alg, digest] ...], data bstr .size 0..1024, name tstr] ... ] in the order of extension --- */
struct user_event {
	unsigned pcr;
	size_t digests; /* 1..4, algorithms ascending */
	struct digest digest[BANKS_MAX];
	struct bytes data; /* what was hashed; empty when not known */
	struct bytes name; /* who extended, for people: "door", "systemd-pcrphase" */
};

struct user_events {
	size_t n;
	struct user_event event[USER_EVENTS_MAX];
};

enum status message_user_events_encode(const struct user_events *e, struct buffer *out);
enum status message_user_events_decode(struct bytes in, struct user_events *e);

/* --- POST /v1/attest, /v1/volume: evidence --- */
struct evidence {
	struct bytes binding;     /* 1: encoded struct binding */
	struct bytes attest;      /* 2: TPMS_ATTEST */
	struct bytes signature;   /* 3: TPMT_SIGNATURE by the AK */
	struct bytes event_log;   /* 4: as securityfs gives it */
	struct bytes user_events; /* 5: encoded struct user_events */
};

enum status message_evidence_encode(const struct evidence *e, struct buffer *out);
enum status message_evidence_decode(struct bytes in, struct evidence *e);

/* --- the answer (200 approval, 202 hold, 403 denial): attestation result --- */

/* One delegation, with the PolicySigned signature for the index of that epoch (empty unless approved for PURPOSE_BOOT). [epoch, handle, delegation, approval] */
struct gate {
	uint32_t epoch, handle;
	struct bytes delegation, approval;
};

struct result {
	struct bytes statement;         /* 1: COSE_Sign1 by the statement key, over struct statement */
	struct ec_public approval_key;  /* 2: uncompressed point */
	struct ec_public statement_key; /* 3: uncompressed point */
	size_t gates;                   /* 4: at least one, no two of an epoch */
	struct gate gate[GATES_MAX];
};

enum status message_result_encode(const struct result *r, struct buffer *out);
enum status message_result_decode(struct bytes in, struct result *r);

/* Deny is zero. The numbers are those of ear.status' tiers on the wire: 96, 32 and 2. */
enum decision { DECISION_DENY = 0, DECISION_HOLD, DECISION_APPROVE };

struct reason {
	struct bytes check; /* "A7" */
	struct bytes text;
};

enum order_kind { ORDER_NONE = 0, ORDER_ROTATE = 1 };

struct order {
	enum order_kind kind;
	uint32_t epoch;
};

/* A network share, HPKE-sealed (base mode) to binding.hpke_key with info "bootgate/1 share" and aad = evidence digest || share id. */
struct sealed_share {
	uint8_t id[SHARE_ID_SIZE];
	struct bytes sealed;
};

/* The claims of a statement (EAT, RFC 9711; EAR), a flat map: */
struct statement {
	uint64_t issued_at;                     /* 6 (iat): the verifier's clock, for people */
	uint8_t evidence[32];                   /* 10 (eat_nonce): the evidence's digest */
	uint8_t machine[MACHINE_ID_SIZE];       /* 256 (ueid): 01 || id */
	                                        /* 265 (eat_profile): "bootgate/1" */
	enum decision decision;                 /* 1000 (ear.status) */
	struct bytes policy;                    /* 1003 (ear.appraisal-policy-id): "name/version" */
	enum purpose purpose;                   /* -70001 */
	size_t orders;                          /* -70002: [ [kind, epoch] ... ], approved only */
	struct order order[ORDERS_MAX];
	size_t shares;                          /* -70003: [ [id, sealed] ... ], approved only */
	struct sealed_share share[SEALS_MAX];
	size_t reasons;                         /* -70004: [ [check, text] ... ] */
	struct reason reason[REASONS_MAX];
	uint64_t record;                        /* -70005: number in the audit log */
	struct bytes hold;                      /* -70006: hold id, with DECISION_HOLD and only there */
	struct bytes machine_key;               /* -70007: for an approved PURPOSE_VOLUME and only there: what to seal to */
};

enum status message_statement_encode(const struct statement *s, struct buffer *out);
enum status message_statement_decode(struct bytes in, struct statement *s);

/*
 * message_result_verify(r, authority, b, digest, s): what the agent believes: each delegation is the authority's over exactly these keys and its epoch;
 * the statement's signature; the statement's digest, machine and purpose are ours; when a boot with an index is approved,
 * every gate is of an index in ${b} and has its approval, else none has one; when a volume is, every gate is of an epoch in ${b}.
 * E_SIGNATURE, E_MISMATCH, E_PROTOCOL, and what cose_verify() and the decoder say; the statement's claims in ${s} only with
 * OK, all zeros (a denial) else.  ${scratch} holds what COSE needs: STATEMENT_SIZE_MAX + 64 bytes do.
 */
enum status message_result_verify(const struct result *r, const struct ec_public *authority, const struct binding *b,
	const uint8_t digest[32], struct buffer *scratch, struct statement *s);

/* --- GET /v1/hold/ID: { 1: decided bool } --- */
enum status message_hold_encode(bool decided, struct buffer *out);
enum status message_hold_decode(struct bytes in, bool *decided);

/* --- errors of any route, unsigned, a hint for people: { 16: code tstr, 17: text tstr } --- */
struct problem {
	struct bytes code, text;
};

enum status message_problem_encode(const struct problem *p, struct buffer *out);
enum status message_problem_decode(struct bytes in, struct problem *p);

/*
 * --- Enrolment ---
 * Each request and answer is { 1: body bstr, 2: mac bstr .size 0 / 32 }.  The transcript hash after message i is
 * T_i = SHA-256(T_(i-1) || body_i), T_0 = SHA-256("bootgate/1 enroll").
 *   begin request:  mac = HMAC-SHA256(token key, T_1), empty without a token
 *   begin answer:   mac = HMAC-SHA256(K, T_2), checked by the agent once ActivateCredential gave it the secret
 *   finish request: mac = HMAC-SHA256(K, T_3)        finish answer: mac = HMAC-SHA256(K, T_4)
 * K = HKDF-SHA256(salt = T_2, ikm = credential secret || token key (32 bytes, or none), info = "bootgate/1 enroll key").
 */
#define TOKEN_ID_SIZE 8
#define TOKEN_KEY_SIZE 32
#define TRANSCRIPT_SIZE 32

struct framed {
	struct bytes body, mac;
};

enum status message_framed_encode(const struct framed *f, struct buffer *out);
enum status message_framed_decode(struct bytes in, struct framed *f);

void message_transcript_begin(uint8_t t[TRANSCRIPT_SIZE]);
void message_transcript_add(uint8_t t[TRANSCRIPT_SIZE], struct bytes body);
enum status message_enroll_key(const uint8_t t2[TRANSCRIPT_SIZE], const uint8_t secret[32], struct bytes token_key, uint8_t k[32]);
void message_enroll_mac(struct bytes key, const uint8_t t[TRANSCRIPT_SIZE], uint8_t mac[32]);

/* A token as people carry it: "bg1-" || base32-free lower-case hex of id (8) || key (32). */
enum status message_token_parse(const char *text, uint8_t id[TOKEN_ID_SIZE], uint8_t key[TOKEN_KEY_SIZE]);
#define TOKEN_TEXT_SIZE (4 + 2 * (TOKEN_ID_SIZE + TOKEN_KEY_SIZE) + 1)
void message_token_format(const uint8_t id[TOKEN_ID_SIZE], const uint8_t key[TOKEN_KEY_SIZE], char out[TOKEN_TEXT_SIZE]);

struct enroll_begin {
	/* 1: version = 1 */
	struct bytes token;       /* 2: token id, or left out */
	size_t certificates;      /* 3: [ bstr DER ... ], the EK's first, then what the TPM stores of its chain */
	struct bytes certificate[CERTIFICATES_MAX];
	struct bytes ek, ak;      /* 4, 5: TPMT_PUBLIC */
	struct bytes label;       /* 6: tstr, the host name */
	uint8_t nonce[32];        /* 7: the agent's */
};

struct enroll_challenge {
	struct bytes session;     /* 1: opaque, 16..64 bytes */
	struct bytes blob, seed;  /* 2, 3: for ActivateCredential */
	struct ec_public approval_key, statement_key; /* 4, 5 */
	uint32_t epoch;           /* 6: the machine's epoch */
	struct bytes delegation;  /* 7 */
	uint8_t nonce[32];        /* 8: qualifying data of the NV proof */
};

struct enroll_finish {
	struct bytes session;     /* 1 */
	uint32_t nv_handle;       /* 2 */
	uint32_t epoch;           /* 3 */
	uint8_t machine_key[MACHINE_KEY_SIZE]; /* 4 */
	struct bytes attest, signature; /* 5, 6: GetSessionAuditDigest over NV_ReadPublic, by the AK, qualifying data = nonce 8 of the challenge */
	uint32_t nv_handle_next;  /* 7: the second fixed handle, for rotation */
};

enum enrolled_state { ENROLLED_PENDING = 0, ENROLLED_ACTIVE = 1 };

struct enroll_answer {
	uint8_t machine[MACHINE_ID_SIZE]; /* 1 */
	enum enrolled_state state;        /* 2: pending = waits for an operator's yes */
	struct bytes text;                /* 3: tstr, for people */
};

enum status message_enroll_begin_encode(const struct enroll_begin *m, struct buffer *out);
enum status message_enroll_begin_decode(struct bytes in, struct enroll_begin *m);
enum status message_enroll_challenge_encode(const struct enroll_challenge *m, struct buffer *out);
enum status message_enroll_challenge_decode(struct bytes in, struct enroll_challenge *m);
enum status message_enroll_finish_encode(const struct enroll_finish *m, struct buffer *out);
enum status message_enroll_finish_decode(struct bytes in, struct enroll_finish *m);
enum status message_enroll_answer_encode(const struct enroll_answer *m, struct buffer *out);
enum status message_enroll_answer_decode(struct bytes in, struct enroll_answer *m);

enum status message_challenge_encode(const struct challenge *m, struct buffer *out);
enum status message_challenge_decode(struct bytes in, struct challenge *m);

/* message_share_seal/open(): a network share to the exchange's HPKE key, as struct sealed_share says. */
enum status message_share_seal(const uint8_t hpke_key[32], const uint8_t digest[32], const uint8_t id[SHARE_ID_SIZE],
	const uint8_t share[SHARE_SIZE], struct buffer *out);
enum status message_share_open(const struct hpke_private *k, const uint8_t digest[32], const struct sealed_share *sealed, uint8_t share[SHARE_SIZE]);

/* message_door_event(outcome, digest, out): the data of the door's PCR event: [ "bootgate/1 door", outcome tstr, digest bstr ]; ${outcome}: "approved" (digest = SHA-256 of the COSE statement), "passphrase", "shell", "left" (digest empty). */
enum status message_door_event(const char *outcome, struct bytes digest, struct buffer *out);

#endif
