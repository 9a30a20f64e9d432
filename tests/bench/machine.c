/* SPDX-License-Identifier: ISC */
#include "machine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "crypto/ecdsa_sign.h"
#include "crypto/random.h"
#include "eventlog/replay.h"
#include "store/config.h"
#include "store/keys.h"
#include "store/store.h"

#define HANDLE UINT32_C(0x018b4701)
#define MAGIC UINT32_C(0xff544347)
#define QUOTE 0x8018

/* What all machines share. */
static struct {
	struct config config;
	struct keys keys;
	struct bytes log;
	struct replay replay;
	enum hash_alg alg; /* of the AKs */
	struct digest pcrs;
} w;

void
machine_fail(const char *what, const char *why)
{
	fprintf(stderr, "bench: %s: %s\n", what, why);
	exit(1);
}

void
machine_need(enum status s, const char *what)
{
	if (s != OK)
		machine_fail(what, status_text(s));
}

/* --- machines --- */

/* An EC key as its TPM would show it: a template, and then its point instead of two empty coordinates. */
static size_t
encode_public(const struct ec_public *k, uint8_t out[PUBLIC_SIZE_MAX])
{
	struct buffer b = buffer_of(out, PUBLIC_SIZE_MAX);
	size_t n = ec_field_size(k->curve);

	machine_need(public_encode_ak_template(PUBLIC_ECC, k->curve, &b), "template");
	b.n -= 4;
	buffer_sized16(&b, bytes_of(k->x, n));
	buffer_sized16(&b, bytes_of(k->y, n));
	machine_need(b.failed, "public area");
	return b.n;
}

static void
make_share(struct store *st, const struct machine_client *c)
{
	struct store_share share = { .n = 0 };
	struct buffer b = BUFFER(share.wrapped);
	uint8_t aad[MACHINE_ID_SIZE + SHARE_ID_SIZE], secret[SHARE_SIZE];

	memcpy(share.machine, c->record.id, sizeof share.machine);
	memcpy(share.id, c->share, sizeof share.id);
	memcpy(aad, share.machine, sizeof share.machine);
	memcpy(aad + sizeof share.machine, share.id, sizeof share.id);
	machine_need(random_fill(secret, sizeof secret), "random");
	machine_need(keys_wrap(w.keys.master, STORE_SHARE_PURPOSE, BYTES(aad), BYTES(secret), &b), "share");
	share.n = b.n;
	machine_need(store_share_put(st, &share), "share");
}

static void
make_machine(struct store *st, enum ec_curve curve, struct machine_client *c)
{
	struct machine *m = &c->record;
	struct hpke_private key;
	struct public_area ek;
	struct ec_private k;

	machine_need(ec_generate(curve, &c->ak), "AK");
	m->ak_n = encode_public(&c->ak.public, m->ak);
	machine_need(ec_generate(EC_P256, &k), "EK");
	m->ek_n = encode_public(&k.public, m->ek);
	machine_need(public_decode(bytes_of(m->ek, m->ek_n), &ek), "EK");
	machine_need(public_name(&ek, &c->ek), "EK");
	public_id(&ek, m->id);
	machine_need(hpke_generate(&key), "machine key");
	memcpy(m->machine_key, key.pk, sizeof m->machine_key);
	machine_need(hpke_generate(&key), "HPKE key");
	memcpy(c->hpke, key.pk, sizeof c->hpke);
	snprintf(m->label, sizeof m->label, "bench");
	snprintf(m->policy, sizeof m->policy, "%s", w.config.default_policy);
	m->active = true;
	m->epoch = w.keys.delegation[0].epoch;
	m->nv_handle = HANDLE;
	m->nv_handle_next = HANDLE + 1;
	machine_need(random_fill(c->share, sizeof c->share), "random");
	machine_need(store_machine_put(st, m), "machine");
	make_share(st, c);
}

static void
make_machines(enum ec_curve curve, struct machine_client *c)
{
	char path[PATH_MAX + 16], why[512] = "";
	struct store *st;

	snprintf(path, sizeof path, "%s/" STORE_FILE, w.config.state);
	if (store_open(path, STORE_READ_WRITE, &st, why, sizeof why) != OK)
		machine_fail(path, why);
	machine_need(store_begin(st), "database");
	for (size_t i = 0; i < MACHINE_CLIENTS; i++)
		make_machine(st, curve, &c[i]);
	machine_need(store_commit(st), "database");
	store_close(st);
}

/* What a quote over PCR 0-15 in the log's banks shows. */
static void
make_pcrs(void)
{
	static uint8_t values[REPLAY_BANKS_MAX][16 * HASH_SIZE_MAX];
	struct bytes view[REPLAY_BANKS_MAX];
	struct eventlog log;

	eventlog_begin(&log, w.log, EVENTLOG_APPRAISE);
	machine_need(replay_log(&w.replay, &log), "event log");
	for (size_t i = 0; i < w.replay.banks; i++) {
		struct buffer b = BUFFER(values[i]);

		for (uint32_t pcr = 0; pcr < 16; pcr++)
			buffer_bytes(&b, replay_value(&w.replay, w.replay.bank[i].alg, pcr));
		view[i] = buffer_view(&b);
	}
	machine_need(quote_pcr_digest(w.alg, view, w.replay.banks, &w.pcrs), "PCRs");
}

