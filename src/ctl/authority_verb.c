/* SPDX-License-Identifier: ISC */
#include "ctl/authority_verb.h"

#include <errno.h>
#include <libgen.h>
#include <stdio.h>
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
#include "ctl/state.h"

/* What one delegation is made of. */
struct delegate {
	const char *folder, *names;
	char request[PATH_MAX], out[PATH_MAX];
	uint32_t epoch;
	struct keys_request keys;
	struct keys_delegation delegation;
	size_t certificate_n; /* 0: the one that is there stays */
	uint8_t certificate[TLS_CERTIFICATE_SIZE_MAX];
};

/* ${target}: a verifier's state directory, or the file verifier.pub of one. */
static bool
resolve(struct delegate *d, const char *target, const char *out)
{
	struct stat st;
	char copy[PATH_MAX];

	if (stat(target, &st) != 0) {
		log_error("%s: %s; it is a verifier's state directory, or the file " KEYS_REQUEST " out of it", target, strerror(errno));
		return false;
	}
	if (S_ISDIR(st.st_mode)) {
		snprintf(d->out, sizeof d->out, "%s", out != NULL ? out : target);
		return authority_files_path(d->request, target, KEYS_REQUEST);
	}
	snprintf(copy, sizeof copy, "%s", target);
	snprintf(d->out, sizeof d->out, "%s", out != NULL ? out : dirname(copy));
	snprintf(d->request, sizeof d->request, "%s", target);
	return true;
}

static bool
read_request(const char *path, struct keys_request *q)
{
	uint8_t text[KEYS_TEXT_MAX];
	struct buffer b = BUFFER(text);
	enum status s = file_read(path, &b);

	if (s == OK)
		s = keys_parse_request(buffer_view(&b), q);
	if (s == E_NOT_FOUND)
		log_error("%s: not found; start bootgated once, it makes its keys then", path);
	else if (s != OK)
		log_error("%s: %s; it should be the file that bootgated wrote", path, status_text(s));
	return s == OK;
}

/* A verifier trusts one authority; another's delegation would be of no use to it. */
static bool
check_authority_of(const struct delegate *d, const struct ec_public *authority)
{
	uint8_t pem[KEYFILE_SIZE_MAX];
	struct buffer b = BUFFER(pem);
	struct ec_public k;
	char path[PATH_MAX];
	enum status s;

	if (!authority_files_path(path, d->out, KEYS_AUTHORITY))
		return false;
	s = file_read(path, &b);
	if (s == E_NOT_FOUND)
		return true;
	if (s == OK)
		s = keyfile_decode_public(buffer_view(&b), &k);
	if (s == OK && ec_public_equal(&k, authority))
		return true;
	log_error("%s: %s; remove it if this verifier shall follow the authority in %s", path,
		s == OK ? "this verifier trusts another authority" : status_text(s), d->folder);
	return false;
}

static bool
make_certificate(const struct authority *a, struct delegate *d)
{
	struct buffer b = BUFFER(d->certificate);
	char path[PATH_MAX];
	enum status s;

	if (d->names == NULL) {
		if (authority_files_path(path, d->out, KEYS_TLS_CHAIN) && access(path, F_OK) == 0)
			return true;
		log_error("--name HOST is needed: there is no TLS certificate in %s yet", d->out);
		return false;
	}
	s = tls_certificate_make_server(&a->tls_key, bytes_of(a->ca, a->ca_n), &d->keys.tls, d->names, &b);
	if (s == OK)
		d->certificate_n = b.n;
	else
		log_error("the TLS certificate for %s: %s", d->names,
			s == E_MISMATCH ? AUTHORITY_TLS_CA " is not the certificate of " AUTHORITY_TLS_KEY : status_text(s));
	return s == OK;
}

static bool
put(const char *folder, const char *name, struct bytes data)
{
	char path[PATH_MAX];
	enum status s;

	if (!authority_files_path(path, folder, name))
		return false;
	s = file_write(path, data, 0644);
	if (s != OK)
		log_error("%s: %s", path, status_text(s));
	return s == OK;
}

static bool
write_out(const struct delegate *d, const struct ec_public *authority)
{
	uint8_t pem[KEYFILE_SIZE_MAX];
	struct buffer b = BUFFER(pem);
	enum status s;

	if (mkdir(d->out, 0700) != 0 && errno != EEXIST) {
		log_error("%s: %s", d->out, strerror(errno));
		return false;
	}
	if (!state_become_owner(d->out) || keyfile_encode_public(authority, &b) != OK || !put(d->out, KEYS_AUTHORITY, buffer_view(&b)))
		return false;
	if (d->certificate_n > 0 && !put(d->out, KEYS_TLS_CHAIN, bytes_of(d->certificate, d->certificate_n)))
		return false;
	s = keys_write_delegation(d->out, &d->delegation);
	if (s != OK)
		log_error("%s/" KEYS_DELEGATION "%u: %s", d->out, (unsigned)d->epoch, status_text(s));
	return s == OK;
}

static void
tell_delegation(const struct delegate *d)
{
	char fingerprint[AUTHORITY_FINGERPRINT_SIZE];

	printf("delegated, epoch %u, in %s:\n", (unsigned)d->epoch, d->out);
	printf("  approval key   %s\n", authority_files_fingerprint(&d->keys.approval, fingerprint));
	printf("  statement key  %s\n", authority_files_fingerprint(&d->keys.statement, fingerprint));
	if (d->certificate_n > 0)
		printf("  TLS names      %s\n", d->names);
	printf("next: compare the fingerprints with `bootgatectl authority show` at the verifier, if the files travelled; send a running bootgated SIGHUP\n");
}

