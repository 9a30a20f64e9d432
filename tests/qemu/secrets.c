/* SPDX-License-Identifier: ISC */
/*
 * What a boot must not leave behind (S9, S22): a machine's secrets, known from its disk, its TPM's state and its verifier, and searched for.
 *
 *   secrets collect DISK TPM-STATE STATE     "name hex" a line: what the volume's token, swtpm's file and the verifier's database give together
 *   secrets boot-key CASE MEMORY             the private HPKE key of the boot that an audit record is about, from memory taken while it was asked for
 *   secrets search SECRETS FILE...           "name N" a line: how often each secret is in the files, as bytes, as hex or as base64
 *
 * Nothing is guessed: tpm_secret is the one string in the TPM's file that gives the machine's key pair, the slot key what the seal opens to.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "crypto/x25519.h"
#include "luks/header.h"
#include "luks/seal.h"
#include "policy/case.h"
#include "store/keys.h"
#include "store/store.h"

#define DISK_MAX (16u << 20)
#define NEAR 4096
#define SECRETS_MAX 32

_Noreturn static void
die(const char *what, const char *why)
{
	fprintf(stderr, "secrets: %s: %s\n", what, why);
	exit(1);
}

static struct bytes
map(const char *path, size_t max)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	size_t n;
	void *p;

	if (fd < 0 || fstat(fd, &st) != 0)
		die(path, "cannot be opened");
	n = (size_t)st.st_size < max ? (size_t)st.st_size : max;
	p = n > 0 ? mmap(NULL, n, PROT_READ, MAP_PRIVATE, fd, 0) : NULL;
	close(fd);
	if (p == MAP_FAILED)
		die(path, "cannot be mapped");
	return bytes_of(p, n);
}

static void
print(const char *name, struct bytes secret)
{
	char hex[2 * 64 + 1];

	printf("%s %s\n", name, text_hex(secret, hex, sizeof hex));
}

/* --- collect --- */

struct volume {
	struct token token;
	uint8_t aad[METADATA_AAD_MAX];
	size_t aad_n;
};

static void
read_volume(const char *path, struct volume *v)
{
	static struct json json;
	static struct header header;
	struct bytes disk = map(path, DISK_MAX);
	struct buffer aad = BUFFER(v->aad);
	const struct metadata_token *t;

	if (header_decode(disk, &json, &header) != HEADER_OK)
		die(path, "no LUKS2 header");
	t = metadata_token(&header.now.data, TOKEN_TYPE);
	if (t == NULL || token_decode(t->json, &json, &v->token) != OK || v->token.seals == 0)
		die(path, "no token");
	if (header_aad(&header, v->token.keyslot, &aad) != HEADER_OK)
		die(path, "the key slot is refused");
	v->aad_n = aad.n;
}

static void
find_secret(const char *path, const uint8_t machine_key[TOKEN_MACHINE_KEY_SIZE], struct hpke_private *k)
{
	struct bytes in = map(path, SIZE_MAX);

	for (size_t i = 0; i + 32 <= in.n; i++) {
		struct bytes window = bytes_of(in.p + i, 32);

		if (hpke_derive(window, k) == OK && memcmp(k->pk, machine_key, sizeof k->pk) == 0) {
			print("tpm_secret", window);
			print("machine-key", BYTES(k->sk));
			return;
		}
	}
	die(path, "no secret of this machine is in it");
}

struct share_search {
	const uint8_t *id, *master;
	uint8_t share[SHARE_SIZE];
	bool found;
};

static bool
take_share(const struct store_share *s, void *arg)
{
	struct share_search *f = arg;
	uint8_t aad_space[MACHINE_ID_SIZE + SHARE_ID_SIZE];
	struct buffer aad = BUFFER(aad_space), out = BUFFER(f->share);

	if (memcmp(s->id, f->id, SHARE_ID_SIZE) != 0)
		return true;
	buffer_bytes(&aad, BYTES(s->machine));
	buffer_bytes(&aad, BYTES(s->id));
	f->found = keys_unwrap(f->master, STORE_SHARE_PURPOSE, buffer_view(&aad), bytes_of(s->wrapped, s->n), &out) == OK && out.n == SHARE_SIZE;
	return true;
}

struct shares {
	struct store *store;
	struct share_search search;
};

static bool
look_at_machine(const struct machine *m, void *arg)
{
	struct shares *s = arg;

	return store_share_each(s->store, m->id, take_share, &s->search) == OK;
}

static void
find_share(const char *state, const uint8_t id[SHARE_ID_SIZE], uint8_t share[SHARE_SIZE])
{
	static struct keys keys;
	char why[512], path[PATH_MAX];
	struct shares s = { .search = { .id = id, .master = keys.master } };

	snprintf(path, sizeof path, "%s/%s", state, STORE_FILE);
	if (keys_load(state, NULL, &keys, why, sizeof why) != OK || store_open(path, STORE_CREATE, &s.store, why, sizeof why) != OK)
		die(state, why);
	if (store_machine_each(s.store, look_at_machine, &s) != OK || !s.search.found)
		die(state, "the share is not there");
	store_close(s.store);
	memcpy(share, s.search.share, SHARE_SIZE);
	print("share", bytes_of(share, SHARE_SIZE));
}

