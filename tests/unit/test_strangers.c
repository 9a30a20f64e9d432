/* SPDX-License-Identifier: ISC */
/*
 * Who is no enrolled machine, over the real wire, in every way: one answer, the same bytes, the same work.  (S31)
 */
#define BOOTGATED "build/test/bootgated-counted"
#include "daemon.h"

#include "verifier/nonce.h"

/* What the verifier has of the machine whose id is shown. */
static void
unknown(void)
{
	enroll_it();
	assert_int_equal(store_machine_forget(t.store, t.built->machine.id), OK);
}

static void
frozen(void)
{
	enroll_it();
	t.built->machine.frozen = true;
	assert_int_equal(store_machine_put(t.store, &t.built->machine), OK);
}

static void
pending(void)
{
	enroll_it();
	t.built->machine.active = false;
	assert_int_equal(store_machine_put(t.store, &t.built->machine), OK);
}

static void
candidate(void)
{
	enroll_it();
	assert_int_equal(store_candidate_put(t.store, &t.built->machine), OK);
}

static const struct {
	const char *name;
	void (*make)(void);
} states[] = { { "unknown or forgotten", unknown }, { "enrolled", enroll_it }, { "frozen", frozen }, { "pending", pending }, { "enrolled, and again", candidate } };
#define STATES (sizeof states / sizeof *states)

/* What is shown in its name. */
enum show { DAMAGED, FOREIGN_KEY, OTHER_CURVE, NOTHING_SIGNED, NONCE_OF_NOBODY, NONCE_STALE, NONCE_CHANGED, SHOWS };

static const char *const show_names[] = { "a damaged signature", "another key", "another kind of key", "a signature of zeros", "a nonce of nobody",
	"a stale nonce", "a changed nonce" };

static struct bytes
encode(void)
{
	static uint8_t space[EVIDENCE_SIZE_MAX];
	struct buffer out = BUFFER(space);
	struct evidence e = build_evidence(t.built);

	assert_int_equal(message_evidence_encode(&e, &out), OK);
	return buffer_view(&out);
}

static void
make_stale(void)
{
	static struct keys k;
	char state[128], why[256] = "";
	uint8_t key[NONCE_KEY_SIZE];

	snprintf(state, sizeof state, "%s/state", t.folder);
	assert_int_equal(keys_load(state, NULL, &k, why, sizeof why), OK);
	keys_derive(k.master, "nonce", key);
	assert_int_equal(nonce_make(key, t.nonce + 8, (uint64_t)time(NULL) - NONCE_LIFETIME - 5, t.nonce), OK);
	keys_wipe(&k);
}

/* rebind(): with the nonce that t.nonce is now, and signed by the machine's own AK. */
static void
rebind(void)
{
	t.built->binding.nonce = BYTES(t.nonce);
	build_bind(t.built);
	build_attest(t.built);
	build_sign(t.built);
}

static struct bytes
show(enum show how)
{
	struct ec_private real = t.built->ak;
	uint16_t hash = t.built->signature_hash;
	enum ec_curve curve = real.public.curve;
	struct bytes evidence;

	if (how == OTHER_CURVE)
		curve = curve == EC_P256 ? EC_P384 : EC_P256;
	if (how == FOREIGN_KEY || how == OTHER_CURVE) {
		assert_int_equal(ec_generate(curve, &t.built->ak), OK);
		t.built->signature_hash = (uint16_t)ec_hash(curve);
	}
	make_evidence(PURPOSE_BOOT);
	t.built->ak = real;
	t.built->signature_hash = hash;
	if (how == DAMAGED)
		t.built->signature_space[20] ^= 1;
	if (how == NOTHING_SIGNED)
		memset(t.built->signature_space + 6, 0, ec_field_size(curve));
	if (how == NONCE_OF_NOBODY)
		memset(t.nonce, 0x5a, sizeof t.nonce);
	if (how == NONCE_STALE)
		make_stale();
	if (how == NONCE_CHANGED)
		t.nonce[7] ^= 1;
	if (how >= NONCE_OF_NOBODY)
		rebind();
	evidence = encode();
	return evidence;
}

