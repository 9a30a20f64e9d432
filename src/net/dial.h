/* SPDX-License-Identifier: ISC */
#ifndef NET_DIAL_H
#define NET_DIAL_H

#include "net/url.h"

#define DIAL_LINKS_MAX 16
#define DIAL_LINK_NAME_MAX 16

/*
 * dial_connect(u, seconds, links, n, fd, said, size): resolve, then try each address over each of ${n} links at once (0: wherever the routes lead);
 * the first connection wins.  E_NETWORK, E_TIMEOUT, with ${said}.
 */
enum status dial_connect(const struct url *u, unsigned seconds, const char links[][DIAL_LINK_NAME_MAX], size_t n, int *fd, char *said, size_t size);

#endif
