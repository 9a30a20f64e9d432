/* SPDX-License-Identifier: ISC */
/*
 * A LUKS2 device's beginning in memory, to be changed and sealed with good checksums again.
 */
#ifndef TESTS_LUKS_DEVICE_H
#define TESTS_LUKS_DEVICE_H

#include "vectors.h"

#include <stdio.h>
#include <stdlib.h>

#include "crypto/hash.h"
#include "luks/header.h"

#define DEVICE_MAX (1U << 20)

struct device {
	size_t n;
	uint8_t p[DEVICE_MAX];
};

static inline void
device_load(struct device *d, const char *path, size_t n)
{
	FILE *f = fopen(path, "rb");

	if (f == NULL)
		fail_msg("%s", path);
	d->n = fread(d->p, 1, n < sizeof d->p ? n : sizeof d->p, f);
	fclose(f);
	assert_true(d->n >= 2 * HEADER_BINARY_SIZE);
}

static inline size_t
device_copy_size(const struct device *d)
{
	return (size_t)d->p[13] << 16 | (size_t)d->p[14] << 8;
}

/* A fresh checksum of the copy of ${size} bytes at ${place}. */
static inline void
device_seal(struct device *d, size_t place, size_t size)
{
	uint8_t digest[HASH_SIZE_MAX];

	memset(d->p + place + 448, 0, 64);
	assert_int_equal(hash_compute(HASH_SHA256, bytes_of(d->p + place, size), digest), 32);
	memcpy(d->p + place + 448, digest, 32);
}

/* The JSON of the copy at ${place}: all its first ${from} becomes ${to}.  Whether it was there. */
static inline bool
device_edit(struct device *d, size_t place, size_t size, const char *from, const char *to)
{
	char *json = (char *)d->p + place + HEADER_BINARY_SIZE, *at = strstr(json, from);
	size_t room = size - HEADER_BINARY_SIZE, length = strlen(json);

	if (at == NULL)
		return false;
	assert_true(length - strlen(from) + strlen(to) < room);
	memmove(at + strlen(to), at + strlen(from), length - (size_t)(at - json) - strlen(from) + 1);
	memcpy(at, to, strlen(to));
	if (strlen(to) < strlen(from))
		memset(json + strlen(json), 0, room - strlen(json));
	device_seal(d, place, size);
	return true;
}

/* In both copies. */
static inline void
device_edit_both(struct device *d, const char *from, const char *to)
{
	size_t size = device_copy_size(d);

	if (!device_edit(d, 0, size, from, to) || !device_edit(d, size, size, from, to))
		fail_msg("not in the fixture: %s", from);
}

static inline void
device_set_seqid(struct device *d, size_t place, uint8_t seqid)
{
	d->p[place + 23] = seqid;
	device_seal(d, place, device_copy_size(d));
}

#endif
