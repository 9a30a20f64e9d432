/* SPDX-License-Identifier: ISC */
/*
 * What a program says: one line each, to standard error, and in the initramfs also to the kernel's log.
 * Nothing that is secret may be given to these functions, at any level.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdbool.h>

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

/* log_open(program, kmsg): the name before each line; ${kmsg}: also write to /dev/kmsg. */
void log_open(const char *program, bool kmsg);

/* log_limit(level): say nothing above ${level}; LOG_LEVEL_INFO at the start. */
void log_limit(enum log_level level);

void log_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_warning(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_info(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_debug(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
