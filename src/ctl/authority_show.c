/* SPDX-License-Identifier: ISC */
#include "ctl/authority_show.h"

#include <dirent.h>
#include <errno.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/memory.h"
#include "crypto/keyfile.h"
#include "ctl/authority_known.h"
#include "ctl/exit.h"
#include "structures/policy_digest.h"

/* What is known while something is shown; ${bad} is set by whatever does not verify. */
struct shown {
	struct ec_public authority; /* EC_NONE: not known */
	struct keys_request verifier; /* approval.curve EC_NONE: not known */
	size_t ca_n;
	uint8_t ca[TLS_CERTIFICATE_SIZE_MAX];
	bool bad, failed;
};

static const char *
curve_name(enum ec_curve curve)
{
	return curve == EC_P384 ? "P-384" : "P-256";
}

static void
show_key(const char *what, const struct ec_public *k)
{
	char fingerprint[AUTHORITY_FINGERPRINT_SIZE];

	printf("%-14s %s  %s\n", what, curve_name(k->curve), authority_files_fingerprint(k, fingerprint));
}

/* The words after a delegation's line. */
static const char *
judge(struct shown *w, const struct keys_delegation *d)
{
	if (w->authority.curve == EC_NONE)
		return "not verified: no authority key beside it; name one with --authority FILE";
	if (gate_delegation_verify(&w->authority, &d->approval, &d->statement, d->epoch, bytes_of(d->signature, d->n)) != OK) {
		w->bad = true;
		return "DOES NOT VERIFY under this authority";
	}
	if (w->verifier.approval.curve != EC_NONE &&
	    (!ec_public_equal(&d->approval, &w->verifier.approval) || !ec_public_equal(&d->statement, &w->verifier.statement))) {
		w->bad = true;
		return "OF OTHER KEYS than this verifier's";
	}
	return "verified";
}

static void
show_delegation(struct shown *w, struct bytes text, const char *path)
{
	char approval[AUTHORITY_FINGERPRINT_SIZE], statement[AUTHORITY_FINGERPRINT_SIZE];
	struct keys_delegation d;
	enum status s = keys_parse_delegation(text, &d);

	if (s != OK) {
		log_error("%s: %s", path, status_text(s));
		w->failed = true;
		return;
	}
	printf("%-14s epoch %-4u approval %.16s  statement %.16s  %s\n", "delegation", (unsigned)d.epoch,
		authority_files_fingerprint(&d.approval, approval), authority_files_fingerprint(&d.statement, statement), judge(w, &d));
}

static void
show_request(struct shown *w, struct bytes text, const char *path)
{
	enum status s = keys_parse_request(text, &w->verifier);

	if (s != OK) {
		log_error("%s: %s", path, status_text(s));
		w->failed = true;
		return;
	}
	show_key("approval key", &w->verifier.approval);
	show_key("statement key", &w->verifier.statement);
	show_key("TLS key", &w->verifier.tls);
}

static void
show_certificate(struct shown *w, struct bytes pem, const char *path)
{
	struct tls_certificate t;
	enum status s = tls_certificate_read(pem, bytes_of(w->ca, w->ca_n), &t);

	if (s != OK) {
		log_error("%s: not a certificate: %s", path, status_text(s));
		w->failed = true;
		return;
	}
	if (w->ca_n > 0 && !t.verified)
		w->bad = true;
	printf("%-14s %s  %s\n", t.names[0] != '\0' ? "TLS names" : "TLS CA", t.names,
		t.verified ? "verified" : w->ca_n > 0 ? "DOES NOT VERIFY under this CA" : "not verified: its CA is with the authority");
}

static void
show_public(struct shown *w, struct bytes pem, const char *path)
{
	struct ec_public k;
	enum status s = keyfile_decode_public(pem, &k);

	if (s != OK) {
		log_error("%s: %s", path, status_text(s));
		w->failed = true;
		return;
	}
	show_key("authority key", &k);
	w->authority = k;
}

static const struct kind {
	const char *begins;
	void (*show)(struct shown *w, struct bytes text, const char *path);
} kinds[] = {
	{ "bootgate-delegation ", show_delegation },
	{ "bootgate-verifier ", show_request },
	{ "-----BEGIN CERTIFICATE-----", show_certificate },
	{ "-----BEGIN PUBLIC KEY-----", show_public },
};

/* One file, whatever it is; nothing is said of one that is not there, if that is ${optional}. */
static bool
show_file(struct shown *w, const char *path, bool optional)
{
	uint8_t text[TLS_CERTIFICATE_SIZE_MAX];
	struct buffer b = BUFFER(text);
	enum status s = file_read(path, &b);

	if (s == E_NOT_FOUND && optional)
		return false;
	for (size_t i = 0; s == OK && i < sizeof kinds / sizeof *kinds; i++) {
		size_t n = strlen(kinds[i].begins);

		if (b.n >= n && memcmp(text, kinds[i].begins, n) == 0) {
			kinds[i].show(w, buffer_view(&b), path);
			return true;
		}
	}
	log_error("%s: %s", path, s != OK ? status_text(s) : "no delegation, verifier.pub, public key or certificate");
	w->failed = true;
	return false;
}

static bool
show_named(struct shown *w, const char *folder, const char *name)
{
	char path[PATH_MAX];

	return authority_files_path(path, folder, name) && show_file(w, path, true);
}

