/* SPDX-License-Identifier: ISC */
#include "structures/policy_digest.h"

#include <string.h>

#define CC_NV_READ UINT32_C(0x0000014e)
#define CC_POLICY_SIGNED UINT32_C(0x00000160)
#define CC_POLICY_AUTHORIZE UINT32_C(0x0000016a)
#define CC_POLICY_PCR UINT32_C(0x0000017f)

/* What is hashed here is short: Names, references and digests. */
#define TEXT_MAX 320

static void
sha256(const struct buffer *text, uint8_t out[GATE_DIGEST_SIZE])
{
	uint8_t digest[HASH_SIZE_MAX];

	hash_compute(HASH_SHA256, buffer_view(text), digest);
	memcpy(out, digest, GATE_DIGEST_SIZE);
}

/* PolicyUpdate (Part 3, 23.2.3): H(H(policy || command || name) || ref) */
static void
policy_update(uint8_t policy[GATE_DIGEST_SIZE], uint32_t command, struct bytes name, struct bytes ref)
{
	uint8_t text[TEXT_MAX];
	struct buffer first = BUFFER(text), second = BUFFER(text);

	buffer_bytes(&first, bytes_of(policy, GATE_DIGEST_SIZE));
	buffer_be32(&first, command);
	buffer_bytes(&first, name);
	sha256(&first, policy);

	buffer_bytes(&second, bytes_of(policy, GATE_DIGEST_SIZE));
	buffer_bytes(&second, ref);
	sha256(&second, policy);
}

/* PolicyPCR (Part 3, 23.7): H(policy || command || TPML_PCR_SELECTION || SHA-256(PCR 13 = zeros)) */
static void
policy_door(uint8_t policy[GATE_DIGEST_SIZE])
{
	static const uint8_t door[32];
	uint8_t text[TEXT_MAX], pcrs[GATE_DIGEST_SIZE];
	struct buffer values = BUFFER(text), b = BUFFER(text);

	buffer_bytes(&values, BYTES(door));
	sha256(&values, pcrs);

	buffer_bytes(&b, bytes_of(policy, GATE_DIGEST_SIZE));
	buffer_be32(&b, CC_POLICY_PCR);
	buffer_be32(&b, 1);
	buffer_be16(&b, HASH_SHA256);
	buffer_u8(&b, 3);
	buffer_u8(&b, 0);
	buffer_u8(&b, 1 << (DOOR_PCR - 8));
	buffer_u8(&b, 0);
	buffer_bytes(&b, BYTES(pcrs));
	sha256(&b, policy);
}

void
gate_epoch_ref(uint32_t epoch, uint8_t out[GATE_EPOCH_REF_SIZE])
{
	struct buffer b = buffer_of(out, GATE_EPOCH_REF_SIZE);

	buffer_bytes(&b, BYTES_STRING("bootgate/1 epoch"));
	buffer_be32(&b, epoch);
}

void
gate_approval_ref(const struct ec_public *statement_key, uint8_t out[GATE_REF_SIZE])
{
	uint8_t text[TEXT_MAX], point[EC_POINT_MAX];
	struct buffer b = BUFFER(text);

	buffer_bytes(&b, BYTES_STRING("bootgate/1 disk"));
	buffer_bytes(&b, bytes_of(point, ec_public_encode(statement_key, point)));
	sha256(&b, out);
}

enum status
gate_nv_policy(const struct ec_public *authority, uint32_t epoch, uint8_t out[GATE_DIGEST_SIZE])
{
	uint8_t ref[GATE_EPOCH_REF_SIZE];
	struct name name;
	enum status s = name_of_verify_key(authority, &name);

	memset(out, 0, GATE_DIGEST_SIZE);
	if (s != OK)
		return s;
	gate_epoch_ref(epoch, ref);
	policy_update(out, CC_POLICY_AUTHORIZE, name_view(&name), BYTES(ref));
	return OK;
}