/* work(said): the last line of the log that tells what an answer took. */
static void
work(char said[128])
{
	static char text[1 << 20];
	struct buffer b = buffer_of((uint8_t *)text, sizeof text - 1);
	char path[128];
	const char *p, *last = NULL;

	snprintf(path, sizeof path, "%s/log", t.folder);
	assert_int_equal(file_read(path, &b), OK);
	text[b.n] = '\0';
	for (p = text; (p = strstr(p, "work: ")) != NULL; p++)
		last = p;
	assert_non_null(last);
	snprintf(said, 128, "%.*s", (int)strcspn(last, "\n"), last);
}

static void
a_stranger_gets_the_same_bytes_and_the_same_work_whatever_the_verifier_knows(void **state)
{
	static struct answer first, a;
	char first_work[128], a_work[128];
	unsigned tried = 0;

	(void)state;
	for (enum show how = DAMAGED; how < SHOWS; how++)
		for (size_t i = 0; i < STATES; i++) {
			states[i].make();
			ask(t.https, "POST", "/v1/attest", show(how), &a);
			work(a_work);
			tried++;
			if (i == 0) {
				first = a;
				snprintf(first_work, sizeof first_work, "%s", a_work);
				expect_problem(&first, how < NONCE_OF_NOBODY ? 403 : 409, how < NONCE_OF_NOBODY ? "unknown" : "challenge-again");
				continue;
			}
			if (a.code != first.code || !bytes_equal(bytes_of(a.body, a.n), bytes_of(first.body, first.n)))
				fail_msg("%s, %s: another answer than for one that is unknown", states[i].name, show_names[how]);
			if (strcmp(a_work, first_work) != 0)
				fail_msg("%s, %s: %s; for one that is unknown: %s", states[i].name, show_names[how], a_work, first_work);
		}
	print_message("# count: %u strangers\n", tried);
}

/* The kinds that reach the arithmetic get one answer among themselves too. */
static void
every_kind_of_stranger_gets_that_answer(void **state)
{
	static struct answer first, a;

	(void)state;
	enroll_it();
	ask(t.https, "POST", "/v1/attest", show(DAMAGED), &first);
	for (enum show how = FOREIGN_KEY; how < NONCE_OF_NOBODY; how++) {
		ask(t.https, "POST", "/v1/attest", show(how), &a);
		assert_int_equal(a.code, first.code);
		assert_true(bytes_equal(bytes_of(a.body, a.n), bytes_of(first.body, first.n)));
	}
}

static int
compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

#define SAMPLES 60

static double
time_of(void (*make)(void))
{
	static struct answer a;
	struct timespec begin, end;
	struct bytes evidence;

	make();
	evidence = show(DAMAGED);
	clock_gettime(CLOCK_MONOTONIC, &begin);
	ask(t.https, "POST", "/v1/attest", evidence, &a);
	clock_gettime(CLOCK_MONOTONIC, &end);
	return 1e6 * ((double)(end.tv_sec - begin.tv_sec) + (double)(end.tv_nsec - begin.tv_nsec) / 1e9);
}

/* Printed, not judged: the host has other things to do.  By turns, so that these disturb all alike. */
static void
how_long_it_takes_is_told(void **state)
{
	static double s[STATES][SAMPLES];

	(void)state;
	for (unsigned k = 0; k < SAMPLES; k++)
		for (size_t i = 0; i < STATES; i++)
			s[i][k] = time_of(states[i].make);
	for (size_t i = 0; i < STATES; i++)
		qsort(s[i], SAMPLES, sizeof *s[i], compare);
	for (size_t i = 0; i < STATES; i++)
		print_message("# %s: median %.0f us (%.0f to %.0f), %.2f times that of one that is unknown\n", states[i].name, s[i][SAMPLES / 2], s[i][0],
			s[i][SAMPLES - 1], s[i][SAMPLES / 2] / s[0][SAMPLES / 2]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_stranger_gets_the_same_bytes_and_the_same_work_whatever_the_verifier_knows),
		cmocka_unit_test(every_kind_of_stranger_gets_that_answer),
		cmocka_unit_test(how_long_it_takes_is_told),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
