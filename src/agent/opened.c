/* SPDX-License-Identifier: ISC */
#include "agent/opened.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/door.h"
#include "base/file.h"
#include "base/log.h"

#define RECORD DOOR_FOLDER "/opened"
#define MEMBERS_MAX 32

static const char *const words[] = { "passphrase ", "approval " };

enum status
opened_set(struct opened *o, const char *name, bool approved)
{
	size_t i = 0;

	while (i < o->n && strcmp(o->one[i].name, name) != 0)
		i++;
	if (i == VOLUMES_MAX || strlen(name) >= sizeof o->one[i].name)
		return E_TOO_LARGE;
	if (i == o->n)
		snprintf(o->one[o->n++].name, sizeof o->one[i].name, "%s", name);
	o->one[i].approved = approved;
	return OK;
}

static enum status
parse_line(char *line, struct opened *o)
{
	for (size_t i = 0; i < 2; i++) {
		size_t n = strlen(words[i]);

		if (strncmp(line, words[i], n) == 0 && line[n] != '\0')
			return opened_set(o, line + n, i == 1);
	}
	return E_SYNTAX;
}

enum status
opened_parse(struct bytes text, struct opened *o)
{
	char copy[OPENED_TEXT_MAX + 1];
	enum status s = OK;

	memset(o, 0, sizeof *o);
	if (text.n >= sizeof copy)
		return E_TOO_LARGE;
	if (text.n > 0)
		memcpy(copy, text.p, text.n);
	copy[text.n] = '\0';
	for (char *save = NULL, *line = strtok_r(copy, "\n", &save); s == OK && line != NULL; line = strtok_r(NULL, "\n", &save))
		s = parse_line(line, o);
	return s;
}

enum status
opened_print(const struct opened *o, struct buffer *out)
{
	for (size_t i = 0; i < o->n; i++) {
		const char *word = words[o->one[i].approved];

		buffer_bytes(out, bytes_of(word, strlen(word)));
		buffer_bytes(out, bytes_of(o->one[i].name, strlen(o->one[i].name)));
		buffer_u8(out, '\n');
	}
	return out->failed;
}

static enum status
load(struct opened *o)
{
	uint8_t text[OPENED_TEXT_MAX];
	struct buffer b = BUFFER(text);
	enum status s = file_read(RECORD, &b);

	memset(o, 0, sizeof *o);
	if (s == E_NOT_FOUND)
		return OK;
	return s == OK ? opened_parse(buffer_view(&b), o) : s;
}

enum status
opened_note(const char *name, bool approved)
{
	uint8_t text[OPENED_TEXT_MAX];
	struct buffer b = BUFFER(text);
	struct opened o;
	enum status s = load(&o);

	if (s == OK)
		s = opened_set(&o, name, approved);
	if (s == OK)
		s = opened_print(&o, &b);
	mkdir(DOOR_FOLDER, 0755);
	if (s == OK)
		s = file_write(RECORD, buffer_view(&b), 0644);
	if (s != OK)
		log_error("%s: %s", RECORD, status_text(s));
	return s;
}

enum status
opened_close_approved(void)
{
	struct opened o;
	enum status first = load(&o);

	for (size_t i = 0; i < o.n; i++) {
		enum status s;

		if (!o.one[i].approved || !volume_is_open(o.one[i].name))
			continue;
		s = volume_close(o.one[i].name);
		if (s == OK)
			log_warning("%s: closed again; it was opened by approval, not by a person", o.one[i].name);
		else
			log_error("%s: opened by approval, and cannot be closed: %s", o.one[i].name, status_text(s));
		if (first == OK)
			first = s;
	}
	return first;
}

/* The mappings on record that are there. */
static size_t
list_devices(const struct opened *o, struct block_id id[VOLUMES_MAX])
{
	char path[sizeof "/dev/mapper/" + VOLUME_NAME_MAX];
	size_t n = 0;
	int fd;

	for (size_t i = 0; i < o->n; i++) {
		snprintf(path, sizeof path, "/dev/mapper/%s", o->one[i].name);
		if (block_open(path, &fd, &id[n]) != OK)
			continue;
		close(fd);
		n++;
	}
	return n;
}

enum status
opened_check_root(const char *device)
{
	static struct block member[MEMBERS_MAX];
	struct block_id id[VOLUMES_MAX];
	struct opened o;
	char odd[BLOCK_PATH_MAX] = "";
	size_t n = 0, ids = 0;
	enum status s = load(&o);

	if (s == OK) {
		ids = list_devices(&o, id);
		s = block_btrfs_members(device, member, MEMBERS_MAX, &n);
	}
	for (size_t i = 0; s == OK && i < n; i++)
		s = block_rests_on(member[i].major, member[i].minor, id, ids, odd);
	if (s == OK)
		return OK;
	log_warning("the root %s is not made of volumes that bootgate opened: %s", device, odd[0] != '\0' ? odd : status_text(s));
	return E_MISMATCH;
}
