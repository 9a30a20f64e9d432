/* SPDX-License-Identifier: ISC */
/* TPMT_PUBLIC and TPMT_SIGNATURE from the network: a size byte pair, the area, the signature. */
#include "structures/credential.h"
#include "structures/public.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct reader r = reader_of(bytes_of(data, size));
	struct bytes area = reader_take(&r, reader_be16(&r)), signature = reader_take(&r, reader_left(&r));
	uint8_t id[MACHINE_ID_SIZE], blob[CREDENTIAL_BLOB_MAX], seed[CREDENTIAL_SEED_MAX], secret[CREDENTIAL_SECRET_SIZE] = { 0 };
	struct buffer b = BUFFER(blob), s = BUFFER(seed);
	struct public_area k;
	struct name name;
	const char *why = NULL;

	if (public_decode(area, &k) != OK)
		return 0;
	if (public_name(&k, &name) != OK || name.n > sizeof name.p)
		__builtin_trap();
	public_id(&k, id);
	if (public_check_ak(&k, &why) != OK && why == NULL)
		__builtin_trap();
	why = NULL;
	if (public_check_ek(&k, &why) == OK) {
		if (credential_make(&k, &name, secret, &b, &s) != OK)
			__builtin_trap();
	} else if (why == NULL) {
		__builtin_trap();
	}
	public_verify(&k, area, signature);
	return 0;
}
