/* SPDX-License-Identifier: ISC */
/*
 * Machines whose TPM is software, entered in a verifier's store as an enrolment would, and their evidence: quotes of a real boot's log
 * over fresh nonces.  For figures only.
 */
#ifndef BENCH_MACHINE_H
#define BENCH_MACHINE_H

#include "policy/machine.h"

#define MACHINE_CLIENTS 32

struct machine_client {
	struct machine record;
	struct ec_private ak;
	struct name ek;
	uint8_t share[SHARE_ID_SIZE], hpke[32];
	uint32_t boots;
};

/* machine_make_all(configuration, log, curve, c): machines with AKs on ${curve} in the store of the verifier that ${configuration} names. */
void machine_make_all(const char *configuration, const char *log, enum ec_curve curve, struct machine_client c[MACHINE_CLIENTS]);

/* machine_evidence(c, nonce, out): that of the machine's next boot. */
void machine_evidence(struct machine_client *c, struct bytes nonce, struct buffer *out);

/* machine_fail(what, why): says it and ends the program; machine_need(s, what): unless ${s} is OK. */
void machine_fail(const char *what, const char *why) __attribute__((noreturn));
void machine_need(enum status s, const char *what);

#endif
