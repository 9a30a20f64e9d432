/* SPDX-License-Identifier: ISC */
#include "protocol/cose.h"

#include "base/cbor_write.h"
#include "protocol/cbor.h"

#define PAYLOAD_MIN 1

static const uint8_t ES256[] = { 0xa1, 0x01, 0x26 };
static const uint8_t ES384[] = { 0xa1, 0x01, 0x38, 0x22 };

struct bytes
cose_protected(enum ec_curve curve)
{
	if (curve == EC_P256)
		return BYTES(ES256);
	return curve == EC_P384 ? BYTES(ES384) : bytes_of(NULL, 0);
}

enum status
cose_signed_digest(enum ec_curve curve, struct bytes protected, struct bytes external_aad, struct bytes payload,
	struct buffer *scratch, struct digest *out)
{
	struct cbor_writer w;
	enum status s;

	*scratch = buffer_of(scratch->p, scratch->size);
	w = cbor_write_to(scratch);
	cbor_write_array(&w, 4);
	cbor_write_text(&w, BYTES_STRING("Signature1"));
	cbor_write_bytes(&w, protected);
	cbor_write_bytes(&w, external_aad);
	cbor_write_bytes(&w, payload);
	s = cbor_write_end(&w);
	if (s == OK)
		*out = hash_digest(ec_hash(curve), buffer_view(scratch));
	return s;
}

static enum status
header_check(enum ec_curve curve, struct bytes protected)
{
	if (bytes_equal(protected, cose_protected(curve)))
		return OK;
	return bytes_equal(protected, BYTES(ES256)) || bytes_equal(protected, BYTES(ES384)) ? E_MISMATCH : E_UNSUPPORTED;
}

enum status
cose_verify(const struct ec_public *k, struct bytes in, struct buffer *scratch, struct bytes *payload)
{
	struct cbor_reader r = cbor_read_from(in);
	struct bytes protected, content, signature;
	struct digest digest;
	enum status s;

	*payload = bytes_of(NULL, 0);
	if (cbor_read_tag(&r) != COSE_TAG_SIGN1)
		cbor_read_fail(&r, E_TYPE);
	cbor_read_array(&r, 4, 4);
	protected = cbor_read_bytes(&r, 0, SIZE_MAX);
	cbor_read_map(&r);
	cbor_read_close(&r);
	content = cbor_read_bytes(&r, PAYLOAD_MIN, SIZE_MAX);
	signature = cbor_read_bytes(&r, 0, SIZE_MAX);
	cbor_read_close(&r);
	s = cbor_read_end(&r);
	if (s == OK)
		s = header_check(k->curve, protected);
	if (s == OK)
		s = cose_signed_digest(k->curve, protected, bytes_of(NULL, 0), content, scratch, &digest);
	if (s == OK)
		s = ec_verify(k, digest_view(&digest), signature);
	if (s == OK)
		*payload = content;
	return s;
}
