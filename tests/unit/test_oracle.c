/* SPDX-License-Identifier: ISC */
/*
 * S28: whatever a client sends, the verifier signs nothing but its two kinds of things: with the approval key the 100 bytes
 * nonceTPM || 120 || cpHash || ref of that machine's own index, with the statement key the Sig_structure of a statement about this evidence.
 *
 * The code is the judge's own, in this process.  Two functions are replaced as it is linked: what makes signatures only notes what it was
 * asked for, and each quote's signature counts as good: the client here owns an enrolled machine, AK and all.
 *
 * With a number as argument the random searches are so many times longer.
 */
#include "evidence_build.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"
#include "crypto/hpke.h"
#include "crypto/random.h"
#include "protocol/cbor.h"
#include "protocol/cose.h"
#include "verifier/judge.h"

#define BINDING_KEYS 12
#define EVIDENCE_KEYS 5
#define APPROVAL_SIZE 100
#define LENGTHS_MAX 130

enum status __real_ecdsa_sign(const struct ec_private *k, enum hash_alg alg, struct bytes digest, uint8_t sig[EC_SIGNATURE_MAX], size_t *n);
enum status __wrap_ecdsa_sign(const struct ec_private *k, enum hash_alg alg, struct bytes digest, uint8_t sig[EC_SIGNATURE_MAX], size_t *n);
enum status __real_public_verify(const struct public_area *p, struct bytes message, struct bytes signature);
enum status __wrap_public_verify(const struct public_area *p, struct bytes message, struct bytes signature);

static struct {
	char folder[64];
	struct judge judge;
	struct config config;
	struct ec_private authority;
	struct built *built;
	uint8_t nonce[NONCE_SIZE], nonce_tpm[32];
	unsigned times;
	uint64_t random;
	bool real; /* sign and verify as the product does */

	/* What was asked of the two keys in one try, and how often in all. */
	size_t approvals, statements;
	uint8_t approval[GATES_MAX + 1][32], statement[32];
	unsigned long tries, refused, signed_statements, signed_approvals;
} t;

/* --- what stands in the place of signing and verifying --- */

enum status
__wrap_ecdsa_sign(const struct ec_private *k, enum hash_alg alg, struct bytes digest, uint8_t sig[EC_SIGNATURE_MAX], size_t *n)
{
	if (k == &t.judge.keys.approval && digest.n == 32) {
		assert_true(t.approvals < GATES_MAX);
		memcpy(t.approval[t.approvals++], digest.p, 32);
	} else if (k == &t.judge.keys.statement && digest.n == 32) {
		t.statements++;
		memcpy(t.statement, digest.p, 32);
	} else if (!t.real) {
		fail_msg("a key signed that has nothing to sign here");
	}
	if (t.real)
		return __real_ecdsa_sign(k, alg, digest, sig, n);
	memset(sig, 0x5a, *n = 64);
	return OK;
}

enum status
__wrap_public_verify(const struct public_area *p, struct bytes message, struct bytes signature)
{
	return t.real ? __real_public_verify(p, message, signature) : OK;
}

/* --- the verifier --- */

static void
give_space(struct buffer *b, size_t n)
{
	*b = buffer_of(malloc(n), n);
	assert_non_null(b->p);
}

static void
make_keys(struct keys *k)
{
	assert_int_equal(ec_generate(EC_P256, &t.authority), OK);
	assert_int_equal(ec_generate(EC_P256, &k->approval), OK);
	assert_int_equal(ec_generate(EC_P256, &k->statement), OK);
	assert_int_equal(random_fill(k->master, sizeof k->master), OK);
	k->authority = t.authority.public;
	k->delegations = 2;
	for (uint32_t i = 0; i < 2; i++)
		assert_int_equal(keys_delegation_of(&t.authority, &k->approval.public, &k->statement.public, 3 + i, &k->delegation[i]), OK);
	keys_derive(k->master, "nonce", t.judge.nonce_key);
}

static void
make_machine(void)
{
	struct machine *m = &t.built->machine;
	struct public_area ek;
	struct ec_private k;
	uint8_t d[32];

	memset(d, 0x31, sizeof d);
	assert_int_equal(ec_private_from_d(EC_P256, BYTES(d), &k), OK);
	m->ek_n = build_ak_public(&k, BUILD_AK_ATTRIBUTES, m->ek);
	assert_int_equal(public_decode(bytes_of(m->ek, m->ek_n), &ek), OK);
	assert_int_equal(public_name(&ek, &t.built->ek_name), OK);
	snprintf(m->policy, sizeof m->policy, "test");
	m->seen = false;
	t.built->binding.salting_key = t.built->ek_name;
	assert_int_equal(store_machine_put(t.judge.store, m), OK);
}

