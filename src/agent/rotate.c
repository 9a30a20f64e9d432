/* SPDX-License-Identifier: ISC */
#include "agent/rotate.h"

#include <string.h>
#include <strings.h>

#include "base/log.h"
#include "base/memory.h"
#include "crypto/random.h"
#include "luks/seal.h"
#include "protocol/rotation.h"

uint32_t
rotate_order(const struct statement *st)
{
	for (size_t i = 0; i < st->orders; i++)
		if (st->order[i].kind == ORDER_ROTATE)
			return st->order[i].epoch;
	return 0;
}

static const struct sealed_share *
share_of_id(const struct attest *a, const uint8_t id[SHARE_ID_SIZE])
{
	for (size_t i = 0; i < a->statement.shares; i++)
		if (memcmp(a->statement.share[i].id, id, SHARE_ID_SIZE) == 0)
			return &a->statement.share[i];
	return NULL;
}

/* Until the verifier has heard of a rotated seal, its share goes by the id of the successor. */
static const struct sealed_share *
share_of_seal(const struct attest *a, const struct token *t, const struct token_seal *seal)
{
	const struct sealed_share *share = share_of_id(a, seal->share);
	uint8_t successor[SHARE_ID_SIZE];

	if (share != NULL || seal == t->seal)
		return share;
	rotation_successor(t->seal[0].share, seal->epoch, successor);
	return share_of_id(a, successor);
}

static bool
has_share(const struct attest *a, const struct volume *v)
{
	for (size_t i = 0; v->has_token && i < v->token.seals; i++)
		if (share_of_seal(a, &v->token, &v->token.seal[i]) != NULL)
			return true;
	return false;
}

bool
rotate_is_prepared(const struct attest *a, const struct volume *v, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct token_seal *seal;

		if (!has_share(a, &v[i]))
			continue;
		seal = token_seal_find(&v[i].token, a->identity->index[1].epoch);
		if (seal == NULL || share_of_seal(a, &v[i].token, seal) == NULL)
			return false;
	}
	return true;
}

enum status
rotate_open_seal(const struct attest *a, const struct volume *v, uint32_t epoch, const struct hpke_private *machine_key,
	uint8_t key[SEAL_KEY_SIZE])
{
	const struct token_seal *seal = token_seal_find(&v->token, epoch);
	const struct sealed_share *sealed = seal != NULL ? share_of_seal(a, &v->token, seal) : NULL;
	uint8_t share[SHARE_SIZE];
	enum status s;

	if (sealed == NULL)
		return E_NOT_FOUND;
	s = message_share_open(&a->hpke, a->digest, sealed, share);
	if (s == OK)
		s = seal_open(seal, machine_key, share, bytes_of(v->aad, v->aad_n), key);
	memory_wipe(share, sizeof share);
	return s;
}

bool
rotate_opens_all(const struct attest *a, const struct volume *v, size_t n, uint32_t epoch, const struct hpke_private *machine_key)
{
	uint8_t key[SEAL_KEY_SIZE];
	bool all = true;

	for (size_t i = 0; i < n; i++) {
		if (has_share(a, &v[i]) && rotate_open_seal(a, &v[i], epoch, machine_key, key) != OK) {
			log_warning("%s does not open by the secret of epoch %u", v[i].device, (unsigned)epoch);
			all = false;
		}
		memory_wipe(key, sizeof key);
	}
	return all;
}

static void
say(enum status s, uint32_t epoch, uint32_t handle)
{
	if (s == E_TPM_AUTH)
		log_error("no rotation to epoch %u: the TPM's owner authorisation is set, and this boot does not have it. Enrol the running host anew "
			"(bootgate enroll --owner-auth-file FILE, then bootgate luks-enroll for each volume), or clear it for two boots (tpm2_changeauth -c owner)",
			(unsigned)epoch);
	else if (s == E_EXISTS)
		log_error("no rotation to epoch %u: something else lives in the TPM at NV index 0x%08x; remove it (tpm2_nvundefine), or enrol the running host anew",
			(unsigned)epoch, (unsigned)handle);
	else
		log_error("the rotation to epoch %u does not go on in this boot: %s", (unsigned)epoch, status_text(s));
}

enum status
rotate_make_index(struct attest *a, uint32_t epoch, struct token_object *index, uint8_t machine_key[HPKE_KEY_SIZE])
{
	struct identity *id = a->identity;
	uint32_t handle = id->nv_handle_next;
	uint8_t secret[GATE_SECRET_SIZE];
	struct hpke_private derived;
	struct tpm_object nv = { .n = 0 };
	enum status s = random_fill(secret, sizeof secret);

	log_info("rotation to epoch %u: a new secret is made, NV index 0x%08x", (unsigned)epoch, (unsigned)handle);
	if (s == OK)
		s = hpke_derive(BYTES(secret), &derived);
	if (s == OK)
		s = tpm_secret_clear(a->tpm, &a->settings->authority, epoch, handle);
	if (s == OK)
		s = tpm_secret_define(a->tpm, &id->ek, &a->settings->authority, epoch, &handle, secret, &nv);
	memory_wipe(secret, sizeof secret);
	if (s == OK) {
		memcpy(machine_key, derived.pk, sizeof derived.pk);
		memcpy(index->p, nv.blob, index->n = nv.n);
	} else {
		say(s, epoch, handle);
	}
	memory_wipe(&derived, sizeof derived);
	return s;
}

