/* SPDX-License-Identifier: ISC */
/*
 * Evidence for unit tests: a real boot's event log (tests/data/eventlogs/qemu-ovmf-uki.bin), quoted by an AK made here.
 *
 * evidence_begin() gives what is approved; a test changes something; evidence_finish() does what agent and TPM would do with it.
 * What the TPM quotes follows from the events as they are when the quote is frozen: so a test can tell what happened
 * (change, then freeze) from what is claimed to have happened (freeze, then change).
 */
#ifndef TESTS_EVIDENCE_BUILD_H
#define TESTS_EVIDENCE_BUILD_H

#include "eventlog_build.h"

#include "crypto/ecdsa_sign.h"
#include "policy/appraise.h"

#define BUILD_EVENTS_MAX 64
#define BUILD_DATA_SIZE (256 * 1024)
#define BUILD_COMMAND_LINE "console=ttyS0 quiet panic=-1 noresume ip=10.0.2.15::10.0.2.2:255.255.255.0::eth0:none"
#define BUILD_PCRS 16

/* Where the events of the real boot stand in its log. */
enum build_event {
	BUILD_SPEC_ID = 0,
	BUILD_SECURE_BOOT = 4,
	BUILD_PK = 5,
	BUILD_KEK = 6,
	BUILD_DB = 7,
	BUILD_DBX = 8,
	BUILD_SEPARATOR_7 = 9,
	BUILD_SEPARATOR_4 = 19,
	BUILD_AUTHORITY = 22,
	BUILD_UKI = 23,
	BUILD_LINUX_NAME = 24,
	BUILD_LINUX = 25,
	BUILD_CMDLINE = 29,
	BUILD_INITRD_NAME = 30,
	BUILD_INITRD_SECTION = 31,
	BUILD_LOAD_OPTIONS = 32,
	BUILD_INITRD = 33,
	BUILD_LAST = 35,
};

struct built_event {
	uint32_t pcr, type;
	uint8_t digest[QUOTE_BANKS_MAX][HASH_SIZE_MAX]; /* by the index of the bank */
	struct bytes data;
};

struct built {
	struct machine machine;
	struct ec_private ak;
	uint8_t ek[32];
	struct name ek_name;
	struct policy *policy;
	size_t references;
	struct reference reference[64];
	uint64_t now;

	/* What is claimed. */
	size_t banks; /* of the log */
	enum hash_alg bank[QUOTE_BANKS_MAX];
	size_t events;
	struct built_event event[BUILD_EVENTS_MAX];
	struct user_events users;
	struct binding binding;

	/* What the TPM says. */
	uint32_t magic;
	uint16_t type;
	uint64_t clock;
	uint32_t reset_count, restart_count;
	bool safe;
	size_t selections;
	struct pcr_selection selection[QUOTE_BANKS_MAX];
	bool frozen;
	struct digest pcr_digest;
	uint16_t signature_scheme, signature_hash;

	/* The result; may be changed between the steps. */
	size_t data_n;
	uint8_t data[BUILD_DATA_SIZE];
	uint8_t log_space[LOG_SIZE_MAX], users_space[USER_EVENTS_SIZE_MAX], binding_space[BINDING_SIZE_MAX], attest_space[QUOTE_SIZE_MAX],
		signature_space[SIGNATURE_SIZE_MAX];
	struct buffer log, user_events, encoded, attest, signature;
	struct verdict verdict;
};

static inline void
build_hash(struct bytes in, uint8_t out[32])
{
	struct digest d = hash_digest(HASH_SHA256, in);

	memcpy(out, d.p, 32);
}

/* build_keep(b, data): a copy that lives as long as ${b}. */
static inline struct bytes
build_keep(struct built *b, struct bytes data)
{
	uint8_t *p = b->data + b->data_n;

	assert_true(data.n <= sizeof b->data - b->data_n);
	if (data.n > 0)
		memcpy(p, data.p, data.n);
	b->data_n += data.n;
	return bytes_of(p, data.n);
}

/* build_measure(b, i, measured): the i-th event's digests are now those of ${measured}. */
static inline void
build_measure(struct built *b, size_t i, struct bytes measured)
{
	for (size_t k = 0; k < b->banks; k++)
		hash_compute(b->bank[k], measured, b->event[i].digest[k]);
}