static int
set_up(void **state)
{
	static uint8_t space[65536];
	struct buffer text = BUFFER(space);
	struct hpke_private hpke;
	char path[128], why[256];

	(void)state;
	t.real = true;
	snprintf(t.folder, sizeof t.folder, "/tmp/bootgate-oracle-XXXXXX");
	assert_non_null(mkdtemp(t.folder));
	snprintf(path, sizeof path, "%s/" STORE_FILE, t.folder);
	assert_int_equal(store_open(path, STORE_CREATE, &t.judge.store, why, sizeof why), OK);
	t.config.keep_cases = 1;
	t.config.max_evidence_per_machine = 1000000;
	t.judge.config = &t.config;
	make_keys(&t.judge.keys);
	t.built = build_begin();
	make_machine();
	for (size_t i = 0; i < t.built->references; i++)
		assert_int_equal(store_reference_add(t.judge.store, &t.built->reference[i], ""), OK);
	assert_int_equal(file_read(BUILD_POLICY, &text), OK);
	assert_int_equal(store_policy_put(t.judge.store, "test", buffer_view(&text)), OK);
	assert_int_equal(library_refresh(&t.judge.library, t.judge.store), OK);
	assert_int_equal(stranger_make_all(&t.judge.strangers), OK);
	give_space(&t.judge.claims, STATEMENT_SIZE_MAX);
	give_space(&t.judge.scratch, STATEMENT_SIZE_MAX + 1024);
	give_space(&t.judge.space, STATEMENT_SIZE_MAX + 1024);
	assert_int_equal(hpke_generate(&hpke), OK);
	memcpy(t.built->binding.hpke_key, hpke.pk, sizeof hpke.pk);
	assert_int_equal(nonce_make(t.judge.nonce_key, t.judge.verifier, judge_now(), t.nonce), OK);
	t.built->binding.nonce = BYTES(t.nonce);
	t.built->binding.nonce_tpm = BYTES(t.nonce_tpm);
	build_log(t.built);
	t.real = false;
	return 0;
}

static int
tear_down(void **state)
{
	char line[128];

	(void)state;
	library_clear(&t.judge.library);
	store_close(t.judge.store);
	policy_free(t.built->policy);
	free(t.judge.claims.p);
	free(t.judge.scratch.p);
	free(t.judge.space.p);
	snprintf(line, sizeof line, "rm -r %s", t.folder);
	return system(line);
}

/* --- what may be signed, computed here once more from docs/protocol.md --- */

static void
sha256_of(const struct buffer *b, uint8_t out[32])
{
	uint8_t d[HASH_SIZE_MAX];

	hash_compute(HASH_SHA256, buffer_view(b), d);
	memcpy(out, d, 32);
}

static void
cphash_of(uint32_t handle, uint32_t epoch, uint8_t out[32])
{
	uint8_t text[256], policy[GATE_DIGEST_SIZE], name[34] = { 0, 0x0b };
	struct buffer area = BUFFER(text), command = BUFFER(text);

	assert_int_equal(gate_nv_policy(&t.authority.public, epoch, policy), OK);
	buffer_be32(&area, handle);
	buffer_be16(&area, 0x000b);
	buffer_be32(&area, 0x22082802);
	buffer_sized16(&area, BYTES(policy));
	buffer_be16(&area, 32);
	sha256_of(&area, name + 2);
	buffer_be32(&command, 0x14e);
	buffer_bytes(&command, BYTES(name));
	buffer_bytes(&command, BYTES(name));
	buffer_be16(&command, 32);
	buffer_be16(&command, 0);
	sha256_of(&command, out);
}

static void
approval_text(struct bytes nonce_tpm, uint32_t handle, uint32_t epoch, struct buffer *out)
{
	uint8_t text[128], point[EC_POINT_MAX], cphash[32], ref[32];
	struct buffer disk = BUFFER(text);

	buffer_bytes(&disk, BYTES_STRING("bootgate/1 disk"));
	buffer_bytes(&disk, bytes_of(point, ec_public_encode(&t.judge.keys.statement.public, point)));
	sha256_of(&disk, ref);
	cphash_of(handle, epoch, cphash);
	buffer_bytes(out, nonce_tpm);
	buffer_be32(out, 120);
	buffer_bytes(out, BYTES(cphash));
	buffer_bytes(out, BYTES(ref));
	assert_int_equal(out->failed, OK);
	assert_int_equal(out->n, APPROVAL_SIZE);
}

