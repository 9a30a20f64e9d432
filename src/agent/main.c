/* SPDX-License-Identifier: ISC */
/*
 * bootgate: the attester, and the gate.  A table of verbs; each is a page of its own.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/boot.h"
#include "agent/door.h"
#include "agent/enroll.h"
#include "agent/exit.h"
#include "agent/luks_enroll.h"
#include "agent/opened.h"
#include "base/file.h"
#include "base/log.h"
#include "base/memory.h"
#include "tpm/tpm.h"

static struct settings settings;

/* What the verbs' options leave. */
struct options {
	const char *config, *verifier, *token, *token_file, *label, *certificate, *kind, *passphrase_file, *root, *owner_auth, *endorsement_auth;
};

static const struct option long_options[] = {
	{ "config", required_argument, NULL, 'c' },
	{ "verifier", required_argument, NULL, 'v' },
	{ "token", required_argument, NULL, 't' },
	{ "token-file", required_argument, NULL, 'T' },
	{ "label", required_argument, NULL, 'l' },
	{ "ek-certificate", required_argument, NULL, 'e' },
	{ "key", required_argument, NULL, 'k' },
	{ "passphrase-file", required_argument, NULL, 'p' },
	{ "root", required_argument, NULL, 'r' },
	{ "owner-auth-file", required_argument, NULL, 'o' },
	{ "endorsement-auth-file", required_argument, NULL, 'E' },
	{ "debug", no_argument, NULL, 'd' },
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, 'V' },
	{ NULL, 0, NULL, 0 },
};

static const char usage[] =
	"usage: bootgate VERB [options]\n"
	"\n"
	"In the initramfs:\n"
	"  boot                   ask the verifiers for an approval, and people for the passphrase; open the volumes; close the door\n"
	"  door OUTCOME           close the door (PCR 13): shell, passphrase or left; switch off when it cannot be closed;\n"
	"                         for a shell, close what an approval opened as well\n"
	"      --root DEVICE        what is about to be mounted: unless all of it is volumes that bootgate opened, close those of the approval\n"
	"On the installed host:\n"
	"  enroll                 enrol this machine at a verifier\n"
	"      --verifier URL       https://HOST[:PORT]; default: the first of the configuration\n"
	"      --token T            an enrolment token; better: --token-file FILE, which no process list shows (\"-\": standard input)\n"
	"      --label NAME         a name for people; default: the host name\n"
	"      --key KIND           attestation key: p384, p256 or rsa2048; default: the first that the TPM can\n"
	"      --ek-certificate F   the EK certificate (DER), when the TPM holds none\n"
	"      --owner-auth-file F, --endorsement-auth-file F   the TPM's authorisation values, where they are set\n"
	"  luks-enroll DEVICE     a key slot and a token for a LUKS2 volume of this machine\n"
	"      --passphrase-file F  holds an existing passphrase; default: asked for at the terminal\n"
	"Everywhere:\n"
	"  -c, --config FILE      default: " SETTINGS_PATH "\n"
	"  -d, --debug            say more; never secrets\n"
	"  -h, --help  -V, --version\n"
	"\n"
	"Exit status: 0 done (boot: volumes open, door closed); 1 failed; 2 usage; 3 configuration; 4 denied, or gave up waiting;\n"
	"5 no TPM; 6 no verifier reachable; 7 the verifier refused. Hooks treat every status but 0 as shut.\n";

/* exit_status(s): the documented number for an outcome. */
static int
exit_status(enum status s)
{
	switch ((int)s) {
	case OK:
		return EXIT_DONE;
	case E_CONFIG:
		return EXIT_CONFIG;
	case E_DENIED:
	case E_HELD:
	case E_TIMEOUT:
		return EXIT_DENIED;
	case E_TPM:
	case E_TPM_LOST:
	case E_TPM_AUTH:
		return EXIT_TPM;
	case E_NETWORK:
	case E_TLS:
	case E_UNAVAILABLE:
		return EXIT_UNREACHABLE;
	case E_REFUSED:
		return EXIT_REFUSED;
	default:
		return EXIT_FAILED;
	}
}

