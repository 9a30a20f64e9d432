/* SPDX-License-Identifier: ISC */
/*
 * Time for deadlines: what no clock that somebody sets can move.
 */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>

/* clock_now_ms(): the monotonic clock, in milliseconds. */
int64_t clock_now_ms(void);

#endif
