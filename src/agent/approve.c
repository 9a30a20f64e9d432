/* SPDX-License-Identifier: ISC */
#include "agent/approve.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "agent/door.h"
#include "base/file.h"
#include "base/log.h"
#include "base/memory.h"
#include "crypto/random.h"

#define TPM_WAIT_SECONDS 15
#define AGAIN_MAX 5

/* Pauses grow by half, with jitter, so that a fleet does not come back in step. */
struct pause {
	unsigned first, last, seconds;
};

static void
pause_reset(struct pause *p)
{
	p->seconds = p->first;
}

static void
pause_wait(struct pause *p, unsigned at_least)
{
	uint16_t jitter = 0;
	unsigned seconds = p->seconds > at_least ? p->seconds : at_least;
	unsigned ms;
	struct timespec t;

	random_fill(&jitter, sizeof jitter);
	ms = seconds * 1000 + seconds * 1000 / 4 * jitter / UINT16_MAX;
	log_info("next try in %u s", (ms + 999) / 1000);
	t.tv_sec = (time_t)(ms / 1000);
	t.tv_nsec = (long)(ms % 1000) * 1000000;
	nanosleep(&t, NULL);
	p->seconds = p->seconds + p->seconds / 2 + 1 > p->last ? p->last : p->seconds + p->seconds / 2 + 1;
}

static enum status
open_tpm(const struct settings *settings, struct tpm **t)
{
	bool leftovers = access(APPROVE_MARK, F_OK) == 0, said = false;
	enum status s = E_NOT_FOUND;

	for (unsigned i = 0; i < TPM_WAIT_SECONDS; i++) {
		s = tpm_open(settings->tpm[0] != '\0' ? settings->tpm : NULL, t);
		if (s == OK || (settings->tpm[0] == '\0' && !door_tpm_announced()))
			break;
		tpm_close(*t);
		*t = NULL;
		if (!said)
			log_info("waiting for the TPM (%s)", status_text(s));
		said = true;
		sleep(1);
	}
	if (s != OK) {
		log_error("no TPM 2.0 on this machine answers: %s; without it nothing but the passphrase opens", status_text(s));
		return E_NOT_FOUND;
	}
	mkdir(DOOR_FOLDER, 0755);
	if (leftovers)
		tpm_flush_leftovers(*t);
	file_write(APPROVE_MARK, bytes_of("", 0), 0644);
	return OK;
}

static void
close_tpm(struct tpm **t)
{
	if (*t == NULL)
		return;
	tpm_close(*t);
	*t = NULL;
	unlink(APPROVE_MARK);
}

static int
compare_seals(const struct seal_claim *a, const struct seal_claim *b)
{
	if (a->epoch != b->epoch)
		return a->epoch < b->epoch ? -1 : 1;
	return memcmp(a->share, b->share, sizeof a->share);
}

/* In ascending order, no doubles: as the binding wants it. */
static void
insert_seal(struct attest *a, const struct token_seal *seal)
{
	struct seal_claim claim = { .epoch = seal->epoch };
	size_t at = 0;

	memcpy(claim.share, seal->share, sizeof claim.share);
	while (at < a->seals && compare_seals(&a->seal[at], &claim) < 0)
		at++;
	if (a->seals == SEALS_MAX || (at < a->seals && compare_seals(&a->seal[at], &claim) == 0))
		return;
	memmove(a->seal + at + 1, a->seal + at, (a->seals - at) * sizeof *a->seal);
	a->seal[at] = claim;
	a->seals++;
}

static enum status
gather(struct attest *a, struct identity *id, const struct volume *v, size_t n)
{
	enum status s = E_MISSING;

	a->seals = 0;
	for (size_t i = 0; i < n; i++) {
		if (!v[i].has_token)
			continue;
		if (s != OK)
			s = identity_from_token(&v[i].token, id);
		for (size_t k = 0; k < v[i].token.seals; k++)
			insert_seal(a, &v[i].token.seal[k]);
	}
	return s;
}

static const struct token_ticket *
cached_ticket(const struct volume *v, size_t n, const uint8_t delegation[TOKEN_DELEGATION_SIZE])
{
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; v[i].has_token && k < v[i].token.cache.tickets; k++)
			if (memcmp(v[i].token.cache.ticket[k].delegation, delegation, TOKEN_DELEGATION_SIZE) == 0)
				return &v[i].token.cache.ticket[k];
	return NULL;
}

