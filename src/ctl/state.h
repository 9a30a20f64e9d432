/* SPDX-License-Identifier: ISC */
/*
 * The verifier's state, as the operator's tool opens it: configuration, keys, database.
 */
#ifndef CTL_STATE_H
#define CTL_STATE_H

#include "store/config.h"
#include "store/keys.h"
#include "store/store.h"

#define STATE_CONFIG "/etc/bootgate/bootgated.conf"

struct state {
	struct config config;
	struct store *store;
	unsigned operator; /* who calls: the uid of the login, else the own */
};

/*
 * state_open(config, s): reads the verifier's configuration and opens its database, made if there is none.  What is made belongs to the owner of the
 * state directory: root becomes that user first, for good, so read other files before.  False with the reason on standard error.
 */
bool state_open(const char *config, struct state *s);
void state_close(struct state *s);

/* state_load_keys(s, k): the verifier's keys; keys_wipe() after use. False with the reason on standard error. */
bool state_load_keys(const struct state *s, struct keys *k);

/* state_complain(s, what, status): why the database did not do what it should. Always false. */
bool state_complain(const struct state *s, const char *what, enum status status);

/* state_become_owner(folder): see state_open(); nothing for those who are not root. False with the reason on standard error. */
bool state_become_owner(const char *folder);

/* state_read_file(path, max, out): all of ${path} ("-": standard input) in memory of malloc(), a NUL after it. NULL with the reason on standard error. */
uint8_t *state_read_file(const char *path, size_t max, struct bytes *out);

/* state_time(seconds, out): UTC, "2026-11-24 17:27:32Z". */
#define STATE_TIME_SIZE 24
const char *state_time(uint64_t seconds, char out[STATE_TIME_SIZE]);

#endif
