/* SPDX-License-Identifier: ISC */
/*
 * desk: HTTP.  Holds no key and no file; reads requests by http.c, hands them to a judge, and answers.
 *
 *   IDLE --first byte--> HEAD --empty line--> BODY --all there--> JUDGE --answer--> ANSWER --all sent--> IDLE
 *
 * The long poll of a hold waits in HOLD between two questions to a judge.  Each state has one list in order of entry, and a
 * deadline that no byte of a client renews.
 */
#include "verifier/roles.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "protocol/message.h"
#include "verifier/confine.h"
#include "verifier/frame.h"

#define JUDGES_MAX (CONFIG_JUDGES_MAX + 1)
#define QUEUE_MAX 64                      /* questions to one judge */
#define QUEUE_BYTES_MAX (16u * 1024 * 1024)
#define BODIES_MAX (64u * 1024 * 1024)    /* bytes of bodies that are being read, of all clients */
#define HOLDS_MAX 256
#define HOLD_POLL 50                      /* seconds that a long poll lasts */
#define HOLD_STEP 2                       /* seconds between two looks */
#define FILES_BESIDE 64
#define RETRY_AFTER 2

enum state { IDLE, HEAD, BODY, JUDGE, HOLD, ANSWER, STATES };

static const time_t deadline[STATES] = {
	[IDLE] = 120, [HEAD] = 10, [BODY] = 30, [JUDGE] = 30, [HOLD] = HOLD_STEP, [ANSWER] = 30,
};

struct client {
	TAILQ_ENTRY(client) entry;
	struct desk *desk;
	enum state state;
	time_t since, hold_since;
	struct bufferevent *io;
	struct http_request request;
	uint64_t number;   /* of the question to a judge, in JUDGE */
	size_t reserved;   /* of the budget of bodies */
	char address[ROLES_ADDRESS_MAX];
};

TAILQ_HEAD(client_list, client);

struct question {
	uint64_t number;
	size_t bytes;
	struct client *client; /* NULL: it went away meanwhile */
};

struct judge {
	struct desk *desk;
	struct bufferevent *io;
	bool gone;
	size_t asked, bytes;
	struct question question[QUEUE_MAX];
};

struct desk {
	struct event_base *base;
	struct event *control;
	struct client_list list[STATES];
	unsigned clients, clients_max, judges;
	size_t bodies, holds;
	uint64_t next;
	bool ending;
	struct judge judge[JUDGES_MAX];
};

static void serve(struct client *c);

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
	TAILQ_REMOVE(&c->desk->list[c->state], c, entry);
	c->state = state;
	c->since = now();
	TAILQ_INSERT_TAIL(&c->desk->list[state], c, entry);
}

static void
release(struct client *c)
{
	c->desk->bodies -= c->reserved;
	c->reserved = 0;
	if (c->hold_since != 0)
		c->desk->holds--;
	c->hold_since = 0;
}

static void
drop(struct client *c)
{
	struct desk *d = c->desk;

	for (unsigned i = 0; i < d->judges; i++)
		for (size_t k = 0; k < d->judge[i].asked; k++)
			if (d->judge[i].question[k].client == c)
				d->judge[i].question[k].client = NULL;
	release(c);
	TAILQ_REMOVE(&d->list[c->state], c, entry);
	bufferevent_free(c->io);
	free(c);
	d->clients--;
}

/* --- answers --- */

static void
answer(struct client *c, const struct http_answer *a, struct bytes body)
{
	uint8_t head[512];
	struct buffer b = BUFFER(head);
	struct http_answer full = *a;

	release(c);
	log_debug("desk: %s: %s: %u", c->address, http_route_name(c->request.route), a->status);
	full.body = body.n;
	if (full.type == NULL)
		full.type = c->request.route == HTTP_ROUTE_HEALTH ? "text/plain" : "application/cbor";
	http_encode_head(&full, &b);
	c->request.keep_alive = a->keep_alive;
	enter(c, ANSWER);
	bufferevent_write(c->io, b.p, b.n);
	bufferevent_write(c->io, body.p, body.n);
}

