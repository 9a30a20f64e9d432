/* SPDX-License-Identifier: ISC */
/* TPMS_ATTEST from the network: quotes and session audits. */
#include "structures/quote.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes in = bytes_of(data, size);
	struct session_audit a;
	struct quote q;

	if (quote_decode(in, &q) == OK) {
		struct digest d;
		struct bytes values[QUOTE_BANKS_MAX];

		if (q.banks > QUOTE_BANKS_MAX || q.pcr_digest.n > size || session_audit_decode(in, &a) == OK)
			__builtin_trap();
		for (size_t i = 0; i < q.banks; i++)
			values[i] = q.extra_data;
		quote_pcr_digest(HASH_SHA256, values, q.banks, &d);
	}
	if (session_audit_decode(in, &a) == OK && a.session_digest.n > size)
		__builtin_trap();
	return 0;
}
