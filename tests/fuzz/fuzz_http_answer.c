/* SPDX-License-Identifier: ISC */
#include "net/https.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	unsigned code, retry_after;
	size_t length;

	if (https_head_parse(bytes_of(data, size), &code, &length, &retry_after) == OK && (code < 100 || code > 599 || length > 1u << 26))
		__builtin_trap();
	return 0;
}
