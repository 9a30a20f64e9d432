/* SPDX-License-Identifier: ISC */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "net/https.h"

static void
an_address_is_a_scheme_a_host_and_a_port(void **state)
{
	static const struct {
		const char *text;
		enum status status;
		const char *host, *port;
	} cases[] = {
		{ "https://v.example.org", OK, "v.example.org", "443" },
		{ "https://v.example.org/", OK, "v.example.org", "443" },
		{ "https://10.0.2.2:8443", OK, "10.0.2.2", "8443" },
		{ "https://[fe80::1]:8443/", OK, "fe80::1", "8443" },
		{ "http://v.example.org", E_SYNTAX, NULL, NULL },
		{ "https://", E_SYNTAX, NULL, NULL },
		{ "https://user@host", E_SYNTAX, NULL, NULL },
		{ "https://host/path", E_SYNTAX, NULL, NULL },
		{ "https://host:0", E_RANGE, NULL, NULL },
		{ "https://host:65536", E_RANGE, NULL, NULL },
		{ "https://host:123456", E_SYNTAX, NULL, NULL },
		{ "https://host:12x", E_SYNTAX, NULL, NULL },
		{ "https://[fe80::1", E_SYNTAX, NULL, NULL },
		{ "https://ho st", E_SYNTAX, NULL, NULL },
		{ "https://host\r\nX: y", E_SYNTAX, NULL, NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct url u;

		print_message("%s\n", cases[i].text);
		assert_int_equal(url_parse(cases[i].text, &u), cases[i].status);
		if (cases[i].status != OK)
			continue;
		assert_string_equal(u.host, cases[i].host);
		assert_string_equal(u.port, cases[i].port);
	}
}

static void
a_host_name_of_256_characters_is_refused(void **state)
{
	char text[300] = "https://";
	struct url u;

	(void)state;
	memset(text + 8, 'a', 256);
	assert_int_equal(url_parse(text, &u), E_SYNTAX);
	text[8 + 255] = '\0';
	assert_int_equal(url_parse(text, &u), OK);
}

static void
an_answer_has_one_length_and_no_other_framing(void **state)
{
	static const struct {
		const char *head;
		enum status status;
		unsigned code;
		size_t length;
		unsigned retry_after;
	} cases[] = {
		{ "HTTP/1.1 200 OK\r\nContent-Length: 5", OK, 200, 5, 0 },
		{ "HTTP/1.1 200\r\ncontent-length:5", OK, 200, 5, 0 },
		{ "HTTP/1.1 503 Busy\r\nRetry-After: 7\r\nContent-Length: 0", OK, 503, 0, 7 },
		{ "HTTP/1.1 503 Busy\r\nRetry-After: Tue\r\nContent-Length: 0", OK, 503, 0, 0 },
		{ "HTTP/1.0 200 OK\r\nContent-Length: 5", E_SYNTAX, 0, 0, 0 },
		{ "HTTP/1.1 20 OK\r\nContent-Length: 5", E_SYNTAX, 0, 0, 0 },
		{ "HTTP/1.1 2000 OK\r\nContent-Length: 5", E_SYNTAX, 0, 0, 0 },
		{ "HTTP/1.1 600 OK\r\nContent-Length: 5", E_SYNTAX, 0, 0, 0 },
		{ "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 5", E_PROTOCOL, 0, 0, 0 },
		{ "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 5", E_PROTOCOL, 0, 0, 0 },
		{ "HTTP/1.1 200 OK\r\nContent-Length: -5", E_SYNTAX, 0, 0, 0 },
		{ "HTTP/1.1 200 OK\r\nContent-Length: 99999999", E_TOO_LARGE, 0, 0, 0 },
		{ "HTTP/1.1 200 OK\r\nContent-Length: 9999999999999999999999", E_SYNTAX, 0, 0, 0 },
		{ "HTTP/1.1 200 OK\r\nno colon\r\nContent-Length: 5", E_SYNTAX, 0, 0, 0 },
		{ "HTTP/1.1 200 OK\r\nServer: x", E_PROTOCOL, 0, 0, 0 },
		{ "", E_SYNTAX, 0, 0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		unsigned code, retry_after;
		size_t length;

		print_message("%zu\n", i);
		assert_int_equal(https_head_parse(bytes_of(cases[i].head, strlen(cases[i].head)), &code, &length, &retry_after),
			cases[i].status);
		if (cases[i].status != OK)
			continue;
		assert_int_equal(code, cases[i].code);
		assert_int_equal(length, cases[i].length);
		assert_int_equal(retry_after, cases[i].retry_after);
	}
}

static void
trust_without_a_ca_certificate_is_refused(void **state)
{
	static struct trust t;

	(void)state;
	assert_int_equal(trust_parse(BYTES_STRING(""), &t), E_MISSING);
	assert_int_equal(trust_parse(BYTES_STRING("no certificate here\n"), &t), E_MISSING);
	assert_int_equal(trust_parse(BYTES_STRING("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"), &t), E_SYNTAX);
	assert_int_equal(trust_parse(BYTES_STRING("-----BEGIN CERTIFICATE-----\nAAAA\n"), &t), E_TRUNCATED);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_address_is_a_scheme_a_host_and_a_port),
		cmocka_unit_test(a_host_name_of_256_characters_is_refused),
		cmocka_unit_test(an_answer_has_one_length_and_no_other_framing),
		cmocka_unit_test(trust_without_a_ca_certificate_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
