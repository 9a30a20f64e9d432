/* SPDX-License-Identifier: ISC */
/*
 * A software TPM for a test, with a wire tap: everything that the code under test sends goes through a thread of the test,
 * which counts, records, and on demand answers in the TPM's place, spoils an answer, or slips a command in between.
 *
 *	test -- DIR/tpm -- tap -- DIR/real -- swtpm
 *
 * Its state is made once, with EK certificates of a CA of its own, in a folder under /tmp; each test starts from a copy.
 */
#ifndef UNIT_SWTPM_H
#define UNIT_SWTPM_H

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/text.h"

#define SWTPM_CLOCK "build/test/clock.so"
#define SWTPM_PATH_MAX 96
#define SWTPM_MESSAGE_MAX 4096
#define SWTPM_COMMANDS_MAX 4096
#define SWTPM_RECORD_MAX (1 << 20)

enum swtpm_fault {
	FAULT_NONE,
	FAULT_CODE,       /* answer ${fault_code} in the TPM's place */
	FAULT_SPOIL,      /* flip the last bit of the answer */
	FAULT_CUT,        /* half of the answer */
	FAULT_HANG_UP,    /* the TPM gets the command, the answer is lost */
	FAULT_SLIP_IN,    /* send ${slip} first */
	FAULT_MEANWHILE,  /* call ${meanwhile} first */
	FAULT_DROP,       /* hang up before the TPM gets the command */
};

struct swtpm {
	char dir[SWTPM_PATH_MAX], tcti[SWTPM_PATH_MAX + 16];
	pid_t pid;
	int listening, real;
	int64_t *ahead; /* its clock, see clock.c */
	pthread_t tap;
	pthread_mutex_t lock;
	/* what went over the wire */
	uint32_t commands[SWTPM_COMMANDS_MAX];
	size_t commands_n;
	uint8_t *record;
	size_t record_n;
	/* what to do with the ${fault_skip}+1st command of code ${fault_at} (0: any), ${fault_times} times */
	enum swtpm_fault fault;
	uint32_t fault_at, fault_code;
	unsigned fault_skip, fault_times;
	const char *slip;
	void (*meanwhile)(struct swtpm *);
};

static inline void
swtpm_fail(const char *what)
{
	fprintf(stderr, "swtpm: %s: %s\n", what, strerror(errno));
	exit(1);
}

static inline void __attribute__((format(printf, 3, 4)))
swtpm_format(char *out, size_t size, const char *format, ...)
{
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(out, size, format, args);
	va_end(args);
	if (n < 0 || (size_t)n >= size)
		swtpm_fail(format);
}

static inline int
swtpm_socket(const char *path, bool server)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	swtpm_format(to.sun_path, sizeof to.sun_path, "%s", path);
	if (server) {
		if (bind(fd, (struct sockaddr *)&to, sizeof to) != 0 || listen(fd, 4) != 0)
			swtpm_fail(path);
		return fd;
	}
	for (int i = 0; i < 500; i++) {
		if (connect(fd, (struct sockaddr *)&to, sizeof to) == 0)
			return fd;
		usleep(10000);
	}
	swtpm_fail(path);
	return -1;
}

static inline bool
swtpm_read(int fd, uint8_t *p, size_t n)
{
	for (size_t at = 0; at < n;) {
		ssize_t got = read(fd, p + at, n - at);

		if (got <= 0)
			return false;
		at += (size_t)got;
	}
	return true;
}

/* One message: tag 2, size 4, the rest. */
static inline size_t
swtpm_receive(int fd, uint8_t *p)
{
	size_t n;

	if (!swtpm_read(fd, p, 10))
		return 0;
	n = (size_t)p[2] << 24 | (size_t)p[3] << 16 | (size_t)p[4] << 8 | p[5];
	if (n < 10 || n > SWTPM_MESSAGE_MAX || !swtpm_read(fd, p + 10, n - 10))
		return 0;
	return n;
}

