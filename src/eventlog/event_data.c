/* SPDX-License-Identifier: ISC */
#include "eventlog/event_data.h"

#include <stdio.h>
#include <string.h>

#define GPT_HEADER_SIZE 92
#define GPT_ENTRY_SIZE_MIN 128
#define TABLE_SIZE 24
#define BLOB_SIZE 16

const uint8_t event_data_guid_global[EVENT_DATA_GUID_SIZE] = {
	0x61, 0xdf, 0xe4, 0x8b, 0xca, 0x93, 0xd2, 0x11, 0xaa, 0x0d, 0x00, 0xe0, 0x98, 0x03, 0x2b, 0x8c,
};
const uint8_t event_data_guid_security[EVENT_DATA_GUID_SIZE] = {
	0xcb, 0xb2, 0x19, 0xd7, 0x3a, 0x3d, 0x96, 0x45, 0xa3, 0xbc, 0xda, 0xd0, 0x0e, 0x67, 0x65, 0x6f,
};

bool
event_data_signed(const struct event *ev, const char *signature)
{
	size_t n = strlen(signature);

	return ev->type == EV_NO_ACTION && ev->data.n >= n && memcmp(ev->data.p, signature, n) == 0;
}

enum status
event_data_locality(const struct event *ev, uint8_t *locality)
{
	*locality = 0;
	if (!event_data_signed(ev, "StartupLocality"))
		return E_TYPE;
	if (ev->data.n <= EVENT_DATA_SIGNATURE_SIZE)
		return E_TRUNCATED;
	*locality = ev->data.p[EVENT_DATA_SIGNATURE_SIZE];
	if (ev->pcr != 0 || (*locality != 0 && *locality != 3 && *locality != 4))
		return E_RANGE;
	return OK;
}

/* ${n} units of ${size} bytes, where ${n} comes from the log. */
static struct bytes
take_units(struct reader *r, uint64_t n, size_t size)
{
	if (n > reader_left(r) / size) {
		reader_fail(r, E_TRUNCATED);
		return (struct bytes){ NULL, 0 };
	}
	return reader_take(r, (size_t)n * size);
}

enum status
event_data_variable(const struct event *ev, struct event_data_variable *v)
{
	struct reader r = reader_of(ev->data);
	uint64_t name, value;

	memset(v, 0, sizeof(*v));
	if (ev->type != EV_EFI_VARIABLE_DRIVER_CONFIG && ev->type != EV_EFI_VARIABLE_BOOT &&
	    ev->type != EV_EFI_VARIABLE_BOOT2 && ev->type != EV_EFI_VARIABLE_AUTHORITY)
		return E_TYPE;
	v->guid = reader_take(&r, EVENT_DATA_GUID_SIZE);
	name = reader_le64(&r);
	value = reader_le64(&r);
	v->name = take_units(&r, name, 2);
	v->value = take_units(&r, value, 1);
	v->whole = bytes_of(ev->data.p, r.at);
	if (v->name.n >= 2 && v->name.p[v->name.n - 1] == 0 && v->name.p[v->name.n - 2] == 0)
		v->name.n -= 2;
	return r.failed;
}

bool
event_data_variable_is(const struct event_data_variable *v, const uint8_t guid[EVENT_DATA_GUID_SIZE], const char *name)
{
	size_t n = strlen(name);

	if (!bytes_equal(v->guid, bytes_of(guid, EVENT_DATA_GUID_SIZE)) || v->name.n != 2 * n)
		return false;
	for (size_t i = 0; i < n; i++)
		if (v->name.p[2 * i] != (uint8_t)name[i] || v->name.p[2 * i + 1] != 0)
			return false;
	return true;
}

enum status
event_data_image(const struct event *ev, struct event_data_image *image)
{
	struct reader r = reader_of(ev->data);

	memset(image, 0, sizeof(*image));
	if (ev->type != EV_EFI_BOOT_SERVICES_APPLICATION && ev->type != EV_EFI_BOOT_SERVICES_DRIVER &&
	    ev->type != EV_EFI_RUNTIME_SERVICES_DRIVER)
		return E_TYPE;
	image->base = reader_le64(&r);
	image->length = reader_le64(&r);
	reader_le64(&r);
	image->path = take_units(&r, reader_le64(&r), 1);
	return r.failed;
}

/*
 * The header (UEFI 5.3.2):
 *	"EFI PART" 8 | revision 4 | size 4 | crc 4 | 0 4 | own 8 | other 8 | first 8 | last 8 | disk GUID 16 | entries at 8 |
 *	entries 4 | entry size 4 | crc 4
 */
