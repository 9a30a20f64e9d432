/* SPDX-License-Identifier: ISC */
#include "luks_device.h"

#define PLAIN "tests/data/luks/plain.hdr"
#define LARGE "tests/data/luks/large.hdr"
#define REENCRYPT "tests/data/luks/reencrypt.hdr"

static struct device device;
static struct json json;
static struct header header;

static enum header_fault
decode(void)
{
	return header_decode(bytes_of(device.p, device.n), &json, &header);
}

static void
assert_fault(enum header_fault is, enum header_fault want, const char *what)
{
	if (is != want)
		fail_msg("%s: %s, not %s", what, header_fault_name(is), header_fault_name(want));
}

static enum header_fault
aad_fault(uint32_t slot)
{
	static uint8_t space[METADATA_AAD_MAX];
	struct buffer out = BUFFER(space);

	return header_aad(&header, slot, &out);
}

static void
assert_text(struct bytes is, const char *want)
{
	assert_true(bytes_equal(is, bytes_of(want, strlen(want))));
}

static void
headers_made_by_cryptsetup_are_read(void **state)
{
	const struct metadata_keyslot *k;
	const struct metadata *m = &header.now.data;

	(void)state;
	device_load(&device, PLAIN, SIZE_MAX);
	assert_fault(decode(), HEADER_OK, "plain");
	assert_memory_equal(header.now.uuid, "6f7c1a52-0d5e-4a8b-9c3f-5b1e2d7a9f10", 36);
	assert_false(header.two);
	assert_int_equal(header.now.size, 16384);
	assert_int_equal(m->segment.offset, 16777216);
	assert_true(m->segment.dynamic);
	assert_false(m->segment.integrity);
	assert_text(m->segment.encryption, "aes-xts-plain64");
	assert_int_equal(m->segment.sector_size, 4096);
	assert_int_equal(m->keyslots_at, 32768);
	assert_int_equal(m->keyslots_size, 16744448);
	assert_int_equal(m->keyslot_count, 2);
	assert_int_equal(m->digest_count, 1);
	assert_int_equal(m->digest[0].keyslots, 3);
	assert_int_equal(m->digest[0].segments, 1);
	k = metadata_keyslot(m, 1);
	assert_non_null(k);
	assert_true(k->known);
	assert_int_equal(k->key_size, 64);
	assert_int_equal(k->priority, 1);
	assert_int_equal(k->area.offset, 290816);
	assert_int_equal(k->area.size, 258048);
	assert_int_equal(k->af.stripes, 4000);
	assert_text(k->kdf.type, "pbkdf2");
	assert_int_equal(k->kdf.iterations, 1000);
	assert_null(metadata_keyslot(m, 2));
	assert_int_equal(metadata_token_count(m, "bootgate"), 1);
	assert_int_equal(metadata_token(m, "bootgate")->number, 1);
	assert_int_equal(metadata_token(m, "bootgate")->keyslots, 2);
	assert_int_equal(metadata_token(m, "other")->keyslots, 1);
	assert_null(metadata_token(m, "clevis"));

	device_load(&device, LARGE, SIZE_MAX);
	assert_fault(decode(), HEADER_OK, "large");
	assert_int_equal(header.now.size, 32768);
	k = metadata_keyslot(m, 0);
	assert_text(k->kdf.type, "argon2id");
	assert_int_equal(k->kdf.time, 4);
	assert_int_equal(k->kdf.memory, 32);
	assert_int_equal(k->kdf.cpus, 1);
	assert_text(m->segment.encryption, "aes-cbc-essiv:sha256");
}

static void
assert_aad(const char *path, uint32_t slot)
{
	static uint8_t space[METADATA_AAD_MAX + 1], want[METADATA_AAD_MAX];
	struct buffer out = BUFFER(space);
	FILE *f = fopen(path, "rb");
	size_t n;

	assert_non_null(f);
	n = fread(want, 1, sizeof want, f);
	fclose(f);
	assert_fault(decode(), HEADER_OK, path);
	buffer_u8(&out, 7);
	assert_fault(header_aad(&header, slot, &out), HEADER_OK, path);
	assert_int_equal(out.n, n + 1);
	assert_memory_equal(out.p + 1, want, n);
	out = buffer_of(space, n - 1);
	assert_fault(header_aad(&header, slot, &out), HEADER_SPACE, path);
	assert_int_equal(out.n, 0);
}

static void
associated_data_is_what_another_encoder_makes(void **state)
{
	(void)state;
	device_load(&device, PLAIN, SIZE_MAX);
	assert_aad("tests/data/luks/plain.aad", 1);
	device_load(&device, LARGE, SIZE_MAX);
	assert_aad("tests/data/luks/large.aad", 0);
}

static void
a_device_under_reencryption_says_so(void **state)
{
	(void)state;
	device_load(&device, REENCRYPT, SIZE_MAX);
	assert_fault(decode(), HEADER_REQUIREMENTS, "re-encryption");
}

