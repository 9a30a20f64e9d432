/* SPDX-License-Identifier: ISC */
/*
 * judge: decodes, appraises, writes the audit record, signs.  Holds the keys and the database; speaks to desk alone.
 *
 * What is queued is one batch: each job is prepared on its own (decode, nonce, the AK's signature), then all are decided in
 * one transaction, and only after its commit do answers leave.
 */
#ifndef VERIFIER_JUDGE_H
#define VERIFIER_JUDGE_H

#include "store/keys.h"
#include "store/record.h"
#include "store/store.h"
#include "verifier/frame.h"
#include "verifier/library.h"
#include "verifier/nonce.h"
#include "verifier/roles.h"
#include "verifier/stranger.h"

#define JUDGE_TITLE_MAX (2 * POLICY_NAME_MAX)

struct judge {
	const struct config *config;
	struct keys keys;
	struct store *store;
	struct library library;
	uint8_t nonce_key[NONCE_KEY_SIZE], verifier[NONCE_VERIFIER_SIZE];
	struct strangers strangers;
	uint64_t clock_said;    /* when the log was last told that clocks are apart */
	uint64_t too_much_said; /* when the log was last told of a machine that asks too often */
	struct buffer claims, scratch, space; /* for one job at a time */
};

/* One request, from when it is read to when it is answered. */
struct job {
	struct frame_request request;
	uint16_t status, retry_after;
	struct buffer answer;

	/* NULL: answered already; else it is called within the batch's transaction. */
	enum status (*decide)(struct judge *j, struct job *job);

	/* attest and volume */
	struct evidence evidence;
	struct binding binding;
	struct quote quote;
	struct machine machine;
	struct public_area ak;
	uint8_t digest[32];

	/* enroll */
	struct {
		uint8_t session[STORE_SESSION_SIZE];
		struct buffer state;
	} enroll;
};

/* judge_now(): seconds, by the verifier's clock. */
uint64_t judge_now(void);

/* judge_refuse(job, status, code, text): a problem as the answer; nothing is left to decide. */
void judge_refuse(struct job *job, unsigned status, const char *code, const char *text);

/* The routes' first halves: they answer, or set job->decide. */
void attest_prepare(struct judge *j, struct job *job);
enum status attest_decide(struct judge *j, struct job *job);
void enroll_prepare_begin(struct judge *j, struct job *job);
void enroll_prepare_finish(struct judge *j, struct job *job);
enum status enroll_decide_finish(struct judge *j, struct job *job);

/* judge_name(id, label, out): how a machine is shown in log lines: 16 hex digits and its label. */
#define JUDGE_NAME_MAX (16 + 1 + LABEL_MAX + 1)
const char *judge_name(const uint8_t id[MACHINE_ID_SIZE], const char *label, char out[JUDGE_NAME_MAX]);

#endif
