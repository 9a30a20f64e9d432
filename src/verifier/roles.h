/* SPDX-License-Identifier: ISC */
/*
 * The processes of bootgated.  The supervisor starts each by executing the program again; what they share comes as
 * descriptors from ROLES_FD on:
 *
 *   front   the channel to desk, then the listening sockets
 *   desk    the channel from front, then one stream to each judge: the first judge is the one for enrolment and volumes
 *   judge   the stream from desk, then the channel on which the supervisor is asked for an EK certificate's check
 *   ekcert  one stream with the judge that asked: a program of its own, so that only it holds libcrypto
 *
 * They end from front to back: a SIGTERM to front lets it finish what it has; then each sees the end of its channel.
 */
#ifndef VERIFIER_ROLES_H
#define VERIFIER_ROLES_H

#include "store/config.h"

#define ROLES_FD 3
#define ROLES_EKCERT_PROGRAM "bootgated-ekcert"

/* What a client's descriptor comes with on the channel from front to desk: its address as text. */
#define ROLES_ADDRESS_MAX 80

/* supervise_run(path, c): the supervisor, until SIGTERM; the exit code. ${path}: the configuration file, read again on SIGHUP. */
int supervise_run(const char *path, struct config *c);

/* The other roles, until they are told to end; the exit code. ${n}: how many listening sockets, or judges. */
int front_run(const struct config *c, unsigned n);
int desk_run(const struct config *c, unsigned n);
int judge_run(const struct config *c, unsigned n);

#endif
