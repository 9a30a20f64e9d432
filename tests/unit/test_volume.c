/* SPDX-License-Identifier: ISC */
/*
 * Volumes on loop devices; those tests are skipped where there are none to be had.  Mappings need device mapper, which the
 * virtual machines' tests have; here, tables are compared as text.
 */
#include "vectors.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "agent/cryptsetup.h"
#include "agent/volume.h"
#include "base/log.h"
#include "luks/seal.h"

/*
 * Tables.
 */

static struct mapping_plan
plan_of(void)
{
	return (struct mapping_plan){
		.device = { 254, 3, true, 17 },
		.device_bytes = (64 << 20) + 512,
		.uuid = "6f7c1a52-0d5e-4a8b-9c3f-5b1e2d7a9f10",
		.encryption = "aes-xts-plain64",
		.offset = 16 << 20,
		.dynamic = true,
		.sector_size = 4096,
	};
}

static const char *
why_not(const struct mapping_plan *plan, uint64_t start, uint64_t length, const char *type, const char *params)
{
	static char text[512];
	struct mapping_target t = { .start = start, .length = length, .params = text };
	const char *why;
	bool fits;

	snprintf(t.type, sizeof t.type, "%s", type);
	snprintf(text, sizeof text, "%s", params);
	fits = mapping_crypt_fits(&t, plan, &plan->device, &why);
	assert_int_equal(fits, why == NULL);
	return why == NULL ? "fits" : why;
}

#define KEY ":64:logon:cryptsetup:6f7c1a52-0d5e-4a8b-9c3f-5b1e2d7a9f10-d0"
#define LENGTH (48 << 11)

static void
a_table_is_what_was_planned_or_it_is_said_what_differs(void **state)
{
	static const struct {
		const char *params, *why;
	} tables[] = {
		{ "aes-xts-plain64 " KEY " 0 254:3 32768 1 sector_size:4096", "fits" },
		{ "aes-xts-plain64 00112233 0 254:3 32768 1 sector_size:4096", "fits" },
		{ "aes-xts-plain64 " KEY " 0 254:3 32768 3 allow_discards sector_size:4096 no_read_workqueue", "fits" },
		{ "cipher_null-ecb - 0 254:3 32768 1 sector_size:4096", "the cipher" },
		{ "aes-xts-plain " KEY " 0 254:3 32768 1 sector_size:4096", "the cipher" },
		{ "aes-xts-plain64 " KEY " 1 254:3 32768 1 sector_size:4096", "the start of the IV" },
		{ "aes-xts-plain64 " KEY " 0 254:4 32768 1 sector_size:4096", "the device" },
		{ "aes-xts-plain64 " KEY " 0 254:33 32768 1 sector_size:4096", "the device" },
		{ "aes-xts-plain64 " KEY " 0 254:3 32760 1 sector_size:4096", "the offset" },
		{ "aes-xts-plain64 " KEY " 0 254:3 032768 1 sector_size:4096", "the offset" },
		{ "aes-xts-plain64 " KEY " 0 254:3 32768 1 sector_size:512", "sector size, integrity or an option" },
		{ "aes-xts-plain64 " KEY " 0 254:3 32768", "sector size, integrity or an option" },
		{ "aes-xts-plain64 " KEY " 0 254:3 32768 2 sector_size:4096 iv_large_sectors", "sector size, integrity or an option" },
		{ "aes-xts-plain64 " KEY " 0 254:3 32768 2 sector_size:4096 integrity:16:aead", "sector size, integrity or an option" },
		{ "aes-xts-plain64 " KEY " 0 254:3 32768 2 sector_size:4096", "sector size, integrity or an option" },
		{ "aes-xts-plain64 " KEY " 0 254:3 32768 1 sector_size:4096 more", "sector size, integrity or an option" },
		{ "", "the cipher" },
		{ "aes-xts-plain64", "the start of the IV" },
		{ "aes-xts-plain64 " KEY " 0", "the device" },
	};
	struct mapping_plan plan = plan_of();

	(void)state;
	for (size_t i = 0; i < sizeof tables / sizeof *tables; i++)
		assert_string_equal(why_not(&plan, 0, LENGTH, "crypt", tables[i].params), tables[i].why);
	assert_string_equal(why_not(&plan, 0, LENGTH, "linear", "254:3 32768"), "the kind of mapping");
	assert_string_equal(why_not(&plan, 0, LENGTH + 1, "crypt", tables[0].params), "the size");
	assert_string_equal(why_not(&plan, 8, LENGTH, "crypt", tables[0].params), "the size");

	plan.dynamic = false;
	plan.size = 4096;
	plan.sector_size = 512;
	assert_string_equal(why_not(&plan, 0, 8, "crypt", "aes-xts-plain64 " KEY " 0 254:3 32768"), "fits");
	assert_string_equal(why_not(&plan, 0, 16, "crypt", "aes-xts-plain64 " KEY " 0 254:3 32768"), "the size");
}