#define SLOT_0 "\"area\":{\"type\":\"raw\",\"offset\":\"32768\",\"size\":\"258048\",\"encryption\":\"aes-xts-plain64\""
#define SLOT_1 "\"area\":{\"type\":\"raw\",\"offset\":\"290816\",\"size\":\"258048\",\"encryption\":\"aes-xts-plain64\""
#define SLOT_1_AREA(offset, size) "\"offset\":\"" offset "\",\"size\":\"" size "\",\"encryption\":\"aes-xts-plain64\""
#define SEGMENT "\"segments\":{\"0\":{\"type\":\"crypt\",\"offset\":\"16777216\",\"size\":\"dynamic\",\"iv_tweak\":\"0\""
#define INTEGRITY(type, more) "\"sector_size\":4096,\"integrity\":{\"type\":\"" type "\",\"journal_encryption\":\"none\"" more "}}},\"digests\""
#define SEGMENT_END "\"sector_size\":4096}},\"digests\""
#define CONFIG "\"config\":{\"json_size\":\"12288\",\"keyslots_size\":\"16744448\""

/* One change of the metadata in both copies, with good checksums, and why the header is then refused. */
static const struct {
	const char *from, *to;
	enum header_fault fault;
} mutations[] = {
	/* grammar */
	{ "{\"keyslots\"", " {\"keyslots\"", HEADER_JSON_SYNTAX },
	{ "{\"keyslots\"", "[\"keyslots\"", HEADER_JSON_SYNTAX },
	{ "{\"keyslots\"", "{,\"keyslots\"", HEADER_JSON_SYNTAX },
	{ "{\"keyslots\"", "{keyslots", HEADER_JSON_SYNTAX },
	{ "{\"keyslots\"", "{'keyslots'", HEADER_JSON_SYNTAX },
	{ "{\"keyslots\"", "/* */{\"keyslots\"", HEADER_JSON_SYNTAX },
	{ "{\"keyslots\":{", "{\"keyslots\"{", HEADER_JSON_SYNTAX },
	{ "}},\"digests\"", "}}\"digests\"", HEADER_JSON_SYNTAX },
	{ "}},\"digests\"", "},},\"digests\"", HEADER_JSON_SYNTAX },
	{ "}},\"digests\"", "}]},\"digests\"", HEADER_JSON_SYNTAX },
	{ "16744448\"}}", "16744448\"}}}", HEADER_JSON_SYNTAX },
	{ "16744448\"}}", "16744448\"}", HEADER_JSON_SYNTAX },
	{ "16744448\"}}", "16744448\"}} ", HEADER_OK },
	{ "\"sector_size\":4096", "\"sector_size\":04096", HEADER_JSON_SYNTAX },
	{ "\"sector_size\":4096", "\"sector_size\":+4096", HEADER_JSON_SYNTAX },
	{ "\"sector_size\":4096", "\"sector_size\":0x1000", HEADER_JSON_SYNTAX },
	{ "\"sector_size\":4096", "\"sector_size\":4096.", HEADER_JSON_SYNTAX },
	{ "\"sector_size\":4096", "\"sector_size\":NaN", HEADER_JSON_SYNTAX },
	{ "\"sector_size\":4096", "\"sector_size\":tru", HEADER_JSON_SYNTAX },
	{ "\"sector_size\":4096", "\"sector_size\":", HEADER_JSON_SYNTAX },
	{ "aes-xts-plain64\",\"sector", "aes-xts-plain64\n\",\"sector", HEADER_JSON_SYNTAX },
	{ "a \\\"quoted\\\"", "\\x41", HEADER_JSON_SYNTAX },
	{ "a \\\"quoted\\\"", "\\u12g4", HEADER_JSON_SYNTAX },
	{ "a \\\"quoted\\\"", "\xc0\xaf", HEADER_JSON_SYNTAX },
	{ "-2.5e3", "-2.5e", HEADER_JSON_SYNTAX },
	{ "-2.5e3", "-.5", HEADER_JSON_SYNTAX },
	{ "-2.5e3", "-2.5E+30", HEADER_OK },
	{ "\"list\":[1", "\"list\":[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]],1", HEADER_JSON_LARGE },
	{ "\"list\":[1", "\"list\":[[[[[[]]]]],1", HEADER_OK },
	/* members twice, or spelled in another way */
	{ "{\"keyslots\"", "{\"segments\":{},\"keyslots\"", HEADER_JSON_DUPLICATE },
	{ "\"sector_size\":4096", "\"sector_size\":4096,\"sector_size\":512", HEADER_JSON_DUPLICATE },
	{ "\"list\":[1", "\"note\":1,\"list\":[1", HEADER_JSON_DUPLICATE },
	{ "{\"keyslots\"", "{\"\\u0073egments\":{},\"keyslots\"", HEADER_JSON_ESCAPE },
	{ "{\"keyslots\"", "{\"\\u006beyslots\"", HEADER_JSON_ESCAPE },
	{ "\"tokens\"", "\"token\\u0073\"", HEADER_JSON_ESCAPE },
	{ "\"encryption\":\"aes-xts-plain64\",\"sector", "\"encryption\":\"aes-xts-plain\\u00364\",\"sector", HEADER_JSON_ESCAPE },
	{ "\"type\":\"other\"", "\"typ\\u0065\":\"other\"", HEADER_JSON_ESCAPE },
	{ "{\"0\":{\"type\":\"other\"", "{\"\\u0030\":{\"type\":\"other\"", HEADER_JSON_ESCAPE },
	{ "\"type\":\"other\"", "\"type\":\"oth\\u0065r\"", HEADER_OK },
	/* the null cipher */
	{ SEGMENT ",\"encryption\":\"aes-xts-plain64\"", SEGMENT ",\"encryption\":\"cipher_null-ecb\"", HEADER_NULL_CIPHER },
	{ SEGMENT ",\"encryption\":\"aes-xts-plain64\"", SEGMENT ",\"encryption\":\"null\"", HEADER_NULL_CIPHER },
	{ SEGMENT ",\"encryption\":\"aes-xts-plain64\"", SEGMENT ",\"encryption\":\"capi:ecb(cipher_null)-plain64\"", HEADER_NULL_CIPHER },
	{ SLOT_0, "\"area\":{\"type\":\"raw\",\"offset\":\"32768\",\"size\":\"258048\",\"encryption\":\"cipher_null-ecb\"", HEADER_NULL_CIPHER },
	{ SLOT_1, "\"area\":{\"type\":\"raw\",\"offset\":\"290816\",\"size\":\"258048\",\"encryption\":\"cipher_null-ecb\"", HEADER_NULL_CIPHER },
	{ "\"type\":\"other\"", "\"type\":\"cipher_null\"", HEADER_OK },
	/* config */
	{ CONFIG, CONFIG ",\"requirements\":{\"mandatory\":[\"online-reencrypt\"]}", HEADER_REQUIREMENTS },
	{ CONFIG, CONFIG ",\"requirements\":{\"mandatory\":[\"of the future\"]}", HEADER_REQUIREMENTS },
	{ CONFIG, CONFIG ",\"requirements\":{\"optional\":[]}", HEADER_REQUIREMENTS },
	{ CONFIG, CONFIG ",\"requirements\":[\"x\"]", HEADER_REQUIREMENTS },
	{ CONFIG, CONFIG ",\"requirements\":null", HEADER_REQUIREMENTS },
	{ CONFIG, CONFIG ",\"requirements\":{\"mandatory\":[]}", HEADER_OK },
	{ CONFIG, CONFIG ",\"requirements\":{}", HEADER_OK },
	{ CONFIG, CONFIG ",\"flags\":[\"allow-discards\"]", HEADER_OK },
	{ "\"json_size\":\"12288\"", "\"json_size\":\"28672\"", HEADER_CONFIG },
	{ "\"json_size\":\"12288\"", "\"json_size\":12288", HEADER_CONFIG },
	{ "\"json_size\":\"12288\",", "", HEADER_CONFIG },
	{ "\"keyslots_size\":\"16744448\"", "\"keyslots_size\":\"16744449\"", HEADER_CONFIG },
	{ "\"keyslots_size\":\"16744448\"", "\"keyslots_size\":\"16748544\"", HEADER_SEGMENT_RANGE },
	{ "\"config\":", "\"configuration\":", HEADER_CONFIG },
	/* segments */
	{ "\"segments\":{\"0\":{", "\"segments\":{\"1\":{\"type\":\"linear\"},\"0\":{", HEADER_SEGMENT_COUNT },
	{ SEGMENT ",\"encryption\":\"aes-xts-plain64\",\"sector_size\":4096}}", "\"segments\":{}", HEADER_SEGMENT_COUNT },
	{ "\"segments\":{\"0\"", "\"segment\":{\"0\"", HEADER_SEGMENT_COUNT },
	{ "\"segments\":{\"0\"", "\"segments\":{\"00\"", HEADER_SEGMENT },
	{ "\"segments\":{\"0\"", "\"segments\":{\"x\"", HEADER_SEGMENT },
	{ "\"type\":\"crypt\"", "\"type\":\"linear\"", HEADER_SEGMENT_TYPE },
	{ "\"type\":\"crypt\"", "\"type\":\"hw-opal-crypt\"", HEADER_SEGMENT_TYPE },
	{ "\"type\":\"crypt\"", "\"type\":[\"crypt\"]", HEADER_SEGMENT_TYPE },
	{ "\"type\":\"crypt\"", "\"type\":\"crypt\",\"future\":1", HEADER_SEGMENT_MEMBER },
	{ "\"type\":\"crypt\"", "\"type\":\"crypt\",\"flags\":[\"backup-final\"]", HEADER_SEGMENT_MEMBER },
	{ "\"type\":\"crypt\"", "\"type\":\"crypt\",\"flags\":[]", HEADER_OK },
	{ "\"offset\":\"16777216\"", "\"offset\":16777216", HEADER_SEGMENT },
	{ "\"offset\":\"16777216\"", "\"offset\":\"16777217\"", HEADER_SEGMENT },
	{ "\"offset\":\"16777216\"", "\"offset\":\"-16777216\"", HEADER_SEGMENT },
	{ "\"offset\":\"16777216\"", "\"offset\":\"016777216\"", HEADER_SEGMENT },
	{ "\"offset\":\"16777216\"", "\"offset\":\"18446744073709551616\"", HEADER_SEGMENT },
	{ "\"offset\":\"16777216\"", "\"offset\":\"9223372036854775808\"", HEADER_SEGMENT },
	{ "\"offset\":\"16777216\"", "\"offset\":\"\"", HEADER_SEGMENT },
	{ "\"offset\":\"16777216\"", "\"offset\":\"0\"", HEADER_SEGMENT_RANGE },
	{ "\"offset\":\"16777216\"", "\"offset\":\"16776704\"", HEADER_SEGMENT_RANGE },
	{ "\"size\":\"dynamic\"", "\"size\":\"dynamics\"", HEADER_SEGMENT },
	{ "\"size\":\"dynamic\"", "\"size\":\"0\"", HEADER_SEGMENT },
	{ "\"size\":\"dynamic\"", "\"size\":\"512\"", HEADER_SEGMENT },
	{ "\"size\":\"dynamic\"", "\"size\":\"4096\"", HEADER_OK },
	{ "\"size\":\"dynamic\",", "", HEADER_SEGMENT },
	{ "\"iv_tweak\":\"0\"", "\"iv_tweak\":0", HEADER_SEGMENT },
	{ "\"sector_size\":4096", "\"sector_size\":\"4096\"", HEADER_SEGMENT },
	{ "\"sector_size\":4096", "\"sector_size\":8192", HEADER_SEGMENT },
	{ "\"sector_size\":4096", "\"sector_size\":1536", HEADER_SEGMENT },
	{ "\"sector_size\":4096", "\"sector_size\":4096.0", HEADER_SEGMENT },
	{ "\"sector_size\":4096", "\"sector_size\":4.096e3", HEADER_SEGMENT },
	{ "\"encryption\":\"aes-xts-plain64\",\"sector", "\"encryption\":\"\",\"sector", HEADER_SEGMENT },
	{ "\"encryption\":\"aes-xts-plain64\",\"sector", "\"encryption\":\"\xc3\xa4\",\"sector", HEADER_SEGMENT },
	{ SEGMENT_END, INTEGRITY("hmac(sha256)", ",\"journal_integrity\":\"none\""), HEADER_OK },
	{ SEGMENT_END, INTEGRITY("hmac(sha256)", ",\"journal_integrity\":\"none\",\"key_size\":32"), HEADER_SEGMENT_MEMBER },
	{ SEGMENT_END, INTEGRITY("hmac(sha256)", ""), HEADER_SEGMENT },
	{ SEGMENT_END, "\"sector_size\":4096,\"integrity\":\"hmac\"}},\"digests\"", HEADER_SEGMENT },
	/* keyslots */
	{ "{\"keyslots\"", "{\"keyslot\"", HEADER_KEYSLOT },
	{ "\"keyslots\":{\"0\"", "\"keyslots\":{\"32\"", HEADER_KEYSLOT },
	{ "\"keyslots\":{\"0\"", "\"keyslots\":{\"01\"", HEADER_KEYSLOT },
	{ "\"keyslots\":{\"0\":{\"type\":\"luks2\"", "\"keyslots\":{\"0\":{\"type\":\"future\"", HEADER_OK },
	{ "\"key_size\":64,\"af\"", "\"key_size\":0,\"af\"", HEADER_KEYSLOT },
	{ "\"key_size\":64,\"af\"", "\"key_size\":4294967296,\"af\"", HEADER_KEYSLOT },
	{ "\"key_size\":64,\"af\"", "\"key_size\":64,\"priority\":3,\"af\"", HEADER_KEYSLOT },
	{ "\"key_size\":64,\"af\"", "\"key_size\":64,\"priority\":2,\"af\"", HEADER_OK },
	{ "\"stripes\":4000,", "", HEADER_KEYSLOT },
	{ "\"iterations\":1000,\"salt\"", "\"iterations\":\"1000\",\"salt\"", HEADER_KEYSLOT },
	{ "\"offset\":\"290816\"", "\"offset\":290816", HEADER_KEYSLOT },
	{ SLOT_1_AREA("290816", "258048"), SLOT_1_AREA("290816", "0"), HEADER_KEYSLOT },
	{ SLOT_1_AREA("290816", "258048"), SLOT_1_AREA("28672", "258048"), HEADER_KEYSLOT_RANGE },
	{ SLOT_1_AREA("290816", "258048"), SLOT_1_AREA("16777216", "4096"), HEADER_KEYSLOT_RANGE },
	{ SLOT_1_AREA("290816", "258048"), SLOT_1_AREA("9223372036854775807", "9223372036854775807"), HEADER_KEYSLOT_RANGE },
	/* digests */
	{ "\"digests\":{\"0\":{\"type\"", "\"digest\":{\"0\":{\"type\"", HEADER_DIGEST },
	{ "\"digests\":{\"0\":{\"type\"", "\"digests\":{\"0\":{\"keyslots\":{},\"x\":[],\"typ\"", HEADER_JSON_DUPLICATE },
	{ "\"keyslots\":[\"0\",\"1\"]", "\"keyslots\":[\"0\",\"0\"]", HEADER_DIGEST },
	{ "\"keyslots\":[\"0\",\"1\"]", "\"keyslots\":[0,1]", HEADER_DIGEST },
	{ "\"keyslots\":[\"0\",\"1\"]", "\"keyslots\":[\"0\",\"32\"]", HEADER_DIGEST },
	{ "\"keyslots\":[\"0\",\"1\"]", "\"keyslots\":\"01\"", HEADER_DIGEST },
	{ "\"segments\":[\"0\"]", "\"segments\":{\"0\":1}", HEADER_DIGEST },
	{ "\"iterations\":1000,\"salt\":\"", "\"iterations\":1000,\"salt\":\"\x7f", HEADER_KEYSLOT },
	/* tokens */
	{ "\"tokens\":{", "\"tokens\":[],\"token\":{", HEADER_JSON_ESCAPE },
	{ "\"note\":\"a \\\"quoted\\\" word, \xc3\xbc\",", "", HEADER_OK },
	{ "{\"0\":{\"type\":\"other\"", "{\"32\":{\"type\":\"other\"", HEADER_TOKEN },
	{ "{\"0\":{\"type\":\"other\"", "{\"-1\":{\"type\":\"other\"", HEADER_TOKEN },
	{ "\"type\":\"other\"", "\"type\":7", HEADER_TOKEN },
	{ "\"type\":\"other\",\"keyslots\":[\"0\"]", "\"type\":\"other\",\"keyslots\":[0]", HEADER_TOKEN },
	{ "\"type\":\"other\",\"keyslots\":[\"0\"],", "\"type\":\"other\",", HEADER_TOKEN },
};

