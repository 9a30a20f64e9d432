/* SPDX-License-Identifier: ISC */
/*
 * Inside of a virtual machine with two LUKS2 disks of one UUID, vda and vdb, whose passphrase is "first": what
 * src/agent/volume.c makes of real mappings.  Prints TAP.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/opened.h"
#include "agent/volume.h"
#include "luks/seal.h"

#define FIRST BYTES_STRING("first")

static int count;
static struct volume honest, twin, list[VOLUMES_MAX];
static struct token token;
static char text[SEAL_TEXT_SIZE];

static void
check(const char *sentence, bool good)
{
	printf("%s %d - %s\n", good ? "ok" : "not ok", ++count, sentence);
}

static bool
sh(const char *command)
{
	return system(command) == 0;
}

static struct bytes
slot_key(void)
{
	return bytes_of(text, strlen(text));
}

static bool
enroll(const char *device, struct volume *v)
{
	static const uint8_t key[SEAL_KEY_SIZE] = { 1, 2, 3 }, share[SEAL_SHARE_SIZE] = { 4 }, ikm[32] = { 5 };
	struct hpke_private machine;
	uint32_t slot;

	seal_text(key, text);
	memset(&token, 0, sizeof token);
	if (hpke_derive(BYTES(ikm), &machine) != OK || volume_read(device, v) != OK)
		return false;
	if (volume_keyslot_add(v, FIRST, slot_key(), &slot) != OK || volume_read_slot(device, slot, v) != OK)
		return false;
	token.keyslot = slot;
	token.seals = 1;
	memcpy(token.seal[0].machine_key, machine.pk, sizeof machine.pk);
	return seal_make(&token.seal[0], share, bytes_of(v->aad, v->aad_n), key) == OK && volume_token_write(v, &token, -1) == OK &&
		volume_read(device, v) == OK && v->has_token;
}

static void
honest_disk(void)
{
	struct block_id id;
	char odd[BLOCK_PATH_MAX];
	size_t n = 0;

	check("a disk is enrolled", enroll("/dev/vda", &honest));
	check("a scan finds it, and it alone", volume_scan(NULL, 0, true, list, &n) == OK && n == 1 && strcmp(list[0].device, "/dev/vda") == 0);
	check("its slot key opens it, with the header from memory", volume_open(&honest, "one", slot_key(), (int)honest.token.keyslot) == OK);
	check("the mapping is there", volume_is_open("one") && access("/dev/mapper/one", F_OK) == 0);
	check("it is what was planned", mapping_check("one", &honest.plan, &id) == OK);
	check("it rests on itself", block_rests_on(id.major, id.minor, &id, 1, odd) == OK);
	check("it rests on a disk", block_rests_on(id.major, id.minor, NULL, 0, odd) == E_MISMATCH && strcmp(odd, "/dev/vda") == 0);
	check("a name that is taken is not taken again", volume_open(&honest, "one", slot_key(), (int)honest.token.keyslot) == E_EXISTS);
	check("it is closed", volume_close("one") == OK && !volume_is_open("one"));
	check("a passphrase opens it too", volume_open(&honest, "one", FIRST, -1) == OK && volume_close("one") == OK);
	check("another passphrase does not", volume_open(&honest, "one", BYTES_STRING("other"), -1) == E_PERMISSION && !volume_is_open("one"));
	check("the passphrase does not open our slot", volume_open(&honest, "one", FIRST, (int)honest.token.keyslot) == E_PERMISSION);
}

/* Each value of the plan, changed: so that the comparison with a real table is seen to look at it. */
static void
plans_that_differ(void)
{
	struct mapping_plan plan;
	struct block_id id;
	bool good = volume_open(&honest, "one", slot_key(), (int)honest.token.keyslot) == OK;

	for (int i = 0; i < 8; i++) {
		plan = honest.plan;
		plan.device.minor += i == 0;
		plan.device_bytes -= i == 1 ? 4096 : 0;
		plan.uuid[0] = i == 2 ? 'x' : plan.uuid[0];
		plan.encryption[0] = i == 3 ? 'x' : plan.encryption[0];
		plan.offset += i == 4 ? 4096 : 0;
		plan.iv_tweak += i == 5;
		plan.sector_size = i == 6 ? 512 : plan.sector_size;
		plan.integrity = i == 7;
		good = good && mapping_check("one", &plan, &id) == (i == 7 ? E_NOT_FOUND : E_MISMATCH);
	}
	check("a plan that differs in any one value does not fit", good);
	volume_close("one");
}

