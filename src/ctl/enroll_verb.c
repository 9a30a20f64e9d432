/* SPDX-License-Identifier: ISC */
#include "ctl/enroll_verb.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/log.h"
#include "base/memory.h"
#include "base/text.h"
#include "crypto/random.h"
#include "ctl/audit_note.h"
#include "ctl/exit.h"
#include "ctl/machine_verb.h"
#include "ctl/policy_verb.h"
#include "ctl/state.h"

#define TTL_MAX (366u * 86400)
#define USES_MAX 100000

struct wishes {
	const char *ttl, *uses, *machine, *policy, *label;
};

/* A full id may be one that the verifier has never seen; a shorter one, or a label, must be known. */
static bool
take_machine(struct state *s, const char *name, struct store_token *t)
{
	struct machine m;
	size_t n = 0;

	t->has_machine = name != NULL;
	if (name == NULL || (text_unhex(name, t->machine, sizeof t->machine, &n) == OK && n == sizeof t->machine))
		return true;
	if (!machine_verb_find(s, name, &m))
		return false;
	memcpy(t->machine, m.id, sizeof t->machine);
	return true;
}

/* The key lies in the database wrapped; ${key} is the only other place. */
static enum status
make_token(const struct keys *k, struct store_token *t, uint8_t key[TOKEN_KEY_SIZE])
{
	struct buffer wrapped = BUFFER(t->wrapped);
	enum status status = random_fill(t->id, sizeof t->id);

	if (status == OK)
		status = random_fill(key, TOKEN_KEY_SIZE);
	if (status == OK)
		status = keys_wrap(k->master, STORE_TOKEN_PURPOSE, BYTES(t->id), bytes_of(key, TOKEN_KEY_SIZE), &wrapped);
	t->n = wrapped.n;
	return status;
}

static enum status
put_token(const struct state *s, const struct store_token *t)
{
	char id[17], machine[17] = "any machine";
	enum status status = store_begin(s->store);

	if (t->has_machine)
		text_hex(bytes_of(t->machine, 8), machine, sizeof machine);
	if (status == OK)
		status = store_token_put(s->store, t);
	if (status == OK)
		status = audit_note(s, NULL, "enroll token %s, for %s, %" PRIu32 " times", text_hex(BYTES(t->id), id, sizeof id), machine, t->uses);
	if (status == OK)
		status = store_commit(s->store);
	if (status != OK)
		store_rollback(s->store);
	return status;
}

static void
tell(const struct state *s, const struct store_token *t)
{
	char until[STATE_TIME_SIZE], id[17];

	log_info("good until %s, for %" PRIu32 " enrolment%s%s%s, policy %s; hand it over as a secret: bootgate enroll --token-file FILE",
		state_time(t->expires, until), t->uses, t->uses == 1 ? "" : "s", t->has_machine ? ", only of machine " : "",
		t->has_machine ? text_hex(bytes_of(t->machine, 8), id, sizeof id) : "",
		t->policy[0] != '\0' ? t->policy : s->config.default_policy);
}

static bool
token(struct state *s, const struct wishes *w, uint64_t ttl, struct store_token *t)
{
	uint8_t key[TOKEN_KEY_SIZE];
	char text[TOKEN_TEXT_SIZE];
	struct keys k;
	enum status status;

	t->made = (uint64_t)time(NULL);
	t->expires = t->made + (ttl > 0 ? ttl : s->config.token_hours * UINT64_C(3600));
	if (!take_machine(s, w->machine, t) || !policy_verb_take(s, w->policy, t->policy) || !state_load_keys(s, &k))
		return false;
	status = make_token(&k, t, key);
	keys_wipe(&k);
	if (status == OK)
		status = put_token(s, t);
	if (status == OK) {
		message_token_format(t->id, key, text);
		puts(text);
		tell(s, t);
	} else {
		state_complain(s, "enroll token", status);
	}
	memory_wipe(key, sizeof key);
	memory_wipe(text, sizeof text);
	return status == OK;
}

