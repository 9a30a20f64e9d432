/* SPDX-License-Identifier: ISC */
#include "agent/settings.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct settings s;
	unsigned line;
	const char *why = NULL;

	if (settings_parse(bytes_of(data, size), &s, &line, &why) != OK && why == NULL)
		__builtin_trap();
	return 0;
}
