/* SPDX-License-Identifier: ISC */
#include "agent/memory_overwrite.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/file.h"

#define VARIABLE "/sys/firmware/efi/efivars/MemoryOverwriteRequestControl-e20939be-32d4-41be-a150-897f85d49829"

/* efivarfs keeps variables immutable, so that nobody removes one by mistake. */
static void
allow_writing(int fd)
{
	int flags = 0;

	/* musl and glibc disagree on the type of ioctl()'s request. */
	if (syscall(SYS_ioctl, fd, FS_IOC_GETFLAGS, &flags) != 0 || (flags & FS_IMMUTABLE_FL) == 0)
		return;
	flags &= ~FS_IMMUTABLE_FL;
	syscall(SYS_ioctl, fd, FS_IOC_SETFLAGS, &flags);
}

enum status
memory_overwrite_request(void)
{
	/* attributes: non-volatile, boot service, runtime access; then bit 0: clear memory */
	static const uint8_t wanted[5] = { 7, 0, 0, 0, 1 };
	uint8_t now[5];
	struct buffer b = BUFFER(now);
	enum status s = file_read(VARIABLE, &b);
	int fd;

	if (s != OK)
		return s;
	if (b.n == sizeof now && (now[4] & 1) != 0)
		return OK;
	fd = open(VARIABLE, O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		allow_writing(fd);
		close(fd);
	}
	fd = open(VARIABLE, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return file_status(errno);
	s = write(fd, wanted, sizeof wanted) == (ssize_t)sizeof wanted ? OK : file_status(errno);
	close(fd);
	return s;
}