static enum status
load(const struct options *o)
{
	enum status s = settings_load(o->config, &settings);

	return s == OK ? OK : E_CONFIG;
}

static int
verb_boot(const struct options *o, const char *argument)
{
	enum status s = load(o);

	(void)argument;
	return exit_status(s == OK ? boot_run(&settings) : s);
}

/* The door needs no configuration: it must close even when the image's files are broken. */
static void
load_for_door(const struct options *o)
{
	uint8_t memory[16384];
	struct buffer b = BUFFER(memory);
	unsigned line;
	const char *why;

	if (file_read(o->config, &b) != OK || settings_parse(buffer_view(&b), &settings, &line, &why) != OK)
		memset(&settings, 0, sizeof settings);
}

/* All or nothing: an honest volume is shown neither to a shell nor to a root that nobody vouches for. */
static int
verb_door(const struct options *o, const char *outcome)
{
	bool shell = strcmp(outcome, "shell") == 0, passphrase = strcmp(outcome, "passphrase") == 0, foreign;

	if (!door_outcome_known(outcome) || strcmp(outcome, "approved") == 0) {
		log_error("door: an outcome is shell, passphrase or left");
		return EXIT_USAGE;
	}
	load_for_door(o);
	door_close_or_poweroff(settings.tpm, outcome, bytes_of(NULL, 0));
	foreign = shell || (o->root != NULL && settings.root == ROOT_APPROVED && opened_check_root(o->root) != OK);
	if (foreign || passphrase)
		door_disown_or_poweroff(settings.tpm, outcome);
	if (foreign && opened_close_approved() != OK)
		door_poweroff("a volume that was opened by approval cannot be closed");
	return EXIT_DONE;
}

/* A secret that stands alone in a file, "-": standard input; its line end is not part of it. */
static enum status
read_secret(const char *path, char *text, size_t size)
{
	struct buffer b = buffer_of(text, size - 1);
	enum status s = file_read(strcmp(path, "-") == 0 ? "/dev/stdin" : path, &b);

	if (s != OK) {
		log_error("%s: %s", path, status_text(s));
		return s;
	}
	text[b.n] = '\0';
	text[strcspn(text, "\r\n")] = '\0';
	return OK;
}

static bool
parse_kind(const char *text, int *kind)
{
	static const char *const names[] = { [TPM_EK_P384] = "p384", [TPM_EK_P256] = "p256", [TPM_EK_RSA2048] = "rsa2048" };

	for (*kind = 0; text != NULL && *kind < TPM_EK_KINDS; ++*kind)
		if (strcmp(names[*kind], text) == 0)
			return true;
	*kind = TPM_EK_KINDS;
	if (text != NULL)
		log_error("--key is p384, p256 or rsa2048");
	return text == NULL;
}

/* The one named takes the place of those that are configured. */
static bool
take_verifier(const char *text)
{
	if (text == NULL)
		return true;
	settings.verifiers = 1;
	snprintf(settings.verifier_text[0], sizeof settings.verifier_text[0], "%s", text);
	if (url_parse(text, &settings.verifier[0]) == OK)
		return true;
	log_error("--verifier is https://HOST[:PORT], nothing more");
	return false;
}

/* The secrets of an enrolment; wiped as a whole. */
struct enroll_secrets {
	char token[TOKEN_TEXT_SIZE + 2], owner[SETTINGS_AUTH_MAX + 2], endorsement[SETTINGS_AUTH_MAX + 2];
};

