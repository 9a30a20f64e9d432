/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "base/log.h"
#include "base/memory.h"
#include "structures/credential.h"
#include "tpm/ek.h"
#include "tpm/object.h"

#define AK_FIRST UINT32_C(0x8101b001)
#define AK_LAST UINT32_C(0x8101b0ff)
#define RH_ENDORSEMENT UINT32_C(0x4000000b)

/* QN = nameAlg || H(QN of the parent || Name)  (Part 1, 16.5): what ties an object to its parent */
static enum status
qualified_name(struct bytes parent, const struct public_area *k, struct name *out)
{
	uint8_t digest[HASH_SIZE_MAX];
	struct buffer b = buffer_of(out->p, sizeof out->p);
	struct name name;
	struct hash h;
	enum status s = public_name(k, &name);

	if (s != OK)
		return s;
	hash_begin(&h, k->name_alg);
	hash_add(&h, parent);
	hash_add(&h, name_view(&name));
	buffer_be16(&b, (uint16_t)k->name_alg);
	buffer_bytes(&b, bytes_of(digest, hash_end(&h, digest)));
	out->n = b.n;
	return b.failed;
}

static enum status
qualified_name_under(const struct tpm_object *ek, const struct public_area *ak, struct name *out)
{
	static const uint8_t hierarchy[] = { 0x40, 0x00, 0x00, 0x0b };
	struct public_area k;
	struct bytes area;
	struct name parent;
	uint32_t handle;
	enum status s = tpm_object_public(ek, &area, &handle);

	if (s == OK)
		s = public_decode(area, &k);
	if (s == OK)
		s = qualified_name(BYTES(hierarchy), &k, &parent);
	return s == OK ? qualified_name(name_view(&parent), ak, out) : s;
}

static bool
fits_kind(const struct public_area *k, enum tpm_ek_kind kind)
{
	if (kind == TPM_EK_KINDS)
		return true;
	return k->type == ek_kinds[kind].type && (k->type == PUBLIC_RSA || k->key.ec.curve == ek_kinds[kind].curve);
}

static bool
is_under(struct tpm *t, const struct tpm_object *ek, const struct tpm_object *o, const struct public_area *k)
{
	struct attempts a = { 0 };
	TPM2B_PUBLIC *public = NULL;
	TPM2B_NAME *name = NULL, *qualified = NULL;
	struct name expected;
	ESYS_TR tr;
	TSS2_RC rc;
	bool same;

	if (qualified_name_under(ek, k, &expected) != OK || object_load(t, o, &tr) != OK)
		return false;
	do
		rc = Esys_ReadPublic(t->esys, tr, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, &public, &name, &qualified);
	while (context_again(t, &a, rc));
	if (rc != TSS2_RC_SUCCESS) {
		object_unload(t, &tr);
		return context_status(t, "ReadPublic", rc) == OK;
	}
	same = bytes_equal(bytes_of(qualified->name, qualified->size), name_view(&expected));
	Esys_Free(public);
	Esys_Free(name);
	Esys_Free(qualified);
	object_unload(t, &tr);
	return same;
}

/* An AK of this machine's that is there already. */
static bool
reuse(struct tpm *t, const struct tpm_object *ek, TPM2_HANDLE handle, enum tpm_ek_kind kind, struct tpm_object *ak)
{
	struct public_area k;
	struct bytes area;
	const char *why;
	uint32_t there;

	if (object_find(t, handle, ak) != OK || tpm_object_public(ak, &area, &there) != OK || public_decode(area, &k) != OK)
		return false;
	return public_check_ak(&k, &why) == OK && fits_kind(&k, kind) && is_under(t, ek, ak, &k);
}

struct made {
	TPM2B_PRIVATE *private;
	TPM2B_PUBLIC *public;
};

static TSS2_RC
create_once(struct tpm *t, ESYS_TR parent, ESYS_TR session, const TPM2B_PUBLIC *template, struct made *m)
{
	static const TPM2B_SENSITIVE_CREATE sensitive = { 0 };
	static const TPM2B_DATA outside = { 0 };
	static const TPML_PCR_SELECTION pcrs = { 0 };
	struct attempts a = { 0 };
	TPM2B_CREATION_DATA *data = NULL;
	TPM2B_DIGEST *hash = NULL;
	TPMT_TK_CREATION *ticket = NULL;
	TSS2_RC rc;

	do
		rc = Esys_Create(t->esys, parent, session, ESYS_TR_NONE, ESYS_TR_NONE, &sensitive, template, &outside, &pcrs, &m->private, &m->public,
			&data, &hash, &ticket);
	while (context_again(t, &a, rc));
	if (rc == TSS2_RC_SUCCESS) {
		Esys_Free(data);
		Esys_Free(hash);
		Esys_Free(ticket);
	}
	return rc;
}

/* Create's parameter 2 is the template */
#define PARAMETER_TEMPLATE 2

/* E_UNSUPPORTED when the TPM has no such keys */
static enum status
create(struct tpm *t, const struct tpm_object *ek, ESYS_TR parent, const struct ek_kind *kind, struct made *m)
{
	uint8_t area[PUBLIC_SIZE_MAX];
	struct buffer b = BUFFER(area);
	TPM2B_PUBLIC template;
	ESYS_TR session;
	TSS2_RC rc;
	enum status s = public_encode_ak_template(kind->type, kind->curve, &b);

	if (s == OK)
		s = ek_template(&b, &template);
	if (s == OK)
		s = ek_authorise(t, ek, &session);
	if (s != OK)
		return s;
	rc = create_once(t, parent, session, &template, m);
	if (context_parameter(rc) == PARAMETER_TEMPLATE)
		s = E_UNSUPPORTED;
	else
		s = context_status(t, "Create", rc);
	context_release(t, &session);
	return s;
}

