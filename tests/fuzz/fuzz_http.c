/* SPDX-License-Identifier: ISC */
#include "protocol/message.h"
#include "verifier/http.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A head that is taken lies within the input, ends in an empty line, and stays taken whatever follows it. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct http_request q, again;
	struct http_problem why;

	switch ((int)http_decode_head(bytes_of(data, size), &q, &why)) {
	case OK:
		if (q.head < 4 || q.head > size || q.head > HTTP_HEAD_MAX || q.body > EVIDENCE_SIZE_MAX || q.route == HTTP_ROUTE_NONE)
			__builtin_trap();
		if (http_decode_head(bytes_of(data, q.head), &again, &why) != OK || again.head != q.head || again.body != q.body)
			__builtin_trap();
		break;
	case E_SYNTAX:
		if (why.status < 400 || why.status > 599 || why.reason == NULL)
			__builtin_trap();
		break;
	default:
		break;
	}
	return 0;
}
