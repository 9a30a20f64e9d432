/* SPDX-License-Identifier: ISC */
/*
 * The LUKS2 token "bootgate": what a volume brings along for the agent.  (docs/luks-token.md)
 *
 *	{ "type": "bootgate", "keyslots": ["1"], "version": 1,
 *	  "handles": { "ek": 2164326401, "ak": 2164327424, "nv": [25380609, 25380610] },
 *	  "seals": [ { "epoch": 1, "machine_key": b64, "share": hex, "seal": b64 }, ... at most two ],
 *	  "cache": { "ek": b64, "ak": b64, "nv": [b64, b64], "tickets": [ { "delegation": b64, "ticket": b64 }, ... ] } }
 *
 * Nothing in it is believed: wrong handles, keys and seals end in a secret that does not come, and the cache only saves
 * TPM commands, so it is never a reason to refuse: a member of it that is malformed or unknown counts as not there.
 */
#ifndef LUKS_TOKEN_H
#define LUKS_TOKEN_H

#include "luks/json.h"

#define TOKEN_TYPE "bootgate"
#define TOKEN_VERSION 1
#define TOKEN_SEALS 2
#define TOKEN_TICKETS 4
#define TOKEN_SHARE_ID_SIZE 16
#define TOKEN_MACHINE_KEY_SIZE 32
#define TOKEN_SEALED_SIZE 80
#define TOKEN_DELEGATION_SIZE 32
#define TOKEN_OBJECT_MAX 1024
#define TOKEN_TICKET_MAX 80

/* No token is longer in JSON: what token_encode() needs at most. */
#define TOKEN_JSON_MAX 8192

struct token_seal {
	uint32_t epoch;
	uint8_t machine_key[TOKEN_MACHINE_KEY_SIZE];
	uint8_t share[TOKEN_SHARE_ID_SIZE];
	uint8_t sealed[TOKEN_SEALED_SIZE];
};

/* A serialised ESYS_TR; n = 0: none. */
struct token_object {
	size_t n;
	uint8_t p[TOKEN_OBJECT_MAX];
};

/* The ticket for the delegation of that SHA-256. */
struct token_ticket {
	uint8_t delegation[TOKEN_DELEGATION_SIZE];
	size_t n;
	uint8_t p[TOKEN_TICKET_MAX];
};

struct token {
	uint32_t keyslot;
	uint32_t ek_handle, ak_handle, nv_handle[2];
	size_t seals; /* 1 or 2, ascending by epoch */
	struct token_seal seal[TOKEN_SEALS];
	struct {
		struct token_object ek, ak, nv[2];
		size_t tickets;
		struct token_ticket ticket[TOKEN_TICKETS];
	} cache;
};

/*
 * token_decode(in, j, t): the JSON of a token, the object alone, into ${t}.  ${j} is working space.
 * E_SYNTAX, E_TOO_LARGE, E_DUPLICATE: from json_parse(); E_TYPE: not of our type; E_VERSION; E_MISSING: a member is not
 * there; E_UNSUPPORTED: one that version 1 does not have, outside of the cache; E_RANGE: a malformed value, another
 * number of keyslots than one, seals not ascending.
 */
enum status token_decode(struct bytes in, struct json *j, struct token *t);

/* token_same_machine(a, b): whether they name a machine key in common. Nothing in a token is believed, this neither. */
bool token_same_machine(const struct token *a, const struct token *b);

/*
 * token_rotate(t, epoch, seal, nv): of its seals only that of ${epoch} stays, as the first one; its index with it, and the other handle is the next.
 * Then ${seal} is the second one, and ${nv} its index as a serialised ESYS_TR; NULL: there is none.
 * E_NOT_FOUND, and nothing is changed, when there is no seal of that epoch.
 */
enum status token_rotate(struct token *t, uint32_t epoch, const struct token_seal *seal, const struct token_object *nv);

/* token_seal_find(t, epoch): the seal of that epoch, or NULL. */
const struct token_seal *token_seal_find(const struct token *t, uint32_t epoch);

/* token_encode(t, out): appends the JSON.  E_RANGE for what token_decode() would refuse; E_NO_SPACE. */
enum status token_encode(const struct token *t, struct buffer *out);

#endif
