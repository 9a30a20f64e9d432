/* SPDX-License-Identifier: ISC */
/*
 * bootgatectl authority show: an authority's folder, a verifier's state directory, or one of the files in them; verifies whatever can be verified.
 */
#ifndef CTL_AUTHORITY_SHOW_H
#define CTL_AUTHORITY_SHOW_H

#include "ctl/arguments.h"

int authority_show_run(struct call *c);

#endif
