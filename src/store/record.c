/* SPDX-License-Identifier: ISC */
#include "store/record.h"

#include <string.h>

#include "base/cbor_write.h"
#include "protocol/cbor.h"

#define KIND_MAX 16
#define CHECK_MAX 8

static void
write_reasons(struct cbor_writer *w, uint64_t key, const struct reason *r, size_t n)
{
	cbor_write_uint(w, key);
	cbor_write_array(w, n);
	for (size_t i = 0; i < n; i++) {
		cbor_write_array(w, 2);
		cbor_write_text(w, r[i].check);
		cbor_write_text(w, r[i].text);
	}
}

static void
write_judgement(struct cbor_writer *w, const struct record *r)
{
	cbor_write_uint(w, 4), cbor_write_uint(w, (uint64_t)r->decision);
	cbor_write_uint(w, 5), cbor_write_uint(w, (uint64_t)r->purpose);
	cbor_write_uint(w, 6), cbor_write_bytes(w, r->evidence);
	cbor_write_uint(w, 7), cbor_write_text(w, r->policy);
	cbor_write_uint(w, 8), cbor_write_bytes(w, r->policy_digest);
	cbor_write_uint(w, 9), cbor_write_bytes(w, r->references_digest);
	write_reasons(w, 10, r->reason, r->reasons);
	write_reasons(w, 11, r->note, r->notes);
}

enum status
record_encode(const struct record *r, struct buffer *out)
{
	struct cbor_writer w = cbor_write_to(out);

	cbor_write_map(&w, 1 + (r->machine.n > 0 ? 1u : 0u) + (r->label.n > 0 ? 1u : 0u) + (r->judged ? 8u : 0u) +
			     (r->verifier.n > 0 ? 1u : 0u) + (r->text.n > 0 ? 1u : 0u) + (r->shares > 0 ? 1u : 0u));
	cbor_write_uint(&w, 1), cbor_write_text(&w, r->kind);
	if (r->machine.n > 0)
		cbor_write_uint(&w, 2), cbor_write_bytes(&w, r->machine);
	if (r->label.n > 0)
		cbor_write_uint(&w, 3), cbor_write_text(&w, r->label);
	if (r->judged)
		write_judgement(&w, r);
	if (r->verifier.n > 0)
		cbor_write_uint(&w, 12), cbor_write_bytes(&w, r->verifier);
	if (r->text.n > 0)
		cbor_write_uint(&w, 13), cbor_write_text(&w, r->text);
	if (r->shares > 0) {
		cbor_write_uint(&w, 14), cbor_write_array(&w, r->shares);
		for (size_t i = 0; i < r->shares; i++)
			cbor_write_bytes(&w, r->share[i]);
	}
	return cbor_write_end(&w);
}

static size_t
read_reasons(struct cbor_reader *c, int64_t key, struct reason *r, size_t max)
{
	size_t n;

	cbor_read_field(c, key);
	n = cbor_read_array(c, 0, max);
	for (size_t i = 0; i < n; i++) {
		cbor_read_array(c, 2, 2);
		r[i].check = cbor_read_text(c, 1, CHECK_MAX);
		r[i].text = cbor_read_text(c, 1, REASON_TEXT_MAX);
		cbor_read_close(c);
	}
	cbor_read_close(c);
	return c->failed == OK ? n : 0;
}

static void
read_judgement(struct cbor_reader *c, struct record *r)
{
	static const enum decision decisions[] = { DECISION_DENY, DECISION_HOLD, DECISION_APPROVE };
	static const enum purpose purposes[] = { PURPOSE_NONE, PURPOSE_BOOT, PURPOSE_VOLUME };

	r->judged = true;
	r->decision = decisions[cbor_read_uint(c, 0, 2)];
	cbor_read_field(c, 5);
	r->purpose = purposes[cbor_read_uint(c, 0, 2)];
	cbor_read_field(c, 6);
	r->evidence = cbor_read_bytes(c, 32, 32);
	cbor_read_field(c, 7);
	r->policy = cbor_read_text(c, 1, 2 * POLICY_NAME_MAX);
	cbor_read_field(c, 8);
	r->policy_digest = cbor_read_bytes(c, 0, 32);
	cbor_read_field(c, 9);
	r->references_digest = cbor_read_bytes(c, 0, 32);
	r->reasons = read_reasons(c, 10, r->reason, REASONS_MAX);
	r->notes = read_reasons(c, 11, r->note, sizeof r->note / sizeof *r->note);
}

enum status
record_decode(struct bytes in, struct record *r)
{
	struct cbor_reader c = cbor_read_from(in);

	memset(r, 0, sizeof *r);
	cbor_read_map(&c);
	cbor_read_field(&c, 1);
	r->kind = cbor_read_text(&c, 1, KIND_MAX);
	if (cbor_read_key(&c, 2))
		r->machine = cbor_read_bytes(&c, MACHINE_ID_SIZE, MACHINE_ID_SIZE);
	if (cbor_read_key(&c, 3))
		r->label = cbor_read_text(&c, 1, LABEL_MAX);
	if (cbor_read_key(&c, 4))
		read_judgement(&c, r);
	if (cbor_read_key(&c, 12))
		r->verifier = cbor_read_bytes(&c, RECORD_VERIFIER_SIZE, RECORD_VERIFIER_SIZE);
	if (cbor_read_key(&c, 13))
		r->text = cbor_read_text(&c, 1, RECORD_TEXT_MAX);
	if (cbor_read_key(&c, 14)) {
		r->shares = cbor_read_array(&c, 1, SEALS_MAX);
		for (size_t i = 0; i < r->shares; i++)
			r->share[i] = cbor_read_bytes(&c, SHARE_ID_SIZE, SHARE_ID_SIZE);
		cbor_read_close(&c);
	}
	cbor_read_close(&c);
	return cbor_read_end(&c);
}
