/* SPDX-License-Identifier: ISC */
#include "verifier/shares.h"

#include <string.h>

#include "base/memory.h"
#include "crypto/random.h"
#include "protocol/rotation.h"

#define SHARE_AAD (MACHINE_ID_SIZE + SHARE_ID_SIZE)

static void
share_aad(const uint8_t machine[MACHINE_ID_SIZE], const uint8_t id[SHARE_ID_SIZE], uint8_t aad[SHARE_AAD])
{
	memcpy(aad, machine, MACHINE_ID_SIZE);
	memcpy(aad + MACHINE_ID_SIZE, id, SHARE_ID_SIZE);
}

static enum status
unwrap(const struct judge *j, const struct store_share *row, uint8_t share[SHARE_SIZE])
{
	uint8_t aad[SHARE_AAD];
	struct buffer b = buffer_of(share, SHARE_SIZE);
	enum status s;

	share_aad(row->machine, row->id, aad);
	s = keys_unwrap(j->keys.master, STORE_SHARE_PURPOSE, BYTES(aad), bytes_of(row->wrapped, row->n), &b);
	return s == OK && b.n != SHARE_SIZE ? E_MAC : s;
}

static enum status
put(const struct judge *j, const uint8_t machine[MACHINE_ID_SIZE], const uint8_t id[SHARE_ID_SIZE], const uint8_t share[SHARE_SIZE])
{
	struct store_share row = { .n = 0 };
	struct buffer b = BUFFER(row.wrapped);
	uint8_t aad[SHARE_AAD];
	enum status s;

	memcpy(row.machine, machine, sizeof row.machine);
	memcpy(row.id, id, sizeof row.id);
	share_aad(machine, id, aad);
	s = keys_wrap(j->keys.master, STORE_SHARE_PURPOSE, BYTES(aad), bytes_of(share, SHARE_SIZE), &b);
	row.n = b.n;
	return s == OK ? store_share_put(j->store, &row) : s;
}

static enum status
give(const struct job *job, struct shares *s, const uint8_t id[SHARE_ID_SIZE], const uint8_t share[SHARE_SIZE], struct statement *m)
{
	struct sealed_share *to = &m->share[m->shares];
	struct buffer b;
	enum status status;

	if (m->shares == SEALS_MAX)
		return E_TOO_LARGE;
	b = buffer_of(s->sealed[m->shares], SEALED_SHARE_SIZE);
	status = message_share_seal(job->binding.hpke_key, job->digest, id, share, &b);
	if (status != OK)
		return status;
	memcpy(to->id, id, sizeof to->id);
	to->sealed = buffer_view(&b);
	m->shares++;
	return OK;
}

/* --- what there is --- */

static bool
add_row(const struct store_share *row, void *arg)
{
	struct shares *s = arg;

	if (s->n < STORE_SHARES_MAX)
		s->row[s->n++] = *row;
	return true;
}

static const struct store_share *
find(const struct shares *s, const uint8_t id[SHARE_ID_SIZE])
{
	for (size_t i = 0; i < s->n; i++)
		if (memcmp(s->row[i].id, id, SHARE_ID_SIZE) == 0)
			return &s->row[i];
	return NULL;
}

/* A share under another master proves nothing, and is no reason to fail before it is asked for. */
static void
prove_row(const struct judge *j, const struct job *job, const uint8_t key[MACHINE_KEY_SIZE], struct shares *s, size_t i)
{
	uint8_t share[SHARE_SIZE], id[SHARE_ID_SIZE];

	if (unwrap(j, &s->row[i], share) == OK)
		for (size_t k = 0; s->seal[i] == NULL && k < job->binding.seals; k++) {
			rotation_seal_id(share, job->binding.seal[k].epoch, key, id);
			if (memory_equal(id, job->binding.seal[k].share, sizeof id))
				s->seal[i] = job->binding.seal[k].share;
		}
	memory_wipe(share, sizeof share);
}

