/* SPDX-License-Identifier: ISC */
/*
 * What device mapper really set up, against what the LUKS2 header said: "what was checked is what is opened".
 *
 * A second disk of the same UUID, swapped in between, or a header that changed while cryptsetup read it, ends here.
 */
#ifndef AGENT_MAPPING_H
#define AGENT_MAPPING_H

#include "agent/block.h"
#include "luks/metadata.h"

/* No longer: device mapper's names end at 127 characters, and "_dif" comes behind. */
#define MAPPING_NAME_MAX 120

/* What a mapping must be. */
struct mapping_plan {
	struct block_id device;
	uint64_t device_bytes;
	char uuid[37];
	char encryption[METADATA_TEXT_MAX + 1];
	uint64_t offset, iv_tweak; /* bytes; sectors of 512 */
	bool dynamic;
	uint64_t size; /* bytes, when not dynamic */
	uint32_t sector_size;
	bool integrity;
	char integrity_type[METADATA_TEXT_MAX + 1];
};

/* mapping_plan_of(segment, uuid, plan): from what the header says; the device is the caller's to fill in. */
void mapping_plan_of(const struct metadata_segment *segment, const uint8_t uuid[36], struct mapping_plan *plan);

/* One target of a live table, as the kernel tells it. */
struct mapping_target {
	uint64_t start, length; /* sectors of 512 */
	char type[17];
	char *params; /* text; for crypt, the key may stand in it */
};

/*
 * mapping_crypt_fits(t, plan, under): whether that is the dm-crypt target planned.  ${under}: the device it must lie on,
 * which is the plan's, or that of dm-integrity between.  Pure.  Takes the options that change no content:
 * allow_discards, same_cpu_crypt, submit_from_crypt_cpus, no_read_workqueue, no_write_workqueue, high_priority.
 * mapping_integrity_fits(t, plan): the same of dm-integrity.  ${why}: in a few words what differs, or NULL.
 */
bool mapping_crypt_fits(const struct mapping_target *t, const struct mapping_plan *plan, const struct block_id *under, const char **why);
bool mapping_integrity_fits(const struct mapping_target *t, const struct mapping_plan *plan, const char **why);

/*
 * mapping_check(name, plan, id): the live table of /dev/mapper/${name} against the plan; ${id}: the mapping's own device.
 * E_MISMATCH: another one, and it is logged what differs; E_NOT_FOUND: there is no such mapping.
 */
enum status mapping_check(const char *name, const struct mapping_plan *plan, struct block_id *id);

/* mapping_exists(name): whether there is a mapping of that name, whoever made it. */
bool mapping_exists(const char *name);

#endif
