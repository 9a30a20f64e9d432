/* SPDX-License-Identifier: ISC */
/*
 * Every decoder of protocol/message.h, chosen by the first byte: what is accepted is encoded to the same bytes, what is
 * refused leaves zeros.
 */
#include <stdlib.h>
#include <string.h>

#include "protocol/cose.h"
#include "protocol/message.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint8_t encoded[EVIDENCE_SIZE_MAX];

#define MESSAGES(X)                                                                                                    \
	X(challenge)                                                                                                   \
	X(binding)                                                                                                     \
	X(user_events)                                                                                                 \
	X(evidence)                                                                                                    \
	X(result)                                                                                                      \
	X(statement)                                                                                                   \
	X(problem)                                                                                                     \
	X(framed)                                                                                                      \
	X(enroll_begin)                                                                                                \
	X(enroll_challenge)                                                                                            \
	X(enroll_finish)                                                                                               \
	X(enroll_answer)

#define X(name)                                                                                                        \
	static void try_##name(struct bytes in)                                                                        \
	{                                                                                                              \
		static struct name m;                                                                                  \
		struct buffer out = BUFFER(encoded);                                                                   \
                                                                                                                       \
		if (message_##name##_decode(in, &m) != OK) {                                                           \
			if (!bytes_zero(bytes_of(&m, sizeof m)))                                                       \
				abort();                                                                               \
		} else if (message_##name##_encode(&m, &out) != OK || !bytes_equal(buffer_view(&out), in)) {            \
			abort();                                                                                       \
		}                                                                                                      \
	}
MESSAGES(X)
#undef X

static void
try_hold(struct bytes in)
{
	bool decided;
	struct buffer out = BUFFER(encoded);

	if (message_hold_decode(in, &decided) == OK
		&& (message_hold_encode(decided, &out) != OK || !bytes_equal(buffer_view(&out), in)))
		abort();
}

/* The base point of P-256 stands for any statement key: no signature can verify, everything before it is tried. */
static void
try_cose(struct bytes in)
{
	static const uint8_t base[] = { 0x04, 0x6b, 0x17, 0xd1, 0xf2, 0xe1, 0x2c, 0x42, 0x47, 0xf8, 0xbc, 0xe6, 0xe5, 0x63, 0xa4,
		0x40, 0xf2, 0x77, 0x03, 0x7d, 0x81, 0x2d, 0xeb, 0x33, 0xa0, 0xf4, 0xa1, 0x39, 0x45, 0xd8, 0x98, 0xc2, 0x96, 0x4f,
		0xe3, 0x42, 0xe2, 0xfe, 0x1a, 0x7f, 0x9b, 0x8e, 0xe7, 0xeb, 0x4a, 0x7c, 0x0f, 0x9e, 0x16, 0x2b, 0xce, 0x33, 0x57,
		0x6b, 0x31, 0x5e, 0xce, 0xcb, 0xb6, 0x40, 0x68, 0x37, 0xbf, 0x51, 0xf5 };
	struct buffer scratch = BUFFER(encoded);
	struct ec_public k;
	struct bytes payload;

	if (ec_public_decode(EC_P256, BYTES(base), &k) != OK)
		abort();
	cose_verify(&k, in, &scratch, &payload);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
#define X(name) try_##name,
	static void (*const try[])(struct bytes in) = { MESSAGES(X) try_hold, try_cose };
#undef X

	if (size > 0)
		try[data[0] % (sizeof try / sizeof try[0])](bytes_of(data + 1, size - 1));
	return 0;
}
