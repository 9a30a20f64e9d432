/* SPDX-License-Identifier: ISC */
/*
 * Judging: a pure function of evidence, machine record, policy and reference values.  Whether the verifier's
 * nonce is fresh, and whether this evidence was judged before, is decided by whoever calls.
 * The verifier and `bootgatectl appraise` run this very code.  (RFC 9334: appraisal of Evidence)
 */
#ifndef POLICY_APPRAISE_H
#define POLICY_APPRAISE_H

#include "policy/policy.h"

struct verdict {
	enum decision decision; /* DECISION_DENY is zero */
	size_t reasons;
	struct {
		char check[8]; /* "A7": the number of the check in appraise.c's table, in bootgate-checks(7) and in every log line */
		char text[REASON_TEXT_MAX + 1];
	} reason[REASONS_MAX];
	/* Notes are told with an approval too ("2 boots without approval since …"). */
	size_t notes;
	struct {
		char check[8];
		char text[REASON_TEXT_MAX + 1];
	} note[8];
};

/*
 * appraise_identify(e, m, b, q, ak): the gatekeeper before anything is said about a machine: the binding decodes, names ${m}, and the quote's
 * signature by the enrolled AK over this binding verifies.  All failures look alike to the peer; the status is for the verifier's own log.
 * ${ak}: the AK as it was decoded, for struct appraisal; its views point into ${m}.
 */
enum status appraise_identify(const struct evidence *e, const struct machine *m, struct binding *b, struct quote *q, struct public_area *ak);

/* What the appraisal is told besides. */
struct appraisal {
	const struct evidence *evidence;
	const struct machine *machine;
	const struct policy *policy;
	const struct references *references;
	const struct name *salting_key;   /* the Name of the enrolled EK */
	uint64_t now;                     /* the verifier's clock, seconds: only for "15 minutes after enrolment" */
	const struct public_area *identified; /* what appraise_identify() gave with OK for this very evidence and machine, so that A6 is not computed twice; or NULL */
};

/* appraise(a, v): all checks, in order, every reason (not only the first). E_ only when it could not be decided at all: then treat as deny. */
enum status appraise(const struct appraisal *a, struct verdict *v);

/*
 * appraise_update(m, q, v): the counters of the last evidence seen, written into the record after each identified evidence, denied
 * ones included; but not where ${v} holds it because of these very counters, or the hold would be gone at the next try.
 * With NULL for ${v}: in any case, after an operator accepted them.
 */
void appraise_update(struct machine *m, const struct quote *q, const struct verdict *v);

/* appraise_checks(): the constant table, for `bootgatectl policy checks` and the man page. */
struct check_info {
	const char *number, *title;
};
const struct check_info *appraise_checks(size_t *n);

#endif
