/* SPDX-License-Identifier: ISC */
#include "ctl/policy_verb.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/log.h"
#include "ctl/audit_note.h"
#include "ctl/exit.h"
#include "ctl/references.h"

/* --- looking for one of a name ----------------------------------------------------------------------------------------- */

struct search {
	const char *name;
	bool found, print;
};

static bool
look(const char *name, struct bytes text, uint64_t changed, void *arg)
{
	struct search *f = arg;

	(void)changed;
	if (strcmp(name, f->name) != 0)
		return true;
	f->found = true;
	if (f->print)
		fwrite(text.p, 1, text.n, stdout);
	return false;
}

bool
policy_verb_exists(const struct state *s, const char *name)
{
	struct search f = { name, false, false };

	return store_policy_each(s->store, look, &f) == OK && f.found;
}

bool
policy_verb_take(const struct state *s, const char *name, char to[POLICY_NAME_MAX + 1])
{
	if (name == NULL)
		return true;
	if (strlen(name) > POLICY_NAME_MAX || !policy_verb_exists(s, name)) {
		log_error("--policy %s: there is no such policy; `bootgatectl policy apply FILE --name %s` makes it", name, name);
		return false;
	}
	snprintf(to, POLICY_NAME_MAX + 1, "%s", name);
	return true;
}

/* --- held machines ----------------------------------------------------------------------------------------------------- */

#define WAITING_MAX 4096

struct waiting {
	size_t n;
	uint8_t machine[WAITING_MAX][MACHINE_ID_SIZE];
};

static bool
collect_waiting(const struct store_hold *h, void *arg)
{
	struct waiting *w = arg;

	if (h->state == HOLD_WAITING)
		memcpy(w->machine[w->n++], h->machine, MACHINE_ID_SIZE);
	return w->n < WAITING_MAX;
}

enum status
policy_verb_release(const struct state *s)
{
	static struct waiting w;
	enum status status;

	w.n = 0;
	status = store_hold_each(s->store, collect_waiting, &w);
	for (size_t i = 0; status == OK && i < w.n; i++)
		status = store_hold_release(s->store, w.machine[i], (uint64_t)time(NULL));
	return status;
}

/* --- check ------------------------------------------------------------------------------------------------------------- */

/* The text that loads as a policy, in memory of malloc(); CTL_NO when it does not load. */
static int
read_policy(const char *path, uint8_t **text, struct bytes *view, char title[2 * POLICY_NAME_MAX + 2])
{
	struct policy_error why;
	struct policy *p = NULL;
	enum status s;

	*text = state_read_file(path, STORE_POLICY_SIZE_MAX, view);
	if (*text == NULL)
		return CTL_FAILED;
	s = policy_load(path, *view, &p, &why);
	if (s != OK) {
		log_error("%s", s == E_CONFIG ? why.text : status_text(s));
		free(*text);
		return s == E_CONFIG ? CTL_NO : CTL_FAILED;
	}
	snprintf(title, 2 * POLICY_NAME_MAX + 2, "%s", policy_title(p));
	policy_free(p);
	return CTL_DONE;
}

int
policy_verb_check(struct call *c)
{
	char title[2 * POLICY_NAME_MAX + 2];
	struct bytes view;
	uint8_t *text;
	int status;

	if (!arguments_take(c, NULL, 0, 1, 1))
		return CTL_USAGE;
	status = read_policy(c->argv[0], &text, &view, title);
	if (status != CTL_DONE)
		return status;
	printf("%s: %s loads\n", c->argv[0], title);
	free(text);
	return CTL_DONE;
}

/* --- apply ------------------------------------------------------------------------------------------------------------- */

static bool
is_name(const char *name)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_";

	return name[0] != '\0' && strlen(name) <= POLICY_NAME_MAX && strspn(name, allowed) == strlen(name);
}

/* A list may be filled later; until then the policy denies every machine (check P1). */
static void
warn_references(const struct state *s, struct bytes text, const char *name)
{
	struct references_loaded r;
	struct policy_error why;
	struct policy *p = NULL;

	if (!references_load(s, &r))
		return;
	if (policy_load(name, text, &p, &why) == OK && policy_references_check(p, &r.references, &why) != OK)
		log_warning("%s; add what belongs there: bootgatectl reference add UKI, or reference add LIST VALUE", why.text);
	policy_free(p);
	references_free(&r);
}

static enum status
put(const struct state *s, const char *name, struct bytes text, const char *title)
{
	enum status status = store_begin(s->store);

	if (status == OK)
		status = store_policy_put(s->store, name, text);
	if (status == OK)
		status = audit_note(s, NULL, "policy apply %s as %s", title, name);
	if (status == OK)
		status = policy_verb_release(s);
	if (status == OK)
		status = store_commit(s->store);
	if (status != OK)
		store_rollback(s->store);
	return status;
}

