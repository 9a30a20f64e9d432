/* SPDX-License-Identifier: ISC */
#include "ctl/ek_verb.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "base/log.h"
#include "base/text.h"
#include "ctl/audit_note.h"
#include "ctl/exit.h"
#include "ctl/policy_verb.h"
#include "ctl/printable.h"
#include "ctl/state.h"
#include "ekcert/ekcert.h"

#define FILE_MAX (CERTIFICATES_MAX * CERTIFICATE_SIZE_MAX * 2)
#define DETAIL_SIZE 201

/* A certificate file, and the EK that it is for. */
struct file {
	uint8_t *text; /* of malloc() */
	uint8_t space[CERTIFICATES_MAX * CERTIFICATE_SIZE_MAX];
	struct bytes certificate[CERTIFICATES_MAX];
	size_t certificates;
	uint8_t ek_space[PUBLIC_SIZE_MAX];
	struct public_area ek;
	enum status ek_status;
};

/* False with the reason on standard error: the file itself cannot be read. What is wrong inside of it is for others to say. */
static bool
load(const char *path, struct file *f)
{
	struct buffer space = BUFFER(f->space), ek = BUFFER(f->ek_space);
	struct bytes in;
	enum status status;

	memset(f, 0, sizeof *f);
	f->text = state_read_file(path, FILE_MAX, &in);
	if (f->text == NULL)
		return false;
	status = ekcert_split(in, &space, f->certificate, CERTIFICATES_MAX, &f->certificates);
	if (status != OK) {
		log_error("%s: %s; at most %d certificates", path, status_text(status), CERTIFICATES_MAX);
		free(f->text);
		return false;
	}
	f->ek_status = ekcert_public(f->certificate[0], &ek);
	if (f->ek_status == OK)
		f->ek_status = public_decode(buffer_view(&ek), &f->ek);
	return true;
}

/* --- check ------------------------------------------------------------------------------------------------------------- */

static struct ekcert_trust *
load_trust(const char *config, const char *folder)
{
	static struct config c;
	struct ekcert_trust *t = ekcert_trust_new();
	char why[512];

	if (folder == NULL && config_load(config, &c, why, sizeof why) != OK) {
		log_error("%s; or name the CAs that are trusted: --ca DIR", why);
		ekcert_trust_free(t);
		return NULL;
	}
	if (t != NULL && folder != NULL)
		ekcert_trust_add(t, folder);
	for (size_t i = 0; t != NULL && folder == NULL && i < c.ek_cas; i++)
		ekcert_trust_add(t, c.ek_ca[i]);
	return t;
}

static void
print_machine(const struct file *f)
{
	uint8_t id[MACHINE_ID_SIZE];
	char hex[2 * MACHINE_ID_SIZE + 1];

	if (f->ek_status != OK)
		return;
	public_id(&f->ek, id);
	printf("  machine %s (%s)\n", text_hex(BYTES(id), hex, sizeof hex),
		f->ek.type == PUBLIC_RSA ? "RSA-2048" : f->ek.key.ec.curve == EC_P384 ? "P-384" : "P-256");
}

static int
check(const char *path, const struct file *f, const struct ekcert_trust *t)
{
	char detail[DETAIL_SIZE], text[PRINTABLE_SIZE], clean[PRINTABLE_SIZE];
	enum ekcert_code code = ekcert_check(t, &f->ek, f->certificate, f->certificates, (uint64_t)time(NULL), detail, sizeof detail);

	/* The EK was made from the certificate itself. */
	if (code == EKCERT_KEY_DIFFERS)
		code = EKCERT_KEY_UNREADABLE;
	printf("%s: %s: %s%s%s\n", printable_text(path, clean), code == EKCERT_OK ? "accepted" : "refused", ekcert_code_text(code),
		detail[0] != '\0' ? ": " : "", detail);
	ekcert_describe(f->certificate[0], text, sizeof text);
	if (text[0] != '\0')
		printf("  issuer %s\n", printable_text(text, clean));
	print_machine(f);
	return code == EKCERT_OK ? CTL_DONE : CTL_NO;
}

int
ek_verb_check(struct call *c)
{
	static struct file f;
	const char *folder = NULL;
	const struct argument table[] = { { "ca", &folder, NULL } };
	struct ekcert_trust *t;
	int status = CTL_FAILED;

	if (!arguments_take(c, table, 1, 1, 1))
		return CTL_USAGE;
	if (!load(c->argv[0], &f))
		return CTL_FAILED;
	t = load_trust(c->config, folder);
	if (t != NULL)
		status = check(c->argv[0], &f, t);
	ekcert_trust_free(t);
	free(f.text);
	return status;
}

/* --- the list ---------------------------------------------------------------------------------------------------------- */

