/* SPDX-License-Identifier: ISC */
/*
 * thief FOLDER: root of a virtual machine who has stolen a verifier's state (FOLDER) with its approval key.  Started before the door closes, he
 * reads the secret, which shows that he knows how; then he makes ready: an approval in hand for a session that is open, and a session whose whole
 * policy is met.  When there is a file thief.go in /run, after the hand-over, he goes on, and tries all that he can think of.
 */
#include <stdio.h>
#include <unistd.h>

#include "base/log.h"
#include "store/keys.h"
#include "../unit/thief.h"

#define INDEX 0x018b4701
#define EPOCH 1

static unsigned tries, reads;

static bool
get_ready(struct thief *th, const struct keys *k)
{
	const struct keys_delegation *d = keys_find_delegation(k, EPOCH);

	memset(th, 0, sizeof *th);
	if (d == NULL || tpm_open("device:/dev/tpmrm0", &th->t) != OK || tpm_ek_ensure(th->t, TPM_EK_P384, &th->ek) != OK ||
		tpm_object_find(th->t, INDEX, &th->nv) != OK)
		return false;
	th->approval_key = k->approval;
	th->a.authority = k->authority;
	th->a.approval_key = k->approval.public;
	th->a.statement_key = k->statement.public;
	th->a.epoch = EPOCH;
	memcpy(th->a.delegation, d->signature, th->a.delegation_n = d->n);
	return true;
}

static void
tell(const char *when, const char *how, TSS2_RC rc)
{
	tries++;
	reads += rc == TSS2_RC_SUCCESS;
	if (rc == TSS2_RC_SUCCESS)
		printf("thief: %s: %s: READS THE SECRET\n", when, how);
	else
		printf("thief: %s: %s: refused by %s (0x%x)\n", when, how, thief_step, (unsigned)rc);
}

static void
try_all(struct thief *th, const char *when)
{
	uint8_t secret[GATE_SECRET_SIZE];

	for (enum trick trick = TRICK_NONE; trick < TRICKS; trick++)
		tell(when, thief_tricks[trick], thief_try(th, trick, secret));
}

static void
look_at_the_door(struct thief *th, const char *when)
{
	enum hash_alg banks[QUOTE_BANKS_MAX];
	struct digest d;
	size_t n = 0;

	if (tpm_banks(th->t, banks, &n) != OK)
		return;
	for (size_t i = 0; i < n; i++)
		if (tpm_pcr_read(th->t, banks[i], DOOR_PCR, &d) == OK)
			printf("thief: %s: PCR 13 of bank %s is %szero\n", when, hash_name(banks[i]), bytes_zero(digest_view(&d)) ? "" : "not ");
}

static void
touch_others(struct thief *th, uint32_t code, const char *what)
{
	unsigned done = 0;

	for (unsigned pcr = 0; pcr < 24; pcr++) {
		uint32_t rc = thief_touch(th, code, pcr);

		done += rc == TPM2_RC_SUCCESS;
		if (pcr == DOOR_PCR)
			printf("thief: PCR 13 %s: 0x%x\n", what, (unsigned)rc);
	}
	printf("thief: %u PCRs %s\n", done, what);
}

int
main(int argc, char **argv)
{
	static struct thief free_hand, in_hand, prepared;
	static struct keys k;
	uint8_t secret[GATE_SECRET_SIZE];
	char why[256] = "";
	TSS2_RC rc;

	setvbuf(stdout, NULL, _IOLBF, 0);
	log_open("thief", false);
	if (argc != 2 || keys_load(argv[1], NULL, &k, why, sizeof why) != OK || !get_ready(&free_hand, &k) || !get_ready(&in_hand, &k) || !get_ready(&prepared, &k)) {
		printf("thief: cannot begin: %s\n", why);
		return 1;
	}
	look_at_the_door(&free_hand, "before");
	tell("before", thief_tricks[TRICK_NONE], thief_try(&free_hand, TRICK_NONE, secret));
	if (thief_begin(&in_hand) != OK || thief_begin(&prepared) != OK || (rc = thief_policy(&prepared, TRICK_NONE)) != TSS2_RC_SUCCESS) {
		printf("thief: cannot make ready\n");
		return 1;
	}
	/* The hand-over moves /run along with who is in it. */
	if (chdir("/run") != 0)
		return 1;
	printf("thief: ready\n");
	tries = reads = 0;
	while (access("thief.go", F_OK) != 0)
		usleep(100000);
	printf("thief: goes on after %u s\n", tpm_session_age(in_hand.t));
	rc = thief_policy(&in_hand, TRICK_NONE);
	tell("after", "an approval in hand", rc != TSS2_RC_SUCCESS ? rc : thief_read(&in_hand, secret));
	tell("after", "a session whose policy was met", thief_read(&prepared, secret));
	look_at_the_door(&free_hand, "after");
	try_all(&free_hand, "after");
	touch_others(&free_hand, TPM2_CC_PCR_Reset, "reset");
	try_all(&free_hand, "after resets");
	touch_others(&free_hand, TPM2_CC_PCR_Event, "extended");
	try_all(&free_hand, "after extensions");
	printf("thief: done: %u tries, %u reads\n", tries, reads);
	return 0;
}
