/* SPDX-License-Identifier: ISC */
#include "luks/metadata.h"

#include <string.h>

#include "base/cbor_write.h"

/* The binary header in front of the JSON. */
#define BINARY_SIZE 4096

/* Whether ${v} lies inside of a token's own content, which is nobody's but its owner's. */
static bool
in_token(const struct json *j, int v, int tokens)
{
	int up = v, steps = 0;

	while (up != JSON_NONE && up != tokens) {
		up = j->token[up].parent;
		steps++;
	}
	/* Below "tokens": 1 a number, 2 its object, 3 the name of a member. */
	return up != JSON_NONE && steps > 3;
}

/* All other names and texts must mean what they look like. */
static enum header_fault
spelling_check(const struct json *j)
{
	int tokens = json_member(j, JSON_ROOT, "tokens");

	for (int v = 0; v < j->count; v++)
		if (json_escaped(j, v) && !in_token(j, v, tokens))
			return HEADER_JSON_ESCAPE;
	return HEADER_OK;
}

static bool
names_null(struct bytes text)
{
	static const char word[] = "null";

	for (size_t i = 0; i + 4 <= text.n; i++)
		if (memcmp(text.p + i, word, 4) == 0)
			return true;
	return false;
}

/* No cipher but the null ciphers has that word in its name, in any of the kernel's ways to spell one; base64 can have it. */
static enum header_fault
null_cipher_check(const struct json *j)
{
	static const char *const sections[] = { "keyslots", "segments" };

	for (size_t i = 0; i < sizeof sections / sizeof *sections; i++) {
		int section = json_member(j, JSON_ROOT, sections[i]);
		int end = section == JSON_NONE ? JSON_NONE : j->token[section].end;

		for (int v = section; v != JSON_NONE && v < j->count && j->token[v].start < end; v++)
			if (json_is(j, v, JSMN_STRING) && !json_named(j, v - 1, "salt") && names_null(json_view(j, v)))
				return HEADER_NULL_CIPHER;
	}
	return HEADER_OK;
}

static bool
u32(const struct json *j, int object, const char *name, uint32_t *out)
{
	uint64_t value;
	bool good = json_uint(j, json_member(j, object, name), UINT32_MAX, &value);

	*out = (uint32_t)value;
	return good;
}

static bool
u64(const struct json *j, int object, const char *name, uint64_t *out)
{
	return json_text_uint(j, json_member(j, object, name), INT64_MAX, out);
}

static bool
text(const struct json *j, int object, const char *name, struct bytes *out)
{
	return json_text(j, json_member(j, object, name), out) && out->n <= METADATA_TEXT_MAX;
}

static bool
typed(const struct json *j, int object, const char *type)
{
	return json_named(j, json_member(j, object, "type"), type);
}

/* Whether an object has no members but those of the list, NULL at its end. */
static bool
only(const struct json *j, int object, const char *const names[])
{
	for (int n = json_first(j, object); n != JSON_NONE; n = json_next(j, n)) {
		size_t i = 0;

		while (names[i] != NULL && !json_named(j, n, names[i]))
			i++;
		if (names[i] == NULL)
			return false;
	}
	return json_is(j, object, JSMN_OBJECT);
}

/* An array of numbers in quotes, each once and below ${limit}, as bits. */
static bool
number_set(const struct json *j, int array, uint32_t limit, uint32_t *set)
{
	*set = 0;
	for (int v = json_first(j, array); v != JSON_NONE; v = json_next(j, v)) {
		uint64_t n;

		if (!json_text_uint(j, v, limit - 1, &n) || (*set >> n & 1) != 0)
			return false;
		*set |= 1U << n;
	}
	return json_is(j, array, JSMN_ARRAY);
}

static enum header_fault
requirements_check(const struct json *j)
{
	int requirements = json_member(j, json_member(j, JSON_ROOT, "config"), "requirements");
	int mandatory = json_member(j, requirements, "mandatory");
	bool empty = json_is(j, mandatory, JSMN_ARRAY) && json_size(j, mandatory) == 0;

	if (requirements == JSON_NONE || (json_is(j, requirements, JSMN_OBJECT) && json_size(j, requirements) == 0))
		return HEADER_OK;
	return json_size(j, requirements) == 1 && empty ? HEADER_OK : HEADER_REQUIREMENTS;
}

