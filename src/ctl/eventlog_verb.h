/* SPDX-License-Identifier: ISC */
/*
 * bootgatectl eventlog show|replay FILE: event logs of the firmware, read offline.  Needs no TPM and no configuration.
 */
#ifndef CTL_EVENTLOG_VERB_H
#define CTL_EVENTLOG_VERB_H

/*
 * eventlog_verb_run(argc, argv): ${argv} begins with "eventlog".  Returns the exit status: 0 done, 1 the log could not be read or
 * is refused (file, offset and reason on standard error), 2 usage.
 * replay writes to standard output only when the whole log was read; show writes all events before the one that is refused.
 */
int eventlog_verb_run(int argc, char **argv);

#endif
