/* SPDX-License-Identifier: ISC */
#include "ekcert/ekcert.h"

#include <dirent.h>
#include <limits.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/log.h"

#define CA_SIZE_MAX 65536
/*
 * SHA-1 (63) is good enough here: makers signed with it until about 2017, and to forge a certificate would take a second
 * preimage, since nobody else chooses what they sign.  MD5 (39) is not, nor RSA below 2048 bits (112).
 */
#define HASH_BITS_MIN 60
#define KEY_BITS_MIN 112
#define EK_USAGE "2.23.133.8.1"

struct ekcert_trust {
	X509_STORE *store;
	STACK_OF(X509) * list; /* the same, to search by name */
};

/* What is checked, step by step. */
struct check {
	const struct ekcert_trust *trust;
	const struct public_area *ek;
	time_t now;
	X509 *leaf;
	STACK_OF(X509) * sent;
	char *detail;
	size_t size;
};

/* --- what is trusted --- */

struct ekcert_trust *
ekcert_trust_new(void)
{
	struct ekcert_trust *t = calloc(1, sizeof *t);

	if (t == NULL)
		return NULL;
	t->store = X509_STORE_new();
	t->list = sk_X509_new_null();
	if (t->store == NULL || t->list == NULL) {
		ekcert_trust_free(t);
		return NULL;
	}
	return t;
}

void
ekcert_trust_free(struct ekcert_trust *t)
{
	if (t == NULL)
		return;
	X509_STORE_free(t->store);
	sk_X509_pop_free(t->list, X509_free);
	free(t);
}

static bool
trust_one(struct ekcert_trust *t, X509 *x)
{
	if (x == NULL || X509_STORE_add_cert(t->store, x) != 1 || sk_X509_push(t->list, x) == 0) {
		X509_free(x);
		return false;
	}
	return true;
}

static size_t
trust_pem(struct ekcert_trust *t, const uint8_t *p, size_t n)
{
	BIO *b = BIO_new_mem_buf(p, (int)n);
	size_t added = 0;

	while (b != NULL && trust_one(t, PEM_read_bio_X509(b, NULL, NULL, NULL)))
		added++;
	BIO_free(b);
	return added;
}

static size_t
trust_file(struct ekcert_trust *t, const char *path)
{
	static uint8_t space[CA_SIZE_MAX];
	struct buffer b = BUFFER(space);
	const uint8_t *p = space;
	size_t added;

	if (file_read(path, &b) != OK)
		return 0;
	if (b.n > 10 && memmem(space, b.n, "-----BEGIN", 10) != NULL)
		added = trust_pem(t, space, b.n);
	else
		added = trust_one(t, d2i_X509(NULL, &p, (long)b.n));
	ERR_clear_error();
	return added;
}

size_t
ekcert_trust_add(struct ekcert_trust *t, const char *folder)
{
	DIR *d = opendir(folder);
	const struct dirent *e;
	size_t added = 0;

	if (d == NULL) {
		log_error("ek-ca: %s cannot be read", folder);
		return 0;
	}
	while ((e = readdir(d)) != NULL) {
		char path[PATH_MAX];
		size_t n;

		if (e->d_name[0] == '.' || snprintf(path, sizeof path, "%s/%s", folder, e->d_name) >= (int)sizeof path)
			continue;
		n = trust_file(t, path);
		if (n == 0)
			log_warning("ek-ca: %s holds no certificate that can be read", path);
		added += n;
	}
	closedir(d);
	return added;
}

/* --- the certificate itself --- */

static bool
number_is(const BIGNUM *a, struct bytes b)
{
	BIGNUM *v = BN_bin2bn(b.p, (int)b.n, NULL);
	bool same = v != NULL && a != NULL && BN_cmp(a, v) == 0;

	BN_free(v);
	return same;
}

static bool
rsa_is(const EVP_PKEY *k, const struct rsa_public *ek)
{
	BIGNUM *n = NULL, *e = NULL;
	bool same = EVP_PKEY_get_bn_param(k, OSSL_PKEY_PARAM_RSA_N, &n) == 1 && EVP_PKEY_get_bn_param(k, OSSL_PKEY_PARAM_RSA_E, &e) == 1 &&
		    number_is(n, bytes_of(ek->n, ek->n_size)) && BN_is_word(e, ek->e);

	BN_free(n);
	BN_free(e);
	return same;
}

