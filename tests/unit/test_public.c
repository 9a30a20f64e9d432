/* SPDX-License-Identifier: ISC */
/* Public areas and Names, against what tpm2-tools 5.4 printed of a software TPM; one mutation at a time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "crypto/ecdsa_sign.h"
#include "structures/public.h"


/* tpm2_readpublic -f tss, without its size; -n */
static const char ek_rsa2048[] =
	"0001000b000300b20020837197674484b3f81a90cc8d46a5d724fd52d76e06520b64f2a1da1b331469aa0006008000430010080000000000"
	"0100acb95344b4270cffdf4048234e124ab85da7e7e6afdbf14e281ede4a9a93c7b46767bf74a4d05a2c6ee2f2a2ab8756df7473cfe06815"
	"6f8d029150c3515644321a8f6a8d22339e576067d8e841aeedcb998597524b1781faa7505b23d39eb63c78992ea00ee67df4af9473c06914"
	"87c9423e35ea91e166b0d13bcb62cfa9eb82ffec3fecaa75427139ae64b898e94b710c153e8b4b59f1a2a6ab6c626cce12aba0c8f9b4b5e1"
	"27375ac02c4f9fc211e88e33e8fadc29b3e7af2428556ffa29ceb8687761616f7f94f6731f1c747a0f16b4998ac1678a4bd5891370fd6609"
	"7b842a09c5009b20f08691c95648fab476166202b32b1df7cf8340fc63806cbd359b";
static const char ek_rsa2048_name[] =
	"000b2082e81941d25d3bee730bab4edb8701398d77906faba086b6f4b7fd3bac3bdc";
static const char ek_p256[] =
	"0023000b000300b20020837197674484b3f81a90cc8d46a5d724fd52d76e06520b64f2a1da1b331469aa0006008000430010000300100020"
	"cd871ae263e19fbcd0bba4977a61f25e08493cce7282c5580f1b94de08670a340020bb3485c1db4a2e63e5f3be5884aa2b3a0ac5a2155664"
	"8ceac00f0022de9659f1";
static const char ek_p256_name[] =
	"000b3d19ddb1388bad61623a4a6fcfc48ba65662544a72bb02d62958441017cae5b3";
static const char ek_p384[] =
	"0023000c000300f20030b26e7d28d11a50bc53d882bcf5fd3a1a074148bb35d3b4e4cb1c0ad9bde419cacb47ba09699646150f9fc000f3f8"
	"0e1200060100004300100004001000309db3574e40fbc49094be06cdb0371b369562a7b6e21cb032218982b5b94b9954a9b0fb0be4be18b8"
	"82713d29bdf3721a0030058b263b733b6f7af02aff4ad8b2a1a5cbb50bedadf57a957ed9f35a1124ef89c68c0aa495310d48112949e229d4"
	"38a4";
static const char ek_p384_name[] =
	"000c2189cf784b733b7ac8547580f9fd5a80867d0e0d5188c6964df5388e2686780623999afd63aa42248470471062419d5f";
static const char ak_p256[] =
	"0023000b00050072000000100018000b000300100020a100f3feb61a63f3ebbb22f9053bd7f3408de6dd78bc3a3a24eea607722abebf0020"
	"8606cde85abb5ff1f58aed381c5f1096883a6c8d2fcf4fddab006d4316ec2969";
static const char ak_p256_name[] =
	"000b23245f2b4a0d9f8ad5f197468abce5e8ade7568a69a013cde8aade2ff5af1afe";
static const char ak_rsapss[] =
	"0001000b00050072000000100016000b0800000000000100a630c6cda14edd9ad0adb4b074964b90bd1f45b82875111a444a0db989f7b4ed"
	"52e6f8ae1f42f771486eb3031a9fdb8facfc5ef27d7e972c4748b35af00f11767277175e830859a6d4f832d9c4cd32a60f5c1f086b59de5a"
	"40f491a2912e6812c1c01b6b63cb07bd905886bcaff182f6b3482fae1447885083e82540ecd51827203b9f1e5d2b6e12cc972843553ecdaa"
	"c8925c31c916600e8e6301954ffe5368e6c3d9d098edb6d2628a40d26004173954e779c3ac5cbb9335d865848cd1b9aa16b1506ed105a7f9"
	"508ad3311dd47ee629efab174b48bc1002cf7d839bd46b86b3e0a7fea2690b9ea355290966a7467ba99696cb4cdecc5d69230de7943db6a5";
