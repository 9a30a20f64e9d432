/* SPDX-License-Identifier: ISC */
/*
 * The passphrase prompt on the console: there from the first moment, beside everything else that the agent does.
 */
#ifndef AGENT_CONSOLE_H
#define AGENT_CONSOLE_H

#include <termios.h>

#include "base/bytes.h"

#define CONSOLE_LINE_MAX 512

struct console {
	int fd; /* to poll for input; -1: there is none */
	struct termios before;
};

/* console_open(path, c): "/dev/console" in an initramfs, "/dev/tty" on a host; echo off, whole lines. E_NOT_FOUND when it is no terminal. */
enum status console_open(const char *path, struct console *c);

/* console_ask(c, text): (again) show the prompt. */
void console_ask(const struct console *c, const char *text);

/* console_read(c, line, n): a line that was typed, without its end. Wipe it. E_MISSING: an empty one; E_IO: the console is gone. */
enum status console_read(const struct console *c, char line[CONSOLE_LINE_MAX], size_t *n);

/* console_close(c): as it was before. */
void console_close(struct console *c);

#endif
