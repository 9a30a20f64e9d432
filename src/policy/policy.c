/* SPDX-License-Identifier: ISC */
#include "policy/policy.h"

#include <confuse.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/case.h"
#include "policy/comments.h"
#include "policy/rules.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* libconfuse hands no pointer of the caller's to its error function; so the load that a thread is in stands here. */
static _Thread_local struct load {
	const char *name;
	struct policy_error *why;
} *loading;

struct context {
	struct load load;
	struct policy *policy;
	bool failed;
};

/* Which lists a rule may name, and which of them it must. */
#define MAY(list) (1u << (list))
static const struct rule_shape {
	const char *name;
	enum rule_kind kind;
	unsigned must, may;
	unsigned pcrs; /* where it makes sense */
	bool may_occur;
} shapes[] = {
	{ "unused", RULE_UNUSED, 0, 0, 0xdfff, false },
	{ "values", RULE_VALUES, MAY(LIST_VALUES), 0, 0xdfff, false },
	{ "door", RULE_DOOR, 0, 0, 1u << DOOR_PCR, false },
	{ "boot-applications", RULE_BOOT_APPLICATIONS, MAY(LIST_APPLICATIONS), MAY(LIST_KERNELS), 1u << 4, false },
	{ "secure-boot", RULE_SECURE_BOOT, MAY(LIST_PK) | MAY(LIST_KEK) | MAY(LIST_DB) | MAY(LIST_DBX) | MAY(LIST_AUTHORITIES), 0,
		1u << 7, false },
	{ "initrd", RULE_INITRD, MAY(LIST_INITRD), 0, 1u << 9, true },
	{ "uki-sections", RULE_UKI_SECTIONS, MAY(LIST_SECTIONS), 0, 1u << 11, true },
	{ "command-line", RULE_COMMAND_LINE, 0, 0, 1u << 8 | 1u << 12, true },
};

static const char *const list_keys[RULE_LISTS] = {
	[LIST_VALUES] = "values",
	[LIST_APPLICATIONS] = "applications",
	[LIST_KERNELS] = "kernels",
	[LIST_INITRD] = "initrd",
	[LIST_SECTIONS] = "sections",
	[LIST_PK] = "pk",
	[LIST_KEK] = "kek",
	[LIST_DB] = "db",
	[LIST_DBX] = "dbx",
	[LIST_AUTHORITIES] = "authorities",
};

/* --- failures ---------------------------------------------------------------------------------------------------------- */

/* Only the first failure is told: what follows it is often its consequence. */
__attribute__((format(printf, 3, 0))) static void
tell(struct load *load, int line, const char *format, va_list arguments)
{
	int n;

	if (load->why->text[0] != '\0')
		return;
	n = snprintf(load->why->text, sizeof load->why->text, "%s:%d: ", load->name, line);
	if (n > 0 && (size_t)n < sizeof load->why->text)
		(void)vsnprintf(load->why->text + n, sizeof load->why->text - (size_t)n, format, arguments);
}

__attribute__((format(printf, 2, 0))) static void
refuse_syntax(cfg_t *cfg, const char *format, va_list arguments)
{
	if (loading != NULL)
		tell(loading, cfg != NULL ? cfg->line : 0, format, arguments);
}

__attribute__((format(printf, 3, 4))) static void
refuse(struct context *c, const cfg_t *section, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	tell(&c->load, section != NULL ? section->line : 1, format, arguments);
	va_end(arguments);
	c->failed = true;
}

/* --- values ------------------------------------------------------------------------------------------------------------ */

/* Names of lists and policies: what is easy to type and to see. */
static bool
is_name(const char *s)
{
	return s[0] != '\0' && strlen(s) <= POLICY_NAME_MAX &&
		strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_") == strlen(s);
}

static bool
given(cfg_t *section, const char *key)
{
	return cfg_size(section, key) > 0;
}

/* A blank or a quoting character in a word would never be found (command_line.h). */
static bool
is_word(const char *s)
{
	for (const char *at = s; *at != '\0'; at++)
		if (*at <= 0x20 || *at >= 0x7f || strchr("\"'\\", *at) != NULL)
			return false;
	return s[0] != '\0' && strlen(s) <= RULE_WORD_MAX;
}

