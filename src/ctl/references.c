/* SPDX-License-Identifier: ISC */
#include "ctl/references.h"

#include <stdlib.h>
#include <string.h>

static bool
append(const struct reference *v, const char *note, uint64_t added, void *arg)
{
	struct references_loaded *r = arg;

	(void)note;
	(void)added;
	if (r->references.n == r->room) {
		size_t room = r->room == 0 ? 64 : 2 * r->room;
		struct reference *larger = room > CASE_REFERENCES_MAX * 2 ? NULL : realloc(r->value, room * sizeof *larger);

		if (larger == NULL) {
			r->room = SIZE_MAX;
			return false;
		}
		r->value = larger;
		r->room = room;
	}
	r->value[r->references.n++] = *v;
	return true;
}

bool
references_load(const struct state *s, struct references_loaded *r)
{
	enum status status;

	memset(r, 0, sizeof *r);
	status = store_reference_each(s->store, append, r);
	if (status == OK && r->room == SIZE_MAX)
		status = E_MEMORY;
	r->references.value = r->value;
	if (status == OK)
		return true;
	references_free(r);
	return state_complain(s, "reference values", status);
}

void
references_free(struct references_loaded *r)
{
	free(r->value);
	memset(r, 0, sizeof *r);
}
