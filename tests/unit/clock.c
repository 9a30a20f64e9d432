/* SPDX-License-Identifier: ISC */
/*
 * Loaded before the software TPM's own libraries (LD_PRELOAD): its time runs ahead by as many seconds as the file $BOOTGATE_TEST_CLOCK says,
 * a number of eight bytes that a test changes while the TPM runs.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static const volatile int64_t *ahead;

__attribute__((constructor)) static void
begin(void)
{
	const char *path = getenv("BOOTGATE_TEST_CLOCK");
	int fd = path != NULL ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	void *p = fd >= 0 ? mmap(NULL, sizeof *ahead, PROT_READ, MAP_SHARED, fd, 0) : MAP_FAILED;

	if (fd >= 0)
		close(fd);
	if (p != MAP_FAILED)
		ahead = p;
}

int
clock_gettime(clockid_t id, struct timespec *t)
{
	int rc = (int)syscall(SYS_clock_gettime, id, t);

	if (rc == 0 && ahead != NULL)
		t->tv_sec += (time_t)*ahead;
	return rc;
}
