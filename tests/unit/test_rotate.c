/* SPDX-License-Identifier: ISC */
/*
 * The agent's side of a rotation (S29): src/agent/rotate.c, with a TPM and disks of the test's own in the place of their modules.
 * tests/unit/agent-rotate.sh is the same with real ones.
 */
#include "vectors.h"

#include <stdio.h>

#include "agent/identity.h"
#include "agent/rotate.h"
#include "crypto/random.h"
#include "protocol/rotation.h"
#include "tpm/tpm.h"

#define ROOT "7b0c5e2a-1f4d-4c3b-9a86-5d2e4f10a001"
#define DATA "7b0c5e2a-1f4d-4c3b-9a86-5d2e4f10a002"

/* What was done, in order. */
static char done[512];
static enum status clear_says;
static struct tpm *const the_tpm = (struct tpm *)(uintptr_t)8;

static void
do_(const char *what, unsigned number)
{
	size_t n = strlen(done);

	snprintf(done + n, sizeof done - n, "%s %x; ", what, number);
}

enum status
identity_open_tpm(const char *tcti, struct tpm **t)
{
	(void)tcti;
	*t = the_tpm;
	return OK;
}

void
tpm_close(struct tpm *t)
{
	assert_ptr_equal(t, the_tpm);
}

enum status
tpm_secret_clear(struct tpm *t, const struct ec_public *authority, uint32_t epoch, uint32_t handle)
{
	(void)t, (void)authority;
	do_("up to", epoch);
	do_("clear", handle);
	return clear_says;
}

static uint8_t defined[GATE_SECRET_SIZE];

enum status
tpm_secret_sweep(struct tpm *t, const struct ec_public *authority, uint32_t epoch, size_t *gone)
{
	(void)t;
	(void)authority;
	(void)epoch;
	*gone = 0;
	return OK;
}

enum status
tpm_secret_define(struct tpm *t, const struct tpm_object *ek, const struct ec_public *authority, uint32_t epoch, uint32_t *handle,
	const uint8_t secret[GATE_SECRET_SIZE], struct tpm_object *nv)
{
	(void)t, (void)ek, (void)authority;
	do_("epoch", epoch);
	do_("define", *handle);
	memcpy(defined, secret, sizeof defined);
	nv->n = 5;
	return OK;
}

enum status
volume_token_write(const struct volume *v, const struct token *token, int number)
{
	(void)token;
	assert_int_equal(number, (int)v->token_number);
	do_("write", (unsigned)v->device[7]);
	return OK;
}

/*
 * A machine of two volumes, /dev/vda and /dev/vdb, that may have a seal of epoch 1 and of 2, and what a verifier answers.
 */
static struct world {
	struct attest a;
	struct identity identity;
	struct settings settings;
	struct volume v[2];
	struct hpke_private key[3]; /* machine keys: of epoch 1, of 2, and one that is none */
	uint8_t share[2][2][SHARE_SIZE], slot_key[2][SEAL_KEY_SIZE];
	uint8_t sealed[4][SEALED_SHARE_SIZE];
} w;

static void
give_share(const uint8_t id[SHARE_ID_SIZE], const uint8_t share[SHARE_SIZE])
{
	struct sealed_share *to = &w.a.statement.share[w.a.statement.shares];
	struct buffer b = BUFFER(w.sealed[w.a.statement.shares]);

	assert_int_equal(message_share_seal(w.a.hpke.pk, w.a.digest, id, share, &b), OK);
	memcpy(to->id, id, SHARE_ID_SIZE);
	to->sealed = buffer_view(&b);
	w.a.statement.shares++;
}

