/* SPDX-License-Identifier: ISC */
/*
 * HPKE (RFC 9180), the one suite there is here: DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, ChaCha20-Poly1305; base and PSK
 * mode, single message (sequence number 0).
 */
#ifndef CRYPTO_HPKE_H
#define CRYPTO_HPKE_H

#include "base/bytes.h"

#define HPKE_KEY_SIZE 32
#define HPKE_ENC_SIZE 32
#define HPKE_TAG_SIZE 16
#define HPKE_OVERHEAD (HPKE_ENC_SIZE + HPKE_TAG_SIZE)

struct hpke_private {
	uint8_t sk[HPKE_KEY_SIZE], pk[HPKE_KEY_SIZE];
};

/* What sender and receiver must agree on.  PSK mode when psk.n > 0: then psk has at least 32 bytes and psk_id is not empty (E_RANGE). */
struct hpke_context {
	struct bytes info, aad, psk, psk_id;
};

/* hpke_derive(ikm, k): DeriveKeyPair (7.1.3) from at least 32 bytes (E_RANGE). hpke_generate(k): from fresh randomness. */
enum status hpke_derive(struct bytes ikm, struct hpke_private *k);
enum status hpke_generate(struct hpke_private *k);

/* hpke_seal(pk, c, in, out): appends enc || ciphertext || tag to ${out}. E_KEY for a low-order ${pk}. */
enum status hpke_seal(const uint8_t pk[HPKE_KEY_SIZE], const struct hpke_context *c, struct bytes in, struct buffer *out);

/*
 * hpke_open(k, c, sealed, out): appends the plaintext.  E_MAC when anything differs, E_KEY when enc is of low order, E_TRUNCATED
 * below HPKE_OVERHEAD bytes; ${out} is then as before.  Neither here nor in hpke_seal() may input and output overlap.
 */
enum status hpke_open(const struct hpke_private *k, const struct hpke_context *c, struct bytes sealed, struct buffer *out);

/* hpke_seal_deterministic(): hpke_seal() with the ephemeral key given, for published vectors and recorded exchanges. */
enum status hpke_seal_deterministic(const struct hpke_private *ephemeral, const uint8_t pk[HPKE_KEY_SIZE],
	const struct hpke_context *c, struct bytes in, struct buffer *out);

#endif
