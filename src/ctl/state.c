/* SPDX-License-Identifier: ISC */
#include "ctl/state.h"

#include <errno.h>
#include <grp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"

bool
state_become_owner(const char *folder)
{
	struct stat st;

	if (geteuid() != 0)
		return true;
	if (stat(folder, &st) != 0) {
		log_error("%s: %s; start bootgated once, or use `bootgatectl authority init --verifier`", folder, strerror(errno));
		return false;
	}
	if (st.st_uid == 0)
		return true;
	if (setgroups(0, NULL) == 0 && setgid(st.st_gid) == 0 && setuid(st.st_uid) == 0)
		return true;
	log_error("%s: cannot become its owner: %s", folder, strerror(errno));
	return false;
}

/* The uid that logged in, which sudo and su do not change; (uid_t)-1 where the kernel does not know it. */
static unsigned
login_uid(void)
{
	char text[16];
	struct buffer b = buffer_of(text, sizeof text - 1);
	unsigned long uid;

	if (file_read("/proc/self/loginuid", &b) != OK)
		return getuid();
	text[b.n] = '\0';
	uid = strtoul(text, NULL, 10);
	return uid < UINT32_MAX ? (unsigned)uid : getuid();
}

bool
state_open(const char *config, struct state *s)
{
	char why[512], path[PATH_MAX];

	s->store = NULL;
	s->operator = login_uid();
	if (config_load(config, &s->config, why, sizeof why) != OK) {
		log_error("%s", why);
		return false;
	}
	if (snprintf(path, sizeof path, "%s/%s", s->config.state, STORE_FILE) >= (int)sizeof path) {
		log_error("%s: the path is too long", s->config.state);
		return false;
	}
	if (!state_become_owner(s->config.state))
		return false;
	umask(077);
	if (store_open(path, STORE_CREATE, &s->store, why, sizeof why) == OK)
		return true;
	log_error("%s (the state directory stands in %s)", why, config);
	return false;
}

void
state_close(struct state *s)
{
	store_close(s->store);
	s->store = NULL;
}

bool
state_load_keys(const struct state *s, struct keys *k)
{
	char why[512];
	enum status status = keys_load(s->config.state, s->config.authority, k, why, sizeof why);

	if (status == OK)
		return true;
	log_error("%s%s", why, status == E_NOT_FOUND ? "; start bootgated once, or use `bootgatectl authority init --verifier`" : "");
	return false;
}

bool
state_complain(const struct state *s, const char *what, enum status status)
{
	const char *why = status == E_STORE || status == E_BUSY ? store_why(s->store) : "";

	log_error("%s: %s%s%s", what, status_text(status), why[0] != '\0' ? ": " : "", why);
	return false;
}

/* Room for the file and one byte more, where its size is known; what is no file has up to ${max}. */
static size_t
room_for(const char *path, size_t max)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISREG(st.st_mode) && st.st_size >= 0 && (uintmax_t)st.st_size < max ? (size_t)st.st_size + 1 : max;
}

uint8_t *
state_read_file(const char *path, size_t max, struct bytes *out)
{
	size_t room = room_for(path, max);
	uint8_t *p = malloc(room + 1), *fit;
	struct buffer b = buffer_of(p, room);
	enum status s = p == NULL ? E_MEMORY : file_read(strcmp(path, "-") == 0 ? "/dev/stdin" : path, &b);

	if (s != OK) {
		log_error("%s: %s", path, status_text(s));
		free(p);
		return NULL;
	}
	fit = realloc(p, b.n + 1);
	p = fit != NULL ? fit : p;
	p[b.n] = '\0';
	*out = bytes_of(p, b.n);
	return p;
}

const char *
state_time(uint64_t seconds, char out[STATE_TIME_SIZE])
{
	time_t t = seconds > INT32_MAX * UINT64_C(100) ? 0 : (time_t)seconds;
	struct tm tm;

	if (gmtime_r(&t, &tm) == NULL || strftime(out, STATE_TIME_SIZE, "%Y-%m-%d %H:%M:%SZ", &tm) == 0)
		snprintf(out, STATE_TIME_SIZE, "?");
	return out;
}
