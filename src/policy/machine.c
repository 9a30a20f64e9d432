/* SPDX-License-Identifier: ISC */
#include "policy/machine.h"

#include <string.h>

#include "base/cbor_write.h"
#include "protocol/cbor.h"

/*
 * { 1: id, 2: label, 3: policy, 4: active, 5: frozen, 6: ek, 7: ak, 8: machine key, 9: epoch, 10: [handle, next handle],
 *   ? 11: [reset, restart, clock, safe] last seen, ? 12: [reset, restart, statement, log] last approved,
 *   13: [enrolled at, reset then], ? 14: [epoch to rotate to, ordered, both seen] }
 */
#define MEMBERS 11 /* those that are always there */

static struct bytes
text_of(const char *s)
{
	return bytes_of(s, strlen(s));
}

static void
write_seen(struct cbor_writer *w, const struct machine *m)
{
	cbor_write_uint(w, 11), cbor_write_array(w, 4);
	cbor_write_uint(w, m->seen_reset);
	cbor_write_uint(w, m->seen_restart);
	cbor_write_uint(w, m->seen_clock);
	cbor_write_bool(w, m->seen_safe);
}

static void
write_approved(struct cbor_writer *w, const struct machine *m)
{
	cbor_write_uint(w, 12), cbor_write_array(w, 4);
	cbor_write_uint(w, m->approved_reset);
	cbor_write_uint(w, m->approved_restart);
	cbor_write_bytes(w, BYTES(m->approved_statement));
	cbor_write_bytes(w, BYTES(m->approved_log));
}

enum status
machine_encode(const struct machine *m, struct buffer *out)
{
	struct cbor_writer w = cbor_write_to(out);

	if (m->ek_n > sizeof m->ek || m->ak_n > sizeof m->ak)
		return E_TOO_LARGE;
	cbor_write_map(&w, MEMBERS + (m->seen ? 1u : 0u) + (m->approved ? 1u : 0u) + (m->rotate_to != 0 ? 1u : 0u));
	cbor_write_uint(&w, 1), cbor_write_bytes(&w, BYTES(m->id));
	cbor_write_uint(&w, 2), cbor_write_text(&w, text_of(m->label));
	cbor_write_uint(&w, 3), cbor_write_text(&w, text_of(m->policy));
	cbor_write_uint(&w, 4), cbor_write_bool(&w, m->active);
	cbor_write_uint(&w, 5), cbor_write_bool(&w, m->frozen);
	cbor_write_uint(&w, 6), cbor_write_bytes(&w, bytes_of(m->ek, m->ek_n));
	cbor_write_uint(&w, 7), cbor_write_bytes(&w, bytes_of(m->ak, m->ak_n));
	cbor_write_uint(&w, 8), cbor_write_bytes(&w, BYTES(m->machine_key));
	cbor_write_uint(&w, 9), cbor_write_uint(&w, m->epoch);
	cbor_write_uint(&w, 10), cbor_write_array(&w, 2);
	cbor_write_uint(&w, m->nv_handle);
	cbor_write_uint(&w, m->nv_handle_next);
	if (m->seen)
		write_seen(&w, m);
	if (m->approved)
		write_approved(&w, m);
	cbor_write_uint(&w, 13), cbor_write_array(&w, 2);
	cbor_write_uint(&w, m->enrolled_at);
	cbor_write_uint(&w, m->enrolled_reset);
	if (m->rotate_to != 0) {
		cbor_write_uint(&w, 14), cbor_write_array(&w, 3);
		cbor_write_uint(&w, m->rotate_to);
		cbor_write_bool(&w, m->rotate_ordered);
		cbor_write_bool(&w, m->rotate_seen);
	}
	return cbor_write_end(&w);
}

/* A text without NUL into a fixed array that was zeroed. */
static void
read_text(struct cbor_reader *r, char *to, size_t max)
{
	struct bytes v = cbor_read_text(r, 0, max);

	if (v.n == 0)
		return;
	if (memchr(v.p, 0, v.n) != NULL)
		cbor_read_fail(r, E_SYNTAX);
	else
		memcpy(to, v.p, v.n);
}

static size_t
read_public(struct cbor_reader *r, uint8_t to[PUBLIC_SIZE_MAX])
{
	struct bytes v = cbor_read_bytes(r, 0, PUBLIC_SIZE_MAX);

	if (v.n > 0)
		memcpy(to, v.p, v.n);
	return v.n;
}

