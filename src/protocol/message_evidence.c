/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "protocol/message_form.h"

/* --- challenge --- */

static const struct field CHALLENGE_FIELDS[] = {
	FIELD_AT(1, BYTES, struct challenge, nonce, NONCE_SIZE_MIN, NONCE_SIZE_MAX),
	FIELD_OPTIONAL(2, TEXT, struct challenge, verifier, 1, LABEL_MAX),
};

static const struct field_form CHALLENGE = {
	.fields = FIELD_LIST_OF(CHALLENGE_FIELDS), .size = sizeof(struct challenge), .encoded_max = CHALLENGE_SIZE_MAX,
};

MESSAGE_CODEC(challenge, CHALLENGE)

/* --- binding --- */

static const struct field INDEX_FIELDS[] = {
	FIELD_AT(0, U32, struct index_claim, handle, 0, UINT32_MAX),
	FIELD_AT(0, U32, struct index_claim, epoch, 0, UINT32_MAX),
};

static const struct field SEAL_FIELDS[] = {
	FIELD_AT(0, U32, struct seal_claim, epoch, 0, UINT32_MAX),
	FIELD_AT(0, FIXED, struct seal_claim, share, SHARE_ID_SIZE, SHARE_ID_SIZE),
};

static const struct field_list INDEX = FIELD_LIST_OF(INDEX_FIELDS), SEAL = FIELD_LIST_OF(SEAL_FIELDS);

static const struct field BINDING_FIELDS[] = {
	FIELD_CONSTANT(1, VERSION, PROTOCOL_VERSION),
	FIELD_AT(2, ENUM, struct binding, purpose, PURPOSE_BOOT, PURPOSE_VOLUME),
	FIELD_AT(3, FIXED, struct binding, machine, MACHINE_ID_SIZE, MACHINE_ID_SIZE),
	FIELD_AT(4, NAME, struct binding, salting_key, 0, NAME_SIZE_MAX),
	FIELD_AT(5, FIXED, struct binding, machine_key, MACHINE_KEY_SIZE, MACHINE_KEY_SIZE),
	FIELD_MANY(6, struct binding, index, indices, &INDEX, 1, GATES_MAX, true),
	FIELD_MANY(7, struct binding, seal, seals, &SEAL, 1, SEALS_MAX, true),
	FIELD_AT(8, BYTES, struct binding, nonce, NONCE_SIZE_MIN, NONCE_SIZE_MAX),
	FIELD_OPTIONAL(9, BYTES, struct binding, nonce_tpm, GATE_NONCE_SIZE, GATE_NONCE_SIZE),
	FIELD_AT(10, FIXED, struct binding, hpke_key, 32, 32),
	FIELD_AT(11, FIXED, struct binding, event_log, 32, 32),
	FIELD_AT(12, FIXED, struct binding, user_events, 32, 32),
};

static enum status
seal_order(const struct seal_claim *a, const struct seal_claim *b)
{
	int order = memcmp(a->share, b->share, SHARE_ID_SIZE);

	if (a->epoch < b->epoch || (a->epoch == b->epoch && order < 0))
		return OK;
	return a->epoch == b->epoch && order == 0 ? E_DUPLICATE : E_NOT_DETERMINISTIC;
}

static enum status
binding_check(const void *self)
{
	const struct binding *b = self;

	if (b->purpose == PURPOSE_BOOT && b->nonce_tpm.n == 0)
		return E_MISSING;
	if (b->purpose != PURPOSE_BOOT && b->nonce_tpm.n > 0)
		return E_RANGE;
	if (b->indices == 2 && (b->index[0].handle == b->index[1].handle || b->index[0].epoch == b->index[1].epoch))
		return E_DUPLICATE;
	for (size_t i = 1; i < b->seals; i++) {
		enum status s = seal_order(&b->seal[i - 1], &b->seal[i]);

		if (s != OK)
			return s;
	}
	return OK;
}

static const struct field_form BINDING = {
	.fields = FIELD_LIST_OF(BINDING_FIELDS), .size = sizeof(struct binding), .encoded_max = BINDING_SIZE_MAX,
	.check = binding_check,
};

MESSAGE_CODEC(binding, BINDING)

/* --- user-space events --- */

static const struct field BANK_FIELDS[] = {
	{ .kind = &FIELD_DIGEST },
};

static const struct field_list BANK = FIELD_LIST_OF(BANK_FIELDS);

static const struct field USER_EVENT_FIELDS[] = {
	FIELD_AT(0, U32, struct user_event, pcr, 0, PCR_MAX),
	FIELD_MANY(0, struct user_event, digest, digests, &BANK, 1, BANKS_MAX, false),
	FIELD_AT(0, BYTES, struct user_event, data, 0, USER_EVENT_DATA_MAX),
	FIELD_AT(0, TEXT, struct user_event, name, 0, LABEL_MAX),
};

static const struct field_list USER_EVENT = FIELD_LIST_OF(USER_EVENT_FIELDS);

static const struct field USER_EVENTS_FIELDS[] = {
	FIELD_MANY(0, struct user_events, event, n, &USER_EVENT, 0, USER_EVENTS_MAX, false),
};

static enum status
user_events_check(const void *self)
{
	const struct user_events *e = self;

	for (size_t i = 0; i < e->n; i++)
		for (size_t j = 1; j < e->event[i].digests; j++) {
			enum hash_alg before = e->event[i].digest[j - 1].alg, alg = e->event[i].digest[j].alg;

			if (alg <= before)
				return alg == before ? E_DUPLICATE : E_NOT_DETERMINISTIC;
		}
	return OK;
}

static const struct field_form USER_EVENTS = {
	.fields = FIELD_LIST_OF(USER_EVENTS_FIELDS), .bare = true, .size = sizeof(struct user_events),
	.encoded_max = USER_EVENTS_SIZE_MAX, .check = user_events_check,
};

MESSAGE_CODEC(user_events, USER_EVENTS)

/* --- evidence --- */

static const struct field EVIDENCE_FIELDS[] = {
	FIELD_AT(1, BYTES, struct evidence, binding, 1, BINDING_SIZE_MAX),
	FIELD_AT(2, BYTES, struct evidence, attest, 1, QUOTE_SIZE_MAX),
	FIELD_AT(3, BYTES, struct evidence, signature, 1, SIGNATURE_SIZE_MAX),
	FIELD_OPTIONAL(4, BYTES, struct evidence, event_log, 1, EVENT_LOG_SIZE_MAX),
	FIELD_AT(5, BYTES, struct evidence, user_events, 1, USER_EVENTS_SIZE_MAX),
};

static const struct field_form EVIDENCE = {
	.fields = FIELD_LIST_OF(EVIDENCE_FIELDS), .size = sizeof(struct evidence), .encoded_max = EVIDENCE_SIZE_MAX,
};

MESSAGE_CODEC(evidence, EVIDENCE)