static void
answer_problem(struct client *c, struct http_answer a, const char *code, const char *text)
{
	uint8_t body[512];
	struct buffer b = BUFFER(body);
	const struct problem p = { bytes_of(code, strlen(code)), bytes_of(text, strlen(text)) };

	if (message_problem_encode(&p, &b) != OK)
		b.n = 0;
	a.type = "application/cbor";
	answer(c, &a, buffer_view(&b));
}

static void
answer_busy(struct client *c, bool keep_alive)
{
	answer_problem(c, (struct http_answer){ .status = 503, .retry_after = RETRY_AFTER, .keep_alive = keep_alive },
		"busy", "the verifier has too much to do, or is starting; try again");
}

/* --- judges --- */

static bool
is_for_enrolment(enum http_route route)
{
	return route == HTTP_ROUTE_ENROLL_BEGIN || route == HTTP_ROUTE_ENROLL_FINISH || route == HTTP_ROUTE_VOLUME;
}

/* choose_judge(): the one with the least to do; an EK certificate's check may keep the first busy, so boots never wait for that one. */
static struct judge *
choose_judge(struct desk *d, enum http_route route, size_t bytes)
{
	struct judge *best = NULL;
	unsigned first = is_for_enrolment(route) ? 0 : 1, end = is_for_enrolment(route) ? 1 : d->judges;

	for (unsigned i = first; i < end; i++) {
		struct judge *j = &d->judge[i];

		if (!j->gone && j->asked < QUEUE_MAX && j->bytes + bytes <= QUEUE_BYTES_MAX && (best == NULL || j->asked < best->asked))
			best = j;
	}
	return best;
}

static void
ask(struct client *c, struct evbuffer *body, size_t n)
{
	struct judge *j = choose_judge(c->desk, c->request.route, n);
	uint8_t head[FRAME_HEAD + HTTP_PARAMETER_MAX];
	struct buffer b = BUFFER(head);
	struct frame_request f = { .route = c->request.route };
	struct evbuffer *out;

	if (j == NULL) {
		evbuffer_drain(body, n);
		answer_busy(c, c->request.keep_alive);
		return;
	}
	f.number = c->number = ++c->desk->next;
	f.parameter = bytes_of(c->request.parameter, strlen(c->request.parameter));
	f.body = bytes_of(NULL, n);
	frame_encode_request_head(&f, &b);
	out = bufferevent_get_output(j->io);
	evbuffer_add(out, b.p, b.n);
	evbuffer_remove_buffer(body, out, n);
	j->question[j->asked++] = (struct question){ c->number, n, c };
	j->bytes += n;
	enter(c, JUDGE);
}

/* still_held(): whether a long poll goes on. */
static bool
still_held(struct client *c, struct bytes body)
{
	bool decided = true;

	if (c->request.route != HTTP_ROUTE_HOLD || message_hold_decode(body, &decided) != OK || decided || c->desk->ending)
		return false;
	if (c->hold_since == 0) {
		if (c->desk->holds >= HOLDS_MAX)
			return false;
		c->desk->holds++;
		c->hold_since = now();
	}
	if (now() - c->hold_since >= HOLD_POLL)
		return false;
	enter(c, HOLD);
	return true;
}

static void
take_answer(struct judge *j, const struct frame_answer *f)
{
	struct client *c = NULL;

	for (size_t i = 0; i < j->asked; i++)
		if (j->question[i].number == f->number) {
			c = j->question[i].client;
			j->bytes -= j->question[i].bytes;
			j->question[i] = j->question[--j->asked];
			break;
		}
	if (c == NULL || c->state != JUDGE || c->number != f->number)
		return;
	if (f->status == 200 && still_held(c, f->body))
		return;
	answer(c, &(struct http_answer){ .status = f->status, .retry_after = f->retry_after,
			.keep_alive = c->request.keep_alive && !c->desk->ending }, f->body);
}

static void
lose_judge(struct judge *j)
{
	size_t n = j->asked;

	j->gone = true;
	j->asked = 0;
	bufferevent_disable(j->io, EV_READ | EV_WRITE);
	for (size_t i = 0; i < n; i++)
		if (j->question[i].client != NULL)
			answer_busy(j->question[i].client, false);
}

