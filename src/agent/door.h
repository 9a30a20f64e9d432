/* SPDX-License-Identifier: ISC */
/*
 * The door: PCR 13, extended in every bank before anything that a disk supplies is believed.  (docs/architecture.md)
 *
 * It is closed once and for all until the next platform reset; what closed it is kept below /run/bootgate, for whoever attests later.
 */
#ifndef AGENT_DOOR_H
#define AGENT_DOOR_H

#include "protocol/message.h"
#include "tpm/tpm.h"

#define DOOR_FOLDER "/run/bootgate"

/* door_outcome_known(text): "approved", "passphrase", "shell", "left". */
bool door_outcome_known(const char *text);

/* door_closed(): whether this boot's door is known to be closed, from our own note; no TPM command. */
bool door_closed(void);

/* door_close_with(t, outcome, digest): in an open TPM; notes it. ${digest}: of the statement, or empty. */
enum status door_close_with(struct tpm *t, const char *outcome, struct bytes digest);

/*
 * door_close(tcti, outcome, digest): opens the TPM itself (/dev/tpmrm0 first: a hung agent may hold /dev/tpm0).  A machine whose firmware announces
 * no TPM has no door: OK.  Retries for some seconds; then the status of the last try.
 */
enum status door_close(const char *tcti, const char *outcome, struct bytes digest);

/*
 * door_close_or_poweroff(tcti, outcome, digest): what nobody may get past: when the door cannot be closed the machine is switched off, with the reason
 * on the console.  Returns true with the door closed; false with the door open, by bootgate.door=unprotected on the measured command line.
 */
bool door_close_or_poweroff(const char *tcti, const char *outcome, struct bytes digest);

/*
 * door_disown_or_poweroff(tcti, outcome): the same, for what no approval vouches for: a passphrase, a shell, a root of others.  A door that an
 * approval closed gets a second event, so that what follows cannot show that approval as its own: volumes are enrolled, and boots announced, by the
 * system of an approved boot alone.
 */
bool door_disown_or_poweroff(const char *tcti, const char *outcome);

/* door_poweroff(reason): says it, and switches off. */
_Noreturn void door_poweroff(const char *reason);

/* door_user_events(out): the user-space events that were noted, encoded; an empty list when there are none. */
enum status door_user_events(struct buffer *out);

/* door_tpm_announced(): whether the firmware's ACPI tables or the kernel know a TPM 2.0; true as well when that cannot be known. */
bool door_tpm_announced(void);

#endif
