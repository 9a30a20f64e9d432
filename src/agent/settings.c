/* SPDX-License-Identifier: ISC */
#include "agent/settings.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/file.h"
#include "base/log.h"
#include "crypto/keyfile.h"

typedef const char *setter(struct settings *s, const char *value);

static const char *
set_text(char *to, size_t size, const char *value)
{
	if (strlen(value) >= size)
		return "too long";
	memcpy(to, value, strlen(value) + 1);
	return NULL;
}

const char *
settings_add_verifier(struct settings *s, const char *value)
{
	if (s->verifiers == SETTINGS_VERIFIERS_MAX)
		return "more than 8 verifiers";
	if (url_parse(value, &s->verifier[s->verifiers]) != OK)
		return "a verifier is https://HOST[:PORT], nothing more";
	return set_text(s->verifier_text[s->verifiers++], sizeof s->verifier_text[0], value);
}

static bool
is_uuid(const char *text)
{
	return strlen(text) == 36 && strspn(text, "0123456789abcdef-") == 36;
}

static bool
is_mapping_name(const char *text)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-";

	return text[0] != '\0' && text[0] != '.' && text[0] != '-' && strspn(text, allowed) == strlen(text);
}

static const char *
set_volume(struct settings *s, const char *value)
{
	struct settings_volume *v = &s->volume[s->volumes];
	int used = 0;

	if (s->volumes == SETTINGS_VOLUMES_MAX)
		return "more than 16 volumes";
	if (sscanf(value, "%63s %39s%n", v->name, v->uuid, &used) != 2 || value[used] != '\0')
		return "a volume is NAME UUID";
	if (!is_mapping_name(v->name) || !is_uuid(v->uuid))
		return "a volume is NAME UUID: a plain name, and a UUID in lower case as cryptsetup luksUUID prints it";
	for (size_t i = 0; i < s->volumes; i++)
		if (strcmp(s->volume[i].name, v->name) == 0 || strcmp(s->volume[i].uuid, v->uuid) == 0)
			return "two volumes of one name, or one volume with two names";
	s->volumes++;
	return NULL;
}

static const char *
set_give_up(struct settings *s, const char *value)
{
	char *end;
	unsigned long seconds;

	if (strcmp(value, "never") == 0) {
		s->give_up = GIVE_UP_NEVER;
		return NULL;
	}
	if (strcmp(value, "poweroff") == 0) {
		s->give_up = GIVE_UP_POWEROFF;
		return NULL;
	}
	seconds = strtoul(value, &end, 10);
	if (end == value || *end != '\0' || seconds == 0 || seconds > 86400)
		return "give-up is never, poweroff, or seconds from 1 to 86400";
	s->give_up = GIVE_UP_AFTER;
	s->give_up_seconds = (unsigned)seconds;
	return NULL;
}

static const char *
set_bool(bool *to, const char *value)
{
	*to = strcmp(value, "on") == 0;
	return *to || strcmp(value, "off") == 0 ? NULL : "on or off";
}

static const char *
set_memory_overwrite(struct settings *s, const char *value)
{
	return set_bool(&s->memory_overwrite, value);
}

static const char *
set_prompt(struct settings *s, const char *value)
{
	return set_bool(&s->prompt, value);
}

static const char *
set_root(struct settings *s, const char *value)
{
	if (strcmp(value, "verity") == 0)
		s->root = ROOT_VERITY;
	else if (strcmp(value, "unprotected") == 0)
		s->root = ROOT_UNPROTECTED;
	else
		return "root is verity or unprotected; left out, it must be a volume that bootgate opened";
	return NULL;
}

static const char *
set_network(struct settings *s, const char *value)
{
	static const char *const modes[] = { [NETWORK_AUTO] = "auto", [NETWORK_OWN] = "own", [NETWORK_SYSTEM] = "system" };

	for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
		if (strcmp(value, modes[i]) != 0)
			continue;
		s->network = (enum network_mode)i;
		return NULL;
	}
	return "network is own, system or auto";
}

static bool
parse_ipv4(const char *text, uint32_t *address)
{
	struct in_addr a;

	if (inet_pton(AF_INET, text, &a) != 1)
		return false;
	*address = ntohl(a.s_addr);
	return true;
}

static const char *
set_address(struct settings *s, const char *value)
{
	struct settings_address *a = &s->address[s->addresses];
	char address[16], gateway[16] = "";
	unsigned prefix = 0;
	int used = 0, fields;

	if (s->addresses == SETTINGS_ADDRESSES_MAX)
		return "more than 8 addresses";
	fields = sscanf(value, "%15s %15[0-9.]/%2u%n %15s%n", a->link, address, &prefix, &used, gateway, &used);
	if (fields < 3 || value[used] != '\0' || prefix < 1 || prefix > 32 || !parse_ipv4(address, &a->address) ||
		(fields == 4 && !parse_ipv4(gateway, &a->gateway)))
		return "an address is LINK ADDRESS/PREFIX [GATEWAY], in IPv4";
	a->prefix = (uint8_t)prefix;
	s->addresses++;
	return NULL;
}

static const char *
set_nameserver(struct settings *s, const char *value)
{
	struct in6_addr a;

	if (s->nameservers == SETTINGS_NAMESERVERS_MAX)
		return "more than 3 name servers";
	if (inet_pton(AF_INET, value, &a) != 1 && inet_pton(AF_INET6, value, &a) != 1)
		return "a name server is an IPv4 or IPv6 address";
	return set_text(s->nameserver[s->nameservers++], sizeof s->nameserver[0], value);
}

