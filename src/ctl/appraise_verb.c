/* SPDX-License-Identifier: ISC */
#include "ctl/appraise_verb.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/log.h"
#include "base/text.h"
#include "ctl/exit.h"
#include "ctl/machine_verb.h"
#include "ctl/printable.h"
#include "ctl/references.h"
#include "ctl/state.h"
#include "structures/public.h"

#define CASE_FILE_MAX (CASE_SIZE_MAX + (size_t)CASE_REFERENCES_MAX * (REFERENCE_VALUE_MAX + POLICY_NAME_MAX + 16))

/* All that a verdict follows from. Views point into ${file}, or ${text}. */
struct input {
	uint8_t *file, *text; /* of malloc() */
	struct evidence evidence;
	struct machine machine;
	struct policy *policy;
	struct references references;
	struct reference *value; /* of malloc() */
	uint64_t now;
};

static void
input_free(struct input *in)
{
	policy_free(in->policy);
	free(in->value);
	free(in->text);
	free(in->file);
}

static bool
load_policy(struct input *in, const char *name, struct bytes text)
{
	struct policy_error why;
	enum status s = policy_load(name, text, &in->policy, &why);

	if (s != OK)
		log_error("the policy does not load, so every machine is denied (P0): %s", s == E_CONFIG ? why.text : status_text(s));
	return s == OK;
}

/* ${path}: a policy to try, instead of the one that was in force. */
static bool
load_policy_file(struct input *in, const char *path)
{
	struct bytes text;

	in->text = state_read_file(path, POLICY_TEXT_MAX, &text);
	return in->text != NULL && load_policy(in, path, text);
}

static bool
decode_evidence(struct input *in, struct bytes encoded, const char *path)
{
	enum status s = message_evidence_decode(encoded, &in->evidence);

	if (s != OK)
		log_error("%s: the evidence: %s", path, status_text(s));
	return s == OK;
}

/* --- a case file ------------------------------------------------------------------------------------------------------- */

static bool
decode_references(struct input *in, struct bytes encoded)
{
	size_t room = encoded.n / 4 + 1; /* the shortest pair is of 5 bytes */
	enum status s;

	room = room < CASE_REFERENCES_MAX ? room : CASE_REFERENCES_MAX;
	in->value = calloc(room, sizeof *in->value);
	s = in->value == NULL ? E_MEMORY : case_references_decode(encoded, in->value, room, &in->references.n);
	in->references.value = in->value;
	if (s != OK)
		log_error("the case's reference values: %s", status_text(s));
	return s == OK;
}

static bool
take_case(struct input *in, const char *path, const char *policy)
{
	char name[POLICY_NAME_MAX + 1];
	struct case_file c;
	struct bytes file;
	enum status s;

	in->file = state_read_file(path, CASE_FILE_MAX, &file);
	if (in->file == NULL)
		return false;
	s = case_decode(file, &c);
	if (s == OK)
		s = machine_decode(c.machine, &in->machine);
	if (s != OK) {
		log_error("%s: not a case file: %s; evidence alone needs --machine ID", path, status_text(s));
		return false;
	}
	in->now = c.now;
	snprintf(name, sizeof name, "%.*s", (int)c.policy_name.n, (const char *)c.policy_name.p);
	return decode_evidence(in, c.evidence, path) && decode_references(in, c.references) &&
		(policy != NULL ? load_policy_file(in, policy) : load_policy(in, name, c.policy_text));
}

/* --- evidence, with what the verifier has now -------------------------------------------------------------------------- */

struct search {
	struct input *in;
	bool found, loaded;
};

static bool
load_named(const char *name, struct bytes text, uint64_t changed, void *arg)
{
	struct search *f = arg;

	(void)changed;
	if (strcmp(name, f->in->machine.policy) != 0)
		return true;
	f->found = true;
	f->loaded = load_policy(f->in, name, text);
	return false;
}

static bool
take_policy(struct input *in, const struct state *s, const char *policy)
{
	struct search f = { in, false, false };
	enum status status;

	if (policy != NULL)
		return load_policy_file(in, policy);
	status = store_policy_each(s->store, load_named, &f);
	if (status != OK)
		return state_complain(s, "policies", status);
	if (!f.found)
		log_error("there is no policy \"%s\", so this machine is denied (P0): bootgatectl policy apply", in->machine.policy);
	return f.loaded;
}

static bool
take_references(struct input *in, const struct state *s)
{
	struct references_loaded r;

	if (!references_load(s, &r))
		return false;
	in->references = r.references;
	in->value = r.value;
	return true;
}

