/* SPDX-License-Identifier: ISC */
#include "policy/pcr_check.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "eventlog/event_cover.h"
#include "eventlog/event_linux.h"
#include "policy/command_line.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* --- shared ------------------------------------------------------------------------------------------------------------ */

static bool
judges_pcrs(const struct judgement *j)
{
	return !j->binding_read || j->binding.purpose != PURPOSE_VOLUME;
}

static bool
can_judge(const struct judgement *j)
{
	return j->quote_read && j->log_read && j->users_read;
}

/* Rules look at PCRs only for a boot: a running host's boot was judged when it was approved. */
#define NEED_EVENTS(j)                                                                                                 \
	do {                                                                                                           \
		if (!judges_pcrs(j))                                                                                   \
			return OUTCOME_PASSED;                                                                         \
		if (!can_judge(j))                                                                                     \
			return OUTCOME_UNDECIDED;                                                                      \
	} while (0)

static const struct rule *
rule_of(const struct judgement *j, unsigned pcr)
{
	return &j->a->policy->pcr[pcr];
}

/* The next event of a PCR from 0 to 15 that has a rule of this kind. */
static bool
next_ruled(struct walk *w, enum rule_kind kind, struct measured *m)
{
	while (judgement_next(w, m))
		if (m->event.pcr < RULE_PCRS && rule_of(w->j, m->event.pcr)->kind == kind)
			return true;
	return false;
}

static bool
has_rule(const struct judgement *j, enum rule_kind kind)
{
	for (unsigned pcr = 0; pcr < RULE_PCRS; pcr++)
		if (rule_of(j, pcr)->kind == kind)
			return true;
	return false;
}

/* "event 23 (EV_EFI_ACTION)", "event 40 (user space: systemd-pcrphase)": type and label as somebody claims them. */
struct described {
	char text[160];
};

static struct described
describe(const struct measured *m)
{
	struct described d;
	const char *type = event_type_name(m->event.type);

	if (m->event.type == MEASURED_USER)
		(void)snprintf(d.text, sizeof d.text, "event %zu (user space: %s)", m->event.number, judgement_print(m->name).text);
	else if (type != NULL)
		(void)snprintf(d.text, sizeof d.text, "event %zu (%s)", m->event.number, type);
	else
		(void)snprintf(d.text, sizeof d.text, "event %zu (type 0x%08" PRIx32 ")", m->event.number, m->event.type);
	return d;
}

static bool
is_separator(const struct event *ev)
{
	static const uint8_t zeros[4], ones[4] = { 0xff, 0xff, 0xff, 0xff };

	return ev->type == EV_SEPARATOR && event_cover_verify(ev).form == EVENT_COVER_DATA &&
		(bytes_equal(ev->data, BYTES(zeros)) || bytes_equal(ev->data, BYTES(ones)));
}

static bool
may_occur(const struct judgement *j, const struct event *ev)
{
	const struct rule_words *words = &rule_of(j, ev->pcr)->may_occur;

	for (size_t i = 0; i < words->n; i++)
		if (judgement_measures(j, ev, bytes_of(words->word[i], strlen(words->word[i]))))
			return true;
	return false;
}

/* The command that allows what was seen. ${usual} is what `reference add UKI` calls the list, but for a prefix. */
struct remedy {
	char text[320];
};

static struct remedy
remedy(const char *list, const char *usual, const struct event *ev)
{
	struct remedy r;
	size_t n = strlen(list), end = strlen(usual);

	if (strcmp(list, usual) == 0)
		(void)snprintf(r.text, sizeof r.text, "bootgatectl reference add UKI");
	else if (n > end && strcmp(list + n - end, usual) == 0)
		(void)snprintf(r.text, sizeof r.text, "bootgatectl reference add UKI --list-prefix %.*s", (int)(n - end), list);
	else
		(void)snprintf(r.text, sizeof r.text, "bootgatectl reference add %s %s", list, judgement_digest(ev).text);
	return r;
}

/* --- P1: reference values ---------------------------------------------------------------------------------------------- */

