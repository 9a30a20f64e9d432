/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "net/dhcp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The first ten bytes of an answer that is ours stand in the request. */
int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct dhcp_ask ask = { .kind = DHCP_REQUEST };
	struct reader r = reader_of(bytes_of(data, size));
	enum dhcp_kind kind;
	struct dhcp_lease l;

	reader_take(&r, 4);
	ask.xid = reader_be32(&r);
	reader_take(&r, 20);
	reader_copy(&r, ask.mac, sizeof ask.mac);
	if (dhcp_decode(bytes_of(data, size), &ask, &kind, &l) != OK || kind == DHCP_NAK)
		return 0;
	if (l.prefix < 1 || l.prefix > 32 || l.routes > DHCP_ROUTES_MAX || l.nameservers > DHCP_NAMESERVERS_MAX ||
		memchr(l.verifier, '\0', sizeof l.verifier) == NULL || l.seconds < 60 || l.address == 0)
		__builtin_trap();
	return 0;
}
