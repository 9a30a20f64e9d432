/* SPDX-License-Identifier: ISC */
#include "ctl/printable.h"

#include <string.h>

#include "base/text.h"

static size_t
character_size(struct bytes in)
{
	for (size_t n = 1; n <= 4 && n <= in.n; n++)
		if (text_is_utf8(bytes_of(in.p, n)))
			return n;
	return 0;
}

/* U+0000-001F, U+007F, U+0080-009F; and what turns the direction of writing (U+202A-202E, U+2066-2069). */
static bool
is_control(const uint8_t *p, size_t n)
{
	if (n == 1)
		return p[0] < ' ' || p[0] == 0x7f;
	if (n == 2)
		return p[0] == 0xc2 && p[1] < 0xa0;
	return n == 3 && p[0] == 0xe2 && ((p[1] == 0x80 && p[2] >= 0xaa && p[2] <= 0xae) || (p[1] == 0x81 && p[2] >= 0xa6 && p[2] <= 0xa9));
}

const char *
printable_bytes(struct bytes in, char out[PRINTABLE_SIZE])
{
	size_t at = 0, to = 0;

	while (at < in.n) {
		size_t n = character_size(bytes_of(in.p + at, in.n - at));
		bool bad = n == 0 || is_control(in.p + at, n);

		if (to + (bad ? 1 : n) >= PRINTABLE_SIZE)
			break;
		if (bad)
			out[to++] = '?';
		else
			memcpy(out + to, in.p + at, n), to += n;
		at += n == 0 ? 1 : n;
	}
	out[to] = '\0';
	return out;
}

const char *
printable_text(const char *s, char out[PRINTABLE_SIZE])
{
	return printable_bytes(bytes_of(s, strlen(s)), out);
}
