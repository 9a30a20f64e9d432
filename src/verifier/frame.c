/* SPDX-License-Identifier: ISC */
#include "verifier/frame.h"

void
frame_encode_request_head(const struct frame_request *f, struct buffer *out)
{
	buffer_be64(out, f->number);
	buffer_u8(out, (uint8_t)f->route);
	buffer_u8(out, (uint8_t)f->parameter.n);
	buffer_be16(out, 0);
	buffer_be32(out, (uint32_t)f->body.n);
	buffer_bytes(out, f->parameter);
}

void
frame_encode_request(const struct frame_request *f, struct buffer *out)
{
	frame_encode_request_head(f, out);
	buffer_bytes(out, f->body);
}

void
frame_encode_answer(const struct frame_answer *f, struct buffer *out)
{
	buffer_be64(out, f->number);
	buffer_be16(out, f->status);
	buffer_be16(out, f->retry_after);
	buffer_be32(out, (uint32_t)f->body.n);
	buffer_bytes(out, f->body);
}

enum status
frame_decode_request(struct bytes in, struct frame_request *f, size_t *n)
{
	struct reader r = reader_of(in);
	uint8_t route, parameter;
	uint32_t body;

	f->number = reader_be64(&r);
	route = reader_u8(&r);
	parameter = reader_u8(&r);
	if (reader_be16(&r) != 0)
		return E_RANGE;
	body = reader_be32(&r);
	if (r.failed != OK)
		return r.failed;
	if (route == HTTP_ROUTE_NONE || route >= HTTP_ROUTES_END || parameter > HTTP_PARAMETER_MAX)
		return E_RANGE;
	if (body > FRAME_BODY_MAX)
		return E_TOO_LARGE;
	f->route = (enum http_route)route;
	f->parameter = reader_take(&r, parameter);
	f->body = reader_take(&r, body);
	*n = r.at;
	return r.failed;
}

enum status
frame_decode_answer(struct bytes in, struct frame_answer *f, size_t *n)
{
	struct reader r = reader_of(in);
	uint32_t body;

	f->number = reader_be64(&r);
	f->status = reader_be16(&r);
	f->retry_after = reader_be16(&r);
	body = reader_be32(&r);
	if (r.failed != OK)
		return r.failed;
	if (f->status < 200 || f->status > 599)
		return E_RANGE;
	if (body > FRAME_BODY_MAX)
		return E_TOO_LARGE;
	f->body = reader_take(&r, body);
	*n = r.at;
	return r.failed;
}
