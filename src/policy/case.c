/* SPDX-License-Identifier: ISC */
#include "policy/case.h"

#include <string.h>

#include "base/cbor_write.h"
#include "protocol/cbor.h"

enum status
case_encode(const struct case_file *c, struct buffer *out)
{
	struct cbor_writer w = cbor_write_to(out);

	cbor_write_map(&w, 6);
	cbor_write_uint(&w, 1), cbor_write_bytes(&w, c->evidence);
	cbor_write_uint(&w, 2), cbor_write_bytes(&w, c->machine);
	cbor_write_uint(&w, 3), cbor_write_text(&w, c->policy_name);
	cbor_write_uint(&w, 4), cbor_write_bytes(&w, c->policy_text);
	cbor_write_uint(&w, 5), cbor_write_encoded(&w, c->references);
	cbor_write_uint(&w, 6), cbor_write_uint(&w, c->now);
	return cbor_write_end(&w);
}

/* Member 5 is an item of its own inside the case: its view runs from where it begins to where it was left. */
static struct bytes
read_references(struct cbor_reader *r)
{
	size_t from = r->at;
	size_t n = cbor_read_array(r, 0, CASE_REFERENCES_MAX);

	for (size_t i = 0; i < n; i++) {
		(void)cbor_read_array(r, 2, 2);
		(void)cbor_read_text(r, 1, POLICY_NAME_MAX);
		(void)cbor_read_bytes(r, 1, REFERENCE_VALUE_MAX);
		cbor_read_close(r);
	}
	cbor_read_close(r);
	return r->failed == OK ? bytes_of(r->in.p + from, r->at - from) : bytes_of(NULL, 0);
}

enum status
case_decode(struct bytes in, struct case_file *c)
{
	struct cbor_reader r = cbor_read_from(in);

	memset(c, 0, sizeof *c);
	(void)cbor_read_map(&r);
	cbor_read_field(&r, 1), c->evidence = cbor_read_bytes(&r, 0, EVIDENCE_SIZE_MAX);
	cbor_read_field(&r, 2), c->machine = cbor_read_bytes(&r, 0, MACHINE_ENCODED_MAX);
	cbor_read_field(&r, 3), c->policy_name = cbor_read_text(&r, 0, POLICY_NAME_MAX);
	cbor_read_field(&r, 4), c->policy_text = cbor_read_bytes(&r, 0, POLICY_TEXT_MAX);
	cbor_read_field(&r, 5), c->references = read_references(&r);
	cbor_read_field(&r, 6), c->now = cbor_read_uint(&r, 0, UINT64_MAX);
	cbor_read_close(&r);
	return cbor_read_end(&r);
}

enum status
case_references_encode(const struct references *references, struct buffer *out)
{
	struct cbor_writer w = cbor_write_to(out);

	cbor_write_array(&w, references->n);
	for (size_t i = 0; i < references->n; i++) {
		const struct reference *v = &references->value[i];

		if (v->n > sizeof v->value)
			return E_TOO_LARGE;
		cbor_write_array(&w, 2);
		cbor_write_text(&w, bytes_of(v->list, strlen(v->list)));
		cbor_write_bytes(&w, bytes_of(v->value, v->n));
	}
	return cbor_write_end(&w);
}

static void
read_reference(struct cbor_reader *r, struct reference *out)
{
	struct bytes list, value;

	memset(out, 0, sizeof *out);
	(void)cbor_read_array(r, 2, 2);
	list = cbor_read_text(r, 1, POLICY_NAME_MAX);
	value = cbor_read_bytes(r, 1, REFERENCE_VALUE_MAX);
	cbor_read_close(r);
	if (r->failed != OK)
		return;
	if (memchr(list.p, 0, list.n) != NULL) {
		cbor_read_fail(r, E_SYNTAX);
		return;
	}
	memcpy(out->list, list.p, list.n);
	memcpy(out->value, value.p, value.n);
	out->n = value.n;
}

enum status
case_references_decode(struct bytes in, struct reference *references, size_t max, size_t *n)
{
	struct cbor_reader r = cbor_read_from(in);
	size_t count = cbor_read_array(&r, 0, max);

	*n = 0;
	for (size_t i = 0; i < count && r.failed == OK; i++)
		read_reference(&r, &references[i]);
	cbor_read_close(&r);
	if (cbor_read_end(&r) == OK)
		*n = count;
	return cbor_read_end(&r);
}
