/* SPDX-License-Identifier: ISC */
/* The TPM layer against a real software TPM: what is sent, what comes back, what is left behind. */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "swtpm.h"
#include "thief.h"

#include "base/log.h"
#include "base/memory.h"
#include "crypto/ecdsa_sign.h"
#include "crypto/random.h"
#include "structures/credential.h"
#include "structures/nv.h"
#include "tpm/tpm.h"

#define CC_CREATE_PRIMARY 0x131
#define CC_PCR_EVENT 0x13c
#define CC_NV_READ 0x14e
#define CC_LOAD_EXTERNAL 0x167
#define CC_POLICY_SIGNED 0x160
#define CC_POLICY_AUTHORIZE 0x16a
#define CC_POLICY_RESTART 0x180
#define CC_POLICY_PCR 0x17f
#define CC_QUOTE 0x158
#define CC_START_AUTH_SESSION 0x176
#define CC_FLUSH_CONTEXT 0x165
#define CC_VERIFY_SIGNATURE 0x177

#define RC_RETRY 0x922

/* Commands of the test's own: PCR_Event of one byte; TPM2_Clear by the platform. */
#define EXTEND(pcr) "80020000001e0000013c000000" pcr "00000009400000090000000000000161"
#define CLEAR "80020000001b000001264000000c00000009400000090000000000"

struct machine {
	struct swtpm *w;
	struct tpm *t;
	struct tpm_object ek, ak, nv;
	struct ec_private authority, approval_key, statement_key;
	uint32_t epoch, handle;
	uint8_t secret[GATE_SECRET_SIZE];
};

static struct tpm *
open_tpm(struct swtpm *w)
{
	struct tpm *t = NULL;

	assert_int_equal(tpm_open(w->tcti, &t), OK);
	return t;
}

static struct machine
machine_new(enum ec_curve authority, enum ec_curve verifier)
{
	struct machine m = { .w = swtpm_start(), .epoch = 7 };
	bool made;

	m.t = open_tpm(m.w);
	assert_int_equal(ec_generate(authority, &m.authority), OK);
	assert_int_equal(ec_generate(verifier, &m.approval_key), OK);
	assert_int_equal(ec_generate(verifier, &m.statement_key), OK);
	assert_int_equal(random_fill(m.secret, sizeof m.secret), OK);
	assert_int_equal(tpm_ek_ensure(m.t, TPM_EK_P384, &m.ek), OK);
	assert_int_equal(tpm_ak_ensure(m.t, &m.ek, 0, TPM_EK_KINDS, &m.ak, &made), OK);
	assert_int_equal(tpm_secret_define(m.t, &m.ek, &m.authority.public, m.epoch, &m.handle, m.secret, &m.nv), OK);
	return m;
}

static void
machine_end(struct machine *m)
{
	tpm_close(m->t);
	assert_int_equal(swtpm_loaded(m->w), 0);
	swtpm_stop(m->w);
}

/* What a verifier sends for this session's nonce. */
static struct tpm_approval
approve(const struct machine *m, const uint8_t nonce[GATE_NONCE_SIZE])
{
	struct tpm_approval a = { .authority = m->authority.public, .approval_key = m->approval_key.public,
		.statement_key = m->statement_key.public, .epoch = m->epoch };
	uint8_t policy[GATE_DIGEST_SIZE];
	struct digest d;
	struct name name;
	uint32_t handle;

	assert_int_equal(gate_delegated_policy(&a.approval_key, &a.statement_key, policy), OK);
	assert_int_equal(gate_delegation_digest(&a.authority, policy, a.epoch, &d), OK);
	assert_int_equal(ecdsa_sign(&m->authority, d.alg, digest_view(&d), a.delegation, &a.delegation_n), OK);
	assert_int_equal(gate_delegation_verify(&a.authority, &a.approval_key, &a.statement_key, a.epoch, bytes_of(a.delegation, a.delegation_n)), OK);
	assert_int_equal(tpm_object_name(&m->nv, &name, &handle), OK);
	gate_approval_digest(&a.approval_key, nonce, &name, &a.statement_key, &d);
	assert_int_equal(ecdsa_sign(&m->approval_key, d.alg, digest_view(&d), a.signature, &a.signature_n), OK);
	return a;
}

static bool
read_right(struct machine *m, struct tpm_ticket *ticket)
{
	uint8_t nonce[GATE_NONCE_SIZE], secret[GATE_SECRET_SIZE];
	struct tpm_approval a;

	assert_int_equal(tpm_session_begin(m->t, &m->ek, nonce), OK);
	a = approve(m, nonce);
	return tpm_secret_read(m->t, &m->nv, &a, ticket, secret) == OK && memory_equal(secret, m->secret, sizeof secret);
}

static struct public_area
public_of(const struct tpm_object *o)
{
	struct public_area k;
	struct bytes area;
	uint32_t handle;

	assert_int_equal(tpm_object_public(o, &area, &handle), OK);
	assert_int_equal(public_decode(area, &k), OK);
	return k;
}

static uint32_t
handle_of(const struct tpm_object *o)
{
	struct bytes area;
	uint32_t handle;

	assert_int_equal(tpm_object_public(o, &area, &handle), OK);
	return handle;
}

static size_t
commands_of(const struct swtpm *w, uint32_t code)
{
	size_t n = 0;

	for (size_t i = 0; i < w->commands_n; i++)
		n += w->commands[i] == code;
	return n;
}

static void
an_ek_of_each_kind_is_made_persistent_and_found_again(void **state)
{
	struct swtpm *w = swtpm_start();
	struct tpm *t = open_tpm(w);

	(void)state;
	for (enum tpm_ek_kind kind = 0; kind < TPM_EK_KINDS; kind++) {
		struct tpm_object first, second;
		struct public_area k;
		const char *why = NULL;

		/* what swtpm_setup made persistent is found, and makes way for one of ours */
		assert_int_equal(tpm_ek_ensure(t, kind, &first), OK);
		assert_int_equal(tpm_object_evict(t, handle_of(&first)), OK);
		assert_int_equal(tpm_ek_ensure(t, kind, &second), OK);
		assert_memory_equal(second.blob, first.blob, first.n);
		swtpm_forget(w);
		assert_int_equal(tpm_ek_ensure(t, kind, &first), OK);
		assert_int_equal(commands_of(w, CC_CREATE_PRIMARY), 0);
		k = public_of(&first);
		assert_int_equal(public_check_ek(&k, &why), OK);
		assert_int_equal(k.type, kind == TPM_EK_RSA2048 ? PUBLIC_RSA : PUBLIC_ECC);
		assert_int_equal(second.n, first.n);
		assert_memory_equal(second.blob, first.blob, first.n);
	}
	tpm_close(t);
	assert_int_equal(swtpm_loaded(w), 0);
	swtpm_stop(w);
}

static void
our_own_names_agree_with_the_tpms(void **state)
{
	struct machine m = machine_new(EC_P256, EC_P256);
	const struct tpm_object *objects[] = { &m.ek, &m.ak, &m.nv };
	uint8_t policy[GATE_DIGEST_SIZE];
	struct name name, computed;
	uint32_t handle;

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(tpm_object_name(objects[i], &name, &handle), OK);
		/* the blob's own Name field is the TPM's word */
		assert_memory_equal(objects[i]->blob + 6, name.p, name.n);
	}
	assert_int_equal(gate_nv_policy(&m.authority.public, m.epoch, policy), OK);
	gate_nv_name(m.handle, GATE_NV_ATTRIBUTES, policy, &computed);
	assert_true(name_equal(&name, &computed));
	machine_end(&m);
}

static void
occupied_handles_are_respected(void **state)
{
	struct swtpm *w = swtpm_start();
	struct tpm *t = open_tpm(w);
	struct tpm_object rsa, ak, there, ek, second;
	uint32_t home;
	bool made;

	(void)state;
	assert_int_equal(tpm_ek_ensure(t, TPM_EK_RSA2048, &rsa), OK);
	assert_int_equal(tpm_ek_ensure(t, TPM_EK_P384, &ek), OK);
	home = handle_of(&ek);
	assert_int_equal(tpm_object_evict(t, home), OK);
	assert_int_equal(tpm_ak_ensure(t, &rsa, home, TPM_EK_P256, &ak, &made), OK);
	assert_int_equal(handle_of(&ak), home);
	assert_int_equal(tpm_ek_ensure(t, TPM_EK_P384, &ek), OK);
	assert_int_not_equal(handle_of(&ek), home);
	/* a preferred handle with something else at it */
	assert_int_equal(tpm_ak_ensure(t, &rsa, handle_of(&ek), TPM_EK_P256, &second, &made), OK);
	assert_int_not_equal(handle_of(&second), handle_of(&ek));
	assert_int_equal(tpm_object_find(t, home, &there), OK);
	assert_memory_equal(there.blob, ak.blob, ak.n);
	tpm_close(t);
	swtpm_stop(w);
}

static void
the_ek_certificate_is_read_and_its_padding_cut(void **state)
{
	/* an owner's index for the P-256 certificate: SEQUENCE of 3 bytes, then padding */
	static const char define[] = "80020000002d0000012a40000001000000094000000900000000000000000e" "01c0000a000b0204000200000008";
	static const char write[] = "80020000002b0000013740000001" "01c0000a000000094000000900000000000008" "3003020107ffffff0000";
	struct swtpm *w = swtpm_start();
	struct tpm *t = open_tpm(w);
	uint8_t der[4096], chain[4096];
	struct buffer d = BUFFER(der), c = BUFFER(chain);

	(void)state;
	assert_int_equal(tpm_ek_certificate(t, TPM_EK_P384, &d, &c), OK);
	assert_int_equal(der[0], 0x30);
	assert_int_equal(der[1], 0x82);
	assert_int_equal(d.n, 4 + der[2] * 256 + der[3]);
	assert_int_equal(c.n, 0);
	d.n = 0;
	assert_int_equal(tpm_ek_certificate(t, TPM_EK_RSA2048, &d, &c), OK);
	assert_int_equal(d.n, 4 + der[2] * 256 + der[3]);
	d.n = 0;
	assert_int_equal(tpm_ek_certificate(t, TPM_EK_P256, &d, &c), E_NOT_FOUND);
	assert_int_equal(swtpm_do(w, define), 0);
	assert_int_equal(swtpm_do(w, write), 0);
	assert_int_equal(tpm_ek_certificate(t, TPM_EK_P256, &d, &c), OK);
	assert_int_equal(d.n, 5);
	tpm_close(t);
	swtpm_stop(w);
}

static void
certificates_of_a_chain_are_put_together_across_indices(void **state)
{
	/* two owner's indices: the second certificate begins in the first and ends, with padding, in the second */
	static const char *const commands[] = {
		"80020000002d0000012a40000001000000094000000900000000000000000e" "01c00100000b0004000200000007",
		"80020000002a0000013740000001" "01c00100000000094000000900000000000007" "30030201013003" "0000",
		"80020000002d0000012a40000001000000094000000900000000000000000e" "01c00101000b0004000200000005",
		"8002000000280000013740000001" "01c00101000000094000000900000000000005" "0201020000" "0000",
	};
	static const uint8_t expected[] = { 0x30, 3, 2, 1, 1, 0x30, 3, 2, 1, 2 };
	struct swtpm *w = swtpm_start();
	struct tpm *t = open_tpm(w);
	uint8_t der[4096], chain[4096];
	struct buffer d = BUFFER(der), c = BUFFER(chain);

	(void)state;
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(swtpm_do(w, commands[i]), 0);
	assert_int_equal(tpm_ek_certificate(t, TPM_EK_P384, &d, &c), OK);
	assert_int_equal(c.n, sizeof expected);
	assert_memory_equal(chain, expected, sizeof expected);
	c = buffer_of(chain, 9);
	d.n = 0;
	assert_int_equal(tpm_ek_certificate(t, TPM_EK_P384, &d, &c), E_NO_SPACE);
	tpm_close(t);
	swtpm_stop(w);
}

