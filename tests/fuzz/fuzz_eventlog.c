/* SPDX-License-Identifier: ISC */
/*
 * Event logs: read under both rules, decoded, verified, shown and replayed.  What is appraised must read the same when it is shown,
 * and what is shown must be printable.
 */
#include <stdlib.h>

#include "eventlog/event_cover.h"
#include "eventlog/event_linux.h"
#include "eventlog/replay.h"
#include "eventlog/show.h"

static void
check_line(void *to, const char *line, size_t n)
{
	(void)to;
	for (size_t i = 0; i + 1 < n; i++)
		if (line[i] < 0x20 || line[i] > 0x7e)
			abort();
}

static void
check_events(struct eventlog *log)
{
	struct event ev, before = { 0 };
	struct event_data_variable v;
	struct event_linux_section s;

	while (eventlog_next(log, &ev)) {
		if (event_cover_variable(&ev, &v) == OK && event_cover_verify(&ev).form == EVENT_COVER_NONE)
			abort();
		(void)event_linux_tag(&ev);
		(void)event_linux_section(&before, &ev, &s);
		before = ev;
	}
	if (log->fault_at > log->in.n || (log->fault == EVENTLOG_FINE) != (eventlog_end(log) == OK))
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct show show = { check_line, NULL };
	struct eventlog appraised, shown;
	struct replay r;

	eventlog_begin(&appraised, bytes_of(data, size), EVENTLOG_APPRAISE);
	check_events(&appraised);
	eventlog_begin(&shown, bytes_of(data, size), EVENTLOG_SHOW);
	check_events(&shown);
	if (appraised.fault == EVENTLOG_FINE && (shown.fault != EVENTLOG_FINE || shown.events != appraised.events || shown.uneven > 0))
		abort();
	eventlog_begin(&shown, bytes_of(data, size), EVENTLOG_SHOW);
	(void)show_log(&show, &shown);
	eventlog_begin(&shown, bytes_of(data, size), EVENTLOG_SHOW);
	(void)replay_log(&r, &shown);
	return 0;
}