enum outcome
pcr_check_references(struct judgement *j)
{
	struct policy_error why;

	if (!judges_pcrs(j))
		return OUTCOME_PASSED;
	if (policy_references_check(j->a->policy, j->a->references, &why) != OK)
		return judgement_fail(j, "reference values: %.300s", why.text);
	return OUTCOME_PASSED;
}

/* --- P2, P3: unused PCRs and final values ------------------------------------------------------------------------------ */

enum outcome
pcr_check_unused(struct judgement *j)
{
	enum outcome outcome = OUTCOME_PASSED;
	struct walk w;
	struct measured m;

	NEED_EVENTS(j);
	judgement_walk(j, &w);
	while (next_ruled(&w, RULE_UNUSED, &m))
		outcome = judgement_fail(j, "PCR %" PRIu32 " must be unused, but %s extended it by sha256 %s (\"%s\")", m.event.pcr,
			describe(&m).text, judgement_digest(&m.event).text, judgement_print(m.event.data).text);
	return outcome;
}

enum outcome
pcr_check_values(struct judgement *j)
{
	enum outcome outcome = OUTCOME_PASSED;

	NEED_EVENTS(j);
	for (unsigned pcr = 0; pcr < RULE_PCRS; pcr++) {
		const char *list = rule_of(j, pcr)->list[LIST_VALUES];
		struct bytes value = replay_value(&j->replay, RULE_BANK, pcr);

		if (rule_of(j, pcr)->kind == RULE_VALUES && !judgement_listed(j, list, value))
			outcome = judgement_fail(j, "PCR %u has the value sha256 %s, which is not in list %s; if firmware or settings were "
				"changed by you: bootgatectl reference add %s %s", pcr, judgement_hex(value).text, list, list,
				judgement_hex(value).text);
	}
	return outcome;
}

/* --- P4: boot applications --------------------------------------------------------------------------------------------- */

#define PATH_MEDIA 4
#define PATH_MEDIA_FILE 4

/* The file in a device path (UEFI 10.3.5.4): node = type 1 | subtype 1 | length 2 | ...; for people only, no digest covers it. */
static struct print
file_of(const struct event *ev)
{
	struct event_data_image image;
	struct print p = { "" };
	struct reader r;

	if (event_data_image(ev, &image) != OK)
		return p;
	r = reader_of(image.path);
	while (reader_left(&r) >= 4) {
		uint8_t type = reader_u8(&r), subtype = reader_u8(&r);
		uint16_t n = reader_le16(&r);
		struct bytes node = reader_take(&r, n >= 4 ? n - 4u : reader_left(&r));

		if (type == PATH_MEDIA && subtype == PATH_MEDIA_FILE && node.n >= 2)
			p = judgement_print16(bytes_of(node.p, node.n - 2));
	}
	return p;
}

static enum outcome
fail_application(struct judgement *j, const struct measured *m, const struct rule *rule)
{
	const char *list = rule->list[LIST_APPLICATIONS];
	struct print file = file_of(&m->event);

	if (m->event.type != EV_EFI_BOOT_SERVICES_APPLICATION)
		return judgement_fail(j, "PCR %" PRIu32 " %s is no boot application and nothing that is known there: sha256 %s (\"%s\")",
			m->event.pcr, describe(m).text, judgement_digest(&m->event).text, judgement_print(m->event.data).text);
	return judgement_fail(j, "PCR %" PRIu32 " event %zu: boot application %s sha256 %s is not in list %s; if it is yours: %s",
		m->event.pcr, m->event.number, file.text[0] != '\0' ? file.text : "without a file name", judgement_digest(&m->event).text,
		list, remedy(list, "uki", &m->event).text);
}

/* A program started on the way that gave control back would show "Returning from ...": that is none of these. */
static bool
is_known_action(const struct event *ev)
{
	return ev->type == EV_EFI_ACTION && event_cover_verify(ev).form == EVENT_COVER_DATA &&
		bytes_equal(ev->data, BYTES_STRING("Calling EFI Application from Boot Option"));
}