static void
an_ak_of_each_kind_quotes_and_is_reused(void **state)
{
	struct swtpm *w = swtpm_start();
	struct tpm *t = open_tpm(w);
	struct tpm_object ek, rsa, ak, again, other;
	const char *why = NULL;
	bool made;

	(void)state;
	assert_int_equal(tpm_ek_ensure(t, TPM_EK_P384, &ek), OK);
	assert_int_equal(tpm_ek_ensure(t, TPM_EK_RSA2048, &rsa), OK);
	for (enum tpm_ek_kind kind = 0; kind < TPM_EK_KINDS; kind++) {
		uint8_t nonce[32] = { 1, 2, 3 }, attest[QUOTE_SIZE_MAX], signature[SIGNATURE_SIZE_MAX];
		struct buffer a = BUFFER(attest), s = BUFFER(signature);
		enum hash_alg banks[] = { HASH_SHA256, HASH_SHA384 };
		struct public_area k;
		struct quote q;

		assert_int_equal(tpm_ak_ensure(t, &ek, 0, kind, &ak, &made), OK);
		assert_true(made);
		k = public_of(&ak);
		assert_int_equal(public_check_ak(&k, &why), OK);
		assert_int_equal(tpm_quote(t, &ak, nonce, banks, 2, TPM_PCRS, &a, &s), OK);
		assert_int_equal(public_verify(&k, buffer_view(&a), buffer_view(&s)), OK);
		assert_int_equal(quote_decode(buffer_view(&a), &q), OK);
		assert_int_equal(q.banks, 2);
		assert_int_equal(q.selection[1].alg, HASH_SHA384);
		assert_int_equal(q.selection[1].pcrs, 0xffff);
		assert_memory_equal(q.extra_data.p, nonce, 32);
		attest[a.n - 1] ^= 1;
		assert_int_equal(public_verify(&k, buffer_view(&a), buffer_view(&s)), E_SIGNATURE);

		assert_int_equal(tpm_ak_ensure(t, &ek, handle_of(&ak), kind, &again, &made), OK);
		assert_false(made);
		assert_memory_equal(again.blob, ak.blob, ak.n);
		/* the same kind under another EK is another machine's */
		assert_int_equal(tpm_ak_ensure(t, &rsa, handle_of(&ak), kind, &other, &made), OK);
		assert_true(made);
		assert_int_not_equal(handle_of(&other), handle_of(&ak));
		assert_int_equal(tpm_object_evict(t, handle_of(&other)), OK);
		assert_int_equal(tpm_object_evict(t, handle_of(&ak)), OK);
		assert_int_equal(tpm_object_find(t, handle_of(&ak), &again), E_NOT_FOUND);
	}
	assert_int_equal(tpm_ak_ensure(t, &ek, 0, TPM_EK_KINDS, &ak, &made), OK);
	assert_int_equal(public_of(&ak).key.ec.curve, EC_P384);
	tpm_close(t);
	assert_int_equal(swtpm_loaded(w), 0);
	swtpm_stop(w);
}

static void
the_quoted_digest_is_that_of_the_pcrs(void **state)
{
	struct machine m = machine_new(EC_P256, EC_P256);
	uint8_t nonce[32] = { 0 }, attest[QUOTE_SIZE_MAX], signature[SIGNATURE_SIZE_MAX], values[2][16 * HASH_SIZE_MAX];
	struct buffer a = BUFFER(attest), s = BUFFER(signature);
	struct bytes views[2];
	enum hash_alg banks[QUOTE_BANKS_MAX];
	struct quote q;
	struct digest d;
	size_t n;

	(void)state;
	assert_int_equal(swtpm_do(m.w, EXTEND("03")), 0);
	assert_int_equal(tpm_banks(m.t, banks, &n), OK);
	assert_int_equal(n, 2);
	assert_int_equal(banks[0], HASH_SHA256);
	assert_int_equal(banks[1], HASH_SHA384);
	assert_int_equal(tpm_quote(m.t, &m.ak, nonce, banks, n, TPM_PCRS, &a, &s), OK);
	assert_int_equal(quote_decode(buffer_view(&a), &q), OK);
	for (size_t i = 0; i < n; i++) {
		struct buffer b = BUFFER(values[i]);

		for (unsigned pcr = 0; pcr < 16; pcr++) {
			assert_int_equal(tpm_pcr_read(m.t, banks[i], pcr, &d), OK);
			buffer_bytes(&b, digest_view(&d));
		}
		views[i] = buffer_view(&b);
	}
	assert_int_equal(quote_pcr_digest(HASH_SHA384, views, n, &d), OK);
	assert_true(bytes_equal(digest_view(&d), q.pcr_digest));
	machine_end(&m);
}

static void
activation_opens_what_was_made_for_this_ak_only(void **state)
{
	struct swtpm *w = swtpm_start();
	struct tpm *t = open_tpm(w);

	(void)state;
	for (enum tpm_ek_kind kind = 0; kind < TPM_EK_KINDS; kind++) {
		uint8_t secret[32], opened[32], blob[CREDENTIAL_BLOB_MAX], seed[CREDENTIAL_SEED_MAX];
		struct buffer b = BUFFER(blob), s = BUFFER(seed);
		struct tpm_object ek, ak;
		struct public_area k;
		struct name name;
		uint32_t handle;
		bool made;

		assert_int_equal(tpm_ek_ensure(t, kind, &ek), OK);
		assert_int_equal(tpm_ak_ensure(t, &ek, 0, TPM_EK_P256, &ak, &made), OK);
		assert_int_equal(tpm_object_name(&ak, &name, &handle), OK);
		k = public_of(&ek);
		random_fill(secret, sizeof secret);
		assert_int_equal(credential_make(&k, &name, secret, &b, &s), OK);
		assert_int_equal(tpm_activate(t, &ek, &ak, buffer_view(&b), buffer_view(&s), opened), OK);
		assert_memory_equal(opened, secret, 32);

		b.n = s.n = 0;
		name.p[5] ^= 1;
		assert_int_equal(credential_make(&k, &name, secret, &b, &s), OK);
		assert_int_equal(tpm_activate(t, &ek, &ak, buffer_view(&b), buffer_view(&s), opened), E_TPM);
		assert_int_equal(tpm_activate(t, &ek, &ak, bytes_of(blob, b.n - 1), buffer_view(&s), opened), E_SYNTAX);
	}
	tpm_close(t);
	assert_int_equal(swtpm_loaded(w), 0);
	swtpm_stop(w);
}

/* HierarchyChangeAuth to "pw" */
#define CHANGE_AUTH(hierarchy) "80020000001f00000129" hierarchy "00000009400000090000000000" "00027077"

static void
owner_and_endorsement_authorisations_are_used(void **state)
{
	struct swtpm *w = swtpm_start();
	struct tpm *t = open_tpm(w);
	uint8_t secret[32] = { 9 }, blob[CREDENTIAL_BLOB_MAX], seed[CREDENTIAL_SEED_MAX], opened[32];
	struct buffer b = BUFFER(blob), s = BUFFER(seed);
	struct ec_private authority;
	struct tpm_object ek, ak, nv;
	struct public_area k;
	struct name name;
	uint32_t handle = 0, unused;
	bool made;

	(void)state;
	assert_int_equal(ec_generate(EC_P256, &authority), OK);
	assert_int_equal(swtpm_do(w, CHANGE_AUTH("40000001")), 0);
	assert_int_equal(swtpm_do(w, CHANGE_AUTH("4000000b")), 0);
	assert_int_equal(tpm_ek_ensure(t, TPM_EK_P256, &ek), E_TPM_AUTH);
	assert_int_equal(tpm_set_auth(t, BYTES_STRING("no"), BYTES_STRING("pw")), OK);
	assert_int_equal(tpm_ek_ensure(t, TPM_EK_P256, &ek), E_TPM_AUTH);
	assert_int_equal(tpm_set_auth(t, BYTES_STRING("pw"), BYTES_STRING("pw")), OK);
	assert_int_equal(tpm_ek_ensure(t, TPM_EK_P256, &ek), OK);
	assert_int_equal(tpm_ak_ensure(t, &ek, 0, TPM_EK_P256, &ak, &made), OK);
	assert_int_equal(tpm_object_name(&ak, &name, &unused), OK);
	k = public_of(&ek);
	assert_int_equal(credential_make(&k, &name, secret, &b, &s), OK);
	assert_int_equal(tpm_activate(t, &ek, &ak, buffer_view(&b), buffer_view(&s), opened), OK);
	assert_int_equal(tpm_secret_define(t, &ek, &authority.public, 1, &handle, secret, &nv), OK);
	assert_int_equal(tpm_secret_delete(t, handle), OK);
	assert_int_equal(tpm_set_auth(t, BYTES_STRING("no"), BYTES_STRING("no")), OK);
	assert_int_equal(tpm_secret_define(t, &ek, &authority.public, 1, &handle, secret, &nv), E_TPM_AUTH);
	assert_int_equal(tpm_activate(t, &ek, &ak, buffer_view(&b), buffer_view(&s), opened), E_TPM_AUTH);
	tpm_close(t);
	assert_int_equal(swtpm_loaded(w), 0);
	swtpm_stop(w);
}

static void
check_budget(enum ec_curve authority, enum ec_curve verifier)
{
	static const uint32_t known[] = { CC_START_AUTH_SESSION, CC_QUOTE, CC_LOAD_EXTERNAL, CC_POLICY_SIGNED, CC_POLICY_PCR,
		CC_POLICY_AUTHORIZE, CC_NV_READ, CC_PCR_EVENT, CC_FLUSH_CONTEXT };
	struct machine m = machine_new(authority, verifier);
	struct tpm_ticket ticket = { 0 };
	enum hash_alg banks[] = { HASH_SHA256, HASH_SHA384 };

	for (int boot = 0; boot < 2; boot++) {
		uint8_t nonce[GATE_NONCE_SIZE], secret[GATE_SECRET_SIZE], attest[QUOTE_SIZE_MAX], signature[SIGNATURE_SIZE_MAX];
		struct buffer q = BUFFER(attest), s = BUFFER(signature);
		struct tpm_approval a;

		tpm_close(m.t);
		swtpm_forget(m.w);
		m.t = open_tpm(m.w);
		assert_int_equal(tpm_session_begin(m.t, &m.ek, nonce), OK);
		assert_int_equal(tpm_quote(m.t, &m.ak, nonce, banks, 2, TPM_PCRS, &q, &s), OK);
		a = approve(&m, nonce);
		assert_int_equal(tpm_secret_read(m.t, &m.nv, &a, &ticket, secret), OK);
		assert_memory_equal(secret, m.secret, sizeof secret);
		assert_true(ticket.n > 0);
		/* the door is tried in the second boot only: there is no reset in between */
		if (boot == 1)
			assert_int_equal(tpm_door_close(m.t, BYTES_STRING("approved")), OK);
		assert_int_equal(tpm_flush(m.t), OK);
		tpm_close(m.t);
		assert_int_equal(m.w->commands_n, boot == 0 ? 11 : 9);
		if (boot == 1)
			assert_memory_equal(m.w->commands, known, sizeof known);
		else
			assert_int_equal(commands_of(m.w, CC_VERIFY_SIGNATURE), 1);
		assert_false(swtpm_saw(m.w, BYTES(m.secret)));
		assert_int_equal(swtpm_loaded(m.w), 0);
		m.t = open_tpm(m.w);
	}
	machine_end(&m);
}

