/* SPDX-License-Identifier: ISC */
/*
 * The way to the TPM: the kernel's device, or (where TPM_WITH_SWTPM is defined) a software TPM.
 */
#ifndef TPM_TCTI_H
#define TPM_TCTI_H

#include <tss2/tss2_tcti.h>

#include "base/bytes.h"

/* tcti_open(name, tcti, raw): ${name} as in tpm_open(). ${raw}: nothing stands between us and the TPM's slots. */
enum status tcti_open(const char *name, TSS2_TCTI_CONTEXT **tcti, bool *raw);
void tcti_close(TSS2_TCTI_CONTEXT *tcti);

#endif
