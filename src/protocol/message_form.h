/* SPDX-License-Identifier: ISC */
/*
 * The pair of functions that message.h promises for each message, over its form.
 */
#ifndef PROTOCOL_MESSAGE_FORM_H
#define PROTOCOL_MESSAGE_FORM_H

#include "protocol/field.h"
#include "protocol/message.h"

#define MESSAGE_CODEC(name, form)                                                                                      \
	enum status message_##name##_encode(const struct name *m, struct buffer *out)                                  \
	{                                                                                                              \
		return field_encode(&(form), m, out);                                                                  \
	}                                                                                                              \
	enum status message_##name##_decode(struct bytes in, struct name *m)                                           \
	{                                                                                                              \
		return field_decode(&(form), in, m);                                                                   \
	}

#endif
