/* SPDX-License-Identifier: ISC */
/*
 * A verb's command line: options by a table, the rest in order.
 */
#ifndef CTL_ARGUMENTS_H
#define CTL_ARGUMENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocol/message.h"

/* What a verb is called with. ${argv} holds what follows the verb; after arguments_take(), only what is no option. */
struct call {
	const char *config; /* the verifier's configuration file */
	int argc;
	char **argv;
};

/* "--name TEXT" or "--name=TEXT" when ${text} is set, else a mere "--name". */
struct argument {
	const char *name;
	const char **text;
	bool *flag;
};

/*
 * arguments_take(c, table, n, min, max): options may stand anywhere before a "--"; -c FILE and --config FILE are always known.
 * False, with the reason on standard error, for an unknown option, one given twice, one that lacks its value, and when
 * what is left are not ${min} to ${max} arguments.
 */
bool arguments_take(struct call *c, const struct argument *table, size_t n, int min, int max);

/* arguments_number(name, text, min, max, out): decimal digits only. False with the reason on standard error. */
bool arguments_number(const char *name, const char *text, uint64_t min, uint64_t max, uint64_t *out);

/* arguments_label(label, to): the value of --label, or "" for NULL. False with the reason on standard error. */
bool arguments_label(const char *label, char to[LABEL_MAX + 1]);

#endif
