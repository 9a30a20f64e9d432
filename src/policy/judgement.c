/* SPDX-License-Identifier: ISC */
#include "policy/judgement.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define PRINT_MAX 80

static void
set_check(char to[8], const char *check)
{
	(void)snprintf(to, 8, "%s", check);
}

/*
 * Of one check the first few, then how many more there were: a boot loader that measures a hundred commands must not keep other
 * checks from telling theirs.  The last place of all tells likewise.
 */
__attribute__((format(printf, 2, 0))) static void
add_reason(struct judgement *j, const char *format, va_list arguments)
{
	struct verdict *v = j->v;
	size_t nth = j->reasons_of_check++;

	if (nth > JUDGEMENT_REASONS_OF_CHECK) {
		(void)snprintf(v->reason[v->reasons - 1].text, sizeof v->reason[0].text, "and more of this kind: %zu in all", nth + 1);
		return;
	}
	if (v->reasons == REASONS_MAX) {
		set_check(v->reason[REASONS_MAX - 1].check, j->check);
		(void)snprintf(v->reason[REASONS_MAX - 1].text, sizeof v->reason[0].text, "and more reasons than can be listed");
		return;
	}
	set_check(v->reason[v->reasons].check, j->check);
	(void)vsnprintf(v->reason[v->reasons].text, sizeof v->reason[0].text, format, arguments);
	v->reasons++;
}

enum outcome
judgement_fail(struct judgement *j, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	add_reason(j, format, arguments);
	va_end(arguments);
	return OUTCOME_FAILED;
}

enum outcome
judgement_hold(struct judgement *j, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	add_reason(j, format, arguments);
	va_end(arguments);
	return OUTCOME_HELD;
}

void
judgement_note(struct judgement *j, const char *format, ...)
{
	struct verdict *v = j->v;
	va_list arguments;

	if (v->notes == COUNT(v->note))
		return;
	set_check(v->note[v->notes].check, j->check);
	va_start(arguments, format);
	(void)vsnprintf(v->note[v->notes].text, sizeof v->note[0].text, format, arguments);
	va_end(arguments);
	v->notes++;
}

void
judgement_user_event(const struct judgement *j, size_t i, struct event *ev)
{
	const struct user_event *u = &j->users.event[i];

	memset(ev, 0, sizeof *ev);
	ev->number = j->firmware_events + i;
	ev->pcr = u->pcr;
	ev->type = MEASURED_USER;
	ev->data = u->data;
	for (size_t k = 0; k < u->digests; k++)
		ev->digest[ev->digests++] = (struct event_digest){ (uint16_t)u->digest[k].alg, digest_view(&u->digest[k]) };
}

void
judgement_walk(struct judgement *j, struct walk *w)
{
	memset(w, 0, sizeof *w);
	w->j = j;
	eventlog_begin(&w->log, j->a->evidence->event_log, EVENTLOG_APPRAISE);
}

bool
judgement_next(struct walk *w, struct measured *m)
{
	memset(m, 0, sizeof *m);
	while (eventlog_next(&w->log, &m->event))
		if (event_extends(&m->event))
			return true;
	if (w->user >= w->j->users.n)
		return false;
	judgement_user_event(w->j, w->user, &m->event);
	m->name = w->j->users.event[w->user].name;
	w->user++;
	return true;
}

bool
judgement_measures(const struct judgement *j, const struct event *ev, struct bytes data)
{
	bool judged = false;

	for (size_t i = 0; i < j->quote.banks; i++) {
		enum hash_alg alg = (enum hash_alg)j->quote.selection[i].alg;
		struct bytes has = event_digest(ev, alg);
		struct digest d = hash_digest(alg, data);

		if (has.n == 0)
			continue; /* A17 and A18 deny that */
		if (!bytes_equal(has, digest_view(&d)))
			return false;
		judged = judged || alg == RULE_BANK;
	}
	return judged;
}

bool
judgement_listed(const struct judgement *j, const char *list, struct bytes value)
{
	const struct references *r = j->a->references;

	if (bytes_zero(value))
		return false;
	for (size_t i = 0; i < r->n; i++)
		if (strcmp(r->value[i].list, list) == 0 && bytes_equal(bytes_of(r->value[i].value, r->value[i].n), value))
			return true;
	return false;
}

struct hex
judgement_hex(struct bytes in)
{
	struct hex h;

	(void)text_hex(in, h.text, sizeof h.text);
	return h;
}

struct hex
judgement_digest(const struct event *ev)
{
	return judgement_hex(event_digest(ev, RULE_BANK));
}

static void
print_byte(struct print *p, size_t *n, unsigned c)
{
	if (*n < PRINT_MAX)
		p->text[(*n)++] = c >= 0x20 && c < 0x7f ? (char)c : '?';
	else if (*n == PRINT_MAX)
		memcpy(p->text + PRINT_MAX, "...", 3);
}

struct print
judgement_print(struct bytes in)
{
	struct print p = { "" };
	size_t n = 0;

	for (size_t i = 0; i < in.n; i++)
		if (in.p[i] != '\0')
			print_byte(&p, &n, in.p[i]);
	return p;
}

struct print
judgement_print16(struct bytes in)
{
	struct print p = { "" };
	size_t n = 0;

	for (size_t i = 0; i + 1 < in.n; i += 2)
		print_byte(&p, &n, in.p[i] | (unsigned)in.p[i + 1] << 8);
	return p;
}