static enum header_fault
config_decode(const struct json *j, struct metadata *m)
{
	int config = json_member(j, JSON_ROOT, "config");
	uint64_t json_size;

	if (!u64(j, config, "json_size", &json_size) || !u64(j, config, "keyslots_size", &m->keyslots_size))
		return HEADER_CONFIG;
	if (json_size != m->keyslots_at / 2 - BINARY_SIZE || m->keyslots_size % 4096 != 0 || m->keyslots_size > 128U << 20)
		return HEADER_CONFIG;
	return HEADER_OK;
}

static enum header_fault
integrity_decode(const struct json *j, int object, struct metadata_segment *s)
{
	static const char *const names[] = { "type", "journal_encryption", "journal_integrity", NULL };

	if (object == JSON_NONE)
		return HEADER_OK;
	s->integrity = true;
	if (!text(j, object, "type", &s->integrity_type) ||
		!text(j, object, "journal_encryption", &s->journal_encryption) ||
		!text(j, object, "journal_integrity", &s->journal_integrity))
		return HEADER_SEGMENT;
	return only(j, object, names) ? HEADER_OK : HEADER_SEGMENT_MEMBER;
}

static enum header_fault
segment_fields(const struct json *j, int object, struct metadata_segment *s)
{
	int size = json_member(j, object, "size");

	s->dynamic = json_named(j, size, "dynamic");
	if (!s->dynamic && (!json_text_uint(j, size, INT64_MAX, &s->size) || s->size == 0))
		return HEADER_SEGMENT;
	if (!u64(j, object, "offset", &s->offset) || !u64(j, object, "iv_tweak", &s->iv_tweak) ||
		!text(j, object, "encryption", &s->encryption) || !u32(j, object, "sector_size", &s->sector_size))
		return HEADER_SEGMENT;
	if (s->sector_size < 512 || s->sector_size > 4096 || (s->sector_size & (s->sector_size - 1)) != 0)
		return HEADER_SEGMENT;
	return s->offset % 512 != 0 || s->size % s->sector_size != 0 ? HEADER_SEGMENT : HEADER_OK;
}

static enum header_fault
segment_decode(const struct json *j, struct metadata *m)
{
	static const char *const names[] = {
		"type", "offset", "size", "iv_tweak", "encryption", "sector_size", "integrity", "flags", NULL
	};
	struct metadata_segment *s = &m->segment;
	int segments = json_member(j, JSON_ROOT, "segments");
	int name = json_first(j, segments), object = json_value(j, name), flags = json_member(j, object, "flags");
	enum header_fault f;
	uint64_t number;

	if (!json_is(j, segments, JSMN_OBJECT) || json_size(j, segments) != 1)
		return HEADER_SEGMENT_COUNT;
	if (!json_text_uint(j, name, 31, &number))
		return HEADER_SEGMENT;
	s->number = (uint32_t)number;
	if (!typed(j, object, "crypt"))
		return HEADER_SEGMENT_TYPE;
	if (!only(j, object, names) || (flags != JSON_NONE && (!json_is(j, flags, JSMN_ARRAY) || json_size(j, flags) > 0)))
		return HEADER_SEGMENT_MEMBER;
	f = segment_fields(j, object, s);
	if (f == HEADER_OK)
		f = integrity_decode(j, json_member(j, object, "integrity"), s);
	if (f == HEADER_OK && s->offset < m->keyslots_at + m->keyslots_size)
		f = HEADER_SEGMENT_RANGE;
	return f;
}

static bool
kdf_decode(const struct json *j, int kdf, struct metadata_keyslot *k, bool *strange)
{
	static const char *const pbkdf2[] = { "type", "salt", "hash", "iterations", NULL };
	static const char *const argon2[] = { "type", "salt", "time", "memory", "cpus", NULL };

	if (!text(j, kdf, "type", &k->kdf.type) || !text(j, kdf, "salt", &k->kdf.salt))
		return false;
	if (typed(j, kdf, "pbkdf2")) {
		*strange |= !only(j, kdf, pbkdf2);
		return text(j, kdf, "hash", &k->kdf.hash) && u32(j, kdf, "iterations", &k->kdf.iterations);
	}
	if (!typed(j, kdf, "argon2i") && !typed(j, kdf, "argon2id")) {
		*strange = true;
		return true;
	}
	*strange |= !only(j, kdf, argon2);
	return u32(j, kdf, "time", &k->kdf.time) && u32(j, kdf, "memory", &k->kdf.memory) && u32(j, kdf, "cpus", &k->kdf.cpus);
}

