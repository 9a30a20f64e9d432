/* SPDX-License-Identifier: ISC */
#include "net/trust.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct trust t;

	if (trust_parse(bytes_of(data, size), &t) == OK && (t.n == 0 || t.n > TRUST_MAX || t.used > sizeof t.memory))
		__builtin_trap();
	return 0;
}
