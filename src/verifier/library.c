/* SPDX-License-Identifier: ISC */
#include "verifier/library.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"

void
library_clear(struct library *l)
{
	for (size_t i = 0; i < l->policies; i++) {
		policy_free(l->policy[i].policy);
		free(l->policy[i].space);
	}
	free(l->reference);
	free(l->encoded_space);
	memset(l, 0, sizeof *l);
}

static bool
add_policy(const char *name, struct bytes text, uint64_t changed, void *arg)
{
	struct library *l = arg;
	struct library_policy *p = &l->policy[l->policies];
	uint8_t digest[HASH_SIZE_MAX];

	(void)changed;
	l->failed = l->policies == LIBRARY_POLICIES_MAX ? E_TOO_LARGE : OK;
	if (l->failed != OK)
		return false;
	p->space = malloc(text.n + 1);
	if (p->space == NULL) {
		l->failed = E_MEMORY;
		return false;
	}
	memcpy(p->space, text.n > 0 ? text.p : (const uint8_t *)"", text.n);
	p->text = bytes_of(p->space, text.n);
	snprintf(p->name, sizeof p->name, "%s", name);
	hash_compute(HASH_SHA256, text, digest);
	memcpy(p->digest, digest, sizeof p->digest);
	if (policy_load(name, p->text, &p->policy, &p->why) != OK) {
		p->policy = NULL;
		log_error("policy %s does not load, so it denies: %s", name, p->why.text);
	}
	l->policies++;
	return true;
}

static bool
add_reference(const struct reference *r, const char *note, uint64_t added, void *arg)
{
	struct library *l = arg;

	(void)note;
	(void)added;
	if (l->references.n == l->references_room) {
		size_t room = l->references_room == 0 ? 64 : 2 * l->references_room;
		struct reference *more = room > CASE_REFERENCES_MAX * 2 ? NULL : realloc(l->reference, room * sizeof *more);

		if (more == NULL) {
			l->failed = E_MEMORY;
			return false;
		}
		l->reference = more;
		l->references_room = room;
	}
	l->reference[l->references.n++] = *r;
	l->references.value = l->reference;
	return true;
}

static enum status
encode_references(struct library *l)
{
	size_t room = 64;
	uint8_t digest[HASH_SIZE_MAX];
	struct buffer b;
	enum status s;

	for (size_t i = 0; i < l->references.n; i++)
		room += l->reference[i].n + 80;
	l->encoded_space = malloc(room);
	if (l->encoded_space == NULL)
		return E_MEMORY;
	b = buffer_of(l->encoded_space, room);
	s = case_references_encode(&l->references, &b);
	l->encoded = buffer_view(&b);
	hash_compute(HASH_SHA256, l->encoded, digest);
	memcpy(l->references_digest, digest, sizeof l->references_digest);
	return s;
}

enum status
library_refresh(struct library *l, struct store *st)
{
	uint64_t generation = 0;
	enum status s = store_generation(st, &generation);

	if (s != OK || (l->generation == generation && generation != 0))
		return s;
	library_clear(l);
	s = store_policy_each(st, add_policy, l);
	if (s == OK && l->failed == OK)
		s = store_reference_each(st, add_reference, l);
	if (s == OK)
		s = l->failed;
	if (s == OK)
		s = encode_references(l);
	if (s != OK) {
		library_clear(l);
		return s;
	}
	l->generation = generation;
	log_debug("%zu policies, %zu reference values", l->policies, l->references.n);
	return OK;
}

const struct library_policy *
library_find(const struct library *l, const char *name)
{
	for (size_t i = 0; i < l->policies; i++)
		if (strcmp(l->policy[i].name, name) == 0)
			return &l->policy[i];
	return NULL;
}