/* build_insert(b, at, pcr, type, measured, data): a new event before the one at ${at}. */
static inline void
build_insert(struct built *b, size_t at, uint32_t pcr, uint32_t type, struct bytes measured, struct bytes data)
{
	assert_true(b->events < BUILD_EVENTS_MAX);
	memmove(&b->event[at + 1], &b->event[at], (b->events - at) * sizeof b->event[0]);
	b->events++;
	b->event[at] = (struct built_event){ .pcr = pcr, .type = type, .data = build_keep(b, data) };
	build_measure(b, at, measured);
}

static inline void
build_remove(struct built *b, size_t at)
{
	b->events--;
	memmove(&b->event[at], &b->event[at + 1], (b->events - at) * sizeof b->event[0]);
}

/* build_user(b, pcr, name, text): user space extends a PCR by a text. */
static inline struct user_event *
build_user(struct built *b, unsigned pcr, const char *name, struct bytes text)
{
	struct user_event *u = &b->users.event[b->users.n++];

	memset(u, 0, sizeof *u);
	u->pcr = pcr;
	u->data = build_keep(b, text);
	u->name = bytes_of(name, strlen(name));
	for (size_t i = 0; i < b->selections; i++)
		if (hash_known(b->selection[i].alg))
			u->digest[u->digests++] = hash_digest((enum hash_alg)b->selection[i].alg, text);
	return u;
}

static inline void
build_reference(struct built *b, const char *list, struct bytes value)
{
	struct reference *r = &b->reference[b->references++];

	memset(r, 0, sizeof *r);
	snprintf(r->list, sizeof r->list, "%s", list);
	memcpy(r->value, value.p, value.n);
	r->n = value.n;
}

/* build_forget(b, list, value): the operator removes a value; NULL bytes: the whole list. */
static inline void
build_forget(struct built *b, const char *list, struct bytes value)
{
	size_t n = 0;

	for (size_t i = 0; i < b->references; i++) {
		const struct reference *r = &b->reference[i];

		if (strcmp(r->list, list) != 0 || (value.n > 0 && !bytes_equal(value, bytes_of(r->value, r->n))))
			b->reference[n++] = *r;
	}
	assert_true(n < b->references);
	b->references = n;
}

/* build_policy(b, text): another policy. */
static inline void
build_policy(struct built *b, struct bytes text)
{
	struct policy_error why;

	policy_free(b->policy);
	if (policy_load("test", text, &b->policy, &why) != OK)
		fail_msg("%s", why.text);
}

/* build_policy_with(b, find, replace): policy/strict.conf with one place changed. */
#define BUILD_POLICY "tests/data/policy/strict.conf"
static inline void
build_policy_with(struct built *b, const char *find, const char *replace)
{
	static uint8_t space[65536], changed[65536];
	struct buffer in = BUFFER(space), out = BUFFER(changed);
	const char *at;

	assert_int_equal(file_read(BUILD_POLICY, &in), OK);
	buffer_u8(&in, 0);
	at = strstr((const char *)space, find);
	assert_non_null(at);
	buffer_bytes(&out, bytes_of(space, (size_t)(at - (const char *)space)));
	buffer_bytes(&out, bytes_of(replace, strlen(replace)));
	buffer_bytes(&out, bytes_of(at + strlen(find), strlen(at + strlen(find))));
	build_policy(b, buffer_view(&out));
}

/* TPMT_PUBLIC of an AK (ECDSA); ${attributes} as given. */
static inline size_t
build_ak_public(const struct ec_private *ak, uint32_t attributes, uint8_t out[PUBLIC_SIZE_MAX])
{
	struct buffer b = buffer_of(out, PUBLIC_SIZE_MAX);
	size_t n = ec_field_size(ak->public.curve);

	buffer_be16(&b, PUBLIC_ECC);
	buffer_be16(&b, (uint16_t)ec_hash(ak->public.curve));
	buffer_be32(&b, attributes);
	buffer_be16(&b, 0);
	buffer_be16(&b, 0x0010);
	buffer_be16(&b, SCHEME_ECDSA);
	buffer_be16(&b, (uint16_t)ec_hash(ak->public.curve));
	buffer_be16(&b, (uint16_t)ak->public.curve);
	buffer_be16(&b, 0x0010);
	buffer_sized16(&b, bytes_of(ak->public.x, n));
	buffer_sized16(&b, bytes_of(ak->public.y, n));
	assert_int_equal(b.failed, OK);
	return b.n;
}