/* The files of ${folder} that begin with ${prefix}, in order of their names. */
static void
show_each(struct shown *w, const char *folder, const char *prefix)
{
	struct dirent **entry = NULL;
	int n = scandir(folder, &entry, NULL, versionsort), shown = 0;

	for (int i = 0; i < n; i++) {
		const char *name = entry[i]->d_name;

		if (name[0] != '.' && strncmp(name, prefix, strlen(prefix)) == 0)
			shown += show_named(w, folder, name);
		free(entry[i]);
	}
	free(entry);
	if (shown == 0)
		printf("%-14s none yet: `bootgatectl authority delegate` makes them\n", "delegations");
}

/* Whether the private half that lies beside belongs to it. */
static void
show_private(struct shown *w, const char *folder)
{
	char path[PATH_MAX], why[512];
	struct ec_private k;
	enum status s;

	if (!authority_files_path(path, folder, AUTHORITY_KEY))
		return;
	s = keys_load_private(path, &k, why, sizeof why);
	if (s == E_NOT_FOUND) {
		printf("%-14s not here\n", "private half");
	} else if (s != OK) {
		log_error("%s", why);
		w->failed = true;
	} else if (!ec_public_equal(&k.public, &w->authority)) {
		printf("%-14s OF ANOTHER KEY: %s\n", "private half", path);
		w->bad = true;
	} else {
		printf("%-14s here\n", "private half");
	}
	memory_wipe(&k, sizeof k);
}

static void
show_revoked(const char *folder)
{
	char path[PATH_MAX];
	struct dirent **entry = NULL;
	int n = authority_files_path(path, folder, AUTHORITY_REVOKED) ? scandir(path, &entry, NULL, alphasort) : 0;

	for (int i = 0; i < n; i++) {
		if (entry[i]->d_name[0] != '.')
			printf("%-14s approval %s: delegations of newer epochs are not made for it\n", "revoked", entry[i]->d_name);
		free(entry[i]);
	}
	free(entry);
}

static void
show_authority(struct shown *w, const char *folder)
{
	char path[PATH_MAX];
	struct buffer b = BUFFER(w->ca);

	show_named(w, folder, AUTHORITY_PUBLIC);
	show_private(w, folder);
	if (authority_files_path(path, folder, AUTHORITY_TLS_CA) && file_read(path, &b) == OK)
		w->ca_n = b.n;
	show_named(w, folder, AUTHORITY_TLS_CA);
	if (authority_files_path(path, folder, AUTHORITY_DELEGATIONS))
		show_each(w, path, "");
	show_revoked(folder);
}

static void
show_verifier(struct shown *w, const char *folder)
{
	show_named(w, folder, KEYS_REQUEST);
	if (w->authority.curve != EC_NONE)
		show_key("authority key", &w->authority);
	else if (!show_named(w, folder, KEYS_AUTHORITY))
		printf("%-14s none yet\n", "authority key");
	if (!show_named(w, folder, KEYS_TLS_CHAIN))
		printf("%-14s none yet\n", "TLS names");
	show_each(w, folder, KEYS_DELEGATION);
}

/* The authority key that lies beside a delegation: quietly, for its verification. */
static void
find_authority(struct shown *w, const char *path)
{
	static const char *const places[] = { KEYS_AUTHORITY, AUTHORITY_PUBLIC, "../" AUTHORITY_PUBLIC };
	char copy[PATH_MAX], beside[PATH_MAX];
	const char *folder;

	snprintf(copy, sizeof copy, "%s", path);
	folder = dirname(copy);
	for (size_t i = 0; w->authority.curve == EC_NONE && i < sizeof places / sizeof *places; i++) {
		uint8_t pem[KEYFILE_SIZE_MAX];
		struct buffer b = BUFFER(pem);

		if (authority_files_path(beside, folder, places[i]) && file_read(beside, &b) == OK)
			(void)keyfile_decode_public(buffer_view(&b), &w->authority);
	}
}

static bool
load_authority(struct shown *w, const char *path)
{
	uint8_t pem[KEYFILE_SIZE_MAX];
	struct buffer b = BUFFER(pem);
	enum status s = file_read(path, &b);

	if (s == OK)
		s = keyfile_decode_public(buffer_view(&b), &w->authority);
	if (s != OK)
		log_error("%s: %s", path, status_text(s));
	return s == OK;
}

static void
show_path(struct shown *w, const char *path)
{
	char inside[PATH_MAX];
	struct stat st;

	if (stat(path, &st) != 0) {
		log_error("%s: %s", path, strerror(errno));
		w->failed = true;
	} else if (!S_ISDIR(st.st_mode)) {
		find_authority(w, path);
		show_file(w, path, false);
	} else if (authority_files_path(inside, path, KEYS_REQUEST) && access(inside, F_OK) == 0) {
		show_verifier(w, path);
	} else if (authority_files_path(inside, path, AUTHORITY_PUBLIC) && access(inside, F_OK) == 0) {
		show_authority(w, path);
	} else {
		log_error("%s: neither an authority's folder (" AUTHORITY_PUBLIC ") nor a verifier's state directory (" KEYS_REQUEST ")", path);
		w->failed = true;
	}
}

int
authority_show_run(struct call *c)
{
	static struct shown w;
	const char *authority = NULL;
	const struct argument table[] = { { "authority", &authority, NULL } };

	if (!arguments_take(c, table, 1, 1, 1))
		return CTL_USAGE;
	if (authority != NULL && !load_authority(&w, authority))
		return CTL_FAILED;
	show_path(&w, c->argv[0]);
	return w.failed ? CTL_FAILED : w.bad ? CTL_NO : CTL_DONE;
}
