/* SPDX-License-Identifier: ISC */
/*
 * EK certificates from a machine, as bootgated-ekcert gets them, where the makers' CAs of tests/data are trusted.  A fuzzer
 * signs nothing: what is accepted must be one of the makers' certificates in tests/data.
 */
#include <glob.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/x509.h>

#include "base/file.h"
#include "crypto/hash.h"
#include "ekcert/ekcert.h"
#include "verifier/ekcert_ask.h"

#define NOW UINT64_C(1795000000) /* November 2026 */
#define HONEST_MAX 32

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct ekcert_trust *trust;
static size_t honests;
static struct digest honest[HONEST_MAX];

/* The digest of what a certificate's signature covers. */
static struct digest
digest_of(struct bytes certificate)
{
	const uint8_t *p = certificate.p;
	X509 *x = d2i_X509(NULL, &p, (long)certificate.n);
	uint8_t *covered = NULL;
	int n = x == NULL ? -1 : i2d_re_X509_tbs(x, &covered);
	struct digest d;

	if (n < 0)
		abort();
	d = hash_digest(HASH_SHA256, bytes_of(covered, (size_t)n));
	OPENSSL_free(covered);
	X509_free(x);
	return d;
}

static void
prepare(void)
{
	static const char *const folders[] = { "tests/data/ek/ca", "tests/data/ek/root" };
	uint8_t space[8192];
	glob_t g;

	trust = ekcert_trust_new();
	for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++)
		if (trust == NULL || ekcert_trust_add(trust, folders[i]) == 0)
			abort();
	if (glob("tests/data/ek/leaf/*", 0, NULL, &g) != 0 || g.gl_pathc > HONEST_MAX)
		abort();
	for (size_t i = 0; i < g.gl_pathc; i++) {
		struct buffer b = BUFFER(space);

		if (file_read(g.gl_pathv[i], &b) != OK)
			abort();
		honest[honests++] = digest_of(buffer_view(&b));
	}
	globfree(&g);
}

static void
check_honest(struct bytes certificate)
{
	struct digest d = digest_of(certificate);

	for (size_t i = 0; i < honests; i++)
		if (bytes_equal(digest_view(&d), digest_view(&honest[i])))
			return;
	abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ekcert_question q;
	struct public_area ek;
	char detail[EKCERT_DETAIL_MAX + 1];
	enum ekcert_code code;

	if (trust == NULL)
		prepare();
	if (ekcert_ask_decode(bytes_of(data, size), &q) != OK || public_decode(q.ek, &ek) != OK)
		return 0;
	code = ekcert_check(trust, &ek, q.certificate, q.certificates, NOW, detail, sizeof detail);
	if (code >= EKCERT_END || memchr(detail, '\0', sizeof detail) == NULL)
		abort();
	if (code == EKCERT_OK)
		check_honest(q.certificate[0]);
	return 0;
}
