/* SPDX-License-Identifier: ISC */
#include "net/dhcp.h"

#include <string.h>

#define COOKIE 0x63825363U
#define BOOT_REQUEST 1
#define BOOT_REPLY 2
#define FLAG_BROADCAST 0x8000
#define BOOTP_SIZE_MIN 300
#define LEASE_MIN 60U

enum option {
	PAD = 0, MASK = 1, ROUTER = 3, NAMESERVER = 6, VENDOR_OPTIONS = 43, REQUESTED = 50, LEASE = 51, OVERLOAD = 52, KIND = 53, SERVER = 54,
	PARAMETERS = 55, MAX_SIZE = 57, CLASS = 60, CLASSLESS_ROUTES = 121, END = 255,
};

static void
put_option(struct buffer *b, enum option code, struct bytes value)
{
	buffer_u8(b, (uint8_t)code);
	buffer_u8(b, (uint8_t)value.n);
	buffer_bytes(b, value);
}

static void
put_address(struct buffer *b, enum option code, uint32_t address)
{
	buffer_u8(b, (uint8_t)code);
	buffer_u8(b, 4);
	buffer_be32(b, address);
}

static void
put_zeros(struct buffer *b, size_t n)
{
	while (n-- > 0)
		buffer_u8(b, 0);
}

enum status
dhcp_encode(const struct dhcp_ask *a, struct buffer *out)
{
	static const uint8_t wanted[] = { MASK, ROUTER, NAMESERVER, VENDOR_OPTIONS, LEASE, CLASSLESS_ROUTES };
	bool renewing = a->kind == DHCP_REQUEST && a->server == 0;
	size_t start = out->n;

	buffer_u8(out, BOOT_REQUEST);
	buffer_u8(out, 1); /* Ethernet */
	buffer_u8(out, 6);
	buffer_u8(out, 0);
	buffer_be32(out, a->xid);
	buffer_be16(out, a->seconds);
	buffer_be16(out, FLAG_BROADCAST);
	buffer_be32(out, renewing ? a->address : 0);
	put_zeros(out, 12);
	buffer_bytes(out, BYTES(a->mac));
	put_zeros(out, 10 + 64 + 128);
	buffer_be32(out, COOKIE);
	put_option(out, KIND, bytes_of(&(uint8_t){ (uint8_t)a->kind }, 1));
	if (a->kind == DHCP_REQUEST && !renewing) {
		put_address(out, REQUESTED, a->address);
		put_address(out, SERVER, a->server);
	}
	put_option(out, MAX_SIZE, bytes_of("\x05\xdc", 2));
	put_option(out, CLASS, BYTES_STRING(DHCP_VENDOR));
	put_option(out, PARAMETERS, BYTES(wanted));
	buffer_u8(out, END);
	/* Relays drop what is shorter than BOOTP's messages were. */
	if (out->n - start < BOOTP_SIZE_MIN)
		put_zeros(out, BOOTP_SIZE_MIN - (out->n - start));
	return out->failed;
}

/* An address that a host or a router may have. */
static bool
is_host(uint32_t address)
{
	return address >> 24 != 0 && address >> 24 != 127 && address < 0xe0000000U;
}

static uint8_t
prefix_of(uint32_t mask)
{
	uint8_t n = 0;

	while (n < 32 && (mask & 0x80000000U >> n) != 0)
		n++;
	/* Bits after the first hole: no mask. */
	return n < 32 && mask << n != 0 ? 0 : n;
}

/* What was read of an answer, before it is judged as a whole. */
struct answer {
	struct dhcp_lease *lease;
	uint8_t kind, overload;
	uint32_t router, server, mask, seconds;
	bool classless, has_seconds;
};

static uint32_t
first_address(struct bytes v)
{
	struct reader r = reader_of(v);

	return reader_be32(&r);
}

static void
take_nameservers(struct dhcp_lease *l, struct bytes v)
{
	struct reader r = reader_of(v);

	while (reader_left(&r) >= 4 && l->nameservers < DHCP_NAMESERVERS_MAX) {
		uint32_t address = reader_be32(&r);

		if (is_host(address))
			l->nameserver[l->nameservers++] = address;
	}
}

/* RFC 3442: the prefix's length, as many bytes of it as it needs, the gateway. */
static void
take_routes(struct answer *a, struct bytes v)
{
	struct reader r = reader_of(v);
	struct dhcp_lease *l = a->lease;

	l->routes = 0;
	while (reader_left(&r) > 0 && l->routes < DHCP_ROUTES_MAX) {
		struct dhcp_route route = { .prefix = reader_u8(&r) };

		if (route.prefix > 32)
			break;
		for (unsigned i = 0; i < (route.prefix + 7U) / 8; i++)
			route.to |= (uint32_t)reader_u8(&r) << (24 - 8 * i);
		route.gateway = reader_be32(&r);
		if (r.failed != OK || (route.gateway != 0 && !is_host(route.gateway)))
			break;
		if (route.prefix < 32)
			route.to &= ~(0xffffffffU >> route.prefix);
		l->route[l->routes++] = route;
	}
	a->classless = l->routes > 0;
}

