/* SPDX-License-Identifier: ISC */
/*
 * Memory that holds secrets.
 */
#ifndef BASE_MEMORY_H
#define BASE_MEMORY_H

#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"

/* memory_wipe(p, n): overwrite ${n} bytes with zeros in a way that the compiler keeps. */
void memory_wipe(void *p, size_t n);

/* memory_equal(a, b, n): whether ${n} bytes agree, in time that depends on ${n} alone. */
bool memory_equal(const void *a, const void *b, size_t n);

/*
 * memory_protect(): for the whole process: no core files, no tracing by others, and all pages, present and future,
 * locked in RAM.  E_PERMISSION when the limits do not allow the locking; the rest is in force even then.
 */
enum status memory_protect(void);

#endif
