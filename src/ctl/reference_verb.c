/* SPDX-License-Identifier: ISC */
#include "ctl/reference_verb.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/text.h"
#include "ctl/audit_note.h"
#include "ctl/exit.h"
#include "ctl/policy_verb.h"
#include "ctl/printable.h"
#include "ctl/references.h"
#include "policy/uki_reference.h"

#define UKI_SIZE_MAX ((size_t)1 << 30)
#define DIGEST_SIZE 32

/* What is to be added or removed: the values of an image, or one. */
struct values {
	size_t n;
	struct reference value[UKI_REFERENCES_MAX];
};

static bool
is_list_name(const char *name)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_";

	return name[0] != '\0' && strlen(name) <= POLICY_NAME_MAX && strspn(name, allowed) == strlen(name);
}

/* --- what to add ------------------------------------------------------------------------------------------------------- */

/* ${prefix} stands before the names of all lists: one set of them for each kind of machine. */
static bool
add_prefix(const char *prefix, struct values *v)
{
	for (size_t i = 0; prefix != NULL && i < v->n; i++) {
		char name[sizeof v->value[i].list];

		if (snprintf(name, sizeof name, "%s%s", prefix, v->value[i].list) >= (int)sizeof name || !is_list_name(name)) {
			log_error("--list-prefix %s: letters, digits, '.', '-' and '_', and not too many of them", prefix);
			return false;
		}
		memcpy(v->value[i].list, name, sizeof name);
	}
	return true;
}

static bool
values_of_image(const char *path, struct values *v)
{
	struct bytes image;
	uint8_t *p = state_read_file(path, UKI_SIZE_MAX, &image);
	enum status s;

	if (p == NULL)
		return false;
	s = uki_reference_list(image, v->value, &v->n);
	free(p);
	if (s == E_MISSING)
		log_error("%s: a unified kernel image must hold the sections .linux, .initrd and .cmdline; for a single value: reference add LIST VALUE", path);
	else if (s != OK)
		log_error("%s: not a unified kernel image: %s; for a single value: reference add LIST VALUE", path, status_text(s));
	return s == OK;
}

/* A text in a list of digests would make every machine denied, so a list of texts is named as one, or said to be one. */
static bool
holds_text(const char *list)
{
	static const char end[] = "cmdline";
	size_t n = strlen(list);

	return n >= sizeof end - 1 && strcmp(list + n - (sizeof end - 1), end) == 0;
}

/* Digests are given in hex, and are of SHA-256; anything else is the text of a command line. */
static bool
value_of_text(const char *list, const char *text, bool is_text, struct values *v)
{
	struct reference *r = &v->value[0];
	size_t n = strlen(text);
	bool digits = n > 0 && strspn(text, "0123456789abcdefABCDEF") == n;

	memset(r, 0, sizeof *r);
	if (!is_list_name(list)) {
		log_error("%s: a list's name has letters, digits, '.', '-' and '_'", list);
		return false;
	}
	snprintf(r->list, sizeof r->list, "%s", list);
	v->n = 1;
	if (!is_text && digits && text_unhex(text, r->value, sizeof r->value, &r->n) == OK && r->n == DIGEST_SIZE) {
		if (!bytes_zero(bytes_of(r->value, r->n)))
			return true;
		log_error("%s: a digest of zeros only is what a missing one looks like, and is refused", text);
		return false;
	}
	if (!is_text && !holds_text(list)) {
		log_error("%s: a digest is SHA-256, %d hex digits; for a command line: --text", text, 2 * DIGEST_SIZE);
		return false;
	}
	if (n == 0 || n > sizeof r->value || strspn(text, " \t\r\n") == n) {
		log_error("a value is neither empty nor longer than %d bytes", REFERENCE_VALUE_MAX);
		return false;
	}
	memcpy(r->value, text, n);
	r->n = n;
	return true;
}

/* --- showing ----------------------------------------------------------------------------------------------------------- */

/* A line may end in NUL or newline, as it stands in its image; everything else that is no text is a digest. */
static bool
shows_as_text(struct bytes v)
{
	while (v.n > 0 && (v.p[v.n - 1] == '\0' || v.p[v.n - 1] == '\n'))
		v.n--;
	for (size_t i = 0; i < v.n; i++)
		if (v.p[i] < 0x20)
			return false;
	return v.n > 0 && text_is_utf8(v);
}

#define SHOWN_SIZE (2 * REFERENCE_VALUE_MAX + 3)

static const char *
show_value(const struct reference *r, char out[SHOWN_SIZE])
{
	char text[PRINTABLE_SIZE];

	if (!shows_as_text(bytes_of(r->value, r->n)))
		return text_hex(bytes_of(r->value, r->n), out, SHOWN_SIZE);
	snprintf(out, SHOWN_SIZE, "\"%s\"", printable_bytes(bytes_of(r->value, r->n), text));
	return out;
}

