/* SPDX-License-Identifier: ISC */
/* Quotes that other people's TPMs made, and what becomes of them when one thing is changed. */
#include "vectors.h"

#include "base/file.h"
#include "crypto/keyfile.h"
#include "structures/quote.h"

#define FOLDER "tests/data/quotes/"

/* What each must give; nonce and PCR values stand in its meta.json. */
static const struct foreign {
	const char *name;
	enum status decode, verify; /* E_MISSING: its key was not published */
	enum hash_alg signed_with;
} foreign[] = {
	{ "azure-cvm-tooling-quote", OK, OK, HASH_SHA256 },
	{ "cmc-azure-vtpm", OK, OK, HASH_SHA256 },
	{ "cmc-valid", OK, OK, HASH_SHA256 },
	{ "go-attestation-windows-gcp", OK, E_UNSUPPORTED, HASH_SHA1 }, /* SHA-1 signatures are not believed */
	{ "go-tpm-tools-gce-cos-85-nonce9009-sha1", OK, OK, HASH_SHA256 },
	{ "go-tpm-tools-gce-cos-85-nonce9009-sha256", OK, OK, HASH_SHA256 },
	{ "go-tpm-tools-gce-cos-85-nonce9009-sha384", OK, OK, HASH_SHA256 },
	{ "keylime-checkquote", OK, OK, HASH_SHA256 },
	{ "rust-keylime-test-quote", OK, E_MISSING, HASH_SHA256 },
	{ "salrashid-quote-verify", OK, E_MISSING, HASH_SHA256 },
	{ "trustee-az-snp-vtpm-evidence-v1", OK, OK, HASH_SHA256 },
	{ "trustee-az-snp-vtpm-evidence-v2", OK, OK, HASH_SHA256 },
	{ "veraison-enacttrust-basic", OK, OK, HASH_SHA256 },
	{ "veraison-parsec-tpm-kat-certify", E_TYPE, OK, HASH_SHA256 }, /* TPM2_Certify: well signed, but not a quote */
};

static struct bytes
load(const struct foreign *f, const char *file, struct octets *to)
{
	struct buffer b = buffer_of(to->p, sizeof to->p);
	char path[256];

	snprintf(path, sizeof path, FOLDER "%s/%s", f->name, file);
	if (file_read(path, &b) != OK)
		return bytes_of(NULL, 0);
	to->n = b.n;
	return buffer_view(&b);
}

static json_t *
load_meta(const struct foreign *f)
{
	char path[256];

	snprintf(path, sizeof path, FOLDER "%s/meta.json", f->name);
	return vectors_load(path);
}

/* An RSA-2048 key in SubjectPublicKeyInfo: modulus at a fixed place, exponent 65537 at the end. */
static void
write_rsa_area(struct bytes pem, enum hash_alg hash, struct buffer *out)
{
	static const uint8_t end[] = { 0x02, 0x03, 0x01, 0x00, 0x01 };
	uint8_t der[512], text[1024];
	struct buffer b64 = BUFFER(text), b = BUFFER(der);

	for (size_t i = 27; i < pem.n && pem.p[i] != '-'; i++)
		if (pem.p[i] != '\n')
			buffer_u8(&b64, pem.p[i]);
	assert_int_equal(text_unbase64(buffer_view(&b64), &b), OK);
	assert_int_equal(b.n, 294);
	assert_memory_equal(der + b.n - 5, end, 5);
	buffer_be16(out, PUBLIC_RSA);
	buffer_be16(out, HASH_SHA256);
	buffer_be32(out, 0x00050472);
	buffer_be16(out, 0);
	buffer_be16(out, 0x0010);
	buffer_be16(out, SCHEME_RSASSA);
	buffer_be16(out, (uint16_t)hash);
	buffer_be16(out, 2048);
	buffer_be32(out, 0);
	buffer_sized16(out, bytes_of(der + 33, 256));
}

/* The AK's public area: as published, or around the published key. */
static bool
load_ak(const struct foreign *f, uint8_t area[static PUBLIC_SIZE_MAX], struct public_area *k)
{
	static struct octets file;
	struct bytes in = load(f, "ak.tpmt", &file);
	struct buffer b = buffer_of(area, PUBLIC_SIZE_MAX);
	struct ec_public ec;

	if (in.n > 0) {
		buffer_bytes(&b, in);
	} else {
		in = load(f, "ak.pem", &file);
		if (in.n == 0)
			return false;
		if (keyfile_decode_public(in, &ec) == OK)
			assert_int_equal(public_encode_verify_key(&ec, &b), OK);
		else
			write_rsa_area(in, f->signed_with, &b);
	}
	assert_int_equal(public_decode(buffer_view(&b), k), OK);
	return true;
}