enum status
rotate_sweep(struct attest *a, uint32_t epoch)
{
	size_t gone = 0;
	enum status s = tpm_secret_sweep(a->tpm, &a->settings->authority, epoch - 1, &gone);

	if (gone > 0)
		log_warning("rotation to epoch %u: %zu secrets before it were still in the TPM, though the LUKS header did not name them, and are deleted",
			(unsigned)epoch, gone);
	if (s != OK)
		say(s, epoch, 0);
	return s;
}

enum status
rotate_make_seal(const struct attest *a, const struct volume *v, uint32_t from, uint32_t epoch, const uint8_t machine_key[HPKE_KEY_SIZE],
	const uint8_t key[SEAL_KEY_SIZE], struct token_seal *seal)
{
	const struct token_seal *before = token_seal_find(&v->token, from);
	uint8_t id[SHARE_ID_SIZE], share[SHARE_SIZE];
	const struct sealed_share *sealed;
	enum status s = E_NOT_FOUND;

	if (before == NULL)
		return s;
	rotation_successor(before->share, epoch, id);
	sealed = share_of_id(a, id);
	if (sealed != NULL)
		s = message_share_open(&a->hpke, a->digest, sealed, share);
	if (s == OK) {
		seal->epoch = epoch;
		memcpy(seal->machine_key, machine_key, sizeof seal->machine_key);
		rotation_seal_id(share, epoch, machine_key, seal->share);
		s = seal_make(seal, share, bytes_of(v->aad, v->aad_n), key);
	}
	memory_wipe(share, sizeof share);
	if (s != OK)
		log_error("%s: no seal for epoch %u: %s", v->device, (unsigned)epoch, sealed == NULL ? "the verifier gives no share for it" : status_text(s));
	return s;
}

static bool
write_token(struct volume *v, const char *what, uint32_t epoch)
{
	enum status s = volume_token_write(v, &v->token, (int)v->token_number);

	if (s != OK)
		log_error("%s: its token could not be written (%s); the rotation to epoch %u goes on at the next boot", v->device, status_text(s), (unsigned)epoch);
	else
		log_info("%s: %s epoch %u", v->device, what, (unsigned)epoch);
	return s == OK;
}

void
rotate_add_seal(struct volume *v, uint32_t from, const struct token_seal *seal, const struct token_object *index)
{
	if (token_rotate(&v->token, from, seal, index) == OK)
		write_token(v, "sealed for", seal->epoch);
}

/* Whether a volume that the configuration names is open, or has no token of ours. */
static bool
is_settled(const char *uuid, const struct volume *v, size_t n, const uint32_t *opened)
{
	for (size_t i = 0; i < n; i++)
		if (strcasecmp(v[i].uuid, uuid) == 0 && (opened[i] != 0 || !v[i].has_token))
			return true;
	return false;
}

/* Whether all was opened by the newest of its seals; ${handle}: of the index of an older one, or 0. */
static bool
is_to_finish(const struct settings *settings, const struct volume *v, size_t n, const uint32_t *opened, uint32_t *epoch, uint32_t *handle)
{
	*epoch = *handle = 0;
	for (size_t i = 0; i < n; i++) {
		const struct token *t = &v[i].token;

		if (opened[i] == 0)
			continue;
		if (t->seal[t->seals - 1].epoch != opened[i] || (*epoch != 0 && *epoch != opened[i]))
			return false;
		*epoch = opened[i];
		if (t->seals > 1)
			*handle = t->nv_handle[0];
	}
	for (size_t i = 0; *handle != 0 && i < settings->volumes; i++) {
		if (is_settled(settings->volume[i].uuid, v, n, opened))
			continue;
		log_warning("the rotation to epoch %u waits for volume %s (%s)", (unsigned)*epoch, settings->volume[i].name, settings->volume[i].uuid);
		return false;
	}
	return *handle != 0;
}

static enum status
delete_index(const struct settings *settings, uint32_t epoch, uint32_t handle)
{
	struct tpm *t = NULL;
	enum status s = identity_open_tpm(settings->tpm, &t);

	if (s == OK)
		s = tpm_secret_clear(t, &settings->authority, epoch, handle);
	tpm_close(t);
	/* Not the old secret: that is gone. */
	return s == E_EXISTS ? OK : s;
}

void
rotate_finish(const struct settings *settings, struct volume *v, size_t n, const uint32_t *opened)
{
	uint32_t epoch, handle;
	enum status s;

	if (!is_to_finish(settings, v, n, opened, &epoch, &handle))
		return;
	/* The index first: a token without the old seal would forget where it is. */
	s = delete_index(settings, epoch - 1, handle);
	if (s != OK) {
		say(s, epoch, handle);
		return;
	}
	log_info("rotation to epoch %u: the secret before it was deleted, NV index 0x%08x", (unsigned)epoch, (unsigned)handle);
	for (size_t i = 0; i < n; i++)
		if (opened[i] != 0 && v[i].token.seals > 1 && token_rotate(&v[i].token, epoch, NULL, NULL) == OK)
			write_token(&v[i], "sealed only for", epoch);
}
