/* SPDX-License-Identifier: ISC */
/*
 * The values that PCRs have after the events of a log: PCR := H(PCR || digest), bank by bank.  (TPM 2.0 Part 1, 17)
 *
 * Banks: those of SHA-1, SHA-256, SHA-384 and SHA-512 that the log's head lists; other algorithms are left out.
 * EV_NO_ACTION extends nothing.  All PCRs start with zeros, but for PCR 0 after a startup in locality 3 or 4
 * ("StartupLocality", PFP 10.4.5.3): its last byte is 3 or 4; after an H-CRTM sequence, when the first event of PCR 0 is
 * EV_EFI_HCRTM_EVENT, it is 4.  tpm2_eventlog before 5.6 knows none of that: it extends PCR 0 by the zero digests of
 * EV_NO_ACTION events, and starts with zeros.
 */
#ifndef EVENTLOG_REPLAY_H
#define EVENTLOG_REPLAY_H

#include "eventlog/eventlog.h"

#define REPLAY_PCRS (EVENT_PCR_MAX + 1)
#define REPLAY_BANKS_MAX 4

struct replay_bank {
	enum hash_alg alg;
	uint32_t extended; /* one bit a PCR */
	uint8_t pcr[REPLAY_PCRS][HASH_SIZE_MAX];
};

/* In the order SHA-1, SHA-256, SHA-384, SHA-512, whatever the log's order is. */
struct replay {
	size_t banks;
	struct replay_bank bank[REPLAY_BANKS_MAX];
};

/* replay_begin(r, log): the state before the first event, with the banks of ${log}'s head. */
void replay_begin(struct replay *r, const struct eventlog *log);

/* replay_event(r, ev): one event of the log, in its turn.  Digests of banks that are not there are passed over. */
void replay_event(struct replay *r, const struct event *ev);

/* replay_log(r, log): begin, and all events of a log that was only just begun.  On a fault the state is worth nothing. */
enum status replay_log(struct replay *r, struct eventlog *log);

/*
 * replay_user_event(r, pcr, d, n): an event of user space, after the firmware's: ${n} digests.
 * E_RANGE for a PCR above 23 or a digest of another size than its algorithm's, E_DUPLICATE, E_MISSING when none is of a bank that
 * is there.  On failure nothing is extended.
 */
enum status replay_user_event(struct replay *r, uint32_t pcr, const struct event_digest *d, size_t n);

/* replay_value(r, alg, pcr): the value; an empty view if there is no such bank or PCR. */
struct bytes replay_value(const struct replay *r, enum hash_alg alg, uint32_t pcr);

/* replay_extended(r, alg, pcr): whether an event extended it. */
bool replay_extended(const struct replay *r, enum hash_alg alg, uint32_t pcr);

#endif
