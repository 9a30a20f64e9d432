/* SPDX-License-Identifier: ISC */
/*
 * Records of the audit log: what is decoded encodes to the same bytes.
 */
#include <stdlib.h>

#include "store/record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t space[1 << 16];
	static struct record r;
	struct buffer b = BUFFER(space);

	if (size > sizeof space || record_decode(bytes_of(data, size), &r) != OK)
		return 0;
	if (record_encode(&r, &b) != OK || !bytes_equal(buffer_view(&b), bytes_of(data, size)))
		abort();
	return 0;
}
