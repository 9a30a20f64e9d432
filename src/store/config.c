/* SPDX-License-Identifier: ISC */
#include "store/config.h"

#include <confuse.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"
#include "policy/comments.h"

#define FILE_SIZE_MAX 65536

/* libconfuse reports errors by callback without an argument: where they go while one file is read. */
static struct {
	char *why;
	size_t size;
} complaint;

static void complain(cfg_t *cfg, const char *format, va_list args) __attribute__((format(printf, 2, 0)));

static void
complain(cfg_t *cfg, const char *format, va_list args)
{
	int n;

	if (complaint.why == NULL || complaint.why[0] != '\0')
		return;
	n = snprintf(complaint.why, complaint.size, "%s:%d: ", cfg != NULL && cfg->filename != NULL ? cfg->filename : "?",
		cfg != NULL ? cfg->line : 0);
	if (n > 0 && (size_t)n < complaint.size)
		vsnprintf(complaint.why + n, complaint.size - (size_t)n, format, args);
}

static const struct limit {
	const char *key;
	long min, max;
} limits[] = {
	{ "judges", 1, CONFIG_JUDGES_MAX },
	{ "max-clients", 1, 65536 },
	{ "max-clients-per-address", 1, 65536 },
	{ "max-evidence-per-machine", 1, 1000000 },
	{ "keep-cases", 1, 1000 },
	{ "token-hours", 1, 24 * 365 },
};

static int
validate_number(cfg_t *cfg, cfg_opt_t *opt)
{
	long v = cfg_opt_getnint(opt, 0);

	for (size_t i = 0; i < sizeof limits / sizeof *limits; i++)
		if (strcmp(limits[i].key, cfg_opt_name(opt)) == 0 && (v < limits[i].min || v > limits[i].max)) {
			cfg_error(cfg, "%s must be from %ld to %ld", limits[i].key, limits[i].min, limits[i].max);
			return -1;
		}
	return 0;
}

static int
validate_log(cfg_t *cfg, cfg_opt_t *opt)
{
	const char *v = cfg_opt_getnstr(opt, 0);

	if (strcmp(v, "info") == 0 || strcmp(v, "debug") == 0)
		return 0;
	cfg_error(cfg, "log must be info or debug");
	return -1;
}

static enum status
fail(char *why, size_t size, const char *path, const char *text)
{
	snprintf(why, size, "%s: %s", path, text);
	return E_CONFIG;
}

/* refuse_environment(): libconfuse replaces ${NAME} by the environment's NAME, and there is no switch for it. */
static enum status
refuse_environment(const char *text, const char *path, char *why, size_t size)
{
	unsigned line = 1;

	for (const char *c = text; *c != '\0'; c++) {
		if (*c == '\n')
			line++;
		if (c[0] == '$' && c[1] == '{') {
			snprintf(why, size, "%s:%u: ${...} is not taken from the environment; write the value", path, line);
			return E_CONFIG;
		}
	}
	return OK;
}

static enum status
copy(char *to, size_t to_size, const char *from, const char *path, const char *key, char *why, size_t size)
{
	size_t n = from == NULL ? 0 : strlen(from);

	if (n > 0 && n < to_size && text_is_utf8(bytes_of(from, n))) {
		memcpy(to, from, n + 1);
		return OK;
	}
	snprintf(why, size, "%s: %s is empty, too long, or not UTF-8", path, key);
	return E_CONFIG;
}

static enum status
take_names(cfg_t *cfg, const char *path, struct config *c, char *why, size_t size)
{
	const char *authority = cfg_getstr(cfg, "authority"), *name = cfg_getstr(cfg, "name");
	char host[CONFIG_NAME_MAX + 1] = "";
	enum status s = copy(c->state, sizeof c->state, cfg_getstr(cfg, "state"), path, "state", why, size);

	if (name == NULL && gethostname(host, sizeof host - 1) == 0)
		name = host;
	if (s == OK)
		s = copy(c->name, sizeof c->name, name, path, "name", why, size);
	if (s == OK)
		s = copy(c->default_policy, sizeof c->default_policy, cfg_getstr(cfg, "default-policy"), path, "default-policy", why, size);
	if (s != OK)
		return s;
	if (authority != NULL)
		return copy(c->authority, sizeof c->authority, authority, path, "authority", why, size);
	if (snprintf(c->authority, sizeof c->authority, "%s/authority.pub", c->state) >= (int)sizeof c->authority)
		return fail(why, size, path, "state is too long");
	return OK;
}

