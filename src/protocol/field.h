/* SPDX-License-Identifier: ISC */
/*
 * Messages as tables.  One line describes a field: its key on the wire, its kind, its place in the struct, its limits.
 * Encoder and decoder read the same line, so neither end can be made to send what the other refuses.
 *
 * A map's lines stand in the order of the encoded keys.  Optional fields are strings and lists: left out when empty, and
 * refused when sent empty.  In an array (the item of a list) every field is always there.
 *
 * Text holds no control characters (E_RANGE): it ends in logs and on consoles.
 */
#ifndef PROTOCOL_FIELD_H
#define PROTOCOL_FIELD_H

#include "protocol/cbor.h"

struct field_kind;
struct field_list;

struct field {
	int32_t key;
	const struct field_kind *kind;
	size_t offset;
	uint32_t min, max; /* of a number, of bytes in a string, of items in a list */
	bool optional;
	size_t count, stride;          /* lists: offset of the size_t that counts, and the size of one */
	const struct field_list *item; /* lists: what one looks like */
	const uint8_t *wire;           /* enumerations: the number on the wire for each value, or NULL: the value itself */
};

/* The fields of a map, or of an array; an array of one field stands for the bare field. */
struct field_list {
	const struct field *field;
	size_t n;
};

/* A whole message: a map, unless it is ${bare}. */
struct field_form {
	struct field_list fields;
	bool bare;
	size_t size;                            /* of the struct */
	size_t encoded_max;                     /* bytes, E_TOO_LARGE above */
	enum status (*check)(const void *self); /* what no single field can tell, or NULL */
};

extern const struct field_kind
	FIELD_VERSION,   /* nothing in the struct; the number ${min} and no other (E_VERSION) */
	FIELD_PROFILE,   /* nothing in the struct; the text "bootgate/1" (E_VERSION) */
	FIELD_U32,       /* uint32_t or unsigned */
	FIELD_U64,       /* uint64_t, any value */
	FIELD_ENUM,      /* an enum of values from ${min} to ${max} */
	FIELD_BOOL,      /* bool */
	FIELD_FIXED,     /* uint8_t[${min}], a byte string */
	FIELD_UEID,      /* the same, as an EAT UEID: with the type byte 1 in front (RFC 9711, 4.2.1) */
	FIELD_BYTES,     /* struct bytes, a byte string */
	FIELD_TEXT,      /* struct bytes, a text */
	FIELD_SIGNATURE, /* struct bytes, r || s on P-256 or P-384: 64 or 96 bytes, and 0 when ${min} is 0 */
	FIELD_POINT,     /* struct ec_public, an uncompressed point; the size tells the curve */
	FIELD_NAME,      /* struct name, a digest's Name: hash identifier and digest */
	FIELD_DIGEST,    /* struct digest, as [ algorithm, byte string ] */
	FIELD_LIST;      /* ${count} of ${stride} bytes each */

/*
 * field_encode(f, from, out): appends the message ${from}. Beside the limits in the tables, E_NO_SPACE.
 * field_decode(f, in, to): the whole of ${in}; unknown keys are E_UNSUPPORTED, absent ones E_MISSING, the rest is cbor.h's.
 * After a failure ${to} is all zeros.
 */
enum status field_encode(const struct field_form *f, const void *from, struct buffer *out);
enum status field_decode(const struct field_form *f, struct bytes in, void *to);

#define FIELD_LIST_OF(array) { (array), sizeof(array) / sizeof((array)[0]) }

/* The lines of tables. */
#define FIELD_CONSTANT(key_, kind_, value) { .key = (key_), .kind = &FIELD_##kind_, .min = (value) }
#define FIELD_AT(key_, kind_, type, member, min_, max_)                                                                \
	{ .key = (key_), .kind = &FIELD_##kind_, .offset = offsetof(type, member), .min = (min_), .max = (max_) }
#define FIELD_OPTIONAL(key_, kind_, type, member, min_, max_)                                                          \
	{ .key = (key_), .kind = &FIELD_##kind_, .offset = offsetof(type, member), .min = (min_), .max = (max_),       \
	  .optional = true }
#define FIELD_WIRE(key_, type, member, min_, max_, wire_)                                                              \
	{ .key = (key_), .kind = &FIELD_ENUM, .offset = offsetof(type, member), .min = (min_), .max = (max_),          \
	  .wire = (wire_) }
#define FIELD_MANY(key_, type, member, count_, item_, min_, max_, optional_)                                           \
	{ .key = (key_), .kind = &FIELD_LIST, .offset = offsetof(type, member), .min = (min_), .max = (max_),          \
	  .optional = (optional_), .count = offsetof(type, count_), .stride = sizeof(((type *)0)->member[0]),          \
	  .item = (item_) }

#endif