static void
a_boot_is_nine_commands_and_twelve_with_a_new_delegation_and_none_shows_the_secret(void **state)
{
	(void)state;
	check_budget(EC_P256, EC_P256);
	check_budget(EC_P384, EC_P256);
	check_budget(EC_P256, EC_P384);
	check_budget(EC_P384, EC_P384);
}

/*
 * What who listens must not get: without a salt to a key of the TPM's, he would compute the session's key from the nonces that he hears.
 * How many sessions were begun, each salted to ${handle}: StartAuthSession is tag, size, code, tpmKey, bind, nonceCaller, encryptedSalt.
 */
static size_t
sessions_salted_to(const struct swtpm *w, uint32_t handle)
{
	size_t n = 0;

	for (size_t at = 0; at + 24 <= w->record_n; at++) {
		struct reader r = reader_of(bytes_of(w->record + at, w->record_n - at));
		uint16_t tag = reader_be16(&r);
		uint32_t size = reader_be32(&r), key;

		if (tag != 0x8001 || size < 48 || size > 1024 || reader_be32(&r) != CC_START_AUTH_SESSION)
			continue;
		key = reader_be32(&r);
		reader_be32(&r);
		reader_take(&r, reader_be16(&r));
		assert_int_equal(key, handle);
		assert_in_range(reader_be16(&r), 64, 256);
		n++;
	}
	return n;
}

static void
each_ek_kind_salts_the_session(void **state)
{
	struct machine m = machine_new(EC_P256, EC_P256);
	struct tpm_ticket ticket = { 0 };
	struct bytes area;
	uint32_t handle;

	(void)state;
	for (enum tpm_ek_kind kind = 0; kind < TPM_EK_KINDS; kind++) {
		assert_int_equal(tpm_ek_ensure(m.t, kind, &m.ek), OK);
		assert_int_equal(tpm_object_public(&m.ek, &area, &handle), OK);
		swtpm_forget(m.w);
		assert_true(read_right(&m, &ticket));
		assert_int_equal(sessions_salted_to(m.w, handle), 1);
		assert_int_equal(tpm_flush(m.t), OK);
	}
	machine_end(&m);
}

static void
the_secret_is_not_seen_when_it_is_written(void **state)
{
	struct machine m = machine_new(EC_P256, EC_P256);

	(void)state;
	assert_true(m.w->record_n > 1000);
	assert_false(swtpm_saw(m.w, BYTES(m.secret)));
	machine_end(&m);
}

/* One thing wrong at a time. */
enum wrong { WRONG_NONCE, WRONG_EPOCH, WRONG_STATEMENT_KEY, WRONG_APPROVAL_KEY, WRONG_AUTHORITY, WRONG_DELEGATION, OTHER_SESSION, OTHER_INDEX, NO_SESSION, SHORT_SIGNATURE };

static const struct wrong_case {
	enum wrong wrong;
	enum status expected;
	const char *command; /* that refuses */
	uint32_t last;
} wrong_cases[] = {
	{ WRONG_NONCE, E_TPM, "PolicySigned", CC_POLICY_SIGNED },
	{ WRONG_EPOCH, E_TPM, "VerifySignature", CC_VERIFY_SIGNATURE },
	{ WRONG_STATEMENT_KEY, E_TPM, "VerifySignature", CC_VERIFY_SIGNATURE },
	{ WRONG_APPROVAL_KEY, E_TPM, "VerifySignature", CC_VERIFY_SIGNATURE },
	{ WRONG_AUTHORITY, E_TPM, "VerifySignature", CC_VERIFY_SIGNATURE },
	{ WRONG_DELEGATION, E_TPM, "VerifySignature", CC_VERIFY_SIGNATURE },
	{ OTHER_SESSION, E_TPM, "PolicySigned", CC_POLICY_SIGNED },
	{ OTHER_INDEX, E_TPM, "PolicySigned", CC_POLICY_SIGNED },
	{ NO_SESSION, E_TPM_AGAIN, "none", 0 },
	{ SHORT_SIGNATURE, E_SIGNATURE, "none", 0 },
};

static void
spoil(struct machine *m, enum wrong wrong, struct tpm_approval *a, uint8_t nonce[GATE_NONCE_SIZE])
{
	struct machine other = *m;
	uint8_t nonce2[GATE_NONCE_SIZE];

	switch (wrong) {
	case WRONG_NONCE:
		nonce[0] ^= 1;
		*a = approve(m, nonce);
		break;
	case WRONG_EPOCH:
		a->epoch++;
		break;
	case WRONG_STATEMENT_KEY:
		a->statement_key = m->authority.public;
		break;
	case WRONG_APPROVAL_KEY:
		a->approval_key = m->statement_key.public;
		break;
	case WRONG_AUTHORITY:
		a->authority = m->approval_key.public;
		break;
	case WRONG_DELEGATION:
		a->delegation[3] ^= 1;
		break;
	case OTHER_SESSION:
		assert_int_equal(tpm_session_begin(m->t, &m->ek, nonce2), OK);
		break;
	case OTHER_INDEX:
		/* an index of the same policy at another handle */
		other.handle = 0;
		assert_int_equal(tpm_secret_define(m->t, &m->ek, &m->authority.public, m->epoch, &other.handle, m->secret, &other.nv), OK);
		*a = approve(&other, nonce);
		assert_int_equal(tpm_secret_delete(m->t, other.handle), OK);
		break;
	case NO_SESSION:
		tpm_session_end(m->t);
		break;
	case SHORT_SIGNATURE:
		a->signature_n--;
		break;
	}
}

/* How often the writable memory of this process holds the ${n} bytes that ${masked} shows, each xor 0x55. */
static unsigned
copies_in_memory(const uint8_t *masked, size_t n)
{
	static uint8_t window[1 << 16];
	FILE *maps = fopen("/proc/self/maps", "r");
	int mem = open("/proc/self/mem", O_RDONLY);
	unsigned found = 0;
	char line[512];

	while (fgets(line, sizeof line, maps) != NULL) {
		unsigned long from, to;
		char mode[8];

		if (sscanf(line, "%lx-%lx %7s", &from, &to, mode) != 3 || strncmp(mode, "rw", 2) != 0 || to - from > 1UL << 30)
			continue;
		for (unsigned long at = from; at < to; at += sizeof window - n) {
			ssize_t got = pread(mem, window, sizeof window, (off_t)at);

			for (size_t i = 0; got > 0 && i + n <= (size_t)got; i++) {
				size_t j = 0;

				while (j < n && (window[i + j] ^ 0x55) == masked[j])
					j++;
				/* the window itself is memory, too */
				if (j == n && (at + i < (uintptr_t)window || at + i >= (uintptr_t)window + sizeof window))
					found++;
			}
		}
	}
	close(mem);
	fclose(maps);
	memory_wipe(window, sizeof window);
	return found;
}

static void
once_the_caller_wipes_his_no_copy_of_the_secret_is_left_in_the_process(void **state)
{
	struct machine m = machine_new(EC_P256, EC_P256);
	uint8_t secret[GATE_SECRET_SIZE], masked[GATE_SECRET_SIZE], nonce[GATE_NONCE_SIZE];
	struct tpm_ticket ticket = { 0 };
	struct tpm_approval a;

	(void)state;
	random_fill(secret, sizeof secret);
	for (size_t i = 0; i < sizeof secret; i++)
		masked[i] = secret[i] ^ 0x55;
	m.handle = 0;
	assert_int_equal(tpm_secret_define(m.t, &m.ek, &m.authority.public, m.epoch, &m.handle, secret, &m.nv), OK);
	assert_int_equal(copies_in_memory(masked, sizeof masked), 1);
	memory_wipe(secret, sizeof secret);
	assert_int_equal(copies_in_memory(masked, sizeof masked), 0);
	assert_int_equal(tpm_session_begin(m.t, &m.ek, nonce), OK);
	a = approve(&m, nonce);
	assert_int_equal(tpm_secret_read(m.t, &m.nv, &a, &ticket, secret), OK);
	assert_int_equal(copies_in_memory(masked, sizeof masked), 1);
	memory_wipe(secret, sizeof secret);
	assert_int_equal(copies_in_memory(masked, sizeof masked), 0);
	machine_end(&m);
}

static void
an_approval_with_one_thing_wrong_opens_nothing(void **state)
{
	struct machine m = machine_new(EC_P256, EC_P256);

	(void)state;
	for (size_t i = 0; i < sizeof wrong_cases / sizeof *wrong_cases; i++) {
		const struct wrong_case *c = &wrong_cases[i];
		uint8_t nonce[GATE_NONCE_SIZE], secret[GATE_SECRET_SIZE];
		struct tpm_ticket ticket = { 0 };
		struct tpm_approval a;
		size_t n;

		assert_int_equal(tpm_session_begin(m.t, &m.ek, nonce), OK);
		a = approve(&m, nonce);
		spoil(&m, c->wrong, &a, nonce);
		swtpm_forget(m.w);
		assert_int_equal(tpm_secret_read(m.t, &m.nv, &a, &ticket, secret), c->expected);
		assert_true(bytes_zero(BYTES(secret)));
		assert_int_equal(commands_of(m.w, CC_NV_READ), 0);
		for (n = m.w->commands_n; n > 0 && m.w->commands[n - 1] == CC_FLUSH_CONTEXT;)
			n--;
		assert_int_equal(n > 0 ? m.w->commands[n - 1] : 0, c->last);
		tpm_flush(m.t);
		assert_int_equal(swtpm_loaded(m.w), 0);
	}
	machine_end(&m);
}

static void
a_delegation_for_one_epoch_does_not_open_the_index_of_another(void **state)
{
	struct machine m = machine_new(EC_P256, EC_P256);
	struct machine old = m;
	struct tpm_ticket ticket = { 0 };
	uint8_t nonce[GATE_NONCE_SIZE], secret[GATE_SECRET_SIZE];
	struct tpm_approval a;

	(void)state;
	m.epoch++;
	m.handle = 0;
	assert_int_equal(tpm_secret_define(m.t, &m.ek, &m.authority.public, m.epoch, &m.handle, m.secret, &m.nv), OK);
	/* all that is signed is honest, but the delegation is that of the old epoch */
	assert_int_equal(tpm_session_begin(m.t, &m.ek, nonce), OK);
	old.nv = m.nv;
	a = approve(&old, nonce);
	assert_int_equal(tpm_secret_read(m.t, &m.nv, &a, &ticket, secret), E_TPM);
	assert_true(bytes_zero(BYTES(secret)));
	assert_int_equal(m.w->commands[m.w->commands_n - 2], CC_NV_READ);
	assert_int_equal(tpm_flush(m.t), OK);
	ticket.n = 0;
	assert_true(read_right(&m, &ticket));
	machine_end(&m);
}

