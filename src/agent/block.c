/* SPDX-License-Identifier: ISC */
#include "agent/block.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <linux/fs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/file.h"

#ifndef BLKGETDISKSEQ
#define BLKGETDISKSEQ _IOR(0x12, 128, uint64_t)
#endif

#define DEPTH_MAX 16

/* No LUKS2 header with a keyslot fits in less. */
#define SECTORS_MIN 256

/* syscall(): the C libraries disagree about the type of ioctl's second argument. */
enum status
block_identify(int fd, struct block_id *id)
{
	struct stat st;

	memset(id, 0, sizeof *id);
	if (fstat(fd, &st) != 0)
		return file_status(errno);
	if (!S_ISBLK(st.st_mode))
		return E_TYPE;
	id->major = (uint32_t)major(st.st_rdev);
	id->minor = (uint32_t)minor(st.st_rdev);
	id->sequenced = syscall(SYS_ioctl, fd, BLKGETDISKSEQ, &id->sequence) == 0;
	return OK;
}

bool
block_same(const struct block_id *a, const struct block_id *b)
{
	return a->major == b->major && a->minor == b->minor && a->sequenced == b->sequenced && a->sequence == b->sequence;
}

enum status
block_size(int fd, uint64_t *bytes)
{
	return syscall(SYS_ioctl, fd, BLKGETSIZE64, bytes) == 0 ? OK : file_status(errno);
}

enum status
block_open(const char *path, int *fd, struct block_id *id)
{
	enum status s;

	*fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (*fd < 0)
		return file_status(errno);
	s = block_identify(*fd, id);
	if (s != OK) {
		close(*fd);
		*fd = -1;
	}
	return s;
}

enum status
block_open_again(const char *path, const struct block_id *id, int *fd)
{
	struct block_id now;
	enum status s = block_open(path, fd, &now);

	if (s == OK && !block_same(id, &now)) {
		close(*fd);
		*fd = -1;
		s = E_MISMATCH;
	}
	return s;
}

/* A short text of sysfs. */
static bool
read_text(const char *folder, const char *name, char text[64])
{
	struct buffer out = buffer_of(text, 63);
	char path[PATH_MAX + 16];

	if (snprintf(path, sizeof path, "%s/%s", folder, name) >= (int)sizeof path || file_read(path, &out) != OK)
		return false;
	text[out.n] = '\0';
	return true;
}

static bool
read_number(const char *folder, uint32_t *major_, uint32_t *minor_)
{
	char text[64];

	return read_text(folder, "dev", text) && sscanf(text, "%" SCNu32 ":%" SCNu32, major_, minor_) == 2;
}

static bool
prefixed(const char *name, const char *prefix)
{
	return strncmp(name, prefix, strlen(prefix)) == 0;
}

static bool
holds_volumes(const char *name)
{
	static const char *const never[] = { "ram", "zram", "fd", "sr", "mtdblock", "nbd-control" };

	for (size_t i = 0; i < sizeof never / sizeof *never; i++)
		if (prefixed(name, never[i]))
			return false;
	return true;
}

/* The kernel writes a slash in a device's name as an exclamation mark. */
static bool
node_path(const char *name, char path[BLOCK_PATH_MAX])
{
	if (snprintf(path, BLOCK_PATH_MAX, "/dev/%s", name) >= BLOCK_PATH_MAX)
		return false;
	for (char *c = path; *c != '\0'; c++)
		if (*c == '!')
			*c = '/';
	return true;
}

static bool
describe(const char *name, struct block *b)
{
	char folder[PATH_MAX], sectors[64];

	memset(b, 0, sizeof *b);
	snprintf(folder, sizeof folder, "/sys/class/block/%s", name);
	return read_text(folder, "size", sectors) && strtoull(sectors, NULL, 10) >= SECTORS_MIN &&
		read_number(folder, &b->major, &b->minor) && node_path(name, b->path);
}

