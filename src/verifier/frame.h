/* SPDX-License-Identifier: ISC */
/*
 * What `desk` and `judge` say to each other over a stream of their own.
 *
 *   request:  number (be64) | route (u8)  | parameter size (u8) | 0 (be16)          | body size (be32) | parameter | body
 *   answer:   number (be64) | status (be16)                     | retry-after (be16) | body size (be32) | body
 *
 * A number is never used twice in the life of a desk.
 */
#ifndef VERIFIER_FRAME_H
#define VERIFIER_FRAME_H

#include "verifier/http.h"

#define FRAME_HEAD 16
#define FRAME_BODY_MAX (640u * 1024)

struct frame_request {
	uint64_t number;
	enum http_route route;
	struct bytes parameter, body;
};

struct frame_answer {
	uint64_t number;
	uint16_t status, retry_after;
	struct bytes body;
};

/* frame_encode_request_head(f, out): all but the body, of which only the size counts here. */
void frame_encode_request_head(const struct frame_request *f, struct buffer *out);
void frame_encode_request(const struct frame_request *f, struct buffer *out);
void frame_encode_answer(const struct frame_answer *f, struct buffer *out);

/*
 * frame_decode_request/answer(in, f, n): the frame at the start of ${in}, ${*n} bytes of it.  E_TRUNCATED: not all there yet;
 * E_RANGE, E_TOO_LARGE: not from our own other half, give up the stream.  Views point into ${in}.
 */
enum status frame_decode_request(struct bytes in, struct frame_request *f, size_t *n);
enum status frame_decode_answer(struct bytes in, struct frame_answer *f, size_t *n);

#endif
