/* SPDX-License-Identifier: ISC */
/*
 * A hostile TPM: what it answers to each command of a boot, or of an enrolment, goes through ESYS to our own layer.
 *
 *	which commands 1, then for each command: how 1, and
 *		how & 3 = 0: success,  length 2, what stands behind the header
 *		          1: an error, code 2
 *		          2: success, with the other tag,  length 2, ...
 *		          3: no answer, or one that was framed wrongly
 *
 * The way to the TPM is replaced by this file: it gives what src/tpm/tcti.c would give, which is whole answers.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/log.h"
#include "base/memory.h"
#include "crypto/ecdsa_sign.h"
#include "structures/credential.h"
#include "tpm/tcti.h"
#include "tpm/tpm.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct reader input;
static uint16_t tag;
static unsigned commands;

/* More than any caller may send for one input: a TPM must not keep them busy without end. */
#define COMMANDS_MAX 4000

/* The pauses before a busy TPM is asked again. */
int
nanosleep(const struct timespec *t, struct timespec *left)
{
	(void)t;
	(void)left;
	return 0;
}

static TSS2_RC
transmit(TSS2_TCTI_CONTEXT *tcti, size_t n, const uint8_t *command)
{
	struct reader r = reader_of(bytes_of(command, n));

	(void)tcti;
	tag = reader_be16(&r);
	if (reader_be32(&r) != n || ++commands > COMMANDS_MAX)
		__builtin_trap();
	return TSS2_RC_SUCCESS;
}

static TSS2_RC
receive(TSS2_TCTI_CONTEXT *tcti, size_t *size, uint8_t *answer, int32_t timeout)
{
	size_t room = *size;
	struct buffer b;
	struct bytes body = { NULL, 0 };
	uint8_t how;

	(void)tcti;
	(void)timeout;
	*size = TPM2_MAX_RESPONSE_SIZE;
	if (answer == NULL)
		return TSS2_RC_SUCCESS;
	how = reader_u8(&input);
	if (input.failed != OK || (how & 3) == 3)
		return input.failed != OK ? TCTI_TOO_LATE : TCTI_MALFORMED;
	b = buffer_of(answer, room);
	if ((how & 3) == 1) {
		buffer_be16(&b, 0x8001);
		buffer_be32(&b, 10);
		buffer_be32(&b, reader_be16(&input) | 0x80U);
		*size = b.n;
		return TSS2_RC_SUCCESS;
	}
	body = reader_take(&input, reader_be16(&input));
	if (body.n > room - 10)
		body.n = room - 10;
	buffer_be16(&b, (how & 3) == 0 ? tag : tag ^ 3);
	buffer_be32(&b, (uint32_t)(10 + body.n));
	buffer_be32(&b, 0);
	buffer_bytes(&b, body);
	memset(answer + b.n, 0, room - b.n);
	*size = b.n;
	return TSS2_RC_SUCCESS;
}

enum status
tcti_open(const char *name, TSS2_TCTI_CONTEXT **tcti, bool *raw)
{
	TSS2_TCTI_CONTEXT_COMMON_V1 *c = calloc(1, sizeof *c);

	(void)name;
	*c = (TSS2_TCTI_CONTEXT_COMMON_V1){ .magic = 1, .version = 1, .transmit = transmit, .receive = receive };
	*tcti = (TSS2_TCTI_CONTEXT *)(void *)c;
	*raw = true;
	return OK;
}

void
tcti_close(TSS2_TCTI_CONTEXT *tcti)
{
	free(tcti);
}

unsigned
tcti_waited(TSS2_TCTI_CONTEXT *tcti)
{
	(void)tcti;
	return 0;
}

TSS2_RC Tss2_TctiLdr_Initialize(const char *name, TSS2_TCTI_CONTEXT **tcti);
void Tss2_TctiLdr_Finalize(TSS2_TCTI_CONTEXT **tcti);

TSS2_RC
Tss2_TctiLdr_Initialize(const char *name, TSS2_TCTI_CONTEXT **tcti)
{
	(void)name;
	(void)tcti;
	return TSS2_TCTI_RC_NOT_SUPPORTED;
}

void
Tss2_TctiLdr_Finalize(TSS2_TCTI_CONTEXT **tcti)
{
	(void)tcti;
}

/* What a token would have cached: an EK, an AK, the index. */
static struct world {
	bool made;
	struct ec_private key;
	struct tpm_object ek, ak, nv;
	struct tpm_approval approval;
} world;

static void
put_object(struct tpm_object *o, uint32_t handle, uint32_t type, struct bytes name, struct bytes public)
{
	struct buffer b = buffer_of(o->blob, sizeof o->blob);

	buffer_be32(&b, handle);
	buffer_be16(&b, (uint16_t)name.n);
	buffer_bytes(&b, name);
	buffer_be32(&b, type);
	buffer_be16(&b, (uint16_t)public.n);
	buffer_bytes(&b, public);
	o->n = b.n;
	if (b.failed != OK)
		__builtin_trap();
}

