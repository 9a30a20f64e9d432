/* SPDX-License-Identifier: ISC */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <linux/rtnetlink.h>

#include "net/dhcp.h"
#include "net/netlink.h"

static const struct dhcp_ask ask = { DHCP_REQUEST, 0x12345678, 3, { 2, 0, 0, 1, 2, 3 }, 0xc0000264, 0xc0000201 };

static void
put_header(struct buffer *b, uint32_t xid, const uint8_t mac[6], uint32_t address)
{
	static const uint8_t zeros[192];

	buffer_be32(b, 0x02010600);
	buffer_be32(b, xid);
	buffer_be32(b, 0);
	buffer_be32(b, 0);
	buffer_be32(b, address);
	buffer_be64(b, 0);
	buffer_bytes(b, bytes_of(mac, 6));
	buffer_bytes(b, bytes_of(zeros, 10));
	buffer_bytes(b, bytes_of(zeros, 192));
	buffer_be32(b, 0x63825363);
}

#define ACK "\x35\x01\x05"
#define SERVER "\x36\x04\xc0\x00\x02\x01"
#define LEASE "\x33\x04\x00\x00\x0e\x10"
#define MASK "\x01\x04\xff\xff\xff\x00"
#define ROUTER "\x03\x04\xc0\x00\x02\x01"
#define END "\xff"

static enum status
decode_from(uint32_t xid, const uint8_t mac[6], uint32_t address, struct bytes options, struct dhcp_lease *l)
{
	uint8_t memory[DHCP_MESSAGE_MAX];
	struct buffer b = BUFFER(memory);
	enum dhcp_kind kind;

	put_header(&b, xid, mac, address);
	buffer_bytes(&b, options);
	return dhcp_decode(buffer_view(&b), &ask, &kind, l);
}

#define DECODE(options, l) decode_from(ask.xid, ask.mac, ask.address, BYTES_STRING(options), (l))

static void
a_lease_is_read_with_its_router_and_name_servers(void **state)
{
	struct dhcp_lease l;

	(void)state;
	assert_int_equal(DECODE(ACK SERVER LEASE MASK ROUTER "\x06\x08\xc0\x00\x02\x35\x00\x00\x00\x00" END, &l), OK);
	assert_int_equal(l.address, ask.address);
	assert_int_equal(l.prefix, 24);
	assert_int_equal(l.server, 0xc0000201);
	assert_int_equal(l.seconds, 3600);
	assert_int_equal(l.routes, 1);
	assert_int_equal(l.route[0].gateway, 0xc0000201);
	assert_int_equal(l.nameservers, 1);
	assert_int_equal(l.nameserver[0], 0xc0000235);
	assert_string_equal(l.verifier, "");
}

static void
classless_routes_go_before_the_router(void **state)
{
	struct dhcp_lease l;

	(void)state;
	assert_int_equal(DECODE(ACK SERVER LEASE MASK ROUTER "\x79\x0d\x10\x0a\x01\xc0\x00\x02\x02\x00\xc0\x00\x02\x03" END, &l), OK);
	assert_int_equal(l.routes, 2);
	assert_int_equal(l.route[0].to, 0x0a010000);
	assert_int_equal(l.route[0].prefix, 16);
	assert_int_equal(l.route[0].gateway, 0xc0000202);
	assert_int_equal(l.route[1].prefix, 0);
	assert_int_equal(l.route[1].gateway, 0xc0000203);
	/* A gateway that no host has ends the list; a prefix too long, too. */
	assert_int_equal(DECODE(ACK SERVER LEASE MASK ROUTER "\x79\x05\x00\x7f\x00\x00\x01" END, &l), OK);
	assert_int_equal(l.routes, 1);
	assert_int_equal(l.route[0].gateway, 0xc0000201);
}

static void
somebody_elses_answer_is_not_ours(void **state)
{
	static const uint8_t other[6] = { 2, 0, 0, 1, 2, 4 };
	struct dhcp_lease l;

	(void)state;
	assert_int_equal(decode_from(ask.xid + 1, ask.mac, ask.address, BYTES_STRING(ACK SERVER LEASE END), &l), E_MISMATCH);
	assert_int_equal(decode_from(ask.xid, other, ask.address, BYTES_STRING(ACK SERVER LEASE END), &l), E_MISMATCH);
}

static void
a_lease_without_its_parts_is_none(void **state)
{
	struct dhcp_lease l;

	(void)state;
	assert_int_equal(DECODE(ACK LEASE END, &l), E_MISSING);
	assert_int_equal(DECODE(ACK SERVER END, &l), E_MISSING);
	assert_int_equal(DECODE(SERVER LEASE END, &l), E_TYPE);
	assert_int_equal(decode_from(ask.xid, ask.mac, 0, BYTES_STRING(ACK SERVER LEASE END), &l), E_RANGE);
	assert_int_equal(decode_from(ask.xid, ask.mac, 0xe0000001, BYTES_STRING(ACK SERVER LEASE END), &l), E_RANGE);
	assert_int_equal(DECODE(ACK SERVER LEASE "\x06\x08\x01", &l), E_TRUNCATED);
	/* A mask with a hole is none, and a lease is renewed once a minute at most. */
	assert_int_equal(DECODE(ACK SERVER "\x33\x04\x00\x00\x00\x01\x01\x04\xff\x00\xff\x00" END, &l), OK);
	assert_int_equal(l.prefix, 32);
	assert_int_equal(l.seconds, 60);
}

