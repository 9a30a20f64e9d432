/* SPDX-License-Identifier: ISC */
#include <string.h>

#include "tpm/tpm.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct tpm_object o;
	struct bytes public;
	struct name name;
	uint32_t handle;

	if (size > sizeof o.blob)
		return 0;
	memcpy(o.blob, data, size);
	o.n = size;
	if (tpm_object_name(&o, &name, &handle) == OK && (name.n < 2 || name.n > sizeof name.p))
		__builtin_trap();
	if (tpm_object_public(&o, &public, &handle) == OK && public.n > size)
		__builtin_trap();
	return 0;
}
