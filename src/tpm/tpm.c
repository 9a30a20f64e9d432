/* SPDX-License-Identifier: ISC */
#include "tpm/tpm.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/memory.h"
#include "tpm/callbacks.h"
#include "tpm/context.h"
#include "tpm/tcti.h"

#define LEFTOVERS_MAX 64

enum status
tpm_open(const char *tcti, struct tpm **out)
{
	ESYS_CRYPTO_CALLBACKS callbacks = callbacks_esys();
	struct tpm *t = calloc(1, sizeof *t);
	enum status s;

	*out = NULL;
	if (t == NULL)
		return E_MEMORY;
	t->session = ESYS_TR_NONE;
	t->device = tcti == NULL || strncmp(tcti, "device:", 7) == 0;
	s = tcti_open(tcti, &t->tcti, &t->raw);
	if (s == OK && Esys_Initialize(&t->esys, t->tcti, NULL) != TSS2_RC_SUCCESS)
		s = E_MEMORY;
	if (s == OK && Esys_SetCryptoCallbacks(t->esys, &callbacks) != TSS2_RC_SUCCESS)
		s = E_UNSUPPORTED;
	if (s != OK) {
		tpm_close(t);
		return s;
	}
	*out = t;
	return OK;
}

enum status
tpm_flush(struct tpm *t)
{
	enum status first = OK;

	for (size_t i = t->loaded_n; i > 0 && !t->lost; i--) {
		ESYS_TR tr = t->loaded[i - 1].tr;
		enum status s = context_release(t, &tr);

		if (first == OK)
			first = s;
	}
	t->session = ESYS_TR_NONE;
	return first;
}

/* ESYS frees its records without wiping them: overwrite the values first */
static void
wipe_auth(struct tpm *t)
{
	static const TPM2B_AUTH none = { .size = sizeof none.buffer };

	Esys_TR_SetAuth(t->esys, ESYS_TR_RH_OWNER, &none);
	Esys_TR_SetAuth(t->esys, ESYS_TR_RH_ENDORSEMENT, &none);
}

void
tpm_close(struct tpm *t)
{
	if (t == NULL)
		return;
	if (t->esys != NULL) {
		tpm_flush(t);
		wipe_auth(t);
		Esys_Finalize(&t->esys);
	}
	tcti_close(t->tcti);
	memory_wipe(t, sizeof *t);
	free(t);
}

enum status
tpm_flush_leftovers(struct tpm *t)
{
	static const TPM2_HANDLE kinds[] = { TPM2_TRANSIENT_FIRST, TPM2_LOADED_SESSION_FIRST, TPM2_ACTIVE_SESSION_FIRST };
	TPM2_HANDLE handles[LEFTOVERS_MAX];
	size_t n;

	if (!t->raw)
		return OK;
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		enum status s = context_handles(t, kinds[i], handles, LEFTOVERS_MAX, &n);

		if (s != OK)
			return s;
		for (size_t j = 0; j < n; j++) {
			if (context_loaded(t, handles[j]))
				continue;
			if (context_flush_raw(t, handles[j]) == OK)
				log_debug("TPM: flushed %08x, left by an earlier process", (unsigned)handles[j]);
		}
	}
	return OK;
}

static const struct bank {
	enum hash_alg alg;
	const char *path;
} known_banks[] = {
	{ HASH_SHA1, "/sys/class/tpm/tpm0/pcr-sha1" },
	{ HASH_SHA256, "/sys/class/tpm/tpm0/pcr-sha256" },
	{ HASH_SHA384, "/sys/class/tpm/tpm0/pcr-sha384" },
	{ HASH_SHA512, "/sys/class/tpm/tpm0/pcr-sha512" },
};

static size_t
banks_in_sysfs(enum hash_alg *banks)
{
	size_t n = 0;

	for (size_t i = 0; i < sizeof known_banks / sizeof *known_banks; i++)
		if (access(known_banks[i].path, F_OK) == 0)
			banks[n++] = known_banks[i].alg;
	return n;
}

static bool
selects_any(const TPMS_PCR_SELECTION *p)
{
	return !bytes_zero(bytes_of(p->pcrSelect, p->sizeofSelect));
}

static enum status
banks_by_command(struct tpm *t, enum hash_alg *banks, size_t *n)
{
	TPMS_CAPABILITY_DATA *data;
	const TPML_PCR_SELECTION *list;
	TPMI_YES_NO more;
	enum status s = context_capability(t, TPM2_CAP_PCRS, 0, 1, &more, &data);

	if (s != OK)
		return s;
	list = &data->data.assignedPCR;
	for (UINT32 i = 0; i < list->count && *n < QUOTE_BANKS_MAX; i++)
		if (hash_known(list->pcrSelections[i].hash) && selects_any(&list->pcrSelections[i]))
			banks[(*n)++] = (enum hash_alg)list->pcrSelections[i].hash;
	Esys_Free(data);
	return OK;
}

enum status
tpm_banks(struct tpm *t, enum hash_alg banks[QUOTE_BANKS_MAX], size_t *n)
{
	*n = t->device ? banks_in_sysfs(banks) : 0;
	return *n > 0 ? OK : banks_by_command(t, banks, n);
}

static enum status
set_auth(struct tpm *t, ESYS_TR hierarchy, struct bytes value)
{
	TPM2B_AUTH auth = { .size = (UINT16)value.n };
	TSS2_RC rc;

	if (value.n > sizeof auth.buffer)
		return E_TOO_LARGE;
	if (value.n > 0)
		memcpy(auth.buffer, value.p, value.n);
	rc = Esys_TR_SetAuth(t->esys, hierarchy, &auth);
	memory_wipe(&auth, sizeof auth);
	return rc == TSS2_RC_SUCCESS ? OK : E_MEMORY;
}

enum status
tpm_set_auth(struct tpm *t, struct bytes owner, struct bytes endorsement)
{
	enum status s = set_auth(t, ESYS_TR_RH_OWNER, owner);

	return s == OK ? set_auth(t, ESYS_TR_RH_ENDORSEMENT, endorsement) : s;
}