static const struct gate *
find_gate(const struct attest *a, size_t *index)
{
	for (size_t i = 0; i < a->result.gates; i++) {
		const struct gate *g = &a->result.gate[i];

		for (*index = 0; *index < a->identity->indices; ++*index)
			if (g->approval.n > 0 && g->epoch == a->identity->index[*index].epoch && g->handle == a->identity->index[*index].handle)
				return g;
	}
	return NULL;
}

/* Step 4: the TPM checks the approval itself, and only then gives the secret. ${fresh}: the ticket that was made, n = 0 when a cached one served. */
static enum status
read_secret(struct attest *a, const struct volume *v, size_t n, struct token_ticket *fresh, uint8_t secret[GATE_SECRET_SIZE])
{
	struct tpm_approval approval;
	struct tpm_ticket ticket = { .n = 0 };
	const struct token_ticket *cached;
	uint8_t digest[HASH_SIZE_MAX];
	size_t index;
	const struct gate *g = find_gate(a, &index);
	enum status s;

	if (g == NULL || g->delegation.n > sizeof approval.delegation || g->approval.n > sizeof approval.signature)
		return E_PROTOCOL;
	memset(&approval, 0, sizeof approval);
	approval.authority = a->settings->authority;
	approval.approval_key = a->result.approval_key;
	approval.statement_key = a->result.statement_key;
	approval.epoch = g->epoch;
	memcpy(approval.delegation, g->delegation.p, approval.delegation_n = g->delegation.n);
	memcpy(approval.signature, g->approval.p, approval.signature_n = g->approval.n);
	hash_compute(HASH_SHA256, g->delegation, digest);
	cached = cached_ticket(v, n, digest);
	if (cached != NULL)
		memcpy(ticket.p, cached->p, ticket.n = cached->n);
	s = tpm_secret_read(a->tpm, &a->identity->nv[index], &approval, &ticket, secret);
	fresh->n = 0;
	if (s == OK && (cached == NULL || cached->n != ticket.n || memcmp(cached->p, ticket.p, ticket.n) != 0)) {
		memcpy(fresh->delegation, digest, sizeof fresh->delegation);
		memcpy(fresh->p, ticket.p, fresh->n = ticket.n);
	}
	return s;
}

static enum status
open_seal(struct attest *a, const struct volume *v, const struct hpke_private *machine_key, uint8_t key[SEAL_KEY_SIZE])
{
	enum status s = E_NOT_FOUND;

	for (size_t i = 0; i < v->token.seals && s != OK; i++) {
		const struct token_seal *seal = &v->token.seal[i];

		for (size_t k = 0; k < a->statement.shares && s != OK; k++) {
			uint8_t share[SHARE_SIZE];

			if (memcmp(a->statement.share[k].id, seal->share, SHARE_ID_SIZE) != 0)
				continue;
			s = message_share_open(&a->hpke, a->digest, &a->statement.share[k], share);
			if (s == OK)
				s = seal_open(seal, machine_key, share, bytes_of(v->aad, v->aad_n), key);
			memory_wipe(share, sizeof share);
		}
	}
	return s;
}

static void
hand_out(struct attest *a, const struct volume *v, size_t n, const struct hpke_private *machine_key, const struct token_ticket *fresh, int fd)
{
	for (size_t i = 0; i < n; i++) {
		struct approve_key out;
		uint8_t key[SEAL_KEY_SIZE];
		enum status s;

		if (!v[i].has_token)
			continue;
		s = open_seal(a, &v[i], machine_key, key);
		if (s == OK) {
			memset(&out, 0, sizeof out);
			out.volume = i;
			out.ticket = *fresh;
			seal_text(key, out.key);
			s = file_write_all(fd, bytes_of(&out, sizeof out));
			memory_wipe(&out, sizeof out);
		}
		memory_wipe(key, sizeof key);
		if (s == E_NOT_FOUND)
			log_error("%s: the verifier holds no share for this volume's token; open it by passphrase and run: bootgate luks-enroll %s", v[i].device, v[i].device);
		else if (s != OK)
			log_error("%s: its LUKS2 header is not the one that was enrolled (%s); if you changed it, open it by passphrase and run: bootgate luks-enroll %s",
				v[i].device, status_text(s), v[i].device);
	}
}

