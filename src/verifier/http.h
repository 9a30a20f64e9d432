/* SPDX-License-Identifier: ISC */
/*
 * Requests of HTTP/1.1 (RFC 9112), as much of them as the protocol has: its routes, Content-Length, keep-alive.
 *
 * Strict, because a lenient reader in front of `judge` is a second opinion on where a request ends.  Refused: bare CR or LF,
 * NUL and other control characters, space before a colon, folded lines, any Transfer-Encoding or Expect, two
 * Content-Lengths or one that is not plain digits, none or two Hosts, other versions than 1.1, unknown methods and routes,
 * bodies on GET, more than HTTP_HEAD_MAX bytes or HTTP_FIELDS_MAX fields.  Pure: fuzzed and tested by mutations.
 */
#ifndef VERIFIER_HTTP_H
#define VERIFIER_HTTP_H

#include "base/bytes.h"

#define HTTP_HEAD_MAX 4096
#define HTTP_FIELDS_MAX 32
#define HTTP_PARAMETER_MAX 64

/* X(name, method, path, largest body): a path that ends in / takes a parameter of [0-9a-f]. */
#define HTTP_ROUTES(X)                                                                                                 \
	X(CHALLENGE, "POST", "/v1/challenge", 0)                                                                       \
	X(ATTEST, "POST", "/v1/attest", EVIDENCE_SIZE_MAX)                                                             \
	X(VOLUME, "POST", "/v1/volume", EVIDENCE_SIZE_MAX)                                                             \
	X(ENROLL_BEGIN, "POST", "/v1/enroll/begin", ENROLL_SIZE_MAX)                                                   \
	X(ENROLL_FINISH, "POST", "/v1/enroll/finish", ENROLL_SIZE_MAX)                                                 \
	X(HOLD, "GET", "/v1/hold/", 0)                                                                                 \
	X(HEALTH, "GET", "/healthz", 0)

enum http_route {
	HTTP_ROUTE_NONE = 0,
#define X(name, method, path, size) HTTP_ROUTE_##name,
	HTTP_ROUTES(X)
#undef X
	HTTP_ROUTES_END
};

struct http_request {
	enum http_route route;
	char parameter[HTTP_PARAMETER_MAX + 1]; /* what follows a route's path, or "" */
	size_t head;                            /* bytes of the head, with its empty line */
	size_t body;                            /* bytes of the body that follows it */
	bool keep_alive;
};

/* What to answer to a request that is refused; the connection closes after it. */
struct http_problem {
	unsigned status;    /* 400, 404, 405, 411, 413, 417, 431, 501, 505 */
	const char *reason; /* a sentence, constant */
	const char *allow;  /* with 405: the method that the route has */
};

/*
 * http_decode_head(in, q, why): the head at the start of ${in}.  E_TRUNCATED: not all of it is there yet, give more;
 * E_SYNTAX: ${why} says what to answer.
 */
enum status http_decode_head(struct bytes in, struct http_request *q, struct http_problem *why);

/* http_route_name(route): "ATTEST", for the log. */
const char *http_route_name(enum http_route route);

/* An answer's head. retry_after, allow: left out when 0 or NULL. */
struct http_answer {
	unsigned status;
	const char *type; /* "application/cbor" */
	size_t body;
	unsigned retry_after;
	const char *allow;
	bool keep_alive;
};

void http_encode_head(const struct http_answer *a, struct buffer *out);

#endif
