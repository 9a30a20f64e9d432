/* SPDX-License-Identifier: ISC */
#include "luks/token.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

/*
 * Reading.
 */

/* Base64 of ${least} to ${most} bytes. */
static bool
base64(const struct json *j, int v, uint8_t *to, size_t least, size_t most, size_t *n)
{
	struct buffer out = buffer_of(to, most);
	struct bytes text;

	*n = 0;
	if (!json_text(j, v, &text) || text_unbase64(text, &out) != OK || out.n < least)
		return false;
	*n = out.n;
	return true;
}

static bool
base64_exact(const struct json *j, int v, uint8_t *to, size_t size)
{
	size_t n;

	return base64(j, v, to, size, size, &n);
}

static bool
number(const struct json *j, int v, uint32_t *out)
{
	uint64_t value;
	bool good = json_uint(j, v, UINT32_MAX, &value);

	*out = (uint32_t)value;
	return good;
}

/* E_MISSING or E_UNSUPPORTED unless an object has exactly the members of the list, of which the last ${optional} may lack. */
static enum status
members_check(const struct json *j, int object, const char *const names[], size_t n, size_t optional)
{
	int have = 0;

	for (size_t i = 0; i < n; i++) {
		bool there = json_member(j, object, names[i]) != JSON_NONE;

		if (!there && i + optional < n)
			return E_MISSING;
		have += there;
	}
	return have == json_size(j, object) ? OK : E_UNSUPPORTED;
}

static enum status
share_decode(const struct json *j, int v, uint8_t share[TOKEN_SHARE_ID_SIZE])
{
	char digits[2 * TOKEN_SHARE_ID_SIZE + 1];
	struct bytes text;
	size_t n;

	if (!json_text(j, v, &text) || text.n != sizeof digits - 1)
		return E_RANGE;
	memcpy(digits, text.p, text.n);
	digits[text.n] = '\0';
	return text_unhex(digits, share, TOKEN_SHARE_ID_SIZE, &n) == OK ? OK : E_RANGE;
}

static enum status
seal_decode(const struct json *j, int object, struct token_seal *seal)
{
	static const char *const names[] = { "epoch", "machine_key", "share", "seal" };
	enum status s = members_check(j, object, names, 4, 0);

	if (s != OK)
		return s;
	if (!number(j, json_member(j, object, "epoch"), &seal->epoch) ||
		!base64_exact(j, json_member(j, object, "machine_key"), seal->machine_key, sizeof seal->machine_key) ||
		!base64_exact(j, json_member(j, object, "seal"), seal->sealed, sizeof seal->sealed))
		return E_RANGE;
	return share_decode(j, json_member(j, object, "share"), seal->share);
}

static enum status
seals_decode(const struct json *j, int array, struct token *t)
{
	if (!json_is(j, array, JSMN_ARRAY) || json_size(j, array) < 1 || json_size(j, array) > TOKEN_SEALS)
		return E_RANGE;
	for (int v = json_first(j, array); v != JSON_NONE; v = json_next(j, v)) {
		enum status s = seal_decode(j, v, &t->seal[t->seals]);

		if (s != OK)
			return s;
		if (t->seals > 0 && t->seal[t->seals].epoch <= t->seal[t->seals - 1].epoch)
			return E_RANGE;
		t->seals++;
	}
	return OK;
}

static enum status
handles_decode(const struct json *j, int object, struct token *t)
{
	static const char *const names[] = { "ek", "ak", "nv" };
	enum status s = members_check(j, object, names, 3, 0);
	int nv = json_member(j, object, "nv"), first = json_first(j, nv);

	if (s != OK)
		return s;
	if (!number(j, json_member(j, object, "ek"), &t->ek_handle) || !number(j, json_member(j, object, "ak"), &t->ak_handle) ||
		!json_is(j, nv, JSMN_ARRAY) || json_size(j, nv) != 2 || !number(j, first, &t->nv_handle[0]) ||
		!number(j, json_next(j, first), &t->nv_handle[1]))
		return E_RANGE;
	return OK;
}