static void
integrity_shows_in_the_table_as_the_kernel_spells_it(void **state)
{
	static const struct {
		const char *encryption, *type, *params;
	} tables[] = {
		{ "aes-xts-plain64", "hmac(sha256)", "capi:authenc(hmac(sha256),xts(aes))-plain64 " KEY " 0 254:3 0 2 sector_size:4096 integrity:32:aead" },
		{ "aes-xts-random", "hmac(sha512)", "capi:authenc(hmac(sha512),xts(aes))-random " KEY " 0 254:3 0 2 integrity:80:aead sector_size:4096" },
		{ "chacha20-random", "poly1305", "capi:rfc7539(chacha20,poly1305)-random " KEY " 0 254:3 0 2 integrity:28:aead sector_size:4096" },
		{ "aes-gcm-random", "aead", "capi:gcm(aes)-random " KEY " 0 254:3 0 2 integrity:28:aead sector_size:4096" },
		{ "aes-ccm-random", "aead", "capi:rfc4309(ccm(aes))-random " KEY " 0 254:3 0 2 integrity:24:aead sector_size:4096" },
		{ "aes-xts-plain64", "none", "capi:xts(aes)-plain64 " KEY " 0 254:3 0 2 integrity:16:none sector_size:4096" },
	};
	struct mapping_plan plan = plan_of();
	char below[] = "254:3 32768 32 J 6 interleave_sectors:32768", other[] = "254:3 32769 32 J 0";
	struct mapping_target t = { .start = 0, .length = 99, .type = "integrity", .params = below };
	const char *why;

	(void)state;
	plan.integrity = true;
	for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
		snprintf(plan.encryption, sizeof plan.encryption, "%s", tables[i].encryption);
		snprintf(plan.integrity_type, sizeof plan.integrity_type, "%s", tables[i].type);
		assert_string_equal(why_not(&plan, 0, 12345, "crypt", tables[i].params), "fits");
	}
	assert_string_equal(why_not(&plan, 0, 12345, "crypt", "capi:xts(aes)-plain64 " KEY " 0 254:3 0 1 sector_size:4096"), "sector size, integrity or an option");
	assert_true(mapping_integrity_fits(&t, &plan, &why));
	t.params = other;
	assert_false(mapping_integrity_fits(&t, &plan, &why));
	assert_string_equal(why, "the offset");
}

/*
 * Loop devices.
 */

static char folder[] = "/tmp/bootgate-volume-XXXXXX";
static char loop[2][64];
static bool have_loops;

static int
sh(const char *script)
{
	static char line[2048];

	snprintf(line, sizeof line, "set -eu; W=%s; A=%s; B=%s; PATH=/usr/sbin:/sbin:$PATH; FAST='--pbkdf pbkdf2 --pbkdf-force-iterations 1000'; exec >>$W/log 2>&1; %s",
		folder, loop[0], loop[1], script);
	return system(line);
}

static bool
attach(const char *name, char path[64])
{
	char line[256];
	FILE *f;
	bool good;

	snprintf(line, sizeof line, "PATH=/usr/sbin:/sbin:$PATH losetup -f --show %s/%s 2>/dev/null", folder, name);
	f = popen(line, "r");
	good = f != NULL && fgets(path, 64, f) != NULL;
	if (f != NULL && pclose(f) != 0)
		good = false;
	path[good ? strcspn(path, "\n") : 0] = '\0';
	return good;
}

