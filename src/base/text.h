/* SPDX-License-Identifier: ISC */
/*
 * Bytes as text: hexadecimal and base64 (RFC 4648).
 */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include "base/bytes.h"

/* text_hex(in, out, size): ${in} as lower-case hex with a NUL; cut to what fits in ${size} > 0. Returns ${out}. */
char *text_hex(struct bytes in, char *out, size_t size);

/* text_unhex(s, out, size, n): hex digits of either case, an even number of them, to bytes.  Refuses all else (E_SYNTAX, E_NO_SPACE). */
enum status text_unhex(const char *s, uint8_t *out, size_t size, size_t *n);

/* TEXT_BASE64_SIZE(n): bytes that the base64 of ${n} bytes needs, with its NUL. */
#define TEXT_BASE64_SIZE(n) (((n) + 2) / 3 * 4 + 1)

/* text_base64(in, out, size): with padding, without line breaks, with a NUL.  E_NO_SPACE when it does not fit. */
enum status text_base64(struct bytes in, char *out, size_t size);

/* text_unbase64(in, out): strict: padding required, no white space, unused bits zero (E_SYNTAX); appends to ${out}. */
enum status text_unbase64(struct bytes in, struct buffer *out);

/* text_is_utf8(in): whether ${in} is well-formed UTF-8 (RFC 3629: shortest forms, no surrogates); empty is. */
bool text_is_utf8(struct bytes in);

#endif
