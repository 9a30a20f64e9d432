/* SPDX-License-Identifier: ISC */
/*
 * Why a LUKS2 header is not taken.  Each sentence is what the console says.
 */
#ifndef LUKS_HEADER_FAULT_H
#define LUKS_HEADER_FAULT_H

#define HEADER_FAULT_LIST(X)                                                                                           \
	X(HEADER_OK, "ok")                                                                                             \
	X(HEADER_NONE, "no LUKS2 header")                                                                              \
	X(HEADER_TRUNCATED, "the device ends inside of its LUKS2 header")                                              \
	X(HEADER_CHECKSUM, "both copies of the LUKS2 header are damaged")                                              \
	X(HEADER_CHECKSUM_ALG, "the LUKS2 header's checksum is of another kind than SHA-256")                          \
	X(HEADER_SIZE, "the LUKS2 header is of a size that the specification does not have")                           \
	X(HEADER_TEXT, "a text field of the binary LUKS2 header is malformed")                                         \
	X(HEADER_RESERVED, "reserved bytes of the binary LUKS2 header are not zero")                                   \
	X(HEADER_COPIES_AMBIGUOUS, "the first copy of the LUKS2 header is damaged and there are several second ones")  \
	X(HEADER_COPIES_DIFFER, "two copies of the LUKS2 header with one sequence number differ")                      \
	X(HEADER_COPIES_DISAGREE, "the two copies of the LUKS2 header disagree about this volume")                     \
	X(HEADER_JSON_SYNTAX, "the LUKS2 metadata is not JSON")                                                        \
	X(HEADER_JSON_ZEROS, "the LUKS2 metadata is not followed by zeros")                                            \
	X(HEADER_JSON_LARGE, "the LUKS2 metadata is larger or deeper than bootgate reads")                             \
	X(HEADER_JSON_DUPLICATE, "the LUKS2 metadata names something twice")                                           \
	X(HEADER_JSON_ESCAPE, "the LUKS2 metadata spells something with a backslash")                                  \
	X(HEADER_REQUIREMENTS, "finish the re-encryption, then run \"bootgate luks-enroll\"")                          \
	X(HEADER_NULL_CIPHER, "the LUKS2 header names the null cipher")                                                \
	X(HEADER_CONFIG, "the LUKS2 header's config section is malformed or does not fit the header")                  \
	X(HEADER_SEGMENT, "the LUKS2 header's data segment is malformed")                                              \
	X(HEADER_SEGMENT_COUNT, "the LUKS2 header has another number of data segments than one")                       \
	X(HEADER_SEGMENT_TYPE, "the LUKS2 header's data segment is not of type crypt")                                 \
	X(HEADER_SEGMENT_MEMBER, "the LUKS2 header's data segment has a member unknown to bootgate")                   \
	X(HEADER_SEGMENT_RANGE, "the LUKS2 header's data segment overlaps the header")                                 \
	X(HEADER_KEYSLOT, "a keyslot of the LUKS2 header is malformed")                                                \
	X(HEADER_KEYSLOT_RANGE, "a keyslot's area lies outside of the area for keyslots")                              \
	X(HEADER_KEYSLOT_NONE, "the LUKS2 header has no such keyslot")                                                 \
	X(HEADER_KEYSLOT_UNKNOWN, "the keyslot is of a kind, or has a member, unknown to bootgate")                    \
	X(HEADER_DIGEST, "a digest of the LUKS2 header is malformed")                                                  \
	X(HEADER_DIGEST_NONE, "no digest of the LUKS2 header names the keyslot and the data segment")                  \
	X(HEADER_DIGEST_MANY, "more than one digest of the LUKS2 header names the keyslot or the data segment")        \
	X(HEADER_DIGEST_UNKNOWN, "the keyslot's digest is of a kind, or has a member, unknown to bootgate")            \
	X(HEADER_TOKEN, "a token of the LUKS2 header is malformed")                                                    \
	X(HEADER_SPACE, "the buffer given is too small")

enum header_fault {
#define X(name, text) name,
	HEADER_FAULT_LIST(X)
#undef X
};

/* header_fault_text(f): its sentence; header_fault_name(f): its name as in the list.  Never NULL. */
const char *header_fault_text(enum header_fault f);
const char *header_fault_name(enum header_fault f);

#endif
