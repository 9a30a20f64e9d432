/* SPDX-License-Identifier: ISC */
/*
 * What an attacker does who runs his own code in a process of the verifier: one attempt a command, as text.  Linked in place of one module of
 * bootgated, for tests only: bootgated-hostile-front, -desk, -judge.
 *
 * An attempt answers "got ..." when it got what a taken-over process must not have, else "refused ..." with the reason; or the kernel kills the
 * process in the middle of it.
 */
#ifndef HOSTILE_H
#define HOSTILE_H

#include <stddef.h>

/* hostile_run(command, said, size): ${command}: a word and at most three arguments, all apart by one space. */
void hostile_run(const char *command, char *said, size_t size);

#endif