/* A kernel inside an image is started once, after its image; by itself it would take any initrd and command line. */
enum outcome
pcr_check_applications(struct judgement *j)
{
	enum outcome outcome = OUTCOME_PASSED;
	size_t images = 0, kernels = 0;
	struct walk w;
	struct measured m;

	NEED_EVENTS(j);
	judgement_walk(j, &w);
	while (next_ruled(&w, RULE_BOOT_APPLICATIONS, &m)) {
		const struct rule *rule = rule_of(j, m.event.pcr);
		struct bytes digest = event_digest(&m.event, RULE_BANK);

		if (is_separator(&m.event) || is_known_action(&m.event))
			continue;
		if (judgement_listed(j, rule->list[LIST_APPLICATIONS], digest))
			images++;
		else if (judgement_listed(j, rule->list[LIST_KERNELS], digest) && kernels < images)
			kernels++;
		else
			outcome = fail_application(j, &m, rule);
	}
	if (has_rule(j, RULE_BOOT_APPLICATIONS) && images == 0 && outcome == OUTCOME_PASSED)
		outcome = judgement_fail(j, "PCR 4 shows no boot application at all");
	return outcome;
}

/* --- P5-P7: Secure Boot ------------------------------------------------------------------------------------------------ */

/*
 * What an event of PCR 7 is, by the bytes that its digest covers: the variables that configure Secure Boot, one separator, then
 * the entries of db that vouched for what was started.  (PFP 3.3.4.8)
 */
enum secure_boot_kind { SECURE_BOOT_UNKNOWN, SECURE_BOOT_SEPARATOR, SECURE_BOOT_VARIABLE, SECURE_BOOT_AUTHORITY };

struct secure_boot_walk {
	struct walk walk;
	bool separated;
};

static const struct secure_boot_variable {
	const uint8_t *guid;
	const char *name;
	enum rule_list list; /* RULE_LISTS: P5 judges its value */
	bool must; /* P6 */
} variables[] = {
	{ event_data_guid_global, "SecureBoot", RULE_LISTS, false },
	{ event_data_guid_global, "PK", LIST_PK, true },
	{ event_data_guid_global, "KEK", LIST_KEK, true },
	{ event_data_guid_security, "db", LIST_DB, true },
	{ event_data_guid_security, "dbx", LIST_DBX, true },
	{ event_data_guid_security, "dbt", LIST_DB, false },
	{ event_data_guid_security, "dbr", LIST_DB, false },
	{ event_data_guid_global, "SetupMode", RULE_LISTS, false },
	{ event_data_guid_global, "AuditMode", RULE_LISTS, false },
	{ event_data_guid_global, "DeployedMode", RULE_LISTS, false },
};

static const struct secure_boot_variable *
find_variable(const struct event_data_variable *v)
{
	for (size_t i = 0; i < COUNT(variables); i++)
		if (event_data_variable_is(v, variables[i].guid, variables[i].name))
			return &variables[i];
	return NULL;
}

/* db and dbx name the entries that vouched, too; the others would be a second configuration after the separator. */
static bool
is_authority(const struct event_data_variable *v)
{
	const struct secure_boot_variable *known = find_variable(v);

	return known == NULL || strcmp(known->name, "db") == 0 || strcmp(known->name, "dbx") == 0 || strcmp(known->name, "dbr") == 0;
}

static bool
next_secure_boot(struct secure_boot_walk *w, struct measured *m, struct event_data_variable *v, enum secure_boot_kind *kind)
{
	if (!next_ruled(&w->walk, RULE_SECURE_BOOT, m))
		return false;
	*kind = SECURE_BOOT_UNKNOWN;
	if (!w->separated && is_separator(&m->event)) {
		w->separated = true;
		*kind = SECURE_BOOT_SEPARATOR;
		return true;
	}
	if (event_cover_variable(&m->event, v) != OK || v->guid.n != EVENT_DATA_GUID_SIZE)
		return true;
	if (w->separated && is_authority(v))
		*kind = SECURE_BOOT_AUTHORITY;
	else if (!w->separated && find_variable(v) != NULL)
		*kind = SECURE_BOOT_VARIABLE;
	return true;
}

