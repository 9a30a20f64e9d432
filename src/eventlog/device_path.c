/* SPDX-License-Identifier: ISC */
#include "eventlog/device_path.h"

#include <inttypes.h>

#include "eventlog/escape.h"
#include "eventlog/event_data.h"

#define NODE_HEADER 4
#define NODE_END 0x7f
#define NODE_END_INSTANCE 0x01
#define HEX_SHOWN 32
#define EISA_PCI_ROOT UINT32_C(0x0a0341d0)
#define EISA_PCIE_ROOT UINT32_C(0x0a0841d0)

static void
write_guid(struct buffer *out, struct reader *r)
{
	char text[EVENT_DATA_GUID_TEXT_SIZE];

	escape_format(out, "%s", event_data_guid_text(reader_take(r, EVENT_DATA_GUID_SIZE), text));
}

static void
write_pci(struct buffer *out, struct reader *r)
{
	unsigned function = reader_u8(r), device = reader_u8(r);

	escape_format(out, "Pci(0x%x,0x%x)", device, function);
}

static void
write_memory(struct buffer *out, struct reader *r)
{
	uint64_t start, end;

	reader_le32(r);
	start = reader_le64(r);
	end = reader_le64(r);
	escape_format(out, "MemoryMapped(0x%" PRIx64 ",0x%" PRIx64 ")", start, end);
}

static void
write_vendor(struct buffer *out, struct reader *r)
{
	escape_format(out, "Vendor(");
	write_guid(out, r);
	escape_format(out, ")");
}

static void
write_acpi(struct buffer *out, struct reader *r)
{
	uint32_t hid = reader_le32(r), uid = reader_le32(r);

	if (hid == EISA_PCI_ROOT)
		escape_format(out, "PciRoot(0x%" PRIx32 ")", uid);
	else if (hid == EISA_PCIE_ROOT)
		escape_format(out, "PcieRoot(0x%" PRIx32 ")", uid);
	else
		escape_format(out, "Acpi(0x%08" PRIx32 ",0x%" PRIx32 ")", hid, uid);
}

static void
write_scsi(struct buffer *out, struct reader *r)
{
	unsigned target = reader_le16(r), lun = reader_le16(r);

	escape_format(out, "Scsi(0x%x,0x%x)", target, lun);
}

static void
write_usb(struct buffer *out, struct reader *r)
{
	unsigned port = reader_u8(r), interface = reader_u8(r);

	escape_format(out, "USB(0x%x,0x%x)", port, interface);
}

static void
write_sata(struct buffer *out, struct reader *r)
{
	unsigned port = reader_le16(r), multiplier = reader_le16(r), lun = reader_le16(r);

	escape_format(out, "Sata(0x%x,0x%x,0x%x)", port, multiplier, lun);
}

static void
write_nvme(struct buffer *out, struct reader *r)
{
	uint32_t namespace = reader_le32(r);

	escape_format(out, "NVMe(0x%" PRIx32 ",", namespace);
	escape_hex(out, reader_take(r, 8));
	escape_format(out, ")");
}

static void
write_mac(struct buffer *out, struct reader *r)
{
	escape_format(out, "MAC(");
	escape_hex(out, reader_take(r, 6));
	escape_format(out, ")");
}

static void
write_uri(struct buffer *out, struct reader *r)
{
	escape_format(out, "Uri(");
	escape_bytes(out, reader_take(r, reader_left(r)));
	escape_format(out, ")");
}

/* number 4 | start 8 | size 8 | signature 16 | format 1 | signature type 1 */
static void
write_disk(struct buffer *out, struct reader *r)
{
	uint32_t number = reader_le32(r);
	uint64_t start = reader_le64(r), size = reader_le64(r);
	struct reader signature = reader_of(reader_take(r, 16));
	unsigned type;

	reader_u8(r);
	type = reader_u8(r);
	escape_format(out, "HD(%" PRIu32 ",%s,", number, type == 2 ? "GPT" : type == 1 ? "MBR" : "none");
	if (type == 2)
		write_guid(out, &signature);
	else
		escape_format(out, "0x%08" PRIx32, reader_le32(&signature));
	escape_format(out, ",0x%" PRIx64 ",0x%" PRIx64 ")", start, size);
}

static void
write_file(struct buffer *out, struct reader *r)
{
	struct bytes name = reader_take(r, reader_left(r));

	if (name.n >= 2 && name.p[name.n - 2] == 0 && name.p[name.n - 1] == 0)
		name.n -= 2;
	escape_utf16(out, name);
}

static void
write_firmware_file(struct buffer *out, struct reader *r)
{
	escape_format(out, "FvFile(");
	write_guid(out, r);
	escape_format(out, ")");
}

static void
write_firmware_volume(struct buffer *out, struct reader *r)
{
	escape_format(out, "Fv(");
	write_guid(out, r);
	escape_format(out, ")");
}

static void
write_rom_offset(struct buffer *out, struct reader *r)
{
	uint64_t start, end;

	reader_le32(r);
	start = reader_le64(r);
	end = reader_le64(r);
	escape_format(out, "Offset(0x%" PRIx64 ",0x%" PRIx64 ")", start, end);
}

static const struct {
	uint8_t type, subtype;
	void (*write)(struct buffer *out, struct reader *r);
} nodes[] = {
	{ 1, 1, write_pci },  { 1, 3, write_memory }, { 1, 4, write_vendor }, { 2, 1, write_acpi },
	{ 3, 2, write_scsi }, { 3, 5, write_usb },    { 3, 18, write_sata },  { 3, 23, write_nvme },
	{ 3, 11, write_mac }, { 3, 24, write_uri },   { 4, 1, write_disk },   { 4, 3, write_vendor },
	{ 4, 4, write_file }, { 4, 6, write_firmware_file }, { 4, 7, write_firmware_volume }, { 4, 8, write_rom_offset },
};

static void
write_node(struct buffer *out, uint8_t type, uint8_t subtype, struct bytes data)
{
	struct reader r = reader_of(data);

	for (size_t i = 0; i < sizeof(nodes) / sizeof(nodes[0]); i++)
		if (nodes[i].type == type && nodes[i].subtype == subtype) {
			nodes[i].write(out, &r);
			if (r.failed != OK)
				escape_format(out, "(broken)");
			return;
		}
	escape_format(out, "Path(%u,%u", type, subtype);
	if (data.n > 0)
		escape_format(out, ",");
	escape_hex(out, bytes_of(data.p, data.n < HEX_SHOWN ? data.n : HEX_SHOWN));
	escape_format(out, data.n > HEX_SHOWN ? "...)" : ")");
}

void
device_path_text(struct bytes path, struct buffer *out)
{
	struct reader r = reader_of(path);
	const char *between = "";

	while (reader_left(&r) > 0) {
		uint8_t type = reader_u8(&r), subtype = reader_u8(&r);
		uint16_t size = reader_le16(&r);
		struct bytes data = reader_take(&r, size < NODE_HEADER ? SIZE_MAX : size - (size_t)NODE_HEADER);

		if (r.failed != OK) {
			escape_format(out, "%s(broken)", between);
			return;
		}
		if (type == NODE_END && subtype != NODE_END_INSTANCE)
			return;
		if (type == NODE_END) {
			between = " , ";
			continue;
		}
		escape_format(out, "%s", between);
		write_node(out, type, subtype, data);
		between = "/";
	}
}
