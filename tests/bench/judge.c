/* SPDX-License-Identifier: ISC */
/*
 * How many approvals a second one judge gives: a judge process of bootgated is started as its supervisor starts it, and asked over
 * its stream as desk asks it.  The evidence is valid and fresh: quotes of a real boot's log, by AKs made here and entered in the
 * store, over nonces of this judge.  Evidence is made before the clock starts.
 *
 *     judge BOOTGATED CONFIGURATION LOG p256|p384 APPROVALS WAITING
 *
 * WAITING requests are kept waiting at a time.  Between rounds of them the bound is timed: the public-key operations that an approval
 * needs, by the objects that the judge is made of.  Prints approvals a second by the clock and by the judge's processor time, then the
 * bound by the clock and by processor time.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "crypto/ecdsa_sign.h"
#include "machine.h"
#include "verifier/frame.h"
#include "verifier/roles.h"

#define WAITING_MAX 64
#define ROUND 50 /* approvals; then as many times half the bound's operations */

static struct machine_client client[MACHINE_CLIENTS];
static pid_t pid;
static int stream;
static uint64_t sent_ever;

static double
now(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* --- the judge --- */

static void
start_judge(const char *program, const char *configuration)
{
	int ends[2], checks[2];

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0 || socketpair(AF_UNIX, SOCK_SEQPACKET, 0, checks) != 0)
		machine_fail("socketpair", "failed");
	pid = fork();
	if (pid == 0) {
		int a = fcntl(ends[1], F_DUPFD, 64), b = fcntl(checks[1], F_DUPFD, 64);

		if (a < 0 || b < 0 || dup2(a, ROLES_FD) < 0 || dup2(b, ROLES_FD + 1) < 0)
			_exit(1);
		close_range(ROLES_FD + 2, ~0U, 0);
		execl(program, program, "-c", configuration, "--role", "judge", "1", (char *)NULL);
		_exit(127);
	}
	close(ends[1]);
	close(checks[1]);
	stream = ends[0];
}

static void
ask(enum http_route route, struct bytes body)
{
	static uint8_t memory[EVIDENCE_SIZE_MAX];
	struct buffer b = BUFFER(memory);
	const struct frame_request f = { sent_ever++, route, { NULL, 0 }, body };

	frame_encode_request(&f, &b);
	machine_need(b.failed, "request");
	machine_need(file_write_all(stream, buffer_view(&b)), "the judge");
}

/* The next answer; ${space} holds its body. */
static void
hear(struct frame_answer *a, uint8_t *space, size_t size)
{
	uint8_t head[FRAME_HEAD];
	struct reader r = reader_of(BYTES(head));
	uint32_t n;

	machine_need(file_read_all(stream, head, sizeof head), "the judge");
	a->number = reader_be64(&r);
	a->status = reader_be16(&r);
	a->retry_after = reader_be16(&r);
	n = reader_be32(&r);
	if (n > size)
		machine_fail("answer", "too long");
	machine_need(file_read_all(stream, space, n), "the judge");
	a->body = bytes_of(space, n);
}

/* --- the load --- */

struct request {
	size_t n;
	uint8_t *p;
};

static void
prepare(struct request *q, size_t n)
{
	static uint8_t evidence[EVIDENCE_SIZE_MAX], answer[RESULT_SIZE_MAX];
	struct frame_answer a;
	struct challenge c;

	for (size_t i = 0; i < n; i++) {
		struct buffer b = BUFFER(evidence);

		ask(HTTP_ROUTE_CHALLENGE, bytes_of(NULL, 0));
		hear(&a, answer, sizeof answer);
		machine_need(a.status == 200 ? message_challenge_decode(a.body, &c) : E_UNAVAILABLE, "challenge");
		machine_evidence(&client[i % MACHINE_CLIENTS], c.nonce, &b);
		q[i].n = b.n;
		q[i].p = malloc(b.n);
		if (q[i].p == NULL)
			machine_fail("evidence", "memory");
		memcpy(q[i].p, b.p, b.n);
	}
}

static void
say_refusal(const struct frame_answer *a)
{
	struct problem p;

	if (message_problem_decode(a->body, &p) == OK)
		fprintf(stderr, "%.*s\n", (int)p.text.n, (const char *)p.text.p);
	else
		fprintf(stderr, "%.*s\n", (int)a->body.n, (const char *)a->body.p);
	machine_fail("not approved", "the judge's reason stands above");
}

/* --- the bound --- */

static struct {
	struct ec_private ak, approval, statement;
	struct hpke_private boot;
	struct digest of_ak, of_p256;
	uint8_t sig[EC_SIGNATURE_MAX];
	size_t n;
} bound;

