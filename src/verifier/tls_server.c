/* SPDX-License-Identifier: ISC */
#include "verifier/tls_server.h"

#include <bearssl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "crypto/random.h"
#include "store/keys.h"

#define CHAIN_MAX 4
#define CHAIN_SIZE_MAX 16384
#define CERTIFICATE_MAX 4096

/* Records of the peer may be of full size; ours need not be. */
#define OUT_SIZE 4096

struct tls_identity {
	struct ec_private key;
	br_ec_private_key br_key;
	size_t certificates;
	br_x509_certificate chain[CHAIN_MAX];
	uint8_t der[CHAIN_MAX][CERTIFICATE_MAX];
};

struct tls_server {
	br_ssl_server_context ssl;
	bool open;
	uint8_t in[BR_SSL_BUFSIZE_INPUT], out[OUT_SIZE + 512];
};

/* --- the certificate chain --- */

static void
append(void *to, const void *data, size_t n)
{
	buffer_bytes(to, bytes_of(data, n));
}

static enum status
decode_chain(struct bytes pem, struct tls_identity *i)
{
	br_pem_decoder_context decoder;
	struct buffer der = buffer_of(NULL, 0);

	br_pem_decoder_init(&decoder);
	while (pem.n > 0) {
		size_t used = br_pem_decoder_push(&decoder, pem.p, pem.n);

		pem = bytes_of(pem.p + used, pem.n - used);
		switch (br_pem_decoder_event(&decoder)) {
		case BR_PEM_BEGIN_OBJ:
			if (i->certificates == CHAIN_MAX)
				return E_TOO_LARGE;
			if (strcmp(br_pem_decoder_name(&decoder), "CERTIFICATE") != 0)
				return E_TYPE;
			der = BUFFER(i->der[i->certificates]);
			br_pem_decoder_setdest(&decoder, append, &der);
			break;
		case BR_PEM_END_OBJ:
			if (der.failed != OK)
				return der.failed;
			i->chain[i->certificates].data = der.p;
			i->chain[i->certificates].data_len = der.n;
			i->certificates++;
			break;
		case BR_PEM_ERROR:
			return E_SYNTAX;
		default:
			break;
		}
	}
	return i->certificates == 0 ? E_MISSING : OK;
}

/* check_key(): whether the first certificate is for our key. */
static enum status
check_key(const struct tls_identity *i)
{
	br_x509_decoder_context decoder;
	const br_x509_pkey *k;
	uint8_t point[EC_POINT_MAX];
	size_t n = ec_public_encode(&i->key.public, point);

	br_x509_decoder_init(&decoder, NULL, NULL);
	br_x509_decoder_push(&decoder, i->chain[0].data, i->chain[0].data_len);
	k = br_x509_decoder_get_pkey(&decoder);
	if (k == NULL)
		return E_SYNTAX;
	if (k->key_type != BR_KEYTYPE_EC || !bytes_equal(bytes_of(k->key.ec.q, k->key.ec.qlen), bytes_of(point, n)))
		return E_MISMATCH;
	return OK;
}

static enum status
load_chain(const char *path, struct tls_identity *i)
{
	uint8_t pem[CHAIN_SIZE_MAX];
	struct buffer b = BUFFER(pem);
	enum status s = file_read(path, &b);

	return s == OK ? decode_chain(buffer_view(&b), i) : s;
}

enum status
tls_identity_load(const char *chain, const char *key, struct tls_identity **out, char *why, size_t size)
{
	struct tls_identity *i = calloc(1, sizeof *i);
	enum status s;

	if (i == NULL) {
		snprintf(why, size, "%s", status_text(E_MEMORY));
		return E_MEMORY;
	}
	s = keys_load_private(key, &i->key, why, size);
	if (s == OK) {
		i->br_key.curve = i->key.public.curve == EC_P384 ? BR_EC_secp384r1 : BR_EC_secp256r1;
		i->br_key.x = i->key.d;
		i->br_key.xlen = ec_field_size(i->key.public.curve);
		s = load_chain(chain, i);
		if (s == OK)
			s = check_key(i);
		if (s != OK)
			snprintf(why, size, "%s: %s", chain, s == E_MISMATCH ? "the certificate is for another key than tls.key" : status_text(s));
	}
	if (s != OK) {
		tls_identity_free(i);
		return s;
	}
	*out = i;
	return OK;
}

