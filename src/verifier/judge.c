/* SPDX-License-Identifier: ISC */
#include "verifier/judge.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/text.h"
#include "verifier/confine.h"

#define BATCH_MAX 32
#define INPUT_SIZE (8u * 1024 * 1024)
#define ANSWER_SIZE (RESULT_SIZE_MAX + 1024)
#define FILES 64

/* Requests that were read, and the answers to a batch of them. */
struct tray {
	uint8_t *input;
	size_t n;
	struct job job[BATCH_MAX];
	uint8_t answer[BATCH_MAX][ANSWER_SIZE];
	uint8_t state[BATCH_MAX][STORE_SESSION_STATE_MAX];
	uint8_t out[FRAME_HEAD + ANSWER_SIZE];
};

uint64_t
judge_now(void)
{
	return (uint64_t)time(NULL);
}

const char *
judge_name(const uint8_t id[MACHINE_ID_SIZE], const char *label, char out[JUDGE_NAME_MAX])
{
	char hex[17];

	text_hex(bytes_of(id, 8), hex, sizeof hex);
	snprintf(out, JUDGE_NAME_MAX, label[0] != '\0' ? "%s %s" : "%s", hex, label);
	return out;
}

void
judge_refuse(struct job *job, unsigned status, const char *code, const char *text)
{
	const struct problem p = { bytes_of(code, strlen(code)), bytes_of(text, strlen(text)) };

	job->decide = NULL;
	job->status = (uint16_t)status;
	job->retry_after = status == 503 ? 2 : status == 429 ? 60 : 0;
	job->answer.n = 0;
	job->answer.failed = OK;
	if (message_problem_encode(&p, &job->answer) != OK)
		job->answer.n = 0;
}

/* --- the small routes --- */

static void
prepare_challenge(struct judge *j, struct job *job)
{
	uint8_t nonce[NONCE_SIZE];
	const struct challenge c = { BYTES(nonce), bytes_of(j->config->name, strlen(j->config->name)) };

	if (nonce_make(j->nonce_key, j->verifier, judge_now(), nonce) != OK || message_challenge_encode(&c, &job->answer) != OK) {
		judge_refuse(job, 503, "failed", "the verifier cannot make a nonce");
		return;
	}
	job->status = 200;
}

/* An id that nobody has is answered like one that is decided: who asks learns nothing, and attests again. */
static void
prepare_hold(struct judge *j, struct job *job)
{
	uint8_t id[HOLD_ID_SIZE];
	char hex[HTTP_PARAMETER_MAX + 1];
	struct store_hold h = { .state = HOLD_USED };
	size_t n = 0;
	enum status s = E_NOT_FOUND;

	snprintf(hex, sizeof hex, "%.*s", (int)job->request.parameter.n, (const char *)job->request.parameter.p);
	if (text_unhex(hex, id, sizeof id, &n) == OK && n == sizeof id)
		s = store_hold_get(j->store, id, &h);
	if ((s != OK && s != E_NOT_FOUND) || message_hold_encode(s != OK || h.state != HOLD_WAITING, &job->answer) != OK) {
		judge_refuse(job, 503, "failed", "the verifier cannot read its database");
		return;
	}
	job->status = 200;
}

static void
prepare_health(struct judge *j, struct job *job)
{
	uint64_t generation;

	if (store_generation(j->store, &generation) != OK) {
		judge_refuse(job, 503, "failed", "the verifier cannot read its database");
		return;
	}
	buffer_bytes(&job->answer, BYTES_STRING("ok\n"));
	job->status = 200;
}

/* --- a batch --- */

static const struct {
	void (*prepare)(struct judge *j, struct job *job);
	bool needs_delegation;
} routes[] = {
	[HTTP_ROUTE_CHALLENGE] = { prepare_challenge, true },
	[HTTP_ROUTE_ATTEST] = { attest_prepare, true },
	[HTTP_ROUTE_VOLUME] = { attest_prepare, true },
	[HTTP_ROUTE_ENROLL_BEGIN] = { enroll_prepare_begin, true },
	[HTTP_ROUTE_ENROLL_FINISH] = { enroll_prepare_finish, true },
	[HTTP_ROUTE_HOLD] = { prepare_hold, false },
	[HTTP_ROUTE_HEALTH] = { prepare_health, false },
};

static void
prepare(struct judge *j, struct job *job)
{
	if (routes[job->request.route].needs_delegation && j->keys.delegations == 0) {
		judge_refuse(job, 503, "no-delegation", "this verifier has no delegation; run on the operator's machine: bootgatectl authority delegate");
		return;
	}
	routes[job->request.route].prepare(j, job);
}

/* decide_some(): all in one transaction, or none. */
static enum status
decide_some(struct judge *j, struct job *job, size_t n)
{
	enum status s = store_begin(j->store);

	if (s == OK)
		s = library_refresh(&j->library, j->store);
	for (size_t i = 0; s == OK && i < n; i++)
		if (job[i].decide != NULL)
			s = job[i].decide(j, &job[i]);
	if (s == OK)
		s = store_commit(j->store);
	if (s == OK)
		return OK;
	log_error("%s: %s", status_text(s), store_why(j->store));
	store_rollback(j->store);
	return s;
}

/* decide_all(): one commit for the batch; when that fails, one each, so that no request spoils another's.  What could not be made durable is not answered otherwise than by "try again". */
static void
decide_all(struct judge *j, struct tray *t, size_t n)
{
	if (decide_some(j, t->job, n) == OK)
		return;
	for (size_t i = 0; i < n; i++)
		if (t->job[i].decide != NULL && (n == 1 || decide_some(j, &t->job[i], 1) != OK))
			judge_refuse(&t->job[i], 503, "failed", "the verifier could not write its records; try again");
}

