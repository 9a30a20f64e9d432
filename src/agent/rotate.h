/* SPDX-License-Identifier: ISC */
/*
 * Rotation: a new secret in the TPM, and new seals on the volumes, by the order inside of an approval.  (docs/luks-token.md, "Rotation")
 *
 * One boot makes the index of the new epoch and the second seals; what the new secret opens in a later one takes the old index and the
 * old seals away.  Whatever fails is said, and the next boot goes on; no volume stays shut for it.
 */
#ifndef AGENT_ROTATE_H
#define AGENT_ROTATE_H

#include "agent/attest.h"
#include "agent/volume.h"
#include "luks/seal.h"

/* --- the approving process --- */

/* rotate_order(st): the epoch to rotate to; 0: none is ordered. */
uint32_t rotate_order(const struct statement *st);

/* rotate_is_prepared(a, v, n): whether each volume that the verifier gives a share for has a seal for the second index as well, and a share for that. */
bool rotate_is_prepared(const struct attest *a, const struct volume *v, size_t n);

/* rotate_open_seal(a, v, epoch, machine_key, key): the slot key. E_NOT_FOUND: no seal of ${epoch}, or no share for it; E_MAC: another header, or another secret. */
enum status rotate_open_seal(const struct attest *a, const struct volume *v, uint32_t epoch, const struct hpke_private *machine_key,
	uint8_t key[SEAL_KEY_SIZE]);

/* rotate_opens_all(a, v, n, epoch, machine_key): whether rotate_open_seal() does for each volume that the verifier gives a share for. */
bool rotate_opens_all(const struct attest *a, const struct volume *v, size_t n, uint32_t epoch, const struct hpke_private *machine_key);

/*
 * rotate_make_index(a, epoch, index, machine_key): a secret for ${epoch} in the TPM, in place of what an earlier try left there, and the
 * machine key that comes of it.  What fails is said.
 */
enum status rotate_make_index(struct attest *a, uint32_t epoch, struct token_object *index, uint8_t machine_key[HPKE_KEY_SIZE]);

/* rotate_make_seal(a, v, from, epoch, machine_key, key, seal): the seal of ${epoch} to follow that of ${from}, for the slot key ${key}.  What fails is said. */
enum status rotate_make_seal(const struct attest *a, const struct volume *v, uint32_t from, uint32_t epoch,
	const uint8_t machine_key[HPKE_KEY_SIZE], const uint8_t key[SEAL_KEY_SIZE], struct token_seal *seal);

/*
 * rotate_sweep(a, epoch): at the end of a rotation, whatever secret before ${epoch} the TPM still has: the header may have kept quiet about one.
 * What fails is said.
 */
enum status rotate_sweep(struct attest *a, uint32_t epoch);

/* --- the process that opens --- */

/* rotate_add_seal(v, from, seal, index): into the token, beside the seal of ${from}. */
void rotate_add_seal(struct volume *v, uint32_t from, const struct token_seal *seal, const struct token_object *index);

/*
 * rotate_finish(settings, v, n, opened): if each volume that was opened by an approval (${opened}[i]: the epoch of the seal, else 0), and each that the
 * configuration names and that has a token, was opened by the newest of its seals, and some have an older one: the older index goes, then the
 * older seals.
 */
void rotate_finish(const struct settings *settings, struct volume *v, size_t n, const uint32_t *opened);

#endif
