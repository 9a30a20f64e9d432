/* SPDX-License-Identifier: ISC */
/*
 * Honest machines: each asks again and again on a connection of its own, challenge and evidence, and says how it was served.
 *
 *     load CONFIGURATION LOG TLS-CA SECONDS CLIENTS CHALLENGE-URL [ATTEST-URL]
 *
 * Enters its machines in the store, prints "ready", waits for a line on standard input.  Then one line for each try that was not served by an
 * approval, "refused CODE-OF-THE-PROBLEM HTTP-STATUS" or "failed WHY"; "approved RECORD" for each approval, as soon as it is there; at the end
 * "served N failed N tries N median MS p99 MS".  A boot tries again as an agent does, for a minute; then it has failed.  With another URL for the evidence, a "challenge-again" is followed by both at that one, as it asks.
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "../bench/machine.h"
#include "base/file.h"
#include "net/https.h"
#include "protocol/cose.h"

#define WAIT 30
#define PATIENCE 60
#define SAMPLES 100000

static struct machine_client client[MACHINE_CLIENTS];
static struct url at[2]; /* challenge, evidence */
static struct trust trust;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static double sample[SAMPLES], ends;
static size_t samples, failures, tries;
static int notes = -1;

static double
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void
say(const char *line)
{
	size_t n = strlen(line);

	if (write(STDOUT_FILENO, line, n) != (ssize_t)n)
		exit(1);
}

static void
failed(const char *what, const char *why)
{
	char line[300];

	snprintf(line, sizeof line, "%s %s\n", what, why);
	say(line);
}

static bool
exchange(const struct url *u, const char *path, struct bytes body, struct buffer *in, struct https_answer *a)
{
	struct https *h = NULL;
	enum status s = https_open(u, &trust, WAIT, &h);

	memset(a, 0, sizeof *a);
	in->n = 0;
	if (s == OK)
		s = https_send(h, "POST", path, body);
	if (s == OK)
		s = https_receive(h, WAIT, in, a);
	if (s != OK)
		failed("failed", h != NULL ? https_error(h) : status_text(s));
	https_close(h);
	return s == OK;
}

static void
refused(const struct https_answer *a)
{
	struct problem p;
	char text[120] = "?";

	if (message_problem_decode(a->body, &p) == OK)
		snprintf(text, sizeof text, "%.*s %u", (int)p.code.n, (const char *)p.code.p, a->code);
	failed("refused", text);
}

/* note(): in the log of tests/verifier/power.c, so that it stands among the writes that went before. */
static void
note(uint64_t record)
{
	static const char head[] = "\0\0\0\x08" "approvedA";
	uint8_t bytes[13 + 8 + 4];

	memcpy(bytes, head, 13);
	for (unsigned i = 0; i < 8; i++)
		bytes[13 + i] = (uint8_t)(record >> (56 - 8 * i));
	memset(bytes + 21, 0, 4);
	if (notes >= 0 && write(notes, bytes, sizeof bytes) != (ssize_t)sizeof bytes)
		exit(1);
}

static void
approved(struct bytes body)
{
	uint8_t space[STATEMENT_SIZE_MAX + 1024];
	struct buffer scratch = BUFFER(space);
	struct bytes claims;
	struct statement m;
	struct result r;
	char line[64];

	if (message_result_decode(body, &r) != OK || cose_verify(&r.statement_key, r.statement, &scratch, &claims) != OK ||
		message_statement_decode(claims, &m) != OK) {
		failed("failed", "an approval that is none");
		return;
	}
	snprintf(line, sizeof line, "approved %llu\n", (unsigned long long)m.record);
	say(line);
	note(m.record);
}

/* boot(): E_RANGE when it should be tried at one verifier. */
static enum status
boot(struct machine_client *c, const struct url *first, struct buffer *evidence)
{
	uint8_t challenge_bytes[CHALLENGE_SIZE_MAX], result[RESULT_SIZE_MAX];
	struct buffer in = BUFFER(challenge_bytes), out = BUFFER(result);
	struct https_answer a;
	struct challenge q;

	if (!exchange(first, "/v1/challenge", bytes_of(NULL, 0), &in, &a))
		return E_NETWORK;
	if (a.code != 200 || message_challenge_decode(a.body, &q) != OK) {
		refused(&a);
		return E_REFUSED;
	}
	evidence->n = 0;
	machine_evidence(c, q.nonce, evidence);
	if (!exchange(&at[1], "/v1/attest", buffer_view(evidence), &out, &a))
		return E_NETWORK;
	if (a.code == 200)
		approved(a.body);
	else
		refused(&a);
	return a.code == 200 ? OK : a.code == 409 ? E_RANGE : E_REFUSED;
}

static void *
run(void *arg)
{
	uint8_t *memory = malloc(EVIDENCE_SIZE_MAX);
	struct buffer evidence = buffer_of(memory, EVIDENCE_SIZE_MAX);

	while (memory != NULL && now() < ends) {
		double begin = now();
		enum status s = boot(arg, &at[0], &evidence);
		size_t n = 1;

		for (; s != OK && now() - begin < PATIENCE; n++) {
			if (s != E_RANGE)
				usleep(200000);
			s = boot(arg, &at[s == E_RANGE], &evidence);
		}
		pthread_mutex_lock(&lock);
		tries += n;
		failures += s != OK;
		if (s == OK && samples < SAMPLES)
			sample[samples++] = now() - begin;
		pthread_mutex_unlock(&lock);
	}
	free(memory);
	return NULL;
}

static int
compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

int
main(int argc, char **argv)
{
	static uint8_t memory[65536];
	struct buffer b = BUFFER(memory);
	pthread_t thread[MACHINE_CLIENTS];
	size_t clients;
	char line[160];

	if (argc != 7 && argc != 8) {
		fprintf(stderr, "usage: load CONFIGURATION LOG TLS-CA SECONDS CLIENTS CHALLENGE-URL [ATTEST-URL]\n");
		return 2;
	}
	clients = strtoul(argv[5], NULL, 10);
	if (clients == 0 || clients > MACHINE_CLIENTS)
		machine_fail("clients", "out of range");
	machine_need(url_parse(argv[6], &at[0]), argv[6]);
	machine_need(url_parse(argv[argc - 1], &at[1]), argv[argc - 1]);
	machine_need(file_read(argv[3], &b), argv[3]);
	machine_need(trust_parse(buffer_view(&b), &trust), argv[3]);
	machine_make_all(argv[1], argv[2], EC_P256, client);
	if (getenv("POWER_LOG") != NULL)
		notes = open(getenv("POWER_LOG"), O_WRONLY | O_APPEND | O_CREAT, 0600);
	say("ready\n");
	if (fgets(line, sizeof line, stdin) == NULL)
		return 1;
	ends = now() + strtod(argv[4], NULL);
	for (size_t i = 0; i < clients; i++)
		if (pthread_create(&thread[i], NULL, run, &client[i]) != 0)
			machine_fail("thread", "cannot be made");
	for (size_t i = 0; i < clients; i++)
		pthread_join(thread[i], NULL);
	qsort(sample, samples, sizeof *sample, compare);
	snprintf(line, sizeof line, "served %zu failed %zu tries %zu median %.1f p99 %.1f\n", samples, failures, tries,
		samples > 0 ? 1e3 * sample[samples / 2] : 0.0, samples > 0 ? 1e3 * sample[samples * 99 / 100] : 0.0);
	say(line);
	return 0;
}
