/* SPDX-License-Identifier: ISC */
#include <string.h>
#include <strings.h>

#include "net/https.h"

/*
 * HTTP/1.1 SP code SP reason CRLF
 * ( name ":" OWS value OWS CRLF )*		(RFC 9112, 4 and 5)
 */

static bool
take_line(struct bytes *in, struct bytes *line)
{
	const uint8_t *end = in->n > 0 ? memmem(in->p, in->n, "\r\n", 2) : NULL;

	*line = bytes_of(in->p, end == NULL ? in->n : (size_t)(end - in->p));
	if (line->n == 0)
		return false;
	*in = end == NULL ? bytes_of(NULL, 0) : bytes_of(end + 2, in->n - line->n - 2);
	return true;
}

static enum status
parse_number(struct bytes text, size_t limit, size_t *out)
{
	*out = 0;
	if (text.n == 0 || text.n > 9)
		return E_SYNTAX;
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] < '0' || text.p[i] > '9')
			return E_SYNTAX;
		*out = *out * 10 + (size_t)(text.p[i] - '0');
	}
	return *out <= limit ? OK : E_TOO_LARGE;
}

static struct bytes
trim(struct bytes v)
{
	while (v.n > 0 && (v.p[0] == ' ' || v.p[0] == '\t'))
		v.p++, v.n--;
	while (v.n > 0 && (v.p[v.n - 1] == ' ' || v.p[v.n - 1] == '\t'))
		v.n--;
	return v;
}

static bool
is_name(struct bytes name, const char *text)
{
	return name.n == strlen(text) && strncasecmp((const char *)name.p, text, name.n) == 0;
}

static enum status
parse_field(struct bytes line, size_t *length, bool *has_length, unsigned *retry_after)
{
	const uint8_t *colon = memchr(line.p, ':', line.n);
	struct bytes name, value;
	size_t number;
	enum status s;

	if (colon == NULL || colon == line.p)
		return E_SYNTAX;
	name = bytes_of(line.p, (size_t)(colon - line.p));
	value = trim(bytes_of(colon + 1, line.n - name.n - 1));
	if (is_name(name, "transfer-encoding"))
		return E_PROTOCOL;
	if (is_name(name, "content-length")) {
		if (*has_length)
			return E_PROTOCOL;
		*has_length = true;
		return parse_number(value, 1u << 26, length);
	}
	/* A date instead of seconds is a hint that we can do without. */
	if (is_name(name, "retry-after") && (s = parse_number(value, 86400, &number)) == OK)
		*retry_after = (unsigned)number;
	return OK;
}

enum status
https_head_parse(struct bytes head, unsigned *code, size_t *length, unsigned *retry_after)
{
	struct bytes line;
	size_t number;
	bool has_length = false;

	*code = *retry_after = 0;
	*length = 0;
	if (!take_line(&head, &line) || line.n < 12 || memcmp(line.p, "HTTP/1.1 ", 9) != 0)
		return E_SYNTAX;
	if (parse_number(bytes_of(line.p + 9, 3), 599, &number) != OK || number < 100 || (line.n > 12 && line.p[12] != ' '))
		return E_SYNTAX;
	*code = (unsigned)number;
	while (take_line(&head, &line)) {
		enum status s = parse_field(line, length, &has_length, retry_after);

		if (s != OK)
			return s;
	}
	if (head.n > 0)
		return E_SYNTAX;
	return has_length ? OK : E_PROTOCOL;
}