/* --- changes ----------------------------------------------------------------------------------------------------------- */

typedef enum status change(struct store *st, const struct reference *r, const char *note, const char **said);

static enum status
add_one(struct store *st, const struct reference *r, const char *note, const char **said)
{
	enum status s = store_reference_add(st, r, note);

	*said = s == E_EXISTS ? "known already" : "added";
	return s == E_EXISTS ? OK : s;
}

static enum status
remove_one(struct store *st, const struct reference *r, const char *note, const char **said)
{
	enum status s = store_reference_remove(st, r);

	(void)note;
	*said = s == E_NOT_FOUND ? "was not there" : "removed";
	return s == E_NOT_FOUND ? OK : s;
}

/* How many policies have all the reference values that they need; why the last one has not. */
struct complete {
	const struct references *references;
	size_t n;
	struct policy_error why;
};

static bool
count_complete(const char *name, struct bytes text, uint64_t changed, void *arg)
{
	struct complete *k = arg;
	struct policy_error why;
	struct policy *p = NULL;

	(void)changed;
	if (policy_load(name, text, &p, &why) == OK && policy_references_check(p, k->references, &k->why) == OK)
		k->n++;
	policy_free(p);
	return true;
}

static enum status
complete(const struct state *s, struct complete *k)
{
	struct references_loaded r;
	enum status status;

	memset(k, 0, sizeof *k);
	if (!references_load(s, &r))
		return E_STORE;
	k->references = &r.references;
	status = store_policy_each(s->store, count_complete, k);
	references_free(&r);
	return status;
}

static enum status
record_change(const struct state *s, const struct reference *r, const char *verb)
{
	char value[SHOWN_SIZE];

	return audit_note(s, NULL, "reference %s %s %s", verb, r->list, show_value(r, value));
}

/* A value of a wrong kind in a list would make every machine denied: such a change is refused when it adds, and said when it removes. */
static enum status
change_all(const struct state *s, const struct values *v, change *run, const char *note, const char *said[UKI_REFERENCES_MAX])
{
	struct complete before, after;
	enum status status = complete(s, &before);

	for (size_t i = 0; status == OK && i < v->n; i++) {
		status = run(s->store, &v->value[i], note, &said[i]);
		if (status == OK)
			status = record_change(s, &v->value[i], run == add_one ? "add" : "remove");
	}
	if (status == OK)
		status = complete(s, &after);
	if (status != OK || after.n >= before.n)
		return status;
	if (run == add_one) {
		log_error("refused, since every machine would be denied then: %s", after.why.text);
		return E_REFUSED;
	}
	log_warning("%s: now check P1 denies those machines", after.why.text);
	return OK;
}

/* All or none of them. */
static enum status
change_at_once(const struct state *s, const struct values *v, change *run, const char *note, const char *said[UKI_REFERENCES_MAX])
{
	enum status status = store_begin(s->store);

	if (status == OK)
		status = change_all(s, v, run, note, said);
	if (status == OK)
		status = policy_verb_release(s);
	if (status == OK)
		status = store_commit(s->store);
	if (status != OK)
		store_rollback(s->store);
	return status;
}

static void
print_changes(const struct values *v, const char *const said[UKI_REFERENCES_MAX])
{
	char value[SHOWN_SIZE];

	for (size_t i = 0; i < v->n; i++)
		printf("%-14s %-20s %s\n", said[i], v->value[i].list, show_value(&v->value[i], value));
}

static int
change_values(const char *config, const struct values *v, change *run, const char *note)
{
	const char *said[UKI_REFERENCES_MAX] = { NULL };
	struct state s;
	enum status status;

	if (!state_open(config, &s))
		return CTL_FAILED;
	status = change_at_once(&s, v, run, note, said);
	if (status == OK)
		print_changes(v, said);
	else if (status != E_REFUSED)
		state_complain(&s, "reference values", status);
	state_close(&s);
	return status == OK ? CTL_DONE : CTL_FAILED;
}

/* The last part of a path, as a note. */
static const char *
file_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash != NULL ? slash + 1 : path;
}