static int
make_devices(void **state)
{
	(void)state;
	log_limit(LOG_LEVEL_ERROR);
	if (mkdtemp(folder) == NULL)
		return -1;
	if (sh("printf first >$W/first; truncate -s 20M $W/a; truncate -s 24M $W/b;"
	       "cryptsetup luksFormat -q --type luks2 $FAST --uuid 6f7c1a52-0d5e-4a8b-9c3f-5b1e2d7a9f10 --key-file $W/first $W/a") != 0)
		return -1;
	have_loops = getuid() == 0 && attach("a", loop[0]) && attach("b", loop[1]);
	return 0;
}

static int
remove_devices(void **state)
{
	(void)state;
	for (size_t i = 0; i < 2; i++)
		if (loop[i][0] != '\0')
			sh(i == 0 ? "losetup -d $A" : "losetup -d $B");
	return sh("rm -rf $W");
}

static void
need_loops(void)
{
	if (!have_loops)
		skip();
}

/* Of what a scan found, only what lies on our two loop devices: a machine may have others. */
static size_t
scan(const char *const *wanted, size_t n_wanted, struct volume list[VOLUMES_MAX])
{
	size_t n, ours = 0;

	assert_int_equal(volume_scan(wanted, n_wanted, false, list, &n), OK);
	for (size_t i = 0; i < n; i++)
		if (strcmp(list[i].device, loop[0]) == 0 || strcmp(list[i].device, loop[1]) == 0)
			list[ours++] = list[i];
	return ours;
}

static void
a_volume_is_enrolled_found_and_opened(void **state)
{
	static struct volume v, list[VOLUMES_MAX];
	static struct token token;
	static const uint8_t key[SEAL_KEY_SIZE] = { 1, 2 }, ikm[32] = { 3 }, share[SEAL_SHARE_SIZE] = { 4 };
	struct hpke_private machine;
	char text[SEAL_TEXT_SIZE];
	uint8_t opened[SEAL_KEY_SIZE];
	uint32_t slot;
	bool has;

	(void)state;
	need_loops();
	seal_text(key, text);
	assert_int_equal(hpke_derive(BYTES(ikm), &machine), OK);
	assert_int_equal(volume_read(loop[0], &v), OK);
	assert_false(v.has_token);
	assert_string_equal(v.uuid, "6f7c1a52-0d5e-4a8b-9c3f-5b1e2d7a9f10");
	assert_int_equal(v.plan.device_bytes, 20 << 20);
	assert_int_equal(volume_test(&v, BYTES_STRING("x")), E_MISSING);

	assert_int_equal(volume_keyslot_add(&v, BYTES_STRING("wrong"), bytes_of(text, strlen(text)), &slot), E_PERMISSION);
	assert_int_equal(volume_keyslot_add(&v, BYTES_STRING("first"), bytes_of(text, strlen(text)), &slot), OK);
	assert_int_equal(slot, 1);
	assert_int_equal(volume_read_slot(loop[0], slot, &v), OK);
	assert_true(v.aad_n > 0);

	memset(&token, 0, sizeof token);
	token.keyslot = slot;
	token.seals = 1;
	memcpy(token.seal[0].machine_key, machine.pk, sizeof machine.pk);
	assert_int_equal(seal_make(&token.seal[0], share, bytes_of(v.aad, v.aad_n), key), OK);
	assert_int_equal(volume_token_write(&v, &token, -1), OK);
	token.cache.ek.n = 5;
	assert_int_equal(volume_token_write(&v, &token, 0), OK);

	assert_int_equal(scan(NULL, 0, list), 1);
	assert_string_equal(list[0].device, loop[0]);
	assert_true(list[0].has_token);
	assert_int_equal(list[0].token.cache.ek.n, 5);
	assert_int_equal(seal_open(&list[0].token.seal[0], &machine, share, bytes_of(list[0].aad, list[0].aad_n), opened), OK);
	assert_memory_equal(opened, key, sizeof key);
	assert_int_equal(volume_has_passphrase(&list[0], &has), OK);
	assert_true(has);

	/* Only the one keyslot goes along, so that nothing but its key opens. */
	assert_int_equal(volume_test(&list[0], bytes_of(text, strlen(text))), OK);
	assert_int_equal(volume_test(&list[0], BYTES_STRING("first")), E_PERMISSION);
}

