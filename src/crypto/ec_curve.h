/* SPDX-License-Identifier: ISC */
/*
 * The curves as BearSSL's, for those files that hand one to it.
 */
#ifndef CRYPTO_EC_CURVE_H
#define CRYPTO_EC_CURVE_H

#include <bearssl.h>

#include "crypto/ec.h"

struct ec_curve_facts {
	enum ec_curve curve;
	size_t field;
	enum hash_alg hash;
	int id;
	const br_ec_impl *impl;
};

/* ec_curve_find(curve): NULL for what is not known. */
const struct ec_curve_facts *ec_curve_find(enum ec_curve curve);

#endif