void
gate_nv_public(uint32_t handle, uint32_t attributes, const uint8_t policy[GATE_DIGEST_SIZE], struct buffer *out)
{
	buffer_be32(out, handle);
	buffer_be16(out, HASH_SHA256);
	buffer_be32(out, attributes);
	buffer_sized16(out, bytes_of(policy, GATE_DIGEST_SIZE));
	buffer_be16(out, GATE_SECRET_SIZE);
}

void
gate_nv_name(uint32_t handle, uint32_t attributes, const uint8_t policy[GATE_DIGEST_SIZE], struct name *out)
{
	uint8_t text[TEXT_MAX], digest[GATE_DIGEST_SIZE];
	struct buffer area = BUFFER(text), name = buffer_of(out->p, sizeof out->p);

	gate_nv_public(handle, attributes, policy, &area);
	sha256(&area, digest);
	buffer_be16(&name, HASH_SHA256);
	buffer_bytes(&name, BYTES(digest));
	out->n = name.n;
}

enum status
gate_delegated_policy(const struct ec_public *approval_key, const struct ec_public *statement_key, uint8_t out[GATE_DIGEST_SIZE])
{
	uint8_t ref[GATE_REF_SIZE];
	struct name name;
	enum status s = name_of_verify_key(approval_key, &name);

	memset(out, 0, GATE_DIGEST_SIZE);
	if (s != OK)
		return s;
	if (ec_field_size(statement_key->curve) == 0)
		return E_KEY;
	gate_approval_ref(statement_key, ref);
	policy_update(out, CC_POLICY_SIGNED, name_view(&name), BYTES(ref));
	policy_door(out);
	return OK;
}

enum status
gate_delegation_digest(const struct ec_public *authority, const uint8_t policy[GATE_DIGEST_SIZE], uint32_t epoch, struct digest *out)
{
	uint8_t text[TEXT_MAX], ref[GATE_EPOCH_REF_SIZE];
	struct buffer b = BUFFER(text);
	enum hash_alg alg = ec_hash(authority->curve);

	memset(out, 0, sizeof *out);
	if (alg == HASH_NONE)
		return E_KEY;
	gate_epoch_ref(epoch, ref);
	buffer_bytes(&b, bytes_of(policy, GATE_DIGEST_SIZE));
	buffer_bytes(&b, BYTES(ref));
	*out = hash_digest(alg, buffer_view(&b));
	return OK;
}

enum status
gate_delegation_verify(const struct ec_public *authority, const struct ec_public *approval_key, const struct ec_public *statement_key,
	uint32_t epoch, struct bytes sig)
{
	uint8_t policy[GATE_DIGEST_SIZE];
	struct digest d;
	enum status s = gate_delegated_policy(approval_key, statement_key, policy);

	if (s == OK)
		s = gate_delegation_digest(authority, policy, epoch, &d);
	if (s != OK)
		return s;
	return ec_verify(authority, digest_view(&d), sig);
}

void
gate_read_cphash(const struct name *nv_name, uint8_t out[GATE_DIGEST_SIZE])
{
	uint8_t text[TEXT_MAX];
	struct buffer b = BUFFER(text);

	buffer_be32(&b, CC_NV_READ);
	buffer_bytes(&b, name_view(nv_name));
	buffer_bytes(&b, name_view(nv_name));
	buffer_be16(&b, GATE_SECRET_SIZE);
	buffer_be16(&b, 0);
	sha256(&b, out);
}

void
gate_approval_digest(const struct ec_public *approval_key, const uint8_t nonce[GATE_NONCE_SIZE], const struct name *nv_name,
	const struct ec_public *statement_key, struct digest *out)
{
	uint8_t text[TEXT_MAX], cphash[GATE_DIGEST_SIZE], ref[GATE_REF_SIZE];
	struct buffer b = BUFFER(text);

	gate_read_cphash(nv_name, cphash);
	gate_approval_ref(statement_key, ref);
	buffer_bytes(&b, bytes_of(nonce, GATE_NONCE_SIZE));
	buffer_be32(&b, GATE_EXPIRATION);
	buffer_bytes(&b, BYTES(cphash));
	buffer_bytes(&b, BYTES(ref));
	*out = hash_digest(ec_hash(approval_key->curve), buffer_view(&b));
}
