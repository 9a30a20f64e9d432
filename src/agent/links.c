/* SPDX-License-Identifier: ISC */
#include "agent/links.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "crypto/random.h"

#define CLIENT_PORT 68
#define SERVER_PORT 67
#define RETRY_MAX_MS 8000
#define REQUEST_TRIES 4
#define METRIC 1024U
/* Datagrams of rtnetlink: the kernel fills 32 KiB at most. */
#define EVENTS_SIZE 32768

static struct link *
find(struct links *k, int index)
{
	for (size_t i = 0; i < k->n; i++)
		if (k->link[i].index == index)
			return &k->link[i];
	return NULL;
}

/* Whether a network manager has it: networkd and NetworkManager leave a note for each link that is theirs. */
static bool
is_managed(int index)
{
	char path[64];
	uint8_t text[1024];
	struct buffer b = buffer_of(text, sizeof text - 1);

	snprintf(path, sizeof path, "/run/NetworkManager/devices/%d", index);
	if (access(path, F_OK) == 0)
		return true;
	snprintf(path, sizeof path, "/run/systemd/netif/links/%d", index);
	if (file_read(path, &b) != OK)
		return false;
	text[b.n] = '\0';
	return strstr((const char *)text, "ADMIN_STATE=unmanaged") == NULL;
}

static const struct settings_address *
static_address(const struct links *k, const struct link *l)
{
	for (size_t i = 0; i < k->settings->addresses; i++)
		if (strcmp(k->settings->address[i].link, l->name) == 0)
			return &k->settings->address[i];
	return NULL;
}

/* --- addresses ------------------------------------------------------------------------------------------------------------ */

static bool
set_address(struct links *k, struct link *l, uint32_t address, uint8_t prefix)
{
	enum status s = netlink_address_add(&k->netlink, l->index, address, prefix);

	if (s != OK && s != E_EXISTS)
		return false;
	k->made->link[l->made].address = address;
	k->made->link[l->made].prefix = prefix;
	l->has_address = true;
	return true;
}

static void
drop_address(struct links *k, struct link *l)
{
	if (k->made->link[l->made].address != 0)
		netlink_address_remove(&k->netlink, l->index, k->made->link[l->made].address, k->made->link[l->made].prefix);
	k->made->link[l->made].address = 0;
	l->has_address = false;
}

static void
set_route(struct links *k, const struct link *l, uint32_t to, uint8_t prefix, uint32_t gateway)
{
	netlink_route_add(&k->netlink, l->index, to, prefix, gateway, METRIC + (uint32_t)l->index);
}

static void
use_lease(struct links *k, struct link *l, int64_t now)
{
	int64_t lifetime = (int64_t)l->lease.seconds * 1000;

	if (k->made->link[l->made].address != l->lease.address)
		drop_address(k, l);
	if (!set_address(k, l, l->lease.address, l->lease.prefix))
		return;
	for (size_t i = 0; i < l->lease.routes; i++)
		set_route(k, l, l->lease.route[i].to, l->lease.route[i].prefix, l->lease.route[i].gateway);
	l->state = LINK_BOUND;
	l->tries = 0;
	l->due = now + lifetime / 2;
	l->ends = now + lifetime;
	k->resolver_changed = true;
}

static void
use_static(struct links *k, struct link *l, const struct settings_address *a)
{
	if (!set_address(k, l, a->address, a->prefix))
		return;
	if (a->gateway != 0)
		set_route(k, l, 0, 0, a->gateway);
	l->state = LINK_BOUND;
	l->due = l->ends = 0;
	k->resolver_changed = true;
}

/* --- DHCP ------------------------------------------------------------------------------------------------------------------ */

static int
open_dhcp(const struct link *l)
{
	const struct sockaddr_in own = { .sin_family = AF_INET, .sin_port = htons(CLIENT_PORT) };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), one = 1;

	if (fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, l->name, (socklen_t)strlen(l->name)) == 0 &&
		setsockopt(fd, SOL_SOCKET, SO_BROADCAST, &one, sizeof one) == 0 && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) == 0 &&
		bind(fd, (const struct sockaddr *)(const void *)&own, sizeof own) == 0)
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

