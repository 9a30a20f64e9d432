/* SPDX-License-Identifier: ISC */
#include "net/url.h"

#include <stdio.h>
#include <string.h>

static const char host_characters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-";
static const char address_characters[] = "0123456789abcdefABCDEF:.";

static enum status
parse_port(const char *text, struct url *u)
{
	unsigned long port = 0;
	size_t n = strspn(text, "0123456789");

	if (n == 0 || n >= sizeof u->port || (strcmp(text + n, "") != 0 && strcmp(text + n, "/") != 0))
		return E_SYNTAX;
	for (size_t i = 0; i < n; i++)
		port = port * 10 + (unsigned long)(text[i] - '0');
	if (port == 0 || port > 65535)
		return E_RANGE;
	snprintf(u->port, sizeof u->port, "%lu", port);
	return OK;
}

enum status
url_parse(const char *text, struct url *u)
{
	static const char scheme[] = "https://";
	bool brackets;
	size_t n;

	memset(u, 0, sizeof *u);
	snprintf(u->port, sizeof u->port, "443");
	if (strncmp(text, scheme, sizeof scheme - 1) != 0)
		return E_SYNTAX;
	text += sizeof scheme - 1;
	brackets = *text == '[';
	text += brackets;
	n = strspn(text, brackets ? address_characters : host_characters);
	if (n == 0 || n >= sizeof u->host || (brackets && text[n] != ']'))
		return E_SYNTAX;
	memcpy(u->host, text, n);
	text += n + brackets;
	if (*text == ':')
		return parse_port(text + 1, u);
	return strcmp(text, "") == 0 || strcmp(text, "/") == 0 ? OK : E_SYNTAX;
}
