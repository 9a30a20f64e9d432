/* SPDX-License-Identifier: ISC */
/*
 * Network shares: made, given, and followed by others in a rotation.  Within the transaction of a verdict.
 *
 * A share lies in the database under the id of the seal made with it.  A successor lies there under the id that it was given with, until a boot
 * shows the seal: its id is a MAC by the share.  (protocol/rotation.h)
 */
#ifndef VERIFIER_SHARES_H
#define VERIFIER_SHARES_H

#include "verifier/judge.h"

/* All shares of one machine, and those that one approval gives. shares_load() before all else. */
struct shares {
	size_t n;
	struct store_share row[STORE_SHARES_MAX];
	const uint8_t *seal[STORE_SHARES_MAX]; /* the seal in the binding whose id proved itself for this row; NULL: none */
	size_t made;                           /* successors that are new */
	uint8_t sealed[SEALS_MAX][SEALED_SHARE_SIZE];
};

/* shares_load(j, job, key, s): the machine's rows; which of them a seal in the binding proves itself for, with the machine key ${key}. */
enum status shares_load(const struct judge *j, const struct job *job, const uint8_t key[MACHINE_KEY_SIZE], struct shares *s);

/* shares_prove(job, s, epoch): whether a seal of epoch ${epoch} in the binding proves the key that shares_load() was given. */
bool shares_prove(const struct job *job, const struct shares *s, uint32_t epoch);

/* shares_give(j, job, s, m): into ${m}, those that the binding names and that are this machine's. */
enum status shares_give(const struct judge *j, const struct job *job, struct shares *s, struct statement *m);

/* shares_give_successors(j, job, epoch, s, m): into ${m}, those that follow on the machine's; made where they are not yet. */
enum status shares_give_successors(const struct judge *j, const struct job *job, uint32_t epoch, struct shares *s, struct statement *m);

/*
 * shares_settle(j, epoch, s): after an approval: each proven share goes by its seal's id from now on.  ${epoch}: of a rotation that is complete, whose
 * successors stay while all that they followed is deleted; 0: none is.
 */
enum status shares_settle(const struct judge *j, uint32_t epoch, const struct shares *s);

/* shares_make(j, job, s, m): one for a new volume, into ${m}: given out this once outside of an approved boot. */
enum status shares_make(const struct judge *j, const struct job *job, struct shares *s, struct statement *m);

#endif
