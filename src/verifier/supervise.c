/* SPDX-License-Identifier: ISC */
/*
 * The supervisor: opens the listening sockets, starts the processes, starts them again.
 *
 * A set of processes is a generation.  A reload, and a crash, begin a new one on the same sockets and let the old one finish
 * what it has, so no connection is refused.  Too many crashes in a minute end the whole with an error.
 */
#include "verifier/roles.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "store/keys.h"
#include "store/store.h"
#include "verifier/confine.h"
#include "verifier/tls_server.h"

#define JUDGES_MAX (CONFIG_JUDGES_MAX + 1)
#define CHILDREN_MAX (JUDGES_MAX + 2)
#define GENERATIONS 4
#define FDS_MAX (JUDGES_MAX + CONFIG_LISTEN_MAX + 2)
#define CRASHES_MAX 5
#define CRASH_WINDOW 60
#define END_GRACE 15
#define CHECKS_MAX 4 /* EK certificates at a time */
#define BACKLOG 4096 /* beyond it a peer hears nothing for seconds */

struct child {
	pid_t pid; /* 0: none */
	const char *role;
};

struct generation {
	unsigned children; /* 0: this place is free */
	struct child child[CHILDREN_MAX];
	int checks[JUDGES_MAX]; /* where judges ask for an EK certificate's check */
	unsigned judges;
	bool ending;
	time_t ending_since;
};

struct supervisor {
	const char *path;
	struct config *config;
	char self[PATH_MAX], ekcert[PATH_MAX];
	int signals;
	unsigned listeners;
	int listener[CONFIG_LISTEN_MAX];
	struct generation generation[GENERATIONS];
	struct child check[CHECKS_MAX];
	time_t crash[CRASHES_MAX];
	bool ending, failed;
};

static time_t
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec;
}

/* --- starting a process --- */

/* keep_only(fd, n): the descriptors become ROLES_FD and on, all others are closed; of the standard three the log stays. */
static bool
keep_only(const int *fd, unsigned n)
{
	int high[FDS_MAX], null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null < 0 || dup2(null, STDIN_FILENO) < 0 || dup2(null, STDOUT_FILENO) < 0)
		return false;
	for (unsigned i = 0; i < n; i++)
		if ((high[i] = fcntl(fd[i], F_DUPFD, 256)) < 0)
			return false;
	for (unsigned i = 0; i < n; i++)
		if (dup2(high[i], (int)(ROLES_FD + i)) < 0)
			return false;
	return close_range(ROLES_FD + n, ~0U, 0) == 0;
}

static void
execute(const struct supervisor *v, const char *role, unsigned count, const int *fd, unsigned n)
{
	char number[12];
	char dash_c[] = "-c", dash_role[] = "--role", program[] = "bootgated";
	char role_copy[16], path[PATH_MAX];
	char *const argv[] = { program, dash_c, path, dash_role, role_copy, number, NULL };
	sigset_t none;

	snprintf(number, sizeof number, "%u", count);
	snprintf(role_copy, sizeof role_copy, "%s", role);
	snprintf(path, sizeof path, "%s", v->path);
	sigemptyset(&none);
	if (!keep_only(fd, n) || sigprocmask(SIG_SETMASK, &none, NULL) != 0 || prctl(PR_SET_PDEATHSIG, SIGTERM) != 0)
		_exit(1);
	execv(strcmp(role, "ekcert") == 0 ? v->ekcert : v->self, argv);
	log_error("%s: cannot be executed: %s", role, strerror(errno));
	_exit(1);
}

static bool
spawn(const struct supervisor *v, struct child *c, const char *role, unsigned count, const int *fd, unsigned n)
{
	pid_t parent = getpid(), pid = fork();

	if (pid == 0) {
		if (getppid() != parent)
			_exit(1);
		execute(v, role, count, fd, n);
	}
	if (pid < 0) {
		log_error("%s: cannot be started: %s", role, strerror(errno));
		return false;
	}
	c->pid = pid;
	c->role = role;
	return true;
}

/* --- generations --- */

static void
close_all(int *fd, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (fd[i] >= 0)
			close(fd[i]);
}

static bool
channel(int type, int *a, int *b)
{
	int pair[2];

	if (socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, pair) != 0)
		return false;
	*a = pair[0];
	*b = pair[1];
	return true;
}

