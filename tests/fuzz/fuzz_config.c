/* SPDX-License-Identifier: ISC */
/*
 * bootgated.conf: a file loads, or is refused with a sentence.  It is read by name, so the input becomes a file in memory.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "store/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct config c;
	static int fd = -1;
	char path[64], why[512] = "";
	enum status s;

	if (fd < 0)
		fd = memfd_create("bootgated.conf", 0);
	if (fd < 0 || ftruncate(fd, 0) != 0 || pwrite(fd, data, size, 0) != (ssize_t)size)
		abort();
	(void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	s = config_load(path, &c, why, sizeof why);
	if ((s == OK) == (why[0] != '\0'))
		abort();
	if (s == OK && (c.listens == 0 || c.listens > CONFIG_LISTEN_MAX || c.judges == 0 || c.judges > CONFIG_JUDGES_MAX || c.authority[0] == '\0'))
		abort();
	return 0;
}
