/* SPDX-License-Identifier: ISC */
#include "protocol/rotation.h"

#include <string.h>

void
rotation_successor(const uint8_t id[SHARE_ID_SIZE], uint32_t epoch, uint8_t out[SHARE_ID_SIZE])
{
	uint8_t text[64], digest[HASH_SIZE_MAX];
	struct buffer b = BUFFER(text);

	buffer_bytes(&b, BYTES_STRING("bootgate/1 rotate"));
	buffer_bytes(&b, bytes_of(id, SHARE_ID_SIZE));
	buffer_be32(&b, epoch);
	hash_compute(HASH_SHA256, buffer_view(&b), digest);
	memcpy(out, digest, SHARE_ID_SIZE);
}

void
rotation_seal_id(const uint8_t share[SHARE_SIZE], uint32_t epoch, const uint8_t machine_key[MACHINE_KEY_SIZE], uint8_t out[SHARE_ID_SIZE])
{
	uint8_t text[64], mac[HASH_SIZE_MAX];
	struct buffer b = BUFFER(text);

	buffer_bytes(&b, BYTES_STRING("bootgate/1 rotated"));
	buffer_be32(&b, epoch);
	buffer_bytes(&b, bytes_of(machine_key, MACHINE_KEY_SIZE));
	hmac_compute(HASH_SHA256, bytes_of(share, SHARE_SIZE), buffer_view(&b), mac);
	memcpy(out, mac, SHARE_ID_SIZE);
}
