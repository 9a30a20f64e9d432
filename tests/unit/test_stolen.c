/* SPDX-License-Identifier: ISC */
/*
 * A thief with a disk header and some of what a verifier holds, and what that gives him: he tries it, by our own code.  (S11; the table "What each
 * stolen thing gives" in docs/threat-model.md)
 */
#include "daemon.h"

#include "crypto/random.h"
#include "luks/metadata.h"
#include "luks/seal.h"

#define WINDOWS_MAX 200000u /* of each file, as key: so many as he has time for */
#define GUESSES 8

/* The volume that he is after, as an honest host sealed it. */
static struct {
	uint8_t secret[32]; /* tpm_secret: in the TPM alone */
	struct hpke_private machine;
	uint8_t id[SHARE_ID_SIZE], share[SHARE_SIZE], slot_key[SEAL_KEY_SIZE];
	struct token_seal seal;
	uint8_t aad_space[METADATA_AAD_MAX];
	struct bytes aad;
} volume;

/* What he took. */
static struct {
	struct keys keys;
	struct store_share stored;
	uint8_t database[2][8 * 1024 * 1024];
	size_t n[2];
} loot;

static unsigned tries;

static int
set_up_volume(void **state)
{
	struct buffer aad = BUFFER(volume.aad_space);
	static const char *const suffixes[] = { "", "-wal" };
	char path[128], why[256] = "";

	assert_int_equal(set_up(state), 0);
	enroll_just_now();
	new_volume(volume.id, volume.share);
	assert_int_equal(file_read("tests/data/luks/plain.aad", &aad), OK);
	volume.aad = buffer_view(&aad);
	assert_int_equal(random_fill(volume.secret, sizeof volume.secret), OK);
	assert_int_equal(random_fill(volume.slot_key, sizeof volume.slot_key), OK);
	assert_int_equal(hpke_derive(BYTES(volume.secret), &volume.machine), OK);
	volume.seal.epoch = 1;
	memcpy(volume.seal.machine_key, volume.machine.pk, sizeof volume.seal.machine_key);
	memcpy(volume.seal.share, volume.id, sizeof volume.seal.share);
	assert_int_equal(seal_make(&volume.seal, volume.share, volume.aad, volume.slot_key), OK);
	memcpy(t.built->machine.machine_key, volume.machine.pk, sizeof t.built->machine.machine_key);
	assert_int_equal(store_machine_put(t.store, &t.built->machine), OK);

	snprintf(path, sizeof path, "%s/state", t.folder);
	assert_int_equal(keys_load(path, NULL, &loot.keys, why, sizeof why), OK);
	assert_int_equal(store_share_get(t.store, t.built->machine.id, volume.id, &loot.stored), OK);
	for (size_t i = 0; i < 2; i++) {
		struct buffer b = BUFFER(loot.database[i]);

		snprintf(path, sizeof path, "%s/state/" STORE_FILE "%s", t.folder, suffixes[i]);
		assert_int_equal(file_read(path, &b), OK);
		loot.n[i] = b.n;
	}
	return 0;
}

static enum status
unwrap(const uint8_t master[KEYS_MASTER_SIZE], uint8_t share[SHARE_SIZE])
{
	uint8_t aad[MACHINE_ID_SIZE + SHARE_ID_SIZE];
	struct buffer b = buffer_of(share, SHARE_SIZE);

	memcpy(aad, loot.stored.machine, MACHINE_ID_SIZE);
	memcpy(aad + MACHINE_ID_SIZE, loot.stored.id, SHARE_ID_SIZE);
	tries++;
	return keys_unwrap(master, STORE_SHARE_PURPOSE, BYTES(aad), bytes_of(loot.stored.wrapped, loot.stored.n), &b);
}

/* opens(share, ikm): the seal, with a machine key that is derived from ${ikm} as the agent does, and with ${ikm} as that key. */
static bool
opens(const uint8_t share[SHARE_SIZE], const uint8_t ikm[32])
{
	struct hpke_private derived, raw;
	uint8_t key[SEAL_KEY_SIZE];

	tries += 2;
	assert_int_equal(hpke_derive(bytes_of(ikm, 32), &derived), OK);
	raw = volume.machine;
	memcpy(raw.sk, ikm, sizeof raw.sk);
	return seal_open(&volume.seal, &derived, share, volume.aad, key) == OK || seal_open(&volume.seal, &raw, share, volume.aad, key) == OK;
}

/* opens_with_any(known, n): each of the things he has, as share and as machine key. */
static bool
opens_with_any(const uint8_t *const *known, size_t n)
{
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < n; k++)
			if (opens(known[i], known[k]))
				return true;
	return false;
}

static const uint8_t zeros[32];

