/* SPDX-License-Identifier: ISC */
#include "net/https.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/memory.h"
#include "crypto/random.h"
#include "net/dial.h"

#define HEAD_MAX 4096
#define LEAF_MAX 4096

/*
 * BearSSL's certificate engine wants a date before it sees the chain, and the only date there is stands in the leaf.  So this
 * engine holds the leaf back, reads its notBefore, and lets the real engine go on with that date.
 */
struct dated_x509 {
	const br_x509_class *vtable;
	br_x509_minimal_context minimal;
	bool in_leaf, leaf_done;
	size_t leaf_n;
	uint32_t leaf_size;
	uint8_t leaf[LEAF_MAX];
	char server[256];
};

struct https {
	int fd;
	br_ssl_client_context tls;
	struct dated_x509 x509;
	uint8_t tls_buffer[BR_SSL_BUFSIZE_BIDI];
	uint8_t head[HEAD_MAX];
	size_t head_n;
	char host[300];
	unsigned requests;
	char error[512];
};

/* Which member of dated_x509 BearSSL's callbacks mean: their argument points at its first one. */
static struct dated_x509 *
dated(const br_x509_class **ctx)
{
	return (struct dated_x509 *)(void *)ctx;
}

static void
dated_start_chain(const br_x509_class **ctx, const char *server)
{
	struct dated_x509 *d = dated(ctx);

	d->in_leaf = d->leaf_done = false;
	d->leaf_n = 0;
	snprintf(d->server, sizeof d->server, "%s", server == NULL ? "" : server);
}

static void
dated_start_cert(const br_x509_class **ctx, uint32_t length)
{
	struct dated_x509 *d = dated(ctx);

	if (d->leaf_done) {
		d->minimal.vtable->start_cert(&d->minimal.vtable, length);
		return;
	}
	d->in_leaf = true;
	d->leaf_size = length;
}

static void
dated_append(const br_x509_class **ctx, const unsigned char *data, size_t n)
{
	struct dated_x509 *d = dated(ctx);

	if (!d->in_leaf) {
		d->minimal.vtable->append(&d->minimal.vtable, data, n);
		return;
	}
	if (n > sizeof d->leaf - d->leaf_n) {
		/* Too large a leaf is cut and so refused as malformed. */
		n = sizeof d->leaf - d->leaf_n;
	}
	memcpy(d->leaf + d->leaf_n, data, n);
	d->leaf_n += n;
}

static void
dated_end_cert(const br_x509_class **ctx)
{
	struct dated_x509 *d = dated(ctx);
	br_x509_decoder_context decoder;

	if (d->in_leaf) {
		br_x509_decoder_init(&decoder, NULL, NULL);
		br_x509_decoder_push(&decoder, d->leaf, d->leaf_n);
		br_x509_minimal_set_time(&d->minimal, decoder.notbefore_days, decoder.notbefore_seconds);
		d->minimal.vtable->start_chain(&d->minimal.vtable, d->server);
		d->minimal.vtable->start_cert(&d->minimal.vtable, d->leaf_size);
		d->minimal.vtable->append(&d->minimal.vtable, d->leaf, d->leaf_n);
		d->in_leaf = false;
		d->leaf_done = true;
	}
	d->minimal.vtable->end_cert(&d->minimal.vtable);
}

static unsigned
dated_end_chain(const br_x509_class **ctx)
{
	struct dated_x509 *d = dated(ctx);

	return d->leaf_done ? d->minimal.vtable->end_chain(&d->minimal.vtable) : BR_ERR_X509_EMPTY_CHAIN;
}

static const br_x509_pkey *
dated_get_pkey(const br_x509_class *const *ctx, unsigned *usages)
{
	const struct dated_x509 *d = (const struct dated_x509 *)(const void *)ctx;

	return d->minimal.vtable->get_pkey(&d->minimal.vtable, usages);
}

static const br_x509_class dated_class = {
	sizeof(struct dated_x509), dated_start_chain, dated_start_cert, dated_append, dated_end_cert, dated_end_chain, dated_get_pkey,
};

static void
set_up_x509(struct dated_x509 *d, const struct trust *t)
{
	br_x509_minimal_context *m = &d->minimal;

	d->vtable = &dated_class;
	br_x509_minimal_init(m, &br_sha256_vtable, t->anchor, t->n);
	br_x509_minimal_set_rsa(m, br_rsa_pkcs1_vrfy_get_default());
	br_x509_minimal_set_ecdsa(m, br_ec_get_default(), br_ecdsa_vrfy_asn1_get_default());
	br_x509_minimal_set_hash(m, br_sha256_ID, &br_sha256_vtable);
	br_x509_minimal_set_hash(m, br_sha384_ID, &br_sha384_vtable);
	br_x509_minimal_set_hash(m, br_sha512_ID, &br_sha512_vtable);
}