static void
secure_boot_walk(struct judgement *j, struct secure_boot_walk *w)
{
	judgement_walk(j, &w->walk);
	w->separated = false;
}

static bool
is_byte(struct bytes v, uint8_t value)
{
	return v.n == 1 && v.p[0] == value;
}

/* SecureBoot must be 1; in setup or audit mode it would mean little. */
enum outcome
pcr_check_secure_boot(struct judgement *j)
{
	enum outcome outcome = OUTCOME_PASSED;
	size_t on = 0;
	struct secure_boot_walk w;
	struct measured m;
	struct event_data_variable v;
	enum secure_boot_kind kind;

	NEED_EVENTS(j);
	if (!has_rule(j, RULE_SECURE_BOOT))
		return OUTCOME_PASSED;
	secure_boot_walk(j, &w);
	while (next_secure_boot(&w, &m, &v, &kind)) {
		const char *name = kind == SECURE_BOOT_VARIABLE ? find_variable(&v)->name : "";

		if (strcmp(name, "SecureBoot") == 0 && is_byte(v.value, 1))
			on++;
		else if (strcmp(name, "SecureBoot") == 0)
			outcome = judgement_fail(j, "Secure Boot is off (PCR 7 event %zu): switch it on in the firmware's setup", m.event.number);
		else if ((strcmp(name, "SetupMode") == 0 || strcmp(name, "AuditMode") == 0) && !is_byte(v.value, 0))
			outcome = judgement_fail(j, "the firmware is in %s (PCR 7 event %zu), where Secure Boot stops nothing", name, m.event.number);
	}
	if (on != 1 && outcome == OUTCOME_PASSED)
		outcome = judgement_fail(j, "PCR 7 says %zu times before its separator that Secure Boot is on, and not once", on);
	return outcome;
}

enum outcome
pcr_check_keys(struct judgement *j)
{
	enum outcome outcome = OUTCOME_PASSED;
	size_t seen[COUNT(variables)] = { 0 };
	struct secure_boot_walk w;
	struct measured m;
	struct event_data_variable v;
	enum secure_boot_kind kind;

	NEED_EVENTS(j);
	if (!has_rule(j, RULE_SECURE_BOOT))
		return OUTCOME_PASSED;
	secure_boot_walk(j, &w);
	while (next_secure_boot(&w, &m, &v, &kind)) {
		const struct secure_boot_variable *known = kind == SECURE_BOOT_VARIABLE ? find_variable(&v) : NULL;
		const char *list;

		if (known == NULL)
			continue;
		if (known->list == RULE_LISTS)
			continue;
		seen[known - variables]++;
		list = rule_of(j, m.event.pcr)->list[known->list];
		if (strcmp(list, RULE_LIST_IGNORED) != 0 && !judgement_listed(j, list, event_digest(&m.event, RULE_BANK)))
			outcome = judgement_fail(j, "PCR 7 event %zu: the variable %s (%zu bytes, sha256 %s) is not in list %s; if you changed it: "
				"bootgatectl reference add %s %s", m.event.number, known->name, v.value.n, judgement_digest(&m.event).text, list,
				list, judgement_digest(&m.event).text);
	}
	for (size_t i = 0; i < COUNT(variables); i++)
		if (seen[i] > 1 || (variables[i].must && seen[i] == 0))
			outcome = judgement_fail(j, "PCR 7 shows the variable %s %zu times before its separator, and not once", variables[i].name,
				seen[i]);
	return outcome;
}

static enum outcome
fail_secure_boot_event(struct judgement *j, const struct measured *m)
{
	if (m->event.type == EV_EFI_ACTION && event_cover_verify(&m->event).form == EVENT_COVER_DATA)
		return judgement_fail(j, "PCR 7 event %zu: the firmware says \"%s\"", m->event.number, judgement_print(m->event.data).text);
	return judgement_fail(j, "PCR 7 %s, sha256 %s, is nothing that a rule knows, or its data are not what was measured",
		describe(m).text, judgement_digest(&m->event).text);
}

