/* SPDX-License-Identifier: ISC */
#include "net/netlink.h"

#include <errno.h>
#include <linux/if_arp.h>
#include <linux/rtnetlink.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/file.h"

#define ANSWER_MS 2000
#define ND_OPTION_RDNSS 25
#define ND_ROUTER_ADVERTISEMENT 134

/* The kernel speaks in the machine's own byte order; what is read is copied, since nothing says how it is aligned. */
#define TAKE(reader, value) reader_copy(reader, &(value), sizeof(value))

static size_t
aligned(size_t n)
{
	return (n + 3) & ~(size_t)3;
}

/* A length field, the type, the value, padding: false at the end, or where it does not fit. */
static bool
next_attribute(struct reader *r, uint16_t *type, struct bytes *value)
{
	struct rtattr a;

	if (reader_left(r) < sizeof a)
		return false;
	TAKE(r, a);
	if (a.rta_len < sizeof a || a.rta_len - sizeof a > reader_left(r))
		return false;
	*value = reader_take(r, a.rta_len - sizeof a);
	if (reader_left(r) > 0)
		reader_take(r, aligned(a.rta_len) - a.rta_len < reader_left(r) ? aligned(a.rta_len) - a.rta_len : reader_left(r));
	*type = (uint16_t)(a.rta_type & (unsigned)NLA_TYPE_MASK);
	return true;
}

/* Whether a link is made of others: a bridge, a bond, a VLAN. One end of a pair of virtual cables is a link like any. */
static bool
is_made(struct bytes info)
{
	struct reader r = reader_of(info);
	struct bytes v;
	uint16_t type;

	while (next_attribute(&r, &type, &v))
		if (type == IFLA_INFO_KIND)
			return !(v.n >= 4 && memcmp(v.p, "veth", 4) == 0);
	return false;
}

static void
read_link(struct reader *r, struct netlink_event *e)
{
	struct ifinfomsg m = { 0 };
	struct bytes v;
	uint16_t type;
	bool made = false, has_mac = false;

	TAKE(r, m);
	e->index = m.ifi_index;
	e->up = (m.ifi_flags & IFF_UP) != 0;
	e->carrier = (m.ifi_flags & IFF_RUNNING) != 0;
	e->loopback = (m.ifi_flags & IFF_LOOPBACK) != 0;
	while (next_attribute(r, &type, &v)) {
		if (type == IFLA_IFNAME && v.n > 1 && v.n <= sizeof e->name && v.p[v.n - 1] == '\0') {
			memcpy(e->name, v.p, v.n);
		} else if (type == IFLA_ADDRESS && v.n == sizeof e->mac) {
			memcpy(e->mac, v.p, v.n);
			has_mac = true;
		} else if (type == IFLA_MASTER || (type == IFLA_LINKINFO && is_made(v))) {
			made = true;
		}
	}
	e->ethernet = m.ifi_type == ARPHRD_ETHER && !e->loopback && has_mac && !made;
}

static void
read_address(struct reader *r, struct netlink_event *e)
{
	struct ifaddrmsg m = { 0 };
	uint32_t flags;
	struct bytes v;
	uint16_t type;

	TAKE(r, m);
	flags = m.ifa_flags;
	e->index = (int)m.ifa_index;
	e->ipv6 = m.ifa_family == AF_INET6;
	while (next_attribute(r, &type, &v)) {
		size_t size = e->ipv6 ? 16 : 4;

		if (type == (e->ipv6 ? IFA_ADDRESS : IFA_LOCAL) && v.n == size)
			memcpy(e->address, v.p, size);
		else if (type == IFA_FLAGS && v.n == sizeof flags)
			memcpy(&flags, v.p, sizeof flags);
	}
	e->global = m.ifa_scope == RT_SCOPE_UNIVERSE && (flags & (IFA_F_TENTATIVE | IFA_F_DADFAILED | IFA_F_DEPRECATED)) == 0;
}

/* RFC 8106, 5.1: type, length in units of 8, two reserved bytes, lifetime, addresses. */
static void
read_router_option(struct bytes option, struct netlink_event *e)
{
	struct reader r = reader_of(option);
	uint32_t seconds;

	if (reader_u8(&r) != ND_OPTION_RDNSS || reader_u8(&r) * 8U != option.n)
		return;
	reader_take(&r, 2);
	seconds = reader_be32(&r);
	e->kind = NETLINK_NAMESERVER;
	while (seconds > 0 && reader_left(&r) >= 16 && e->nameservers < NETLINK_NAMESERVERS_MAX)
		reader_copy(&r, e->nameserver[e->nameservers++], 16);
}

