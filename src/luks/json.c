/* SPDX-License-Identifier: ISC */
#define JSON_IMPLEMENTATION
#include "luks/json.h"

#include <string.h>

#include "base/text.h"

/*
 * The grammar.  Each function passes what it names and tells whether it was there.
 */
struct cursor {
	struct bytes in;
	size_t at;
	bool deep;
};

static int
peek(const struct cursor *c)
{
	return c->at < c->in.n ? c->in.p[c->at] : -1;
}

static bool
pass(struct cursor *c, int byte)
{
	if (peek(c) != byte)
		return false;
	c->at++;
	return true;
}

static void
pass_space(struct cursor *c)
{
	while (pass(c, ' ') || pass(c, '\t') || pass(c, '\n') || pass(c, '\r'))
		;
}

static bool
pass_word(struct cursor *c, const char *word)
{
	for (; *word != '\0'; word++)
		if (!pass(c, *word))
			return false;
	return true;
}

static bool
is_digit(int byte)
{
	return byte >= '0' && byte <= '9';
}

static bool
is_hex(int byte)
{
	return is_digit(byte) || (byte >= 'a' && byte <= 'f') || (byte >= 'A' && byte <= 'F');
}

static bool
pass_digits(struct cursor *c)
{
	size_t before = c->at;

	while (is_digit(peek(c)))
		c->at++;
	return c->at > before;
}

static bool
pass_number(struct cursor *c)
{
	pass(c, '-');
	if (!pass(c, '0') && !pass_digits(c))
		return false;
	if (pass(c, '.') && !pass_digits(c))
		return false;
	if (pass(c, 'e') || pass(c, 'E')) {
		if (!pass(c, '+'))
			pass(c, '-');
		return pass_digits(c);
	}
	return true;
}

static bool
pass_escape(struct cursor *c)
{
	int byte = peek(c);

	c->at++;
	if (byte == 'u') {
		for (int i = 0; i < 4; i++, c->at++)
			if (!is_hex(peek(c)))
				return false;
		return true;
	}
	return byte > 0 && strchr("\"\\/bfnrt", byte) != NULL;
}

static bool
pass_string(struct cursor *c)
{
	if (!pass(c, '"'))
		return false;
	while (!pass(c, '"')) {
		if (pass(c, '\\')) {
			if (!pass_escape(c))
				return false;
		} else if (peek(c) < ' ') {
			return false;
		} else {
			c->at++;
		}
	}
	return true;
}

static bool pass_value(struct cursor *c, int depth);

static bool
pass_items(struct cursor *c, int depth, bool named, int end)
{
	pass_space(c);
	if (pass(c, end))
		return true;
	do {
		pass_space(c);
		if (named) {
			if (!pass_string(c))
				return false;
			pass_space(c);
			if (!pass(c, ':'))
				return false;
		}
		if (!pass_value(c, depth))
			return false;
	} while (pass(c, ','));
	return pass(c, end);
}

static bool
pass_value(struct cursor *c, int depth)
{
	bool good;

	if (depth > JSON_DEPTH) {
		c->deep = true;
		return false;
	}
	pass_space(c);
	switch (peek(c)) {
	case '{':
		c->at++;
		good = pass_items(c, depth + 1, true, '}');
		break;
	case '[':
		c->at++;
		good = pass_items(c, depth + 1, false, ']');
		break;
	case '"':
		good = pass_string(c);
		break;
	case 't':
		good = pass_word(c, "true");
		break;
	case 'f':
		good = pass_word(c, "false");
		break;
	case 'n':
		good = pass_word(c, "null");
		break;
	default:
		good = pass_number(c);
	}
	pass_space(c);
	return good;
}

static enum status
grammar_check(struct bytes text)
{
	struct cursor c = { text, 0, false };

	if (peek(&c) != '{' || !pass_value(&c, 1))
		return c.deep ? E_TOO_LARGE : E_SYNTAX;
	return c.at == text.n && text_is_utf8(text) ? OK : E_SYNTAX;
}

static bool
twice_named(const struct json *j, int object)
{
	for (int a = json_first(j, object); a != JSON_NONE; a = json_next(j, a))
		for (int b = json_next(j, a); b != JSON_NONE; b = json_next(j, b))
			if (bytes_equal(json_view(j, a), json_view(j, b)))
				return true;
	return false;
}

