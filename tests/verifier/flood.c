/* SPDX-License-Identifier: ISC */
/*
 * An attacker who wants a verifier to serve nobody else: connections of every annoying kind, as many at a time as he is told, opened anew as soon as
 * they are closed.
 *
 *     flood PORT SECONDS CONNECTIONS ADDRESSES [KIND...]
 *
 * From so many addresses, 127.1.0.1 and on.  Prints "opened N connections, sent N bytes, N were closed by the verifier, N at a time".
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define OPENS_A_TURN 16
#define TURN_MS 20

/* What a kind does once connected, or with TLS once the hands are shaken: ${text} at once, then ${drip} bytes of garbage a second. */
static const struct kind {
	const char *name;
	bool tls;
	const char *text;
	size_t drip;
	bool pump; /* as fast as it is taken, and nothing is ever read */
} kinds[] = {
	{ "silent", false, "", 0, false },
	{ "hello-cut", false, "\x16\x03\x01\x02", 0, false },
	{ "hello-drip", false, "\x16\x03\x01\x01\xff\x01\x01\xfb\x03\x03", 1, false },
	{ "no-tls", false, "GET /healthz HTTP/1.1\r\n\r\n", 0, false },
	{ "tls-silent", true, "", 0, false },
	{ "head-cut", true, "POST /v1/attest HTTP/1.1\r\nHost: v\r\n", 0, false },
	{ "head-drip", true, "POST /v1/attest HTTP/1.1\r\nHost: v\r\nX: ", 1, false },
	{ "body-cut", true, "POST /v1/attest HTTP/1.1\r\nHost: v\r\nContent-Length: 60000\r\n\r\n\xa5", 0, false },
	{ "body-drip", true, "POST /v1/attest HTTP/1.1\r\nHost: v\r\nContent-Length: 60000\r\n\r\n", 1, false },
	{ "body-huge", true, "POST /v1/attest HTTP/1.1\r\nHost: v\r\nContent-Length: 9999999999\r\n\r\n", 0, true },
	{ "body-garbage", true, "POST /v1/attest HTTP/1.1\r\nHost: v\r\nContent-Length: 8000\r\n\r\n", 8000, false },
	{ "never-reads", true, "GET /healthz HTTP/1.1\r\nHost: v\r\n\r\n", 0, true },
};
#define KINDS (sizeof kinds / sizeof *kinds)

struct connection {
	int fd; /* -1: none */
	const struct kind *kind;
	SSL *ssl;
	bool ready, said;
	double last;
};

static SSL_CTX *context;
static uint16_t port;
static size_t addresses, opened, closed, sent, most;
static int events;
static uint8_t garbage[16384];

static double
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void
end(struct connection *c)
{
	SSL_free(c->ssl);
	close(c->fd);
	c->ssl = NULL;
	c->fd = -1;
}

static bool
begin(struct connection *c, const struct kind *k)
{
	struct sockaddr_in from = { .sin_family = AF_INET }, to = { .sin_family = AF_INET, .sin_port = htons(port), .sin_addr = { htonl(INADDR_LOOPBACK) } };
	struct epoll_event e = { .events = EPOLLIN | EPOLLOUT | EPOLLET, .data.ptr = c };
	int on = 1;

	*c = (struct connection){ socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), k, NULL, false, false, 0 };
	if (c->fd < 0)
		return false;
	from.sin_addr.s_addr = htonl(0x7f010001U + (uint32_t)(opened % addresses));
	setsockopt(c->fd, IPPROTO_IP, 24 /* IP_BIND_ADDRESS_NO_PORT */, &on, sizeof on);
	if (bind(c->fd, (const struct sockaddr *)&from, sizeof from) != 0 ||
		(connect(c->fd, (const struct sockaddr *)&to, sizeof to) != 0 && errno != EINPROGRESS) ||
		epoll_ctl(events, EPOLL_CTL_ADD, c->fd, &e) != 0) {
		close(c->fd);
		c->fd = -1;
		return false;
	}
	if (k->tls) {
		c->ssl = SSL_new(context);
		SSL_set_fd(c->ssl, c->fd);
		SSL_set_connect_state(c->ssl);
	}
	opened++;
	return true;
}

static bool
put(struct connection *c, const void *p, size_t n)
{
	ssize_t r = n == 0 ? 0 : c->ssl != NULL ? SSL_write(c->ssl, p, (int)n) : send(c->fd, p, n, MSG_NOSIGNAL);

	if (r > 0)
		sent += (size_t)r;
	return r > 0;
}

