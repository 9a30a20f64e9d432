/* SPDX-License-Identifier: ISC */
#include "agent/mapping.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/dm-ioctl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/memory.h"

#define ANSWER_SIZE 16384

static void
copy_text(struct bytes from, char *to, size_t size)
{
	size_t n = from.n < size - 1 ? from.n : size - 1;

	if (n > 0)
		memcpy(to, from.p, n);
	to[n] = '\0';
}

void
mapping_plan_of(const struct metadata_segment *segment, const uint8_t uuid[36], struct mapping_plan *plan)
{
	memset(plan, 0, sizeof *plan);
	copy_text(bytes_of(uuid, 36), plan->uuid, sizeof plan->uuid);
	copy_text(segment->encryption, plan->encryption, sizeof plan->encryption);
	copy_text(segment->integrity_type, plan->integrity_type, sizeof plan->integrity_type);
	plan->offset = segment->offset;
	plan->iv_tweak = segment->iv_tweak;
	plan->dynamic = segment->dynamic;
	plan->size = segment->size;
	plan->sector_size = segment->sector_size;
	plan->integrity = segment->integrity;
}

/*
 * Parameters: words with single spaces between.
 */

struct words {
	char *at;
};

static const char *
next_word(struct words *w)
{
	char *word = w->at, *end;

	if (*word == '\0')
		return "";
	end = strchr(word, ' ');
	if (end == NULL) {
		w->at = word + strlen(word);
	} else {
		*end = '\0';
		w->at = end + 1;
	}
	return word;
}

static bool
word_is_number(const char *word, uint64_t want)
{
	char text[24];

	snprintf(text, sizeof text, "%" PRIu64, want);
	return strcmp(word, text) == 0;
}

static bool
word_is_device(const char *word, const struct block_id *want)
{
	char text[24];

	snprintf(text, sizeof text, "%" PRIu32 ":%" PRIu32, want->major, want->minor);
	return strcmp(word, text) == 0;
}

/* What the options of dm-crypt say; each is known, or the table is another one. */
struct options {
	bool sector_size, integrity;
};

static bool
option_fits(const char *word, const struct mapping_plan *plan, struct options *seen)
{
	static const char *const harmless[] = {
		"allow_discards", "same_cpu_crypt", "submit_from_crypt_cpus", "no_read_workqueue", "no_write_workqueue", "high_priority"
	};
	const char *type;

	for (size_t i = 0; i < sizeof harmless / sizeof *harmless; i++)
		if (strcmp(word, harmless[i]) == 0)
			return true;
	if (strncmp(word, "sector_size:", 12) == 0) {
		seen->sector_size = true;
		return word_is_number(word + 12, plan->sector_size);
	}
	if (strncmp(word, "integrity:", 10) != 0 || (type = strchr(word + 10, ':')) == NULL)
		return false;
	seen->integrity = true;
	return plan->integrity && strcmp(type + 1, strcmp(plan->integrity_type, "none") == 0 ? "none" : "aead") == 0;
}

static bool
options_fit(struct words *w, const struct mapping_plan *plan)
{
	struct options seen = { false, false };
	const char *count = next_word(w);
	unsigned long n = strtoul(count, NULL, 10);

	for (unsigned long i = 0; i < n; i++)
		if (!option_fits(next_word(w), plan, &seen))
			return false;
	return *w->at == '\0' && seen.integrity == plan->integrity && (seen.sector_size || plan->sector_size == 512);
}

/*
 * The cipher as it stands in the table: as in the header; but with integrity, where that gives CIPHER-MODE-IV and a type,
 * the kernel is told capi:AEAD(MODE(CIPHER))-IV.
 */