/* --- evidence --- */

static void
encode_quote(const struct machine_client *c, const uint8_t digest[32], struct buffer *out)
{
	buffer_be32(out, MAGIC);
	buffer_be16(out, QUOTE);
	buffer_sized16(out, name_view(&c->ek));
	buffer_sized16(out, bytes_of(digest, 32));
	buffer_be64(out, 1000 + c->boots);
	buffer_be32(out, c->boots);
	buffer_be32(out, 0);
	buffer_u8(out, 1);
	buffer_be64(out, 7);
	buffer_be32(out, (uint32_t)w.replay.banks);
	for (size_t i = 0; i < w.replay.banks; i++) {
		buffer_be16(out, (uint16_t)w.replay.bank[i].alg);
		buffer_bytes(out, bytes_of("\x03\xff\xff\x00", 4));
	}
	buffer_sized16(out, digest_view(&w.pcrs));
}

static void
sign_quote(const struct machine_client *c, struct bytes quote, struct buffer *out)
{
	struct digest d = hash_digest(w.alg, quote);
	uint8_t sig[EC_SIGNATURE_MAX];
	size_t n;

	machine_need(ecdsa_sign(&c->ak, w.alg, digest_view(&d), sig, &n), "quote");
	buffer_be16(out, SCHEME_ECDSA);
	buffer_be16(out, (uint16_t)w.alg);
	buffer_sized16(out, bytes_of(sig, n / 2));
	buffer_sized16(out, bytes_of(sig + n / 2, n / 2));
}

void
machine_evidence(struct machine_client *c, struct bytes nonce, struct buffer *out)
{
	uint8_t binding_bytes[BINDING_SIZE_MAX], quote_bytes[QUOTE_SIZE_MAX], signature_bytes[SIGNATURE_SIZE_MAX], nonce_tpm[GATE_NONCE_SIZE];
	uint8_t users_bytes[16], digest[HASH_SIZE_MAX];
	struct buffer binding = BUFFER(binding_bytes), quote = BUFFER(quote_bytes), signature = BUFFER(signature_bytes), users = BUFFER(users_bytes);
	const struct user_events none = { .n = 0 };
	struct binding b = { .purpose = PURPOSE_BOOT, .salting_key = c->ek, .indices = 1, .index = { { HANDLE, c->record.epoch } },
		.seals = 1, .seal = { { .epoch = c->record.epoch } }, .nonce = nonce, .nonce_tpm = BYTES(nonce_tpm) };
	struct evidence e;

	c->boots++;
	machine_need(random_fill(nonce_tpm, sizeof nonce_tpm), "random");
	machine_need(message_user_events_encode(&none, &users), "user events");
	memcpy(b.machine, c->record.id, sizeof b.machine);
	memcpy(b.machine_key, c->record.machine_key, sizeof b.machine_key);
	memcpy(b.seal[0].share, c->share, sizeof b.seal[0].share);
	memcpy(b.hpke_key, c->hpke, sizeof b.hpke_key);
	hash_compute(HASH_SHA256, w.log, digest);
	memcpy(b.event_log, digest, sizeof b.event_log);
	hash_compute(HASH_SHA256, buffer_view(&users), digest);
	memcpy(b.user_events, digest, sizeof b.user_events);
	machine_need(message_binding_encode(&b, &binding), "binding");
	hash_compute(HASH_SHA256, buffer_view(&binding), digest);
	encode_quote(c, digest, &quote);
	sign_quote(c, buffer_view(&quote), &signature);
	e = (struct evidence){ buffer_view(&binding), buffer_view(&quote), buffer_view(&signature), w.log, buffer_view(&users) };
	machine_need(message_evidence_encode(&e, out), "evidence");
}

void
machine_make_all(const char *configuration, const char *log, enum ec_curve curve, struct machine_client c[MACHINE_CLIENTS])
{
	static uint8_t memory[EVENT_LOG_SIZE_MAX];
	struct buffer b = BUFFER(memory);
	char why[512] = "";

	if (config_load(configuration, &w.config, why, sizeof why) != OK || keys_load(w.config.state, w.config.authority, &w.keys, why, sizeof why) != OK)
		machine_fail(configuration, why);
	if (w.keys.delegations == 0)
		machine_fail(w.config.state, "no delegation");
	machine_need(file_read(log, &b), log);
	w.log = buffer_view(&b);
	w.alg = ec_hash(curve);
	make_pcrs();
	make_machines(curve, c);
	keys_wipe(&w.keys);
}