static const char ak_rsapss_name[] =
	"000b5e4b40ee099c8f9bdd7b25a0b007ff375e119783b553858809f911d9b4759faa";

/* the keys of RFC 6979, A.2.5 and A.2.6; the Names that a TPM gave them (tpm2_loadexternal -n) */
static const char rfc6979_p256[] = "c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721";
static const char rfc6979_p256_name[] = "000b3839c7544673a8235a50bc1825d61413402ac3cb16b33889bd93a5173f085ae9";
static const char rfc6979_p384[] = "6b9d3dad2e1b8c1c05b19875b6659f4de23c3b667bf297ba9aa47740787137d896d5724e4c70a825f872c9ea60d2edf5";
static const char rfc6979_p384_name[] = "000c7ec44cf079ee7d67dbcf3bc9597d87e0dad95204c97f1a6cba9f3785e657adabef3424b011170017a590dc2bb4464bc8";

struct area {
	size_t n;
	uint8_t p[PUBLIC_SIZE_MAX + 8];
};

static struct area
unhex(const char *hex)
{
	struct area a = { 0 };

	assert_int_equal(text_unhex(hex, a.p, sizeof a.p, &a.n), OK);
	return a;
}

static void
names_are_those_of_the_tpm(void **state)
{
	static const struct { const char *area, *name; } cases[] = {
		{ ek_rsa2048, ek_rsa2048_name }, { ek_p256, ek_p256_name }, { ek_p384, ek_p384_name },
		{ ak_p256, ak_p256_name }, { ak_rsapss, ak_rsapss_name },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct area a = unhex(cases[i].area), expected = unhex(cases[i].name);
		struct public_area k;
		struct name name;

		assert_int_equal(public_decode(bytes_of(a.p, a.n), &k), OK);
		assert_int_equal(public_name(&k, &name), OK);
		assert_int_equal(name.n, expected.n);
		assert_memory_equal(name.p, expected.p, name.n);
	}
}

static void
check_verify_key(enum ec_curve curve, const char *d, const char *expected_name)
{
	struct area scalar = unhex(d), expected = unhex(expected_name);
	uint8_t area[PUBLIC_SIZE_MAX];
	struct buffer b = BUFFER(area);
	struct ec_private k;
	struct public_area decoded;
	struct name name;

	assert_int_equal(ec_private_from_d(curve, bytes_of(scalar.p, scalar.n), &k), OK);
	assert_int_equal(name_of_verify_key(&k.public, &name), OK);
	assert_int_equal(name.n, expected.n);
	assert_memory_equal(name.p, expected.p, name.n);
	assert_int_equal(public_encode_verify_key(&k.public, &b), OK);
	assert_int_equal(public_decode(buffer_view(&b), &decoded), OK);
	assert_true(ec_public_equal(&decoded.key.ec, &k.public));
	b = buffer_of(area, 20);
	assert_int_equal(public_encode_verify_key(&k.public, &b), E_NO_SPACE);
}

static void
keys_loaded_to_verify_get_the_names_that_the_tpm_gives_them(void **state)
{
	struct ec_public none = { .curve = EC_NONE };
	struct name name;

	(void)state;
	check_verify_key(EC_P256, rfc6979_p256, rfc6979_p256_name);
	check_verify_key(EC_P384, rfc6979_p384, rfc6979_p384_name);
	assert_int_equal(name_of_verify_key(&none, &name), E_KEY);
}

static void
the_machine_id_is_sha256_of_the_ek_whatever_its_name_algorithm(void **state)
{
	struct area a = unhex(ek_p384);
	struct public_area k;
	uint8_t id[MACHINE_ID_SIZE], expected[HASH_SIZE_MAX];

	(void)state;
	assert_int_equal(public_decode(bytes_of(a.p, a.n), &k), OK);
	public_id(&k, id);
	hash_compute(HASH_SHA256, bytes_of(a.p, a.n), expected);
	assert_memory_equal(id, expected, sizeof id);
}