static enum status
take_lists(cfg_t *cfg, const char *path, struct config *c, char *why, size_t size)
{
	enum status s = OK;

	c->listens = cfg_size(cfg, "listen");
	c->ek_cas = cfg_size(cfg, "ek-ca");
	if (c->listens == 0 || c->listens > CONFIG_LISTEN_MAX)
		return fail(why, size, path, "listen takes one to eight addresses");
	if (c->ek_cas > CONFIG_EK_CA_MAX)
		return fail(why, size, path, "ek-ca takes at most eight folders");
	for (unsigned i = 0; s == OK && i < c->listens; i++)
		s = copy(c->listen[i], sizeof c->listen[i], cfg_getnstr(cfg, "listen", i), path, "listen", why, size);
	for (unsigned i = 0; s == OK && i < c->ek_cas; i++)
		s = copy(c->ek_ca[i], sizeof c->ek_ca[i], cfg_getnstr(cfg, "ek-ca", i), path, "ek-ca", why, size);
	return s;
}

static enum status
take(cfg_t *cfg, const char *path, struct config *c, char *why, size_t size)
{
	enum status s = take_names(cfg, path, c, why, size);

	c->judges = (unsigned)cfg_getint(cfg, "judges");
	c->max_clients = (unsigned)cfg_getint(cfg, "max-clients");
	c->max_clients_per_address = (unsigned)cfg_getint(cfg, "max-clients-per-address");
	c->max_evidence_per_machine = (unsigned)cfg_getint(cfg, "max-evidence-per-machine");
	c->keep_cases = (unsigned)cfg_getint(cfg, "keep-cases");
	c->token_hours = (unsigned)cfg_getint(cfg, "token-hours");
	c->debug = strcmp(cfg_getstr(cfg, "log"), "debug") == 0;
	return s == OK ? take_lists(cfg, path, c, why, size) : s;
}

/* parse_text(): not cfg_parse_buf(), whose errors name no file. */
static int
parse_text(cfg_t *cfg, char *text)
{
	FILE *f = text[0] == '\0' ? NULL : fmemopen(text, strlen(text), "r");
	int r;

	if (f == NULL)
		return text[0] == '\0' ? CFG_SUCCESS : CFG_FILE_ERROR;
	r = cfg_parse_fp(cfg, f);
	fclose(f);
	return r;
}

static enum status
parse(char *text, const char *path, struct config *c, char *why, size_t size)
{
	long processors = sysconf(_SC_NPROCESSORS_ONLN);
	long judges = processors < 1 ? 1 : processors > CONFIG_JUDGES_MAX ? CONFIG_JUDGES_MAX : processors;
	cfg_opt_t options[] = {
		CFG_STR("state", "/var/lib/bootgate", CFGF_NONE),
		CFG_STR_LIST("listen", NULL, CFGF_NONE),
		CFG_STR("name", NULL, CFGF_NONE),
		CFG_STR("authority", NULL, CFGF_NONE),
		CFG_STR_LIST("ek-ca", NULL, CFGF_NONE),
		CFG_STR("default-policy", "default", CFGF_NONE),
		CFG_INT("judges", judges, CFGF_NONE),
		CFG_INT("max-clients", 1024, CFGF_NONE),
		CFG_INT("max-clients-per-address", 64, CFGF_NONE),
		CFG_INT("max-evidence-per-machine", 30, CFGF_NONE),
		CFG_INT("keep-cases", 8, CFGF_NONE),
		CFG_INT("token-hours", 24, CFGF_NONE),
		CFG_STR("log", "info", CFGF_NONE),
		CFG_END(),
	};
	cfg_t *cfg = cfg_init(options, CFGF_NONE);
	enum status s = E_MEMORY;

	if (cfg == NULL)
		return fail(why, size, path, status_text(E_MEMORY));
	complaint.why = why;
	complaint.size = size;
	cfg_set_error_function(cfg, complain);
	for (size_t i = 0; i < sizeof limits / sizeof *limits; i++)
		cfg_set_validate_func(cfg, limits[i].key, validate_number);
	cfg_set_validate_func(cfg, "log", validate_log);
	cfg->filename = strdup(path);
	if (parse_text(cfg, text) == CFG_SUCCESS)
		s = take(cfg, path, c, why, size);
	else
		s = why[0] != '\0' ? E_CONFIG : fail(why, size, path, "cannot be parsed");
	complaint.why = NULL;
	cfg_free(cfg);
	return s;
}

enum status
config_load(const char *path, struct config *c, char *why, size_t size)
{
	char text[FILE_SIZE_MAX + 1];
	struct buffer b = buffer_of(text, FILE_SIZE_MAX);
	enum status s = file_read(path, &b);

	memset(c, 0, sizeof *c);
	why[0] = '\0';
	if (s != OK)
		return fail(why, size, path, status_text(s));
	text[b.n] = '\0';
	if (memchr(text, '\0', b.n) != NULL)
		return fail(why, size, path, "holds a NUL byte");
	s = refuse_environment(text, path, why, size);
	if (s == OK && !comments_blank(text))
		s = fail(why, size, path, "braces are not balanced: is the file whole?");
	return s == OK ? parse(text, path, c, why, size) : s;
}
