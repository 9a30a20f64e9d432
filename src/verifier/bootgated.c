/* SPDX-License-Identifier: ISC */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/log.h"
#include "verifier/roles.h"

static const char usage[] =
	"usage: bootgated -c FILE         serve, as the configuration file says (bootgated.conf(5))\n"
	"       bootgated -c FILE -t      only check the configuration file\n"
	"       bootgated --version\n"
	"\n"
	"SIGHUP reads configuration, delegations and certificate again; SIGTERM ends when what is under way is done.\n"
	"Exit codes: 0 ended when told to, 1 could not start or go on, 2 usage, 3 error in the configuration.\n";

enum exit_code { EXIT_USAGE = 2, EXIT_CONFIG = 3 };

static const struct {
	const char *name, *log;
	int (*run)(const struct config *, unsigned);
} roles[] = {
	{ "front", "bootgated[front]", front_run },
	{ "desk", "bootgated[desk]", desk_run },
	{ "judge", "bootgated[judge]", judge_run },
};

static int
run_role(const char *name, const char *number, const struct config *c)
{
	for (size_t i = 0; i < sizeof roles / sizeof *roles; i++)
		if (strcmp(roles[i].name, name) == 0) {
			log_open(roles[i].log, false);
			return roles[i].run(c, (unsigned)strtoul(number, NULL, 10));
		}
	return EXIT_USAGE;
}

int
main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "config", required_argument, NULL, 'c' },
		{ "test", no_argument, NULL, 't' },
		{ "role", required_argument, NULL, 'r' },
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'v' },
		{ NULL, 0, NULL, 0 },
	};
	static struct config c;
	const char *path = NULL, *role = NULL;
	bool test = false;
	char why[512];
	int o;

	log_open("bootgated", false);
	umask(077);
	while ((o = getopt_long(argc, argv, "c:th", options, NULL)) != -1) {
		switch (o) {
		case 'c':
			path = optarg;
			break;
		case 't':
			test = true;
			break;
		case 'r':
			role = optarg;
			break;
		case 'h':
			fputs(usage, stdout);
			return 0;
		case 'v':
			puts("bootgated " BOOTGATE_VERSION);
			return 0;
		default:
			fputs(usage, stderr);
			return EXIT_USAGE;
		}
	}
	if (path == NULL || argc - optind != (role != NULL ? 1 : 0)) {
		fputs(usage, stderr);
		return EXIT_USAGE;
	}
	if (config_load(path, &c, why, sizeof why) != OK) {
		log_error("%s", why);
		return EXIT_CONFIG;
	}
	log_limit(c.debug ? LOG_LEVEL_DEBUG : LOG_LEVEL_INFO);
	if (role != NULL)
		return run_role(role, argv[optind], &c);
	return test ? 0 : supervise_run(path, &c);
}