/* /usr/sbin/cryptsetup of this image opens vdb instead, while there is a file /swap. */
static void
swapped_disk(void)
{
	check("a twin of the same UUID is read", volume_read("/dev/vdb", &twin) == OK && strcmp(twin.uuid, honest.uuid) == 0);
	check("the attacker puts our key on it", sh("printf %s first >/first") && enroll("/dev/vdb", &twin));
	check("the disk is swapped", sh("touch /swap"));
	check("a mapping of the twin is refused", volume_open(&honest, "one", slot_key(), (int)honest.token.keyslot) == E_MISMATCH);
	check("and removed", !volume_is_open("one"));
	check("with a passphrase too", volume_open(&honest, "one", FIRST, -1) == E_MISMATCH && !volume_is_open("one"));
	check("the disk is back, and opens", sh("rm /swap") && volume_open(&honest, "one", slot_key(), (int)honest.token.keyslot) == OK);
	volume_close("one");
}

/* The kernel gives the number to the other disk, as when one is pulled out and another plugged in. */
static void
hot_swapped_disk(void)
{
	check("the twin takes the disk's number", sh("/bin/hot-swap") && volume_read("/dev/vda", &twin) == OK && twin.has_token && honest.plan.device.major == twin.plan.device.major &&
		honest.plan.device.minor == twin.plan.device.minor && memcmp(twin.aad, honest.aad, honest.aad_n) != 0);
	check("it is not opened in the place of what was read", volume_open(&honest, "one", slot_key(), (int)honest.token.keyslot) == E_MISMATCH && !volume_is_open("one"));
	check("nor by passphrase", volume_open(&honest, "one", FIRST, -1) == E_MISMATCH && !volume_is_open("one"));
	check("the disk is back under its number", sh("/bin/hot-swap") && volume_open(&honest, "one", slot_key(), (int)honest.token.keyslot) == E_MISMATCH);
	check("read again, it opens", volume_read("/dev/vda", &honest) == OK && volume_open(&honest, "one", slot_key(), (int)honest.token.keyslot) == OK && volume_close("one") == OK);
	check("swapped while cryptsetup runs, nothing stays open", sh("touch /hot-swap") && volume_open(&honest, "one", slot_key(), (int)honest.token.keyslot) != OK && !volume_is_open("one"));
	check("the disks are at their places", sh("rm /hot-swap; /bin/hot-swap -r") && volume_read("/dev/vda", &honest) == OK && honest.has_token && volume_read("/dev/vdb", &twin) == OK);
}

/* As the members of an array or the paths of a multipath device show it. */
static void
one_disk_seen_twice(void)
{
	size_t n = 0;

	check("a device that lies on one that lies on the disk shows its header", sh("dmsetup create below --table \"0 81920 linear /dev/vda 0\" && dmsetup mknodes && "
										     "dmsetup create above --table \"0 81920 linear /dev/mapper/below 0\""));
	check("it is listed alone", volume_scan(NULL, 0, true, list, &n) == OK && n == 2 && strcmp(list[0].device, "/dev/dm-1") == 0 && strcmp(list[1].device, "/dev/vdb") == 0 && !list[0].copied);
	check("and opens", volume_open(&list[0], "one", slot_key(), (int)honest.token.keyslot) == OK && volume_close("one") == OK);
	check("without it the disk is listed again", sh("dmsetup remove above && dmsetup remove below") && volume_scan(NULL, 0, true, list, &n) == OK && n == 2 && strcmp(list[0].device, "/dev/vda") == 0);
	check("two disks of one UUID and different headers are no copies", !list[0].copied && !list[1].copied);
	check("a copy is made", sh("dd if=/dev/vdb of=/keep bs=1M 2>/dev/null && dd if=/dev/vda of=/dev/vdb bs=1M 2>/dev/null"));
	check("both are listed as copies", volume_scan(NULL, 0, true, list, &n) == OK && n == 2 && list[0].copied && list[1].copied);
	check("the twin is restored", sh("dd if=/keep of=/dev/vdb bs=1M 2>/dev/null; rm /keep"));
}