#define BUILD_AK_ATTRIBUTES UINT32_C(0x00050472)

static inline void
build_read_log(struct built *b)
{
	static struct log_file file;
	struct eventlog log;
	struct event ev;

	eventlog_begin(&log, log_load("qemu-ovmf-uki", &file), EVENTLOG_APPRAISE);
	for (size_t i = 0; i < log.algs; i++)
		b->bank[b->banks++] = (enum hash_alg)log.alg[i].alg;
	while (eventlog_next(&log, &ev)) {
		struct built_event *e = &b->event[b->events++];

		*e = (struct built_event){ .pcr = ev.pcr, .type = ev.type, .data = build_keep(b, ev.data) };
		for (size_t k = 0; ev.number > 0 && k < b->banks; k++)
			memcpy(e->digest[k], event_digest(&ev, b->bank[k]).p, hash_size(b->bank[k]));
	}
	assert_int_equal(eventlog_end(&log), OK);
	assert_int_equal(b->events, BUILD_LAST + 1);
	assert_int_equal(b->bank[0], HASH_SHA256);
}

/* build_sha256(b, i): the digest of an event that reference values are compared with. */
static inline struct bytes
build_sha256(const struct built *b, size_t i)
{
	return bytes_of(b->event[i].digest[0], 32);
}

/* Every list holds one value more than needed, so that taking one out leaves none empty. */
static inline void
build_references(struct built *b)
{
	static const struct {
		const char *list;
		size_t event;
	} values[] = {
		{ "uki", BUILD_UKI },
		{ "uki.sections", BUILD_LINUX },
		{ "uki.sections", BUILD_LINUX + 2 },
		{ "uki.sections", BUILD_CMDLINE },
		{ "uki.sections", BUILD_INITRD_SECTION },
		{ "initrd", BUILD_INITRD },
		{ "sb.pk", BUILD_PK },
		{ "sb.kek", BUILD_KEK },
		{ "sb.db", BUILD_DB },
		{ "sb.dbx", BUILD_DBX },
		{ "sb.authorities", BUILD_AUTHORITY },
	};
	static const char *const lists[] = { "uki", "uki.kernels", "uki.sections", "initrd", "sb.pk", "sb.kek", "sb.db", "sb.dbx",
		"sb.authorities", "firmware.2" };
	uint8_t other[32], pcr2[32] = { 0 }, state[64] = { 0 };

	build_hash(BYTES_STRING("\0\0\0\0"), state + 32); /* nothing but a separator */
	build_hash(BYTES(state), pcr2);
	memset(other, 0x5a, sizeof other);
	for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++)
		build_reference(b, lists[i], BYTES(other));
	for (size_t i = 0; i < sizeof values / sizeof values[0]; i++)
		build_reference(b, values[i].list, build_sha256(b, values[i].event));
	build_reference(b, "firmware.2", BYTES(pcr2));
	build_reference(b, "cmdline", BYTES_STRING("something else, noresume"));
	build_reference(b, "cmdline", BYTES_STRING(BUILD_COMMAND_LINE));
}

static inline void
build_machine(struct built *b)
{
	struct machine *m = &b->machine;
	uint8_t d[48];

	memset(d, 0x21, sizeof d);
	assert_int_equal(ec_private_from_d(EC_P256, bytes_of(d, 32), &b->ak), OK);
	m->ak_n = build_ak_public(&b->ak, BUILD_AK_ATTRIBUTES, m->ak);
	memset(m->id, 0x11, sizeof m->id);
	memset(m->machine_key, 0x22, sizeof m->machine_key);
	snprintf(m->label, sizeof m->label, "test");
	m->active = true;
	m->epoch = 3;
	m->nv_handle = 0x018b4701;
	m->nv_handle_next = 0x018b4702;
	m->seen = m->seen_safe = true;
	m->seen_reset = 40;
	m->seen_restart = 0;
	m->seen_clock = 1000000;
	b->ek_name.n = 34;
	memset(b->ek_name.p, 0x33, 34);
	b->ek_name.p[0] = 0x00, b->ek_name.p[1] = 0x0b;
}

