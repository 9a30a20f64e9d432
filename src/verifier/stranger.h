/* SPDX-License-Identifier: ISC */
/*
 * Machines that nobody has, one for each kind of AK.  Evidence that names no enrolled machine is checked against one of them,
 * of the kind that its signature claims, so that the answer takes the same work as for an enrolled one.
 */
#ifndef VERIFIER_STRANGER_H
#define VERIFIER_STRANGER_H

#include "policy/machine.h"

#define STRANGERS_MAX 5

struct strangers {
	size_t n;
	struct {
		enum public_type type;
		size_t size; /* of the signature's numbers */
		struct machine machine;
	} kind[STRANGERS_MAX];
};

/* stranger_make_all(s): E_RANDOM. */
enum status stranger_make_all(struct strangers *s);

/* stranger_of(s, signature): the one whose AK would make such a signature. */
const struct machine *stranger_of(const struct strangers *s, struct bytes signature);

/* stranger_is_kind(s, signature, ak): whether ${ak}, a TPMT_PUBLIC, would make such a signature too. */
bool stranger_is_kind(const struct strangers *s, struct bytes signature, struct bytes ak);

#endif