static bool
take_evidence(struct input *in, const char *path, const char *machine, const char *config, const char *policy)
{
	struct bytes file;
	struct state s;
	bool good;

	in->file = state_read_file(path, EVIDENCE_SIZE_MAX, &file);
	if (in->file == NULL || !decode_evidence(in, file, path) || !state_open(config, &s))
		return false;
	in->now = (uint64_t)time(NULL);
	good = machine_verb_find(&s, machine, &in->machine) && take_policy(in, &s, policy) && take_references(in, &s);
	state_close(&s);
	return good;
}

/* --- the verdict ------------------------------------------------------------------------------------------------------- */

static const char *
word(enum decision d)
{
	return d == DECISION_APPROVE ? "approve" : d == DECISION_HOLD ? "hold" : "deny";
}

static void
print_table(const struct input *in, const struct verdict *v)
{
	char id[17], digest[65], label[PRINTABLE_SIZE], text[PRINTABLE_SIZE];
	struct digest d = hash_digest(HASH_SHA256, in->evidence.binding);

	printf("verdict   %s\n", word(v->decision));
	printf("machine   %s %s\n", text_hex(bytes_of(in->machine.id, 8), id, sizeof id), printable_text(in->machine.label, label));
	printf("policy    %s\n", policy_title(in->policy));
	printf("evidence  %s\n", text_hex(digest_view(&d), digest, sizeof digest));
	for (size_t i = 0; i < v->reasons; i++)
		printf("reason    %-4s %s\n", v->reason[i].check, printable_text(v->reason[i].text, text));
	for (size_t i = 0; i < v->notes; i++)
		printf("note      %-4s %s\n", v->note[i].check, printable_text(v->note[i].text, text));
}

static void
append_line(json_t *array, const char *check, const char *text)
{
	char clean[PRINTABLE_SIZE];

	json_array_append_new(array, json_pack("{s:s, s:s}", "check", check, "text", printable_text(text, clean)));
}

static bool
print_json(const struct input *in, const struct verdict *v)
{
	char id[65], digest[65], label[PRINTABLE_SIZE];
	struct digest d = hash_digest(HASH_SHA256, in->evidence.binding);
	json_t *reasons = json_array(), *notes = json_array(), *all;
	bool good;

	for (size_t i = 0; i < v->reasons; i++)
		append_line(reasons, v->reason[i].check, v->reason[i].text);
	for (size_t i = 0; i < v->notes; i++)
		append_line(notes, v->note[i].check, v->note[i].text);
	all = json_pack("{s:s, s:s, s:s, s:s, s:s, s:o, s:o}", "verdict", word(v->decision), "machine", text_hex(BYTES(in->machine.id), id, sizeof id),
		"label", printable_text(in->machine.label, label), "policy", policy_title(in->policy), "evidence",
		text_hex(digest_view(&d), digest, sizeof digest), "reasons", reasons, "notes", notes);
	good = all != NULL && json_dumpf(all, stdout, JSON_INDENT(2)) == 0 && putchar('\n') != EOF;
	json_decref(all);
	if (!good)
		log_error("standard output: %s", status_text(E_IO));
	return good;
}

static int
judge(const struct input *in, bool json)
{
	struct public_area ek;
	struct name salting_key;
	struct verdict v;
	struct appraisal a = {
		.evidence = &in->evidence,
		.machine = &in->machine,
		.policy = in->policy,
		.references = &in->references,
		.salting_key = &salting_key,
		.now = in->now,
	};
	enum status s;

	if (public_decode(bytes_of(in->machine.ek, in->machine.ek_n), &ek) != OK || public_name(&ek, &salting_key) != OK)
		salting_key.n = 0;
	s = appraise(&a, &v);
	if (s != OK) {
		log_error("it could not be decided, which denies: %s", status_text(s));
		return CTL_NO;
	}
	if (!json)
		print_table(in, &v);
	else if (!print_json(in, &v))
		return CTL_FAILED;
	return v.decision == DECISION_APPROVE ? CTL_DONE : CTL_NO;
}

int
appraise_verb_run(struct call *c)
{
	static struct input in;
	const char *machine = NULL, *policy = NULL;
	bool json = false;
	const struct argument table[] = {
		{ "machine", &machine, NULL },
		{ "policy", &policy, NULL },
		{ "json", NULL, &json },
	};
	int exit;

	if (!arguments_take(c, table, sizeof table / sizeof *table, 1, 1))
		return CTL_USAGE;
	if (machine != NULL ? take_evidence(&in, c->argv[0], machine, c->config, policy) : take_case(&in, c->argv[0], policy))
		exit = judge(&in, json);
	else
		exit = CTL_FAILED;
	input_free(&in);
	return exit;
}