/* Of the index in force; while the machine is told to rotate, also of the next one under its epoch. */
static bool
is_own_approval(const struct binding *b, const uint8_t digest[32])
{
	const struct machine *m = &t.built->machine;
	const struct index_claim own[] = { { m->nv_handle, m->epoch }, { m->nv_handle_next, m->rotate_to } };

	if (b->nonce_tpm.n != 32)
		return false;
	for (size_t i = 0; i < (m->rotate_to != 0 ? 2 : 1); i++) {
		uint8_t text[APPROVAL_SIZE], d[32];
		struct buffer out = BUFFER(text);

		approval_text(b->nonce_tpm, own[i].handle, own[i].epoch, &out);
		sha256_of(&out, d);
		if (memcmp(d, digest, 32) == 0)
			return true;
	}
	return false;
}

/* The Sig_structure, byte by byte, of the statement that was answered; its payload is a statement of ours about this evidence. */
static enum decision
check_statement(const struct job *job)
{
	static uint8_t space[STATEMENT_SIZE_MAX + 64];
	static struct result r;
	static struct statement s;
	struct buffer text = BUFFER(space);
	uint8_t evidence[32], d[32];
	struct buffer binding = buffer_of((uint8_t *)(uintptr_t)job->evidence.binding.p, job->evidence.binding.n);
	struct cbor_reader in;
	struct bytes claims;

	assert_int_equal(message_result_decode(buffer_view(&job->answer), &r), OK);
	in = cbor_read_from(r.statement);
	assert_int_equal(cbor_read_tag(&in), COSE_TAG_SIGN1);
	cbor_read_array(&in, 4, 4);
	assert_true(bytes_equal(cbor_read_bytes(&in, 0, 8), BYTES_STRING("\xa1\x01\x26")));
	assert_int_equal(cbor_read_map(&in), 0);
	cbor_read_close(&in);
	claims = cbor_read_bytes(&in, 1, STATEMENT_SIZE_MAX);
	buffer_bytes(&text, BYTES_STRING("\x84\x6aSignature1\x43\xa1\x01\x26\x40"));
	buffer_u8(&text, claims.n < 256 ? 0x58 : 0x59);
	if (claims.n < 256)
		buffer_u8(&text, (uint8_t)claims.n);
	else
		buffer_be16(&text, (uint16_t)claims.n);
	buffer_bytes(&text, claims);
	assert_true(text.n > APPROVAL_SIZE); /* so that it can never be read as an approval */
	sha256_of(&text, d);
	assert_memory_equal(d, t.statement, 32);
	assert_int_equal(message_statement_decode(claims, &s), OK);
	binding.n = job->evidence.binding.n;
	sha256_of(&binding, evidence);
	assert_memory_equal(s.evidence, evidence, 32);
	assert_memory_equal(s.machine, t.built->machine.id, sizeof s.machine);
	return s.decision;
}

static void
check_signed(const struct job *job)
{
	enum decision decision;

	t.tries++;
	if (t.statements == 0) {
		assert_int_equal(t.approvals, 0);
		t.refused++;
		return;
	}
	assert_int_equal(t.statements, 1);
	decision = check_statement(job);
	t.signed_statements++;
	if (decision != DECISION_APPROVE || job->binding.purpose != PURPOSE_BOOT) {
		assert_int_equal(t.approvals, 0);
		return;
	}
	assert_in_range(t.approvals, 1, t.built->machine.rotate_to != 0 ? 2 : 1);
	for (size_t i = 0; i < t.approvals; i++)
		assert_true(is_own_approval(&job->binding, t.approval[i]));
	t.signed_approvals += t.approvals;
}

/* One request; what it did to the database is undone. */
static const struct job *
ask(enum http_route route, struct bytes body)
{
	static uint8_t answer[RESULT_SIZE_MAX + 1024];
	static struct job job;

	memset(&job, 0, sizeof job);
	job.request.route = route;
	job.request.body = body;
	job.answer = BUFFER(answer);
	t.approvals = t.statements = 0;
	attest_prepare(&t.judge, &job);
	if (job.decide != NULL) {
		assert_int_equal(store_begin(t.judge.store), OK);
		assert_int_equal(job.decide(&t.judge, &job), OK);
		store_rollback(t.judge.store);
	}
	check_signed(&job);
	return &job;
}

/* --- items, put together by hand so that they can be wrong --- */

struct item {
	uint64_t key;
	struct bytes value; /* encoded */
};

struct list {
	size_t n;
	struct item item[BINDING_KEYS + 2];
};

static void
put_head(struct buffer *b, unsigned major, uint64_t n)
{
	if (n < 24)
		return buffer_u8(b, (uint8_t)(major << 5 | n));
	if (n < 256) {
		buffer_u8(b, (uint8_t)(major << 5 | 24));
		return buffer_u8(b, (uint8_t)n);
	}
	if (n <= UINT32_MAX) {
		buffer_u8(b, (uint8_t)(major << 5 | 26)); /* not the shortest for 256 to 65535: that is written by put_short() */
		return buffer_be32(b, (uint32_t)n);
	}
	buffer_u8(b, (uint8_t)(major << 5 | 27));
	buffer_be64(b, n);
}

