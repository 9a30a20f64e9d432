/* SPDX-License-Identifier: ISC */
#include "ctl/hold_verb.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/log.h"
#include "base/text.h"
#include "ctl/audit_note.h"
#include "ctl/exit.h"
#include "ctl/state.h"

#define SHOWN 8 /* bytes of an id */

static const char *const states[] = { [HOLD_WAITING] = "waiting", [HOLD_YES] = "approved", [HOLD_NO] = "denied", [HOLD_USED] = "over" };

struct listing {
	bool all;
};

static bool
print_hold(const struct store_hold *h, void *arg)
{
	const struct listing *l = arg;
	char id[2 * SHOWN + 1], machine[2 * SHOWN + 1], at[STATE_TIME_SIZE];

	if (l->all || h->state == HOLD_WAITING)
		printf("%s  %-8s  %s  %s  %-6" PRIu32 " %-8" PRIu32 " %" PRIu64 "\n", text_hex(bytes_of(h->id, SHOWN), id, sizeof id), states[h->state],
			state_time(h->made, at), text_hex(bytes_of(h->machine, SHOWN), machine, sizeof machine), h->reset, h->restart, h->record);
	return true;
}

int
hold_verb_list(struct call *c)
{
	struct listing l = { false };
	const struct argument table[] = { { "all", NULL, &l.all } };
	struct state s;
	enum status status;

	if (!arguments_take(c, table, 1, 0, 0))
		return CTL_USAGE;
	if (!state_open(c->config, &s))
		return CTL_FAILED;
	printf("HOLD              STATE     SINCE                 MACHINE           RESET  RESTART  RECORD\n");
	status = store_hold_each(s.store, print_hold, &l);
	if (status != OK)
		state_complain(&s, "hold list", status);
	state_close(&s);
	return status == OK ? CTL_DONE : CTL_FAILED;
}

/* --- deciding ---------------------------------------------------------------------------------------------------------- */

/* By the first digits of the hold's id or of its machine's, or by the machine's label. */
struct search {
	uint8_t prefix[MACHINE_ID_SIZE];
	size_t n, found;
	struct store_hold hold;
};

static bool
match(const struct store_hold *h, void *arg)
{
	struct search *f = arg;
	bool by_id = f->n <= sizeof h->id && memcmp(h->id, f->prefix, f->n) == 0;

	if (h->state == HOLD_WAITING && (by_id || memcmp(h->machine, f->prefix, f->n) == 0)) {
		f->hold = *h;
		f->found++;
	}
	return true;
}

static bool
find(const struct state *s, const char *text, struct store_hold *h)
{
	struct search f;
	struct machine m;
	enum status status;

	memset(&f, 0, sizeof f);
	if (store_machine_find(s->store, text, &m) == OK) {
		f.n = sizeof m.id;
		memcpy(f.prefix, m.id, sizeof m.id);
	} else if (text_unhex(text, f.prefix, sizeof f.prefix, &f.n) != OK || f.n < 4) {
		log_error("%s: a hold is named by its machine, or by the first digits of its id: at least 8, an even number", text);
		return false;
	}
	status = store_hold_each(s->store, match, &f);
	if (status != OK)
		return state_complain(s, text, status);
	if (f.found != 1)
		log_error("%s: %s; see `bootgatectl hold list`", text, f.found == 0 ? "nothing waits under this id" : "more than one hold is meant by this");
	*h = f.hold;
	return f.found == 1;
}

static enum status
decide(const struct state *s, const struct store_hold *h, bool yes)
{
	struct machine m;
	char id[2 * SHOWN + 1];
	bool known;
	enum status status = store_begin(s->store);

	if (status != OK)
		return status;
	known = store_machine_get(s->store, h->machine, &m) == OK;
	status = store_hold_decide(s->store, h->id, yes, (uint64_t)time(NULL));
	if (status == OK)
		status = audit_note(s, known ? &m : NULL, "hold %s %s", yes ? "approve" : "deny", text_hex(bytes_of(h->id, SHOWN), id, sizeof id));
	if (status == OK)
		status = store_commit(s->store);
	if (status != OK)
		store_rollback(s->store);
	return status;
}

static int
decide_one(struct call *c, bool yes)
{
	struct state s;
	struct store_hold h;
	bool good;

	if (!arguments_take(c, NULL, 0, 1, 1))
		return CTL_USAGE;
	if (!state_open(c->config, &s))
		return CTL_FAILED;
	good = find(&s, c->argv[0], &h);
	if (good) {
		enum status status = decide(&s, &h, yes);

		good = status == OK || state_complain(&s, c->argv[0], status);
	}
	if (good)
		printf("%s\n", yes ? "approved, for this one boot of the machine: it asks again by itself" : "denied");
	state_close(&s);
	return good ? CTL_DONE : CTL_FAILED;
}

int
hold_verb_approve(struct call *c)
{
	return decide_one(c, true);
}

int
hold_verb_deny(struct call *c)
{
	return decide_one(c, false);
}
