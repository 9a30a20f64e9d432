/* SPDX-License-Identifier: ISC */
/*
 * Approvals a second of a whole verifier: machines that come one after the other on TLS connections that stay open, each by two
 * requests, challenge and evidence.  Their AKs are software, so the quotes' signatures cost this host what a TPM would do elsewhere.
 *
 *     clients URL TLS-CA CONFIGURATION LOG p256|p384 APPROVALS CLIENTS
 *
 * Prints approvals a second.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/file.h"
#include "machine.h"
#include "net/https.h"

#define SECONDS 30

static struct machine_client client[MACHINE_CLIENTS];
static struct url url;
static struct trust trust;
static atomic_long left;

static double
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void
exchange(struct https *h, const char *path, struct bytes body, struct buffer *in, struct https_answer *a)
{
	machine_need(https_send(h, "POST", path, body), path);
	machine_need(https_receive(h, SECONDS, in, a), path);
	if (a->code != 200)
		machine_fail(path, "not approved");
}

static void *
run(void *arg)
{
	struct machine_client *c = arg;
	size_t size = EVIDENCE_SIZE_MAX;
	uint8_t *memory = malloc(size), challenge_bytes[CHALLENGE_SIZE_MAX], result[RESULT_SIZE_MAX];
	struct https *h = NULL;

	machine_need(memory == NULL ? E_MEMORY : https_open(&url, &trust, SECONDS, &h), "connection");
	while (atomic_fetch_sub(&left, 1) > 0) {
		struct buffer in = BUFFER(challenge_bytes), out = BUFFER(result), evidence = buffer_of(memory, size);
		struct https_answer a;
		struct challenge q;

		exchange(h, "/v1/challenge", bytes_of(NULL, 0), &in, &a);
		machine_need(message_challenge_decode(a.body, &q), "challenge");
		machine_evidence(c, q.nonce, &evidence);
		machine_need(evidence.failed, "evidence");
		exchange(h, "/v1/attest", buffer_view(&evidence), &out, &a);
	}
	https_close(h);
	free(memory);
	return NULL;
}

int
main(int argc, char **argv)
{
	static uint8_t memory[65536];
	struct buffer b = BUFFER(memory);
	pthread_t thread[MACHINE_CLIENTS];
	size_t clients;
	double start;
	long n;

	if (argc != 8) {
		fprintf(stderr, "usage: clients URL TLS-CA CONFIGURATION LOG p256|p384 APPROVALS CLIENTS\n");
		return 2;
	}
	n = atol(argv[6]);
	clients = strtoul(argv[7], NULL, 10);
	if (n <= 0 || clients == 0 || clients > MACHINE_CLIENTS)
		machine_fail("arguments", "out of range");
	machine_need(url_parse(argv[1], &url), argv[1]);
	machine_need(file_read(argv[2], &b), argv[2]);
	machine_need(trust_parse(buffer_view(&b), &trust), argv[2]);
	machine_make_all(argv[3], argv[4], strcmp(argv[5], "p384") == 0 ? EC_P384 : EC_P256, client);
	atomic_init(&left, n);
	start = now();
	for (size_t i = 0; i < clients; i++)
		if (pthread_create(&thread[i], NULL, run, &client[i]) != 0)
			machine_fail("thread", "cannot be made");
	for (size_t i = 0; i < clients; i++)
		pthread_join(thread[i], NULL);
	printf("%.1f\n", (double)n / (now() - start));
	return 0;
}
