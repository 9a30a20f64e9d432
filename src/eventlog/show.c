/* SPDX-License-Identifier: ISC */
#include "eventlog/show.h"

#include <inttypes.h>

#include "eventlog/device_path.h"
#include "eventlog/escape.h"
#include "eventlog/event_cover.h"
#include "eventlog/event_data.h"
#include "eventlog/event_linux.h"

#define LINE_SIZE 16384
#define TEXT_SHOWN 2048
#define HEX_SHOWN 64
#define PARTITIONS_SHOWN 128

static struct bytes
first_of(struct bytes b, size_t n)
{
	return bytes_of(b.p, b.n < n ? b.n : n);
}

/* A line that did not fit is written as far as it went. */
static void
end_line(const struct show *show, struct buffer *line)
{
	if (line->failed != OK && line->size - line->n < sizeof("...\n"))
		line->n = line->size - sizeof("...\n");
	if (line->failed != OK) {
		line->failed = OK;
		escape_format(line, "...");
	}
	buffer_u8(line, '\n');
	show->write(show->to, (const char *)line->p, line->n);
	line->n = 0;
	line->failed = OK;
}

static void
write_hex(struct buffer *line, struct bytes b)
{
	escape_hex(line, first_of(b, HEX_SHOWN));
	if (b.n > HEX_SHOWN)
		escape_format(line, "...");
}

static bool
is_text(struct bytes b)
{
	while (b.n > 0 && b.p[b.n - 1] == 0)
		b.n--;
	for (size_t i = 0; i < b.n; i++)
		if (b.p[i] < 0x20 || b.p[i] > 0x7e)
			return false;
	return b.n > 0;
}

/* UTF-16 of ASCII text, with or without its NUL; systemd-boot's old events lack its second half. */
static bool
is_utf16(struct bytes b)
{
	if (b.n < 4)
		return false;
	for (size_t i = 0; i < b.n; i++)
		if (i % 2 == 1 ? b.p[i] != 0 : (b.p[i] < 0x20 || b.p[i] > 0x7e) && !(b.p[i] == 0 && i + 2 >= b.n))
			return false;
	return true;
}

static void
write_guess(struct buffer *line, struct bytes b)
{
	if (is_utf16(b)) {
		if (b.p[b.n - 1] == 0 && b.n % 2 == 1)
			b.n--;
		else if (b.n % 2 == 0 && b.p[b.n - 2] == 0)
			b.n -= 2;
		escape_format(line, "\"");
		escape_utf16(line, first_of(b, TEXT_SHOWN));
		escape_format(line, b.n > TEXT_SHOWN ? "...\"" : "\"");
	} else if (is_text(b)) {
		while (b.p[b.n - 1] == 0)
			b.n--;
		escape_format(line, "\"");
		escape_bytes(line, first_of(b, TEXT_SHOWN));
		escape_format(line, b.n > TEXT_SHOWN ? "...\"" : "\"");
	} else {
		write_hex(line, b);
	}
}

static void
write_guid(struct buffer *line, struct bytes guid)
{
	char text[EVENT_DATA_GUID_TEXT_SIZE];

	escape_format(line, "%s", event_data_guid_text(guid, text));
}

static const char *
plural(size_t n)
{
	return n == 1 ? "" : "s";
}

static bool
show_variable(const struct show *show, struct buffer *line, const struct event *ev)
{
	struct event_data_variable v;

	if (event_data_variable(ev, &v) != OK)
		return false;
	escape_format(line, "  ");
	escape_utf16(line, first_of(v.name, TEXT_SHOWN));
	escape_format(line, " ");
	write_guid(line, v.guid);
	escape_format(line, ", %zu byte%s%s", v.value.n, plural(v.value.n), v.value.n > 0 ? ": " : "");
	write_hex(line, v.value);
	end_line(show, line);
	return true;
}

static bool
show_image(const struct show *show, struct buffer *line, const struct event *ev)
{
	struct event_data_image image;

	if (event_data_image(ev, &image) != OK)
		return false;
	escape_format(line, "  image of %" PRIu64 " bytes: ", image.length);
	device_path_text(image.path, line);
	end_line(show, line);
	return true;
}

static bool
show_gpt(const struct show *show, struct buffer *line, const struct event *ev)
{
	struct event_data_gpt gpt;
	struct event_data_partition p;

	if (event_data_gpt(ev, &gpt) != OK)
		return false;
	escape_format(line, "  disk ");
	write_guid(line, gpt.disk);
	escape_format(line, ", %zu partition%s", gpt.partitions, plural(gpt.partitions));
	end_line(show, line);
	for (size_t i = 0; i < gpt.partitions && i < PARTITIONS_SHOWN && event_data_partition(&gpt, i, &p) == OK; i++) {
		escape_format(line, "  partition ");
		write_guid(line, p.id);
		escape_format(line, " type ");
		write_guid(line, p.type);
		escape_format(line, " blocks %" PRIu64 "-%" PRIu64 " \"", p.first, p.last);
		escape_utf16(line, p.name);
		escape_format(line, "\"");
		end_line(show, line);
	}
	return true;
}

static bool
show_tag(const struct show *show, struct buffer *line, const struct event *ev)
{
	struct event_data_tag tag;

	if (event_data_tag(ev, &tag) != OK)
		return false;
	escape_format(line, "  tag 0x%08" PRIx32 ", %zu byte%s%s", tag.id, tag.data.n, plural(tag.data.n), tag.data.n > 0 ? ": " : "");
	write_guess(line, tag.data);
	if (tag.rest.n > 0)
		escape_format(line, ", then %zu byte%s", tag.rest.n, plural(tag.rest.n));
	end_line(show, line);
	return true;
}

