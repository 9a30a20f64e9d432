/* SPDX-License-Identifier: ISC */
/*
 * bootgatectl: the operator's tool.  A table of verbs; each is a function of its own.
 */
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "ctl/appraise_verb.h"
#include "ctl/audit_verb.h"
#include "ctl/authority_revoke.h"
#include "ctl/authority_show.h"
#include "ctl/authority_verb.h"
#include "ctl/ek_verb.h"
#include "ctl/enroll_verb.h"
#include "ctl/eventlog_verb.h"
#include "ctl/exit.h"
#include "ctl/hold_verb.h"
#include "ctl/machine_verb.h"
#include "ctl/policy_verb.h"
#include "ctl/reference_verb.h"
#include "ctl/rotate_verb.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* This one needs no configuration and has its own usage. */
static int
run_eventlog(struct call *c)
{
	return eventlog_verb_run(c->argc, c->argv);
}

/* ${name} NULL: the noun is the verb, and the verb's arguments begin with it. */
static const struct verb {
	const char *noun, *name, *arguments, *what;
	int (*run)(struct call *c);
	const char *options;
} verbs[] = {
	{ "authority", "init", "DIR [--p384] [--verifier STATEDIR --name HOST,...] [--epoch N]", "make the operator's keys", authority_verb_init,
		"  --p384               P-384 instead of P-256; not every TPM can, and it cannot be changed later\n"
		"  --verifier STATEDIR  make a verifier's keys there as well, and delegate to it\n"
		"  --name HOST,...      what machines call that verifier: names and addresses for its TLS certificate\n"
		"  --epoch N            of that delegation; 1 if left out\n" },
	{ "authority", "delegate", "DIR STATEDIR|FILE [--name HOST,...] [--epoch N] [--out DIR]", "vouch for a verifier", authority_verb_delegate,
		"  STATEDIR|FILE        the verifier's state directory, or its file verifier.pub, brought here\n"
		"  --name HOST,...      names and addresses for its TLS certificate; left out: the certificate stays as it is\n"
		"  --epoch N            the authority's newest if left out: 1, until a verifier is revoked\n"
		"  --out DIR            where delegation-N, tls.crt and authority.pub go; STATEDIR, or FILE's folder, if left out\n" },
	{ "authority", "revoke", "DIR VERIFIER", "a verifier was lost: begin a new epoch without it", authority_revoke_run,
		"  VERIFIER             at least 8 first digits of its approval key's fingerprint, or its verifier.pub\n"
		"Can be run again.  With the verifier's configuration at hand it lists the machines that are not on the new epoch.\n" },
	{ "authority", "show", "DIR|FILE [--authority FILE]", "fingerprints, delegations; verifies each", authority_show_run,
		"  DIR|FILE             an authority's folder, a verifier's state directory, or a file out of one of them\n"
		"  --authority FILE     verify under this public key\n" },
	{ "machine", "list", "", "all machines", machine_verb_list, NULL },
	{ "machine", "show", "ID", "what the verifier knows of one", machine_verb_show, "  ID   its label, or at least 8 first digits of its id\n" },
	{ "machine", "approve", "ID", "say yes to an enrolment", machine_verb_approve, NULL },
	{ "machine", "freeze", "ID | --all", "approve nothing for it from now on", machine_verb_freeze, "  --all   every machine there is\n" },
	{ "machine", "unfreeze", "ID | --all", "the reverse", machine_verb_unfreeze, "  --all   every machine there is\n" },
	{ "machine", "rotate", "ID|--all [--epoch N] | --cancel ID", "go to a new epoch, in two approved boots", rotate_verb_run,
		"  --all       every machine; then lists those that are not there yet\n"
		"  --epoch N   the newest that this verifier has a delegation for, if left out\n"
		"  --cancel    do not, as long as no approval has carried the order\n" },
	{ "machine", "forget", "ID", "delete it, with its shares", machine_verb_forget, NULL },
	{ "freeze", NULL, "ID | --all", "the same as machine freeze", machine_verb_freeze, "  --all   every machine there is\n" },
	{ "unfreeze", NULL, "ID | --all", "the same as machine unfreeze", machine_verb_unfreeze, "  --all   every machine there is\n" },
	{ "enroll", "token", "[--ttl SECONDS] [--uses N] [--machine ID] [--policy NAME] [--label NAME]", "a token that lets a machine enrol",
		enroll_verb_token,
		"  --ttl SECONDS   how long it is good; the configuration's token-hours if left out\n"
		"  --uses N        for how many enrolments; 1 if left out\n"
		"  --machine ID    only for this machine: its whole id, or what `machine list` shows; it may be enrolled already\n"
		"  --policy NAME   what the machine is judged by; the configuration's default-policy if left out\n"
		"  --label NAME    what people call it; its own word for itself if left out\n"
		"The token is a secret, and the only thing on standard output.\n" },
	{ "enroll", "list", "", "tokens there are, without their secrets", enroll_verb_list, NULL },
	{ "enroll", "cancel", "TOKEN-ID", "make a token worthless", enroll_verb_cancel, NULL },
	{ "ek", "check", "FILE [--ca DIR]", "whether an EK certificate would do for an enrolment", ek_verb_check,
		"  FILE       the certificate, DER or PEM; in a PEM file others of its chain may follow\n"
		"  --ca DIR   the CAs that are trusted; the configuration's ek-ca if left out\n"
		"Exit status: 0 it would, 3 it would not, for the reason that is named.\n" },
	{ "ek", "add", "ID|FILE [--policy NAME] [--label NAME]", "let the machine of that EK enrol without a token", ek_verb_add,
		"  ID              the machine's whole id, 64 hex digits\n"
		"  FILE            or the EK's certificate, DER or PEM; it is not checked, and may be expired: your word stands for it\n"
		"  --policy NAME   what the machine is judged by; the configuration's default-policy if left out\n"
		"  --label NAME    what people call it; its own word for itself if left out\n" },
	{ "ek", "list", "", "EKs that may enrol without a token", ek_verb_list, NULL },
	{ "ek", "remove", "ID", "no longer; a machine that has enrolled stays", ek_verb_remove, "  ID   at least 8 first digits, as `ek list` shows it, or the label\n" },
	{ "policy", "check", "FILE", "whether it loads", policy_verb_check, NULL },
	{ "policy", "apply", "FILE [--name NAME]", "make it the policy", policy_verb_apply,
		"  --name NAME   the configuration's default-policy if left out\n" },
	{ "policy", "list", "", "policies there are, and whether their reference values are", policy_verb_list, NULL },
	{ "policy", "show", "[NAME]", "the text of one", policy_verb_show, NULL },
	{ "policy", "remove", "NAME", "its machines are denied then", policy_verb_remove, NULL },
	{ "policy", "checks", "", "all checks by their numbers", policy_verb_checks, NULL },
	{ "reference", "add", "UKI [--list-prefix PREFIX] | LIST VALUE  [--note TEXT]", "allow an image, or one value", reference_verb_add,
		"  UKI                    a unified kernel image: its digest, kernel, sections, initrd and command line\n"
		"  LIST VALUE             one value: a SHA-256 digest in hex, or the text of a command line\n"
		"  --list-prefix PREFIX   before the names of the lists, for a second kind of machine\n"
		"  --list LIST            the same as LIST VALUE\n"
		"  --text                 VALUE is a text; understood for lists whose names end in cmdline\n"
		"  --note TEXT            for people; the file's name if left out\n" },
	{ "reference", "list", "[LIST]", "what is allowed", reference_verb_list, NULL },
	{ "reference", "remove", "UKI [--all] [--list-prefix PREFIX] | [LIST] VALUE", "no longer allow it, from the next boot on", reference_verb_remove,
		"  UKI     the image's own digest; --all: also what it shares with others, such as the command line\n"
		"  VALUE   out of LIST, or of every list that holds it; --text: it is a text, though the list's name does not say so\n" },
	{ "appraise", NULL, "FILE [--machine ID] [--policy FILE] [--json]", "judge evidence once more, by the verifier's own code", appraise_verb_run,
		"  FILE            a case file of `audit show --case`; with --machine, a body that was sent to /v1/attest\n"
		"  --machine ID    judge by what the verifier has of this machine now\n"
		"  --policy FILE   by this policy instead\n"
		"  --json          for programs\n"
		"Exit status: 0 approve, 3 deny or hold.\n" },
	{ "hold", "list", "[--all]", "machines that wait for a decision", hold_verb_list, "  --all   those decided as well\n" },
	{ "hold", "approve", "ID", "let this one boot through", hold_verb_approve, "  ID   the machine, or the first digits of the hold\n" },
	{ "hold", "deny", "ID", "do not", hold_verb_deny, "  ID   the machine, or the first digits of the hold\n" },
	{ "audit", "list", "[--machine ID] [--last N]", "what was decided, and why", audit_verb_list,
		"  --machine ID   first digits of an id, or a label\n"
		"  --last N       the newest N only\n" },
	{ "audit", "show", "NUMBER [--case FILE]", "one record", audit_verb_show,
		"  --case FILE   write all that the verdict followed from, for `bootgatectl appraise`\n" },
	{ "audit", "verify", "[--head NUMBER:HASH]", "that each record follows from its predecessor", audit_verb_verify,
		"  --head NUMBER:HASH   and that this head, noted down earlier, is among them\n"
		"Exit status: 0 it holds, 3 it does not; the first broken record is named.\n" },
	{ "eventlog", NULL, "show|replay FILE", "a firmware's event log, read offline", run_eventlog, NULL },
};

