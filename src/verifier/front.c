/* SPDX-License-Identifier: ISC */
/*
 * front: TCP and TLS.  Holds the TLS key and nothing else, parses nothing above TLS, and pumps plaintext over one Unix stream
 * per client to desk.
 *
 *   HANDSHAKE --done--> OPEN --desk or peer ends--> CLOSING --all sent--> LINGER --peer ends--> gone
 *
 * Each state has one list in order of entry, and a deadline that no byte of a client renews.
 */
#include "verifier/roles.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "store/keys.h"
#include "verifier/confine.h"
#include "verifier/tls_server.h"

#define HIGH_WATER (64u * 1024)
#define LINGER_BYTES_MAX (1024u * 1024)
#define FILES_BESIDE 64
#define IDLE_RIGHT 2 /* seconds that a connection may be idle even when its place is wanted, or the front ends */

enum state { HANDSHAKE, OPEN, CLOSING, LINGER, STATES };

static const time_t deadline[STATES] = { [HANDSHAKE] = 10, [OPEN] = 3600, [CLOSING] = 15, [LINGER] = 3 };

struct client {
	TAILQ_ENTRY(client) entry;
	struct front *front;
	enum state state;
	time_t since;
	struct bufferevent *net, *desk; /* desk: from OPEN on */
	struct tls_server *tls;
	bool asked, served, desk_ended, desk_deaf; /* waits for an answer; had one; sends no more; takes no more */
	size_t lingered;
	uint8_t origin[16]; /* what connections are counted by */
	char address[ROLES_ADDRESS_MAX];
};

TAILQ_HEAD(client_list, client);

struct front {
	const struct config *config;
	struct event_base *base;
	struct tls_identity *identity;
	struct client_list list[STATES];
	unsigned clients, listeners;
	struct evconnlistener *listener[CONFIG_LISTEN_MAX];
	bool ending;
	time_t ending_since;
};

static void pump(struct client *c);

static time_t
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec;
}

static void
enter(struct client *c, enum state state)
{
	TAILQ_REMOVE(&c->front->list[c->state], c, entry);
	c->state = state;
	c->since = now();
	TAILQ_INSERT_TAIL(&c->front->list[state], c, entry);
}

static void
drop(struct client *c)
{
	struct front *f = c->front;

	TAILQ_REMOVE(&f->list[c->state], c, entry);
	if (c->net != NULL)
		bufferevent_free(c->net);
	if (c->desk != NULL)
		bufferevent_free(c->desk);
	tls_server_free(c->tls);
	free(c);
	f->clients--;
}

/* --- to and from desk --- */

static void
desk_readable(struct bufferevent *b, void *arg)
{
	(void)b;
	pump(arg);
}

static void
desk_event(struct bufferevent *b, short what, void *arg)
{
	struct client *c = arg;

	/* A failed write leaves what desk said before it in the stream: read on to its end. */
	if ((what & BEV_EVENT_WRITING) != 0) {
		c->desk_deaf = true;
		bufferevent_disable(b, EV_WRITE);
	} else {
		c->desk_ended = true;
	}
	pump(c);
}

/* pass_to_desk(): one end of a new stream, with the client's address. */
static bool
pass_to_desk(int fd, const char *address)
{
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(sizeof(int))];
	} control;
	char text[ROLES_ADDRESS_MAX];
	struct iovec io = { text, strlen(address) + 1 };
	struct msghdr m;
	struct cmsghdr *h;

	memset(&control, 0, sizeof control);
	memset(&m, 0, sizeof m);
	memcpy(text, address, io.iov_len);
	m.msg_iov = &io;
	m.msg_iovlen = 1;
	m.msg_control = control.space;
	m.msg_controllen = sizeof control.space;
	h = CMSG_FIRSTHDR(&m);
	h->cmsg_level = SOL_SOCKET;
	h->cmsg_type = SCM_RIGHTS;
	h->cmsg_len = CMSG_LEN(sizeof fd);
	memcpy(CMSG_DATA(h), &fd, sizeof fd);
	return sendmsg(ROLES_FD, &m, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0;
}