static enum status
read_enroll_secrets(const struct options *o, struct enroll_secrets *secrets, struct enroll_options *e)
{
	enum status s = OK;

	if (o->token_file != NULL) {
		s = read_secret(o->token_file, secrets->token, sizeof secrets->token);
		e->token = secrets->token;
	}
	if (s == OK && o->owner_auth != NULL)
		s = read_secret(o->owner_auth, secrets->owner, sizeof secrets->owner);
	if (s == OK && o->endorsement_auth != NULL)
		s = read_secret(o->endorsement_auth, secrets->endorsement, sizeof secrets->endorsement);
	e->owner = bytes_of(secrets->owner, strlen(secrets->owner));
	e->endorsement = bytes_of(secrets->endorsement, strlen(secrets->endorsement));
	return s;
}

static int
verb_enroll(const struct options *o, const char *argument)
{
	struct enroll_options e = { .token = o->token, .label = o->label, .certificate = o->certificate };
	struct enroll_secrets secrets = { .token = "" };
	enum status s;

	(void)argument;
	memory_protect();
	s = load(o);
	if (!parse_kind(o->kind, &e.key_kind) || !take_verifier(o->verifier))
		return EXIT_USAGE;
	if (s == OK && settings.verifiers == 0) {
		log_error("--verifier https://HOST[:PORT] is needed, here or in %s", o->config);
		s = E_CONFIG;
	}
	if (s == OK)
		s = read_enroll_secrets(o, &secrets, &e);
	if (s == OK)
		s = enroll_run(&settings, &e);
	memory_wipe(&secrets, sizeof secrets);
	return exit_status(s);
}

static int
verb_luks_enroll(const struct options *o, const char *device)
{
	enum status s;

	memory_protect();
	s = load(o);
	return exit_status(s == OK ? luks_enroll_run(&settings, device, o->passphrase_file) : s);
}

static const struct verb {
	const char *name;
	bool argument, kmsg;
	int (*run)(const struct options *o, const char *argument);
} verbs[] = {
	{ "boot", false, true, verb_boot },
	{ "door", true, true, verb_door },
	{ "enroll", false, false, verb_enroll },
	{ "luks-enroll", true, false, verb_luks_enroll },
};

static int
fail_usage(const char *why)
{
	fprintf(stderr, "bootgate: %s\n%s", why, usage);
	return EXIT_USAGE;
}

/* -1: go on. */
static int
parse_options(int argc, char **argv, struct options *o)
{
	int c;

	while ((c = getopt_long(argc, argv, "c:dhV", long_options, NULL)) != -1) {
		switch (c) {
		case 'c': o->config = optarg; break;
		case 'v': o->verifier = optarg; break;
		case 't': o->token = optarg; break;
		case 'T': o->token_file = optarg; break;
		case 'l': o->label = optarg; break;
		case 'e': o->certificate = optarg; break;
		case 'k': o->kind = optarg; break;
		case 'p': o->passphrase_file = optarg; break;
		case 'r': o->root = optarg; break;
		case 'o': o->owner_auth = optarg; break;
		case 'E': o->endorsement_auth = optarg; break;
		case 'd': log_limit(LOG_LEVEL_DEBUG); break;
		case 'h': fputs(usage, stdout); return EXIT_DONE;
		case 'V': puts("bootgate " BOOTGATE_VERSION); return EXIT_DONE;
		default: fprintf(stderr, "%s", usage); return EXIT_USAGE;
		}
	}
	return -1;
}

int
main(int argc, char **argv)
{
	struct options o = { .config = SETTINGS_PATH };
	int status = parse_options(argc, argv, &o);

	if (status >= 0)
		return status;
	if (optind >= argc)
		return fail_usage("which verb?");
	for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++) {
		const struct verb *v = &verbs[i];

		if (strcmp(v->name, argv[optind]) != 0)
			continue;
		if (argc - optind - 1 != (v->argument ? 1 : 0))
			return fail_usage(v->argument ? "this verb takes one argument" : "this verb takes no argument");
		log_open("bootgate", v->kmsg);
		return v->run(&o, v->argument ? argv[optind + 1] : NULL);
	}
	return fail_usage("there is no such verb");
}
