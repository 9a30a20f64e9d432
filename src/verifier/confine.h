/* SPDX-License-Identifier: ISC */
/*
 * What each process of the verifier may still do once it has opened what it needs: no new privileges, no core files, no
 * tracing, Landlock (where the kernel has it), and a list of allowed system calls, any other of which kills the process.
 * A process confines itself before the first byte from outside; one that cannot does not go on.
 */
#ifndef VERIFIER_CONFINE_H
#define VERIFIER_CONFINE_H

#include "base/bytes.h"

enum confine_role { CONFINE_FRONT, CONFINE_DESK, CONFINE_JUDGE, CONFINE_EKCERT };

/* confine(role, folder, why, size): ${folder}: the one that the process may still read and write, NULL for none. */
enum status confine(enum confine_role role, const char *folder, char *why, size_t size);

/* confine_limits(files): no core files, not dumpable, no new privileges, at most ${files} descriptors. For the supervisor too. */
enum status confine_limits(unsigned files, char *why, size_t size);

#endif