static bool
open_desk(struct client *c)
{
	int pair[2];
	bool passed;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair) != 0)
		return false;
	passed = pass_to_desk(pair[1], c->address);
	close(pair[1]);
	if (passed)
		c->desk = bufferevent_socket_new(c->front->base, pair[0], BEV_OPT_CLOSE_ON_FREE);
	if (c->desk == NULL) {
		close(pair[0]);
		return false;
	}
	bufferevent_setcb(c->desk, desk_readable, desk_readable, desk_event, c);
	bufferevent_setwatermark(c->desk, EV_READ, 0, HIGH_WATER);
	bufferevent_setwatermark(c->desk, EV_WRITE, HIGH_WATER / 2, 0);
	bufferevent_enable(c->desk, EV_READ | EV_WRITE);
	enter(c, OPEN);
	return true;
}

/* --- the pump: four ways through the engine, as long as one of them moves --- */

static bool
move_in(struct tls_server *t, enum tls_channel channel, struct evbuffer *from)
{
	size_t room;
	uint8_t *to = tls_server_buffer(t, channel, &room);
	int n;

	if (to == NULL || evbuffer_get_length(from) == 0)
		return false;
	n = evbuffer_remove(from, to, room);
	if (n <= 0)
		return false;
	tls_server_done(t, channel, (size_t)n);
	if (channel == TLS_PLAIN_IN)
		tls_server_flush(t);
	return true;
}

static bool
move_out(struct tls_server *t, enum tls_channel channel, struct bufferevent *to)
{
	size_t n;
	const uint8_t *from = tls_server_buffer(t, channel, &n);

	if (from == NULL || n == 0)
		return false;
	if (to != NULL)
		bufferevent_write(to, from, n);
	tls_server_done(t, channel, n);
	return true;
}

static bool
is_full(struct bufferevent *b)
{
	return b != NULL && evbuffer_get_length(bufferevent_get_output(b)) >= HIGH_WATER;
}

static bool
move(struct client *c)
{
	bool moved = move_out(c->tls, TLS_RECORDS_OUT, c->net);

	if (c->state == OPEN && !is_full(c->desk) && move_out(c->tls, TLS_PLAIN_OUT, c->desk_deaf ? NULL : c->desk))
		moved = c->asked = true;
	if (c->state == CLOSING)
		moved |= move_out(c->tls, TLS_PLAIN_OUT, NULL);
	if (!is_full(c->desk))
		moved |= move_in(c->tls, TLS_RECORDS_IN, bufferevent_get_input(c->net));
	if (c->state == OPEN && !is_full(c->net) && move_in(c->tls, TLS_PLAIN_IN, bufferevent_get_input(c->desk))) {
		moved = c->served = true;
		c->asked = false;
	}
	return moved;
}

static void
begin_closing(struct client *c)
{
	tls_server_close(c->tls);
	enter(c, CLOSING);
	while (move(c))
		;
}

/* finish_closing(): all is said: half-close, and let the peer's last bytes come, so that no reset overtakes the answer. */
static void
finish_closing(struct client *c)
{
	struct evbuffer *in = bufferevent_get_input(c->net);

	if (c->state == CLOSING && evbuffer_get_length(bufferevent_get_output(c->net)) == 0) {
		shutdown(bufferevent_getfd(c->net), SHUT_WR);
		enter(c, LINGER);
	}
	if (c->state == LINGER) {
		c->lingered += evbuffer_get_length(in);
		evbuffer_drain(in, evbuffer_get_length(in));
		if (c->lingered > LINGER_BYTES_MAX)
			drop(c);
	}
}