static void
read_router(struct reader *r, struct netlink_event *e)
{
	struct nduseroptmsg m = { 0 };

	TAKE(r, m);
	e->index = m.nduseropt_ifindex;
	e->kind = NETLINK_OTHER;
	if (r->failed == OK && m.nduseropt_family == AF_INET6 && m.nduseropt_icmp_type == ND_ROUTER_ADVERTISEMENT &&
		m.nduseropt_opts_len >= 8 && m.nduseropt_opts_len <= reader_left(r))
		read_router_option(reader_take(r, m.nduseropt_opts_len), e);
}

static void
read_message(uint16_t type, struct bytes body, struct netlink_event *e)
{
	static const struct {
		uint16_t type;
		enum netlink_kind kind;
		void (*read)(struct reader *r, struct netlink_event *e);
	} kinds[] = {
		{ RTM_NEWLINK, NETLINK_LINK, read_link },
		{ RTM_DELLINK, NETLINK_LINK_GONE, read_link },
		{ RTM_NEWADDR, NETLINK_ADDRESS, read_address },
		{ RTM_DELADDR, NETLINK_ADDRESS_GONE, read_address },
		{ RTM_NEWNDUSEROPT, NETLINK_NAMESERVER, read_router },
	};
	struct reader r = reader_of(body);

	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		if (kinds[i].type != type)
			continue;
		e->kind = kinds[i].kind;
		kinds[i].read(&r, e);
		if (r.failed != OK)
			e->kind = NETLINK_OTHER;
	}
}

enum status
netlink_next(struct reader *r, struct netlink_event *e)
{
	struct nlmsghdr h;
	struct bytes body;

	memset(e, 0, sizeof *e);
	if (reader_left(r) == 0)
		return r->failed != OK ? r->failed : E_NOT_FOUND;
	TAKE(r, h);
	if (r->failed == OK && h.nlmsg_len < sizeof h)
		return E_SYNTAX;
	body = reader_take(r, h.nlmsg_len - sizeof h);
	if (r->failed != OK)
		return r->failed;
	if (reader_left(r) > 0)
		reader_take(r, aligned(h.nlmsg_len) - h.nlmsg_len);
	read_message(h.nlmsg_type, body, e);
	return OK;
}

static int
open_socket(unsigned groups)
{
	struct sockaddr_nl a = { .nl_family = AF_NETLINK, .nl_groups = groups };
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);

	if (fd >= 0 && bind(fd, (const struct sockaddr *)(const void *)&a, sizeof a) != 0) {
		close(fd);
		return -1;
	}
	return fd;
}

enum status
netlink_open(struct netlink *n)
{
	n->sequence = 0;
	n->events = open_socket(RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR | 1U << (RTNLGRP_ND_USEROPT - 1));
	n->commands = open_socket(0);
	if (n->events < 0 || n->commands < 0) {
		enum status s = file_status(errno);

		netlink_close(n);
		return s;
	}
	return OK;
}

void
netlink_close(struct netlink *n)
{
	if (n->events >= 0)
		close(n->events);
	if (n->commands >= 0)
		close(n->commands);
	n->events = n->commands = -1;
}

/* A request under construction: the header's length is written when it is sent. */
struct request {
	_Alignas(struct nlmsghdr) uint8_t memory[256];
	struct buffer b;
};

static void
begin(struct request *q, struct netlink *n, uint16_t type, uint16_t flags, const void *body, size_t size)
{
	struct nlmsghdr h = { .nlmsg_type = type, .nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags), .nlmsg_seq = ++n->sequence };

	q->b = BUFFER(q->memory);
	buffer_bytes(&q->b, bytes_of(&h, sizeof h));
	buffer_bytes(&q->b, bytes_of(body, size));
	while (q->b.n % 4 != 0)
		buffer_u8(&q->b, 0);
}

static void
put_u32(struct request *q, uint16_t type, uint32_t value)
{
	struct rtattr a = { .rta_len = sizeof a + sizeof value, .rta_type = type };

	buffer_bytes(&q->b, bytes_of(&a, sizeof a));
	buffer_bytes(&q->b, bytes_of(&value, sizeof value));
}

static void
put_address(struct request *q, uint16_t type, uint32_t address)
{
	struct rtattr a = { .rta_len = sizeof a + 4, .rta_type = type };

	buffer_bytes(&q->b, bytes_of(&a, sizeof a));
	buffer_be32(&q->b, address);
}

