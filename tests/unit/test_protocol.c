/* SPDX-License-Identifier: ISC */
#include "exchange.h"

#include <stdlib.h>

#include "protocol/rotation.h"

static struct exchange x;
static uint8_t scratch_memory[STATEMENT_SIZE_MAX + 64], encoded[131072];

static int
setup(void **state)
{
	(void)state;
	exchange_make(&x);
	return 0;
}

/* --- every message, by its name --- */

union any {
	struct challenge challenge;
	struct binding binding;
	struct user_events user_events;
	struct evidence evidence;
	struct result result;
	struct statement statement;
	struct problem problem;
	struct framed framed;
	struct enroll_begin enroll_begin;
	struct enroll_challenge enroll_challenge;
	struct enroll_finish enroll_finish;
	struct enroll_answer enroll_answer;
	bool hold;
};

struct codec {
	const char *name;
	enum status (*decode)(struct bytes in, union any *m);
	enum status (*encode)(const union any *m, struct buffer *out);
	size_t size;
};

#define CODEC(name)                                                                                                    \
	static enum status decode_##name(struct bytes in, union any *m)                                                \
	{                                                                                                              \
		return message_##name##_decode(in, &m->name);                                                          \
	}                                                                                                              \
	static enum status encode_##name(const union any *m, struct buffer *out)                                       \
	{                                                                                                              \
		return message_##name##_encode(&m->name, out);                                                         \
	}                                                                                                              \
	static const struct codec name##_codec = { #name, decode_##name, encode_##name, sizeof(struct name) };

CODEC(challenge)
CODEC(binding)
CODEC(user_events)
CODEC(evidence)
CODEC(result)
CODEC(statement)
CODEC(problem)
CODEC(framed)
CODEC(enroll_begin)
CODEC(enroll_challenge)
CODEC(enroll_finish)
CODEC(enroll_answer)

static enum status
decode_hold(struct bytes in, union any *m)
{
	return message_hold_decode(in, &m->hold);
}

static enum status
encode_hold(const union any *m, struct buffer *out)
{
	return message_hold_encode(m->hold, out);
}

static const struct codec hold_codec = { "hold", decode_hold, encode_hold, sizeof(bool) };

/* The parts of the exchange that are messages. */
static const struct {
	const struct codec *codec;
	const struct part *part;
} messages[] = {
	{ &challenge_codec, &x.challenge },
	{ &user_events_codec, &x.user_events },
	{ &binding_codec, &x.binding },
	{ &evidence_codec, &x.evidence },
	{ &statement_codec, &x.approved_claims },
	{ &statement_codec, &x.denied_claims },
	{ &statement_codec, &x.held_claims },
	{ &result_codec, &x.approved },
	{ &result_codec, &x.denied },
	{ &result_codec, &x.held },
	{ &hold_codec, &x.hold },
	{ &problem_codec, &x.problem },
	{ &framed_codec, &x.begin },
	{ &enroll_begin_codec, &x.begin_body },
	{ &enroll_challenge_codec, &x.offer_body },
	{ &enroll_finish_codec, &x.finish_body },
	{ &enroll_answer_codec, &x.answer_body },
};

#define EACH_MESSAGE(i) for (size_t i = 0; i < sizeof messages / sizeof messages[0]; i++)

/* Decodes; after a failure the struct must be zeros, after success its encoding must be the input. */
static enum status
decode_checked(const struct codec *c, struct bytes in)
{
	static union any m;
	struct buffer out = BUFFER(encoded);
	enum status s;

	memset(&m, 0x5a, sizeof m);
	s = c->decode(in, &m);
	if (s != OK) {
		assert_true(bytes_zero(bytes_of(&m, c->size)));
		return s;
	}
	s = c->encode(&m, &out);
	if (s != OK || !bytes_equal(buffer_view(&out), in))
		fail_msg("%s: the encoding of what was decoded is another (%s)", c->name, status_name(s));
	return OK;
}

static void
every_message_encodes_to_what_it_was_decoded_from(void **state)
{
	(void)state;
	EACH_MESSAGE(i)
		assert_int_equal(decode_checked(messages[i].codec, part_view(messages[i].part)), OK);
}

static void
every_cut_and_every_longer_message_is_refused(void **state)
{
	struct part longer;

	(void)state;
	EACH_MESSAGE(i) {
		for (size_t n = 0; n < messages[i].part->n; n++)
			assert_int_equal(decode_checked(messages[i].codec, bytes_of(messages[i].part->p, n)), E_TRUNCATED);
		longer = *messages[i].part;
		longer.p[longer.n++] = 0;
		assert_int_equal(decode_checked(messages[i].codec, part_view(&longer)), E_TRAILING);
	}
}

static void
every_changed_bit_is_refused_or_is_another_message(void **state)
{
	struct part changed;

	(void)state;
	EACH_MESSAGE(i) {
		changed = *messages[i].part;
		for (size_t bit = 0; bit < 8 * changed.n; bit++) {
			changed.p[bit / 8] ^= (uint8_t)(1 << bit % 8);
			decode_checked(messages[i].codec, part_view(&changed));
			changed.p[bit / 8] ^= (uint8_t)(1 << bit % 8);
		}
	}
}

static void
no_message_is_taken_for_another(void **state)
{
	(void)state;
	EACH_MESSAGE(i)
		EACH_MESSAGE(k)
			if (messages[i].codec != messages[k].codec)
				assert_int_not_equal(decode_checked(messages[i].codec, part_view(messages[k].part)), OK);
}

/* --- one mutation, one reason --- */

struct mutation {
	const struct codec *codec;
	const struct part *part;
	const char *from; /* hex; its first occurrence, and ${cut} bytes after it, become ${to}; ${more} is appended */
	size_t cut;
	const char *to, *more;
	enum status status;
};

static struct bytes
unhex(const char *hex, uint8_t *out, size_t size)
{
	size_t n;

	assert_int_equal(text_unhex(hex, out, size, &n), OK);
	return bytes_of(out, n);
}

static void
mutate(const struct mutation *m, struct part *out)
{
	uint8_t from_memory[256], to_memory[256], more_memory[256];
	struct bytes from = unhex(m->from, from_memory, sizeof from_memory), to = unhex(m->to, to_memory, sizeof to_memory),
		     more = unhex(m->more, more_memory, sizeof more_memory);
	size_t at = 0;

	while (at + from.n <= m->part->n && memcmp(m->part->p + at, from.p, from.n) != 0)
		at++;
	if (at + from.n + m->cut > m->part->n)
		fail_msg("%s: there is no %s", m->codec->name, m->from);
	PART_WRITE(out, b, {
		buffer_bytes(&b, bytes_of(m->part->p, at));
		buffer_bytes(&b, to);
		at += from.n + m->cut;
		buffer_bytes(&b, bytes_of(m->part->p + at, m->part->n - at));
		buffer_bytes(&b, more);
	});
}

