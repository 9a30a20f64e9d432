/* SPDX-License-Identifier: ISC */
#include "agent/ima.h"

#include <string.h>

/* A line of /proc/crypto: "key  : value". */
static bool
line_is(struct bytes line, const char *key, const char *value)
{
	size_t k = strlen(key), v = strlen(value);

	if (line.n < k + v || memcmp(line.p, key, k) != 0 || memcmp(line.p + line.n - v, value, v) != 0)
		return false;
	for (size_t i = k; i < line.n - v; i++)
		if (line.p[i] != ' ' && line.p[i] != ':')
			return false;
	return true;
}

static struct bytes
next_line(struct reader *r)
{
	const uint8_t *from = r->p + r->at, *end = memchr(from, '\n', reader_left(r));
	struct bytes line = reader_take(r, end == NULL ? reader_left(r) : (size_t)(end - from));

	if (end != NULL)
		reader_u8(r);
	return line;
}

/* Built in, so that IMA had it when it began; a module came too late. */
static bool
is_built_in(struct bytes crypto, enum hash_alg alg)
{
	struct reader r = reader_of(crypto);
	bool ours = false;

	while (reader_left(&r) > 0) {
		struct bytes line = next_line(&r);

		if (line.n == 0)
			ours = false;
		else if (line_is(line, "name", hash_name(alg)))
			ours = true;
		else if (ours && line_is(line, "module", "kernel"))
			return true;
	}
	return false;
}

static struct digest
extended(enum hash_alg alg, bool built_in, struct bytes sha1, struct bytes data)
{
	struct digest d = { .alg = alg, .n = hash_size(alg) };

	if (bytes_zero(sha1))
		memset(d.p, 0xff, d.n);
	else if (!built_in)
		memcpy(d.p, sha1.p, sha1.n);
	else
		d = hash_digest(alg, data);
	return d;
}

/* One event of the list; false at its end, or when it cannot be read. */
static bool
next_entry(struct reader *r, struct bytes *sha1, struct bytes *data)
{
	uint32_t pcr;
	struct bytes name;

	if (reader_left(r) == 0)
		return false;
	pcr = reader_le32(r);
	*sha1 = reader_take(r, hash_size(HASH_SHA1));
	name = reader_take(r, reader_le32(r));
	*data = reader_take(r, reader_le32(r));
	if (bytes_equal(name, BYTES_STRING("ima")))
		reader_fail(r, E_TYPE);
	if (pcr != IMA_PCR)
		reader_fail(r, E_SYNTAX);
	return r->failed == OK;
}

enum status
ima_parse(struct bytes list, struct bytes crypto, const enum hash_alg *banks, size_t n, struct user_events *events)
{
	struct reader r = reader_of(list);
	struct bytes sha1, data;
	bool built_in[BANKS_MAX] = { false };

	if (n > BANKS_MAX)
		return E_TOO_LARGE;
	for (size_t i = 0; i < n; i++)
		built_in[i] = is_built_in(crypto, banks[i]);
	while (next_entry(&r, &sha1, &data)) {
		struct user_event *e = &events->event[events->n];

		if (events->n == USER_EVENTS_MAX)
			return E_TOO_LARGE;
		events->n++;
		*e = (struct user_event){ .pcr = IMA_PCR, .digests = n, .data = data, .name = BYTES_STRING("ima") };
		for (size_t i = 0; i < n; i++) {
			e->digest[i] = extended(banks[i], built_in[i], sha1, data);
			/* Data that is not what every digest was made of says nothing. */
			if (bytes_zero(sha1) || !built_in[i])
				e->data = bytes_of(NULL, 0);
		}
	}
	return reader_end(&r);
}
