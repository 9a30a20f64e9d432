/* SPDX-License-Identifier: ISC */
/*
 * Policies and reference values as one judge holds them: loaded once, and again when the store's generation has changed.
 */
#ifndef VERIFIER_LIBRARY_H
#define VERIFIER_LIBRARY_H

#include "store/store.h"

#define LIBRARY_POLICIES_MAX 64

struct library_policy {
	char name[POLICY_NAME_MAX + 1];
	uint8_t *space;        /* what text points to; owned */
	struct bytes text;
	struct policy *policy; /* NULL: it does not load, why says it */
	struct policy_error why;
	uint8_t digest[32];
};

struct library {
	uint64_t generation; /* 0: nothing loaded yet */
	size_t policies, references_room;
	struct library_policy policy[LIBRARY_POLICIES_MAX];
	struct reference *reference;
	struct references references;
	uint8_t *encoded_space;
	struct bytes encoded; /* the references as a case file holds them */
	uint8_t references_digest[32];
	enum status failed;   /* while loading */
};

/* library_refresh(l, st): E_STORE, E_MEMORY, E_TOO_LARGE (policies): then nothing is loaded, and nothing can be judged. */
enum status library_refresh(struct library *l, struct store *st);
void library_clear(struct library *l);

/* library_find(l, name): NULL when there is no policy of that name. */
const struct library_policy *library_find(const struct library *l, const char *name);

#endif