static const struct malformed {
	const char *area;
	size_t at;
	uint8_t value;
	enum status expected;
} malformed[] = {
	{ ek_rsa2048, 1, 0x08, E_TYPE },          /* keyedHash */
	{ ek_rsa2048, 3, 0x12, E_UNSUPPORTED },   /* nameAlg SM3 */
	{ ek_rsa2048, 3, 0x0c, E_RANGE },         /* nameAlg SHA-384, policy of 32 bytes */
	{ ek_rsa2048, 9, 0x1f, E_RANGE },         /* a policy that is no digest */
	{ ek_rsa2048, 43, 0x13, E_UNSUPPORTED },  /* SM4 */
	{ ek_rsa2048, 49, 0x15, E_UNSUPPORTED },  /* RSAES */
	{ ek_rsa2048, 49, 0x18, E_UNSUPPORTED },  /* ECDSA of an RSA key */
	{ ek_rsa2048, 50, 0x10, E_KEY },          /* 4096 bits, modulus of 2048 */
	{ ek_rsa2048, 51, 0x01, E_KEY },          /* bits that are no bytes */
	{ ek_rsa2048, 55, 0x03, E_KEY },          /* exponent 3 */
	{ ek_rsa2048, 57, 0x01, E_TRUNCATED },    /* modulus longer than the input */
	{ ek_rsa2048, 58, 0x00, E_KEY },          /* leading zero */
	{ ek_rsa2048, 313, 0x9a, E_KEY },         /* even modulus */
	{ ek_p256, 49, 0x14, E_UNSUPPORTED },     /* RSASSA of an EC key */
	{ ek_p256, 51, 0x01, E_UNSUPPORTED },     /* P-192 */
	{ ek_p256, 51, 0x04, E_KEY },             /* P-384's name over coordinates of P-256 */
	{ ek_p256, 53, 0x11, E_UNSUPPORTED },     /* a KDF */
	{ ek_p256, 60, 0x00, E_KEY },             /* not on the curve */
	{ ak_p256, 11, 0x06, E_UNSUPPORTED },     /* then the scheme would be a key size */
	{ ak_p256, 13, 0x16, E_UNSUPPORTED },     /* RSAPSS of an EC key */
	{ ak_p256, 15, 0x27, E_UNSUPPORTED },     /* SHA3-256 */
	{ ak_p256, 17, 0x05, E_UNSUPPORTED },     /* P-521 */
};

static void
a_malformed_public_area_is_refused_with_its_reason(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof malformed / sizeof *malformed; i++) {
		struct area a = unhex(malformed[i].area);
		struct public_area k;
		enum status s;

		assert_int_not_equal(a.p[malformed[i].at], malformed[i].value);
		a.p[malformed[i].at] = malformed[i].value;
		s = public_decode(bytes_of(a.p, a.n), &k);
		if (s != malformed[i].expected)
			fail_msg("case %zu: %s, not %s", i, status_name(s), status_name(malformed[i].expected));
	}
}

static void
a_public_area_ends_where_it_ends(void **state)
{
	static const char *const areas[] = { ek_rsa2048, ek_p256, ek_p384, ak_p256, ak_rsapss };

	(void)state;
	for (size_t i = 0; i < sizeof areas / sizeof *areas; i++) {
		struct area a = unhex(areas[i]);
		struct public_area k;

		for (size_t n = 0; n < a.n; n++)
			assert_int_not_equal(public_decode(bytes_of(a.p, n), &k), OK);
		assert_int_equal(public_decode(bytes_of(a.p, a.n - 1), &k), E_TRUNCATED);
		assert_int_equal(public_decode(bytes_of(a.p, a.n + 1), &k), E_TRAILING);
		assert_int_equal(public_decode(bytes_of(a.p, PUBLIC_SIZE_MAX + 1), &k), E_TOO_LARGE);
	}
}

