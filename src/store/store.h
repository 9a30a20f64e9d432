/* SPDX-License-Identifier: ISC */
/*
 * What the verifiers of a fleet remember.  The judges and bootgatectl use it at the same time.
 *
 * sqlite.c implements it over one file; another module may implement the same functions over a server.  Secrets lie in it
 * wrapped under the share master (store/keys.h), which is not in it.
 *
 * Every function gives OK, E_NOT_FOUND where that is an answer, E_BUSY when another process kept the database for longer than
 * five seconds, or E_STORE, and store_why() has a sentence.  Changes outside of a transaction are durable on return; changes
 * between store_begin() and store_commit() are durable, all or none, when store_commit() gives OK.
 *
 * Iterators call ${each} for each row until it returns false; what they pass lives until it returns, and it must not call the store.
 */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include "policy/case.h"

#define STORE_FILE "bootgate.db"
#define STORE_SCHEMA 1

struct store;

enum store_mode { STORE_READ_WRITE, STORE_CREATE };

/*
 * store_open(path, mode, st, why, size): STORE_CREATE makes the file (mode 0600) where there is none.  Refuses files that others may read, and
 * another schema than STORE_SCHEMA (E_VERSION).
 */
enum status store_open(const char *path, enum store_mode mode, struct store **st, char *why, size_t size);
void store_close(struct store *st);
const char *store_why(const struct store *st);

/* store_begin(st): a transaction that writes; one at a time among all processes. */
enum status store_begin(struct store *st);
enum status store_commit(struct store *st);
void store_rollback(struct store *st);

/* --- machines --- */

enum status store_machine_get(struct store *st, const uint8_t id[MACHINE_ID_SIZE], struct machine *m);
enum status store_machine_put(struct store *st, const struct machine *m);

/* store_machine_find(st, name, m): by label, or by at least 8 hex digits of the id. E_DUPLICATE when that is more than one. */
enum status store_machine_find(struct store *st, const char *name, struct machine *m);

/* store_machine_forget(st, id): with its shares, verdicts, holds and cases. The audit log keeps what it has. */
enum status store_machine_forget(struct store *st, const uint8_t id[MACHINE_ID_SIZE]);
enum status store_machine_each(struct store *st, bool (*each)(const struct machine *m, void *arg), void *arg);

/*
 * A candidate is a machine that enrolled again under an EK that is enrolled: it replaces nothing until an operator says yes.
 * store_candidate_accept(st, id): replaces AK, machine key, NV handles and epoch; keeps label, policy and frozen; deletes the old shares,
 * verdicts and holds.  For a new machine that waits (active = false), use store_machine_put() with active = true.
 */
enum status store_candidate_put(struct store *st, const struct machine *m);
enum status store_candidate_get(struct store *st, const uint8_t id[MACHINE_ID_SIZE], struct machine *m);
enum status store_candidate_accept(struct store *st, const uint8_t id[MACHINE_ID_SIZE]);
enum status store_candidate_remove(struct store *st, const uint8_t id[MACHINE_ID_SIZE]);
enum status store_candidate_each(struct store *st, bool (*each)(const struct machine *m, void *arg), void *arg);

/* --- network shares: wrapped, purpose "share", aad = machine id || share id --- */

#define STORE_SHARE_PURPOSE "share"
#define STORE_WRAPPED_MAX 128
#define STORE_SHARES_MAX 64 /* of one machine */
struct store_share {
	uint8_t machine[MACHINE_ID_SIZE], id[SHARE_ID_SIZE];
	size_t n;
	uint8_t wrapped[STORE_WRAPPED_MAX];
};
enum status store_share_put(struct store *st, const struct store_share *share); /* E_EXISTS; E_TOO_LARGE above STORE_SHARES_MAX */
enum status store_share_get(struct store *st, const uint8_t machine[MACHINE_ID_SIZE], const uint8_t id[SHARE_ID_SIZE], struct store_share *share);
enum status store_share_remove(struct store *st, const uint8_t machine[MACHINE_ID_SIZE], const uint8_t id[SHARE_ID_SIZE]); /* E_NOT_FOUND */
enum status store_share_each(struct store *st, const uint8_t machine[MACHINE_ID_SIZE], bool (*each)(const struct store_share *share, void *arg), void *arg);
enum status store_share_count(struct store *st, const uint8_t machine[MACHINE_ID_SIZE], size_t *n);

