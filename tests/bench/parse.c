/* SPDX-License-Identifier: ISC */
/*
 * Reading a firmware's event log, or a LUKS2 header, as agent and verifier do.
 *
 *     parse log|header FILE              once; prints what was read, one line
 *     parse log|header FILE SECONDS      again and again in memory; prints microseconds a time
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "eventlog/replay.h"
#include "luks/header.h"
#include "luks/token.h"

static uint8_t memory[2 * HEADER_COPY_MAX];

static double
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* --- event logs --- */

static bool
load_log(const char *path, struct bytes *in)
{
	struct buffer b = BUFFER(memory);
	enum status s = file_read(path, &b);

	*in = buffer_view(&b);
	return s == OK;
}

static bool
read_log(struct bytes in, bool say)
{
	static struct replay replay;
	struct eventlog log;

	eventlog_begin(&log, in, EVENTLOG_APPRAISE);
	if (replay_log(&replay, &log) != OK)
		return false;
	if (say)
		printf("%zu events, %zu banks\n", log.events, replay.banks);
	return true;
}

/* --- headers --- */

/* As much of the device as the decoder wants. */
static bool
load_header(const char *path, struct bytes *in)
{
	uint8_t block[HEADER_BINARY_SIZE];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t most = 0, n = 0;
	ssize_t got = 0;

	for (size_t i = 0; fd >= 0 && i < HEADER_PLACES; i++) {
		got = pread(fd, block, sizeof block, (off_t)header_places[i]);
		n = got == (ssize_t)sizeof block ? header_extent(header_places[i], block) : 0;
		most = n > most ? n : most;
	}
	for (n = 0; n < most && (got = pread(fd, memory + n, most - n, (off_t)n)) > 0;)
		n += (size_t)got;
	if (fd >= 0)
		close(fd);
	*in = bytes_of(memory, n);
	return most > 0 && n == most;
}

static bool
read_header(struct bytes in, bool say)
{
	static struct json json;
	static struct header header;
	static struct token token;
	uint8_t aad_bytes[METADATA_AAD_MAX];
	struct buffer aad = BUFFER(aad_bytes);
	const struct metadata_token *t;

	if (header_decode(in, &json, &header) != HEADER_OK || header.now.data.keyslot_count == 0)
		return false;
	t = metadata_token(&header.now.data, TOKEN_TYPE);
	if (t != NULL && token_decode(t->json, &json, &token) != OK)
		return false;
	if (header_aad(&header, t != NULL ? token.keyslot : header.now.data.keyslot[0].number, &aad) != HEADER_OK)
		return false;
	if (say)
		printf("%zu keyslots, %zu tokens, %zu bytes bound\n", header.now.data.keyslot_count, header.now.data.token_count, aad.n);
	return true;
}

static const struct kind {
	const char *name;
	bool (*load)(const char *path, struct bytes *in);
	bool (*read)(struct bytes in, bool say);
} kinds[] = {
	{ "log", load_log, read_log },
	{ "header", load_header, read_header },
};

static int
run(const struct kind *k, const char *path, double seconds)
{
	struct bytes in;
	double start, spent = 0;
	size_t n = 0;

	if (!k->load(path, &in) || !k->read(in, seconds == 0)) {
		fprintf(stderr, "parse: %s cannot be read as a %s\n", path, k->name);
		return 1;
	}
	for (start = now(); spent < seconds; spent = now() - start, n++)
		(void)k->read(in, false);
	if (n > 0)
		printf("%.1f\n", spent * 1e6 / (double)n);
	return 0;
}

int
main(int argc, char **argv)
{
	for (size_t i = 0; argc >= 3 && argc <= 4 && i < sizeof kinds / sizeof *kinds; i++)
		if (strcmp(argv[1], kinds[i].name) == 0)
			return run(&kinds[i], argv[2], argc == 4 ? atof(argv[3]) : 0);
	fprintf(stderr, "usage: parse log|header FILE [SECONDS]\n");
	return 2;
}