static enum status
answer_all(struct tray *t, size_t n)
{
	enum status s = OK;

	for (size_t i = 0; s == OK && i < n; i++) {
		const struct job *job = &t->job[i];
		const struct frame_answer f = { job->request.number, job->status, job->retry_after, buffer_view(&job->answer) };
		struct buffer out = BUFFER(t->out);

		frame_encode_answer(&f, &out);
		s = out.failed == OK ? file_write_all(ROLES_FD, buffer_view(&out)) : out.failed;
	}
	return s;
}

/* take_batch(): the requests that are there whole, ${*used} bytes of them. */
static enum status
take_batch(struct tray *t, size_t *jobs, size_t *used)
{
	*jobs = *used = 0;
	while (*jobs < BATCH_MAX) {
		struct job *job = &t->job[*jobs];
		size_t n = 0;
		enum status s;

		memset(job, 0, sizeof *job);
		s = frame_decode_request(bytes_of(t->input + *used, t->n - *used), &job->request, &n);
		if (s == E_TRUNCATED)
			return OK;
		if (s != OK)
			return s;
		job->answer = BUFFER(t->answer[*jobs]);
		job->enroll.state = BUFFER(t->state[*jobs]);
		*used += n;
		++*jobs;
	}
	return OK;
}

static enum status
run_batches(struct judge *j, struct tray *t)
{
	for (;;) {
		size_t n, used;
		bool any = false;
		enum status s = take_batch(t, &n, &used);

		if (s != OK || n == 0)
			return s;
		for (size_t i = 0; i < n; i++) {
			prepare(j, &t->job[i]);
			any = any || t->job[i].decide != NULL;
		}
		if (any)
			decide_all(j, t, n);
		s = answer_all(t, n);
		if (s != OK)
			return s;
		t->n -= used;
		memmove(t->input, t->input + used, t->n);
	}
}

/* read_more(): what is there, waiting for the first byte only; E_TRUNCATED at the end. */
static enum status
read_more(struct tray *t)
{
	struct pollfd p = { ROLES_FD, POLLIN, 0 };

	for (bool first = true; t->n < INPUT_SIZE; first = false) {
		ssize_t n;

		if (poll(&p, 1, first ? -1 : 0) == 0)
			return OK;
		n = read(ROLES_FD, t->input + t->n, INPUT_SIZE - t->n);
		if (n == 0)
			return E_TRUNCATED;
		if (n < 0 && errno != EINTR)
			return file_status(errno);
		if (n > 0)
			t->n += (size_t)n;
	}
	return OK;
}

static bool
give_space(struct judge *j)
{
	const size_t claims = STATEMENT_SIZE_MAX, scratch = STATEMENT_SIZE_MAX + 1024, space = STATEMENT_SIZE_MAX + 1024;

	j->claims = buffer_of(malloc(claims), claims);
	j->scratch = buffer_of(malloc(scratch), scratch);
	j->space = buffer_of(malloc(space), space);
	return j->claims.p != NULL && j->scratch.p != NULL && j->space.p != NULL;
}

static enum status
open_all(struct judge *j, char *why, size_t size)
{
	char path[PATH_MAX + 16];
	uint8_t point[EC_POINT_MAX], digest[HASH_SIZE_MAX];
	enum status s = keys_load(j->config->state, j->config->authority, &j->keys, why, size);

	if (s != OK)
		return s;
	if (why[0] != '\0')
		log_warning("%s", why);
	if (mlock(&j->keys, sizeof j->keys) != 0)
		log_warning("keys cannot be locked in memory: %s", strerror(errno));
	keys_derive(j->keys.master, "nonce", j->nonce_key);
	hash_compute(HASH_SHA256, bytes_of(point, ec_public_encode(&j->keys.statement.public, point)), digest);
	memcpy(j->verifier, digest, sizeof j->verifier);
	snprintf(path, sizeof path, "%s/" STORE_FILE, j->config->state);
	s = store_open(path, STORE_READ_WRITE, &j->store, why, size);
	if (s == OK)
		s = library_refresh(&j->library, j->store);
	if (s == OK)
		s = stranger_make_all(&j->strangers);
	if (s == OK && !give_space(j))
		s = E_MEMORY;
	if (s != OK && why[0] == '\0')
		snprintf(why, size, "%s", status_text(s));
	return s;
}

static void
close_all(struct judge *j)
{
	library_clear(&j->library);
	store_close(j->store);
	keys_wipe(&j->keys);
	memory_wipe(j->nonce_key, sizeof j->nonce_key);
	free(j->claims.p);
	free(j->scratch.p);
	free(j->space.p);
}

int
judge_run(const struct config *c, unsigned number)
{
	static struct judge j;
	static struct tray t;
	char why[512] = "";
	enum status s;

	signal(SIGPIPE, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN); /* a limit on files is told like a full disk */
	j.config = c;
	t.input = malloc(INPUT_SIZE);
	if (t.input == NULL || open_all(&j, why, sizeof why) != OK) {
		log_error("%s", why[0] != '\0' ? why : status_text(E_MEMORY));
		return 1;
	}
	if (j.keys.delegations == 0 && number == 0)
		log_warning("no delegation of the authority is in %s: every request is answered by 503; run: bootgatectl authority delegate", c->state);
	if (confine_limits(FILES, why, sizeof why) != OK || confine(CONFINE_JUDGE, c->state, why, sizeof why) != OK) {
		log_error("not confined, so not started: %s", why);
		return 1;
	}
	do {
		s = read_more(&t);
		if (s == OK)
			s = run_batches(&j, &t);
	} while (s == OK);
	if (s != E_TRUNCATED)
		log_error("%s", status_text(s));
	close_all(&j);
	free(t.input);
	return s == E_TRUNCATED ? 0 : 1;
}