/*
 * --- verdicts: one for each evidence of a machine, with the encoded claims of its statement ---
 *
 * They are kept for as long as the evidence could be shown again: its nonce is good for ten minutes, by clocks that are minutes apart.
 */
#define STORE_VERDICT_LIFETIME 3600

struct store_verdict {
	uint8_t machine[MACHINE_ID_SIZE], evidence[32];
	enum decision decision;
	uint64_t record, made; /* made: seconds; what is older than STORE_VERDICT_LIFETIME goes then */
	struct bytes claims;
};
enum status store_verdict_put(struct store *st, const struct store_verdict *v); /* replaces an approval by a denial; E_EXISTS otherwise */

/* store_verdict_count(st, machine, after, n): how many were made of a machine's evidence since then, but not before STORE_VERDICT_LIFETIME. */
enum status store_verdict_count(struct store *st, const uint8_t machine[MACHINE_ID_SIZE], uint64_t after, size_t *n);

/* store_verdict_get(st, machine, evidence, v, claims): ${claims} gets what v->claims points to. */
enum status store_verdict_get(struct store *st, const uint8_t machine[MACHINE_ID_SIZE], const uint8_t evidence[32], struct store_verdict *v,
	struct buffer *claims);

/* --- enrolment tokens: the key wrapped, purpose "token", aad = token id --- */

#define STORE_TOKEN_PURPOSE "token"
struct store_token {
	uint8_t id[TOKEN_ID_SIZE];
	size_t n;
	uint8_t wrapped[STORE_WRAPPED_MAX];
	char label[LABEL_MAX + 1];         /* "": the machine's own word for itself */
	char policy[POLICY_NAME_MAX + 1];  /* "": the configuration's default-policy */
	bool has_machine;                  /* only for this machine, which may be enrolled already */
	uint8_t machine[MACHINE_ID_SIZE];
	uint64_t made, expires;            /* seconds */
	uint32_t uses;                     /* how often it may still be used */
};
enum status store_token_put(struct store *st, const struct store_token *t);
enum status store_token_get(struct store *st, const uint8_t id[TOKEN_ID_SIZE], struct store_token *t);
enum status store_token_use(struct store *st, const uint8_t id[TOKEN_ID_SIZE], uint64_t now); /* E_NOT_FOUND when used up or expired */
enum status store_token_remove(struct store *st, const uint8_t id[TOKEN_ID_SIZE]);
enum status store_token_each(struct store *st, bool (*each)(const struct store_token *t, void *arg), void *arg);

/* --- EKs that an operator listed beforehand: their machines enrol without a token and are active at once --- */

struct store_ek {
	uint8_t machine[MACHINE_ID_SIZE];
	char label[LABEL_MAX + 1], policy[POLICY_NAME_MAX + 1];
};
enum status store_ek_put(struct store *st, const struct store_ek *ek);
enum status store_ek_get(struct store *st, const uint8_t machine[MACHINE_ID_SIZE], struct store_ek *ek);
enum status store_ek_remove(struct store *st, const uint8_t machine[MACHINE_ID_SIZE]);
enum status store_ek_each(struct store *st, bool (*each)(const struct store_ek *ek, void *arg), void *arg);

/* --- enrolments under way: begin was answered, finish has not come --- */

#define STORE_SESSION_SIZE 16
#define STORE_SESSIONS_MAX 1024
#define STORE_SESSION_LIFETIME 600
#define STORE_SESSION_STATE_MAX 4096
struct store_session {
	uint8_t id[STORE_SESSION_SIZE];
	uint64_t made;
	struct bytes state; /* the verifier's own encoding */
};
/* store_session_put(st, s): drops those that are older than STORE_SESSION_LIFETIME, and the oldest above STORE_SESSIONS_MAX. */
enum status store_session_put(struct store *st, const struct store_session *s);
enum status store_session_take(struct store *st, const uint8_t id[STORE_SESSION_SIZE], uint64_t now, struct buffer *state);

