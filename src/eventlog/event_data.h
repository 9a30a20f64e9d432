/* SPDX-License-Identifier: ISC */
/*
 * What the data of an event say, by its type.  Only what a policy or a reader needs.  (PFP 10.2 and 10.4; UEFI 2.10)
 *
 * Nothing here asks whether the event's digest covers the data: these are for showing.  For deciding see event_cover.h.
 * All decoders: E_TYPE for an event of another type, E_TRUNCATED, E_RANGE for counts that cannot be; views point into the event.
 */
#ifndef EVENTLOG_EVENT_DATA_H
#define EVENTLOG_EVENT_DATA_H

#include "eventlog/event.h"

#define EVENT_DATA_GUID_SIZE 16
#define EVENT_DATA_GUID_TEXT_SIZE 37
#define EVENT_DATA_SIGNATURE_SIZE 16

/* event_data_signed(ev, signature): whether ${ev} is an EV_NO_ACTION event whose data begin with that text. */
bool event_data_signed(const struct event *ev, const char *signature);

/* event_data_locality(ev, locality): of an EV_NO_ACTION event "StartupLocality" (10.4.5.3). Refuses PCRs but 0, localities but 0, 3, 4. */
enum status event_data_locality(const struct event *ev, uint8_t *locality);

/*
 * UEFI_VARIABLE_DATA (10.2.6): guid 16 | name length 8, in 16-bit units | data length 8 | name | data.
 * In events of the types EV_EFI_VARIABLE_DRIVER_CONFIG, _BOOT, _BOOT2 and _AUTHORITY.
 */
struct event_data_variable {
	struct bytes guid;
	struct bytes name; /* UTF-16LE, without a NUL */
	struct bytes value;
	struct bytes whole; /* the structure; old shims log some bytes more */
};
enum status event_data_variable(const struct event *ev, struct event_data_variable *v);

/* event_data_variable_is(v, guid, name): whether it has this GUID (in memory order) and this ASCII name. */
bool event_data_variable_is(const struct event_data_variable *v, const uint8_t guid[EVENT_DATA_GUID_SIZE], const char *name);

/* 8be4df61-93ca-11d2-aa0d-00e098032b8c: SecureBoot, PK, KEK, Boot....  d719b2cb-3d3a-4596-a3bc-dad00e67656f: db, dbx, dbr, dbt. */
extern const uint8_t event_data_guid_global[EVENT_DATA_GUID_SIZE];
extern const uint8_t event_data_guid_security[EVENT_DATA_GUID_SIZE];

/* UEFI_IMAGE_LOAD_EVENT (10.2.3): base 8 | length 8 | linked address 8 | path length 8 | device path. The digest is the Authenticode one. */
struct event_data_image {
	uint64_t base, length;
	struct bytes path;
};
enum status event_data_image(const struct event *ev, struct event_data_image *image);

/* UEFI_GPT_DATA (10.2.7): GPT header 92 | number of partitions 8 | partition entries, each of the size that the header gives. */
struct event_data_gpt {
	struct bytes disk; /* GUID */
	size_t partitions, entry_size;
	struct bytes entries;
};
struct event_data_partition {
	struct bytes type, id; /* GUIDs */
	uint64_t first, last, attributes;
	struct bytes name; /* UTF-16LE, cut at the first NUL */
};
enum status event_data_gpt(const struct event *ev, struct event_data_gpt *gpt);
enum status event_data_partition(const struct event_data_gpt *gpt, size_t i, struct event_data_partition *p);

/* Tagged event (10.2.8): id 4 | size 4 | data.  Windows strings several together: ${rest}. */
struct event_data_tag {
	uint32_t id;
	struct bytes data, rest;
};
enum status event_data_tag(const struct event *ev, struct event_data_tag *tag);

/* UEFI_PLATFORM_FIRMWARE_BLOB (10.2.5): base 8 | length 8; _BLOB2 with a counted description before. Also in EV_POST_CODE, S_CRTM_CONTENTS. */
struct event_data_blob {
	struct bytes description; /* ASCII; empty in the old form */
	uint64_t base, length;
};
enum status event_data_blob(const struct event *ev, struct event_data_blob *blob);

/* UEFI_HANDOFF_TABLE_POINTERS (10.2.4): number 8 | (GUID 16 | address 8) each; _TABLES2 with a counted description before. */
struct event_data_tables {
	struct bytes description;
	size_t tables;
	struct bytes entries; /* 24 bytes each */
};
enum status event_data_tables(const struct event *ev, struct event_data_tables *t);

/* event_data_guid_text(guid, out): "8be4df61-93ca-11d2-aa0d-00e098032b8c"; "" when ${guid} has not 16 bytes. */
const char *event_data_guid_text(struct bytes guid, char out[EVENT_DATA_GUID_TEXT_SIZE]);

#endif
