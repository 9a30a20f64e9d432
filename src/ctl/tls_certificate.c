/* SPDX-License-Identifier: ISC */
#include "ctl/tls_certificate.h"

#include <arpa/inet.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "base/memory.h"
#include "base/text.h"
#include "crypto/keyfile.h"
#include "crypto/random.h"

#define NAME_MAX_DNS 253
#define SERIAL_SIZE 16
#define NO_END "99991231235959Z"

/* --- keys, by way of PEM ----------------------------------------------------------------------------------------------- */

static EVP_PKEY *
import_private(const struct ec_private *k)
{
	uint8_t pem[KEYFILE_SIZE_MAX];
	struct buffer b = BUFFER(pem);
	BIO *in = keyfile_encode_private(k, &b) == OK ? BIO_new_mem_buf(pem, (int)b.n) : NULL;
	EVP_PKEY *key = in == NULL ? NULL : PEM_read_bio_PrivateKey(in, NULL, NULL, NULL);

	BIO_free(in);
	memory_wipe(pem, sizeof pem);
	return key;
}

static EVP_PKEY *
import_public(const struct ec_public *k)
{
	uint8_t pem[KEYFILE_SIZE_MAX];
	struct buffer b = BUFFER(pem);
	BIO *in = keyfile_encode_public(k, &b) == OK ? BIO_new_mem_buf(pem, (int)b.n) : NULL;
	EVP_PKEY *key = in == NULL ? NULL : PEM_read_bio_PUBKEY(in, NULL, NULL, NULL);

	BIO_free(in);
	return key;
}

static X509 *
import_certificate(struct bytes pem)
{
	BIO *in = pem.n == 0 || pem.n > INT_MAX ? NULL : BIO_new_mem_buf(pem.p, (int)pem.n);
	X509 *x = in == NULL ? NULL : PEM_read_bio_X509(in, NULL, NULL, NULL);

	BIO_free(in);
	return x;
}

static enum status
export_certificate(X509 *x, struct buffer *pem)
{
	BIO *out = BIO_new(BIO_s_mem());
	enum status s = E_MEMORY;
	char *text = NULL;

	if (out != NULL && PEM_write_bio_X509(out, x) == 1) {
		long n = BIO_get_mem_data(out, &text);

		buffer_bytes(pem, bytes_of(text, n > 0 ? (size_t)n : 0));
		s = pem->failed;
	}
	BIO_free(out);
	return s;
}

/* --- names ------------------------------------------------------------------------------------------------------------- */

/* The next of ${*names}, as a string of its own; false at the end. */
static bool
next_name(const char **names, char name[NAME_MAX_DNS + 1], enum status *s)
{
	size_t n;

	if (*names == NULL)
		return false;
	n = strcspn(*names, ",");
	*s = n == 0 || n > NAME_MAX_DNS ? E_SYNTAX : OK;
	if (*s == OK) {
		memcpy(name, *names, n);
		name[n] = '\0';
	}
	*names = (*names)[n] == ',' ? *names + n + 1 : NULL;
	return *s == OK;
}

static size_t
parse_address(const char *name, uint8_t address[16])
{
	if (inet_pton(AF_INET, name, address) == 1)
		return 4;
	return inet_pton(AF_INET6, name, address) == 1 ? 16 : 0;
}

static bool
is_host_name(const char *name)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.";
	size_t n = strlen(name);

	return n > 0 && strspn(name, allowed) == n && name[0] != '.' && name[0] != '-' && name[n - 1] != '.' && strstr(name, "..") == NULL;
}

enum status
tls_certificate_check_names(const char *names)
{
	char name[NAME_MAX_DNS + 1];
	uint8_t address[16];
	enum status s = OK;
	size_t n = 0;

	while (next_name(&names, name, &s)) {
		if (++n > TLS_CERTIFICATE_NAMES_MAX)
			return E_TOO_LARGE;
		if (parse_address(name, address) == 0 && !is_host_name(name))
			return E_SYNTAX;
	}
	return s;
}