static void
make_world(struct world *w)
{
	uint8_t area[PUBLIC_SIZE_MAX], nv[64], policy[GATE_DIGEST_SIZE];
	struct buffer k = BUFFER(area), n = BUFFER(nv);
	struct tpm_approval *a = &w->approval;
	struct public_area public = { .type = PUBLIC_ECC };
	struct name name;

	log_limit(LOG_LEVEL_ERROR);
	if (ec_generate(EC_P256, &w->key) != OK)
		__builtin_trap();
	public.key.ec = w->key.public;
	if (public_encode_ek(&public, &k) != OK || public_decode(buffer_view(&k), &public) != OK || public_name(&public, &name) != OK)
		__builtin_trap();
	put_object(&w->ek, 0x81010002, 1, name_view(&name), buffer_view(&k));
	put_object(&w->ak, 0x8101b001, 1, name_view(&name), buffer_view(&k));
	gate_nv_policy(&w->key.public, 1, policy);
	gate_nv_name(0x018b4701, GATE_NV_ATTRIBUTES, policy, &name);
	buffer_be32(&n, 0x018b4701);
	buffer_be16(&n, HASH_SHA256);
	buffer_be32(&n, GATE_NV_ATTRIBUTES);
	buffer_be16(&n, sizeof policy);
	buffer_bytes(&n, BYTES(policy));
	buffer_be16(&n, GATE_SECRET_SIZE);
	put_object(&w->nv, 0x018b4701, 2, name_view(&name), buffer_view(&n));
	a->authority = a->approval_key = a->statement_key = w->key.public;
	a->epoch = 1;
	a->delegation_n = a->signature_n = 64;
	w->made = true;
}

/* Nobody without the salt can answer the read: whatever it says, there is no secret. */
static void
boot(struct tpm *t)
{
	uint8_t nonce[GATE_NONCE_SIZE], qualifying[32] = { 0 }, attest[QUOTE_SIZE_MAX], signature[SIGNATURE_SIZE_MAX], secret[GATE_SECRET_SIZE];
	struct buffer a = BUFFER(attest), s = BUFFER(signature);
	enum hash_alg banks[QUOTE_BANKS_MAX] = { HASH_SHA256 };
	struct tpm_ticket ticket = { .n = 0 };
	struct digest d;
	size_t n = 1;

	tpm_session_begin(t, &world.ek, nonce);
	if (tpm_banks(t, banks, &n) == OK && n > QUOTE_BANKS_MAX)
		__builtin_trap();
	if (tpm_quote(t, &world.ak, qualifying, banks, n, TPM_PCRS, &a, &s) == OK && (a.n > sizeof attest || s.n > sizeof signature))
		__builtin_trap();
	if (tpm_secret_read(t, &world.nv, &world.approval, &ticket, secret) == OK || !bytes_zero(BYTES(secret)) || ticket.n > sizeof ticket.p)
		__builtin_trap();
	tpm_door_close(t, BYTES_STRING("left"));
	if (tpm_pcr_read(t, HASH_SHA256, 13, &d) == OK && d.n != 32)
		__builtin_trap();
	tpm_flush(t);
}

static void
enrol(struct tpm *t)
{
	static uint8_t der[8192], chain[16384];
	uint8_t attest[QUOTE_SIZE_MAX], signature[SIGNATURE_SIZE_MAX], qualifying[32] = { 0 }, secret[GATE_SECRET_SIZE] = { 7 }, opened[32];
	static const uint8_t wrapped[34] = { 0, 32 };
	struct buffer d = BUFFER(der), c = BUFFER(chain), a = BUFFER(attest), s = BUFFER(signature);
	struct tpm_object ek, ak, nv;
	struct tpm_ticket ticket;
	uint32_t handle = 0;
	bool made;

	tpm_ek_certificate(t, TPM_EK_P384, &d, &c);
	if (tpm_ek_ensure(t, TPM_EK_P384, &ek) != OK)
		ek = world.ek;
	if (tpm_ak_ensure(t, &ek, 0x8101b001, TPM_EK_KINDS, &ak, &made) != OK)
		ak = world.ak;
	tpm_activate(t, &ek, &ak, BYTES(wrapped), BYTES(wrapped), opened);
	if (tpm_secret_define(t, &world.ek, &world.key.public, 1, &handle, secret, &nv) == OK)
		__builtin_trap();
	tpm_secret_prove(t, &ak, &world.nv, qualifying, &a, &s);
	tpm_ticket_make(t, &world.approval, &ticket);
}

static void
tidy_up(struct tpm *t)
{
	struct tpm_object o;

	tpm_flush_leftovers(t);
	tpm_object_find(t, 0x81010001, &o);
	tpm_object_find(t, 0x018b4701, &o);
	tpm_object_evict(t, 0x8101b001);
	tpm_secret_delete(t, 0x018b4701);
	boot(t);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static void (*const all[])(struct tpm *) = { boot, enrol, tidy_up };
	struct tpm *t = NULL;

	if (!world.made)
		make_world(&world);
	commands = 0;
	input = reader_of(bytes_of(data, size));
	if (tpm_open("device:/dev/null", &t) != OK)
		__builtin_trap();
	all[reader_u8(&input) % 3](t);
	tpm_close(t);
	return 0;
}