/* --- reference values and policies --- */

#define STORE_NOTE_MAX 200
enum status store_reference_add(struct store *st, const struct reference *r, const char *note); /* E_EXISTS */
enum status store_reference_remove(struct store *st, const struct reference *r);                /* E_NOT_FOUND */
enum status store_reference_each(struct store *st, bool (*each)(const struct reference *r, const char *note, uint64_t added, void *arg), void *arg);

#define STORE_POLICY_SIZE_MAX 65536
enum status store_policy_put(struct store *st, const char *name, struct bytes text);
enum status store_policy_remove(struct store *st, const char *name);
enum status store_policy_each(struct store *st, bool (*each)(const char *name, struct bytes text, uint64_t changed, void *arg), void *arg);

/* store_generation(st, n): grows whenever references or policies change: what a judge looks at before it uses what it holds. */
enum status store_generation(struct store *st, uint64_t *n);

/* --- holds --- */

enum hold_state { HOLD_WAITING = 0, HOLD_YES, HOLD_NO, HOLD_USED };
struct store_hold {
	uint8_t id[HOLD_ID_SIZE], machine[MACHINE_ID_SIZE];
	enum hold_state state;
	uint64_t made, decided;
	uint32_t reset, restart; /* the boot it is about: a yes serves no other */
	uint64_t record;
};
enum status store_hold_put(struct store *st, const struct store_hold *h);
enum status store_hold_get(struct store *st, const uint8_t id[HOLD_ID_SIZE], struct store_hold *h);
enum status store_hold_decide(struct store *st, const uint8_t id[HOLD_ID_SIZE], bool yes, uint64_t now); /* E_NOT_FOUND unless it waits */

/* store_hold_find(st, machine, reset, restart, h): the newest hold of that boot, whatever its state. */
enum status store_hold_find(struct store *st, const uint8_t machine[MACHINE_ID_SIZE], uint32_t reset, uint32_t restart, struct store_hold *h);
enum status store_hold_use(struct store *st, const uint8_t id[HOLD_ID_SIZE]); /* HOLD_YES becomes HOLD_USED */

/* store_hold_release(st, machine, now): whatever of that machine waits is decided: it may ask again. After approve, freeze, a new policy. */
enum status store_hold_release(struct store *st, const uint8_t machine[MACHINE_ID_SIZE], uint64_t now);
enum status store_hold_each(struct store *st, bool (*each)(const struct store_hold *h, void *arg), void *arg);

/* --- the audit log --- */

/*
 * Record i holds hash_i = SHA-256(hash_(i-1) || be64(number) || be64(time) || record), hash_0 = 32 zero bytes; numbers begin at 1 and leave none out.
 * The database refuses to change or to delete a record.
 */
#define STORE_RECORD_MAX 32768
struct store_record {
	uint64_t number, time;
	uint8_t hash[32];
	struct bytes record; /* store/record.h */
};

/* store_audit_append(st, time, record, number): within a transaction: what it is about must be durable with it. */
enum status store_audit_append(struct store *st, uint64_t time, struct bytes record, uint64_t *number);

/* store_audit_next(st, number): the number that the next record gets; stable within a transaction. */
enum status store_audit_next(struct store *st, uint64_t *number);
enum status store_audit_each(struct store *st, uint64_t from, bool (*each)(const struct store_record *r, void *arg), void *arg);

/* store_audit_verify(st, last, bad): E_MISMATCH, with the first bad record's number, when the chain does not hold. ${last}: the last number and hash. */
enum status store_audit_verify(struct store *st, struct store_record *last, uint64_t *bad);

/* --- case files --- */

/* store_case_put(st, record, machine, approved, c, keep): texts and references are kept once; of the machine's cases the newest ${keep} approved and 4 * ${keep} others stay. */
enum status store_case_put(struct store *st, uint64_t record, const uint8_t machine[MACHINE_ID_SIZE], bool approved, const struct case_file *c, unsigned keep);

/* store_case_get(st, record, c, space): ${space} gets what ${c} points to. */
enum status store_case_get(struct store *st, uint64_t record, struct case_file *c, struct buffer *space);

#endif