enum status
json_parse(struct json *j, struct bytes text)
{
	jsmn_parser parser;
	enum status s = grammar_check(text);

	j->text = text;
	j->count = 0;
	if (s != OK)
		return s;
	jsmn_init(&parser);
	j->count = jsmn_parse(&parser, (const char *)text.p, text.n, j->token, JSON_TOKENS);
	if (j->count < 1) {
		s = j->count == JSMN_ERROR_NOMEM ? E_TOO_LARGE : E_SYNTAX;
		j->count = 0;
		return s;
	}
	for (int v = 0; v < j->count; v++)
		if (j->token[v].type == JSMN_OBJECT && twice_named(j, v))
			return E_DUPLICATE;
	return OK;
}

bool
json_is(const struct json *j, int v, jsmntype_t type)
{
	return v >= 0 && v < j->count && j->token[v].type == type;
}

struct bytes
json_view(const struct json *j, int v)
{
	if (v < 0 || v >= j->count)
		return bytes_of(NULL, 0);
	return bytes_of(j->text.p + j->token[v].start, (size_t)(j->token[v].end - j->token[v].start));
}

int
json_first(const struct json *j, int v)
{
	return json_size(j, v) > 0 ? v + 1 : JSON_NONE;
}

int
json_value(const struct json *j, int name)
{
	return name >= 0 && name + 1 < j->count ? name + 1 : JSON_NONE;
}

int
json_next(const struct json *j, int v)
{
	int parent, next = v + 1;

	if (v < 0 || v >= j->count)
		return JSON_NONE;
	parent = j->token[v].parent;
	/* Whatever lies inside of v has its chain of parents end at v: all of it starts before v's last byte does. */
	while (next < j->count && j->token[next].parent != parent && j->token[next].parent >= v)
		next++;
	return next < j->count && j->token[next].parent == parent ? next : JSON_NONE;
}

int
json_size(const struct json *j, int v)
{
	return json_is(j, v, JSMN_OBJECT) || json_is(j, v, JSMN_ARRAY) ? j->token[v].size : 0;
}

bool
json_named(const struct json *j, int v, const char *text)
{
	return json_is(j, v, JSMN_STRING) && bytes_equal(json_view(j, v), bytes_of(text, strlen(text)));
}

int
json_member(const struct json *j, int object, const char *name)
{
	if (!json_is(j, object, JSMN_OBJECT))
		return JSON_NONE;
	for (int m = json_first(j, object); m != JSON_NONE; m = json_next(j, m))
		if (json_named(j, m, name))
			return json_value(j, m);
	return JSON_NONE;
}

bool
json_escaped(const struct json *j, int v)
{
	struct bytes text = json_view(j, v);

	return json_is(j, v, JSMN_STRING) && text.n > 0 && memchr(text.p, '\\', text.n) != NULL;
}

bool
json_text(const struct json *j, int v, struct bytes *out)
{
	*out = json_view(j, v);
	if (!json_is(j, v, JSMN_STRING) || json_escaped(j, v))
		return false;
	for (size_t i = 0; i < out->n; i++)
		if (out->p[i] < ' ' || out->p[i] > '~')
			return false;
	return out->n > 0;
}

static bool
digits(struct bytes text, uint64_t max, uint64_t *out)
{
	uint64_t value = 0;

	*out = 0;
	if (text.n == 0 || (text.n > 1 && text.p[0] == '0'))
		return false;
	for (size_t i = 0; i < text.n; i++) {
		uint64_t digit = (uint64_t)text.p[i] - '0';

		if (!is_digit(text.p[i]) || value > (UINT64_MAX - digit) / 10)
			return false;
		value = value * 10 + digit;
	}
	if (value > max)
		return false;
	*out = value;
	return true;
}

bool
json_uint(const struct json *j, int v, uint64_t max, uint64_t *out)
{
	*out = 0;
	return json_is(j, v, JSMN_PRIMITIVE) && digits(json_view(j, v), max, out);
}

bool
json_text_uint(const struct json *j, int v, uint64_t max, uint64_t *out)
{
	*out = 0;
	return json_is(j, v, JSMN_STRING) && digits(json_view(j, v), max, out);
}
