/* SPDX-License-Identifier: ISC */
#include "agent/certificates.h"

#include <string.h>

/* One DER SEQUENCE with its header: how long it says it is; 0: it is none. */
static size_t
size_of(struct bytes in)
{
	size_t n;

	if (in.n < 4 || in.p[0] != 0x30)
		return 0;
	if (in.p[1] == 0x82)
		n = 4 + ((size_t)in.p[2] << 8 | in.p[3]);
	else
		n = in.p[1] < 0x80 ? 2 + (size_t)in.p[1] : in.p[1] == 0x81 ? 3 + (size_t)in.p[2] : 0;
	return n <= in.n ? n : 0;
}

enum status
certificates_split(struct bytes in, struct bytes *list, size_t max, size_t *n)
{
	*n = 0;
	while (in.n > 0) {
		size_t size = size_of(in);

		if (size == 0 || *n == max)
			return size == 0 ? E_SYNTAX : E_TOO_LARGE;
		list[(*n)++] = bytes_of(in.p, size);
		in = bytes_of(in.p + size, in.n - size);
	}
	return OK;
}

/* id-ecPublicKey stands nowhere but in a SubjectPublicKeyInfo, and a curve's name behind it.  (RFC 5480, 2.1.1) */
enum tpm_ek_kind
certificates_ek_kind(struct bytes der)
{
	static const uint8_t p384[] = { 6, 7, 0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1, 6, 5, 0x2b, 0x81, 4, 0, 0x22 };
	static const uint8_t p256[] = { 6, 7, 0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1, 6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7 };

	if (der.n > 0 && memmem(der.p, der.n, p384, sizeof p384) != NULL)
		return TPM_EK_P384;
	return der.n > 0 && memmem(der.p, der.n, p256, sizeof p256) != NULL ? TPM_EK_P256 : TPM_EK_RSA2048;
}
