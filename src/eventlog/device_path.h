/* SPDX-License-Identifier: ISC */
/*
 * UEFI device paths as one line of text, much as UEFI writes them.  (UEFI 2.10, 10.3: type 1 | subtype 1 | length 2 | data)
 * Nodes that we do not know read "Path(type,subtype,hex)".  What is broken ends the text with "(broken)".
 */
#ifndef EVENTLOG_DEVICE_PATH_H
#define EVENTLOG_DEVICE_PATH_H

#include "base/bytes.h"

/* device_path_text(path, out): append the text of ${path} to ${out}, escaped. */
void device_path_text(struct bytes path, struct buffer *out);

#endif
