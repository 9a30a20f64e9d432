/* SPDX-License-Identifier: ISC */
/*
 * Ethernet links that nobody else has: raised, given addresses, and taken down again.
 */
#ifndef AGENT_LINKS_H
#define AGENT_LINKS_H

#include <poll.h>

#include "agent/settings.h"
#include "net/dhcp.h"
#include "net/dial.h"
#include "net/netlink.h"

/* What was made, in memory that outlives the process that made it: who takes it down believes nothing else of it. */
struct network_made {
	size_t n;
	bool resolver;
	struct {
		int index;
		uint32_t address; /* 0: none */
		uint8_t prefix;
	} link[DIAL_LINKS_MAX];
};

enum link_state { LINK_DOWN, LINK_DISCOVERING, LINK_REQUESTING, LINK_BOUND };

struct link {
	int index;
	char name[DIAL_LINK_NAME_MAX];
	uint8_t mac[6];
	bool ours, ethernet, carrier, has_address, hint_told;
	enum link_state state;
	size_t made;       /* its place in network_made */
	int dhcp;          /* socket; -1: none */
	unsigned tries;
	int64_t due, began, ends; /* milliseconds of clock_now_ms(); 0: never */
	struct dhcp_ask ask;
	struct dhcp_lease lease;
	size_t nameservers; /* of router advertisements */
	uint8_t nameserver[NETLINK_NAMESERVERS_MAX][16];
};

struct links {
	const struct settings *settings;
	struct netlink netlink;
	struct network_made *made;
	bool resolver_changed;
	size_t n;
	struct link link[DIAL_LINKS_MAX];
};

/* links_have_address(): whether any link but loopback has a global address. */
bool links_have_address(void);

/* links_open(k, s): from now on links are seen. links_work(k, now): takes what came, does what is due. links_poll(k, p): what to poll; how many. */
enum status links_open(struct links *k, const struct settings *s);
nfds_t links_poll(const struct links *k, struct pollfd p[1 + DIAL_LINKS_MAX]);
void links_work(struct links *k, int64_t now);

/* links_due(k): when links_work() has something to do by itself. */
int64_t links_due(const struct links *k);

/* links_ready(k, names): those that carry and have an address. */
size_t links_ready(const struct links *k, char names[][DIAL_LINK_NAME_MAX]);

/* links_say(k, text, size): what keeps each of them, for people. */
void links_say(const struct links *k, char *text, size_t size);

/* links_resolver(k, text, size): resolv.conf(5); 0 when no name server is known. */
size_t links_resolver(const struct links *k, char *text, size_t size);

/* links_take_down(m) */
void links_take_down(const struct network_made *m);

#endif
