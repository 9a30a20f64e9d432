/* SPDX-License-Identifier: ISC */
/*
 * The LUKS2 header, read strictly.  (LUKS2 On-Disk Format Specification 1.1)
 *
 *	0              4096                  S              S + 4096               2 S
 *	| binary header | JSON, zeros to S   | binary header | JSON, zeros to 2 S  | keyslots' areas ... | data
 *	  "LUKS\xba\xbe"                       "SKUL\xba\xbe"
 *
 *	0 magic[6]  6 version  8 hdr_size  16 seqid  24 label[48]  72 csum_alg[32]  104 salt[64]  168 uuid[40]
 *	208 subsystem[48]  256 hdr_offset  264 reserved  448 csum[64]  512 reserved; big endian
 *
 * A disk is a stranger's work.  cryptsetup will read the same header again and has rules of its own about which copy it
 * takes, so nothing here may depend on the two readers' agreeing about that:
 *
 * - A copy whose magic, version, place or checksum is wrong is none, here as there.
 * - A copy whose checksum is right but that this reader does not take is a refusal, never passed over.
 * - Of two copies of one seqid everything but magic, place, salt and checksum must be equal.
 * - Of two copies of different seqid the higher one is the header, but header_aad() asks both, and they must agree.
 */
#ifndef LUKS_HEADER_H
#define LUKS_HEADER_H

#include "luks/metadata.h"

#define HEADER_BINARY_SIZE 4096
#define HEADER_COPY_MAX (4U << 20)
#define HEADER_UUID_SIZE 36

/* One copy.  Views point into the bytes decoded. */
struct header_copy {
	uint64_t size, seqid;
	uint8_t uuid[HEADER_UUID_SIZE];
	struct metadata data;
};

/* All views point into the bytes given to header_decode(), which must outlive it.  Some 15 KiB: not for small stacks. */
struct header {
	struct header_copy now;
	bool two;                 /* there is a second good copy, of a lower seqid: */
	enum header_fault before; /* how reading that one went */
	struct header_copy then;
};

/*
 * How much of the device to read: HEADER_BINARY_SIZE bytes at each of the header_places, given one by one as ${block} to
 * header_extent(place, block), each of which answers how many bytes from the device's beginning the decoder will want
 * if there is a copy of the header at ${place}, 0 if there is none.  The largest answer counts; only zeros: no LUKS2.
 * At most 2 * HEADER_COPY_MAX.
 */
#define HEADER_PLACES 10
extern const uint32_t header_places[HEADER_PLACES];
size_t header_extent(uint32_t place, const uint8_t block[HEADER_BINARY_SIZE]);

/*
 * header_decode(in, j, h): the header in ${in}, the beginning of a device, into ${h}.  ${j} is working space.
 * Refuses what the rules above and metadata_decode() say.
 */
enum header_fault header_decode(struct bytes in, struct json *j, struct header *h);

/*
 * header_aad(h, slot, out): appends metadata_aad() of keyslot ${slot}.  When there are two copies of different seqid,
 * both must give the same bytes (HEADER_COPIES_DISAGREE).  ${out} is as before when it fails.
 */
enum header_fault header_aad(const struct header *h, uint32_t slot, struct buffer *out);

#endif
