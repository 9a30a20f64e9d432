/* SPDX-License-Identifier: ISC */
/*
 * The way to a verifier.  (bootgate.conf(5), `network`)
 *
 * Where the network is the agent's to bring up, a child does it: it raises every Ethernet link that nobody else has, takes addresses by
 * configuration, DHCP and router advertisement on all of them at once, resolves names, and connects; what it hands over is a connected
 * socket.  It reads what strangers send, so it holds no key, cannot open the TPM, and keeps of root's rights only what addresses take.
 */
#ifndef AGENT_NETWORK_H
#define AGENT_NETWORK_H

#include <sys/types.h>

#include "agent/settings.h"

#define NETWORK_RESOLVER_MAX 2048

struct network {
	pid_t child; /* 0: the network is the system's */
	int fd;      /* to the child */
	struct network_made *made;
	size_t resolver_n; /* /etc/resolv.conf as it was */
	char resolver[NETWORK_RESOLVER_MAX];
};

/*
 * network_start(s, n): before anything secret is in memory.  Starts the child where `network` and what is there say so.  Never fails: without a
 * child the system's network is used.
 */
void network_start(const struct settings *s, struct network *n);

/*
 * network_dial(n, s, verifier, fd, said, size): a connected socket to settings->verifier[${verifier}].  Without a child ${*fd} is -1 and the
 * caller connects by itself.  With one it waits, up to 5 minutes, for a link that carries; what the child says meanwhile is logged, and
 * verifiers that the network names are added to ${s}: hints, like all of them.  E_NETWORK, E_TIMEOUT with ${said}.
 */
enum status network_dial(const struct network *n, struct settings *s, size_t verifier, int *fd, char *said, size_t size);

/* network_stop(n): ends the child and takes down what it made: addresses, links, /etc/resolv.conf. */
void network_stop(struct network *n);

#endif
