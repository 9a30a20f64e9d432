/* SPDX-License-Identifier: ISC */
#include "tpm/callbacks.h"

#include <stdlib.h>
#include <string.h>

#include <tss2/tss2_mu.h>

#include "base/memory.h"
#include "crypto/aes_cfb.h"
#include "crypto/ec.h"
#include "crypto/hash.h"
#include "crypto/random.h"
#include "crypto/rsa.h"

/* ESYS hands contexts around as ESYS_CRYPTO_CONTEXT_BLOB *, and never looks inside. */
struct computation {
	enum { COMPUTE_HASH, COMPUTE_HMAC } kind;
	enum hash_alg alg;
	union {
		struct hash hash;
		struct hmac hmac;
	} state;
};

static TSS2_RC
code(enum status s)
{
	if (s == OK)
		return TSS2_RC_SUCCESS;
	return s == E_UNSUPPORTED ? TSS2_ESYS_RC_NOT_IMPLEMENTED : s == E_KEY ? TSS2_ESYS_RC_BAD_VALUE : TSS2_ESYS_RC_GENERAL_FAILURE;
}

static struct computation *
computation_of(ESYS_CRYPTO_CONTEXT_BLOB *context)
{
	return (void *)context;
}

static TSS2_RC
begin(ESYS_CRYPTO_CONTEXT_BLOB **context, TPM2_ALG_ID alg, struct computation **c)
{
	if (context == NULL)
		return TSS2_ESYS_RC_BAD_REFERENCE;
	if (!hash_known(alg))
		return TSS2_ESYS_RC_NOT_IMPLEMENTED;
	*c = calloc(1, sizeof **c);
	if (*c == NULL)
		return TSS2_ESYS_RC_MEMORY;
	(*c)->alg = (enum hash_alg)alg;
	*context = (void *)*c;
	return TSS2_RC_SUCCESS;
}

static TSS2_RC
hash_start(ESYS_CRYPTO_CONTEXT_BLOB **context, TPM2_ALG_ID alg, void *userdata)
{
	struct computation *c = NULL;
	TSS2_RC rc = begin(context, alg, &c);

	(void)userdata;
	if (rc == TSS2_RC_SUCCESS) {
		c->kind = COMPUTE_HASH;
		hash_begin(&c->state.hash, c->alg);
	}
	return rc;
}

static TSS2_RC
hmac_start(ESYS_CRYPTO_CONTEXT_BLOB **context, TPM2_ALG_ID alg, const uint8_t *key, size_t size, void *userdata)
{
	struct computation *c = NULL;
	TSS2_RC rc = begin(context, alg, &c);

	(void)userdata;
	if (rc == TSS2_RC_SUCCESS) {
		c->kind = COMPUTE_HMAC;
		hmac_begin(&c->state.hmac, c->alg, bytes_of(key, size));
	}
	return rc;
}

static TSS2_RC
update(ESYS_CRYPTO_CONTEXT_BLOB *context, const uint8_t *buffer, size_t size, void *userdata)
{
	struct computation *c = computation_of(context);

	(void)userdata;
	if (c == NULL || (buffer == NULL && size > 0))
		return TSS2_ESYS_RC_BAD_REFERENCE;
	if (c->kind == COMPUTE_HASH)
		hash_add(&c->state.hash, bytes_of(buffer, size));
	else
		hmac_add(&c->state.hmac, bytes_of(buffer, size));
	return TSS2_RC_SUCCESS;
}

static void
abandon(ESYS_CRYPTO_CONTEXT_BLOB **context, void *userdata)
{
	(void)userdata;
	if (context == NULL || *context == NULL)
		return;
	memory_wipe(*context, sizeof(struct computation));
	free(*context);
	*context = NULL;
}

static TSS2_RC
finish(ESYS_CRYPTO_CONTEXT_BLOB **context, uint8_t *buffer, size_t *size, void *userdata)
{
	uint8_t out[HASH_SIZE_MAX];
	struct computation *c;
	size_t n;

	if (context == NULL || *context == NULL || buffer == NULL || size == NULL)
		return TSS2_ESYS_RC_BAD_REFERENCE;
	c = computation_of(*context);
	if (*size < hash_size(c->alg))
		return TSS2_ESYS_RC_BAD_SIZE;
	n = c->kind == COMPUTE_HASH ? hash_end(&c->state.hash, out) : hmac_end(&c->state.hmac, out);
	memcpy(buffer, out, n);
	*size = n;
	memory_wipe(out, sizeof out);
	abandon(context, userdata);
	return TSS2_RC_SUCCESS;
}

/* 0 bytes means as many as fit */
static TSS2_RC
get_random(TPM2B_NONCE *nonce, size_t n, void *userdata)
{
	(void)userdata;
	if (n == 0)
		n = sizeof nonce->buffer;
	if (n > sizeof nonce->buffer)
		return TSS2_ESYS_RC_BAD_SIZE;
	nonce->size = (UINT16)n;
	return code(random_fill(nonce->buffer, n));
}

static enum status
rsa_key(const TPMT_PUBLIC *area, struct rsa_public *k)
{
	const TPM2B_PUBLIC_KEY_RSA *n = &area->unique.rsa;

	if (n->size > sizeof k->n)
		return E_KEY;
	memset(k, 0, sizeof *k);
	memcpy(k->n, n->buffer, n->size);
	k->n_size = n->size;
	k->e = area->parameters.rsaDetail.exponent == 0 ? 65537 : area->parameters.rsaDetail.exponent;
	return rsa_public_check(k);
}

