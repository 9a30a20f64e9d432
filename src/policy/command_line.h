/* SPDX-License-Identifier: ISC */
/*
 * Kernel command lines: the words in them, and the forms in which they are measured.
 */
#ifndef POLICY_COMMAND_LINE_H
#define POLICY_COMMAND_LINE_H

#include "policy/judgement.h"

/*
 * command_line_denied(text, words): the first of ${words} that ${text} has, or NULL.  "init=" is any word that begins so;
 * "break" is that word, alone or with a value.  Takes no chances: quotes and backslashes are dropped, blanks end a word even within
 * quotes, '-' and '_' are the same (as to the kernel and to systemd).
 */
const char *command_line_denied(struct bytes text, const struct rule_words *words);

/* command_line_missing(text, words): the first of ${words} that does not stand in ${text}, alone and unquoted; or NULL. */
const char *command_line_missing(struct bytes text, const struct rule_words *words);

/*
 * command_line_find(j, ev): the allowed command line that ${ev} measures, as it stands in the policy's list; NULL if none.
 * Forms: the text itself (a UKI's section); without white space and NUL at its end; either with a NUL; each of these in UTF-16LE
 * (LoadOptions).
 */
const struct reference *command_line_find(const struct judgement *j, const struct event *ev);

#endif
