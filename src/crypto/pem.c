/* SPDX-License-Identifier: ISC */
#include "crypto/pem.h"

#include <string.h>

#include "base/memory.h"
#include "base/text.h"

#define DIGITS_MAX 1024
#define LINE 64

static bool
is_space(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static struct bytes
trim(struct bytes in)
{
	while (in.n > 0 && is_space(in.p[0]))
		in = bytes_of(in.p + 1, in.n - 1);
	while (in.n > 0 && is_space(in.p[in.n - 1]))
		in.n--;
	return in;
}

static struct bytes
text(const char *s)
{
	return bytes_of(s, strlen(s));
}

/* Take ${s} from the front, or from the end, of ${in}. */
static bool
strip_front(struct bytes *in, const char *s)
{
	size_t n = strlen(s);

	if (in->n < n || !bytes_equal(bytes_of(in->p, n), text(s)))
		return false;
	*in = bytes_of(in->p + n, in->n - n);
	return true;
}

static bool
strip_end(struct bytes *in, const char *s)
{
	size_t n = strlen(s);

	if (in->n < n || !bytes_equal(bytes_of(in->p + in->n - n, n), text(s)))
		return false;
	in->n -= n;
	return true;
}

static enum status
decode_digits(struct bytes in, struct buffer *out)
{
	uint8_t digits[DIGITS_MAX];
	struct buffer b = BUFFER(digits);
	enum status s = OK;

	for (size_t i = 0; i < in.n; i++)
		if (!is_space(in.p[i]))
			buffer_u8(&b, in.p[i]);
	s = b.failed == OK ? text_unbase64(buffer_view(&b), out) : E_TOO_LARGE;
	memory_wipe(digits, sizeof digits);
	return s;
}

enum status
pem_decode(struct bytes in, const char *label, struct buffer *out)
{
	struct bytes body = trim(in);

	if (!strip_front(&body, "-----BEGIN "))
		return E_SYNTAX;
	if (!strip_front(&body, label) || !strip_front(&body, "-----"))
		return E_TYPE;
	if (!strip_end(&body, "-----") || !strip_end(&body, label) || !strip_end(&body, "-----END "))
		return E_SYNTAX;
	/* The lines of dashes stand on lines of their own. */
	if (body.n == 0 || !is_space(body.p[0]) || body.p[body.n - 1] != '\n')
		return E_SYNTAX;
	return decode_digits(body, out);
}

static void
put_line(struct buffer *out, const char *before, const char *label)
{
	buffer_bytes(out, text(before));
	buffer_bytes(out, text(label));
	buffer_bytes(out, BYTES_STRING("-----\n"));
}

enum status
pem_encode(const char *label, struct bytes der, struct buffer *out)
{
	char line[TEXT_BASE64_SIZE(LINE / 4 * 3)];

	put_line(out, "-----BEGIN ", label);
	for (size_t at = 0; at < der.n; at += LINE / 4 * 3) {
		size_t n = der.n - at < LINE / 4 * 3 ? der.n - at : LINE / 4 * 3;

		if (text_base64(bytes_of(der.p + at, n), line, sizeof line) != OK)
			buffer_fail(out, E_NO_SPACE);
		buffer_bytes(out, text(line));
		buffer_u8(out, '\n');
	}
	put_line(out, "-----END ", label);
	memory_wipe(line, sizeof line);
	return out->failed;
}