static bool
area_decode(const struct json *j, int area, struct metadata_keyslot *k, bool *strange)
{
	static const char *const names[] = { "type", "offset", "size", "encryption", "key_size", NULL };

	*strange |= !typed(j, area, "raw") || !only(j, area, names);
	return u64(j, area, "offset", &k->area.offset) && u64(j, area, "size", &k->area.size) && k->area.size > 0 &&
		text(j, area, "encryption", &k->area.encryption) && u32(j, area, "key_size", &k->area.key_size);
}

static bool
af_decode(const struct json *j, int af, struct metadata_keyslot *k, bool *strange)
{
	static const char *const names[] = { "type", "stripes", "hash", NULL };

	*strange |= !typed(j, af, "luks1") || !only(j, af, names);
	return u32(j, af, "stripes", &k->af.stripes) && text(j, af, "hash", &k->af.hash);
}

static enum header_fault
keyslot_fields(const struct json *j, int object, const struct metadata *m, struct metadata_keyslot *k)
{
	static const char *const names[] = { "type", "key_size", "priority", "af", "area", "kdf", NULL };
	int priority = json_member(j, object, "priority");
	bool strange = !only(j, object, names);

	k->priority = 1;
	if (priority != JSON_NONE && (!u32(j, object, "priority", &k->priority) || k->priority > 2))
		return HEADER_KEYSLOT;
	if (!u32(j, object, "key_size", &k->key_size) || k->key_size == 0 ||
		!kdf_decode(j, json_member(j, object, "kdf"), k, &strange) ||
		!area_decode(j, json_member(j, object, "area"), k, &strange) ||
		!af_decode(j, json_member(j, object, "af"), k, &strange))
		return HEADER_KEYSLOT;
	if (k->area.offset < m->keyslots_at || k->area.offset > m->keyslots_at + m->keyslots_size ||
		k->area.size > m->keyslots_at + m->keyslots_size - k->area.offset)
		return HEADER_KEYSLOT_RANGE;
	k->known = !strange;
	return HEADER_OK;
}

static enum header_fault
keyslots_decode(const struct json *j, struct metadata *m)
{
	int keyslots = json_member(j, JSON_ROOT, "keyslots");

	if (!json_is(j, keyslots, JSMN_OBJECT) || json_size(j, keyslots) > METADATA_KEYSLOTS)
		return HEADER_KEYSLOT;
	for (int n = json_first(j, keyslots); n != JSON_NONE; n = json_next(j, n)) {
		struct metadata_keyslot *k = &m->keyslot[m->keyslot_count++];
		int object = json_value(j, n);
		enum header_fault f;
		uint64_t number;

		if (!json_text_uint(j, n, METADATA_KEYSLOTS - 1, &number) || !json_is(j, object, JSMN_OBJECT))
			return HEADER_KEYSLOT;
		k->number = (uint32_t)number;
		f = typed(j, object, "luks2") ? keyslot_fields(j, object, m, k) : HEADER_OK;
		if (f != HEADER_OK)
			return f;
	}
	return HEADER_OK;
}

static bool
digest_fields(const struct json *j, int object, struct metadata_digest *d)
{
	static const char *const names[] = { "type", "keyslots", "segments", "hash", "iterations", "salt", "digest", NULL };

	if (!number_set(j, json_member(j, object, "keyslots"), METADATA_KEYSLOTS, &d->keyslots) ||
		!number_set(j, json_member(j, object, "segments"), 32, &d->segments))
		return false;
	if (!typed(j, object, "pbkdf2"))
		return true;
	d->known = only(j, object, names);
	return text(j, object, "hash", &d->hash) && u32(j, object, "iterations", &d->iterations) &&
		text(j, object, "salt", &d->salt) && text(j, object, "digest", &d->digest);
}

