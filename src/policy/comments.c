/* SPDX-License-Identifier: ISC */
#include "policy/comments.h"

#include <string.h>

static bool
begins_comment(const char *text, const char *at)
{
	if (at > text && strchr(" \t\n{},=", at[-1]) == NULL)
		return false;
	return at[0] == '#' || (at[0] == '/' && (at[1] == '/' || at[1] == '*'));
}

static char *
blank_comment(char *at)
{
	bool block = at[0] == '/' && at[1] == '*';
	char *end = block ? strstr(at + 2, "*/") : strchr(at, '\n');

	if (end == NULL)
		end = at + strlen(at);
	else if (block)
		end += 2;
	for (; at < end; at++)
		if (*at != '\n')
			*at = ' ';
	return end;
}

static char *
skip_quoted(char *at)
{
	char quote = *at++;

	while (*at != '\0' && *at != quote)
		at += *at == '\\' && at[1] != '\0' ? 2 : 1;
	return *at == quote ? at + 1 : at;
}

bool
comments_blank(char *text)
{
	long depth = 0;

	for (char *at = text; *at != '\0';)
		if (*at == '"' || *at == '\'')
			at = skip_quoted(at);
		else if (begins_comment(text, at))
			at = blank_comment(at);
		else
			depth += *at == '{' ? 1 : *at == '}' ? -1 : 0, at++;
	return depth == 0;
}