static inline size_t
swtpm_exchange(struct swtpm *w, const uint8_t *command, size_t n, uint8_t *answer)
{
	size_t got;

	pthread_mutex_lock(&w->lock);
	if (write(w->real, command, n) != (ssize_t)n)
		swtpm_fail("write");
	got = swtpm_receive(w->real, answer);
	pthread_mutex_unlock(&w->lock);
	return got;
}

/* swtpm_raw(w, hex, answer): a command of the test's own, past the tap; returns the response code. */
static inline uint32_t
swtpm_raw(struct swtpm *w, const char *hex, uint8_t answer[SWTPM_MESSAGE_MAX], size_t *n)
{
	uint8_t command[SWTPM_MESSAGE_MAX];
	size_t command_n;
	struct reader r;

	if (text_unhex(hex, command, sizeof command, &command_n) != OK)
		swtpm_fail("hex");
	*n = swtpm_exchange(w, command, command_n, answer);
	r = reader_of(bytes_of(answer, *n));
	reader_take(&r, 6);
	return reader_be32(&r);
}

static inline uint32_t
swtpm_do(struct swtpm *w, const char *hex)
{
	uint8_t answer[SWTPM_MESSAGE_MAX];
	size_t n;

	return swtpm_raw(w, hex, answer, &n);
}

static inline void
swtpm_note(struct swtpm *w, const uint8_t *p, size_t n)
{
	if (w->record_n + n > SWTPM_RECORD_MAX)
		return;
	memcpy(w->record + w->record_n, p, n);
	w->record_n += n;
}

static inline enum swtpm_fault
swtpm_choose(struct swtpm *w, uint32_t code)
{
	if (w->fault == FAULT_NONE || w->fault_times == 0 || (w->fault_at != 0 && w->fault_at != code))
		return FAULT_NONE;
	if (w->fault_skip > 0) {
		w->fault_skip--;
		return FAULT_NONE;
	}
	w->fault_times--;
	return w->fault;
}

static inline void
swtpm_serve(struct swtpm *w, int client)
{
	uint8_t command[SWTPM_MESSAGE_MAX], answer[SWTPM_MESSAGE_MAX];
	size_t n, m;

	while ((n = swtpm_receive(client, command)) > 0) {
		uint32_t code = (uint32_t)command[6] << 24 | (uint32_t)command[7] << 16 | (uint32_t)command[8] << 8 | command[9];
		enum swtpm_fault fault = swtpm_choose(w, code);

		if (w->commands_n < SWTPM_COMMANDS_MAX)
			w->commands[w->commands_n++] = code;
		swtpm_note(w, command, n);
		if (fault == FAULT_DROP)
			return;
		if (fault == FAULT_CODE) {
			struct buffer b = BUFFER(answer);

			buffer_be16(&b, 0x8001);
			buffer_be32(&b, 10);
			buffer_be32(&b, w->fault_code);
			m = b.n;
		} else {
			if (fault == FAULT_SLIP_IN)
				swtpm_do(w, w->slip);
			if (fault == FAULT_MEANWHILE)
				w->meanwhile(w);
			m = swtpm_exchange(w, command, n, answer);
		}
		swtpm_note(w, answer, m);
		if (fault == FAULT_HANG_UP)
			return;
		if (fault == FAULT_SPOIL)
			answer[m - 1] ^= 1;
		if (fault == FAULT_CUT)
			m /= 2;
		if (write(client, answer, m) != (ssize_t)m || fault == FAULT_CUT)
			return;
	}
}

static inline void *
swtpm_tap(void *arg)
{
	struct swtpm *w = arg;

	for (;;) {
		int client = accept(w->listening, NULL, NULL);

		if (client < 0)
			return NULL;
		swtpm_serve(w, client);
		close(client);
	}
}

static inline void __attribute__((format(printf, 1, 2)))
swtpm_run(const char *format, ...)
{
	char line[1024];
	va_list args;

	va_start(args, format);
	vsnprintf(line, sizeof line, format, args);
	va_end(args);
	if (system(line) != 0) {
		fprintf(stderr, "failed: %s\n", line);
		exit(1);
	}
}

static char swtpm_base[SWTPM_PATH_MAX];

