/* SPDX-License-Identifier: ISC */
/*
 * Between QEMU's tpm-emulator and swtpm: what a virtual machine's TPM does wrong.
 *
 *	tpm-proxy LISTEN SWTPM COMMAND FAULT TIMES
 *
 * QEMU hands the way of the TPM's commands to swtpm as a descriptor, over the control channel (CMD_SET_DATAFD). It is taken here,
 * and swtpm is given one of ours.
 * COMMAND is a command code in hex, 0: any. What the first TIMES commands of that code meet:
 *	code:HEX  the TPM does not get it, HEX is the response code     garbage   random bytes behind an answer's size
 *	hang      the TPM gets it, no answer comes                      unplug    from now on there is no TPM
 */
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define MESSAGE_MAX 4096
#define HEADER 10

static struct {
	uint32_t command, code;
	const char *kind;
	unsigned long times;
} fault;

static void
die(const char *what)
{
	perror(what);
	exit(1);
}

static struct sockaddr_un
address(const char *path)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };

	if (strlen(path) >= sizeof a.sun_path)
		die(path);
	memcpy(a.sun_path, path, strlen(path) + 1);
	return a;
}

static int
accept_one(const char *path)
{
	struct sockaddr_un a = address(path);
	int fd = socket(AF_UNIX, SOCK_STREAM, 0), client;

	if (fd < 0 || bind(fd, (struct sockaddr *)&a, sizeof a) != 0 || listen(fd, 1) != 0)
		die(path);
	client = accept(fd, NULL, NULL);
	if (client < 0)
		die("accept");
	close(fd);
	return client;
}

static int
connect_to(const char *path)
{
	struct sockaddr_un a = address(path);
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	if (fd < 0 || connect(fd, (struct sockaddr *)&a, sizeof a) != 0)
		die(path);
	return fd;
}

/* A piece of the control channel, with the descriptor that came along; -1: none. */
static ssize_t
receive(int from, uint8_t *p, size_t size, int *passed)
{
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(sizeof(int))];
	} control;
	struct iovec data = { p, size };
	struct msghdr m = { .msg_iov = &data, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control };
	ssize_t n = recvmsg(from, &m, 0);
	struct cmsghdr *c = n > 0 ? CMSG_FIRSTHDR(&m) : NULL;

	*passed = -1;
	if (c != NULL && c->cmsg_type == SCM_RIGHTS)
		memcpy(passed, CMSG_DATA(c), sizeof *passed);
	return n;
}

static void
send_with(int to, uint8_t *p, size_t n, int passed)
{
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(sizeof(int))];
	} control = { .header = { .cmsg_len = CMSG_LEN(sizeof passed), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS } };
	struct iovec data = { p, n };
	struct msghdr m = { .msg_iov = &data, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control };

	memcpy(CMSG_DATA(&control.header), &passed, sizeof passed);
	if (sendmsg(to, &m, 0) != (ssize_t)n)
		die("sendmsg");
}

static uint32_t
be32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static void
put32(uint8_t *p, uint32_t v)
{
	for (int i = 0; i < 4; i++)
		p[i] = (uint8_t)(v >> (24 - 8 * i));
}

static bool
read_all(int fd, uint8_t *p, size_t n)
{
	for (size_t at = 0; at < n;) {
		ssize_t got = read(fd, p + at, n - at);

		if (got <= 0)
			return false;
		at += (size_t)got;
	}
	return true;
}

/* tag 2, size 4, code 4, the rest; 0: the end. */
static size_t
read_message(int fd, uint8_t *p)
{
	size_t n;

	if (!read_all(fd, p, HEADER))
		return 0;
	n = be32(p + 2);
	return n >= HEADER && n <= MESSAGE_MAX && read_all(fd, p + HEADER, n - HEADER) ? n : 0;
}

static void
write_all(int fd, const uint8_t *p, size_t n)
{
	if (write(fd, p, n) != (ssize_t)n)
		die("write");
}

static bool
is(const char *kind)
{
	return strcmp(fault.kind, kind) == 0;
}

static bool
hits(const uint8_t *command)
{
	if (fault.times == 0 || (fault.command != 0 && be32(command + 6) != fault.command))
		return false;
	fault.times--;
	return true;
}

/* One command and its answer.  False: there is no TPM any more. */
static bool
serve(int qemu, int tpm)
{
	uint8_t p[MESSAGE_MAX];
	size_t n = read_message(qemu, p);
	bool hit = n > 0 && hits(p);

	if (n == 0 || (hit && is("unplug")))
		return false;
	if (hit && is("code")) {
		static const uint8_t head[6] = { 0x80, 0x01, 0, 0, 0, HEADER };

		memcpy(p, head, sizeof head);
		put32(p + 6, fault.code);
		write_all(qemu, p, HEADER);
		return true;
	}
	write_all(tpm, p, n);
	n = read_message(tpm, p);
	if (n == 0)
		return false;
	for (size_t i = 0; hit && is("garbage") && i < n; i++)
		if (i < 2 || i > 5)
			p[i] = (uint8_t)rand();
	if (!hit || !is("hang"))
		write_all(qemu, p, n);
	return true;
}

static void
run(int qemu, int tpm)
{
	int data = -1, ours[2] = { -1, -1 };

	for (;;) {
		struct pollfd p[3] = { { qemu, POLLIN, 0 }, { tpm, POLLIN, 0 }, { data, POLLIN, 0 } };
		uint8_t piece[MESSAGE_MAX];
		ssize_t n;
		int passed;

		if (poll(p, 3, -1) < 0)
			die("poll");
		if (p[0].revents != 0) {
			n = receive(qemu, piece, sizeof piece, &passed);
			if (n <= 0)
				return;
			if (passed >= 0) {
				if (socketpair(AF_UNIX, SOCK_STREAM, 0, ours) != 0)
					die("socketpair");
				data = passed;
				send_with(tpm, piece, (size_t)n, ours[1]);
				close(ours[1]);
			} else {
				write_all(tpm, piece, (size_t)n);
			}
		}
		if (p[1].revents != 0) {
			n = read(tpm, piece, sizeof piece);
			if (n <= 0)
				return;
			write_all(qemu, piece, (size_t)n);
		}
		if (p[2].revents != 0 && !serve(data, ours[0])) {
			/* The control channel stays: QEMU wants its answers. */
			close(data);
			data = -1;
		}
	}
}

int
main(int argc, char **argv)
{
	int qemu;

	if (argc != 6) {
		fprintf(stderr, "usage: tpm-proxy LISTEN SWTPM COMMAND FAULT TIMES\n");
		return 2;
	}
	fault.command = (uint32_t)strtoul(argv[3], NULL, 16);
	fault.kind = strtok(argv[4], ":");
	if (is("code"))
		fault.code = (uint32_t)strtoul(strtok(NULL, ":"), NULL, 16);
	fault.times = strtoul(argv[5], NULL, 10);
	signal(SIGPIPE, SIG_IGN);
	qemu = accept_one(argv[1]);
	run(qemu, connect_to(argv[2]));
	return 0;
}
