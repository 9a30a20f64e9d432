/* SPDX-License-Identifier: ISC */
/*
 * The way to the TPM: the kernel's device, or (where TPM_WITH_SWTPM is defined) a software TPM.
 *
 * ESYS and SYS are shown whole answers only: of exactly the length that their header says, or else a failure.  No answer is waited for
 * without end: a command has TCTI_ANSWER_SECONDS, one that makes a key TCTI_KEY_SECONDS.  While a command is with Linux's driver, nothing
 * that is asked of the device comes back, poll() included: a TPM that hangs there has the driver's own time, two minutes for most commands.
 * After a failure nothing more is sent.
 */
#ifndef TPM_TCTI_H
#define TPM_TCTI_H

#include <tss2/tss2_tcti.h>

#include "base/bytes.h"

#define TCTI_ANSWER_SECONDS 30U
#define TCTI_KEY_SECONDS 300U

/* What receiving fails with: no answer in time; one that is cut or too long; the device or the connection failed. */
#define TCTI_TOO_LATE TSS2_TCTI_RC_NO_CONNECTION
#define TCTI_MALFORMED TSS2_TCTI_RC_MALFORMED_RESPONSE
#define TCTI_FAILED TSS2_TCTI_RC_IO_ERROR

/* tcti_open(name, tcti, raw): ${name} as in tpm_open(). ${raw}: nothing stands between us and the TPM's slots. Sends nothing. */
enum status tcti_open(const char *name, TSS2_TCTI_CONTEXT **tcti, bool *raw);
void tcti_close(TSS2_TCTI_CONTEXT *tcti);

/* tcti_limit(code): how many seconds a command has. tcti_waited(tcti): how many went by since the last one was sent. */
unsigned tcti_limit(uint32_t code);
unsigned tcti_waited(TSS2_TCTI_CONTEXT *tcti);

#endif
