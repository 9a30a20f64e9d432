/* SPDX-License-Identifier: ISC */
#include "crypto/aes_cfb.h"

#include <bearssl.h>
#include <string.h>

#include "base/memory.h"

#define BLOCK 16

/*
 * BearSSL gives CBC and CTR, not the bare block.  CBC over one zero block is the cipher on the IV: ${out} = E(${in}).
 * The portable constant-time code: what goes through here is some hundred bytes a boot.
 */
static void
encrypt_block(const br_aes_ct64_cbcenc_keys *keys, const uint8_t in[BLOCK], uint8_t out[BLOCK])
{
	uint8_t iv[BLOCK];

	memcpy(iv, in, BLOCK);
	memset(out, 0, BLOCK);
	br_aes_ct64_cbcenc_run(keys, iv, out, BLOCK);
	memory_wipe(iv, sizeof iv);
}

static enum status
run(struct bytes key, const uint8_t iv[BLOCK], uint8_t *data, size_t n, bool encrypt)
{
	br_aes_ct64_cbcenc_keys keys;
	uint8_t feedback[BLOCK], stream[BLOCK];

	if (key.n != 16 && key.n != 24 && key.n != 32)
		return E_KEY;
	br_aes_ct64_cbcenc_init(&keys, key.p, key.n);
	memcpy(feedback, iv, BLOCK);
	for (size_t i = 0; i < n; i++) {
		size_t at = i % BLOCK;
		uint8_t in = data[i];

		if (at == 0)
			encrypt_block(&keys, feedback, stream);
		data[i] = in ^ stream[at];
		feedback[at] = encrypt ? data[i] : in;
	}
	memory_wipe(&keys, sizeof keys);
	memory_wipe(stream, sizeof stream);
	memory_wipe(feedback, sizeof feedback);
	return OK;
}

enum status
aes_cfb_encrypt(struct bytes key, const uint8_t iv[16], uint8_t *data, size_t n)
{
	return run(key, iv, data, n, true);
}

enum status
aes_cfb_decrypt(struct bytes key, const uint8_t iv[16], uint8_t *data, size_t n)
{
	return run(key, iv, data, n, false);
}