static int
compare(const void *a, const void *b)
{
	const struct block *x = a, *y = b;

	if (x->major != y->major)
		return x->major < y->major ? -1 : 1;
	return x->minor < y->minor ? -1 : x->minor > y->minor;
}

enum status
block_list(struct block *list, size_t max, size_t *n)
{
	DIR *d = opendir("/sys/class/block");
	const struct dirent *e;
	enum status s = OK;

	*n = 0;
	if (d == NULL)
		return file_status(errno);
	while (s == OK && (e = readdir(d)) != NULL) {
		struct block b;

		if (e->d_name[0] == '.' || !holds_volumes(e->d_name) || !describe(e->d_name, &b))
			continue;
		if (*n == max)
			s = E_TOO_LARGE;
		else
			list[(*n)++] = b;
	}
	closedir(d);
	qsort(list, *n, sizeof *list, compare);
	return s;
}

static bool
is_good(uint32_t major_, uint32_t minor_, const struct block_id *good, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (good[i].major == major_ && good[i].minor == minor_)
			return true;
	return false;
}

static enum status rests_on(const char *folder, unsigned depth, const struct block_id *good, size_t n, char odd[BLOCK_PATH_MAX]);

/* All slaves of the device at ${folder}; ${any} says whether there were some. */
static enum status
slaves_rest_on(const char *folder, unsigned depth, const struct block_id *good, size_t n, char odd[BLOCK_PATH_MAX], bool *any)
{
	char path[PATH_MAX];
	const struct dirent *e;
	enum status s = OK;
	DIR *d;

	*any = false;
	if (snprintf(path, sizeof path, "%s/slaves", folder) >= (int)sizeof path)
		return E_TOO_LARGE;
	d = opendir(path);
	if (d == NULL)
		return errno == ENOENT ? OK : file_status(errno);
	while (s == OK && (e = readdir(d)) != NULL) {
		if (e->d_name[0] == '.')
			continue;
		*any = true;
		s = snprintf(path, sizeof path, "/sys/class/block/%s", e->d_name) < (int)sizeof path
			? rests_on(path, depth + 1, good, n, odd) : E_TOO_LARGE;
	}
	closedir(d);
	return s;
}

/* A loop device on a file rests on whatever the file system lies on: named as odd, for nobody mounts before the door. */
static enum status
rests_on(const char *folder, unsigned depth, const struct block_id *good, size_t n, char odd[BLOCK_PATH_MAX])
{
	char real[PATH_MAX], path[PATH_MAX + 16];
	uint32_t major_, minor_;
	enum status s;
	bool any;

	if (depth > DEPTH_MAX)
		return E_TOO_LARGE;
	if (realpath(folder, real) == NULL)
		return file_status(errno);
	if (!read_number(real, &major_, &minor_))
		return E_IO;
	if (is_good(major_, minor_, good, n))
		return OK;
	s = slaves_rest_on(real, depth, good, n, odd, &any);
	if (s != OK || any)
		return s;
	if (odd[0] == '\0' && !node_path(strrchr(real, '/') + 1, odd))
		snprintf(odd, BLOCK_PATH_MAX, "a device");
	snprintf(path, sizeof path, "%s/partition", real);
	if (access(path, F_OK) != 0)
		return E_MISMATCH;
	/* A partition's disk is the folder above, and may itself be made of others. */
	*strrchr(real, '/') = '\0';
	return rests_on(real, depth + 1, good, n, odd);
}

enum status
block_rests_on(uint32_t major_, uint32_t minor_, const struct block_id *good, size_t n, char odd[BLOCK_PATH_MAX])
{
	char folder[64];

	odd[0] = '\0';
	snprintf(folder, sizeof folder, "/sys/dev/block/%" PRIu32 ":%" PRIu32, major_, minor_);
	return rests_on(folder, 0, good, n, odd);
}

