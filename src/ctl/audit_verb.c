/* SPDX-License-Identifier: ISC */
#include "ctl/audit_verb.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/log.h"
#include "base/text.h"
#include "ctl/exit.h"
#include "ctl/printable.h"
#include "ctl/state.h"
#include "store/record.h"

#define CASE_ROOM_MAX (CASE_SIZE_MAX + (size_t)CASE_REFERENCES_MAX * (REFERENCE_VALUE_MAX + POLICY_NAME_MAX + 16))

static const char *
decision_word(const struct record *r)
{
	if (!r->judged)
		return "-";
	return r->decision == DECISION_APPROVE ? "approved" : r->decision == DECISION_HOLD ? "held" : "denied";
}

/* --- list -------------------------------------------------------------------------------------------------------------- */

struct listing {
	const char *label; /* NULL: all */
	uint8_t prefix[MACHINE_ID_SIZE];
	size_t n;          /* of ${prefix}; 0: by label only */
	uint64_t matches, skip;
	bool print;
};

static bool
matches(const struct listing *l, const struct record *r)
{
	if (l->label == NULL)
		return true;
	if (l->n > 0 && r->machine.n >= l->n && memcmp(r->machine.p, l->prefix, l->n) == 0)
		return true;
	return bytes_equal(r->label, bytes_of(l->label, strlen(l->label)));
}

static void
print_line(const struct store_record *at, const struct record *r)
{
	char time[STATE_TIME_SIZE], machine[17] = "-", label[PRINTABLE_SIZE], kind[PRINTABLE_SIZE], text[PRINTABLE_SIZE], check[PRINTABLE_SIZE] = "";
	struct bytes why = r->reasons > 0 ? r->reason[0].text : r->text;

	if (r->machine.n > 0)
		text_hex(bytes_of(r->machine.p, 8), machine, sizeof machine);
	if (r->reasons > 0)
		printable_bytes(r->reason[0].check, check);
	printf("%-7" PRIu64 " %s  %-8.8s  %-8s  %-16s  %-16s %s%s%s\n", at->number, state_time(at->time, time), printable_bytes(r->kind, kind),
		decision_word(r), machine, printable_bytes(r->label, label), check, check[0] != '\0' ? ": " : "", printable_bytes(why, text));
}

static bool
list_one(const struct store_record *at, void *arg)
{
	struct listing *l = arg;
	struct record r;

	if (record_decode(at->record, &r) != OK) {
		if (l->print)
			printf("%-7" PRIu64 " cannot be read: see `bootgatectl audit verify`\n", at->number);
		return true;
	}
	if (!matches(l, &r))
		return true;
	l->matches++;
	if (l->print && l->matches > l->skip)
		print_line(at, &r);
	return true;
}

int
audit_verb_list(struct call *c)
{
	const char *last = NULL;
	struct listing l;
	const struct argument table[] = { { "machine", &l.label, NULL }, { "last", &last, NULL } };
	uint64_t n = 0;
	struct state s;
	enum status status = OK;

	memset(&l, 0, sizeof l);
	if (!arguments_take(c, table, 2, 0, 0) || (last != NULL && !arguments_number("--last", last, 1, INT64_MAX, &n)))
		return CTL_USAGE;
	if (l.label != NULL && text_unhex(l.label, l.prefix, sizeof l.prefix, &l.n) != OK)
		l.n = 0;
	if (!state_open(c->config, &s))
		return CTL_FAILED;
	printf("NUMBER  TIME                  KIND      VERDICT   MACHINE           LABEL            WHY\n");
	if (last != NULL) {
		status = store_audit_each(s.store, 0, list_one, &l);
		l.skip = l.matches > n ? l.matches - n : 0;
		l.matches = 0;
	}
	l.print = true;
	if (status == OK)
		status = store_audit_each(s.store, 0, list_one, &l);
	if (status != OK)
		state_complain(&s, "audit list", status);
	state_close(&s);
	return status == OK ? CTL_DONE : CTL_FAILED;
}

