/* SPDX-License-Identifier: ISC */
#include "agent/approve.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "agent/door.h"
#include "agent/retry.h"
#include "agent/rotate.h"
#include "base/file.h"
#include "base/log.h"
#include "base/memory.h"
#include "crypto/random.h"

#define TPM_WAIT_SECONDS 15

/* What an approval came to. */
struct unlocked {
	uint32_t epoch, next; /* whose secret was read; the one to rotate to, or 0 */
	struct hpke_private machine_key;
	struct token_ticket fresh;
};

/* Something was said: the prompt is to be shown again. */
static void
tell_said(int fd)
{
	struct approve_key k;

	memset(&k, 0, sizeof k);
	k.volume = APPROVE_SAID;
	file_write_all(fd, bytes_of(&k, sizeof k));
}

static void
wait_and_tell(struct retry_pause *p, unsigned at_least, int fd)
{
	uint16_t jitter = 0;
	struct timespec t;
	uint32_t ms;

	random_fill(&jitter, sizeof jitter);
	ms = retry_pause_next(p, at_least, jitter);
	log_info("next try in %u s", (unsigned)((ms + 999) / 1000));
	tell_said(fd);
	t.tv_sec = (time_t)(ms / 1000);
	t.tv_nsec = (long)(ms % 1000) * 1000000;
	nanosleep(&t, NULL);
}

static enum status
try_open_tpm(const struct settings *settings, struct tpm **t)
{
	*t = NULL;
	if (settings->tpm[0] != '\0')
		return tpm_open(settings->tpm, t);
	/* Silently, while there is nothing to open. */
	if (access("/dev/tpm0", F_OK) != 0 && access("/dev/tpmrm0", F_OK) != 0)
		return E_NOT_FOUND;
	return tpm_open(NULL, t);
}

