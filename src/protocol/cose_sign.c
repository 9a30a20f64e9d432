/* SPDX-License-Identifier: ISC */
#include "protocol/cose_sign.h"

#include "base/cbor_write.h"
#include "crypto/ecdsa_sign.h"
#include "protocol/cose.h"

enum status
cose_sign(const struct ec_private *k, struct bytes payload, struct buffer *scratch, struct buffer *out)
{
	enum ec_curve curve = k->public.curve;
	struct bytes protected = cose_protected(curve);
	struct cbor_writer w = cbor_write_to(out);
	uint8_t signature[EC_SIGNATURE_MAX];
	struct digest digest;
	size_t n = 0;
	enum status s = payload.n > 0 ? OK : E_RANGE;

	if (s == OK && protected.n == 0)
		s = E_KEY;
	if (s == OK)
		s = cose_signed_digest(curve, protected, bytes_of(NULL, 0), payload, scratch, &digest);
	if (s == OK)
		s = ecdsa_sign(k, digest.alg, digest_view(&digest), signature, &n);
	if (s != OK)
		return s;
	cbor_write_tag(&w, COSE_TAG_SIGN1);
	cbor_write_array(&w, 4);
	cbor_write_bytes(&w, protected);
	cbor_write_map(&w, 0);
	cbor_write_bytes(&w, payload);
	cbor_write_bytes(&w, bytes_of(signature, n));
	return cbor_write_end(&w);
}
