/* SPDX-License-Identifier: ISC */
/*
 * What IMA extended into PCR 10.  A kernel with IMA measures its boot_aggregate whatever the policy, and under Secure Boot each module;
 * the firmware's log has ended by then, so these events travel with the evidence.
 */
#ifndef AGENT_IMA_H
#define AGENT_IMA_H

#include "protocol/message.h"

#define IMA_PCR 10
#define IMA_LIST "/sys/kernel/security/ima/binary_runtime_measurements"

/*
 * ima_parse(list, crypto, banks, n, events): append the entries of a binary_runtime_measurements (this machine's byte order, taken for
 * little-endian), with a digest for each of the ${n} ${banks}, whose numbers ascend.
 *
 *   pcr 4 | SHA-1 of the data 20 | n 4 | template name n | n 4 | data n       (Documentation/security/IMA-templates.rst)
 *
 * The kernel extends each bank by the bank's hash of the data; but where it has no such hash built in, by the SHA-1 digest with zeros after it.
 * ${crypto} is the text of /proc/crypto, which tells.  Entries of violations (a zero digest) extend ones, and are kept so.
 * E_TYPE for the old template "ima", whose data is not what was hashed; E_SYNTAX, E_TRUNCATED; E_TOO_LARGE above USER_EVENTS_MAX.
 * Views in ${events} point into ${list}.
 */
enum status ima_parse(struct bytes list, struct bytes crypto, const enum hash_alg *banks, size_t n, struct user_events *events);

#endif
