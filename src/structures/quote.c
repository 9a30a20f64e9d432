/* SPDX-License-Identifier: ISC */
#include "structures/quote.h"

#include <string.h>

#define ATTEST_MAGIC UINT32_C(0xff544347)
#define ATTEST_SESSION_AUDIT 0x8016
#define ATTEST_QUOTE 0x8018

#define PCR_SELECT_MIN 3
#define PCR_SELECT_MAX 4

/* What stands in front of every TPMS_ATTEST. */
struct attest_head {
	struct bytes signer, extra_data;
	uint64_t clock, firmware_version;
	uint32_t reset_count, restart_count;
	bool safe;
};

/* TPMI_YES_NO */
static bool
decode_yes_no(struct reader *r)
{
	uint8_t v = reader_u8(r);

	if (v > 1)
		reader_fail(r, E_RANGE);
	return v == 1;
}

/*
 * TPMS_ATTEST (Part 2, 10.12.8):
 *	magic 4 | type 2 | signer TPM2B | extraData TPM2B | clock 8 | resetCount 4 | restartCount 4 | safe 1 | firmware 8 | attested
 */
static void
decode_head(struct reader *r, uint16_t type, struct attest_head *h)
{
	if (r->n > QUOTE_SIZE_MAX)
		reader_fail(r, E_TOO_LARGE);
	if (reader_be32(r) != ATTEST_MAGIC)
		reader_fail(r, E_MAGIC);
	if (reader_be16(r) != type)
		reader_fail(r, E_TYPE);
	h->signer = reader_take(r, reader_be16(r));
	h->extra_data = reader_take(r, reader_be16(r));
	h->clock = reader_be64(r);
	h->reset_count = reader_be32(r);
	h->restart_count = reader_be32(r);
	h->safe = decode_yes_no(r);
	h->firmware_version = reader_be64(r);
}

/* TPMS_PCR_SELECTION (Part 2, 10.6.2) */
static void
decode_selection(struct reader *r, struct pcr_selection *out)
{
	uint8_t n;

	out->alg = reader_be16(r);
	out->pcrs = 0;
	n = reader_u8(r);
	if (n < PCR_SELECT_MIN || n > PCR_SELECT_MAX)
		reader_fail(r, E_RANGE);
	for (unsigned i = 0; i < n && r->failed == OK; i++)
		out->pcrs |= (uint32_t)reader_u8(r) << (8 * i);
}

/* TPML_PCR_SELECTION (Part 2, 10.9.7) */
static void
decode_selections(struct reader *r, struct quote *q)
{
	uint32_t count = reader_be32(r);

	if (count > QUOTE_BANKS_MAX)
		reader_fail(r, E_TOO_LARGE);
	for (uint32_t i = 0; i < count && r->failed == OK; i++) {
		decode_selection(r, &q->selection[i]);
		for (uint32_t j = 0; j < i; j++)
			if (q->selection[j].alg == q->selection[i].alg)
				reader_fail(r, E_DUPLICATE);
		q->banks++;
	}
}

enum status
quote_decode(struct bytes in, struct quote *q)
{
	struct reader r = reader_of(in);
	struct attest_head h;

	memset(q, 0, sizeof *q);
	decode_head(&r, ATTEST_QUOTE, &h);
	q->signer = h.signer;
	q->extra_data = h.extra_data;
	q->clock = h.clock;
	q->reset_count = h.reset_count;
	q->restart_count = h.restart_count;
	q->safe = h.safe;
	q->firmware_version = h.firmware_version;
	decode_selections(&r, q);
	q->pcr_digest = reader_take(&r, reader_be16(&r));
	return reader_end(&r);
}

enum status
session_audit_decode(struct bytes in, struct session_audit *a)
{
	struct reader r = reader_of(in);
	struct attest_head h;

	memset(a, 0, sizeof *a);
	decode_head(&r, ATTEST_SESSION_AUDIT, &h);
	a->signer = h.signer;
	a->extra_data = h.extra_data;
	a->clock = h.clock;
	a->reset_count = h.reset_count;
	a->restart_count = h.restart_count;
	a->safe = h.safe;
	a->firmware_version = h.firmware_version;
	a->exclusive = decode_yes_no(&r);
	a->session_digest = reader_take(&r, reader_be16(&r));
	return reader_end(&r);
}

enum status
quote_pcr_digest(enum hash_alg alg, const struct bytes *values, size_t banks, struct digest *out)
{
	struct hash h;

	memset(out, 0, sizeof *out);
	if (hash_size(alg) == 0)
		return E_UNSUPPORTED;
	hash_begin(&h, alg);
	for (size_t i = 0; i < banks; i++)
		hash_add(&h, values[i]);
	out->alg = alg;
	out->n = hash_end(&h, out->p);
	return OK;
}
