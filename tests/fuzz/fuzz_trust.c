/* SPDX-License-Identifier: ISC */
/*
 * CA files of the agent: the input is PEM as it is, and a certificate that is put into PEM first.
 */
#include <stdlib.h>

#include "crypto/pem.h"
#include "net/trust.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check(struct bytes pem)
{
	static struct trust t;

	if (trust_parse(pem, &t) == OK && (t.n == 0 || t.n > TRUST_MAX || t.used > sizeof t.memory))
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t space[2 * TRUST_BYTES_MAX];
	struct buffer b = BUFFER(space);

	check(bytes_of(data, size));
	if (pem_encode("CERTIFICATE", bytes_of(data, size), &b) == OK)
		check(buffer_view(&b));
	return 0;
}
