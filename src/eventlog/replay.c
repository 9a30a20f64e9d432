/* SPDX-License-Identifier: ISC */
#include "eventlog/replay.h"

#include <string.h>

#include "eventlog/event_data.h"

#define LOCALITY_HCRTM 4

static const enum hash_alg order[REPLAY_BANKS_MAX] = { HASH_SHA1, HASH_SHA256, HASH_SHA384, HASH_SHA512 };

static const struct replay_bank *
find_bank(const struct replay *r, enum hash_alg alg)
{
	for (size_t i = 0; i < r->banks; i++)
		if (r->bank[i].alg == alg)
			return &r->bank[i];
	return NULL;
}

void
replay_begin(struct replay *r, const struct eventlog *log)
{
	memset(r, 0, sizeof(*r));
	for (size_t i = 0; i < REPLAY_BANKS_MAX; i++)
		for (size_t k = 0; k < log->algs; k++)
			if (log->alg[k].alg == (uint16_t)order[i])
				r->bank[r->banks++].alg = order[i];
}

static void
extend(struct replay_bank *bank, uint32_t pcr, struct bytes digest)
{
	struct hash h;

	hash_begin(&h, bank->alg);
	hash_add(&h, bytes_of(bank->pcr[pcr], hash_size(bank->alg)));
	hash_add(&h, digest);
	hash_end(&h, bank->pcr[pcr]);
	bank->extended |= UINT32_C(1) << pcr;
}

static void
extend_listed(struct replay *r, uint32_t pcr, const struct event_digest *d, size_t n)
{
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < r->banks; k++)
			if (d[i].alg == (uint16_t)r->bank[k].alg)
				extend(&r->bank[k], pcr, d[i].value);
}

static void
start_pcr0(struct replay *r, uint8_t locality)
{
	for (size_t i = 0; i < r->banks; i++)
		if ((r->bank[i].extended & 1) == 0)
			r->bank[i].pcr[0][hash_size(r->bank[i].alg) - 1] = locality;
}

void
replay_event(struct replay *r, const struct event *ev)
{
	uint8_t locality;

	if (event_data_locality(ev, &locality) == OK)
		start_pcr0(r, locality);
	if (!event_extends(ev) || ev->pcr >= REPLAY_PCRS)
		return;
	if (ev->type == EV_EFI_HCRTM_EVENT && ev->pcr == 0)
		start_pcr0(r, LOCALITY_HCRTM);
	extend_listed(r, ev->pcr, ev->digest, ev->digests);
}

enum status
replay_log(struct replay *r, struct eventlog *log)
{
	struct event ev;

	replay_begin(r, log);
	while (eventlog_next(log, &ev))
		replay_event(r, &ev);
	return eventlog_end(log);
}

enum status
replay_user_event(struct replay *r, uint32_t pcr, const struct event_digest *d, size_t n)
{
	size_t banks = 0;

	if (pcr >= REPLAY_PCRS)
		return E_RANGE;
	for (size_t i = 0; i < n; i++) {
		if (hash_known(d[i].alg) && d[i].value.n != hash_size((enum hash_alg)d[i].alg))
			return E_RANGE;
		for (size_t k = 0; k < i; k++)
			if (d[k].alg == d[i].alg)
				return E_DUPLICATE;
		if (hash_known(d[i].alg) && find_bank(r, (enum hash_alg)d[i].alg) != NULL)
			banks++;
	}
	if (banks == 0)
		return E_MISSING;
	extend_listed(r, pcr, d, n);
	return OK;
}

struct bytes
replay_value(const struct replay *r, enum hash_alg alg, uint32_t pcr)
{
	const struct replay_bank *bank = find_bank(r, alg);

	if (bank == NULL || pcr >= REPLAY_PCRS)
		return (struct bytes){ NULL, 0 };
	return bytes_of(bank->pcr[pcr], hash_size(alg));
}

bool
replay_extended(const struct replay *r, enum hash_alg alg, uint32_t pcr)
{
	const struct replay_bank *bank = find_bank(r, alg);

	return bank != NULL && pcr < REPLAY_PCRS && ((bank->extended >> pcr) & 1) != 0;
}