static void
prepare_bound(enum ec_curve curve)
{
	machine_need(ec_generate(curve, &bound.ak), "key");
	machine_need(ec_generate(EC_P256, &bound.approval), "key");
	machine_need(ec_generate(EC_P256, &bound.statement), "key");
	machine_need(hpke_generate(&bound.boot), "key");
	bound.of_ak = hash_digest(ec_hash(curve), BYTES_STRING("quote"));
	bound.of_p256 = hash_digest(HASH_SHA256, BYTES_STRING("statement"));
	machine_need(ecdsa_sign(&bound.ak, bound.of_ak.alg, digest_view(&bound.of_ak), bound.sig, &bound.n), "signature");
}

/* The AK's signature, the statement's and the approval's, one network share. */
static void
bound_once(void)
{
	static const struct hpke_context context = { BYTES_STRING("bench"), { NULL, 0 }, { NULL, 0 }, { NULL, 0 } };
	uint8_t share[32] = { 1 }, sealed[128], sig[EC_SIGNATURE_MAX];
	struct buffer b = BUFFER(sealed);
	size_t n;

	machine_need(ec_verify(&bound.ak.public, digest_view(&bound.of_ak), bytes_of(bound.sig, bound.n)), "verify");
	machine_need(ecdsa_sign(&bound.statement, HASH_SHA256, digest_view(&bound.of_p256), sig, &n), "sign");
	machine_need(ecdsa_sign(&bound.approval, HASH_SHA256, digest_view(&bound.of_p256), sig, &n), "sign");
	machine_need(hpke_seal(bound.boot.pk, &context, BYTES(share), &b), "seal");
}

/* --- measuring --- */

/* Seconds by the clock, and of processor time. */
struct spent {
	size_t n;
	double wall, cpu;
};

static void
approve_round(const struct request *q, size_t n, size_t waiting, clockid_t processor, struct spent *s)
{
	static uint8_t answer[RESULT_SIZE_MAX];
	struct frame_answer a;
	double wall = now(CLOCK_MONOTONIC), cpu = now(processor);
	size_t sent = 0;

	for (size_t heard = 0; heard < n; heard++) {
		while (sent < n && sent - heard < waiting) {
			ask(HTTP_ROUTE_ATTEST, bytes_of(q[sent].p, q[sent].n));
			sent++;
		}
		hear(&a, answer, sizeof answer);
		if (a.status != 200)
			say_refusal(&a);
	}
	s->n += n;
	s->wall += now(CLOCK_MONOTONIC) - wall;
	s->cpu += now(processor) - cpu;
}

static void
bound_round(size_t n, struct spent *s)
{
	double wall = now(CLOCK_MONOTONIC), cpu = now(CLOCK_PROCESS_CPUTIME_ID);

	for (size_t i = 0; i < n; i++)
		bound_once();
	s->n += n;
	s->wall += now(CLOCK_MONOTONIC) - wall;
	s->cpu += now(CLOCK_PROCESS_CPUTIME_ID) - cpu;
}

static void
measure(const struct request *q, size_t n, size_t waiting)
{
	struct spent approvals = { 0, 0, 0 }, operations = { 0, 0, 0 };
	clockid_t processor;

	if (clock_getcpuclockid(pid, &processor) != 0)
		machine_fail("clock", "of the judge");
	for (size_t i = 0; i < n; i += ROUND) {
		approve_round(q + i, n - i < ROUND ? n - i : ROUND, waiting, processor, &approvals);
		bound_round(ROUND / 2, &operations);
	}
	printf("%.1f %.1f %.1f %.1f\n", (double)approvals.n / approvals.wall, (double)approvals.n / approvals.cpu,
		(double)operations.n / operations.wall, (double)operations.n / operations.cpu);
}

int
main(int argc, char **argv)
{
	struct request *q;
	enum ec_curve curve;
	size_t n, waiting;

	if (argc != 7) {
		fprintf(stderr, "usage: judge BOOTGATED CONFIGURATION LOG p256|p384 APPROVALS WAITING\n");
		return 2;
	}
	n = strtoul(argv[5], NULL, 10);
	waiting = strtoul(argv[6], NULL, 10);
	if (n == 0 || waiting == 0 || waiting > WAITING_MAX)
		machine_fail("arguments", "out of range");
	signal(SIGPIPE, SIG_IGN);
	curve = strcmp(argv[4], "p384") == 0 ? EC_P384 : EC_P256;
	machine_make_all(argv[2], argv[3], curve, client);
	prepare_bound(curve);
	q = calloc(n, sizeof *q);
	if (q == NULL)
		machine_fail("evidence", "memory");
	start_judge(argv[1], argv[2]);
	prepare(q, n);
	measure(q, n, waiting);
	close(stream);
	waitpid(pid, NULL, 0);
	return 0;
}
