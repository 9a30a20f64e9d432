/* SPDX-License-Identifier: ISC */
/* The small texts and lists that the agent takes: an enrolment token, what it noted itself, certificates one behind the other. */
#include <string.h>

#include "agent/certificates.h"
#include "agent/opened.h"
#include "protocol/message.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
take_token(struct bytes in)
{
	uint8_t id[TOKEN_ID_SIZE], key[TOKEN_KEY_SIZE];
	char text[256] = "", again[TOKEN_TEXT_SIZE];

	memcpy(text, in.p, in.n < sizeof text ? in.n : sizeof text - 1);
	if (message_token_parse(text, id, key) != OK)
		return;
	message_token_format(id, key, again);
	if (strlen(text) != strlen(again))
		__builtin_trap();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct opened o;
	struct bytes in = bytes_of(data, size), list[8];
	size_t n, total = 0;

	if (size == 0)
		return 0;
	take_token(in);
	if (opened_parse(in, &o) == OK && o.n > VOLUMES_MAX)
		__builtin_trap();
	if (certificates_split(in, list, 8, &n) == OK) {
		for (size_t i = 0; i < n; i++) {
			total += list[i].n;
			(void)certificates_ek_kind(list[i]);
		}
		if (total != size)
			__builtin_trap();
	}
	return 0;
}
