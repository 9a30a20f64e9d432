/* SPDX-License-Identifier: ISC */
/*
 * How the check of an EK certificate ends.
 */
#ifndef EKCERT_EKCERT_CODE_H
#define EKCERT_EKCERT_CODE_H

/* X(code, sentence): every way in which it can end. */
#define EKCERT_LIST(X)                                                                                                  \
	X(OK, "the EK certificate is good")                                                                             \
	X(NO_CA, "no manufacturer's CA is configured (ek-ca)")                                                          \
	X(NONE, "no EK certificate was sent")                                                                           \
	X(MALFORMED, "the EK certificate cannot be read")                                                               \
	X(CHAIN_MALFORMED, "a certificate sent with the EK's cannot be read")                                           \
	X(KEY_UNREADABLE, "the key in the EK certificate is of a kind that is not read")                                \
	X(KEY_DIFFERS, "the EK certificate is for another key than the EK")                                             \
	X(IS_CA, "the certificate is a CA's, not an EK's")                                                              \
	X(CRITICAL, "the EK certificate has a critical extension that is not understood")                               \
	X(EXTENDED_USAGE, "the certificate's extended key usage does not name EK certificates (2.23.133.8.1)")           \
	X(USAGE, "the certificate's key usage is not that of a key that decrypts")                                      \
	X(NOT_YET_VALID, "the EK certificate is not valid yet")                                                         \
	X(EXPIRED, "the EK certificate has expired")                                                                    \
	X(WEAK, "the EK certificate or a CA above it has a hash or a key that is too weak")                                            \
	X(ISSUER_UNKNOWN, "no configured CA, and none that was sent along, has the name of the EK certificate's issuer") \
	X(SIGNATURE, "the EK certificate's signature does not verify with its issuer's key")                            \
	X(ISSUER_NO_CA, "the EK certificate's issuer is no CA")                                                         \
	X(CHAIN, "the issuer's chain does not end at a configured CA")                                                  \
	X(CHAIN_EXPIRED, "a CA between the EK certificate and a configured one has expired, or is not valid yet")       \
	X(FAILED, "the EK certificate could not be checked")

enum ekcert_code {
#define X(code, text) EKCERT_##code,
	EKCERT_LIST(X)
#undef X
	EKCERT_END
};

const char *ekcert_code_text(enum ekcert_code code);
const char *ekcert_code_name(enum ekcert_code code);

#endif