static bool
ec_is(const EVP_PKEY *k, const struct ec_public *ek)
{
	char group[64] = "";
	const char *wanted = ek->curve == EC_P384 ? "secp384r1" : "prime256v1";
	size_t n = ec_field_size(ek->curve);
	BIGNUM *x = NULL, *y = NULL;
	bool same = EVP_PKEY_get_utf8_string_param(k, OSSL_PKEY_PARAM_GROUP_NAME, group, sizeof group, NULL) == 1 &&
		    strcmp(group, wanted) == 0 && EVP_PKEY_get_bn_param(k, OSSL_PKEY_PARAM_EC_PUB_X, &x) == 1 &&
		    EVP_PKEY_get_bn_param(k, OSSL_PKEY_PARAM_EC_PUB_Y, &y) == 1 && number_is(x, bytes_of(ek->x, n)) &&
		    number_is(y, bytes_of(ek->y, n));

	BN_free(x);
	BN_free(y);
	return same;
}

/* read_key(): also the keys that some vendors name id-RSAES-OAEP, which libcrypto does not load by itself. */
static EVP_PKEY *
read_key(const X509 *x)
{
	EVP_PKEY *k = X509_get_pubkey((X509 *)(uintptr_t)x);
	ASN1_OBJECT *algorithm = NULL;
	const uint8_t *p = NULL;
	int n = 0;

	if (k != NULL)
		return k;
	if (X509_PUBKEY_get0_param(&algorithm, &p, &n, NULL, X509_get_X509_PUBKEY(x)) != 1 || OBJ_obj2nid(algorithm) != NID_rsaesOaep)
		return NULL;
	return d2i_PublicKey(EVP_PKEY_RSA, NULL, &p, n);
}

static enum ekcert_code
check_key(const struct check *c)
{
	EVP_PKEY *k = read_key(c->leaf);
	bool same;

	if (k == NULL)
		return EKCERT_KEY_UNREADABLE;
	switch (EVP_PKEY_get_base_id(k)) {
	case EVP_PKEY_RSA:
		same = c->ek->type == PUBLIC_RSA && rsa_is(k, &c->ek->key.rsa);
		break;
	case EVP_PKEY_EC:
		same = c->ek->type == PUBLIC_ECC && ec_is(k, &c->ek->key.ec);
		break;
	default:
		same = false;
		break;
	}
	EVP_PKEY_free(k);
	return same ? EKCERT_OK : EKCERT_KEY_DIFFERS;
}

static bool
names_ek(const X509 *x)
{
	EXTENDED_KEY_USAGE *list = X509_get_ext_d2i(x, NID_ext_key_usage, NULL, NULL);
	bool named = list == NULL; /* the profile allows to leave it out */

	for (int i = 0; i < sk_ASN1_OBJECT_num(list); i++) {
		char oid[64];

		OBJ_obj2txt(oid, sizeof oid, sk_ASN1_OBJECT_value(list, i), 1);
		named = named || strcmp(oid, EK_USAGE) == 0;
	}
	EXTENDED_KEY_USAGE_free(list);
	return named;
}

static enum ekcert_code
check_extensions(const struct check *c)
{
	uint32_t flags = X509_get_extension_flags(c->leaf), usage = X509_get_key_usage(c->leaf);

	if ((flags & EXFLAG_INVALID) != 0)
		return EKCERT_MALFORMED;
	if (X509_check_ca(c->leaf) != 0)
		return EKCERT_IS_CA;
	if ((flags & EXFLAG_CRITICAL) != 0)
		return EKCERT_CRITICAL;
	if (!names_ek(c->leaf))
		return EKCERT_EXTENDED_USAGE;
	if ((flags & EXFLAG_KUSAGE) != 0 && (usage & (KU_KEY_ENCIPHERMENT | KU_KEY_AGREEMENT)) == 0)
		return EKCERT_USAGE;
	return EKCERT_OK;
}

static enum ekcert_code
check_time(const struct check *c)
{
	time_t now = c->now;

	if (X509_cmp_time(X509_get0_notBefore(c->leaf), &now) >= 0)
		return EKCERT_NOT_YET_VALID;
	return X509_cmp_time(X509_get0_notAfter(c->leaf), &now) <= 0 ? EKCERT_EXPIRED : EKCERT_OK;
}

/* --- its chain --- */

/* is_strong(): the hash of its signature, and its own key. */
static bool
is_strong(X509 *x)
{
	int bits = 0;

	return X509_get_signature_info(x, NULL, NULL, &bits, NULL) == 1 && bits >= HASH_BITS_MIN &&
	       EVP_PKEY_get_security_bits(X509_get0_pubkey(x)) >= KEY_BITS_MIN;
}

static enum ekcert_code
check_strength(X509_STORE_CTX *v)
{
	STACK_OF(X509) *chain = X509_STORE_CTX_get0_chain(v);

	for (int i = 0; i < sk_X509_num(chain); i++)
		if (!is_strong(sk_X509_value(chain, i)))
			return EKCERT_WEAK;
	return EKCERT_OK;
}