static void
load_words(struct context *c, cfg_t *section, const char *key, struct rule_words *out)
{
	for (unsigned i = 0; i < cfg_size(section, key) && !c->failed; i++) {
		const char *s = cfg_getnstr(section, key, i);

		if (s == NULL || !is_word(s))
			refuse(c, section, "a word of \"%s\" is empty, longer than %d bytes, or has blanks or quotes in it", key, RULE_WORD_MAX);
		else if (out->n == RULE_WORDS_MAX)
			refuse(c, section, "more than %d words in \"%s\"", RULE_WORDS_MAX, key);
		else
			memcpy(out->word[out->n++], s, strlen(s) + 1);
	}
}

/* --- sections ---------------------------------------------------------------------------------------------------------- */

static void
load_lists(struct context *c, cfg_t *section, const struct rule_shape *shape, struct rule *rule)
{
	for (size_t i = 0; i < RULE_LISTS && !c->failed; i++) {
		bool there = given(section, list_keys[i]);
		const char *name = there ? cfg_getstr(section, list_keys[i]) : "";
		bool known = ((shape->must | shape->may) & MAY(i)) != 0;

		if (there && !known)
			refuse(c, section, "\"%s\" means nothing to the rule \"%s\"", list_keys[i], shape->name);
		else if (!there && (shape->must & MAY(i)) != 0)
			refuse(c, section, "the rule \"%s\" needs \"%s\", a list of reference values", shape->name, list_keys[i]);
		else if (there && (name == NULL || !is_name(name)))
			refuse(c, section, "\"%s\" is no name of a list", list_keys[i]);
		else if (there && strcmp(name, RULE_LIST_IGNORED) == 0 && shape->kind != RULE_SECURE_BOOT)
			refuse(c, section, "\"%s\" cannot be ignored here: ignore the whole PCR by name", list_keys[i]);
		else if (there)
			memcpy(rule->list[i], name, strlen(name) + 1);
	}
}

static const struct rule_shape *
find_shape(const char *name)
{
	for (size_t i = 0; i < COUNT(shapes); i++)
		if (name != NULL && strcmp(shapes[i].name, name) == 0)
			return &shapes[i];
	return NULL;
}

static void
load_ignored(struct context *c, cfg_t *section, unsigned pcr, struct rule *rule)
{
	const char *because = cfg_getstr(section, "ignore");

	if (because == NULL || strlen(because) < 3)
		refuse(c, section, "PCR %u: \"ignore\" says in words why it is ignored", pcr);
	if (pcr == DOOR_PCR)
		refuse(c, section, "PCR %u is the door: it cannot be ignored", pcr);
	if (given(section, "rule") || given(section, "may-occur"))
		refuse(c, section, "PCR %u is ignored, so no rule can stand beside that", pcr);
	for (size_t i = 0; i < RULE_LISTS; i++)
		if (given(section, list_keys[i]))
			refuse(c, section, "PCR %u is ignored, so \"%s\" would mean nothing", pcr, list_keys[i]);
	rule->kind = RULE_IGNORED;
}

static void
load_rule(struct context *c, cfg_t *section, unsigned pcr, struct rule *rule)
{
	const struct rule_shape *shape = find_shape(cfg_getstr(section, "rule"));

	if (given(section, "ignore")) {
		load_ignored(c, section, pcr, rule);
		return;
	}
	if (!given(section, "rule"))
		refuse(c, section, "PCR %u has neither \"rule\" nor \"ignore\"", pcr);
	else if (shape == NULL)
		refuse(c, section, "PCR %u: no rule is called \"%s\"", pcr, cfg_getstr(section, "rule"));
	else if ((shape->pcrs & 1u << pcr) == 0)
		refuse(c, section, "the rule \"%s\" does not belong to PCR %u", shape->name, pcr);
	else if (given(section, "may-occur") && !shape->may_occur)
		refuse(c, section, "\"may-occur\" means nothing to the rule \"%s\"", shape->name);
	else {
		rule->kind = shape->kind;
		load_lists(c, section, shape, rule);
		load_words(c, section, "may-occur", &rule->may_occur);
	}
}

