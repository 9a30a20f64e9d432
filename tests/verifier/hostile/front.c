/* SPDX-License-Identifier: ISC */
/*
 * In place of verifier/tls_server: front as it is when a flaw in TLS let a stranger run his own code: what comes over TCP is a command, what goes
 * back is how it went.
 */
#include <stdlib.h>
#include <string.h>

#include "hostile.h"
#include "verifier/tls_server.h"

struct tls_server {
	uint8_t in[512];
	char out[512];
	size_t in_n, out_n, sent;
};

enum status
tls_identity_load(const char *chain, const char *key, struct tls_identity **i, char *why, size_t size)
{
	(void)chain;
	(void)key;
	(void)why;
	(void)size;
	*i = NULL;
	return OK;
}

void
tls_identity_free(struct tls_identity *i)
{
	(void)i;
}

struct tls_server *
tls_server_new(const struct tls_identity *i)
{
	(void)i;
	return calloc(1, sizeof(struct tls_server));
}

void
tls_server_free(struct tls_server *t)
{
	free(t);
}

uint8_t *
tls_server_buffer(struct tls_server *t, enum tls_channel channel, size_t *n)
{
	*n = 0;
	if (channel == TLS_RECORDS_IN && t->out_n == 0) {
		*n = sizeof t->in - 1 - t->in_n;
		return t->in + t->in_n;
	}
	if (channel == TLS_RECORDS_OUT && t->sent < t->out_n) {
		*n = t->out_n - t->sent;
		return (uint8_t *)t->out + t->sent;
	}
	return NULL;
}

void
tls_server_done(struct tls_server *t, enum tls_channel channel, size_t n)
{
	uint8_t *end;

	if (channel == TLS_RECORDS_OUT)
		t->sent += n;
	if (channel != TLS_RECORDS_IN)
		return;
	t->in_n += n;
	end = memchr(t->in, '\n', t->in_n);
	if (end == NULL)
		return;
	*end = '\0';
	hostile_run((const char *)t->in, t->out, sizeof t->out);
	t->out_n = strlen(t->out);
}

void
tls_server_flush(struct tls_server *t)
{
	(void)t;
}

void
tls_server_close(struct tls_server *t)
{
	(void)t;
}

bool
tls_server_open(const struct tls_server *t)
{
	(void)t;
	return false;
}

bool
tls_server_closed(const struct tls_server *t, int *error)
{
	*error = 0;
	return t->out_n > 0 && t->sent == t->out_n;
}
