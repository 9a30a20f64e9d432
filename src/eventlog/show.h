/* SPDX-License-Identifier: ISC */
/*
 * Event logs as lines for people.  Everything that comes from the log is escaped (escape.h): no control bytes get out.
 *
 *	#3 at 572: PCR 7 EV_EFI_VARIABLE_DRIVER_CONFIG, 53 bytes
 *	  sha256 ccfc...
 *	  SecureBoot 8be4df61-93ca-11d2-aa0d-00e098032b8c, 1 byte: 01
 *	  proved: whole data
 *
 * The last line says what the digests prove of the data (event_cover.h); all else of the block is hearsay.
 */
#ifndef EVENTLOG_SHOW_H
#define EVENTLOG_SHOW_H

#include "eventlog/eventlog.h"

/* Where lines go: ${write} gets one line, with its newline and without a NUL. */
struct show {
	void (*write)(void *to, const char *line, size_t n);
	void *to;
};

void show_event(const struct show *show, const struct event *ev);

/* show_log(show, log): head, all events, what follows them.  ${log} was only just begun; its fault is left for the caller to say. */
enum status show_log(const struct show *show, struct eventlog *log);

#endif
