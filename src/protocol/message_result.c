/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "base/cbor_write.h"
#include "crypto/hpke.h"
#include "protocol/cose.h"
#include "protocol/message_form.h"

/* --- result --- */

static const struct field GATE_FIELDS[] = {
	FIELD_AT(0, U32, struct gate, epoch, 0, UINT32_MAX),
	FIELD_AT(0, U32, struct gate, handle, 0, UINT32_MAX),
	FIELD_AT(0, SIGNATURE, struct gate, delegation, 1, EC_SIGNATURE_MAX),
	FIELD_AT(0, SIGNATURE, struct gate, approval, 0, EC_SIGNATURE_MAX),
};

static const struct field_list GATE = FIELD_LIST_OF(GATE_FIELDS);

static const struct field RESULT_FIELDS[] = {
	FIELD_AT(1, BYTES, struct result, statement, 1, STATEMENT_SIZE_MAX),
	FIELD_AT(2, POINT, struct result, approval_key, 0, EC_POINT_MAX),
	FIELD_AT(3, POINT, struct result, statement_key, 0, EC_POINT_MAX),
	FIELD_MANY(4, struct result, gate, gates, &GATE, 1, GATES_MAX, false),
};

static enum status
result_check(const void *self)
{
	const struct result *r = self;

	if (ec_public_equal(&r->approval_key, &r->statement_key))
		return E_KEY;
	if (r->gates == 2 && r->gate[0].epoch == r->gate[1].epoch)
		return E_DUPLICATE;
	for (size_t i = 0; i < r->gates; i++)
		if (r->gate[i].approval.n > 0 && r->gate[i].approval.n != 2 * ec_field_size(r->approval_key.curve))
			return E_RANGE;
	return OK;
}

static const struct field_form RESULT = {
	.fields = FIELD_LIST_OF(RESULT_FIELDS), .size = sizeof(struct result), .encoded_max = RESULT_SIZE_MAX,
	.check = result_check,
};

MESSAGE_CODEC(result, RESULT)

/* --- statement --- */

/* Trustworthiness tiers of EAR: contraindicated, warning, affirming. */
static const uint8_t DECISION_WIRE[] = { [DECISION_DENY] = 96, [DECISION_HOLD] = 32, [DECISION_APPROVE] = 2 };

static const struct field ORDER_FIELDS[] = {
	FIELD_AT(0, ENUM, struct order, kind, ORDER_ROTATE, ORDER_ROTATE),
	FIELD_AT(0, U32, struct order, epoch, 0, UINT32_MAX),
};

static const struct field SHARE_FIELDS[] = {
	FIELD_AT(0, FIXED, struct sealed_share, id, SHARE_ID_SIZE, SHARE_ID_SIZE),
	FIELD_AT(0, BYTES, struct sealed_share, sealed, SEALED_SHARE_SIZE, SEALED_SHARE_SIZE),
};

static const struct field REASON_FIELDS[] = {
	FIELD_AT(0, TEXT, struct reason, check, 1, CHECK_NAME_MAX),
	FIELD_AT(0, TEXT, struct reason, text, 1, REASON_TEXT_MAX),
};

static const struct field_list ORDER = FIELD_LIST_OF(ORDER_FIELDS), SHARE = FIELD_LIST_OF(SHARE_FIELDS),
			       REASON = FIELD_LIST_OF(REASON_FIELDS);

