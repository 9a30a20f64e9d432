/* SPDX-License-Identifier: ISC */
#include "base/log.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

/* A program's one voice: the only mutable state at file scope outside the programs' own folders. */
static struct {
	const char *program;
	enum log_level limit;
	int kmsg;
} voice = { "bootgate", LOG_LEVEL_INFO, -1 };

void
log_open(const char *program, bool kmsg)
{
	voice.program = program;
	if (kmsg && voice.kmsg < 0)
		voice.kmsg = open("/dev/kmsg", O_WRONLY | O_CLOEXEC | O_NOCTTY);
}

void
log_limit(enum log_level level)
{
	voice.limit = level;
}

__attribute__((format(printf, 2, 0))) static void
say(enum log_level level, const char *format, va_list args)
{
	static const char *const word[] = { "error: ", "warning: ", "", "debug: " };
	/* An error is on the console already, by standard error: a quiet kernel must not show it there once more. */
	static const char priority[] = { '4', '5', '6', '7' };
	char text[1024], line[1200];
	int n;

	if (level > voice.limit)
		return;
	vsnprintf(text, sizeof text, format, args);
	/* Other people's bytes may be in the text: nothing that moves a terminal's cursor. */
	for (char *c = text; *c != '\0'; c++)
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			*c = '?';
	n = snprintf(line, sizeof line, "<%c>%s: %s%s\n", priority[level], voice.program, word[level], text);
	if (n < 0)
		return;
	/* One write a line, so that lines of several processes do not mix; nobody to tell when it fails. */
	if (write(STDERR_FILENO, line + 3, (size_t)n - 3) < 0)
		return;
	if (voice.kmsg >= 0 && write(voice.kmsg, line, (size_t)n) < 0)
		return;
}

#define SPEAKER(name, level)                                                                                           \
	void name(const char *format, ...)                                                                             \
	{                                                                                                              \
		va_list args;                                                                                          \
                                                                                                                       \
		va_start(args, format);                                                                                \
		say(level, format, args);                                                                              \
		va_end(args);                                                                                          \
	}

SPEAKER(log_error, LOG_LEVEL_ERROR)
SPEAKER(log_warning, LOG_LEVEL_WARNING)
SPEAKER(log_info, LOG_LEVEL_INFO)
SPEAKER(log_debug, LOG_LEVEL_DEBUG)
