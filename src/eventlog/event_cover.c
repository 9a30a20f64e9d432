/* SPDX-License-Identifier: ISC */
#include "eventlog/event_cover.h"

#include <string.h>

#define PCR_ANY UINT32_C(0x00ffffff)
#define PCR(n) (UINT32_C(1) << (n))
#define FORM(f) (1U << EVENT_COVER_##f)

#define NAME_MAX_SIZE 64

static const struct {
	uint32_t type, pcrs;
	unsigned forms;
} rules[] = {
	{ EV_S_CRTM_VERSION, PCR_ANY, FORM(DATA) },
	{ EV_SEPARATOR, PCR_ANY, FORM(DATA) },
	{ EV_ACTION, PCR_ANY, FORM(DATA) },
	{ EV_EFI_ACTION, PCR_ANY, FORM(DATA) },
	{ EV_EFI_GPT_EVENT, PCR_ANY, FORM(DATA) },
	{ EV_EFI_GPT_EVENT2, PCR_ANY, FORM(DATA) },
	{ EV_IPL_PARTITION_DATA, PCR_ANY, FORM(DATA) },
	{ EV_COMPACT_HASH, PCR_ANY, FORM(DATA) },
	{ EV_NONHOST_INFO, PCR_ANY, FORM(DATA) },
	{ EV_NONHOST_CONFIG, PCR_ANY, FORM(DATA) },
	{ EV_PLATFORM_CONFIG_FLAGS, PCR_ANY, FORM(DATA) },
	{ EV_OMIT_BOOT_DEVICE_EVENTS, PCR_ANY, FORM(DATA) },
	{ EV_EVENT_TAG, PCR_ANY, FORM(DATA) },
	{ EV_EFI_VARIABLE_DRIVER_CONFIG, PCR_ANY, FORM(DATA) | FORM(BUT_LAST) },
	{ EV_EFI_VARIABLE_AUTHORITY, PCR_ANY, FORM(DATA) | FORM(BUT_LAST) },
	{ EV_EFI_VARIABLE_BOOT2, PCR_ANY, FORM(DATA) | FORM(BUT_LAST) },
	{ EV_EFI_VARIABLE_BOOT, PCR_ANY, FORM(DATA) | FORM(BUT_LAST) | FORM(VALUE) },
	{ EV_IPL, PCR(8), FORM(TEXT) | FORM(TEXT_NUL) | FORM(DATA_NUL) },
	{ EV_IPL, PCR(11), FORM(NAME) },
	{ EV_IPL, PCR(12), FORM(DATA) },
};

/* What GRUB writes before the text that it measures: with a colon since 2.04, without in Fedora's patches before. */
static const char *const labels[] = {
	"grub_cmd: ", "kernel_cmdline: ", "module_cmdline: ", "grub_cmd ", "grub_kernel_cmdline ", "grub_module_cmdline ",
};

/* What a form says is measured: a part of the data, and how many zero bytes after it; or bytes in ${name}. */
struct claim {
	struct bytes part, measured;
	bool nul;
	uint8_t name[NAME_MAX_SIZE];
};

static bool
claim_data(const struct event *ev, struct claim *c)
{
	c->part = c->measured = ev->data;
	return true;
}

static bool
claim_but_last(const struct event *ev, struct claim *c)
{
	struct event_data_variable v;

	if (event_data_variable(ev, &v) != OK || v.whole.n == ev->data.n)
		return false;
	c->part = c->measured = bytes_of(ev->data.p, ev->data.n - 1);
	return true;
}

static bool
claim_value(const struct event *ev, struct claim *c)
{
	struct event_data_variable v;

	if (event_data_variable(ev, &v) != OK)
		return false;
	c->part = c->measured = v.value;
	return true;
}

static bool
claim_text_nul(const struct event *ev, struct claim *c)
{
	const struct bytes *d = &ev->data;

	if (d->n == 0 || d->p[d->n - 1] != 0)
		return false;
	for (size_t i = 0; i < sizeof(labels) / sizeof(labels[0]); i++) {
		size_t n = strlen(labels[i]);

		if (d->n <= n || memcmp(d->p, labels[i], n) != 0)
			continue;
		c->part = bytes_of(d->p + n, d->n - n - 1);
		c->measured = bytes_of(d->p + n, d->n - n);
		return true;
	}
	return false;
}

