/* SPDX-License-Identifier: ISC */
#include "policy/uki_reference.h"

#include <stdio.h>
#include <string.h>

static void
add(struct reference *out, size_t *n, const char *list, struct bytes value)
{
	struct reference *r = &out[(*n)++];

	memset(r, 0, sizeof *r);
	(void)snprintf(r->list, sizeof r->list, "%s", list);
	memcpy(r->value, value.p, value.n);
	r->n = value.n;
}

static void
add_sha256(struct reference *out, size_t *n, const char *list, struct bytes content)
{
	struct digest d = hash_digest(HASH_SHA256, content);

	add(out, n, list, digest_view(&d));
}

enum status
uki_reference_list(struct bytes in, struct reference out[UKI_REFERENCES_MAX], size_t *n)
{
	struct pe_uki u;
	enum status s = pe_uki_decode(in, &u);

	*n = 0;
	if (s != OK)
		return s;
	if (u.initrd.n == 0 || u.command_line.n == 0)
		return E_MISSING;
	if (u.command_line.n > REFERENCE_VALUE_MAX)
		return E_TOO_LARGE;
	add(out, n, "uki", digest_view(&u.image));
	add(out, n, "uki.kernels", digest_view(&u.kernel));
	for (size_t i = 0; i < PE_UKI_SECTIONS; i++)
		if (u.content[i].n > 0)
			add_sha256(out, n, "uki.sections", u.content[i]);
	add_sha256(out, n, "initrd", u.initrd);
	add(out, n, "cmdline", u.command_line);
	return OK;
}