static void
send_dhcp(struct link *l, int64_t now)
{
	struct sockaddr_in all = { .sin_family = AF_INET, .sin_port = htons(SERVER_PORT), .sin_addr.s_addr = htonl(INADDR_BROADCAST) };
	uint8_t memory[DHCP_MESSAGE_MAX];
	struct buffer b = BUFFER(memory);
	int64_t pause = 1000LL << (l->tries < 3 ? l->tries : 3);

	l->ask.seconds = (uint16_t)((now - l->began) / 1000);
	if (dhcp_encode(&l->ask, &b) == OK && sendto(l->dhcp, b.p, b.n, 0, (const struct sockaddr *)(const void *)&all, sizeof all) < 0 && errno != EAGAIN)
		/* Told by links_say(): a link that cannot send gets no answer. */
		pause = RETRY_MAX_MS;
	l->tries++;
	l->due = now + (pause > RETRY_MAX_MS ? RETRY_MAX_MS : pause);
}

static void
discover(struct link *l, int64_t now)
{
	if (l->dhcp < 0)
		l->dhcp = open_dhcp(l);
	l->state = LINK_DISCOVERING;
	l->tries = 0;
	l->began = now;
	l->ask = (struct dhcp_ask){ .kind = DHCP_DISCOVER };
	memcpy(l->ask.mac, l->mac, sizeof l->ask.mac);
	random_fill(&l->ask.xid, sizeof l->ask.xid);
	send_dhcp(l, now);
}

static void
request(struct link *l, const struct dhcp_lease *offer, int64_t now)
{
	l->state = LINK_REQUESTING;
	l->tries = 0;
	l->ask.kind = DHCP_REQUEST;
	l->ask.address = offer->address;
	l->ask.server = offer->server;
	send_dhcp(l, now);
}

static void
take_dhcp(struct links *k, struct link *l, int64_t now)
{
	uint8_t memory[DHCP_MESSAGE_MAX];
	struct dhcp_lease lease;
	enum dhcp_kind kind;
	ssize_t n;

	while ((n = recv(l->dhcp, memory, sizeof memory, 0)) >= 0) {
		if (dhcp_decode(bytes_of(memory, (size_t)n), &l->ask, &kind, &lease) != OK)
			continue;
		if (kind == DHCP_OFFER && l->state == LINK_DISCOVERING) {
			request(l, &lease, now);
		} else if (kind == DHCP_ACK && l->ask.kind == DHCP_REQUEST && lease.address == l->ask.address) {
			l->lease = lease;
			use_lease(k, l, now);
		} else if (kind == DHCP_NAK && l->ask.kind == DHCP_REQUEST) {
			drop_address(k, l);
			discover(l, now);
		}
	}
}

/* What was not answered, is sent again; a lease is renewed at its half, and given up at its end. */
static void
do_due(struct links *k, struct link *l, int64_t now)
{
	if (l->state == LINK_BOUND && l->ends != 0 && now >= l->ends) {
		drop_address(k, l);
		discover(l, now);
	} else if (l->state == LINK_BOUND) {
		if (l->tries == 0)
			l->began = now;
		l->ask.kind = DHCP_REQUEST;
		l->ask.server = 0;
		l->ask.address = l->lease.address;
		send_dhcp(l, now);
	} else if (l->state == LINK_REQUESTING && l->tries >= REQUEST_TRIES) {
		discover(l, now);
	} else if (l->state != LINK_DOWN) {
		send_dhcp(l, now);
	}
}

/* --- what the kernel says -------------------------------------------------------------------------------------------------- */

static void
set_carrier(struct links *k, struct link *l, bool carrier)
{
	const struct settings_address *a = static_address(k, l);

	if (l->carrier == carrier)
		return;
	l->carrier = carrier;
	if (!l->ours)
		return;
	if (!carrier) {
		/* Another cable may be another network. */
		if (a == NULL)
			drop_address(k, l);
		l->state = LINK_DOWN;
		l->due = 0;
	} else if (a != NULL) {
		use_static(k, l, a);
	} else {
		discover(l, clock_now_ms());
	}
}

