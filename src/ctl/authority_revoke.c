/* SPDX-License-Identifier: ISC */
#include "ctl/authority_revoke.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/memory.h"
#include "ctl/authority_known.h"
#include "ctl/exit.h"
#include "ctl/rotate_verb.h"
#include "ctl/state.h"

#define DIGITS_MIN 8

static void
list_known(const struct authority_known *k)
{
	for (size_t i = 0; i < k->n; i++)
		log_error("  %s  newest epoch %u%s", k->verifier[i].id, (unsigned)k->verifier[i].newest, k->verifier[i].revoked ? ", revoked" : "");
}

/* by_digits(): the verifier whose approval key's fingerprint begins so; NULL: none, or several. */
static struct authority_verifier *
by_digits(struct authority_known *k, const char *digits)
{
	struct authority_verifier *found = NULL;
	size_t n = strlen(digits), compared = n < AUTHORITY_ID_SIZE - 1 ? n : AUTHORITY_ID_SIZE - 1, hits = 0;

	for (size_t i = 0; n >= DIGITS_MIN && i < k->n; i++)
		if (strncmp(k->verifier[i].id, digits, compared) == 0) {
			found = &k->verifier[i];
			hits++;
		}
	return hits == 1 ? found : NULL;
}

/* by_file(): what that verifier.pub, or the state directory with it, is of. */
static struct authority_verifier *
by_file(struct authority_known *k, const char *path)
{
	uint8_t text[KEYS_TEXT_MAX];
	struct buffer b = BUFFER(text);
	struct keys_request q;
	char inside[PATH_MAX];
	enum status s = authority_files_path(inside, path, KEYS_REQUEST) ? file_read(inside, &b) : E_NOT_FOUND;

	if (s != OK) {
		b = BUFFER(text);
		s = file_read(path, &b);
	}
	if (s == OK)
		s = keys_parse_request(buffer_view(&b), &q);
	return s == OK ? authority_known_find(k, &q.approval) : NULL;
}

static struct authority_verifier *
find(struct authority_known *k, const char *folder, const char *name)
{
	struct authority_verifier *v = by_digits(k, name);

	if (v == NULL)
		v = by_file(k, name);
	if (v != NULL)
		return v;
	log_error("%s: of no verifier that %s ever delegated to; name the %d first digits of its approval key's fingerprint, or its " KEYS_REQUEST
		"; there are:", name, folder, DIGITS_MIN);
	list_known(k);
	return NULL;
}

/* delegate_to_others(): a signature is the same at each run, so that this can be run again. */
static bool
delegate_to_others(const char *folder, const struct authority *a, const struct authority_known *k, uint32_t epoch, size_t *made)
{
	for (size_t i = 0; i < k->n; i++) {
		const struct authority_verifier *v = &k->verifier[i];
		struct keys_delegation d;
		char path[PATH_MAX];
		enum status s;

		if (v->revoked)
			continue;
		s = keys_delegation_of(&a->key, &v->approval, &v->statement, epoch, &d);
		if (s != OK) {
			log_error("signing the delegation for %s: %s", v->id, status_text(s));
			return false;
		}
		if (!authority_known_keep(folder, &d, path))
			return false;
		printf("  %s: %s, to be its STATEDIR/" KEYS_DELEGATION "%u\n", v->id, path, (unsigned)epoch);
		++*made;
	}
	return true;
}

static void
tell_next(const char *folder, uint32_t epoch, size_t made)
{
	if (made == 0)
		printf("  none is left: start a new verifier, then for it, and once more with --epoch %u as long as machines are on that:\n"
			"    bootgatectl authority delegate %s STATEDIR --name HOST\n", (unsigned)epoch - 1, folder);
	printf("next, at each of them: bring the file there, send bootgated SIGHUP, then once in the fleet: bootgatectl machine rotate --all\n"
		"and boot each machine; see THE LOSS OF A VERIFIER in bootgatectl(8)\n");
}

static bool
revoke_verifier(const char *folder, const char *name, uint32_t *epoch)
{
	static struct authority a;
	static struct authority_known k;
	struct authority_verifier *v = NULL;
	size_t made = 0;
	bool good = authority_files_load(folder, &a) && authority_known_load(folder, &a.key.public, &k) && (v = find(&k, folder, name)) != NULL &&
		authority_known_revoke(folder, v);

	if (good) {
		v->revoked = true;
		*epoch = authority_known_epoch(&k);
		good = *epoch != 0;
		if (good)
			printf("revoked: %s, whose delegations are of epoch %u and before\nepoch %u, delegated to:\n", v->id, (unsigned)v->newest, (unsigned)*epoch);
		else
			log_error("there is no epoch after %u", (unsigned)v->newest);
	}
	good = good && delegate_to_others(folder, &a, &k, *epoch, &made);
	if (good)
		tell_next(folder, *epoch, made);
	memory_wipe(&a, sizeof a);
	return good;
}

int
authority_revoke_run(struct call *c)
{
	struct state s;
	uint32_t epoch = 0;
	bool good;

	if (!arguments_take(c, NULL, 0, 2, 2))
		return CTL_USAGE;
	good = revoke_verifier(c->argv[0], c->argv[1], &epoch);
	if (!good || access(c->config, F_OK) != 0)
		return good ? CTL_DONE : CTL_FAILED;
	if (!state_open(c->config, &s))
		return CTL_FAILED;
	good = rotate_verb_list_behind(&s, epoch);
	state_close(&s);
	return good ? CTL_DONE : CTL_FAILED;
}
