/* SPDX-License-Identifier: ISC */
/*
 * Case files and machine records: what is decoded encodes to the same bytes.
 */
#include <stdlib.h>

#include "policy/case.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static uint8_t space[CASE_SIZE_MAX];
static struct reference references[256];

static void
check_same(enum status s, const struct buffer *b, struct bytes in)
{
	if (s != OK || !bytes_equal(buffer_view(b), in))
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct bytes in = { data, n };
	struct references r = { references, 0 };
	struct buffer b = BUFFER(space);
	struct case_file c;
	struct machine m;

	if (n > sizeof space)
		return 0;
	if (case_decode(in, &c) == OK)
		check_same(case_encode(&c, &b), &b, in);
	b = BUFFER(space);
	if (machine_decode(in, &m) == OK)
		check_same(machine_encode(&m, &b), &b, in);
	b = BUFFER(space);
	if (case_references_decode(in, references, sizeof references / sizeof references[0], &r.n) == OK)
		check_same(case_references_encode(&r, &b), &b, in);
	return 0;
}