static const struct ek_case {
	const char *area;
	size_t at;
	uint8_t flip;
	const char *why;
} ek_cases[] = {
	{ ek_rsa2048, 0, 0, NULL },
	{ ek_p256, 0, 0, NULL },
	{ ek_p384, 0, 0, NULL },
	{ ek_rsa2048, 5, 0x01, "the EK's attributes are not those of its template" }, /* not restricted */
	{ ek_rsa2048, 7, 0x02, "the EK's attributes are not those of its template" }, /* not fixedTPM */
	{ ek_p384, 7, 0x40, "the EK's attributes are not those of its template" },
	{ ek_p256, 7, 0x40, "the EK's policy is not that of its template" }, /* then it would be H-2 */
	{ ek_rsa2048, 10, 0x80, "the EK's policy is not that of its template" },
	{ ek_p384, 20, 0x80, "the EK's policy is not that of its template" },
	{ ek_p256, 45, 0x40, "the EK's symmetric algorithm is not that of its template" }, /* 192 bits */
	{ ek_p256, 47, 0x01, "the EK's symmetric algorithm is not that of its template" }, /* another mode */
	{ ak_rsapss, 0, 0, "the EK's attributes are not those of its template" },
	{ ak_p256, 0, 0, "the EK's attributes are not those of its template" },
};

static void
an_ek_is_of_a_default_template_or_is_refused_with_a_sentence(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof ek_cases / sizeof *ek_cases; i++) {
		struct area a = unhex(ek_cases[i].area);
		struct public_area k;
		const char *why = NULL;
		enum status s;

		a.p[ek_cases[i].at] ^= ek_cases[i].flip;
		assert_int_equal(public_decode(bytes_of(a.p, a.n), &k), OK);
		s = public_check_ek(&k, &why);
		assert_int_equal(s, ek_cases[i].why == NULL ? OK : E_KEY);
		if (ek_cases[i].why != NULL)
			assert_string_equal(why, ek_cases[i].why);
	}
}

static void
templates_make_what_the_checks_accept(void **state)
{
	static const struct { enum public_type type; enum ec_curve curve; const char *ek; size_t prefix; } cases[] = {
		{ PUBLIC_RSA, EC_NONE, ek_rsa2048, 56 }, { PUBLIC_ECC, EC_P256, ek_p256, 54 }, { PUBLIC_ECC, EC_P384, ek_p384, 70 },
	};
	struct buffer b;

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct area made = unhex(cases[i].ek);
		uint8_t area[PUBLIC_SIZE_MAX];

		b = BUFFER(area);
		assert_int_equal(public_encode_ek_template(cases[i].type, cases[i].curve, &b), OK);
		assert_memory_equal(area, made.p, cases[i].prefix);
		b = BUFFER(area);
		assert_int_equal(public_encode_ak_template(cases[i].type, cases[i].curve, &b), OK);
		assert_int_equal(public_encode_ak_template(PUBLIC_ECC, EC_NONE, &b), E_UNSUPPORTED);
		assert_int_equal(public_encode_ek_template(PUBLIC_ECC, EC_NONE, &b), E_UNSUPPORTED);
	}
}

static const struct ak_case {
	uint32_t attributes;
	uint16_t scheme, hash;
	const char *why;
	uint16_t name_alg; /* 0: SHA-256 */
	bool aes;
} ak_cases[] = {
	{ 0x00050472, 0x18, 0x0b, NULL, 0, false },
	{ 0x000504b2, 0x18, 0x0b, NULL, 0, false }, /* authorised by a policy */
	{ 0x00050472, 0x18, 0x0c, NULL, 0, false },
	{ 0x00040472, 0x18, 0x0b, "the AK is not restricted", 0, false },
	{ 0x00010472, 0x18, 0x0b, "the AK does not sign", 0, false },
	{ 0x00070472, 0x18, 0x0b, "the AK decrypts, too", 0, false },
	{ 0x00050452, 0x18, 0x0b, "the AK was not made by the TPM (sensitiveDataOrigin)", 0, false },
	{ 0x00050470, 0x18, 0x0b, "the AK can leave the TPM (fixedTPM)", 0, false },
	{ 0x00050462, 0x18, 0x0b, "the AK can be moved to another parent (fixedParent)", 0, false },
	{ 0x00050072, 0x18, 0x0b, "the AK is subject to the dictionary attack lockout (noDA)", 0, false },
	{ 0x00050476, 0x18, 0x0b, "the AK has an attribute that an AK has not", 0, false }, /* stClear */
	{ 0x000d0472, 0x18, 0x0b, "the AK has an attribute that an AK has not", 0, false }, /* x509sign */
	{ 0x80050472, 0x18, 0x0b, "the AK has an attribute that an AK has not", 0, false }, /* reserved */
	{ 0x00050472, 0x10, 0x00, "the AK has no signature scheme of its own", 0, false },
	{ 0x00050472, 0x18, 0x04, "the AK signs with a hash other than SHA-256 and SHA-384", 0, false },
	{ 0x00050472, 0x18, 0x0d, "the AK signs with a hash other than SHA-256 and SHA-384", 0, false },
	{ 0x00050472, 0x18, 0x0b, "the AK's Name algorithm is not SHA-256 or SHA-384", 0x04, false },
	{ 0x00050472, 0x18, 0x0b, "the AK has a symmetric algorithm", 0, true },
};

