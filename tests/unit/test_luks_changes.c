/* SPDX-License-Identifier: ISC */
/*
 * What may be done to an enrolled volume with cryptsetup, and what then needs `bootgate luks-enroll`: the table of
 * docs/luks-token.md, each row run for real on a file.
 */
#include "luks_device.h"

#include <sys/stat.h>
#include <unistd.h>

#include "luks/seal.h"

static char folder[] = "/tmp/bootgate-luks-XXXXXX";
static struct device device;
static struct json json;
static struct header header;
static struct token token;
static struct hpke_private machine;
static const uint8_t share[SEAL_SHARE_SIZE] = { 1, 2, 3 }, slot_key[SEAL_KEY_SIZE] = { 4, 5, 6 };

/* What each script begins with.  $D is the device, $W the folder with the files "first", "other" and "ours" of passphrases. */
#define PRELUDE                                                                                                        \
	"set -eu; exec >/dev/null 2>>$W/log; PATH=/usr/sbin:/sbin:$PATH; "                                             \
	"FAST='--pbkdf pbkdf2 --pbkdf-force-iterations 1000'; "                                                        \
	"cut_first() { cp $W/before $W/mix; dd if=$D of=$W/mix bs=16384 count=1 conv=notrunc; cp $W/mix $D; }; "        \
	"cut_second() { dd if=$W/before of=$D bs=16384 count=1 conv=notrunc; }; "

static int
sh(const char *script)
{
	static char line[4096];

	assert_true(snprintf(line, sizeof line, "W=%s; D=$W/device; " PRELUDE "%s", folder, script) < (int)sizeof line);
	return system(line);
}

static void
write_file(const char *name, const void *p, size_t n)
{
	char path[256];
	FILE *f;

	snprintf(path, sizeof path, "%s/%s", folder, name);
	f = fopen(path, "wb");
	assert_non_null(f);
	assert_int_equal(fwrite(p, 1, n, f), n);
	fclose(f);
}

static enum header_fault
read_header(void)
{
	char path[256];

	snprintf(path, sizeof path, "%s/device", folder);
	device_load(&device, path, 131072);
	return header_decode(bytes_of(device.p, device.n), &json, &header);
}

/* The steps of luks-enroll: a keyslot, the associated data of the new header, the seal, the token. */
static void
enroll(void)
{
	static uint8_t aad_space[METADATA_AAD_MAX], json_space[TOKEN_JSON_MAX];
	struct buffer aad = BUFFER(aad_space), out = BUFFER(json_space);

	assert_int_equal(sh("cryptsetup luksAddKey -q $FAST --key-slot 1 --key-file $W/first $D $W/ours"), 0);
	assert_int_equal(read_header(), HEADER_OK);
	assert_int_equal(header_aad(&header, 1, &aad), HEADER_OK);
	memset(&token, 0, sizeof token);
	token.keyslot = 1;
	token.seals = 1;
	token.seal[0].share[0] = 9;
	memcpy(token.seal[0].machine_key, machine.pk, sizeof machine.pk);
	assert_int_equal(seal_make(&token.seal[0], share, buffer_view(&aad), slot_key), OK);
	assert_int_equal(token_encode(&token, &out), OK);
	write_file("token", out.p, out.n);
	assert_int_equal(sh("cryptsetup token import --json-file $W/token --token-id 1 $D"), 0);
}

static int
make_volume(void **state)
{
	char text[SEAL_TEXT_SIZE];
	uint8_t ikm[32] = { 7 };

	(void)state;
	if (mkdtemp(folder) == NULL || hpke_derive(BYTES(ikm), &machine) != OK)
		return -1;
	seal_text(slot_key, text);
	write_file("ours", text, strlen(text));
	write_file("first", "first", 5);
	write_file("other", "other", 5);
	if (sh("truncate -s 20M $D; cryptsetup luksFormat -q --type luks2 $FAST --uuid 6f7c1a52-0d5e-4a8b-9c3f-5b1e2d7a9f10 --key-file $W/first $D;"
	       "cryptsetup luksAddKey -q $FAST --key-slot 2 --key-file $W/first $D $W/other;"
	       "printf '%s' '{\"type\":\"other\",\"keyslots\":[\"2\"]}' | cryptsetup token import --json-file - --token-id 0 $D") != 0)
		return -1;
	enroll();
	return sh("mv $D $W/enrolled");
}

