/* SPDX-License-Identifier: ISC */
/*
 * TPMS_ATTEST: quotes and session audits.  (TPM 2.0 Part 2, 10.12)
 */
#ifndef STRUCTURES_QUOTE_H
#define STRUCTURES_QUOTE_H

#include "structures/public.h"

#define QUOTE_SIZE_MAX 1024
#define SIGNATURE_SIZE_MAX (RSA_SIZE_MAX + 6)
#define QUOTE_BANKS_MAX 8

/* One TPMS_PCR_SELECTION: bit i of ${pcrs} is PCR i. */
struct pcr_selection {
	uint16_t alg;
	uint32_t pcrs;
};

struct quote {
	struct bytes signer, extra_data; /* qualifiedSigner, extraData */
	uint64_t clock, firmware_version;
	uint32_t reset_count, restart_count;
	bool safe;
	size_t banks;
	struct pcr_selection selection[QUOTE_BANKS_MAX];
	struct bytes pcr_digest;
};

/*
 * quote_decode(in, q): a TPMS_ATTEST of type quote.  Refuses another magic (E_MAGIC), type (E_TYPE), more banks than
 * QUOTE_BANKS_MAX, a bank given twice, PCR selects of more than 4 bytes, `safe` other than 0 and 1, and trailing bytes.
 * Views in ${q} point into ${in}, which must outlive it.
 */
enum status quote_decode(struct bytes in, struct quote *q);

/* The audit of a session (TPM_ST_ATTEST_SESSION_AUDIT), same rules. */
struct session_audit {
	struct bytes signer, extra_data;
	uint64_t clock, firmware_version;
	uint32_t reset_count, restart_count;
	bool safe, exclusive;
	struct bytes session_digest;
};
enum status session_audit_decode(struct bytes in, struct session_audit *a);

/*
 * The digest that a quote of PCR 0-15 in these banks must show: H over the concatenated PCR values, in the order of the
 * selection.  ${values}[i] is the 16 values of bank i, each hash_size(banks[i]) bytes, concatenated.  ${alg}: the hash of the AK's scheme.
 */
enum status quote_pcr_digest(enum hash_alg alg, const struct bytes *values, size_t banks, struct digest *out);

#endif
