/* SPDX-License-Identifier: ISC */
/*
 * A judge's question to a process of bootgated-ekcert, and what the two say to each other over a stream of their own:
 *
 *   question:  be16 size, TPMT_PUBLIC of the EK | be16 size, certificate | ... | end of stream
 *   answer:    u8 code | text, without NUL | end of stream
 */
#ifndef VERIFIER_EKCERT_ASK_H
#define VERIFIER_EKCERT_ASK_H

#include "protocol/message.h"
#include "ekcert/ekcert_code.h"

#define EKCERT_QUESTION_MAX (4 + PUBLIC_SIZE_MAX + CERTIFICATES_MAX * (2 + CERTIFICATE_SIZE_MAX))
#define EKCERT_DETAIL_MAX 200

struct ekcert_question {
	struct bytes ek;
	size_t certificates;
	struct bytes certificate[CERTIFICATES_MAX];
};

void ekcert_ask_encode(const struct ekcert_question *q, struct buffer *out);
enum status ekcert_ask_decode(struct bytes in, struct ekcert_question *q);

/*
 * ekcert_ask(channel, q, code, detail): has the supervisor, at the other end of ${channel}, start a process, and waits for its answer for at most
 * five seconds. E_UNAVAILABLE when there is none.
 */
enum status ekcert_ask(int channel, const struct ekcert_question *q, enum ekcert_code *code, char detail[EKCERT_DETAIL_MAX + 1]);

#endif