static void
a_verifier_is_named_by_a_vendor_option_of_printable_characters(void **state)
{
	struct dhcp_lease l;

	(void)state;
	assert_int_equal(DECODE(ACK SERVER LEASE "\x2b\x0c\x01\x0ahttps://v1" END, &l), OK);
	assert_string_equal(l.verifier, "https://v1");
	assert_int_equal(DECODE(ACK SERVER LEASE "\x2b\x0c\x01\x0ahttps:\n/v1" END, &l), OK);
	assert_string_equal(l.verifier, "");
}

static void
options_go_on_in_the_fields_that_overload_names(void **state)
{
	uint8_t memory[DHCP_MESSAGE_MAX];
	struct buffer b = BUFFER(memory);
	enum dhcp_kind kind;
	struct dhcp_lease l;

	(void)state;
	put_header(&b, ask.xid, ask.mac, ask.address);
	buffer_bytes(&b, BYTES_STRING(ACK "\x34\x01\x01" END));
	memcpy(memory + 108, SERVER LEASE END, sizeof(SERVER LEASE END) - 1);
	assert_int_equal(dhcp_decode(buffer_view(&b), &ask, &kind, &l), OK);
	assert_int_equal(l.server, 0xc0000201);
}

static void
a_request_is_what_a_server_reads(void **state)
{
	uint8_t memory[DHCP_MESSAGE_MAX];
	struct buffer b = BUFFER(memory);

	(void)state;
	assert_int_equal(dhcp_encode(&ask, &b), OK);
	assert_true(b.n >= 300);
	assert_memory_equal(memory, "\x01\x01\x06\x00\x12\x34\x56\x78\x00\x03\x80\x00", 12);
	assert_memory_equal(memory + 28, ask.mac, 6);
	assert_memory_equal(memory + 236, "\x63\x82\x53\x63\x35\x01\x03\x32\x04\xc0\x00\x02\x64\x36\x04\xc0\x00\x02\x01", 19);
}

/* The kernel's own answer. */
static void
loopback_is_no_ethernet(void **state)
{
	static uint8_t memory[32768];
	struct buffer b = BUFFER(memory);
	struct netlink n;
	struct netlink_event e;
	bool seen = false;

	(void)state;
	assert_int_equal(netlink_open(&n), OK);
	assert_int_equal(netlink_dump(&n, false), OK);
	while (netlink_receive(&n, &b) == OK) {
		struct reader r = reader_of(buffer_view(&b));

		while (netlink_next(&r, &e) == OK)
			if (e.kind == NETLINK_LINK && strcmp(e.name, "lo") == 0) {
				seen = true;
				assert_false(e.ethernet);
				assert_int_equal(e.index, 1);
			}
	}
	netlink_close(&n);
	assert_true(seen);
}

static size_t
router_message(uint8_t *out, size_t size, struct bytes option, uint16_t says)
{
	struct nduseroptmsg m = { .nduseropt_family = 10, .nduseropt_opts_len = says, .nduseropt_ifindex = 7, .nduseropt_icmp_type = 134 };
	struct nlmsghdr h = { .nlmsg_len = (uint32_t)(sizeof h + sizeof m + option.n), .nlmsg_type = RTM_NEWNDUSEROPT };
	struct buffer b = buffer_of(out, size);

	buffer_bytes(&b, bytes_of(&h, sizeof h));
	buffer_bytes(&b, bytes_of(&m, sizeof m));
	buffer_bytes(&b, option);
	return b.n;
}

static void
name_servers_of_a_router_are_read_only_where_lengths_agree(void **state)
{
	static const uint8_t option[24] = { 25, 3, 0, 0, 0, 0, 0, 60, 0x20, 1, 0x0d, 0xb8, [23] = 1 };
	static const struct {
		struct bytes option;
		uint16_t says;
		size_t servers;
	} cases[] = {
		{ { option, 24 }, 24, 1 },
		{ { option, 24 }, 25, 0 },
		{ { option, 16 }, 16, 0 },
		{ { option, 8 }, 24, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		uint8_t memory[128];
		struct reader r = reader_of(bytes_of(memory, router_message(memory, sizeof memory, cases[i].option, cases[i].says)));
		struct netlink_event e;

		assert_int_equal(netlink_next(&r, &e), OK);
		assert_int_equal(e.nameservers, cases[i].servers);
		if (e.nameservers > 0)
			assert_memory_equal(e.nameserver[0], option + 8, 16);
	}
}

static void
a_message_that_says_too_much_ends_the_datagram(void **state)
{
	struct nlmsghdr h = { .nlmsg_len = 400, .nlmsg_type = RTM_NEWLINK };
	struct reader r = reader_of(bytes_of(&h, sizeof h));
	struct netlink_event e;

	(void)state;
	assert_int_equal(netlink_next(&r, &e), E_TRUNCATED);
	h.nlmsg_len = 3;
	r = reader_of(bytes_of(&h, sizeof h));
	assert_int_equal(netlink_next(&r, &e), E_SYNTAX);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_lease_is_read_with_its_router_and_name_servers),
		cmocka_unit_test(classless_routes_go_before_the_router),
		cmocka_unit_test(somebody_elses_answer_is_not_ours),
		cmocka_unit_test(a_lease_without_its_parts_is_none),
		cmocka_unit_test(a_verifier_is_named_by_a_vendor_option_of_printable_characters),
		cmocka_unit_test(options_go_on_in_the_fields_that_overload_names),
		cmocka_unit_test(a_request_is_what_a_server_reads),
		cmocka_unit_test(loopback_is_no_ethernet),
		cmocka_unit_test(name_servers_of_a_router_are_read_only_where_lengths_agree),
		cmocka_unit_test(a_message_that_says_too_much_ends_the_datagram),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