static void
put_short(struct buffer *b, unsigned major, uint64_t n)
{
	if (n < 256 || n > UINT16_MAX)
		return put_head(b, major, n);
	buffer_u8(b, (uint8_t)(major << 5 | 25));
	buffer_be16(b, (uint16_t)n);
}

static void
put_list(const struct list *l, struct buffer *out)
{
	put_short(out, 5, l->n);
	for (size_t i = 0; i < l->n; i++) {
		put_short(out, 0, l->item[i].key);
		buffer_bytes(out, l->item[i].value);
	}
}

/* take_list(in, l): the fields of an encoded map with small keys. */
static void
take_list(struct bytes in, struct list *l)
{
	struct reader r = reader_of(in);
	size_t n = reader_u8(&r) & 0x1f;

	l->n = n;
	for (size_t i = 0; i < n; i++) {
		const uint8_t *begin;
		uint64_t left = 1;

		l->item[i].key = reader_u8(&r);
		begin = in.p + (in.n - reader_left(&r));
		for (; left > 0; left--) {
			uint8_t head = reader_u8(&r);
			uint64_t v = head & 0x1f;

			if (v == 24)
				v = reader_u8(&r);
			else if (v == 25)
				v = reader_be16(&r);
			else if (v == 26)
				v = reader_be32(&r);
			if (head >> 5 == 2 || head >> 5 == 3)
				reader_take(&r, (size_t)v);
			else if (head >> 5 == 4)
				left += v;
		}
		l->item[i].value = bytes_of(begin, (size_t)(in.p + (in.n - reader_left(&r)) - begin));
	}
	assert_int_equal(reader_end(&r), OK);
}

/* quote_for(binding): the TPM quotes whatever its owner wants. */
static void
quote_for(struct bytes binding)
{
	t.built->encoded = BUFFER(t.built->binding_space);
	buffer_bytes(&t.built->encoded, binding);
	t.built->frozen = t.built->pcr_digest.n > 0;
	build_attest(t.built);
}

static void
sign_anyhow(void)
{
	t.built->signature = BUFFER(t.built->signature_space);
	buffer_be16(&t.built->signature, SCHEME_ECDSA);
	buffer_be16(&t.built->signature, HASH_SHA256);
	for (int i = 0; i < 2; i++) {
		uint8_t number[32] = { 1 };

		buffer_sized16(&t.built->signature, BYTES(number));
	}
}

static const struct job *
ask_evidence(enum http_route route)
{
	static uint8_t space[EVIDENCE_SIZE_MAX];
	struct buffer out = BUFFER(space);
	struct evidence e = build_evidence(t.built);

	assert_int_equal(message_evidence_encode(&e, &out), OK);
	return ask(route, buffer_view(&out));
}

/* ask_binding(binding, route): evidence about these very bytes. */
static const struct job *
ask_binding(struct bytes binding, enum http_route route)
{
	if (binding.n == 0 || binding.n > BINDING_SIZE_MAX) {
		t.tries++, t.refused++; /* cannot be put into evidence at all */
		return NULL;
	}
	quote_for(binding);
	sign_anyhow();
	return ask_evidence(route);
}

static const struct job *
ask_list(const struct list *l, enum http_route route)
{
	uint8_t space[BINDING_SIZE_MAX + 4096];
	struct buffer b = BUFFER(space);

	put_list(l, &b);
	assert_int_equal(b.failed, OK);
	return ask_binding(buffer_view(&b), route);
}

static const struct job *
ask_struct(const struct binding *b)
{
	uint8_t space[BINDING_SIZE_MAX];
	struct buffer out = BUFFER(space);
	enum status s = message_binding_encode(b, &out);

	if (s != OK) {
		t.tries++, t.refused++;
		return NULL;
	}
	return ask_binding(buffer_view(&out), b->purpose == PURPOSE_VOLUME ? HTTP_ROUTE_VOLUME : HTTP_ROUTE_ATTEST);
}

static void
honest_list(struct list *l, struct buffer *space)
{
	t.built->binding.purpose = PURPOSE_BOOT;
	build_bind(t.built);
	space->n = 0;
	buffer_bytes(space, buffer_view(&t.built->encoded));
	take_list(buffer_view(space), l);
	assert_true(l->n == BINDING_KEYS || l->n == BINDING_KEYS - 1);
}

static uint64_t
chance(uint64_t below)
{
	t.random ^= t.random << 13;
	t.random ^= t.random >> 7;
	t.random ^= t.random << 17;
	return t.random % below;
}

/* --- tests --- */