static void
table_cipher(const struct mapping_plan *plan, char *out, size_t size)
{
	static const struct {
		const char *type, *mode, *before, *after;
	} forms[] = {
		{ "none", NULL, "", "" },
		{ "aead", "ccm", "rfc4309(", ")" },
		{ "aead", NULL, "", "" },
		{ "poly1305", NULL, "rfc7539(", ",poly1305)" },
	};
	char cipher[METADATA_TEXT_MAX + 1], capi[2 * METADATA_TEXT_MAX], *mode, *iv;

	snprintf(cipher, sizeof cipher, "%s", plan->encryption);
	mode = strchr(cipher, '-');
	if (!plan->integrity || mode == NULL) {
		snprintf(out, size, "%s", plan->encryption);
		return;
	}
	*mode++ = '\0';
	iv = strchr(mode, '-');
	if (iv != NULL) {
		*iv++ = '\0';
		snprintf(capi, sizeof capi, "%s(%s)", mode, cipher);
	} else {
		iv = mode;
		snprintf(capi, sizeof capi, "%s", cipher);
	}
	for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
		if (strcmp(forms[i].type, plan->integrity_type) == 0 && (forms[i].mode == NULL || strcmp(forms[i].mode, mode) == 0)) {
			snprintf(out, size, "capi:%s%s%s-%s", forms[i].before, capi, forms[i].after, iv);
			return;
		}
	}
	snprintf(out, size, "capi:authenc(%s,%s)-%s", plan->integrity_type, capi, iv);
}

/* In sectors of 512; not planned where dm-integrity lies between, for it takes room of its own. */
static uint64_t
planned_length(const struct mapping_plan *plan)
{
	uint64_t bytes = plan->dynamic ? plan->device_bytes - plan->offset : plan->size;

	if (plan->dynamic && plan->device_bytes < plan->offset)
		return 0;
	return bytes / plan->sector_size * plan->sector_size / 512;
}

bool
mapping_crypt_fits(const struct mapping_target *t, const struct mapping_plan *plan, const struct block_id *under, const char **why)
{
	struct words w = { t->params };
	const char *cipher = next_word(&w), *device;
	char planned[4 * METADATA_TEXT_MAX];
	bool tweak;

	next_word(&w);
	tweak = word_is_number(next_word(&w), plan->iv_tweak);
	device = next_word(&w);
	table_cipher(plan, planned, sizeof planned);
	*why = NULL;
	if (strcmp(t->type, "crypt") != 0)
		*why = "the kind of mapping";
	else if (t->start != 0 || (!plan->integrity && t->length != planned_length(plan)))
		*why = "the size";
	else if (strcmp(cipher, planned) != 0)
		*why = "the cipher";
	else if (!tweak)
		*why = "the start of the IV";
	else if (!word_is_device(device, under))
		*why = "the device";
	else if (!word_is_number(next_word(&w), plan->integrity ? 0 : plan->offset / 512))
		*why = "the offset";
	else if (!options_fit(&w, plan))
		*why = "sector size, integrity or an option";
	return *why == NULL;
}

bool
mapping_integrity_fits(const struct mapping_target *t, const struct mapping_plan *plan, const char **why)
{
	struct words w = { t->params };

	*why = NULL;
	if (strcmp(t->type, "integrity") != 0 || t->start != 0)
		*why = "the kind of mapping";
	else if (!word_is_device(next_word(&w), &plan->device))
		*why = "the device";
	else if (!word_is_number(next_word(&w), plan->offset / 512))
		*why = "the offset";
	return *why == NULL;
}

/*
 * Device mapper's ioctl.
 */

union answer {
	struct dm_ioctl head;
	char bytes[ANSWER_SIZE];
};