enum outcome
pcr_check_secure_boot_events(struct judgement *j)
{
	enum outcome outcome = OUTCOME_PASSED;
	struct secure_boot_walk w;
	struct measured m;
	struct event_data_variable v;
	enum secure_boot_kind kind;

	NEED_EVENTS(j);
	if (!has_rule(j, RULE_SECURE_BOOT))
		return OUTCOME_PASSED;
	secure_boot_walk(j, &w);
	while (next_secure_boot(&w, &m, &v, &kind)) {
		const char *list = rule_of(j, m.event.pcr)->list[LIST_AUTHORITIES];

		if (kind == SECURE_BOOT_UNKNOWN)
			outcome = fail_secure_boot_event(j, &m);
		if (kind != SECURE_BOOT_AUTHORITY || strcmp(list, RULE_LIST_IGNORED) == 0 ||
		    judgement_listed(j, list, event_digest(&m.event, RULE_BANK)))
			continue;
		outcome = judgement_fail(j, "PCR 7 event %zu: %s vouched by an entry, sha256 %s, that is not in list %s; if you trust it: "
			"bootgatectl reference add %s %s", m.event.number, judgement_print16(v.name).text, judgement_digest(&m.event).text, list,
			list, judgement_digest(&m.event).text);
	}
	if (!w.separated && outcome == OUTCOME_PASSED)
		outcome = judgement_fail(j, "PCR 7 has no separator, so its configuration never ended");
	return outcome;
}

/* --- P8, P9: the initrd ------------------------------------------------------------------------------------------------ */

enum stub_kind { STUB_INITRD, STUB_WRONG_INITRD, STUB_COMMAND_LINE, STUB_WRONG_COMMAND_LINE, STUB_MAY_OCCUR, STUB_UNKNOWN };

/* What the kernel's EFI stub measured.  Its labels say which kind of wrong a wrong one is, no more. */
static enum stub_kind
stub_kind(struct judgement *j, const struct event *ev)
{
	if (judgement_listed(j, rule_of(j, ev->pcr)->list[LIST_INITRD], event_digest(ev, RULE_BANK)))
		return STUB_INITRD;
	if (command_line_find(j, ev) != NULL)
		return STUB_COMMAND_LINE;
	if (may_occur(j, ev))
		return STUB_MAY_OCCUR;
	if (event_linux_tag(ev) == EVENT_LINUX_INITRD)
		return STUB_WRONG_INITRD;
	return event_linux_tag(ev) == EVENT_LINUX_LOAD_OPTIONS ? STUB_WRONG_COMMAND_LINE : STUB_UNKNOWN;
}

static bool
next_initrd(struct walk *w, struct measured *m, bool *listed)
{
	while (next_ruled(w, RULE_INITRD, m)) {
		enum stub_kind kind = stub_kind(w->j, &m->event);

		*listed = kind == STUB_INITRD;
		if (kind == STUB_INITRD || kind == STUB_WRONG_INITRD)
			return true;
	}
	return false;
}

enum outcome
pcr_check_initrd(struct judgement *j)
{
	struct walk w;
	struct measured m;
	bool listed;

	NEED_EVENTS(j);
	if (!has_rule(j, RULE_INITRD))
		return OUTCOME_PASSED;
	judgement_walk(j, &w);
	if (!next_initrd(&w, &m, &listed))
		return judgement_fail(j, "PCR 9 shows no initrd: none was loaded, or by a way that nothing measures (initrd= on the command "
			"line)");
	if (!listed)
		return judgement_fail(j, "PCR 9 event %zu: the initrd sha256 %s is not in list %s; if it is yours: %s", m.event.number,
			judgement_digest(&m.event).text, rule_of(j, m.event.pcr)->list[LIST_INITRD],
			remedy(rule_of(j, m.event.pcr)->list[LIST_INITRD], "initrd", &m.event).text);
	return OUTCOME_PASSED;
}

enum outcome
pcr_check_extra_initrd(struct judgement *j)
{
	enum outcome outcome = OUTCOME_PASSED;
	struct walk w;
	struct measured m;
	bool listed;

	NEED_EVENTS(j);
	judgement_walk(j, &w);
	if (!next_initrd(&w, &m, &listed))
		return OUTCOME_PASSED;
	while (next_initrd(&w, &m, &listed))
		outcome = judgement_fail(j, "PCR 9 event %zu: one more initrd than the one expected, sha256 %s (%s list %s)", m.event.number,
			judgement_digest(&m.event).text, listed ? "though in" : "not in", rule_of(j, m.event.pcr)->list[LIST_INITRD]);
	return outcome;
}