static void
load_pcrs(struct context *c, cfg_t *policy)
{
	for (unsigned i = 0; i < cfg_size(policy, "pcr") && !c->failed; i++) {
		cfg_t *section = cfg_getnsec(policy, "pcr", i);
		const char *title = cfg_title(section);
		char *end;
		unsigned long pcr = strtoul(title, &end, 10);

		if (title[0] < '0' || title[0] > '9' || *end != '\0' || pcr >= RULE_PCRS || (title[0] == '0' && title[1] != '\0'))
			refuse(c, section, "\"%s\" is no PCR from 0 to %d", title, RULE_PCRS - 1);
		else
			load_rule(c, section, (unsigned)pcr, &c->policy->pcr[pcr]);
	}
	for (unsigned pcr = 0; pcr < RULE_PCRS && !c->failed; pcr++)
		if (c->policy->pcr[pcr].kind == RULE_NONE)
			refuse(c, policy, "PCR %u has no rule and is not ignored by name", pcr);
}

static bool
measures_command_line(const struct policy *p)
{
	for (unsigned pcr = 0; pcr < RULE_PCRS; pcr++)
		if (p->pcr[pcr].kind == RULE_COMMAND_LINE || p->pcr[pcr].kind == RULE_UKI_SECTIONS)
			return true;
	return false;
}

static void
load_command_line(struct context *c, cfg_t *policy)
{
	cfg_t *section = cfg_size(policy, "command-line") == 1 ? cfg_getsec(policy, "command-line") : NULL;
	const char *name = section != NULL && given(section, "allowed") ? cfg_getstr(section, "allowed") : NULL;

	if (section == NULL) {
		if (measures_command_line(c->policy))
			refuse(c, policy, "a PCR shows the kernel's command line, but there is no section \"command-line\"");
		return;
	}
	if (name == NULL || !is_name(name) || strcmp(name, RULE_LIST_IGNORED) == 0) {
		refuse(c, section, "\"command-line\" needs \"allowed\", a list of reference values");
		return;
	}
	if (!measures_command_line(c->policy))
		refuse(c, section, "no rule looks where the command line is measured, so \"command-line\" would mean nothing");
	memcpy(c->policy->command_lines, name, strlen(name) + 1);
	load_words(c, section, "deny", &c->policy->deny);
	load_words(c, section, "require", &c->policy->require);
}

static bool
has_bank(const struct policy *p, enum hash_alg alg)
{
	for (size_t i = 0; i < p->banks; i++)
		if (p->bank[i] == alg)
			return true;
	return false;
}

static void
load_banks(struct context *c, cfg_t *policy)
{
	struct policy *p = c->policy;

	for (unsigned i = 0; i < cfg_size(policy, "banks") && !c->failed; i++) {
		enum hash_alg alg = hash_of_name(cfg_getnstr(policy, "banks", i));

		if (alg == HASH_NONE || alg == HASH_SHA1)
			refuse(c, policy, "\"%s\" is no bank to rely on", cfg_getnstr(policy, "banks", i));
		else if (has_bank(p, alg))
			refuse(c, policy, "bank %s is named twice", hash_name(alg));
		else
			p->bank[p->banks++] = alg;
	}
	if (!has_bank(p, RULE_BANK))
		refuse(c, policy, "\"banks\" must name %s, which reference values are compared with", hash_name(RULE_BANK));
}

static void
load_restart(struct context *c, cfg_t *policy)
{
	const char *s = given(policy, "on-restart") ? cfg_getstr(policy, "on-restart") : NULL;

	if (s == NULL || (strcmp(s, "hold") != 0 && strcmp(s, "name") != 0))
		refuse(c, policy, "\"on-restart\" must be hold or name");
	else
		c->policy->name_restarts = strcmp(s, "name") == 0;
}

