/* SPDX-License-Identifier: ISC */
/*
 * Policies: a text loads, or is refused with a reason.  Reference values are those that are shipped nowhere: none.
 */
#include <stdlib.h>
#include <string.h>

#include "policy/policy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct references none = { NULL, 0 };
	struct policy *p;
	struct policy_error why;
	enum status s = policy_load("fuzz", (struct bytes){ data, n }, &p, &why);

	if ((s == OK) != (p != NULL) || (s == E_CONFIG) != (why.text[0] != '\0'))
		abort();
	if (p == NULL)
		return 0;
	if (strchr(policy_title(p), '/') == NULL)
		abort();
	(void)policy_references_check(p, &none, &why);
	policy_free(p);
	return 0;
}