static void
each_mutation_is_refused_for_its_reason(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof mutations / sizeof *mutations; i++) {
		device_load(&device, PLAIN, SIZE_MAX);
		device_edit_both(&device, mutations[i].from, mutations[i].to);
		assert_fault(decode(), mutations[i].fault, mutations[i].to);
	}
}

/* Headers that are read, but whose slot 1 is not opened. */
static const struct {
	const char *from, *to;
	enum header_fault fault;
} slot_mutations[] = {
	{ "\"1\":{\"type\":\"luks2\"", "\"2\":{\"type\":\"luks2\"", HEADER_KEYSLOT_NONE },
	{ "\"1\":{\"type\":\"luks2\"", "\"1\":{\"type\":\"reencrypt\"", HEADER_KEYSLOT_UNKNOWN },
	{ "\"1\":{\"type\":\"luks2\"", "\"1\":{\"type\":\"luks2\",\"future\":0", HEADER_KEYSLOT_UNKNOWN },
	{ "\"area\":{\"type\":\"raw\",\"offset\":\"290816\"", "\"area\":{\"type\":\"cooked\",\"offset\":\"290816\"", HEADER_KEYSLOT_UNKNOWN },
	{ "\"area\":{\"type\":\"raw\",\"offset\":\"290816\"", "\"area\":{\"type\":\"raw\",\"x\":0,\"offset\":\"290816\"", HEADER_KEYSLOT_UNKNOWN },
	{ "\"keyslots\":[\"0\",\"1\"]", "\"keyslots\":[\"0\"]", HEADER_DIGEST_NONE },
	{ "\"segments\":[\"0\"]", "\"segments\":[\"1\"]", HEADER_DIGEST_NONE },
	{ "\"digests\":{", "\"digests\":{\"1\":{\"type\":\"new\",\"keyslots\":[\"1\"],\"segments\":[]},", HEADER_DIGEST_MANY },
	{ "\"digests\":{", "\"digests\":{\"1\":{\"type\":\"new\",\"keyslots\":[],\"segments\":[\"0\"]},", HEADER_DIGEST_MANY },
	{ "\"digests\":{", "\"digests\":{\"1\":{\"type\":\"new\",\"keyslots\":[\"7\"],\"segments\":[]},", HEADER_OK },
	{ "\"digests\":{\"0\":{\"type\":\"pbkdf2\"", "\"digests\":{\"0\":{\"type\":\"new\"", HEADER_DIGEST_UNKNOWN },
	{ "\"digests\":{\"0\":{\"type\":\"pbkdf2\"", "\"digests\":{\"0\":{\"type\":\"pbkdf2\",\"new\":1", HEADER_DIGEST_UNKNOWN },
	{ "\"keyslots\":{\"0\":{\"type\":\"luks2\"", "\"keyslots\":{\"0\":{\"type\":\"luks2\",\"future\":0", HEADER_OK },
};