static void
load_policy(struct context *c, cfg_t *file)
{
	cfg_t *policy = cfg_size(file, "policy") == 1 ? cfg_getsec(file, "policy") : NULL;
	const char *name = policy != NULL ? cfg_title(policy) : NULL;
	const char *version = policy != NULL && given(policy, "version") ? cfg_getstr(policy, "version") : NULL;

	if (policy == NULL) {
		refuse(c, NULL, "a policy file holds exactly one section \"policy NAME { ... }\"");
		return;
	}
	if (name == NULL || !is_name(name))
		refuse(c, policy, "the policy needs a name of letters, digits, '.', '-' and '_'");
	else if (version == NULL || !is_name(version))
		refuse(c, policy, "the policy needs a \"version\" of letters, digits, '.', '-' and '_'");
	if (c->failed)
		return;
	(void)snprintf(c->policy->title, sizeof c->policy->title, "%s/%s", name, version);
	load_banks(c, policy);
	load_restart(c, policy);
	load_pcrs(c, policy);
	load_command_line(c, policy);
}

/* --- the file ---------------------------------------------------------------------------------------------------------- */

/*
 * libconfuse takes the last of two values of one key; a reader may take the first.  It calls this after each value, and once
 * more at the end of a list, so a key given once was seen as often as it has values, or once more.  The count stands in bits of
 * the flags that libconfuse does not use.
 */
#define CALLS_ONE (1 << 16)
#define CALLS_MASK (0xff << 16)

static int
refuse_twice(cfg_t *cfg, cfg_opt_t *opt)
{
	unsigned calls;

	if ((opt->flags & CALLS_MASK) != CALLS_MASK)
		opt->flags += CALLS_ONE;
	calls = (unsigned)(opt->flags & CALLS_MASK) / CALLS_ONE;
	if (calls <= cfg_opt_size(opt) + ((opt->flags & CFGF_LIST) != 0 ? 1u : 0u))
		return 0;
	cfg_error(cfg, "\"%s\" is given twice", opt->name);
	return 1;
}

static void
watch(cfg_opt_t *options)
{
	for (; options->name != NULL; options++)
		if (options->type == CFGT_STR)
			options->validcb = refuse_twice;
}

static enum status
parse(struct context *c, char *text)
{
	cfg_opt_t pcr[] = {
		CFG_STR("rule", NULL, CFGF_NODEFAULT),
		CFG_STR("ignore", NULL, CFGF_NODEFAULT),
		CFG_STR("values", NULL, CFGF_NODEFAULT),
		CFG_STR("applications", NULL, CFGF_NODEFAULT),
		CFG_STR("kernels", NULL, CFGF_NODEFAULT),
		CFG_STR("initrd", NULL, CFGF_NODEFAULT),
		CFG_STR("sections", NULL, CFGF_NODEFAULT),
		CFG_STR("pk", NULL, CFGF_NODEFAULT),
		CFG_STR("kek", NULL, CFGF_NODEFAULT),
		CFG_STR("db", NULL, CFGF_NODEFAULT),
		CFG_STR("dbx", NULL, CFGF_NODEFAULT),
		CFG_STR("authorities", NULL, CFGF_NODEFAULT),
		CFG_STR_LIST("may-occur", NULL, CFGF_NODEFAULT),
		CFG_END(),
	};
	cfg_opt_t command_line[] = {
		CFG_STR("allowed", NULL, CFGF_NODEFAULT),
		CFG_STR_LIST("deny", NULL, CFGF_NODEFAULT),
		CFG_STR_LIST("require", NULL, CFGF_NODEFAULT),
		CFG_END(),
	};
	cfg_opt_t policy[] = {
		CFG_STR("version", NULL, CFGF_NODEFAULT),
		CFG_STR_LIST("banks", NULL, CFGF_NODEFAULT),
		CFG_STR("on-restart", NULL, CFGF_NODEFAULT),
		CFG_SEC("command-line", command_line, CFGF_MULTI),
		CFG_SEC("pcr", pcr, CFGF_MULTI | CFGF_TITLE | CFGF_NO_TITLE_DUPES),
		CFG_END(),
	};
	cfg_opt_t file[] = {
		CFG_SEC("policy", policy, CFGF_MULTI | CFGF_TITLE | CFGF_NO_TITLE_DUPES),
		CFG_END(),
	};
	cfg_t *cfg;
	int parsed;

	watch(pcr);
	watch(command_line);
	watch(policy);
	cfg = cfg_init(file, CFGF_NONE);
	if (cfg == NULL)
		return E_MEMORY;
	(void)cfg_set_error_function(cfg, refuse_syntax);
	loading = &c->load;
	parsed = cfg_parse_buf(cfg, text);
	loading = NULL;
	if (parsed != CFG_SUCCESS)
		refuse(c, NULL, "not a policy file");
	else
		load_policy(c, cfg);
	(void)cfg_free(cfg);
	return c->failed ? E_CONFIG : OK;
}

