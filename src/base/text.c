/* SPDX-License-Identifier: ISC */
#include "base/text.h"

#include "base/memory.h"

static const char hex_digits[] = "0123456789abcdef";
static const char base64_digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

char *
text_hex(struct bytes in, char *out, size_t size)
{
	size_t n = 0;

	for (size_t i = 0; i < in.n && n + 2 < size; i++) {
		out[n++] = hex_digits[in.p[i] >> 4];
		out[n++] = hex_digits[in.p[i] & 15];
	}
	out[n] = '\0';
	return out;
}

static int
hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

enum status
text_unhex(const char *s, uint8_t *out, size_t size, size_t *n)
{
	for (*n = 0; *s != '\0'; s += 2, ++*n) {
		int high = hex_value(s[0]), low = high < 0 ? -1 : hex_value(s[1]);

		if (low < 0)
			return E_SYNTAX;
		if (*n == size)
			return E_NO_SPACE;
		out[*n] = (uint8_t)(high << 4 | low);
	}
	return OK;
}

enum status
text_base64(struct bytes in, char *out, size_t size)
{
	size_t n = 0;

	if (size < TEXT_BASE64_SIZE(in.n))
		return E_NO_SPACE;
	for (size_t i = 0; i < in.n; i += 3) {
		size_t have = in.n - i < 3 ? in.n - i : 3;
		uint32_t v = (uint32_t)in.p[i] << 16;

		if (have > 1)
			v |= (uint32_t)in.p[i + 1] << 8;
		if (have > 2)
			v |= in.p[i + 2];
		for (size_t k = 0; k < 4; k++)
			out[n++] = k > have ? '=' : base64_digits[v >> (18 - 6 * k) & 63];
	}
	out[n] = '\0';
	return OK;
}

static int
base64_value(uint8_t c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

enum status
text_unbase64(struct bytes in, struct buffer *out)
{
	if (in.n % 4 != 0)
		return E_SYNTAX;
	for (size_t i = 0; i < in.n; i += 4) {
		uint32_t v = 0;
		size_t digits = 4;

		if (i + 4 == in.n && in.p[i + 3] == '=')
			digits = in.p[i + 2] == '=' ? 2 : 3;
		for (size_t k = 0; k < 4; k++) {
			int d = k < digits ? base64_value(in.p[i + k]) : 0;

			if (d < 0)
				return E_SYNTAX;
			v = v << 6 | (uint32_t)d;
		}
		if ((digits == 3 && (v & 0xff) != 0) || (digits == 2 && (v & 0xffff) != 0))
			return E_SYNTAX;
		for (size_t k = 0; k + 1 < digits; k++)
			buffer_u8(out, (uint8_t)(v >> (16 - 8 * k)));
		memory_wipe(&v, sizeof v);
	}
	return out->failed;
}

bool
text_is_utf8(struct bytes in)
{
	static const uint32_t least[] = { 0, 0x80, 0x800, 0x10000 };

	for (size_t i = 0; i < in.n;) {
		uint8_t c = in.p[i++];
		size_t more = c < 0x80 ? 0 : c < 0xc0 ? 4 : c < 0xe0 ? 1 : c < 0xf0 ? 2 : c < 0xf8 ? 3 : 4;
		uint32_t v = more == 0 ? c : c & (0x3fU >> more);

		if (more > in.n - i || more == 4)
			return false;
		for (size_t k = 0; k < more; k++) {
			if ((in.p[i] & 0xc0) != 0x80)
				return false;
			v = v << 6 | (in.p[i++] & 0x3f);
		}
		if (v < least[more] || v > 0x10ffff || (v >= 0xd800 && v < 0xe000))
			return false;
	}
	return true;
}
