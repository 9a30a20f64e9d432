/* SPDX-License-Identifier: ISC */
#include "eventlog/eventlog.h"

#include <string.h>

#include "eventlog/event_data.h"

#define SHA1_SIZE 20
#define HEADER_SIZE_TPM12 32
#define HEADER_SIZE_AGILE 12

static const struct {
	enum status status;
	const char *name, *text;
} faults[] = {
#define X(name, status, text) { status, #name, text },
	EVENTLOG_FAULT_LIST(X)
#undef X
};

const char *
eventlog_fault_text(enum eventlog_fault f)
{
	return (size_t)f < sizeof(faults) / sizeof(faults[0]) ? faults[f].text : "unknown fault";
}

const char *
eventlog_fault_name(enum eventlog_fault f)
{
	return (size_t)f < sizeof(faults) / sizeof(faults[0]) ? faults[f].name : "EVENTLOG_UNKNOWN";
}

static void
fail(struct eventlog *log, enum eventlog_fault fault, size_t at)
{
	if (log->fault != EVENTLOG_FINE)
		return;
	log->fault = fault;
	log->fault_at = at;
}

/* The algorithms of the Spec ID event (PFP 10.4.5.1); ${at} is the offset of ${r}'s first byte in the log. */
static void
read_algorithms(struct eventlog *log, struct reader *r, size_t at)
{
	uint32_t n = reader_le32(r);

	if (r->failed == OK && (n == 0 || n > EVENT_DIGESTS_MAX))
		fail(log, EVENTLOG_SPEC_ALGS, at + r->at - 4);
	for (uint32_t i = 0; i < n && log->fault == EVENTLOG_FINE && r->failed == OK; i++) {
		struct eventlog_alg a = { reader_le16(r), 0 };

		a.size = reader_le16(r);
		if (r->failed != OK)
			break;
		if (a.size == 0 || a.size > HASH_SIZE_MAX ||
		    (hash_known(a.alg) && a.size != hash_size((enum hash_alg)a.alg)))
			fail(log, EVENTLOG_SPEC_ALG_SIZE, at + r->at - 4);
		for (size_t k = 0; k < log->algs; k++)
			if (log->alg[k].alg == a.alg)
				fail(log, EVENTLOG_SPEC_ALG_TWICE, at + r->at - 4);
		log->alg[log->algs++] = a;
	}
}

static void
read_spec_id(struct eventlog *log, const struct event *ev, struct bytes digest)
{
	struct reader r = reader_of(ev->data);
	size_t at = ev->offset + HEADER_SIZE_TPM12, vendor;

	log->format = EVENTLOG_AGILE;
	log->algs = 0;
	if (ev->pcr != 0)
		fail(log, EVENTLOG_SPEC_PCR, ev->offset);
	if (!bytes_zero(digest))
		fail(log, EVENTLOG_SPEC_DIGEST, ev->offset + 8);
	reader_take(&r, EVENT_DATA_SIGNATURE_SIZE + 8);
	read_algorithms(log, &r, at);
	vendor = reader_u8(&r);
	if (r.failed != OK)
		fail(log, EVENTLOG_SPEC_CUT, at + r.at);
	else if (vendor != reader_left(&r))
		fail(log, EVENTLOG_SPEC_VENDOR, at + r.at);
}

static bool
pcr_allowed(const struct event *ev)
{
	return ev->pcr <= EVENT_PCR_MAX || (ev->pcr == EVENT_PCR_NONE && ev->type == EV_NO_ACTION);
}

/* An event in the form of TPM 1.2, which the Spec ID event has too; its digest is given apart. */
static bool
read_tpm12(struct eventlog *log, struct event *ev, struct bytes *digest)
{
	uint32_t size;

	ev->pcr = reader_le32(&log->in);
	ev->type = reader_le32(&log->in);
	*digest = reader_take(&log->in, SHA1_SIZE);
	size = reader_le32(&log->in);
	if (log->in.failed != OK)
		fail(log, EVENTLOG_HEADER_CUT, ev->offset);
	else if (!pcr_allowed(ev))
		fail(log, EVENTLOG_PCR, ev->offset);
	ev->data = reader_take(&log->in, size);
	if (log->in.failed != OK)
		fail(log, EVENTLOG_DATA_CUT, ev->offset);
	return log->fault == EVENTLOG_FINE;
}

static uint16_t
listed_size(const struct eventlog *log, uint16_t alg)
{
	for (size_t i = 0; i < log->algs; i++)
		if (log->alg[i].alg == alg)
			return log->alg[i].size;
	return 0;
}

static void
read_digest(struct eventlog *log, struct event *ev)
{
	struct event_digest *d = &ev->digest[ev->digests];
	size_t at = log->in.at, size;

	d->alg = reader_le16(&log->in);
	size = listed_size(log, d->alg);
	if (log->in.failed == OK && size == 0)
		fail(log, EVENTLOG_DIGEST_UNLISTED, at);
	for (size_t i = 0; i < ev->digests; i++)
		if (log->in.failed == OK && ev->digest[i].alg == d->alg)
			fail(log, EVENTLOG_DIGEST_TWICE, at);
	d->value = reader_take(&log->in, size);
	ev->digests++;
}