/* read_by(m, who, nv, ticket): what the verifier ${who} makes this TPM give of an index, by its own keys and delegation. */
static bool
read_by(const struct machine *m, const struct machine *who, struct tpm_ticket *ticket)
{
	struct machine asker = *who;
	bool right;

	asker.t = m->t;
	asker.ek = m->ek;
	right = read_right(&asker, ticket);
	assert_int_equal(tpm_flush(m->t), OK);
	return right;
}

/* Verifier A has the old epoch; B both. The machine goes from A's index to B's, as a rotation does. */
static void
s29_what_a_lost_verifier_has_opens_nothing_after_the_rotation(void **state)
{
	struct machine m = machine_new(EC_P256, EC_P256), lost = m, kept = m;
	struct tpm_ticket old = { 0 }, fresh = { 0 };
	uint8_t nonce[GATE_NONCE_SIZE], secret[GATE_SECRET_SIZE];
	struct tpm_approval a;
	uint32_t at = 0;

	(void)state;
	assert_int_equal(ec_generate(EC_P256, &kept.approval_key), OK);
	assert_int_equal(ec_generate(EC_P256, &kept.statement_key), OK);
	assert_true(read_by(&m, &lost, &old));
	assert_true(read_by(&m, &kept, &fresh)); /* served by B on the old epoch */
	fresh.n = 0;
	kept.epoch++;
	kept.handle = 0;
	assert_int_equal(random_fill(kept.secret, sizeof kept.secret), OK);
	assert_int_equal(tpm_secret_define(m.t, &m.ek, &m.authority.public, kept.epoch, &kept.handle, kept.secret, &kept.nv), OK);
	assert_true(read_by(&m, &lost, &old)); /* half-way, the old index still opens */
	assert_true(read_by(&m, &kept, &fresh));
	assert_int_equal(tpm_secret_delete(m.t, lost.handle), OK);

	assert_false(read_by(&m, &lost, &old));
	lost.nv = kept.nv;
	assert_false(read_by(&m, &lost, &old)); /* for the new index, with the old delegation and its ticket */
	old.n = 0;
	assert_false(read_by(&m, &lost, &old));
	assert_int_equal(tpm_session_begin(m.t, &m.ek, nonce), OK);
	a = approve(&lost, nonce);
	a.epoch = kept.epoch; /* and called one of the new epoch */
	assert_int_equal(tpm_secret_read(m.t, &kept.nv, &a, &old, secret), E_TPM);
	assert_true(bytes_zero(BYTES(secret)));
	tpm_flush(m.t);

	/* Root puts an index of the old epoch back where it was: it opens, and holds nothing of the machine. */
	memset(secret, 0x11, sizeof secret);
	at = lost.handle;
	assert_int_equal(tpm_secret_define(m.t, &m.ek, &m.authority.public, lost.epoch, &at, secret, &lost.nv), OK);
	assert_false(read_by(&m, &lost, &old));
	memcpy(lost.secret, secret, sizeof lost.secret);
	assert_true(read_by(&m, &lost, &old));

	assert_true(read_by(&m, &kept, &fresh));
	machine_end(&m);
}

static void
behind_a_closed_door_an_honest_approval_opens_nothing(void **state)
{
	struct machine m = machine_new(EC_P256, EC_P256);
	struct tpm_ticket ticket = { 0 };
	struct digest before, after;

	(void)state;
	assert_true(read_right(&m, &ticket));
	assert_int_equal(tpm_pcr_read(m.t, HASH_SHA384, DOOR_PCR, &before), OK);
	assert_true(bytes_zero(digest_view(&before)));
	assert_int_equal(tpm_door_close(m.t, BYTES_STRING("passphrase")), OK);
	assert_int_equal(tpm_pcr_read(m.t, HASH_SHA384, DOOR_PCR, &after), OK);
	assert_false(bytes_zero(digest_view(&after)));
	assert_int_equal(tpm_pcr_read(m.t, HASH_SHA256, DOOR_PCR, &after), OK);
	assert_false(bytes_zero(digest_view(&after)));
	swtpm_forget(m.w);
	assert_false(read_right(&m, &ticket));
	assert_int_equal(commands_of(m.w, CC_NV_READ), 0);
	assert_int_equal(commands_of(m.w, CC_POLICY_PCR), 1);
	assert_false(swtpm_saw(m.w, BYTES(m.secret)));
	machine_end(&m);
}

static void
a_pcr_that_is_extended_in_between_costs_a_replay_without_a_new_approval(void **state)
{
	struct machine m = machine_new(EC_P256, EC_P256);
	struct tpm_ticket ticket = { 0 };

	(void)state;
	swtpm_forget(m.w);
	swtpm_fault(m.w, FAULT_SLIP_IN, CC_NV_READ, 0);
	m.w->slip = EXTEND("0a");
	m.w->fault_times = 3;
	assert_true(read_right(&m, &ticket));
	assert_int_equal(commands_of(m.w, CC_POLICY_RESTART), 3);
	assert_int_equal(commands_of(m.w, CC_START_AUTH_SESSION), 1);
	assert_int_equal(commands_of(m.w, CC_VERIFY_SIGNATURE), 1);
	machine_end(&m);
}

static void
pcrs_that_are_extended_all_the_time_end_after_eight_replays(void **state)
{
	struct machine m = machine_new(EC_P256, EC_P256);
	uint8_t nonce[GATE_NONCE_SIZE], secret[GATE_SECRET_SIZE];
	struct tpm_ticket ticket = { 0 };
	struct tpm_approval a;

	(void)state;
	assert_int_equal(tpm_session_begin(m.t, &m.ek, nonce), OK);
	a = approve(&m, nonce);
	swtpm_forget(m.w);
	swtpm_fault(m.w, FAULT_SLIP_IN, CC_NV_READ, 0);
	m.w->slip = EXTEND("0a");
	m.w->fault_times = 1000;
	assert_int_equal(tpm_secret_read(m.t, &m.nv, &a, &ticket, secret), E_TPM_PCR_CHANGED);
	assert_int_equal(commands_of(m.w, CC_POLICY_RESTART), 8);
	assert_true(bytes_zero(BYTES(secret)));
	machine_end(&m);
}

static void
a_door_that_closes_in_between_ends_it(void **state)
{
	struct machine m = machine_new(EC_P256, EC_P256);
	uint8_t nonce[GATE_NONCE_SIZE], secret[GATE_SECRET_SIZE];
	struct tpm_ticket ticket = { 0 };
	struct tpm_approval a;

	(void)state;
	assert_int_equal(tpm_session_begin(m.t, &m.ek, nonce), OK);
	a = approve(&m, nonce);
	swtpm_fault(m.w, FAULT_SLIP_IN, CC_NV_READ, 0);
	m.w->slip = EXTEND("0d");
	assert_int_equal(tpm_secret_read(m.t, &m.nv, &a, &ticket, secret), E_TPM);
	assert_true(bytes_zero(BYTES(secret)));
	machine_end(&m);
}

static void
after_tpm2_clear_old_records_mean_begin_anew_and_an_old_ticket_costs_commands(void **state)
{
	struct machine m = machine_new(EC_P256, EC_P256);
	struct tpm_ticket ticket = { 0 }, old;
	uint8_t nonce[GATE_NONCE_SIZE];

	(void)state;
	assert_true(read_right(&m, &ticket));
	assert_int_equal(tpm_flush(m.t), OK);
	old = ticket;
	assert_int_equal(swtpm_do(m.w, CLEAR), 0);
	assert_int_equal(tpm_session_begin(m.t, &m.ek, nonce), E_TPM_AGAIN);
	assert_int_equal(tpm_ek_ensure(m.t, TPM_EK_P384, &m.ek), OK);
	assert_int_equal(tpm_secret_define(m.t, &m.ek, &m.authority.public, m.epoch, &m.handle, m.secret, &m.nv), OK);
	swtpm_forget(m.w);
	assert_true(read_right(&m, &ticket));
	assert_int_equal(commands_of(m.w, CC_POLICY_AUTHORIZE), 2);
	assert_int_equal(commands_of(m.w, CC_VERIFY_SIGNATURE), 1);
	assert_false(bytes_equal(bytes_of(ticket.p, ticket.n), bytes_of(old.p, old.n)));
	assert_int_equal(tpm_flush(m.t), OK);
	swtpm_forget(m.w);
	assert_true(read_right(&m, &ticket));
	assert_int_equal(commands_of(m.w, CC_VERIFY_SIGNATURE), 0);
	machine_end(&m);
}

static void
a_ticket_of_garbage_costs_commands_only(void **state)
{
	struct machine m = machine_new(EC_P256, EC_P256);
	struct tpm_ticket ticket = { .n = 9, .p = { 1, 2, 3 } };

	(void)state;
	assert_true(read_right(&m, &ticket));
	assert_int_equal(tpm_flush(m.t), OK);
	ticket.p[20] ^= 1;
	assert_true(read_right(&m, &ticket));
	assert_int_equal(tpm_flush(m.t), OK);
	ticket.p[0] ^= 1;
	assert_true(read_right(&m, &ticket));
	machine_end(&m);
}

static void
damaged_records_of_objects_are_noticed(void **state)
{
	struct machine m = machine_new(EC_P256, EC_P256);
	uint8_t nonce[GATE_NONCE_SIZE];

	(void)state;
	for (size_t i = 0; i < m.ek.n; i++) {
		struct tpm_object bad = m.ek;
		enum status s;

		bad.blob[i] ^= 1;
		s = tpm_session_begin(m.t, &bad, nonce);
		/* the handle is not under the Name: the TPM says what is not there */
		assert_true(s != OK);
		assert_true(i < 4 || s != E_TPM_AGAIN);
		bad.n = i;
		assert_int_not_equal(tpm_session_begin(m.t, &bad, nonce), OK);
	}
	assert_int_equal(tpm_session_begin(m.t, &m.ek, nonce), OK);
	machine_end(&m);
}

static void
an_index_that_is_gone_means_begin_anew_and_one_of_another_policy_is_refused(void **state)
{
	struct machine m = machine_new(EC_P256, EC_P256);
	uint8_t nonce[GATE_NONCE_SIZE], secret[GATE_SECRET_SIZE];
	struct tpm_ticket ticket = { 0 };
	struct tpm_object nv;
	struct tpm_approval a;

	(void)state;
	assert_int_equal(tpm_secret_delete(m.t, m.handle), OK);
	assert_int_equal(tpm_session_begin(m.t, &m.ek, nonce), OK);
	a = approve(&m, nonce);
	assert_int_equal(tpm_secret_read(m.t, &m.nv, &a, &ticket, secret), E_TPM_AGAIN);
	assert_int_equal(tpm_flush(m.t), OK);
	assert_int_equal(tpm_secret_define(m.t, &m.ek, &m.authority.public, 99, &m.handle, m.secret, &nv), OK);
	assert_int_equal(tpm_session_begin(m.t, &m.ek, nonce), OK);
	a = approve(&m, nonce);
	assert_int_equal(tpm_secret_read(m.t, &m.nv, &a, &ticket, secret), E_TPM);
	assert_true(bytes_zero(BYTES(secret)));
	machine_end(&m);
}

/* The index of the next epoch at the other handle, with another secret. */
static struct machine
rotated(struct machine *m)
{
	struct machine next = *m;

	next.epoch = m->epoch + 1;
	next.handle = m->handle + 1;
	assert_int_equal(random_fill(next.secret, sizeof next.secret), OK);
	assert_int_equal(tpm_secret_define(m->t, &m->ek, &m->authority.public, next.epoch, &next.handle, next.secret, &next.nv), OK);
	return next;
}

