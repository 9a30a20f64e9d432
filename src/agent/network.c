/* SPDX-License-Identifier: ISC */
#include "agent/network.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <grp.h>

#include "agent/links.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "net/dial.h"

#define RESOLVER "/etc/resolv.conf"
#define NOBODY 65534
#define DIAL_SECONDS 5
#define WAIT_SECONDS 300
/* So long after the start it is said what there is, when nothing carries. */
#define SAY_AFTER_MS 2500

/* What the child says; with NETWORK_CONNECTED comes a socket. */
enum said_kind { SAID_NOTE, SAID_VERIFIER, SAID_CONNECTED, SAID_FAILED, SAID_TIMEOUT };

struct said {
	uint8_t kind;
	char text[255];
};

static void
say(int fd, enum said_kind kind, const char *text, int passed)
{
	struct said s = { .kind = (uint8_t)kind };
	struct iovec v = { &s, sizeof s };
	union {
		struct cmsghdr head;
		char space[CMSG_SPACE(sizeof(int))];
	} control = { .head = { 0 } };
	struct msghdr m = { .msg_iov = &v, .msg_iovlen = 1 };

	snprintf(s.text, sizeof s.text, "%s", text);
	if (passed >= 0) {
		m.msg_control = &control;
		m.msg_controllen = sizeof control;
		control.head.cmsg_level = SOL_SOCKET;
		control.head.cmsg_type = SCM_RIGHTS;
		control.head.cmsg_len = CMSG_LEN(sizeof passed);
		memcpy(CMSG_DATA(&control.head), &passed, sizeof passed);
	}
	/* Who does not listen any more needs no answer. */
	if (sendmsg(fd, &m, MSG_NOSIGNAL) < 0)
		return;
}

static bool
hear(int fd, struct said *s, int *passed)
{
	struct iovec v = { s, sizeof *s };
	union {
		struct cmsghdr head;
		char space[CMSG_SPACE(sizeof(int))];
	} control = { .head = { 0 } };
	struct msghdr m = { .msg_iov = &v, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control };
	const struct cmsghdr *c;

	*passed = -1;
	if (recvmsg(fd, &m, MSG_CMSG_CLOEXEC) != (ssize_t)sizeof *s)
		return false;
	c = CMSG_FIRSTHDR(&m);
	if (c != NULL && c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS && c->cmsg_len == CMSG_LEN(sizeof *passed))
		memcpy(passed, CMSG_DATA(c), sizeof *passed);
	s->text[sizeof s->text - 1] = '\0';
	return true;
}

/* --- the child -------------------------------------------------------------------------------------------------------- */

struct child {
	const struct settings *settings;
	struct links links;
	int fd, resolver;
	int64_t since;
	bool said, asked;
	struct url verifier;
	int64_t asked_at;
};

/* Nobody's, but for what changes links and addresses: no file of root's, the TPM's devices among them, can be opened. */
static bool
drop_rights(void)
{
	struct __user_cap_header_struct head = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct caps[2] = { { 0, 0, 0 }, { 0, 0, 0 } };

	caps[0].permitted = caps[0].effective = 1U << CAP_NET_ADMIN | 1U << CAP_NET_RAW | 1U << CAP_NET_BIND_SERVICE;
	return prctl(PR_SET_KEEPCAPS, 1) == 0 && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && setgroups(0, NULL) == 0 &&
		setresgid(NOBODY, NOBODY, NOBODY) == 0 && setresuid(NOBODY, NOBODY, NOBODY) == 0 && syscall(SYS_capset, &head, caps) == 0;
}

static void
write_resolver(struct child *c)
{
	char text[NETWORK_RESOLVER_MAX];
	size_t n;

	if (c->resolver < 0 || !c->links.resolver_changed)
		return;
	n = links_resolver(&c->links, text, sizeof text);
	if (n == 0)
		return;
	c->links.resolver_changed = false;
	c->links.made->resolver = true;
	if (ftruncate(c->resolver, 0) != 0 || pwrite(c->resolver, text, n, 0) != (ssize_t)n)
		say(c->fd, SAID_NOTE, RESOLVER " cannot be written: names are not found", -1);
}

/* Resolving takes its time: a process of its own, so that leases are kept meanwhile. */
static void
dial(const struct child *c)
{
	char names[DIAL_LINKS_MAX][DIAL_LINK_NAME_MAX], text[200] = "";
	size_t n = links_ready(&c->links, names);
	enum status s;
	int fd;

	if (fork() != 0)
		return;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	s = dial_connect(&c->verifier, DIAL_SECONDS, (const char(*)[DIAL_LINK_NAME_MAX])names, n, &fd, text, sizeof text);
	say(c->fd, s == OK ? SAID_CONNECTED : s == E_TIMEOUT ? SAID_TIMEOUT : SAID_FAILED, text, fd);
	_exit(0);
}

static void
answer(struct child *c, int64_t now)
{
	char names[DIAL_LINKS_MAX][DIAL_LINK_NAME_MAX], text[255];

	if (c->asked && links_ready(&c->links, names) > 0) {
		c->asked = false;
		dial(c);
	} else if (c->asked && now - c->asked_at > WAIT_SECONDS * 1000) {
		c->asked = false;
		links_say(&c->links, text, sizeof text);
		say(c->fd, SAID_FAILED, text, -1);
	}
	if (!c->said && now - c->since >= SAY_AFTER_MS) {
		c->said = true;
		if (links_ready(&c->links, names) == 0) {
			links_say(&c->links, text, sizeof text);
			say(c->fd, SAID_NOTE, text, -1);
		}
	}
}

