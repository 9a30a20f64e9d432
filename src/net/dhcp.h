/* SPDX-License-Identifier: ISC */
/*
 * DHCPv4 messages (RFC 2131, RFC 2132, RFC 3442): what a client sends, and what it believes of an answer.  Pure.
 */
#ifndef NET_DHCP_H
#define NET_DHCP_H

#include "base/bytes.h"

#define DHCP_MESSAGE_MAX 1500
#define DHCP_ROUTES_MAX 8
#define DHCP_NAMESERVERS_MAX 3
#define DHCP_VERIFIER_MAX 256

/* The vendor class (option 60) that we send; a server's vendor options (43) hold a verifier's URL as sub-option 1. */
#define DHCP_VENDOR "bootgate"

enum dhcp_kind { DHCP_DISCOVER = 1, DHCP_OFFER = 2, DHCP_REQUEST = 3, DHCP_ACK = 5, DHCP_NAK = 6 };

/* IPv4 addresses are in host order. */
struct dhcp_route {
	uint32_t to, gateway; /* gateway 0: on the link */
	uint8_t prefix;
};

struct dhcp_lease {
	uint32_t address, server;
	uint32_t seconds; /* at least 60 */
	uint8_t prefix;   /* 1..32 */
	size_t routes, nameservers;
	struct dhcp_route route[DHCP_ROUTES_MAX];
	uint32_t nameserver[DHCP_NAMESERVERS_MAX];
	char verifier[DHCP_VERIFIER_MAX]; /* a hint; empty when there was none */
};

/* What a client says. */
struct dhcp_ask {
	enum dhcp_kind kind; /* DHCP_DISCOVER or DHCP_REQUEST */
	uint32_t xid;
	uint16_t seconds;    /* since the first try */
	uint8_t mac[6];
	uint32_t address, server; /* of the offer; server 0: the lease is being renewed */
};

/* dhcp_encode(a, out): the UDP payload, which asks for a broadcast answer. */
enum status dhcp_encode(const struct dhcp_ask *a, struct buffer *out);

/*
 * dhcp_decode(in, a, kind, l): an answer to ${a}: of its xid and its MAC, OFFER, ACK or NAK.  Everything that does not fit together is
 * E_MISMATCH (somebody else's), E_SYNTAX, E_TRUNCATED, E_MISSING (no address, no server, no lease time), E_RANGE (an address that no host has).
 * Options that are unknown or malformed in themselves are left out; only what is understood is in ${l}.
 */
enum status dhcp_decode(struct bytes in, const struct dhcp_ask *a, enum dhcp_kind *kind, struct dhcp_lease *l);

#endif
