/* SPDX-License-Identifier: ISC */
/*
 * What stands in a record of the audit log: deterministic CBOR, a map; members that do not apply are left out.  (docs/verifier-state.md)
 *
 *   1 kind tstr         "verdict", "enrolled", "pending", "rotated", "operator"
 *   2 machine bstr      its id              3 label tstr
 *   4 decision uint     0 denied, 1 held, 2 approved (verdicts only)
 *   5 purpose uint      6 evidence bstr     SHA-256 of the binding
 *   7 policy tstr       "name/version"      8, 9 bstr  SHA-256 of the policy's text, of the encoded reference values
 *   10 reasons          [ [check tstr, text tstr] ... ]
 *   11 notes            likewise
 *   12 verifier bstr    first 8 bytes of SHA-256 of its statement key's point
 *   13 text tstr        for people: how it enrolled, what the operator did
 *   14 shares           [ bstr ... ] ids of the network shares that an approval held
 */
#ifndef STORE_RECORD_H
#define STORE_RECORD_H

#include "policy/appraise.h"

#define RECORD_VERIFIER_SIZE 8
#define RECORD_TEXT_MAX 512

struct record {
	struct bytes kind;
	struct bytes machine, label;        /* empty: left out */
	bool judged;                        /* whether 4 to 11 are there */
	enum decision decision;
	enum purpose purpose;
	struct bytes evidence;
	struct bytes policy, policy_digest, references_digest;
	size_t reasons, notes;
	struct reason reason[REASONS_MAX], note[8];
	struct bytes verifier, text;
	size_t shares;
	struct bytes share[SEALS_MAX];
};

enum status record_encode(const struct record *r, struct buffer *out);
enum status record_decode(struct bytes in, struct record *r);

#endif
