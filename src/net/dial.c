/* SPDX-License-Identifier: ISC */
#include "net/dial.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"

#define ATTEMPTS_MAX 32

/* Connections on their way. */
struct attempts {
	struct pollfd p[ATTEMPTS_MAX];
	size_t n;
	int error; /* the last one's */
};

static void
try_one(struct attempts *t, const struct addrinfo *a, const char *link)
{
	int fd;

	if (t->n == ATTEMPTS_MAX)
		return;
	fd = socket(a->ai_family, a->ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, a->ai_protocol);
	if (fd < 0 || (link != NULL && setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, link, (socklen_t)strlen(link)) != 0) ||
		(connect(fd, a->ai_addr, a->ai_addrlen) != 0 && errno != EINPROGRESS)) {
		t->error = errno;
		if (fd >= 0)
			close(fd);
		return;
	}
	t->p[t->n++] = (struct pollfd){ fd, POLLOUT, 0 };
}

/* Those that ended: one that succeeded is returned, the others are dropped. */
static int
take_ended(struct attempts *t)
{
	for (size_t i = 0; i < t->n;) {
		int error = 0;
		socklen_t size = sizeof error;
		int fd = t->p[i].fd;

		if (t->p[i].revents == 0) {
			i++;
			continue;
		}
		t->p[i] = t->p[--t->n];
		if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) == 0 && error == 0)
			return fd;
		t->error = error;
		close(fd);
	}
	return -1;
}

static int
first_of(struct attempts *t, int64_t until)
{
	int fd = -1;

	while (fd < 0 && t->n > 0) {
		int64_t left = until - clock_now_ms();

		if (left <= 0 || (poll(t->p, t->n, (int)left) < 0 && errno != EINTR))
			break;
		fd = take_ended(t);
	}
	return fd;
}

enum status
dial_connect(const struct url *u, unsigned seconds, const char links[][DIAL_LINK_NAME_MAX], size_t n, int *fd, char *said, size_t size)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
	struct attempts t = { .n = 0 };
	struct addrinfo *list = NULL;
	int error = getaddrinfo(u->host, u->port, &hints, &list), one = 1;
	bool pending;

	*fd = -1;
	if (error != 0) {
		snprintf(said, size, "name %s: %s", u->host, gai_strerror(error));
		return E_NETWORK;
	}
	for (const struct addrinfo *a = list; a != NULL; a = a->ai_next) {
		if (n == 0)
			try_one(&t, a, NULL);
		for (size_t i = 0; i < n; i++)
			try_one(&t, a, links[i]);
	}
	freeaddrinfo(list);
	*fd = first_of(&t, clock_now_ms() + (int64_t)seconds * 1000);
	pending = t.n > 0;
	while (t.n > 0)
		close(t.p[--t.n].fd);
	if (*fd >= 0) {
		setsockopt(*fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
		return OK;
	}
	snprintf(said, size, "%s", pending ? "no answer to the connection attempt" : strerror(t.error));
	return pending ? E_TIMEOUT : E_NETWORK;
}