static const char *
set_tpm(struct settings *s, const char *value)
{
	return set_text(s->tpm, sizeof s->tpm, value);
}

static const char *
set_authority(struct settings *s, const char *value)
{
	return set_text(s->authority_path, sizeof s->authority_path, value);
}

static const char *
set_tls_ca(struct settings *s, const char *value)
{
	return set_text(s->tls_ca_path, sizeof s->tls_ca_path, value);
}

static const char *
set_event_log(struct settings *s, const char *value)
{
	return set_text(s->event_log, sizeof s->event_log, value);
}

static const struct {
	const char *key;
	setter *set;
	bool many;
} keys[] = {
	{ "verifier", settings_add_verifier, true },
	{ "volume", set_volume, true },
	{ "give-up", set_give_up, false },
	{ "memory-overwrite", set_memory_overwrite, false },
	{ "prompt", set_prompt, false },
	{ "root", set_root, false },
	{ "network", set_network, false },
	{ "address", set_address, true },
	{ "nameserver", set_nameserver, true },
	{ "tpm", set_tpm, false },
	{ "authority", set_authority, false },
	{ "tls-ca", set_tls_ca, false },
	{ "event-log", set_event_log, false },
};

#define KEYS (sizeof keys / sizeof *keys)

static char *
trim(char *text)
{
	size_t n;

	text += strspn(text, " \t");
	for (n = strlen(text); n > 0 && strchr(" \t\r", text[n - 1]) != NULL;)
		text[--n] = '\0';
	return text;
}

static const char *
parse_line(struct settings *s, char *line, bool *seen)
{
	char *equals, *key, *value;

	line = trim(line);
	if (*line == '\0' || *line == '#')
		return NULL;
	equals = strchr(line, '=');
	if (equals == NULL)
		return "not of the form key = value";
	*equals = '\0';
	key = trim(line);
	value = trim(equals + 1);
	for (size_t i = 0; i < KEYS; i++) {
		if (strcmp(keys[i].key, key) != 0)
			continue;
		if (seen[i] && !keys[i].many)
			return "given twice";
		seen[i] = true;
		return keys[i].set(s, value);
	}
	return "there is no such key";
}

enum status
settings_parse(struct bytes text, struct settings *s, unsigned *line, const char **why)
{
	bool seen[KEYS] = { false };
	struct reader r = reader_of(text);

	memset(s, 0, sizeof *s);
	s->memory_overwrite = s->prompt = true;
	set_text(s->authority_path, sizeof s->authority_path, "/etc/bootgate/authority.pem");
	set_text(s->tls_ca_path, sizeof s->tls_ca_path, "/etc/bootgate/tls-ca.pem");
	set_text(s->event_log, sizeof s->event_log, "/sys/kernel/security/tpm0/binary_bios_measurements");
	for (*line = 1; reader_left(&r) > 0; ++*line) {
		const uint8_t *end = memchr(r.p + r.at, '\n', reader_left(&r));
		size_t n = end == NULL ? reader_left(&r) : (size_t)(end - r.p) - r.at;
		char copy[512] = "";

		*why = "line longer than 511 characters, or with a NUL";
		if (n >= sizeof copy || memchr(r.p + r.at, '\0', n) != NULL)
			return E_CONFIG;
		reader_copy(&r, copy, n);
		if (end != NULL)
			reader_u8(&r);
		*why = parse_line(s, copy, seen);
		if (*why != NULL)
			return E_CONFIG;
	}
	return OK;
}

static enum status
load_keys(struct settings *s)
{
	uint8_t memory[TRUST_BYTES_MAX];
	struct buffer b = BUFFER(memory);
	enum status status = file_read(s->authority_path, &b);

	if (status == OK)
		status = keyfile_decode_public(buffer_view(&b), &s->authority);
	if (status != OK) {
		log_error("%s: the authority's public key: %s", s->authority_path, status_text(status));
		return status;
	}
	b.n = 0;
	status = file_read(s->tls_ca_path, &b);
	if (status == OK)
		status = trust_parse(buffer_view(&b), &s->trust);
	if (status != OK)
		log_error("%s: CA certificates for the verifiers' TLS: %s", s->tls_ca_path, status_text(status));
	return status;
}

enum status
settings_load(const char *path, struct settings *s)
{
	uint8_t memory[16384];
	struct buffer b = BUFFER(memory);
	const char *why = NULL;
	unsigned line = 0;
	enum status status = file_read(path, &b);

	if (status != OK) {
		log_error("%s: %s", path, status_text(status));
		return status;
	}
	status = settings_parse(buffer_view(&b), s, &line, &why);
	if (status != OK) {
		log_error("%s:%u: %s", path, line, why);
		return status;
	}
	return load_keys(s);
}

static const struct settings_volume *
find_volume(const struct settings *s, const char *uuid)
{
	for (size_t i = 0; i < s->volumes; i++)
		if (strcasecmp(s->volume[i].uuid, uuid) == 0)
			return &s->volume[i];
	return NULL;
}

bool
settings_has(const struct settings *s, const char *uuid)
{
	return find_volume(s, uuid) != NULL;
}

void
settings_name(const struct settings *s, const char *uuid, char *name, size_t size)
{
	const struct settings_volume *v = find_volume(s, uuid);

	snprintf(name, size, v != NULL ? "%s" : "luks-%s", v != NULL ? v->name : uuid);
}