static enum status
send_request(int fd, struct request *q)
{
	uint32_t size = (uint32_t)q->b.n;

	if (q->b.failed != OK)
		return q->b.failed;
	memcpy(q->memory, &size, sizeof size);
	return send(fd, q->memory, size, 0) == (ssize_t)size ? OK : file_status(errno);
}

/* The kernel's NLMSG_ERROR for this request. */
static enum status
acknowledged(int fd, uint32_t sequence)
{
	uint8_t memory[512];
	struct pollfd p = { fd, POLLIN, 0 };

	while (poll(&p, 1, ANSWER_MS) > 0) {
		ssize_t got = recv(fd, memory, sizeof memory, 0);
		struct reader r = reader_of(bytes_of(memory, got > 0 ? (size_t)got : 0));
		struct nlmsghdr h = { 0 };
		int32_t error = 0;

		TAKE(&r, h);
		TAKE(&r, error);
		if (r.failed == OK && h.nlmsg_type == NLMSG_ERROR && h.nlmsg_seq == sequence)
			return error == 0 ? OK : error == -EEXIST ? E_EXISTS : file_status(-error);
	}
	return E_TIMEOUT;
}

static enum status
command(struct netlink *n, struct request *q)
{
	enum status s = send_request(n->commands, q);

	return s != OK ? s : acknowledged(n->commands, n->sequence);
}

enum status
netlink_dump(struct netlink *n, bool addresses)
{
	struct ifinfomsg links = { .ifi_family = AF_UNSPEC };
	struct ifaddrmsg all = { .ifa_family = AF_UNSPEC };
	struct request q;

	if (addresses)
		begin(&q, n, RTM_GETADDR, NLM_F_DUMP, &all, sizeof all);
	else
		begin(&q, n, RTM_GETLINK, NLM_F_DUMP, &links, sizeof links);
	return send_request(n->events, &q);
}

enum status
netlink_receive(struct netlink *n, struct buffer *memory)
{
	ssize_t got = recv(n->events, memory->p, memory->size, MSG_DONTWAIT | MSG_TRUNC);

	memory->n = 0;
	if (got < 0)
		return errno == EAGAIN || errno == EINTR ? E_NOT_FOUND : errno == ENOBUFS ? E_TRUNCATED : E_IO;
	if ((size_t)got > memory->size)
		return E_TRUNCATED;
	memory->n = (size_t)got;
	return OK;
}

enum status
netlink_link_set(struct netlink *n, int index, bool up)
{
	struct ifinfomsg m = { .ifi_family = AF_UNSPEC, .ifi_index = index, .ifi_flags = up ? IFF_UP : 0, .ifi_change = IFF_UP };
	struct request q;

	begin(&q, n, RTM_NEWLINK, NLM_F_ACK, &m, sizeof m);
	return command(n, &q);
}

static enum status
change_address(struct netlink *n, uint16_t type, uint16_t flags, int index, uint32_t address, uint8_t prefix)
{
	struct ifaddrmsg m = { .ifa_family = AF_INET, .ifa_prefixlen = prefix, .ifa_index = (unsigned)index };
	struct request q;

	begin(&q, n, type, (uint16_t)(NLM_F_ACK | flags), &m, sizeof m);
	put_address(&q, IFA_LOCAL, address);
	put_address(&q, IFA_ADDRESS, address);
	return command(n, &q);
}

enum status
netlink_address_add(struct netlink *n, int index, uint32_t address, uint8_t prefix)
{
	return change_address(n, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, index, address, prefix);
}

enum status
netlink_address_remove(struct netlink *n, int index, uint32_t address, uint8_t prefix)
{
	return change_address(n, RTM_DELADDR, 0, index, address, prefix);
}

enum status
netlink_route_add(struct netlink *n, int index, uint32_t to, uint8_t prefix, uint32_t gateway, uint32_t metric)
{
	struct rtmsg m = { .rtm_family = AF_INET, .rtm_dst_len = prefix, .rtm_table = RT_TABLE_MAIN, .rtm_protocol = RTPROT_BOOT,
		.rtm_scope = gateway == 0 ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE, .rtm_type = RTN_UNICAST };
	struct request q;

	/* Clouds give gateways outside of the address's own network. */
	if (gateway != 0)
		m.rtm_flags = RTNH_F_ONLINK;
	begin(&q, n, RTM_NEWROUTE, NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL, &m, sizeof m);
	if (prefix > 0)
		put_address(&q, RTA_DST, to);
	if (gateway != 0)
		put_address(&q, RTA_GATEWAY, gateway);
	put_u32(&q, RTA_OIF, (uint32_t)index);
	put_u32(&q, RTA_PRIORITY, metric);
	return command(n, &q);
}
