/* SPDX-License-Identifier: ISC */
/*
 * One exchange with one verifier: challenge, quote, evidence, result.  (docs/protocol.md)
 */
#ifndef AGENT_ATTEST_H
#define AGENT_ATTEST_H

#include "agent/identity.h"
#include "agent/network.h"
#include "agent/settings.h"
#include "crypto/hpke.h"

/* A policy session older than this when evidence is about to go out is begun anew: the approval's 120 s count from its start. */
#define ATTEST_SESSION_MAX 60

/* What an exchange works on; it is large, and its owner keeps it for the program's life. */
struct attest {
	struct settings *settings;
	const struct network *network; /* NULL: the system's */
	struct identity *identity;
	struct tpm *tpm;

	/* Set by the caller: the seals that volumes carry, ascending. */
	size_t seals;
	struct seal_claim seal[SEALS_MAX];

	/* The exchange's own. */
	struct binding binding;
	uint8_t digest[32];
	struct hpke_private hpke;
	unsigned requests;
	uint8_t nonce_tpm[GATE_NONCE_SIZE];
	uint8_t log[EVENT_LOG_SIZE_MAX], user_events[USER_EVENTS_SIZE_MAX];
	size_t log_n, user_events_n;
	uint8_t message[EVIDENCE_SIZE_MAX];
	uint8_t answer[RESULT_SIZE_MAX], scratch[STATEMENT_SIZE_MAX + 256];

	/* The outcome: views into ${answer}. */
	struct result result;
	struct statement statement;
	uint8_t statement_digest[32]; /* SHA-256 of the COSE statement */
	char said[512];               /* when there is no statement: what went wrong, for people */
	unsigned retry_after;
};

/*
 * attest_exchange(a, verifier, purpose): at settings->verifier[${verifier}].
 * OK: approved; E_DENIED, E_HELD: with the reasons in ${a}->statement.  E_REFUSED: the verifier says nothing about a machine it does not know, or cannot identify.
 * E_UNAVAILABLE, E_NETWORK, E_TIMEOUT, E_TLS, E_PROTOCOL, E_SIGNATURE, E_MISMATCH: no verdict; ${a}->said tells.  TPM statuses as tpm.h says.
 */
enum status attest_exchange(struct attest *a, size_t verifier, enum purpose purpose);

/* attest_hold_wait(a, verifier): wait until the hold of the last statement is decided: OK; E_HELD after a minute, when it is not yet. Else: no answer. */
enum status attest_hold_wait(struct attest *a, size_t verifier);

/* attest_say(a, verifier, s): tell people the outcome, with every reason. */
void attest_say(const struct attest *a, size_t verifier, enum status s);

/* attest_wipe(a): the exchange's secrets. */
void attest_wipe(struct attest *a);

#endif