#define Z15 "000000000000000000000000000000"
#define Z31 Z15 "00" Z15
#define Z32 Z31 "00"
#define Z64 Z32 Z32
#define GATE_HEAD "048184011a018b4701"
#define APPROVAL_POINT                                                                                                 \
	"047a76fed989bdb17bb9b0cd688f38b1c77a98219ee4b82d67fa3dae8f1243afcf6dddf345ac58e5f1fd6a17a4388d309313d8f9491c" \
	"9bd79b67cd9102c69050e1"
#define BEGIN_HEAD "010102481bbe0b514dccfe36"
#define SHARE_A "50" "00000000000000000000000000000001"
#define SHARE_B "50" "00000000000000000000000000000002"

static const struct mutation mutations[] = {
	/* what any map can do wrong */
	{ &challenge_codec, &x.challenge, "a201", 0, "a301", "0300", E_UNSUPPORTED },
	{ &challenge_codec, &x.challenge, "a201", 0, "a301", "03f6", E_UNSUPPORTED },
	{ &challenge_codec, &x.challenge, "a201", 0, "a300" "0001", "", E_MISSING },
	{ &challenge_codec, &x.challenge, "a2015820", 32, "a1", "", E_MISSING },
	{ &challenge_codec, &x.challenge, "a2015820", 32, "a0", "", E_TRAILING },
	{ &challenge_codec, &x.challenge, "a201", 0, "a3" "0100" "01", "", E_DUPLICATE },
	{ &challenge_codec, &x.challenge, "a2015820", 32, "a2" "0360" "0161" "61", "", E_NOT_DETERMINISTIC },
	{ &challenge_codec, &x.challenge, "a201", 0, "b80201", "", E_NOT_DETERMINISTIC },
	{ &challenge_codec, &x.challenge, "a201", 0, "bf01", "ff", E_NOT_DETERMINISTIC },
	{ &challenge_codec, &x.challenge, "a201", 0, "a21801", "", E_NOT_DETERMINISTIC },
	{ &challenge_codec, &x.challenge, "a201", 0, "a220", "", E_NOT_DETERMINISTIC },
	{ &challenge_codec, &x.challenge, "a201", 0, "c1a201", "", E_TYPE },
	{ &challenge_codec, &x.challenge, "a201", 0, "8401", "", E_TYPE },
	{ &challenge_codec, &x.challenge, "a201", 0, "a26131", "", E_NOT_DETERMINISTIC },
	/* challenge */
	{ &challenge_codec, &x.challenge, "015820", 32, "014f" Z15, "", E_RANGE },
	{ &challenge_codec, &x.challenge, "015820", 32, "0150" Z15 "01", "", OK },
	{ &challenge_codec, &x.challenge, "015820", 32, "015841" Z31 Z31 "000000", "", E_TOO_LARGE },
	{ &challenge_codec, &x.challenge, "015820", 32, "0160", "", E_TYPE },
	{ &challenge_codec, &x.challenge, "026a", 10, "0260", "", E_RANGE },
	{ &challenge_codec, &x.challenge, "026a", 10, "024161", "", E_TYPE },
	{ &challenge_codec, &x.challenge, "026a", 10, "0261c3", "", E_SYNTAX },
	{ &challenge_codec, &x.challenge, "026a", 10, "0262c3bc", "", OK },
	{ &challenge_codec, &x.challenge, "026a", 10, "02611b", "", E_RANGE },
	{ &challenge_codec, &x.challenge, "026a", 10, "02610a", "", E_RANGE },
	{ &challenge_codec, &x.challenge, "026a", 10, "02617f", "", E_RANGE },
	{ &challenge_codec, &x.challenge, "026a", 10, "0262c29b", "", E_RANGE },
	{ &challenge_codec, &x.challenge, "026a", 10, "0262c2a0", "", OK },
	/* binding */
	{ &binding_codec, &x.binding, "ac0101", 0, "ac0100", "", E_VERSION },
	{ &binding_codec, &x.binding, "ac0101", 0, "ac0102", "", E_VERSION },
	{ &binding_codec, &x.binding, "ac0101", 0, "ac0120", "", E_TYPE },
	{ &binding_codec, &x.binding, "ac0101", 0, "ab", "", E_MISSING },
	{ &binding_codec, &x.binding, "01010201", 0, "01010200", "", E_RANGE },
	{ &binding_codec, &x.binding, "01010201", 0, "01010203", "", E_RANGE },
	{ &binding_codec, &x.binding, "01010201", 0, "01010202", "", E_RANGE },
	{ &binding_codec, &x.binding, "01010201", 0, "0101021b0000000100000001", "", E_RANGE },
	{ &binding_codec, &x.binding, "035820", 32, "03581f" Z31, "", E_RANGE },
	{ &binding_codec, &x.binding, "035820", 32, "035821" Z31 "0000", "", E_TOO_LARGE },
	{ &binding_codec, &x.binding, "045822000b", 32, "0440", "", E_RANGE },
	{ &binding_codec, &x.binding, "045822000b", 0, "045822000c", "", E_RANGE },
	{ &binding_codec, &x.binding, "045822000b", 0, "0458220012", "", E_RANGE },
	{ &binding_codec, &x.binding, "045822000b", 32, "045821000b" Z31, "", E_RANGE },
	{ &binding_codec, &x.binding, "045822000b", 32, "0456000400000000" Z15 "00", "", OK },
	{ &binding_codec, &x.binding, "0681821a018b470101", 0, "0680", "", E_RANGE },
	{ &binding_codec, &x.binding, "0681821a018b470101", 0, "0681811a018b4701", "", E_RANGE },
	{ &binding_codec, &x.binding, "0681821a018b470101", 0, "0681831a018b47010100", "", E_TOO_LARGE },
	{ &binding_codec, &x.binding, "0681821a018b470101", 0, "0681820101", "", OK },
	{ &binding_codec, &x.binding, "0681821a018b470101", 0, "0682820101820202", "", OK },
	{ &binding_codec, &x.binding, "0681821a018b470101", 0, "0682820101820102", "", E_DUPLICATE },
	{ &binding_codec, &x.binding, "0681821a018b470101", 0, "0682820101820201", "", E_DUPLICATE },
	{ &binding_codec, &x.binding, "0681821a018b470101", 0, "0683820101820202820303", "", E_TOO_LARGE },
	{ &binding_codec, &x.binding, "0681821a018b470101", 0, "0681821b0000000101010101" "01", "", E_RANGE },
	{ &binding_codec, &x.binding, "0681821a018b470101", 0, "06a1821a018b470101" "00", "", E_TYPE },
	{ &binding_codec, &x.binding, "0781820150", 16, "07828201" SHARE_A "8201" SHARE_B, "", OK },
	{ &binding_codec, &x.binding, "0781820150", 16, "07828201" SHARE_B "8202" SHARE_A, "", OK },
	{ &binding_codec, &x.binding, "0781820150", 16, "07828201" SHARE_A "8201" SHARE_A, "", E_DUPLICATE },
	{ &binding_codec, &x.binding, "0781820150", 16, "07828201" SHARE_B "8201" SHARE_A, "", E_NOT_DETERMINISTIC },
	{ &binding_codec, &x.binding, "0781820150", 16, "07828202" SHARE_A "8201" SHARE_B, "", E_NOT_DETERMINISTIC },
	{ &binding_codec, &x.binding, "0781820150", 16, "078182014f" Z15, "", E_RANGE },
	{ &binding_codec, &x.binding, "085820", 32, "084f" Z15, "", E_RANGE },
	{ &binding_codec, &x.binding, "095820", 32, "0940", "", E_RANGE },
	{ &binding_codec, &x.binding, "095820", 32, "09581f" Z31, "", E_RANGE },
	{ &binding_codec, &x.binding, "095820", 32, "095821" Z31 "0000", "", E_TOO_LARGE },
	{ &binding_codec, &x.binding, "0c5820", 0, "0d5820", "", E_MISSING },
	{ &binding_codec, &x.binding, "ac0101", 0, "ad0101", "0d00", E_UNSUPPORTED },
	/* user-space events */
	{ &user_events_codec, &x.user_events, "81840b", 0, "818417", "", OK },
	{ &user_events_codec, &x.user_events, "81840b", 0, "81841818", "", E_RANGE },
	{ &user_events_codec, &x.user_events, "81840b", 0, "818420", "", E_TYPE },
	{ &user_events_codec, &x.user_events, "81840b", 0, "81850b", "00", E_TOO_LARGE },
	{ &user_events_codec, &x.user_events, "81820b5820", 32, "80", "", E_RANGE },
	{ &user_events_codec, &x.user_events, "81820b5820", 32, "81820458" "14" Z15 "0000000000", "", E_NOT_DETERMINISTIC },
	{ &user_events_codec, &x.user_events, "81820b5820", 32, "818204" "54" Z15 "0000000000", "", OK },
	{ &user_events_codec, &x.user_events, "81820b5820", 32, "818204" "53" Z15 "00000000", "", E_RANGE },
	{ &user_events_codec, &x.user_events, "81820b5820", 0, "8182125820", "", E_UNSUPPORTED },
	{ &user_events_codec, &x.user_events, "81820b5820", 0, "81820c5820", "", E_RANGE },
	{ &user_events_codec, &x.user_events, "81820b5820", 0, "81820d5820", "", E_RANGE },
	{ &user_events_codec, &x.user_events, "81820b5820", 32, "82820b5820" Z31 "00" "820b5820" Z31 "00", "", E_DUPLICATE },
	{ &user_events_codec, &x.user_events, "81820b5820", 32, "82820b5820" Z31 "00" "820454" Z15 "0000000000", "", E_NOT_DETERMINISTIC },
	{ &user_events_codec, &x.user_events, "4c656e746572", 7, "40", "", OK },
	{ &user_events_codec, &x.user_events, "7073797374656d64", 9, "60", "", OK },
	{ &user_events_codec, &x.user_events, "7073797374656d64", 9, "6107", "", E_RANGE },
	/* evidence */
	{ &evidence_codec, &x.evidence, "045877", 119, "0440", "", E_RANGE },
	{ &evidence_codec, &x.evidence, "a501", 0, "a501", "", OK },
	{ &evidence_codec, &x.evidence, "a501", 0, "a601", "0640", E_UNSUPPORTED },
	{ &evidence_codec, &x.evidence, "a501", 0, "a401", "", E_TRAILING },
	/* result */
	{ &result_codec, &x.approved, "02584104", 0, "02584102", "", E_KEY },
	{ &result_codec, &x.approved, "02584104", 64, "0240", "", E_KEY },
	{ &result_codec, &x.approved, "02584104", 64, "02584104" Z64, "", E_KEY },
	{ &result_codec, &x.approved, "03584104", 64, "035841" APPROVAL_POINT, "", E_KEY },
	{ &result_codec, &x.approved, GATE_HEAD "5840", 130, "0480", "", E_RANGE },
	{ &result_codec, &x.approved, GATE_HEAD "5840", 64, GATE_HEAD "40", "", E_RANGE },
	{ &result_codec, &x.approved, GATE_HEAD "5840", 64, GATE_HEAD "583f" Z32 Z31, "", E_RANGE },
	{ &result_codec, &x.approved, GATE_HEAD "5840", 64, GATE_HEAD "5860" Z64 Z32, "", OK },
	{ &result_codec, &x.approved, GATE_HEAD "5840", 64, GATE_HEAD "5861" Z64 Z32 "00", "", E_TOO_LARGE },
	{ &result_codec, &x.approved, GATE_HEAD "5840", 130, GATE_HEAD "5840" Z64 "5860" Z64 Z32, "", E_RANGE },
	{ &result_codec, &x.approved, GATE_HEAD "5840", 130, "0482" "8401015840" Z64 "40" "8402015840" Z64 "40", "", OK },
	{ &result_codec, &x.approved, GATE_HEAD "5840", 130, "0482" "8401015840" Z64 "40" "8401025840" Z64 "40", "", E_DUPLICATE },
	{ &result_codec, &x.approved, GATE_HEAD "5840", 130,
	  "0483" "8401015840" Z64 "40" "8402015840" Z64 "40" "8403015840" Z64 "40", "", E_TOO_LARGE },
	{ &result_codec, &x.denied, "a401", 0, "a501", "05f5", E_UNSUPPORTED },
	/* statement */
	{ &statement_codec, &x.approved_claims, "a9061a6ab13b80", 0, "a90600", "", OK },
	{ &statement_codec, &x.approved_claims, "a9061a6ab13b80", 0, "a90620", "", E_TYPE },
	{ &statement_codec, &x.approved_claims, "190100582101", 0, "190100582102", "", E_RANGE },
	{ &statement_codec, &x.approved_claims, "190100582101", 32, "190100582001" Z31, "", E_RANGE },
	{ &statement_codec, &x.approved_claims, "2f31", 0, "2f32", "", E_VERSION },
	{ &statement_codec, &x.approved_claims, "1903e802", 0, "1903e800", "", E_RANGE },
	{ &statement_codec, &x.approved_claims, "1903e802", 0, "1903e801", "", E_RANGE },
	{ &statement_codec, &x.approved_claims, "1903e802", 0, "1903e81821", "", E_RANGE },
	{ &statement_codec, &x.approved_claims, "1903e802", 0, "1903e81860", "", E_RANGE },
	{ &statement_codec, &x.approved_claims, "1903e802", 0, "1903e81820", "", E_MISSING },
	{ &statement_codec, &x.approved_claims, "1903eb69", 9, "1903eb60", "", E_RANGE },
	{ &statement_codec, &x.approved_claims, "3a0001117001", 0, "3a0001117000", "", E_RANGE },
	{ &statement_codec, &x.approved_claims, "3a0001117001", 0, "3a0001117002", "", E_MISSING },
	{ &statement_codec, &x.approved_claims, "375850", 80, "3740", "", E_RANGE },
	{ &statement_codec, &x.approved_claims, "a906", 0, "aa06", "3a0001117550" Z15 "00", E_RANGE },
	{ &statement_codec, &x.approved_claims, "a906", 0, "aa06", "3a000111765820" Z32, E_RANGE },
	{ &statement_codec, &x.approved_claims, "a906", 0, "aa06", "3a0001117700", E_UNSUPPORTED },
	{ &statement_codec, &x.approved_claims, "a906", 0, "aa06", "6161" "00", E_UNSUPPORTED },
	{ &statement_codec, &x.denied_claims, "1903e81860", 0, "1903e802", "", OK },
	{ &statement_codec, &x.denied_claims, "1903e81860", 0, "1903e81820", "", E_MISSING },
	{ &statement_codec, &x.denied_claims, "3a0001117001", 0, "3a0001117002", "", OK },
	{ &statement_codec, &x.denied_claims, "63413131", 0, "60", "", E_RANGE },
	{ &statement_codec, &x.denied_claims, "63413131", 0, "634131" "0d", "", E_RANGE },
	{ &statement_codec, &x.denied_claims, "63413131", 0, "71" "4141414141414141414141414141414141", "", E_TOO_LARGE },
	{ &statement_codec, &x.held_claims, "3a0001117550", 16, "3a0001117540", "", E_RANGE },
	{ &statement_codec, &x.held_claims, "3a0001117550", 16, "3a000111754f" Z15, "", E_RANGE },
	{ &statement_codec, &x.held_claims, "1903e81820", 0, "1903e81860", "", E_RANGE },
	/* hold, problem */
	{ &hold_codec, &x.hold, "a101f5", 0, "a101f4", "", OK },
	{ &hold_codec, &x.hold, "a101f5", 0, "a10101", "", E_TYPE },
	{ &hold_codec, &x.hold, "a101f5", 0, "a102f5", "", E_MISSING },
	{ &hold_codec, &x.hold, "a101f5", 0, "a0", "", E_MISSING },
	{ &hold_codec, &x.hold, "a101f5", 0, "a101f6", "", E_UNSUPPORTED },
	{ &problem_codec, &x.problem, "1064", 4, "1060", "", E_RANGE },
	{ &problem_codec, &x.problem, "1064", 4, "106162", "", OK },
	/* enrolment */
	{ &framed_codec, &x.begin, "025820", 32, "0240", "", E_RANGE },
	{ &framed_codec, &x.begin, "025820", 32, "02581f" Z31, "", E_RANGE },
	{ &framed_codec, &x.begin, "025820", 32, "025821" Z32 "00", "", E_TOO_LARGE },
	{ &enroll_begin_codec, &x.begin_body, "a60101", 0, "a60102", "", E_VERSION },
	{ &enroll_begin_codec, &x.begin_body, "a6" BEGIN_HEAD, 0, "a50101", "", OK },
	{ &enroll_begin_codec, &x.begin_body, "0248", 8, "0240", "", E_RANGE },
	{ &enroll_begin_codec, &x.begin_body, "a6" BEGIN_HEAD, 0, "a7" BEGIN_HEAD "038141aa", "", OK },
	{ &enroll_begin_codec, &x.begin_body, "a6" BEGIN_HEAD, 0, "a7" BEGIN_HEAD "038140", "", E_RANGE },
	{ &enroll_begin_codec, &x.begin_body, "a6" BEGIN_HEAD, 0, "a7" BEGIN_HEAD "0380", "", E_RANGE },
	{ &enroll_begin_codec, &x.begin_body, "a6" BEGIN_HEAD, 0, "a7" BEGIN_HEAD "038161aa", "", E_SYNTAX },
	{ &enroll_begin_codec, &x.begin_body, "a6" BEGIN_HEAD, 0, "a7" BEGIN_HEAD "03818141aa", "", E_TYPE },
	{ &enroll_begin_codec, &x.begin_body, "a6" BEGIN_HEAD, 0, "a7" BEGIN_HEAD "0388" "41aa41aa41aa41aa41aa41aa41aa41aa", "", OK },
	{ &enroll_begin_codec, &x.begin_body, "a6" BEGIN_HEAD, 0, "a7" BEGIN_HEAD "0389" "41aa41aa41aa41aa41aa41aa41aa41aa41aa", "",
	  E_TOO_LARGE },
	{ &enroll_begin_codec, &x.begin_body, "04587a", 122, "0440", "", E_RANGE },
	{ &enroll_begin_codec, &x.begin_body, "066b", 11, "0660", "", E_RANGE },
	{ &enroll_challenge_codec, &x.offer_body, "015818", 24, "014f" Z15, "", E_RANGE },
	{ &enroll_challenge_codec, &x.offer_body, "055841", 65, "055841" APPROVAL_POINT, "", E_KEY },
	{ &enroll_challenge_codec, &x.offer_body, "0601075840", 64, "0601" "0740", "", E_RANGE },
	{ &enroll_challenge_codec, &x.offer_body, "060107", 0, "061b0000000100000000" "07", "", E_RANGE },
	{ &enroll_finish_codec, &x.finish_body, "071a018b4702", 0, "071a018b4701", "", E_DUPLICATE },
	{ &enroll_answer_codec, &x.answer_body, "020103", 0, "020003", "", OK },
	{ &enroll_answer_codec, &x.answer_body, "020103", 0, "020203", "", E_RANGE },
};