static void
a_header_that_changes_after_the_check_opens_nothing(void **state)
{
	static struct volume v;
	static const uint8_t key[SEAL_KEY_SIZE] = { 1, 2 };
	char text[SEAL_TEXT_SIZE];

	(void)state;
	need_loops();
	seal_text(key, text);
	assert_int_equal(volume_read(loop[0], &v), OK);
	assert_int_equal(sh("cryptsetup config --label x $A"), 0);
	assert_int_equal(volume_test(&v, bytes_of(text, strlen(text))), OK);
	assert_int_equal(sh("cryptsetup luksUUID -q --uuid 11111111-1111-4111-8111-111111111111 $A"), 0);
	assert_int_equal(volume_test(&v, bytes_of(text, strlen(text))), E_MISMATCH);
	assert_int_equal(sh("cryptsetup luksUUID -q --uuid 6f7c1a52-0d5e-4a8b-9c3f-5b1e2d7a9f10 $A"), 0);
	assert_int_equal(volume_test(&v, bytes_of(text, strlen(text))), OK);
}

static void
another_disk_under_the_same_number_is_another_device(void **state)
{
	static struct volume v;
	struct block_id id = { 0 };
	char again[64];
	int fd;

	(void)state;
	need_loops();
	assert_int_equal(volume_read(loop[0], &v), OK);
	id = v.plan.device;
	if (!id.sequenced)
		skip();
	assert_int_equal(block_open_again(loop[0], &id, &fd), OK);
	close(fd);
	assert_int_equal(sh("losetup -d $A; cp --sparse=always $W/a $W/twin"), 0);
	assert_true(attach("twin", again));
	assert_string_equal(again, loop[0]);
	assert_int_equal(block_open_again(loop[0], &id, &fd), E_MISMATCH);
	assert_int_equal(volume_test(&v, BYTES_STRING("x")), E_MISMATCH);
	assert_int_equal(sh("losetup -d $A"), 0);
	assert_true(attach("a", again));
	assert_string_equal(again, loop[0]);
}

static void
two_devices_of_one_uuid_are_both_listed(void **state)
{
	static const char *const wanted[] = { "6F7C1A52-0d5e-4a8b-9c3f-5b1e2d7a9f10" };
	static struct volume list[VOLUMES_MAX];

	(void)state;
	need_loops();
	log_limit(LOG_LEVEL_ERROR);
	assert_int_equal(sh("cryptsetup luksFormat -q --type luks2 $FAST --uuid 6f7c1a52-0d5e-4a8b-9c3f-5b1e2d7a9f10 --key-file $W/first $B"), 0);
	assert_int_equal(scan(NULL, 0, list), 1);
	assert_int_equal(scan(wanted, 1, list), 2);
	assert_int_not_equal(list[0].has_token, list[1].has_token);
	assert_false(list[0].copied || list[1].copied);
}

static void
devices_with_one_header_are_copies(void **state)
{
	static struct volume list[VOLUMES_MAX];

	(void)state;
	need_loops();
	assert_int_equal(sh("dd if=$A of=$B bs=1M count=17 conv=fsync"), 0);
	assert_int_equal(scan(NULL, 0, list), 2);
	assert_true(list[0].copied && list[1].copied);
}

static void
what_is_no_volume_is_told_apart(void **state)
{
	static struct volume v;

	(void)state;
	need_loops();
	assert_int_equal(volume_read("/dev/null", &v), E_TYPE);
	assert_int_equal(volume_read("/dev/of-the-future", &v), E_NOT_FOUND);
	assert_int_equal(sh("dd if=/dev/zero of=$B bs=1M count=9 conv=fsync"), 0);
	assert_int_equal(volume_read(loop[1], &v), E_NOT_FOUND);
	assert_int_equal(sh("cryptsetup luksFormat -q --type luks2 $FAST --key-file $W/first $B; dd if=/dev/urandom of=$B bs=4096 seek=1 count=1 conv=fsync; dd if=/dev/urandom of=$B bs=4096 seek=5 count=1 conv=fsync"), 0);
	assert_int_equal(volume_read(loop[1], &v), E_SYNTAX);
	assert_int_equal(sh("cryptsetup luksFormat -q --type luks2 $FAST --key-file $W/first $B; dd if=/dev/zero of=$B bs=4096 count=1 conv=fsync"), 0);
	assert_int_equal(volume_read(loop[1], &v), OK);
}

