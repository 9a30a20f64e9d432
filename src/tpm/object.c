/* SPDX-License-Identifier: ISC */
#include "tpm/object.h"

#include <string.h>

#include "base/log.h"

#define TYPE_KEY 1
#define TYPE_NV 2

struct blob {
	uint32_t handle, type;
	struct bytes name, public;
};

static enum status
decode(const struct tpm_object *o, struct blob *b)
{
	struct reader r;

	if (o->n > sizeof o->blob)
		return E_TOO_LARGE;
	r = reader_of(bytes_of(o->blob, o->n));
	b->handle = reader_be32(&r);
	b->name = reader_take(&r, reader_be16(&r));
	b->type = reader_be32(&r);
	b->public = reader_take(&r, reader_be16(&r));
	if (b->type != TYPE_KEY && b->type != TYPE_NV)
		reader_fail(&r, E_TYPE);
	return reader_end(&r);
}

enum status
tpm_object_public(const struct tpm_object *o, struct bytes *public, uint32_t *handle)
{
	struct blob b = { 0 };
	enum status s = decode(o, &b);

	if (s == OK && b.type != TYPE_KEY)
		s = E_TYPE;
	*public = b.public;
	*handle = b.handle;
	return s;
}

static enum status
decode_nv(struct bytes in, struct nv_public *nv)
{
	struct reader r = reader_of(in);

	nv->handle = reader_be32(&r);
	nv->name_alg = reader_be16(&r);
	nv->attributes = reader_be32(&r);
	nv->policy = reader_take(&r, reader_be16(&r));
	nv->data_size = reader_be16(&r);
	return reader_end(&r);
}

enum status
object_nv_public(const struct tpm_object *o, struct nv_public *nv)
{
	struct blob b;
	enum status s = decode(o, &b);

	if (s != OK)
		return s;
	return b.type == TYPE_NV ? decode_nv(b.public, nv) : E_TYPE;
}

static enum status
name_of_nv(const struct blob *b, struct name *name)
{
	uint8_t digest[HASH_SIZE_MAX];
	struct nv_public nv;
	struct buffer out = buffer_of(name->p, sizeof name->p);
	enum status s = decode_nv(b->public, &nv);

	if (s != OK)
		return s;
	if (!hash_known(nv.name_alg))
		return E_UNSUPPORTED;
	if (nv.handle != b->handle)
		return E_MISMATCH;
	buffer_be16(&out, nv.name_alg);
	buffer_bytes(&out, bytes_of(digest, hash_compute((enum hash_alg)nv.name_alg, b->public, digest)));
	name->n = out.n;
	return out.failed;
}

enum status
tpm_object_name(const struct tpm_object *o, struct name *name, uint32_t *handle)
{
	struct public_area k;
	struct blob b;
	enum status s = decode(o, &b);

	if (s != OK)
		return s;
	*handle = b.handle;
	if (b.type == TYPE_NV)
		return name_of_nv(&b, name);
	s = public_decode(b.public, &k);
	return s == OK ? public_name(&k, name) : s;
}

enum status
object_load(struct tpm *t, const struct tpm_object *o, ESYS_TR *tr)
{
	struct name name;
	struct blob b;
	uint32_t handle;
	enum status s = decode(o, &b);

	*tr = ESYS_TR_NONE;
	if (s == OK)
		s = tpm_object_name(o, &name, &handle);
	if (s == OK && !bytes_equal(b.name, name_view(&name)))
		s = E_MISMATCH;
	if (s != OK) {
		log_error("TPM: the record of an object is damaged: %s", status_text(s));
		return s;
	}
	if (t->lost)
		return E_TPM_LOST;
	if (Esys_TR_Deserialize(t->esys, o->blob, o->n, tr) != TSS2_RC_SUCCESS) {
		if (*tr != ESYS_TR_NONE)
			Esys_TR_Close(t->esys, tr);
		*tr = ESYS_TR_NONE;
		return E_SYNTAX;
	}
	return OK;
}

void
object_unload(struct tpm *t, ESYS_TR *tr)
{
	if (*tr != ESYS_TR_NONE)
		Esys_TR_Close(t->esys, tr);
	*tr = ESYS_TR_NONE;
}

enum status
object_handle(struct tpm *t, TPM2_HANDLE handle, ESYS_TR *tr)
{
	struct attempts a = { 0 };
	TSS2_RC rc;

	do
		rc = Esys_TR_FromTPMPublic(t->esys, handle, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, tr);
	while (context_again(t, &a, rc));
	if (rc == TSS2_RC_SUCCESS)
		return OK;
	*tr = ESYS_TR_NONE;
	if (context_error(rc) == TPM2_RC_HANDLE)
		return E_NOT_FOUND;
	return context_status(t, "ReadPublic", rc);
}

static enum status
serialise(struct tpm *t, ESYS_TR tr, struct tpm_object *o)
{
	uint8_t *blob = NULL;
	size_t n = 0;
	enum status s = OK;

	o->n = 0;
	if (Esys_TR_Serialize(t->esys, tr, &blob, &n) != TSS2_RC_SUCCESS)
		return E_MEMORY;
	if (n > sizeof o->blob)
		s = E_TOO_LARGE;
	else {
		memcpy(o->blob, blob, n);
		o->n = n;
	}
	Esys_Free(blob);
	return s;
}

enum status
object_find(struct tpm *t, TPM2_HANDLE handle, struct tpm_object *o)
{
	ESYS_TR tr;
	enum status s = object_handle(t, handle, &tr);

	if (s != OK)
		return s;
	s = serialise(t, tr, o);
	object_unload(t, &tr);
	return s;
}

enum status
tpm_object_find(struct tpm *t, uint32_t handle, struct tpm_object *o)
{
	return object_find(t, handle, o);
}

static enum status
evict(struct tpm *t, ESYS_TR tr, TPM2_HANDLE handle, ESYS_TR *persistent)
{
	struct attempts a = { 0 };
	TSS2_RC rc;

	do
		rc = Esys_EvictControl(t->esys, ESYS_TR_RH_OWNER, tr, ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE, handle, persistent);
	while (context_again(t, &a, rc));
	return context_status(t, "EvictControl", rc);
}

enum status
object_persist(struct tpm *t, ESYS_TR tr, TPM2_HANDLE handle, struct tpm_object *o)
{
	ESYS_TR persistent = ESYS_TR_NONE;
	enum status s = evict(t, tr, handle, &persistent);

	if (s != OK)
		return s;
	s = serialise(t, persistent, o);
	object_unload(t, &persistent);
	return s;
}

enum status
tpm_object_evict(struct tpm *t, uint32_t handle)
{
	ESYS_TR tr, gone = ESYS_TR_NONE;
	enum status s = object_handle(t, handle, &tr);

	if (s != OK)
		return s;
	s = evict(t, tr, handle, &gone);
	if (s != OK)
		object_unload(t, &tr);
	return s;
}