static bool
take_id(const char *word, uint8_t id[MACHINE_ID_SIZE])
{
	static struct file f;
	size_t n = 0;

	if (text_unhex(word, id, MACHINE_ID_SIZE, &n) == OK && n == MACHINE_ID_SIZE)
		return true;
	if (!load(word, &f))
		return false;
	if (f.ek_status == OK)
		public_id(&f.ek, id);
	else
		log_error("%s: no certificate of an EK on RSA-2048, P-256 or P-384", word);
	free(f.text);
	return f.ek_status == OK;
}

/* change(s, ek, add): with its record, or neither. */
static enum status
change(const struct state *s, const struct store_ek *ek, bool add)
{
	char hex[2 * MACHINE_ID_SIZE + 1];
	enum status status = store_begin(s->store);

	if (status == OK)
		status = add ? store_ek_put(s->store, ek) : store_ek_remove(s->store, ek->machine);
	if (status == OK)
		status = audit_note(s, NULL, "ek %s %s %s", add ? "add" : "remove", text_hex(BYTES(ek->machine), hex, sizeof hex), ek->label);
	if (status == OK)
		status = store_commit(s->store);
	if (status != OK)
		store_rollback(s->store);
	return status;
}

int
ek_verb_add(struct call *c)
{
	const char *policy = NULL, *label = NULL;
	const struct argument table[] = { { "policy", &policy, NULL }, { "label", &label, NULL } };
	struct store_ek ek;
	char hex[2 * MACHINE_ID_SIZE + 1];
	struct state s;
	enum status status = E_CONFIG;

	memset(&ek, 0, sizeof ek);
	if (!arguments_take(c, table, 2, 1, 1) || !arguments_label(label, ek.label))
		return CTL_USAGE;
	if (!take_id(c->argv[0], ek.machine) || !state_open(c->config, &s))
		return CTL_FAILED;
	if (policy_verb_take(&s, policy, ek.policy)) {
		status = change(&s, &ek, true);
		if (status == OK)
			printf("%s may enrol without a token\n", text_hex(BYTES(ek.machine), hex, sizeof hex));
		else
			state_complain(&s, "ek add", status);
	}
	state_close(&s);
	return status == OK ? CTL_DONE : CTL_FAILED;
}

static bool
print_ek(const struct store_ek *ek, void *arg)
{
	char hex[2 * MACHINE_ID_SIZE + 1], label[PRINTABLE_SIZE], policy[PRINTABLE_SIZE];

	(void)arg;
	printf("%s  %-16s %s\n", text_hex(BYTES(ek->machine), hex, sizeof hex), ek->policy[0] != '\0' ? printable_text(ek->policy, policy) : "-",
		printable_text(ek->label, label));
	return true;
}

int
ek_verb_list(struct call *c)
{
	struct state s;
	enum status status;

	if (!arguments_take(c, NULL, 0, 0, 0))
		return CTL_USAGE;
	if (!state_open(c->config, &s))
		return CTL_FAILED;
	printf("%-64s  %-16s %s\n", "MACHINE", "POLICY", "LABEL");
	status = store_ek_each(s.store, print_ek, NULL);
	if (status != OK)
		state_complain(&s, "ek list", status);
	state_close(&s);
	return status == OK ? CTL_DONE : CTL_FAILED;
}

struct search {
	const char *word;
	size_t found;
	struct store_ek ek;
};

static bool
match(const struct store_ek *ek, void *arg)
{
	struct search *f = arg;
	char hex[2 * MACHINE_ID_SIZE + 1];
	size_t n = strlen(f->word);

	if (strcmp(f->word, ek->label) == 0 || (n >= 8 && strncasecmp(text_hex(BYTES(ek->machine), hex, sizeof hex), f->word, n) == 0)) {
		f->ek = *ek;
		f->found++;
	}
	return true;
}

int
ek_verb_remove(struct call *c)
{
	struct search f = { .word = NULL };
	struct state s;
	enum status status;

	if (!arguments_take(c, NULL, 0, 1, 1))
		return CTL_USAGE;
	if (!state_open(c->config, &s))
		return CTL_FAILED;
	f.word = c->argv[0];
	status = store_ek_each(s.store, match, &f);
	if (status == OK && f.found == 1)
		status = change(&s, &f.ek, false);
	else if (status == OK)
		status = f.found == 0 ? E_NOT_FOUND : E_EXISTS;
	if (status == OK)
		printf("%s removed\n", c->argv[0]);
	else if (status == E_EXISTS)
		log_error("%s: %zu EKs are called so; give more digits", c->argv[0], f.found);
	else
		state_complain(&s, c->argv[0], status);
	state_close(&s);
	return status == OK ? CTL_DONE : CTL_FAILED;
}
