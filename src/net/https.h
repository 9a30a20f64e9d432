/* SPDX-License-Identifier: ISC */
/*
 * The agent's HTTPS client: HTTP/1.1 over TLS 1.2, one connection kept alive, one request at a time.
 *
 * A certificate's dates are not judged, since the initramfs has no clock: the leaf's own notBefore is the date taken.
 */
#ifndef NET_HTTPS_H
#define NET_HTTPS_H

#include "net/trust.h"
#include "net/url.h"

struct https;

/* An answer's head. */
struct https_answer {
	unsigned code;
	unsigned retry_after; /* seconds, 0 when not said */
	struct bytes body;    /* in the buffer given to https_receive() */
};

/* https_open(u, t, seconds, h): connect and shake hands; each step has ${seconds}. ${t} must outlive ${h}.  E_NETWORK, E_TIMEOUT, E_TLS. */
enum status https_open(const struct url *u, const struct trust *t, unsigned seconds, struct https **h);

/* https_open_on(fd, u, t, seconds, h): the same over a connected, non-blocking socket, which is ${h}'s from now on. */
enum status https_open_on(int fd, const struct url *u, const struct trust *t, unsigned seconds, struct https **h);

/* https_send(h, method, path, body): a whole request; returns when it is with the kernel, so that the caller can work while it travels. */
enum status https_send(struct https *h, const char *method, const char *path, struct bytes body);

/* https_receive(h, seconds, body, a): the answer; its body is appended to ${body} (E_TOO_LARGE when it does not fit). Content-Length only: an answer framed otherwise is E_PROTOCOL. */
enum status https_receive(struct https *h, unsigned seconds, struct buffer *body, struct https_answer *a);

/* https_error(h): what went wrong in TLS or in the connection, for people; never NULL. */
const char *https_error(const struct https *h);

/* https_requests(h): requests sent, for tests of the budget. */
unsigned https_requests(const struct https *h);

/* https_close(h): wipes and frees. NULL is fine. */
void https_close(struct https *h);

/*
 * https_head_parse(head, code, length, retry_after): the status line and header fields of an answer, up to and without the empty line.
 * Pure.  E_SYNTAX, E_PROTOCOL for Transfer-Encoding or a missing or doubled Content-Length, E_TOO_LARGE.
 */
enum status https_head_parse(struct bytes head, unsigned *code, size_t *length, unsigned *retry_after);

#endif
