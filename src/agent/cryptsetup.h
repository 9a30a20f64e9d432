/* SPDX-License-Identifier: ISC */
/*
 * cryptsetup(8), run as a child: what changes a LUKS2 header or makes a mapping is its job.
 *
 * No shell, no PATH, an empty environment.  Keys and tokens travel through pipes, never in arguments or files.
 * What it says goes to our standard error.  Statuses: E_UNSUPPORTED: not installed; E_PERMISSION: the passphrase opens nothing;
 * E_NOT_FOUND: no such device or no header; E_EXISTS: the name or the number is taken, or the device is in use;
 * E_MEMORY; E_IO: anything else.
 */
#ifndef AGENT_CRYPTSETUP_H
#define AGENT_CRYPTSETUP_H

#include "base/bytes.h"

/* Any keyslot, where one is asked for. */
#define CRYPTSETUP_ANY_SLOT 32

/*
 * cryptsetup_open(device, header, name, slot, key): makes the mapping /dev/mapper/${name}.  ${header}: a descriptor of a
 * file to take the LUKS2 header from, or -1: from the device.
 * cryptsetup_test(device, header, slot, key): only whether ${key} opens ${slot}.
 */
enum status cryptsetup_open(const char *device, int header, const char *name, uint32_t slot, struct bytes key);
enum status cryptsetup_test(const char *device, int header, uint32_t slot, struct bytes key);

enum status cryptsetup_close(const char *name);

/*
 * cryptsetup_slot_add(device, passphrase, slot, key): a new keyslot of that number for ${key}, by an existing passphrase.
 * The key is as good as random, so its PBKDF is of no weight: pbkdf2 with 1000 iterations, which asks for no memory in an
 * initramfs either.
 */
enum status cryptsetup_slot_add(const char *device, struct bytes passphrase, uint32_t slot, struct bytes key);

/* cryptsetup_slot_kill(device, slot): without asking for a passphrase. */
enum status cryptsetup_slot_kill(const char *device, uint32_t slot);

/* cryptsetup_token_write(device, number, json, replace): a new token of that number, or in the place of one. */
enum status cryptsetup_token_write(const char *device, uint32_t number, struct bytes json, bool replace);
enum status cryptsetup_token_remove(const char *device, uint32_t number);

#endif
