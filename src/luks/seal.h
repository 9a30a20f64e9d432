/* SPDX-License-Identifier: ISC */
/*
 * A volume's slot key, sealed to the machine and to a network share: HPKE (RFC 9180) in PSK mode.
 *
 *	pk = machine key, psk = network share, psk_id = the share's id, info = "bootgate/1 volume", aad = header_aad()
 *
 * What LUKS gets as passphrase is the base64 text of the 32 bytes: prompts and pipes break on NUL and newline.
 */
#ifndef LUKS_SEAL_H
#define LUKS_SEAL_H

#include "crypto/hpke.h"
#include "luks/token.h"

#define SEAL_KEY_SIZE 32
#define SEAL_SHARE_SIZE 32

/* With its NUL. */
#define SEAL_TEXT_SIZE 45

/* seal_text(key, text): the slot key as LUKS gets it. */
void seal_text(const uint8_t key[SEAL_KEY_SIZE], char text[SEAL_TEXT_SIZE]);

/*
 * seal_make(seal, share, aad, key): seals ${key} into ${seal}->sealed, to ${seal}->machine_key and to ${share}, whose id
 * ${seal}->share is.  E_KEY for a machine key of low order; E_RANDOM.
 */
enum status seal_make(struct token_seal *seal, const uint8_t share[SEAL_SHARE_SIZE], struct bytes aad,
	const uint8_t key[SEAL_KEY_SIZE]);

/*
 * seal_open(seal, machine, share, aad, key): the reverse.  E_MAC when anything differs: machine, share, header; then
 * ${key} is zeros.
 */
enum status seal_open(const struct token_seal *seal, const struct hpke_private *machine,
	const uint8_t share[SEAL_SHARE_SIZE], struct bytes aad, uint8_t key[SEAL_KEY_SIZE]);

#endif