static void
judge_readable(struct bufferevent *b, void *arg)
{
	struct judge *j = arg;
	struct evbuffer *in = bufferevent_get_input(b);

	while (!j->gone && evbuffer_get_length(in) >= FRAME_HEAD) {
		size_t have = evbuffer_get_length(in), n = 0;
		struct frame_answer f;
		enum status s = frame_decode_answer(bytes_of(evbuffer_pullup(in, -1), have), &f, &n);

		if (s == E_TRUNCATED)
			return;
		if (s != OK) {
			log_error("desk: a judge's answer is malformed: %s", status_text(s));
			lose_judge(j);
			return;
		}
		take_answer(j, &f);
		evbuffer_drain(in, n);
	}
}

static void
judge_event(struct bufferevent *b, short what, void *arg)
{
	(void)b;
	(void)what;
	lose_judge(arg);
}

/* --- requests --- */

/* accept_head(): what a head leads to before its body is read. */
static void
accept_head(struct client *c)
{
	struct desk *d = c->desk;

	if (d->bodies + c->request.body > BODIES_MAX) {
		answer_busy(c, false);
		return;
	}
	c->reserved = c->request.body;
	d->bodies += c->reserved;
	bufferevent_setwatermark(c->io, EV_READ, 0, c->request.body + HTTP_HEAD_MAX);
	enter(c, BODY);
}

static void
read_head(struct client *c)
{
	struct evbuffer *in = bufferevent_get_input(c->io);
	size_t n = evbuffer_get_length(in) < HTTP_HEAD_MAX ? evbuffer_get_length(in) : HTTP_HEAD_MAX;
	struct http_problem why;
	enum status s;

	if (c->state == IDLE)
		enter(c, HEAD);
	s = http_decode_head(bytes_of(evbuffer_pullup(in, (ev_ssize_t)n), n), &c->request, &why);
	if (s == E_TRUNCATED)
		return;
	if (s == OK) {
		evbuffer_drain(in, c->request.head);
		accept_head(c);
		return;
	}
	log_debug("desk: %s: %u, %s", c->address, why.status, why.reason);
	answer_problem(c, (struct http_answer){ .status = why.status, .allow = why.allow }, "request", why.reason);
}

/* serve(): as far as it goes with the bytes there are. */
static void
serve(struct client *c)
{
	struct evbuffer *in = bufferevent_get_input(c->io);
	enum state before = STATES;

	while (c->state != before) {
		before = c->state;
		if ((c->state == IDLE || c->state == HEAD) && evbuffer_get_length(in) > 0)
			read_head(c);
		if (c->state == BODY && evbuffer_get_length(in) >= c->request.body) {
			size_t n = c->request.body;

			bufferevent_setwatermark(c->io, EV_READ, 0, HTTP_HEAD_MAX);
			ask(c, in, n);
		}
	}
}

static void
client_readable(struct bufferevent *b, void *arg)
{
	(void)b;
	serve(arg);
}

static void
client_written(struct bufferevent *b, void *arg)
{
	struct client *c = arg;

	if (c->state != ANSWER || evbuffer_get_length(bufferevent_get_output(b)) > 0)
		return;
	if (!c->request.keep_alive) {
		drop(c);
		return;
	}
	enter(c, IDLE);
	serve(c);
}

static void
client_event(struct bufferevent *b, short what, void *arg)
{
	(void)b;
	(void)what;
	drop(arg);
}

/* --- new clients, from front --- */

static int
receive_client(char address[ROLES_ADDRESS_MAX], bool *ended)
{
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(sizeof(int))];
	} control;
	struct iovec io = { address, ROLES_ADDRESS_MAX - 1 };
	struct msghdr m;
	const struct cmsghdr *h;
	ssize_t n;
	int fd = -1;

	memset(&m, 0, sizeof m);
	memset(address, 0, ROLES_ADDRESS_MAX);
	m.msg_iov = &io;
	m.msg_iovlen = 1;
	m.msg_control = control.space;
	m.msg_controllen = sizeof control.space;
	n = recvmsg(ROLES_FD, &m, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	*ended = n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR);
	if (n <= 0)
		return -1;
	h = CMSG_FIRSTHDR(&m);
	if (h != NULL && h->cmsg_level == SOL_SOCKET && h->cmsg_type == SCM_RIGHTS && h->cmsg_len == CMSG_LEN(sizeof fd))
		memcpy(&fd, CMSG_DATA(h), sizeof fd);
	return fd;
}

