/* SPDX-License-Identifier: ISC */
#include "tpm/ek.h"

#include <string.h>

#include "base/log.h"
#include "tpm/object.h"

#define PERSISTENT_MAX 128
#define EK_LAST UINT32_C(0x810100ff)
#define CHAIN_FIRST UINT32_C(0x01c00100)
#define CHAIN_LAST UINT32_C(0x01c001ff)
#define CHAIN_SIZE_MAX 16384
/* Every TPM reads this much of an index at once. */
#define READ_AT_ONCE 512

const struct ek_kind ek_kinds[TPM_EK_KINDS] = {
	[TPM_EK_P384] = { PUBLIC_ECC, EC_P384, UINT32_C(0x01c00016), UINT32_C(0x81010016) },
	[TPM_EK_P256] = { PUBLIC_ECC, EC_P256, UINT32_C(0x01c0000a), UINT32_C(0x81010002) },
	[TPM_EK_RSA2048] = { PUBLIC_RSA, EC_NONE, UINT32_C(0x01c00002), UINT32_C(0x81010001) },
};

enum status
ek_template(const struct buffer *encoded, TPM2B_PUBLIC *out)
{
	size_t at = 0;

	memset(out, 0, sizeof *out);
	if (encoded->failed != OK)
		return encoded->failed;
	return Tss2_MU_TPMT_PUBLIC_Unmarshal(encoded->p, encoded->n, &at, &out->publicArea) == TSS2_RC_SUCCESS ? OK : E_SYNTAX;
}

static bool
is_in(TPM2_HANDLE h, const TPM2_HANDLE *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (list[i] == h)
			return true;
	return false;
}

enum status
ek_free_handle(struct tpm *t, TPM2_HANDLE first, TPM2_HANDLE last, TPM2_HANDLE *handle)
{
	TPM2_HANDLE used[PERSISTENT_MAX];
	size_t n;
	enum status s = context_handles(t, TPM2_PERSISTENT_FIRST, used, PERSISTENT_MAX, &n);

	if (s != OK || !is_in(*handle, used, n))
		return s;
	for (*handle = first; *handle <= last; ++*handle)
		if (!is_in(*handle, used, n))
			return OK;
	log_error("TPM: no free persistent handle between %08x and %08x", (unsigned)first, (unsigned)last);
	return E_NO_SPACE;
}

static bool
is_ek(const struct tpm_object *o, enum tpm_ek_kind kind)
{
	struct public_area k;
	struct bytes area;
	const char *why;
	uint32_t handle;
	bool high = kind == TPM_EK_P384;

	if (tpm_object_public(o, &area, &handle) != OK || public_decode(area, &k) != OK || public_check_ek(&k, &why) != OK)
		return false;
	if (k.type != ek_kinds[kind].type || (k.type == PUBLIC_ECC && k.key.ec.curve != ek_kinds[kind].curve))
		return false;
	/* the high-range templates of RSA-2048 and P-256 give other keys, with other certificates */
	return ((k.attributes & PUBLIC_USER_WITH_AUTH) != 0) == high;
}

static enum status
find_persistent(struct tpm *t, enum tpm_ek_kind kind, struct tpm_object *ek)
{
	TPM2_HANDLE handles[PERSISTENT_MAX];
	size_t n;
	enum status s = context_handles(t, TPM2_PERSISTENT_FIRST, handles, PERSISTENT_MAX, &n);

	for (size_t i = 0; s == OK && i < n; i++) {
		s = object_find(t, handles[i], ek);
		if (s == OK && is_ek(ek, kind))
			return OK;
		/* some other vendor's or user's key, of a kind that is none of ours */
		if (s == E_TOO_LARGE || s == E_NOT_FOUND)
			s = OK;
	}
	return s == OK ? E_NOT_FOUND : s;
}

static enum status
create_primary(struct tpm *t, const TPM2B_PUBLIC *template, ESYS_TR *tr)
{
	static const TPM2B_SENSITIVE_CREATE sensitive = { 0 };
	static const TPM2B_DATA outside = { 0 };
	static const TPML_PCR_SELECTION pcrs = { 0 };
	struct attempts a = { 0 };
	TPM2B_PUBLIC *public = NULL;
	TPM2B_CREATION_DATA *data = NULL;
	TPM2B_DIGEST *hash = NULL;
	TPMT_TK_CREATION *ticket = NULL;
	TSS2_RC rc;

	do
		rc = Esys_CreatePrimary(t->esys, ESYS_TR_RH_ENDORSEMENT, ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE, &sensitive, template,
			&outside, &pcrs, tr, &public, &data, &hash, &ticket);
	while (context_again(t, &a, rc));
	if (rc != TSS2_RC_SUCCESS)
		return context_status(t, "CreatePrimary", rc);
	Esys_Free(public);
	Esys_Free(data);
	Esys_Free(hash);
	Esys_Free(ticket);
	return context_keep(t, *tr);
}

enum status
tpm_ek_ensure(struct tpm *t, enum tpm_ek_kind kind, struct tpm_object *ek)
{
	uint8_t area[PUBLIC_SIZE_MAX];
	struct buffer b = BUFFER(area);
	TPM2B_PUBLIC template;
	TPM2_HANDLE handle = ek_kinds[kind].handle;
	ESYS_TR tr = ESYS_TR_NONE;
	enum status s = find_persistent(t, kind, ek);

	if (s != E_NOT_FOUND)
		return s;
	s = public_encode_ek_template(ek_kinds[kind].type, ek_kinds[kind].curve, &b);
	if (s == OK)
		s = ek_template(&b, &template);
	if (s == OK)
		s = ek_free_handle(t, UINT32_C(0x81010001), EK_LAST, &handle);
	if (s == OK)
		s = create_primary(t, &template, &tr);
	if (s == OK)
		s = object_persist(t, tr, handle, ek);
	context_release(t, &tr);
	if (s == OK && !is_ek(ek, kind))
		s = E_MISMATCH;
	return s;
}