static void
take_over(struct links *k, struct link *l)
{
	if (k->made->n == DIAL_LINKS_MAX || is_managed(l->index))
		return;
	l->made = k->made->n;
	/* On record before it is done. */
	k->made->link[l->made].index = l->index;
	k->made->n++;
	l->ours = true;
	if (netlink_link_set(&k->netlink, l->index, true) != OK)
		l->ours = false;
}

static void
take_link(struct links *k, const struct netlink_event *e)
{
	struct link *l = find(k, e->index);

	if (l == NULL) {
		if (e->loopback || k->n == DIAL_LINKS_MAX)
			return;
		l = &k->link[k->n++];
		memset(l, 0, sizeof *l);
		l->index = e->index;
		l->dhcp = -1;
		memcpy(l->mac, e->mac, sizeof l->mac);
		snprintf(l->name, sizeof l->name, "%s", e->name);
		l->ethernet = e->ethernet;
		/* One that is up already is somebody's: used, if it has an address, and never touched; so is what is no Ethernet. */
		if (e->ethernet && !e->up)
			take_over(k, l);
	}
	set_carrier(k, l, e->up && e->carrier);
}

static void
forget_link(struct links *k, int index)
{
	struct link *l = find(k, index);

	if (l == NULL)
		return;
	if (l->dhcp >= 0)
		close(l->dhcp);
	*l = k->link[--k->n];
	k->resolver_changed = true;
}

static void
take_event(struct links *k, const struct netlink_event *e)
{
	struct link *l = find(k, e->index);

	switch (e->kind) {
	case NETLINK_LINK:
		take_link(k, e);
		break;
	case NETLINK_LINK_GONE:
		forget_link(k, e->index);
		break;
	case NETLINK_ADDRESS:
		if (l != NULL && e->global)
			l->has_address = true;
		break;
	case NETLINK_NAMESERVER:
		if (l != NULL && l->ours && e->nameservers > 0) {
			l->nameservers = e->nameservers;
			memcpy(l->nameserver, e->nameserver, sizeof l->nameserver);
			k->resolver_changed = true;
		}
		break;
	case NETLINK_ADDRESS_GONE:
	case NETLINK_OTHER:
		break;
	}
}

static void
take_events(struct links *k)
{
	static uint8_t memory[EVENTS_SIZE];
	struct buffer b = BUFFER(memory);
	struct netlink_event e;
	enum status s;

	while ((s = netlink_receive(&k->netlink, &b)) == OK) {
		struct reader r = reader_of(buffer_view(&b));

		while (netlink_next(&r, &e) == OK)
			take_event(k, &e);
	}
	/* Something was lost: the links' state is asked for anew. */
	if (s == E_TRUNCATED)
		netlink_dump(&k->netlink, false);
}

/* One after the other: the kernel runs one dump at a time. */
static enum status
take_dump(struct links *k, bool addresses)
{
	enum status s = netlink_dump(&k->netlink, addresses);

	if (s == OK)
		take_events(k);
	return s;
}

enum status
links_open(struct links *k, const struct settings *settings)
{
	enum status s = netlink_open(&k->netlink);

	k->settings = settings;
	k->n = 0;
	k->resolver_changed = settings->nameservers > 0;
	if (s == OK)
		s = take_dump(k, false);
	return s != OK ? s : take_dump(k, true);
}

nfds_t
links_poll(const struct links *k, struct pollfd p[1 + DIAL_LINKS_MAX])
{
	nfds_t n = 0;

	p[n++] = (struct pollfd){ k->netlink.events, POLLIN, 0 };
	for (size_t i = 0; i < k->n; i++)
		if (k->link[i].dhcp >= 0)
			p[n++] = (struct pollfd){ k->link[i].dhcp, POLLIN, 0 };
	return n;
}

void
links_work(struct links *k, int64_t now)
{
	take_events(k);
	for (size_t i = 0; i < k->n; i++) {
		struct link *l = &k->link[i];

		if (l->dhcp >= 0)
			take_dhcp(k, l, now);
		if (l->due != 0 && now >= l->due)
			do_due(k, l, now);
	}
}

