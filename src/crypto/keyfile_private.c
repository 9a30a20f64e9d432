/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "base/memory.h"
#include "crypto/der.h"
#include "crypto/keyfile.h"
#include "crypto/keyfile_asn1.h"
#include "crypto/pem.h"

static const char label_ec[] = "EC PRIVATE KEY";
static const char label_pkcs8[] = "PRIVATE KEY";

/* An INTEGER of one byte, as versions are. */
static void
read_version(struct reader *r, uint8_t expected)
{
	if (!bytes_equal(der_read(r, DER_INTEGER), bytes_of(&expected, 1)))
		reader_fail(r, E_SYNTAX);
}

/* parameters [0] OBJECT IDENTIFIER OPTIONAL; ${told} is the curve that stands around the key, if any. */
static enum ec_curve
read_parameters(struct reader *r, enum ec_curve told)
{
	struct reader in;
	enum ec_curve curve;

	if (!der_next(r, DER_CONTEXT_0)) {
		if (told == EC_NONE)
			reader_fail(r, E_SYNTAX);
		return told;
	}
	in = reader_of(der_read(r, DER_CONTEXT_0));
	curve = keyfile_asn1_curve(der_read(&in, DER_OID));
	if (curve == EC_NONE)
		reader_fail(r, E_UNSUPPORTED);
	if (reader_end(&in) != OK || (told != EC_NONE && told != curve))
		reader_fail(r, E_SYNTAX);
	return curve;
}

/* publicKey [1] BIT STRING OPTIONAL: must be the one that belongs to ${k}. */
static void
check_public(struct reader *r, const struct ec_private *k)
{
	struct reader in;
	struct ec_public claimed;

	if (!der_next(r, DER_CONTEXT_1))
		return;
	in = reader_of(der_read(r, DER_CONTEXT_1));
	keyfile_asn1_read_point(&in, k->public.curve, &claimed);
	if (reader_end(&in) != OK)
		reader_fail(r, in.failed == E_KEY ? E_KEY : E_SYNTAX);
	else if (!ec_public_equal(&claimed, &k->public))
		reader_fail(r, E_KEY);
}

/* What the caller is told: a key of another kind, a key that is none, or bytes that are not as they should be. */
static enum status
reason(const struct reader *r)
{
	if (r->failed == E_UNSUPPORTED || r->failed == E_KEY)
		return r->failed;
	return reader_end(r) == OK ? OK : E_SYNTAX;
}

/* ECPrivateKey ::= SEQUENCE { version 1, privateKey OCTET STRING, parameters [0], publicKey [1] }  (RFC 5915, 3) */
static enum status
decode_ec(struct bytes der, enum ec_curve told, struct ec_private *k)
{
	struct reader outer = reader_of(der);
	struct reader r = reader_of(der_read(&outer, DER_SEQUENCE));
	struct bytes d;
	enum ec_curve curve;

	if (reader_end(&outer) != OK)
		return E_SYNTAX;
	read_version(&r, 1);
	d = der_read(&r, DER_OCTET_STRING);
	curve = read_parameters(&r, told);
	if (r.failed == OK)
		reader_fail(&r, ec_private_from_d(curve, d, k));
	if (r.failed == OK)
		check_public(&r, k);
	return reason(&r);
}

/* PrivateKeyInfo ::= SEQUENCE { version 0, algorithm AlgorithmIdentifier, privateKey OCTET STRING }  (RFC 5208, 5) */
static enum status
decode_pkcs8(struct bytes der, struct ec_private *k)
{
	struct reader outer = reader_of(der);
	struct reader r = reader_of(der_read(&outer, DER_SEQUENCE));
	struct bytes inner;
	enum ec_curve curve;

	if (reader_end(&outer) != OK)
		return E_SYNTAX;
	read_version(&r, 0);
	curve = keyfile_asn1_read_algorithm(&r);
	inner = der_read(&r, DER_OCTET_STRING);
	return reason(&r) == OK ? decode_ec(inner, curve, k) : reason(&r);
}

enum status
keyfile_decode_private(struct bytes in, struct ec_private *k)
{
	uint8_t der[KEYFILE_DER_MAX];
	struct buffer b = BUFFER(der);
	enum status s = in.n <= KEYFILE_SIZE_MAX ? pem_decode(in, label_ec, &b) : E_TOO_LARGE;

	memset(k, 0, sizeof *k);
	if (s == OK) {
		s = decode_ec(buffer_view(&b), EC_NONE, k);
	} else if (s == E_TYPE) {
		s = pem_decode(in, label_pkcs8, &b);
		if (s == OK)
			s = decode_pkcs8(buffer_view(&b), k);
	}
	if (s != OK)
		memory_wipe(k, sizeof *k);
	memory_wipe(der, sizeof der);
	return s;
}

/* A context tag around one element. */
static void
write_tagged(struct buffer *b, enum der_tag tag, const struct buffer *element)
{
	if (element->failed != OK)
		buffer_fail(b, element->failed);
	der_write(b, tag, buffer_view(element));
}

enum status
keyfile_encode_private(const struct ec_private *k, struct buffer *out)
{
	static const uint8_t version[] = { 1 };
	uint8_t oid[16], point[KEYFILE_DER_MAX], inner[KEYFILE_DER_MAX], der[KEYFILE_DER_MAX];
	struct buffer o = BUFFER(oid), p = BUFFER(point), in = BUFFER(inner), b = BUFFER(der);
	size_t field = ec_field_size(k->public.curve);
	enum status s;

	if (field == 0)
		return E_KEY;
	der_write(&o, DER_OID, keyfile_asn1_oid(k->public.curve));
	keyfile_asn1_write_point(&p, &k->public);
	der_write(&in, DER_INTEGER, BYTES(version));
	der_write(&in, DER_OCTET_STRING, bytes_of(k->d, field));
	write_tagged(&in, DER_CONTEXT_0, &o);
	write_tagged(&in, DER_CONTEXT_1, &p);
	write_tagged(&b, DER_SEQUENCE, &in);
	s = b.failed == OK ? pem_encode(label_ec, buffer_view(&b), out) : b.failed;
	memory_wipe(inner, sizeof inner);
	memory_wipe(der, sizeof der);
	return s;
}