static void
a_killed_keyslot_and_a_removed_token_are_gone(void **state)
{
	static struct volume v;
	bool has;

	(void)state;
	need_loops();
	assert_int_equal(volume_read(loop[0], &v), OK);
	assert_int_equal(volume_keyslot_kill(&v, 0), OK);
	assert_int_equal(volume_read(loop[0], &v), OK);
	assert_int_equal(v.keyslots, 2);
	assert_int_equal(volume_has_passphrase(&v, &has), OK);
	assert_false(has);
	assert_int_equal(volume_token_remove(&v, v.token_number), OK);
	assert_int_equal(volume_read(loop[0], &v), OK);
	assert_false(v.has_token);
	assert_int_equal(v.tokens, 0);
}

static void
what_a_device_rests_on_is_named_unless_it_is_good(void **state)
{
	struct block_id a, b;
	char odd[BLOCK_PATH_MAX];
	int fd;

	(void)state;
	need_loops();
	assert_int_equal(block_open(loop[0], &fd, &a), OK);
	close(fd);
	assert_int_equal(block_open(loop[1], &fd, &b), OK);
	close(fd);
	assert_int_equal(block_rests_on(a.major, a.minor, &a, 1, odd), OK);
	assert_int_equal(block_rests_on(a.major, a.minor, &b, 1, odd), E_MISMATCH);
	assert_string_equal(odd, loop[0]);
	assert_int_equal(block_rests_on(a.major, a.minor, NULL, 0, odd), E_MISMATCH);
	assert_int_equal(block_rests_on(4095, 1, &a, 1, odd), E_NOT_FOUND);
}

static void
all_members_of_a_btrfs_are_found(void **state)
{
	struct block list[4];
	size_t n;

	(void)state;
	need_loops();
	assert_int_equal(block_btrfs_members(loop[0], list, 4, &n), OK);
	assert_int_equal(n, 1);
	assert_string_equal(list[0].path, loop[0]);
	/* A superblock with an fsid and the number of devices, 2. */
	assert_int_equal(sh("dd if=/dev/zero of=$B bs=65536 seek=1 count=1 conv=fsync; { head -c 32 /dev/zero; printf 'the same fsid 16'; head -c 16 /dev/zero; printf _BHRfS_M;"
			    "head -c 64 /dev/zero; printf '\\002'; head -c 3959 /dev/zero; } >$W/super; dd if=$W/super of=$B bs=4096 seek=16 conv=fsync"), 0);
	assert_int_equal(block_btrfs_members(loop[1], list, 4, &n), E_MISSING);
	assert_int_equal(n, 1);
	assert_int_equal(sh("dd if=$W/super of=$A bs=4096 seek=16 conv=fsync"), 0);
	assert_int_equal(block_btrfs_members(loop[1], list, 4, &n), OK);
	assert_int_equal(n, 2);
	assert_int_equal(block_btrfs_members(loop[1], list, 1, &n), E_TOO_LARGE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_table_is_what_was_planned_or_it_is_said_what_differs),
		cmocka_unit_test(integrity_shows_in_the_table_as_the_kernel_spells_it),
		cmocka_unit_test(a_volume_is_enrolled_found_and_opened),
		cmocka_unit_test(a_header_that_changes_after_the_check_opens_nothing),
		cmocka_unit_test(another_disk_under_the_same_number_is_another_device),
		cmocka_unit_test(two_devices_of_one_uuid_are_both_listed),
		cmocka_unit_test(devices_with_one_header_are_copies),
		cmocka_unit_test(what_is_no_volume_is_told_apart),
		cmocka_unit_test(a_killed_keyslot_and_a_removed_token_are_gone),
		cmocka_unit_test(what_a_device_rests_on_is_named_unless_it_is_good),
		cmocka_unit_test(all_members_of_a_btrfs_are_found),
	};

	return cmocka_run_group_tests(tests, make_devices, remove_devices);
}
