/* SPDX-License-Identifier: ISC */
#include "vectors.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/memory.h"
#include "luks/seal.h"

static char text[2 * TOKEN_JSON_MAX];
static struct json json;
static struct token token;

static void
load(void)
{
	FILE *f = fopen("tests/data/luks/token.json", "rb");

	assert_non_null(f);
	text[fread(text, 1, sizeof text - 1, f)] = '\0';
	fclose(f);
}

static void
edit(const char *from, const char *to)
{
	char *at = strstr(text, from);

	if (at == NULL)
		fail_msg("not in the fixture: %s", from);
	memmove(at + strlen(to), at + strlen(from), strlen(at + strlen(from)) + 1);
	memcpy(at, to, strlen(to));
}

static enum status
decode(void)
{
	return token_decode(bytes_of(text, strlen(text)), &json, &token);
}

static void
a_token_is_read(void **state)
{
	(void)state;
	load();
	assert_int_equal(decode(), OK);
	assert_int_equal(token.keyslot, 1);
	assert_int_equal(token.ek_handle, 0x81010001);
	assert_int_equal(token.ak_handle, 0x81018001);
	assert_int_equal(token.nv_handle[0], 0x018b4701);
	assert_int_equal(token.nv_handle[1], 0x018b4702);
	assert_int_equal(token.seals, 1);
	assert_int_equal(token.seal[0].epoch, 1);
	assert_int_equal(token.seal[0].machine_key[31], 32);
	assert_int_equal(token.seal[0].share[15], 15);
	assert_int_equal(token.seal[0].sealed[79], 82);
	assert_int_equal(token.cache.ek.n, 300);
	assert_int_equal(token.cache.ak.n, 150);
	assert_int_equal(token.cache.nv[0].n, 90);
	assert_int_equal(token.cache.nv[1].n, 0);
	assert_int_equal(token.cache.tickets, 1);
	assert_int_equal(token.cache.ticket[0].delegation[0], 7);
	assert_int_equal(token.cache.ticket[0].n, 40);
}

static void
what_was_read_is_written_as_it_was(void **state)
{
	static uint8_t space[TOKEN_JSON_MAX];
	struct buffer out = BUFFER(space);

	(void)state;
	load();
	assert_int_equal(decode(), OK);
	assert_int_equal(token_encode(&token, &out), OK);
	assert_int_equal(out.n, strlen(text));
	assert_memory_equal(out.p, text, out.n);
}

static void
the_largest_token_fits_and_comes_back(void **state)
{
	static uint8_t space[TOKEN_JSON_MAX];
	static struct token big, back;
	struct buffer out = BUFFER(space);

	(void)state;
	memset(&big, 0xff, sizeof big);
	big.keyslot = 31;
	big.seals = 2;
	big.seal[0].epoch = UINT32_MAX - 1;
	big.cache.ek.n = big.cache.ak.n = big.cache.nv[0].n = big.cache.nv[1].n = TOKEN_OBJECT_MAX;
	big.cache.tickets = TOKEN_TICKETS;
	for (size_t i = 0; i < TOKEN_TICKETS; i++)
		big.cache.ticket[i].n = TOKEN_TICKET_MAX;
	assert_int_equal(token_encode(&big, &out), OK);
	assert_int_equal(token_decode(buffer_view(&out), &json, &back), OK);
	assert_int_equal(back.seals, 2);
	assert_int_equal(back.cache.tickets, TOKEN_TICKETS);
	assert_memory_equal(back.seal, big.seal, sizeof back.seal);
	assert_memory_equal(back.cache.nv[1].p, big.cache.nv[1].p, TOKEN_OBJECT_MAX);
	assert_memory_equal(back.cache.ticket[3].p, big.cache.ticket[3].p, TOKEN_TICKET_MAX);

	out = buffer_of(space, out.n - 1);
	assert_int_equal(token_encode(&big, &out), E_NO_SPACE);
}

static void
what_would_not_be_read_is_not_written(void **state)
{
	static uint8_t space[TOKEN_JSON_MAX];

	(void)state;
	for (int i = 0; i < 7; i++) {
		struct buffer out = BUFFER(space);

		load();
		assert_int_equal(decode(), OK);
		token.seal[1] = token.seal[0];
		if (i == 0)
			token.keyslot = 32;
		if (i == 1)
			token.seals = 0;
		if (i == 2)
			token.seals = 2;
		if (i == 3)
			token.seals = 3;
		if (i == 4)
			token.cache.tickets = TOKEN_TICKETS + 1;
		if (i == 5)
			token.cache.ticket[0].n = 0;
		if (i == 6)
			token.cache.nv[1].n = TOKEN_OBJECT_MAX + 1;
		assert_int_equal(token_encode(&token, &out), E_RANGE);
		assert_int_equal(out.n, 0);
	}
}