static enum status
set_up_tls(struct https *h, const struct trust *t, const char *server)
{
	static const uint16_t suites[] = {
		BR_TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
		BR_TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
		BR_TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
		BR_TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
	};
	br_ssl_engine_context *e = &h->tls.eng;
	uint8_t seed[32];

	br_ssl_client_zero(&h->tls);
	br_ssl_engine_set_versions(e, BR_TLS12, BR_TLS12);
	br_ssl_engine_set_suites(e, suites, sizeof suites / sizeof *suites);
	br_ssl_engine_set_hash(e, br_sha256_ID, &br_sha256_vtable);
	br_ssl_engine_set_hash(e, br_sha384_ID, &br_sha384_vtable);
	br_ssl_engine_set_hash(e, br_sha512_ID, &br_sha512_vtable);
	br_ssl_engine_set_prf_sha256(e, br_tls12_sha256_prf);
	br_ssl_engine_set_default_rsavrfy(e);
	br_ssl_engine_set_default_ecdsa(e);
	br_ssl_engine_set_default_chapol(e);
	br_ssl_engine_set_default_aes_gcm(e);
	set_up_x509(&h->x509, t);
	br_ssl_engine_set_x509(e, &h->x509.vtable);
	br_ssl_engine_set_buffer(e, h->tls_buffer, sizeof h->tls_buffer, 1);
	if (random_fill(seed, sizeof seed) != OK)
		return E_RANDOM;
	br_ssl_engine_inject_entropy(e, seed, sizeof seed);
	memory_wipe(seed, sizeof seed);
	return br_ssl_client_reset(&h->tls, server, 0) ? OK : E_TLS;
}

static enum status
wait_for(int fd, short events, int64_t until)
{
	for (;;) {
		struct pollfd p = { fd, events, 0 };
		int64_t left = until - clock_now_ms();
		int n = left > 0 ? poll(&p, 1, (int)left) : 0;

		if (n > 0)
			return OK;
		if (n == 0)
			return E_TIMEOUT;
		if (errno != EINTR)
			return E_IO;
	}
}

/* What stands in the way of the state wanted is done, until ${until}: records sent and received. */
static enum status
run_until(struct https *h, unsigned state, int64_t until)
{
	br_ssl_engine_context *e = &h->tls.eng;

	for (;;) {
		unsigned now = br_ssl_engine_current_state(e);
		unsigned char *buffer;
		size_t n;
		ssize_t got;
		enum status s;

		if (now & BR_SSL_CLOSED) {
			int error = br_ssl_engine_last_error(e);

			snprintf(h->error, sizeof h->error, error == 0 ? "connection closed" : "TLS error %d%s", error,
				error == BR_ERR_X509_NOT_TRUSTED ? " (the verifier's certificate is not from the configured CA)" :
				error == BR_ERR_X509_BAD_SERVER_NAME ? " (the verifier's certificate has another name)" : "");
			return error == 0 ? E_NETWORK : E_TLS;
		}
		if (now & BR_SSL_SENDREC) {
			buffer = br_ssl_engine_sendrec_buf(e, &n);
			if ((s = wait_for(h->fd, POLLOUT, until)) != OK)
				return s;
			got = send(h->fd, buffer, n, MSG_NOSIGNAL);
			if (got > 0)
				br_ssl_engine_sendrec_ack(e, (size_t)got);
		} else if (now & state) {
			return OK;
		} else if (now & BR_SSL_RECVREC) {
			buffer = br_ssl_engine_recvrec_buf(e, &n);
			if ((s = wait_for(h->fd, POLLIN, until)) != OK)
				return s;
			got = recv(h->fd, buffer, n, 0);
			if (got > 0)
				br_ssl_engine_recvrec_ack(e, (size_t)got);
		} else {
			return E_TLS;
		}
		if (got == 0 || (got < 0 && errno != EINTR && errno != EAGAIN)) {
			snprintf(h->error, sizeof h->error, "%s", got == 0 ? "connection closed" : strerror(errno));
			return E_NETWORK;
		}
	}
}

static struct https *
https_new(const struct url *u)
{
	struct https *h = calloc(1, sizeof *h);

	if (h == NULL)
		return NULL;
	h->fd = -1;
	snprintf(h->host, sizeof h->host, strchr(u->host, ':') != NULL ? "[%s]:%s" : "%s:%s", u->host, u->port);
	return h;
}

static enum status
shake_hands(struct https *h, const struct url *u, const struct trust *t, unsigned seconds)
{
	enum status s = set_up_tls(h, t, u->host);

	return s != OK ? s : run_until(h, BR_SSL_SENDAPP, clock_now_ms() + (int64_t)seconds * 1000);
}