static void
tickets_decode(const struct json *j, int array, struct token *t)
{
	for (int v = json_first(j, array); v != JSON_NONE && t->cache.tickets < TOKEN_TICKETS; v = json_next(j, v)) {
		struct token_ticket *ticket = &t->cache.ticket[t->cache.tickets];

		if (base64_exact(j, json_member(j, v, "delegation"), ticket->delegation, sizeof ticket->delegation) &&
			base64(j, json_member(j, v, "ticket"), ticket->p, 1, sizeof ticket->p, &ticket->n))
			t->cache.tickets++;
	}
}

static void
object_decode(const struct json *j, int v, struct token_object *o)
{
	if (!base64(j, v, o->p, 1, sizeof o->p, &o->n))
		o->n = 0;
}

static void
cache_decode(const struct json *j, int cache, struct token *t)
{
	int nv = json_member(j, cache, "nv"), first = json_first(j, nv);

	object_decode(j, json_member(j, cache, "ek"), &t->cache.ek);
	object_decode(j, json_member(j, cache, "ak"), &t->cache.ak);
	/* Elements of an object would be its members' names. */
	if (json_is(j, nv, JSMN_ARRAY)) {
		object_decode(j, first, &t->cache.nv[0]);
		object_decode(j, json_next(j, first), &t->cache.nv[1]);
	}
	if (json_is(j, json_member(j, cache, "tickets"), JSMN_ARRAY))
		tickets_decode(j, json_member(j, cache, "tickets"), t);
}

enum status
token_decode(struct bytes in, struct json *j, struct token *t)
{
	static const char *const names[] = { "type", "keyslots", "version", "handles", "seals", "cache" };
	enum status s = json_parse(j, in);
	uint64_t keyslot;
	uint32_t version;
	int keyslots;

	memset(t, 0, sizeof *t);
	if (s != OK)
		return s;
	if (!json_named(j, json_member(j, JSON_ROOT, "type"), TOKEN_TYPE))
		return E_TYPE;
	if (!number(j, json_member(j, JSON_ROOT, "version"), &version) || version != TOKEN_VERSION)
		return E_VERSION;
	s = members_check(j, JSON_ROOT, names, 6, 1);
	if (s != OK)
		return s;
	keyslots = json_member(j, JSON_ROOT, "keyslots");
	if (!json_is(j, keyslots, JSMN_ARRAY) || json_size(j, keyslots) != 1 ||
		!json_text_uint(j, json_first(j, keyslots), 31, &keyslot))
		return E_RANGE;
	t->keyslot = (uint32_t)keyslot;
	s = handles_decode(j, json_member(j, JSON_ROOT, "handles"), t);
	if (s == OK)
		s = seals_decode(j, json_member(j, JSON_ROOT, "seals"), t);
	if (s == OK)
		cache_decode(j, json_member(j, JSON_ROOT, "cache"), t);
	return s;
}

const struct token_seal *
token_seal_find(const struct token *t, uint32_t epoch)
{
	for (size_t i = 0; i < t->seals; i++)
		if (t->seal[i].epoch == epoch)
			return &t->seal[i];
	return NULL;
}

enum status
token_rotate(struct token *t, uint32_t epoch, const struct token_seal *seal, const struct token_object *nv)
{
	const struct token_seal *kept = token_seal_find(t, epoch);

	if (kept == NULL)
		return E_NOT_FOUND;
	if (kept != t->seal) {
		uint32_t handle = t->nv_handle[0];

		t->seal[0] = *kept;
		t->nv_handle[0] = t->nv_handle[1];
		t->nv_handle[1] = handle;
		t->cache.nv[0] = t->cache.nv[1];
	}
	t->seals = 1;
	t->cache.nv[1].n = 0;
	if (seal != NULL) {
		t->seal[t->seals++] = *seal;
		t->cache.nv[1] = *nv;
	}
	return OK;
}

/*
 * Writing.
 */

static void
put(struct buffer *out, const char *text)
{
	buffer_bytes(out, bytes_of(text, strlen(text)));
}

static void
put_number(struct buffer *out, const char *before, uint32_t value)
{
	char digits[16];

	put(out, before);
	snprintf(digits, sizeof digits, "%" PRIu32, value);
	put(out, digits);
}