/* step(): as far as it goes; false: the verifier closed it. */
static bool
step(struct connection *c, double t)
{
	char byte;

	if (!c->ready && c->ssl != NULL) {
		int r = SSL_do_handshake(c->ssl);

		if (r != 1)
			return SSL_get_error(c->ssl, r) == SSL_ERROR_WANT_READ || SSL_get_error(c->ssl, r) == SSL_ERROR_WANT_WRITE;
	}
	c->ready = true;
	if (!c->kind->pump) {
		ssize_t r = recv(c->fd, &byte, 1, MSG_DONTWAIT | MSG_PEEK);

		if (r == 0 || (r < 0 && errno != EAGAIN))
			return false;
		/* Answers are thrown away. */
		while (r > 0 && recv(c->fd, garbage, sizeof garbage, MSG_DONTWAIT) > 0)
			;
	}
	if (!c->said) {
		c->said = true;
		c->last = t;
		put(c, c->kind->text, strlen(c->kind->text));
	} else if (c->kind->drip > 0 && t - c->last >= 1) {
		c->last = t;
		if (c->kind->drip > 1)
			put(c, c->kind->text, strlen(c->kind->text));
		put(c, garbage, c->kind->drip);
	}
	for (unsigned i = 0; c->kind->pump && i < 4; i++)
		if (!(strcmp(c->kind->name, "never-reads") == 0 ? put(c, c->kind->text, strlen(c->kind->text)) : put(c, garbage, sizeof garbage)))
			return errno == EAGAIN || errno == 0 || SSL_want_write(c->ssl);
	return true;
}

static const struct kind *
chosen(char **names, int count)
{
	const struct kind *all = kinds;

	if (count > 0)
		for (size_t i = 0; i < KINDS; i++)
			if (strcmp(kinds[i].name, names[opened % (size_t)count]) == 0)
				return &kinds[i];
	return all + opened % KINDS;
}

static void
turn(struct connection *all, size_t n, char **names, int count)
{
	struct epoll_event e[256];
	double t = now();
	size_t opens = 0, have = 0;
	int got = epoll_wait(events, e, 256, TURN_MS);

	for (int i = 0; i < got; i++) {
		struct connection *c = e[i].data.ptr;

		errno = 0;
		if (c->fd >= 0 && ((e[i].events & (EPOLLERR | EPOLLHUP)) != 0 || !step(c, t))) {
			end(c);
			closed++;
		}
	}
	for (size_t i = 0; i < n; i++) {
		errno = 0;
		if (all[i].fd >= 0 && all[i].ready && (all[i].kind->drip > 0 || all[i].kind->pump) && !step(&all[i], t)) {
			end(&all[i]);
			closed++;
		}
		if (all[i].fd < 0 && opens < OPENS_A_TURN)
			opens += begin(&all[i], chosen(names, count));
		have += all[i].fd >= 0;
	}
	most = have > most ? have : most;
	if (opens > 0)
		usleep(TURN_MS * 500);
}

int
main(int argc, char **argv)
{
	struct rlimit files = { 65536, 65536 };
	struct connection *all;
	double ends;
	size_t n;

	if (argc < 5) {
		fprintf(stderr, "usage: flood PORT SECONDS CONNECTIONS ADDRESSES [KIND...]\n");
		return 2;
	}
	port = (uint16_t)strtoul(argv[1], NULL, 10);
	ends = now() + strtod(argv[2], NULL);
	n = strtoul(argv[3], NULL, 10);
	addresses = strtoul(argv[4], NULL, 10);
	signal(SIGPIPE, SIG_IGN);
	setrlimit(RLIMIT_NOFILE, &files);
	events = epoll_create1(0);
	context = SSL_CTX_new(TLS_client_method());
	all = calloc(n, sizeof *all);
	if (addresses == 0 || events < 0 || context == NULL || all == NULL)
		return 1;
	SSL_CTX_set_max_proto_version(context, TLS1_2_VERSION);
	SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
	for (size_t i = 0; i < sizeof garbage; i++)
		garbage[i] = (uint8_t)('a' + i % 26);
	for (size_t i = 0; i < n; i++)
		all[i].fd = -1;
	while (now() < ends)
		turn(all, n, argv + 5, argc - 5);
	printf("opened %zu connections, sent %zu bytes, %zu were closed by the verifier, %zu at a time\n", opened, sent, closed, most);
	return 0;
}
