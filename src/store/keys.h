/* SPDX-License-Identifier: ISC */
/*
 * A verifier's keys and delegations, as files in its state directory.  Linked into verifier and operator's tool.
 *
 *   approval.pem, statement.pem   EC private keys, made at first start, mode 0600; no verifier shares them
 *   share.master                  32 bytes in hex and a newline; the verifiers of a fleet share it
 *   tls.key                       EC private key of the TLS server
 *   verifier.pub                  the three public keys: what `bootgatectl authority delegate` reads (below)
 *   tls.crt                       the certificate chain for tls.key, PEM, written by `authority delegate`
 *   authority.pub                 the authority's public key, PEM
 *   delegation-EPOCH              the authority's signature for one epoch (below)
 *
 * The two text formats are lines of a word, one space and a value; keys are uncompressed points in lower-case hex, all lines
 * are there once and in this order, nothing else is:
 *
 *   bootgate-verifier 1           bootgate-delegation 1
 *   approval 04...                epoch 1
 *   statement 04...               approval 04...
 *   tls 04...                     statement 04...
 *                                 signature r || s in hex
 */
#ifndef STORE_KEYS_H
#define STORE_KEYS_H

#include "crypto/ec.h"

#define KEYS_APPROVAL "approval.pem"
#define KEYS_STATEMENT "statement.pem"
#define KEYS_MASTER "share.master"
#define KEYS_TLS "tls.key"
#define KEYS_TLS_CHAIN "tls.crt"
#define KEYS_REQUEST "verifier.pub"
#define KEYS_AUTHORITY "authority.pub"
#define KEYS_DELEGATION "delegation-"

#define KEYS_MASTER_SIZE 32
#define KEYS_DELEGATIONS_MAX 16
#define KEYS_TEXT_MAX 1024

/* What a verifier asks the authority to vouch for. */
struct keys_request {
	struct ec_public approval, statement, tls;
};

struct keys_delegation {
	uint32_t epoch;
	struct ec_public approval, statement;
	size_t n; /* of the signature */
	uint8_t signature[EC_SIGNATURE_MAX];
};

/* A verifier's keys in memory. keys_wipe() after use. */
struct keys {
	struct ec_private approval, statement;
	uint8_t master[KEYS_MASTER_SIZE];
	struct ec_public authority; /* EC_NONE: no authority.pub yet */
	size_t delegations;         /* those that verify, by ascending epoch; the newest of them */
	struct keys_delegation delegation[KEYS_DELEGATIONS_MAX];
};

/* keys_encode_request/parse_request(), keys_encode_delegation/parse_delegation(): the text formats. E_SYNTAX, E_VERSION, E_KEY, E_RANGE (epoch 0). */
enum status keys_encode_request(const struct keys_request *q, struct buffer *out);
enum status keys_parse_request(struct bytes text, struct keys_request *q);
enum status keys_encode_delegation(const struct keys_delegation *d, struct buffer *out);
enum status keys_parse_delegation(struct bytes text, struct keys_delegation *d);

/*
 * keys_create(state, why, size): makes ${state} (mode 0700) if it is missing, each key that is not there, and verifier.pub.  Never replaces a key.
 * On failure ${why} names the file.
 */
enum status keys_create(const char *state, char *why, size_t size);

/*
 * keys_load(state, authority, k, why, size): the keys, and the delegations that the authority made for them. ${authority}: its file, or NULL for
 * authority.pub in ${state}; where that is missing, k->authority.curve is EC_NONE and there are no delegations.  Refuses key files that others
 * than the owner may read (E_PERMISSION).  A delegation for other keys, or that does not verify, is left out, and ${why} names it with OK.
 */
enum status keys_load(const char *state, const char *authority, struct keys *k, char *why, size_t size);
void keys_wipe(struct keys *k);

/* keys_load_private(path, k, why, size): one private key file, refused when others may read it. */
enum status keys_load_private(const char *path, struct ec_private *k, char *why, size_t size);

/* keys_find_delegation(k, epoch): NULL when there is none. */
const struct keys_delegation *keys_find_delegation(const struct keys *k, uint32_t epoch);

/* keys_write_delegation(state, d): as delegation-EPOCH in ${state}, mode 0644. */
enum status keys_write_delegation(const char *state, const struct keys_delegation *d);

/* keys_delegation_of(authority, approval, statement, epoch, d): computes what an authority signs, itself, and signs it. */
enum status keys_delegation_of(const struct ec_private *authority, const struct ec_public *approval, const struct ec_public *statement,
	uint32_t epoch, struct keys_delegation *d);

/* keys_derive(master, purpose, out): HKDF-SHA256 of the share master, info = "bootgate/1 " || purpose. */
void keys_derive(const uint8_t master[KEYS_MASTER_SIZE], const char *purpose, uint8_t out[32]);

/*
 * keys_wrap(master, purpose, aad, in, out): what lies in the database: salt (16) || ChaCha20-Poly1305 under
 * HKDF(master, salt, purpose), with ${aad}.  keys_unwrap(): E_MAC when anything differs.
 */
#define KEYS_WRAP_OVERHEAD 32
#define KEYS_WRAP_MAX 256
enum status keys_wrap(const uint8_t master[KEYS_MASTER_SIZE], const char *purpose, struct bytes aad, struct bytes in, struct buffer *out);
enum status keys_unwrap(const uint8_t master[KEYS_MASTER_SIZE], const char *purpose, struct bytes aad, struct bytes in, struct buffer *out);

#endif
