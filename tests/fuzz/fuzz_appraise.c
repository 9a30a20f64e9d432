/* SPDX-License-Identifier: ISC */
/*
 * Whole cases: whatever evidence, record, policy and reference values say, there is a verdict, and a denial has a reason.
 * Nothing here is approved: the enrolled EK is another one than the seeds' bindings name, and a changed binding is not what was signed.
 */
#include <stdlib.h>
#include <string.h>

#include "policy/case.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static struct reference references[256];

static void
check_verdict(const struct verdict *v)
{
	if (v->decision != DECISION_DENY || v->reasons == 0 || v->reasons > REASONS_MAX)
		abort();
	for (size_t i = 0; i < v->reasons; i++)
		for (const char *c = v->reason[i].text; *c != '\0'; c++)
			if (*c < 0x20 || *c > 0x7e)
				abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static const struct name ek = { .n = 34, .p = { 0x00, 0x0b } };
	static struct verdict v;
	struct references r = { references, 0 };
	struct case_file c;
	struct evidence e;
	struct machine m;
	struct policy *p;
	struct policy_error why;

	if (case_decode((struct bytes){ data, n }, &c) != OK || message_evidence_decode(c.evidence, &e) != OK ||
	    machine_decode(c.machine, &m) != OK || policy_load("fuzz", c.policy_text, &p, &why) != OK)
		return 0;
	if (case_references_decode(c.references, references, sizeof references / sizeof references[0], &r.n) == OK) {
		struct appraisal a = { &e, &m, p, &r, &ek, c.now, NULL };

		if (appraise(&a, &v) != OK)
			abort();
		check_verdict(&v);
	}
	policy_free(p);
	return 0;
}
