/* SPDX-License-Identifier: ISC */
#include "ctl/eventlog_verb.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/log.h"
#include "base/text.h"
#include "eventlog/replay.h"
#include "eventlog/show.h"

/* Firmware has 64 KiB to 1 MiB for a log. */
#define LOG_SIZE_MAX (16 * 1024 * 1024)

enum { EXIT_DONE = 0, EXIT_REFUSED = 1, EXIT_USAGE = 2 };

static void
write_line(void *to, const char *line, size_t n)
{
	fwrite(line, 1, n, to);
}

static enum status
show_file(struct eventlog *log)
{
	const struct show show = { write_line, stdout };

	return show_log(&show, log);
}

static void
print_bank(const struct replay_bank *bank)
{
	char hex[2 * HASH_SIZE_MAX + 1];

	for (uint32_t pcr = 0; pcr < REPLAY_PCRS; pcr++)
		if (((bank->extended >> pcr) & 1) != 0)
			printf("%s %" PRIu32 " %s\n", hash_name(bank->alg), pcr,
			    text_hex(bytes_of(bank->pcr[pcr], hash_size(bank->alg)), hex, sizeof(hex)));
}

/* What a comparison with other tools may trip over. */
static void
warn_replay(const struct eventlog *log)
{
	for (size_t i = 0; i < log->algs; i++)
		if (!hash_known(log->alg[i].alg))
			log_warning("bank 0x%04x is in the log, but not replayed: unknown algorithm", log->alg[i].alg);
	if (log->locality != 0)
		log_info("PCR 0 starts with locality %u (StartupLocality)", log->locality);
	if (log->no_action > 0)
		log_info("EV_NO_ACTION events extend nothing (%zu here); tpm2_eventlog before 5.6 extends by them, and starts PCR 0 with zeros",
		    log->no_action);
	if (log->uneven > 0)
		log_warning("events without a digest for every algorithm listed: %zu; such a log is never approved", log->uneven);
}

static enum status
replay_file(struct eventlog *log)
{
	struct replay replay;
	enum status s = replay_log(&replay, log);

	if (s != OK)
		return s;
	for (size_t i = 0; i < replay.banks; i++)
		print_bank(&replay.bank[i]);
	warn_replay(log);
	return OK;
}

static const struct verb {
	const char *name;
	enum status (*run)(struct eventlog *log);
	const char *help;
} verbs[] = {
	{ "show", show_file, "its events, and what of each is proved by its digests" },
	{ "replay", replay_file, "the PCRs that it extends: bank, index, value" },
};

static void
usage(FILE *to)
{
	fprintf(to, "usage: bootgatectl eventlog VERB FILE\n\n");
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
		fprintf(to, "  %-7s %s\n", verbs[i].name, verbs[i].help);
	fprintf(to, "\nFILE is a firmware event log, as in /sys/kernel/security/tpm0/binary_bios_measurements; - is standard input.\n"
	            "Exit status: 0 done, 1 the log could not be read or is refused, 2 usage.\n");
}

static int
run_verb(const struct verb *verb, const char *path)
{
	uint8_t *memory = malloc(LOG_SIZE_MAX);
	struct buffer file = buffer_of(memory, LOG_SIZE_MAX);
	struct eventlog log;
	enum status s = memory == NULL ? E_MEMORY : file_read(strcmp(path, "-") == 0 ? "/dev/stdin" : path, &file);
	int result = EXIT_DONE;

	if (s != OK) {
		log_error("%s: %s", path, status_text(s));
		result = EXIT_REFUSED;
	} else {
		eventlog_begin(&log, buffer_view(&file), EVENTLOG_SHOW);
		s = verb->run(&log);
		if (fflush(stdout) != 0 || ferror(stdout) != 0) {
			log_error("standard output: %s", status_text(E_IO));
			result = EXIT_REFUSED;
		}
		if (s != OK) {
			log_error("%s: offset %zu: %s", path, log.fault_at, eventlog_fault_text(log.fault));
			result = EXIT_REFUSED;
		}
	}
	free(memory);
	return result;
}

int
eventlog_verb_run(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
			usage(stdout);
			return EXIT_DONE;
		}
	for (size_t i = 0; argc == 3 && i < sizeof(verbs) / sizeof(verbs[0]); i++)
		if (strcmp(argv[1], verbs[i].name) == 0)
			return run_verb(&verbs[i], argv[2]);
	usage(stderr);
	return EXIT_USAGE;
}
