/* SPDX-License-Identifier: ISC */
#include "agent/volume.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>
#include <unistd.h>

#include "agent/cryptsetup.h"
#include "base/file.h"
#include "base/log.h"

/* No keyslot's area is as large: 4000 stripes of a key of 512 bytes are 2 MiB. */
#define AREA_MAX (8U << 20)

/* A device's beginning in memory, and what was decoded from it: views point into it. */
static struct work {
	struct json json;
	struct header header;
	uint8_t *p;
	size_t n;
} work;

static void
release(struct work *w)
{
	if (w->p != NULL)
		munmap(w->p, w->n);
	w->p = NULL;
	w->n = 0;
}

static bool
read_at(int fd, uint64_t offset, uint8_t *to, size_t n)
{
	while (n > 0) {
		ssize_t got = pread(fd, to, n, (off_t)offset);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return false;
		to += got;
		n -= (size_t)got;
		offset += (size_t)got;
	}
	return true;
}

/* How much of the device there is to read; 0: no LUKS2. */
static size_t
extent_of(int fd)
{
	static uint8_t block[HEADER_BINARY_SIZE];
	size_t most = 0;

	for (size_t i = 0; i < HEADER_PLACES; i++) {
		size_t n = read_at(fd, header_places[i], block, sizeof block) ? header_extent(header_places[i], block) : 0;

		if (n > most)
			most = n;
	}
	return most;
}

static enum status
map(size_t n, uint8_t **p)
{
	void *mapped = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	*p = mapped == MAP_FAILED ? NULL : mapped;
	return mapped == MAP_FAILED ? E_MEMORY : OK;
}

/* What its owner does about it. */
static const char *
advice(enum header_fault f)
{
	switch ((int)f) {
	case HEADER_REQUIREMENTS: /* says it itself */
		return "";
	case HEADER_NULL_CIPHER:
		return "; cryptsetup does not do that: find out who did, restore a backup of the header (cryptsetup luksHeaderRestore), then run \"bootgate luks-enroll\"";
	default:
		return "; mend it (cryptsetup repair) or restore a backup of it (cryptsetup luksHeaderRestore), then run \"bootgate luks-enroll\"";
	}
}

/* The header of an open device into ${w}, to be released. */
static enum status
load(struct work *w, int fd, const char *device, bool say, uint64_t *size)
{
	size_t n = extent_of(fd);
	enum header_fault f = HEADER_TRUNCATED;
	enum status s = block_size(fd, size);

	if (s != OK || n == 0)
		return s == OK ? E_NOT_FOUND : s;
	w->n = n < *size ? n : (size_t)*size;
	s = map(w->n, &w->p);
	if (s != OK)
		return s;
	if (read_at(fd, 0, w->p, w->n))
		f = header_decode(bytes_of(w->p, w->n), &w->json, &w->header);
	if (f == HEADER_OK)
		return OK;
	if (say)
		log_warning("%s stays shut: %s%s", device, header_fault_text(f), advice(f));
	release(w);
	return E_SYNTAX;
}

static bool
is_ours(const struct metadata_token *t)
{
	return bytes_equal(t->type, BYTES_STRING(TOKEN_TYPE));
}

static void
take_numbers(const struct metadata *m, struct volume *v)
{
	for (size_t i = 0; i < m->keyslot_count; i++)
		v->keyslots |= 1U << m->keyslot[i].number;
	for (size_t i = 0; i < m->token_count; i++) {
		v->tokens |= 1U << m->token[i].number;
		v->claimed |= m->token[i].keyslots;
		if (is_ours(&m->token[i]))
			v->ours |= 1U << m->token[i].number;
	}
}

static void
take_token(struct work *w, bool say, struct volume *v)
{
	const struct metadata *m = &w->header.now.data;
	const struct metadata_token *t = metadata_token(m, TOKEN_TYPE);
	enum status s;

	if (t == NULL)
		return;
	v->token_number = t->number;
	/* The header is read to its end: its working space is free. */
	s = metadata_token_count(m, TOKEN_TYPE) == 1 ? token_decode(t->json, &w->json, &v->token) : E_DUPLICATE;
	v->has_token = s == OK;
	if (s != OK && say)
		log_warning("%s: its bootgate token is not usable: %s; run: bootgate luks-enroll %s", v->device, status_text(s), v->device);
}

static bool
take_aad(const struct work *w, uint32_t slot, bool say, struct volume *v)
{
	struct buffer aad = BUFFER(v->aad);
	enum header_fault f = header_aad(&w->header, slot, &aad);

	v->aad_n = aad.n;
	if (f != HEADER_OK && say)
		log_warning("%s: keyslot %u: %s%s", v->device, (unsigned)slot, header_fault_text(f), advice(f));
	return f == HEADER_OK;
}