static void
each_mutation_is_refused_for_its_reason(void **state)
{
	static const struct {
		const char *from, *to;
		enum status want;
	} mutations[] = {
		{ "{\"type\"", "[\"type\"", E_SYNTAX },
		{ "{\"type\"", "{\"version\":1,\"type\"", E_DUPLICATE },
		{ "\"type\":\"bootgate\"", "\"type\":\"bootgates\"", E_TYPE },
		{ "\"type\":\"bootgate\"", "\"type\":\"bootgat\\u0065\"", E_TYPE },
		{ "\"type\":\"bootgate\"", "\"kind\":\"bootgate\"", E_TYPE },
		{ "\"version\":1", "\"version\":2", E_VERSION },
		{ "\"version\":1", "\"version\":\"1\"", E_VERSION },
		{ "\"version\":1,", "", E_VERSION },
		{ "\"version\":1", "\"version\":1,\"more\":0", E_UNSUPPORTED },
		{ "\"keyslots\":[\"1\"],", "", E_MISSING },
		{ "[\"1\"]", "[]", E_RANGE },
		{ "[\"1\"]", "[1]", E_RANGE },
		{ "[\"1\"]", "[\"01\"]", E_RANGE },
		{ "[\"1\"]", "[\"32\"]", E_RANGE },
		{ "[\"1\"]", "[\"1\",\"2\"]", E_RANGE },
		{ "[\"1\"]", "{\"1\":0}", E_RANGE },
		{ "\"ek\":2164326401,", "", E_MISSING },
		{ "\"ek\":2164326401", "\"ek\":4294967296", E_RANGE },
		{ "\"ek\":2164326401", "\"ek\":\"2164326401\"", E_RANGE },
		{ "\"ek\":2164326401", "\"ek\":-1", E_RANGE },
		{ "\"ek\":2164326401", "\"ek\":2164326401,\"iak\":1", E_UNSUPPORTED },
		{ ",25904898]", "]", E_RANGE },
		{ ",25904898]", ",25904898,1]", E_RANGE },
		{ "[25904897,25904898]", "{\"25904897\":25904898,\"2\":3}", E_RANGE },
		{ "\"seals\":[{", "\"seals\":[],\"seal\":[{", E_UNSUPPORTED },
		{ "\"seals\":[{", "\"seal\":[{", E_MISSING },
		{ "\"epoch\":1,", "", E_MISSING },
		{ "\"epoch\":1", "\"epoch\":1.0", E_RANGE },
		{ "\"epoch\":1", "\"epoch\":1,\"note\":\"\"", E_UNSUPPORTED },
		{ "\"machine_key\":\"AQ", "\"machine_key\":\"AQAQ", E_RANGE },
		{ "\"machine_key\":\"AQID", "\"machine_key\":\"", E_RANGE },
		{ "HyA=\",\"share\"", "HyB=\",\"share\"", E_RANGE },
		{ "HyA=\",\"share\"", "HyA\",\"share\"", E_RANGE },
		{ "\"share\":\"00", "\"share\":\"", E_RANGE },
		{ "\"share\":\"00", "\"share\":\"0000", E_RANGE },
		{ "\"share\":\"00", "\"share\":\"0g", E_RANGE },
		{ "\"share\":\"00", "\"share\":\"\\u0030", E_RANGE },
		{ "\"seal\":\"AwQF", "\"seal\":\"", E_RANGE },
		{ "\"seal\":\"AwQF", "\"seal\":\"AwQFAwQF", E_RANGE },
	};

	(void)state;
	for (size_t i = 0; i < sizeof mutations / sizeof *mutations; i++) {
		enum status s;

		load();
		edit(mutations[i].from, mutations[i].to);
		s = decode();
		if (s != mutations[i].want)
			fail_msg("%s: %s, not %s", mutations[i].to, status_name(s), status_name(mutations[i].want));
	}
}

/* The first seal again, with that epoch. */
static enum status
decode_two_seals(const char *epoch)
{
	static char seal[1024];
	const char *start, *end;

	load();
	start = strstr(text, "\"machine_key\"");
	end = strstr(start, "}]");
	snprintf(seal, sizeof seal, "\"seals\":[{\"epoch\":%s,%.*s},", epoch, (int)(end - start), start);
	edit("\"seals\":[", seal);
	return decode();
}

