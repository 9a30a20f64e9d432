/* SPDX-License-Identifier: ISC */
/*
 * A LUKS2 header: the input is the JSON of both copies, with good checksums, or, when its first byte is odd, the device itself.
 */
#include <string.h>

#include <openssl/evp.h>

#include "luks/header.h"

#define COPY 16384

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
make_copy(uint8_t *copy, const uint8_t *json, size_t n, uint64_t place, uint8_t seqid)
{
	static const char uuid[] = "6f7c1a52-0d5e-4a8b-9c3f-5b1e2d7a9f10";
	uint8_t digest[32];

	memset(copy, 0, COPY);
	memcpy(copy, place == 0 ? "LUKS\xba\xbe\0\2" : "SKUL\xba\xbe\0\2", 8);
	copy[14] = COPY >> 8;
	copy[23] = seqid;
	memcpy(copy + 72, "sha256", 6);
	memcpy(copy + 168, uuid, sizeof uuid - 1);
	copy[262] = (uint8_t)(place >> 8);
	memcpy(copy + HEADER_BINARY_SIZE, json, n);
	/* libcrypto's is five times as fast as ours. */
	if (EVP_Q_digest(NULL, "SHA256", NULL, copy, COPY, digest, NULL) != 1)
		abort();
	memcpy(copy + 448, digest, 32);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t device[2 * COPY];
	static struct json json;
	static struct header header;
	uint8_t space[METADATA_AAD_MAX];
	struct bytes in = bytes_of(data + 1, size - 1);

	if (size < 2 || in.n > COPY - HEADER_BINARY_SIZE)
		return 0;
	if ((data[0] & 1) == 0) {
		make_copy(device, in.p, in.n, 0, 2);
		make_copy(device + COPY, in.p, in.n, COPY, data[0] >> 1 & 3);
		in = BYTES(device);
	}
	if (header_decode(in, &json, &header) != HEADER_OK)
		return 0;
	for (uint32_t slot = 0; slot < METADATA_KEYSLOTS; slot++) {
		struct buffer out = BUFFER(space);

		header_aad(&header, slot, &out);
	}
	metadata_token(&header.now.data, "bootgate");
	return 0;
}