static void
pump(struct client *c)
{
	int error = 0;

	if (c->state == LINGER) {
		finish_closing(c);
		return;
	}
	while (move(c))
		;
	if (c->state == HANDSHAKE && tls_server_open(c->tls)) {
		if (!open_desk(c)) {
			log_warning("%s: turned away: desk takes no more", c->address);
			drop(c);
			return;
		}
		while (move(c))
			;
	}
	if (c->state == OPEN && c->desk_ended && evbuffer_get_length(bufferevent_get_input(c->desk)) == 0)
		begin_closing(c);
	if (tls_server_closed(c->tls, &error) && c->state != CLOSING) {
		if (error != 0)
			log_debug("%s: TLS ended, error %d", c->address, error);
		if (c->state == HANDSHAKE && evbuffer_get_length(bufferevent_get_output(c->net)) == 0) {
			drop(c);
			return;
		}
		enter(c, CLOSING);
	}
	if (c->state == CLOSING)
		finish_closing(c);
}

/* --- to and from the peer --- */

static void
net_ready(struct bufferevent *b, void *arg)
{
	(void)b;
	pump(arg);
}

static void
net_event(struct bufferevent *b, short what, void *arg)
{
	(void)b;
	(void)what;
	drop(arg); /* a peer that half-closes has no answer to wait for */
}

static void
name_origin(struct client *c, const struct sockaddr *address, int size)
{
	char host[ROLES_ADDRESS_MAX - 16], port[8];

	if (address->sa_family == AF_INET)
		memcpy(c->origin, &((const struct sockaddr_in *)(const void *)address)->sin_addr, 4);
	else if (address->sa_family == AF_INET6)
		memcpy(c->origin, &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr, 8);
	if (getnameinfo(address, (socklen_t)size, host, sizeof host, port, sizeof port, NI_NUMERICHOST | NI_NUMERICSERV) == 0)
		snprintf(c->address, sizeof c->address, strchr(host, ':') != NULL ? "[%s]:%s" : "%s:%s", host, port);
	else
		snprintf(c->address, sizeof c->address, "?");
}

static unsigned
count(const struct client_list *list)
{
	const struct client *c;
	unsigned n = 0;

	TAILQ_FOREACH(c, list, entry)
		n++;
	return n;
}

/*
 * dispensable(): who goes when all places are taken: the one that has said nothing for longest, else the oldest in the state that most are in: so
 * no crowd pushes out who is in another state, and an honest request is over before it is the oldest.
 */
static struct client *
dispensable(const struct front *f)
{
	struct client *c;
	size_t most = HANDSHAKE;
	time_t t = now();

	TAILQ_FOREACH(c, &f->list[OPEN], entry)
		if (!c->asked && t - c->since >= IDLE_RIGHT)
			return c;
	for (size_t s = 0; s < STATES; s++)
		if (count(&f->list[s]) > count(&f->list[most]))
			most = s;
	return TAILQ_FIRST(&f->list[most]);
}

/* make_room(): whether one more client may come: not too many of this origin; when all places are taken, another one goes. */
static bool
make_room(struct front *f, const struct client *fresh)
{
	unsigned same = 0;
	struct client *victim;

	for (size_t s = 0; s < STATES; s++) {
		const struct client *c;

		TAILQ_FOREACH(c, &f->list[s], entry)
			same += memcmp(c->origin, fresh->origin, sizeof fresh->origin) == 0;
	}
	if (same >= f->config->max_clients_per_address)
		return false;
	if (f->clients < f->config->max_clients)
		return true;
	victim = dispensable(f);
	if (victim == NULL)
		return false;
	drop(victim);
	return true;
}

static void
accepted(struct evconnlistener *listener, evutil_socket_t fd, struct sockaddr *address, int size, void *arg)
{
	struct front *f = arg;
	struct client *c = calloc(1, sizeof *c);
	int on = 1;

	(void)listener;
	if (c != NULL)
		name_origin(c, address, size);
	if (c == NULL || !make_room(f, c) || (c->tls = tls_server_new(f->identity)) == NULL) {
		free(c);
		close(fd);
		return;
	}
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	c->front = f;
	c->since = now();
	c->net = bufferevent_socket_new(f->base, fd, BEV_OPT_CLOSE_ON_FREE);
	TAILQ_INSERT_TAIL(&f->list[HANDSHAKE], c, entry);
	f->clients++;
	if (c->net == NULL) {
		close(fd);
		drop(c);
		return;
	}
	bufferevent_setcb(c->net, net_ready, net_ready, net_event, c);
	bufferevent_setwatermark(c->net, EV_READ, 0, HIGH_WATER);
	bufferevent_enable(c->net, EV_READ | EV_WRITE);
}