static void
each_mutation_that_touches_our_slot_is_refused_for_its_reason(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof slot_mutations / sizeof *slot_mutations; i++) {
		device_load(&device, PLAIN, SIZE_MAX);
		device_edit_both(&device, slot_mutations[i].from, slot_mutations[i].to);
		assert_fault(decode(), HEADER_OK, slot_mutations[i].to);
		assert_fault(aad_fault(1), slot_mutations[i].fault, slot_mutations[i].to);
	}
	assert_fault(aad_fault(31), HEADER_KEYSLOT_NONE, "no slot 31");
}

static struct bytes
aad_of(const char *from, const char *to, uint8_t space[METADATA_AAD_MAX])
{
	struct buffer out = buffer_of(space, METADATA_AAD_MAX);

	device_load(&device, PLAIN, SIZE_MAX);
	if (from != NULL)
		device_edit_both(&device, from, to);
	assert_fault(decode(), HEADER_OK, to);
	assert_fault(header_aad(&header, 1, &out), HEADER_OK, to);
	return buffer_view(&out);
}

/* Every value that decides what is opened, changed; and some that do not. */
static void
associated_data_changes_with_each_value_that_decides(void **state)
{
	static const struct {
		const char *from, *to;
		bool same;
	} changes[] = {
		{ "\"offset\":\"16777216\"", "\"offset\":\"16781312\"", false },
		{ "\"size\":\"dynamic\"", "\"size\":\"4096\"", false },
		{ "\"iv_tweak\":\"0\"", "\"iv_tweak\":\"1\"", false },
		{ "\"encryption\":\"aes-xts-plain64\",\"sector", "\"encryption\":\"aes-xts-plain\",\"sector", false },
		{ "\"sector_size\":4096", "\"sector_size\":512", false },
		{ SEGMENT_END, INTEGRITY("hmac(sha256)", ",\"journal_integrity\":\"none\""), false },
		{ "\"segments\":[\"0\"],\"hash\":\"sha256\"", "\"segments\":[\"0\"],\"hash\":\"sha1\"", false },
		{ "\"segments\":[\"0\"],\"hash\":\"sha256\",\"iterations\":1000", "\"segments\":[\"0\"],\"hash\":\"sha256\",\"iterations\":1001", false },
		{ "\"segments\":[\"0\"],\"hash\":\"sha256\",\"iterations\":1000,\"salt\":\"", "\"segments\":[\"0\"],\"hash\":\"sha256\",\"iterations\":1000,\"salt\":\"AAAA", false },
		{ "\"digest\":\"", "\"digest\":\"AAAA", false },
		{ "\"1\":{\"type\":\"luks2\",\"key_size\":64", "\"1\":{\"type\":\"luks2\",\"key_size\":32", false },
		{ SLOT_1_AREA("290816", "258048"), SLOT_1_AREA("294912", "258048"), false },
		{ SLOT_1_AREA("290816", "258048"), SLOT_1_AREA("290816", "262144"), false },
		{ SLOT_1, "\"area\":{\"type\":\"raw\",\"offset\":\"290816\",\"size\":\"258048\",\"encryption\":\"aes-cbc-plain64\"", false },
		{ SLOT_1 ",\"key_size\":64", SLOT_1 ",\"key_size\":32", false },
		{ SLOT_1 ",\"key_size\":64},\"kdf\":{\"type\":\"pbkdf2\",\"hash\":\"sha256\"", SLOT_1 ",\"key_size\":64},\"kdf\":{\"type\":\"pbkdf2\",\"hash\":\"sha512\"", false },
		{ SLOT_1 ",\"key_size\":64},\"kdf\":{\"type\":\"pbkdf2\",\"hash\":\"sha256\",\"iterations\":1000,\"salt\":\"",
			SLOT_1 ",\"key_size\":64},\"kdf\":{\"type\":\"pbkdf2\",\"hash\":\"sha256\",\"iterations\":1000,\"salt\":\"AAAA", false },
		{ "\"1\":{\"type\":\"luks2\",\"key_size\":64,\"af\":{\"type\":\"luks1\",\"stripes\":4000", "\"1\":{\"type\":\"luks2\",\"key_size\":64,\"af\":{\"type\":\"luks1\",\"stripes\":4001", false },
		{ "\"keyslots\":[\"0\",\"1\"]", "\"keyslots\":[\"1\",\"9\"]", true },
		{ "\"1\":{\"type\":\"luks2\"", "\"1\":{\"type\":\"luks2\",\"priority\":2", true },
		{ SLOT_0, "\"area\":{\"type\":\"raw\",\"offset\":\"32768\",\"size\":\"131072\",\"encryption\":\"aes-cbc-plain64\"", true },
		{ CONFIG, CONFIG ",\"flags\":[\"allow-discards\"]", true },
		{ "\"type\":\"other\"", "\"type\":\"another\"", true },
	};
	static uint8_t first[METADATA_AAD_MAX], second[METADATA_AAD_MAX];
	struct bytes base = aad_of(NULL, NULL, first);

	(void)state;
	for (size_t i = 0; i < sizeof changes / sizeof *changes; i++)
		if (bytes_equal(base, aad_of(changes[i].from, changes[i].to, second)) != changes[i].same)
			fail_msg("%s", changes[i].to);
}