static int
remove_volume(void **state)
{
	(void)state;
	return sh("rm -rf $W");
}

enum outcome {
	OPENS,   /* the seal opens, and what was in it opens the keyslot */
	REFUSED, /* by the reader, with a reason */
	NO_TOKEN,
	TOKEN_UNUSABLE,
	SEAL_SHUT
};

static enum outcome
outcome_now(enum header_fault *fault)
{
	static uint8_t aad_space[METADATA_AAD_MAX];
	struct buffer aad = BUFFER(aad_space);
	const struct metadata_token *t;
	uint8_t key[SEAL_KEY_SIZE];

	*fault = read_header();
	if (*fault != HEADER_OK)
		return REFUSED;
	t = metadata_token(&header.now.data, TOKEN_TYPE);
	if (t == NULL)
		return NO_TOKEN;
	if (token_decode(t->json, &json, &token) != OK)
		return TOKEN_UNUSABLE;
	*fault = header_aad(&header, token.keyslot, &aad);
	if (*fault != HEADER_OK)
		return REFUSED;
	if (seal_open(&token.seal[0], &machine, share, buffer_view(&aad), key) != OK)
		return SEAL_SHUT;
	assert_memory_equal(key, slot_key, sizeof key);
	assert_int_equal(sh("cryptsetup open --test-passphrase --type luks2 --key-slot 1 --key-file $W/ours $D"), 0);
	return OPENS;
}

struct row {
	const char *script;
	enum outcome want;
	enum header_fault fault;
};

static void
each(const struct row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		enum header_fault fault;
		enum outcome is;

		assert_int_equal(sh("cp $W/enrolled $D; cp $D $W/before"), 0);
		if (sh(rows[i].script) != 0)
			fail_msg("this does not work here: %s", rows[i].script);
		is = outcome_now(&fault);
		if (is != rows[i].want || fault != rows[i].fault)
			fail_msg("%s: outcome %d (%s), not %d (%s)", rows[i].script, is, header_fault_name(fault), rows[i].want,
				header_fault_name(rows[i].fault));
	}
}

#define EACH(rows) each(rows, sizeof rows / sizeof *rows)

static void
an_enrolled_volume_opens(void **state)
{
	static const struct row rows[] = { { ":", OPENS, HEADER_OK } };

	(void)state;
	EACH(rows);
}

static void
other_peoples_keyslots_do_not_matter(void **state)
{
	static const struct row rows[] = {
		{ "cryptsetup luksAddKey -q $FAST --key-file $W/first $D $W/other", OPENS, HEADER_OK },
		{ "cryptsetup luksAddKey -q --pbkdf argon2id --pbkdf-memory 32 --pbkdf-parallel 1 --pbkdf-force-iterations 4 --key-file $W/first $D $W/other", OPENS, HEADER_OK },
		{ "cryptsetup luksAddKey -q $FAST --unbound --key-size 256 --key-slot 5 --key-file $W/first $D $W/other", OPENS, HEADER_OK },
		{ "cryptsetup luksKillSlot -q $D 2", OPENS, HEADER_OK },
		{ "cryptsetup luksKillSlot -q $D 0; cryptsetup luksKillSlot -q $D 2", OPENS, HEADER_OK },
		{ "cryptsetup luksRemoveKey -q $D $W/other", OPENS, HEADER_OK },
		{ "cryptsetup luksChangeKey -q $FAST --key-slot 0 --key-file $W/first $D $W/other", OPENS, HEADER_OK },
		{ "cryptsetup luksConvertKey -q --pbkdf argon2id --pbkdf-memory 32 --pbkdf-parallel 1 --pbkdf-force-iterations 4 --key-slot 2 --key-file $W/other $D", OPENS, HEADER_OK },
		{ "cryptsetup config --priority ignore --key-slot 0 $D", OPENS, HEADER_OK },
	};

	(void)state;
	EACH(rows);
}

