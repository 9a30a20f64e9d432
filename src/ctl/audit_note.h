/* SPDX-License-Identifier: ISC */
/*
 * What operators do stands in the audit log, beside what judges decide.
 */
#ifndef CTL_AUDIT_NOTE_H
#define CTL_AUDIT_NOTE_H

#include "ctl/state.h"

/* audit_note(s, m, format, ...): a record of kind "operator", about ${m} if that is not NULL. Within the transaction of the change itself. */
__attribute__((format(printf, 3, 4))) enum status audit_note(const struct state *s, const struct machine *m, const char *format, ...);

#endif
