/* SPDX-License-Identifier: ISC */
/*
 * Policies and reference values as one judge holds them: loaded once, and again when the store's generation has changed.
 */
#ifndef VERIFIER_LIBRARY_H
#define VERIFIER_LIBRARY_H

#include "store/store.h"

struct library_policy {
	char name[POLICY_NAME_MAX + 1];
	struct bytes text;     /* owned */
	struct policy *policy; /* NULL: it does not load, why says it */
	struct policy_error why;
	uint8_t digest[32];
};

struct library {
	uint64_t generation; /* 0: nothing loaded yet */
	size_t policies, references_room;
	struct library_policy *policy;
	struct reference *reference;
	struct references references;
	struct bytes encoded; /* the references as a case file holds them; owned */
	uint8_t references_digest[32];
	enum status failed;   /* while loading */
};

/* library_refresh(l, st): E_STORE, E_MEMORY: then nothing is loaded, and nothing can be judged. */
enum status library_refresh(struct library *l, struct store *st);
void library_clear(struct library *l);

/* library_find(l, name): NULL when there is no policy of that name. */
const struct library_policy *library_find(const struct library *l, const char *name);

#endif