/* The binary header: one byte of both copies, or of one, with good checksums. */
static void
each_field_of_the_binary_header_is_looked_at(void **state)
{
	static const struct {
		const char *what;
		size_t at;
		uint8_t value;
		bool first, second;
		enum header_fault fault;
	} changes[] = {
		{ "magic", 0, 'l', true, true, HEADER_NONE },
		{ "magic of the first", 0, 'l', true, false, HEADER_OK },
		{ "magic of the second", 0, 'l', false, true, HEADER_OK },
		{ "version", 7, 3, true, true, HEADER_NONE },
		{ "version of the first", 7, 1, true, false, HEADER_OK },
		{ "size of the first", 14, 0x50, true, false, HEADER_SIZE },
		{ "size 0", 14, 0, true, false, HEADER_SIZE },
		{ "a size that is another one", 14, 0x80, true, false, HEADER_TRUNCATED },
		{ "size of the second", 14, 0x80, false, true, HEADER_OK },
		{ "sequence number of the second", 23, 0xff, false, true, HEADER_OK },
		{ "label without an end", 24 + 47, 'x', true, true, HEADER_TEXT },
		{ "label of one", 24, 'x', true, false, HEADER_COPIES_DIFFER },
		{ "label of both", 24, 'x', true, true, HEADER_OK },
		{ "checksum algorithm", 72 + 3, '5', true, false, HEADER_CHECKSUM_ALG },
		{ "checksum algorithm of the second", 72 + 3, '5', false, true, HEADER_CHECKSUM_ALG },
		{ "bytes behind its name", 72 + 9, 'x', true, true, HEADER_CHECKSUM_ALG },
		{ "salt of one", 104, 1, true, false, HEADER_OK },
		{ "UUID", 168 + 2, 'g', true, true, HEADER_TEXT },
		{ "UUID without its dash", 168 + 8, '0', true, true, HEADER_TEXT },
		{ "a longer UUID", 168 + 36, '0', true, true, HEADER_TEXT },
		{ "bytes behind the UUID", 168 + 38, '0', true, true, HEADER_TEXT },
		{ "UUID of one", 168, '0', true, false, HEADER_COPIES_DIFFER },
		{ "subsystem without an end", 208 + 47, 'x', true, true, HEADER_TEXT },
		{ "place of the first", 263, 1, true, false, HEADER_OK },
		{ "place of both", 263, 1, true, true, HEADER_NONE },
		{ "reserved bytes", 264, 1, true, true, HEADER_RESERVED },
		{ "more reserved bytes", 4095, 1, true, true, HEADER_RESERVED },
	};

	(void)state;
	for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
		device_load(&device, PLAIN, SIZE_MAX);
		if (changes[i].first)
			device.p[changes[i].at] = changes[i].value;
		if (changes[i].second)
			device.p[16384 + changes[i].at] = changes[i].value;
		device_seal(&device, 0, 16384);
		device_seal(&device, 16384, 16384);
		assert_fault(decode(), changes[i].fault, changes[i].what);
	}
}

