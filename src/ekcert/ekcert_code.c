/* SPDX-License-Identifier: ISC */
#include "ekcert/ekcert_code.h"

static const struct {
	const char *name, *text;
} codes[] = {
#define X(code, text) [EKCERT_##code] = { #code, text },
	EKCERT_LIST(X)
#undef X
};

const char *
ekcert_code_text(enum ekcert_code code)
{
	return code < EKCERT_END ? codes[code].text : codes[EKCERT_FAILED].text;
}

const char *
ekcert_code_name(enum ekcert_code code)
{
	return code < EKCERT_END ? codes[code].name : codes[EKCERT_FAILED].name;
}