static void
an_honest_boot_is_signed_as_written(void **state)
{
	const struct job *job;
	static struct result r;
	static uint8_t scratch_space[STATEMENT_SIZE_MAX + 64];
	struct buffer scratch = BUFFER(scratch_space);
	struct digest d;
	static struct statement s;

	(void)state;
	t.real = true;
	build_bind(t.built);
	build_attest(t.built);
	build_sign(t.built);
	job = ask_evidence(HTTP_ROUTE_ATTEST);
	t.real = false;
	assert_int_equal(job->status, 200);
	assert_int_equal(t.approvals, 1);
	d = hash_digest(HASH_SHA256, buffer_view(&t.built->encoded));
	assert_int_equal(message_result_decode(buffer_view(&job->answer), &r), OK);
	assert_int_equal(message_result_verify(&r, &t.authority.public, &t.built->binding, d.p, &scratch, &s), OK);
	assert_int_equal(ec_verify(&r.approval_key, BYTES(t.approval[0]), r.gate[0].approval), OK);
	assert_int_equal(ec_verify(&r.statement_key, BYTES(t.statement), r.gate[0].approval), E_SIGNATURE);
}

/*
 * Root chooses nonceTPM so that what is approved reads as a Sig_structure.  As a signature it is one; but it is the approval key's, and that
 * one signs no statements: no agent takes it.
 */
static void
an_approval_that_was_made_to_read_as_a_statement_is_none(void **state)
{
	static struct result r;
	static uint8_t scratch_space[STATEMENT_SIZE_MAX + 64], forged_space[256], answer_space[1024];
	static struct statement s;
	struct buffer nonce = BUFFER(t.nonce_tpm), scratch = BUFFER(scratch_space), forged = BUFFER(forged_space), answer = BUFFER(answer_space);
	uint8_t text[APPROVAL_SIZE], digest[32];
	struct buffer whole = BUFFER(text);
	const struct job *job;
	struct bytes payload;

	(void)state;
	buffer_bytes(&nonce, BYTES_STRING("\x84\x6aSignature1\x43\xa1\x01\x26\x40\x58\x51"));
	assert_int_equal(nonce.n, 19);
	t.real = true;
	build_bind(t.built);
	build_attest(t.built);
	build_sign(t.built);
	job = ask_evidence(HTTP_ROUTE_ATTEST);
	t.real = false;
	assert_int_equal(job->status, 200);
	assert_int_equal(message_result_decode(buffer_view(&job->answer), &r), OK);
	approval_text(t.built->binding.nonce_tpm, t.built->machine.nv_handle, t.built->machine.epoch, &whole);
	buffer_bytes(&forged, BYTES_STRING("\xd2\x84\x43\xa1\x01\x26\xa0\x58\x51"));
	buffer_bytes(&forged, bytes_of(text + 19, APPROVAL_SIZE - 19));
	buffer_bytes(&forged, BYTES_STRING("\x58\x40"));
	buffer_bytes(&forged, r.gate[0].approval);
	/* the trick itself works, or this test would show nothing */
	assert_int_equal(cose_verify(&r.approval_key, buffer_view(&forged), &scratch, &payload), OK);
	assert_int_equal(cose_verify(&r.statement_key, buffer_view(&forged), &scratch, &payload), E_SIGNATURE);
	sha256_of(&t.built->encoded, digest);
	r.statement = buffer_view(&forged);
	assert_int_equal(message_result_verify(&r, &t.authority.public, &t.built->binding, digest, &scratch, &s), E_SIGNATURE);
	r.statement_key = r.approval_key;
	assert_int_not_equal(message_result_encode(&r, &answer), OK);
	assert_int_not_equal(message_result_verify(&r, &t.authority.public, &t.built->binding, digest, &scratch, &s), OK);
	r.approval_key = t.judge.keys.statement.public;
	assert_int_equal(message_result_verify(&r, &t.authority.public, &t.built->binding, digest, &scratch, &s), E_SIGNATURE);
	memset(t.nonce_tpm, 0, sizeof t.nonce_tpm);
}