void
tls_identity_free(struct tls_identity *i)
{
	if (i != NULL)
		memory_wipe(i, sizeof *i);
	free(i);
}

/* --- one connection --- */

struct tls_server *
tls_server_new(const struct tls_identity *i)
{
	static const uint16_t suites[] = {
		BR_TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
		BR_TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
		BR_TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
	};
	struct tls_server *t = calloc(1, sizeof *t);
	uint8_t seed[32];

	if (t == NULL)
		return NULL;
	br_ssl_server_init_full_ec(&t->ssl, i->chain, i->certificates, BR_KEYTYPE_EC, &i->br_key);
	br_ssl_engine_set_versions(&t->ssl.eng, BR_TLS12, BR_TLS12);
	br_ssl_engine_set_suites(&t->ssl.eng, suites, sizeof suites / sizeof *suites);
	br_ssl_engine_add_flags(&t->ssl.eng, BR_OPT_NO_RENEGOTIATION | BR_OPT_ENFORCE_SERVER_PREFERENCES);
	br_ssl_engine_set_buffers_bidi(&t->ssl.eng, t->in, sizeof t->in, t->out, sizeof t->out);
	if (random_fill(seed, sizeof seed) != OK) {
		tls_server_free(t);
		return NULL;
	}
	br_ssl_engine_inject_entropy(&t->ssl.eng, seed, sizeof seed);
	memory_wipe(seed, sizeof seed);
	if (!br_ssl_server_reset(&t->ssl)) {
		tls_server_free(t);
		return NULL;
	}
	return t;
}

void
tls_server_free(struct tls_server *t)
{
	if (t != NULL)
		memory_wipe(t, sizeof *t);
	free(t);
}

static const struct {
	unsigned flag;
	unsigned char *(*buffer)(const br_ssl_engine_context *, size_t *);
	void (*done)(br_ssl_engine_context *, size_t);
} channels[] = {
	[TLS_RECORDS_IN] = { BR_SSL_RECVREC, br_ssl_engine_recvrec_buf, br_ssl_engine_recvrec_ack },
	[TLS_RECORDS_OUT] = { BR_SSL_SENDREC, br_ssl_engine_sendrec_buf, br_ssl_engine_sendrec_ack },
	[TLS_PLAIN_IN] = { BR_SSL_SENDAPP, br_ssl_engine_sendapp_buf, br_ssl_engine_sendapp_ack },
	[TLS_PLAIN_OUT] = { BR_SSL_RECVAPP, br_ssl_engine_recvapp_buf, br_ssl_engine_recvapp_ack },
};

uint8_t *
tls_server_buffer(struct tls_server *t, enum tls_channel channel, size_t *n)
{
	*n = 0;
	if ((br_ssl_engine_current_state(&t->ssl.eng) & channels[channel].flag) == 0)
		return NULL;
	return channels[channel].buffer(&t->ssl.eng, n);
}

void
tls_server_done(struct tls_server *t, enum tls_channel channel, size_t n)
{
	if (n == 0)
		return;
	channels[channel].done(&t->ssl.eng, n);
	if ((br_ssl_engine_current_state(&t->ssl.eng) & BR_SSL_SENDAPP) != 0)
		t->open = true;
}

void
tls_server_flush(struct tls_server *t)
{
	br_ssl_engine_flush(&t->ssl.eng, 0);
}

void
tls_server_close(struct tls_server *t)
{
	br_ssl_engine_close(&t->ssl.eng);
}

bool
tls_server_open(const struct tls_server *t)
{
	return t->open;
}

bool
tls_server_closed(const struct tls_server *t, int *error)
{
	*error = br_ssl_engine_last_error(&t->ssl.eng);
	return (br_ssl_engine_current_state(&t->ssl.eng) & BR_SSL_CLOSED) != 0;
}