static const struct field STATEMENT_FIELDS[] = {
	FIELD_AT(6, U64, struct statement, issued_at, 0, 0),
	FIELD_AT(10, FIXED, struct statement, evidence, 32, 32),
	FIELD_AT(256, UEID, struct statement, machine, MACHINE_ID_SIZE, MACHINE_ID_SIZE),
	FIELD_CONSTANT(265, PROFILE, 0),
	FIELD_WIRE(1000, struct statement, decision, DECISION_DENY, DECISION_APPROVE, DECISION_WIRE),
	FIELD_AT(1003, TEXT, struct statement, policy, 1, POLICY_NAME_MAX),
	FIELD_AT(-70001, ENUM, struct statement, purpose, PURPOSE_BOOT, PURPOSE_VOLUME),
	FIELD_MANY(-70002, struct statement, order, orders, &ORDER, 1, ORDERS_MAX, true),
	FIELD_MANY(-70003, struct statement, share, shares, &SHARE, 1, SEALS_MAX, true),
	FIELD_MANY(-70004, struct statement, reason, reasons, &REASON, 1, REASONS_MAX, true),
	FIELD_AT(-70005, U64, struct statement, record, 0, 0),
	FIELD_OPTIONAL(-70006, BYTES, struct statement, hold, HOLD_ID_SIZE, HOLD_ID_SIZE),
	FIELD_OPTIONAL(-70007, BYTES, struct statement, machine_key, MACHINE_KEY_SIZE, MACHINE_KEY_SIZE),
};

/* A part belongs to one outcome: E_MISSING without it there, E_RANGE with it anywhere else. */
static enum status
exactly_if(bool outcome, bool present)
{
	if (outcome == present)
		return OK;
	return outcome ? E_MISSING : E_RANGE;
}

static enum status
statement_check(const void *self)
{
	const struct statement *m = self;
	bool approved = m->decision == DECISION_APPROVE;
	enum status s = exactly_if(m->decision == DECISION_HOLD, m->hold.n > 0);

	if (s == OK)
		s = exactly_if(approved && m->purpose == PURPOSE_VOLUME, m->machine_key.n > 0);
	if (s == OK && !approved && (m->orders > 0 || m->shares > 0))
		s = E_RANGE;
	return s;
}

static const struct field_form STATEMENT = {
	.fields = FIELD_LIST_OF(STATEMENT_FIELDS), .size = sizeof(struct statement), .encoded_max = STATEMENT_SIZE_MAX,
	.check = statement_check,
};

MESSAGE_CODEC(statement, STATEMENT)

/* --- what the agent believes --- */

static enum status
delegations_verify(const struct result *r, const struct ec_public *authority)
{
	if (r->gates == 0 || r->gates > GATES_MAX)
		return E_PROTOCOL;
	for (size_t i = 0; i < r->gates; i++) {
		enum status s = gate_delegation_verify(authority, &r->approval_key, &r->statement_key, r->gate[i].epoch,
			r->gate[i].delegation);

		if (s != OK)
			return s;
	}
	return OK;
}

static bool
epoch_claimed(const struct binding *b, uint32_t epoch)
{
	for (size_t i = 0; i < b->indices; i++)
		if (b->index[i].epoch == epoch)
			return true;
	return false;
}

static bool
index_claimed(const struct binding *b, const struct gate *g)
{
	for (size_t i = 0; i < b->indices; i++)
		if (b->index[i].handle == g->handle && b->index[i].epoch == g->epoch)
			return true;
	return false;
}

/*
 * An approved boot opens the gates it claimed, each of those sent; nothing else comes with an approval.
 * What a volume is sealed to is said only by a verifier of an epoch that the machine is on.
 */
static bool
approvals_fit(const struct result *r, const struct binding *b, const struct statement *m)
{
	bool approved = m->decision == DECISION_APPROVE && b->indices > 0, opens = approved && m->purpose == PURPOSE_BOOT;

	for (size_t i = 0; i < r->gates; i++)
		if (opens != (r->gate[i].approval.n > 0) || (opens && !index_claimed(b, &r->gate[i])) ||
			(approved && !epoch_claimed(b, r->gate[i].epoch)))
			return false;
	return true;
}

enum status
message_result_verify(const struct result *r, const struct ec_public *authority, const struct binding *b,
	const uint8_t digest[32], struct buffer *scratch, struct statement *m)
{
	struct bytes claims;
	enum status s = delegations_verify(r, authority);

	memset(m, 0, sizeof *m);
	if (s == OK)
		s = cose_verify(&r->statement_key, r->statement, scratch, &claims);
	if (s == OK)
		s = message_statement_decode(claims, m);
	if (s == OK && (memcmp(m->evidence, digest, sizeof m->evidence) != 0 || m->purpose != b->purpose
			|| memcmp(m->machine, b->machine, sizeof m->machine) != 0))
		s = E_MISMATCH;
	if (s == OK && !approvals_fit(r, b, m))
		s = E_PROTOCOL;
	if (s != OK)
		memset(m, 0, sizeof *m);
	return s;
}

