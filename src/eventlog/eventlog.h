/* SPDX-License-Identifier: ISC */
/*
 * A cursor over the firmware's event log, as the kernel shows it in binary_bios_measurements.
 *
 *	crypto-agile (PFP 10.2.2)     first the Spec ID event in the old form, then
 *	                              pcr 4 | type 4 | n 4 | n x (alg 2 | digest) | size 4 | data        all little-endian
 *	TPM 1.2 (PFP 10.2.1)          pcr 4 | type 4 | SHA-1 20 | size 4 | data
 *	Spec ID event (10.4.5.1)      0 | EV_NO_ACTION | 20 zeros | size | "Spec ID Event03\0" | class 4 | minor 1 | major 1 |
 *	                              errata 1 | uintn 1 | n 4 | n x (alg 2 | digest size 2) | v 1 | v bytes of the vendor's
 *
 * Digest sizes come from the Spec ID event, so algorithms that we do not know are stepped over exactly.
 *
 * Refused, with the offset of the event (or of the part) and a reason: everything that does not fit the drawing; a PCR above 23,
 * but for EV_NO_ACTION with 0xffffffff, which ends every log of Windows; a digest list that names an algorithm twice or one that
 * the Spec ID event does not list; a Spec ID event that is not in PCR 0, has a digest, lists an algorithm twice, a known one with
 * another size, more than 16 or none, or whose vendor bytes do not end where the event ends; a first EV_NO_ACTION event that is
 * no Spec ID event (a cut or forged head); a second Spec ID event; a StartupLocality that is not 0, 3 or 4, comes twice, or comes
 * after PCR 0 was extended and says another value than PCR 0 started with (after an H-CRTM event, which decides it alone, any will do).
 *
 * EVENTLOG_APPRAISE refuses more: the TPM 1.2 format, and a digest list that lacks an algorithm of the Spec ID event.
 * Real logs lack some: a ThinkPad's firmware lists SHA-1 and SHA-256, its Windows logs SHA-256 only.
 *
 * The end: the last event ends with the log, or nothing follows but bytes 0x00, or but bytes 0xff, at least an event header of
 * them: log areas copied whole from ACPI memory are filled up so (the kernel stops there too).  None of the logs that the kernel
 * showed has any.  Padding is told in ${padding}.
 */
#ifndef EVENTLOG_EVENTLOG_H
#define EVENTLOG_EVENTLOG_H

#include "eventlog/event.h"