static bool
spawn_judges(const struct supervisor *v, struct generation *g, int *desk)
{
	bool good = true;

	for (g->judges = 0; good && g->judges < v->config->judges + 1; g->judges++) {
		int fd[2] = { -1, -1 };

		g->checks[g->judges] = -1;
		good = channel(SOCK_STREAM, &desk[g->judges], &fd[0]) && channel(SOCK_SEQPACKET, &g->checks[g->judges], &fd[1]) &&
		       spawn(v, &g->child[g->children], "judge", g->judges, fd, 2);
		g->children += good;
		close_all(fd, 2);
	}
	return good;
}

static bool
spawn_all(const struct supervisor *v, struct generation *g)
{
	int desk[FDS_MAX], front[FDS_MAX];
	bool good;

	memset(desk, -1, sizeof desk);
	memset(front, -1, sizeof front);
	good = channel(SOCK_SEQPACKET, &front[0], &desk[0]) && spawn_judges(v, g, desk + 1);
	if (good && (good = spawn(v, &g->child[g->children], "desk", g->judges, desk, g->judges + 1)))
		g->children++;
	memcpy(front + 1, v->listener, v->listeners * sizeof *front);
	if (good && (good = spawn(v, &g->child[g->children], "front", v->listeners, front, v->listeners + 1)))
		g->children++;
	close_all(desk, FDS_MAX);
	close_all(front, 1);
	return good;
}

static void
signal_children(const struct generation *g, const char *role, int number)
{
	for (unsigned i = 0; i < g->children; i++)
		if (g->child[i].pid > 0 && (role == NULL || strcmp(g->child[i].role, role) == 0))
			kill(g->child[i].pid, number);
}

static void
end_generation(struct generation *g)
{
	if (g->children == 0 || g->ending)
		return;
	g->ending = true;
	g->ending_since = now();
	signal_children(g, "front", SIGTERM);
}

static bool
begin_generation(struct supervisor *v)
{
	struct generation *place = NULL;

	for (size_t i = 0; i < GENERATIONS; i++) {
		end_generation(&v->generation[i]);
		if (v->generation[i].children == 0)
			place = &v->generation[i];
	}
	if (place == NULL) {
		log_error("earlier processes have not ended yet");
		return false;
	}
	memset(place, 0, sizeof *place);
	if (spawn_all(v, place))
		return true;
	signal_children(place, NULL, SIGKILL);
	return false;
}

static void
forget_generation(struct generation *g)
{
	for (unsigned i = 0; i < g->children; i++)
		if (g->child[i].pid > 0)
			return;
	close_all(g->checks, g->judges);
	memset(g, 0, sizeof *g);
}

/* crashed_too_often(): and remembers this one. */
static bool
crashed_too_often(struct supervisor *v)
{
	time_t oldest = v->crash[0];

	memmove(v->crash, v->crash + 1, sizeof v->crash - sizeof *v->crash);
	v->crash[CRASHES_MAX - 1] = now();
	return oldest != 0 && now() - oldest < CRASH_WINDOW;
}

static void
ended(struct supervisor *v, struct generation *g, struct child *c, int status)
{
	bool clean = WIFEXITED(status) && WEXITSTATUS(status) == 0;

	c->pid = 0;
	if (!clean) {
		if (WIFSIGNALED(status))
			log_error("%s was killed by signal %d%s", c->role, WTERMSIG(status),
				WTERMSIG(status) == SIGSYS ? ": a system call that is not allowed" : "");
		else
			log_error("%s ended with code %d", c->role, WEXITSTATUS(status));
	}
	if (!g->ending && !v->ending) {
		if (crashed_too_often(v)) {
			log_error("too many processes ended within a minute; giving up");
			v->failed = v->ending = true;
		} else if (!begin_generation(v)) {
			v->failed = v->ending = true;
		}
	}
	forget_generation(g);
}

static void
reap(struct supervisor *v)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		for (size_t i = 0; i < CHECKS_MAX; i++)
			if (v->check[i].pid == pid)
				v->check[i].pid = 0;
		for (size_t i = 0; i < GENERATIONS; i++)
			for (unsigned k = 0; k < v->generation[i].children; k++)
				if (v->generation[i].child[k].pid == pid)
					ended(v, &v->generation[i], &v->generation[i].child[k], status);
	}
}

/* --- EK certificates --- */

