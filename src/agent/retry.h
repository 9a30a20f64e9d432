/* SPDX-License-Identifier: ISC */
/*
 * What follows a try that did not open: pure.
 */
#ifndef AGENT_RETRY_H
#define AGENT_RETRY_H

#include <stdint.h>

#include "base/status.h"

/*
 * DONE: approved, or nothing that a further try can mend.  AGAIN: at once, with what the token cached of the TPM read anew; at most
 * RETRY_AGAIN_MAX times in a row.  VERIFIER: ask the next one.  PAUSE: ask again later.  HELD: wait for an operator.
 */
enum retry { RETRY_DONE, RETRY_AGAIN, RETRY_VERIFIER, RETRY_PAUSE, RETRY_HELD };

#define RETRY_AGAIN_MAX 5

/* retry_next(s, again): after status ${s}; ${*again} counts those in a row. */
enum retry retry_next(enum status s, unsigned *again);

/* Pauses grow by half, from ${first} to ${last} seconds. */
struct retry_pause {
	unsigned first, last, seconds;
};

/* No verifier, and nobody who speaks in its name, keeps a machine waiting for longer. */
#define RETRY_AFTER_MAX 600U

/*
 * retry_pause_next(p, at_least, jitter): milliseconds until the next try, at least ${at_least} seconds as a verifier asked for; up to a quarter
 * more by ${jitter}, which is random, so that a fleet does not come back in step.
 */
uint32_t retry_pause_next(struct retry_pause *p, unsigned at_least, uint16_t jitter);
void retry_pause_reset(struct retry_pause *p);

#endif