/* The TPMT_SIGNATURE: as published, or put around the bare RSASSA bytes. */
static struct bytes
load_signature(const struct foreign *f, const json_t *meta, struct octets *to)
{
	static struct octets raw;
	struct bytes in = load(f, "sig.bin", &raw);
	struct buffer b = buffer_of(to->p, sizeof to->p);

	if (strncmp(vectors_text(meta, "sig_format"), "raw", 3) == 0) {
		buffer_be16(&b, SCHEME_RSASSA);
		buffer_be16(&b, (uint16_t)f->signed_with);
		buffer_sized16(&b, in);
	} else {
		buffer_bytes(&b, in);
	}
	return buffer_view(&b);
}

/* pcrDigest against the published values, in the order of the selection */
static void
check_pcrs(const struct foreign *f, const json_t *meta, const struct quote *q)
{
	static struct octets values[QUOTE_BANKS_MAX];
	const json_t *pcrs = json_object_get(meta, "pcrs");
	struct bytes views[QUOTE_BANKS_MAX];
	struct digest d;

	if (!json_is_object(pcrs))
		return;
	for (size_t i = 0; i < q->banks; i++) {
		const json_t *bank = json_object_get(pcrs, hash_name((enum hash_alg)q->selection[i].alg));
		struct buffer b = buffer_of(values[i].p, sizeof values[i].p);

		for (unsigned pcr = 0; pcr < 24; pcr++) {
			struct octets one;
			char number[8];

			if ((q->selection[i].pcrs >> pcr & 1) == 0)
				continue;
			snprintf(number, sizeof number, "%u", pcr);
			buffer_bytes(&b, vectors_hex(bank, number, &one));
		}
		views[i] = buffer_view(&b);
	}
	assert_int_equal(quote_pcr_digest(f->signed_with, views, q->banks, &d), OK);
	if (f->verify != E_MISSING || q->pcr_digest.n == d.n)
		assert_true(bytes_equal(digest_view(&d), q->pcr_digest));
}

static void
check_fields(const json_t *meta, const struct quote *q)
{
	const json_t *attest = json_object_get(meta, "attest");
	static struct octets hex;

	assert_true(bytes_equal(q->signer, vectors_hex(attest, "qualifiedSigner", &hex)));
	assert_true(bytes_equal(q->extra_data, vectors_hex(attest, "extraData", &hex)));
	assert_true(q->clock == (uint64_t)json_integer_value(json_object_get(attest, "clock")));
	assert_true(q->reset_count == (uint32_t)json_integer_value(json_object_get(attest, "resetCount")));
	assert_true(q->restart_count == (uint32_t)json_integer_value(json_object_get(attest, "restartCount")));
	assert_int_equal(q->safe, json_integer_value(json_object_get(attest, "safe")));
	assert_true(bytes_equal(q->pcr_digest, vectors_hex(attest, "pcrDigest", &hex)));
	if (json_is_string(json_object_get(meta, "expected_nonce_hex")))
		assert_true(bytes_equal(q->extra_data, vectors_hex(meta, "expected_nonce_hex", &hex)));
	assert_int_equal(q->banks, json_array_size(json_object_get(attest, "pcrSelect")));
}

static void
foreign_quotes_are_verified_or_refused_with_the_right_reason(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof foreign / sizeof *foreign; i++) {
		static struct octets attest, signature;
		const struct foreign *f = &foreign[i];
		json_t *meta = load_meta(f);
		struct bytes in = load(f, "attest.bin", &attest);
		uint8_t area[PUBLIC_SIZE_MAX];
		struct public_area k;
		struct quote q;
		enum status s = quote_decode(in, &q);

		if (s != f->decode)
			fail_msg("%s: %s", f->name, status_name(s));
		if (s == OK) {
			check_fields(meta, &q);
			check_pcrs(f, meta, &q);
		}
		s = load_ak(f, area, &k) ? public_verify(&k, in, load_signature(f, meta, &signature)) : E_MISSING;
		if (s != f->verify)
			fail_msg("%s: signature: %s", f->name, status_name(s));
		json_decref(meta);
	}
}