static void
check_text(struct context *c, struct bytes text)
{
	if (text.n > POLICY_TEXT_MAX)
		refuse(c, NULL, "longer than %d bytes", POLICY_TEXT_MAX);
	else if (text.n > 0 && memchr(text.p, '\0', text.n) != NULL)
		refuse(c, NULL, "a NUL byte in the text");
	for (size_t i = 1; i < text.n && !c->failed; i++)
		if (text.p[i - 1] == '$' && text.p[i] == '{')
			refuse(c, NULL, "\"$\" followed by \"{\" would be replaced from the environment, and is refused");
}

enum status
policy_load(const char *name, struct bytes text, struct policy **p, struct policy_error *why)
{
	struct context c = { .load = { name, why } };
	char *copy;
	enum status s;

	*p = NULL;
	why->text[0] = '\0';
	check_text(&c, text);
	if (c.failed)
		return E_CONFIG;
	c.policy = calloc(1, sizeof *c.policy);
	copy = malloc(text.n + 1);
	if (c.policy == NULL || copy == NULL) {
		free(c.policy);
		free(copy);
		return E_MEMORY;
	}
	if (text.n > 0)
		memcpy(copy, text.p, text.n);
	copy[text.n] = '\0';
	if (!comments_blank(copy))
		refuse(&c, NULL, "braces are not balanced: is the file whole?");
	s = c.failed ? E_CONFIG : parse(&c, copy);
	free(copy);
	if (s == OK)
		*p = c.policy;
	else
		policy_free(c.policy);
	return s;
}

void
policy_free(struct policy *p)
{
	free(p);
}

const char *
policy_title(const struct policy *p)
{
	return p->title;
}

/* --- reference values -------------------------------------------------------------------------------------------------- */

/* ${digests}: each value of the list must have the size of a digest. */
static enum status
check_list(const char *list, bool digests, const struct references *r, struct policy_error *why)
{
	size_t n = 0;

	for (size_t i = 0; i < r->n; i++) {
		const struct reference *v = &r->value[i];

		if (strcmp(v->list, list) != 0)
			continue;
		n++;
		if (v->n == 0 || v->n > sizeof v->value || bytes_zero(bytes_of(v->value, v->n))) {
			(void)snprintf(why->text, sizeof why->text, "list %s holds a value that is empty or all zeros", list);
			return E_CONFIG;
		}
		if (digests && v->n != hash_size(RULE_BANK)) {
			(void)snprintf(why->text, sizeof why->text, "list %s holds a value of %zu bytes where %s digests belong", list, v->n,
				hash_name(RULE_BANK));
			return E_CONFIG;
		}
	}
	if (n > 0)
		return OK;
	(void)snprintf(why->text, sizeof why->text, "list %s is empty, so the policy would deny every machine", list);
	return E_CONFIG;
}

enum status
policy_references_check(const struct policy *p, const struct references *r, struct policy_error *why)
{
	enum status s = OK;

	why->text[0] = '\0';
	for (unsigned pcr = 0; pcr < RULE_PCRS; pcr++)
		for (size_t i = 0; i < RULE_LISTS && s == OK; i++) {
			const char *list = p->pcr[pcr].list[i];

			if (list[0] != '\0' && strcmp(list, RULE_LIST_IGNORED) != 0)
				s = check_list(list, true, r, why);
		}
	if (s == OK && p->command_lines[0] != '\0')
		s = check_list(p->command_lines, false, r, why);
	return s;
}
