/* SPDX-License-Identifier: ISC */
/*
 * JSON of LUKS2 headers and tokens, read in place and strictly.
 *
 * jsmn makes the tokens; before it, a grammar check of our own (jsmn takes much that is not JSON), after it, a check
 * that no object names a member twice: cryptsetup would read the last, another reader the first.
 *
 * A value is its index in ${token}; JSON_NONE is a value that is not there, and every function here takes it.
 */
#ifndef LUKS_JSON_H
#define LUKS_JSON_H

#include "base/bytes.h"

#define JSMN_PARENT_LINKS
#define JSMN_STRICT
#ifndef JSON_IMPLEMENTATION
#define JSMN_HEADER
#else
#define JSMN_STATIC
#endif
#include <jsmn.h>

/* 32 keyslots, 32 tokens and 8 digests as cryptsetup writes them are some 2,500 tokens. */
#define JSON_TOKENS 8192

/* json-c, which cryptsetup reads with, nests as deep. */
#define JSON_DEPTH 32

#define JSON_NONE (-1)
#define JSON_ROOT 0

/* One document: the caller's memory, some 160 KiB, used again for the next one. */
struct json {
	struct bytes text;
	int count;
	jsmntok_t token[JSON_TOKENS];
};

/*
 * json_parse(j, text): one JSON object (RFC 8259) and nothing around it into ${j}; ${text} must outlive ${j}.
 * E_SYNTAX: not JSON, not UTF-8, or not an object; E_TOO_LARGE: more than JSON_TOKENS or deeper than JSON_DEPTH;
 * E_DUPLICATE: an object with two members of one spelling.
 */
enum status json_parse(struct json *j, struct bytes text);

/* json_is(j, v, type): whether ${v} is there and of that type. */
bool json_is(const struct json *j, int v, jsmntype_t type);

/* json_view(j, v): the bytes of ${v}; a string without its quotes, as it is spelled. */
struct bytes json_view(const struct json *j, int v);

/* json_member(j, object, name): the value of that member; JSON_NONE if there is none, or no object. */
int json_member(const struct json *j, int object, const char *name);

/*
 * Walking: json_first() is the first member's name of an object, or the first element of an array; json_value() the
 * value of a name; json_next() what follows a name with its value, or an element.
 */
int json_first(const struct json *j, int v);
int json_value(const struct json *j, int name);
int json_next(const struct json *j, int v);

/* json_size(j, v): number of members or elements; 0 for what is neither. */
int json_size(const struct json *j, int v);

/* json_named(j, v, text): whether string ${v} is spelled exactly so. */
bool json_named(const struct json *j, int v, const char *text);

/* json_escaped(j, v): whether a string is spelled with a backslash, and so means something else than it looks. */
bool json_escaped(const struct json *j, int v);

/* json_text(j, v, out): a string of printable ASCII, at least one, without escapes. */
bool json_text(const struct json *j, int v, struct bytes *out);

/* json_uint(j, v, max, out): a number that is a whole one, 0 to ${max}, without fraction, exponent or sign. */
bool json_uint(const struct json *j, int v, uint64_t max, uint64_t *out);

/* json_text_uint(j, v, max, out): the same in quotes, as LUKS2 spells 64-bit numbers; no leading zeros. */
bool json_text_uint(const struct json *j, int v, uint64_t max, uint64_t *out);

#endif