static void
flip_each_byte(const struct foreign *f)
{
	static struct octets attest, signature;
	json_t *meta = load_meta(f);
	struct bytes in = load(f, "attest.bin", &attest), sig = load_signature(f, meta, &signature);
	uint8_t area[PUBLIC_SIZE_MAX];
	struct public_area k;

	assert_true(load_ak(f, area, &k));
	for (size_t i = 0; i < in.n; i++) {
		attest.p[i] ^= 1;
		assert_int_equal(public_verify(&k, in, sig), E_SIGNATURE);
		attest.p[i] ^= 1;
	}
	assert_int_equal(public_verify(&k, in, sig), OK);
	json_decref(meta);
}

static void
any_bit_of_a_foreign_quote_that_is_flipped_breaks_its_signature(void **state)
{
	(void)state;
	flip_each_byte(&foreign[12]); /* P-256 */
	flip_each_byte(&foreign[11]); /* RSASSA */
}

/* cmc-valid: magic 0, type 4, signer 6, extraData 42 (8 bytes), clock 52, resetCount 60, restartCount 64, safe 68, firmware 69,
 * count 77, alg 81, sizeofSelect 83, select 84, digest 87 */
static const struct mutation {
	size_t at;
	uint8_t value;
	enum status expected;
} mutations[] = {
	{ 0, 0xfe, E_MAGIC },
	{ 3, 0x46, E_MAGIC },
	{ 5, 0x17, E_TYPE },         /* certify */
	{ 5, 0x16, E_TYPE },         /* session audit */
	{ 5, 0x1c, E_TYPE },         /* certify of an NV index */
	{ 6, 0x01, E_TRUNCATED },    /* a signer longer than the input */
	{ 43, 0x09, E_RANGE },       /* extraData one longer: nothing after it is in its place; safe is then 0x26 */
	{ 68, 0x02, E_RANGE },       /* safe: neither yes nor no */
	{ 68, 0xff, E_RANGE },
	{ 80, 0x00, E_TRAILING },    /* no bank: what follows is not read as a digest of that length */
	{ 80, 0x09, E_TOO_LARGE },   /* more banks than there may be */
	{ 77, 0xff, E_TOO_LARGE },
	{ 83, 0x02, E_RANGE },       /* a select of 2 bytes */
	{ 83, 0x05, E_RANGE },       /* a select of 5 bytes */
	{ 88, 0x1f, E_TRAILING },    /* a digest one shorter */
	{ 88, 0x21, E_TRUNCATED },   /* a digest one longer */
};

static void
a_quote_with_one_byte_changed_is_refused_with_its_reason(void **state)
{
	static struct octets attest;
	struct bytes in = load(&foreign[2], "attest.bin", &attest);
	struct quote q;

	(void)state;
	assert_int_equal(in.n, 121);
	assert_int_equal(quote_decode(in, &q), OK);
	for (size_t i = 0; i < sizeof mutations / sizeof *mutations; i++) {
		uint8_t old = attest.p[mutations[i].at];
		enum status s;

		attest.p[mutations[i].at] = mutations[i].value;
		s = quote_decode(in, &q);
		if (s != mutations[i].expected)
			fail_msg("mutation %zu: %s, not %s", i, status_name(s), status_name(mutations[i].expected));
		attest.p[mutations[i].at] = old;
	}
	for (size_t n = 0; n < in.n; n++)
		assert_int_not_equal(quote_decode(bytes_of(attest.p, n), &q), OK);
	assert_int_equal(quote_decode(bytes_of(attest.p, in.n - 1), &q), E_TRUNCATED);
	assert_int_equal(quote_decode(bytes_of(attest.p, in.n + 1), &q), E_TRAILING);
	assert_int_equal(quote_decode(bytes_of(attest.p, QUOTE_SIZE_MAX + 1), &q), E_TOO_LARGE);
}