static enum status
load(struct tpm *t, const struct tpm_object *ek, ESYS_TR parent, const struct made *m, ESYS_TR *tr)
{
	struct attempts a = { 0 };
	ESYS_TR session;
	TSS2_RC rc;
	enum status s = ek_authorise(t, ek, &session);

	if (s != OK)
		return s;
	do
		rc = Esys_Load(t->esys, parent, session, ESYS_TR_NONE, ESYS_TR_NONE, m->private, m->public, tr);
	while (context_again(t, &a, rc));
	if (rc == TSS2_RC_SUCCESS)
		s = context_keep(t, *tr);
	else
		*tr = ESYS_TR_NONE, s = context_status(t, "Load", rc);
	context_release(t, &session);
	return s;
}

static enum status
make(struct tpm *t, const struct tpm_object *ek, ESYS_TR parent, enum tpm_ek_kind kind, TPM2_HANDLE handle, struct tpm_object *ak)
{
	struct made m = { NULL, NULL };
	ESYS_TR tr = ESYS_TR_NONE;
	enum status s = E_UNSUPPORTED;

	for (size_t i = 0; i < TPM_EK_KINDS && s == E_UNSUPPORTED; i++)
		if (kind == TPM_EK_KINDS || kind == (enum tpm_ek_kind)i)
			s = create(t, ek, parent, &ek_kinds[i], &m);
	if (s == OK)
		s = load(t, ek, parent, &m, &tr);
	if (s == OK)
		s = object_persist(t, tr, handle, ak);
	context_release(t, &tr);
	Esys_Free(m.private);
	Esys_Free(m.public);
	return s;
}

enum status
tpm_ak_ensure(struct tpm *t, const struct tpm_object *ek, uint32_t preferred, enum tpm_ek_kind kind, struct tpm_object *ak,
	bool *made)
{
	TPM2_HANDLE handle = preferred != 0 ? preferred : AK_FIRST;
	ESYS_TR parent;
	enum status s;

	*made = false;
	if (preferred != 0 && reuse(t, ek, preferred, kind, ak))
		return OK;
	if (t->lost)
		return E_TPM_LOST;
	s = ek_free_handle(t, AK_FIRST, AK_LAST, &handle);
	if (s == OK)
		s = object_load(t, ek, &parent);
	if (s != OK)
		return s;
	s = make(t, ek, parent, kind, handle, ak);
	object_unload(t, &parent);
	if (s == E_UNSUPPORTED)
		log_error("TPM: it makes no signing key that bootgate can use");
	*made = s == OK;
	return s;
}

/* A TPM2B of its own, as credential_make() wrote it. */
static struct bytes
unwrap(struct bytes in, size_t max)
{
	struct reader r = reader_of(in);
	struct bytes v = reader_take(&r, reader_be16(&r));

	return reader_end(&r) == OK && v.n <= max ? v : bytes_of(NULL, 0);
}

static enum status
activate(struct tpm *t, ESYS_TR ak, ESYS_TR ek, ESYS_TR session, struct bytes blob, struct bytes seed, uint8_t secret[32])
{
	struct attempts a = { 0 };
	TPM2B_ID_OBJECT id = { .size = (UINT16)blob.n };
	TPM2B_ENCRYPTED_SECRET sealed = { .size = (UINT16)seed.n };
	TPM2B_DIGEST *opened = NULL;
	TSS2_RC rc;
	enum status s;

	memcpy(id.credential, blob.p, blob.n);
	memcpy(sealed.secret, seed.p, seed.n);
	do
		rc = Esys_ActivateCredential(t->esys, ak, ek, ESYS_TR_PASSWORD, session, ESYS_TR_NONE, &id, &sealed, &opened);
	while (context_again(t, &a, rc));
	if (rc != TSS2_RC_SUCCESS)
		return context_status(t, "ActivateCredential", rc);
	s = opened->size == CREDENTIAL_SECRET_SIZE ? OK : E_MISMATCH;
	if (s == OK)
		memcpy(secret, opened->buffer, CREDENTIAL_SECRET_SIZE);
	memory_wipe(opened, sizeof *opened);
	Esys_Free(opened);
	return s;
}

enum status
tpm_activate(struct tpm *t, const struct tpm_object *ek, const struct tpm_object *ak, struct bytes blob, struct bytes seed, uint8_t secret[32])
{
	struct bytes inner = unwrap(blob, sizeof(TPMS_ID_OBJECT)), salt = unwrap(seed, sizeof(TPMU_ENCRYPTED_SECRET));
	ESYS_TR ek_tr = ESYS_TR_NONE, ak_tr = ESYS_TR_NONE, session = ESYS_TR_NONE;
	enum status s = inner.n == 0 || salt.n == 0 ? E_SYNTAX : object_load(t, ek, &ek_tr);

	if (s == OK)
		s = object_load(t, ak, &ak_tr);
	if (s == OK)
		s = ek_authorise(t, ek, &session);
	if (s == OK)
		s = activate(t, ak_tr, ek_tr, session, inner, salt, secret);
	context_release(t, &session);
	object_unload(t, &ak_tr);
	object_unload(t, &ek_tr);
	return s;
}
