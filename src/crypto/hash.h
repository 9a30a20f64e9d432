/* SPDX-License-Identifier: ISC */
/*
 * Hash functions, named by the TPM's algorithm identifiers (TPM 2.0 Part 2, 6.3) everywhere in bootgate.
 */
#ifndef CRYPTO_HASH_H
#define CRYPTO_HASH_H

#include "base/bytes.h"

enum hash_alg {
	HASH_NONE = 0,
	HASH_SHA1 = 0x0004,
	HASH_SHA256 = 0x000b,
	HASH_SHA384 = 0x000c,
	HASH_SHA512 = 0x000d,
};

#define HASH_SIZE_MAX 64
#define HASH_BLOCK_MAX 128

/* A digest with its algorithm; ${n} = hash_size(${alg}). */
struct digest {
	enum hash_alg alg;
	size_t n;
	uint8_t p[HASH_SIZE_MAX];
};

/* hash_known(alg): whether a 16-bit TPM identifier is one of the above (HASH_NONE is not). */
bool hash_known(uint16_t alg);

/* hash_size(alg): bytes of a digest; 0 for what is not known. */
size_t hash_size(enum hash_alg alg);

/* hash_name(alg): "sha1", "sha256", "sha384", "sha512"; "unknown" for the rest. */
const char *hash_name(enum hash_alg alg);

/* hash_of_name(name): the reverse; HASH_NONE for what is not known. */
enum hash_alg hash_of_name(const char *name);

/* A computation under way; hash_begin() on an unknown algorithm makes hash_end() give zero bytes. Copying the struct forks it. */
struct hash {
	enum hash_alg alg;
	union {
		uint64_t align;
		uint8_t bytes[256];
	} state;
};

void hash_begin(struct hash *h, enum hash_alg alg);
void hash_add(struct hash *h, struct bytes in);

/* hash_end(h, out): the digest into ${out}, hash_size() bytes of it; wipes ${h}; returns that size. */
size_t hash_end(struct hash *h, uint8_t out[HASH_SIZE_MAX]);

/* hash_compute(alg, in, out): all at once. */
size_t hash_compute(enum hash_alg alg, struct bytes in, uint8_t out[HASH_SIZE_MAX]);

/* hash_digest(alg, in): all at once, as a struct. */
struct digest hash_digest(enum hash_alg alg, struct bytes in);

/* digest_view(d), digest_equal(a, b): bytes of a digest; whether algorithm and bytes agree. */
struct bytes digest_view(const struct digest *d);
bool digest_equal(const struct digest *a, const struct digest *b);

/* HMAC (RFC 2104). */
struct hmac {
	struct hash inner, outer;
};

void hmac_begin(struct hmac *m, enum hash_alg alg, struct bytes key);
void hmac_add(struct hmac *m, struct bytes in);
size_t hmac_end(struct hmac *m, uint8_t out[HASH_SIZE_MAX]);
size_t hmac_compute(enum hash_alg alg, struct bytes key, struct bytes in, uint8_t out[HASH_SIZE_MAX]);

#endif