/* An AK's area of these attributes and scheme, over the point of ak_p256. */
static struct buffer
make_ak(const struct ak_case *c, uint8_t area[static PUBLIC_SIZE_MAX])
{
	struct area real = unhex(ak_p256);
	struct buffer b = buffer_of(area, PUBLIC_SIZE_MAX);

	buffer_be16(&b, 0x0023);
	buffer_be16(&b, c->name_alg != 0 ? c->name_alg : 0x0b);
	buffer_be32(&b, c->attributes);
	buffer_be16(&b, 0);
	buffer_bytes(&b, c->aes ? BYTES_STRING("\x00\x06\x00\x80\x00\x43") : BYTES_STRING("\x00\x10"));
	buffer_be16(&b, c->scheme);
	if (c->scheme != 0x10)
		buffer_be16(&b, c->hash);
	buffer_bytes(&b, bytes_of(real.p + 16, real.n - 16));
	return b;
}

static void
an_ak_that_is_not_what_it_claims_is_refused_with_a_sentence(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof ak_cases / sizeof *ak_cases; i++) {
		uint8_t area[PUBLIC_SIZE_MAX];
		struct buffer b = make_ak(&ak_cases[i], area);
		struct public_area k;
		const char *why = NULL;

		assert_int_equal(public_decode(buffer_view(&b), &k), OK);
		assert_int_equal(public_check_ak(&k, &why), ak_cases[i].why == NULL ? OK : E_KEY);
		if (ak_cases[i].why != NULL)
			assert_string_equal(why, ak_cases[i].why);
	}
}

/* TPMA_OBJECT stands behind type and nameAlg. */
static struct buffer
flip_attribute(const char *hex, unsigned bit, uint8_t area[static PUBLIC_SIZE_MAX])
{
	struct area real = unhex(hex);
	struct buffer b = buffer_of(area, PUBLIC_SIZE_MAX);

	buffer_bytes(&b, bytes_of(real.p, real.n));
	area[7 - bit / 8] ^= (uint8_t)(1u << bit % 8);
	return b;
}

static void
s14_each_attribute_of_an_ak_and_of_an_ek_is_looked_at(void **state)
{
	static const char *const eks[] = { ek_rsa2048, ek_p256, ek_p384 };
	/* userWithAuth and adminWithPolicy say who may use an AK: the quote shows what it did. */
	static const uint32_t free_bits = 0x000000c0;
	unsigned tried = 0;

	(void)state;
	for (unsigned bit = 0; bit < 32; bit++) {
		uint8_t area[PUBLIC_SIZE_MAX];
		struct public_area k;
		const char *why;
		struct ak_case ak = { 0x00050472 ^ 1u << bit, 0x18, 0x0b, NULL, 0, false };
		struct buffer b = make_ak(&ak, area);

		why = NULL;
		tried++;
		if (public_decode(buffer_view(&b), &k) == OK)
			assert_int_equal(public_check_ak(&k, &why), (free_bits >> bit & 1) != 0 ? OK : E_KEY);
		assert_true((why == NULL) == ((free_bits >> bit & 1) != 0));
		for (size_t i = 0; i < 3; i++, tried++) {
			b = flip_attribute(eks[i], bit, area);
			why = NULL;
			if (public_decode(buffer_view(&b), &k) == OK) {
				assert_int_equal(public_check_ek(&k, &why), E_KEY);
				assert_non_null(why);
			}
		}
	}
	printf("# count: %u attack cases tried\n", tried);
}

static void
put_signature(struct buffer *b, uint16_t scheme, uint16_t hash, struct bytes r, struct bytes s)
{
	buffer_be16(b, scheme);
	buffer_be16(b, hash);
	buffer_sized16(b, r);
	buffer_sized16(b, s);
}

