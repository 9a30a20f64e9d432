/* SPDX-License-Identifier: ISC */
/*
 * EK certificates: whether a manufacturer that the operator trusts says that this EK is a TPM's.  (TCG EK Credential Profile 2.5, 3.2)
 *
 * The one module that uses OpenSSL's libcrypto, in a process of its own (bootgated-ekcert): vendors' certificates have
 * critical extended key usages, RSA-PSS, keys named rsaesOaep, empty subjects, bytes after their end.
 */
#ifndef VERIFIER_EKCERT_H
#define VERIFIER_EKCERT_H

#include "structures/public.h"
#include "verifier/ekcert_code.h"

/* What an operator trusts. */
struct ekcert_trust;

/* ekcert_trust_new(), ekcert_trust_add(): every PEM or DER certificate in the folder; returns how many; files that cannot be read are said in the log. */
struct ekcert_trust *ekcert_trust_new(void);
size_t ekcert_trust_add(struct ekcert_trust *t, const char *folder);
void ekcert_trust_free(struct ekcert_trust *t);

/*
 * ekcert_check(t, ek, certificate, n, now, detail, size): ${certificate}[0] is the EK's, the others what the TPM stores of its chain. Bytes after a
 * certificate's end are left aside.  ${detail}: what libcrypto says, or "".
 */
enum ekcert_code ekcert_check(const struct ekcert_trust *t, const struct public_area *ek, const struct bytes *certificate, size_t n,
	uint64_t now, char *detail, size_t size);

#endif