static inline void
swtpm_write_file(const char *name, const char *text)
{
	char path[2 * SWTPM_PATH_MAX];
	FILE *f;

	swtpm_format(path, sizeof path, "%s/%s", swtpm_base, name);
	f = fopen(path, "w");
	if (f == NULL)
		swtpm_fail(path);
	fputs(text, f);
	fclose(f);
}

/* The pristine state: EK certificates for RSA-2048 and P-384 in NV, active banks SHA-256 and SHA-384. */
static inline int
swtpm_prepare(void **state)
{
	char text[512];

	(void)state;
	signal(SIGPIPE, SIG_IGN);
	swtpm_format(swtpm_base, sizeof swtpm_base, "/tmp/bootgate-swtpm-XXXXXX");
	if (mkdtemp(swtpm_base) == NULL)
		swtpm_fail("mkdtemp");
	swtpm_format(text, sizeof text, "statedir = %s/ca\nsigningkey = %s/ca/signkey.pem\nissuercert = %s/ca/issuercert.pem\ncertserial = %s/ca/certserial\n",
		swtpm_base, swtpm_base, swtpm_base, swtpm_base);
	swtpm_write_file("localca.conf", text);
	swtpm_write_file("localca.options", "--platform-manufacturer test\n--platform-version 1\n--platform-model test\n");
	swtpm_format(text, sizeof text, "create_certs_tool = swtpm_localca\ncreate_certs_tool_config = %s/localca.conf\ncreate_certs_tool_options = %s/localca.options\n",
		swtpm_base, swtpm_base);
	swtpm_write_file("setup.conf", text);
	swtpm_run("mkdir %s/pristine %s/ca && swtpm_setup --tpm2 --tpmstate %s/pristine --create-ek-cert --pcr-banks sha256,sha384 "
		"--config %s/setup.conf >%s/setup.log 2>&1 || { cat %s/setup.log >&2; false; }",
		swtpm_base, swtpm_base, swtpm_base, swtpm_base, swtpm_base, swtpm_base);
	return 0;
}

static inline int
swtpm_remove(void **state)
{
	(void)state;
	swtpm_run("rm -rf %s", swtpm_base);
	return 0;
}

static inline void
swtpm_spawn(struct swtpm *w, const char *flags)
{
	char server[SWTPM_PATH_MAX + 32], ctrl[SWTPM_PATH_MAX + 32], dir[SWTPM_PATH_MAX + 32], clock[SWTPM_PATH_MAX + 32];

	swtpm_format(server, sizeof server, "type=unixio,path=%s/real", w->dir);
	swtpm_format(ctrl, sizeof ctrl, "type=unixio,path=%s/tpm.ctrl", w->dir);
	swtpm_format(dir, sizeof dir, "dir=%s", w->dir);
	swtpm_format(clock, sizeof clock, "%s/clock", w->dir);
	setenv("BOOTGATE_TEST_CLOCK", clock, 1);
	if (access(SWTPM_CLOCK, R_OK) == 0)
		setenv("LD_PRELOAD", SWTPM_CLOCK, 1);
	w->pid = fork();
	if (w->pid != 0)
		unsetenv("LD_PRELOAD");
	if (w->pid == 0) {
		/* a test that fails does not come to its swtpm_stop() */
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		/* an end of a connection that swtpm held would never close */
		for (int fd = 3; fd < 256; fd++)
			close(fd);
		execlp("swtpm", "swtpm", "socket", "--tpm2", "--tpmstate", dir, "--server", server, "--ctrl", ctrl, "--flags", flags,
			(char *)NULL);
		_exit(127);
	}
	swtpm_format(server, sizeof server, "%s/real", w->dir);
	w->real = swtpm_socket(server, false);
}

static inline void
swtpm_make_clock(struct swtpm *w)
{
	char path[SWTPM_PATH_MAX + 16];
	int fd;

	swtpm_format(path, sizeof path, "%s/clock", w->dir);
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0 || ftruncate(fd, sizeof *w->ahead) != 0)
		swtpm_fail(path);
	w->ahead = mmap(NULL, sizeof *w->ahead, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (w->ahead == MAP_FAILED)
		swtpm_fail(path);
	close(fd);
}