static bool
add_name(GENERAL_NAMES *list, int type, const void *value, size_t n)
{
	GENERAL_NAME *g = GENERAL_NAME_new();
	ASN1_STRING *v = type == GEN_IPADD ? ASN1_OCTET_STRING_new() : ASN1_IA5STRING_new();

	if (g == NULL || v == NULL || ASN1_STRING_set(v, value, (int)n) != 1) {
		GENERAL_NAME_free(g);
		ASN1_STRING_free(v);
		return false;
	}
	GENERAL_NAME_set0_value(g, type, v);
	if (sk_GENERAL_NAME_push(list, g) > 0)
		return true;
	GENERAL_NAME_free(g);
	return false;
}

static bool
add_alternative_names(X509 *x, const char *names)
{
	GENERAL_NAMES *list = GENERAL_NAMES_new();
	char name[NAME_MAX_DNS + 1];
	enum status s = OK;
	bool good = list != NULL;

	while (good && next_name(&names, name, &s)) {
		uint8_t address[16];
		size_t n = parse_address(name, address);

		good = add_name(list, GEN_DNS, name, strlen(name)) && (n == 0 || add_name(list, GEN_IPADD, address, n));
	}
	good = good && s == OK && X509_add1_ext_i2d(x, NID_subject_alt_name, list, 0, X509V3_ADD_DEFAULT) == 1;
	GENERAL_NAMES_free(list);
	return good;
}

/* --- certificates ------------------------------------------------------------------------------------------------------ */

struct extension {
	int nid;
	const char *value;
};

static bool
add_extensions(X509 *x, X509 *issuer, const struct extension *list, size_t n)
{
	X509V3_CTX context;

	X509V3_set_ctx(&context, issuer, x, NULL, NULL, 0);
	for (size_t i = 0; i < n; i++) {
		X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, &context, list[i].nid, list[i].value);
		bool good = e != NULL && X509_add_ext(x, e, -1) == 1;

		X509_EXTENSION_free(e);
		if (!good)
			return false;
	}
	return true;
}

static bool
set_serial(X509 *x)
{
	uint8_t serial[SERIAL_SIZE];
	BIGNUM *n;
	bool good;

	if (random_fill(serial, sizeof serial) != OK)
		return false;
	serial[0] = (uint8_t)((serial[0] & 0x7f) | 0x40);
	n = BN_bin2bn(serial, sizeof serial, NULL);
	good = n != NULL && BN_to_ASN1_INTEGER(n, X509_get_serialNumber(x)) != NULL;
	BN_free(n);
	return good;
}

/* What all certificates have; a day back, for clients whose clocks are behind. */
static X509 *
begin(EVP_PKEY *key)
{
	X509 *x = X509_new();

	if (x != NULL && X509_set_version(x, 2) == 1 && set_serial(x) && X509_set_pubkey(x, key) == 1 &&
	    ASN1_TIME_adj(X509_getm_notBefore(x), time(NULL), -1, 0) != NULL &&
	    ASN1_TIME_set_string_X509(X509_getm_notAfter(x), NO_END) == 1)
		return x;
	X509_free(x);
	return NULL;
}

static bool
set_common_name(X509 *x, const char *name)
{
	return X509_NAME_add_entry_by_NID(X509_get_subject_name(x), NID_commonName, MBSTRING_UTF8, (const unsigned char *)name, -1, -1, 0) == 1;
}

enum status
tls_certificate_make_ca(const struct ec_private *ca, struct buffer *pem)
{
	static const struct extension extensions[] = {
		{ NID_basic_constraints, "critical,CA:TRUE,pathlen:0" },
		{ NID_key_usage, "critical,keyCertSign,cRLSign" },
		{ NID_subject_key_identifier, "hash" },
	};
	EVP_PKEY *key = import_private(ca);
	X509 *x = key == NULL ? NULL : begin(key);
	struct digest d = hash_digest(HASH_SHA256, bytes_of(ca->public.x, ec_field_size(ca->public.curve)));
	char name[64], id[17];
	enum status s = E_KEY;

	snprintf(name, sizeof name, "bootgate TLS CA %s", text_hex(digest_view(&d), id, sizeof id));
	if (x != NULL && set_common_name(x, name) && X509_set_issuer_name(x, X509_get_subject_name(x)) == 1 &&
	    add_extensions(x, x, extensions, sizeof extensions / sizeof *extensions) && X509_sign(x, key, EVP_sha256()) > 0)
		s = export_certificate(x, pem);
	X509_free(x);
	EVP_PKEY_free(key);
	return s;
}