static bool
claim_text(const struct event *ev, struct claim *c)
{
	if (!claim_text_nul(ev, c))
		return false;
	c->measured = c->part;
	return true;
}

static bool
claim_data_nul(const struct event *ev, struct claim *c)
{
	c->nul = true;
	return claim_data(ev, c);
}

static bool
claim_name(const struct event *ev, struct claim *c)
{
	size_t n = ev->data.n / 2;

	if (ev->data.n % 2 != 0 || n == 0 || n > NAME_MAX_SIZE)
		return false;
	for (size_t i = 0; i < n; i++) {
		c->name[i] = ev->data.p[2 * i];
		if (ev->data.p[2 * i + 1] != 0 || c->name[i] > 0x7e || (c->name[i] == 0) != (i == n - 1))
			return false;
	}
	c->part = ev->data;
	c->measured = bytes_of(c->name, n);
	return true;
}

static const struct {
	bool (*claim)(const struct event *ev, struct claim *c);
	const char *text;
} forms[] = {
	[EVENT_COVER_NONE] = { NULL, "nothing" },
	[EVENT_COVER_DATA] = { claim_data, "whole data" },
	[EVENT_COVER_BUT_LAST] = { claim_but_last, "whole data but the last byte" },
	[EVENT_COVER_VALUE] = { claim_value, "value only" },
	[EVENT_COVER_TEXT] = { claim_text, "text after the label" },
	[EVENT_COVER_TEXT_NUL] = { claim_text_nul, "text after the label, with its NUL" },
	[EVENT_COVER_DATA_NUL] = { claim_data_nul, "whole data and a zero byte more" },
	[EVENT_COVER_NAME] = { claim_name, "name as ASCII" },
};
#define FORMS (sizeof(forms) / sizeof(forms[0]))

const char *
event_cover_form_text(enum event_cover_form f)
{
	return (size_t)f < FORMS ? forms[f].text : "nothing";
}

/* The forms that the table has for the event, as bits. */
static unsigned
forms_of(const struct event *ev)
{
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
		if (rules[i].type == ev->type && ev->pcr <= EVENT_PCR_MAX && (rules[i].pcrs & PCR(ev->pcr)) != 0)
			return rules[i].forms;
	return 0;
}

bool
event_cover_possible(const struct event *ev)
{
	return forms_of(ev) != 0;
}

/* Whether every digest of a known algorithm, and at least one, is the hash of what ${c} claims. */
static bool
claim_holds(const struct event *ev, const struct claim *c)
{
	static const uint8_t zero = 0;
	uint8_t computed[HASH_SIZE_MAX];
	size_t agreed = 0;

	for (size_t i = 0; i < ev->digests; i++) {
		struct hash h;

		if (!hash_known(ev->digest[i].alg))
			continue;
		hash_begin(&h, (enum hash_alg)ev->digest[i].alg);
		hash_add(&h, c->measured);
		if (c->nul)
			hash_add(&h, bytes_of(&zero, 1));
		if (!bytes_equal(ev->digest[i].value, bytes_of(computed, hash_end(&h, computed))))
			return false;
		agreed++;
	}
	return agreed > 0;
}

struct event_cover
event_cover_verify(const struct event *ev)
{
	unsigned possible = forms_of(ev);

	for (unsigned f = EVENT_COVER_NONE + 1; f < FORMS; f++) {
		struct claim c = { 0 };

		if ((possible & (1U << f)) != 0 && forms[f].claim(ev, &c) && claim_holds(ev, &c))
			return (struct event_cover){ (enum event_cover_form)f, c.part };
	}
	return (struct event_cover){ EVENT_COVER_NONE, { NULL, 0 } };
}

enum status
event_cover_variable(const struct event *ev, struct event_data_variable *v)
{
	enum event_cover_form form = event_cover_verify(ev).form;
	enum status s = event_data_variable(ev, v);

	if (s == OK && form == EVENT_COVER_NONE)
		s = E_MISMATCH;
	if (s != OK)
		memset(v, 0, sizeof(*v));
	if (form == EVENT_COVER_VALUE)
		v->guid = v->name = v->whole = (struct bytes){ NULL, 0 };
	return s;
}
