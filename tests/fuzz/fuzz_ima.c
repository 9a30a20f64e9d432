/* SPDX-License-Identifier: ISC */
/* Fuzz target: IMA's list of measurements after some bytes of /proc/crypto, as many as the first byte says. */
#include <stdlib.h>

#include "agent/ima.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static const enum hash_alg banks[] = { HASH_SHA256, HASH_SHA384 };
	static struct user_events events;
	size_t cut = n > 0 ? p[0] : 0;

	if (cut > n)
		cut = n;
	events.n = 0;
	if (ima_parse(bytes_of(p + cut, n - cut), bytes_of(p, cut), banks, 2, &events) != OK)
		return 0;
	for (size_t i = 0; i < events.n; i++)
		if (events.event[i].pcr != IMA_PCR || events.event[i].digests != 2)
			abort();
	return 0;
}