static inline void
build_binding(struct built *b)
{
	static const uint8_t nonces[2][32] = { { 1 }, { 2 } };
	struct binding *g = &b->binding;

	g->purpose = PURPOSE_BOOT;
	memcpy(g->machine, b->machine.id, sizeof g->machine);
	g->salting_key = b->ek_name;
	memcpy(g->machine_key, b->machine.machine_key, sizeof g->machine_key);
	g->indices = 1;
	g->index[0] = (struct index_claim){ b->machine.nv_handle, b->machine.epoch };
	g->nonce = BYTES(nonces[0]);
	g->nonce_tpm = BYTES(nonces[1]);
	memset(g->hpke_key, 0x44, sizeof g->hpke_key);
}

/* build_freeze(b): what the TPM quotes is now settled. */
static inline void
build_freeze(struct built *b)
{
	struct hash h;

	hash_begin(&h, ec_hash(b->ak.public.curve));
	for (size_t s = 0; s < b->selections; s++) {
		enum hash_alg alg = (enum hash_alg)b->selection[s].alg;
		uint8_t pcr[BUILD_PCRS][2 * HASH_SIZE_MAX] = { { 0 } };
		size_t size = hash_size(alg), k = 0;

		while (k < b->banks && b->bank[k] != alg)
			k++;
		for (size_t i = 0; i < b->events && k < b->banks; i++) {
			if (b->event[i].type == EV_NO_ACTION)
				continue;
			memcpy(pcr[b->event[i].pcr] + size, b->event[i].digest[k], size);
			hash_compute(alg, bytes_of(pcr[b->event[i].pcr], 2 * size), pcr[b->event[i].pcr]);
		}
		for (size_t i = 0; i < b->users.n; i++)
			for (size_t d = 0; d < b->users.event[i].digests; d++) {
				const struct user_event *u = &b->users.event[i];

				if (u->digest[d].alg != alg)
					continue;
				memcpy(pcr[u->pcr] + size, u->digest[d].p, size);
				hash_compute(alg, bytes_of(pcr[u->pcr], 2 * size), pcr[u->pcr]);
			}
		for (unsigned i = 0; i < BUILD_PCRS; i++)
			if ((b->selection[s].pcrs >> i & 1) != 0)
				hash_add(&h, bytes_of(pcr[i], size));
	}
	b->pcr_digest.alg = ec_hash(b->ak.public.curve);
	b->pcr_digest.n = hash_end(&h, b->pcr_digest.p);
	b->frozen = true;
}

/* Of static storage: it is large. */
static inline struct built *
build_begin(void)
{
	static struct built b;
	static uint8_t ima[] = { 1, 2, 3 };

	policy_free(b.policy);
	memset(&b, 0, sizeof b);
	build_read_log(&b);
	build_machine(&b);
	build_references(&b);
	build_binding(&b);
	b.selections = b.banks;
	for (size_t i = 0; i < b.banks; i++)
		b.selection[i] = (struct pcr_selection){ (uint16_t)b.bank[i], 0xffff };
	build_user(&b, 10, "ima", BYTES(ima));
	build_user(&b, 11, "systemd-pcrphase", BYTES_STRING("enter-initrd"));
	build_policy_with(&b, "version = 1", "version = 1");
	b.now = 5000000;
	b.magic = UINT32_C(0xff544347);
	b.type = 0x8018;
	b.clock = 2000;
	b.reset_count = 41;
	b.safe = true;
	b.signature_scheme = SCHEME_ECDSA;
	b.signature_hash = (uint16_t)ec_hash(b.ak.public.curve);
	return &b;
}