static void
seals_come_in_ascending_order_and_are_at_most_two(void **state)
{
	(void)state;
	assert_int_equal(decode_two_seals("0"), OK);
	assert_int_equal(token.seals, 2);
	assert_int_equal(token.seal[0].epoch, 0);
	assert_int_equal(token.seal[1].epoch, 1);
	assert_int_equal(decode_two_seals("1"), E_RANGE);
	assert_int_equal(decode_two_seals("2"), E_RANGE);
	decode_two_seals("0");
	edit("\"seals\":[{\"epoch\":0", "\"seals\":[{},{\"epoch\":0");
	assert_int_equal(decode(), E_RANGE);
}

static void
a_cache_is_never_a_reason_to_refuse(void **state)
{
	static const struct {
		const char *from, *to;
		size_t ek, tickets;
	} mutations[] = {
		{ "\"cache\":{", "\"cache\":{\"future\":[1],", 300, 1 },
		{ "\"cache\":{\"ek\":\"", "\"cache\":{\"ek\":\"*", 0, 1 },
		{ "\"cache\":{\"ek\":", "\"cache\":{\"ek\":7,\"x\":", 0, 1 },
		{ "\"nv\":[\"", "\"nv\":[\"\",\"", 300, 1 },
		{ "\"nv\":[\"", "\"nv\":{},\"x\":[\"", 300, 1 },
		{ "\"nv\":[\"", "\"nv\":\"\",\"x\":[\"", 300, 1 },
		{ "\"tickets\":[", "\"tickets\":[1,[],{},{\"ticket\":\"AAAA\"},", 300, 1 },
		{ "\"tickets\":[", "\"tickets\":{},\"x\":[", 300, 0 },
		{ "\"delegation\":\"Bwg", "\"delegation\":\"", 300, 0 },
		{ "\"ticket\":\"", "\"ticket\":\"AAA=", 300, 0 },
		{ "\"cache\":{", "\"cache\":[{", 0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof mutations / sizeof *mutations; i++) {
		load();
		edit(mutations[i].from, mutations[i].to);
		if (strstr(mutations[i].to, "[{") != NULL)
			edit("}]}}", "}]}]}");
		if (decode() != OK || token.cache.ek.n != mutations[i].ek || token.cache.tickets != mutations[i].tickets)
			fail_msg("%s", mutations[i].to);
	}
	load();
	*strstr(text, ",\"cache\"") = '\0';
	strcat(text, "}");
	assert_int_equal(decode(), OK);
	assert_int_equal(token.cache.ak.n, 0);
}

static void
a_cache_beyond_its_bounds_counts_as_none(void **state)
{
	static char blob[TEXT_BASE64_SIZE(TOKEN_OBJECT_MAX + 3) + 16] = "\"ek\":\"";

	(void)state;
	load();
	memset(blob + 6, 'A', (TOKEN_OBJECT_MAX + 2) / 3 * 4);
	edit("\"cache\":{\"ek\":\"", "\"cache\":{\"ek\":\"\",\"x\":\"");
	edit("\"ek\":\"\"", strcat(blob, "\""));
	assert_int_equal(decode(), OK);
	assert_int_equal(token.cache.ek.n, 0);

	load();
	for (int i = 0; i < TOKEN_TICKETS + 2; i++)
		edit("\"tickets\":[", "\"tickets\":[{\"delegation\":\"BwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyAhIiMkJSY=\",\"ticket\":\"AAAA\"},");
	assert_int_equal(decode(), OK);
	assert_int_equal(token.cache.tickets, TOKEN_TICKETS);
}

/*
 * Seals.
 */

static const uint8_t ikm[32] = { 1, 2, 3 }, share[SEAL_SHARE_SIZE] = { 4, 5, 6 }, key[SEAL_KEY_SIZE] = { 7, 0, '\n', 8 };

static void
make(struct hpke_private *machine, struct token_seal *seal)
{
	memset(seal, 0, sizeof *seal);
	seal->share[0] = 9;
	assert_int_equal(hpke_derive(BYTES(ikm), machine), OK);
	memcpy(seal->machine_key, machine->pk, sizeof machine->pk);
	assert_int_equal(seal_make(seal, share, BYTES_STRING("header"), key), OK);
}

/* There and back: what one rotation leaves is where the next one begins. */
static void
a_rotation_adds_a_seal_and_takes_the_older_one_away(void **state)
{
	static uint8_t space[TOKEN_JSON_MAX];
	static struct token back;
	struct token_seal second = { .epoch = 4, .share = { 4 } }, third = { .epoch = 5, .share = { 5 } };
	struct token_object index = { .n = 3, .p = { 1, 2, 3 } }, other = { .n = 2, .p = { 4, 5 } };
	struct buffer out = BUFFER(space);

	(void)state;
	load();
	assert_int_equal(decode(), OK);
	assert_int_equal(token_rotate(&token, 2, &second, &index), E_NOT_FOUND);
	assert_null(token_seal_find(&token, 4));
	/* a second seal, and once more, since the first time was cut off */
	assert_int_equal(token_rotate(&token, 1, &third, &other), OK);
	assert_int_equal(token_rotate(&token, 1, &second, &index), OK);
	assert_int_equal(token_encode(&token, &out), OK);
	assert_int_equal(token_decode(buffer_view(&out), &json, &back), OK);
	assert_int_equal(back.seals, 2);
	assert_int_equal(token_seal_find(&back, 1)->share[15], 15);
	assert_int_equal(token_seal_find(&back, 4)->share[0], 4);
	assert_int_equal(back.cache.nv[0].n, 90);
	assert_int_equal(back.cache.nv[1].n, 3);
	assert_int_equal(back.nv_handle[0], 0x018b4701);
	/* the older one goes, its handle is the next one */
	assert_int_equal(token_rotate(&back, 4, NULL, NULL), OK);
	assert_int_equal(back.seals, 1);
	assert_null(token_seal_find(&back, 1));
	assert_int_equal(back.nv_handle[0], 0x018b4702);
	assert_int_equal(back.nv_handle[1], 0x018b4701);
	assert_int_equal(back.cache.nv[0].n, 3);
	assert_int_equal(back.cache.nv[1].n, 0);
	/* a dead seal makes room for the next rotation at once */
	assert_int_equal(token_rotate(&token, 4, &third, &other), OK);
	assert_int_equal(token.seals, 2);
	assert_int_equal(token.seal[0].epoch, 4);
	assert_int_equal(token.seal[1].epoch, 5);
	assert_int_equal(token.nv_handle[1], 0x018b4701);
	assert_int_equal(token.cache.nv[1].n, 2);
}

static void
a_seal_opens_with_what_it_was_made_of_and_with_nothing_else(void **state)
{
	struct hpke_private machine, other;
	struct token_seal seal, changed;
	uint8_t opened[SEAL_KEY_SIZE], other_share[SEAL_SHARE_SIZE];

	(void)state;
	make(&machine, &seal);
	assert_int_equal(seal_open(&seal, &machine, share, BYTES_STRING("header"), opened), OK);
	assert_memory_equal(opened, key, sizeof key);

	assert_int_equal(seal_open(&seal, &machine, share, BYTES_STRING("Header"), opened), E_MAC);
	assert_true(bytes_zero(BYTES(opened)));
	memcpy(other_share, share, sizeof share);
	other_share[31] ^= 1;
	assert_int_equal(seal_open(&seal, &machine, other_share, BYTES_STRING("header"), opened), E_MAC);
	assert_int_equal(hpke_generate(&other), OK);
	assert_int_equal(seal_open(&seal, &other, share, BYTES_STRING("header"), opened), E_MAC);
	changed = seal;
	changed.share[15] = 1;
	assert_int_equal(seal_open(&changed, &machine, share, BYTES_STRING("header"), opened), E_MAC);
	for (size_t i = 0; i < TOKEN_SEALED_SIZE; i += 7) {
		changed = seal;
		changed.sealed[i] ^= 4;
		assert_int_equal(seal_open(&changed, &machine, share, BYTES_STRING("header"), opened), E_MAC);
	}
}

static void
a_slot_key_is_text_without_newline_or_nul(void **state)
{
	char slot[SEAL_TEXT_SIZE];

	(void)state;
	seal_text(key, slot);
	assert_int_equal(strlen(slot), 44);
	assert_string_equal(slot, "BwAKCAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_token_is_read),
		cmocka_unit_test(what_was_read_is_written_as_it_was),
		cmocka_unit_test(the_largest_token_fits_and_comes_back),
		cmocka_unit_test(what_would_not_be_read_is_not_written),
		cmocka_unit_test(each_mutation_is_refused_for_its_reason),
		cmocka_unit_test(seals_come_in_ascending_order_and_are_at_most_two),
		cmocka_unit_test(a_cache_is_never_a_reason_to_refuse),
		cmocka_unit_test(a_cache_beyond_its_bounds_counts_as_none),
		cmocka_unit_test(a_rotation_adds_a_seal_and_takes_the_older_one_away),
		cmocka_unit_test(a_seal_opens_with_what_it_was_made_of_and_with_nothing_else),
		cmocka_unit_test(a_slot_key_is_text_without_newline_or_nul),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
