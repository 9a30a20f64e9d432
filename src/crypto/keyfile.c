/* SPDX-License-Identifier: ISC */
#include "crypto/keyfile.h"

#include <string.h>

#include "crypto/der.h"
#include "crypto/keyfile_asn1.h"
#include "crypto/pem.h"

static const char label[] = "PUBLIC KEY";

/* SubjectPublicKeyInfo ::= SEQUENCE { algorithm AlgorithmIdentifier, subjectPublicKey BIT STRING } */
static enum status
decode_info(struct bytes der, struct ec_public *k)
{
	struct reader outer = reader_of(der);
	struct reader r = reader_of(der_read(&outer, DER_SEQUENCE));
	enum ec_curve curve;

	if (reader_end(&outer) != OK)
		return E_SYNTAX;
	curve = keyfile_asn1_read_algorithm(&r);
	keyfile_asn1_read_point(&r, curve, k);
	if (r.failed == E_UNSUPPORTED || r.failed == E_KEY)
		return r.failed;
	return reader_end(&r) == OK ? OK : E_SYNTAX;
}

enum status
keyfile_decode_public(struct bytes in, struct ec_public *k)
{
	uint8_t der[KEYFILE_DER_MAX];
	struct buffer b = BUFFER(der);
	enum status s = in.n <= KEYFILE_SIZE_MAX ? pem_decode(in, label, &b) : E_TOO_LARGE;

	memset(k, 0, sizeof *k);
	if (s == OK)
		s = decode_info(buffer_view(&b), k);
	if (s != OK)
		memset(k, 0, sizeof *k);
	return s;
}

enum status
keyfile_encode_public(const struct ec_public *k, struct buffer *out)
{
	uint8_t inner[KEYFILE_DER_MAX], der[KEYFILE_DER_MAX];
	struct buffer in = BUFFER(inner), b = BUFFER(der);

	if (ec_field_size(k->curve) == 0)
		return E_KEY;
	keyfile_asn1_write_algorithm(&in, k->curve);
	keyfile_asn1_write_point(&in, k);
	der_write(&b, DER_SEQUENCE, buffer_view(&in));
	return pem_encode(label, buffer_view(&b), out);
}
