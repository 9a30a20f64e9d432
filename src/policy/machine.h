/* SPDX-License-Identifier: ISC */
/*
 * What a verifier remembers of a machine: the input of an appraisal besides evidence, policy and reference values.
 * Fixed sizes; copied freely; no pointers, so that it can be stored, exported and compared.
 */
#ifndef POLICY_MACHINE_H
#define POLICY_MACHINE_H

#include "protocol/message.h"

/* POLICY_NAME_MAX stands in protocol/message.h: an approval names its policy. */

struct machine {
	uint8_t id[MACHINE_ID_SIZE];
	char label[LABEL_MAX + 1];
	char policy[POLICY_NAME_MAX + 1];
	bool active;                       /* false: waits for an operator's yes */
	bool frozen;

	size_t ek_n, ak_n;                 /* TPMT_PUBLIC */
	uint8_t ek[PUBLIC_SIZE_MAX], ak[PUBLIC_SIZE_MAX];
	uint8_t machine_key[MACHINE_KEY_SIZE];
	uint32_t epoch;                    /* of the index that is in force */
	uint32_t nv_handle, nv_handle_next;

	/* Rotation: 0, or the epoch that it is to go to; whether an approval has carried the order; whether an approved boot showed both indices. (docs/protocol.md) */
	uint32_t rotate_to;
	bool rotate_ordered, rotate_seen;

	/* The last evidence whose AK signature verified, approved or not; seen = false: none yet. */
	bool seen, seen_safe;
	uint32_t seen_reset, seen_restart;
	uint64_t seen_clock;

	/* The last approved boot. */
	bool approved;
	uint32_t approved_reset, approved_restart;
	uint8_t approved_statement[32];    /* SHA-256 of the COSE statement: what the door event holds */
	uint8_t approved_log[32];          /* SHA-256 of its event log */

	/* The enrolment: volumes are served for 15 minutes in the same reset. */
	uint64_t enrolled_at;              /* seconds, the verifier's clock */
	uint32_t enrolled_reset;
};

/* machine_is_behind(m, b): whether ${b} shows an index of an epoch that ${m} has left. */
bool machine_is_behind(const struct machine *m, const struct binding *b);

/* machine_claims_rotated(m, b): whether ${b} is a boot that shows the index of the epoch it is to go to, and no other: a claim, until a seal proves it. */
bool machine_claims_rotated(const struct machine *m, const struct binding *b);

/* machine_rotated(m, key): ${m} after its rotation, with the machine key ${key}. */
void machine_rotated(struct machine *m, const uint8_t key[MACHINE_KEY_SIZE]);

/* machine_encode/decode: deterministic CBOR, for the store and for case files. */
#define MACHINE_ENCODED_MAX 4096
enum status machine_encode(const struct machine *m, struct buffer *out);
enum status machine_decode(struct bytes in, struct machine *m);

#endif