static void
a_signature_must_be_of_the_keys_own_scheme_and_hash(void **state)
{
	static const uint8_t message[] = "message";
	struct ec_private key;
	struct public_area k = { .type = PUBLIC_ECC, .scheme = SCHEME_ECDSA, .scheme_hash = HASH_SHA256 };
	struct digest d = hash_digest(HASH_SHA256, BYTES(message));
	uint8_t sig[EC_SIGNATURE_MAX], text[256], padded[33] = { 0 };
	struct bytes r, s;
	struct buffer b;
	size_t n;

	(void)state;
	/* a signature whose r begins with a zero byte, so that both spellings of it can be shown */
	do {
		assert_int_equal(ec_generate(EC_P256, &key), OK);
		assert_int_equal(ecdsa_sign(&key, HASH_SHA256, digest_view(&d), sig, &n), OK);
	} while (sig[0] != 0);
	k.key.ec = key.public;
	r = bytes_of(sig, 32);
	s = bytes_of(sig + 32, 32);

	b = BUFFER(text), put_signature(&b, 0x18, 0x0b, r, s);
	assert_int_equal(public_verify(&k, BYTES(message), buffer_view(&b)), OK);
	assert_int_equal(public_verify(&k, bytes_of(message, 3), buffer_view(&b)), E_SIGNATURE);
	assert_int_equal(public_verify(&k, BYTES(message), bytes_of(text, b.n - 1)), E_TRUNCATED);
	buffer_u8(&b, 0);
	assert_int_equal(public_verify(&k, BYTES(message), buffer_view(&b)), E_TRAILING);
	b = BUFFER(text), put_signature(&b, 0x18, 0x0b, bytes_of(sig + 1, 31), s);
	assert_int_equal(public_verify(&k, BYTES(message), buffer_view(&b)), OK);
	memcpy(padded + 1, sig, 32);
	b = BUFFER(text), put_signature(&b, 0x18, 0x0b, BYTES(padded), s);
	assert_int_equal(public_verify(&k, BYTES(message), buffer_view(&b)), E_SIGNATURE);
	b = BUFFER(text), put_signature(&b, 0x18, 0x0c, r, s);
	assert_int_equal(public_verify(&k, BYTES(message), buffer_view(&b)), E_MISMATCH);
	b = BUFFER(text), put_signature(&b, 0x14, 0x0b, r, s);
	assert_int_equal(public_verify(&k, BYTES(message), buffer_view(&b)), E_MISMATCH);
	b = BUFFER(text), put_signature(&b, 0x1a, 0x0b, r, s);
	assert_int_equal(public_verify(&k, BYTES(message), buffer_view(&b)), E_MISMATCH);
	b = BUFFER(text), put_signature(&b, 0x18, 0x0b, bytes_of(sig, 0), bytes_of(sig, 0));
	assert_int_equal(public_verify(&k, BYTES(message), buffer_view(&b)), E_SIGNATURE);
	k.scheme_hash = HASH_SHA1;
	assert_int_equal(public_verify(&k, BYTES(message), buffer_view(&b)), E_UNSUPPORTED);
	k.scheme = SCHEME_NULL;
	assert_int_equal(public_verify(&k, BYTES(message), buffer_view(&b)), E_KEY);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_those_of_the_tpm),
		cmocka_unit_test(keys_loaded_to_verify_get_the_names_that_the_tpm_gives_them),
		cmocka_unit_test(the_machine_id_is_sha256_of_the_ek_whatever_its_name_algorithm),
		cmocka_unit_test(a_malformed_public_area_is_refused_with_its_reason),
		cmocka_unit_test(a_public_area_ends_where_it_ends),
		cmocka_unit_test(an_ek_is_of_a_default_template_or_is_refused_with_a_sentence),
		cmocka_unit_test(templates_make_what_the_checks_accept),
		cmocka_unit_test(an_ak_that_is_not_what_it_claims_is_refused_with_a_sentence),
		cmocka_unit_test(s14_each_attribute_of_an_ak_and_of_an_ek_is_looked_at),
		cmocka_unit_test(a_signature_must_be_of_the_keys_own_scheme_and_hash),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
