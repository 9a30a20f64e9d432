/* SPDX-License-Identifier: ISC */
#include "eventlog/event_linux.h"

#include <string.h>

#include "eventlog/event_cover.h"
#include "eventlog/event_data.h"

#define PCR_LINUX_STUB 9
#define PCR_SECTIONS 11

static const struct {
	uint32_t id;
	struct bytes text;
} tags[] = {
	{ EVENT_LINUX_INITRD, { (const uint8_t *)"Linux initrd", sizeof("Linux initrd") } },
	{ EVENT_LINUX_LOAD_OPTIONS, { (const uint8_t *)"LOADED_IMAGE::LoadOptions", sizeof("LOADED_IMAGE::LoadOptions") } },
};

const char *const event_linux_sections[] = {
	".linux", ".osrel", ".cmdline", ".initrd", ".ucode", ".splash", ".dtb", ".uname", ".sbat", ".pcrpkey", ".profile",
	".dtbauto", ".hwids", ".efifw", NULL,
};

uint32_t
event_linux_tag(const struct event *ev)
{
	struct event_data_tag tag;

	if (ev->pcr != PCR_LINUX_STUB || event_data_tag(ev, &tag) != OK)
		return 0;
	for (size_t i = 0; i < sizeof(tags) / sizeof(tags[0]); i++)
		if (tags[i].id == tag.id && bytes_equal(tags[i].text, tag.data))
			return tag.id;
	return 0;
}

struct bytes
event_linux_initrd_digest(const struct event *ev, enum hash_alg alg)
{
	if (event_linux_tag(ev) != EVENT_LINUX_INITRD)
		return (struct bytes){ NULL, 0 };
	return event_digest(ev, alg);
}

/* Whether ${utf16} is ${name}, with its NUL. */
static bool
same_name(struct bytes utf16, const char *name)
{
	size_t n = strlen(name) + 1;

	if (utf16.n != 2 * n)
		return false;
	for (size_t i = 0; i < n; i++)
		if (utf16.p[2 * i] != (uint8_t)name[i] || utf16.p[2 * i + 1] != 0)
			return false;
	return true;
}

enum status
event_linux_section(const struct event *first, const struct event *second, struct event_linux_section *s)
{
	memset(s, 0, sizeof(*s));
	if (first->type != EV_IPL || first->pcr != PCR_SECTIONS || second->type != EV_IPL || second->pcr != PCR_SECTIONS)
		return E_TYPE;
	if (event_cover_verify(first).form != EVENT_COVER_NAME || !bytes_equal(first->data, second->data))
		return E_MISMATCH;
	for (size_t i = 0; event_linux_sections[i] != NULL; i++) {
		if (!same_name(first->data, event_linux_sections[i]))
			continue;
		*s = (struct event_linux_section){ i, event_linux_sections[i], second };
		return OK;
	}
	return E_UNSUPPORTED;
}