/* Seals of one volume, up to ${epoch}, the last one to ${key}. */
static void
seal(size_t i, uint32_t epoch, const struct hpke_private *key)
{
	struct volume *v = &w.v[i];
	struct token_seal *s = &v->token.seal[epoch - 1];

	if (epoch > 1)
		seal(i, epoch - 1, &w.key[0]);
	memset(s, 0, sizeof *s);
	s->epoch = epoch;
	memcpy(s->machine_key, key->pk, sizeof s->machine_key);
	memset(s->share, (int)(0x10 + i), sizeof s->share);
	if (epoch > 1)
		rotation_seal_id(w.share[i][1], epoch, key->pk, s->share);
	assert_int_equal(seal_make(s, w.share[i][epoch - 1], bytes_of(v->aad, v->aad_n), w.slot_key[i]), OK);
	v->token.seals = epoch;
}

static void
begin(uint32_t epoch_a, uint32_t epoch_b)
{
	const uint32_t epochs[] = { epoch_a, epoch_b };

	memset(&w, 0, sizeof w);
	memset(done, 0, sizeof done);
	clear_says = OK;
	w.a.settings = &w.settings;
	w.a.identity = &w.identity;
	w.identity.nv_handle_next = 0x12;
	w.identity.indices = 2;
	w.identity.index[0].epoch = 1;
	w.identity.index[1].epoch = 2;
	assert_int_equal(hpke_generate(&w.a.hpke), OK);
	assert_int_equal(random_fill(w.share, sizeof w.share), OK);
	assert_int_equal(random_fill(w.slot_key, sizeof w.slot_key), OK);
	for (size_t k = 0; k < 3; k++)
		assert_int_equal(hpke_generate(&w.key[k]), OK);
	for (size_t i = 0; i < 2; i++) {
		uint8_t next[SHARE_ID_SIZE];

		snprintf(w.v[i].device, sizeof w.v[i].device, "/dev/vd%c", (char)('a' + i));
		snprintf(w.v[i].uuid, sizeof w.v[i].uuid, "%s", i == 0 ? ROOT : DATA);
		w.v[i].has_token = true;
		w.v[i].token_number = (uint32_t)i;
		w.v[i].aad_n = 9;
		w.v[i].aad[0] = (uint8_t)i;
		w.v[i].token.nv_handle[0] = 0x11;
		w.v[i].token.nv_handle[1] = 0x12;
		seal(i, epochs[i], &w.key[epochs[i] - 1]);
		give_share(w.v[i].token.seal[0].share, w.share[i][0]);
		rotation_successor(w.v[i].token.seal[0].share, 2, next);
		give_share(next, w.share[i][1]);
	}
}

static void
name(const char *uuid)
{
	snprintf(w.settings.volume[w.settings.volumes].uuid, sizeof w.settings.volume[0].uuid, "%s", uuid);
	snprintf(w.settings.volume[w.settings.volumes++].name, sizeof w.settings.volume[0].name, "named");
}

static void
the_order_is_the_one_to_rotate(void **state)
{
	struct statement st = { .orders = 0 };

	(void)state;
	assert_int_equal(rotate_order(&st), 0);
	st.orders = 1;
	st.order[0] = (struct order){ ORDER_ROTATE, 7 };
	assert_int_equal(rotate_order(&st), 7);
}

static void
the_new_secret_is_read_only_when_each_volume_has_a_seal_for_it(void **state)
{
	(void)state;
	begin(2, 2);
	assert_true(rotate_is_prepared(&w.a, w.v, 2));
	/* by the seal's own id as well, once the verifier has heard of it */
	memcpy(w.a.statement.share[1].id, w.v[0].token.seal[1].share, SHARE_ID_SIZE);
	assert_true(rotate_is_prepared(&w.a, w.v, 2));
	begin(2, 1);
	assert_false(rotate_is_prepared(&w.a, w.v, 2));
	begin(2, 2);
	w.a.statement.shares = 3; /* none for the second seal of the second volume */
	assert_false(rotate_is_prepared(&w.a, w.v, 2));
	/* a disk from elsewhere, for which there is no share, holds up nothing */
	begin(2, 1);
	w.a.statement.shares = 2;
	assert_true(rotate_is_prepared(&w.a, w.v, 2));
}