/* start_check(): a judge sends one end of a stream; a fresh process takes it. */
static void
start_check(struct supervisor *v, int from)
{
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(sizeof(int))];
	} control;
	char byte;
	struct iovec io = { &byte, 1 };
	struct msghdr m;
	const struct cmsghdr *h;
	struct child *place = NULL;
	int fd = -1;

	memset(&m, 0, sizeof m);
	m.msg_iov = &io;
	m.msg_iovlen = 1;
	m.msg_control = control.space;
	m.msg_controllen = sizeof control.space;
	if (recvmsg(from, &m, MSG_DONTWAIT | MSG_CMSG_CLOEXEC) != 1)
		return;
	h = CMSG_FIRSTHDR(&m);
	if (h == NULL || h->cmsg_level != SOL_SOCKET || h->cmsg_type != SCM_RIGHTS || h->cmsg_len != CMSG_LEN(sizeof fd))
		return;
	memcpy(&fd, CMSG_DATA(h), sizeof fd);
	for (size_t i = 0; i < CHECKS_MAX; i++)
		if (v->check[i].pid == 0)
			place = &v->check[i];
	if (place != NULL)
		spawn(v, place, "ekcert", 0, &fd, 1);
	close(fd);
}

/* --- the whole --- */

static bool
split_address(const char *text, char host[128], char port[16])
{
	const char *colon = strrchr(text, ':'), *begin = text, *end = colon;

	if (colon == NULL || colon == text)
		return false;
	if (text[0] == '[') {
		if (colon[-1] != ']')
			return false;
		begin++;
		end--;
	}
	snprintf(host, 128, "%.*s", (int)(end - begin), begin);
	return snprintf(port, 16, "%s", colon + 1) < 16 && host[0] != '\0' && port[0] != '\0';
}

static int
listen_on(const char *text)
{
	const struct addrinfo hints = { .ai_flags = AI_PASSIVE | AI_NUMERICSERV, .ai_socktype = SOCK_STREAM };
	char host[128], port[16];
	struct addrinfo *a = NULL;
	int fd = -1, on = 1;
	int r = split_address(text, host, port) ? getaddrinfo(host, port, &hints, &a) : EAI_NONAME;

	if (r != 0) {
		log_error("listen = \"%s\": %s", text, gai_strerror(r));
		return -1;
	}
	fd = socket(a->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	/* An IPv6 address is that alone, so that "[::]" and "0.0.0.0" stand side by side. */
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
		(a->ai_family == AF_INET6 && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on) != 0) || bind(fd, a->ai_addr, a->ai_addrlen) != 0 ||
		listen(fd, BACKLOG) != 0) {
		log_error("listen = \"%s\": %s", text, strerror(errno));
		if (fd >= 0)
			close(fd);
		fd = -1;
	}
	freeaddrinfo(a);
	return fd;
}

static bool
listen_all(struct supervisor *v)
{
	for (v->listeners = 0; v->listeners < v->config->listens; v->listeners++) {
		int fd = listen_on(v->config->listen[v->listeners]);

		if (fd < 0)
			return false;
		v->listener[v->listeners] = fd;
	}
	return true;
}

static bool
find_programs(struct supervisor *v)
{
	ssize_t n = readlink("/proc/self/exe", v->self, sizeof v->self - 1);
	const char *slash;

	if (n <= 0)
		return false;
	v->self[n] = '\0';
	slash = strrchr(v->self, '/');
	return slash != NULL && snprintf(v->ekcert, sizeof v->ekcert, "%.*s/" ROLES_EKCERT_PROGRAM, (int)(slash - v->self),
					v->self) < (int)sizeof v->ekcert;
}

static bool
take_signals(struct supervisor *v)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGCHLD);
	signal(SIGPIPE, SIG_IGN);
	v->signals = sigprocmask(SIG_BLOCK, &set, NULL) == 0 ? signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK) : -1;
	return v->signals >= 0;
}

/* begin_end(): no new connections from here on: the sockets are closed before front is told, or the backlog would wait for nobody. */
static void
begin_end(struct supervisor *v)
{
	v->ending = true;
	close_all(v->listener, v->listeners);
	v->listeners = 0;
	for (size_t i = 0; i < GENERATIONS; i++)
		end_generation(&v->generation[i]);
}

/* try_files(): whether front and judges would find what they need, before anything depends on it. */
static enum status
try_files(const struct config *c, char *why, size_t size)
{
	char chain[PATH_MAX + 16], key[PATH_MAX + 16];
	struct tls_identity *identity = NULL;
	struct keys keys;
	enum status s = keys_load(c->state, c->authority, &keys, why, size);

	keys_wipe(&keys);
	snprintf(chain, sizeof chain, "%s/" KEYS_TLS_CHAIN, c->state);
	snprintf(key, sizeof key, "%s/" KEYS_TLS, c->state);
	if (s == OK)
		s = tls_identity_load(chain, key, &identity, why, size);
	tls_identity_free(identity);
	return s;
}