/* --- P10: sections of a UKI -------------------------------------------------------------------------------------------- */

enum section_kind { SECTION_CONTENT, SECTION_CUT, SECTION_MAY_OCCUR, SECTION_UNKNOWN };

/* The name that an event's digests are of. */
static const char *
section_name(const struct judgement *j, const struct event *ev)
{
	for (size_t i = 0; event_linux_sections[i] != NULL; i++)
		if (judgement_measures(j, ev, bytes_of(event_linux_sections[i], strlen(event_linux_sections[i]) + 1)))
			return event_linux_sections[i];
	return NULL;
}

/* The next thing in a PCR of that rule: a section (${m} is then the event of its content), or one event of another kind. */
static bool
next_section(struct walk *w, struct measured *m, const char **name, enum section_kind *kind)
{
	if (!next_ruled(w, RULE_UKI_SECTIONS, m))
		return false;
	*name = section_name(w->j, &m->event);
	if (*name == NULL)
		*kind = may_occur(w->j, &m->event) ? SECTION_MAY_OCCUR : SECTION_UNKNOWN;
	else
		*kind = next_ruled(w, RULE_UKI_SECTIONS, m) ? SECTION_CONTENT : SECTION_CUT;
	return true;
}

static size_t
section_index(const char *name)
{
	size_t i = 0;

	while (event_linux_sections[i] != NULL && strcmp(event_linux_sections[i], name) != 0)
		i++;
	return i;
}

enum outcome
pcr_check_sections(struct judgement *j)
{
	enum outcome outcome = OUTCOME_PASSED;
	uint32_t seen = 0;
	struct walk w;
	struct measured m;
	const char *name;
	enum section_kind kind;

	NEED_EVENTS(j);
	if (!has_rule(j, RULE_UKI_SECTIONS))
		return OUTCOME_PASSED;
	judgement_walk(j, &w);
	while (next_section(&w, &m, &name, &kind)) {
		const char *list = kind == SECTION_CONTENT ? rule_of(j, m.event.pcr)->list[LIST_SECTIONS] : "";
		uint32_t bit = name != NULL ? UINT32_C(1) << section_index(name) : 0;

		if (name != NULL && (seen & bit) != 0)
			outcome = judgement_fail(j, "PCR 11 event %zu: section %s is measured a second time", m.event.number, name);
		seen |= bit;
		if (kind == SECTION_CUT)
			outcome = judgement_fail(j, "PCR 11 names section %s, but its content was never measured", name);
		if (kind == SECTION_CONTENT && !judgement_listed(j, list, event_digest(&m.event, RULE_BANK)))
			outcome = judgement_fail(j, "PCR 11 event %zu: section %s of the kernel image, sha256 %s, is not in list %s; if it is yours: %s",
				m.event.number, name, judgement_digest(&m.event).text, list, remedy(list, "uki.sections", &m.event).text);
	}
	if ((seen & UINT32_C(1) << section_index(".linux")) == 0)
		outcome = judgement_fail(j, "PCR 11 shows no kernel: this was no boot of a unified kernel image by systemd's stub");
	return outcome;
}

/* --- P11: command line ------------------------------------------------------------------------------------------------- */

