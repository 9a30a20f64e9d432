/* SPDX-License-Identifier: ISC */
#include "policy/command_line.h"

#include <string.h>

static bool
is_blank(uint8_t c)
{
	return c <= 0x20 || c == 0x7f;
}

static bool
is_quoting(uint8_t c)
{
	return c == '"' || c == '\'' || c == '\\';
}

static uint8_t
folded(uint8_t c)
{
	return c == '-' ? (uint8_t)'_' : c;
}

/* The word that begins at or after ${*at}, with its quotes; empty at the end. */
static struct bytes
next_word(struct bytes text, size_t *at)
{
	size_t from;

	while (*at < text.n && is_blank(text.p[*at]))
		(*at)++;
	from = *at;
	while (*at < text.n && !is_blank(text.p[*at]))
		(*at)++;
	return bytes_of(text.p + from, *at - from);
}

/* Whether ${word}, without its quoting characters, begins with ${what} and then ends, or goes on after a '='. */
static bool
is_word(struct bytes word, const char *what)
{
	size_t n = strlen(what), matched = 0;

	for (size_t i = 0; i < word.n; i++) {
		if (is_quoting(word.p[i]))
			continue;
		if (matched == n)
			return what[n - 1] == '=' || word.p[i] == '=';
		if (folded(word.p[i]) != folded((uint8_t)what[matched]))
			return false;
		matched++;
	}
	return matched == n;
}

static bool
has_word(struct bytes text, const char *what)
{
	size_t at = 0;

	for (struct bytes w = next_word(text, &at); w.n > 0; w = next_word(text, &at))
		if (is_word(w, what))
			return true;
	return false;
}

const char *
command_line_denied(struct bytes text, const struct rule_words *words)
{
	for (size_t i = 0; i < words->n; i++)
		if (has_word(text, words->word[i]))
			return words->word[i];
	return NULL;
}

/* Nothing before it may be quoted: an open quote would swallow the word. */
static bool
has_plain_word(struct bytes text, const char *what)
{
	size_t at = 0;

	for (struct bytes w = next_word(text, &at); w.n > 0; w = next_word(text, &at)) {
		for (size_t i = 0; i < w.n; i++)
			if (is_quoting(w.p[i]))
				return false;
		if (bytes_equal(w, bytes_of(what, strlen(what))))
			return true;
	}
	return false;
}

const char *
command_line_missing(struct bytes text, const struct rule_words *words)
{
	for (size_t i = 0; i < words->n; i++)
		if (!has_plain_word(text, words->word[i]))
			return words->word[i];
	return NULL;
}

static struct bytes
trimmed(struct bytes text)
{
	while (text.n > 0 && is_blank(text.p[text.n - 1]))
		text.n--;
	return text;
}

static bool
measured_as(const struct judgement *j, const struct event *ev, struct bytes text, bool wide, bool nul)
{
	uint8_t space[2 * REFERENCE_VALUE_MAX + 2];
	struct buffer b = BUFFER(space);

	for (size_t i = 0; i < text.n; i++) {
		buffer_u8(&b, text.p[i]);
		if (wide)
			buffer_u8(&b, 0);
	}
	for (size_t i = 0; nul && i < (wide ? 2u : 1u); i++)
		buffer_u8(&b, 0);
	return b.failed == OK && judgement_measures(j, ev, buffer_view(&b));
}

static bool
measures_text(const struct judgement *j, const struct event *ev, struct bytes text)
{
	bool wide = ev->pcr == 9 || ev->pcr == 12;
	struct bytes shorter = trimmed(text);

	if (measured_as(j, ev, text, wide, false) || measured_as(j, ev, text, wide, true))
		return true;
	return shorter.n < text.n && (measured_as(j, ev, shorter, wide, false) || measured_as(j, ev, shorter, wide, true));
}

static const struct reference *
search(const struct judgement *j, const struct event *ev)
{
	const struct references *r = j->a->references;
	const char *list = j->a->policy->command_lines;

	for (size_t i = 0; list[0] != '\0' && i < r->n; i++) {
		const struct reference *v = &r->value[i];

		if (strcmp(v->list, list) == 0 && v->n <= sizeof v->value && !bytes_zero(bytes_of(v->value, v->n)) &&
		    measures_text(j, ev, bytes_of(v->value, v->n)))
			return v;
	}
	return NULL;
}

const struct reference *
command_line_find(struct judgement *j, const struct event *ev)
{
	const struct reference *v;

	for (size_t i = 0; i < j->lines; i++)
		if (j->line[i].event == ev->number)
			return j->line[i].line;
	v = search(j, ev);
	if (j->lines < sizeof j->line / sizeof j->line[0]) {
		j->line[j->lines].event = ev->number;
		j->line[j->lines++].line = v;
	}
	return v;
}