/* Values that are no field of ours, one after the other. */
static bool
odd_value(unsigned i, struct buffer *b)
{
	static const char *const odd[] = { "\xf4", "\xf5", "\xf6", "\xf7", "\xf0", "\xf8\x20", "\xf9\x3c", "\xfb\x3f\xf1\x99\x99\x99\x99\x99\x9a", "\x80", "\xa0",
		"\x9f\xff", "\xbf\xff", "\x5f\xff", "\x7f\xff", "\xc0\x00", "\xd8\x2a\x40", "\x20", "\x38\xff", "\x1c", "\xff", "\x81\x82\x01", "\x58",
		"\x5b\xff\xff\xff\xff\xff\xff\xff\xff", "\x9b\x7f\xff\xff\xff\xff\xff\xff\xff" };
	static const uint8_t sizes[] = { 1, 1, 1, 1, 1, 2, 2, 9, 1, 1, 2, 2, 2, 2, 2, 3, 1, 2, 1, 1, 3, 1, 9, 9 };
	static const uint64_t numbers[] = { 0, 1, 2, 3, 23, 24, 255, 256, 65535, 65536, UINT32_MAX, (uint64_t)UINT32_MAX + 1, UINT64_MAX };
	const unsigned n_odd = sizeof sizes, n_numbers = sizeof numbers / sizeof *numbers;

	b->n = 0;
	if (i < n_odd)
		buffer_bytes(b, bytes_of(odd[i], sizes[i]));
	else if (i < n_odd + n_numbers)
		put_short(b, 0, numbers[i - n_odd]);
	else if (i < n_odd + 2 * n_numbers)
		put_head(b, 0, numbers[i - n_odd - n_numbers]);
	else
		return false;
	return true;
}

/* sized_value(kind, n, b): a byte string, a text, an array of numbers, a map, each of ${n}; a byte string with a head that is not the shortest. */
#define SIZED_KINDS 5
static void
sized_value(unsigned kind, size_t n, struct buffer *b)
{
	static const unsigned majors[SIZED_KINDS] = { 2, 3, 4, 5, 2 };

	b->n = 0;
	if (kind == 4) {
		buffer_u8(b, 0x5a);
		buffer_be32(b, (uint32_t)n);
	} else {
		put_short(b, majors[kind], n);
	}
	for (size_t i = 0; i < n; i++) {
		buffer_u8(b, (uint8_t)(kind == 1 ? 'a' : kind > 1 && kind < 4 ? i % 24 : i));
		if (kind == 3)
			buffer_u8(b, 0);
	}
}

/* With each key of ${l}, honest but for that one. */
static void
each_way_to_be_wrong(const struct list *l, size_t at, size_t lengths, void (*use)(const struct list *))
{
	static uint8_t space[4096];
	struct buffer b = BUFFER(space);
	struct list m = *l;

	for (unsigned i = 0; odd_value(i, &b); i++) {
		m.item[at].value = buffer_view(&b);
		use(&m);
	}
	for (unsigned kind = 0; kind < SIZED_KINDS; kind++)
		for (size_t n = 0; n <= lengths; n++) {
			sized_value(kind, n, &b);
			m.item[at].value = buffer_view(&b);
			use(&m);
		}
	m = *l; /* missing */
	memmove(&m.item[at], &m.item[at + 1], (m.n - at - 1) * sizeof m.item[0]);
	m.n--;
	use(&m);
	m = *l; /* doubled */
	memmove(&m.item[at + 1], &m.item[at], (m.n - at) * sizeof m.item[0]);
	m.n++;
	use(&m);
	m = *l; /* doubled at the end, out of order */
	m.item[m.n++] = l->item[at];
	use(&m);
	m = *l; /* in another's place */
	m.item[at] = l->item[(at + 1) % l->n];
	m.item[(at + 1) % l->n] = l->item[at];
	use(&m);
	for (uint64_t key = 0; key < 40; key++) { /* under another key */
		m = *l;
		m.item[at].key = key;
		use(&m);
	}
}

static void
use_binding(const struct list *l)
{
	ask_list(l, HTTP_ROUTE_ATTEST);
}

static void
each_field_of_the_binding_in_each_type_and_length(void **state)
{
	uint8_t space[BINDING_SIZE_MAX];
	struct buffer kept = BUFFER(space);
	struct list l;
	unsigned long before = t.signed_approvals;

	(void)state;
	honest_list(&l, &kept);
	ask_list(&l, HTTP_ROUTE_ATTEST); /* untouched it is approved: what follows fails for what is changed */
	assert_int_equal(t.signed_approvals, before + 1);
	for (size_t i = 0; i < l.n; i++)
		each_way_to_be_wrong(&l, i, LENGTHS_MAX, use_binding);
	for (uint64_t key = 13; key < 64; key++) { /* one more */
		struct list m = l;

		m.item[m.n++] = (struct item){ key, BYTES_STRING("\x01") };
		ask_list(&m, HTTP_ROUTE_ATTEST);
	}
	assert_true(t.signed_approvals > before);
}

/* Honest but for one part of the evidence, in each length up to beyond its largest. */
static void
use_evidence(const struct list *l)
{
	static uint8_t space[EVIDENCE_SIZE_MAX + 8192];
	struct buffer b = BUFFER(space);

	put_list(l, &b);
	ask(HTTP_ROUTE_ATTEST, buffer_view(&b));
}

