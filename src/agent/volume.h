/* SPDX-License-Identifier: ISC */
/*
 * LUKS2 volumes of this machine: finding them, opening them by cryptsetup, checking what was opened.
 */
#ifndef AGENT_VOLUME_H
#define AGENT_VOLUME_H

#include "luks/header.h"
#include "luks/token.h"

#define VOLUMES_MAX 16
#define VOLUME_NAME_MAX 64

/* What a mapping must be: what was read from the header, in the words of the device-mapper table. */
struct volume_table {
	uint64_t offset;       /* of the segment on the device, in 512-byte sectors */
	uint64_t sectors;      /* of the mapping; 0: to the end of the device */
	char cipher[64];       /* "aes-xts-plain64" */
	uint32_t sector_size;
	bool integrity;
};

struct volume {
	char device[64];                 /* "/dev/vdb" */
	unsigned major, minor;
	uint64_t diskseq;                /* BLKGETDISKSEQ, or 0 where the kernel has none */
	char uuid[HEADER_UUID_SIZE + 1];
	bool has_token;                  /* a bootgate token that decodes; then: */
	uint32_t token_number;
	struct token token;
	size_t aad_n;                    /* header_aad() of the token's keyslot; 0 and has_token false when the header refuses it */
	uint8_t aad[METADATA_AAD_MAX];
	struct volume_table table;
};

/* volume_read(device, v): one device. E_NOT_FOUND, E_TYPE: no LUKS2; a header that is refused: E_SYNTAX, said with its reason; without a token: OK. */
enum status volume_read(const char *device, struct volume *v);

/* volume_read_slot(device, slot, v): likewise, with the aad of  whether or not a token names it. */
enum status volume_read_slot(const char *device, uint32_t slot, struct volume *v);

/*
 * volume_scan(wanted, n_wanted, v, n): all block devices that hold a LUKS2 header with our token, or whose UUID is one of ${wanted}.
 * Two devices with one UUID are both listed, and said.
 */
enum status volume_scan(const char *const *wanted, size_t n_wanted, struct volume v[VOLUMES_MAX], size_t *n);

/*
 * volume_open(v, name, key, slot): cryptsetup open; ${key} goes through a pipe.  ${slot}: the token's keyslot, or -1: any (a passphrase).
 * Then volume_check(): a mapping that is not what was read is removed again (E_MISMATCH). E_PERMISSION: the key does not fit.
 */
enum status volume_open(const struct volume *v, const char *name, struct bytes key, int slot);

/* volume_check(v, name): the device is still the one that was read, and the mapping's table is what its header said. */
enum status volume_check(const struct volume *v, const char *name);

enum status volume_close(const char *name);

/* volume_is_open(name): whether there is such a mapping. */
bool volume_is_open(const char *name);

/* --- the installed host --- */

/* volume_keyslot_add(v, passphrase, key, slot): luksAddKey; ${*slot} the number it got. volume_keyslot_kill(): for undoing, with a passphrase that stays. */
enum status volume_keyslot_add(const struct volume *v, struct bytes passphrase, struct bytes key, uint32_t *slot);
enum status volume_keyslot_kill(const struct volume *v, uint32_t slot);

/* volume_token_write(v, token, number): import at ${number}, replacing ours there; -1: a free one. volume_token_remove(v, number). */
enum status volume_token_write(const struct volume *v, const struct token *token, int number);
enum status volume_token_remove(const struct volume *v, uint32_t number);

/* volume_has_passphrase(v): whether a keyslot is left that no token claims: somebody can still type something. Needs the header read anew. */
enum status volume_has_passphrase(const struct volume *v, bool *has);

#endif
