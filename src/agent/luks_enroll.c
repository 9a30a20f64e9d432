/* SPDX-License-Identifier: ISC */
#include "agent/luks_enroll.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "agent/console.h"
#include "agent/volume.h"
#include "base/file.h"
#include "base/log.h"
#include "base/memory.h"
#include "crypto/random.h"
#include "luks/seal.h"

/* One volume's enrolment. */
struct work {
	struct settings *settings;
	struct attest attest;
	struct identity identity;
	struct volume volume;
	char passphrase[CONSOLE_LINE_MAX];
	size_t passphrase_n;
	uint8_t key[SEAL_KEY_SIZE];
	char key_text[SEAL_TEXT_SIZE];
	bool slot_made;
	uint32_t slot;
};

static enum status
read_passphrase(struct work *w, const char *file)
{
	struct buffer b = buffer_of(w->passphrase, sizeof w->passphrase);
	struct console c;
	char question[128];
	enum status s;

	if (file != NULL) {
		s = file_read(file, &b);
		w->passphrase_n = b.n;
		while (w->passphrase_n > 0 && w->passphrase[w->passphrase_n - 1] == '\n')
			w->passphrase_n--;
		if (s != OK)
			log_error("%s: %s", file, status_text(s));
		return s;
	}
	s = console_open("/dev/tty", &c);
	if (s != OK) {
		log_error("no terminal to ask for a passphrase of the volume: give one with --passphrase-file");
		return s;
	}
	snprintf(question, sizeof question, "An existing passphrase of %s: ", w->volume.device);
	console_ask(&c, question);
	s = console_read(&c, w->passphrase, &w->passphrase_n);
	console_close(&c);
	if (s != OK)
		log_error("no passphrase was given");
	return s;
}

/* A share for this volume, and the machine key to seal to, from the verifier: never from a local file. */
static enum status
ask_verifier(struct work *w)
{
	struct attest *a = &w->attest;
	enum status s = E_NETWORK;

	for (size_t i = 0; i < w->settings->verifiers; i++) {
		s = attest_exchange(a, i, PURPOSE_VOLUME);
		attest_say(a, i, s);
		if (s == OK || s == E_DENIED)
			break;
	}
	if (s == OK && (a->statement.shares != 1 || a->statement.machine_key.n != MACHINE_KEY_SIZE)) {
		log_error("the verifier's answer holds no share for this volume");
		s = E_PROTOCOL;
	}
	return s == E_TIMEOUT ? E_NETWORK : s;
}

static void
fill_token(const struct work *w, struct token *t)
{
	const struct identity *id = &w->identity;

	memset(t, 0, sizeof *t);
	t->keyslot = w->slot;
	t->ek_handle = id->ek_handle;
	t->ak_handle = id->ak_handle;
	t->nv_handle[0] = id->index[0].handle;
	t->nv_handle[1] = id->nv_handle_next;
	memcpy(t->cache.ek.p, id->ek.blob, t->cache.ek.n = id->ek.n);
	memcpy(t->cache.ak.p, id->ak.blob, t->cache.ak.n = id->ak.n);
	memcpy(t->cache.nv[0].p, id->nv[0].blob, t->cache.nv[0].n = id->nv[0].n);
}

/* The ticket of the delegation, so that already the first boot is a short one. Without it the boot makes one. */
static void
add_ticket(struct work *w, struct token *t)
{
	struct attest *a = &w->attest;
	struct tpm_approval approval = { .authority = w->settings->authority, .approval_key = a->result.approval_key,
		.statement_key = a->result.statement_key, .epoch = w->identity.index[0].epoch };
	struct tpm_ticket ticket = { .n = 0 };
	uint8_t digest[HASH_SIZE_MAX];

	for (size_t i = 0; i < a->result.gates; i++) {
		const struct gate *g = &a->result.gate[i];

		if (g->epoch != approval.epoch || g->delegation.n > sizeof approval.delegation)
			continue;
		memcpy(approval.delegation, g->delegation.p, approval.delegation_n = g->delegation.n);
		if (tpm_ticket_make(a->tpm, &approval, &ticket) != OK)
			return;
		hash_compute(HASH_SHA256, g->delegation, digest);
		memcpy(t->cache.ticket[0].delegation, digest, sizeof t->cache.ticket[0].delegation);
		memcpy(t->cache.ticket[0].p, ticket.p, t->cache.ticket[0].n = ticket.n);
		t->cache.tickets = 1;
		return;
	}
}

static enum status
make_token(struct work *w, struct token *t)
{
	struct attest *a = &w->attest;
	struct token_seal *seal = &t->seal[0];
	uint8_t share[SHARE_SIZE];
	enum status s = message_share_open(&a->hpke, a->digest, &a->statement.share[0], share);

	fill_token(w, t);
	t->seals = 1;
	seal->epoch = w->identity.index[0].epoch;
	memcpy(seal->share, a->statement.share[0].id, sizeof seal->share);
	memcpy(seal->machine_key, a->statement.machine_key.p, sizeof seal->machine_key);
	if (s == OK)
		s = seal_make(seal, share, bytes_of(w->volume.aad, w->volume.aad_n), w->key);
	memory_wipe(share, sizeof share);
	if (s == OK)
		add_ticket(w, t);
	return s;
}

static enum status
add_keyslot(struct work *w)
{
	enum status s = random_fill(w->key, sizeof w->key);

	if (s != OK)
		return s;
	seal_text(w->key, w->key_text);
	log_info("%s: adding a key slot", w->volume.device);
	s = volume_keyslot_add(&w->volume, bytes_of(w->passphrase, w->passphrase_n), bytes_of(w->key_text, strlen(w->key_text)), &w->slot);
	w->slot_made = s == OK;
	if (s != OK)
		log_error("%s: %s", w->volume.device, s == E_PERMISSION ? "this passphrase opens no key slot" :
			s == E_NO_SPACE ? "all key slots are taken" : status_text(s));
	return s;
}