static void
each_field_of_the_evidence_in_each_type_and_length(void **state)
{
	static const size_t largest[EVIDENCE_KEYS] = { BINDING_SIZE_MAX, QUOTE_SIZE_MAX, SIGNATURE_SIZE_MAX, EVENT_LOG_SIZE_MAX, USER_EVENTS_SIZE_MAX };
	static uint8_t space[EVIDENCE_SIZE_MAX], long_space[EVIDENCE_SIZE_MAX];
	struct buffer out = BUFFER(space), value = BUFFER(long_space);
	struct evidence e;
	struct list l;

	(void)state;
	build_bind(t.built);
	build_attest(t.built);
	sign_anyhow();
	e = build_evidence(t.built);
	assert_int_equal(message_evidence_encode(&e, &out), OK);
	take_list(buffer_view(&out), &l);
	assert_int_equal(l.n, EVIDENCE_KEYS);
	use_evidence(&l);
	for (size_t i = 0; i < l.n; i++) {
		struct list m = l;

		each_way_to_be_wrong(&l, i, 600, use_evidence);
		for (size_t n = largest[i] - 2; n <= largest[i] + 1; n++) {
			value.n = 0;
			put_short(&value, 2, n);
			memset(value.p + value.n, 0, n);
			value.n += n;
			m.item[i].value = buffer_view(&value);
			use_evidence(&m);
		}
	}
}

static void
each_bit_and_each_length_of_the_quote(void **state)
{
	static uint8_t kept[QUOTE_SIZE_MAX];
	size_t n;

	(void)state;
	build_bind(t.built);
	build_attest(t.built);
	sign_anyhow();
	n = t.built->attest.n;
	memcpy(kept, t.built->attest_space, n);
	for (size_t i = 0; i < 8 * n; i++) {
		t.built->attest_space[i / 8] ^= (uint8_t)(1u << i % 8);
		ask_evidence(HTTP_ROUTE_ATTEST);
		memcpy(t.built->attest_space, kept, n);
	}
	for (t.built->attest.n = 1; t.built->attest.n < n; t.built->attest.n++)
		ask_evidence(HTTP_ROUTE_ATTEST);
	for (size_t i = 1; i < SIGNATURE_SIZE_MAX; i++) {
		t.built->signature.n = i;
		ask_evidence(HTTP_ROUTE_ATTEST);
	}
}

/* Of this machine's index in force, of its next, of others' there is none; in each pair of epochs and handles. */
static void
each_index_that_a_client_may_name(void **state)
{
	const struct machine *m = &t.built->machine;
	const uint32_t handles[] = { m->nv_handle, m->nv_handle_next, m->nv_handle - 1, m->nv_handle_next + 1, 0, UINT32_MAX, 0x01c0000a };
	const uint32_t epochs[] = { m->epoch, m->epoch + 1, m->epoch - 1, 0, UINT32_MAX };
	const size_t n = sizeof handles / sizeof *handles * (sizeof epochs / sizeof *epochs);
	struct binding kept = t.built->binding, b;
	unsigned long before = t.signed_approvals;

	(void)state;
	build_bind(t.built);
	kept = b = t.built->binding;
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k <= n; k++) {
			b.indices = k < n ? 2 : 1;
			b.index[0] = (struct index_claim){ handles[i / 5], epochs[i % 5] };
			b.index[1] = k < n ? (struct index_claim){ handles[k / 5], epochs[k % 5] } : b.index[1];
			ask_struct(&b);
		}
	b = kept;
	b.indices = 0;
	ask_struct(&b);
	assert_true(t.signed_approvals > before);
}

static void
and_each_while_the_machine_is_told_to_rotate(void **state)
{
	struct machine *m = &t.built->machine;

	m->rotate_to = m->epoch + 1;
	assert_int_equal(store_machine_put(t.judge.store, m), OK);
	each_index_that_a_client_may_name(state);
	m->rotate_to = 0;
	assert_int_equal(store_machine_put(t.judge.store, m), OK);
}

static void
for_a_volume_the_approval_key_signs_nothing(void **state)
{
	struct machine *m = &t.built->machine;
	const struct job *job;
	struct binding b;

	(void)state;
	build_bind(t.built);
	b = t.built->binding;
	b.purpose = PURPOSE_VOLUME;
	b.nonce_tpm = bytes_of(NULL, 0);
	ask_struct(&b); /* of a machine that is neither approved nor just enrolled */
	assert_int_equal(t.approvals, 0);
	m->enrolled_at = judge_now();
	m->enrolled_reset = t.built->reset_count;
	assert_int_equal(store_machine_put(t.judge.store, m), OK);
	for (unsigned i = 0; i < 50; i++) {
		b.index[0].epoch = m->epoch + i % 2;
		job = ask_struct(&b);
		assert_int_equal(t.statements, 1);
		assert_int_equal(t.approvals, 0);
		assert_int_equal(job->status, 200);
	}
	m->enrolled_at = 0;
	assert_int_equal(store_machine_put(t.judge.store, m), OK);
}