static enum status
use_approval(struct attest *a, const struct volume *v, size_t n, int fd)
{
	uint8_t secret[GATE_SECRET_SIZE] = { 0 };
	struct hpke_private machine_key;
	struct token_ticket fresh;
	enum status s = read_secret(a, v, n, &fresh, secret);

	if (s != OK)
		return s;
	/* A secret was read: the door, before anything else. */
	if (door_close_with(a->tpm, "approved", BYTES(a->statement_digest)) != OK)
		door_close_or_poweroff(a->settings->tpm, "approved");
	tpm_flush(a->tpm);
	close_tpm(&a->tpm);
	s = hpke_derive(BYTES(secret), &machine_key);
	memory_wipe(secret, sizeof secret);
	if (s == OK && !memory_equal(machine_key.pk, a->binding.machine_key, sizeof machine_key.pk)) {
		log_error("the TPM secret was replaced: it is not the one of this machine's enrolment. Open by passphrase, look for who did it, and enrol again");
		s = E_KEY;
	}
	if (s == OK)
		hand_out(a, v, n, &machine_key, &fresh, fd);
	memory_wipe(&machine_key, sizeof machine_key);
	return s;
}

/* One round: open the TPM, ask one verifier, use what it says. */
static enum status
ask(struct attest *a, const struct volume *v, size_t n, size_t verifier, bool fresh, int fd)
{
	enum status s = open_tpm(a->settings, &a->tpm);

	if (s == OK)
		s = identity_complete(a->tpm, a->identity, fresh);
	if (s == OK) {
		s = attest_exchange(a, verifier, PURPOSE_BOOT);
		attest_say(a, verifier, s);
		if (s == OK)
			s = use_approval(a, v, n, fd);
	}
	attest_wipe(a);
	close_tpm(&a->tpm);
	return s;
}

/* What a status asks for next. */
enum next { NEXT_DONE, NEXT_AGAIN, NEXT_VERIFIER, NEXT_PAUSE, NEXT_HELD };

static enum next
next_after(enum status s, unsigned *again)
{
	switch ((int)s) {
	case OK:
	case E_KEY:
	case E_MISSING:
		return NEXT_DONE;
	case E_MISMATCH: /* what the token cached of the TPM's objects is damaged */
	case E_TPM_AGAIN:
	case E_TPM_PCR_CHANGED:
	case E_TPM_LOST:
	case E_TPM:
		return ++*again <= AGAIN_MAX ? NEXT_AGAIN : NEXT_PAUSE;
	case E_HELD:
		return NEXT_HELD;
	case E_DENIED:
	case E_REFUSED:
		return NEXT_PAUSE;
	default:
		return NEXT_VERIFIER;
	}
}

static void
wait_for_operator(struct attest *a, size_t verifier)
{
	log_info("waiting for the operator (bootgatectl hold list)");
	while (attest_hold_wait(a, verifier) == E_TIMEOUT)
		;
}

enum status
approve_run(const struct settings *settings, const struct volume *v, size_t n, int fd, struct attest *a)
{
	struct pause denied = { 10, 300, 10 }, unreachable = { 2, 60, 2 };
	static struct identity identity;
	unsigned again = 0;
	size_t tried = 0, verifier = 0;
	bool fresh = false;

	a->settings = settings;
	a->identity = &identity;
	if (settings->verifiers == 0 || gather(a, &identity, v, n) != OK) {
		log_error(settings->verifiers == 0 ? "no verifier is configured" : "no volume has a usable bootgate token");
		return E_MISSING;
	}
	for (;;) {
		enum status s = ask(a, v, n, verifier, fresh, fd);
		enum next next = next_after(s, &again);

		fresh = next == NEXT_AGAIN;
		switch (next) {
		case NEXT_DONE:
			return s;
		case NEXT_AGAIN:
			log_warning("beginning anew: %s", status_text(s));
			continue;
		case NEXT_HELD:
			pause_reset(&denied);
			wait_for_operator(a, verifier);
			continue;
		case NEXT_PAUSE:
			again = 0;
			tried = 0;
			pause_wait(&denied, a->retry_after);
			continue;
		case NEXT_VERIFIER:
			if (s == E_NOT_FOUND)
				return s;
			verifier = (verifier + 1) % settings->verifiers;
			if (++tried % settings->verifiers == 0)
				pause_wait(&unreachable, a->retry_after);
			continue;
		}
	}
}