int
enroll_verb_token(struct call *c)
{
	struct wishes w = { NULL, NULL, NULL, NULL, NULL };
	const struct argument table[] = {
		{ "ttl", &w.ttl, NULL },
		{ "uses", &w.uses, NULL },
		{ "machine", &w.machine, NULL },
		{ "policy", &w.policy, NULL },
		{ "label", &w.label, NULL },
	};
	struct store_token t;
	uint64_t ttl = 0, uses = 1;
	struct state s;
	bool good;

	memset(&t, 0, sizeof t);
	if (!arguments_take(c, table, sizeof table / sizeof *table, 0, 0) || !arguments_label(w.label, t.label) ||
	    (w.ttl != NULL && !arguments_number("--ttl", w.ttl, 1, TTL_MAX, &ttl)) ||
	    (w.uses != NULL && !arguments_number("--uses", w.uses, 1, USES_MAX, &uses)))
		return CTL_USAGE;
	t.uses = (uint32_t)uses;
	if (!state_open(c->config, &s))
		return CTL_FAILED;
	good = token(&s, &w, ttl, &t);
	state_close(&s);
	return good ? CTL_DONE : CTL_FAILED;
}

/* --- list, cancel ------------------------------------------------------------------------------------------------------ */

static bool
print_token(const struct store_token *t, void *arg)
{
	const uint64_t *now = arg;
	char id[17], machine[17] = "any", until[STATE_TIME_SIZE];

	if (t->has_machine)
		text_hex(bytes_of(t->machine, 8), machine, sizeof machine);
	printf("%s  %-21s  %-5" PRIu32 " %-17s %-16s %s\n", text_hex(BYTES(t->id), id, sizeof id), state_time(t->expires, until), t->uses,
		machine, t->policy[0] != '\0' ? t->policy : "-", t->uses == 0 ? "(used)" : t->expires <= *now ? "(expired)" : t->label);
	return true;
}

int
enroll_verb_list(struct call *c)
{
	uint64_t now = (uint64_t)time(NULL);
	struct state s;
	enum status status;

	if (!arguments_take(c, NULL, 0, 0, 0))
		return CTL_USAGE;
	if (!state_open(c->config, &s))
		return CTL_FAILED;
	printf("TOKEN             UNTIL                  USES  MACHINE           POLICY           LABEL\n");
	status = store_token_each(s.store, print_token, &now);
	if (status != OK)
		state_complain(&s, "enroll list", status);
	state_close(&s);
	return status == OK ? CTL_DONE : CTL_FAILED;
}

static enum status
cancel(const struct state *s, const uint8_t id[TOKEN_ID_SIZE])
{
	char hex[2 * TOKEN_ID_SIZE + 1];
	enum status status = store_begin(s->store);

	if (status == OK)
		status = store_token_remove(s->store, id);
	if (status == OK)
		status = audit_note(s, NULL, "enroll cancel %s", text_hex(bytes_of(id, TOKEN_ID_SIZE), hex, sizeof hex));
	if (status == OK)
		status = store_commit(s->store);
	if (status != OK)
		store_rollback(s->store);
	return status;
}

int
enroll_verb_cancel(struct call *c)
{
	uint8_t id[TOKEN_ID_SIZE];
	struct state s;
	size_t n = 0;
	enum status status;

	if (!arguments_take(c, NULL, 0, 1, 1))
		return CTL_USAGE;
	if (text_unhex(c->argv[0], id, sizeof id, &n) != OK || n != sizeof id) {
		log_error("%s: a token's id is 16 hex digits, as `bootgatectl enroll list` shows it", c->argv[0]);
		return CTL_USAGE;
	}
	if (!state_open(c->config, &s))
		return CTL_FAILED;
	status = cancel(&s, id);
	if (status == OK)
		printf("%s cancelled\n", c->argv[0]);
	else
		state_complain(&s, c->argv[0], status);
	state_close(&s);
	return status == OK ? CTL_DONE : CTL_FAILED;
}