static enum ekcert_code
check_issuer_chain(const struct check *c, X509 *issuer)
{
	X509_STORE_CTX *v = X509_STORE_CTX_new();
	X509_VERIFY_PARAM *p;
	enum ekcert_code code = EKCERT_FAILED;
	int error;

	if (v == NULL || X509_STORE_CTX_init(v, c->trust->store, issuer, c->sent) != 1) {
		X509_STORE_CTX_free(v);
		return EKCERT_FAILED;
	}
	p = X509_STORE_CTX_get0_param(v);
	X509_VERIFY_PARAM_set_flags(p, X509_V_FLAG_PARTIAL_CHAIN);
	X509_VERIFY_PARAM_set_auth_level(p, 0);
	X509_VERIFY_PARAM_set_time(p, c->now);
	if (X509_verify_cert(v) == 1) {
		code = check_strength(v);
	} else {
		error = X509_STORE_CTX_get_error(v);
		code = error == X509_V_ERR_CERT_HAS_EXPIRED || error == X509_V_ERR_CERT_NOT_YET_VALID ? EKCERT_CHAIN_EXPIRED : EKCERT_CHAIN;
		snprintf(c->detail, c->size, "%s", X509_verify_cert_error_string(error));
	}
	X509_STORE_CTX_free(v);
	return code;
}

/* check_issuer(): a certificate of the issuer's name. SIGNATURE: it is not the one. */
static enum ekcert_code
check_issuer(const struct check *c, X509 *issuer)
{
	EVP_PKEY *k = X509_get0_pubkey(issuer);

	if (k == NULL || X509_verify(c->leaf, k) != 1)
		return EKCERT_SIGNATURE;
	if (X509_check_ca(issuer) == 0)
		return EKCERT_ISSUER_NO_CA;
	return check_issuer_chain(c, issuer);
}

static enum ekcert_code
search_issuer(const struct check *c, STACK_OF(X509) * list, enum ekcert_code so_far)
{
	const X509_NAME *name = X509_get_issuer_name(c->leaf);

	for (int i = 0; so_far != EKCERT_OK && i < sk_X509_num(list); i++) {
		X509 *issuer = sk_X509_value(list, i);
		enum ekcert_code code;

		if (X509_NAME_cmp(X509_get_subject_name(issuer), name) != 0)
			continue;
		code = check_issuer(c, issuer);
		/* Of several with one name, the one that got farthest gives the reason. */
		if (code == EKCERT_OK || code > so_far || so_far == EKCERT_ISSUER_UNKNOWN)
			so_far = code;
	}
	return so_far;
}

static enum ekcert_code
check_signature(const struct check *c)
{
	int bits = 0;
	enum ekcert_code code;

	if (X509_get_signature_info(c->leaf, NULL, NULL, &bits, NULL) != 1 || bits < HASH_BITS_MIN)
		return EKCERT_WEAK;
	code = search_issuer(c, c->trust->list, EKCERT_ISSUER_UNKNOWN);
	return code == EKCERT_OK ? code : search_issuer(c, c->sent, code);
}

static enum ekcert_code
decode_all(struct check *c, const struct bytes *certificate, size_t n)
{
	const uint8_t *p = certificate[0].p;

	c->leaf = d2i_X509(NULL, &p, (long)certificate[0].n);
	if (c->leaf == NULL)
		return EKCERT_MALFORMED;
	for (size_t i = 1; i < n; i++) {
		X509 *x;

		p = certificate[i].p;
		x = d2i_X509(NULL, &p, (long)certificate[i].n);
		if (x == NULL || sk_X509_push(c->sent, x) == 0) {
			X509_free(x);
			return EKCERT_CHAIN_MALFORMED;
		}
	}
	return EKCERT_OK;
}

enum ekcert_code
ekcert_check(const struct ekcert_trust *t, const struct public_area *ek, const struct bytes *certificate, size_t n, uint64_t now,
	char *detail, size_t size)
{
	static enum ekcert_code (*const steps[])(const struct check *) = {
		check_extensions, check_key, check_time, check_signature,
	};
	struct check c = { .trust = t, .ek = ek, .now = (time_t)now, .detail = detail, .size = size };
	enum ekcert_code code;

	detail[0] = '\0';
	if (sk_X509_num(t->list) == 0)
		return EKCERT_NO_CA;
	if (n == 0 || certificate[0].n == 0)
		return EKCERT_NONE;
	c.sent = sk_X509_new_null();
	code = c.sent == NULL ? EKCERT_FAILED : decode_all(&c, certificate, n);
	for (size_t i = 0; code == EKCERT_OK && i < sizeof steps / sizeof *steps; i++)
		code = steps[i](&c);
	X509_free(c.leaf);
	sk_X509_pop_free(c.sent, X509_free);
	ERR_clear_error();
	return code;
}

