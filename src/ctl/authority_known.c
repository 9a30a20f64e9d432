/* SPDX-License-Identifier: ISC */
#include "ctl/authority_known.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "structures/policy_digest.h"

static const char *
id_of(const struct ec_public *approval, char id[AUTHORITY_ID_SIZE])
{
	char fingerprint[AUTHORITY_FINGERPRINT_SIZE];

	snprintf(id, AUTHORITY_ID_SIZE, "%.16s", authority_files_fingerprint(approval, fingerprint));
	return id;
}

/* path_of(folder, sub, name, path): "folder/sub/name". */
static bool
path_of(const char *folder, const char *sub, const char *name, char path[PATH_MAX])
{
	char inside[PATH_MAX];

	return authority_files_path(inside, folder, sub) && authority_files_path(path, inside, name);
}

static bool
is_revoked(const char *folder, const char *id)
{
	char path[PATH_MAX];

	return path_of(folder, AUTHORITY_REVOKED, id, path) && access(path, F_OK) == 0;
}

struct authority_verifier *
authority_known_find(struct authority_known *k, const struct ec_public *approval)
{
	for (size_t i = 0; i < k->n; i++)
		if (ec_public_equal(&k->verifier[i].approval, approval))
			return &k->verifier[i];
	return NULL;
}

static bool
add(const char *folder, struct authority_known *k, const struct keys_delegation *d)
{
	struct authority_verifier *v = authority_known_find(k, &d->approval);

	if (v == NULL && k->n == AUTHORITY_VERIFIERS_MAX) {
		log_error("%s/" AUTHORITY_DELEGATIONS ": more than %d verifiers", folder, AUTHORITY_VERIFIERS_MAX);
		return false;
	}
	if (v == NULL) {
		v = &k->verifier[k->n++];
		*v = (struct authority_verifier){ .approval = d->approval, .statement = d->statement };
		v->revoked = is_revoked(folder, id_of(&d->approval, v->id));
	}
	if (d->epoch > v->newest)
		v->newest = d->epoch;
	return true;
}

static bool
load_one(const char *folder, const char *name, const struct ec_public *key, struct authority_known *k)
{
	uint8_t text[KEYS_TEXT_MAX];
	struct buffer b = BUFFER(text);
	struct keys_delegation d;
	char path[PATH_MAX];
	enum status s;

	if (!path_of(folder, AUTHORITY_DELEGATIONS, name, path))
		return false;
	s = file_read(path, &b);
	if (s == OK)
		s = keys_parse_delegation(buffer_view(&b), &d);
	if (s == OK)
		s = gate_delegation_verify(key, &d.approval, &d.statement, d.epoch, bytes_of(d.signature, d.n));
	if (s == OK)
		return add(folder, k, &d);
	log_error("%s: %s; it should be the copy of a delegation by this authority", path, status_text(s));
	return false;
}

bool
authority_known_load(const char *folder, const struct ec_public *key, struct authority_known *k)
{
	char path[PATH_MAX];
	const struct dirent *e;
	bool good = true;
	DIR *d;

	k->n = 0;
	if (!authority_files_path(path, folder, AUTHORITY_DELEGATIONS))
		return false;
	d = opendir(path);
	if (d == NULL && errno == ENOENT)
		return true;
	if (d == NULL) {
		log_error("%s: %s", path, strerror(errno));
		return false;
	}
	while (good && (e = readdir(d)) != NULL)
		if (e->d_name[0] != '.')
			good = load_one(folder, e->d_name, key, k);
	closedir(d);
	return good;
}

uint32_t
authority_known_epoch(const struct authority_known *k)
{
	uint32_t newest = 1, lost = 0;

	for (size_t i = 0; i < k->n; i++) {
		const struct authority_verifier *v = &k->verifier[i];

		if (v->newest > newest)
			newest = v->newest;
		if (v->revoked && v->newest > lost)
			lost = v->newest;
	}
	return newest > lost ? newest : lost + 1;
}

static bool
put(const char *folder, const char *sub, const char *name, struct bytes data, char path[PATH_MAX])
{
	char inside[PATH_MAX];
	enum status s;

	if (!authority_files_path(inside, folder, sub) || !authority_files_path(path, inside, name))
		return false;
	if (mkdir(inside, 0700) != 0 && errno != EEXIST) {
		log_error("%s: %s", inside, strerror(errno));
		return false;
	}
	s = file_write(path, data, 0644);
	if (s != OK)
		log_error("%s: %s", path, status_text(s));
	return s == OK;
}

bool
authority_known_keep(const char *folder, const struct keys_delegation *d, char path[PATH_MAX])
{
	uint8_t text[KEYS_TEXT_MAX];
	struct buffer b = BUFFER(text);
	char name[64], id[AUTHORITY_ID_SIZE];

	snprintf(name, sizeof name, "%s-%u", id_of(&d->approval, id), (unsigned)d->epoch);
	return keys_encode_delegation(d, &b) == OK && put(folder, AUTHORITY_DELEGATIONS, name, buffer_view(&b), path);
}

bool
authority_known_revoke(const char *folder, const struct authority_verifier *v)
{
	char text[128], path[PATH_MAX];
	int n = snprintf(text, sizeof text, "revoked; its delegations are of epoch %u and before\n", (unsigned)v->newest);

	return put(folder, AUTHORITY_REVOKED, v->id, bytes_of(text, (size_t)n), path);
}
