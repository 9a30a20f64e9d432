/* SPDX-License-Identifier: ISC */
/*
 * The server's half of TLS 1.2 (RFC 5246), by BearSSL's engine: bytes in and out, no sockets.  ECDHE with ECDSA, ChaCha20-Poly1305
 * or AES-GCM, P-256, P-384 and X25519; no renegotiation, no client certificates, no session cache.
 */
#ifndef VERIFIER_TLS_SERVER_H
#define VERIFIER_TLS_SERVER_H

#include "base/bytes.h"

struct tls_identity;
struct tls_server;

/*
 * tls_identity_load(chain, key, i, why, size): the certificate chain (PEM, the server's own first, EC) and its private key.  E_MISMATCH when the
 * certificate is for another key.
 */
enum status tls_identity_load(const char *chain, const char *key, struct tls_identity **i, char *why, size_t size);
void tls_identity_free(struct tls_identity *i);

/* tls_server_new(i): one connection's half; NULL when there is no memory or no randomness. ${i} must outlive it. */
struct tls_server *tls_server_new(const struct tls_identity *i);

/* tls_server_free(t): wipes its buffers. */
void tls_server_free(struct tls_server *t);

enum tls_channel {
	TLS_RECORDS_IN,  /* room for bytes from the peer */
	TLS_RECORDS_OUT, /* bytes for the peer */
	TLS_PLAIN_IN,    /* room for bytes to be encrypted */
	TLS_PLAIN_OUT,   /* decrypted bytes */
	TLS_CHANNELS
};

/* tls_server_buffer(t, channel, n): what may be read or written now, ${*n} bytes, or NULL; tls_server_done() says how much was. */
uint8_t *tls_server_buffer(struct tls_server *t, enum tls_channel channel, size_t *n);
void tls_server_done(struct tls_server *t, enum tls_channel channel, size_t n);

/* tls_server_flush(t): makes a record of what was written so far. tls_server_close(t): says close_notify. */
void tls_server_flush(struct tls_server *t);
void tls_server_close(struct tls_server *t);

/* tls_server_open(t): the handshake is over. tls_server_closed(t, error): it ended; BearSSL's error number, 0 for a proper end. */
bool tls_server_open(const struct tls_server *t);
bool tls_server_closed(const struct tls_server *t, int *error);

#endif
