/* SPDX-License-Identifier: ISC */
/*
 * Links, addresses, routes and router advertisements' name servers, by rtnetlink(7).
 *
 * What the kernel says is read as a stream of events; a dump is events, too.  netlink_next() is pure.
 */
#ifndef NET_NETLINK_H
#define NET_NETLINK_H

#include "base/bytes.h"

#define NETLINK_NAME_MAX 16
#define NETLINK_NAMESERVERS_MAX 3

enum netlink_kind { NETLINK_OTHER, NETLINK_LINK, NETLINK_LINK_GONE, NETLINK_ADDRESS, NETLINK_ADDRESS_GONE, NETLINK_NAMESERVER };

struct netlink_event {
	enum netlink_kind kind;
	int index; /* of the link */
	/* NETLINK_LINK: */
	char name[NETLINK_NAME_MAX];
	uint8_t mac[6];
	bool ethernet;     /* with a MAC, no part of another link, not made of others */
	bool up, carrier, loopback;
	/* NETLINK_ADDRESS, NETLINK_ADDRESS_GONE: */
	bool ipv6, global; /* global: of that scope, and no longer tentative */
	uint8_t address[16];
	/* NETLINK_NAMESERVER: of a router advertisement (RFC 8106), link-local ones among them */
	size_t nameservers;
	uint8_t nameserver[NETLINK_NAMESERVERS_MAX][16];
};

/* netlink_next(r, e): the next message of what was received, E_NOT_FOUND after the last; E_TRUNCATED, E_SYNTAX end the datagram. */
enum status netlink_next(struct reader *r, struct netlink_event *e);

struct netlink {
	int events;   /* poll this */
	int commands;
	uint32_t sequence;
};

/* netlink_open(n): listens. netlink_dump(n, addresses): asks for all links, or all addresses, as events. */
enum status netlink_open(struct netlink *n);
void netlink_close(struct netlink *n);
enum status netlink_dump(struct netlink *n, bool addresses);

/* netlink_receive(n, memory): what is there, without waiting; E_NOT_FOUND when there is nothing. E_AGAIN-like losses are E_TRUNCATED: dump again. */
enum status netlink_receive(struct netlink *n, struct buffer *memory);

/* Each waits for the kernel's answer.  E_EXISTS, E_PERMISSION, E_NOT_FOUND, E_IO. IPv4 addresses in host order. */
enum status netlink_link_set(struct netlink *n, int index, bool up);
enum status netlink_address_add(struct netlink *n, int index, uint32_t address, uint8_t prefix);
enum status netlink_address_remove(struct netlink *n, int index, uint32_t address, uint8_t prefix);
enum status netlink_route_add(struct netlink *n, int index, uint32_t to, uint8_t prefix, uint32_t gateway, uint32_t metric);

#endif