/* --- hold, problem --- */

static const struct field HOLD_FIELDS[] = {
	{ .key = 1, .kind = &FIELD_BOOL },
};

static const struct field_form HOLD = {
	.fields = FIELD_LIST_OF(HOLD_FIELDS), .size = sizeof(bool), .encoded_max = 8,
};

enum status
message_hold_encode(bool decided, struct buffer *out)
{
	return field_encode(&HOLD, &decided, out);
}

enum status
message_hold_decode(struct bytes in, bool *decided)
{
	return field_decode(&HOLD, in, decided);
}

static const struct field PROBLEM_FIELDS[] = {
	FIELD_AT(16, TEXT, struct problem, code, 1, LABEL_MAX),
	FIELD_OPTIONAL(17, TEXT, struct problem, text, 1, REASON_TEXT_MAX),
};

static const struct field_form PROBLEM = {
	.fields = FIELD_LIST_OF(PROBLEM_FIELDS), .size = sizeof(struct problem), .encoded_max = PROBLEM_SIZE_MAX,
};

MESSAGE_CODEC(problem, PROBLEM)

/* --- network shares --- */

#define SHARE_AAD_SIZE (32 + SHARE_ID_SIZE)

static struct hpke_context
share_context(const uint8_t digest[32], const uint8_t id[SHARE_ID_SIZE], uint8_t aad[SHARE_AAD_SIZE])
{
	memcpy(aad, digest, 32);
	memcpy(aad + 32, id, SHARE_ID_SIZE);
	return (struct hpke_context){ .info = BYTES_STRING("bootgate/1 share"), .aad = bytes_of(aad, SHARE_AAD_SIZE) };
}

enum status
message_share_seal(const uint8_t hpke_key[32], const uint8_t digest[32], const uint8_t id[SHARE_ID_SIZE],
	const uint8_t share[SHARE_SIZE], struct buffer *out)
{
	uint8_t aad[SHARE_AAD_SIZE];
	struct hpke_context c = share_context(digest, id, aad);

	return hpke_seal(hpke_key, &c, bytes_of(share, SHARE_SIZE), out);
}

enum status
message_share_open(const struct hpke_private *k, const uint8_t digest[32], const struct sealed_share *sealed,
	uint8_t share[SHARE_SIZE])
{
	uint8_t aad[SHARE_AAD_SIZE];
	struct hpke_context c = share_context(digest, sealed->id, aad);
	struct buffer out = buffer_of(share, SHARE_SIZE);
	enum status s = sealed->sealed.n == SEALED_SHARE_SIZE ? OK : E_RANGE;

	memset(share, 0, SHARE_SIZE);
	return s == OK ? hpke_open(k, &c, sealed->sealed, &out) : s;
}

/* --- the door's event --- */

static const struct {
	const char *outcome;
	size_t digest;
} OUTCOMES[] = {
	{ "approved", 32 },
	{ "passphrase", 0 },
	{ "shell", 0 },
	{ "left", 0 },
};

enum status
message_door_event(const char *outcome, struct bytes digest, struct buffer *out)
{
	struct cbor_writer w = cbor_write_to(out);
	size_t i = 0;

	while (i < sizeof OUTCOMES / sizeof OUTCOMES[0] && strcmp(OUTCOMES[i].outcome, outcome) != 0)
		i++;
	if (i == sizeof OUTCOMES / sizeof OUTCOMES[0] || OUTCOMES[i].digest != digest.n)
		return E_RANGE;
	cbor_write_array(&w, 3);
	cbor_write_text(&w, BYTES_STRING("bootgate/1 door"));
	cbor_write_text(&w, bytes_of(outcome, strlen(outcome)));
	cbor_write_bytes(&w, digest);
	return cbor_write_end(&w);
}