/* --- show -------------------------------------------------------------------------------------------------------------- */

static void
print_text(const char *what, struct bytes v)
{
	char text[PRINTABLE_SIZE];

	if (v.n > 0)
		printf("%-12s %s\n", what, printable_bytes(v, text));
}

static void
print_hex(const char *what, struct bytes v)
{
	char hex[2 * 64 + 1];

	if (v.n > 0)
		printf("%-12s %s\n", what, text_hex(v, hex, sizeof hex));
}

static void
print_reasons(const char *what, const struct reason *r, size_t n)
{
	char check[PRINTABLE_SIZE], text[PRINTABLE_SIZE];

	for (size_t i = 0; i < n; i++)
		printf("%-12s %s: %s\n", what, printable_bytes(r[i].check, check), printable_bytes(r[i].text, text));
}

struct wanted {
	uint64_t number;
	bool found, bad;
};

static bool
show_one(const struct store_record *at, void *arg)
{
	struct wanted *w = arg;
	char time[STATE_TIME_SIZE];
	struct record r;

	if (at->number != w->number)
		return false;
	w->found = true;
	w->bad = record_decode(at->record, &r) != OK;
	printf("%-12s %" PRIu64 "\n%-12s %s\n", "record", at->number, "time", state_time(at->time, time));
	print_hex("hash", BYTES(at->hash));
	if (w->bad)
		return false;
	print_text("kind", r.kind);
	print_hex("machine", r.machine);
	print_text("label", r.label);
	if (r.judged) {
		printf("%-12s %s\n", "verdict", decision_word(&r));
		printf("%-12s %s\n", "purpose", r.purpose == PURPOSE_VOLUME ? "volume" : "boot");
	}
	print_hex("evidence", r.evidence);
	print_text("policy", r.policy);
	print_hex("its text", r.policy_digest);
	print_hex("references", r.references_digest);
	print_reasons("reason", r.reason, r.reasons);
	print_reasons("note", r.note, r.notes);
	print_hex("verifier", r.verifier);
	print_text("text", r.text);
	for (size_t i = 0; i < r.shares; i++)
		print_hex("share", r.share[i]);
	return false;
}

/* What the verdict followed from; only the newest cases of a machine are kept (keep-cases). */
static bool
export_case(const struct state *s, uint64_t number, const char *path)
{
	struct case_file c;
	struct buffer space = buffer_of(malloc(CASE_ROOM_MAX), CASE_ROOM_MAX), out = buffer_of(malloc(CASE_ROOM_MAX), CASE_ROOM_MAX);
	enum status status = space.p == NULL || out.p == NULL ? E_MEMORY : store_case_get(s->store, number, &c, &space);

	if (status == E_NOT_FOUND)
		log_error("record %" PRIu64 ": no case is kept for it (keep-cases in the configuration says how many are)", number);
	else if (status != OK)
		state_complain(s, "the case", status);
	if (status == OK) {
		status = case_encode(&c, &out);
		if (status == OK)
			status = file_write(path, buffer_view(&out), 0600);
		if (status != OK)
			log_error("%s: %s", path, status_text(status));
	}
	free(out.p);
	free(space.p);
	return status == OK;
}

int
audit_verb_show(struct call *c)
{
	const char *path = NULL;
	const struct argument table[] = { { "case", &path, NULL } };
	struct wanted w = { 0, false, false };
	struct state s;
	enum status status;
	bool good;

	if (!arguments_take(c, table, 1, 1, 1) || !arguments_number("NUMBER", c->argv[0], 1, INT64_MAX, &w.number))
		return CTL_USAGE;
	if (!state_open(c->config, &s))
		return CTL_FAILED;
	status = store_audit_each(s.store, w.number, show_one, &w);
	good = status == OK && w.found && !w.bad;
	if (status != OK)
		state_complain(&s, "audit show", status);
	else if (!w.found)
		log_error("there is no record %" PRIu64 "; see `bootgatectl audit list`", w.number);
	else if (w.bad)
		log_error("record %" PRIu64 " cannot be read; see `bootgatectl audit verify`", w.number);
	if (good && path != NULL)
		good = export_case(&s, w.number, path);
	state_close(&s);
	return good ? CTL_DONE : CTL_FAILED;
}