static bool
show_blob(const struct show *show, struct buffer *line, const struct event *ev)
{
	struct event_data_blob blob;

	if (event_data_blob(ev, &blob) != OK)
		return false;
	escape_format(line, "  ");
	if (blob.description.n > 0) {
		escape_format(line, "\"");
		escape_bytes(line, blob.description);
		escape_format(line, "\", ");
	}
	escape_format(line, "%" PRIu64 " bytes at 0x%" PRIx64, blob.length, blob.base);
	end_line(show, line);
	return true;
}

static bool
show_tables(const struct show *show, struct buffer *line, const struct event *ev)
{
	struct event_data_tables t;

	if (event_data_tables(ev, &t) != OK)
		return false;
	escape_format(line, "  ");
	if (t.description.n > 0) {
		escape_format(line, "\"");
		escape_bytes(line, t.description);
		escape_format(line, "\", ");
	}
	escape_format(line, "%zu table%s", t.tables, plural(t.tables));
	for (size_t i = 0; i < t.tables && i < PARTITIONS_SHOWN; i++) {
		escape_format(line, i == 0 ? ": " : ", ");
		write_guid(line, bytes_of(t.entries.p + i * 24, EVENT_DATA_GUID_SIZE));
	}
	end_line(show, line);
	return true;
}

static bool
show_locality(const struct show *show, struct buffer *line, const struct event *ev)
{
	uint8_t locality;

	if (event_data_locality(ev, &locality) != OK)
		return false;
	escape_format(line, "  StartupLocality %u", locality);
	end_line(show, line);
	return true;
}

/* The other EV_NO_ACTION events that begin with a signature; Windows' own do not. */
static bool
show_signed(const struct show *show, struct buffer *line, const struct event *ev)
{
	struct bytes signature = first_of(ev->data, EVENT_DATA_SIGNATURE_SIZE);

	if (ev->type != EV_NO_ACTION || signature.n < EVENT_DATA_SIGNATURE_SIZE || !is_text(signature))
		return false;
	escape_format(line, "  ");
	write_guess(line, signature);
	escape_format(line, ev->data.n > signature.n ? " " : "");
	write_hex(line, bytes_of(ev->data.p + signature.n, ev->data.n - signature.n));
	end_line(show, line);
	return true;
}

static void
show_data(const struct show *show, struct buffer *line, const struct event *ev)
{
	/* Each knows its own types, and says no to others and to what it cannot read. */
	static bool (*const by_type[])(const struct show *, struct buffer *, const struct event *) = {
		show_variable, show_image, show_gpt, show_tag, show_blob, show_tables, show_locality, show_signed,
	};

	for (size_t i = 0; i < sizeof(by_type) / sizeof(by_type[0]); i++)
		if (by_type[i](show, line, ev))
			return;
	if (ev->data.n == 0)
		return;
	escape_format(line, "  ");
	write_guess(line, ev->data);
	end_line(show, line);
}

static void
write_alg(struct buffer *line, uint16_t alg)
{
	if (hash_known(alg))
		escape_format(line, "%s", hash_name((enum hash_alg)alg));
	else
		escape_format(line, "0x%04x", alg);
}

void
show_event(const struct show *show, const struct event *ev)
{
	uint8_t memory[LINE_SIZE];
	struct buffer line = BUFFER(memory);
	const char *type = event_type_name(ev->type);

	escape_format(&line, "#%zu at %zu: ", ev->number, ev->offset);
	if (ev->pcr == EVENT_PCR_NONE)
		escape_format(&line, "no PCR ");
	else
		escape_format(&line, "PCR %" PRIu32 " ", ev->pcr);
	if (type != NULL)
		escape_format(&line, "%s", type);
	else
		escape_format(&line, "type 0x%08" PRIx32, ev->type);
	escape_format(&line, ", %zu byte%s", ev->data.n, plural(ev->data.n));
	end_line(show, &line);
	for (size_t i = 0; i < ev->digests; i++) {
		escape_format(&line, "  ");
		write_alg(&line, ev->digest[i].alg);
		escape_format(&line, " ");
		escape_hex(&line, ev->digest[i].value);
		end_line(show, &line);
	}
	show_data(show, &line, ev);
	if (event_extends(ev) && ev->data.n > 0) {
		escape_format(&line, "  proved: %s", event_cover_form_text(event_cover_verify(ev).form));
		end_line(show, &line);
	}
}

static void
show_head(const struct show *show, const struct eventlog *log)
{
	uint8_t memory[512];
	struct buffer line = BUFFER(memory);

	escape_format(&line, log->format == EVENTLOG_AGILE ? "crypto-agile log:" : "TPM 1.2 log:");
	for (size_t i = 0; i < log->algs; i++) {
		escape_format(&line, " ");
		write_alg(&line, log->alg[i].alg);
	}
	end_line(show, &line);
}

enum status
show_log(const struct show *show, struct eventlog *log)
{
	uint8_t memory[256];
	struct buffer line = BUFFER(memory);
	struct event ev;

	if (log->fault == EVENTLOG_FINE)
		show_head(show, log);
	while (eventlog_next(log, &ev))
		show_event(show, &ev);
	if (log->fault == EVENTLOG_FINE) {
		escape_format(&line, "end after %zu event%s", log->events, plural(log->events));
		if (log->padding > 0)
			escape_format(&line, " and %zu bytes of padding", log->padding);
		if (log->uneven > 0)
			escape_format(&line, "; %zu event%s without a digest for every algorithm listed: never approved", log->uneven,
			    plural(log->uneven));
		end_line(show, &line);
	}
	return eventlog_end(log);
}
