/* SPDX-License-Identifier: ISC */
/*
 * Certificates for the verifiers' TLS (RFC 5280), by libcrypto: the one place of the tool that knows it.  The gate does not rest on them.
 *
 * A machine that boots has no clock, so nothing could enforce an end: the certificates have none ("99991231235959Z", RFC 5280, 4.1.2.5).
 */
#ifndef CTL_TLS_CERTIFICATE_H
#define CTL_TLS_CERTIFICATE_H

#include "crypto/ec.h"

#define TLS_CERTIFICATE_SIZE_MAX 8192
#define TLS_CERTIFICATE_NAMES_MAX 16

/* tls_certificate_make_ca(ca, pem): a self-signed CA certificate, path length 0, its name made unique by its key. E_KEY when libcrypto refuses. */
enum status tls_certificate_make_ca(const struct ec_private *ca, struct buffer *pem);

/*
 * tls_certificate_make_server(ca, ca_pem, server, names, pem): for the key ${server}, serverAuth only, signed by ${ca}.
 * ${names}: host names and addresses, with commas between.  An address is written as iPAddress, and its text as dNSName besides: the agent's
 * TLS compares names only.  E_SYNTAX for a name that is none, E_TOO_LARGE for more than TLS_CERTIFICATE_NAMES_MAX, E_MISMATCH when ${ca_pem} is another key's.
 */
enum status tls_certificate_make_server(const struct ec_private *ca, struct bytes ca_pem, const struct ec_public *server, const char *names,
	struct buffer *pem);

/* tls_certificate_check_names(names): what make_server() would say of them. */
enum status tls_certificate_check_names(const char *names);

/* What `authority show` tells of a certificate. */
struct tls_certificate {
	char names[512]; /* "a, b", of the subject's alternative names; cut */
	bool verified;   /* by the CA that was given */
};

/* tls_certificate_read(pem, ca_pem, c): the first certificate in ${pem}; ${ca_pem} may be empty: not verified. */
enum status tls_certificate_read(struct bytes pem, struct bytes ca_pem, struct tls_certificate *c);

#endif