static void
one_mutation_gives_one_reason(void **state)
{
	struct part changed;

	(void)state;
	for (size_t i = 0; i < sizeof mutations / sizeof mutations[0]; i++) {
		enum status s;

		mutate(&mutations[i], &changed);
		s = decode_checked(mutations[i].codec, part_view(&changed));
		if (s != mutations[i].status)
			fail_msg("%s, %s -> %s %s: %s, not %s", mutations[i].codec->name, mutations[i].from, mutations[i].to,
				mutations[i].more, status_name(s), status_name(mutations[i].status));
	}
}

/* --- limits of the encoder --- */

static enum status
encode_status(const struct codec *c, const union any *m)
{
	struct buffer out = BUFFER(encoded);
	enum status s = c->encode(m, &out);

	assert_int_equal(s, out.failed);
	return s;
}

#define REFUSED(name_, field, value, status)                                                                           \
	do {                                                                                                           \
		union any changed_ = *m;                                                                               \
		changed_.name_.field = value;                                                                          \
		assert_int_equal(encode_status(&name_##_codec, &changed_), status);                                    \
	} while (0)

static void
the_encoder_refuses_what_the_decoder_would(void **state)
{
	static uint8_t zeros[EVENT_LOG_SIZE_MAX + 1];
	static union any decoded;
	const union any *m = &decoded;

	(void)state;
	assert_int_equal(decode_binding(part_view(&x.binding), &decoded), OK);
	REFUSED(binding, purpose, PURPOSE_NONE, E_RANGE);
	REFUSED(binding, purpose, (enum purpose)3, E_RANGE);
	REFUSED(binding, purpose, PURPOSE_VOLUME, E_RANGE);
	REFUSED(binding, indices, 0, OK);
	REFUSED(binding, indices, GATES_MAX + 1, E_TOO_LARGE);
	REFUSED(binding, seals, SEALS_MAX + 1, E_TOO_LARGE);
	REFUSED(binding, salting_key.n, 0, E_RANGE);
	REFUSED(binding, salting_key.n, 200, E_RANGE);
	REFUSED(binding, nonce.n, 15, E_RANGE);
	REFUSED(binding, nonce, bytes_of(zeros, 65), E_TOO_LARGE);
	REFUSED(binding, nonce_tpm.n, 0, E_MISSING);
	REFUSED(binding, nonce_tpm.n, 31, E_RANGE);
	assert_int_equal(decode_user_events(part_view(&x.user_events), &decoded), OK);
	REFUSED(user_events, n, 0, OK);
	REFUSED(user_events, n, USER_EVENTS_MAX + 1, E_TOO_LARGE);
	REFUSED(user_events, event[0].pcr, 24, E_RANGE);
	REFUSED(user_events, event[0].digests, 0, E_RANGE);
	REFUSED(user_events, event[0].digests, BANKS_MAX + 1, E_TOO_LARGE);
	REFUSED(user_events, event[0].digest[0].alg, HASH_NONE, E_RANGE);
	REFUSED(user_events, event[0].digest[0].n, 31, E_RANGE);
	REFUSED(user_events, event[0].name, BYTES_STRING("a\nb"), E_RANGE);
	REFUSED(user_events, event[0].name, BYTES_STRING("\xff"), E_SYNTAX);
	REFUSED(user_events, event[0].data, bytes_of(zeros, USER_EVENT_DATA_MAX), OK);
	REFUSED(user_events, event[0].data, bytes_of(zeros, USER_EVENT_DATA_MAX + 1), E_TOO_LARGE);
	assert_int_equal(decode_evidence(part_view(&x.evidence), &decoded), OK);
	REFUSED(evidence, event_log.n, 0, OK);
	REFUSED(evidence, event_log, bytes_of(zeros, EVENT_LOG_SIZE_MAX + 1), E_TOO_LARGE);
	REFUSED(evidence, binding.n, 0, E_RANGE);
	REFUSED(evidence, attest.n, QUOTE_SIZE_MAX + 1, E_TOO_LARGE);
	assert_int_equal(decode_result(part_view(&x.approved), &decoded), OK);
	REFUSED(result, gates, 0, E_RANGE);
	REFUSED(result, gates, GATES_MAX + 1, E_TOO_LARGE);
	REFUSED(result, approval_key.curve, EC_NONE, E_KEY);
	REFUSED(result, statement_key, m->result.approval_key, E_KEY);
	REFUSED(result, gate[0].approval.n, 63, E_RANGE);
	REFUSED(result, gate[0].delegation.n, 0, E_RANGE);
	assert_int_equal(decode_statement(part_view(&x.approved_claims), &decoded), OK);
	REFUSED(statement, decision, DECISION_DENY, E_RANGE);
	REFUSED(statement, decision, DECISION_HOLD, E_MISSING);
	REFUSED(statement, decision, (enum decision)3, E_RANGE);
	REFUSED(statement, orders, ORDERS_MAX + 1, E_TOO_LARGE);
	REFUSED(statement, orders, 1, E_RANGE); /* of kind 0 */
	REFUSED(statement, shares, SEALS_MAX + 1, E_TOO_LARGE);
	REFUSED(statement, share[0].sealed.n, SEALED_SHARE_SIZE - 1, E_RANGE);
	REFUSED(statement, machine_key, bytes_of(zeros, 32), E_RANGE);
	REFUSED(statement, hold, bytes_of(zeros, 16), E_RANGE);
	REFUSED(statement, purpose, PURPOSE_VOLUME, E_MISSING);
	assert_int_equal(decode_framed(part_view(&x.begin), &decoded), OK);
	REFUSED(framed, mac.n, 0, OK);
	REFUSED(framed, mac.n, 31, E_RANGE);
	REFUSED(framed, body, bytes_of(zeros, ENROLL_SIZE_MAX), E_TOO_LARGE);
}

static void
the_fullest_messages_fit_their_limits(void **state)
{
	static uint8_t zeros[CERTIFICATE_SIZE_MAX];
	static char text[REASON_TEXT_MAX];
	static union any m;
	struct statement *s = &m.statement;
	struct enroll_begin *e = &m.enroll_begin;
	struct binding *b = &m.binding;

	(void)state;
	memset(text, 'x', sizeof text);
	assert_int_equal(decode_statement(part_view(&x.approved_claims), &m), OK);
	s->issued_at = s->record = UINT64_MAX;
	s->policy = bytes_of(text, POLICY_NAME_MAX);
	s->orders = ORDERS_MAX, s->shares = SEALS_MAX, s->reasons = REASONS_MAX;
	for (size_t i = 0; i < ORDERS_MAX; i++)
		s->order[i] = (struct order){ ORDER_ROTATE, UINT32_MAX };
	for (size_t i = 0; i < SEALS_MAX; i++)
		s->share[i].sealed = bytes_of(zeros, SEALED_SHARE_SIZE);
	for (size_t i = 0; i < REASONS_MAX; i++)
		s->reason[i] = (struct reason){ bytes_of(text, CHECK_NAME_MAX), bytes_of(text, REASON_TEXT_MAX) };
	assert_int_equal(encode_status(&statement_codec, &m), OK);

	memset(&m, 0, sizeof m);
	*e = (struct enroll_begin){ .token = bytes_of(zeros, TOKEN_ID_SIZE), .certificates = CERTIFICATES_MAX,
		.ek = bytes_of(zeros, PUBLIC_SIZE_MAX), .ak = bytes_of(zeros, PUBLIC_SIZE_MAX), .label = bytes_of(text, LABEL_MAX) };
	for (size_t i = 0; i < CERTIFICATES_MAX; i++)
		e->certificate[i] = BYTES(zeros);
	assert_int_equal(encode_status(&enroll_begin_codec, &m), OK);

	assert_int_equal(decode_binding(part_view(&x.binding), &m), OK);
	b->salting_key = (struct name){ .n = 66, .p = { 0, HASH_SHA512 } };
	b->indices = GATES_MAX, b->seals = SEALS_MAX, b->nonce = bytes_of(zeros, NONCE_SIZE_MAX);
	b->index[1] = (struct index_claim){ UINT32_MAX, UINT32_MAX };
	for (uint32_t i = 0; i < SEALS_MAX; i++)
		b->seal[i].epoch = UINT32_MAX - SEALS_MAX + i;
	assert_int_equal(encode_status(&binding_codec, &m), OK);

	assert_true(EVIDENCE_SIZE_MAX >= BINDING_SIZE_MAX + QUOTE_SIZE_MAX + SIGNATURE_SIZE_MAX + EVENT_LOG_SIZE_MAX
		+ USER_EVENTS_SIZE_MAX + 64);

	memset(&m, 0, sizeof m);
	m.user_events.n = USER_EVENTS_MAX;
	for (size_t i = 0; i < USER_EVENTS_MAX; i++) {
		m.user_events.event[i] = (struct user_event){ .pcr = PCR_MAX, .digests = BANKS_MAX, .data = bytes_of(zeros, 512) };
		m.user_events.event[i].digest[0] = hash_digest(HASH_SHA1, BYTES(zeros));
		m.user_events.event[i].digest[1] = hash_digest(HASH_SHA256, BYTES(zeros));
		m.user_events.event[i].digest[2] = hash_digest(HASH_SHA384, BYTES(zeros));
		m.user_events.event[i].digest[3] = hash_digest(HASH_SHA512, BYTES(zeros));
	}
	assert_int_equal(encode_status(&user_events_codec, &m), OK);
	for (size_t i = 0; i < USER_EVENTS_MAX; i++)
		m.user_events.event[i].data.n = USER_EVENT_DATA_MAX;
	assert_int_equal(encode_status(&user_events_codec, &m), E_TOO_LARGE);
}

/* --- what the agent believes --- */

static struct binding
own_binding(void)
{
	struct binding b;

	assert_int_equal(message_binding_decode(part_view(&x.binding), &b), OK);
	return b;
}

static enum status
verify(const struct result *r, const struct ec_public *authority, const struct binding *b, const uint8_t digest[32])
{
	struct buffer scratch = BUFFER(scratch_memory);
	struct statement m;
	enum status s;

	memset(&m, 0x5a, sizeof m);
	s = message_result_verify(r, authority, b, digest, &scratch, &m);
	if (s != OK)
		assert_true(bytes_zero(bytes_of(&m, sizeof m)));
	return s;
}

static enum status
verify_own(const struct result *r)
{
	struct binding b = own_binding();

	return verify(r, &x.authority.public, &b, x.digest);
}

static struct result
result_of(const struct part *p)
{
	struct result r;

	assert_int_equal(message_result_decode(part_view(p), &r), OK);
	return r;
}

/* The result with the statement ${m}. */
static struct result
result_with(const struct statement *m, bool opens)
{
	static struct part claims, part;

	exchange_result(&x, m, opens, &claims, &part);
	return result_of(&part);
}

static void
approval_denial_and_hold_of_this_exchange_are_believed(void **state)
{
	struct result approved = result_of(&x.approved), denied = result_of(&x.denied), held = result_of(&x.held);

	(void)state;
	assert_int_equal(verify_own(&approved), OK);
	assert_int_equal(verify_own(&denied), OK);
	assert_int_equal(verify_own(&held), OK);
}

static void
answers_to_others_and_by_others_are_not_believed(void **state)
{
	struct result r = result_of(&x.approved), changed = r;
	struct binding b = own_binding();
	uint8_t digest[32], signature[64];

	(void)state;
	assert_int_equal(verify(&r, &x.statement.public, &b, x.digest), E_SIGNATURE); /* another authority */
	changed.gate[0].epoch = 2;
	assert_int_equal(verify_own(&changed), E_SIGNATURE);
	changed = r, changed.approval_key = x.ak.public;
	assert_int_equal(verify_own(&changed), E_SIGNATURE);
	changed = r, changed.statement_key = x.ak.public;
	assert_int_equal(verify_own(&changed), E_SIGNATURE);
	changed = r, changed.approval_key = r.statement_key, changed.statement_key = r.approval_key;
	assert_int_equal(verify_own(&changed), E_SIGNATURE);
	memcpy(signature, r.gate[0].delegation.p, sizeof signature);
	signature[63] ^= 1;
	changed = r, changed.gate[0].delegation = BYTES(signature);
	assert_int_equal(verify_own(&changed), E_SIGNATURE);
	changed = r, changed.gates = 2, changed.gate[1] = changed.gate[0], changed.gate[1].delegation = BYTES(signature);
	assert_int_equal(verify_own(&changed), E_SIGNATURE);
	changed = r, changed.gates = 0;
	assert_int_equal(verify_own(&changed), E_PROTOCOL);
	memcpy(digest, x.digest, sizeof digest);
	digest[31] ^= 1;
	assert_int_equal(verify(&r, &x.authority.public, &b, digest), E_MISMATCH);
	b.machine[0] ^= 1;
	assert_int_equal(verify(&r, &x.authority.public, &b, x.digest), E_MISMATCH);
	b = own_binding(), b.purpose = PURPOSE_VOLUME;
	assert_int_equal(verify(&r, &x.authority.public, &b, x.digest), E_MISMATCH);
	b = own_binding(), b.index[0].handle++;
	assert_int_equal(verify(&r, &x.authority.public, &b, x.digest), E_PROTOCOL);
	b = own_binding(), b.indices = 0;
	assert_int_equal(verify(&r, &x.authority.public, &b, x.digest), E_PROTOCOL);
}

static void
a_statement_under_a_signature_for_another_use_is_not_believed(void **state)
{
	static uint8_t cose[1024];
	struct buffer scratch = BUFFER(scratch_memory), out = BUFFER(cose);
	struct result r = result_of(&x.approved);

	(void)state;
	/* The approval key never vouches for statements, nor the authority, nor the AK. */
	assert_int_equal(cose_sign(&x.approval, part_view(&x.approved_claims), &scratch, &out), OK);
	r.statement = buffer_view(&out);
	assert_int_equal(verify_own(&r), E_SIGNATURE);
	out = BUFFER(cose);
	assert_int_equal(cose_sign(&x.authority, part_view(&x.approved_claims), &scratch, &out), OK);
	r.statement = buffer_view(&out);
	assert_int_equal(verify_own(&r), E_SIGNATURE);
	/* Another kind of message, signed by the right key. */
	out = BUFFER(cose);
	assert_int_equal(cose_sign(&x.statement, part_view(&x.binding), &scratch, &out), OK);
	r.statement = buffer_view(&out);
	assert_int_equal(verify_own(&r), E_MISSING);
}

static void
approvals_come_with_an_approval_only(void **state)
{
	struct statement m = exchange_statement(&x, DECISION_APPROVE);
	struct binding b = own_binding();
	uint8_t machine_key[32] = { 1 };
	struct result r = result_with(&m, false);

	(void)state;
	assert_int_equal(verify_own(&r), E_PROTOCOL);
	b.indices = 0;
	assert_int_equal(verify(&r, &x.authority.public, &b, x.digest), OK);
	m.decision = DECISION_DENY;
	r = result_with(&m, true);
	assert_int_equal(verify_own(&r), E_PROTOCOL);
	m.decision = DECISION_APPROVE, m.purpose = PURPOSE_VOLUME, m.machine_key = BYTES(machine_key);
	b = own_binding(), b.purpose = PURPOSE_VOLUME;
	r = result_with(&m, true);
	assert_int_equal(verify(&r, &x.authority.public, &b, x.digest), E_PROTOCOL);
	r = result_with(&m, false);
	assert_int_equal(verify(&r, &x.authority.public, &b, x.digest), OK);
}

static void
a_verifier_of_an_epoch_that_was_left_approves_nothing(void **state)
{
	struct statement m = exchange_statement(&x, DECISION_APPROVE);
	struct binding b = own_binding();
	uint8_t machine_key[32] = { 1 };
	struct result r = result_with(&m, true); /* with a good delegation, of epoch 1 */

	(void)state;
	b.index[0].epoch = 2;
	assert_int_equal(verify(&r, &x.authority.public, &b, x.digest), E_PROTOCOL);
	m.purpose = PURPOSE_VOLUME, m.machine_key = BYTES(machine_key);
	b.purpose = PURPOSE_VOLUME;
	r = result_with(&m, false);
	assert_int_equal(verify(&r, &x.authority.public, &b, x.digest), E_PROTOCOL);
	b.index[0].epoch = 1;
	assert_int_equal(verify(&r, &x.authority.public, &b, x.digest), OK);
}

/* --- shares --- */

static void
a_share_opens_for_its_exchange_and_its_id_only(void **state)
{
	uint8_t sealed[SEALED_SHARE_SIZE], share[SHARE_SIZE], digest[32];
	struct buffer out = BUFFER(sealed);
	struct sealed_share s;
	struct result r = result_of(&x.approved);
	struct buffer scratch = BUFFER(scratch_memory);
	struct binding b = own_binding();
	struct statement m;

	(void)state;
	assert_int_equal(message_result_verify(&r, &x.authority.public, &b, x.digest, &scratch, &m), OK);
	assert_int_equal(message_share_open(&x.boot_key, x.digest, &m.share[0], share), OK);
	assert_memory_equal(share, x.share, SHARE_SIZE);

	assert_int_equal(message_share_seal(x.boot_key.pk, x.digest, x.share_id, x.share, &out), OK);
	memcpy(s.id, x.share_id, SHARE_ID_SIZE);
	s.sealed = buffer_view(&out);
	assert_int_equal(message_share_open(&x.boot_key, x.digest, &s, share), OK);
	assert_memory_equal(share, x.share, SHARE_SIZE);
	assert_int_equal(message_share_open(&x.machine_key, x.digest, &s, share), E_MAC);
	assert_true(bytes_zero(BYTES(share)));
	memcpy(digest, x.digest, sizeof digest);
	digest[0] ^= 1;
	assert_int_equal(message_share_open(&x.boot_key, digest, &s, share), E_MAC);
	s.id[15] ^= 1;
	assert_int_equal(message_share_open(&x.boot_key, x.digest, &s, share), E_MAC);
	s.id[15] ^= 1;
	sealed[SEALED_SHARE_SIZE - 1] ^= 1;
	assert_int_equal(message_share_open(&x.boot_key, x.digest, &s, share), E_MAC);
	s.sealed.n--;
	assert_int_equal(message_share_open(&x.boot_key, x.digest, &s, share), E_RANGE);
}

/* --- enrolment --- */

static void
the_enrolment_key_hangs_on_secret_token_and_transcript(void **state)
{
	uint8_t k[32], other[32], t[TRANSCRIPT_SIZE], secret[32];

	(void)state;
	assert_int_equal(message_enroll_key(x.transcript[1], x.credential, BYTES(x.token_key), k), OK);
	assert_memory_equal(k, x.key, sizeof k);
	assert_int_equal(message_enroll_key(x.transcript[1], x.credential, bytes_of(NULL, 0), other), OK);
	assert_memory_not_equal(k, other, sizeof k);
	assert_int_equal(message_enroll_key(x.transcript[0], x.credential, BYTES(x.token_key), other), OK);
	assert_memory_not_equal(k, other, sizeof k);
	memcpy(secret, x.credential, sizeof secret);
	secret[0] ^= 1;
	assert_int_equal(message_enroll_key(x.transcript[1], secret, BYTES(x.token_key), other), OK);
	assert_memory_not_equal(k, other, sizeof k);
	assert_int_equal(message_enroll_key(x.transcript[1], x.credential, bytes_of(x.token_key, 31), other), E_RANGE);
	/* A body moved from one message to the next changes every transcript after it. */
	message_transcript_begin(t);
	message_transcript_add(t, part_view(&x.begin_body));
	assert_memory_equal(t, x.transcript[0], sizeof t);
	message_transcript_add(t, bytes_of(NULL, 0));
	message_transcript_add(t, part_view(&x.offer_body));
	assert_memory_not_equal(t, x.transcript[1], sizeof t);
}

static void
a_token_is_read_as_it_was_written_and_not_otherwise(void **state)
{
	char text[TOKEN_TEXT_SIZE], other[TOKEN_TEXT_SIZE + 2];
	uint8_t id[TOKEN_ID_SIZE], key[TOKEN_KEY_SIZE];

	(void)state;
	message_token_format(x.token_id, x.token_key, text);
	assert_int_equal(strlen(text), TOKEN_TEXT_SIZE - 1);
	assert_int_equal(message_token_parse(text, id, key), OK);
	assert_memory_equal(id, x.token_id, sizeof id);
	assert_memory_equal(key, x.token_key, sizeof key);
	for (size_t n = 0; n < strlen(text); n++) {
		memcpy(other, text, n);
		other[n] = '\0';
		assert_int_equal(message_token_parse(other, id, key), E_SYNTAX);
	}
	snprintf(other, sizeof other, "%s0", text);
	assert_int_equal(message_token_parse(other, id, key), E_SYNTAX);
	snprintf(other, sizeof other, "%s", text);
	other[2] = '2';
	assert_int_equal(message_token_parse(other, id, key), E_SYNTAX);
	other[2] = '1', other[10] = 'g';
	assert_int_equal(message_token_parse(other, id, key), E_SYNTAX);
}

static void
the_door_event_knows_its_outcomes(void **state)
{
	struct buffer out = BUFFER(encoded);
	uint8_t digest[32] = { 0 };

	(void)state;
	assert_int_equal(message_door_event("approved", BYTES(digest), &out), OK);
	assert_int_equal(message_door_event("passphrase", bytes_of(NULL, 0), &out), OK);
	assert_int_equal(message_door_event("shell", bytes_of(NULL, 0), &out), OK);
	assert_int_equal(message_door_event("left", bytes_of(NULL, 0), &out), OK);
	assert_int_equal(message_door_event("approved", bytes_of(NULL, 0), &out), E_RANGE);
	assert_int_equal(message_door_event("left", BYTES(digest), &out), E_RANGE);
	assert_int_equal(message_door_event("opened", bytes_of(NULL, 0), &out), E_RANGE);
}

/* --- values on the way --- */

static uint8_t values_memory[4096];

static void
value(struct buffer *b, const char *name, struct bytes v)
{
	char line[256], hex[2 * 97 + 1];
	int n = snprintf(line, sizeof line, "%-17s %s\n", name, text_hex(v, hex, sizeof hex));

	buffer_bytes(b, bytes_of(line, (size_t)n));
}

static void
value_point(struct buffer *b, const char *name, const struct ec_public *k)
{
	uint8_t point[EC_POINT_MAX];

	value(b, name, bytes_of(point, ec_public_encode(k, point)));
}

static struct bytes
values_text(void)
{
	struct buffer b = BUFFER(values_memory);
	uint8_t ref[GATE_REF_SIZE], policy[GATE_DIGEST_SIZE], cphash[GATE_DIGEST_SIZE], delegated[GATE_DIGEST_SIZE];
	struct digest d;

	value_point(&b, "authority", &x.authority.public);
	value_point(&b, "approval key", &x.approval.public);
	value_point(&b, "statement key", &x.statement.public);
	value(&b, "machine id", BYTES(x.machine));
	value(&b, "machine key", BYTES(x.machine_key.pk));
	value(&b, "HPKE key", BYTES(x.boot_key.pk));
	value(&b, "evidence's digest", BYTES(x.digest));
	gate_approval_ref(&x.statement.public, ref);
	value(&b, "approval ref", BYTES(ref));
	assert_int_equal(gate_delegated_policy(&x.approval.public, &x.statement.public, delegated), OK);
	value(&b, "delegated policy", BYTES(delegated));
	assert_int_equal(gate_delegation_digest(&x.authority.public, delegated, 1, &d), OK);
	value(&b, "delegation, aHash", digest_view(&d));
	assert_int_equal(gate_nv_policy(&x.authority.public, 1, policy), OK);
	value(&b, "NV policy", BYTES(policy));
	value(&b, "NV Name", name_view(&x.index_name));
	gate_read_cphash(&x.index_name, cphash);
	value(&b, "cpHash", BYTES(cphash));
	gate_approval_digest(&x.approval.public, x.nonce_tpm, &x.index_name, &x.statement.public, &d);
	value(&b, "approval, aHash", digest_view(&d));
	value(&b, "T1", BYTES(x.transcript[0]));
	value(&b, "T2", BYTES(x.transcript[1]));
	value(&b, "T3", BYTES(x.transcript[2]));
	value(&b, "T4", BYTES(x.transcript[3]));
	value(&b, "K", BYTES(x.key));
	assert_int_equal(b.failed, OK);
	return buffer_view(&b);
}

/* --- fixtures --- */

#define LINE 32

static void
fixture_text(struct bytes v, char *out, size_t size)
{
	char line[2 * LINE + 1];
	size_t n = 0;

	out[0] = '\0';
	for (size_t at = 0; at < v.n; at += LINE) {
		size_t left = v.n - at < LINE ? v.n - at : LINE;

		n += (size_t)snprintf(out + n, size - n, "%s\n", text_hex(bytes_of(v.p + at, left), line, sizeof line));
		assert_true(n < size);
	}
}

#define X(member, file) &x.member,
static const struct part *const parts[] = { EXCHANGE_PARTS(X) };
#undef X

static void
fixture_compare(const char *path, struct bytes made)
{
	static uint8_t read[8192];
	struct buffer b = BUFFER(read);

	if (getenv("UPDATE_FIXTURES") != NULL)
		assert_int_equal(file_write(path, made, 0644), OK);
	if (file_read(path, &b) != OK || !bytes_equal(buffer_view(&b), made))
		fail_msg("%s is another; UPDATE_FIXTURES=1 writes what the code makes", path);
}

static void
the_fixtures_are_what_the_code_makes(void **state)
{
	static char made[8192];
	char path[128];

	(void)state;
	fixture_compare(EXCHANGE_FOLDER "values.txt", values_text());
	for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
		fixture_text(part_view(parts[i]), made, sizeof made);
		fixture_path(parts[i]->name, path);
		fixture_compare(path, bytes_of(made, strlen(made)));
	}
}

/* --- the document --- */

static uint8_t document[131072];

static void
document_shows(const char *block)
{
	if (strstr((const char *)document, block) == NULL)
		fail_msg("docs/protocol.md does not show this:\n%.900s", block);
}

static void
the_document_shows_these_bytes(void **state)
{
	static char text[8192], block[sizeof text + 128];
	struct buffer b = buffer_of(document, sizeof document - 1);
	struct bytes values = values_text();

	(void)state;
	assert_int_equal(file_read("docs/protocol.md", &b), OK);
	document[b.n] = '\0';
	snprintf(block, sizeof block, "```\n%.*s```\n", (int)values.n, (const char *)values.p);
	document_shows(block);
	for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
		fixture_text(part_view(parts[i]), text, sizeof text);
		snprintf(block, sizeof block, "`%s`, %zu bytes:\n\n```\n%s```\n", parts[i]->name, parts[i]->n, text);
		document_shows(block);
	}
}

