/* SPDX-License-Identifier: ISC */
/*
 * Other people's text on a terminal: machines name themselves.
 */
#ifndef CTL_PRINTABLE_H
#define CTL_PRINTABLE_H

#include "base/bytes.h"

#define PRINTABLE_SIZE 513

/* printable_text(s, out), printable_bytes(in, out): UTF-8 stays as it is; control characters, C1 ones too, and bytes that are no UTF-8 become '?'; cut. Returns ${out}. */
const char *printable_text(const char *s, char out[PRINTABLE_SIZE]);
const char *printable_bytes(struct bytes in, char out[PRINTABLE_SIZE]);

#endif
