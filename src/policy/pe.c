/* SPDX-License-Identifier: ISC */
#include "policy/pe.h"

#include <string.h>

#define DOS_HEADER_SIZE 64
#define DOS_PE_OFFSET_AT 0x3c
#define COFF_SIZE 20
#define SECTION_SIZE 40
#define MAGIC_PE32 0x10b
#define MAGIC_PE32_PLUS 0x20b
#define SIZE_OF_HEADERS_AT 60
#define CHECKSUM_AT 64
#define CHECKSUM_SIZE 4
#define DIRECTORIES_PE32_AT 96
#define DIRECTORIES_PE32_PLUS_AT 112
#define DIRECTORY_SIZE 8
#define DIRECTORY_CERTIFICATES 4

static struct bytes
part(struct bytes in, size_t from, size_t to)
{
	return bytes_of(in.p + from, to - from);
}

/* A reader that stands at ${at}, or has failed. */
static struct reader
reader_at(struct bytes in, size_t at)
{
	struct reader r = reader_of(in);

	(void)reader_take(&r, at);
	return r;
}

static enum status
decode_certificates(struct pe *pe, uint32_t offset, uint32_t size)
{
	if (size == 0)
		return OK;
	if (offset < pe->headers || offset > pe->file.n || size != pe->file.n - offset)
		return E_RANGE;
	pe->certificates = part(pe->file, offset, pe->file.n);
	return OK;
}

/* The optional header, of which only four fields matter here. */
static enum status
decode_optional(struct pe *pe, size_t at, size_t size)
{
	struct reader r = reader_at(pe->file, at);
	uint16_t magic = reader_le16(&r);
	size_t directories_at = magic == MAGIC_PE32 ? DIRECTORIES_PE32_AT : DIRECTORIES_PE32_PLUS_AT;
	size_t entry = directories_at + DIRECTORY_CERTIFICATES * DIRECTORY_SIZE;
	uint32_t directories, offset, n;

	if (magic != MAGIC_PE32 && magic != MAGIC_PE32_PLUS)
		return r.failed != OK ? r.failed : E_MAGIC;
	r = reader_at(pe->file, at + SIZE_OF_HEADERS_AT);
	pe->headers = reader_le32(&r);
	pe->checksum_at = at + CHECKSUM_AT;
	r = reader_at(pe->file, at + directories_at - 4);
	directories = reader_le32(&r);
	if (r.failed != OK)
		return r.failed;
	if (size < directories_at || pe->headers > pe->file.n || directories > (size - directories_at) / DIRECTORY_SIZE)
		return E_RANGE;
	if (directories <= DIRECTORY_CERTIFICATES)
		return OK;
	pe->directory_at = at + entry;
	r = reader_at(pe->file, pe->directory_at);
	offset = reader_le32(&r);
	n = reader_le32(&r);
	return r.failed != OK ? r.failed : decode_certificates(pe, offset, n);
}

static enum status
decode_section(struct pe *pe, struct reader *r, struct pe_section *s)
{
	size_t end = pe->file.n - pe->certificates.n;
	uint32_t size;

	memset(s, 0, sizeof *s);
	reader_copy(r, s->name, PE_SECTION_NAME_MAX);
	s->virtual_size = reader_le32(r);
	s->address = reader_le32(r);
	size = reader_le32(r);
	s->offset = reader_le32(r);
	(void)reader_take(r, SECTION_SIZE - 24);
	if (r->failed != OK || size == 0)
		return r->failed;
	if (s->offset < pe->headers || s->offset > end || size > end - s->offset)
		return E_RANGE;
	s->raw = part(pe->file, s->offset, (size_t)s->offset + size);
	return OK;
}

/* The section with data that comes next in the file, from ${from} on; NULL after the last. */
static const struct pe_section *
next_in_file(const struct pe *pe, size_t from)
{
	const struct pe_section *next = NULL;

	for (size_t i = 0; i < pe->sections; i++) {
		const struct pe_section *s = &pe->section[i];

		if (s->raw.n > 0 && s->offset >= from && (next == NULL || s->offset < next->offset))
			next = s;
	}
	return next;
}

static enum status
check_overlaps(const struct pe *pe)
{
	size_t with_data = 0, reached = 0, end = 0;

	for (size_t i = 0; i < pe->sections; i++)
		with_data += pe->section[i].raw.n > 0 ? 1u : 0u;
	for (const struct pe_section *s = next_in_file(pe, 0); s != NULL; s = next_in_file(pe, end)) {
		end = s->offset + s->raw.n;
		reached++;
	}
	return reached == with_data ? OK : E_DUPLICATE;
}