/* An event that measures a command line: allowed, and with the words that it must and must not have. */
static enum outcome
check_line(struct judgement *j, const struct measured *m, const char *what)
{
	const struct reference *v = command_line_find(j, &m->event);
	const struct policy *p = j->a->policy;
	const char *word;

	if (v == NULL)
		return judgement_fail(j, "PCR %" PRIu32 " event %zu: %s, sha256 %s (\"%s\"), is not in list %s; if it is yours: bootgatectl "
			"reference add UKI, or: reference add %s TEXT", m->event.pcr, m->event.number, what, judgement_digest(&m->event).text,
			judgement_print(m->event.data).text, p->command_lines, p->command_lines);
	word = command_line_denied(bytes_of(v->value, v->n), &p->deny);
	if (word != NULL)
		return judgement_fail(j, "PCR %" PRIu32 " event %zu: the command line \"%s\" has the word \"%s\", which the policy denies",
			m->event.pcr, m->event.number, judgement_print(bytes_of(v->value, v->n)).text, word);
	word = command_line_missing(bytes_of(v->value, v->n), &p->require);
	if (word != NULL)
		return judgement_fail(j, "PCR %" PRIu32 " event %zu: the command line \"%s\" lacks the word \"%s\", which the policy requires",
			m->event.pcr, m->event.number, judgement_print(bytes_of(v->value, v->n)).text, word);
	return OUTCOME_PASSED;
}

static void
worsen(enum outcome *outcome, enum outcome with)
{
	if (with < *outcome)
		*outcome = with;
}

static size_t
check_lines_of_sections(struct judgement *j, enum outcome *outcome)
{
	struct walk w;
	struct measured m;
	const char *name;
	enum section_kind kind;
	size_t n = 0;

	judgement_walk(j, &w);
	while (next_section(&w, &m, &name, &kind))
		if (kind == SECTION_CONTENT && strcmp(name, ".cmdline") == 0) {
			worsen(outcome, check_line(j, &m, "the section .cmdline"));
			n++;
		}
	return n;
}

static size_t
check_lines_of_stub(struct judgement *j, enum outcome *outcome)
{
	struct walk w;
	struct measured m;
	size_t n = 0;

	judgement_walk(j, &w);
	while (next_ruled(&w, RULE_INITRD, &m)) {
		enum stub_kind kind = stub_kind(j, &m.event);

		if (kind == STUB_COMMAND_LINE || kind == STUB_WRONG_COMMAND_LINE) {
			worsen(outcome, check_line(j, &m, "the kernel's command line"));
			n++;
		}
	}
	return n;
}

static size_t
check_lines_of_loader(struct judgement *j, enum outcome *outcome)
{
	struct walk w;
	struct measured m;
	size_t n = 0;

	judgement_walk(j, &w);
	while (next_ruled(&w, RULE_COMMAND_LINE, &m))
		if (!may_occur(j, &m.event)) {
			worsen(outcome, check_line(j, &m, "the loader's command line"));
			n++;
		}
	return n;
}

enum outcome
pcr_check_command_line(struct judgement *j)
{
	enum outcome outcome = OUTCOME_PASSED;
	size_t n;

	NEED_EVENTS(j);
	if (j->a->policy->command_lines[0] == '\0')
		return OUTCOME_PASSED;
	n = check_lines_of_sections(j, &outcome);
	n += check_lines_of_stub(j, &outcome);
	n += check_lines_of_loader(j, &outcome);
	if (n == 0)
		return judgement_fail(j, "no PCR that the policy rules shows the kernel's command line");
	return outcome;
}

/* --- P12: everything else ---------------------------------------------------------------------------------------------- */

static enum outcome
fail_unknown(struct judgement *j, const struct measured *m)
{
	return judgement_fail(j, "PCR %" PRIu32 " %s, sha256 %s (\"%s\"), is nothing that the policy knows there (\"may-occur\")",
		m->event.pcr, describe(m).text, judgement_digest(&m->event).text, judgement_print(m->event.data).text);
}

enum outcome
pcr_check_user_space(struct judgement *j)
{
	enum outcome outcome = OUTCOME_PASSED;
	struct walk w;
	struct measured m;
	const char *name;
	enum section_kind kind;

	NEED_EVENTS(j);
	judgement_walk(j, &w);
	while (next_section(&w, &m, &name, &kind))
		if (kind == SECTION_UNKNOWN)
			outcome = fail_unknown(j, &m);
	judgement_walk(j, &w);
	while (next_ruled(&w, RULE_INITRD, &m))
		if (stub_kind(j, &m.event) == STUB_UNKNOWN)
			outcome = fail_unknown(j, &m);
	return outcome;
}