static void
one_session_tries_the_new_index_and_then_the_old_one(void **state)
{
	struct machine m = machine_new(EC_P384, EC_P256), next = rotated(&m);
	uint8_t nonce[GATE_NONCE_SIZE], secret[GATE_SECRET_SIZE];
	struct tpm_ticket ticket = { 0 }, old_ticket = { 0 };
	struct tpm_approval a, b;

	(void)state;
	assert_true(read_right(&m, &old_ticket));
	assert_int_equal(tpm_flush(m.t), OK);
	assert_int_equal(tpm_session_begin(m.t, &m.ek, nonce), OK);
	a = approve(&next, nonce), b = approve(&m, nonce);
	assert_int_equal(tpm_secret_try(m.t, &next.nv, &a, &ticket, secret), OK);
	assert_memory_equal(secret, next.secret, sizeof secret);
	/* what was read ended the session: no approval of it reads another */
	assert_int_equal(tpm_secret_read(m.t, &m.nv, &b, &old_ticket, secret), E_TPM_AGAIN);
	assert_int_equal(tpm_flush(m.t), OK);

	for (unsigned i = 0; i < 4; i++) {
		assert_int_equal(tpm_session_begin(m.t, &m.ek, nonce), OK);
		a = approve(&next, nonce), b = approve(&m, nonce);
		if (i == 0)
			a.signature[1] ^= 1;
		else if (i == 1)
			a = b; /* of the old epoch, for the new index */
		else if (i == 2)
			a.delegation[1] ^= 1, ticket.n = 0;
		else
			assert_int_equal(tpm_secret_delete(m.t, next.handle), OK);
		assert_int_not_equal(tpm_secret_try(m.t, &next.nv, &a, &ticket, secret), OK);
		assert_true(bytes_zero(BYTES(secret)));
		assert_int_equal(tpm_secret_read(m.t, &m.nv, &b, &old_ticket, secret), OK);
		assert_memory_equal(secret, m.secret, sizeof secret);
		assert_int_equal(tpm_flush(m.t), OK);
		assert_int_equal(swtpm_loaded(m.w), 0);
	}
	machine_end(&m);
}

static void
a_fault_at_any_command_of_two_tries_leaves_no_secret_and_nothing_loaded(void **state)
{
	static const enum swtpm_fault faults[] = { FAULT_CODE, FAULT_HANG_UP, FAULT_DROP };
	struct machine m = machine_new(EC_P256, EC_P256), next = rotated(&m);
	uint8_t nonce[GATE_NONCE_SIZE], secret[GATE_SECRET_SIZE];
	struct tpm_ticket ticket = { 0 }, old_ticket = { 0 };
	unsigned injected = 0;

	(void)state;
	assert_true(read_right(&m, &old_ticket));
	assert_int_equal(tpm_flush(m.t), OK);
	assert_int_equal(tpm_secret_delete(m.t, next.handle), OK);
	for (unsigned k = 0; k < 3; k++)
		for (unsigned skip = 0;; skip++) {
			struct tpm_approval a, b;
			enum status s;

			assert_int_equal(tpm_session_begin(m.t, &m.ek, nonce), OK);
			a = approve(&next, nonce), b = approve(&m, nonce);
			ticket.n = 0;
			swtpm_fault(m.w, faults[k], 0, 0x101);
			m.w->fault_skip = skip;
			s = tpm_secret_try(m.t, &next.nv, &a, &ticket, secret);
			assert_int_not_equal(s, OK);
			assert_true(bytes_zero(BYTES(secret)));
			s = tpm_secret_read(m.t, &m.nv, &b, &old_ticket, secret);
			assert_true(s == OK ? memory_equal(secret, m.secret, sizeof secret) : bytes_zero(BYTES(secret)));
			m.w->fault = FAULT_NONE;
			tpm_close(m.t);
			m.t = open_tpm(m.w);
			/* a flush may have met the fault */
			assert_int_equal(tpm_flush_leftovers(m.t), OK);
			assert_int_equal(swtpm_loaded(m.w), 0);
			if (m.w->fault_times > 0)
				break;
			injected++;
		}
	assert_true(injected > 30);
	printf("# count: %u faults injected\n", injected);
	machine_end(&m);
}

static void
what_a_rotation_left_is_cleared_in_whatever_state_and_nothing_else_is(void **state)
{
	/* commands before which the making is cut: nothing is defined; not written; not locked; locked */
	static const uint32_t cut[] = { 0, 0x137, 0x138, 0x169 };
	struct machine m = machine_new(EC_P256, EC_P256);
	struct ec_private other;
	uint32_t handle = m.handle + 1;
	struct tpm_object nv;

	(void)state;
	for (size_t i = 0; i < sizeof cut / sizeof *cut; i++) {
		struct machine again = m;

		again.handle = handle;
		swtpm_fault(m.w, FAULT_DROP, cut[i], 0);
		/* the first NV_ReadPublic is from the search for leftovers */
		m.w->fault_skip = cut[i] == 0x169 ? 1 : 0;
		assert_int_equal(tpm_secret_define(m.t, &m.ek, &m.authority.public, 8, &again.handle, m.secret, &again.nv), E_TPM_LOST);
		m.w->fault = FAULT_NONE;
		tpm_close(m.t);
		m.t = open_tpm(m.w);
		assert_int_equal(tpm_flush_leftovers(m.t), OK);
		assert_int_equal(tpm_object_find(m.t, handle, &nv), i == 0 ? E_NOT_FOUND : OK);
		assert_int_equal(tpm_secret_clear(m.t, &m.authority.public, 7, handle), i == 0 ? OK : E_EXISTS);
		assert_int_equal(tpm_secret_clear(m.t, &m.authority.public, 9, handle), OK);
		assert_int_equal(tpm_object_find(m.t, handle, &nv), E_NOT_FOUND);
	}
	assert_int_equal(ec_generate(EC_P256, &other), OK);
	assert_int_equal(tpm_secret_clear(m.t, &other.public, m.epoch, m.handle), E_EXISTS);
	assert_int_equal(tpm_secret_clear(m.t, &m.authority.public, m.epoch + 64, m.handle), E_EXISTS);
	/* 8 bytes, read and written by the owner */
	assert_int_equal(swtpm_do(m.w, "80020000002d0000012a40000001" "00000009400000090000000000" "0000" "000e" "018b4702" "000b" "00020002" "0000" "0008"), 0);
	assert_int_equal(tpm_secret_clear(m.t, &m.authority.public, m.epoch, handle), E_EXISTS);
	assert_int_equal(tpm_object_find(m.t, handle, &nv), OK);
	assert_int_equal(tpm_secret_clear(m.t, &m.authority.public, m.epoch + 63, m.handle), OK);
	assert_int_equal(tpm_object_find(m.t, m.handle, &nv), E_NOT_FOUND);
	machine_end(&m);
}

static void
a_sweep_takes_what_is_older_and_ours(void **state)
{
	struct machine m = machine_new(EC_P256, EC_P256), newer = m, older = m, foreign = m;
	struct tpm_ticket ticket = { 0 };
	size_t gone = 9;

	(void)state;
	assert_int_equal(ec_generate(EC_P256, &foreign.authority), OK);
	newer.handle = older.handle = foreign.handle = 0;
	newer.epoch = m.epoch + 1;
	older.epoch = m.epoch - 3;
	assert_int_equal(tpm_secret_define(m.t, &m.ek, &m.authority.public, older.epoch, &older.handle, m.secret, &older.nv), OK);
	assert_int_equal(tpm_secret_define(m.t, &m.ek, &foreign.authority.public, m.epoch, &foreign.handle, m.secret, &foreign.nv), OK);
	assert_int_equal(tpm_secret_define(m.t, &m.ek, &m.authority.public, newer.epoch, &newer.handle, m.secret, &newer.nv), OK);
	assert_int_equal(tpm_secret_sweep(m.t, &m.authority.public, m.epoch, &gone), OK);
	assert_int_equal(gone, 2);
	assert_int_equal(tpm_object_find(m.t, m.handle, &m.nv), E_NOT_FOUND);
	assert_int_equal(tpm_object_find(m.t, older.handle, &older.nv), E_NOT_FOUND);
	assert_int_equal(tpm_object_find(m.t, foreign.handle, &foreign.nv), OK);
	assert_true(read_right(&newer, &ticket));
	assert_int_equal(tpm_secret_sweep(m.t, &m.authority.public, m.epoch, &gone), OK);
	assert_int_equal(gone, 0);
	machine_end(&m);
}

static void
what_the_index_holds_can_be_read_by_no_other_way(void **state)
{
	/* NV_Read of the first index: by the owner; by its own empty authorisation */
	static const char by_owner[] = "8002000000230000014e40000001018b470100000009400000090000000000" "00200000";
	static const char by_itself[] = "8002000000230000014e018b4701018b470100000009400000090000000000" "00200000";
	static const char by_platform[] = "8002000000230000014e4000000c018b470100000009400000090000000000" "00200000";
	static const char write_again[] = "800200000024000001374000000" "1018b4701000000094000000900000000000001" "aa0000";
	struct machine m = machine_new(EC_P256, EC_P256);

	(void)state;
	assert_int_equal(m.handle, 0x018b4701);
	assert_int_equal(swtpm_do(m.w, by_owner), 0x149);
	assert_int_equal(swtpm_do(m.w, by_itself), 0x12f);
	assert_int_equal(swtpm_do(m.w, by_platform), 0x149);
	assert_int_equal(swtpm_do(m.w, write_again), 0x148);
	machine_end(&m);
}

static void
the_index_is_defined_once_and_an_unlocked_leftover_is_replaced(void **state)
{
	struct machine m = machine_new(EC_P256, EC_P256);
	uint32_t handle = m.handle, other = 0;
	struct tpm_object nv;

	(void)state;
	assert_int_equal(tpm_secret_define(m.t, &m.ek, &m.authority.public, m.epoch, &handle, m.secret, &nv), E_EXISTS);
	assert_int_equal(tpm_secret_define(m.t, &m.ek, &m.authority.public, m.epoch, &other, m.secret, &nv), OK);
	assert_int_equal(other, m.handle + 1);
	assert_int_equal(tpm_secret_delete(m.t, other), OK);
	assert_int_equal(tpm_secret_delete(m.t, other), E_NOT_FOUND);
	/* a power cut before the write: what was defined stays unlocked */
	swtpm_fault(m.w, FAULT_HANG_UP, 0x12a, 0);
	assert_int_equal(tpm_secret_define(m.t, &m.ek, &m.authority.public, 8, &other, m.secret, &nv), E_TPM_LOST);
	tpm_close(m.t);
	m.t = open_tpm(m.w);
	assert_int_equal(tpm_flush_leftovers(m.t), OK);
	assert_int_equal(tpm_object_find(m.t, other, &nv), OK);
	assert_int_equal(tpm_secret_define(m.t, &m.ek, &m.authority.public, 9, &other, m.secret, &nv), E_EXISTS);
	assert_int_equal(tpm_secret_define(m.t, &m.ek, &m.authority.public, 8, &other, m.secret, &nv), OK);
	/* a write that the TPM refuses undoes the definition */
	assert_int_equal(tpm_secret_delete(m.t, other), OK);
	swtpm_fault(m.w, FAULT_CODE, 0x137, 0x14a);
	assert_int_equal(tpm_secret_define(m.t, &m.ek, &m.authority.public, 8, &other, m.secret, &nv), E_TPM);
	assert_int_equal(tpm_object_find(m.t, other, &nv), E_NOT_FOUND);
	machine_end(&m);
}