enum status
pe_decode(struct bytes in, struct pe *pe)
{
	struct reader r;
	uint32_t at;
	uint16_t sections, optional;
	enum status s;

	memset(pe, 0, sizeof *pe);
	pe->file = in;
	r = reader_of(in);
	if (reader_u8(&r) != 'M' || reader_u8(&r) != 'Z')
		return r.failed != OK ? r.failed : E_MAGIC;
	r = reader_at(in, DOS_PE_OFFSET_AT);
	at = reader_le32(&r);
	r = reader_at(in, at);
	if (reader_be32(&r) != UINT32_C(0x50450000))
		return r.failed != OK ? r.failed : E_MAGIC;
	(void)reader_take(&r, 2);
	sections = reader_le16(&r);
	(void)reader_take(&r, 12);
	optional = reader_le16(&r);
	(void)reader_take(&r, 2);
	if (r.failed != OK)
		return r.failed;
	if (sections > PE_SECTIONS_MAX)
		return E_TOO_LARGE;
	s = decode_optional(pe, r.at, optional);
	if (s != OK)
		return s;
	(void)reader_take(&r, optional);
	for (; pe->sections < sections; pe->sections++) {
		s = decode_section(pe, &r, &pe->section[pe->sections]);
		if (s != OK)
			return s;
	}
	if (r.failed != OK || r.at > pe->headers)
		return r.failed != OK ? r.failed : E_RANGE;
	return check_overlaps(pe);
}

struct digest
pe_authenticode(const struct pe *pe, enum hash_alg alg)
{
	struct digest d = { .alg = alg };
	struct hash h;
	size_t after_checksum = pe->checksum_at + CHECKSUM_SIZE, hashed = pe->headers, end = 0;

	hash_begin(&h, alg);
	hash_add(&h, part(pe->file, 0, pe->checksum_at));
	if (pe->directory_at == 0) {
		hash_add(&h, part(pe->file, after_checksum, pe->headers));
	} else {
		hash_add(&h, part(pe->file, after_checksum, pe->directory_at));
		hash_add(&h, part(pe->file, pe->directory_at + DIRECTORY_SIZE, pe->headers));
	}
	for (const struct pe_section *s = next_in_file(pe, 0); s != NULL; s = next_in_file(pe, end)) {
		hash_add(&h, s->raw);
		hashed += s->raw.n;
		end = s->offset + s->raw.n;
	}
	/* What follows the sections counts too; firmware finds it by the number of bytes hashed so far. */
	if (hashed < pe->file.n - pe->certificates.n)
		hash_add(&h, part(pe->file, hashed, pe->file.n - pe->certificates.n));
	d.n = hash_end(&h, d.p);
	return d;
}

const struct pe_section *
pe_section_find(const struct pe *pe, const char *name)
{
	for (size_t i = 0; i < pe->sections; i++)
		if (strcmp(pe->section[i].name, name) == 0)
			return &pe->section[i];
	return NULL;
}

enum status
pe_section_content(const struct pe_section *s, struct bytes *content)
{
	if (s->virtual_size > s->raw.n)
		return E_UNSUPPORTED;
	*content = bytes_of(s->raw.p, s->virtual_size);
	return OK;
}

static enum status
uki_content(const struct pe *pe, const char *name, struct bytes *content)
{
	const struct pe_section *s = pe_section_find(pe, name);

	if (s == NULL)
		return OK;
	for (const struct pe_section *t = s + 1; t < pe->section + pe->sections; t++)
		if (strcmp(t->name, name) == 0)
			return E_DUPLICATE;
	return pe_section_content(s, content);
}

enum status
pe_uki_decode(struct bytes in, struct pe_uki *u)
{
	struct pe pe;
	enum status s = pe_decode(in, &pe);

	memset(u, 0, sizeof *u);
	if (s != OK)
		return s;
	for (size_t i = 0; i < PE_UKI_SECTIONS && event_linux_sections[i] != NULL; i++) {
		s = uki_content(&pe, event_linux_sections[i], &u->content[i]);
		if (s != OK)
			return s;
		if (strcmp(event_linux_sections[i], ".initrd") == 0)
			u->initrd = u->content[i];
		if (strcmp(event_linux_sections[i], ".cmdline") == 0)
			u->command_line = u->content[i];
	}
	if (u->content[0].n == 0)
		return E_MISSING;
	u->image = pe_authenticode(&pe, HASH_SHA256);
	s = pe_decode(u->content[0], &pe);
	if (s != OK)
		return s;
	u->kernel = pe_authenticode(&pe, HASH_SHA256);
	return OK;
}
