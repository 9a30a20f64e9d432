/* SPDX-License-Identifier: ISC */
#include "ctl/authority_files.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/text.h"
#include "crypto/keyfile.h"
#include "crypto/pem.h"

bool
authority_files_path(char path[PATH_MAX], const char *folder, const char *name)
{
	if (snprintf(path, PATH_MAX, "%s/%s", folder, name) < PATH_MAX)
		return true;
	log_error("%s: the path is too long", folder);
	return false;
}

const char *
authority_files_fingerprint(const struct ec_public *k, char out[AUTHORITY_FINGERPRINT_SIZE])
{
	uint8_t pem[KEYFILE_SIZE_MAX], der[KEYFILE_SIZE_MAX];
	struct buffer text = BUFFER(pem), info = BUFFER(der);
	struct digest d;

	out[0] = '\0';
	if (keyfile_encode_public(k, &text) != OK || pem_decode(buffer_view(&text), "PUBLIC KEY", &info) != OK)
		return out;
	d = hash_digest(HASH_SHA256, buffer_view(&info));
	return text_hex(digest_view(&d), out, AUTHORITY_FINGERPRINT_SIZE);
}

/* --- making ------------------------------------------------------------------------------------------------------------ */

static enum status
create_private(const char *path, const struct ec_private *k)
{
	uint8_t pem[KEYFILE_SIZE_MAX];
	struct buffer b = BUFFER(pem);
	enum status s = keyfile_encode_private(k, &b);

	if (s == OK)
		s = file_create(path, buffer_view(&b), 0600);
	memory_wipe(pem, sizeof pem);
	return s;
}

static enum status
create_key(const char *path, const struct authority *a)
{
	return create_private(path, &a->key);
}

static enum status
create_tls_key(const char *path, const struct authority *a)
{
	return create_private(path, &a->tls_key);
}

static enum status
create_public(const char *path, const struct authority *a)
{
	uint8_t pem[KEYFILE_SIZE_MAX];
	struct buffer b = BUFFER(pem);
	enum status s = keyfile_encode_public(&a->key.public, &b);

	return s == OK ? file_create(path, buffer_view(&b), 0644) : s;
}

static enum status
create_ca(const char *path, const struct authority *a)
{
	return file_create(path, bytes_of(a->ca, a->ca_n), 0644);
}

static const struct {
	const char *name;
	enum status (*create)(const char *path, const struct authority *a);
} files[] = {
	{ AUTHORITY_KEY, create_key },
	{ AUTHORITY_PUBLIC, create_public },
	{ AUTHORITY_TLS_KEY, create_tls_key },
	{ AUTHORITY_TLS_CA, create_ca },
};

#define FILES (sizeof files / sizeof *files)

static bool
is_free(const char *folder)
{
	char path[PATH_MAX];

	for (size_t i = 0; i < FILES; i++) {
		if (!authority_files_path(path, folder, files[i].name))
			return false;
		if (access(path, F_OK) == 0) {
			log_error("%s: exists already, and is never overwritten: name another folder, or go on with `authority delegate`", path);
			return false;
		}
	}
	return true;
}

static bool
generate(enum ec_curve curve, struct authority *a)
{
	struct buffer b = BUFFER(a->ca);
	enum status s = ec_generate(curve, &a->key);

	if (s == OK)
		s = ec_generate(EC_P256, &a->tls_key);
	if (s == OK)
		s = tls_certificate_make_ca(&a->tls_key, &b);
	a->ca_n = b.n;
	if (s != OK)
		log_error("making the keys: %s", status_text(s));
	return s == OK;
}

bool
authority_files_create(const char *folder, enum ec_curve curve, struct authority *a)
{
	char path[PATH_MAX];
	enum status s = OK;
	size_t made = 0;

	if (mkdir(folder, 0700) != 0 && errno != EEXIST) {
		log_error("%s: %s", folder, strerror(errno));
		return false;
	}
	if (!is_free(folder) || !generate(curve, a))
		return false;
	while (made < FILES && authority_files_path(path, folder, files[made].name) && (s = files[made].create(path, a)) == OK)
		made++;
	if (made == FILES)
		return true;
	log_error("%s: %s", path, status_text(s));
	while (made-- > 0)
		if (authority_files_path(path, folder, files[made].name))
			unlink(path);
	return false;
}

/* --- loading ----------------------------------------------------------------------------------------------------------- */

static bool
load_private(const char *folder, const char *name, struct ec_private *k)
{
	char path[PATH_MAX], why[512];
	enum status s;

	if (!authority_files_path(path, folder, name))
		return false;
	s = keys_load_private(path, k, why, sizeof why);
	if (s != OK)
		log_error("%s%s", why, s == E_NOT_FOUND ? "; `bootgatectl authority init` makes an authority" : "");
	return s == OK;
}

bool
authority_files_load(const char *folder, struct authority *a)
{
	struct buffer b = BUFFER(a->ca);
	char path[PATH_MAX];
	enum status s;

	if (!load_private(folder, AUTHORITY_KEY, &a->key) || !load_private(folder, AUTHORITY_TLS_KEY, &a->tls_key) ||
	    !authority_files_path(path, folder, AUTHORITY_TLS_CA))
		return false;
	s = file_read(path, &b);
	a->ca_n = b.n;
	if (s != OK)
		log_error("%s: %s", path, status_text(s));
	return s == OK;
}
