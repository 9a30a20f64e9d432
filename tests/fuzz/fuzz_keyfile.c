/* SPDX-License-Identifier: ISC */
/*
 * Key files: whatever is read as a key is written and read again as the same key.  The input is PEM as it is, and DER that is
 * put into PEM first, since no fuzzer finds its way through base64.
 */
#include <stdlib.h>

#include "base/memory.h"
#include "crypto/keyfile.h"
#include "crypto/pem.h"

static void
check_public(struct bytes in)
{
	uint8_t out[KEYFILE_SIZE_MAX];
	struct buffer b = BUFFER(out);
	struct ec_public k, again;

	if (keyfile_decode_public(in, &k) != OK)
		return;
	if (keyfile_encode_public(&k, &b) != OK || keyfile_decode_public(buffer_view(&b), &again) != OK || !ec_public_equal(&k, &again))
		abort();
}

static void
check_private(struct bytes in)
{
	uint8_t out[KEYFILE_SIZE_MAX];
	struct buffer b = BUFFER(out);
	struct ec_private k, again;

	if (keyfile_decode_private(in, &k) != OK)
		return;
	if (keyfile_encode_private(&k, &b) != OK || keyfile_decode_private(buffer_view(&b), &again) != OK
		|| !memory_equal(&k, &again, sizeof k))
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const labels[] = { "PUBLIC KEY", "EC PRIVATE KEY", "PRIVATE KEY" };

	check_public(bytes_of(data, size));
	check_private(bytes_of(data, size));
	for (size_t i = 0; i < 3; i++) {
		uint8_t pem[KEYFILE_SIZE_MAX];
		struct buffer b = BUFFER(pem);

		if (pem_encode(labels[i], bytes_of(data, size), &b) != OK)
			continue;
		check_public(buffer_view(&b));
		check_private(buffer_view(&b));
	}
	return 0;
}