static void
a_damaged_copy_is_none_and_two_are_a_damaged_header(void **state)
{
	(void)state;
	for (int which = 1; which <= 3; which++) {
		device_load(&device, PLAIN, SIZE_MAX);
		if ((which & 1) != 0)
			device.p[5000] ^= 1;
		if ((which & 2) != 0)
			device.p[16384 + 5000] ^= 1;
		assert_fault(decode(), which == 3 ? HEADER_CHECKSUM : HEADER_OK, "damage");
	}
	device_load(&device, PLAIN, SIZE_MAX);
	device.p[448 + 40] = 1;
	device.p[16384 + 448 + 40] = 1;
	assert_fault(decode(), HEADER_RESERVED, "bytes behind the checksum");
}

static void
bytes_behind_the_json_are_refused(void **state)
{
	(void)state;
	for (size_t place = 0; place <= 16384; place += 16384) {
		device_load(&device, PLAIN, SIZE_MAX);
		device.p[place + 16383] = 'x';
		device_seal(&device, place, 16384);
		assert_fault(decode(), HEADER_COPIES_DIFFER, "one copy");
	}
	device.p[16383] = 'x';
	device_seal(&device, 0, 16384);
	assert_fault(decode(), HEADER_JSON_ZEROS, "both copies");
	memset(device.p + 4096, ' ', 12288);
	memset(device.p + 16384 + 4096, ' ', 12288);
	device_seal(&device, 0, 16384);
	device_seal(&device, 16384, 16384);
	assert_fault(decode(), HEADER_JSON_ZEROS, "no end");
}

