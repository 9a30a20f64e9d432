/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "tpm/object.h"
#include "tpm/session.h"

static enum status
select_banks(const enum hash_alg *banks, size_t n, uint16_t selected, TPML_PCR_SELECTION *p)
{
	memset(p, 0, sizeof *p);
	if (n > QUOTE_BANKS_MAX || n > TPM2_NUM_PCR_BANKS)
		return E_TOO_LARGE;
	p->count = (UINT32)n;
	for (size_t i = 0; i < n; i++) {
		p->pcrSelections[i].hash = (TPMI_ALG_HASH)banks[i];
		p->pcrSelections[i].sizeofSelect = 3;
		p->pcrSelections[i].pcrSelect[0] = (BYTE)(selected & 0xff);
		p->pcrSelections[i].pcrSelect[1] = (BYTE)(selected >> 8);
	}
	return OK;
}

static enum status
quote(struct tpm *t, ESYS_TR ak, const TPM2B_DATA *qualifying, const TPML_PCR_SELECTION *pcrs, struct buffer *attest, struct buffer *signature)
{
	static const TPMT_SIG_SCHEME own = { .scheme = TPM2_ALG_NULL };
	struct attempts a = { 0 };
	TPM2B_ATTEST *quoted = NULL;
	TPMT_SIGNATURE *sig = NULL;
	TSS2_RC rc;
	enum status s;

	do
		rc = Esys_Quote(t->esys, ak, ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE, qualifying, &own, pcrs, &quoted, &sig);
	while (context_again(t, &a, rc));
	if (rc != TSS2_RC_SUCCESS)
		return context_status(t, "Quote", rc);
	buffer_bytes(attest, bytes_of(quoted->attestationData, quoted->size));
	s = session_append_signature(sig, signature);
	Esys_Free(quoted);
	Esys_Free(sig);
	return s == OK ? attest->failed : s;
}

enum status
tpm_quote(struct tpm *t, const struct tpm_object *ak, const uint8_t qualifying[32], const enum hash_alg *banks, size_t n, uint16_t selected,
	struct buffer *attest, struct buffer *signature)
{
	TPM2B_DATA data = { .size = 32 };
	TPML_PCR_SELECTION pcrs;
	ESYS_TR key;
	enum status s = select_banks(banks, n, selected, &pcrs);

	if (s == OK)
		s = object_load(t, ak, &key);
	if (s != OK)
		return s;
	memcpy(data.buffer, qualifying, 32);
	s = quote(t, key, &data, &pcrs, attest, signature);
	object_unload(t, &key);
	return s;
}