static void
collect(char **a)
{
	static struct volume v;
	struct hpke_private machine;
	uint8_t share[SHARE_SIZE], key[SEAL_KEY_SIZE];

	read_volume(a[0], &v);
	find_secret(a[1], v.token.seal[0].machine_key, &machine);
	find_share(a[2], v.token.seal[0].share, share);
	if (seal_open(&v.token.seal[0], &machine, share, bytes_of(v.aad, v.aad_n), key) != OK)
		die(a[0], "the seal does not open");
	print("slot-key", BYTES(key));
}

/* --- boot-key --- */

/* The two halves of a key pair stay together. */
static bool
key_near(struct bytes memory, size_t at, const uint8_t pk[32])
{
	size_t from = at > NEAR ? at - NEAR : 0, to = at + NEAR < memory.n ? at + NEAR : memory.n;
	uint8_t made[32];

	for (size_t i = from; i + 32 <= to; i++) {
		x25519_public(memory.p + i, made);
		if (memcmp(made, pk, 32) == 0) {
			print("boot-key", bytes_of(memory.p + i, 32));
			return true;
		}
	}
	return false;
}

static void
boot_key(char **a)
{
	struct bytes memory = map(a[1], SIZE_MAX);
	const uint8_t *p = memory.p;
	struct case_file c;
	struct evidence e;
	struct binding b;

	if (case_decode(map(a[0], SIZE_MAX), &c) != OK || message_evidence_decode(c.evidence, &e) != OK || message_binding_decode(e.binding, &b) != OK)
		die(a[0], "no case");
	while ((p = memmem(p, memory.n - (size_t)(p - memory.p), b.hpke_key, sizeof b.hpke_key)) != NULL) {
		if (key_near(memory, (size_t)(p - memory.p), b.hpke_key))
			return;
		p++;
	}
	die(a[1], "no private key near the public one");
}

/* --- search --- */

struct secret {
	char name[32];
	size_t n, found;
	uint8_t p[64];
};

static size_t
count(struct bytes in, struct bytes what)
{
	const uint8_t *p = in.p;
	size_t n = 0;

	while (what.n > 0 && in.n > 0 && (p = memmem(p, in.n - (size_t)(p - in.p), what.p, what.n)) != NULL) {
		n++;
		p++;
	}
	return n;
}

/* Half of it is enough: a part may have been overwritten. */
static void
search_one(struct bytes in, struct secret *s)
{
	char hex[2 * 64 + 1], text[SEAL_TEXT_SIZE];

	s->found += count(in, bytes_of(s->p, s->n / 2)) + count(in, bytes_of(s->p + s->n / 2, s->n - s->n / 2));
	text_hex(bytes_of(s->p, s->n), hex, sizeof hex);
	s->found += count(in, bytes_of(hex, s->n));
	for (char *c = hex; *c != '\0'; c++)
		*c = (char)(*c >= 'a' ? *c - 'a' + 'A' : *c);
	s->found += count(in, bytes_of(hex, s->n));
	if (s->n != SEAL_KEY_SIZE)
		return;
	seal_text(s->p, text);
	s->found += count(in, bytes_of(text, 20));
}

static size_t
read_secrets(const char *path, struct secret *s)
{
	FILE *f = fopen(path, "r");
	char line[256], hex[200];
	size_t n = 0;

	if (f == NULL)
		die(path, "cannot be opened");
	while (n < SECRETS_MAX && fgets(line, sizeof line, f) != NULL)
		if (sscanf(line, "%31s %199s", s[n].name, hex) == 2 && text_unhex(hex, s[n].p, sizeof s[n].p, &s[n].n) == OK && s[n].n >= 16)
			n++;
		else
			die(path, "a line that is no secret");
	fclose(f);
	return n;
}

static void
search(char **a, int n)
{
	static struct secret s[SECRETS_MAX];
	size_t secrets = read_secrets(a[0], s);

	for (int i = 1; i < n; i++) {
		struct bytes in = map(a[i], SIZE_MAX);

		for (size_t k = 0; k < secrets; k++)
			search_one(in, &s[k]);
	}
	for (size_t k = 0; k < secrets; k++)
		printf("%s %zu\n", s[k].name, s[k].found);
}

int
main(int argc, char **argv)
{
	if (argc == 5 && strcmp(argv[1], "collect") == 0)
		collect(argv + 2);
	else if (argc == 4 && strcmp(argv[1], "boot-key") == 0)
		boot_key(argv + 2);
	else if (argc >= 4 && strcmp(argv[1], "search") == 0)
		search(argv + 2, argc - 2);
	else
		die("usage", "collect DISK TPM-STATE STATE | boot-key CASE MEMORY | search SECRETS FILE...");
	return 0;
}