int64_t
links_due(const struct links *k)
{
	int64_t due = INT64_MAX;

	for (size_t i = 0; i < k->n; i++)
		if (k->link[i].due != 0 && k->link[i].due < due)
			due = k->link[i].due;
	return due;
}

size_t
links_ready(const struct links *k, char names[][DIAL_LINK_NAME_MAX])
{
	size_t n = 0;

	for (size_t i = 0; i < k->n; i++)
		if (k->link[i].carrier && k->link[i].has_address)
			memcpy(names[n++], k->link[i].name, DIAL_LINK_NAME_MAX);
	return n;
}

static const char *
state_of(const struct link *l)
{
	if (!l->ours && !l->has_address)
		return "up, and somebody else's";
	if (!l->carrier)
		return "no cable";
	return l->has_address ? "ready" : "no answer to DHCP, no router";
}

void
links_say(const struct links *k, char *text, size_t size)
{
	size_t n = 0;

	for (size_t i = 0; i < k->n && n < size; i++)
		if (k->link[i].ethernet)
			n += (size_t)snprintf(text + n, size - n, "%s%s: %s", n == 0 ? "" : "; ", k->link[i].name, state_of(&k->link[i]));
	if (n == 0)
		snprintf(text, size, "there is no Ethernet link (is its driver in the image?)");
}

/* --- name servers ------------------------------------------------------------------------------------------------------------ */

static size_t
put_nameserver(char *text, size_t size, size_t n, const char *address, const char *zone)
{
	int added = n < size ? snprintf(text + n, size - n, "nameserver %s%s%s\n", address, zone[0] != '\0' ? "%" : "", zone) : 0;

	return added > 0 && (size_t)added < size - n ? n + (size_t)added : n;
}

static size_t
put_link_nameservers(const struct link *l, char *text, size_t size, size_t n)
{
	char address[INET6_ADDRSTRLEN];

	for (size_t i = 0; l->state == LINK_BOUND && i < l->lease.nameservers; i++) {
		struct in_addr a = { htonl(l->lease.nameserver[i]) };

		n = put_nameserver(text, size, n, inet_ntop(AF_INET, &a, address, sizeof address), "");
	}
	for (size_t i = 0; i < l->nameservers; i++) {
		bool local = l->nameserver[i][0] == 0xfe && (l->nameserver[i][1] & 0xc0) == 0x80;

		n = put_nameserver(text, size, n, inet_ntop(AF_INET6, l->nameserver[i], address, sizeof address), local ? l->name : "");
	}
	return n;
}

size_t
links_resolver(const struct links *k, char *text, size_t size)
{
	size_t n = 0;

	for (size_t i = 0; i < k->settings->nameservers; i++)
		n = put_nameserver(text, size, n, k->settings->nameserver[i], "");
	for (size_t i = 0; i < k->n; i++)
		n = put_link_nameservers(&k->link[i], text, size, n);
	if (n > 0 && n + 32 < size)
		n += (size_t)snprintf(text + n, size - n, "options timeout:2 attempts:2\n");
	return n;
}

/* --- before and after ----------------------------------------------------------------------------------------------------------- */

bool
links_have_address(void)
{
	static uint8_t memory[EVENTS_SIZE];
	struct buffer b = BUFFER(memory);
	struct netlink k;
	struct netlink_event e;
	bool found = false;

	if (netlink_open(&k) != OK)
		return false;
	if (netlink_dump(&k, true) == OK)
		while (!found && netlink_receive(&k, &b) == OK) {
			struct reader r = reader_of(buffer_view(&b));

			while (netlink_next(&r, &e) == OK)
				found = found || (e.kind == NETLINK_ADDRESS && e.global);
		}
	netlink_close(&k);
	return found;
}

void
links_take_down(const struct network_made *m)
{
	struct netlink k;

	if (netlink_open(&k) != OK)
		return;
	for (size_t i = 0; i < m->n && i < DIAL_LINKS_MAX; i++) {
		if (m->link[i].address != 0)
			netlink_address_remove(&k, m->link[i].index, m->link[i].address, m->link[i].prefix);
		netlink_link_set(&k, m->link[i].index, false);
	}
	netlink_close(&k);
}