enum status
event_data_gpt(const struct event *ev, struct event_data_gpt *gpt)
{
	struct reader r = reader_of(ev->data);
	struct reader header = reader_of(reader_take(&r, GPT_HEADER_SIZE));
	uint64_t n = reader_le64(&r);

	memset(gpt, 0, sizeof(*gpt));
	if (ev->type != EV_EFI_GPT_EVENT && ev->type != EV_EFI_GPT_EVENT2)
		return E_TYPE;
	if (r.failed != OK)
		return r.failed;
	if (!bytes_equal(reader_take(&header, 8), BYTES_STRING("EFI PART")))
		return E_MAGIC;
	reader_take(&header, 48);
	gpt->disk = reader_take(&header, EVENT_DATA_GUID_SIZE);
	reader_take(&header, 12);
	gpt->entry_size = reader_le32(&header);
	if (gpt->entry_size < GPT_ENTRY_SIZE_MIN)
		return E_RANGE;
	gpt->entries = take_units(&r, n, gpt->entry_size);
	gpt->partitions = gpt->entries.n / gpt->entry_size;
	return r.failed;
}

enum status
event_data_partition(const struct event_data_gpt *gpt, size_t i, struct event_data_partition *p)
{
	struct reader r;
	size_t n = 0;

	memset(p, 0, sizeof(*p));
	if (i >= gpt->partitions)
		return E_RANGE;
	r = reader_of(bytes_of(gpt->entries.p + i * gpt->entry_size, gpt->entry_size));
	p->type = reader_take(&r, EVENT_DATA_GUID_SIZE);
	p->id = reader_take(&r, EVENT_DATA_GUID_SIZE);
	p->first = reader_le64(&r);
	p->last = reader_le64(&r);
	p->attributes = reader_le64(&r);
	p->name = reader_take(&r, 72);
	while (n + 1 < p->name.n && (p->name.p[n] != 0 || p->name.p[n + 1] != 0))
		n += 2;
	p->name.n = n;
	return r.failed;
}

enum status
event_data_tag(const struct event *ev, struct event_data_tag *tag)
{
	struct reader r = reader_of(ev->data);

	memset(tag, 0, sizeof(*tag));
	if (ev->type != EV_EVENT_TAG)
		return E_TYPE;
	tag->id = reader_le32(&r);
	tag->data = take_units(&r, reader_le32(&r), 1);
	tag->rest = reader_take(&r, reader_left(&r));
	return r.failed;
}

enum status
event_data_blob(const struct event *ev, struct event_data_blob *blob)
{
	struct reader r = reader_of(ev->data);
	bool old = ev->type == EV_EFI_PLATFORM_FIRMWARE_BLOB || ev->type == EV_POST_CODE || ev->type == EV_S_CRTM_CONTENTS;
	bool described = ev->type == EV_EFI_PLATFORM_FIRMWARE_BLOB2 || ev->type == EV_POST_CODE2;

	memset(blob, 0, sizeof(*blob));
	if (!described && !(old && ev->data.n == BLOB_SIZE))
		return E_TYPE;
	if (described)
		blob->description = reader_take(&r, reader_u8(&r));
	blob->base = reader_le64(&r);
	blob->length = reader_le64(&r);
	return r.failed;
}

enum status
event_data_tables(const struct event *ev, struct event_data_tables *t)
{
	struct reader r = reader_of(ev->data);

	memset(t, 0, sizeof(*t));
	if (ev->type != EV_EFI_HANDOFF_TABLES && ev->type != EV_EFI_HANDOFF_TABLES2)
		return E_TYPE;
	if (ev->type == EV_EFI_HANDOFF_TABLES2)
		t->description = reader_take(&r, reader_u8(&r));
	t->entries = take_units(&r, reader_le64(&r), TABLE_SIZE);
	t->tables = t->entries.n / TABLE_SIZE;
	return r.failed;
}

const char *
event_data_guid_text(struct bytes guid, char out[EVENT_DATA_GUID_TEXT_SIZE])
{
	const uint8_t *g = guid.p;

	out[0] = '\0';
	if (guid.n == EVENT_DATA_GUID_SIZE)
		snprintf(out, EVENT_DATA_GUID_TEXT_SIZE,
		    "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", g[3], g[2], g[1], g[0], g[5],
		    g[4], g[7], g[6], g[8], g[9], g[10], g[11], g[12], g[13], g[14], g[15]);
	return out;
}