/* ${before} and the bytes in base64, in quotes. */
static void
put_base64(struct buffer *out, const char *before, struct bytes in)
{
	char text[TEXT_BASE64_SIZE(TOKEN_OBJECT_MAX)];
	enum status s = text_base64(in, text, sizeof text);

	if (s != OK)
		buffer_fail(out, s);
	put(out, before);
	put(out, "\"");
	put(out, s == OK ? text : "");
	put(out, "\"");
}

static void
put_seal(struct buffer *out, const struct token_seal *seal)
{
	char share[2 * TOKEN_SHARE_ID_SIZE + 1];

	put_number(out, "{\"epoch\":", seal->epoch);
	put_base64(out, ",\"machine_key\":", BYTES(seal->machine_key));
	put(out, ",\"share\":\"");
	put(out, text_hex(BYTES(seal->share), share, sizeof share));
	put_base64(out, "\",\"seal\":", BYTES(seal->sealed));
	put(out, "}");
}

static void
put_tickets(struct buffer *out, const struct token *t)
{
	put(out, ",\"tickets\":[");
	for (size_t i = 0; i < t->cache.tickets; i++) {
		const struct token_ticket *ticket = &t->cache.ticket[i];

		put_base64(out, i > 0 ? ",{\"delegation\":" : "{\"delegation\":", BYTES(ticket->delegation));
		put_base64(out, ",\"ticket\":", bytes_of(ticket->p, ticket->n));
		put(out, "}");
	}
	put(out, "]");
}

static bool
encodable(const struct token *t)
{
	const struct token_object *objects[] = { &t->cache.ek, &t->cache.ak, &t->cache.nv[0], &t->cache.nv[1] };

	if (t->keyslot > 31 || t->seals < 1 || t->seals > TOKEN_SEALS || t->cache.tickets > TOKEN_TICKETS)
		return false;
	if (t->seals == 2 && t->seal[1].epoch <= t->seal[0].epoch)
		return false;
	for (size_t i = 0; i < 4; i++)
		if (objects[i]->n > TOKEN_OBJECT_MAX)
			return false;
	for (size_t i = 0; i < t->cache.tickets; i++)
		if (t->cache.ticket[i].n < 1 || t->cache.ticket[i].n > TOKEN_TICKET_MAX)
			return false;
	return true;
}

bool
token_same_machine(const struct token *a, const struct token *b)
{
	for (size_t i = 0; i < a->seals; i++)
		for (size_t k = 0; k < b->seals; k++)
			if (memcmp(a->seal[i].machine_key, b->seal[k].machine_key, sizeof a->seal[i].machine_key) == 0)
				return true;
	return false;
}

enum status
token_encode(const struct token *t, struct buffer *out)
{
	if (!encodable(t))
		return E_RANGE;
	put_number(out, "{\"type\":\"" TOKEN_TYPE "\",\"keyslots\":[\"", t->keyslot);
	put_number(out, "\"],\"version\":", TOKEN_VERSION);
	put_number(out, ",\"handles\":{\"ek\":", t->ek_handle);
	put_number(out, ",\"ak\":", t->ak_handle);
	put_number(out, ",\"nv\":[", t->nv_handle[0]);
	put_number(out, ",", t->nv_handle[1]);
	put(out, "]},\"seals\":[");
	for (size_t i = 0; i < t->seals; i++) {
		put(out, i > 0 ? "," : "");
		put_seal(out, &t->seal[i]);
	}
	put_base64(out, "],\"cache\":{\"ek\":", bytes_of(t->cache.ek.p, t->cache.ek.n));
	put_base64(out, ",\"ak\":", bytes_of(t->cache.ak.p, t->cache.ak.n));
	put_base64(out, ",\"nv\":[", bytes_of(t->cache.nv[0].p, t->cache.nv[0].n));
	put_base64(out, ",", bytes_of(t->cache.nv[1].p, t->cache.nv[1].n));
	put(out, "]");
	put_tickets(out, t);
	put(out, "}}");
	return out->failed;
}