/* --- rotation --- */

/* The vector of docs/protocol.md. */
static void
the_ids_of_a_rotation_are_those_of_the_document(void **state)
{
	uint8_t id[SHARE_ID_SIZE], share[SHARE_SIZE], key[MACHINE_KEY_SIZE], out[SHARE_ID_SIZE], other[SHARE_ID_SIZE];
	char hex[2 * SHARE_ID_SIZE + 1];

	(void)state;
	for (size_t i = 0; i < sizeof share; i++) {
		id[i % sizeof id] = (uint8_t)(i % sizeof id);
		share[i] = (uint8_t)(0x20 + i);
		key[i] = (uint8_t)(0x80 + i);
	}
	rotation_successor(id, 7, out);
	assert_string_equal(text_hex(BYTES(out), hex, sizeof hex), "ce2dc60cecdfdb6a14a61e29f28ac61b");
	document_shows(hex);
	rotation_seal_id(share, 7, key, out);
	assert_string_equal(text_hex(BYTES(out), hex, sizeof hex), "080b4d62271aa39401fca121df63b848");
	document_shows(hex);
	rotation_seal_id(share, 8, key, other);
	assert_memory_not_equal(out, other, sizeof out);
	key[31] ^= 1;
	rotation_seal_id(share, 7, key, other);
	assert_memory_not_equal(out, other, sizeof out);
	share[0] ^= 1, key[31] ^= 1;
	rotation_seal_id(share, 7, key, other);
	assert_memory_not_equal(out, other, sizeof out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_message_encodes_to_what_it_was_decoded_from),
		cmocka_unit_test(every_cut_and_every_longer_message_is_refused),
		cmocka_unit_test(every_changed_bit_is_refused_or_is_another_message),
		cmocka_unit_test(no_message_is_taken_for_another),
		cmocka_unit_test(one_mutation_gives_one_reason),
		cmocka_unit_test(the_encoder_refuses_what_the_decoder_would),
		cmocka_unit_test(the_fullest_messages_fit_their_limits),
		cmocka_unit_test(approval_denial_and_hold_of_this_exchange_are_believed),
		cmocka_unit_test(answers_to_others_and_by_others_are_not_believed),
		cmocka_unit_test(a_statement_under_a_signature_for_another_use_is_not_believed),
		cmocka_unit_test(approvals_come_with_an_approval_only),
		cmocka_unit_test(a_verifier_of_an_epoch_that_was_left_approves_nothing),
		cmocka_unit_test(a_share_opens_for_its_exchange_and_its_id_only),
		cmocka_unit_test(the_enrolment_key_hangs_on_secret_token_and_transcript),
		cmocka_unit_test(a_token_is_read_as_it_was_written_and_not_otherwise),
		cmocka_unit_test(the_door_event_knows_its_outcomes),
		cmocka_unit_test(the_fixtures_are_what_the_code_makes),
		cmocka_unit_test(the_document_shows_these_bytes),
		cmocka_unit_test(the_ids_of_a_rotation_are_those_of_the_document),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