static void
each_seal_opens_by_its_own_secret(void **state)
{
	uint8_t key[SEAL_KEY_SIZE];

	(void)state;
	begin(2, 2);
	for (size_t i = 0; i < 2; i++)
		for (uint32_t epoch = 1; epoch <= 2; epoch++) {
			assert_int_equal(rotate_open_seal(&w.a, &w.v[i], epoch, &w.key[epoch - 1], key), OK);
			assert_memory_equal(key, w.slot_key[i], sizeof key);
			assert_int_equal(rotate_open_seal(&w.a, &w.v[i], epoch, &w.key[2 - epoch], key), E_MAC);
		}
	assert_int_equal(rotate_open_seal(&w.a, &w.v[0], 3, &w.key[1], key), E_NOT_FOUND);
	assert_true(rotate_opens_all(&w.a, w.v, 2, 2, &w.key[1]));
	/* the second volume's seal is for a secret that was made anew since */
	seal(1, 2, &w.key[2]);
	assert_false(rotate_opens_all(&w.a, w.v, 2, 2, &w.key[1]));
	w.v[1].aad[1] = 1;
	begin(2, 2);
	w.v[1].aad[1] ^= 1;
	assert_false(rotate_opens_all(&w.a, w.v, 2, 2, &w.key[1]));
}

static void
a_seal_that_is_made_opens_by_the_secret_that_was_made(void **state)
{
	uint8_t machine_key[HPKE_KEY_SIZE], key[SEAL_KEY_SIZE], id[SHARE_ID_SIZE];
	struct token_object index = { .n = 0 };
	struct token_seal second = { .epoch = 0 };
	struct hpke_private made;

	(void)state;
	begin(1, 1);
	assert_int_equal(rotate_make_index(&w.a, 2, &index, machine_key), OK);
	/* what an earlier try left goes first */
	assert_string_equal(done, "up to 2; clear 12; epoch 2; define 12; ");
	assert_int_equal(index.n, 5);
	assert_int_equal(hpke_derive(BYTES(defined), &made), OK);
	assert_memory_equal(made.pk, machine_key, sizeof machine_key);
	assert_int_equal(rotate_make_seal(&w.a, &w.v[0], 1, 2, machine_key, w.slot_key[0], &second), OK);
	rotation_seal_id(w.share[0][1], 2, machine_key, id);
	assert_memory_equal(second.share, id, sizeof id);
	done[0] = '\0';
	rotate_add_seal(&w.v[0], 1, &second, &index);
	assert_string_equal(done, "write 61; ");
	assert_int_equal(rotate_open_seal(&w.a, &w.v[0], 2, &made, key), OK);
	assert_memory_equal(key, w.slot_key[0], sizeof key);
	assert_int_equal(rotate_open_seal(&w.a, &w.v[0], 1, &w.key[0], key), OK);
	/* no successor, no seal; and another secret is another one */
	w.a.statement.shares = 3;
	assert_int_equal(rotate_make_seal(&w.a, &w.v[1], 1, 2, machine_key, w.slot_key[1], &second), E_NOT_FOUND);
	assert_int_equal(rotate_make_index(&w.a, 2, &index, key), OK);
	assert_memory_not_equal(key, machine_key, sizeof key);
}

static void
what_lives_at_the_handle_already_stays(void **state)
{
	uint8_t machine_key[HPKE_KEY_SIZE];
	struct token_object index;

	(void)state;
	begin(1, 1);
	clear_says = E_EXISTS;
	assert_int_equal(rotate_make_index(&w.a, 2, &index, machine_key), E_EXISTS);
	assert_string_equal(done, "up to 2; clear 12; ");
}