static void
reload(struct supervisor *v)
{
	static struct config fresh;
	char why[512];

	if (config_load(v->path, &fresh, why, sizeof why) != OK || try_files(&fresh, why, sizeof why) != OK) {
		log_error("%s; going on as before", why);
		return;
	}
	if (strcmp(fresh.state, v->config->state) != 0) {
		log_error("state changed: that takes a restart; going on as before");
		return;
	}
	if (fresh.listens != v->config->listens || memcmp(fresh.listen, v->config->listen, sizeof fresh.listen) != 0)
		log_warning("listen changed: that takes a restart");
	*v->config = fresh;
	log_limit(fresh.debug ? LOG_LEVEL_DEBUG : LOG_LEVEL_INFO);
	log_info("reloading");
	if (!begin_generation(v))
		log_error("not reloaded");
}

static void
take_signal(struct supervisor *v)
{
	struct signalfd_siginfo info;

	while (read(v->signals, &info, sizeof info) == (ssize_t)sizeof info) {
		if (info.ssi_signo == SIGHUP && !v->ending)
			reload(v);
		else if ((info.ssi_signo == SIGTERM || info.ssi_signo == SIGINT) && !v->ending) {
			log_info("ending");
			begin_end(v);
		}
	}
	reap(v);
	if (v->failed)
		begin_end(v);
}

static bool
any_left(const struct supervisor *v)
{
	for (size_t i = 0; i < GENERATIONS; i++)
		if (v->generation[i].children > 0)
			return true;
	return false;
}

static void
kill_late(struct supervisor *v)
{
	for (size_t i = 0; i < GENERATIONS; i++)
		if (v->generation[i].ending && now() - v->generation[i].ending_since > END_GRACE)
			signal_children(&v->generation[i], NULL, SIGKILL);
}

static void
watch(struct supervisor *v)
{
	while (!v->ending || any_left(v)) {
		struct pollfd p[1 + GENERATIONS * JUDGES_MAX] = { { v->signals, POLLIN, 0 } };
		nfds_t n = 1;

		for (size_t i = 0; i < GENERATIONS; i++)
			for (unsigned k = 0; k < v->generation[i].judges; k++)
				p[n++] = (struct pollfd){ v->generation[i].checks[k], POLLIN, 0 };
		if (poll(p, n, 1000) < 0 && errno != EINTR)
			break;
		for (nfds_t i = 1; i < n; i++)
			if ((p[i].revents & POLLIN) != 0)
				start_check(v, p[i].fd);
		if (p[0].revents != 0)
			take_signal(v);
		kill_late(v);
	}
}

/* prepare(): keys and database are there, or made; false with the reason said. */
static bool
prepare(const struct config *c)
{
	char why[512], path[PATH_MAX + 16];
	struct store *store;

	if (keys_create(c->state, why, sizeof why) != OK) {
		log_error("%s", why);
		return false;
	}
	snprintf(path, sizeof path, "%s/" STORE_FILE, c->state);
	if (store_open(path, STORE_CREATE, &store, why, sizeof why) != OK) {
		log_error("%s", why);
		return false;
	}
	store_close(store);
	return true;
}

/* wait_for_identity(): without a certificate there is nothing to listen with; true when there is one. */
static bool
wait_for_identity(struct supervisor *v)
{
	char path[PATH_MAX + 16];
	bool told = false;

	snprintf(path, sizeof path, "%s/" KEYS_TLS_CHAIN, v->config->state);
	while (access(path, R_OK) != 0) {
		struct pollfd p = { v->signals, POLLIN, 0 };

		if (!told)
			log_info("no delegation yet; run on the operator's machine: bootgatectl authority delegate DIR %s --name %s",
				v->config->state, v->config->name);
		told = true;
		if (poll(&p, 1, 1000) > 0)
			take_signal(v);
		if (v->ending)
			return false;
	}
	return true;
}

int
supervise_run(const char *path, struct config *c)
{
	static struct supervisor v;
	char why[512];

	v.path = path;
	v.config = c;
	if (confine_limits(256 + FDS_MAX * GENERATIONS, why, sizeof why) != OK) {
		log_error("%s", why);
		return 1;
	}
	if (!find_programs(&v) || !take_signals(&v)) {
		log_error("cannot start: %s", strerror(errno));
		return 1;
	}
	if (!prepare(c) || !listen_all(&v))
		return 1;
	if (!wait_for_identity(&v))
		return v.failed ? 1 : 0;
	if (try_files(c, why, sizeof why) != OK) {
		log_error("%s", why);
		return 1;
	}
	if (!begin_generation(&v))
		return 1;
	for (size_t i = 0; i < c->listens; i++)
		log_info("serving on %s", c->listen[i]);
	watch(&v);
	return v.failed ? 1 : 0;
}
