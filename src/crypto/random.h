/* SPDX-License-Identifier: ISC */
#ifndef CRYPTO_RANDOM_H
#define CRYPTO_RANDOM_H

#include "base/bytes.h"

/* random_fill(p, n): ${n} bytes from getrandom(2), waiting until the kernel's pool is ready; E_RANDOM, with zeros in ${p}. */
enum status random_fill(void *p, size_t n);

#endif
