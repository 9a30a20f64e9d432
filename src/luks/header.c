/* SPDX-License-Identifier: ISC */
#include "luks/header.h"

#include <string.h>

#include "crypto/hash.h"

/* The first copy's place, then those that the second one can have: the sizes that there are. */
const uint32_t header_places[HEADER_PLACES] = {
	0, 0x4000, 0x8000, 0x10000, 0x20000, 0x40000, 0x80000, 0x100000, 0x200000, 0x400000
};

#define AT_CHECKSUM 448
#define CHECKSUM_SIZE 64
#define DIGEST_SIZE 32
#define LABEL_SIZE 48
#define ALG_SIZE 32
#define SALT_SIZE 64
#define UUID_FIELD_SIZE 40

static const uint8_t magic_first[] = { 'L', 'U', 'K', 'S', 0xba, 0xbe };
static const uint8_t magic_second[] = { 'S', 'K', 'U', 'L', 0xba, 0xbe };

/* The binary header; views into it. */
struct binary {
	uint64_t size, seqid, place;
	struct bytes label, alg, uuid, subsystem, reserved[2], checksum;
};

/* A copy whose magic, version and place are right. */
struct found {
	struct binary binary;
	struct bytes copy;
};

static bool
size_known(uint64_t size)
{
	for (size_t i = 1; i < HEADER_PLACES; i++)
		if (size == header_places[i])
			return true;
	return false;
}

/* Whether there is the binary header of a copy that belongs to ${place}, by the rules of cryptsetup for looking further. */
static bool
binary_decode(struct bytes block, uint32_t place, struct binary *b)
{
	struct reader r = reader_of(block);
	struct bytes magic = reader_take(&r, sizeof magic_first);
	uint16_t version = reader_be16(&r);

	b->size = reader_be64(&r);
	b->seqid = reader_be64(&r);
	b->label = reader_take(&r, LABEL_SIZE);
	b->alg = reader_take(&r, ALG_SIZE);
	reader_take(&r, SALT_SIZE);
	b->uuid = reader_take(&r, UUID_FIELD_SIZE);
	b->subsystem = reader_take(&r, LABEL_SIZE);
	b->place = reader_be64(&r);
	b->reserved[0] = reader_take(&r, 184);
	b->checksum = reader_take(&r, CHECKSUM_SIZE);
	b->reserved[1] = reader_take(&r, HEADER_BINARY_SIZE - 512);
	return reader_end(&r) == OK && version == 2 && b->place == place && (place == 0 || b->size == place) &&
		bytes_equal(magic, place == 0 ? BYTES(magic_first) : BYTES(magic_second));
}

size_t
header_extent(uint32_t place, const uint8_t block[HEADER_BINARY_SIZE])
{
	struct binary b;

	if (!binary_decode(bytes_of(block, HEADER_BINARY_SIZE), place, &b))
		return 0;
	return size_known(b.size) ? 2 * (size_t)b.size : HEADER_BINARY_SIZE;
}

static bool
checksum_good(const struct found *at)
{
	static const uint8_t zeros[CHECKSUM_SIZE];
	uint8_t digest[HASH_SIZE_MAX];
	struct reader r = reader_of(at->copy);
	struct hash h;

	hash_begin(&h, HASH_SHA256);
	hash_add(&h, reader_take(&r, AT_CHECKSUM));
	hash_add(&h, BYTES(zeros));
	reader_take(&r, CHECKSUM_SIZE);
	hash_add(&h, reader_take(&r, reader_left(&r)));
	return hash_end(&h, digest) == DIGEST_SIZE &&
		bytes_equal(bytes_of(digest, DIGEST_SIZE), bytes_of(at->binary.checksum.p, DIGEST_SIZE));
}

/* Text up to a NUL, and NULs only from there on. */
static bool
field_text(struct bytes field, struct bytes *text)
{
	const uint8_t *end = memchr(field.p, 0, field.n);

	if (end == NULL)
		return false;
	*text = bytes_of(field.p, (size_t)(end - field.p));
	return bytes_zero(bytes_of(end, field.n - text->n));
}

/*
 * One copy: HEADER_NONE if there is none at ${place} by everybody's rules, HEADER_CHECKSUM if there is one that is
 * damaged; any other fault refuses the device.
 */
static enum header_fault
copy_find(struct bytes in, uint32_t place, struct found *found)
{
	struct binary *b = &found->binary;
	struct bytes alg;

	if (place > in.n || in.n - place < HEADER_BINARY_SIZE)
		return HEADER_NONE;
	if (!binary_decode(bytes_of(in.p + place, HEADER_BINARY_SIZE), place, b))
		return HEADER_NONE;
	if (!size_known(b->size))
		return HEADER_SIZE;
	if (in.n < 2 * b->size)
		return HEADER_TRUNCATED;
	if (!field_text(b->alg, &alg) || !bytes_equal(alg, BYTES_STRING("sha256")))
		return HEADER_CHECKSUM_ALG;
	found->copy = bytes_of(in.p + place, (size_t)b->size);
	return checksum_good(found) ? HEADER_OK : HEADER_CHECKSUM;
}