/* A verifier that a DHCP server names: told once. */
static void
tell_hints(struct child *c)
{
	for (size_t i = 0; i < c->links.n; i++) {
		struct link *l = &c->links.link[i];

		if (l->state == LINK_BOUND && l->lease.verifier[0] != '\0' && !l->hint_told) {
			l->hint_told = true;
			say(c->fd, SAID_VERIFIER, l->lease.verifier, -1);
		}
	}
}

static bool
take_request(struct child *c, int64_t now)
{
	struct url u;
	ssize_t n = recv(c->fd, &u, sizeof u, MSG_DONTWAIT);

	if (n < 0)
		return errno == EAGAIN || errno == EINTR;
	if (n != (ssize_t)sizeof u)
		return false;
	c->asked = true;
	c->verifier = u;
	c->asked_at = now;
	return true;
}

_Noreturn static void
run_child(struct child *c, pid_t parent)
{
	struct pollfd p[2 + DIAL_LINKS_MAX];

	signal(SIGCHLD, SIG_IGN);
	c->resolver = open(RESOLVER, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
	if (!drop_rights() || prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != parent || links_open(&c->links, c->settings) != OK) {
		say(c->fd, SAID_NOTE, "it cannot be brought up from here", -1);
		_exit(1);
	}
	c->since = clock_now_ms();
	for (;;) {
		int64_t now = clock_now_ms(), wait = links_due(&c->links) - now;
		nfds_t n = links_poll(&c->links, p + 1) + 1;

		p[0] = (struct pollfd){ c->fd, POLLIN, 0 };
		if (poll(p, n, wait < 0 ? 0 : wait > 500 ? 500 : (int)wait) < 0 && errno != EINTR)
			_exit(1);
		now = clock_now_ms();
		if (p[0].revents != 0 && !take_request(c, now))
			_exit(0);
		links_work(&c->links, now);
		write_resolver(c);
		tell_hints(c);
		answer(c, now);
	}
}

/* --- the agent's side ---------------------------------------------------------------------------------------------------- */

/* `ip=` and the like: the image's own scripts bring the network up. */
static bool
command_line_has_network(void)
{
	uint8_t text[4096];
	struct buffer b = buffer_of(text, sizeof text - 1);

	if (file_read("/proc/cmdline", &b) != OK)
		return false;
	text[b.n] = '\0';
	return strncmp((const char *)text, "ip=", 3) == 0 || strstr((const char *)text, " ip=") != NULL;
}

static void
keep_resolver(struct network *n)
{
	struct buffer b = buffer_of(n->resolver, sizeof n->resolver);

	n->resolver_n = file_read(RESOLVER, &b) == OK ? b.n : 0;
}

void
network_start(const struct settings *settings, struct network *n)
{
	static struct child child;
	pid_t parent = getpid();
	int ends[2];

	memset(n, 0, sizeof *n);
	n->fd = -1;
	if (settings->network == NETWORK_SYSTEM || (settings->network == NETWORK_AUTO && (command_line_has_network() || links_have_address())))
		return;
	n->made = mmap(NULL, sizeof *n->made, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (n->made == MAP_FAILED)
		n->made = NULL;
	if (n->made == NULL || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) {
		log_error("network: %s", strerror(errno));
		return;
	}
	keep_resolver(n);
	n->child = fork();
	if (n->child == 0) {
		close(ends[0]);
		child.settings = settings;
		child.links.made = n->made;
		child.fd = ends[1];
		run_child(&child, parent);
	}
	close(ends[1]);
	n->fd = ends[0];
	if (n->child < 0) {
		log_error("network: %s", strerror(errno));
		network_stop(n);
	}
}

static void
add_verifier(struct settings *s, const char *text)
{
	for (size_t i = 0; i < s->verifiers; i++)
		if (strcmp(s->verifier_text[i], text) == 0)
			return;
	if (settings_add_verifier(s, text) == NULL)
		log_info("network: the DHCP server names %s as a verifier", text);
	else
		log_warning("network: the DHCP server names something else than https://HOST[:PORT] as a verifier");
}

enum status
network_dial(const struct network *n, struct settings *settings, size_t verifier, int *fd, char *text, size_t size)
{
	const struct url *u = &settings->verifier[verifier];
	struct said s;

	*fd = -1;
	if (n == NULL || n->child <= 0)
		return OK;
	if (send(n->fd, u, sizeof *u, MSG_NOSIGNAL) != (ssize_t)sizeof *u) {
		snprintf(text, size, "the process that brings the network up has died");
		return E_NETWORK;
	}
	while (hear(n->fd, &s, fd)) {
		if (s.kind == SAID_CONNECTED && *fd >= 0)
			return OK;
		if (*fd >= 0)
			close(*fd);
		*fd = -1;
		if (s.kind == SAID_NOTE) {
			log_info("network: %s", s.text);
		} else if (s.kind == SAID_VERIFIER) {
			add_verifier(settings, s.text);
		} else {
			snprintf(text, size, "%s", s.text);
			return s.kind == SAID_TIMEOUT ? E_TIMEOUT : E_NETWORK;
		}
	}
	snprintf(text, size, "the process that brings the network up has died");
	return E_NETWORK;
}

static void
restore_resolver(const struct network *n)
{
	if (n->resolver_n == 0)
		unlink(RESOLVER);
	else if (file_write(RESOLVER, bytes_of(n->resolver, n->resolver_n), 0644) != OK)
		log_warning(RESOLVER " cannot be restored");
}

void
network_stop(struct network *n)
{
	if (n->fd >= 0)
		close(n->fd);
	if (n->child > 0) {
		kill(n->child, SIGKILL);
		waitpid(n->child, NULL, 0);
	}
	if (n->made != NULL) {
		links_take_down(n->made);
		if (n->made->resolver)
			restore_resolver(n);
		munmap(n->made, sizeof *n->made);
	}
	memset(n, 0, sizeof *n);
	n->fd = -1;
}