static TSS2_RC
rsa_encrypt(TPM2B_PUBLIC *key, size_t in_n, BYTE *in, size_t max, BYTE *out, size_t *out_n, const char *label, void *userdata)
{
	const TPMT_PUBLIC *area = &key->publicArea;
	uint8_t sealed[RSA_SIZE_MAX];
	struct rsa_public k;
	enum status s;

	(void)userdata;
	if (rsa_key(area, &k) != OK)
		return TSS2_ESYS_RC_BAD_VALUE;
	if (k.n_size > max)
		return TSS2_ESYS_RC_BAD_SIZE;
	if (area->parameters.rsaDetail.scheme.scheme == TPM2_ALG_OAEP && hash_known(area->nameAlg))
		s = rsa_oaep_encrypt(&k, (enum hash_alg)area->nameAlg, bytes_of(label, strlen(label) + 1), bytes_of(in, in_n), sealed);
	else if (area->parameters.rsaDetail.scheme.scheme == TPM2_ALG_NULL && in_n == k.n_size)
		s = rsa_encrypt_raw(&k, bytes_of(in, in_n), sealed);
	else
		s = E_UNSUPPORTED;
	if (s != OK)
		return code(s);
	memcpy(out, sealed, k.n_size);
	*out_n = k.n_size;
	return TSS2_RC_SUCCESS;
}

static void
set_parameter(TPM2B_ECC_PARAMETER *to, const uint8_t *from, size_t n)
{
	to->size = (UINT16)n;
	memcpy(to->buffer, from, n);
}

static TSS2_RC
ecdh(TPM2B_PUBLIC *key, size_t max, TPM2B_ECC_PARAMETER *z, TPMS_ECC_POINT *q, BYTE *out, size_t *out_n, void *userdata)
{
	const TPMT_PUBLIC *area = &key->publicArea;
	const TPMS_ECC_POINT *point = &area->unique.ecc;
	struct ec_public peer;
	struct ec_private own = { 0 };
	uint8_t shared[EC_FIELD_MAX];
	enum ec_curve curve = area->parameters.eccDetail.curveID == TPM2_ECC_NIST_P384 ? EC_P384 : EC_P256;
	size_t n = ec_field_size(curve);
	TSS2_RC rc = TSS2_ESYS_RC_GENERAL_FAILURE;
	enum status s;

	(void)userdata;
	if (area->parameters.eccDetail.curveID != (TPMI_ECC_CURVE)curve)
		return TSS2_ESYS_RC_NOT_IMPLEMENTED;
	s = ec_public_from_xy(curve, bytes_of(point->x.buffer, point->x.size), bytes_of(point->y.buffer, point->y.size), &peer);
	if (s == OK)
		s = ec_generate(curve, &own);
	if (s == OK)
		s = ec_shared(&own, &peer, shared);
	if (s == OK) {
		set_parameter(z, shared, n);
		set_parameter(&q->x, own.public.x, n);
		set_parameter(&q->y, own.public.y, n);
		*out_n = 0;
		rc = Tss2_MU_TPMS_ECC_POINT_Marshal(q, out, max, out_n);
	}
	memory_wipe(&own, sizeof own);
	memory_wipe(shared, sizeof shared);
	return s != OK ? code(s) : rc;
}

static TSS2_RC
aes(bool encrypt, const uint8_t *key, TPM2_ALG_ID alg, TPMI_AES_KEY_BITS bits, TPM2_ALG_ID mode, uint8_t *data, size_t n, const uint8_t *iv)
{
	struct bytes k = bytes_of(key, bits / 8U);

	if (alg != TPM2_ALG_AES || mode != TPM2_ALG_CFB)
		return TSS2_ESYS_RC_NOT_IMPLEMENTED;
	return code(encrypt ? aes_cfb_encrypt(k, iv, data, n) : aes_cfb_decrypt(k, iv, data, n));
}

static TSS2_RC
aes_encrypt(uint8_t *key, TPM2_ALG_ID alg, TPMI_AES_KEY_BITS bits, TPM2_ALG_ID mode, uint8_t *data, size_t n, uint8_t *iv, void *userdata)
{
	(void)userdata;
	return aes(true, key, alg, bits, mode, data, n, iv);
}

static TSS2_RC
aes_decrypt(uint8_t *key, TPM2_ALG_ID alg, TPMI_AES_KEY_BITS bits, TPM2_ALG_ID mode, uint8_t *data, size_t n, uint8_t *iv, void *userdata)
{
	(void)userdata;
	return aes(false, key, alg, bits, mode, data, n, iv);
}

static TSS2_RC
init(void *userdata)
{
	(void)userdata;
	return TSS2_RC_SUCCESS;
}

ESYS_CRYPTO_CALLBACKS
callbacks_esys(void)
{
	return (ESYS_CRYPTO_CALLBACKS){
		.rsa_pk_encrypt = rsa_encrypt,
		.hash_start = hash_start,
		.hash_update = update,
		.hash_finish = finish,
		.hash_abort = abandon,
		.hmac_start = hmac_start,
		.hmac_update = update,
		.hmac_finish = finish,
		.hmac_abort = abandon,
		.get_random2b = get_random,
		.get_ecdh_point = ecdh,
		.aes_encrypt = aes_encrypt,
		.aes_decrypt = aes_decrypt,
		.init = init,
	};
}
