/* SPDX-License-Identifier: ISC */
#include "agent/cryptsetup.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"

#define ARGS_MAX 24

/* In the child, after standard input, output and error. */
#define HEADER_FD 3
#define KEY_FD 4

#define NOT_INSTALLED 127

/* A pipe's least capacity: what is written before anybody reads must fit. */
#define FEED_MAX 16384

struct run {
	const char *args[ARGS_MAX];
	size_t n;
	int input, header, key; /* descriptors to become 0, HEADER_FD, KEY_FD; -1: none */
	bool quiet;
};

static void
add(struct run *r, const char *arg)
{
	/* Never more than the verbs below give. */
	if (r->n + 1 < ARGS_MAX)
		r->args[r->n++] = arg;
}

static struct run
run_of(const char *verb)
{
	struct run r = { .input = -1, .header = -1, .key = -1 };

	add(&r, "cryptsetup");
	add(&r, "--batch-mode");
	add(&r, verb);
	return r;
}

/* A descriptor from which ${data} can be read, once; E_TOO_LARGE above what a pipe takes. */
static enum status
feed(struct bytes data, int *fd)
{
	int ends[2];
	enum status s;

	*fd = -1;
	if (data.n > FEED_MAX)
		return E_TOO_LARGE;
	if (pipe2(ends, O_CLOEXEC) != 0)
		return file_status(errno);
	s = file_write_all(ends[1], data);
	close(ends[1]);
	if (s == OK)
		*fd = ends[0];
	else
		close(ends[0]);
	return s;
}

/* ${fd}, or nothing to be read, as ${to}. */
static bool
place(int fd, int to)
{
	int from = fd >= 0 ? fd : open("/dev/null", O_RDWR | O_CLOEXEC);

	/* Onto itself, dup2() would leave it to be closed. */
	return from == to ? fcntl(to, F_SETFD, 0) == 0 : from >= 0 && dup2(from, to) == to;
}

_Noreturn static void
child(const struct run *r)
{
	static const char *const paths[] = { "/usr/sbin/cryptsetup", "/sbin/cryptsetup", "/usr/bin/cryptsetup", "/bin/cryptsetup" };
	static char path[] = "PATH=/usr/sbin:/usr/bin:/sbin:/bin", locale[] = "LC_ALL=C";
	static char *const environment[] = { path, locale, NULL };
	/* High numbers first, so that no two get in each other's way. */
	int input = r->input >= 0 ? fcntl(r->input, F_DUPFD_CLOEXEC, 32) : -1;
	int header = r->header >= 0 ? fcntl(r->header, F_DUPFD_CLOEXEC, 32) : -1;
	int key = r->key >= 0 ? fcntl(r->key, F_DUPFD_CLOEXEC, 32) : -1;
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	if (!place(input, STDIN_FILENO) || !place(header, HEADER_FD) || !place(key, KEY_FD) ||
		(r->quiet && !place(-1, STDERR_FILENO)) || dup2(STDERR_FILENO, STDOUT_FILENO) != STDOUT_FILENO)
		_exit(NOT_INSTALLED);
	for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
		execve(paths[i], (char *const *)(uintptr_t)r->args, environment);
	_exit(NOT_INSTALLED);
}

static enum status
status_of(int wait_status)
{
	static const enum status by_code[] = { OK, E_IO, E_PERMISSION, E_MEMORY, E_NOT_FOUND, E_EXISTS };
	int code = WIFEXITED(wait_status) ? WEXITSTATUS(wait_status) : -1;

	if (code == NOT_INSTALLED) {
		log_error("cryptsetup is not installed");
		return E_UNSUPPORTED;
	}
	return code >= 0 && (size_t)code < sizeof by_code / sizeof *by_code ? by_code[code] : E_IO;
}

static enum status
run(const struct run *r)
{
	int status;
	pid_t pid, got;

	pid = fork();
	if (pid < 0)
		return file_status(errno);
	if (pid == 0)
		child(r);
	do
		got = waitpid(pid, &status, 0);
	while (got < 0 && errno == EINTR);
	return got == pid ? status_of(status) : E_IO;
}

/* Run with ${data} as standard input. */
static enum status
run_fed(struct run *r, struct bytes data)
{
	enum status s = feed(data, &r->input);

	if (s != OK)
		return s;
	s = run(r);
	/* If the child never read it, it goes with the pipe. */
	close(r->input);
	return s;
}

static enum status
open_or_test(struct run *r, const char *device, const char *name, uint32_t slot, struct bytes key)
{
	char number[16];

	snprintf(number, sizeof number, "%" PRIu32, slot);
	add(r, "--type");
	add(r, "luks2");
	add(r, "--key-file=-");
	if (slot < CRYPTSETUP_ANY_SLOT) {
		add(r, "--key-slot");
		add(r, number);
	}
	if (r->header >= 0) {
		add(r, "--header");
		add(r, "/proc/self/fd/3");
	}
	add(r, "--");
	add(r, device);
	if (name != NULL)
		add(r, name);
	return run_fed(r, key);
}

enum status
cryptsetup_open(const char *device, int header, const char *name, uint32_t slot, struct bytes key)
{
	struct run r = run_of("open");

	r.header = header;
	return open_or_test(&r, device, name, slot, key);
}

enum status
cryptsetup_test(const char *device, int header, uint32_t slot, struct bytes key)
{
	struct run r = run_of("open");

	r.header = header;
	add(&r, "--test-passphrase");
	return open_or_test(&r, device, NULL, slot, key);
}

enum status
cryptsetup_close(const char *name)
{
	struct run r = run_of("close");

	add(&r, "--");
	add(&r, name);
	return run(&r);
}

enum status
cryptsetup_slot_add(const char *device, struct bytes passphrase, uint32_t slot, struct bytes key)
{
	struct run r = run_of("luksAddKey");
	char number[16];
	enum status s;

	snprintf(number, sizeof number, "%" PRIu32, slot);
	add(&r, "--key-slot");
	add(&r, number);
	add(&r, "--pbkdf=pbkdf2");
	add(&r, "--pbkdf-force-iterations=1000");
	add(&r, "--key-file=-");
	add(&r, "--");
	add(&r, device);
	add(&r, "/proc/self/fd/4");
	s = feed(key, &r.key);
	if (s != OK)
		return s;
	s = run_fed(&r, passphrase);
	close(r.key);
	return s;
}

enum status
cryptsetup_slot_kill(const char *device, uint32_t slot)
{
	struct run r = run_of("luksKillSlot");
	char number[16];

	snprintf(number, sizeof number, "%" PRIu32, slot);
	add(&r, "--");
	add(&r, device);
	add(&r, number);
	/* It complains about the passphrase that it gets none of, and goes on. */
	r.quiet = true;
	return run(&r);
}

enum status
cryptsetup_token_write(const char *device, uint32_t number, struct bytes json, bool replace)
{
	struct run r = run_of("token");
	char text[16];

	snprintf(text, sizeof text, "%" PRIu32, number);
	add(&r, "import");
	add(&r, "--json-file=-");
	add(&r, "--token-id");
	add(&r, text);
	if (replace)
		add(&r, "--token-replace");
	add(&r, "--");
	add(&r, device);
	return run_fed(&r, json);
}

enum status
cryptsetup_token_remove(const char *device, uint32_t number)
{
	struct run r = run_of("token");
	char text[16];

	snprintf(text, sizeof text, "%" PRIu32, number);
	add(&r, "remove");
	add(&r, "--token-id");
	add(&r, text);
	add(&r, "--");
	add(&r, device);
	return run(&r);
}
