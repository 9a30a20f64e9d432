/* SPDX-License-Identifier: ISC */
#include "net/trust.h"

#include <string.h>

struct collector {
	uint8_t der[4096];
	size_t n;
	bool overflow;
};

static void
collect(void *to, const void *data, size_t n)
{
	struct collector *c = to;

	if (n > sizeof c->der - c->n) {
		c->overflow = true;
		return;
	}
	memcpy(c->der + c->n, data, n);
	c->n += n;
}

static void *
keep(struct trust *t, const void *data, size_t n)
{
	uint8_t *to = t->memory + t->used;

	if (n > sizeof t->memory - t->used)
		return NULL;
	memcpy(to, data, n);
	t->used += n;
	return to;
}

static enum status
keep_key(struct trust *t, const br_x509_pkey *from, br_x509_pkey *to)
{
	*to = *from;
	if (from->key_type == BR_KEYTYPE_RSA) {
		to->key.rsa.n = keep(t, from->key.rsa.n, from->key.rsa.nlen);
		to->key.rsa.e = keep(t, from->key.rsa.e, from->key.rsa.elen);
		return to->key.rsa.n != NULL && to->key.rsa.e != NULL ? OK : E_TOO_LARGE;
	}
	to->key.ec.q = keep(t, from->key.ec.q, from->key.ec.qlen);
	return to->key.ec.q != NULL ? OK : E_TOO_LARGE;
}

static enum status
add(struct trust *t, const struct collector *certificate)
{
	br_x509_decoder_context decoder;
	struct collector name = { .n = 0 };
	br_x509_trust_anchor *anchor;
	const br_x509_pkey *key;

	if (t->n == TRUST_MAX || certificate->overflow)
		return E_TOO_LARGE;
	anchor = &t->anchor[t->n];
	br_x509_decoder_init(&decoder, collect, &name);
	br_x509_decoder_push(&decoder, certificate->der, certificate->n);
	key = br_x509_decoder_get_pkey(&decoder);
	if (key == NULL || name.overflow)
		return E_SYNTAX;
	if (!br_x509_decoder_isCA(&decoder))
		return E_KEY;
	anchor->flags = BR_X509_TA_CA;
	anchor->dn.data = keep(t, name.der, name.n);
	anchor->dn.len = name.n;
	if (anchor->dn.data == NULL || keep_key(t, key, &anchor->pkey) != OK)
		return E_TOO_LARGE;
	t->n++;
	return OK;
}

enum status
trust_parse(struct bytes pem, struct trust *t)
{
	br_pem_decoder_context decoder;
	struct collector c;
	bool inside = false;

	memset(t, 0, sizeof *t);
	br_pem_decoder_init(&decoder);
	while (pem.n > 0) {
		size_t used = br_pem_decoder_push(&decoder, pem.p, pem.n);
		enum status s;

		pem.p += used;
		pem.n -= used;
		switch (br_pem_decoder_event(&decoder)) {
		case BR_PEM_BEGIN_OBJ:
			memset(&c, 0, sizeof c);
			inside = strcmp(br_pem_decoder_name(&decoder), "CERTIFICATE") == 0;
			br_pem_decoder_setdest(&decoder, inside ? collect : NULL, &c);
			break;
		case BR_PEM_END_OBJ:
			s = inside ? add(t, &c) : OK;
			inside = false;
			if (s != OK)
				return s;
			break;
		case BR_PEM_ERROR:
			return E_SYNTAX;
		default:
			break;
		}
	}
	return inside ? E_TRUNCATED : t->n > 0 ? OK : E_MISSING;
}
