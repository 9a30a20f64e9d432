/* SPDX-License-Identifier: ISC */
/* The exit status of bootgate: documented, and an interface. (bootgate(8)) */
#ifndef AGENT_EXIT_H
#define AGENT_EXIT_H

enum agent_exit {
	EXIT_DONE = 0,
	EXIT_FAILED = 1,
	EXIT_USAGE = 2,
	EXIT_CONFIG = 3,
	EXIT_DENIED = 4,
	EXIT_TPM = 5,
	EXIT_UNREACHABLE = 6,
	EXIT_REFUSED = 7,
};

#endif
