/* SPDX-License-Identifier: ISC */
/*
 * What the primitives allow on this machine, one line each: name, operations (or bytes) a second.  The bound that other figures
 * of `make bench` are compared with.
 *
 *     bench_crypto [SECONDS [NAME ...]]     each, or only those named, is run for so long; 0.5 unless told
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "crypto/ec.h"
#include "crypto/ecdsa_sign.h"
#include "crypto/hpke.h"
#include "crypto/rsa.h"
#include "crypto/x25519.h"

/* What all of them work on. */
static struct {
	struct ec_private p256, p384;
	struct digest sha256, sha384;
	uint8_t sig256[EC_SIGNATURE_MAX], sig384[EC_SIGNATURE_MAX];
	size_t n256, n384;
	struct hpke_private machine;
	uint8_t sealed[128];
	size_t sealed_n;
	struct rsa_public rsa;
	uint8_t bulk[65536];
} w;

static const struct hpke_context context = { BYTES_STRING("bench"), { NULL, 0 }, { NULL, 0 }, { NULL, 0 } };

static bool
p256_sign(void)
{
	return ecdsa_sign(&w.p256, HASH_SHA256, digest_view(&w.sha256), w.sig256, &w.n256) == OK;
}

static bool
p256_verify(void)
{
	return ec_verify(&w.p256.public, digest_view(&w.sha256), bytes_of(w.sig256, w.n256)) == OK;
}

static bool
p256_shared(void)
{
	uint8_t z[EC_FIELD_MAX];

	return ec_shared(&w.p256, &w.p256.public, z) == OK;
}

static bool
p384_sign(void)
{
	return ecdsa_sign(&w.p384, HASH_SHA384, digest_view(&w.sha384), w.sig384, &w.n384) == OK;
}

static bool
p384_verify(void)
{
	return ec_verify(&w.p384.public, digest_view(&w.sha384), bytes_of(w.sig384, w.n384)) == OK;
}

static bool
x25519(void)
{
	uint8_t z[X25519_SIZE];

	return x25519_shared(w.machine.sk, w.machine.pk, z) == OK;
}

static bool
hpke_seals(void)
{
	struct buffer b = BUFFER(w.sealed);
	enum status s = hpke_seal(w.machine.pk, &context, bytes_of(w.bulk, 32), &b);

	w.sealed_n = b.n;
	return s == OK;
}

static bool
hpke_opens(void)
{
	uint8_t out[32];
	struct buffer b = BUFFER(out);

	return hpke_open(&w.machine, &context, bytes_of(w.sealed, w.sealed_n), &b) == OK;
}

static bool
rsa_public_2048(void)
{
	uint8_t out[RSA_SIZE_MAX];

	return rsa_encrypt_raw(&w.rsa, bytes_of(w.bulk, w.rsa.n_size), out) == OK;
}

static bool
sha256_bulk(void)
{
	uint8_t out[HASH_SIZE_MAX];

	return hash_compute(HASH_SHA256, BYTES(w.bulk), out) == 32;
}

static bool
sha384_bulk(void)
{
	uint8_t out[HASH_SIZE_MAX];

	return hash_compute(HASH_SHA384, BYTES(w.bulk), out) == 48;
}

static bool
sha256_short(void)
{
	uint8_t out[HASH_SIZE_MAX];

	return hash_compute(HASH_SHA256, bytes_of(w.bulk, 64), out) == 32;
}

/* Signing and sealing stand before what needs their output. */
static const struct {
	const char *name;
	bool (*run)(void);
	size_t bytes;
} benches[] = {
	{ "p256-sign", p256_sign, 0 },
	{ "p256-verify", p256_verify, 0 },
	{ "p256-ecdh", p256_shared, 0 },
	{ "p384-sign", p384_sign, 0 },
	{ "p384-verify", p384_verify, 0 },
	{ "x25519", x25519, 0 },
	{ "hpke-seal", hpke_seals, 0 },
	{ "hpke-open", hpke_opens, 0 },
	{ "rsa2048-public", rsa_public_2048, 0 },
	{ "sha256-64-bytes", sha256_short, 0 },
	{ "sha256-bytes", sha256_bulk, sizeof w.bulk },
	{ "sha384-bytes", sha384_bulk, sizeof w.bulk },
};

static double
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static bool
prepare(void)
{
	memset(w.bulk, 0x42, sizeof w.bulk);
	w.sha256 = hash_digest(HASH_SHA256, BYTES(w.bulk));
	w.sha384 = hash_digest(HASH_SHA384, BYTES(w.bulk));
	/* The public operation's time does not depend on the modulus being a product of two primes. */
	w.rsa.n_size = 256;
	w.rsa.e = 65537;
	memset(w.rsa.n, 0xff, w.rsa.n_size);
	return ec_generate(EC_P256, &w.p256) == OK && ec_generate(EC_P384, &w.p384) == OK && hpke_generate(&w.machine) == OK;
}

static bool
is_wanted(const char *name, int argc, char **argv)
{
	for (int i = 2; i < argc; i++)
		if (strcmp(argv[i], name) == 0)
			return true;
	return argc <= 2;
}

int
main(int argc, char **argv)
{
	double seconds = argc > 1 ? atof(argv[1]) : 0.5;

	if (!prepare())
		return 1;
	for (size_t i = 0; i < sizeof benches / sizeof *benches; i++) {
		bool wanted = is_wanted(benches[i].name, argc, argv);
		double start = now(), spent;
		size_t n = 0;

		/* One that is not wanted is run once, since others need its output. */
		do {
			if (!benches[i].run()) {
				fprintf(stderr, "%s failed\n", benches[i].name);
				return 1;
			}
			n++;
			spent = now() - start;
		} while (wanted && spent < seconds);
		if (wanted)
			printf("%-16s %.0f\n", benches[i].name, (double)n * (double)(benches[i].bytes > 0 ? benches[i].bytes : 1) / spent);
	}
	return 0;
}
