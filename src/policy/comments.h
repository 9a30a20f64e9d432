/* SPDX-License-Identifier: ISC */
/*
 * libconfuse 3.3 counts the line of a comment three times.  So comments become blanks before it sees them, and errors name the
 * line that an editor shows.
 */
#ifndef POLICY_COMMENTS_H
#define POLICY_COMMENTS_H

#include <stdbool.h>

/*
 * comments_blank(text): "#", "//" and block comments, outside of quotes, become blanks; newlines stay.  Returns whether braces are
 * balanced: libconfuse does not miss one at the end of a file that was cut.
 */
bool comments_blank(char *text);

#endif
