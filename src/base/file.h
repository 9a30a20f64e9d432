/* SPDX-License-Identifier: ISC */
/*
 * Whole files, bounded.
 */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include <sys/types.h>

#include "base/bytes.h"

/*
 * file_read(path, out): append all of ${path} to ${out}.  Works on files whose size is not told (securityfs, procfs).
 * E_NOT_FOUND, E_PERMISSION, E_IO; E_TOO_LARGE when it does not fit, with what did fit in ${out}.
 */
enum status file_read(const char *path, struct buffer *out);

/*
 * file_write(path, data, mode): replace ${path} as a whole or not at all: a temporary file beside it, fsync, rename,
 * fsync of the folder.
 */
enum status file_write(const char *path, struct bytes data, mode_t mode);

/* file_create(path, data, mode): as file_write(), but E_EXISTS when there is one. */
enum status file_create(const char *path, struct bytes data, mode_t mode);

/* file_write_all(fd, data), file_read_all(fd, to, n): to and from a descriptor, until done or E_IO (end: E_TRUNCATED). */
enum status file_write_all(int fd, struct bytes data);
enum status file_read_all(int fd, void *to, size_t n);

/* file_status(errno): the status for a system call's errno. */
enum status file_status(int error);

#endif
