/* SPDX-License-Identifier: ISC */
#include "tpm/context.h"

#include <string.h>
#include <time.h>

#include "base/log.h"
#include "tpm/tcti.h"

#define AGAIN_MAX 12
#define AGAIN_FIRST_MS 20U
#define AGAIN_LONGEST_MS 2000U

#define FORMAT_ONE 0x80U
#define FORMAT_ONE_PARAMETER 0x40U
#define LAYER_RESMGR_TPM 0x000b0000U
#define LAYER_RESMGR 0x000c0000U

const TPMT_SYM_DEF context_symmetric = {
	.algorithm = TPM2_ALG_AES,
	.keyBits = { .aes = 128 },
	.mode = { .aes = TPM2_ALG_CFB },
};

/* Error numbers as context_error() gives them, and what people can do about those that they can do something about. */
static const struct error {
	TSS2_RC number;
	enum status status;
	const char *word;
} errors[] = {
	{ TPM2_RC_RETRY, E_BUSY, "busy" },
	{ TPM2_RC_TESTING, E_BUSY, "testing itself" },
	{ TPM2_RC_YIELDED, E_BUSY, "yielded" },
	{ TPM2_RC_NV_RATE, E_BUSY, "non-volatile memory is written too often" },
	{ TPM2_RC_NV_UNAVAILABLE, E_BUSY, "non-volatile memory is not available now" },
	{ TPM2_RC_AUTH_FAIL, E_TPM_AUTH, "authorisation failed" },
	{ TPM2_RC_BAD_AUTH, E_TPM_AUTH, "authorisation failed" },
	{ TPM2_RC_AUTH_MISSING, E_TPM_AUTH, "authorisation is missing" },
	{ TPM2_RC_AUTH_UNAVAILABLE, E_TPM_AUTH, "no such authorisation" },
	{ TPM2_RC_LOCKOUT, E_TPM_AUTH, "locked out after wrong authorisations; it ends by itself after some hours, or by TPM2_DictionaryAttackLockReset" },
	{ TPM2_RC_EXPIRED, E_TPM_AGAIN, "expired" },
	{ TPM2_RC_HANDLE, E_TPM_AGAIN, "no such handle" },
	{ TPM2_RC_REFERENCE_H0, E_TPM_AGAIN, "the object is not loaded" },
	{ TPM2_RC_REFERENCE_H1, E_TPM_AGAIN, "the object is not loaded" },
	{ TPM2_RC_REFERENCE_S0, E_TPM_AGAIN, "the session is not loaded" },
	{ TPM2_RC_REFERENCE_S1, E_TPM_AGAIN, "the session is not loaded" },
	{ TPM2_RC_PCR_CHANGED, E_TPM_PCR_CHANGED, "a PCR was extended in between" },
	{ TPM2_RC_NV_DEFINED, E_EXISTS, "the index exists already" },
	{ TPM2_RC_OBJECT_MEMORY, E_TPM, "no free object slot: another program keeps them" },
	{ TPM2_RC_SESSION_MEMORY, E_TPM, "no free session slot: another program keeps them" },
	{ TPM2_RC_NV_SPACE, E_TPM, "no non-volatile memory left" },
	{ TPM2_RC_NV_LOCKED, E_TPM, "the index is locked" },
	{ TPM2_RC_NV_AUTHORIZATION, E_TPM, "not authorised for this index" },
	{ TPM2_RC_NV_UNINITIALIZED, E_TPM, "the index was never written" },
	{ TPM2_RC_POLICY_FAIL, E_TPM, "the policy is not met" },
	{ TPM2_RC_POLICY_CC, E_TPM, "the policy is for another command" },
	{ TPM2_RC_SIGNATURE, E_TPM, "the signature does not verify" },
	{ TPM2_RC_TICKET, E_TPM, "the ticket is refused" },
	{ TPM2_RC_VALUE, E_TPM, "a value is refused" },
	{ TPM2_RC_SCHEME, E_TPM, "the scheme is refused" },
	{ TPM2_RC_CURVE, E_TPM, "the curve is refused" },
	{ TPM2_RC_INTEGRITY, E_TPM, "integrity check failed" },
	{ TPM2_RC_NONCE, E_TPM, "the nonce is refused" },
	{ TPM2_RC_CPHASH, E_TPM, "authorised for another command" },
	{ TPM2_RC_INITIALIZE, E_TPM, "the firmware did not start the TPM; switch the machine off and on" },
	{ TPM2_RC_FAILURE, E_TPM, "the TPM is in failure mode; switch the machine off and on" },
	{ TPM2_RC_COMMAND_CODE, E_TPM, "the TPM does not know this command" },
};