/* A common name is 64 bytes at most; no client of today looks at it. */
static bool
set_first_name(X509 *x, const char *names)
{
	char name[65];

	snprintf(name, sizeof name, "%.*s", (int)strcspn(names, ","), names);
	return set_common_name(x, name);
}

static enum status
make_server(EVP_PKEY *ca_key, X509 *ca, EVP_PKEY *server, const char *names, struct buffer *pem)
{
	static const struct extension extensions[] = {
		{ NID_basic_constraints, "critical,CA:FALSE" },
		{ NID_key_usage, "critical,digitalSignature" },
		{ NID_ext_key_usage, "serverAuth" },
		{ NID_subject_key_identifier, "hash" },
		{ NID_authority_key_identifier, "keyid" },
	};
	X509 *x = begin(server);
	enum status s = E_KEY;

	if (x != NULL && set_first_name(x, names) && X509_set_issuer_name(x, X509_get_subject_name(ca)) == 1 &&
	    add_extensions(x, ca, extensions, sizeof extensions / sizeof *extensions) && add_alternative_names(x, names) &&
	    X509_sign(x, ca_key, EVP_sha256()) > 0)
		s = export_certificate(x, pem);
	X509_free(x);
	return s;
}

enum status
tls_certificate_make_server(const struct ec_private *ca, struct bytes ca_pem, const struct ec_public *server, const char *names, struct buffer *pem)
{
	enum status s = tls_certificate_check_names(names);
	EVP_PKEY *ca_key, *server_key;
	X509 *issuer;

	if (s != OK)
		return s;
	ca_key = import_private(ca);
	server_key = import_public(server);
	issuer = import_certificate(ca_pem);
	if (issuer == NULL)
		s = E_SYNTAX;
	else if (ca_key == NULL || server_key == NULL)
		s = E_KEY;
	else if (X509_check_private_key(issuer, ca_key) != 1)
		s = E_MISMATCH;
	else
		s = make_server(ca_key, issuer, server_key, names, pem);
	X509_free(issuer);
	EVP_PKEY_free(server_key);
	EVP_PKEY_free(ca_key);
	return s;
}

/* --- reading ----------------------------------------------------------------------------------------------------------- */

static void
list_names(X509 *x, char *out, size_t size)
{
	GENERAL_NAMES *list = X509_get_ext_d2i(x, NID_subject_alt_name, NULL, NULL);
	size_t at = 0;

	out[0] = '\0';
	for (int i = 0; list != NULL && i < sk_GENERAL_NAME_num(list); i++) {
		const GENERAL_NAME *g = sk_GENERAL_NAME_value(list, i);
		int n;

		if (g->type != GEN_DNS)
			continue;
		n = snprintf(out + at, size - at, "%s%.*s", at > 0 ? ", " : "", ASN1_STRING_length(g->d.dNSName),
			(const char *)ASN1_STRING_get0_data(g->d.dNSName));
		if (n < 0 || (size_t)n >= size - at)
			break;
		at += (size_t)n;
	}
	for (char *c = out; *c != '\0'; c++)
		if (*c < ' ' || *c > '~')
			*c = '?';
	GENERAL_NAMES_free(list);
}

enum status
tls_certificate_read(struct bytes pem, struct bytes ca_pem, struct tls_certificate *c)
{
	X509 *x = import_certificate(pem), *ca = import_certificate(ca_pem);
	EVP_PKEY *key = ca == NULL ? NULL : X509_get0_pubkey(ca);

	memset(c, 0, sizeof *c);
	if (x != NULL) {
		list_names(x, c->names, sizeof c->names);
		c->verified = key != NULL && X509_NAME_cmp(X509_get_issuer_name(x), X509_get_subject_name(ca)) == 0 && X509_verify(x, key) == 1;
	}
	X509_free(ca);
	X509_free(x);
	return x != NULL ? OK : E_SYNTAX;
}