static inline void
build_log(struct built *b)
{
	struct eventlog_alg algs[QUOTE_BANKS_MAX];

	for (size_t k = 0; k < b->banks; k++)
		algs[k] = (struct eventlog_alg){ (uint16_t)b->bank[k], (uint16_t)hash_size(b->bank[k]) };
	b->log = BUFFER(b->log_space);
	put_spec_id(&b->log, algs, b->banks);
	for (size_t i = 1; i < b->events; i++) {
		put_le32(&b->log, b->event[i].pcr);
		put_le32(&b->log, b->event[i].type);
		put_le32(&b->log, (uint32_t)b->banks);
		for (size_t k = 0; k < b->banks; k++) {
			put_le16(&b->log, (unsigned)b->bank[k]);
			buffer_bytes(&b->log, bytes_of(b->event[i].digest[k], hash_size(b->bank[k])));
		}
		put_le32(&b->log, (uint32_t)b->event[i].data.n);
		buffer_bytes(&b->log, b->event[i].data);
	}
	assert_int_equal(b->log.failed, OK);
}

/* build_bind(b): the binding over the logs as they are. */
static inline void
build_bind(struct built *b)
{
	b->user_events = BUFFER(b->users_space);
	assert_int_equal(message_user_events_encode(&b->users, &b->user_events), OK);
	build_hash(buffer_view(&b->log), b->binding.event_log);
	build_hash(buffer_view(&b->user_events), b->binding.user_events);
	b->encoded = BUFFER(b->binding_space);
	assert_int_equal(message_binding_encode(&b->binding, &b->encoded), OK);
}

static inline void
build_attest(struct built *b)
{
	struct digest extra = hash_digest(HASH_SHA256, buffer_view(&b->encoded));

	if (!b->frozen)
		build_freeze(b);
	b->attest = BUFFER(b->attest_space);
	buffer_be32(&b->attest, b->magic);
	buffer_be16(&b->attest, b->type);
	buffer_sized16(&b->attest, name_view(&b->ek_name));
	buffer_sized16(&b->attest, digest_view(&extra));
	buffer_be64(&b->attest, b->clock);
	buffer_be32(&b->attest, b->reset_count);
	buffer_be32(&b->attest, b->restart_count);
	buffer_u8(&b->attest, b->safe ? 1 : 0);
	buffer_be64(&b->attest, 7);
	buffer_be32(&b->attest, (uint32_t)b->selections);
	for (size_t i = 0; i < b->selections; i++) {
		buffer_be16(&b->attest, b->selection[i].alg);
		buffer_u8(&b->attest, 3);
		for (unsigned k = 0; k < 3; k++)
			buffer_u8(&b->attest, (uint8_t)(b->selection[i].pcrs >> 8 * k));
	}
	buffer_sized16(&b->attest, digest_view(&b->pcr_digest));
	assert_int_equal(b->attest.failed, OK);
}

static inline void
build_sign(struct built *b)
{
	enum hash_alg alg = ec_hash(b->ak.public.curve);
	struct digest d = hash_digest(alg, buffer_view(&b->attest));
	uint8_t sig[EC_SIGNATURE_MAX];
	size_t n;

	assert_int_equal(ecdsa_sign(&b->ak, alg, digest_view(&d), sig, &n), OK);
	b->signature = BUFFER(b->signature_space);
	buffer_be16(&b->signature, b->signature_scheme);
	buffer_be16(&b->signature, b->signature_hash);
	buffer_sized16(&b->signature, bytes_of(sig, n / 2));
	buffer_sized16(&b->signature, bytes_of(sig + n / 2, n / 2));
}

static inline struct evidence
build_evidence(struct built *b)
{
	return (struct evidence){ buffer_view(&b->encoded), buffer_view(&b->attest), buffer_view(&b->signature), buffer_view(&b->log),
		buffer_view(&b->user_events) };
}

static inline const struct verdict *
build_judge(struct built *b)
{
	struct evidence e = build_evidence(b);
	struct references r = { b->reference, b->references };
	struct appraisal a = { &e, &b->machine, b->policy, &r, &b->ek_name, b->now, NULL };

	assert_int_equal(appraise(&a, &b->verdict), OK);
	return &b->verdict;
}

/* build_failed(v, out): the numbers of the checks that gave reasons, in order, each once: "A20 P4". */
static inline const char *
build_failed(const struct verdict *v, char out[256])
{
	size_t n = 0;

	out[0] = '\0';
	for (size_t i = 0; i < v->reasons; i++)
		if (i == 0 || strcmp(v->reason[i].check, v->reason[i - 1].check) != 0)
			n += (size_t)snprintf(out + n, 256 - n, "%s%s", n > 0 ? " " : "", v->reason[i].check);
	return out;
}

#endif