static void
add_client(struct desk *d, int fd, const char *address)
{
	struct client *c = d->clients < d->clients_max ? calloc(1, sizeof *c) : NULL;

	if (c == NULL) {
		close(fd);
		return;
	}
	c->io = bufferevent_socket_new(d->base, fd, BEV_OPT_CLOSE_ON_FREE);
	if (c->io == NULL) {
		free(c);
		close(fd);
		return;
	}
	c->desk = d;
	c->since = now();
	memcpy(c->address, address, sizeof c->address);
	TAILQ_INSERT_TAIL(&d->list[IDLE], c, entry);
	d->clients++;
	bufferevent_setcb(c->io, client_readable, client_written, client_event, c);
	bufferevent_setwatermark(c->io, EV_READ, 0, HTTP_HEAD_MAX);
	bufferevent_enable(c->io, EV_READ | EV_WRITE);
}

static void
control_readable(evutil_socket_t from, short what, void *arg)
{
	struct desk *d = arg;
	char address[ROLES_ADDRESS_MAX];
	bool ended = false;
	int fd;

	(void)from;
	(void)what;
	while ((fd = receive_client(address, &ended)) >= 0)
		add_client(d, fd, address);
	if (ended) {
		d->ending = true;
		event_del(d->control);
	}
}

/* --- time --- */

static void
expire(struct client *c)
{
	switch (c->state) {
	case HOLD:
		ask(c, bufferevent_get_input(c->io), 0);
		break;
	case HEAD:
	case BODY:
		answer_problem(c, (struct http_answer){ .status = 408 }, "timeout", "the request took too long");
		break;
	case JUDGE:
		answer_busy(c, false);
		break;
	case IDLE:
	case ANSWER:
	case STATES:
		drop(c);
		break;
	}
}

static void
tick(evutil_socket_t fd, short what, void *arg)
{
	struct desk *d = arg;
	time_t t = now();

	(void)fd;
	(void)what;
	for (size_t s = 0; s < STATES; s++) {
		struct client *c;

		while ((c = TAILQ_FIRST(&d->list[s])) != NULL &&
			(t - c->since > deadline[s] || (d->ending && (s == IDLE || s == HEAD))))
			expire(c);
	}
	if (d->ending && d->clients == 0)
		event_base_loopbreak(d->base);
}

static bool
start(struct desk *d, unsigned judges)
{
	const struct timeval half = { 0, 500000 };
	struct event *timer;

	d->base = event_base_new();
	if (d->base == NULL)
		return false;
	timer = event_new(d->base, -1, EV_PERSIST, tick, d);
	d->control = event_new(d->base, ROLES_FD, EV_READ | EV_PERSIST, control_readable, d);
	if (timer == NULL || d->control == NULL || event_add(timer, &half) != 0 || event_add(d->control, NULL) != 0)
		return false;
	for (d->judges = 0; d->judges < judges; d->judges++) {
		struct judge *j = &d->judge[d->judges];

		evutil_make_socket_nonblocking((int)(ROLES_FD + 1 + d->judges));
		j->desk = d;
		j->io = bufferevent_socket_new(d->base, (int)(ROLES_FD + 1 + d->judges), BEV_OPT_CLOSE_ON_FREE);
		if (j->io == NULL)
			return false;
		bufferevent_setcb(j->io, judge_readable, NULL, judge_event, j);
		bufferevent_enable(j->io, EV_READ | EV_WRITE);
	}
	return true;
}

int
desk_run(const struct config *c, unsigned judges)
{
	static struct desk d;
	char why[256] = "";

	signal(SIGPIPE, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	for (size_t i = 0; i < STATES; i++)
		TAILQ_INIT(&d.list[i]);
	d.clients_max = c->max_clients;
	if (judges < 2 || judges > JUDGES_MAX || !start(&d, judges)) {
		log_error("desk: no event loop");
		return 1;
	}
	if (confine_limits(c->max_clients + FILES_BESIDE, why, sizeof why) != OK ||
		confine(CONFINE_DESK, NULL, why, sizeof why) != OK) {
		log_error("desk: not confined, so not started: %s", why);
		return 1;
	}
	event_base_dispatch(d.base);
	return 0;
}