static struct bytes
json_area(struct bytes copy)
{
	return bytes_of(copy.p + HEADER_BINARY_SIZE, copy.n - HEADER_BINARY_SIZE);
}

static bool
copies_equal(const struct found *first, const struct found *second)
{
	const struct binary *a = &first->binary, *b = &second->binary;

	return a->size == b->size && bytes_equal(a->label, b->label) && bytes_equal(a->uuid, b->uuid) &&
		bytes_equal(a->subsystem, b->subsystem) && bytes_equal(json_area(first->copy), json_area(second->copy));
}

static bool
uuid_good(struct bytes uuid)
{
	if (uuid.n != HEADER_UUID_SIZE)
		return false;
	for (size_t i = 0; i < uuid.n; i++) {
		uint8_t ch = uuid.p[i];
		bool dash = i == 8 || i == 13 || i == 18 || i == 23;
		bool digit = (ch >= '0' && ch <= '9') || (ch >= 'a' && ch <= 'f') || (ch >= 'A' && ch <= 'F');

		if (dash ? ch != '-' : !digit)
			return false;
	}
	return true;
}

static enum header_fault
copy_decode(const struct found *at, struct json *j, struct header_copy *c)
{
	const struct binary *b = &at->binary;
	struct bytes label, uuid, subsystem;

	memset(c, 0, sizeof *c);
	c->size = b->size;
	c->seqid = b->seqid;
	if (!field_text(b->label, &label) || !field_text(b->subsystem, &subsystem) || !field_text(b->uuid, &uuid) ||
		!uuid_good(uuid))
		return HEADER_TEXT;
	memcpy(c->uuid, uuid.p, sizeof c->uuid);
	if (!bytes_zero(b->reserved[0]) || !bytes_zero(b->reserved[1]) ||
		!bytes_zero(bytes_of(b->checksum.p + DIGEST_SIZE, CHECKSUM_SIZE - DIGEST_SIZE)))
		return HEADER_RESERVED;
	return metadata_decode(json_area(at->copy), c->size, j, &c->data);
}

/* The second copy, when the first is none: where cryptsetup looks, and there must not be two of them. */
static enum header_fault
second_find(struct bytes in, struct found *second)
{
	enum header_fault result = HEADER_NONE;

	for (size_t i = 1; i < HEADER_PLACES; i++) {
		struct found other;
		enum header_fault f = copy_find(in, header_places[i], &other);

		if (f == HEADER_NONE || (f == HEADER_CHECKSUM && result == HEADER_OK))
			continue;
		if (f != HEADER_OK && f != HEADER_CHECKSUM)
			return f;
		if (result == HEADER_OK)
			return HEADER_COPIES_AMBIGUOUS;
		result = f;
		*second = other;
	}
	return result;
}

/* Two good copies. */
static enum header_fault
pair_decode(const struct found *first, const struct found *second, struct json *j, struct header *h)
{
	bool first_newer = first->binary.seqid >= second->binary.seqid;

	h->two = first->binary.seqid != second->binary.seqid;
	if (h->two)
		h->before = copy_decode(first_newer ? second : first, j, &h->then);
	else if (!copies_equal(first, second))
		return HEADER_COPIES_DIFFER;
	return copy_decode(first_newer ? first : second, j, &h->now);
}

enum header_fault
header_decode(struct bytes in, struct json *j, struct header *h)
{
	struct found first = { 0 }, second = { 0 };
	enum header_fault one = copy_find(in, 0, &first), two;

	memset(h, 0, sizeof *h);
	if (one == HEADER_OK)
		two = copy_find(in, (uint32_t)first.binary.size, &second);
	else if (one == HEADER_NONE || one == HEADER_CHECKSUM)
		two = second_find(in, &second);
	else
		return one;
	if (two != HEADER_OK && two != HEADER_NONE && two != HEADER_CHECKSUM)
		return two;
	if (one == HEADER_OK && two == HEADER_OK)
		return pair_decode(&first, &second, j, h);
	if (one == HEADER_OK || two == HEADER_OK)
		return copy_decode(one == HEADER_OK ? &first : &second, j, &h->now);
	return one == HEADER_CHECKSUM || two == HEADER_CHECKSUM ? HEADER_CHECKSUM : HEADER_NONE;
}

enum header_fault
header_aad(const struct header *h, uint32_t slot, struct buffer *out)
{
	uint8_t now_space[METADATA_AAD_MAX], then_space[METADATA_AAD_MAX];
	struct buffer now = BUFFER(now_space), then = BUFFER(then_space);
	enum header_fault f = metadata_aad(&h->now.data, BYTES(h->now.uuid), slot, &now);

	if (f != HEADER_OK)
		return f;
	if (h->two && (h->before != HEADER_OK ||
			      metadata_aad(&h->then.data, BYTES(h->then.uuid), slot, &then) != HEADER_OK ||
			      !bytes_equal(buffer_view(&now), buffer_view(&then))))
		return HEADER_COPIES_DISAGREE;
	if (out->failed != OK || out->size - out->n < now.n)
		return HEADER_SPACE;
	buffer_bytes(out, buffer_view(&now));
	return HEADER_OK;
}
