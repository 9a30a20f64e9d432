/* SPDX-License-Identifier: ISC */
/*
 * A real bootgated (build/bootgated) on a free port, asked over TLS with evidence made here.
 */
#ifndef TESTS_DAEMON_H
#define TESTS_DAEMON_H

#include "evidence_build.h"

#include <dirent.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "crypto/hpke.h"
#include "crypto/keyfile.h"
#include "net/https.h"
#include "policy/case.h"
#include "protocol/cose.h"
#include "store/keys.h"
#include "store/record.h"
#include "store/store.h"

#define WAIT 20
#ifndef BOOTGATED
#define BOOTGATED "build/bootgated"
#endif
#ifndef EVIDENCE_A_MINUTE
#define EVIDENCE_A_MINUTE 1000000
#endif

static struct {
	char folder[64], url[64];
	pid_t pid;
	struct trust trust;
	struct ec_public authority;
	struct store *store;
	struct https *https;
	struct built *built;
	struct hpke_private hpke;
	uint8_t ek[PUBLIC_SIZE_MAX];
	size_t ek_n;
	uint32_t clock;
	uint8_t nonce[64];
} t;

struct answer {
	unsigned code;
	size_t n;
	uint8_t body[RESULT_SIZE_MAX + 1024];
	struct result result;
	struct statement statement;
};

/* --- the daemon --- */

__attribute__((format(printf, 1, 2))) static inline void
run(const char *format, ...)
{
	char command[512];
	va_list args;

	va_start(args, format);
	vsnprintf(command, sizeof command, format, args);
	va_end(args);
	if (system(command) != 0)
		fail_msg("%s", command);
}

static inline unsigned
free_port(void)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
	socklen_t n = sizeof a;
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&a, n), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &n), 0);
	close(fd);
	return ntohs(a.sin_port);
}

static inline void
load_keys(void)
{
	static uint8_t space[65536];
	struct buffer b = BUFFER(space);
	char path[128];

	snprintf(path, sizeof path, "%s/authority/tls-ca.pem", t.folder);
	assert_int_equal(file_read(path, &b), OK);
	assert_int_equal(trust_parse(buffer_view(&b), &t.trust), OK);
	b.n = 0;
	snprintf(path, sizeof path, "%s/state/authority.pub", t.folder);
	assert_int_equal(file_read(path, &b), OK);
	assert_int_equal(keyfile_decode_public(buffer_view(&b), &t.authority), OK);
}

static inline struct https *
connect_to_it(void)
{
	struct https *h = NULL;
	struct url u;

	assert_int_equal(url_parse(t.url, &u), OK);
	for (unsigned i = 0; i < 100; i++) {
		if (https_open(&u, &t.trust, WAIT, &h) == OK)
			return h;
		https_close(h);
		usleep(50000);
	}
	fail_msg("no connection to %s", t.url);
	return NULL;
}

/* launch_it(): the process, by the configuration that is there. */
static inline void
launch_it(void)
{
	char conf[128], log[128];

	snprintf(conf, sizeof conf, "%s/conf", t.folder);
	snprintf(log, sizeof log, "%s/log", t.folder);
	t.pid = fork();
	if (t.pid == 0) {
		if (freopen(log, "a", stderr) == NULL)
			_exit(1);
		execl(BOOTGATED, "bootgated", "-c", conf, (char *)NULL);
		_exit(1);
	}
}

static inline void
start_it(void)
{
	char conf[512], path[128], why[256];
	unsigned port = free_port();
	int n;

	snprintf(t.folder, sizeof t.folder, "/tmp/bootgate-verifier-XXXXXX");
	assert_non_null(mkdtemp(t.folder));
	run("build/bootgatectl authority init %s/authority --verifier %s/state --name localhost >/dev/null", t.folder, t.folder);
	n = snprintf(conf, sizeof conf, "state = \"%s/state\"\nlisten = { \"127.0.0.1:%u\" }\nname = \"test\"\njudges = 2\nmax-clients = 200\nmax-evidence-per-machine = %u\n", t.folder, port, EVIDENCE_A_MINUTE);
	snprintf(path, sizeof path, "%s/conf", t.folder);
	assert_int_equal(file_write(path, bytes_of(conf, (size_t)n), 0644), OK);
	snprintf(t.url, sizeof t.url, "https://localhost:%u", port);
	launch_it();
	load_keys();
	t.https = connect_to_it();
	snprintf(path, sizeof path, "%s/state/" STORE_FILE, t.folder);
	if (store_open(path, STORE_READ_WRITE, &t.store, why, sizeof why) != OK)
		fail_msg("%s", why);
}