static struct buffer
make_quote(uint8_t *p, size_t size, const struct pcr_selection *selection, size_t banks, size_t select_n)
{
	struct buffer b = buffer_of(p, size);

	buffer_be32(&b, 0xff544347);
	buffer_be16(&b, 0x8018);
	buffer_be16(&b, 0);
	buffer_be16(&b, 0);
	buffer_be64(&b, 1);
	buffer_be32(&b, 2);
	buffer_be32(&b, 3);
	buffer_u8(&b, 1);
	buffer_be64(&b, 4);
	buffer_be32(&b, (uint32_t)banks);
	for (size_t i = 0; i < banks; i++) {
		buffer_be16(&b, selection[i].alg);
		buffer_u8(&b, (uint8_t)select_n);
		for (size_t j = 0; j < select_n; j++)
			buffer_u8(&b, (uint8_t)(selection[i].pcrs >> 8 * j));
	}
	buffer_be16(&b, 0);
	return b;
}

static void
banks_are_counted_and_none_is_given_twice(void **state)
{
	static const struct pcr_selection two[] = { { HASH_SHA256, 0x00ffff }, { HASH_SHA384, 0x00ffff } };
	static const struct pcr_selection twice[] = { { HASH_SHA256, 0x00ffff }, { HASH_SHA384, 1 }, { HASH_SHA256, 1 } };
	static const struct pcr_selection nine[] = { { 1, 0 }, { 2, 0 }, { 3, 0 }, { 4, 0 }, { 5, 0 }, { 6, 0 }, { 7, 0 }, { 8, 0 }, { 9, 0 } };
	uint8_t p[256];
	struct buffer b = make_quote(p, sizeof p, two, 2, 3);
	struct quote q;

	(void)state;
	assert_int_equal(quote_decode(buffer_view(&b), &q), OK);
	assert_int_equal(q.banks, 2);
	assert_int_equal(q.selection[0].pcrs, 0xffff);
	assert_int_equal(q.selection[1].alg, HASH_SHA384);
	b = make_quote(p, sizeof p, two, 2, 4);
	assert_int_equal(quote_decode(buffer_view(&b), &q), OK);
	b = make_quote(p, sizeof p, twice, 3, 3);
	assert_int_equal(quote_decode(buffer_view(&b), &q), E_DUPLICATE);
	b = make_quote(p, sizeof p, nine, 8, 3);
	assert_int_equal(quote_decode(buffer_view(&b), &q), OK);
	b = make_quote(p, sizeof p, nine, 9, 3);
	assert_int_equal(quote_decode(buffer_view(&b), &q), E_TOO_LARGE);
	b = make_quote(p, sizeof p, two, 0, 3);
	assert_int_equal(quote_decode(buffer_view(&b), &q), OK);
	assert_int_equal(q.banks, 0);
}

static void
a_session_audit_is_no_quote_and_a_quote_no_session_audit(void **state)
{
	static const uint8_t digest[32] = { 1 };
	uint8_t p[256];
	struct buffer b = BUFFER(p);
	struct session_audit a;
	struct quote q;

	(void)state;
	buffer_be32(&b, 0xff544347);
	buffer_be16(&b, 0x8016);
	buffer_be16(&b, 0);
	buffer_sized16(&b, BYTES(digest));
	buffer_be64(&b, 1);
	buffer_be32(&b, 2);
	buffer_be32(&b, 3);
	buffer_u8(&b, 0);
	buffer_be64(&b, 4);
	buffer_u8(&b, 1);
	buffer_sized16(&b, BYTES(digest));
	assert_int_equal(session_audit_decode(buffer_view(&b), &a), OK);
	assert_true(a.exclusive);
	assert_false(a.safe);
	assert_int_equal(a.reset_count, 2);
	assert_true(bytes_equal(a.session_digest, BYTES(digest)));
	assert_int_equal(quote_decode(buffer_view(&b), &q), E_TYPE);
	p[b.n - 35] = 2;
	assert_int_equal(session_audit_decode(buffer_view(&b), &a), E_RANGE);
	p[5] = 0x18;
	assert_int_equal(session_audit_decode(buffer_view(&b), &a), E_TYPE);
	assert_int_equal(session_audit_decode(bytes_of(p, 3), &a), E_TRUNCATED);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(foreign_quotes_are_verified_or_refused_with_the_right_reason),
		cmocka_unit_test(any_bit_of_a_foreign_quote_that_is_flipped_breaks_its_signature),
		cmocka_unit_test(a_quote_with_one_byte_changed_is_refused_with_its_reason),
		cmocka_unit_test(banks_are_counted_and_none_is_given_twice),
		cmocka_unit_test(a_session_audit_is_no_quote_and_a_quote_no_session_audit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