int
policy_verb_apply(struct call *c)
{
	char title[2 * POLICY_NAME_MAX + 2];
	const char *name = NULL;
	const struct argument table[] = { { "name", &name, NULL } };
	struct bytes view;
	struct state s;
	enum status status;
	uint8_t *text;
	int exit;

	if (!arguments_take(c, table, 1, 1, 1))
		return CTL_USAGE;
	if (name != NULL && !is_name(name)) {
		log_error("--name: letters, digits, '.', '-' and '_'");
		return CTL_USAGE;
	}
	exit = read_policy(c->argv[0], &text, &view, title);
	if (exit != CTL_DONE)
		return exit;
	if (!state_open(c->config, &s)) {
		free(text);
		return CTL_FAILED;
	}
	if (name == NULL)
		name = s.config.default_policy;
	status = put(&s, name, view, title);
	if (status == OK) {
		printf("%s is now the policy \"%s\"%s\n", title, name,
			strcmp(name, s.config.default_policy) == 0 ? ", which machines have unless their token said another" : "");
		warn_references(&s, view, name);
	} else {
		state_complain(&s, "policy apply", status);
	}
	state_close(&s);
	free(text);
	return status == OK ? CTL_DONE : CTL_FAILED;
}

/* --- list, show, remove ------------------------------------------------------------------------------------------------ */

static bool
print_policy(const char *name, struct bytes text, uint64_t changed, void *arg)
{
	const struct references_loaded *r = arg;
	struct policy_error why;
	struct policy *p = NULL;
	char at[STATE_TIME_SIZE];
	const char *title = "-", *verdict = "complete";

	if (policy_load(name, text, &p, &why) == OK) {
		title = policy_title(p);
		if (policy_references_check(p, &r->references, &why) != OK)
			verdict = why.text;
	} else {
		verdict = why.text;
	}
	printf("%-20s %-20s %-21s  %s\n", name, title, state_time(changed, at), verdict);
	policy_free(p);
	return true;
}

int
policy_verb_list(struct call *c)
{
	struct references_loaded r;
	struct state s;
	enum status status = E_STORE;

	if (!arguments_take(c, NULL, 0, 0, 0))
		return CTL_USAGE;
	if (!state_open(c->config, &s))
		return CTL_FAILED;
	if (references_load(&s, &r)) {
		printf("NAME                 POLICY/VERSION       SINCE                  REFERENCE VALUES\n");
		status = store_policy_each(s.store, print_policy, &r);
		if (status != OK)
			state_complain(&s, "policy list", status);
		references_free(&r);
	}
	state_close(&s);
	return status == OK ? CTL_DONE : CTL_FAILED;
}

int
policy_verb_show(struct call *c)
{
	struct search f = { NULL, false, true };
	struct state s;
	enum status status;

	if (!arguments_take(c, NULL, 0, 0, 1))
		return CTL_USAGE;
	if (!state_open(c->config, &s))
		return CTL_FAILED;
	f.name = c->argc == 1 ? c->argv[0] : s.config.default_policy;
	status = store_policy_each(s.store, look, &f);
	if (status != OK)
		state_complain(&s, f.name, status);
	else if (!f.found)
		log_error("%s: there is no such policy; `bootgatectl policy apply FILE --name %s` makes it", f.name, f.name);
	state_close(&s);
	return status == OK && f.found ? CTL_DONE : CTL_FAILED;
}

static enum status
take_away(const struct state *s, const char *name)
{
	enum status status = store_begin(s->store);

	if (status == OK)
		status = store_policy_remove(s->store, name);
	if (status == OK)
		status = audit_note(s, NULL, "policy remove %s", name);
	if (status == OK)
		status = store_commit(s->store);
	if (status != OK)
		store_rollback(s->store);
	return status;
}

int
policy_verb_remove(struct call *c)
{
	struct state s;
	enum status status;

	if (!arguments_take(c, NULL, 0, 1, 1))
		return CTL_USAGE;
	if (!state_open(c->config, &s))
		return CTL_FAILED;
	status = take_away(&s, c->argv[0]);
	if (status == OK)
		printf("%s is removed: machines that have it are denied until it is applied again\n", c->argv[0]);
	else
		state_complain(&s, c->argv[0], status);
	state_close(&s);
	return status == OK ? CTL_DONE : CTL_FAILED;
}

/* --- checks ------------------------------------------------------------------------------------------------------------ */

int
policy_verb_checks(struct call *c)
{
	const struct check_info *info;
	size_t n = 0;

	if (!arguments_take(c, NULL, 0, 0, 0))
		return CTL_USAGE;
	info = appraise_checks(&n);
	for (size_t i = 0; i < n; i++)
		printf("%-4s %s\n", info[i].number, info[i].title);
	return CTL_DONE;
}