/* --- its judges --- */

static inline void
kill_it(pid_t judge)
{
	kill(judge, SIGKILL);
}

static inline void
each_judge(void (*act)(pid_t judge))
{
	DIR *proc = opendir("/proc");
	const struct dirent *e;

	assert_non_null(proc);
	while ((e = readdir(proc)) != NULL) {
		char path[300], status[4096], line[256], parent[32];
		struct buffer s = buffer_of(status, sizeof status - 1), c = buffer_of(line, sizeof line - 1);

		snprintf(path, sizeof path, "/proc/%s/status", e->d_name);
		if (e->d_name[0] < '0' || e->d_name[0] > '9' || file_read(path, &s) != OK)
			continue;
		status[s.n] = '\0';
		snprintf(parent, sizeof parent, "PPid:\t%d\n", (int)t.pid);
		snprintf(path, sizeof path, "/proc/%s/cmdline", e->d_name);
		if (strstr(status, parent) == NULL || file_read(path, &c) != OK || memmem(line, c.n, "judge", 5) == NULL)
			continue;
		act((pid_t)strtol(e->d_name, NULL, 10));
	}
	closedir(proc);
}

/* --- the machine --- */

static inline void
put_references(bool all)
{
	for (size_t i = 0; i < t.built->references; i++)
		if (all || strcmp(t.built->reference[i].list, "initrd") != 0)
			assert_int_equal(store_reference_add(t.store, &t.built->reference[i], ""), OK);
}

static inline void
put_policy(void)
{
	static uint8_t space[65536];
	struct buffer b = BUFFER(space);

	assert_int_equal(file_read(BUILD_POLICY, &b), OK);
	assert_int_equal(store_policy_put(t.store, "test", buffer_view(&b)), OK);
}

static inline int
set_up(void **state)
{
	struct public_area ek;
	uint8_t d[32];
	struct ec_private k;

	(void)state;
	start_it();
	t.built = build_begin();
	memset(d, 0x31, sizeof d);
	assert_int_equal(ec_private_from_d(EC_P256, BYTES(d), &k), OK);
	t.ek_n = build_ak_public(&k, BUILD_AK_ATTRIBUTES, t.ek);
	assert_int_equal(public_decode(bytes_of(t.ek, t.ek_n), &ek), OK);
	assert_int_equal(public_name(&ek, &t.built->ek_name), OK);
	assert_int_equal(hpke_generate(&t.hpke), OK);
	put_references(true);
	put_policy();
	return 0;
}

static inline int
tear_down(void **state)
{
	int status = 0;

	(void)state;
	https_close(t.https);
	store_close(t.store);
	kill(t.pid, SIGTERM);
	waitpid(t.pid, &status, 0);
	policy_free(t.built->policy);
	run("rm -r %s", t.folder);
	return status;
}

/* enroll_it(): the machine as an enrolment would have left it. */
static inline void
enroll_it(void)
{
	struct machine *m = &t.built->machine;

	memset(m, 0, sizeof *m);
	build_machine(t.built);
	m->epoch = 1;
	m->seen = false;
	m->ek_n = t.ek_n;
	memcpy(m->ek, t.ek, t.ek_n);
	snprintf(m->policy, sizeof m->policy, "test");
	t.built->binding.index[0] = (struct index_claim){ m->nv_handle, 1 };
	{
		struct public_area ek;

		assert_int_equal(public_decode(bytes_of(t.ek, t.ek_n), &ek), OK);
		assert_int_equal(public_name(&ek, &t.built->ek_name), OK);
	}
	(void)store_machine_forget(t.store, m->id);
	assert_int_equal(store_machine_put(t.store, m), OK);
}

/* --- asking --- */

static inline void
ask(struct https *h, const char *method, const char *path, struct bytes body, struct answer *a)
{
	struct buffer b = BUFFER(a->body);
	struct https_answer got;

	memset(&got, 0, sizeof got);
	if (https_send(h, method, path, body) != OK || https_receive(h, WAIT, &b, &got) != OK)
		fail_msg("%s: %s", path, https_error(h));
	a->code = got.code;
	a->n = b.n;
}

