/* SPDX-License-Identifier: ISC */
#include "agent/console.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"

enum status
console_open(const char *path, struct console *c)
{
	struct termios quiet;

	c->fd = open(path, O_RDWR | O_CLOEXEC | O_NOCTTY);
	if (c->fd < 0)
		return file_status(errno);
	if (tcgetattr(c->fd, &c->before) != 0) {
		close(c->fd);
		c->fd = -1;
		return E_NOT_FOUND;
	}
	quiet = c->before;
	quiet.c_lflag &= ~(tcflag_t)ECHO;
	quiet.c_lflag |= ICANON | ECHONL;
	/* Control-D would look like the end of the console. */
	quiet.c_cc[VEOF] = _POSIX_VDISABLE;
	tcsetattr(c->fd, TCSAFLUSH, &quiet);
	return OK;
}

void
console_ask(const struct console *c, const char *text)
{
	if (c->fd >= 0)
		file_write_all(c->fd, bytes_of(text, strlen(text)));
}

enum status
console_read(const struct console *c, char line[CONSOLE_LINE_MAX], size_t *n)
{
	ssize_t got = read(c->fd, line, CONSOLE_LINE_MAX);

	*n = 0;
	if (got < 0 && (errno == EINTR || errno == EAGAIN))
		return E_MISSING;
	if (got <= 0)
		return E_IO;
	*n = (size_t)got;
	while (*n > 0 && (line[*n - 1] == '\n' || line[*n - 1] == '\r'))
		--*n;
	return *n > 0 ? OK : E_MISSING;
}

void
console_close(struct console *c)
{
	if (c->fd < 0)
		return;
	tcsetattr(c->fd, TCSAFLUSH, &c->before);
	close(c->fd);
	c->fd = -1;
}