static void
print_verb(FILE *to, const struct verb *v)
{
	char call[256];

	snprintf(call, sizeof call, "%s%s%s %s", v->noun, v->name != NULL ? " " : "", v->name != NULL ? v->name : "", v->arguments);
	if (strlen(call) <= 32)
		fprintf(to, "  %-32s  %s\n", call, v->what);
	else
		fprintf(to, "  %s\n  %32s  %s\n", call, "", v->what);
}

/* ${noun} NULL: all. */
static void
usage(FILE *to, const char *noun)
{
	fprintf(to, "usage: bootgatectl [-c FILE] VERB [ARGUMENTS]\n\n");
	for (size_t i = 0; i < COUNT(verbs); i++)
		if (noun == NULL || strcmp(verbs[i].noun, noun) == 0)
			print_verb(to, &verbs[i]);
	fprintf(to, "\n  -c FILE     the verifier's configuration; %s if left out\n"
	            "  --help      this; after a verb, more about it\n"
	            "  --version\n\n"
	            "Exit status: 0 done, 1 failed, 2 usage, 3 denied, held, or not verified.\n", STATE_CONFIG);
}

static void
usage_of(FILE *to, const struct verb *v)
{
	fprintf(to, "usage: bootgatectl [-c FILE] %s%s%s %s\n\n%s\n", v->noun, v->name != NULL ? " " : "", v->name != NULL ? v->name : "", v->arguments,
		v->what);
	if (v->options != NULL)
		fprintf(to, "\n%s", v->options);
}

