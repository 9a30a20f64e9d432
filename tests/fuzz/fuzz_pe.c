/* SPDX-License-Identifier: ISC */
/*
 * UEFI programs and unified kernel images: every byte that is hashed or given back stands in the file.
 */
#include <stdlib.h>

#include "policy/uki_reference.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static struct reference r[UKI_REFERENCES_MAX];
	static struct pe pe;
	struct bytes in = { data, n }, content;
	size_t count;

	if (pe_decode(in, &pe) == OK) {
		struct digest d = pe_authenticode(&pe, HASH_SHA256);

		if (d.n != 32)
			abort();
		for (size_t i = 0; i < pe.sections; i++)
			if (pe_section_content(&pe.section[i], &content) == OK && content.n > pe.section[i].raw.n)
				abort();
	}
	if ((uki_reference_list(in, r, &count) == OK) != (count > 0) || count > UKI_REFERENCES_MAX)
		abort();
	return 0;
}
