/* SPDX-License-Identifier: ISC */
/*
 * A bootgate token: what is read is written, and read again as the same.
 */
#include <stdlib.h>
#include <string.h>

#include "luks/token.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct json json;
	static struct token token, again;
	static uint8_t space[TOKEN_JSON_MAX];
	struct buffer out = BUFFER(space);

	if (token_decode(bytes_of(data, size), &json, &token) != OK)
		return 0;
	if (token_encode(&token, &out) != OK || token_decode(buffer_view(&out), &json, &again) != OK)
		abort();
	if (token.keyslot != again.keyslot || token.seals != again.seals || memcmp(token.seal, again.seal, sizeof token.seal) != 0 ||
		token.cache.ek.n != again.cache.ek.n || token.cache.tickets != again.cache.tickets)
		abort();
	return 0;
}