static void
labels_priorities_and_other_peoples_tokens_do_not_matter(void **state)
{
	static const struct row rows[] = {
		{ "cryptsetup config --label new --subsystem newer $D", OPENS, HEADER_OK },
		{ "cryptsetup config --priority prefer --key-slot 1 $D", OPENS, HEADER_OK },
		{ "cryptsetup config --priority ignore --key-slot 1 $D", OPENS, HEADER_OK },
		{ "cryptsetup token remove --token-id 0 $D", OPENS, HEADER_OK },
		{ "cryptsetup token add --key-description words --token-id 7 $D", OPENS, HEADER_OK },
		{ "printf '%s' '{\"type\":\"x\",\"keyslots\":[\"1\"],\"a\":[{\"b\":\"\\u00fc\"}]}' | cryptsetup token import --json-file - $D", OPENS, HEADER_OK },
	};

	(void)state;
	EACH(rows);
}

static void
restores_of_the_same_state_do_not_matter(void **state)
{
	static const struct row rows[] = {
		{ "rm -f $W/b; cryptsetup luksHeaderBackup -q --header-backup-file $W/b $D; cryptsetup config --label x $D; cryptsetup luksHeaderRestore -q --header-backup-file $W/b $D", OPENS, HEADER_OK },
		{ "rm -f $W/b; cryptsetup luksHeaderBackup -q --header-backup-file $W/b $D; cryptsetup luksErase -q $D; cryptsetup luksHeaderRestore -q --header-backup-file $W/b $D", OPENS, HEADER_OK },
		{ "cryptsetup repair -q $D", OPENS, HEADER_OK },
	};

	(void)state;
	EACH(rows);
}

static void
one_damaged_copy_does_not_matter(void **state)
{
	static const struct row rows[] = {
		{ "dd if=/dev/zero of=$D bs=16384 count=1 conv=notrunc", OPENS, HEADER_OK },
		{ "dd if=/dev/zero of=$D bs=16384 seek=1 count=1 conv=notrunc", OPENS, HEADER_OK },
		{ "dd if=/dev/zero of=$D bs=4096 seek=1 count=1 conv=notrunc", OPENS, HEADER_OK },
		{ "dd if=/dev/zero of=$D bs=16384 count=2 conv=notrunc", REFUSED, HEADER_NONE },
	};

	(void)state;
	EACH(rows);
}

/* The power fails between the writes of the two copies; cryptsetup mends it in passing. */
static void
a_cut_between_two_writes_does_not_matter_unless_it_was_about_our_slot(void **state)
{
	static const struct row rows[] = {
		{ "cryptsetup config --label x $D; cut_first", OPENS, HEADER_OK },
		{ "cryptsetup config --label x $D; cut_second", OPENS, HEADER_OK },
		{ "cryptsetup luksKillSlot -q $D 2; cut_first", OPENS, HEADER_OK },
		{ "cryptsetup luksKillSlot -q $D 2; cut_second", OPENS, HEADER_OK },
		{ "cryptsetup config --label x $D; cut_first; cryptsetup config --label y $D", OPENS, HEADER_OK },
		{ "cryptsetup luksUUID -q --uuid 11111111-1111-4111-8111-111111111111 $D; cut_first", REFUSED, HEADER_COPIES_DISAGREE },
		{ "cryptsetup luksUUID -q --uuid 11111111-1111-4111-8111-111111111111 $D; cut_second", REFUSED, HEADER_COPIES_DISAGREE },
		/* The restored first copy is mended from the second before anything else is read. */
		{ "cryptsetup luksConvertKey -q --pbkdf pbkdf2 --pbkdf-force-iterations 1001 --key-slot 1 --key-file $W/ours $D; cut_second", REFUSED, HEADER_COPIES_DISAGREE },
	};

	(void)state;
	EACH(rows);
}

