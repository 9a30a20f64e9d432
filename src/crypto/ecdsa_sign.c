/* SPDX-License-Identifier: ISC */
#include "crypto/ecdsa_sign.h"

#include "base/memory.h"
#include "crypto/ec_curve.h"
#include "crypto/hash_class.h"

enum status
ecdsa_sign(const struct ec_private *k, enum hash_alg alg, struct bytes digest, uint8_t sig[EC_SIGNATURE_MAX], size_t *n)
{
	const struct ec_curve_facts *c = ec_curve_find(k->public.curve);
	const br_hash_class *class = hash_class(alg);
	uint8_t d[EC_FIELD_MAX];
	br_ec_private_key key = { 0, d, 0 };

	*n = 0;
	if (class == NULL)
		return E_UNSUPPORTED;
	if (digest.n != hash_size(alg))
		return E_RANGE;
	if (c == NULL)
		return E_KEY;
	key.curve = c->id;
	key.xlen = c->field;
	/* A copy, because BearSSL's key is not const. */
	for (size_t i = 0; i < c->field; i++)
		d[i] = k->d[i];
	*n = br_ecdsa_i31_sign_raw(c->impl, class, digest.p, &key, sig);
	memory_wipe(d, sizeof d);
	return *n == 2 * c->field ? OK : E_KEY;
}
