/* SPDX-License-Identifier: ISC */
#include "ctl/audit_note.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "ctl/printable.h"
#include "store/record.h"

enum status
audit_note(const struct state *s, const struct machine *m, const char *format, ...)
{
	char text[RECORD_TEXT_MAX], clean[PRINTABLE_SIZE];
	uint8_t encoded[STORE_RECORD_MAX];
	struct buffer b = BUFFER(encoded);
	struct record r;
	uint64_t number;
	va_list arguments;
	enum status status;
	int n = snprintf(text, sizeof text, "uid %u: ", s->operator);

	va_start(arguments, format);
	vsnprintf(text + n, sizeof text - (size_t)n, format, arguments);
	va_end(arguments);
	printable_text(text, clean);
	memset(&r, 0, sizeof r);
	r.kind = BYTES_STRING("operator");
	r.text = bytes_of(clean, strlen(clean));
	if (m != NULL) {
		r.machine = BYTES(m->id);
		r.label = bytes_of(m->label, strlen(m->label));
	}
	status = record_encode(&r, &b);
	return status == OK ? store_audit_append(s->store, (uint64_t)time(NULL), buffer_view(&b), &number) : status;
}