static void
changes_of_our_slot_or_of_the_volume_need_luks_enroll(void **state)
{
	static const struct row rows[] = {
		{ "cryptsetup luksConvertKey -q --pbkdf argon2id --pbkdf-memory 32 --pbkdf-parallel 1 --pbkdf-force-iterations 4 --key-slot 1 --key-file $W/ours $D", SEAL_SHUT, HEADER_OK },
		{ "cryptsetup luksConvertKey -q $FAST --key-slot 1 --key-file $W/ours $D", SEAL_SHUT, HEADER_OK },
		{ "cryptsetup luksChangeKey -q $FAST --key-slot 1 --key-file $W/ours $D $W/other", SEAL_SHUT, HEADER_OK },
		{ "cryptsetup luksChangeKey -q $FAST --key-slot 1 --key-file $W/ours $D $W/ours", SEAL_SHUT, HEADER_OK },
		{ "cryptsetup luksUUID -q --uuid 11111111-1111-4111-8111-111111111111 $D", SEAL_SHUT, HEADER_OK },
		{ "cryptsetup reencrypt -q --init-only $FAST --key-slot 0 --key-file $W/first $D", REFUSED, HEADER_REQUIREMENTS },
		{ "cryptsetup luksKillSlot -q $D 1", TOKEN_UNUSABLE, HEADER_OK },
		{ "cryptsetup luksKillSlot -q $D 1; cryptsetup luksAddKey -q $FAST --key-slot 1 --key-file $W/first $D $W/ours", TOKEN_UNUSABLE, HEADER_OK },
		{ "cryptsetup luksErase -q $D", TOKEN_UNUSABLE, HEADER_OK },
		{ "cryptsetup token remove --token-id 1 $D", NO_TOKEN, HEADER_OK },
		{ "printf '%s' '{\"type\":\"bootgate\",\"keyslots\":[\"1\"]}' | cryptsetup token import --json-file - --token-id 1 --token-replace $D", TOKEN_UNUSABLE, HEADER_OK },
	};

	(void)state;
	EACH(rows);
}

/* Attacks rather than changes: a volume of the attacker's making that carries our token. */
static void
our_token_on_another_volume_opens_nothing(void **state)
{
	static const struct row rows[] = {
		/* The same UUID, slots and token; another volume key. */
		{ "rm $D; truncate -s 20M $D; cryptsetup luksFormat -q --type luks2 $FAST --uuid 6f7c1a52-0d5e-4a8b-9c3f-5b1e2d7a9f10 --key-file $W/first $D;"
		  "cryptsetup luksAddKey -q $FAST --key-slot 1 --key-file $W/first $D $W/other; cryptsetup token import --json-file $W/token --token-id 1 $D", SEAL_SHUT, HEADER_OK },
		/* Our own header, with the second copy of such a volume that says it is newer. */
		{ "cp $D $W/honest; cryptsetup luksUUID -q --uuid 11111111-1111-4111-8111-111111111111 $D; cryptsetup config --label x $D;"
		  "dd if=$W/honest of=$D bs=16384 count=1 conv=notrunc", REFUSED, HEADER_COPIES_DISAGREE },
	};

	(void)state;
	EACH(rows);
}

/* The same metadata with a null cipher, as the tools themselves would not write it. */
static void
a_header_rewritten_to_the_null_cipher_is_refused(void **state)
{
	static const char *const from[] = {
		"\"encryption\":\"aes-xts-plain64\",\"sector_size\"",
		"\"size\":\"258048\",\"encryption\":\"aes-xts-plain64\"",
	};
	static const char *const to[] = {
		"\"encryption\":\"cipher_null-ecb\",\"sector_size\"",
		"\"size\":\"258048\",\"encryption\":\"cipher_null-ecb\"",
	};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(sh("cp $W/enrolled $D"), 0);
		assert_int_equal(read_header(), HEADER_OK);
		device_edit_both(&device, from[i], to[i]);
		assert_int_equal(header_decode(bytes_of(device.p, device.n), &json, &header), HEADER_NULL_CIPHER);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_enrolled_volume_opens),
		cmocka_unit_test(other_peoples_keyslots_do_not_matter),
		cmocka_unit_test(labels_priorities_and_other_peoples_tokens_do_not_matter),
		cmocka_unit_test(restores_of_the_same_state_do_not_matter),
		cmocka_unit_test(one_damaged_copy_does_not_matter),
		cmocka_unit_test(a_cut_between_two_writes_does_not_matter_unless_it_was_about_our_slot),
		cmocka_unit_test(changes_of_our_slot_or_of_the_volume_need_luks_enroll),
		cmocka_unit_test(our_token_on_another_volume_opens_nothing),
		cmocka_unit_test(a_header_rewritten_to_the_null_cipher_is_refused),
	};

	return cmocka_run_group_tests(tests, make_volume, remove_volume);
}