/* Why a log is refused: name, status, sentence. */
#define EVENTLOG_FAULT_LIST(X)                                                                                         \
	X(EVENTLOG_FINE, OK, "no fault")                                                                               \
	X(EVENTLOG_EMPTY, E_MISSING, "the log is empty")                                                               \
	X(EVENTLOG_HEADER_CUT, E_TRUNCATED, "the log ends inside the header of an event")                              \
	X(EVENTLOG_DIGESTS_CUT, E_TRUNCATED, "the log ends inside the digests of an event")                            \
	X(EVENTLOG_DATA_CUT, E_TRUNCATED, "the data of an event reach beyond the end of the log")                      \
	X(EVENTLOG_PCR, E_RANGE, "PCR index above 23")                                                                 \
	X(EVENTLOG_DIGESTS_NONE, E_MISSING, "an event without digests")                                                \
	X(EVENTLOG_DIGESTS_MANY, E_TOO_LARGE, "more digests than the Spec ID event lists algorithms")                  \
	X(EVENTLOG_DIGEST_UNLISTED, E_UNSUPPORTED, "a digest of an algorithm that the Spec ID event does not list")    \
	X(EVENTLOG_DIGEST_TWICE, E_DUPLICATE, "two digests of one algorithm")                                          \
	X(EVENTLOG_DIGEST_MISSING, E_MISSING, "no digest of an algorithm that the Spec ID event lists")                \
	X(EVENTLOG_PADDING, E_TRAILING, "something follows the padding")                                               \
	X(EVENTLOG_SHA1_ONLY, E_UNSUPPORTED, "TPM 1.2 format, SHA-1 only: shown and replayed, never approved")         \
	X(EVENTLOG_SPEC_ABSENT, E_MAGIC, "the first event is EV_NO_ACTION, but no Spec ID event")                      \
	X(EVENTLOG_SPEC_PCR, E_RANGE, "the Spec ID event is not in PCR 0")                                             \
	X(EVENTLOG_SPEC_DIGEST, E_RANGE, "the Spec ID event has a digest that is not zero")                            \
	X(EVENTLOG_SPEC_CUT, E_TRUNCATED, "the Spec ID event ends inside its own fields")                              \
	X(EVENTLOG_SPEC_ALGS, E_RANGE, "the Spec ID event lists no algorithm, or more than 16")                        \
	X(EVENTLOG_SPEC_ALG_SIZE, E_RANGE, "the Spec ID event gives an algorithm an impossible digest size")           \
	X(EVENTLOG_SPEC_ALG_TWICE, E_DUPLICATE, "the Spec ID event lists an algorithm twice")                          \
	X(EVENTLOG_SPEC_VENDOR, E_TRAILING, "the vendor bytes of the Spec ID event do not end where the event ends")   \
	X(EVENTLOG_SPEC_TWICE, E_DUPLICATE, "a second Spec ID event")                                                  \
	X(EVENTLOG_LOCALITY, E_RANGE, "a StartupLocality event that is not in PCR 0 or does not say 0, 3 or 4")        \
	X(EVENTLOG_LOCALITY_TWICE, E_DUPLICATE, "a second StartupLocality event")                                      \
	X(EVENTLOG_LOCALITY_LATE, E_RANGE, "a StartupLocality event of 3 or 4 after PCR 0 was extended")

enum eventlog_fault {
#define X(name, status, text) name,
	EVENTLOG_FAULT_LIST(X)
#undef X
};

enum eventlog_rules { EVENTLOG_APPRAISE, EVENTLOG_SHOW };
enum eventlog_format { EVENTLOG_TPM12, EVENTLOG_AGILE };

struct eventlog_alg {
	uint16_t alg, size;
};

struct eventlog {
	/* What the head says; valid after eventlog_begin() without a fault. */
	enum eventlog_format format;
	size_t algs; /* TPM 1.2 format: one, SHA-1 */
	struct eventlog_alg alg[EVENT_DIGESTS_MAX];

	/* What came so far. */
	size_t events;
	size_t no_action; /* EV_NO_ACTION events after the first event */
	size_t uneven;    /* events that lack a listed algorithm; always 0 under EVENTLOG_APPRAISE */
	size_t padding;   /* bytes after the last event */
	bool locality_told;
	uint8_t locality; /* as told, also when an H-CRTM event overrules it */

	enum eventlog_fault fault;
	size_t fault_at; /* offset in the log */

	/* The cursor's own. */
	enum eventlog_rules rules;
	struct reader in;
	bool ended, pcr0_extended, h_crtm;
};

/* eventlog_begin(log, in, rules): stand before the first event of ${in}, which must outlive ${log}.  Looks at the head already. */
void eventlog_begin(struct eventlog *log, struct bytes in, enum eventlog_rules rules);

/* eventlog_next(log, ev): the next event, the Spec ID event being the first.  False at the end and at the first fault. */
bool eventlog_next(struct eventlog *log, struct event *ev);

/* eventlog_end(log): OK only if the end was reached without a fault; else the fault's status, or E_TRAILING for events not read. */
enum status eventlog_end(const struct eventlog *log);

/* eventlog_fault_text(f), eventlog_fault_name(f): the sentence, and the name as in the list; never NULL. */
const char *eventlog_fault_text(enum eventlog_fault f);
const char *eventlog_fault_name(enum eventlog_fault f);

#endif