static void
the_old_secret_goes_before_the_old_seals(void **state)
{
	uint32_t opened[] = { 2, 2 };

	(void)state;
	begin(2, 2);
	name(ROOT);
	name(DATA);
	rotate_finish(&w.settings, w.v, 2, opened);
	assert_string_equal(done, "up to 1; clear 11; write 61; write 62; ");
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(w.v[i].token.seals, 1);
		assert_int_equal(w.v[i].token.seal[0].epoch, 2);
		assert_int_equal(w.v[i].token.nv_handle[0], 0x12);
		assert_int_equal(w.v[i].token.nv_handle[1], 0x11);
	}
	/* and then there is nothing to do */
	done[0] = '\0';
	rotate_finish(&w.settings, w.v, 2, opened);
	assert_string_equal(done, "");
}

static void
what_was_cut_off_behind_the_old_secret_is_done(void **state)
{
	uint32_t opened[] = { 2, 2 };

	(void)state;
	begin(2, 2);
	assert_int_equal(token_rotate(&w.v[0].token, 2, NULL, NULL), OK);
	clear_says = E_EXISTS; /* somebody else lives there by now */
	rotate_finish(&w.settings, w.v, 2, opened);
	assert_string_equal(done, "up to 1; clear 11; write 62; ");
	assert_int_equal(w.v[1].token.seals, 1);
}

static void
an_old_secret_that_cannot_be_deleted_keeps_its_seals(void **state)
{
	uint32_t opened[] = { 2, 2 };

	(void)state;
	begin(2, 2);
	clear_says = E_TPM_AUTH;
	rotate_finish(&w.settings, w.v, 2, opened);
	assert_string_equal(done, "up to 1; clear 11; ");
	assert_int_equal(w.v[0].token.seals, 2);
}

static void
nothing_is_taken_away_before_the_new_secret_opened_all(void **state)
{
	static const struct {
		uint32_t opened[2]; /* 0: by nobody's secret */
		uint32_t seals[2];
		bool absent;
	} cases[] = {
		{ { 1, 1 }, { 2, 2 }, false }, /* by the old one */
		{ { 2, 1 }, { 2, 2 }, false },
		{ { 2, 1 }, { 2, 1 }, false },
		{ { 2, 0 }, { 2, 2 }, false }, /* not, or by a passphrase */
		{ { 0, 0 }, { 2, 2 }, false },
		{ { 2, 0 }, { 2, 2 }, true },  /* not there at all */
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		begin(cases[i].seals[0], cases[i].seals[1]);
		name(ROOT);
		name(DATA);
		rotate_finish(&w.settings, w.v, cases[i].absent ? 1 : 2, cases[i].opened);
		assert_string_equal(done, "");
	}
	/* a volume that nobody named, and that is not this machine's, is not waited for */
	begin(2, 2);
	name(ROOT);
	rotate_finish(&w.settings, w.v, 2, (uint32_t[]){ 2, 0 });
	assert_string_equal(done, "up to 1; clear 11; write 61; ");
	/* nor one that is named and has no token of ours */
	begin(2, 2);
	name(ROOT);
	name(DATA);
	w.v[1].has_token = false;
	rotate_finish(&w.settings, w.v, 2, (uint32_t[]){ 2, 0 });
	assert_string_equal(done, "up to 1; clear 11; write 61; ");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_order_is_the_one_to_rotate),
		cmocka_unit_test(the_new_secret_is_read_only_when_each_volume_has_a_seal_for_it),
		cmocka_unit_test(each_seal_opens_by_its_own_secret),
		cmocka_unit_test(a_seal_that_is_made_opens_by_the_secret_that_was_made),
		cmocka_unit_test(what_lives_at_the_handle_already_stays),
		cmocka_unit_test(the_old_secret_goes_before_the_old_seals),
		cmocka_unit_test(what_was_cut_off_behind_the_old_secret_is_done),
		cmocka_unit_test(an_old_secret_that_cannot_be_deleted_keeps_its_seals),
		cmocka_unit_test(nothing_is_taken_away_before_the_new_secret_opened_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