/* --- a certificate without its TPM --- */

enum status
ekcert_split(struct bytes in, struct buffer *space, struct bytes *certificate, size_t max, size_t *n)
{
	BIO *b = in.n > 10 && memmem(in.p, in.n, "-----BEGIN", 10) != NULL ? BIO_new_mem_buf(in.p, (int)in.n) : NULL;
	enum status s = OK;
	X509 *x;

	*n = 0;
	while (s == OK && b != NULL && (x = PEM_read_bio_X509(b, NULL, NULL, NULL)) != NULL) {
		uint8_t *der = NULL;
		int size = i2d_X509(x, &der);
		size_t at = space->n;

		if (*n == max)
			s = E_TOO_LARGE;
		else
			buffer_bytes(space, bytes_of(der, size > 0 ? (size_t)size : 0));
		if (s == OK && space->failed == OK)
			certificate[(*n)++] = bytes_of(space->p + at, space->n - at);
		OPENSSL_free(der);
		X509_free(x);
	}
	BIO_free(b);
	ERR_clear_error();
	if (*n == 0 && s == OK)
		certificate[(*n)++] = in;
	return s == OK ? space->failed : s;
}

static bool
take_number(const EVP_PKEY *k, const char *name, uint8_t *to, size_t size)
{
	BIGNUM *v = NULL;
	bool good = EVP_PKEY_get_bn_param(k, name, &v) == 1 && BN_num_bytes(v) <= (int)size && BN_bn2binpad(v, to, (int)size) == (int)size;

	BN_free(v);
	return good;
}

static enum status
take_ec(const EVP_PKEY *k, struct public_area *ek)
{
	char group[64] = "";
	struct ec_public *ec = &ek->key.ec;
	size_t n;

	ek->type = PUBLIC_ECC;
	if (EVP_PKEY_get_utf8_string_param(k, OSSL_PKEY_PARAM_GROUP_NAME, group, sizeof group, NULL) != 1)
		return E_UNSUPPORTED;
	ec->curve = strcmp(group, "secp384r1") == 0 ? EC_P384 : strcmp(group, "prime256v1") == 0 ? EC_P256 : EC_NONE;
	n = ec_field_size(ec->curve);
	return n > 0 && take_number(k, OSSL_PKEY_PARAM_EC_PUB_X, ec->x, n) && take_number(k, OSSL_PKEY_PARAM_EC_PUB_Y, ec->y, n) ? OK : E_UNSUPPORTED;
}

enum status
ekcert_public(struct bytes certificate, struct buffer *out)
{
	const uint8_t *p = certificate.p;
	X509 *x = d2i_X509(NULL, &p, (long)certificate.n);
	EVP_PKEY *k = x == NULL ? NULL : read_key(x);
	struct public_area ek;
	enum status s = x == NULL ? E_SYNTAX : E_UNSUPPORTED;

	memset(&ek, 0, sizeof ek);
	if (k != NULL && EVP_PKEY_get_base_id(k) == EVP_PKEY_EC)
		s = take_ec(k, &ek);
	if (k != NULL && EVP_PKEY_get_base_id(k) == EVP_PKEY_RSA && EVP_PKEY_get_bits(k) == 2048) {
		ek.type = PUBLIC_RSA;
		ek.key.rsa.n_size = 256;
		s = take_number(k, OSSL_PKEY_PARAM_RSA_N, ek.key.rsa.n, 256) ? OK : E_UNSUPPORTED;
	}
	EVP_PKEY_free(k);
	X509_free(x);
	ERR_clear_error();
	return s == OK ? public_encode_ek(&ek, out) : s;
}

static void
print_description(const X509 *x, BIO *b)
{
	X509_NAME_print_ex(b, X509_get_issuer_name(x), 0, XN_FLAG_ONELINE & ~ASN1_STRFLGS_ESC_MSB);
	BIO_puts(b, ", until ");
	ASN1_TIME_print(b, X509_get0_notAfter(x));
}

void
ekcert_describe(struct bytes certificate, char *text, size_t size)
{
	const uint8_t *p = certificate.p;
	X509 *x = d2i_X509(NULL, &p, (long)certificate.n);
	BIO *b = x == NULL ? NULL : BIO_new(BIO_s_mem());
	int n = 0;

	if (b != NULL) {
		print_description(x, b);
		n = BIO_read(b, text, (int)size - 1);
	}
	text[n > 0 ? n : 0] = '\0';
	BIO_free(b);
	X509_free(x);
	ERR_clear_error();
}
