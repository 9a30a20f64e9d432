/* SPDX-License-Identifier: ISC */
#include "ctl/arguments.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/text.h"

static const struct argument *
find(const struct argument *table, size_t n, const char *name, size_t length)
{
	for (size_t i = 0; i < n; i++)
		if (strlen(table[i].name) == length && strncmp(table[i].name, name, length) == 0)
			return &table[i];
	return NULL;
}

/* One option at argv[*at]; moves ${at} beyond its value. */
static bool
take_option(const struct call *c, int *at, const struct argument *a, const char *value)
{
	const char *shown = c->argv[*at];

	if (a->text == NULL) {
		if (value != NULL)
			log_error("%s: this option takes no value", shown);
		*a->flag = true;
		return value == NULL;
	}
	if (value == NULL && *at + 1 < c->argc)
		value = c->argv[++*at];
	if (value == NULL)
		log_error("%s: this option needs a value", shown);
	else if (*a->text != NULL)
		log_error("%s: given twice", shown);
	else
		*a->text = value;
	return value != NULL && *a->text == value;
}

static bool
take(struct call *c, int *at, const struct argument *table, size_t n, const char **config)
{
	const struct argument own = { "config", config, NULL };
	const char *word = c->argv[*at], *name = word + 2, *equals = strchr(name, '=');
	size_t length = equals != NULL ? (size_t)(equals - name) : strlen(name);
	const struct argument *a;

	if (strcmp(word, "-c") == 0)
		return take_option(c, at, &own, NULL);
	a = word[1] != '-' ? NULL : strncmp(name, own.name, length) == 0 && own.name[length] == '\0' ? &own : find(table, n, name, length);
	if (a == NULL) {
		log_error("%s: there is no such option here", word);
		return false;
	}
	return take_option(c, at, a, equals != NULL ? equals + 1 : NULL);
}

bool
arguments_take(struct call *c, const struct argument *table, size_t n, int min, int max)
{
	const char *config = NULL;
	bool options = true;
	int left = 0;

	for (int i = 0; i < c->argc; i++) {
		char *word = c->argv[i];

		if (options && strcmp(word, "--") == 0)
			options = false;
		else if (!options || word[0] != '-' || word[1] == '\0')
			c->argv[left++] = word;
		else if (!take(c, &i, table, n, &config))
			return false;
	}
	c->argc = left;
	if (config != NULL)
		c->config = config;
	if (left >= min && left <= max)
		return true;
	log_error(left < min ? "an argument is missing" : "too many arguments: %s", left < min ? "" : c->argv[max]);
	return false;
}

bool
arguments_number(const char *name, const char *text, uint64_t min, uint64_t max, uint64_t *out)
{
	uint64_t v = 0;
	bool good = text[0] != '\0' && strlen(text) <= 19 && strspn(text, "0123456789") == strlen(text);

	for (const char *p = text; good && *p != '\0'; p++)
		v = 10 * v + (uint64_t)(*p - '0');
	if (!good || v < min || v > max) {
		log_error("%s: a number from %" PRIu64 " to %" PRIu64 ", not \"%s\"", name, min, max, text);
		return false;
	}
	*out = v;
	return true;
}

bool
arguments_label(const char *label, char to[LABEL_MAX + 1])
{
	size_t n = label == NULL ? 0 : strlen(label);
	bool good = n <= LABEL_MAX && text_is_utf8(bytes_of(label, n));

	for (size_t i = 0; good && i < n; i++)
		good = (unsigned char)label[i] >= ' ' && label[i] != 0x7f;
	if (!good) {
		log_error("--label: at most %d bytes of UTF-8 without control characters", LABEL_MAX);
		return false;
	}
	snprintf(to, LABEL_MAX + 1, "%s", n > 0 ? label : "");
	return true;
}
