/* SPDX-License-Identifier: ISC */
#include "luks/header_fault.h"

#include <stddef.h>

static const struct {
	const char *name, *text;
} fault_list[] = {
#define X(name, text) { #name, text },
	HEADER_FAULT_LIST(X)
#undef X
};

const char *
header_fault_text(enum header_fault f)
{
	return (size_t)f < sizeof fault_list / sizeof *fault_list ? fault_list[f].text : "unknown fault";
}

const char *
header_fault_name(enum header_fault f)
{
	return (size_t)f < sizeof fault_list / sizeof *fault_list ? fault_list[f].name : "HEADER_UNKNOWN";
}
