/* SPDX-License-Identifier: ISC */
#include "store/keys.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is read is written again in the same bytes. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes in = bytes_of(data, size);
	uint8_t text[KEYS_TEXT_MAX];
	struct buffer b = BUFFER(text);
	struct keys_request q;
	struct keys_delegation d;

	if (keys_parse_request(in, &q) == OK && (keys_encode_request(&q, &b) != OK || b.n != size))
		__builtin_trap();
	b.n = 0;
	if (keys_parse_delegation(in, &d) == OK && (keys_encode_delegation(&d, &b) != OK || b.n != size))
		__builtin_trap();
	return 0;
}