enum status
ek_authorise(struct tpm *t, const struct tpm_object *ek, ESYS_TR *session)
{
	struct attempts a = { 0 };
	struct public_area k;
	struct bytes area;
	TPM2B_TIMEOUT *timeout = NULL;
	TPMT_TK_AUTH *ticket = NULL;
	uint32_t handle;
	TSS2_RC rc;
	enum status s = tpm_object_public(ek, &area, &handle);

	*session = ESYS_TR_PASSWORD;
	if (s == OK)
		s = public_decode(area, &k);
	if (s != OK || (k.attributes & PUBLIC_USER_WITH_AUTH) != 0)
		return s;
	s = context_session(t, TPM2_SE_POLICY, ESYS_TR_NONE, (TPMI_ALG_HASH)k.name_alg, session);
	if (s != OK)
		return s;
	do
		rc = Esys_PolicySecret(t->esys, ESYS_TR_RH_ENDORSEMENT, *session, ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE, NULL, NULL, NULL, 0,
			&timeout, &ticket);
	while (context_again(t, &a, rc));
	if (rc == TSS2_RC_SUCCESS) {
		Esys_Free(timeout);
		Esys_Free(ticket);
		return OK;
	}
	s = context_status(t, "PolicySecret", rc);
	context_release(t, session);
	return s;
}

static enum status
read_part(struct tpm *t, ESYS_TR authority, ESYS_TR index, size_t at, size_t n, struct buffer *out)
{
	struct attempts a = { 0 };
	TPM2B_MAX_NV_BUFFER *data = NULL;
	TSS2_RC rc;

	do
		rc = Esys_NV_Read(t->esys, authority, index, ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE, (UINT16)n, (UINT16)at, &data);
	while (context_again(t, &a, rc));
	if (rc != TSS2_RC_SUCCESS)
		return context_status(t, "NV_Read", rc);
	buffer_bytes(out, bytes_of(data->buffer, data->size));
	n = data->size == n ? n : 0;
	Esys_Free(data);
	return n > 0 ? out->failed : E_TPM_LOST;
}

/* All of an index that anybody, or the owner, may read. */
static enum status
read_index(struct tpm *t, TPM2_HANDLE handle, struct buffer *out)
{
	struct tpm_object o;
	struct nv_public nv;
	ESYS_TR index;
	enum status s = object_find(t, handle, &o);

	if (s == OK)
		s = object_nv_public(&o, &nv);
	if (s == OK)
		s = object_load(t, &o, &index);
	if (s != OK)
		return s;
	for (size_t at = 0; s == OK && at < nv.data_size; at += READ_AT_ONCE) {
		size_t left = nv.data_size - at;

		s = read_part(t, (nv.attributes & TPMA_NV_AUTHREAD) != 0 ? index : ESYS_TR_RH_OWNER, index, at,
			left < READ_AT_ONCE ? left : READ_AT_ONCE, out);
	}
	object_unload(t, &index);
	return s;
}

/* One DER SEQUENCE at the reader, with its head. */
static struct bytes
take_der(struct reader *r)
{
	size_t start = r->at, n, head = 2;

	if (reader_u8(r) != 0x30)
		reader_fail(r, E_SYNTAX);
	n = reader_u8(r);
	if (n == 0x81) {
		n = reader_u8(r);
		head = 3;
	} else if (n == 0x82) {
		n = reader_be16(r);
		head = 4;
	} else if (n > 0x82) {
		reader_fail(r, E_SYNTAX);
	}
	reader_take(r, n);
	return r->failed == OK ? bytes_of(r->p + start, head + n) : bytes_of(NULL, 0);
}

/* Certificates stand one behind the other, across the borders of the indices; what follows the last is padding. */
static enum status
read_chain(struct tpm *t, struct buffer *chain)
{
	uint8_t data[CHAIN_SIZE_MAX];
	struct buffer all = BUFFER(data);
	TPM2_HANDLE handles[PERSISTENT_MAX];
	struct reader r;
	size_t n;
	enum status s = context_handles(t, CHAIN_FIRST, handles, PERSISTENT_MAX, &n);

	for (size_t i = 0; s == OK && i < n && handles[i] <= CHAIN_LAST; i++)
		s = read_index(t, handles[i], &all);
	if (s != OK)
		return s;
	r = reader_of(buffer_view(&all));
	while (reader_left(&r) > 0)
		buffer_bytes(chain, take_der(&r));
	return chain->failed;
}

enum status
tpm_ek_certificate(struct tpm *t, enum tpm_ek_kind kind, struct buffer *der, struct buffer *chain)
{
	uint8_t data[8192];
	struct buffer raw = BUFFER(data);
	struct reader r;
	enum status s = read_index(t, ek_kinds[kind].certificate, &raw);

	if (s != OK)
		return s;
	r = reader_of(buffer_view(&raw));
	buffer_bytes(der, take_der(&r));
	if (r.failed != OK)
		return r.failed;
	return der->failed == OK ? read_chain(t, chain) : der->failed;
}