/* swtpm_sleep(w, seconds): so much time goes by for the TPM. */
static inline void
swtpm_sleep(struct swtpm *w, unsigned seconds)
{
	*w->ahead += seconds;
}

/* A fresh TPM for a test. */
static inline struct swtpm *
swtpm_start(void)
{
	struct swtpm *w = calloc(1, sizeof *w);
	char path[SWTPM_PATH_MAX + 16];

	w->record = malloc(SWTPM_RECORD_MAX);
	swtpm_format(w->dir, sizeof w->dir, "%.64s/XXXXXX", swtpm_base);
	if (mkdtemp(w->dir) == NULL)
		swtpm_fail("mkdtemp");
	swtpm_run("cp %s/pristine/* %s/", swtpm_base, w->dir);
	pthread_mutex_init(&w->lock, NULL);
	swtpm_make_clock(w);
	swtpm_spawn(w, "not-need-init,startup-clear");
	swtpm_format(path, sizeof path, "%s/tpm", w->dir);
	w->listening = swtpm_socket(path, true);
	swtpm_format(w->tcti, sizeof w->tcti, "swtpm:path=%s", path);
	pthread_create(&w->tap, NULL, swtpm_tap, w);
	return w;
}

/* swtpm_restart(w, shutdown, flags): Shutdown(${shutdown}: "0000" clear, "0001" state, NULL: none), power off and on. */
static inline void
swtpm_restart(struct swtpm *w, const char *shutdown_type, const char *flags)
{
	char hex[32];

	if (shutdown_type != NULL) {
		swtpm_format(hex, sizeof hex, "80010000000c00000145%s", shutdown_type);
		swtpm_do(w, hex);
	}
	pthread_mutex_lock(&w->lock);
	close(w->real);
	kill(w->pid, SIGTERM);
	waitpid(w->pid, NULL, 0);
	swtpm_spawn(w, flags);
	pthread_mutex_unlock(&w->lock);
}

static inline void
swtpm_stop(struct swtpm *w)
{
	shutdown(w->listening, SHUT_RDWR);
	pthread_join(w->tap, NULL);
	close(w->listening);
	close(w->real);
	kill(w->pid, SIGTERM);
	waitpid(w->pid, NULL, 0);
	swtpm_run("rm -rf %s", w->dir);
	munmap(w->ahead, sizeof *w->ahead);
	free(w->record);
	free(w);
}

/* swtpm_fault(w, kind, at, code): the next command ${at} (0: whichever) meets ${kind}. */
static inline void
swtpm_fault(struct swtpm *w, enum swtpm_fault kind, uint32_t at, uint32_t code)
{
	w->fault = kind;
	w->fault_at = at;
	w->fault_code = code;
	w->fault_skip = 0;
	w->fault_times = 1;
}

/* swtpm_forget(w): begin counting and recording anew. */
static inline void
swtpm_forget(struct swtpm *w)
{
	w->commands_n = 0;
	w->record_n = 0;
}

/* swtpm_saw(w, what): whether these bytes went over the wire. */
static inline bool
swtpm_saw(const struct swtpm *w, struct bytes what)
{
	for (size_t i = 0; i + what.n <= w->record_n; i++)
		if (memcmp(w->record + i, what.p, what.n) == 0)
			return true;
	return false;
}

/* swtpm_loaded(w): how many transient objects and sessions there are. */
static inline uint32_t
swtpm_loaded(struct swtpm *w)
{
	static const char *const kinds[] = { "80000000", "02000000", "03000000" };
	uint8_t answer[SWTPM_MESSAGE_MAX];
	uint32_t sum = 0;
	size_t n;

	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		char hex[64];
		struct reader r;

		swtpm_format(hex, sizeof hex, "8001000000160000017a00000001%s00000040", kinds[i]);
		if (swtpm_raw(w, hex, answer, &n) != 0)
			return UINT32_MAX;
		r = reader_of(bytes_of(answer, n));
		reader_take(&r, 15);
		sum += reader_be32(&r);
	}
	return sum;
}

#endif
