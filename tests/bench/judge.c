/* SPDX-License-Identifier: ISC */
/*
 * How many approvals a second one judge gives: a judge process of bootgated is started as its supervisor starts it, and asked over
 * its stream as desk asks it.  The evidence is valid and fresh: quotes of a real boot's log, by AKs made here and entered in the
 * store, over nonces of this judge.  Evidence is made before the clock starts.
 *
 *     judge BOOTGATED CONFIGURATION LOG p256|p384 APPROVALS WAITING
 *
 * WAITING requests are kept waiting at a time.  Prints: approvals a second by the clock, and by the judge's processor time.
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
#include "crypto/random.h"
#include "eventlog/replay.h"
#include "store/keys.h"
#include "store/store.h"
#include "verifier/frame.h"
#include "verifier/roles.h"

#define MACHINES 32
#define WAITING_MAX 64
#define HANDLE UINT32_C(0x018b4701)
#define MAGIC UINT32_C(0xff544347)
#define QUOTE 0x8018

/* A machine with a software AK. */
struct client {
	struct machine record;
	struct ec_private ak;
	struct name ek;
	uint8_t share[SHARE_ID_SIZE], hpke[32];
	uint32_t boots;
};

static struct {
	struct config config;
	struct keys keys;
	struct bytes log;
	struct replay replay;
	enum hash_alg alg; /* of the AKs */
	struct digest pcrs;
	struct client client[MACHINES];
	pid_t pid;
	int stream;
	uint64_t sent;
} w;

static void
fail(const char *what, const char *why)
{
	fprintf(stderr, "judge: %s: %s\n", what, why);
	exit(1);
}

static void
need(enum status s, const char *what)
{
	if (s != OK)
		fail(what, status_text(s));
}

