/* SPDX-License-Identifier: ISC */
/*
 * The verifier's reader of requests: a good request, one mutation each, and the exact answer it must name.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "protocol/message.h"
#include "verifier/frame.h"
#include "verifier/http.h"

#define GOOD "POST /v1/attest HTTP/1.1\r\nHost: v.example\r\nContent-Length: 5\r\n\r\n"

static struct bytes
of(const char *text)
{
	return bytes_of(text, strlen(text));
}

static void
a_good_request_is_read(void **state)
{
	struct http_request q;
	struct http_problem why;

	(void)state;
	assert_int_equal(http_decode_head(of(GOOD "hello"), &q, &why), OK);
	assert_int_equal(q.route, HTTP_ROUTE_ATTEST);
	assert_int_equal(q.head, strlen(GOOD));
	assert_int_equal(q.body, 5);
	assert_true(q.keep_alive);
	assert_string_equal(q.parameter, "");
}

static void
every_route_is_known_by_its_method_and_path(void **state)
{
	static const struct {
		const char *text;
		enum http_route route;
		const char *parameter;
	} cases[] = {
		{ "POST /v1/challenge HTTP/1.1\r\nHost: v\r\nContent-Length: 0\r\n\r\n", HTTP_ROUTE_CHALLENGE, "" },
		{ "POST /v1/volume HTTP/1.1\r\nHost: v\r\nContent-Length: 1\r\n\r\n", HTTP_ROUTE_VOLUME, "" },
		{ "POST /v1/enroll/begin HTTP/1.1\r\nHost: v\r\nContent-Length: 1\r\n\r\n", HTTP_ROUTE_ENROLL_BEGIN, "" },
		{ "POST /v1/enroll/finish HTTP/1.1\r\nHost: v\r\nContent-Length: 1\r\n\r\n", HTTP_ROUTE_ENROLL_FINISH, "" },
		{ "GET /v1/hold/00ff HTTP/1.1\r\nHost: v\r\n\r\n", HTTP_ROUTE_HOLD, "00ff" },
		{ "GET /healthz HTTP/1.1\r\nHost: v\r\n\r\n", HTTP_ROUTE_HEALTH, "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct http_request q;
		struct http_problem why;

		assert_int_equal(http_decode_head(of(cases[i].text), &q, &why), OK);
		assert_int_equal(q.route, cases[i].route);
		assert_string_equal(q.parameter, cases[i].parameter);
	}
}

static void
every_prefix_of_a_request_wants_more(void **state)
{
	(void)state;
	for (size_t n = 0; n < strlen(GOOD); n++) {
		struct http_request q;
		struct http_problem why;

		assert_int_equal(http_decode_head(bytes_of(GOOD, n), &q, &why), E_TRUNCATED);
	}
}

static void
each_mutation_is_refused_for_its_reason(void **state)
{
	static const struct {
		const char *text;
		unsigned status;
		const char *reason;
	} cases[] = {
#define LINE "POST /v1/attest HTTP/1.1\r\n"
#define HOST "Host: v\r\n"
#define LENGTH "Content-Length: 5\r\n"
		{ "\r\n\r\n", 400, "the request line is malformed" },
		{ "\r\n" LINE HOST LENGTH "\r\n", 400, "the request line is malformed" },
		{ " POST /v1/attest HTTP/1.1\r\n" HOST LENGTH "\r\n", 400, "the request line is malformed" },
		{ "POST  /v1/attest HTTP/1.1\r\n" HOST LENGTH "\r\n", 400, "the request line is malformed" },
		{ "POST /v1/attest  HTTP/1.1\r\n" HOST LENGTH "\r\n", 400, "the request line is malformed" },
		{ "POST /v1/attest\r\n" HOST LENGTH "\r\n", 400, "the request line is malformed" },
		{ "POST /v1/attest HTTP/1.1 \r\n" HOST LENGTH "\r\n", 400, "the request line is malformed" },
		{ "P(ST /v1/attest HTTP/1.1\r\n" HOST LENGTH "\r\n", 400, "the method is malformed" },
		{ "POST /v1/attest HTTP/1.0\r\n" HOST LENGTH "\r\n", 505, "only HTTP/1.1 is spoken here" },
		{ "POST /v1/attest HTTP/2.0\r\n" HOST LENGTH "\r\n", 505, "only HTTP/1.1 is spoken here" },
		{ "POST /v1/attest http/1.1\r\n" HOST LENGTH "\r\n", 400, "the request line is malformed" },
		{ "GET /v1/attest HTTP/1.1\r\n" HOST "\r\n", 405, "the route has another method" },
		{ "post /v1/attest HTTP/1.1\r\n" HOST LENGTH "\r\n", 405, "the route has another method" },
		{ "POST /healthz HTTP/1.1\r\n" HOST LENGTH "\r\n", 405, "the route has another method" },
		{ "POST /v1/attest/ HTTP/1.1\r\n" HOST LENGTH "\r\n", 404, "there is no such route" },
		{ "POST /v1/attest?x HTTP/1.1\r\n" HOST LENGTH "\r\n", 404, "there is no such route" },
		{ "POST /v1/%61ttest HTTP/1.1\r\n" HOST LENGTH "\r\n", 404, "there is no such route" },
		{ "POST http://v/v1/attest HTTP/1.1\r\n" HOST LENGTH "\r\n", 404, "there is no such route" },
		{ "GET /v1/hold/ HTTP/1.1\r\n" HOST "\r\n", 404, "there is no such route" },
		{ "GET /v1/hold/0F HTTP/1.1\r\n" HOST "\r\n", 404, "there is no such route" },
		{ "GET /v1/hold/../healthz HTTP/1.1\r\n" HOST "\r\n", 404, "there is no such route" },
		{ "GET /v1/hold/00000000000000000000000000000000000000000000000000000000000000000 HTTP/1.1\r\n" HOST "\r\n", 404,
			"there is no such route" },
		{ LINE LENGTH "\r\n", 400, "Host is missing" },
		{ LINE HOST HOST LENGTH "\r\n", 400, "Host is given twice" },
		{ LINE HOST "\r\n", 411, "Content-Length is missing" },
		{ LINE HOST LENGTH LENGTH "\r\n", 400, "Content-Length is given twice" },
		{ LINE HOST LENGTH "content-length: 6\r\n\r\n", 400, "Content-Length is given twice" },
		{ LINE HOST "Content-Length: +5\r\n\r\n", 400, "Content-Length is not a number" },
		{ LINE HOST "Content-Length: -5\r\n\r\n", 400, "Content-Length is not a number" },
		{ LINE HOST "Content-Length: 5, 5\r\n\r\n", 400, "Content-Length is not a number" },
		{ LINE HOST "Content-Length: 0x5\r\n\r\n", 400, "Content-Length is not a number" },
		{ LINE HOST "Content-Length:\r\n\r\n", 400, "Content-Length is not a number" },
		{ LINE HOST "Content-Length: 18446744073709551621\r\n\r\n", 400, "Content-Length is not a number" },
		{ LINE HOST "Content-Length: 9999999999\r\n\r\n", 413, "the body is larger than the route takes" },
		{ "POST /v1/challenge HTTP/1.1\r\n" HOST "Content-Length: 1\r\n\r\n", 413, "the body is larger than the route takes" },
		{ "GET /healthz HTTP/1.1\r\n" HOST LENGTH "\r\n", 400, "the route takes no body" },
		{ LINE HOST "Transfer-Encoding: chunked\r\n\r\n", 501, "no transfer coding is spoken here" },
		{ LINE HOST LENGTH "transfer-encoding: identity\r\n\r\n", 501, "no transfer coding is spoken here" },
		{ LINE HOST LENGTH "Expect: 100-continue\r\n\r\n", 417, "no expectation is met here" },
		{ LINE HOST LENGTH "Connection: upgrade\r\n\r\n", 400, "Connection is neither close nor keep-alive" },
		{ LINE HOST "Content-Length : 5\r\n\r\n", 400, "a header field is malformed" },
		{ LINE HOST LENGTH "no colon\r\n\r\n", 400, "a header field is malformed" },
		{ LINE HOST LENGTH ": nameless\r\n\r\n", 400, "a header field is malformed" },
		{ LINE HOST LENGTH "X: a\r\n folded\r\n\r\n", 400, "a header field is malformed" },
		{ LINE HOST LENGTH "X: a\nY: b\r\n\r\n", 400, "the head holds bytes that do not belong there" },
		{ LINE HOST LENGTH "X: a\rY: b\r\n\r\n", 400, "the head holds bytes that do not belong there" },
		{ LINE HOST LENGTH "X: \x01\r\n\r\n", 400, "the head holds bytes that do not belong there" },
		{ LINE HOST LENGTH "X: \xff\r\n\r\n", 400, "the head holds bytes that do not belong there" },
		{ "POST /v1/attest HTTP/1.1\n", 400, "the head holds bytes that do not belong there" },
		{ "\x16\x03\x01\x02", 400, "the head holds bytes that do not belong there" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct http_request q;
		struct http_problem why;

		if (http_decode_head(of(cases[i].text), &q, &why) != E_SYNTAX)
			fail_msg("not refused: %s", cases[i].text);
		if (why.status != cases[i].status || strcmp(why.reason, cases[i].reason) != 0)
			fail_msg("%s: %u %s", cases[i].text, why.status, why.reason);
	}
}

static void
a_nul_anywhere_is_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < strlen(GOOD); i++) {
		char text[sizeof GOOD];
		struct http_request q;
		struct http_problem why;

		memcpy(text, GOOD, sizeof text);
		text[i] = '\0';
		assert_int_equal(http_decode_head(bytes_of(text, strlen(GOOD)), &q, &why), E_SYNTAX);
		assert_int_equal(why.status, 400);
	}
}

static void
a_405_names_the_method_that_the_route_has(void **state)
{
	struct http_request q;
	struct http_problem why;

	(void)state;
	assert_int_equal(http_decode_head(of("GET /v1/attest HTTP/1.1\r\nHost: v\r\n\r\n"), &q, &why), E_SYNTAX);
	assert_string_equal(why.allow, "POST");
}

static void
a_head_is_bounded_in_bytes_and_fields(void **state)
{
	static char text[2 * HTTP_HEAD_MAX];
	struct http_request q;
	struct http_problem why;
	size_t n = (size_t)snprintf(text, sizeof text, "POST /v1/attest HTTP/1.1\r\nX: ");

	(void)state;
	memset(text + n, 'x', sizeof text - n);
	assert_int_equal(http_decode_head(bytes_of(text, HTTP_HEAD_MAX - 1), &q, &why), E_TRUNCATED);
	assert_int_equal(http_decode_head(bytes_of(text, HTTP_HEAD_MAX), &q, &why), E_SYNTAX);
	assert_int_equal(why.status, 431);
	n = (size_t)snprintf(text, sizeof text, "POST /v1/attest HTTP/1.1\r\nHost: v\r\nContent-Length: 5\r\n");
	for (unsigned i = 0; i < HTTP_FIELDS_MAX - 1; i++)
		n += (size_t)snprintf(text + n, sizeof text - n, "X: y\r\n");
	n += (size_t)snprintf(text + n, sizeof text - n, "\r\n");
	assert_int_equal(http_decode_head(bytes_of(text, n), &q, &why), E_SYNTAX);
	assert_int_equal(why.status, 431);
}

static void
close_is_understood_and_values_may_have_space_around(void **state)
{
	struct http_request q;
	struct http_problem why;

	(void)state;
	assert_int_equal(http_decode_head(of("POST /v1/attest HTTP/1.1\r\nhost:v\r\nCONTENT-LENGTH: \t5 \r\nConnection: Close\r\n\r\n"), &q, &why), OK);
	assert_int_equal(q.body, 5);
	assert_false(q.keep_alive);
}

static void
an_answer_says_what_it_holds(void **state)
{
	const struct http_answer a = { .status = 503, .type = "application/cbor", .body = 7, .retry_after = 2 };
	uint8_t text[512];
	struct buffer b = BUFFER(text);

	(void)state;
	http_encode_head(&a, &b);
	buffer_u8(&b, '\0');
	assert_int_equal(b.failed, OK);
	assert_string_equal((const char *)text, "HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/cbor\r\nContent-Length: 7\r\n"
						"Cache-Control: no-store\r\nRetry-After: 2\r\nConnection: close\r\n\r\n");
}

static void
frames_between_desk_and_judge_come_back_as_they_went(void **state)
{
	const struct frame_request q = { 0x0102030405060708, HTTP_ROUTE_HOLD, BYTES_STRING("00ff"), BYTES_STRING("body") };
	const struct frame_answer a = { 9, 202, 3, BYTES_STRING("answer") };
	struct frame_request q2;
	struct frame_answer a2;
	uint8_t space[64];
	struct buffer b = BUFFER(space);
	size_t n = 0;

	(void)state;
	frame_encode_request(&q, &b);
	for (size_t i = 0; i < b.n; i++)
		assert_int_equal(frame_decode_request(bytes_of(space, i), &q2, &n), E_TRUNCATED);
	assert_int_equal(frame_decode_request(buffer_view(&b), &q2, &n), OK);
	assert_int_equal(n, b.n);
	assert_true(q2.number == q.number && q2.route == q.route && bytes_equal(q2.parameter, q.parameter) && bytes_equal(q2.body, q.body));
	b.n = 0;
	frame_encode_answer(&a, &b);
	for (size_t i = 0; i < b.n; i++)
		assert_int_equal(frame_decode_answer(bytes_of(space, i), &a2, &n), E_TRUNCATED);
	assert_int_equal(frame_decode_answer(buffer_view(&b), &a2, &n), OK);
	assert_true(a2.number == 9 && a2.status == 202 && a2.retry_after == 3 && bytes_equal(a2.body, a.body));
}

static void
frames_out_of_range_end_the_stream(void **state)
{
	const struct frame_request q = { 1, HTTP_ROUTE_ATTEST, { NULL, 0 }, { NULL, 0 } };
	struct frame_request q2;
	uint8_t space[FRAME_HEAD];
	struct buffer b = BUFFER(space);
	size_t n = 0;

	(void)state;
	frame_encode_request(&q, &b);
	space[8] = HTTP_ROUTES_END;
	assert_int_equal(frame_decode_request(BYTES(space), &q2, &n), E_RANGE);
	space[8] = HTTP_ROUTE_NONE;
	assert_int_equal(frame_decode_request(BYTES(space), &q2, &n), E_RANGE);
	space[8] = HTTP_ROUTE_ATTEST;
	space[9] = HTTP_PARAMETER_MAX + 1;
	assert_int_equal(frame_decode_request(BYTES(space), &q2, &n), E_RANGE);
	space[9] = 0;
	space[12] = 1;
	assert_int_equal(frame_decode_request(BYTES(space), &q2, &n), E_TOO_LARGE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_good_request_is_read),
		cmocka_unit_test(every_route_is_known_by_its_method_and_path),
		cmocka_unit_test(every_prefix_of_a_request_wants_more),
		cmocka_unit_test(each_mutation_is_refused_for_its_reason),
		cmocka_unit_test(a_nul_anywhere_is_refused),
		cmocka_unit_test(a_405_names_the_method_that_the_route_has),
		cmocka_unit_test(a_head_is_bounded_in_bytes_and_fields),
		cmocka_unit_test(close_is_understood_and_values_may_have_space_around),
		cmocka_unit_test(an_answer_says_what_it_holds),
		cmocka_unit_test(frames_between_desk_and_judge_come_back_as_they_went),
		cmocka_unit_test(frames_out_of_range_end_the_stream),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
