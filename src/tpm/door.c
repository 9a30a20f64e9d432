/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "tpm/context.h"

enum status
tpm_door_close(struct tpm *t, struct bytes outcome)
{
	struct attempts a = { 0 };
	TPM2B_EVENT event = { .size = (UINT16)outcome.n };
	TPML_DIGEST_VALUES *digests = NULL;
	TSS2_RC rc;

	if (outcome.n > sizeof event.buffer)
		return E_TOO_LARGE;
	if (t->lost)
		return E_TPM_LOST;
	if (outcome.n > 0)
		memcpy(event.buffer, outcome.p, outcome.n);
	do
		rc = Esys_PCR_Event(t->esys, DOOR_PCR, ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE, &event, &digests);
	while (context_again(t, &a, rc));
	if (rc == TSS2_RC_SUCCESS)
		Esys_Free(digests);
	return context_status(t, "PCR_Event", rc);
}

enum status
tpm_pcr_read(struct tpm *t, enum hash_alg bank, unsigned pcr, struct digest *out)
{
	struct attempts a = { 0 };
	TPML_PCR_SELECTION pcrs = { .count = 1 };
	TPML_DIGEST *values = NULL;
	TSS2_RC rc;

	if (pcr > 23 || hash_size(bank) == 0)
		return E_RANGE;
	pcrs.pcrSelections[0].hash = (TPMI_ALG_HASH)bank;
	pcrs.pcrSelections[0].sizeofSelect = 3;
	pcrs.pcrSelections[0].pcrSelect[pcr / 8] = (BYTE)(1U << pcr % 8);
	do
		rc = Esys_PCR_Read(t->esys, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, &pcrs, NULL, NULL, &values);
	while (context_again(t, &a, rc));
	if (rc != TSS2_RC_SUCCESS)
		return context_status(t, "PCR_Read", rc);
	memset(out, 0, sizeof *out);
	if (values->count == 1 && values->digests[0].size == hash_size(bank)) {
		out->alg = bank;
		out->n = values->digests[0].size;
		memcpy(out->p, values->digests[0].buffer, out->n);
	}
	Esys_Free(values);
	return out->n > 0 ? OK : E_NOT_FOUND;
}