static void
a_short_device_is_refused_and_never_read_beyond(void **state)
{
	(void)state;
	for (size_t n = 0; n < 32768; n += n < 600 ? 1 : 4095) {
		uint8_t *exact = malloc(n + 1);
		enum header_fault f;

		assert_non_null(exact);
		device_load(&device, PLAIN, SIZE_MAX);
		memcpy(exact + 1, device.p, n);
		f = header_decode(bytes_of(exact + 1, n), &json, &header);
		free(exact);
		assert_fault(f, n < 4096 ? HEADER_NONE : HEADER_TRUNCATED, "short");
	}
}

static void
two_copies_of_one_sequence_number_must_be_equal(void **state)
{
	(void)state;
	device_load(&device, PLAIN, SIZE_MAX);
	assert_true(device_edit(&device, 16384, 16384, "\"type\":\"other\"", "\"type\":\"other\",\"x\":1"));
	assert_fault(decode(), HEADER_COPIES_DIFFER, "a member more");
}

static void
of_two_copies_the_later_one_is_the_header(void **state)
{
	(void)state;
	for (size_t newer = 0; newer <= 16384; newer += 16384) {
		device_load(&device, PLAIN, SIZE_MAX);
		device_set_seqid(&device, newer, 200);
		assert_true(device_edit(&device, newer, 16384, "\"type\":\"other\"", "\"type\":\"later\""));
		assert_fault(decode(), HEADER_OK, "two copies");
		assert_true(header.two);
		assert_int_equal(header.now.seqid, 200);
		assert_non_null(metadata_token(&header.now.data, "later"));
		assert_null(metadata_token(&header.then.data, "later"));
		assert_fault(aad_fault(1), HEADER_OK, "a token more");
	}
}