static bool
read_agile(struct eventlog *log, struct event *ev)
{
	uint32_t n, size;

	ev->pcr = reader_le32(&log->in);
	ev->type = reader_le32(&log->in);
	n = reader_le32(&log->in);
	if (log->in.failed != OK)
		fail(log, EVENTLOG_HEADER_CUT, ev->offset);
	else if (!pcr_allowed(ev))
		fail(log, EVENTLOG_PCR, ev->offset);
	else if (n == 0)
		fail(log, EVENTLOG_DIGESTS_NONE, ev->offset);
	else if (n > log->algs)
		fail(log, EVENTLOG_DIGESTS_MANY, ev->offset);
	while (ev->digests < n && log->in.failed == OK && log->fault == EVENTLOG_FINE)
		read_digest(log, ev);
	size = reader_le32(&log->in);
	if (log->in.failed != OK)
		fail(log, EVENTLOG_DIGESTS_CUT, ev->offset);
	ev->data = reader_take(&log->in, size);
	if (log->in.failed != OK)
		fail(log, EVENTLOG_DATA_CUT, ev->offset);
	return log->fault == EVENTLOG_FINE;
}

static void
check_locality(struct eventlog *log, const struct event *ev)
{
	uint8_t locality;

	if (!event_data_signed(ev, "StartupLocality"))
		return;
	if (event_data_locality(ev, &locality) != OK)
		fail(log, EVENTLOG_LOCALITY, ev->offset);
	else if (log->locality_told)
		fail(log, EVENTLOG_LOCALITY_TWICE, ev->offset);
	else if (log->pcr0_extended && !log->h_crtm && locality != 0)
		fail(log, EVENTLOG_LOCALITY_LATE, ev->offset);
	else
		log->locality = locality;
	log->locality_told = true;
}

static void
check_event(struct eventlog *log, const struct event *ev)
{
	if (ev->number > 0 && event_data_signed(ev, "Spec ID Event"))
		fail(log, EVENTLOG_SPEC_TWICE, ev->offset);
	check_locality(log, ev);
	if (ev->pcr == 0 && event_extends(ev)) {
		log->h_crtm |= !log->pcr0_extended && ev->type == EV_EFI_HCRTM_EVENT;
		log->pcr0_extended = true;
	}
	if (ev->number == 0)
		return;
	log->no_action += !event_extends(ev);
	if (ev->digests == log->algs)
		return;
	log->uneven++;
	if (log->rules == EVENTLOG_APPRAISE)
		fail(log, EVENTLOG_DIGEST_MISSING, ev->offset);
}

/* Whether a whole header of zeros, or of ones, stands here: no event begins so.  Then all the rest must be the same. */
static bool
skip_padding(struct eventlog *log)
{
	size_t header = log->format == EVENTLOG_AGILE ? HEADER_SIZE_AGILE : HEADER_SIZE_TPM12;
	const uint8_t *p = log->in.p + log->in.at;
	size_t left = reader_left(&log->in), n = 1;

	if (left < header || (p[0] != 0x00 && p[0] != 0xff))
		return false;
	while (n < left && p[n] == p[0])
		n++;
	if (n < header)
		return false;
	if (n < left)
		fail(log, EVENTLOG_PADDING, log->in.at + n);
	log->padding = n;
	return true;
}

static bool
read_event(struct eventlog *log, struct event *ev)
{
	struct bytes sha1;

	if (log->format == EVENTLOG_AGILE && ev->number > 0)
		return read_agile(log, ev);
	if (!read_tpm12(log, ev, &sha1))
		return false;
	if (log->format == EVENTLOG_TPM12)
		ev->digest[ev->digests++] = (struct event_digest){ HASH_SHA1, sha1 };
	return true;
}

bool
eventlog_next(struct eventlog *log, struct event *ev)
{
	memset(ev, 0, sizeof(*ev));
	if (log->fault != EVENTLOG_FINE || log->ended)
		return false;
	if (reader_left(&log->in) == 0 || skip_padding(log)) {
		log->ended = true;
		if (log->events == 0)
			fail(log, EVENTLOG_EMPTY, 0);
		return false;
	}
	ev->offset = log->in.at;
	ev->number = log->events;
	if (read_event(log, ev))
		check_event(log, ev);
	if (log->fault != EVENTLOG_FINE)
		return false;
	log->events++;
	return true;
}

void
eventlog_begin(struct eventlog *log, struct bytes in, enum eventlog_rules rules)
{
	struct event head = { 0 };
	struct bytes digest;

	memset(log, 0, sizeof(*log));
	log->rules = rules;
	log->in = reader_of(in);
	log->format = EVENTLOG_TPM12;
	log->algs = 1;
	log->alg[0] = (struct eventlog_alg){ HASH_SHA1, SHA1_SIZE };
	if (in.n == 0) {
		fail(log, EVENTLOG_EMPTY, 0);
		return;
	}
	if (!read_tpm12(log, &head, &digest))
		return;
	log->in.at = 0;
	if (event_data_signed(&head, "Spec ID Event03"))
		read_spec_id(log, &head, digest);
	else if (head.type == EV_NO_ACTION && !event_data_signed(&head, "Spec ID Event"))
		fail(log, EVENTLOG_SPEC_ABSENT, 0);
	else if (rules == EVENTLOG_APPRAISE)
		fail(log, EVENTLOG_SHA1_ONLY, 0);
}

enum status
eventlog_end(const struct eventlog *log)
{
	if (log->fault != EVENTLOG_FINE)
		return (size_t)log->fault < sizeof(faults) / sizeof(faults[0]) ? faults[log->fault].status : E_SYNTAX;
	return log->ended ? OK : E_TRAILING;
}
