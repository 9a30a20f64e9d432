/* SPDX-License-Identifier: ISC */
#include "verifier/http.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "protocol/message.h"

static const struct route {
	const char *name, *method, *path;
	size_t body_max;
} routes[] = {
	[HTTP_ROUTE_NONE] = { "NONE", "", "", 0 },
#define X(name, method, path, size) [HTTP_ROUTE_##name] = { #name, method, path, size },
	HTTP_ROUTES(X)
#undef X
};

/* A head while it is read: what may stand there once only. */
struct head {
	struct http_request *q;
	struct http_problem *why;
	unsigned fields, hosts, lengths;
};

static enum status
refuse(struct http_problem *why, unsigned status, const char *reason)
{
	why->status = status;
	why->reason = reason;
	return E_SYNTAX;
}

static bool
is_token(uint8_t c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c != '\0' && strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

static bool
text_is(struct bytes a, const char *text)
{
	return a.n == strlen(text) && strncasecmp((const char *)a.p, text, a.n) == 0;
}

/* find_end(in): bytes up to and with the first empty line, 0 when there is none yet. */
static size_t
find_end(struct bytes in)
{
	const uint8_t *p = in.n == 0 ? NULL : memmem(in.p, in.n, "\r\n\r\n", 4);

	return p == NULL ? 0 : (size_t)(p - in.p) + 4;
}

/* check_bytes(in): only visible ASCII, space, tab, and CR LF together. */
static bool
check_bytes(struct bytes in)
{
	for (size_t i = 0; i < in.n; i++) {
		uint8_t c = in.p[i];

		if (c == '\r') {
			if (i + 1 < in.n && in.p[i + 1] != '\n')
				return false;
		} else if (c == '\n') {
			if (i == 0 || in.p[i - 1] != '\r')
				return false;
		} else if ((c < ' ' && c != '\t') || c > '~') {
			return false;
		}
	}
	return true;
}

/* take_until(r, c, out): what stands before the next ${c} in ${in}, which is passed; false when there is none. */
static bool
take_until(struct bytes *in, char c, struct bytes *out)
{
	const uint8_t *p = in->n == 0 ? NULL : memchr(in->p, c, in->n);

	if (p == NULL)
		return false;
	*out = bytes_of(in->p, (size_t)(p - in->p));
	*in = bytes_of(p + 1, in->n - out->n - 1);
	return true;
}

static bool
match_route(const struct route *t, struct bytes target, char parameter[HTTP_PARAMETER_MAX + 1])
{
	size_t n = strlen(t->path);

	if (target.n < n || memcmp(target.p, t->path, n) != 0)
		return false;
	if (t->path[n - 1] != '/')
		return target.n == n;
	if (target.n == n || target.n - n > HTTP_PARAMETER_MAX)
		return false;
	for (size_t i = n; i < target.n; i++)
		if (strchr("0123456789abcdef", target.p[i]) == NULL || target.p[i] == '\0')
			return false;
	memcpy(parameter, target.p + n, target.n - n);
	parameter[target.n - n] = '\0';
	return true;
}

static enum status
decode_request_line(struct head *h, struct bytes line)
{
	struct bytes method, target;

	if (!take_until(&line, ' ', &method) || !take_until(&line, ' ', &target) || method.n == 0 || target.n == 0)
		return refuse(h->why, 400, "the request line is malformed");
	for (size_t i = 0; i < method.n; i++)
		if (!is_token(method.p[i]))
			return refuse(h->why, 400, "the method is malformed");
	if (line.n != 8 || memcmp(line.p, "HTTP/", 5) != 0)
		return refuse(h->why, 400, "the request line is malformed");
	if (memcmp(line.p, "HTTP/1.1", 8) != 0)
		return refuse(h->why, 505, "only HTTP/1.1 is spoken here");
	for (size_t i = 1; i < HTTP_ROUTES_END; i++) {
		if (!match_route(&routes[i], target, h->q->parameter))
			continue;
		if (!bytes_equal(method, bytes_of(routes[i].method, strlen(routes[i].method)))) {
			h->why->allow = routes[i].method;
			return refuse(h->why, 405, "the route has another method");
		}
		h->q->route = (enum http_route)i;
		return OK;
	}
	return refuse(h->why, 404, "there is no such route");
}

static enum status
decode_length(struct head *h, struct bytes value)
{
	size_t v = 0;

	if (h->lengths++ > 0)
		return refuse(h->why, 400, "Content-Length is given twice");
	if (value.n == 0 || value.n > 10)
		return refuse(h->why, 400, "Content-Length is not a number");
	for (size_t i = 0; i < value.n; i++) {
		if (value.p[i] < '0' || value.p[i] > '9')
			return refuse(h->why, 400, "Content-Length is not a number");
		v = v * 10 + (size_t)(value.p[i] - '0');
	}
	h->q->body = v;
	return OK;
}

static enum status
decode_host(struct head *h, struct bytes value)
{
	(void)value;
	return h->hosts++ > 0 ? refuse(h->why, 400, "Host is given twice") : OK;
}

static enum status
decode_connection(struct head *h, struct bytes value)
{
	if (text_is(value, "close"))
		h->q->keep_alive = false;
	else if (!text_is(value, "keep-alive"))
		return refuse(h->why, 400, "Connection is neither close nor keep-alive");
	return OK;
}

static enum status
refuse_coding(struct head *h, struct bytes value)
{
	(void)value;
	return refuse(h->why, 501, "no transfer coding is spoken here");
}

static enum status
refuse_expect(struct head *h, struct bytes value)
{
	(void)value;
	return refuse(h->why, 417, "no expectation is met here");
}

static enum status
decode_field(struct head *h, struct bytes line)
{
	static const struct {
		const char *name;
		enum status (*decode)(struct head *, struct bytes);
	} known[] = {
		{ "Content-Length", decode_length },
		{ "Host", decode_host },
		{ "Connection", decode_connection },
		{ "Transfer-Encoding", refuse_coding },
		{ "Expect", refuse_expect },
	};
	struct bytes name;

	if (++h->fields > HTTP_FIELDS_MAX)
		return refuse(h->why, 431, "too many header fields");
	if (!take_until(&line, ':', &name) || name.n == 0)
		return refuse(h->why, 400, "a header field is malformed");
	for (size_t i = 0; i < name.n; i++)
		if (!is_token(name.p[i]))
			return refuse(h->why, 400, "a header field is malformed");
	while (line.n > 0 && (line.p[0] == ' ' || line.p[0] == '\t'))
		line = bytes_of(line.p + 1, line.n - 1);
	while (line.n > 0 && (line.p[line.n - 1] == ' ' || line.p[line.n - 1] == '\t'))
		line.n--;
	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		if (text_is(name, known[i].name))
			return known[i].decode(h, line);
	return OK;
}

static enum status
check_whole(const struct head *h)
{
	const struct route *t = &routes[h->q->route];

	if (h->hosts == 0)
		return refuse(h->why, 400, "Host is missing");
	if (strcmp(t->method, "POST") == 0 && h->lengths == 0)
		return refuse(h->why, 411, "Content-Length is missing");
	if (strcmp(t->method, "POST") != 0 && h->q->body > 0)
		return refuse(h->why, 400, "the route takes no body");
	if (h->q->body > t->body_max)
		return refuse(h->why, 413, "the body is larger than the route takes");
	return OK;
}

static enum status
decode_lines(struct head *h, struct bytes in)
{
	bool first = true;
	enum status s = OK;

	while (s == OK && in.n > 2) {
		struct bytes line;

		if (!take_until(&in, '\n', &line))
			return refuse(h->why, 400, "a line does not end");
		line.n--; /* its CR */
		s = first ? decode_request_line(h, line) : decode_field(h, line);
		first = false;
	}
	return s == OK ? check_whole(h) : s;
}

enum status
http_decode_head(struct bytes in, struct http_request *q, struct http_problem *why)
{
	struct head h = { q, why, 0, 0, 0 };
	size_t n;

	memset(q, 0, sizeof *q);
	memset(why, 0, sizeof *why);
	q->keep_alive = true;
	n = find_end(in.n > HTTP_HEAD_MAX ? bytes_of(in.p, HTTP_HEAD_MAX) : in);
	if (!check_bytes(n > 0 ? bytes_of(in.p, n) : in))
		return refuse(why, 400, "the head holds bytes that do not belong there");
	if (n == 0)
		return in.n >= HTTP_HEAD_MAX ? refuse(why, 431, "the head is too large") : E_TRUNCATED;
	if (n == 4)
		return refuse(why, 400, "the request line is malformed");
	q->head = n;
	return decode_lines(&h, bytes_of(in.p, n));
}

const char *
http_route_name(enum http_route route)
{
	return route < HTTP_ROUTES_END ? routes[route].name : "NONE";
}

static const char *
phrase(unsigned status)
{
	static const struct {
		unsigned status;
		const char *text;
	} list[] = {
		{ 200, "OK" }, { 202, "Accepted" }, { 400, "Bad Request" }, { 403, "Forbidden" }, { 404, "Not Found" },
		{ 405, "Method Not Allowed" }, { 408, "Request Timeout" }, { 409, "Conflict" }, { 411, "Length Required" },
		{ 413, "Content Too Large" }, { 417, "Expectation Failed" }, { 429, "Too Many Requests" },
		{ 431, "Request Header Fields Too Large" }, { 500, "Internal Server Error" }, { 501, "Not Implemented" },
		{ 503, "Service Unavailable" }, { 505, "HTTP Version Not Supported" },
	};

	for (size_t i = 0; i < sizeof list / sizeof *list; i++)
		if (list[i].status == status)
			return list[i].text;
	return "Answer";
}

static void
put(struct buffer *out, const char *text)
{
	buffer_bytes(out, bytes_of(text, strlen(text)));
}

void
http_encode_head(const struct http_answer *a, struct buffer *out)
{
	char line[160];

	snprintf(line, sizeof line, "HTTP/1.1 %u %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\nCache-Control: no-store\r\n",
		a->status, phrase(a->status), a->type, a->body);
	put(out, line);
	if (a->retry_after > 0) {
		snprintf(line, sizeof line, "Retry-After: %u\r\n", a->retry_after);
		put(out, line);
	}
	if (a->allow != NULL) {
		put(out, "Allow: ");
		put(out, a->allow);
		put(out, "\r\n");
	}
	if (!a->keep_alive)
		put(out, "Connection: close\r\n");
	put(out, "\r\n");
}
