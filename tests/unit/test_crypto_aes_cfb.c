/* SPDX-License-Identifier: ISC */
#include "vectors.h"

#include <stdio.h>

#include "crypto/aes_cfb.h"

/* One case of a CAVP response file: "NAME = hex" lines up to an empty one. */
struct vector {
	bool decrypt;
	struct octets key, iv, plain, cipher;
};

static bool
next_vector(FILE *f, struct vector *v)
{
	char line[2048], name[32], hex[2048];
	bool any = false;

	while (fgets(line, sizeof line, f) != NULL) {
		if (strncmp(line, "[DECRYPT]", 9) == 0)
			v->decrypt = true;
		if (strncmp(line, "[ENCRYPT]", 9) == 0)
			v->decrypt = false;
		if (sscanf(line, "%31s = %2047s", name, hex) == 2 && line[0] != '#') {
			struct octets *to = strcmp(name, "KEY") == 0          ? &v->key
			                    : strcmp(name, "IV") == 0         ? &v->iv
			                    : strcmp(name, "PLAINTEXT") == 0  ? &v->plain
			                    : strcmp(name, "CIPHERTEXT") == 0 ? &v->cipher
			                                                      : NULL;

			if (to != NULL)
				vectors_unhex(hex, to);
			any = true;
		} else if (any) {
			return true;
		}
	}
	return any;
}

static void
each_vector(const char *path, size_t least, void (*check)(const struct vector *v))
{
	static struct vector v;
	FILE *f = fopen(path, "r");
	size_t n = 0;

	assert_non_null(f);
	while (next_vector(f, &v)) {
		check(&v);
		n++;
	}
	fclose(f);
	assert_true(n >= least);
}

static void
check_both_ways(const struct vector *v)
{
	static uint8_t data[4096];

	assert_int_equal(v->iv.n, 16);
	memcpy(data, v->plain.p, v->plain.n);
	assert_int_equal(aes_cfb_encrypt(bytes_of(v->key.p, v->key.n), v->iv.p, data, v->plain.n), OK);
	assert_memory_equal(data, v->cipher.p, v->cipher.n);
	assert_int_equal(aes_cfb_decrypt(bytes_of(v->key.p, v->key.n), v->iv.p, data, v->plain.n), OK);
	assert_memory_equal(data, v->plain.p, v->plain.n);
}

static void
known_answers(void **state)
{
	static const struct {
		const char *path;
		size_t n;
	} files[] = {
		{ "tests/data/vectors/nist/CFB128GFSbox128.rsp", 14 },
		{ "tests/data/vectors/nist/CFB128GFSbox256.rsp", 10 },
		{ "tests/data/vectors/nist/CFB128KeySbox128.rsp", 42 },
		{ "tests/data/vectors/nist/CFB128VarKey128.rsp", 256 },
		{ "tests/data/vectors/nist/CFB128VarTxt128.rsp", 256 },
		{ "tests/data/vectors/nist/CFB128MMT128.rsp", 20 },
		{ "tests/data/vectors/nist/CFB128MMT256.rsp", 20 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof files / sizeof *files; i++)
		each_vector(files[i].path, files[i].n, check_both_ways);
}

/*
 * The Monte Carlo test (AESAVS, 6.4.3): 1000 blocks, each the input of the one after the next; the first takes the IV.
 */
static void
check_monte_carlo(const struct vector *v)
{
	enum status (*run)(struct bytes, const uint8_t[16], uint8_t *, size_t) = v->decrypt ? aes_cfb_decrypt : aes_cfb_encrypt;
	struct bytes key = bytes_of(v->key.p, v->key.n);
	const uint8_t *start = v->decrypt ? v->cipher.p : v->plain.p, *end = v->decrypt ? v->plain.p : v->cipher.p;
	uint8_t iv[16], in[16], out[16], earlier[16];

	memcpy(iv, v->iv.p, 16);
	memcpy(in, start, 16);
	memcpy(earlier, v->iv.p, 16);
	for (size_t i = 0; i < 1000; i++) {
		memcpy(out, in, 16);
		assert_int_equal(run(key, iv, out, 16), OK);
		memcpy(iv, v->decrypt ? in : out, 16);
		memcpy(in, earlier, 16);
		memcpy(earlier, out, 16);
	}
	assert_memory_equal(out, end, 16);
}

static void
monte_carlo(void **state)
{
	(void)state;
	each_vector("tests/data/vectors/nist/CFB128MCT128.rsp", 200, check_monte_carlo);
}

static void
a_part_of_a_block_is_a_prefix_of_the_whole(void **state)
{
	uint8_t key[24], iv[16], whole[64] = { 0 }, part[64];

	(void)state;
	memset(key, 7, sizeof key);
	memset(iv, 9, sizeof iv);
	assert_int_equal(aes_cfb_encrypt(BYTES(key), iv, whole, sizeof whole), OK);
	for (size_t n = 0; n <= sizeof part; n++) {
		memset(part, 0, sizeof part);
		assert_int_equal(aes_cfb_encrypt(BYTES(key), iv, part, n), OK);
		assert_memory_equal(part, whole, n);
		assert_true(bytes_zero(bytes_of(part + n, sizeof part - n)));
	}
}

static void
other_key_sizes_are_refused(void **state)
{
	uint8_t key[64] = { 0 }, iv[16] = { 0 }, data[16] = { 0 };

	(void)state;
	for (size_t n = 0; n <= sizeof key; n++)
		assert_int_equal(aes_cfb_encrypt(bytes_of(key, n), iv, data, sizeof data), n == 16 || n == 24 || n == 32 ? OK : E_KEY);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_answers),
		cmocka_unit_test(monte_carlo),
		cmocka_unit_test(a_part_of_a_block_is_a_prefix_of_the_whole),
		cmocka_unit_test(other_key_sizes_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