static inline void
take_nonce(void)
{
	static struct answer a;
	struct challenge c;

	ask(t.https, "POST", "/v1/challenge", bytes_of(NULL, 0), &a);
	assert_int_equal(a.code, 200);
	assert_int_equal(message_challenge_decode(bytes_of(a.body, a.n), &c), OK);
	assert_int_equal(c.nonce.n, sizeof t.nonce);
	memcpy(t.nonce, c.nonce.p, sizeof t.nonce);
	t.built->binding.nonce = BYTES(t.nonce);
}

/* make_evidence(purpose): as agent and TPM would, under a fresh nonce, some time after the last one. */
static inline struct bytes
make_evidence(enum purpose purpose)
{
	static uint8_t space[EVIDENCE_SIZE_MAX], nonce_tpm[32];
	struct buffer out = BUFFER(space);
	struct built *b = t.built;
	struct evidence e;

	take_nonce();
	b->binding.purpose = purpose;
	b->binding.salting_key = b->ek_name;
	b->binding.nonce_tpm = purpose == PURPOSE_BOOT ? BYTES(nonce_tpm) : bytes_of(NULL, 0);
	memcpy(b->binding.hpke_key, t.hpke.pk, sizeof b->binding.hpke_key);
	memcpy(b->binding.machine, b->machine.id, sizeof b->binding.machine);
	b->clock = 1000000 + ++t.clock * 1000;
	b->frozen = false;
	build_log(b);
	build_bind(b);
	build_attest(b);
	build_sign(b);
	e = build_evidence(b);
	assert_int_equal(message_evidence_encode(&e, &out), OK);
	return buffer_view(&out);
}

/* attest(evidence, a): and believe what is answered as an agent would. */
static inline void
attest(const char *path, struct bytes evidence, struct answer *a)
{
	static uint8_t scratch_space[STATEMENT_SIZE_MAX + 1024];
	struct buffer scratch = BUFFER(scratch_space);
	struct digest d = hash_digest(HASH_SHA256, buffer_view(&t.built->encoded));

	ask(t.https, "POST", path, evidence, a);
	if (a->code != 200 && a->code != 202 && a->code != 403)
		fail_msg("%s: %u %.*s", path, a->code, (int)a->n, (const char *)a->body);
	assert_int_equal(message_result_decode(bytes_of(a->body, a->n), &a->result), OK);
	assert_int_equal(message_result_verify(&a->result, &t.authority, &t.built->binding, d.p, &scratch, &a->statement), OK);
}

static inline void
expect_problem(const struct answer *a, unsigned code, const char *word)
{
	struct problem p;

	assert_int_equal(a->code, code);
	assert_int_equal(message_problem_decode(bytes_of(a->body, a->n), &p), OK);
	assert_true(bytes_equal(p.code, bytes_of(word, strlen(word))));
}

/* --- volumes --- */

static inline void
enroll_just_now(void)
{
	enroll_it();
	t.built->machine.enrolled_at = (uint64_t)time(NULL);
	t.built->machine.enrolled_reset = t.built->reset_count;
	assert_int_equal(store_machine_put(t.store, &t.built->machine), OK);
}

/* new_volume(id, share): a volume right after enrolment. */
static inline void
new_volume(uint8_t id[SHARE_ID_SIZE], uint8_t share[SHARE_SIZE])
{
	static struct answer a;
	struct digest d;

	attest("/v1/volume", make_evidence(PURPOSE_VOLUME), &a);
	assert_int_equal(a.statement.decision, DECISION_APPROVE);
	assert_int_equal(a.statement.shares, 1);
	assert_true(bytes_equal(a.statement.machine_key, BYTES(t.built->machine.machine_key)));
	assert_int_equal(a.result.gate[0].approval.n, 0);
	d = hash_digest(HASH_SHA256, buffer_view(&t.built->encoded));
	assert_int_equal(message_share_open(&t.hpke, d.p, &a.statement.share[0], share), OK);
	memcpy(id, a.statement.share[0].id, SHARE_ID_SIZE);
}

static inline void
add_seal(const uint8_t id[SHARE_ID_SIZE])
{
	struct seal_claim *s = t.built->binding.seal;
	size_t at = t.built->binding.seals++;

	for (; at > 0 && memcmp(s[at - 1].share, id, SHARE_ID_SIZE) > 0; at--)
		s[at] = s[at - 1];
	s[at].epoch = 1;
	memcpy(s[at].share, id, SHARE_ID_SIZE);
}

#endif
