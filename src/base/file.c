/* SPDX-License-Identifier: ISC */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum status
file_status(int error)
{
	switch (error) {
	case 0:
		return OK;
	case ENOENT:
	case ENOTDIR:
	case ENXIO:
	case ENODEV:
		return E_NOT_FOUND;
	case EACCES:
	case EPERM:
		return E_PERMISSION;
	case EISDIR:
		return E_FOLDER;
	case EEXIST:
		return E_EXISTS;
	case EBUSY:
		return E_BUSY;
	case ENOMEM:
		return E_MEMORY;
	case ETIMEDOUT:
		return E_TIMEOUT;
	default:
		return E_IO;
	}
}

static enum status
read_to_end(int fd, struct buffer *out)
{
	for (;;) {
		uint8_t beyond;
		bool full = out->n == out->size;
		ssize_t n = full ? read(fd, &beyond, 1) : read(fd, out->p + out->n, out->size - out->n);

		if (n == 0)
			return OK;
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return file_status(errno);
		if (full)
			return E_TOO_LARGE;
		out->n += (size_t)n;
	}
}

enum status
file_read(const char *path, struct buffer *out)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	enum status s;

	if (fd < 0)
		return file_status(errno);
	s = read_to_end(fd, out);
	close(fd);
	return s;
}

enum status
file_write_all(int fd, struct bytes data)
{
	for (size_t at = 0; at < data.n;) {
		ssize_t n = write(fd, data.p + at, data.n - at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return file_status(n < 0 ? errno : EIO);
		at += (size_t)n;
	}
	return OK;
}

enum status
file_read_all(int fd, void *to, size_t n)
{
	uint8_t *p = to;

	for (size_t at = 0; at < n;) {
		ssize_t got = read(fd, p + at, n - at);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return file_status(errno);
		if (got == 0)
			return E_TRUNCATED;
		at += (size_t)got;
	}
	return OK;
}

static enum status
write_and_sync(const char *path, struct bytes data, mode_t mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, mode);
	enum status s;

	if (fd < 0)
		return file_status(errno);
	s = fchmod(fd, mode) == 0 ? file_write_all(fd, data) : file_status(errno);
	if (s == OK && fsync(fd) != 0)
		s = file_status(errno);
	if (close(fd) != 0 && s == OK)
		s = file_status(errno);
	return s;
}

static enum status
sync_folder_of(const char *path)
{
	char copy[PATH_MAX];
	int fd;
	enum status s;

	if (snprintf(copy, sizeof copy, "%s", path) >= (int)sizeof copy)
		return E_TOO_LARGE;
	fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return file_status(errno);
	s = fsync(fd) == 0 ? OK : file_status(errno);
	close(fd);
	return s;
}

static enum status
replace(const char *path, struct bytes data, mode_t mode, int (*put)(const char *, const char *))
{
	char fresh[PATH_MAX];
	enum status s;

	if (snprintf(fresh, sizeof fresh, "%s.new", path) >= (int)sizeof fresh)
		return E_TOO_LARGE;
	s = write_and_sync(fresh, data, mode);
	if (s == OK && put(fresh, path) != 0)
		s = file_status(errno);
	if (s != OK) {
		unlink(fresh);
		return s;
	}
	return sync_folder_of(path);
}

static int
put_beside(const char *fresh, const char *path)
{
	return link(fresh, path) == 0 ? unlink(fresh) : -1;
}

enum status
file_write(const char *path, struct bytes data, mode_t mode)
{
	return replace(path, data, mode, rename);
}

enum status
file_create(const char *path, struct bytes data, mode_t mode)
{
	return replace(path, data, mode, put_beside);
}