/* What comes of no TPM. */
static const struct {
	TSS2_RC code;
	const char *word;
} lost[] = {
	{ TCTI_MALFORMED, "the answer is cut short, longer than it says, or to another question" },
	{ TCTI_FAILED, "the device failed, or the TPM is gone" },
	{ TSS2_ESYS_RC_RSP_AUTH_FAILED, "the answer does not authenticate" },
};

static const char *
word_of_lost(TSS2_RC rc)
{
	for (size_t i = 0; i < sizeof lost / sizeof *lost; i++)
		if (lost[i].code == rc)
			return lost[i].word;
	return "the answer makes no sense";
}

/* Whether the code came from the TPM: directly, or through a resource manager. */
static bool
from_tpm(TSS2_RC rc)
{
	TSS2_RC layer = rc & 0xffff0000U;

	return layer == 0 || layer == LAYER_RESMGR_TPM || layer == LAYER_RESMGR;
}

TSS2_RC
context_error(TSS2_RC rc)
{
	rc &= 0xffff;
	return (rc & FORMAT_ONE) != 0 ? rc & 0xbf : rc;
}

unsigned
context_parameter(TSS2_RC rc)
{
	rc &= 0xffff;
	if ((rc & FORMAT_ONE) == 0 || (rc & FORMAT_ONE_PARAMETER) == 0)
		return 0;
	return rc >> 8 & 0xf;
}

static const struct error *
find_error(TSS2_RC rc)
{
	static const struct error other = { 0, E_TPM, "refused" };

	for (size_t i = 0; i < sizeof errors / sizeof *errors; i++)
		if (errors[i].number == context_error(rc))
			return &errors[i];
	return &other;
}

static void
lose(struct tpm *t)
{
	t->lost = true;
	for (size_t i = t->loaded_n; i > 0; i--)
		context_flush_raw(t, t->loaded[i - 1].handle);
	t->loaded_n = 0;
	t->session = ESYS_TR_NONE;
}

enum status
context_status_quiet(struct tpm *t, TSS2_RC rc)
{
	if (rc == TSS2_RC_SUCCESS)
		return OK;
	if (from_tpm(rc))
		return find_error(rc)->status;
	if (!t->lost)
		lose(t);
	return E_TPM_LOST;
}

enum status
context_status(struct tpm *t, const char *command, TSS2_RC rc)
{
	if (rc == TSS2_RC_SUCCESS)
		return OK;
	if (from_tpm(rc))
		log_error("TPM: %s: 0x%x: %s", command, (unsigned)rc, find_error(rc)->word);
	else if (rc == TCTI_TOO_LATE)
		log_error("TPM: %s: no answer for %u s", command, tcti_waited(t->tcti));
	else
		log_error("TPM: %s: 0x%x: %s", command, (unsigned)rc, word_of_lost(rc));
	return context_status_quiet(t, rc);
}

static void
pause_ms(unsigned ms)
{
	struct timespec left = { ms / 1000, (long)(ms % 1000) * 1000000L };

	while (nanosleep(&left, &left) != 0)
		;
}

bool
context_again(struct tpm *t, struct attempts *a, TSS2_RC rc)
{
	TSS2_RC e = context_error(rc);
	unsigned ms;

	if (rc == TSS2_RC_SUCCESS || !from_tpm(rc))
		return false;
	if ((e == TPM2_RC_OBJECT_MEMORY || e == TPM2_RC_SESSION_MEMORY) && t->raw && !a->flushed) {
		a->flushed = true;
		return tpm_flush_leftovers(t) == OK;
	}
	if (find_error(rc)->status != E_BUSY || a->n >= AGAIN_MAX)
		return false;
	ms = AGAIN_FIRST_MS << a->n++;
	pause_ms(ms < AGAIN_LONGEST_MS ? ms : AGAIN_LONGEST_MS);
	return true;
}

enum status
context_keep(struct tpm *t, ESYS_TR tr)
{
	TPM2_HANDLE handle;

	if (Esys_TR_GetTpmHandle(t->esys, tr, &handle) != TSS2_RC_SUCCESS)
		return E_TPM_LOST;
	if (t->loaded_n == LOADED_MAX) {
		Esys_FlushContext(t->esys, tr);
		return E_NO_SPACE;
	}
	t->loaded[t->loaded_n++] = (struct loaded){ tr, handle };
	return OK;
}

