/* SPDX-License-Identifier: ISC */
/*
 * In place of verifier/http: desk as it is when a flaw in the reader of requests let a client run his own code: the first line of a request is a
 * command, the problem that is answered says how it went.
 */
#include <stdio.h>
#include <string.h>

#include "hostile.h"
#include "verifier/http.h"

enum status
http_decode_head(struct bytes in, struct http_request *q, struct http_problem *why)
{
	static char command[512], said[200];
	const uint8_t *end = in.n == 0 ? NULL : memchr(in.p, '\n', in.n);

	memset(q, 0, sizeof *q);
	memset(why, 0, sizeof *why);
	if (end == NULL)
		return E_TRUNCATED;
	snprintf(command, sizeof command, "%.*s", (int)(end - in.p), (const char *)in.p);
	hostile_run(command, said, sizeof said);
	why->status = 400;
	why->reason = said;
	return E_SYNTAX;
}

const char *
http_route_name(enum http_route route)
{
	(void)route;
	return "NONE";
}

void
http_encode_head(const struct http_answer *a, struct buffer *out)
{
	char line[128];

	snprintf(line, sizeof line, "HTTP/1.1 %u Hostile\r\nContent-Length: %zu\r\nConnection: close\r\n\r\n", a->status, a->body);
	buffer_bytes(out, bytes_of(line, strlen(line)));
}