static double
now(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* --- machines --- */

/* An EC key as its TPM would show it: a template, and then its point instead of two empty coordinates. */
static size_t
encode_public(const struct ec_public *k, uint8_t out[PUBLIC_SIZE_MAX])
{
	struct buffer b = buffer_of(out, PUBLIC_SIZE_MAX);
	size_t n = ec_field_size(k->curve);

	need(public_encode_ak_template(PUBLIC_ECC, k->curve, &b), "template");
	b.n -= 4;
	buffer_sized16(&b, bytes_of(k->x, n));
	buffer_sized16(&b, bytes_of(k->y, n));
	need(b.failed, "public area");
	return b.n;
}

static void
make_share(struct store *st, const struct client *c)
{
	struct store_share share = { .n = 0 };
	struct buffer b = BUFFER(share.wrapped);
	uint8_t aad[MACHINE_ID_SIZE + SHARE_ID_SIZE], secret[SHARE_SIZE];

	memcpy(share.machine, c->record.id, sizeof share.machine);
	memcpy(share.id, c->share, sizeof share.id);
	memcpy(aad, share.machine, sizeof share.machine);
	memcpy(aad + sizeof share.machine, share.id, sizeof share.id);
	need(random_fill(secret, sizeof secret), "random");
	need(keys_wrap(w.keys.master, STORE_SHARE_PURPOSE, BYTES(aad), BYTES(secret), &b), "share");
	share.n = b.n;
	need(store_share_put(st, &share), "share");
}

static void
make_machine(struct store *st, enum ec_curve curve, struct client *c)
{
	struct machine *m = &c->record;
	struct hpke_private key;
	struct public_area ek;
	struct ec_private k;

	need(ec_generate(curve, &c->ak), "AK");
	m->ak_n = encode_public(&c->ak.public, m->ak);
	need(ec_generate(EC_P256, &k), "EK");
	m->ek_n = encode_public(&k.public, m->ek);
	need(public_decode(bytes_of(m->ek, m->ek_n), &ek), "EK");
	need(public_name(&ek, &c->ek), "EK");
	public_id(&ek, m->id);
	need(hpke_generate(&key), "machine key");
	memcpy(m->machine_key, key.pk, sizeof m->machine_key);
	need(hpke_generate(&key), "HPKE key");
	memcpy(c->hpke, key.pk, sizeof c->hpke);
	snprintf(m->label, sizeof m->label, "bench");
	snprintf(m->policy, sizeof m->policy, "%s", w.config.default_policy);
	m->active = true;
	m->epoch = w.keys.delegation[0].epoch;
	m->nv_handle = HANDLE;
	m->nv_handle_next = HANDLE + 1;
	need(random_fill(c->share, sizeof c->share), "random");
	need(store_machine_put(st, m), "machine");
	make_share(st, c);
}

static void
make_machines(enum ec_curve curve)
{
	char path[PATH_MAX + 16], why[512] = "";
	struct store *st;

	snprintf(path, sizeof path, "%s/" STORE_FILE, w.config.state);
	if (store_open(path, STORE_READ_WRITE, &st, why, sizeof why) != OK)
		fail(path, why);
	need(store_begin(st), "database");
	for (size_t i = 0; i < MACHINES; i++)
		make_machine(st, curve, &w.client[i]);
	need(store_commit(st), "database");
	store_close(st);
}

/* What a quote over PCR 0-15 in the log's banks shows. */
static void
make_pcrs(void)
{
	static uint8_t values[REPLAY_BANKS_MAX][16 * HASH_SIZE_MAX];
	struct bytes view[REPLAY_BANKS_MAX];
	struct eventlog log;

	eventlog_begin(&log, w.log, EVENTLOG_APPRAISE);
	need(replay_log(&w.replay, &log), "event log");
	for (size_t i = 0; i < w.replay.banks; i++) {
		struct buffer b = BUFFER(values[i]);

		for (uint32_t pcr = 0; pcr < 16; pcr++)
			buffer_bytes(&b, replay_value(&w.replay, w.replay.bank[i].alg, pcr));
		view[i] = buffer_view(&b);
	}
	need(quote_pcr_digest(w.alg, view, w.replay.banks, &w.pcrs), "PCRs");
}

/* --- evidence --- */

static void
encode_quote(const struct client *c, const uint8_t digest[32], struct buffer *out)
{
	buffer_be32(out, MAGIC);
	buffer_be16(out, QUOTE);
	buffer_sized16(out, name_view(&c->ek));
	buffer_sized16(out, bytes_of(digest, 32));
	buffer_be64(out, 1000 + c->boots);
	buffer_be32(out, c->boots);
	buffer_be32(out, 0);
	buffer_u8(out, 1);
	buffer_be64(out, 7);
	buffer_be32(out, (uint32_t)w.replay.banks);
	for (size_t i = 0; i < w.replay.banks; i++) {
		buffer_be16(out, (uint16_t)w.replay.bank[i].alg);
		buffer_bytes(out, bytes_of("\x03\xff\xff\x00", 4));
	}
	buffer_sized16(out, digest_view(&w.pcrs));
}

static void
sign_quote(const struct client *c, struct bytes quote, struct buffer *out)
{
	struct digest d = hash_digest(w.alg, quote);
	uint8_t sig[EC_SIGNATURE_MAX];
	size_t n;

	need(ecdsa_sign(&c->ak, w.alg, digest_view(&d), sig, &n), "quote");
	buffer_be16(out, SCHEME_ECDSA);
	buffer_be16(out, (uint16_t)w.alg);
	buffer_sized16(out, bytes_of(sig, n / 2));
	buffer_sized16(out, bytes_of(sig + n / 2, n / 2));
}

/* The next boot of a machine, to ${nonce}. */
static void
make_evidence(struct client *c, struct bytes nonce, struct buffer *out)
{
	uint8_t binding_bytes[BINDING_SIZE_MAX], quote_bytes[QUOTE_SIZE_MAX], signature_bytes[SIGNATURE_SIZE_MAX], nonce_tpm[GATE_NONCE_SIZE];
	uint8_t users_bytes[16], digest[HASH_SIZE_MAX];
	struct buffer binding = BUFFER(binding_bytes), quote = BUFFER(quote_bytes), signature = BUFFER(signature_bytes), users = BUFFER(users_bytes);
	const struct user_events none = { .n = 0 };
	struct binding b = { .purpose = PURPOSE_BOOT, .salting_key = c->ek, .indices = 1, .index = { { HANDLE, c->record.epoch } },
		.seals = 1, .seal = { { .epoch = c->record.epoch } }, .nonce = nonce, .nonce_tpm = BYTES(nonce_tpm) };
	struct evidence e;

	c->boots++;
	need(random_fill(nonce_tpm, sizeof nonce_tpm), "random");
	need(message_user_events_encode(&none, &users), "user events");
	memcpy(b.machine, c->record.id, sizeof b.machine);
	memcpy(b.machine_key, c->record.machine_key, sizeof b.machine_key);
	memcpy(b.seal[0].share, c->share, sizeof b.seal[0].share);
	memcpy(b.hpke_key, c->hpke, sizeof b.hpke_key);
	hash_compute(HASH_SHA256, w.log, digest);
	memcpy(b.event_log, digest, sizeof b.event_log);
	hash_compute(HASH_SHA256, buffer_view(&users), digest);
	memcpy(b.user_events, digest, sizeof b.user_events);
	need(message_binding_encode(&b, &binding), "binding");
	hash_compute(HASH_SHA256, buffer_view(&binding), digest);
	encode_quote(c, digest, &quote);
	sign_quote(c, buffer_view(&quote), &signature);
	e = (struct evidence){ buffer_view(&binding), buffer_view(&quote), buffer_view(&signature), w.log, buffer_view(&users) };
	need(message_evidence_encode(&e, out), "evidence");
}

/* --- the judge --- */

static void
start_judge(const char *program, const char *configuration)
{
	int stream[2], checks[2];

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, stream) != 0 || socketpair(AF_UNIX, SOCK_SEQPACKET, 0, checks) != 0)
		fail("socketpair", "failed");
	w.pid = fork();
	if (w.pid == 0) {
		int a = fcntl(stream[1], F_DUPFD, 64), b = fcntl(checks[1], F_DUPFD, 64), quiet = open("/dev/null", O_WRONLY | O_CLOEXEC);

		if (a < 0 || b < 0 || quiet < 0 || dup2(a, ROLES_FD) < 0 || dup2(b, ROLES_FD + 1) < 0 || dup2(quiet, STDERR_FILENO) < 0)
			_exit(1);
		close_range(ROLES_FD + 2, ~0U, 0);
		execl(program, program, "-c", configuration, "--role", "judge", "1", (char *)NULL);
		_exit(127);
	}
	close(stream[1]);
	close(checks[1]);
	w.stream = stream[0];
}