static enum status
ask(unsigned long command, const char *name, uint32_t flags, union answer *a)
{
	int fd = open("/dev/mapper/control", O_RDWR | O_CLOEXEC);
	enum status s;

	if (fd < 0)
		return file_status(errno);
	memset(a, 0, sizeof *a);
	a->head.version[0] = DM_VERSION_MAJOR;
	a->head.data_size = sizeof *a;
	a->head.data_start = sizeof a->head;
	a->head.flags = flags | DM_SECURE_DATA_FLAG;
	snprintf(a->head.name, sizeof a->head.name, "%s", name);
	s = syscall(SYS_ioctl, fd, command, a) == 0 ? OK : file_status(errno);
	close(fd);
	if (s == OK && (a->head.flags & DM_BUFFER_FULL_FLAG) != 0)
		s = E_TOO_LARGE;
	return s;
}

static void
identify(const struct dm_ioctl *head, struct block_id *id)
{
	memset(id, 0, sizeof *id);
	id->major = (uint32_t)major((dev_t)head->dev);
	id->minor = (uint32_t)minor((dev_t)head->dev);
}

/* The one target of a live table; ${t} points into ${a}. */
static enum status
read_target(const char *name, union answer *a, struct mapping_target *t)
{
	enum status s = ask(DM_TABLE_STATUS, name, DM_STATUS_TABLE_FLAG, a);
	struct dm_target_spec spec;
	size_t at;

	if (s != OK)
		return s;
	at = a->head.data_start;
	if (a->head.target_count != 1 || at > sizeof a->bytes - sizeof spec - 1)
		return E_MISMATCH;
	memcpy(&spec, a->bytes + at, sizeof spec);
	a->bytes[sizeof a->bytes - 1] = '\0';
	t->start = spec.sector_start;
	t->length = spec.length;
	copy_text(bytes_of(spec.target_type, strnlen(spec.target_type, sizeof spec.target_type)), t->type, sizeof t->type);
	t->params = a->bytes + at + sizeof spec;
	return OK;
}

static enum status
report(const char *name, const char *why)
{
	if (why == NULL)
		return OK;
	log_error("the mapping %s is not what the LUKS2 header that was checked says: %s", name, why);
	return E_MISMATCH;
}

/* "CRYPT-LUKS2-" and the UUID's digits: what cryptsetup calls its own. */
static bool
made_for(const struct dm_ioctl *head, const struct mapping_plan *plan)
{
	char want[64] = "CRYPT-LUKS2-";
	size_t n = strlen(want);

	for (const char *c = plan->uuid; *c != '\0' && n < sizeof want - 2; c++)
		if (*c != '-')
			want[n++] = *c;
	want[n++] = '-';
	want[n] = '\0';
	return strncmp(head->uuid, want, n) == 0;
}

static enum status
integrity_check(const char *name, const struct mapping_plan *plan, struct block_id *id)
{
	static union answer a;
	struct mapping_target t;
	char below[MAPPING_NAME_MAX + 8];
	const char *why = NULL;
	enum status s;

	snprintf(below, sizeof below, "%s_dif", name);
	s = read_target(below, &a, &t);
	if (s == OK) {
		identify(&a.head, id);
		mapping_integrity_fits(&t, plan, &why);
		s = report(below, why);
	}
	memory_wipe(&a, sizeof a);
	return s;
}

enum status
mapping_check(const char *name, const struct mapping_plan *plan, struct block_id *id)
{
	static union answer a;
	struct block_id under = plan->device;
	struct mapping_target t;
	const char *why = NULL;
	enum status s = OK;

	memset(id, 0, sizeof *id);
	if (strlen(name) > MAPPING_NAME_MAX)
		return E_TOO_LARGE;
	if (plan->integrity)
		s = integrity_check(name, plan, &under);
	if (s == OK)
		s = read_target(name, &a, &t);
	if (s == OK) {
		identify(&a.head, id);
		if (!made_for(&a.head, plan))
			why = "its UUID";
		else
			mapping_crypt_fits(&t, plan, &under, &why);
		s = report(name, why);
	}
	memory_wipe(&a, sizeof a);
	return s;
}

bool
mapping_exists(const char *name)
{
	static union answer a;

	return ask(DM_DEV_STATUS, name, 0, &a) == OK;
}
