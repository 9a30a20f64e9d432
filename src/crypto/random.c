/* SPDX-License-Identifier: ISC */
#include "crypto/random.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>

enum status
random_fill(void *p, size_t n)
{
	uint8_t *to = p;

	for (size_t at = 0; at < n;) {
		ssize_t got = getrandom(to + at, n - at, 0);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0) {
			memset(p, 0, n);
			return E_RANDOM;
		}
		at += (size_t)got;
	}
	return OK;
}
