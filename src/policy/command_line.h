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
 * Forms: the text itself, or without white space at its end, either with a NUL or without; in PCR 9 and 12 in UTF-16LE
 * (LoadOptions), elsewhere as it is (a UKI's section, GRUB).  Only ASCII is found in UTF-16LE.
 */
const struct reference *command_line_find(struct judgement *j, const struct event *ev);

#endif