/* --- verify ------------------------------------------------------------------------------------------------------------ */

/* A head that was noted down earlier: only that shows that nobody cut the end off, or wrote the whole log anew. */
struct head {
	uint64_t number;
	uint8_t hash[32];
	bool given, found, same;
};

static bool
parse_head(const char *text, struct head *h)
{
	char number[24];
	const char *colon = strchr(text, ':');
	size_t n = 0;

	h->given = true;
	if (colon == NULL || (size_t)(colon - text) >= sizeof number || text_unhex(colon + 1, h->hash, sizeof h->hash, &n) != OK || n != sizeof h->hash) {
		log_error("--head %s: NUMBER:HASH, as `bootgatectl audit verify` printed it", text);
		return false;
	}
	snprintf(number, sizeof number, "%.*s", (int)(colon - text), text);
	return arguments_number("--head", number, 1, INT64_MAX, &h->number);
}

static bool
compare_head(const struct store_record *at, void *arg)
{
	struct head *h = arg;

	h->found = at->number == h->number;
	h->same = h->found && memcmp(at->hash, h->hash, sizeof h->hash) == 0;
	return false;
}

struct reading {
	uint64_t bad; /* the first that is no record, or 0 */
};

static bool
read_one(const struct store_record *at, void *arg)
{
	struct reading *g = arg;
	struct record r;

	if (record_decode(at->record, &r) != OK)
		g->bad = at->number;
	return g->bad == 0;
}

static int
verify(const struct state *s, struct head *h)
{
	struct store_record last;
	struct reading g = { 0 };
	char hash[65];
	uint64_t bad = 0;
	enum status status = store_audit_verify(s->store, &last, &bad);

	if (status == OK)
		status = store_audit_each(s->store, 0, read_one, &g);
	if (status == OK && h->given)
		status = store_audit_each(s->store, h->number, compare_head, h);
	if (status != OK && status != E_MISMATCH) {
		state_complain(s, "audit verify", status);
		return CTL_FAILED;
	}
	if (status == E_MISMATCH || g.bad != 0) {
		bad = status == E_MISMATCH ? bad : g.bad;
		log_error("record %" PRIu64 " %s: it, or one before it, was changed or removed; those before it hold", bad,
			status == E_MISMATCH ? "does not follow from its predecessor" : "is no record");
		return CTL_NO;
	}
	if (h->given && !h->same) {
		log_error("record %" PRIu64 " %s: this is not the log that the head was taken from", h->number,
			h->found ? "has another hash than the head given" : "is not there");
		return CTL_NO;
	}
	printf("%" PRIu64 " records, each follows from its predecessor%s\n", last.number, h->given ? "; the head given is among them" : "");
	if (last.number > 0)
		printf("head %" PRIu64 ":%s   (keep it elsewhere, for --head)\n", last.number, text_hex(BYTES(last.hash), hash, sizeof hash));
	return CTL_DONE;
}

int
audit_verb_verify(struct call *c)
{
	const char *text = NULL;
	const struct argument table[] = { { "head", &text, NULL } };
	struct head h;
	struct state s;
	int exit;

	memset(&h, 0, sizeof h);
	if (!arguments_take(c, table, 1, 0, 0) || (text != NULL && !parse_head(text, &h)))
		return CTL_USAGE;
	if (!state_open(c->config, &s))
		return CTL_FAILED;
	exit = verify(&s, &h);
	state_close(&s);
	return exit;
}
