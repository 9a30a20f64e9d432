/* SPDX-License-Identifier: ISC */
/*
 * Loaded before the C library of bootgated: writes down, in $POWER_LOG, all that its processes do to files below $POWER_FOLDER, in the order in which
 * it happened, with what was written and when it was made durable.  tests/verifier/power.pl then makes of it what a disk could hold after the power
 * went at any of those moments.
 *
 *   be32 length of the path | path | u8 what | be64 offset | be32 length | bytes
 *
 * what: W(rite), T(runcate to offset), S(ync), U(nlink), C(reate).  One write(2) to a file opened for appending each.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define FDS 1024
#define PATH 256

static char path_of[FDS][PATH];
static char folder[PATH];
static int out = -1;

__attribute__((constructor)) static void
begin(void)
{
	const char *log = getenv("POWER_LOG"), *below = getenv("POWER_FOLDER");

	if (log == NULL || below == NULL)
		return;
	snprintf(folder, sizeof folder, "%s/", below);
	out = open(log, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
	/* Out of the way of the descriptors that a role is given. */
	if (out >= 0) {
		int high = fcntl(out, F_DUPFD_CLOEXEC, 200);

		close(out);
		out = high;
	}
}

static void
note(const char *path, char what, uint64_t offset, const void *p, size_t n)
{
	uint8_t head[4 + PATH + 1 + 8 + 4];
	size_t at = 4, length = strlen(path);
	struct iovec v[2] = { { head, 0 }, { (void *)(uintptr_t)p, n } };

	for (unsigned i = 0; i < 4; i++)
		head[i] = (uint8_t)(length >> (24 - 8 * i));
	memcpy(head + at, path, length);
	at += length;
	head[at++] = (uint8_t)what;
	for (unsigned i = 0; i < 8; i++)
		head[at++] = (uint8_t)(offset >> (56 - 8 * i));
	for (unsigned i = 0; i < 4; i++)
		head[at++] = (uint8_t)(n >> (24 - 8 * i));
	v[0].iov_len = at;
	if (out >= 0 && writev(out, v, 2) < 0)
		abort();
}

static const char *
name(int fd)
{
	return fd >= 0 && fd < FDS && path_of[fd][0] != '\0' ? path_of[fd] : NULL;
}

static int
open_noted(int folder_fd, const char *path, int flags, mode_t mode)
{
	bool there = syscall(SYS_faccessat, folder_fd, path, F_OK, 0) == 0;
	int fd = (int)syscall(SYS_openat, folder_fd, path, flags, mode);

	if (fd < 0 || fd >= FDS)
		return fd;
	path_of[fd][0] = '\0';
	if (out >= 0 && strncmp(path, folder, strlen(folder)) == 0 && strlen(path) < PATH) {
		snprintf(path_of[fd], PATH, "%s", path);
		if ((flags & O_CREAT) != 0 && !there)
			note(path, 'C', 0, NULL, 0);
	}
	return fd;
}

#define OPEN(function, at)                                                                                             \
	{                                                                                                              \
		va_list args;                                                                                          \
		mode_t mode = 0;                                                                                       \
                                                                                                                       \
		va_start(args, flags);                                                                                 \
		if ((flags & O_CREAT) != 0)                                                                            \
			mode = va_arg(args, mode_t);                                                                   \
		va_end(args);                                                                                          \
		return open_noted(at, path, flags, mode);                                                              \
	}

int open(const char *path, int flags, ...) OPEN(open, AT_FDCWD)
int open64(const char *path, int flags, ...) OPEN(open64, AT_FDCWD)

int
close(int fd)
{
	if (fd >= 0 && fd < FDS)
		path_of[fd][0] = '\0';
	return (int)syscall(SYS_close, fd);
}

ssize_t
pwrite64(int fd, const void *p, size_t n, off_t offset)
{
	ssize_t r = syscall(SYS_pwrite64, fd, p, n, offset);

	if (r > 0 && name(fd) != NULL)
		note(name(fd), 'W', (uint64_t)offset, p, (size_t)r);
	return r;
}

ssize_t
pwrite(int fd, const void *p, size_t n, off_t offset)
{
	return pwrite64(fd, p, n, offset);
}

ssize_t
write(int fd, const void *p, size_t n)
{
	off_t at = name(fd) != NULL ? (off_t)syscall(SYS_lseek, fd, 0, SEEK_CUR) : 0;
	ssize_t r = syscall(SYS_write, fd, p, n);

	if (r > 0 && name(fd) != NULL)
		note(name(fd), 'W', (uint64_t)at, p, (size_t)r);
	return r;
}

int
ftruncate64(int fd, off_t size)
{
	int r = (int)syscall(SYS_ftruncate, fd, size);

	if (r == 0 && name(fd) != NULL)
		note(name(fd), 'T', (uint64_t)size, NULL, 0);
	return r;
}

int
ftruncate(int fd, off_t size)
{
	return ftruncate64(fd, size);
}

static int
synced(int fd, long call)
{
	int r = (int)syscall(call, fd);

	if (r == 0 && name(fd) != NULL)
		note(name(fd), 'S', 0, NULL, 0);
	return r;
}

int
fsync(int fd)
{
	return synced(fd, SYS_fsync);
}

int
fdatasync(int fd)
{
	return synced(fd, SYS_fdatasync);
}

int
unlink(const char *path)
{
	int r = (int)syscall(SYS_unlink, path);

	if (r == 0 && out >= 0 && strncmp(path, folder, strlen(folder)) == 0)
		note(path, 'U', 0, NULL, 0);
	return r;
}
