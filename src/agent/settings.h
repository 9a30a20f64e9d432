/* SPDX-License-Identifier: ISC */
/*
 * The agent's configuration: /etc/bootgate/bootgate.conf, `key = value` lines, measured with the image that holds it.
 * (bootgate.conf(5))
 */
#ifndef AGENT_SETTINGS_H
#define AGENT_SETTINGS_H

#include "crypto/ec.h"
#include "net/trust.h"
#include "net/url.h"

#define SETTINGS_PATH "/etc/bootgate/bootgate.conf"
#define SETTINGS_VERIFIERS_MAX 8
#define SETTINGS_VOLUMES_MAX 16
#define SETTINGS_AUTH_MAX 64
#define SETTINGS_ADDRESSES_MAX 8
#define SETTINGS_NAMESERVERS_MAX 3

enum give_up { GIVE_UP_NEVER, GIVE_UP_AFTER, GIVE_UP_POWEROFF };
enum root_kind { ROOT_APPROVED, ROOT_VERITY, ROOT_UNPROTECTED };

/* Who brings the network up: the agent, the system, or the agent when nobody else has. */
enum network_mode { NETWORK_AUTO, NETWORK_OWN, NETWORK_SYSTEM };

/* A link's static address: in host order; gateway 0: none. */
struct settings_address {
	char link[16];
	uint32_t address, gateway;
	uint8_t prefix;
};

/* A volume that has a name of its own; others are called luks-UUID. */
struct settings_volume {
	char name[64], uuid[40];
};

struct settings {
	size_t verifiers;
	struct url verifier[SETTINGS_VERIFIERS_MAX];
	char verifier_text[SETTINGS_VERIFIERS_MAX][300];
	size_t volumes;
	struct settings_volume volume[SETTINGS_VOLUMES_MAX];
	enum give_up give_up;
	unsigned give_up_seconds;
	bool memory_overwrite, prompt;
	enum root_kind root;
	enum network_mode network;
	size_t addresses, nameservers;
	struct settings_address address[SETTINGS_ADDRESSES_MAX];
	char nameserver[SETTINGS_NAMESERVERS_MAX][46];
	char tpm[128];         /* a TCTI, or empty: /dev/tpm0, /dev/tpmrm0 */
	char authority_path[256], tls_ca_path[256];
	char event_log[256];   /* binary_bios_measurements of securityfs; what it says is proved by the quote */
	struct ec_public authority;
	struct trust trust;
};

/* settings_parse(text, s, line): E_CONFIG with the line number on what is not known or doubled. Pure. Defaults first. */
enum status settings_parse(struct bytes text, struct settings *s, unsigned *line, const char **why);

/* settings_load(path, s): the file, the authority's key and the TLS CA. Says what is wrong, by file and line. */
enum status settings_load(const char *path, struct settings *s);

/* settings_add_verifier(s, text): one more, tried after those there are; NULL, or why not. */
const char *settings_add_verifier(struct settings *s, const char *text);

/* settings_has(s, uuid): whether the configuration names that volume. */
bool settings_has(const struct settings *s, const char *uuid);

/* settings_name(s, uuid, name, size): the mapping's name for a volume. */
void settings_name(const struct settings *s, const char *uuid, char *name, size_t size);

#endif
