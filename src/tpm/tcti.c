/* SPDX-License-Identifier: ISC */
#include "tpm/tcti.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <tss2/tss2_tcti_device.h>
#ifdef TPM_WITH_SWTPM
#include <tss2/tss2_tcti_swtpm.h>
#endif

#include "base/file.h"
#include "base/log.h"

/* The device's Init waits a second for the answer to its probe; a TPM that tests itself takes longer. */
#define PROBES 5

static const struct kind {
	const char *prefix;
	TSS2_RC (*init)(TSS2_TCTI_CONTEXT *, size_t *, const char *);
	unsigned probes;
} kinds[] = {
	{ "device:", Tss2_Tcti_Device_Init, PROBES },
#ifdef TPM_WITH_SWTPM
	{ "swtpm:", Tss2_Tcti_Swtpm_Init, 1 },
#endif
};

static enum status
open_kind(const struct kind *k, const char *conf, TSS2_TCTI_CONTEXT **tcti)
{
	size_t size = 0;
	int error = 0;

	if (k->init(NULL, &size, conf) != TSS2_RC_SUCCESS)
		return E_IO;
	*tcti = calloc(1, size);
	if (*tcti == NULL)
		return E_MEMORY;
	for (unsigned i = 0; i < k->probes; i++) {
		errno = 0;
		if (k->init(*tcti, &size, conf) == TSS2_RC_SUCCESS)
			return OK;
		error = errno;
		if (error == ENOENT || error == EBUSY || error == EACCES || error == EPERM || error == ENODEV)
			break;
	}
	free(*tcti);
	*tcti = NULL;
	return error == EBUSY ? E_BUSY : error == 0 ? E_IO : file_status(error);
}

static enum status
open_named(const char *name, TSS2_TCTI_CONTEXT **tcti)
{
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		size_t n = strlen(kinds[i].prefix);

		if (strncmp(name, kinds[i].prefix, n) == 0)
			return open_kind(&kinds[i], name + n, tcti);
	}
	log_error("TPM: %s: not a way to a TPM that this program knows", name);
	return E_UNSUPPORTED;
}

enum status
tcti_open(const char *name, TSS2_TCTI_CONTEXT **tcti, bool *raw)
{
	static const char *const devices[] = { "device:/dev/tpm0", "device:/dev/tpmrm0" };
	const char *const *names = name == NULL ? devices : &name;
	size_t n = name == NULL ? sizeof devices / sizeof *devices : 1;
	enum status s = E_NOT_FOUND;

	*tcti = NULL;
	for (size_t i = 0; i < n; i++) {
		s = open_named(names[i], tcti);
		*raw = strstr(names[i], "tpmrm") == NULL;
		if (s == OK)
			return OK;
	}
	log_error("TPM: %s: %s", name == NULL ? "/dev/tpm0, /dev/tpmrm0" : name, status_text(s));
	return s;
}

void
tcti_close(TSS2_TCTI_CONTEXT *tcti)
{
	if (tcti == NULL)
		return;
	if (TSS2_TCTI_FINALIZE(tcti) != NULL)
		TSS2_TCTI_FINALIZE(tcti)(tcti);
	free(tcti);
}

/*
 * ESYS names tpm2-tss's loader of TCTI libraries, for callers that give it no TCTI.  There is no such caller and no
 * loader here.
 */
TSS2_RC Tss2_TctiLdr_Initialize(const char *name, TSS2_TCTI_CONTEXT **tcti);
void Tss2_TctiLdr_Finalize(TSS2_TCTI_CONTEXT **tcti);

TSS2_RC
Tss2_TctiLdr_Initialize(const char *name, TSS2_TCTI_CONTEXT **tcti)
{
	(void)name;
	(void)tcti;
	return TSS2_TCTI_RC_NOT_SUPPORTED;
}

void
Tss2_TctiLdr_Finalize(TSS2_TCTI_CONTEXT **tcti)
{
	(void)tcti;
}
