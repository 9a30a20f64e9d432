/* SPDX-License-Identifier: ISC */
#include "luks/seal.h"

#include "base/memory.h"
#include "base/text.h"

_Static_assert(TOKEN_SEALED_SIZE == SEAL_KEY_SIZE + HPKE_OVERHEAD, "a sealed slot key");
_Static_assert(SEAL_TEXT_SIZE == TEXT_BASE64_SIZE(SEAL_KEY_SIZE), "a slot key as text");

static struct hpke_context
context_of(const struct token_seal *seal, const uint8_t *share, struct bytes aad)
{
	return (struct hpke_context){
		.info = BYTES_STRING("bootgate/1 volume"),
		.aad = aad,
		.psk = bytes_of(share, SEAL_SHARE_SIZE),
		.psk_id = BYTES(seal->share),
	};
}

void
seal_text(const uint8_t key[SEAL_KEY_SIZE], char text[SEAL_TEXT_SIZE])
{
	/* Cannot fail: the sizes are as asserted above. */
	(void)text_base64(bytes_of(key, SEAL_KEY_SIZE), text, SEAL_TEXT_SIZE);
}

enum status
seal_make(struct token_seal *seal, const uint8_t share[SEAL_SHARE_SIZE], struct bytes aad, const uint8_t key[SEAL_KEY_SIZE])
{
	struct hpke_context c = context_of(seal, share, aad);
	struct buffer out = BUFFER(seal->sealed);

	return hpke_seal(seal->machine_key, &c, bytes_of(key, SEAL_KEY_SIZE), &out);
}

enum status
seal_open(const struct token_seal *seal, const struct hpke_private *machine, const uint8_t share[SEAL_SHARE_SIZE],
	struct bytes aad, uint8_t key[SEAL_KEY_SIZE])
{
	struct hpke_context c = context_of(seal, share, aad);
	struct buffer out = buffer_of(key, SEAL_KEY_SIZE);
	enum status s = hpke_open(machine, &c, BYTES(seal->sealed), &out);

	if (s != OK)
		memory_wipe(key, SEAL_KEY_SIZE);
	return s;
}
