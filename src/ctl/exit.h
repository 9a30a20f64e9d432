/* SPDX-License-Identifier: ISC */
/*
 * bootgatectl's exit status: documented in bootgatectl(8), kept for ever.
 */
#ifndef CTL_EXIT_H
#define CTL_EXIT_H

enum ctl_exit {
	CTL_DONE = 0,
	CTL_FAILED = 1,
	CTL_USAGE = 2,
	CTL_NO = 3, /* decided, and the answer is no: denied, held, not verified, a policy that does not load */
};

#endif
