/* SPDX-License-Identifier: ISC */
/*
 * What the files of this layer share: the open TPM, one way to send a command, and the list of what is loaded.
 *
 *	struct attempts a = { 0 };
 *
 *	do
 *		rc = Esys_...(t->esys, ...);
 *	while (context_again(t, &a, rc));
 *	return context_status(t, "Command", rc);
 */
#ifndef TPM_CONTEXT_H
#define TPM_CONTEXT_H

#include <tss2/tss2_esys.h>
#include <tss2/tss2_mu.h>
#include <tss2/tss2_sys.h>

#include "tpm/tpm.h"

#define LOADED_MAX 6

struct tpm {
	TSS2_TCTI_CONTEXT *tcti;
	ESYS_CONTEXT *esys;
	bool device; /* the kernel's, not a software TPM */
	bool raw;    /* no resource manager before the TPM: what is left behind stays */
	bool lost;   /* ESYS takes no more commands */
	struct loaded {
		ESYS_TR tr;
		TPM2_HANDLE handle; /* outlives ESYS's own record of it */
	} loaded[LOADED_MAX];
	size_t loaded_n;
	ESYS_TR session; /* the boot's policy session, or ESYS_TR_NONE */
	TPM2B_NONCE nonce;
	uint64_t begun; /* seconds of the monotonic clock */
};

struct attempts {
	unsigned n;
	bool flushed;
};

/*
 * context_again(t, a, rc): whether to send the same command again: the TPM is busy (a pause, growing, bounded), or its
 * slots are full of what a dead predecessor left (flushed once, on a raw device).
 */
bool context_again(struct tpm *t, struct attempts *a, TSS2_RC rc);

/*
 * context_status(t, command, rc): the status of a response code; anything but success is logged with the command's name.
 * context_status_quiet(): without the line.  A code that no TPM sends means E_TPM_LOST, and what is loaded is flushed
 * by its raw handles.
 */
enum status context_status(struct tpm *t, const char *command, TSS2_RC rc);
enum status context_status_quiet(struct tpm *t, TSS2_RC rc);

/* context_error(rc), context_parameter(rc): the error number without position; the parameter (1-15) that it is about, or 0. */
TSS2_RC context_error(TSS2_RC rc);
unsigned context_parameter(TSS2_RC rc);

/*
 * context_keep(t, tr): remember a loaded object or session.  context_release(t, tr): flush it; ESYS_TR_NONE is fine; one that the TPM refuses to flush is kept.
 * context_forget(t, tr): the TPM has ended it already.
 */
enum status context_keep(struct tpm *t, ESYS_TR tr);
enum status context_release(struct tpm *t, ESYS_TR *tr);
void context_forget(struct tpm *t, ESYS_TR *tr);

/* context_loaded(t, handle): whether ${handle} is one of ours. */
bool context_loaded(const struct tpm *t, TPM2_HANDLE handle);

/* context_flush_raw(t, handle): by the SYS layer, whatever state ESYS is in. */
enum status context_flush_raw(struct tpm *t, TPM2_HANDLE handle);

/* context_capability(t, capability, first, count, more, data): GetCapability; what comes back is of that capability. ${*data} is to be freed after OK. */
enum status context_capability(struct tpm *t, TPM2_CAP capability, UINT32 first, UINT32 count, TPMI_YES_NO *more, TPMS_CAPABILITY_DATA **data);

/* context_handles(t, first, out, max, n): handles that exist, from ${first} on to the end of its kind. */
enum status context_handles(struct tpm *t, TPM2_HANDLE first, TPM2_HANDLE *out, size_t max, size_t *n);

/* context_symmetric: AES-128-CFB, what sessions encrypt with. */
extern const TPMT_SYM_DEF context_symmetric;

/* context_session(t, type, salt, tr): an HMAC or policy session with SHA-256, salted unless ${salt} is ESYS_TR_NONE; kept. */
enum status context_session(struct tpm *t, TPM2_SE type, ESYS_TR salt, TPMI_ALG_HASH hash, ESYS_TR *tr);

#endif
