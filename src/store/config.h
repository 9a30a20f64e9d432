/* SPDX-License-Identifier: ISC */
/*
 * bootgated's configuration file, bootgated.conf(5), in libconfuse's syntax.  Read by bootgated and by bootgatectl, which finds the state directory in it.
 *
 *   state = "/var/lib/bootgate"          keys, delegations, database; made if missing
 *   listen = { "127.0.0.1:8443" }        address:port, IPv6 in brackets; at least one
 *   name = "verifier.example"            what machines write to their logs; the host's name if left out
 *   authority = "FILE"                   the authority's public key; STATE/authority.pub if left out
 *   ek-ca = { "DIR", ... }               folders of manufacturers' CA certificates, PEM or DER; none: no chain is accepted
 *   default-policy = "default"           for machines whose token names none
 *   judges = 2                           1..16 processes; the number of processors if left out
 *   max-clients = 1024                   connections at a time
 *   max-clients-per-address = 64         from one IPv4 address or one IPv6 /64
 *   max-evidence-per-machine = 30        judged in a minute
 *   keep-cases = 8                       case files kept per machine: so many approved, four times as many others
 *   token-hours = 24                     how long a token of `bootgatectl enroll token` is good
 *   log = info | debug
 */
#ifndef STORE_CONFIG_H
#define STORE_CONFIG_H

#include <limits.h>

#include "base/bytes.h"

#define CONFIG_LISTEN_MAX 8
#define CONFIG_EK_CA_MAX 8
#define CONFIG_NAME_MAX 64
#define CONFIG_JUDGES_MAX 16

struct config {
	char state[PATH_MAX];
	size_t listens;
	char listen[CONFIG_LISTEN_MAX][128];
	char name[CONFIG_NAME_MAX + 1];
	char authority[PATH_MAX]; /* always set */
	size_t ek_cas;
	char ek_ca[CONFIG_EK_CA_MAX][PATH_MAX];
	char default_policy[CONFIG_NAME_MAX + 1];
	unsigned judges, max_clients, max_clients_per_address, max_evidence_per_machine, keep_cases, token_hours;
	bool debug;
};

/*
 * config_load(path, c, why, size): E_CONFIG with "FILE:LINE: sentence" in ${why}. Refuses unknown keys, ${…} (libconfuse would take it from the
 * environment), files above 64 KiB, values out of range.
 */
enum status config_load(const char *path, struct config *c, char *why, size_t size);

#endif