/* ${slot} beyond the last: the token's. */
static enum status
read_volume(const char *device, uint32_t slot, bool say, struct volume *v)
{
	struct work *w = &work;
	struct block_id id;
	uint64_t size;
	int fd;
	enum status s;

	memset(v, 0, sizeof *v);
	if (snprintf(v->device, sizeof v->device, "%s", device) >= (int)sizeof v->device)
		return E_TOO_LARGE;
	s = block_open(device, &fd, &id);
	if (s != OK)
		return s;
	s = load(w, fd, device, say, &size);
	close(fd);
	if (s != OK)
		return s;
	memcpy(v->uuid, w->header.now.uuid, HEADER_UUID_SIZE);
	mapping_plan_of(&w->header.now.data.segment, w->header.now.uuid, &v->plan);
	v->plan.device = id;
	v->plan.device_bytes = size;
	take_numbers(&w->header.now.data, v);
	take_token(w, say, v);
	if (slot < METADATA_KEYSLOTS)
		take_aad(w, slot, say, v);
	else if (v->has_token)
		v->has_token = take_aad(w, v->token.keyslot, say, v);
	release(w);
	return OK;
}

enum status
volume_read(const char *device, struct volume *v)
{
	return read_volume(device, METADATA_KEYSLOTS, true, v);
}

enum status
volume_read_slot(const char *device, uint32_t slot, struct volume *v)
{
	return slot < METADATA_KEYSLOTS ? read_volume(device, slot, true, v) : E_RANGE;
}

static bool
is_wanted(const struct volume *v, const char *const *wanted, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strcasecmp(v->uuid, wanted[i]) == 0)
			return true;
	return false;
}

static bool
same_uuid(const struct volume *a, const struct volume *b)
{
	return strcasecmp(a->uuid, b->uuid) == 0;
}

/* Drops what lies under ${next}; whether ${next} itself lies under one of them. */
static bool
sort_out(struct volume v[VOLUMES_MAX], size_t *n, const struct volume *next)
{
	for (size_t i = 0; i < *n; i++) {
		if (!same_uuid(&v[i], next))
			continue;
		if (block_lies_under(&next->plan.device, &v[i].plan.device))
			return true;
		if (block_lies_under(&v[i].plan.device, &next->plan.device)) {
			memmove(v + i, v + i + 1, (--*n - i) * sizeof *v);
			i--;
		}
	}
	return false;
}

static void
mark_copies(struct volume v[VOLUMES_MAX], size_t n)
{
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < i; k++)
			if (same_uuid(&v[i], &v[k]) && v[i].has_token == v[k].has_token && bytes_equal(bytes_of(v[i].aad, v[i].aad_n), bytes_of(v[k].aad, v[k].aad_n)))
				v[i].copied = v[k].copied = true;
}

enum status
volume_scan(const char *const *wanted, size_t n_wanted, bool say, struct volume v[VOLUMES_MAX], size_t *n)
{
	static struct block list[BLOCK_LIST_MAX];
	static struct volume next;
	size_t blocks;
	enum status s = block_list(list, BLOCK_LIST_MAX, &blocks), full = OK;

	*n = 0;
	/* What a machine has more of is left out, not all of it. */
	if (s == E_TOO_LARGE)
		s = (full = s, OK);
	for (size_t i = 0; s == OK && i < blocks; i++) {
		size_t at;
		bool named;

		if (read_volume(list[i].path, METADATA_KEYSLOTS, say, &next) != OK)
			continue;
		named = is_wanted(&next, wanted, n_wanted);
		if ((!named && !next.has_token) || sort_out(v, n, &next))
			continue;
		at = *n;
		if (at < VOLUMES_MAX)
			++*n;
		else
			/* In the place of one that is not wanted by name. */
			for (full = E_TOO_LARGE, at = 0; at < VOLUMES_MAX && (!named || is_wanted(&v[at], wanted, n_wanted)); at++)
				;
		if (at < VOLUMES_MAX)
			v[at] = next;
	}
	mark_copies(v, *n);
	return s == OK ? full : s;
}

/* The area of a keyslot, from the device into the file in memory. */
static enum status
copy_area(int fd, const struct metadata_keyslot *k, int copy)
{
	struct work area = { .n = (size_t)k->area.size };
	enum status s;

	if (k->area.size > AREA_MAX)
		return E_TOO_LARGE;
	s = map(area.n, &area.p);
	if (s != OK)
		return s;
	if (!read_at(fd, k->area.offset, area.p, area.n) || lseek(copy, (off_t)k->area.offset, SEEK_SET) < 0)
		s = E_IO;
	else
		s = file_write_all(copy, bytes_of(area.p, area.n));
	release(&area);
	return s;
}

/*
 * A file in memory with the header that was loaded and the area of one keyslot: what cryptsetup needs to open it, so that
 * the disk is not asked again.
 */
