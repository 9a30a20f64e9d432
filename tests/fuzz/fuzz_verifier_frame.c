/* SPDX-License-Identifier: ISC */
#include "protocol/message.h"
#include "verifier/ekcert_ask.h"
#include "verifier/frame.h"
#include "verifier/nonce.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What the verifier's processes say to each other, the request format of keys among it. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t key[NONCE_KEY_SIZE], verifier[NONCE_VERIFIER_SIZE];
	struct bytes in = bytes_of(data, size);
	struct frame_request q;
	struct frame_answer a;
	struct ekcert_question e;
	size_t n = 0;

	if (frame_decode_request(in, &q, &n) == OK && (n > size || q.body.n > n))
		__builtin_trap();
	if (frame_decode_answer(in, &a, &n) == OK && (n > size || a.body.n > n))
		__builtin_trap();
	if (ekcert_ask_decode(in, &e) == OK && e.certificates > CERTIFICATES_MAX)
		__builtin_trap();
	if (nonce_check(key, verifier, 0, in) == OK && size != NONCE_SIZE)
		__builtin_trap();
	return 0;
}
