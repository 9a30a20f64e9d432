/* SPDX-License-Identifier: ISC */
/*
 * The JSON part of a LUKS2 header: segments, keyslots, digests, tokens, config.  (LUKS2 On-Disk Format Specification 1.1, 3)
 */
#ifndef LUKS_METADATA_H
#define LUKS_METADATA_H

#include "luks/header_fault.h"
#include "luks/json.h"

#define METADATA_KEYSLOTS 32
#define METADATA_TOKENS 32
#define METADATA_DIGESTS 8
#define METADATA_TEXT_MAX 128

/* Texts below are views of printable ASCII without backslashes, at most METADATA_TEXT_MAX, spelled as they stand in the header. */
struct metadata_segment {
	uint32_t number;
	uint64_t offset, iv_tweak;
	bool dynamic;  /* to the end of the device; else */
	uint64_t size; /* bytes */
	struct bytes encryption;
	uint32_t sector_size;
	bool integrity;
	struct bytes integrity_type, journal_encryption, journal_integrity;
};

struct metadata_keyslot {
	uint32_t number;
	bool known; /* type "luks2" with the members of the specification and no others; what follows holds only then */
	uint32_t key_size;
	uint32_t priority; /* 0 ignore, 1 normal, 2 prefer */
	struct {
		uint64_t offset, size;
		struct bytes encryption;
		uint32_t key_size;
	} area; /* of type "raw" */
	struct {
		uint32_t stripes;
		struct bytes hash;
	} af; /* of type "luks1" */
	struct {
		struct bytes type, salt, hash;     /* "pbkdf2" with hash and iterations; */
		uint32_t iterations;               /* "argon2i", "argon2id" with the rest */
		uint32_t time, memory, cpus;
	} kdf;
};

struct metadata_digest {
	uint32_t number;
	uint32_t keyslots, segments; /* bit n: names number n */
	bool known;                  /* type "pbkdf2", as above */
	struct bytes hash, salt, digest;
	uint32_t iterations;
};

struct metadata_token {
	uint32_t number;
	uint32_t keyslots;
	struct bytes type; /* may hold any bytes but control characters: somebody else's token */
	struct bytes json;
};

/* Some 7 KiB: not for small stacks.  All views point into the bytes decoded, which must outlive it. */
struct metadata {
	struct bytes json;
	uint64_t keyslots_at, keyslots_size; /* where the keyslots' areas lie on the device */
	struct metadata_segment segment;
	size_t keyslot_count, digest_count, token_count;
	struct metadata_keyslot keyslot[METADATA_KEYSLOTS];
	struct metadata_digest digest[METADATA_DIGESTS];
	struct metadata_token token[METADATA_TOKENS];
};

/*
 * metadata_decode(area, header_size, j, m): what stands behind the binary header of a copy of ${header_size} bytes, to
 * the copy's end, into ${m}.  ${j} is working space.
 * Refuses the null cipher anywhere outside of tokens, requirements of any kind, another number of data segments than
 * one, and whatever the specification does not have in that segment.  Members unknown to the specification are let pass
 * at the top and in config; in keyslots and digests, until metadata_aad() is asked about them.
 */
enum header_fault metadata_decode(struct bytes area, uint64_t header_size, struct json *j, struct metadata *m);

/* metadata_keyslot(m, number), metadata_token(m, type): NULL if there is none; of several tokens, the lowest number. */
const struct metadata_keyslot *metadata_keyslot(const struct metadata *m, uint32_t number);
const struct metadata_token *metadata_token(const struct metadata *m, const char *type);

/* metadata_token_count(m, type): how many there are of that type. */
size_t metadata_token_count(const struct metadata *m, const char *type);

/*
 * metadata_aad(m, uuid, slot, out): appends what decides what keyslot ${slot} opens, in deterministic CBOR, definite
 * arrays without exception; text is tstr, spelled as in the header; numbers are uint:
 *
 *	aad     = [uuid, segment, digest, keyslot]
 *	segment = [offset, size / null, iv_tweak, encryption, sector_size, integrity / null]     null size: "dynamic"
 *	integrity = [type, journal_encryption, journal_integrity]
 *	digest  = [type, hash, iterations, salt, digest]                                         salt, digest: base64 text
 *	keyslot = [number, key_size, area, af, kdf]
 *	area    = [type, offset, size, encryption, key_size]
 *	af      = [type, stripes, hash]
 *	kdf     = ["pbkdf2", hash, iterations, salt] / ["argon2i" / "argon2id", time, memory, cpus, salt]
 *
 * The keyslot must be known, and exactly one digest name it and exactly one the segment, the same one.
 * ${out} has failed when the result is not HEADER_OK.
 */
#define METADATA_AAD_MAX 2048
enum header_fault metadata_aad(const struct metadata *m, struct bytes uuid, uint32_t slot, struct buffer *out);

#endif
