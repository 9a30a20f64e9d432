/* SPDX-License-Identifier: ISC */
/*
 * Which mappings bootgate made in this boot, and how: a line "approval NAME" or "passphrase NAME" each in /run/bootgate/opened.
 *
 * What was opened by approval is honest data that nobody at the console has shown a right to: it is closed before a shell starts,
 * and before a root that bootgate did not open is mounted.
 */
#ifndef AGENT_OPENED_H
#define AGENT_OPENED_H

#include "agent/volume.h"

#define OPENED_TEXT_MAX (VOLUMES_MAX * (VOLUME_NAME_MAX + 12))

struct opened {
	size_t n;
	struct opened_one {
		bool approved;
		char name[VOLUME_NAME_MAX];
	} one[VOLUMES_MAX];
};

/* opened_parse(text, o), opened_print(o, out): the file's content. E_SYNTAX, E_TOO_LARGE. opened_set(o, name, approved): add or change one. Pure. */
enum status opened_parse(struct bytes text, struct opened *o);
enum status opened_print(const struct opened *o, struct buffer *out);
enum status opened_set(struct opened *o, const char *name, bool approved);

/* opened_note(name, approved): on record, before the mapping is made. */
enum status opened_note(const char *name, bool approved);

/* opened_close_approved(): closes what was opened by approval and is still there. The first failure, after all were tried. */
enum status opened_close_approved(void);

/*
 * opened_check_root(device): whether all that ${device} is made of, a btrfs with all its members, are mappings on record.
 * E_MISMATCH, said, when not; also for what is no block device.
 */
enum status opened_check_root(const char *device);

#endif