int
reference_verb_add(struct call *c)
{
	static struct values v;
	const char *prefix = NULL, *list = NULL, *note = NULL;
	bool one, is_text = false;
	const struct argument table[] = {
		{ "list-prefix", &prefix, NULL },
		{ "list", &list, NULL },
		{ "note", &note, NULL },
		{ "text", NULL, &is_text },
	};
	char cut[STORE_NOTE_MAX + 1], clean[PRINTABLE_SIZE];

	if (!arguments_take(c, table, sizeof table / sizeof *table, 1, 2))
		return CTL_USAGE;
	if (list != NULL && c->argc == 2) {
		log_error("with --list, there is one value: %s", c->argv[0]);
		return CTL_USAGE;
	}
	one = list != NULL || c->argc == 2;
	if (one && prefix != NULL) {
		log_error("--list-prefix goes with an image, not with a single value");
		return CTL_USAGE;
	}
	if (list == NULL && one)
		list = c->argv[0];
	if (one ? !value_of_text(list, c->argv[c->argc - 1], is_text, &v) : !values_of_image(c->argv[0], &v))
		return one ? CTL_USAGE : CTL_FAILED;
	if (!add_prefix(prefix, &v))
		return CTL_USAGE;
	if (note == NULL)
		note = one ? "" : file_name(c->argv[0]);
	snprintf(cut, sizeof cut, "%s", note);
	return change_values(c->config, &v, add_one, printable_text(cut, clean));
}

/* --- remove ------------------------------------------------------------------------------------------------------------ */

static bool
is_file(const char *path)
{
	FILE *f = fopen(path, "r");

	if (f != NULL)
		fclose(f);
	return f != NULL;
}

struct matching {
	const struct reference *value;
	size_t n;
	struct values *found;
};

static bool
match(const struct reference *r, const char *note, uint64_t added, void *arg)
{
	struct matching *m = arg;

	(void)note;
	(void)added;
	if (bytes_equal(bytes_of(r->value, r->n), bytes_of(m->value->value, m->value->n)) && m->found->n < UKI_REFERENCES_MAX)
		m->found->value[m->found->n++] = *r;
	return true;
}

/* A value alone: out of every list that holds it. */
static int
find_everywhere(const char *config, const char *text, struct values *found)
{
	static struct values v;
	struct matching m = { v.value, 0, found };
	struct state s;
	enum status status;

	if (!value_of_text("any", text, strlen(text) != 2 * DIGEST_SIZE, &v))
		return CTL_USAGE;
	if (!state_open(config, &s))
		return CTL_FAILED;
	found->n = 0;
	status = store_reference_each(s.store, match, &m);
	if (status != OK)
		state_complain(&s, "reference values", status);
	else if (found->n == 0)
		log_error("%s: no list holds this value; `bootgatectl reference list` shows what there is", text);
	state_close(&s);
	return status == OK && found->n > 0 ? CTL_DONE : CTL_FAILED;
}

/* What else an image showed may belong to another image as well; without its own digest it does not boot. */
static void
keep_shared(struct values *v)
{
	v->n = 1;
	log_info("kernel, initrd, sections and command line stay: another image may have the same; --all removes them too");
}

int
reference_verb_remove(struct call *c)
{
	static struct values v;
	const char *prefix = NULL, *list = NULL;
	bool all = false, is_text = false;
	const struct argument table[] = {
		{ "list-prefix", &prefix, NULL },
		{ "list", &list, NULL },
		{ "all", NULL, &all },
		{ "text", NULL, &is_text },
	};
	const char *text;
	int exit = CTL_DONE;

	if (!arguments_take(c, table, sizeof table / sizeof *table, 1, 2))
		return CTL_USAGE;
	text = c->argv[c->argc - 1];
	if (list == NULL && c->argc == 2)
		list = c->argv[0];
	if (list != NULL) {
		exit = value_of_text(list, text, is_text, &v) ? CTL_DONE : CTL_USAGE;
	} else if (is_file(text)) {
		exit = !values_of_image(text, &v) ? CTL_FAILED : add_prefix(prefix, &v) ? CTL_DONE : CTL_USAGE;
		if (exit == CTL_DONE && !all)
			keep_shared(&v);
	} else {
		exit = find_everywhere(c->config, text, &v);
	}
	return exit == CTL_DONE ? change_values(c->config, &v, remove_one, NULL) : exit;
}

/* --- list -------------------------------------------------------------------------------------------------------------- */

static bool
print_reference(const struct reference *r, const char *note, uint64_t added, void *arg)
{
	const char *only = arg;
	char value[SHOWN_SIZE], clean[PRINTABLE_SIZE], at[STATE_TIME_SIZE];

	if (only == NULL || strcmp(only, r->list) == 0)
		printf("%-20s %s  %s  %s\n", r->list, state_time(added, at), show_value(r, value), printable_text(note, clean));
	return true;
}

int
reference_verb_list(struct call *c)
{
	struct state s;
	enum status status;

	if (!arguments_take(c, NULL, 0, 0, 1))
		return CTL_USAGE;
	if (!state_open(c->config, &s))
		return CTL_FAILED;
	printf("LIST                 ADDED                 VALUE  NOTE\n");
	status = store_reference_each(s.store, print_reference, c->argc == 1 ? c->argv[0] : NULL);
	if (status != OK)
		state_complain(&s, "reference list", status);
	state_close(&s);
	return status == OK ? CTL_DONE : CTL_FAILED;
}
