/* SPDX-License-Identifier: ISC */
#include "eventlog/escape.h"

#include <stdarg.h>
#include <stdio.h>

void
escape_format(struct buffer *out, const char *format, ...)
{
	char text[256];
	va_list ap;
	int n;

	va_start(ap, format);
	n = vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	if (n > 0)
		buffer_bytes(out, bytes_of(text, (size_t)n < sizeof(text) ? (size_t)n : sizeof(text) - 1));
}

static bool
is_plain(unsigned unit)
{
	return unit >= 0x20 && unit < 0x7f;
}

static void
write_plain(struct buffer *out, uint8_t c)
{
	if (c == '\\' || c == '"')
		buffer_u8(out, '\\');
	buffer_u8(out, c);
}

static void
write_byte(struct buffer *out, uint8_t c)
{
	if (is_plain(c))
		write_plain(out, c);
	else
		escape_format(out, "\\x%02x", c);
}

void
escape_bytes(struct buffer *out, struct bytes in)
{
	for (size_t i = 0; i < in.n; i++)
		write_byte(out, in.p[i]);
}

void
escape_utf16(struct buffer *out, struct bytes in)
{
	size_t i = 0;

	for (; i + 1 < in.n; i += 2) {
		unsigned unit = in.p[i] | (unsigned)in.p[i + 1] << 8;

		if (is_plain(unit))
			write_plain(out, (uint8_t)unit);
		else
			escape_format(out, unit < 0x100 ? "\\x%02x" : "\\u%04x", unit);
	}
	if (i < in.n)
		escape_format(out, "\\x%02x", in.p[i]);
}

void
escape_hex(struct buffer *out, struct bytes in)
{
	for (size_t i = 0; i < in.n; i++)
		escape_format(out, "%02x", in.p[i]);
}