static enum header_fault
digests_decode(const struct json *j, struct metadata *m)
{
	int digests = json_member(j, JSON_ROOT, "digests");

	if (!json_is(j, digests, JSMN_OBJECT) || json_size(j, digests) > METADATA_DIGESTS)
		return HEADER_DIGEST;
	for (int n = json_first(j, digests); n != JSON_NONE; n = json_next(j, n)) {
		struct metadata_digest *d = &m->digest[m->digest_count++];
		uint64_t number;

		if (!json_text_uint(j, n, 31, &number) || !digest_fields(j, json_value(j, n), d))
			return HEADER_DIGEST;
		d->number = (uint32_t)number;
	}
	return HEADER_OK;
}

static enum header_fault
tokens_decode(const struct json *j, struct metadata *m)
{
	int tokens = json_member(j, JSON_ROOT, "tokens");

	if (!json_is(j, tokens, JSMN_OBJECT) || json_size(j, tokens) > METADATA_TOKENS)
		return HEADER_TOKEN;
	for (int n = json_first(j, tokens); n != JSON_NONE; n = json_next(j, n)) {
		struct metadata_token *t = &m->token[m->token_count++];
		int object = json_value(j, n), type = json_member(j, object, "type");
		uint64_t number;

		if (!json_text_uint(j, n, METADATA_TOKENS - 1, &number) || !json_is(j, type, JSMN_STRING) ||
			!number_set(j, json_member(j, object, "keyslots"), METADATA_KEYSLOTS, &t->keyslots))
			return HEADER_TOKEN;
		t->number = (uint32_t)number;
		t->type = json_view(j, type);
		t->json = json_view(j, object);
	}
	return HEADER_OK;
}

static enum header_fault
text_decode(struct bytes area, struct json *j, struct metadata *m)
{
	const uint8_t *end = memchr(area.p, 0, area.n);
	enum status s;

	if (end == NULL)
		return HEADER_JSON_ZEROS;
	m->json = bytes_of(area.p, (size_t)(end - area.p));
	if (!bytes_zero(bytes_of(end, area.n - m->json.n)))
		return HEADER_JSON_ZEROS;
	s = json_parse(j, m->json);
	if (s == E_TOO_LARGE)
		return HEADER_JSON_LARGE;
	if (s == E_DUPLICATE)
		return HEADER_JSON_DUPLICATE;
	return s == OK ? HEADER_OK : HEADER_JSON_SYNTAX;
}

enum header_fault
metadata_decode(struct bytes area, uint64_t header_size, struct json *j, struct metadata *m)
{
	/* In this order, so that a device under re-encryption says so and not that it has several segments. */
	static enum header_fault (*const check[])(const struct json *) = {
		spelling_check, null_cipher_check, requirements_check
	};
	static enum header_fault (*const decode[])(const struct json *, struct metadata *) = {
		config_decode, segment_decode, keyslots_decode, digests_decode, tokens_decode
	};
	enum header_fault f;

	memset(m, 0, sizeof *m);
	m->keyslots_at = 2 * header_size;
	f = text_decode(area, j, m);
	for (size_t i = 0; f == HEADER_OK && i < sizeof check / sizeof *check; i++)
		f = check[i](j);
	for (size_t i = 0; f == HEADER_OK && i < sizeof decode / sizeof *decode; i++)
		f = decode[i](j, m);
	return f;
}

const struct metadata_keyslot *
metadata_keyslot(const struct metadata *m, uint32_t number)
{
	for (size_t i = 0; i < m->keyslot_count; i++)
		if (m->keyslot[i].number == number)
			return &m->keyslot[i];
	return NULL;
}

static bool
token_is(const struct metadata_token *t, const char *type)
{
	return bytes_equal(t->type, bytes_of(type, strlen(type)));
}

const struct metadata_token *
metadata_token(const struct metadata *m, const char *type)
{
	const struct metadata_token *found = NULL;

	for (size_t i = 0; i < m->token_count; i++)
		if (token_is(&m->token[i], type) && (found == NULL || m->token[i].number < found->number))
			found = &m->token[i];
	return found;
}

size_t
metadata_token_count(const struct metadata *m, const char *type)
{
	size_t n = 0;

	for (size_t i = 0; i < m->token_count; i++)
		n += token_is(&m->token[i], type);
	return n;
}