/* choose_epoch(): the newest, unless one was given; and none for a verifier that was revoked. */
static bool
choose_epoch(const struct authority *a, struct delegate *d)
{
	static struct authority_known known;
	const struct authority_verifier *v;

	if (!authority_known_load(d->folder, &a->key.public, &known))
		return false;
	v = authority_known_find(&known, &d->keys.approval);
	if (v != NULL && v->revoked) {
		log_error("%s: this verifier was revoked; make a new one, with new keys", d->request);
		return false;
	}
	if (d->epoch == 0)
		d->epoch = authority_known_epoch(&known);
	return d->epoch != 0;
}

static bool
delegate(const struct authority *a, struct delegate *d)
{
	char path[PATH_MAX];
	enum status s;

	if (!read_request(d->request, &d->keys) || !check_authority_of(d, &a->key.public) || !choose_epoch(a, d) || !make_certificate(a, d))
		return false;
	s = keys_delegation_of(&a->key, &d->keys.approval, &d->keys.statement, d->epoch, &d->delegation);
	if (s == OK)
		s = gate_delegation_verify(&a->key.public, &d->keys.approval, &d->keys.statement, d->epoch,
			bytes_of(d->delegation.signature, d->delegation.n));
	if (s != OK) {
		log_error("signing the delegation: %s", status_text(s));
		return false;
	}
	/* The authority's own copy first, so that it is known later whom it ever trusted. */
	return authority_known_keep(d->folder, &d->delegation, path) && write_out(d, &a->key.public);
}

static bool
parse_common(struct delegate *d, const char *epoch)
{
	uint64_t n = 0;
	enum status s = d->names == NULL ? OK : tls_certificate_check_names(d->names);

	if (s != OK)
		log_error("--name %s: %s", d->names,
			s == E_SYNTAX ? "host names and addresses with commas between, without blanks, ports or brackets" : status_text(s));
	if (s != OK || (epoch != NULL && !arguments_number("--epoch", epoch, 1, UINT32_MAX, &n)))
		return false;
	d->epoch = (uint32_t)n;
	return true;
}

/* --- init -------------------------------------------------------------------------------------------------------------- */

static void
tell_init(const char *folder, const struct authority *a, bool delegated)
{
	char fingerprint[AUTHORITY_FINGERPRINT_SIZE];

	printf("made in %s:\n", folder);
	printf("  %-14s private: keep it offline, with a copy; it cannot be changed later without enrolling every machine again\n", AUTHORITY_KEY);
	printf("  %-14s public, %s: goes into every image, as /etc/bootgate/%s\n", AUTHORITY_PUBLIC,
		a->key.public.curve == EC_P384 ? "P-384" : "P-256", AUTHORITY_PUBLIC);
	printf("  %-14s private: signs the verifiers' TLS certificates; keep it offline too\n", AUTHORITY_TLS_KEY);
	printf("  %-14s its certificate: goes into every image, as /etc/bootgate/%s\n", AUTHORITY_TLS_CA, AUTHORITY_TLS_CA);
	printf("authority key     %s\n", authority_files_fingerprint(&a->key.public, fingerprint));
	if (!delegated)
		printf("next: `bootgatectl authority delegate %s STATEDIR --name HOST` for each verifier\n", folder);
}

int
authority_verb_init(struct call *c)
{
	static struct authority a;
	static struct delegate d;
	const char *verifier = NULL, *epoch = NULL;
	bool p384 = false, good;
	const struct argument table[] = {
		{ "p384", NULL, &p384 },
		{ "verifier", &verifier, NULL },
		{ "name", &d.names, NULL },
		{ "epoch", &epoch, NULL },
	};
	char why[512];

	if (!arguments_take(c, table, sizeof table / sizeof *table, 1, 1) || !parse_common(&d, epoch))
		return CTL_USAGE;
	if ((verifier == NULL) != (d.names == NULL)) {
		log_error("--verifier STATEDIR and --name HOST belong together");
		return CTL_USAGE;
	}
	d.folder = c->argv[0];
	good = authority_files_create(d.folder, p384 ? EC_P384 : EC_P256, &a);
	if (good)
		tell_init(d.folder, &a, verifier != NULL);
	if (good && verifier != NULL) {
		good = keys_create(verifier, why, sizeof why) == OK;
		if (!good)
			log_error("%s", why);
		good = good && resolve(&d, verifier, NULL) && delegate(&a, &d);
		if (!good)
			log_error("the authority is made, the verifier is not: mend this, then `bootgatectl authority delegate %s %s --name %s`",
				d.folder, verifier, d.names);
		else
			tell_delegation(&d);
	}
	memory_wipe(&a, sizeof a);
	return good ? CTL_DONE : CTL_FAILED;
}

/* --- delegate ---------------------------------------------------------------------------------------------------------- */

int
authority_verb_delegate(struct call *c)
{
	static struct authority a;
	static struct delegate d;
	const char *out = NULL, *epoch = NULL;
	const struct argument table[] = {
		{ "name", &d.names, NULL },
		{ "epoch", &epoch, NULL },
		{ "out", &out, NULL },
	};
	bool good;

	if (!arguments_take(c, table, sizeof table / sizeof *table, 2, 2) || !parse_common(&d, epoch))
		return CTL_USAGE;
	d.folder = c->argv[0];
	good = authority_files_load(d.folder, &a) && resolve(&d, c->argv[1], out) && delegate(&a, &d);
	memory_wipe(&a, sizeof a);
	if (good)
		tell_delegation(&d);
	return good ? CTL_DONE : CTL_FAILED;
}