static bool
drop(struct tpm *t, ESYS_TR tr)
{
	for (size_t i = 0; i < t->loaded_n; i++) {
		if (t->loaded[i].tr != tr)
			continue;
		t->loaded_n--;
		memmove(&t->loaded[i], &t->loaded[i + 1], (t->loaded_n - i) * sizeof *t->loaded);
		return true;
	}
	return false;
}

static bool
is_kept(const struct tpm *t, ESYS_TR tr)
{
	for (size_t i = 0; i < t->loaded_n; i++)
		if (t->loaded[i].tr == tr)
			return true;
	return false;
}

enum status
context_release(struct tpm *t, ESYS_TR *tr)
{
	struct attempts a = { 0 };
	ESYS_TR gone = *tr;
	TSS2_RC rc;

	*tr = ESYS_TR_NONE;
	if (gone == ESYS_TR_NONE || !is_kept(t, gone))
		return OK;
	do
		rc = Esys_FlushContext(t->esys, gone);
	while (context_again(t, &a, rc));
	/* What the TPM refused to flush stays in the list, for tpm_flush(). */
	if (rc == TSS2_RC_SUCCESS)
		drop(t, gone);
	return context_status(t, "FlushContext", rc);
}

void
context_forget(struct tpm *t, ESYS_TR *tr)
{
	if (*tr != ESYS_TR_NONE && drop(t, *tr))
		Esys_TR_Close(t->esys, tr);
	*tr = ESYS_TR_NONE;
}

bool
context_loaded(const struct tpm *t, TPM2_HANDLE handle)
{
	for (size_t i = 0; i < t->loaded_n; i++)
		if (t->loaded[i].handle == handle)
			return true;
	return false;
}

enum status
context_flush_raw(struct tpm *t, TPM2_HANDLE handle)
{
	TSS2_SYS_CONTEXT *sys;

	if (Esys_GetSysContext(t->esys, &sys) != TSS2_RC_SUCCESS)
		return E_TPM_LOST;
	return Tss2_Sys_FlushContext(sys, handle) == TSS2_RC_SUCCESS ? OK : E_TPM;
}

enum status
context_capability(struct tpm *t, TPM2_CAP capability, UINT32 first, UINT32 count, TPMI_YES_NO *more, TPMS_CAPABILITY_DATA **data)
{
	struct attempts a = { 0 };
	TSS2_RC rc;

	do
		rc = Esys_GetCapability(t->esys, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, capability, first, count, more, data);
	while (context_again(t, &a, rc));
	if (rc == TSS2_RC_SUCCESS && (*data)->capability != capability) {
		Esys_Free(*data);
		rc = TCTI_MALFORMED;
	}
	return context_status(t, "GetCapability", rc);
}

enum status
context_handles(struct tpm *t, TPM2_HANDLE first, TPM2_HANDLE *out, size_t max, size_t *n)
{
	TPMI_YES_NO more = 1;

	*n = 0;
	while (more == 1 && *n < max) {
		TPMS_CAPABILITY_DATA *data;
		TPML_HANDLE *list;
		enum status s = context_capability(t, TPM2_CAP_HANDLES, first, (UINT32)(max - *n), &more, &data);

		if (s != OK)
			return s;
		list = &data->data.handles;
		for (UINT32 i = 0; i < list->count && *n < max; i++)
			out[(*n)++] = list->handle[i];
		if (list->count == 0)
			more = 0;
		else
			first = list->handle[list->count - 1] + 1;
		Esys_Free(data);
	}
	return OK;
}

enum status
context_session(struct tpm *t, TPM2_SE type, ESYS_TR salt, TPMI_ALG_HASH hash, ESYS_TR *tr)
{
	struct attempts a = { 0 };
	TSS2_RC rc;
	enum status s;

	*tr = ESYS_TR_NONE;
	do
		rc = Esys_StartAuthSession(t->esys, salt, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, NULL, type,
			&context_symmetric, hash, tr);
	while (context_again(t, &a, rc));
	if (rc != TSS2_RC_SUCCESS) {
		*tr = ESYS_TR_NONE;
		return context_status(t, "StartAuthSession", rc);
	}
	s = context_keep(t, *tr);
	if (s != OK)
		*tr = ESYS_TR_NONE;
	return s;
}