/* Whether one of the slaves of the device at ${folder}, or of theirs, is one of ${these}. */
static bool
is_made_of(const char *folder, unsigned depth, const struct block_id *these, size_t n)
{
	char path[PATH_MAX];
	const struct dirent *e;
	uint32_t major_, minor_;
	bool found = false;
	DIR *d;

	if (depth > DEPTH_MAX || snprintf(path, sizeof path, "%s/slaves", folder) >= (int)sizeof path)
		return false;
	d = opendir(path);
	while (d != NULL && !found && (e = readdir(d)) != NULL) {
		if (e->d_name[0] == '.' || snprintf(path, sizeof path, "/sys/class/block/%s", e->d_name) >= (int)sizeof path)
			continue;
		found = (read_number(path, &major_, &minor_) && is_good(major_, minor_, these, n)) || is_made_of(path, depth + 1, these, n);
	}
	if (d != NULL)
		closedir(d);
	return found;
}

bool
block_lies_under(const struct block_id *a, const struct block_id *b)
{
	struct block_id these[2] = { *a, *a };
	char folder[64], path[96];

	snprintf(folder, sizeof folder, "/sys/dev/block/%" PRIu32 ":%" PRIu32, a->major, a->minor);
	snprintf(path, sizeof path, "%s/partition", folder);
	/* The folder is a link; its target's parent is the disk. */
	if (access(path, F_OK) == 0) {
		snprintf(path, sizeof path, "%s/..", folder);
		read_number(path, &these[1].major, &these[1].minor);
	}
	snprintf(folder, sizeof folder, "/sys/dev/block/%" PRIu32 ":%" PRIu32, b->major, b->minor);
	return is_made_of(folder, 0, these, 2);
}

/*
 * A btrfs superblock stands at 64 KiB: 0 checksum[32]  32 fsid[16]  48 place u64  56 flags u64  64 "_BHRfS_M" ...
 * 136 number of devices u64; little endian.
 */
struct btrfs {
	uint8_t fsid[16];
	uint64_t devices;
};

static bool
btrfs_read(const char *path, struct btrfs *b)
{
	static const uint8_t magic[] = { '_', 'B', 'H', 'R', 'f', 'S', '_', 'M' };
	uint8_t block[4096];
	struct reader r = reader_of(BYTES(block));
	struct block_id id;
	bool good;
	int fd;

	if (block_open(path, &fd, &id) != OK)
		return false;
	good = pread(fd, block, sizeof block, 65536) == (ssize_t)sizeof block;
	close(fd);
	reader_take(&r, 32);
	reader_copy(&r, b->fsid, sizeof b->fsid);
	reader_take(&r, 16);
	good = good && bytes_equal(reader_take(&r, sizeof magic), BYTES(magic));
	reader_take(&r, 136 - 72);
	b->devices = reader_le64(&r);
	return good && r.failed == OK;
}

static enum status
describe_path(const char *path, struct block *b)
{
	struct block_id id;
	int fd;
	enum status s = block_open(path, &fd, &id);

	if (s != OK)
		return s;
	close(fd);
	snprintf(b->path, sizeof b->path, "%s", path);
	b->major = id.major;
	b->minor = id.minor;
	return OK;
}

enum status
block_btrfs_members(const char *path, struct block *list, size_t max, size_t *n)
{
	static struct block all[BLOCK_LIST_MAX];
	struct btrfs mine, other;
	size_t count;
	enum status s;

	*n = 0;
	if (!btrfs_read(path, &mine)) {
		s = max > 0 ? describe_path(path, &list[0]) : E_TOO_LARGE;
		*n = s == OK;
		return s;
	}
	s = block_list(all, BLOCK_LIST_MAX, &count);
	for (size_t i = 0; s == OK && i < count; i++) {
		if (!btrfs_read(all[i].path, &other) || memcmp(other.fsid, mine.fsid, sizeof mine.fsid) != 0)
			continue;
		if (*n == max)
			return E_TOO_LARGE;
		list[(*n)++] = all[i];
	}
	return s == OK && *n < mine.devices ? E_MISSING : s;
}