static void
the_index_is_proved_by_a_signed_audit(void **state)
{
	struct machine m = machine_new(EC_P256, EC_P256);
	uint8_t qualifying[32] = { 5 }, attest[QUOTE_SIZE_MAX], signature[SIGNATURE_SIZE_MAX], policy[GATE_DIGEST_SIZE], expected[GATE_DIGEST_SIZE];
	struct buffer a = BUFFER(attest), s = BUFFER(signature);
	struct public_area k = public_of(&m.ak);
	struct session_audit audit;

	(void)state;
	assert_int_equal(tpm_secret_prove(m.t, &m.ak, &m.nv, qualifying, &a, &s), OK);
	assert_int_equal(public_verify(&k, buffer_view(&a), buffer_view(&s)), OK);
	assert_int_equal(session_audit_decode(buffer_view(&a), &audit), OK);
	assert_memory_equal(audit.extra_data.p, qualifying, 32);
	assert_int_equal(gate_nv_policy(&m.authority.public, m.epoch, policy), OK);
	nv_read_public_audit(m.handle, GATE_NV_ATTRIBUTES, policy, expected);
	assert_int_equal(audit.session_digest.n, 32);
	assert_memory_equal(audit.session_digest.p, expected, 32);
	nv_read_public_audit(m.handle, GATE_NV_ATTRIBUTES | 1, policy, expected);
	assert_memory_not_equal(audit.session_digest.p, expected, 32);
	assert_int_equal(swtpm_loaded(m.w), 0);
	machine_end(&m);
}

static const struct code_case {
	uint32_t at, code;
	enum status expected;
} code_cases[] = {
	{ CC_NV_READ, 0x9a3, E_TPM_AGAIN },
	{ CC_POLICY_SIGNED, 0x4e3, E_TPM_AGAIN },
	{ CC_NV_READ, 0x9a2, E_TPM_AGAIN },
	{ CC_NV_READ, 0x18b, E_TPM_AGAIN },
	{ CC_NV_READ, 0x99d, E_TPM },
	{ CC_POLICY_SIGNED, 0x5db, E_TPM },
	{ CC_POLICY_AUTHORIZE, 0x1c4, E_TPM },
	{ CC_LOAD_EXTERNAL, 0x101, E_TPM },
	{ CC_NV_READ, 0xb0101, E_TPM },
};

static void
response_codes_say_whether_to_begin_anew(void **state)
{
	struct machine m = machine_new(EC_P256, EC_P256);

	(void)state;
	for (size_t i = 0; i < sizeof code_cases / sizeof *code_cases; i++) {
		uint8_t nonce[GATE_NONCE_SIZE], secret[GATE_SECRET_SIZE];
		struct tpm_ticket ticket = { 0 };
		struct tpm_approval a;

		assert_int_equal(tpm_session_begin(m.t, &m.ek, nonce), OK);
		a = approve(&m, nonce);
		swtpm_fault(m.w, FAULT_CODE, code_cases[i].at, code_cases[i].code);
		assert_int_equal(tpm_secret_read(m.t, &m.nv, &a, &ticket, secret), code_cases[i].expected);
		assert_int_equal(tpm_flush(m.t), OK);
		assert_int_equal(swtpm_loaded(m.w), 0);
	}
	machine_end(&m);
}

static void
a_busy_tpm_is_asked_again(void **state)
{
	struct machine m = machine_new(EC_P256, EC_P256);
	struct tpm_ticket ticket = { 0 };

	(void)state;
	swtpm_fault(m.w, FAULT_CODE, 0, RC_RETRY);
	m.w->fault_times = 17;
	assert_true(read_right(&m, &ticket));
	assert_int_equal(tpm_flush(m.t), OK);
	swtpm_fault(m.w, FAULT_CODE, CC_NV_READ, RC_RETRY);
	m.w->fault_times = 11;
	assert_true(read_right(&m, &ticket));
	machine_end(&m);
}

static void
a_tpm_that_stays_busy_comes_to_an_end(void **state)
{
	struct machine m = machine_new(EC_P256, EC_P256);
	uint8_t nonce[GATE_NONCE_SIZE];

	(void)state;
	swtpm_fault(m.w, FAULT_CODE, 0, RC_RETRY);
	m.w->fault_times = 1000;
	assert_int_equal(tpm_session_begin(m.t, &m.ek, nonce), E_BUSY);
	m.w->fault_times = 0;
	assert_int_equal(tpm_session_begin(m.t, &m.ek, nonce), OK);
	machine_end(&m);
}

/* A boot with a fault at its ${skip}+1st command. True when the fault came too late to matter. */
static bool
boot_with_fault(struct machine *m, enum swtpm_fault fault, uint32_t code, unsigned skip)
{
	uint8_t nonce[GATE_NONCE_SIZE], secret[GATE_SECRET_SIZE] = { 0 }, attest[QUOTE_SIZE_MAX], signature[SIGNATURE_SIZE_MAX];
	struct buffer q = BUFFER(attest), sig = BUFFER(signature);
	enum hash_alg banks[] = { HASH_SHA256, HASH_SHA384 };
	struct tpm_ticket ticket = { 0 };
	struct tpm_approval a;
	enum status s;

	swtpm_fault(m->w, fault, 0, code);
	m->w->fault_skip = skip;
	s = tpm_session_begin(m->t, &m->ek, nonce);
	if (s == OK)
		s = tpm_quote(m->t, &m->ak, nonce, banks, 2, TPM_PCRS, &q, &sig);
	if (s == OK) {
		a = approve(m, nonce);
		s = tpm_secret_read(m->t, &m->nv, &a, &ticket, secret);
	}
	if (m->w->fault_times > 0) {
		m->w->fault_times = 0;
		assert_int_equal(s, OK);
		tpm_flush(m->t);
		return true;
	}
	if (s != OK)
		assert_true(bytes_zero(BYTES(secret)));
	return false;
}

static void
a_fault_at_any_command_of_a_boot_leaves_no_secret_and_nothing_loaded(void **state)
{
	static const struct { enum swtpm_fault fault; uint32_t code; } faults[] = {
		{ FAULT_CODE, 0x101 }, { FAULT_CODE, 0x921 }, { FAULT_CODE, 0x9a2 }, { FAULT_CODE, 0xdeadbeef }, { FAULT_SPOIL, 0 }, { FAULT_CUT, 0 },
		{ FAULT_HANG_UP, 0 }, { FAULT_DROP, 0 },
	};
	struct machine m = machine_new(EC_P256, EC_P256);

	(void)state;
	for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
		for (unsigned skip = 0; !boot_with_fault(&m, faults[i].fault, faults[i].code, skip); skip++) {
			assert_true(skip < 30);
			tpm_close(m.t);
			m.t = open_tpm(m.w);
			/* what was in the TPM's hands when the answer was lost: the next process finds it */
			assert_int_equal(tpm_flush_leftovers(m.t), OK);
			assert_int_equal(swtpm_loaded(m.w), 0);
		}
	}
	machine_end(&m);
}

static void
a_spoiled_answer_to_the_read_kills_esys_but_leaves_nothing_loaded(void **state)
{
	struct machine m = machine_new(EC_P256, EC_P256);
	uint8_t nonce[GATE_NONCE_SIZE], secret[GATE_SECRET_SIZE];
	struct tpm_ticket ticket = { 0 };
	struct tpm_approval a;

	(void)state;
	assert_int_equal(tpm_session_begin(m.t, &m.ek, nonce), OK);
	a = approve(&m, nonce);
	swtpm_fault(m.w, FAULT_SPOIL, CC_NV_READ, 0);
	assert_int_equal(tpm_secret_read(m.t, &m.nv, &a, &ticket, secret), E_TPM_LOST);
	assert_true(bytes_zero(BYTES(secret)));
	assert_int_equal(swtpm_loaded(m.w), 0);
	assert_int_equal(tpm_door_close(m.t, BYTES_STRING("x")), E_TPM_LOST);
	machine_end(&m);
}

static void
what_the_tpm_refused_to_flush_is_flushed_at_the_end(void **state)
{
	struct machine m = machine_new(EC_P256, EC_P256);
	uint8_t nonce[GATE_NONCE_SIZE];

	(void)state;
	assert_int_equal(tpm_session_begin(m.t, &m.ek, nonce), OK);
	swtpm_fault(m.w, FAULT_CODE, CC_FLUSH_CONTEXT, 0x101);
	tpm_session_end(m.t);
	assert_int_equal(swtpm_loaded(m.w), 1);
	assert_int_equal(tpm_flush(m.t), OK);
	assert_int_equal(swtpm_loaded(m.w), 0);
	/* refused for ever: it ends all the same, and is said */
	assert_int_equal(tpm_session_begin(m.t, &m.ek, nonce), OK);
	swtpm_fault(m.w, FAULT_CODE, CC_FLUSH_CONTEXT, 0x101);
	m.w->fault_times = 1000;
	assert_int_equal(tpm_flush(m.t), E_TPM);
	m.w->fault_times = 0;
	machine_end(&m);
}

static void
slots_that_a_dead_predecessor_filled_are_freed(void **state)
{
	struct machine m = machine_new(EC_P256, EC_P256);
	struct tpm_ticket ticket = { 0 };
	uint8_t nonce[GATE_NONCE_SIZE];

	(void)state;
	/* three processes that never came to their tpm_close() */
	for (int i = 0; i < 3; i++) {
		struct tpm *dead = open_tpm(m.w);

		assert_int_equal(tpm_session_begin(dead, &m.ek, nonce), OK);
		swtpm_fault(m.w, FAULT_DROP, CC_FLUSH_CONTEXT, 0);
		m.w->fault_times = 100;
		tpm_close(dead);
		m.w->fault_times = 0;
	}
	assert_true(swtpm_loaded(m.w) >= 3);
	assert_true(read_right(&m, &ticket));
	machine_end(&m);
}

static void
a_second_session_ends_the_first(void **state)
{
	struct machine m = machine_new(EC_P256, EC_P256);
	uint8_t nonce[GATE_NONCE_SIZE], second[GATE_NONCE_SIZE];

	(void)state;
	assert_int_equal(tpm_session_begin(m.t, &m.ek, nonce), OK);
	assert_int_equal(tpm_session_begin(m.t, &m.ek, second), OK);
	assert_memory_not_equal(nonce, second, sizeof nonce);
	assert_int_equal(swtpm_loaded(m.w), 1);
	assert_true(tpm_session_age(m.t) < 60);
	tpm_session_end(m.t);
	assert_int_equal(swtpm_loaded(m.w), 0);
	machine_end(&m);
}

/* S5: a session that is carried over a Shutdown(STATE) and power on, as ContextSave allows. */
static void
carry_session_over_a_restart(struct swtpm *w)
{
	uint8_t answer[SWTPM_MESSAGE_MAX], list[SWTPM_MESSAGE_MAX];
	char hex[2 * SWTPM_MESSAGE_MAX + 32], context[2 * SWTPM_MESSAGE_MAX + 1], handle[9];
	size_t n;

	/* the one session that is loaded */
	if (swtpm_raw(w, "8001000000160000017a000000010200000000000001", list, &n) != 0)
		abort();
	text_hex(bytes_of(list + n - 4, 4), handle, sizeof handle);
	swtpm_format(hex, sizeof hex, "80010000000e00000162%s", handle);
	if (swtpm_raw(w, hex, answer, &n) != 0)
		abort();
	text_hex(bytes_of(answer + 10, n - 10), context, sizeof context);
	swtpm_restart(w, "0001", "not-need-init,startup-state");
	swtpm_format(hex, sizeof hex, "8001%08x00000161%s", (unsigned)n, context);
	if (swtpm_do(w, hex) != 0)
		abort();
}

