/* SPDX-License-Identifier: ISC */
/*
 * The authority's folder on disk.
 */
#ifndef CTL_AUTHORITY_FILES_H
#define CTL_AUTHORITY_FILES_H

#include <limits.h>

#include "ctl/tls_certificate.h"
#include "store/keys.h"

#define AUTHORITY_KEY "authority.key"
#define AUTHORITY_PUBLIC "authority.pem"
#define AUTHORITY_TLS_KEY "tls-ca.key"
#define AUTHORITY_TLS_CA "tls-ca.pem"
#define AUTHORITY_DELEGATIONS "delegations"

/* What signs. memory_wipe() after use. */
struct authority {
	struct ec_private key, tls_key;
	size_t ca_n;
	uint8_t ca[TLS_CERTIFICATE_SIZE_MAX]; /* PEM */
};

/*
 * authority_files_create(folder, curve, a): both keys, the CA certificate, the files.  Never replaces one; what it made is removed when it fails.
 * authority_files_load(folder, a): for signing.  False with the reason on standard error.
 */
bool authority_files_create(const char *folder, enum ec_curve curve, struct authority *a);
bool authority_files_load(const char *folder, struct authority *a);

/* authority_files_path(path, folder, name): "folder/name". False, said, when it is too long. */
bool authority_files_path(char path[PATH_MAX], const char *folder, const char *name);

/* authority_files_fingerprint(k, out): SHA-256 of the SubjectPublicKeyInfo, in hex: `openssl pkey -pubin -outform DER | sha256sum`. */
#define AUTHORITY_FINGERPRINT_SIZE 65
const char *authority_files_fingerprint(const struct ec_public *k, char out[AUTHORITY_FINGERPRINT_SIZE]);

#endif
