/* SPDX-License-Identifier: ISC */
#include "verifier/ekcert_ask.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"

#define WAIT_MS 5000

void
ekcert_ask_encode(const struct ekcert_question *q, struct buffer *out)
{
	buffer_sized16(out, q->ek);
	for (size_t i = 0; i < q->certificates; i++)
		buffer_sized16(out, q->certificate[i]);
}

enum status
ekcert_ask_decode(struct bytes in, struct ekcert_question *q)
{
	struct reader r = reader_of(in);

	memset(q, 0, sizeof *q);
	q->ek = reader_take(&r, reader_be16(&r));
	while (r.failed == OK && reader_left(&r) > 0) {
		if (q->certificates == CERTIFICATES_MAX)
			return E_TOO_LARGE;
		q->certificate[q->certificates++] = reader_take(&r, reader_be16(&r));
	}
	return reader_end(&r);
}

static enum status
send_stream(int channel, int fd)
{
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(sizeof(int))];
	} control;
	char byte = 0;
	struct iovec io = { &byte, 1 };
	struct msghdr m;
	struct cmsghdr *h;

	memset(&control, 0, sizeof control);
	memset(&m, 0, sizeof m);
	m.msg_iov = &io;
	m.msg_iovlen = 1;
	m.msg_control = control.space;
	m.msg_controllen = sizeof control.space;
	h = CMSG_FIRSTHDR(&m);
	h->cmsg_level = SOL_SOCKET;
	h->cmsg_type = SCM_RIGHTS;
	h->cmsg_len = CMSG_LEN(sizeof fd);
	memcpy(CMSG_DATA(h), &fd, sizeof fd);
	return sendmsg(channel, &m, MSG_DONTWAIT | MSG_NOSIGNAL) == 1 ? OK : E_UNAVAILABLE;
}

static int
left_ms(const struct timespec *since)
{
	struct timespec t;
	long ms;

	clock_gettime(CLOCK_MONOTONIC, &t);
	ms = WAIT_MS - (t.tv_sec - since->tv_sec) * 1000 - (t.tv_nsec - since->tv_nsec) / 1000000;
	return ms < 0 ? 0 : (int)ms;
}

static enum status
receive(int fd, struct buffer *b)
{
	struct timespec since;

	clock_gettime(CLOCK_MONOTONIC, &since);
	for (;;) {
		struct pollfd p = { fd, POLLIN, 0 };
		int r = poll(&p, 1, left_ms(&since));
		ssize_t n;

		if (r == 0)
			return E_TIMEOUT;
		if (r < 0 && errno != EINTR)
			return file_status(errno);
		if (b->n == b->size)
			return OK;
		n = read(fd, b->p + b->n, b->size - b->n);
		if (n == 0)
			return OK;
		if (n < 0 && errno != EINTR)
			return file_status(errno);
		if (n > 0)
			b->n += (size_t)n;
	}
}

enum status
ekcert_ask(int channel, const struct ekcert_question *q, enum ekcert_code *code, char detail[EKCERT_DETAIL_MAX + 1])
{
	static uint8_t space[EKCERT_QUESTION_MAX];
	struct buffer b = BUFFER(space), answer;
	uint8_t text[1 + EKCERT_DETAIL_MAX];
	int pair[2];
	enum status s;

	ekcert_ask_encode(q, &b);
	if (b.failed != OK || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
		return E_UNAVAILABLE;
	s = send_stream(channel, pair[1]);
	close(pair[1]);
	answer = BUFFER(text);
	/* The whole question fits the socket's buffer, so that writing does not wait for a process that may never start. */
	if (s == OK)
		s = send(pair[0], b.p, b.n, MSG_DONTWAIT | MSG_NOSIGNAL) == (ssize_t)b.n ? OK : E_UNAVAILABLE;
	if (s == OK && shutdown(pair[0], SHUT_WR) != 0)
		s = E_UNAVAILABLE;
	if (s == OK)
		s = receive(pair[0], &answer);
	close(pair[0]);
	if (s != OK || answer.n == 0 || text[0] >= EKCERT_END)
		return E_UNAVAILABLE;
	*code = (enum ekcert_code)text[0];
	memcpy(detail, text + 1, answer.n - 1);
	detail[answer.n - 1] = '\0';
	return OK;
}
