/* SPDX-License-Identifier: ISC */
/*
 * One appraisal under way: what the checks of appraise.c share.  Internal to policy/.
 */
#ifndef POLICY_JUDGEMENT_H
#define POLICY_JUDGEMENT_H

#include "eventlog/replay.h"
#include "policy/appraise.h"
#include "policy/rules.h"

/*
 * What a check came to; only PASSED ever helps.  UNDECIDED: what the check looks at could not be read, for which another
 * check has given the reason; it denies like FAILED.
 */
enum outcome { OUTCOME_FAILED = 0, OUTCOME_UNDECIDED, OUTCOME_HELD, OUTCOME_PASSED };

#define JUDGEMENT_REASONS_OF_CHECK 4

struct judgement {
	const struct appraisal *a;
	struct verdict *v;
	const char *check; /* the number of the one under way */
	size_t reasons_of_check;

	/* Filled by the checks that read them; each is valid only where its flag says so. */
	bool binding_read, quote_read, ak_read, selection_fits, log_read, users_read;
	struct binding binding;
	struct quote quote;
	struct public_area ak;
	struct user_events users;
	size_t firmware_events;
	struct replay replay; /* after all events, with log_read and users_read */

	/* What command_line_find() found out: rules ask several times, and a fleet's list can be long. */
	size_t lines;
	struct {
		size_t event;
		const struct reference *line;
	} line[8];
};

/* judgement_fail/hold(j, format, ...): add a reason under the number of the check under way; returns the outcome. judgement_note(): told with an approval too. */
__attribute__((format(printf, 2, 3))) enum outcome judgement_fail(struct judgement *j, const char *format, ...);
__attribute__((format(printf, 2, 3))) enum outcome judgement_hold(struct judgement *j, const char *format, ...);
__attribute__((format(printf, 2, 3))) void judgement_note(struct judgement *j, const char *format, ...);

/*
 * All events that extended a PCR, the firmware's first, then those of user space, as one sequence.  An event of user space has
 * the type MEASURED_USER, numbers go on where the firmware's end.  Needs log_read and users_read.
 */
#define MEASURED_USER UINT32_C(0xfffffffe)

struct measured {
	struct event event;
	struct bytes name; /* who extended it, by its own account; user space only */
};

struct walk {
	struct judgement *j;
	struct eventlog log;
	size_t user;
};

void judgement_walk(struct judgement *j, struct walk *w);
bool judgement_next(struct walk *w, struct measured *m);

/* judgement_user_event(j, i, ev): the i-th event of user space in the same form. */
void judgement_user_event(const struct judgement *j, size_t i, struct event *ev);

/* judgement_measures(j, ev, data): whether ${ev}'s digests of the quoted banks are the hashes of ${data}. */
bool judgement_measures(const struct judgement *j, const struct event *ev, struct bytes data);

/* judgement_listed(j, list, value): whether ${value} is in the list of reference values; never when it is empty or zero. */
bool judgement_listed(const struct judgement *j, const char *list, struct bytes value);

/* The digest of ${ev} that reference values are compared with, as hex; "" when there is none. */
struct hex {
	char text[2 * HASH_SIZE_MAX + 1];
};
struct hex judgement_hex(struct bytes in);
struct hex judgement_digest(const struct event *ev);

/* judgement_print(in, out): foreign text for a reason: printable ASCII stays, NUL bytes go (UTF-16 can be read), the rest becomes '?'; cut to 80 bytes. */
struct print {
	char text[84];
};
struct print judgement_print(struct bytes in);
/* The same of UTF-16LE. */
struct print judgement_print16(struct bytes in);

#endif