/* The one digest that names the slot and that names the segment. */
static enum header_fault
digest_find(const struct metadata *m, uint32_t slot, const struct metadata_digest **found)
{
	const struct metadata_digest *of_slot = NULL, *of_segment = NULL;
	size_t slots = 0, segments = 0;

	for (size_t i = 0; i < m->digest_count; i++) {
		const struct metadata_digest *d = &m->digest[i];

		if ((d->keyslots >> slot & 1) != 0)
			of_slot = (slots++, d);
		if ((d->segments >> m->segment.number & 1) != 0)
			of_segment = (segments++, d);
	}
	if (slots > 1 || segments > 1)
		return HEADER_DIGEST_MANY;
	if (of_slot == NULL || of_slot != of_segment)
		return HEADER_DIGEST_NONE;
	*found = of_slot;
	return of_slot->known ? HEADER_OK : HEADER_DIGEST_UNKNOWN;
}

static void
aad_segment(struct cbor_writer *w, const struct metadata_segment *s)
{
	cbor_write_array(w, 6);
	cbor_write_uint(w, s->offset);
	if (s->dynamic)
		cbor_write_null(w);
	else
		cbor_write_uint(w, s->size);
	cbor_write_uint(w, s->iv_tweak);
	cbor_write_text(w, s->encryption);
	cbor_write_uint(w, s->sector_size);
	if (!s->integrity) {
		cbor_write_null(w);
		return;
	}
	cbor_write_array(w, 3);
	cbor_write_text(w, s->integrity_type);
	cbor_write_text(w, s->journal_encryption);
	cbor_write_text(w, s->journal_integrity);
}

static void
aad_digest(struct cbor_writer *w, const struct metadata_digest *d)
{
	cbor_write_array(w, 5);
	cbor_write_text(w, BYTES_STRING("pbkdf2"));
	cbor_write_text(w, d->hash);
	cbor_write_uint(w, d->iterations);
	cbor_write_text(w, d->salt);
	cbor_write_text(w, d->digest);
}

static void
aad_kdf(struct cbor_writer *w, const struct metadata_keyslot *k)
{
	bool pbkdf2 = bytes_equal(k->kdf.type, BYTES_STRING("pbkdf2"));

	cbor_write_array(w, pbkdf2 ? 4 : 5);
	cbor_write_text(w, k->kdf.type);
	if (pbkdf2) {
		cbor_write_text(w, k->kdf.hash);
		cbor_write_uint(w, k->kdf.iterations);
	} else {
		cbor_write_uint(w, k->kdf.time);
		cbor_write_uint(w, k->kdf.memory);
		cbor_write_uint(w, k->kdf.cpus);
	}
	cbor_write_text(w, k->kdf.salt);
}

static void
aad_keyslot(struct cbor_writer *w, const struct metadata_keyslot *k)
{
	cbor_write_array(w, 5);
	cbor_write_uint(w, k->number);
	cbor_write_uint(w, k->key_size);
	cbor_write_array(w, 5);
	cbor_write_text(w, BYTES_STRING("raw"));
	cbor_write_uint(w, k->area.offset);
	cbor_write_uint(w, k->area.size);
	cbor_write_text(w, k->area.encryption);
	cbor_write_uint(w, k->area.key_size);
	cbor_write_array(w, 3);
	cbor_write_text(w, BYTES_STRING("luks1"));
	cbor_write_uint(w, k->af.stripes);
	cbor_write_text(w, k->af.hash);
	aad_kdf(w, k);
}

enum header_fault
metadata_aad(const struct metadata *m, struct bytes uuid, uint32_t slot, struct buffer *out)
{
	const struct metadata_keyslot *k = metadata_keyslot(m, slot);
	const struct metadata_digest *d = NULL;
	struct cbor_writer w = cbor_write_to(out);
	enum header_fault f;

	if (k == NULL)
		return HEADER_KEYSLOT_NONE;
	if (!k->known)
		return HEADER_KEYSLOT_UNKNOWN;
	f = digest_find(m, slot, &d);
	if (f != HEADER_OK)
		return f;
	cbor_write_array(&w, 4);
	cbor_write_text(&w, uuid);
	aad_segment(&w, &m->segment);
	aad_digest(&w, d);
	aad_keyslot(&w, k);
	return cbor_write_end(&w) == OK ? HEADER_OK : HEADER_SPACE;
}