static void
ask(enum http_route route, struct bytes body)
{
	static uint8_t memory[EVIDENCE_SIZE_MAX];
	struct buffer b = BUFFER(memory);
	const struct frame_request f = { w.sent++, route, { NULL, 0 }, body };

	frame_encode_request(&f, &b);
	need(b.failed, "request");
	need(file_write_all(w.stream, buffer_view(&b)), "the judge");
}

/* The next answer; ${space} holds its body. */
static void
hear(struct frame_answer *a, uint8_t *space, size_t size)
{
	uint8_t head[FRAME_HEAD];
	struct reader r = reader_of(BYTES(head));
	uint32_t n;

	need(file_read_all(w.stream, head, sizeof head), "the judge");
	a->number = reader_be64(&r);
	a->status = reader_be16(&r);
	a->retry_after = reader_be16(&r);
	n = reader_be32(&r);
	if (n > size)
		fail("answer", "too long");
	need(file_read_all(w.stream, space, n), "the judge");
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
		need(a.status == 200 ? message_challenge_decode(a.body, &c) : E_UNAVAILABLE, "challenge");
		make_evidence(&w.client[i % MACHINES], c.nonce, &b);
		q[i].n = b.n;
		q[i].p = malloc(b.n);
		if (q[i].p == NULL)
			fail("evidence", "memory");
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
	fail("not approved", "the judge's reason stands above");
}

static void
measure(const struct request *q, size_t n, size_t waiting)
{
	static uint8_t answer[RESULT_SIZE_MAX];
	struct frame_answer a;
	clockid_t processor;
	double wall, cpu;
	size_t sent = 0;

	if (clock_getcpuclockid(w.pid, &processor) != 0)
		fail("clock", "of the judge");
	wall = now(CLOCK_MONOTONIC);
	cpu = now(processor);
	for (size_t heard = 0; heard < n; heard++) {
		while (sent < n && sent - heard < waiting) {
			ask(HTTP_ROUTE_ATTEST, bytes_of(q[sent].p, q[sent].n));
			sent++;
		}
		hear(&a, answer, sizeof answer);
		if (a.status != 200)
			say_refusal(&a);
	}
	wall = now(CLOCK_MONOTONIC) - wall;
	cpu = now(processor) - cpu;
	printf("%.1f %.1f\n", (double)n / wall, (double)n / cpu);
}

int
main(int argc, char **argv)
{
	static uint8_t log[EVENT_LOG_SIZE_MAX];
	struct buffer b = BUFFER(log);
	char why[512] = "";
	struct request *q;
	size_t n, waiting;
	enum ec_curve curve;

	if (argc != 7) {
		fprintf(stderr, "usage: judge BOOTGATED CONFIGURATION LOG p256|p384 APPROVALS WAITING\n");
		return 2;
	}
	curve = strcmp(argv[4], "p384") == 0 ? EC_P384 : EC_P256;
	n = strtoul(argv[5], NULL, 10);
	waiting = strtoul(argv[6], NULL, 10);
	if (n == 0 || waiting == 0 || waiting > WAITING_MAX)
		fail("arguments", "out of range");
	signal(SIGPIPE, SIG_IGN);
	if (config_load(argv[2], &w.config, why, sizeof why) != OK || keys_load(w.config.state, w.config.authority, &w.keys, why, sizeof why) != OK)
		fail(argv[2], why);
	if (w.keys.delegations == 0)
		fail(w.config.state, "no delegation");
	need(file_read(argv[3], &b), argv[3]);
	w.log = buffer_view(&b);
	w.alg = ec_hash(curve);
	make_pcrs();
	make_machines(curve);
	q = calloc(n, sizeof *q);
	if (q == NULL)
		fail("evidence", "memory");
	start_judge(argv[1], argv[2]);
	prepare(q, n);
	measure(q, n, waiting);
	close(w.stream);
	waitpid(w.pid, NULL, 0);
	return 0;
}