static void
read_seen(struct cbor_reader *r, struct machine *m)
{
	m->seen = true;
	(void)cbor_read_array(r, 4, 4);
	m->seen_reset = (uint32_t)cbor_read_uint(r, 0, UINT32_MAX);
	m->seen_restart = (uint32_t)cbor_read_uint(r, 0, UINT32_MAX);
	m->seen_clock = cbor_read_uint(r, 0, UINT64_MAX);
	m->seen_safe = cbor_read_bool(r);
	cbor_read_close(r);
}

static void
read_approved(struct cbor_reader *r, struct machine *m)
{
	m->approved = true;
	(void)cbor_read_array(r, 4, 4);
	m->approved_reset = (uint32_t)cbor_read_uint(r, 0, UINT32_MAX);
	m->approved_restart = (uint32_t)cbor_read_uint(r, 0, UINT32_MAX);
	cbor_read_copy(r, m->approved_statement, sizeof m->approved_statement);
	cbor_read_copy(r, m->approved_log, sizeof m->approved_log);
	cbor_read_close(r);
}

static void
read_rotation(struct cbor_reader *r, struct machine *m)
{
	(void)cbor_read_array(r, 3, 3);
	m->rotate_to = (uint32_t)cbor_read_uint(r, 1, UINT32_MAX);
	m->rotate_ordered = cbor_read_bool(r);
	m->rotate_seen = cbor_read_bool(r);
	cbor_read_close(r);
}

enum status
machine_decode(struct bytes in, struct machine *m)
{
	struct cbor_reader r = cbor_read_from(in);
	enum status s;

	memset(m, 0, sizeof *m);
	(void)cbor_read_map(&r);
	cbor_read_field(&r, 1), cbor_read_copy(&r, m->id, sizeof m->id);
	cbor_read_field(&r, 2), read_text(&r, m->label, LABEL_MAX);
	cbor_read_field(&r, 3), read_text(&r, m->policy, POLICY_NAME_MAX);
	cbor_read_field(&r, 4), m->active = cbor_read_bool(&r);
	cbor_read_field(&r, 5), m->frozen = cbor_read_bool(&r);
	cbor_read_field(&r, 6), m->ek_n = read_public(&r, m->ek);
	cbor_read_field(&r, 7), m->ak_n = read_public(&r, m->ak);
	cbor_read_field(&r, 8), cbor_read_copy(&r, m->machine_key, sizeof m->machine_key);
	cbor_read_field(&r, 9), m->epoch = (uint32_t)cbor_read_uint(&r, 0, UINT32_MAX);
	cbor_read_field(&r, 10), (void)cbor_read_array(&r, 2, 2);
	m->nv_handle = (uint32_t)cbor_read_uint(&r, 0, UINT32_MAX);
	m->nv_handle_next = (uint32_t)cbor_read_uint(&r, 0, UINT32_MAX);
	cbor_read_close(&r);
	if (cbor_read_key(&r, 11))
		read_seen(&r, m);
	if (cbor_read_key(&r, 12))
		read_approved(&r, m);
	cbor_read_field(&r, 13), (void)cbor_read_array(&r, 2, 2);
	m->enrolled_at = cbor_read_uint(&r, 0, UINT64_MAX);
	m->enrolled_reset = (uint32_t)cbor_read_uint(&r, 0, UINT32_MAX);
	cbor_read_close(&r);
	if (cbor_read_key(&r, 14))
		read_rotation(&r, m);
	cbor_read_close(&r);
	s = cbor_read_end(&r);
	if (s != OK)
		memset(m, 0, sizeof *m);
	return s;
}

bool
machine_is_behind(const struct machine *m, const struct binding *b)
{
	for (size_t i = 0; i < b->indices; i++)
		if (b->index[i].epoch < m->epoch)
			return true;
	return false;
}

bool
machine_claims_rotated(const struct machine *m, const struct binding *b)
{
	return m->rotate_to != 0 && b->purpose == PURPOSE_BOOT && b->indices == 1 && b->index[0].epoch == m->rotate_to &&
		b->index[0].handle == m->nv_handle_next;
}

void
machine_rotated(struct machine *m, const uint8_t key[MACHINE_KEY_SIZE])
{
	uint32_t handle = m->nv_handle;

	memcpy(m->machine_key, key, sizeof m->machine_key);
	m->nv_handle = m->nv_handle_next;
	m->nv_handle_next = handle;
	m->epoch = m->rotate_to;
	m->rotate_to = 0;
	m->rotate_ordered = m->rotate_seen = false;
}
