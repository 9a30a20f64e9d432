/* SPDX-License-Identifier: ISC */
/*
 * The hash functions as BearSSL's, for those files that hand one to it.
 */
#ifndef CRYPTO_HASH_CLASS_H
#define CRYPTO_HASH_CLASS_H

#include <bearssl.h>

#include "crypto/hash.h"

/* hash_class(alg): NULL for what is not known. */
const br_hash_class *hash_class(enum hash_alg alg);

#endif
