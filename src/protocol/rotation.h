/* SPDX-License-Identifier: ISC */
/*
 * Rotation to a new epoch: the ids of its network shares, as both ends compute them.  (docs/protocol.md, "Rotation")
 */
#ifndef PROTOCOL_ROTATION_H
#define PROTOCOL_ROTATION_H

#include "protocol/message.h"

/* A machine with more shares than this is not rotated: old and new ones travel in one approval. */
#define ROTATION_SHARES_MAX (SEALS_MAX / 2)

/* rotation_successor(id, epoch, out): the id under which the verifier gives the share that follows share ${id}. */
void rotation_successor(const uint8_t id[SHARE_ID_SIZE], uint32_t epoch, uint8_t out[SHARE_ID_SIZE]);

/*
 * rotation_seal_id(share, epoch, machine_key, out): the id of the seal made with that share to the machine key of ${epoch}.
 * It is a MAC by the share, so that only an approved boot can make one, and only for the machine key that it made.
 */
void rotation_seal_id(const uint8_t share[SHARE_SIZE], uint32_t epoch, const uint8_t machine_key[MACHINE_KEY_SIZE], uint8_t out[SHARE_ID_SIZE]);

#endif
