/* SPDX-License-Identifier: ISC */
/*
 * A case file: everything that a verdict followed from, so that it can be appraised again offline, bit for bit:
 * { 1: evidence bstr, 2: machine bstr, 3: policy name tstr, 4: policy text bstr, 5: references [ [list, value] ... ], 6: now uint }.
 */
#ifndef POLICY_CASE_H
#define POLICY_CASE_H

#include "policy/appraise.h"

#define POLICY_TEXT_MAX 65536
#define CASE_REFERENCES_MAX 100000

struct case_file {
	struct bytes evidence, machine, policy_name, policy_text, references;
	uint64_t now;
};

enum status case_encode(const struct case_file *c, struct buffer *out);
enum status case_decode(struct bytes in, struct case_file *c);

/* The bound of a case without its references, each of which adds at most its size and 80. */
#define CASE_SIZE_MAX (EVIDENCE_SIZE_MAX + MACHINE_ENCODED_MAX + POLICY_TEXT_MAX + 256)

/* case_references_encode/decode: member 5. decode fills at most ${max} of ${r}. */
enum status case_references_encode(const struct references *r, struct buffer *out);
enum status case_references_decode(struct bytes in, struct reference *r, size_t max, size_t *n);

#endif
