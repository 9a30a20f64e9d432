/* SPDX-License-Identifier: ISC */
/*
 * Bytes of a log as text for a terminal: printable ASCII as it is, but for \ and " which get a backslash; other bytes as \x1b,
 * other UTF-16 units as \u202e.  What does not fit in the buffer fails it, as with every write.
 */
#ifndef EVENTLOG_ESCAPE_H
#define EVENTLOG_ESCAPE_H

#include "base/bytes.h"

void escape_bytes(struct buffer *out, struct bytes in);

/* escape_utf16(out, in): little-endian; an odd byte at the end as a byte. */
void escape_utf16(struct buffer *out, struct bytes in);

/* escape_hex(out, in): lower-case digits. */
void escape_hex(struct buffer *out, struct bytes in);

/* escape_format(out, format, ...): our own words between; at most 255 characters. */
void escape_format(struct buffer *out, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