enum status
shares_load(const struct judge *j, const struct job *job, const uint8_t key[MACHINE_KEY_SIZE], struct shares *s)
{
	bool all_known = true;
	enum status status;

	s->n = s->made = 0;
	memset(s->seal, 0, sizeof s->seal);
	status = store_share_each(j->store, job->machine.id, add_row, s);
	for (size_t i = 0; i < job->binding.seals; i++)
		all_known = all_known && find(s, job->binding.seal[i].share) != NULL;
	for (size_t i = 0; status == OK && !all_known && i < s->n; i++)
		prove_row(j, job, key, s, i);
	return status;
}

bool
shares_prove(const struct job *job, const struct shares *s, uint32_t epoch)
{
	for (size_t i = 0; i < s->n; i++)
		for (size_t k = 0; s->seal[i] != NULL && k < job->binding.seals; k++)
			if (s->seal[i] == job->binding.seal[k].share && job->binding.seal[k].epoch == epoch)
				return true;
	return false;
}

/* --- giving --- */

static const struct store_share *
row_of(const struct shares *s, const uint8_t *seal)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->seal[i] == seal)
			return &s->row[i];
	return find(s, seal);
}

enum status
shares_give(const struct judge *j, const struct job *job, struct shares *s, struct statement *m)
{
	enum status status = OK;

	for (size_t i = 0; status == OK && i < job->binding.seals; i++) {
		const uint8_t *id = job->binding.seal[i].share;
		const struct store_share *row = row_of(s, id);
		uint8_t share[SHARE_SIZE];

		if (row == NULL)
			continue;
		status = unwrap(j, row, share);
		if (status == OK)
			status = give(job, s, id, share, m);
		memory_wipe(share, sizeof share);
	}
	return status;
}

/* is_successor(s, row, epoch): of another row. */
static bool
is_successor(const struct shares *s, const struct store_share *row, uint32_t epoch)
{
	uint8_t id[SHARE_ID_SIZE];

	for (size_t i = 0; i < s->n; i++) {
		rotation_successor(s->row[i].id, epoch, id);
		if (memcmp(id, row->id, sizeof id) == 0)
			return true;
	}
	return false;
}

enum status
shares_give_successors(const struct judge *j, const struct job *job, uint32_t epoch, struct shares *s, struct statement *m)
{
	enum status status = OK;

	for (size_t i = 0; status == OK && i < s->n; i++) {
		uint8_t id[SHARE_ID_SIZE], share[SHARE_SIZE];
		const struct store_share *row;

		if (is_successor(s, &s->row[i], epoch))
			continue;
		rotation_successor(s->row[i].id, epoch, id);
		row = find(s, id);
		status = row != NULL ? unwrap(j, row, share) : random_fill(share, sizeof share);
		if (status == OK && row == NULL) {
			status = put(j, job->machine.id, id, share);
			s->made++;
		}
		if (status == OK)
			status = give(job, s, id, share, m);
		memory_wipe(share, sizeof share);
	}
	return status;
}

static enum status
rename_row(const struct judge *j, const struct store_share *row, const uint8_t id[SHARE_ID_SIZE])
{
	uint8_t share[SHARE_SIZE];
	enum status s = unwrap(j, row, share);

	if (s == OK)
		s = store_share_remove(j->store, row->machine, row->id);
	if (s == OK)
		s = put(j, row->machine, id, share);
	memory_wipe(share, sizeof share);
	return s;
}

enum status
shares_settle(const struct judge *j, uint32_t epoch, const struct shares *s)
{
	enum status status = OK;

	for (size_t i = 0; status == OK && i < s->n; i++)
		if (s->seal[i] != NULL)
			status = memcmp(s->row[i].id, s->seal[i], SHARE_ID_SIZE) != 0 ? rename_row(j, &s->row[i], s->seal[i]) : OK;
		else if (epoch != 0 && !is_successor(s, &s->row[i], epoch))
			status = store_share_remove(j->store, s->row[i].machine, s->row[i].id);
	return status;
}

enum status
shares_make(const struct judge *j, const struct job *job, struct shares *s, struct statement *m)
{
	uint8_t id[SHARE_ID_SIZE], share[SHARE_SIZE];
	enum status status = random_fill(id, sizeof id);

	if (status == OK)
		status = random_fill(share, sizeof share);
	if (status == OK)
		status = give(job, s, id, share, m);
	if (status == OK)
		status = put(j, job->machine.id, id, share);
	memory_wipe(share, sizeof share);
	return status;
}
