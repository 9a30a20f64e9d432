/* SPDX-License-Identifier: ISC */
/*
 * Why something could not be done.  One list gives the enum and its sentences, so that adding a failure is one line.
 *
 * A status answers "could it be decided"; what was decided is another type (a verdict with the check's name).
 */
#ifndef BASE_STATUS_H
#define BASE_STATUS_H

#define STATUS_LIST(X)                                                                                                 \
	X(OK, "ok")                                                                                                    \
	/* input */                                                                                                    \
	X(E_TRUNCATED, "input ends too early")                                                                         \
	X(E_TRAILING, "bytes left over after the end")                                                                 \
	X(E_SYNTAX, "malformed input")                                                                                 \
	X(E_NOT_DETERMINISTIC, "not in deterministic encoding")                                                        \
	X(E_TYPE, "another type of structure than expected")                                                           \
	X(E_MAGIC, "wrong magic value")                                                                                \
	X(E_VERSION, "unknown version")                                                                                \
	X(E_RANGE, "value out of range")                                                                               \
	X(E_TOO_LARGE, "larger than the limit")                                                                        \
	X(E_NO_SPACE, "the buffer given is too small")                                                                 \
	X(E_DUPLICATE, "given twice")                                                                                  \
	X(E_MISSING, "a required part is missing")                                                                     \
	X(E_UNSUPPORTED, "not supported")                                                                              \
	/* cryptography */                                                                                             \
	X(E_SIGNATURE, "signature does not verify")                                                                    \
	X(E_MAC, "authentication code does not match")                                                                 \
	X(E_KEY, "not a usable key")                                                                                   \
	X(E_MISMATCH, "two values that must agree differ")                                                             \
	X(E_RANDOM, "no randomness from the system")                                                                   \
	/* the machine */                                                                                              \
	X(E_IO, "input/output error")                                                                                  \
	X(E_NOT_FOUND, "not found")                                                                                    \
	X(E_FOLDER, "a folder, not a file")                                                                            \
	X(E_PERMISSION, "permission denied")                                                                           \
	X(E_MEMORY, "out of memory")                                                                                   \
	X(E_TIMEOUT, "timed out")                                                                                      \
	X(E_BUSY, "busy")                                                                                              \
	X(E_EXISTS, "exists already")                                                                                  \
	X(E_IN_USE, "in use by something else")                                                                        \
	/* TPM */                                                                                                      \
	X(E_TPM, "the TPM refused a command")                                                                          \
	X(E_TPM_LOST, "no answer that makes sense from the TPM")                                                       \
	X(E_TPM_AGAIN, "the TPM session is too old or out of step; begin anew")                                        \
	X(E_TPM_PCR_CHANGED, "a PCR was extended in between")                                                          \
	X(E_TPM_AUTH, "the TPM wants another authorisation value")                                                     \
	/* peers */                                                                                                    \
	X(E_NETWORK, "no connection")                                                                                  \
	X(E_TLS, "TLS failed")                                                                                         \
	X(E_PROTOCOL, "the peer does not keep to the protocol")                                                        \
	X(E_REFUSED, "the peer refused")                                                                               \
	X(E_DENIED, "denied")                                                                                          \
	X(E_HELD, "held for an operator's decision")                                                                   \
	X(E_UNAVAILABLE, "the peer is not able to serve now")                                                          \
	X(E_STORE, "the database failed")                                                                              \
	X(E_CONFIG, "error in the configuration")

enum status {
#define X(name, text) name,
	STATUS_LIST(X)
#undef X
};

/* status_text(s): the sentence of ${s}, never NULL. */
const char *status_text(enum status s);

/* status_name(s): the name of ${s} as in this list ("E_TRUNCATED"), never NULL. */
const char *status_name(enum status s);

#endif