static enum status
open_tpm(const struct settings *settings, struct tpm **t)
{
	bool leftovers = access(APPROVE_MARK, F_OK) == 0, said = false;
	enum status s = E_NOT_FOUND;

	for (unsigned i = 0; i < TPM_WAIT_SECONDS; i++) {
		s = try_open_tpm(settings, t);
		if (s == OK || (settings->tpm[0] == '\0' && !door_tpm_announced()))
			break;
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

/* ${s}: how it went. The mark stays where something may have been left behind; whoever opens the TPM next flushes that. */
static void
close_tpm(struct tpm **t, enum status s)
{
	if (*t == NULL)
		return;
	if (tpm_flush(*t) == OK && s != E_TPM_LOST)
		unlink(APPROVE_MARK);
	tpm_close(*t);
	*t = NULL;
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

static bool
same_identity(const struct token *a, const struct token *b)
{
	return a->ek_handle == b->ek_handle && a->ak_handle == b->ak_handle && a->nv_handle[0] == b->nv_handle[0] && token_same_machine(a, b);
}

/* The tokens that speak of different machines: of the volumes that are named in the configuration, or of all others. */
static size_t
list_identities(const struct settings *settings, bool named, const struct volume *v, size_t n, const struct token *list[VOLUMES_MAX])
{
	size_t count = 0;

	for (size_t i = 0; i < n; i++) {
		size_t k = 0;

		if (!v[i].has_token || settings_has(settings, v[i].uuid) != named)
			continue;
		while (k < count && !same_identity(list[k], &v[i].token))
			k++;
		if (k == count)
			list[count++] = &v[i].token;
	}
	return count;
}

/* The seals that belong to that machine. */
static enum status
gather(struct attest *a, struct identity *id, const struct token *token, const struct volume *v, size_t n)
{
	a->seals = 0;
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; v[i].has_token && token_same_machine(&v[i].token, token) && k < v[i].token.seals; k++)
			insert_seal(a, &v[i].token.seal[k]);
	return identity_from_token(token, id);
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
find_gate(const struct attest *a, const struct index_claim *claim)
{
	for (size_t i = 0; i < a->result.gates; i++) {
		const struct gate *g = &a->result.gate[i];

		if (g->approval.n > 0 && g->epoch == claim->epoch && g->handle == claim->handle)
			return g;
	}
	return NULL;
}

/* One gate. ${fresh}: the ticket that was made, n = 0 when a cached one served. */
static enum status
read_index(struct attest *a, size_t index, const struct gate *g, const struct volume *v, size_t n, struct token_ticket *fresh,
	uint8_t secret[GATE_SECRET_SIZE])
{
	struct tpm_approval approval;
	struct tpm_ticket ticket = { .n = 0 };
	const struct token_ticket *cached;
	uint8_t digest[HASH_SIZE_MAX];
	enum status s;

	if (g->delegation.n > sizeof approval.delegation || g->approval.n > sizeof approval.signature)
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
	s = (index == 0 ? tpm_secret_read : tpm_secret_try)(a->tpm, &a->identity->nv[index], &approval, &ticket, secret);
	fresh->n = 0;
	if (s == OK && (cached == NULL || cached->n != ticket.n || memcmp(cached->p, ticket.p, ticket.n) != 0)) {
		memcpy(fresh->delegation, digest, sizeof fresh->delegation);
		memcpy(fresh->p, ticket.p, fresh->n = ticket.n);
	}
	return s;
}

/* Step 4: the TPM checks the approval itself, and only then gives the secret: the new one of a rotation, where it will do, before the old one. */
static enum status
read_secret(struct attest *a, const struct volume *v, size_t n, struct token_ticket *fresh, uint8_t secret[GATE_SECRET_SIZE], size_t *index)
{
	enum status s = E_PROTOCOL;

	for (size_t i = a->identity->indices; i-- > 0 && s != OK && s != E_TPM_LOST;) {
		const struct gate *g = find_gate(a, &a->identity->index[i]);

		if (g == NULL || (i > 0 && !rotate_is_prepared(a, v, n)))
			continue;
		s = read_index(a, i, g, v, n, fresh, secret);
		*index = i;
		if (i > 0 && s != OK)
			log_warning("the secret of epoch %u does not come (%s); the earlier one is still there", (unsigned)g->epoch, status_text(s));
	}
	return s;
}

static void
hand_out(struct attest *a, const struct volume *v, size_t n, const struct unlocked *u, int fd)
{
	for (size_t i = 0; i < n; i++) {
		struct approve_key out;
		uint8_t key[SEAL_KEY_SIZE];
		enum status s;

		if (!v[i].has_token)
			continue;
		s = rotate_open_seal(a, &v[i], u->epoch, &u->machine_key, key);
		if (s == OK) {
			memset(&out, 0, sizeof out);
			out.volume = i;
			out.ticket = u->fresh;
			out.epoch = u->epoch;
			out.last = u->next == u->epoch || a->identity->indices == 1;
			seal_text(key, out.key);
			s = file_write_all(fd, bytes_of(&out, sizeof out));
			memory_wipe(&out, sizeof out);
		}
		memory_wipe(key, sizeof key);
		if (s == E_NOT_FOUND && memcmp(v[i].token.seal[0].machine_key, a->binding.machine_key, sizeof a->binding.machine_key) != 0)
			log_warning("%s stays shut: its token is another machine's; if the disk belongs here now, open it by passphrase and run: bootgate luks-enroll %s", v[i].device, v[i].device);
		else if (s == E_NOT_FOUND)
			log_error("%s: the verifier holds no share for this volume's token; open it by passphrase and run: bootgate luks-enroll %s", v[i].device, v[i].device);
		else if (s != OK)
			log_error("%s: its LUKS2 header is not the one that was enrolled (%s). If you changed it, open it by passphrase and run: bootgate luks-enroll %s. If not, it is another disk or somebody rewrote it: remove it",
				v[i].device, status_text(s), v[i].device);
	}
}

/* In the TPM that is open, or else anew; with the door open, for whatever reason, nothing is opened by approval. */
static enum status
close_door(struct attest *a)
{
	struct bytes digest = BYTES(a->statement_digest);
	enum status s = door_close_with(a->tpm, "approved", digest);

	close_tpm(&a->tpm, s);
	if (s == OK || door_close_or_poweroff(a->settings->tpm, "approved", digest))
		return OK;
	log_error("the door is open: nothing is opened by approval");
	return E_KEY;
}

/* Behind the closed door, and with the keys handed out: whatever becomes of this, the volumes open, now and at the next boot. */
static void
rotate(struct attest *a, const struct volume *v, size_t n, const struct unlocked *u, int fd)
{
	struct approve_key out;
	uint8_t machine_key[HPKE_KEY_SIZE], key[SEAL_KEY_SIZE];
	enum status s = open_tpm(a->settings, &a->tpm);

	memset(&out, 0, sizeof out);
	if (s == OK)
		s = rotate_make_index(a, u->next, &out.index, machine_key);
	close_tpm(&a->tpm, s);
	for (size_t i = 0; s == OK && i < n; i++) {
		if (!v[i].has_token || rotate_open_seal(a, &v[i], u->epoch, &u->machine_key, key) != OK)
			continue;
		out.volume = i;
		out.epoch = u->epoch;
		if (rotate_make_seal(a, &v[i], u->epoch, u->next, machine_key, key, &out.seal) == OK)
			s = file_write_all(fd, bytes_of(&out, sizeof out));
		memory_wipe(key, sizeof key);
	}
}

/* The approval says that the rotation is at its end. */
static void
sweep(struct attest *a, const struct unlocked *u)
{
	enum status s = open_tpm(a->settings, &a->tpm);

	if (s == OK)
		s = rotate_sweep(a, u->epoch);
	close_tpm(&a->tpm, s);
}

/* A secret was read: the door, before anything is made of it. */
static enum status
use_secret(struct attest *a, const struct volume *v, size_t n, const struct unlocked *u, bool enrolled, int fd)
{
	enum status s = close_door(a);

	if (s == OK && !enrolled) {
		log_error("the TPM secret was replaced: it is not the one of this machine's enrolment. Open by passphrase, look for who did it, and enrol again");
		s = E_KEY;
	}
	if (s != OK)
		return s;
	hand_out(a, v, n, u, fd);
	if (u->next > u->epoch)
		rotate(a, v, n, u, fd);
	else if (u->next == u->epoch && a->identity->indices == 1)
		sweep(a, u);
	return OK;
}

static enum status
use_approval(struct attest *a, const struct volume *v, size_t n, int fd)
{
	uint8_t secret[GATE_SECRET_SIZE] = { 0 };
	struct unlocked u = { .next = rotate_order(&a->statement) };
	size_t index = 0;
	bool enrolled;
	enum status s = read_secret(a, v, n, &u.fresh, secret, &index);

	if (s != OK)
		return s;
	u.epoch = a->identity->index[index].epoch;
	/* 32 bytes it can be derived from; without a key, the comparison fails. */
	(void)hpke_derive(BYTES(secret), &u.machine_key);
	memory_wipe(secret, sizeof secret);
	enrolled = memory_equal(u.machine_key.pk, a->identity->machine_key[index], sizeof u.machine_key.pk);
	if (index > 0 && !(enrolled && rotate_opens_all(a, v, n, u.epoch, &u.machine_key))) {
		log_warning("the secret of epoch %u does not open every volume; the earlier one is asked for", (unsigned)u.epoch);
		a->identity->indices = 1;
		s = E_TPM_AGAIN;
	} else {
		s = use_secret(a, v, n, &u, enrolled, fd);
	}
	memory_wipe(&u, sizeof u);
	return s;
}

/* One round: open the TPM, ask one verifier, use what it says. */
static enum status
ask(struct attest *a, const struct volume *v, size_t n, size_t verifier, bool fresh, int fd)
{
	enum status s = open_tpm(a->settings, &a->tpm);

	a->retry_after = 0;
	if (s == OK)
		s = identity_complete(a->tpm, a->identity, fresh);
	if (s == OK) {
		s = attest_exchange(a, verifier, PURPOSE_BOOT);
		attest_say(a, verifier, s);
		if (s == OK)
			s = use_approval(a, v, n, fd);
	}
	attest_wipe(a);
	close_tpm(&a->tpm, s);
	return s;
}

/*
 * Until the hold is decided, or it cannot be heard of any more: then evidence goes out again.  What was heard is a hint that nobody signed,
 * so a pause follows it, too.
 */
static void
wait_for_operator(struct attest *a, size_t verifier, struct retry_pause *p, int fd)
{
	struct timespec since, now;
	enum status s;

	clock_gettime(CLOCK_MONOTONIC, &since);
	do {
		/* A verifier with too many of them answers at once. */
		clock_gettime(CLOCK_MONOTONIC, &now);
		if (now.tv_sec > since.tv_sec)
			sleep(5);
		log_info("waiting for the operator (bootgatectl hold list), for %lld s so far; looking again within a minute",
			(long long)(now.tv_sec - since.tv_sec));
		tell_said(fd);
		s = attest_hold_wait(a, verifier);
	} while (s == E_HELD);
	if (s != OK)
		log_info("the hold cannot be followed: %s", status_text(s));
	wait_and_tell(p, 0, fd);
}

/* What the tries so far came to. */
struct progress {
	struct retry_pause denied, held, unreachable;
	unsigned again;
	size_t tried, verifier, identity, identities;
	bool fresh, reread, hope, refused;
};

/* A disk of another machine may be at the front: before anybody waits, the next one's token is tried. */
static bool
take_next_identity(struct progress *p, enum status *s)
{
	if (*s != E_DENIED && *s != E_REFUSED && *s != E_NOT_FOUND)
		return false;
	p->hope = p->hope || *s != E_NOT_FOUND;
	p->refused = p->refused || *s == E_REFUSED;
	p->identity = (p->identity + 1) % p->identities;
	/* That one of them is not this TPM's ends nothing for the others. */
	if (p->hope && *s == E_NOT_FOUND)
		*s = E_DENIED;
	return p->identity != 0;
}

/* Prepares the next try; false: there is none. */
static bool
go_on(struct attest *a, struct progress *p, enum status s, int fd)
{
	enum retry next;

	if (take_next_identity(p, &s)) {
		log_info("trying as the machine that the token of another volume names");
		return true;
	}
	next = retry_next(s, &p->again);
	/* "Unknown" may come of what the tokens cached of another TPM: once, it is read anew. */
	p->fresh = next == RETRY_AGAIN || (p->refused && !p->reread);
	p->reread = p->reread || p->fresh;
	p->refused = false;
	switch (next) {
	case RETRY_DONE:
		return false;
	case RETRY_AGAIN:
		log_warning("beginning anew: %s", status_text(s));
		return true;
	case RETRY_HELD:
		retry_pause_reset(&p->denied);
		wait_for_operator(a, p->verifier, &p->held, fd);
		return true;
	case RETRY_PAUSE:
		p->again = 0;
		p->tried = 0;
		wait_and_tell(&p->denied, a->retry_after, fd);
		return true;
	case RETRY_VERIFIER:
		p->verifier = (p->verifier + 1) % a->settings->verifiers;
		if (++p->tried % a->settings->verifiers == 0)
			wait_and_tell(&p->unreachable, a->retry_after, fd);
		return true;
	}
	return false;
}

enum status
approve_run(struct settings *settings, const struct volume *v, size_t n, int fd, struct attest *a)
{
	static struct identity identity;
	struct progress p = { .denied = { 10, 300, 10 }, .held = { 1, 60, 1 }, .unreachable = { 2, 60, 2 } };
	const struct token *list[VOLUMES_MAX];
	size_t gathered = VOLUMES_MAX;
	enum status s;

	a->settings = settings;
	a->identity = &identity;
	p.identities = list_identities(settings, true, v, n, list);
	if (p.identities == 0)
		p.identities = list_identities(settings, false, v, n, list);
	if (settings->verifiers == 0 || p.identities == 0) {
		log_error(settings->verifiers == 0 ? "no verifier is configured" : "no volume has a usable bootgate token: open by passphrase, then run \"bootgate luks-enroll\"");
		return E_MISSING;
	}
	do {
		if (gathered != p.identity && gather(a, &identity, list[p.identity], v, n) != OK)
			return E_MISSING;
		gathered = p.identity;
		s = ask(a, v, n, p.verifier, p.fresh, fd);
	} while (go_on(a, &p, s, fd));
	return s;
}

void
approve_clean_up(const struct settings *settings)
{
	struct tpm *t = NULL;

	if (access(APPROVE_MARK, F_OK) != 0)
		return;
	if (try_open_tpm(settings, &t) == OK && tpm_flush_leftovers(t) == OK)
		unlink(APPROVE_MARK);
	tpm_close(t);
}