static void
an_approval_does_not_survive_a_restart_of_the_tpm_with_its_session_carried_over(void **state)
{
	/* before the first policy command; before the read, with the whole policy met */
	static const uint32_t moments[] = { CC_POLICY_SIGNED, CC_NV_READ };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct machine m = machine_new(EC_P256, EC_P256);
		uint8_t nonce[GATE_NONCE_SIZE], secret[GATE_SECRET_SIZE];
		struct tpm_ticket ticket = { 0 };
		struct tpm_approval a;

		if (i == 0) {
			assert_int_equal(tpm_session_begin(m.t, &m.ek, nonce), OK);
			a = approve(&m, nonce);
			carry_session_over_a_restart(m.w);
		} else {
			assert_int_equal(tpm_session_begin(m.t, &m.ek, nonce), OK);
			a = approve(&m, nonce);
			swtpm_fault(m.w, FAULT_MEANWHILE, moments[i], 0);
			m.w->meanwhile = carry_session_over_a_restart;
		}
		assert_int_equal(tpm_secret_read(m.t, &m.nv, &a, &ticket, secret), E_TPM_AGAIN);
		assert_true(bytes_zero(BYTES(secret)));
		assert_false(swtpm_saw(m.w, BYTES(m.secret)));
		machine_end(&m);
	}
}

/* S5: every command of an approved boot sent again, byte for byte. */
static void
recorded_traffic_sent_again_opens_nothing(void **state)
{
	struct machine m = machine_new(EC_P256, EC_P256);
	struct tpm_ticket ticket = { 0 };
	static uint8_t record[SWTPM_RECORD_MAX];
	struct reader r;
	unsigned reads = 0;

	(void)state;
	swtpm_forget(m.w);
	assert_true(read_right(&m, &ticket));
	tpm_close(m.t);
	assert_int_equal(swtpm_loaded(m.w), 0);
	memcpy(record, m.w->record, m.w->record_n);
	r = reader_of(bytes_of(record, m.w->record_n));
	/* a command, its answer, a command ... */
	for (bool command = true; reader_left(&r) > 0; command = !command) {
		uint8_t answer[SWTPM_MESSAGE_MAX];
		struct reader head = r, got;
		struct bytes message;
		uint32_t code, rc;

		reader_be16(&head);
		message = reader_take(&r, reader_be32(&head));
		code = reader_be32(&head);
		if (!command)
			continue;
		got = reader_of(bytes_of(answer, swtpm_exchange(m.w, message.p, message.n, answer)));
		reader_take(&got, 6);
		rc = reader_be32(&got);
		if (code == CC_POLICY_SIGNED || code == CC_NV_READ)
			assert_int_not_equal(rc, 0);
		reads += code == CC_NV_READ;
		for (size_t i = 0; i + 32 <= got.n; i++)
			assert_memory_not_equal(answer + i, m.secret, 32);
	}
	assert_int_equal(reads, 1);
	m.t = open_tpm(m.w);
	assert_int_equal(tpm_flush_leftovers(m.t), OK);
	machine_end(&m);
}

/* --- S5: an approval is for one session of one TPM, once, on one index, for 120 seconds ---------------------------------- */

/* ${a}, made for another session, refused by PolicySigned in the one that has begun. */
static void
refused_by_policy_signed(struct machine *m, const struct tpm_approval *a)
{
	uint8_t secret[GATE_SECRET_SIZE];
	struct tpm_ticket ticket = { 0 };

	swtpm_forget(m->w);
	assert_int_equal(tpm_secret_read(m->t, &m->nv, a, &ticket, secret), E_TPM);
	assert_true(bytes_zero(BYTES(secret)));
	assert_int_equal(commands_of(m->w, CC_POLICY_SIGNED), 1);
	assert_int_equal(commands_of(m->w, CC_POLICY_PCR), 0);
	assert_int_equal(commands_of(m->w, CC_NV_READ), 0);
	assert_false(swtpm_saw(m->w, BYTES(m->secret)));
	assert_int_equal(tpm_flush(m->t), OK);
}

static void
an_approval_of_one_session_opens_nothing_in_the_next(void **state)
{
	struct machine m = machine_new(EC_P256, EC_P256);
	struct tpm_ticket ticket = { 0 };
	uint8_t nonce[GATE_NONCE_SIZE], next[GATE_NONCE_SIZE], secret[GATE_SECRET_SIZE];
	struct tpm_approval a;

	(void)state;
	assert_int_equal(tpm_session_begin(m.t, &m.ek, nonce), OK);
	a = approve(&m, nonce);
	assert_int_equal(tpm_session_begin(m.t, &m.ek, next), OK);
	refused_by_policy_signed(&m, &a);
	/* the control: in its own session it opens */
	assert_int_equal(tpm_session_begin(m.t, &m.ek, nonce), OK);
	a = approve(&m, nonce);
	assert_int_equal(tpm_secret_read(m.t, &m.nv, &a, &ticket, secret), OK);
	assert_memory_equal(secret, m.secret, sizeof secret);
	machine_end(&m);
}

static void
an_approval_serves_once(void **state)
{
	struct machine m = machine_new(EC_P256, EC_P256);
	struct tpm_ticket ticket = { 0 };
	uint8_t nonce[GATE_NONCE_SIZE], secret[GATE_SECRET_SIZE];
	struct tpm_approval a;

	(void)state;
	assert_int_equal(tpm_session_begin(m.t, &m.ek, nonce), OK);
	a = approve(&m, nonce);
	assert_int_equal(tpm_secret_read(m.t, &m.nv, &a, &ticket, secret), OK);
	assert_int_equal(tpm_secret_read(m.t, &m.nv, &a, &ticket, secret), E_TPM_AGAIN);
	assert_true(bytes_zero(BYTES(secret)));
	assert_int_equal(tpm_session_begin(m.t, &m.ek, nonce), OK);
	refused_by_policy_signed(&m, &a);
	machine_end(&m);
}

static void
an_approval_of_one_boot_opens_nothing_in_the_next(void **state)
{
	/* Shutdown(CLEAR); power that just goes; Shutdown(STATE), which leaves resetCount */
	static const char *const shutdowns[] = { "0000", NULL, "0001" };
	struct machine m = machine_new(EC_P256, EC_P256);
	uint8_t nonce[GATE_NONCE_SIZE];
	struct tpm_approval a;

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(tpm_session_begin(m.t, &m.ek, nonce), OK);
		a = approve(&m, nonce);
		tpm_close(m.t);
		swtpm_restart(m.w, shutdowns[i], "not-need-init,startup-clear");
		m.t = open_tpm(m.w);
		assert_int_equal(tpm_session_begin(m.t, &m.ek, nonce), OK);
		refused_by_policy_signed(&m, &a);
	}
	machine_end(&m);
}

/* Both have an index of the same Name: same handle, authority and epoch.  What differs is the session's nonce. */
static void
an_approval_of_one_machine_opens_nothing_on_another(void **state)
{
	struct machine m = machine_new(EC_P256, EC_P256), other = machine_new(EC_P256, EC_P256);
	uint8_t nonce[GATE_NONCE_SIZE], others[GATE_NONCE_SIZE];
	struct tpm_ticket ticket = { 0 };
	struct name one, two;
	struct tpm_approval a;
	uint32_t handle;

	(void)state;
	tpm_secret_delete(other.t, other.handle);
	other.authority = m.authority;
	other.approval_key = m.approval_key;
	other.statement_key = m.statement_key;
	assert_int_equal(tpm_secret_define(other.t, &other.ek, &m.authority.public, m.epoch, &other.handle, other.secret, &other.nv), OK);
	assert_int_equal(tpm_object_name(&m.nv, &one, &handle), OK);
	assert_int_equal(tpm_object_name(&other.nv, &two, &handle), OK);
	assert_true(name_equal(&one, &two));
	assert_int_equal(tpm_session_begin(m.t, &m.ek, nonce), OK);
	a = approve(&m, nonce);
	assert_int_equal(tpm_session_begin(other.t, &other.ek, others), OK);
	refused_by_policy_signed(&other, &a);
	assert_true(read_right(&other, &ticket));
	machine_end(&other);
	machine_end(&m);
}

/* Signed for the index at another handle; and then the policy, met for one index, used to read another of the very same policy. */
static void
an_approval_of_one_index_opens_no_other(void **state)
{
	struct machine m = machine_new(EC_P256, EC_P256), other = m;
	uint8_t secret[GATE_SECRET_SIZE] = { 0 };
	struct tpm_approval a = approve(&m, (const uint8_t[GATE_NONCE_SIZE]){ 0 });
	struct thief th = { .t = m.t, .ek = m.ek, .nv = m.nv, .approval_key = m.approval_key, .a = a };

	(void)state;
	other.handle = 0;
	assert_int_equal(random_fill(other.secret, sizeof other.secret), OK);
	assert_int_equal(tpm_secret_define(m.t, &m.ek, &m.authority.public, m.epoch, &other.handle, other.secret, &other.nv), OK);
	assert_int_equal(thief_begin(&th), OK);
	assert_int_equal(thief_policy(&th, TRICK_NONE), TSS2_RC_SUCCESS);
	th.nv = other.nv;
	assert_int_not_equal(thief_read(&th, secret), TSS2_RC_SUCCESS);
	assert_string_equal(thief_step, "NV_Read");
	assert_true(bytes_zero(BYTES(secret)));
	/* the control: for the index that was signed for, the same steps read */
	assert_int_equal(thief_try(&th, TRICK_NONE, secret), TSS2_RC_SUCCESS);
	assert_memory_equal(secret, other.secret, sizeof secret);
	assert_int_equal(tpm_secret_delete(m.t, other.handle), OK);
	machine_end(&m);
}

static void
an_approval_is_refused_once_120_seconds_are_over(void **state)
{
	static const struct {
		unsigned before_signed, before_read;
		enum status expected;
	} cases[] = {
		{ 115, 0, OK },
		{ 121, 0, E_TPM_AGAIN },
		{ 0, 115, OK },
		{ 0, 121, E_TPM_AGAIN },
	};
	struct machine m = machine_new(EC_P256, EC_P256);
	struct tpm_approval a = approve(&m, (const uint8_t[GATE_NONCE_SIZE]){ 0 });
	struct thief th = { .t = m.t, .ek = m.ek, .nv = m.nv, .approval_key = m.approval_key, .a = a };

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		uint8_t secret[GATE_SECRET_SIZE] = { 0 };
		TSS2_RC rc;

		assert_int_equal(thief_begin(&th), OK);
		swtpm_sleep(m.w, cases[i].before_signed);
		rc = thief_policy(&th, TRICK_NONE);
		swtpm_sleep(m.w, cases[i].before_read);
		if (rc == TSS2_RC_SUCCESS)
			rc = thief_read(&th, secret);
		tpm_session_end(m.t);
		if (rc != TSS2_RC_SUCCESS)
			assert_int_equal(context_error(rc), TPM2_RC_EXPIRED);
		assert_int_equal(rc == TSS2_RC_SUCCESS ? OK : E_TPM_AGAIN, cases[i].expected);
		assert_true((rc == TSS2_RC_SUCCESS) != bytes_zero(BYTES(secret)));
	}
	machine_end(&m);
}