/* --- time and signals --- */

/* may_end(): whether a front that ends may drop it: not while it waits for an answer, nor when it has only just come. */
static bool
may_end(const struct client *c, time_t t)
{
	if (t - c->front->ending_since > 10)
		return true;
	return !c->asked && (c->served || t - c->since >= IDLE_RIGHT);
}

static void
tick(evutil_socket_t fd, short what, void *arg)
{
	struct front *f = arg;
	time_t t = now();

	(void)fd;
	(void)what;
	for (size_t s = 0; s < STATES; s++) {
		for (struct client *c = TAILQ_FIRST(&f->list[s]), *next; c != NULL; c = next) {
			next = TAILQ_NEXT(c, entry);
			if (t - c->since > deadline[s] || (f->ending && may_end(c, t)))
				drop(c);
			else if (!f->ending)
				break;
		}
	}
	if (f->ending && f->clients == 0)
		event_base_loopbreak(f->base);
}

static void
end(evutil_socket_t fd, short what, void *arg)
{
	struct front *f = arg;

	(void)fd;
	(void)what;
	f->ending = true;
	f->ending_since = now();
	for (unsigned i = 0; i < f->listeners; i++)
		if (f->listener[i] != NULL)
			evconnlistener_free(f->listener[i]);
	f->listeners = 0;
}

static enum status
prepare(struct front *f, char *why, size_t size)
{
	char chain[PATH_MAX + 16], key[PATH_MAX + 16];
	const unsigned files = 2 * f->config->max_clients + FILES_BESIDE;
	enum status s;

	for (size_t i = 0; i < STATES; i++)
		TAILQ_INIT(&f->list[i]);
	snprintf(chain, sizeof chain, "%s/" KEYS_TLS_CHAIN, f->config->state);
	snprintf(key, sizeof key, "%s/" KEYS_TLS, f->config->state);
	s = tls_identity_load(chain, key, &f->identity, why, size);
	if (s == OK)
		s = confine_limits(files, why, size);
	if (s != OK)
		return s;
	f->base = event_base_new();
	if (f->base == NULL) {
		snprintf(why, size, "no event loop");
		return E_MEMORY;
	}
	return OK;
}

static bool
start(struct front *f, unsigned listeners)
{
	const struct timeval quarter = { 0, 250000 };
	struct event *timer = event_new(f->base, -1, EV_PERSIST, tick, f);
	struct event *term = evsignal_new(f->base, SIGTERM, end, f);

	if (timer == NULL || term == NULL || event_add(timer, &quarter) != 0 || event_add(term, NULL) != 0)
		return false;
	for (f->listeners = 0; f->listeners < listeners; f->listeners++) {
		f->listener[f->listeners] = evconnlistener_new(f->base, accepted, f,
			LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC | LEV_OPT_DISABLED, 0, (int)(ROLES_FD + 1 + f->listeners));
		if (f->listener[f->listeners] == NULL)
			return false;
	}
	return true;
}

int
front_run(const struct config *c, unsigned listeners)
{
	struct front f = { .config = c };
	char why[256] = "";

	signal(SIGPIPE, SIG_IGN);
	if (prepare(&f, why, sizeof why) != OK) {
		log_error("front: %s", why);
		return 1;
	}
	if (!start(&f, listeners)) {
		log_error("front: no event loop");
		return 1;
	}
	if (confine(CONFINE_FRONT, NULL, why, sizeof why) != OK) {
		log_error("front: not confined, so not started: %s", why);
		return 1;
	}
	for (unsigned i = 0; i < f.listeners; i++)
		evconnlistener_enable(f.listener[i]);
	event_base_dispatch(f.base);
	tls_identity_free(f.identity);
	return 0;
}