/* Whichever copy cryptsetup should take: nothing but what was sealed may be opened. */
static void
two_copies_that_disagree_about_the_volume_open_nothing(void **state)
{
	(void)state;
	for (size_t changed = 0; changed <= 16384; changed += 16384) {
		device_load(&device, PLAIN, SIZE_MAX);
		device_set_seqid(&device, 0, 200);
		assert_true(device_edit(&device, changed, 16384, "\"digest\":\"", "\"digest\":\"AAAA"));
		assert_fault(decode(), HEADER_OK, "another digest");
		assert_fault(aad_fault(1), HEADER_COPIES_DISAGREE, "another digest");

		/* The older one is not even one that this reader takes. */
		assert_true(device_edit(&device, 16384, 16384, "\"type\":\"crypt\"", "\"type\":\"x\""));
		assert_fault(decode(), HEADER_OK, "an unreadable older copy");
		assert_fault(header.before, HEADER_SEGMENT_TYPE, "an unreadable older copy");
		assert_fault(aad_fault(1), HEADER_COPIES_DISAGREE, "an unreadable older copy");
		assert_true(device_edit(&device, 0, 16384, "\"type\":\"crypt\"", "\"type\":\"x\""));
		assert_fault(decode(), HEADER_SEGMENT_TYPE, "an unreadable newer copy is not passed over");
	}
}

static void
a_second_copy_is_found_wherever_it_can_be_and_must_be_alone(void **state)
{
	static const size_t size = 32768;

	(void)state;
	device_load(&device, LARGE, SIZE_MAX);
	memset(device.p, 0, size);
	assert_fault(decode(), HEADER_OK, "at 32 KiB");
	assert_memory_equal(header.now.uuid, "0b9d8c7e", 8);

	/* An older, smaller second copy stands where the first's metadata would be. */
	device_load(&device, LARGE, SIZE_MAX);
	memset(device.p, 0, size);
	{
		static struct device plain;

		device_load(&plain, PLAIN, SIZE_MAX);
		memcpy(device.p + 16384, plain.p + 16384, 16384);
	}
	assert_fault(decode(), HEADER_COPIES_AMBIGUOUS, "at 16 and at 32 KiB");
	device.p[16384 + 5000] ^= 1;
	assert_fault(decode(), HEADER_OK, "damaged at 16 KiB, good at 32");
	assert_memory_equal(header.now.uuid, "0b9d8c7e", 8);
}

static void
the_reader_says_how_much_it_wants(void **state)
{
	(void)state;
	device_load(&device, PLAIN, SIZE_MAX);
	assert_int_equal(header_extent(0, device.p), 32768);
	assert_int_equal(header_extent(16384, device.p + 16384), 32768);
	assert_int_equal(header_extent(32768, device.p + 16384), 0);
	assert_int_equal(header_extent(0, device.p + 4096), 0);
	device.p[14] = 0x50;
	assert_int_equal(header_extent(0, device.p), HEADER_BINARY_SIZE);
	assert_int_equal(header_places[HEADER_PLACES - 1], HEADER_COPY_MAX);
}

static void
metadata_beyond_the_limit_of_values_is_refused(void **state)
{
	static char many[2 * JSON_TOKENS + 64] = "\"list\":[";
	size_t n = strlen(many);

	(void)state;
	device_load(&device, LARGE, SIZE_MAX);
	while (n < 2 * JSON_TOKENS) {
		many[n++] = '1';
		many[n++] = ',';
	}
	many[n++] = '1';
	memcpy(many + n, "],\"segments\":{", 15);
	device_edit_both(&device, "\"segments\":{", many);
	assert_fault(decode(), HEADER_JSON_LARGE, "many values");
}

static void
every_fault_has_a_sentence(void **state)
{
	(void)state;
	assert_string_equal(header_fault_name(HEADER_SPACE), "HEADER_SPACE");
	assert_string_equal(header_fault_text(HEADER_REQUIREMENTS), "finish the re-encryption, then run \"bootgate luks-enroll\"");
	assert_string_equal(header_fault_text((enum header_fault)(HEADER_SPACE + 1)), "unknown fault");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(headers_made_by_cryptsetup_are_read),
		cmocka_unit_test(associated_data_is_what_another_encoder_makes),
		cmocka_unit_test(a_device_under_reencryption_says_so),
		cmocka_unit_test(each_mutation_is_refused_for_its_reason),
		cmocka_unit_test(each_mutation_that_touches_our_slot_is_refused_for_its_reason),
		cmocka_unit_test(associated_data_changes_with_each_value_that_decides),
		cmocka_unit_test(each_field_of_the_binary_header_is_looked_at),
		cmocka_unit_test(a_damaged_copy_is_none_and_two_are_a_damaged_header),
		cmocka_unit_test(bytes_behind_the_json_are_refused),
		cmocka_unit_test(a_short_device_is_refused_and_never_read_beyond),
		cmocka_unit_test(two_copies_of_one_sequence_number_must_be_equal),
		cmocka_unit_test(of_two_copies_the_later_one_is_the_header),
		cmocka_unit_test(two_copies_that_disagree_about_the_volume_open_nothing),
		cmocka_unit_test(a_second_copy_is_found_wherever_it_can_be_and_must_be_alone),
		cmocka_unit_test(the_reader_says_how_much_it_wants),
		cmocka_unit_test(metadata_beyond_the_limit_of_values_is_refused),
		cmocka_unit_test(every_fault_has_a_sentence),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
