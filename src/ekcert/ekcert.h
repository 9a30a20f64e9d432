/* SPDX-License-Identifier: ISC */
/*
 * EK certificates: whether a manufacturer that the operator trusts says that this EK is a TPM's.  (TCG EK Credential Profile 2.5, 3.2)
 *
 * Uses OpenSSL's libcrypto; of the verifier only a process of its own (bootgated-ekcert) does: vendors' certificates have
 * critical extended key usages, RSA-PSS, keys named rsaesOaep, empty subjects, bytes after their end.
 */
#ifndef EKCERT_EKCERT_H
#define EKCERT_EKCERT_H

#include "structures/public.h"
#include "ekcert/ekcert_code.h"

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

/*
 * For those who have the certificate and no TPM: ekcert_split(in, space, certificate, max, n): one in DER, or all of a PEM file, decoded into ${space};
 * what is neither stays as it is, for the check to say so.  ekcert_public(certificate, out): the TPMT_PUBLIC of the EK that it is for, made from the
 * default template; E_SYNTAX for what cannot be read, E_UNSUPPORTED for a key of another kind.  ekcert_describe(certificate, text, size): issuer and end.
 */
enum status ekcert_split(struct bytes in, struct buffer *space, struct bytes *certificate, size_t max, size_t *n);
enum status ekcert_public(struct bytes certificate, struct buffer *out);
void ekcert_describe(struct bytes certificate, char *text, size_t size);

#endif