/* A named volume behind as many others as fit. */
static void
many_disks(void)
{
	static const char *const wanted[] = { "22222222-2222-4222-8222-222222222222" };
	bool found = false;
	size_t n = 0;

	check("there are 18 volumes", sh("cryptsetup luksUUID -q --uuid 22222222-2222-4222-8222-222222222222 /dev/vdb && for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17; do "
					 "dmsetup create many$i --table \"0 81920 linear /dev/vda 0\" || exit 1; done"));
	check("that there are too many is told", volume_scan(wanted, 1, false, list, &n) == E_TOO_LARGE && n == VOLUMES_MAX);
	for (size_t i = 0; i < n; i++)
		found = found || strcmp(list[i].device, "/dev/vdb") == 0;
	check("the named one is among those that fit", found);
	check("they are gone", sh("for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17; do dmsetup remove many$i || exit 1; done"));
}

/* What may be handed over to, and what is closed before. */
static void
roots(void)
{
	check("a volume is opened by approval", opened_note("one", true) == OK && volume_open(&honest, "one", slot_key(), (int)honest.token.keyslot) == OK);
	check("it is a root", opened_check_root("/dev/mapper/one") == OK);
	check("the disk under it is none", opened_check_root("/dev/vda") == E_MISMATCH);
	check("what is made of it alone is one", sh("dmsetup create whole --table \"0 40960 linear /dev/mapper/one 0\" && dmsetup mknodes") && opened_check_root("/dev/mapper/whole") == OK && sh("dmsetup remove whole"));
	check("what is made of it and of another disk is none", sh("printf \"0 40960 linear /dev/mapper/one 0\\n40960 40960 linear /dev/vdb 0\\n\" | dmsetup create mixed && dmsetup mknodes") &&
		opened_check_root("/dev/mapper/mixed") == E_MISMATCH && sh("dmsetup remove mixed"));
	check("what an approval opened is closed", opened_close_approved() == OK && !volume_is_open("one"));
	check("what a passphrase opened stays", opened_note("one", false) == OK && volume_open(&honest, "one", FIRST, -1) == OK && opened_close_approved() == OK && volume_is_open("one"));
	check("it is closed", volume_close("one") == OK);
}

/* A disk that answers the second reader otherwise than the first. */
static void
header_lost_in_between(void)
{
	bool good = sh("dd if=/dev/vda of=/keep bs=16384 count=2 2>/dev/null; touch /rewrite") &&
		volume_open(&honest, "one", slot_key(), (int)honest.token.keyslot) == OK;

	check("cryptsetup gets the header that was checked, whatever the disk answers then", good && volume_close("one") == OK);
	check("the header is back", sh("rm /rewrite; dd if=/keep of=/dev/vda bs=16384 conv=notrunc 2>/dev/null; rm /keep") && volume_read("/dev/vda", &honest) == OK);
}

static void
changed_header(void)
{
	check("a header that changed in what matters opens nothing",
		sh("cryptsetup luksConvertKey -q --key-slot 0 --pbkdf pbkdf2 --pbkdf-force-iterations 1001 --key-file /first /dev/vda") &&
			sh("cryptsetup config --label new /dev/vda") && volume_open(&honest, "one", slot_key(), (int)honest.token.keyslot) == OK &&
			volume_close("one") == OK && sh("cryptsetup luksUUID -q --uuid 11111111-1111-4111-8111-111111111111 /dev/vda") &&
			volume_open(&honest, "one", slot_key(), (int)honest.token.keyslot) == E_MISMATCH && !volume_is_open("one"));
}

static void
disk_with_integrity(void)
{
	struct block_id id;

	check("a disk with integrity is made", sh("cryptsetup luksFormat -q --type luks2 --integrity hmac-sha256 --integrity-no-wipe --pbkdf pbkdf2 "
						  "--pbkdf-force-iterations 1000 --key-file /first /dev/vdb"));
	check("it is enrolled", enroll("/dev/vdb", &twin));
	check("it opens, with dm-integrity between", volume_open(&twin, "two", slot_key(), (int)twin.token.keyslot) == OK && volume_is_open("two_dif"));
	twin.plan.offset += 4096;
	check("dm-integrity's offset is compared", mapping_check("two", &twin.plan, &id) == E_MISMATCH);
	check("it is closed, both of it", volume_close("two") == OK && !volume_is_open("two_dif"));
}

int
main(void)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	honest_disk();
	plans_that_differ();
	swapped_disk();
	hot_swapped_disk();
	one_disk_seen_twice();
	many_disks();
	roots();
	header_lost_in_between();
	changed_header();
	disk_with_integrity();
	printf("1..%d\n", count);
	return 0;
}
