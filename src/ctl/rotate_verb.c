/* SPDX-License-Identifier: ISC */
#include "ctl/rotate_verb.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/text.h"
#include "ctl/audit_note.h"
#include "ctl/exit.h"
#include "ctl/machine_verb.h"
#include "ctl/printable.h"
#include "protocol/rotation.h"

/* What became of one machine; ${why} says it. */
struct outcome {
	bool refused;
	char why[256];
};

/* --- one machine, within the transaction that read it ---------------------------------------------------------------- */

__attribute__((format(printf, 2, 3))) static enum status
refuse(struct outcome *o, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(o->why, sizeof o->why, format, arguments);
	va_end(arguments);
	o->refused = true;
	return OK;
}

static enum status
rotate(const struct state *s, struct machine *m, uint32_t epoch, struct outcome *o)
{
	size_t shares = 0;
	enum status status = store_share_count(s->store, m->id, &shares);

	if (status != OK)
		return status;
	snprintf(o->why, sizeof o->why, m->epoch == epoch ? "is on epoch %" PRIu32 : "goes to epoch %" PRIu32 " by its next two approved boots", epoch);
	if (m->epoch == epoch || m->rotate_to == epoch)
		return OK;
	if (m->epoch > epoch)
		return refuse(o, "is on epoch %" PRIu32 " already, and never goes back", m->epoch);
	if (m->rotate_to != 0 && m->rotate_ordered)
		return refuse(o, "is on its way to epoch %" PRIu32 "; boot it until it is there, then rotate it again", m->rotate_to);
	if (shares == 0)
		return refuse(o, "no volume of it is enrolled, so there is nothing to rotate: `bootgate enroll` there again brings it to epoch %" PRIu32, epoch);
	if (shares > ROTATION_SHARES_MAX)
		return refuse(o, "has %zu network shares, and %d are the most that can be rotated: enrol it and its volumes again", shares,
			ROTATION_SHARES_MAX);
	m->rotate_to = epoch;
	status = audit_note(s, m, "machine rotate: from epoch %" PRIu32 " to %" PRIu32, m->epoch, epoch);
	return status == OK ? store_machine_put(s->store, m) : status;
}

/* Once an approval has carried the order, the machine may have a new index and new seals: they would be of no use, and in the way. */
static enum status
cancel(const struct state *s, struct machine *m, uint32_t epoch, struct outcome *o)
{
	enum status status;

	(void)epoch;
	snprintf(o->why, sizeof o->why, "stays on epoch %" PRIu32, m->epoch);
	if (m->rotate_to == 0)
		return OK;
	if (m->rotate_ordered)
		return refuse(o, "an approval has carried the order to go to epoch %" PRIu32 ": let it go on", m->rotate_to);
	m->rotate_to = 0;
	status = audit_note(s, m, "machine rotate --cancel");
	return status == OK ? store_machine_put(s->store, m) : status;
}

typedef enum status change(const struct state *s, struct machine *m, uint32_t epoch, struct outcome *o);

static bool
apply(const struct state *s, const uint8_t id[MACHINE_ID_SIZE], change *run, uint32_t epoch, struct outcome *o)
{
	char hex[17], label[PRINTABLE_SIZE];
	struct machine m;
	enum status status = store_begin(s->store);

	*o = (struct outcome){ .refused = false };
	if (status == OK)
		status = store_machine_get(s->store, id, &m);
	if (status == OK)
		status = run(s, &m, epoch, o);
	if (status == OK)
		status = store_commit(s->store);
	if (status != OK) {
		store_rollback(s->store);
		return state_complain(s, text_hex(bytes_of(id, 8), hex, sizeof hex), status);
	}
	printf("%s %s: %s%s\n", text_hex(bytes_of(id, 8), hex, sizeof hex), printable_text(m.label, label), o->refused ? "NOT ROTATED: " : "", o->why);
	return true;
}

/* --- all of them ----------------------------------------------------------------------------------------------------- */

/* Iterators must not call the store: the ids first, then each on its own. */
struct ids {
	size_t n, room;
	uint8_t (*id)[MACHINE_ID_SIZE];
	bool failed;
};

static bool
keep_id(const struct machine *m, void *arg)
{
	struct ids *l = arg;

	if (l->n == l->room) {
		size_t room = l->room == 0 ? 64 : 2 * l->room;
		void *more = realloc(l->id, room * sizeof *l->id);

		l->failed = more == NULL;
		if (l->failed)
			return false;
		l->id = more;
		l->room = room;
	}
	memcpy(l->id[l->n++], m->id, MACHINE_ID_SIZE);
	return true;
}

