/* SPDX-License-Identifier: ISC */
#include "crypto/hash.h"

#include <string.h>

#include "base/memory.h"
#include "crypto/hash_class.h"

_Static_assert(sizeof(br_hash_compat_context) <= sizeof(((struct hash *)0)->state), "struct hash has room for every hash function");

static const struct function {
	enum hash_alg alg;
	const char *name;
	size_t size, block;
	const br_hash_class *class;
} functions[] = {
	{ HASH_SHA1, "sha1", br_sha1_SIZE, 64, &br_sha1_vtable },
	{ HASH_SHA256, "sha256", br_sha256_SIZE, 64, &br_sha256_vtable },
	{ HASH_SHA384, "sha384", br_sha384_SIZE, 128, &br_sha384_vtable },
	{ HASH_SHA512, "sha512", br_sha512_SIZE, 128, &br_sha512_vtable },
};

#define FUNCTIONS (sizeof functions / sizeof *functions)

static const struct function *
find(unsigned alg)
{
	for (size_t i = 0; i < FUNCTIONS; i++)
		if (functions[i].alg == alg)
			return &functions[i];
	return NULL;
}

bool
hash_known(uint16_t alg)
{
	return find(alg) != NULL;
}

size_t
hash_size(enum hash_alg alg)
{
	const struct function *f = find(alg);

	return f != NULL ? f->size : 0;
}

const char *
hash_name(enum hash_alg alg)
{
	const struct function *f = find(alg);

	return f != NULL ? f->name : "unknown";
}

enum hash_alg
hash_of_name(const char *name)
{
	for (size_t i = 0; i < FUNCTIONS; i++)
		if (strcmp(functions[i].name, name) == 0)
			return functions[i].alg;
	return HASH_NONE;
}

const br_hash_class *
hash_class(enum hash_alg alg)
{
	const struct function *f = find(alg);

	return f != NULL ? f->class : NULL;
}

void
hash_begin(struct hash *h, enum hash_alg alg)
{
	const struct function *f = find(alg);
	br_hash_compat_context c;

	memset(h, 0, sizeof *h);
	h->alg = alg;
	if (f == NULL)
		return;
	memset(&c, 0, sizeof c);
	f->class->init(&c.vtable);
	memcpy(h->state.bytes, &c, sizeof c);
}

void
hash_add(struct hash *h, struct bytes in)
{
	const struct function *f = find(h->alg);
	br_hash_compat_context c;

	if (f == NULL || in.n == 0)
		return;
	memcpy(&c, h->state.bytes, sizeof c);
	f->class->update(&c.vtable, in.p, in.n);
	memcpy(h->state.bytes, &c, sizeof c);
	memory_wipe(&c, sizeof c);
}

size_t
hash_end(struct hash *h, uint8_t out[HASH_SIZE_MAX])
{
	const struct function *f = find(h->alg);
	br_hash_compat_context c;

	if (f == NULL)
		return 0;
	memcpy(&c, h->state.bytes, sizeof c);
	f->class->out(&c.vtable, out);
	memory_wipe(&c, sizeof c);
	memory_wipe(h, sizeof *h);
	return f->size;
}

size_t
hash_compute(enum hash_alg alg, struct bytes in, uint8_t out[HASH_SIZE_MAX])
{
	struct hash h;

	hash_begin(&h, alg);
	hash_add(&h, in);
	return hash_end(&h, out);
}

struct digest
hash_digest(enum hash_alg alg, struct bytes in)
{
	struct digest d = { alg, 0, { 0 } };

	d.n = hash_compute(alg, in, d.p);
	return d;
}

struct bytes
digest_view(const struct digest *d)
{
	return bytes_of(d->p, d->n);
}

bool
digest_equal(const struct digest *a, const struct digest *b)
{
	return a->alg == b->alg && bytes_equal(digest_view(a), digest_view(b));
}

static void
begin_padded(struct hash *h, const struct function *f, const uint8_t key[HASH_BLOCK_MAX], uint8_t pad)
{
	uint8_t block[HASH_BLOCK_MAX];

	for (size_t i = 0; i < f->block; i++)
		block[i] = key[i] ^ pad;
	hash_begin(h, f->alg);
	hash_add(h, bytes_of(block, f->block));
	memory_wipe(block, sizeof block);
}

void
hmac_begin(struct hmac *m, enum hash_alg alg, struct bytes key)
{
	const struct function *f = find(alg);
	uint8_t block[HASH_BLOCK_MAX] = { 0 };

	memset(m, 0, sizeof *m);
	if (f == NULL)
		return;
	if (key.n > f->block)
		hash_compute(alg, key, block);
	else if (key.n > 0)
		memcpy(block, key.p, key.n);
	begin_padded(&m->inner, f, block, 0x36);
	begin_padded(&m->outer, f, block, 0x5c);
	memory_wipe(block, sizeof block);
}

void
hmac_add(struct hmac *m, struct bytes in)
{
	hash_add(&m->inner, in);
}

size_t
hmac_end(struct hmac *m, uint8_t out[HASH_SIZE_MAX])
{
	uint8_t inner[HASH_SIZE_MAX];
	size_t n = hash_end(&m->inner, inner);

	hash_add(&m->outer, bytes_of(inner, n));
	memory_wipe(inner, n);
	return hash_end(&m->outer, out);
}

size_t
hmac_compute(enum hash_alg alg, struct bytes key, struct bytes in, uint8_t out[HASH_SIZE_MAX])
{
	struct hmac m;

	hmac_begin(&m, alg, key);
	hmac_add(&m, in);
	return hmac_end(&m, out);
}