enum status
https_open_on(int fd, const struct url *u, const struct trust *t, unsigned seconds, struct https **h)
{
	*h = https_new(u);
	if (*h == NULL) {
		close(fd);
		return E_MEMORY;
	}
	(*h)->fd = fd;
	return shake_hands(*h, u, t, seconds);
}

enum status
https_open(const struct url *u, const struct trust *t, unsigned seconds, struct https **h)
{
	enum status s;

	*h = https_new(u);
	if (*h == NULL)
		return E_MEMORY;
	s = dial_connect(u, seconds, NULL, 0, &(*h)->fd, (*h)->error, sizeof (*h)->error);
	return s != OK ? s : shake_hands(*h, u, t, seconds);
}

static enum status
write_all(struct https *h, struct bytes data, int64_t until)
{
	while (data.n > 0) {
		unsigned char *buffer;
		size_t room, n;
		enum status s = run_until(h, BR_SSL_SENDAPP, until);

		if (s != OK)
			return s;
		buffer = br_ssl_engine_sendapp_buf(&h->tls.eng, &room);
		n = data.n < room ? data.n : room;
		memcpy(buffer, data.p, n);
		br_ssl_engine_sendapp_ack(&h->tls.eng, n);
		data.p += n;
		data.n -= n;
	}
	return OK;
}

enum status
https_send(struct https *h, const char *method, const char *path, struct bytes body)
{
	int64_t until = clock_now_ms() + 30000;
	char head[1024];
	int n = snprintf(head, sizeof head,
		"%s %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: bootgate/" BOOTGATE_VERSION "\r\n"
		"Content-Type: application/cbor\r\nContent-Length: %zu\r\n\r\n",
		method, path, h->host, body.n);
	enum status s;

	if (n < 0 || (size_t)n >= sizeof head)
		return E_TOO_LARGE;
	h->requests++;
	s = write_all(h, bytes_of(head, (size_t)n), until);
	if (s == OK)
		s = write_all(h, body, until);
	if (s == OK) {
		br_ssl_engine_flush(&h->tls.eng, 0);
		s = run_until(h, BR_SSL_SENDAPP, until);
	}
	return s;
}

/* Plaintext to ${to}, at most ${room} bytes. */
static enum status
read_some(struct https *h, uint8_t *to, size_t room, size_t *n, int64_t until)
{
	unsigned char *buffer;
	enum status s = run_until(h, BR_SSL_RECVAPP, until);

	if (s != OK)
		return s;
	buffer = br_ssl_engine_recvapp_buf(&h->tls.eng, n);
	if (*n > room)
		*n = room;
	memcpy(to, buffer, *n);
	br_ssl_engine_recvapp_ack(&h->tls.eng, *n);
	return OK;
}

static enum status
read_head(struct https *h, size_t *size, int64_t until)
{
	for (h->head_n = 0;;) {
		const uint8_t *end = h->head_n > 0 ? memmem(h->head, h->head_n, "\r\n\r\n", 4) : NULL;
		size_t n;
		enum status s;

		if (end != NULL) {
			*size = (size_t)(end - h->head);
			return OK;
		}
		if (h->head_n == sizeof h->head)
			return E_TOO_LARGE;
		s = read_some(h, h->head + h->head_n, sizeof h->head - h->head_n, &n, until);
		if (s != OK)
			return s;
		h->head_n += n;
	}
}

enum status
https_receive(struct https *h, unsigned seconds, struct buffer *body, struct https_answer *a)
{
	int64_t until = clock_now_ms() + (int64_t)seconds * 1000;
	size_t head, length, n, start = body->n;
	enum status s = read_head(h, &head, until);

	if (s == OK)
		s = https_head_parse(bytes_of(h->head, head), &a->code, &length, &a->retry_after);
	if (s != OK)
		return s;
	if (length > body->size - body->n)
		return E_TOO_LARGE;
	n = h->head_n - head - 4;
	if (n > length)
		return E_PROTOCOL;
	buffer_bytes(body, bytes_of(h->head + head + 4, n));
	while (body->n - start < length) {
		s = read_some(h, body->p + body->n, length - (body->n - start), &n, until);
		if (s != OK)
			return s;
		body->n += n;
	}
	a->body = bytes_of(body->p + start, length);
	return OK;
}

const char *
https_error(const struct https *h)
{
	return h == NULL || h->error[0] == '\0' ? "no answer in time" : h->error;
}

unsigned
https_requests(const struct https *h)
{
	return h->requests;
}

void
https_close(struct https *h)
{
	if (h == NULL)
		return;
	if (h->fd >= 0)
		close(h->fd);
	memory_wipe(h, sizeof *h);
	free(h);
}