static bool
rotate_all(const struct state *s, uint32_t epoch)
{
	struct ids l = { .n = 0 };
	enum status status = store_machine_each(s->store, keep_id, &l);
	bool good = (status == OK && !l.failed) || state_complain(s, "machine rotate", l.failed ? E_MEMORY : status);
	size_t n = good ? l.n : 0;
	struct outcome o;

	for (size_t i = 0; i < n; i++)
		good = apply(s, l.id[i], rotate, epoch, &o) && !o.refused && good;
	free(l.id);
	return rotate_verb_list_behind(s, epoch) && good;
}

struct behind {
	uint32_t epoch;
	size_t n, all;
};

static bool
list_one(const struct machine *m, void *arg)
{
	struct behind *b = arg;
	char id[17], label[PRINTABLE_SIZE];

	b->all++;
	if (m->epoch >= b->epoch)
		return true;
	if (b->n++ == 0)
		printf("not on epoch %" PRIu32 " yet:\n", b->epoch);
	printf("  %s  epoch %" PRIu32 ", %s  %s\n", text_hex(bytes_of(m->id, 8), id, sizeof id), m->epoch,
		m->rotate_to == 0 ? "not told to rotate" : m->rotate_seen ? "half-way" : m->rotate_ordered ? "ordered" : "waits for its next boot", printable_text(m->label, label));
	return true;
}

bool
rotate_verb_list_behind(const struct state *s, uint32_t epoch)
{
	struct behind b = { .epoch = epoch };
	enum status status = store_machine_each(s->store, list_one, &b);

	if (status != OK)
		return state_complain(s, "the machines", status);
	if (b.n > 0)
		printf("%zu of %zu machines: whoever has one of them, and the keys and database of a verifier of its epoch, opens its volumes.\n"
			"Boot each until it is no longer in this list; freeze those that are not yours any more.\n", b.n, b.all);
	else
		printf("all %zu machines are on epoch %" PRIu32 "\n", b.all, epoch);
	return true;
}

/* --- which epoch ------------------------------------------------------------------------------------------------------- */

/* choose_epoch(): the one that was given, else the newest; a delegation for it must be here. ${m}: NULL for all machines. */
static bool
choose_epoch(const struct keys *k, const char *config, uint32_t wanted, const struct machine *m, uint32_t *epoch)
{
	uint32_t newest = k->delegations == 0 ? 0 : k->delegation[k->delegations - 1].epoch;
	const char *next = "bootgatectl authority delegate DIR STATEDIR --epoch";

	*epoch = wanted != 0 ? wanted : newest;
	if (keys_find_delegation(k, *epoch) == NULL) {
		log_error("this verifier has no delegation for epoch %" PRIu32 "; on the operator's machine: %s %" PRIu32, wanted != 0 ? wanted : 1, next,
			wanted != 0 ? wanted : 1);
		return false;
	}
	if (wanted == 0 && m != NULL && m->epoch >= newest) {
		log_error("it is on epoch %" PRIu32 ", the newest that this verifier has a delegation for (%s); on the operator's machine: %s %" PRIu32
			", or `authority revoke`", m->epoch, config, next, m->epoch + 1);
		return false;
	}
	return true;
}

/* --- the verb ---------------------------------------------------------------------------------------------------------- */

static bool
run(const struct call *c, const struct state *s, bool all, bool back, uint32_t wanted)
{
	static struct keys keys;
	struct machine m;
	struct outcome o = { .refused = true };
	uint32_t epoch = 0;
	bool good;

	if (!all && !machine_verb_find(s, c->argv[0], &m))
		return false;
	if (back)
		return apply(s, m.id, cancel, 0, &o) && !o.refused;
	good = state_load_keys(s, &keys) && choose_epoch(&keys, c->config, wanted, all ? NULL : &m, &epoch);
	keys_wipe(&keys);
	if (good && all)
		return rotate_all(s, epoch);
	return good && apply(s, m.id, rotate, epoch, &o) && !o.refused;
}

int
rotate_verb_run(struct call *c)
{
	const char *epoch = NULL;
	bool all = false, back = false, good;
	const struct argument table[] = {
		{ "all", NULL, &all },
		{ "cancel", NULL, &back },
		{ "epoch", &epoch, NULL },
	};
	uint64_t wanted = 0;
	struct state s;

	if (!arguments_take(c, table, sizeof table / sizeof *table, 0, 1) ||
		(epoch != NULL && !arguments_number("--epoch", epoch, 1, UINT32_MAX, &wanted)))
		return CTL_USAGE;
	if ((c->argc == 1) == all || (back && (all || epoch != NULL))) {
		log_error(back ? "--cancel is for one machine" : "name one machine, or --all");
		return CTL_USAGE;
	}
	if (!state_open(c->config, &s))
		return CTL_FAILED;
	good = run(c, &s, all, back, (uint32_t)wanted);
	state_close(&s);
	return good ? CTL_DONE : CTL_FAILED;
}
