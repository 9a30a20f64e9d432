/* SPDX-License-Identifier: ISC */
#include "base/status.h"

#include <stddef.h>

static const struct {
	const char *name, *text;
} list[] = {
#define X(name, text) { #name, text },
	STATUS_LIST(X)
#undef X
};

const char *
status_text(enum status s)
{
	return (size_t)s < sizeof list / sizeof *list ? list[s].text : "unknown status";
}

const char *
status_name(enum status s)
{
	return (size_t)s < sizeof list / sizeof *list ? list[s].name : "E_UNKNOWN";
}
