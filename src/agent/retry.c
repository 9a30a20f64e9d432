/* SPDX-License-Identifier: ISC */
#include "agent/retry.h"

enum retry
retry_next(enum status s, unsigned *again)
{
	switch ((int)s) {
	case OK:
	case E_KEY:       /* the TPM secret was replaced */
	case E_MISSING:   /* no token, no event log */
	case E_NOT_FOUND: /* no TPM, or not the machine's keys in it */
		return RETRY_DONE;
	case E_MISMATCH: /* what the token cached of the TPM's objects is damaged */
	case E_BUSY:
	case E_TPM:
	case E_TPM_AGAIN:
	case E_TPM_LOST:
	case E_TPM_PCR_CHANGED:
		return ++*again <= RETRY_AGAIN_MAX ? RETRY_AGAIN : RETRY_PAUSE;
	case E_HELD:
		return RETRY_HELD;
	case E_DENIED:
	case E_REFUSED:
	case E_TPM_AUTH:
		return RETRY_PAUSE;
	default:
		return RETRY_VERIFIER;
	}
}

uint32_t
retry_pause_next(struct retry_pause *p, unsigned at_least, uint16_t jitter)
{
	unsigned seconds = at_least < RETRY_AFTER_MAX ? at_least : RETRY_AFTER_MAX;
	unsigned grown = p->seconds + p->seconds / 2 + 1;

	if (seconds < p->seconds)
		seconds = p->seconds;
	p->seconds = grown < p->last ? grown : p->last;
	return seconds * 1000 + (uint32_t)((uint64_t)seconds * 250 * jitter / UINT16_MAX);
}

void
retry_pause_reset(struct retry_pause *p)
{
	p->seconds = p->first;
}
