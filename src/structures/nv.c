/* SPDX-License-Identifier: ISC */
#include "structures/nv.h"

#include <string.h>

#define CC_NV_READ_PUBLIC UINT32_C(0x00000169)
#define NV_PUBLIC_SIZE_MAX (4 + 2 + 4 + 2 + GATE_DIGEST_SIZE + 2)

/* cpHash = H(CC || Name), rpHash = H(code 0 || CC || TPM2B_NV_PUBLIC || TPM2B_NAME)  (Part 1, 16.7, 16.8) */
void
nv_read_public_audit(uint32_t handle, uint32_t attributes, const uint8_t policy[GATE_DIGEST_SIZE], uint8_t out[GATE_DIGEST_SIZE])
{
	uint8_t public[NV_PUBLIC_SIZE_MAX], text[2 * sizeof public + NAME_SIZE_MAX], audit[3 * GATE_DIGEST_SIZE] = { 0 };
	uint8_t digest[HASH_SIZE_MAX];
	struct buffer area = BUFFER(public), command = BUFFER(text), response = BUFFER(text);
	struct name name;

	gate_nv_public(handle, attributes, policy, &area);
	gate_nv_name(handle, attributes, policy, &name);

	buffer_be32(&command, CC_NV_READ_PUBLIC);
	buffer_bytes(&command, name_view(&name));
	hash_compute(HASH_SHA256, buffer_view(&command), digest);
	memcpy(audit + GATE_DIGEST_SIZE, digest, GATE_DIGEST_SIZE);

	buffer_be32(&response, 0);
	buffer_be32(&response, CC_NV_READ_PUBLIC);
	buffer_sized16(&response, buffer_view(&area));
	buffer_sized16(&response, name_view(&name));
	hash_compute(HASH_SHA256, buffer_view(&response), digest);
	memcpy(audit + 2 * GATE_DIGEST_SIZE, digest, GATE_DIGEST_SIZE);

	hash_compute(HASH_SHA256, BYTES(audit), digest);
	memcpy(out, digest, GATE_DIGEST_SIZE);
}
