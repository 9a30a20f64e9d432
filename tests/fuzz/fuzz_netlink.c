/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "net/netlink.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct reader r = reader_of(bytes_of(data, size));
	struct netlink_event e;

	while (netlink_next(&r, &e) == OK)
		if (memchr(e.name, '\0', sizeof e.name) == NULL || e.nameservers > NETLINK_NAMESERVERS_MAX)
			__builtin_trap();
	return 0;
}