static void
mutate(struct binding *b)
{
	static uint8_t nonce[NONCE_SIZE_MAX], tpm[GATE_NONCE_SIZE];
	uint8_t *const fields[] = { b->machine, b->machine_key, b->hpke_key, b->event_log, b->user_events };

	switch (chance(8)) {
	case 0:
		fields[chance(5)][chance(32)] ^= (uint8_t)(1u << chance(8));
		break;
	case 1:
		b->salting_key.p[chance(34)] ^= (uint8_t)(1u << chance(8));
		break;
	case 2:
		b->indices = chance(3);
		b->index[chance(2)] = (struct index_claim){ t.built->machine.nv_handle + (uint32_t)chance(3), t.built->machine.epoch + (uint32_t)chance(2) };
		break;
	case 3:
		b->seals = chance(SEALS_MAX + 1);
		for (size_t i = 0; i < b->seals; i++) {
			b->seal[i].epoch = (uint32_t)i / 2;
			memset(b->seal[i].share, (int)i, SHARE_ID_SIZE);
		}
		break;
	case 4:
		memcpy(nonce, t.nonce, sizeof t.nonce);
		nonce[chance(sizeof nonce)] ^= (uint8_t)chance(2);
		b->nonce = bytes_of(nonce, chance(8) == 0 ? NONCE_SIZE_MIN + chance(49) : sizeof nonce);
		break;
	default: /* what root likes best: he says what his TPM's nonce is */
		for (size_t i = 0; i < sizeof tpm; i++)
			tpm[i] = (uint8_t)chance(256);
		b->nonce_tpm = BYTES(tpm);
	}
}

static void
bindings_with_several_fields_changed_at_random(void **state)
{
	struct binding b;
	unsigned long before = t.signed_approvals;

	(void)state;
	build_bind(t.built);
	for (unsigned i = 0; i < 3000 * t.times; i++) {
		b = t.built->binding;
		for (uint64_t n = 1 + chance(3); n > 0; n--)
			mutate(&b);
		ask_struct(&b);
	}
	assert_true(t.signed_approvals > before + 100 * t.times);
}

static void
bindings_with_bytes_changed_at_random(void **state)
{
	uint8_t space[BINDING_SIZE_MAX], copy[BINDING_SIZE_MAX + 8];
	struct buffer kept = BUFFER(space);
	struct list l;

	(void)state;
	honest_list(&l, &kept);
	for (unsigned i = 0; i < 8000 * t.times; i++) {
		size_t n = kept.n;

		memcpy(copy, space, n);
		for (uint64_t k = 1 + chance(3); k > 0; k--)
			switch (chance(3)) {
			case 0:
				copy[chance(n)] = (uint8_t)chance(256);
				break;
			case 1: { /* a byte less */
				size_t at = chance(n);

				memmove(copy + at, copy + at + 1, n-- - at - 1);
				break;
			}
			default: { /* a byte more */
				size_t at = chance(n);

				memmove(copy + at + 1, copy + at, n++ - at);
				copy[at] = (uint8_t)chance(256);
			}
			}
		ask_binding(bytes_of(copy, n), HTTP_ROUTE_ATTEST);
	}
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_honest_boot_is_signed_as_written),
		cmocka_unit_test(an_approval_that_was_made_to_read_as_a_statement_is_none),
		cmocka_unit_test(each_field_of_the_binding_in_each_type_and_length),
		cmocka_unit_test(each_field_of_the_evidence_in_each_type_and_length),
		cmocka_unit_test(each_bit_and_each_length_of_the_quote),
		cmocka_unit_test(each_index_that_a_client_may_name),
		cmocka_unit_test(and_each_while_the_machine_is_told_to_rotate),
		cmocka_unit_test(for_a_volume_the_approval_key_signs_nothing),
		cmocka_unit_test(bindings_with_several_fields_changed_at_random),
		cmocka_unit_test(bindings_with_bytes_changed_at_random),
	};
	int failed;

	t.times = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 1;
	t.random = 0x9e3779b97f4a7c15;
	log_limit(LOG_LEVEL_ERROR);
	failed = cmocka_run_group_tests(tests, set_up, tear_down);
	printf("# %lu requests: %lu refused unsigned, %lu statements, %lu approvals\n", t.tries, t.refused, t.signed_statements, t.signed_approvals);
	printf("# count: %lu requests tried as a way to make the verifier sign something else\n", t.tries);
	return failed;
}