/* --- S6, S18: with the approval key itself ------------------------------------------------------------------------------- */

static struct thief
thief_of(struct machine *m)
{
	return (struct thief){ .t = m->t, .ek = m->ek, .nv = m->nv, .approval_key = m->approval_key, .a = approve(m, (const uint8_t[GATE_NONCE_SIZE]){ 0 }) };
}

static void
with_the_approval_key_and_an_open_door_only_the_whole_policy_reads(void **state)
{
	struct machine m = machine_new(EC_P256, EC_P256);
	struct thief th = thief_of(&m);

	(void)state;
	for (enum trick trick = TRICK_NONE; trick < TRICKS; trick++) {
		uint8_t secret[GATE_SECRET_SIZE] = { 0 };
		TSS2_RC rc = thief_try(&th, trick, secret);

		/* as it is, PCR 13 is zero: that is the honest policy */
		if ((rc == TSS2_RC_SUCCESS) != (trick == TRICK_NONE || trick == TRICK_AS_IT_IS))
			fail_msg("%s: 0x%x by %s", thief_tricks[trick], rc, thief_step);
		assert_true((rc == TSS2_RC_SUCCESS) != bytes_zero(BYTES(secret)));
	}
	machine_end(&m);
}

static void
with_the_approval_key_behind_a_closed_door_nothing_reads(void **state)
{
	static const uint32_t touches[] = { 0, TPM2_CC_PCR_Reset, TPM2_CC_PCR_Event };
	struct machine m = machine_new(EC_P256, EC_P256);
	struct thief th = thief_of(&m);
	unsigned tried = 0;

	(void)state;
	assert_int_equal(tpm_door_close(m.t, BYTES_STRING("approved")), OK);
	for (size_t i = 0; i < sizeof touches / sizeof *touches; i++) {
		/* each PCR reset, as far as it can be; each extended */
		for (unsigned pcr = 0; touches[i] != 0 && pcr < 24; pcr++) {
			uint32_t rc = thief_touch(&th, touches[i], pcr);

			if (pcr == DOOR_PCR && touches[i] == TPM2_CC_PCR_Reset)
				assert_int_equal(rc, TPM2_RC_LOCALITY);
			if (pcr == 16)
				assert_int_equal(rc, TPM2_RC_SUCCESS);
		}
		for (enum trick trick = TRICK_NONE; trick < TRICKS; trick++) {
			uint8_t secret[GATE_SECRET_SIZE] = { 0 };
			TSS2_RC rc = thief_try(&th, trick, secret);

			if (rc == TSS2_RC_SUCCESS || !bytes_zero(BYTES(secret)))
				fail_msg("%s: it reads", thief_tricks[trick]);
			if (trick == TRICK_NONE)
				assert_string_equal(thief_step, "PolicyPCR");
			tried++;
		}
	}
	assert_false(swtpm_saw(m.w, BYTES(m.secret)));
	assert_int_equal(tried, 3 * TRICKS);
	machine_end(&m);
}

/* The whole policy met while the door was open; the read after it closed. */
static void
what_was_prepared_before_the_door_closed_reads_nothing_after(void **state)
{
	struct machine m = machine_new(EC_P256, EC_P256);
	struct thief th = thief_of(&m);
	uint8_t secret[GATE_SECRET_SIZE] = { 0 };

	(void)state;
	assert_int_equal(thief_begin(&th), OK);
	assert_int_equal(thief_policy(&th, TRICK_NONE), TSS2_RC_SUCCESS);
	assert_int_equal(tpm_door_close(m.t, BYTES_STRING("approved")), OK);
	assert_int_equal(thief_read(&th, secret), TPM2_RC_PCR_CHANGED);
	assert_true(bytes_zero(BYTES(secret)));
	machine_end(&m);
}

/* Each bank is extended by the door's one event; who reads but one of them finds it closed. */
static void
the_door_closes_in_each_active_bank(void **state)
{
	struct machine m = machine_new(EC_P256, EC_P256);
	enum hash_alg banks[QUOTE_BANKS_MAX];
	struct digest d, event;
	struct hash h;
	size_t n;

	(void)state;
	assert_int_equal(tpm_banks(m.t, banks, &n), OK);
	assert_int_equal(n, 2);
	for (size_t i = 0; i < n; i++) {
		assert_int_equal(tpm_pcr_read(m.t, banks[i], DOOR_PCR, &d), OK);
		assert_true(bytes_zero(digest_view(&d)));
	}
	assert_int_equal(tpm_door_close(m.t, BYTES_STRING("approved")), OK);
	for (size_t i = 0; i < n; i++) {
		static const uint8_t zero[HASH_SIZE_MAX];
		uint8_t expected[HASH_SIZE_MAX];

		assert_int_equal(tpm_pcr_read(m.t, banks[i], DOOR_PCR, &d), OK);
		event = hash_digest(banks[i], BYTES_STRING("approved"));
		hash_begin(&h, banks[i]);
		hash_add(&h, bytes_of(zero, hash_size(banks[i])));
		hash_add(&h, digest_view(&event));
		assert_int_equal(hash_end(&h, expected), d.n);
		assert_memory_equal(d.p, expected, d.n);
	}
	machine_end(&m);
}

static void
a_ticket_made_at_enrolment_makes_the_first_boot_a_short_one(void **state)
{
	struct machine m = machine_new(EC_P384, EC_P256);
	uint8_t nonce[GATE_NONCE_SIZE] = { 0 };
	struct tpm_approval a = approve(&m, nonce);
	struct tpm_ticket ticket = { 0 };

	(void)state;
	assert_int_equal(tpm_ticket_make(m.t, &a, &ticket), OK);
	assert_int_equal(swtpm_loaded(m.w), 0);
	swtpm_forget(m.w);
	assert_true(read_right(&m, &ticket));
	assert_int_equal(commands_of(m.w, CC_VERIFY_SIGNATURE), 0);
	assert_int_equal(tpm_flush(m.t), OK);
	a.delegation[0] ^= 1;
	assert_int_equal(tpm_ticket_make(m.t, &a, &ticket), E_TPM);
	assert_int_equal(ticket.n, 0);
	machine_end(&m);
}

static void
a_tpm_that_is_not_there_is_said_so(void **state)
{
	struct tpm *t;

	(void)state;
	assert_int_equal(tpm_open("device:/nonexistent", &t), E_NOT_FOUND);
	assert_int_equal(tpm_open("swtpm:path=/nonexistent", &t), E_NOT_FOUND);
	assert_int_equal(tpm_open("mssim:", &t), E_UNSUPPORTED);
	assert_null(t);
	tpm_close(NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_ek_of_each_kind_is_made_persistent_and_found_again),
		cmocka_unit_test(our_own_names_agree_with_the_tpms),
		cmocka_unit_test(occupied_handles_are_respected),
		cmocka_unit_test(the_ek_certificate_is_read_and_its_padding_cut),
		cmocka_unit_test(certificates_of_a_chain_are_put_together_across_indices),
		cmocka_unit_test(an_ak_of_each_kind_quotes_and_is_reused),
		cmocka_unit_test(the_quoted_digest_is_that_of_the_pcrs),
		cmocka_unit_test(activation_opens_what_was_made_for_this_ak_only),
		cmocka_unit_test(owner_and_endorsement_authorisations_are_used),
		cmocka_unit_test(a_boot_is_nine_commands_and_twelve_with_a_new_delegation_and_none_shows_the_secret),
		cmocka_unit_test(each_ek_kind_salts_the_session),
		cmocka_unit_test(the_secret_is_not_seen_when_it_is_written),
		cmocka_unit_test(once_the_caller_wipes_his_no_copy_of_the_secret_is_left_in_the_process),
		cmocka_unit_test(an_approval_with_one_thing_wrong_opens_nothing),
		cmocka_unit_test(a_delegation_for_one_epoch_does_not_open_the_index_of_another),
		cmocka_unit_test(s29_what_a_lost_verifier_has_opens_nothing_after_the_rotation),
		cmocka_unit_test(behind_a_closed_door_an_honest_approval_opens_nothing),
		cmocka_unit_test(a_pcr_that_is_extended_in_between_costs_a_replay_without_a_new_approval),
		cmocka_unit_test(pcrs_that_are_extended_all_the_time_end_after_eight_replays),
		cmocka_unit_test(a_door_that_closes_in_between_ends_it),
		cmocka_unit_test(after_tpm2_clear_old_records_mean_begin_anew_and_an_old_ticket_costs_commands),
		cmocka_unit_test(a_ticket_of_garbage_costs_commands_only),
		cmocka_unit_test(damaged_records_of_objects_are_noticed),
		cmocka_unit_test(an_index_that_is_gone_means_begin_anew_and_one_of_another_policy_is_refused),
		cmocka_unit_test(one_session_tries_the_new_index_and_then_the_old_one),
		cmocka_unit_test(a_fault_at_any_command_of_two_tries_leaves_no_secret_and_nothing_loaded),
		cmocka_unit_test(what_a_rotation_left_is_cleared_in_whatever_state_and_nothing_else_is),
		cmocka_unit_test(a_sweep_takes_what_is_older_and_ours),
		cmocka_unit_test(what_the_index_holds_can_be_read_by_no_other_way),
		cmocka_unit_test(the_index_is_defined_once_and_an_unlocked_leftover_is_replaced),
		cmocka_unit_test(the_index_is_proved_by_a_signed_audit),
		cmocka_unit_test(response_codes_say_whether_to_begin_anew),
		cmocka_unit_test(a_busy_tpm_is_asked_again),
		cmocka_unit_test(a_tpm_that_stays_busy_comes_to_an_end),
		cmocka_unit_test(a_fault_at_any_command_of_a_boot_leaves_no_secret_and_nothing_loaded),
		cmocka_unit_test(a_spoiled_answer_to_the_read_kills_esys_but_leaves_nothing_loaded),
		cmocka_unit_test(what_the_tpm_refused_to_flush_is_flushed_at_the_end),
		cmocka_unit_test(slots_that_a_dead_predecessor_filled_are_freed),
		cmocka_unit_test(a_second_session_ends_the_first),
		cmocka_unit_test(an_approval_does_not_survive_a_restart_of_the_tpm_with_its_session_carried_over),
		cmocka_unit_test(recorded_traffic_sent_again_opens_nothing),
		cmocka_unit_test(an_approval_of_one_session_opens_nothing_in_the_next),
		cmocka_unit_test(an_approval_serves_once),
		cmocka_unit_test(an_approval_of_one_boot_opens_nothing_in_the_next),
		cmocka_unit_test(an_approval_of_one_machine_opens_nothing_on_another),
		cmocka_unit_test(an_approval_of_one_index_opens_no_other),
		cmocka_unit_test(an_approval_is_refused_once_120_seconds_are_over),
		cmocka_unit_test(with_the_approval_key_and_an_open_door_only_the_whole_policy_reads),
		cmocka_unit_test(with_the_approval_key_behind_a_closed_door_nothing_reads),
		cmocka_unit_test(what_was_prepared_before_the_door_closed_reads_nothing_after),
		cmocka_unit_test(the_door_closes_in_each_active_bank),
		cmocka_unit_test(a_ticket_made_at_enrolment_makes_the_first_boot_a_short_one),
		cmocka_unit_test(a_tpm_that_is_not_there_is_said_so),
	};

	log_open("test_tpm", false);
	return cmocka_run_group_tests(tests, swtpm_prepare, swtpm_remove);
}
