/* SPDX-License-Identifier: ISC */
/* Whoever loads this stops before he ends: with all that he has left in his memory. */
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

void
_exit(int status)
{
	raise(SIGSTOP);
	syscall(SYS_exit_group, status);
	__builtin_unreachable();
}