static bool
asks_for_help(const char *word)
{
	return strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0;
}

static const struct verb *
find(int argc, char **argv)
{
	for (size_t i = 0; i < COUNT(verbs); i++)
		if (strcmp(verbs[i].noun, argv[0]) == 0 && (verbs[i].name == NULL || (argc > 1 && strcmp(verbs[i].name, argv[1]) == 0)))
			return &verbs[i];
	return NULL;
}

static bool
is_noun(const char *word)
{
	for (size_t i = 0; i < COUNT(verbs); i++)
		if (strcmp(verbs[i].noun, word) == 0)
			return true;
	return false;
}

/* What was printed must have arrived: a full disk is a failure. */
static int
finish(int status)
{
	if (fflush(stdout) == 0 && ferror(stdout) == 0)
		return status;
	log_error("standard output: %s", status_text(E_IO));
	return CTL_FAILED;
}

static int
run(const struct verb *v, struct call *c)
{
	int own = v->run == run_eventlog ? 0 : v->name == NULL ? 1 : 2, status;

	for (int i = 1; own > 0 && i < c->argc && strcmp(c->argv[i], "--") != 0; i++)
		if (asks_for_help(c->argv[i])) {
			usage_of(stdout, v);
			return finish(CTL_DONE);
		}
	c->argc -= own;
	c->argv += own;
	status = v->run(c);
	if (status == CTL_USAGE && own > 0)
		fprintf(stderr, "usage: bootgatectl [-c FILE] %s%s%s %s\n", v->noun, v->name != NULL ? " " : "", v->name != NULL ? v->name : "", v->arguments);
	return finish(status);
}

int
main(int argc, char **argv)
{
	struct call c = { STATE_CONFIG, argc - 1, argv + 1 };
	const struct verb *v;

	log_open("bootgatectl", false);
	while (c.argc > 1 && (strcmp(c.argv[0], "-c") == 0 || strcmp(c.argv[0], "--config") == 0)) {
		c.config = c.argv[1];
		c.argc -= 2;
		c.argv += 2;
	}
	if (c.argc > 0 && asks_for_help(c.argv[0])) {
		usage(stdout, NULL);
		return finish(CTL_DONE);
	}
	if (c.argc > 0 && strcmp(c.argv[0], "--version") == 0) {
		puts("bootgatectl " BOOTGATE_VERSION);
		return finish(CTL_DONE);
	}
	v = c.argc > 0 ? find(c.argc, c.argv) : NULL;
	if (v != NULL)
		return run(v, &c);
	if (c.argc > 0 && is_noun(c.argv[0])) {
		bool help = c.argc > 1 && asks_for_help(c.argv[1]);

		usage(help ? stdout : stderr, c.argv[0]);
		return finish(help ? CTL_DONE : CTL_USAGE);
	}
	if (c.argc > 0)
		log_error("%s: there is no such verb", c.argv[0]);
	usage(stderr, NULL);
	return CTL_USAGE;
}