static bool
is_printable(struct bytes v)
{
	for (size_t i = 0; i < v.n; i++)
		if (v.p[i] <= ' ' || v.p[i] > '~')
			return false;
	return v.n > 0;
}

static void
take_vendor(struct dhcp_lease *l, struct bytes v)
{
	struct reader r = reader_of(v);

	while (reader_left(&r) > 1) {
		uint8_t code = reader_u8(&r);
		struct bytes value = reader_take(&r, reader_u8(&r));

		if (code != 1 || value.n >= sizeof l->verifier || !is_printable(value))
			continue;
		memcpy(l->verifier, value.p, value.n);
		l->verifier[value.n] = '\0';
	}
}

static void
take_option(struct answer *a, uint8_t code, struct bytes v)
{
	switch (code) {
	case KIND:
		a->kind = v.n == 1 ? v.p[0] : 0;
		break;
	case OVERLOAD:
		a->overload = v.n == 1 ? v.p[0] : 0;
		break;
	case MASK:
		a->mask = v.n == 4 ? first_address(v) : 0;
		break;
	case ROUTER:
		a->router = v.n >= 4 ? first_address(v) : 0;
		break;
	case SERVER:
		a->server = v.n == 4 ? first_address(v) : 0;
		break;
	case LEASE:
		a->has_seconds = v.n == 4;
		a->seconds = v.n == 4 ? first_address(v) : 0;
		break;
	case NAMESERVER:
		take_nameservers(a->lease, v);
		break;
	case CLASSLESS_ROUTES:
		take_routes(a, v);
		break;
	case VENDOR_OPTIONS:
		take_vendor(a->lease, v);
		break;
	default:
		break;
	}
}

static enum status
take_options(struct answer *a, struct bytes options)
{
	struct reader r = reader_of(options);

	while (reader_left(&r) > 0) {
		uint8_t code = reader_u8(&r);
		struct bytes value;

		if (code == PAD)
			continue;
		if (code == END)
			return OK;
		value = reader_take(&r, reader_u8(&r));
		if (r.failed == OK)
			take_option(a, code, value);
	}
	return r.failed;
}

static enum status
settle(struct answer *a)
{
	struct dhcp_lease *l = a->lease;

	if (!is_host(l->address))
		return E_RANGE;
	if (!is_host(a->server) || !a->has_seconds)
		return E_MISSING;
	l->server = a->server;
	l->seconds = a->seconds < LEASE_MIN ? LEASE_MIN : a->seconds;
	l->prefix = prefix_of(a->mask);
	/* Without a mask there is a link of one address. */
	if (l->prefix == 0)
		l->prefix = 32;
	if (!a->classless && is_host(a->router))
		l->route[l->routes++] = (struct dhcp_route){ .gateway = a->router };
	return OK;
}

enum status
dhcp_decode(struct bytes in, const struct dhcp_ask *ask, enum dhcp_kind *kind, struct dhcp_lease *l)
{
	struct answer a = { .lease = l };
	struct reader r = reader_of(in);
	struct bytes mac, server_name, file;
	uint8_t operation;
	uint32_t xid;
	enum status s;

	memset(l, 0, sizeof *l);
	operation = reader_u8(&r);
	reader_take(&r, 3);
	xid = reader_be32(&r);
	reader_take(&r, 8);
	l->address = reader_be32(&r);
	reader_take(&r, 8);
	mac = reader_take(&r, 6);
	reader_take(&r, 10);
	server_name = reader_take(&r, 64);
	file = reader_take(&r, 128);
	if (r.failed == OK && (operation != BOOT_REPLY || xid != ask->xid || !bytes_equal(mac, BYTES(ask->mac))))
		return E_MISMATCH;
	if (reader_be32(&r) != COOKIE)
		return r.failed != OK ? r.failed : E_SYNTAX;
	s = take_options(&a, bytes_of(in.p + r.at, reader_left(&r)));
	/* RFC 2131, 4.1: options may go on in these fields. */
	if (s == OK && (a.overload & 1) != 0)
		s = take_options(&a, file);
	if (s == OK && (a.overload & 2) != 0)
		s = take_options(&a, server_name);
	if (s != OK)
		return s;
	*kind = (enum dhcp_kind)a.kind;
	if (a.kind == DHCP_NAK)
		return OK;
	return a.kind == DHCP_OFFER || a.kind == DHCP_ACK ? settle(&a) : E_TYPE;
}
