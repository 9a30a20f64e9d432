/* SPDX-License-Identifier: ISC */
/*
 * Block devices: which there are, which one this is, and what lies under which.
 */
#ifndef AGENT_BLOCK_H
#define AGENT_BLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

#define BLOCK_LIST_MAX 1024
#define BLOCK_PATH_MAX 128

/*
 * A device is its number and its disk's sequence number, which the kernel never gives twice in one boot: another disk
 * under the same number is another device.  Kernels before 5.15 have none; then only the number counts.
 */
struct block_id {
	uint32_t major, minor;
	bool sequenced;
	uint64_t sequence;
};

struct block {
	char path[BLOCK_PATH_MAX]; /* "/dev/sda2" */
	uint32_t major, minor;
};

/* block_identify(fd, id): of an open block device; E_TYPE for anything else. */
enum status block_identify(int fd, struct block_id *id);

bool block_same(const struct block_id *a, const struct block_id *b);

/* block_size(fd, bytes): its size. */
enum status block_size(int fd, uint64_t *bytes);

/*
 * block_open(path, fd, id): for reading, without waiting for a medium, and what it is.
 * block_open_again(path, id, fd): only if it is still that one; else E_MISMATCH.
 */
enum status block_open(const char *path, int *fd, struct block_id *id);
enum status block_open_again(const char *path, const struct block_id *id, int *fd);

/*
 * block_list(list, max, n): all that can hold a volume, in the order of their numbers: not those without a medium or
 * smaller than a header, RAM disks, floppy and optical drives.  E_TOO_LARGE when there are more.
 */
enum status block_list(struct block *list, size_t max, size_t *n);

/*
 * block_rests_on(major, minor, good, n, odd): whether everything that a device is made of, followed downwards through
 * device mapper, md, loop and partitions, ends at one of the ${good} ones.  E_MISMATCH: no, and ${odd} names what it
 * also rests on; E_TOO_LARGE: nested deeper than this looks.
 */
enum status block_rests_on(uint32_t major, uint32_t minor, const struct block_id *good, size_t n, char odd[BLOCK_PATH_MAX]);

/*
 * block_lies_under(a, b): whether ${a}, or the disk that it is a partition of, is among what ${b} is made of: a member of an array, a path of a
 * multipath device.
 */
bool block_lies_under(const struct block_id *a, const struct block_id *b);

/*
 * block_btrfs_members(path, list, max, n): all devices that claim to belong to the btrfs that ${path} belongs to, itself
 * included; just itself when that is no btrfs.  E_MISSING: some of its devices are not there.
 */
enum status block_btrfs_members(const char *path, struct block *list, size_t max, size_t *n);

#endif