static enum status
copy_header(const struct work *w, int fd, const struct metadata_keyslot *k, int *copy)
{
	const struct metadata *m = &w->header.now.data;
	enum status s;

	*copy = memfd_create("luks2-header", MFD_CLOEXEC);
	if (*copy < 0)
		return file_status(errno);
	s = ftruncate(*copy, (off_t)(m->keyslots_at + m->keyslots_size)) == 0 ? OK : file_status(errno);
	if (s == OK)
		s = file_write_all(*copy, bytes_of(w->p, (size_t)m->keyslots_at));
	if (s == OK)
		s = copy_area(fd, k, *copy);
	if (s != OK)
		close(*copy);
	return s;
}

static enum status
open_by_token(const struct volume *v, int fd, const char *name, struct bytes key, uint32_t slot)
{
	static uint8_t again[METADATA_AAD_MAX];
	struct work *w = &work;
	struct buffer aad = BUFFER(again);
	uint64_t size;
	int copy = -1;
	enum status s = load(w, fd, v->device, true, &size);

	if (s != OK)
		return s;
	if (header_aad(&w->header, slot, &aad) != HEADER_OK || !bytes_equal(buffer_view(&aad), bytes_of(v->aad, v->aad_n))) {
		log_error("%s: its LUKS2 header changed since it was checked", v->device);
		s = E_MISMATCH;
	}
	if (s == OK)
		s = copy_header(w, fd, metadata_keyslot(&w->header.now.data, slot), &copy);
	release(w);
	if (s != OK)
		return s;
	s = name != NULL ? cryptsetup_open(v->device, copy, name, slot, key) : cryptsetup_test(v->device, copy, slot, key);
	close(copy);
	return s;
}

enum status
volume_open(const struct volume *v, const char *name, struct bytes key, int slot)
{
	int fd;
	enum status s;

	if (mapping_exists(name))
		return E_EXISTS;
	s = block_open_again(v->device, &v->plan.device, &fd);
	if (s != OK)
		return s;
	if (slot >= 0)
		s = open_by_token(v, fd, name, key, (uint32_t)slot);
	else
		s = cryptsetup_open(v->device, -1, name, CRYPTSETUP_ANY_SLOT, key);
	close(fd);
	if (s != OK)
		return s;
	s = volume_check(v, name);
	if (s != OK && volume_close(name) != OK)
		log_error("the mapping %s could not be removed again", name);
	return s;
}

enum status
volume_test(const struct volume *v, struct bytes key)
{
	int fd;
	enum status s = block_open_again(v->device, &v->plan.device, &fd);

	if (s != OK)
		return s;
	s = v->has_token ? open_by_token(v, fd, NULL, key, v->token.keyslot) : E_MISSING;
	close(fd);
	return s;
}

enum status
volume_check(const struct volume *v, const char *name)
{
	struct block_id id;
	int fd;
	enum status s = mapping_check(name, &v->plan, &id);

	if (s != OK)
		return s;
	s = block_open_again(v->device, &v->plan.device, &fd);
	if (s == OK)
		close(fd);
	else
		log_error("%s is not the device any more that was checked", v->device);
	return s;
}

enum status
volume_close(const char *name)
{
	return cryptsetup_close(name);
}

bool
volume_is_open(const char *name)
{
	return mapping_exists(name);
}

/*
 * The installed host.
 */

static enum status
first_free(uint32_t taken, uint32_t *number)
{
	for (*number = 0; *number < 32; ++*number)
		if ((taken >> *number & 1) == 0)
			return OK;
	return E_NO_SPACE;
}

enum status
volume_keyslot_add(const struct volume *v, struct bytes passphrase, struct bytes key, uint32_t *slot)
{
	enum status s = first_free(v->keyslots, slot);

	return s == OK ? cryptsetup_slot_add(v->device, passphrase, *slot, key) : s;
}

enum status
volume_keyslot_kill(const struct volume *v, uint32_t slot)
{
	return cryptsetup_slot_kill(v->device, slot);
}

enum status
volume_token_write(const struct volume *v, const struct token *token, int number)
{
	static uint8_t space[TOKEN_JSON_MAX];
	struct buffer json = BUFFER(space);
	uint32_t at = (uint32_t)number;
	enum status s = token_encode(token, &json);

	if (s == OK && number < 0)
		s = first_free(v->tokens, &at);
	return s == OK ? cryptsetup_token_write(v->device, at, buffer_view(&json), number >= 0) : s;
}

enum status
volume_token_remove(const struct volume *v, uint32_t number)
{
	return cryptsetup_token_remove(v->device, number);
}

enum status
volume_has_passphrase(const struct volume *v, bool *has)
{
	*has = (v->keyslots & ~v->claimed) != 0;
	return OK;
}