/* What a database knows in the clear. */
static size_t
known_by_database(const uint8_t *known[GUESSES])
{
	known[0] = zeros;
	known[1] = t.built->machine.id;
	known[2] = t.built->machine.machine_key;
	known[3] = loot.stored.wrapped;
	known[4] = loot.stored.wrapped + 16;
	return 5;
}

static void
the_database_alone_opens_nothing(void **state)
{
	const uint8_t *known[GUESSES];
	uint8_t share[SHARE_SIZE];

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		assert_null(memmem(loot.database[i], loot.n[i], volume.share, sizeof volume.share));
		assert_null(memmem(loot.database[i], loot.n[i], volume.secret, sizeof volume.secret));
		assert_null(memmem(loot.database[i], loot.n[i], volume.machine.sk, sizeof volume.machine.sk));
		assert_null(memmem(loot.database[i], loot.n[i], volume.slot_key, sizeof volume.slot_key));
		assert_null(memmem(loot.database[i], loot.n[i], loot.keys.master, sizeof loot.keys.master));
		assert_null(memmem(loot.database[i], loot.n[i], loot.keys.approval.d, 32));
		/* Every 32 bytes of it, should the share master be among them in some way: the newest, where the share is, first. */
		for (size_t k = 0; k < WINDOWS_MAX && k + KEYS_MASTER_SIZE <= loot.n[i]; k++)
			assert_int_equal(unwrap(loot.database[i] + loot.n[i] - KEYS_MASTER_SIZE - k, share), E_MAC);
	}
	assert_true(memmem(loot.database[0], loot.n[0], volume.id, SHARE_ID_SIZE) != NULL ||
		memmem(loot.database[1], loot.n[1], volume.id, SHARE_ID_SIZE) != NULL); /* so that the searches can fail */
	assert_false(opens_with_any(known, known_by_database(known)));
}

static void
the_share_master_alone_opens_nothing(void **state)
{
	uint8_t derived[3][32];
	const uint8_t *known[GUESSES] = { loot.keys.master, derived[0], derived[1], derived[2], zeros };

	(void)state;
	keys_derive(loot.keys.master, "share", derived[0]);
	keys_derive(loot.keys.master, "nonce", derived[1]);
	keys_derive(loot.keys.master, "volume", derived[2]);
	assert_false(opens_with_any(known, 5));
}

static void
the_approval_key_alone_opens_nothing(void **state)
{
	const uint8_t *known[GUESSES];
	size_t n = known_by_database(known);
	uint8_t share[SHARE_SIZE];

	(void)state;
	known[n++] = loot.keys.approval.d;
	known[n++] = loot.keys.statement.d;
	assert_int_equal(unwrap(loot.keys.approval.d, share), E_MAC);
	assert_int_equal(unwrap(loot.keys.statement.d, share), E_MAC);
	assert_false(opens_with_any(known, n));
}

static void
database_and_master_give_the_share_and_no_disk(void **state)
{
	const uint8_t *known[GUESSES];
	size_t n = known_by_database(known);
	uint8_t share[SHARE_SIZE];

	(void)state;
	assert_int_equal(unwrap(loot.keys.master, share), OK);
	assert_memory_equal(share, volume.share, sizeof share);
	known[n++] = share;
	known[n++] = loot.keys.master;
	known[n++] = loot.keys.approval.d;
	assert_false(opens_with_any(known, n));
}

/* Another machine's row does not serve, nor a share under another id. */
static void
a_row_that_was_moved_does_not_unwrap(void **state)
{
	struct store_share kept = loot.stored;
	uint8_t share[SHARE_SIZE];

	(void)state;
	loot.stored.machine[0] ^= 1;
	assert_int_equal(unwrap(loot.keys.master, share), E_MAC);
	loot.stored = kept;
	loot.stored.id[0] ^= 1;
	assert_int_equal(unwrap(loot.keys.master, share), E_MAC);
	loot.stored = kept;
}

/* So that all of the above can fail. */
static void
with_the_secret_of_the_tpm_it_opens(void **state)
{
	uint8_t share[SHARE_SIZE], wrong[SHARE_SIZE] = { 0 };

	(void)state;
	assert_int_equal(unwrap(loot.keys.master, share), OK);
	assert_true(opens(share, volume.secret));
	assert_true(opens(share, volume.machine.sk));
	assert_false(opens(wrong, volume.secret)); /* and not without the share */
	print_message("# count: %u attempts with stolen things\n", tries);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_database_alone_opens_nothing),
		cmocka_unit_test(the_share_master_alone_opens_nothing),
		cmocka_unit_test(the_approval_key_alone_opens_nothing),
		cmocka_unit_test(database_and_master_give_the_share_and_no_disk),
		cmocka_unit_test(a_row_that_was_moved_does_not_unwrap),
		cmocka_unit_test(with_the_secret_of_the_tpm_it_opens),
	};

	return cmocka_run_group_tests(tests, set_up_volume, tear_down);
}
