/* SPDX-License-Identifier: ISC */
#ifndef NET_URL_H
#define NET_URL_H

#include "base/bytes.h"

/* Where a verifier is: "https://HOST[:PORT][/]".  A hint, not an identity: the authority's delegation is that. */
struct url {
	char host[256]; /* name, IPv4 or IPv6 address, without brackets */
	char port[6];   /* "443" when not given */
};

/* url_parse(text, u): refuses every other scheme, user names, paths, queries, and characters that no host name has (E_SYNTAX). */
enum status url_parse(const char *text, struct url *u);

#endif