/* The header as it is now, with the new slot in it: what the seal is bound to. */
static enum status
read_new_header(struct work *w)
{
	char device[sizeof w->volume.device];
	enum status s;

	snprintf(device, sizeof device, "%s", w->volume.device);
	s = volume_read_slot(device, w->slot, &w->volume);
	return s == OK && w->volume.aad_n == 0 ? E_SYNTAX : s;
}

/* In the place of an earlier one, and of whatever else is of our type: two of them would be none. */
static enum status
put_token(struct work *w, const struct token *token, uint32_t ours)
{
	int number = ours != 0 ? ffs((int)ours) - 1 : -1;
	enum status s = volume_token_write(&w->volume, token, number);

	/* From here on the slot is the token's. */
	w->slot_made = w->slot_made && s != OK;
	for (int i = 0; s == OK && i < 32; i++)
		if (i != number && (ours >> i & 1) != 0)
			s = volume_token_remove(&w->volume, (uint32_t)i);
	if (s != OK)
		log_error("%s: writing the token: %s", w->volume.device, status_text(s));
	return s;
}

/* Only what a token of ours that could be read had named; any other keyslot may be somebody's passphrase. */
static void
drop_old_slot(const struct work *w, bool had_token, uint32_t old_slot, uint32_t ours)
{
	if (had_token && old_slot != w->slot && volume_keyslot_kill(&w->volume, old_slot) == OK)
		log_info("%s: the earlier bootgate key slot %" PRIu32 " was removed", w->volume.device, old_slot);
	else if (!had_token && ours != 0)
		log_warning("%s: the earlier bootgate token could not be used, so its key slot is left; see cryptsetup luksDump, luksKillSlot", w->volume.device);
}

static enum status
enroll(struct work *w, const char *file)
{
	static struct token token;
	bool had_token = w->volume.has_token, has_passphrase = false;
	uint32_t old_slot = w->volume.token.keyslot, ours = w->volume.ours;
	enum status s = volume_has_passphrase(&w->volume, &has_passphrase);

	if (s == OK && !has_passphrase) {
		log_error("%s: no key slot is left for a passphrase; add one first (cryptsetup luksAddKey), or a verifier that is gone means data that is gone", w->volume.device);
		return E_MISSING;
	}
	if (s == OK)
		s = read_passphrase(w, file);
	if (s == OK)
		s = ask_verifier(w);
	if (s == OK)
		s = add_keyslot(w);
	if (s == OK)
		s = read_new_header(w);
	if (s == OK)
		s = make_token(w, &token);
	if (s == OK)
		s = put_token(w, &token, ours);
	if (s != OK)
		return s;
	drop_old_slot(w, had_token, old_slot, ours);
	log_info("%s: enrolled in key slot %" PRIu32 "; the passphrase stays. Run this again after a re-encryption, a new UUID, or a change of that key slot",
		w->volume.device, w->slot);
	return OK;
}

/* A rotation has moved the secret, and could not write the note: the tokens know. */
static bool
catch_up(struct identity *id)
{
	static struct volume list[VOLUMES_MAX];
	const struct token *best = NULL;
	uint32_t epoch = id->index[0].epoch;
	size_t n;

	(void)volume_scan(NULL, 0, false, list, &n);
	for (size_t i = 0; i < n; i++) {
		const struct token *t = &list[i].token;

		if (!list[i].has_token || t->ak_handle != id->ak_handle || t->seal[t->seals - 1].epoch <= epoch)
			continue;
		epoch = t->seal[t->seals - 1].epoch;
		best = t;
	}
	return best != NULL && identity_from_token(best, id) == OK;
}

static enum status
prepare(struct work *w, const char *device)
{
	bool moved;
	enum status s = identity_load(IDENTITY_PATH, &w->identity);

	if (s != OK) {
		log_error("%s: %s; this host is not enrolled yet: bootgate enroll", IDENTITY_PATH, status_text(s));
		return s;
	}
	s = volume_read(device, &w->volume);
	if (s != OK) {
		log_error("%s: %s", device, status_text(s));
		return s;
	}
	s = identity_open_tpm(w->settings->tpm, &w->attest.tpm);
	if (s != OK)
		return s;
	w->attest.settings = w->settings;
	w->attest.identity = &w->identity;
	moved = catch_up(&w->identity);
	s = identity_complete(w->attest.tpm, &w->identity, true);
	if (s == OK && moved && w->identity.indices == 1 && identity_save(&w->identity, IDENTITY_PATH) != OK)
		log_warning("%s could not be written", IDENTITY_PATH);
	return s;
}

enum status
luks_enroll_run(struct settings *settings, const char *device, const char *passphrase_file)
{
	struct work *w = calloc(1, sizeof *w);
	enum status s;

	if (w == NULL)
		return E_MEMORY;
	w->settings = settings;
	s = prepare(w, device);
	if (s == OK)
		s = enroll(w, passphrase_file);
	if (w->slot_made) {
		if (volume_keyslot_kill(&w->volume, w->slot) == OK)
			log_info("%s: undone: key slot %" PRIu32 " was removed again", device, w->slot);
		else
			log_error("%s: key slot %" PRIu32 " is left over and opens to nobody; remove it: cryptsetup luksKillSlot %s %" PRIu32, device, w->slot, device, w->slot);
	}
	tpm_close(w->attest.tpm);
	memory_wipe(w, sizeof *w);
	free(w);
	return s;
}
