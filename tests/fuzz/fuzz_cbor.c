/* SPDX-License-Identifier: ISC */
/*
 * Whatever the strict reader accepts has one encoding: read and written again it is the same.
 */
#include <stdlib.h>

#include "../unit/cbor_copy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size <= 4096 && cbor_copy_check(bytes_of(data, size)) == E_MISMATCH)
		abort();
	return 0;
}
