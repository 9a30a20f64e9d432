/* SPDX-License-Identifier: ISC */
/*
 * LUKS2 volumes of this machine: finding them, opening them by cryptsetup, checking what was opened.
 */
#ifndef AGENT_VOLUME_H
#define AGENT_VOLUME_H

#include "agent/mapping.h"
#include "luks/header.h"
#include "luks/token.h"

#define VOLUMES_MAX 16
#define VOLUME_NAME_MAX 64

struct volume {
	char device[BLOCK_PATH_MAX];     /* "/dev/vdb" */
	char uuid[HEADER_UUID_SIZE + 1];
	struct mapping_plan plan;        /* which device was read, and what a mapping of it must be */
	bool has_token;                  /* a bootgate token that decodes; then: */
	uint32_t token_number;
	struct token token;
	size_t aad_n;                    /* header_aad() of the token's keyslot; 0 and has_token false when the header refuses it */
	uint8_t aad[METADATA_AAD_MAX];
	uint32_t keyslots, tokens;       /* bit n: number n is taken, by whomever */
	uint32_t claimed;                /* bit n: a token names keyslot n */
	uint32_t ours;                   /* bit n: token n is of our type, usable or not */
	bool copied;                     /* by volume_scan(): another device shows the same header */
};

/*
 * volume_read(device, v): one device.  E_NOT_FOUND: not there, or no LUKS2; E_TYPE: no block device; E_SYNTAX: a header that is refused,
 * said with its reason.  Without a token of ours, or with one that is not usable, which is said: OK.
 */
enum status volume_read(const char *device, struct volume *v);

/* volume_read_slot(device, slot, v): likewise, with the aad of keyslot ${slot}, whether or not a token names it. */
enum status volume_read_slot(const char *device, uint32_t slot, struct volume *v);

/*
 * volume_scan(wanted, n_wanted, say, v, n): all block devices that hold a LUKS2 header with our token, or whose UUID is one of ${wanted}.
 * Of an array and its members, a multipath device and its paths, only what lies above is listed.  Other devices with one UUID are all listed;
 * those whose headers say the same are ${copied}: which of them is meant, nobody can tell.  ${say}: log what is refused, and why.
 * E_TOO_LARGE: there were more, and the ${wanted} ones went before the others.
 */
enum status volume_scan(const char *const *wanted, size_t n_wanted, bool say, struct volume v[VOLUMES_MAX], size_t *n);

/*
 * volume_open(v, name, key, slot): cryptsetup open; ${key} goes through a pipe.  ${slot}: the token's keyslot, or -1: any (a passphrase).
 * For the token's keyslot the header is read once more, must give the same aad (E_MISMATCH), and cryptsetup gets it, with that one keyslot's
 * area, as a file in memory: what was checked is what cryptsetup reads, whatever the disk would answer it.
 * Then volume_check(): a mapping that is not what was read is removed again (E_MISMATCH).  E_PERMISSION: the key does not fit;
 * E_EXISTS: the name is taken.
 */
enum status volume_open(const struct volume *v, const char *name, struct bytes key, int slot);

/* volume_test(v, key): only whether ${key} opens the token's keyslot, read in the same way. */
enum status volume_test(const struct volume *v, struct bytes key);

/* volume_check(v, name): the device is still the one that was read, and the mapping's table is what its header said. */
enum status volume_check(const struct volume *v, const char *name);

enum status volume_close(const char *name);

/* volume_is_open(name): whether there is such a mapping. */
bool volume_is_open(const char *name);

/* --- the installed host --- */

/* volume_keyslot_add(v, passphrase, key, slot): luksAddKey; ${*slot} the number it got: the first free one. volume_keyslot_kill(): for undoing; needs no passphrase. */
enum status volume_keyslot_add(const struct volume *v, struct bytes passphrase, struct bytes key, uint32_t *slot);
enum status volume_keyslot_kill(const struct volume *v, uint32_t slot);

/* volume_token_write(v, token, number): import at ${number}, replacing ours there; -1: a free one. volume_token_remove(v, number). */
enum status volume_token_write(const struct volume *v, const struct token *token, int number);
enum status volume_token_remove(const struct volume *v, uint32_t number);

/* volume_has_passphrase(v, has): whether a keyslot is left that no token claims: somebody can still type something. */
enum status volume_has_passphrase(const struct volume *v, bool *has);

#endif
