/* SPDX-License-Identifier: ISC */
/*
 * What a loaded policy consists of.  Only policy.c fills it; only appraise*.c read it.
 */
#ifndef POLICY_RULES_H
#define POLICY_RULES_H

#include "policy/policy.h"

#define RULE_PCRS 16
#define RULE_WORDS_MAX 64
#define RULE_WORD_MAX 128
#define RULE_BANKS_MAX 3 /* SHA-256, 384, 512 */

/* What a policy can say of a PCR.  Name in the file, kind; the lists that the rule needs stand in policy.c. */
enum rule_kind {
	RULE_NONE = 0,
	RULE_IGNORED,           /* by name: "ignore = WHY" */
	RULE_UNUSED,            /* nothing was ever extended */
	RULE_VALUES,            /* the final value is in a list: firmware */
	RULE_DOOR,              /* PCR 13, and no other: judged by the protocol's own checks */
	RULE_BOOT_APPLICATIONS, /* PCR 4 */
	RULE_SECURE_BOOT,       /* PCR 7 */
	RULE_INITRD,            /* PCR 9 */
	RULE_UKI_SECTIONS,      /* PCR 11 */
	RULE_COMMAND_LINE,      /* PCR 8, 12: where a boot loader or a stub measures it */
};

/* The lists of reference values that a rule names; "" when it does not name one. */
enum rule_list {
	LIST_VALUES,
	LIST_APPLICATIONS,
	LIST_KERNELS,
	LIST_INITRD,
	LIST_SECTIONS,
	LIST_PK,
	LIST_KEK,
	LIST_DB,
	LIST_DBX,
	LIST_AUTHORITIES,
	RULE_LISTS
};

/* Instead of a list, for those of RULE_SECURE_BOOT: ignored by name. */
#define RULE_LIST_IGNORED "ignored"

struct rule_words {
	size_t n;
	char word[RULE_WORDS_MAX][RULE_WORD_MAX + 1];
};

struct rule {
	enum rule_kind kind;
	char list[RULE_LISTS][POLICY_NAME_MAX + 1];
	struct rule_words may_occur; /* texts that user space may extend besides, each as one event */
};

struct policy {
	char title[2 * POLICY_NAME_MAX + 2];
	size_t banks;
	enum hash_alg bank[RULE_BANKS_MAX];
	bool name_restarts; /* on-restart = name; false: hold */
	struct rule pcr[RULE_PCRS];

	/* The kernel's command line, wherever it is measured. */
	char command_lines[POLICY_NAME_MAX + 1];
	struct rule_words deny, require;
};

/* The bank whose digests reference values are compared with; a policy without it does not load. */
#define RULE_BANK HASH_SHA256

#endif
