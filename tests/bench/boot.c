/* SPDX-License-Identifier: ISC */
/*
 * The agent's part of a boot on a host that has no device mapper: what `bootgate boot` does from its start until it holds the key
 * of a volume's slot and the door is closed, by the agent's own objects.  Prints the key, as `clevis decrypt` prints what it decrypted.
 *
 *     boot CONFIGURATION DEVICE [FILE]
 *
 * To FILE goes one line: milliseconds in TPM commands, in the connection to the verifier and its answers, in public-key operations
 * besides, and in all else.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "agent/approve.h"
#include "base/file.h"
#include "base/log.h"
#include "base/memory.h"
#include "net/https.h"

enum part { TPM, NETWORK, CRYPTO, PARTS };
static double spent[PARTS];

static double
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

/* The linker puts these between the agent and its layers below (-Wl,--wrap). */
#define TIMED(part, name, parameters, arguments)                       \
	enum status __real_##name parameters;                          \
	enum status __wrap_##name parameters;                          \
	enum status __wrap_##name parameters                           \
	{                                                              \
		double start = now();                                  \
		enum status s = __real_##name arguments;               \
                                                                       \
		spent[part] += now() - start;                          \
		return s;                                              \
	}

TIMED(TPM, tpm_open, (const char *tcti, struct tpm **t), (tcti, t))
TIMED(TPM, tpm_banks, (struct tpm *t, enum hash_alg *banks, size_t *n), (t, banks, n))
TIMED(TPM, tpm_session_begin, (struct tpm *t, const struct tpm_object *ek, uint8_t *nonce), (t, ek, nonce))
TIMED(TPM, tpm_quote, (struct tpm *t, const struct tpm_object *ak, const uint8_t *qualifying, const enum hash_alg *banks, size_t n,
	struct buffer *attest, struct buffer *signature), (t, ak, qualifying, banks, n, attest, signature))
TIMED(TPM, tpm_secret_read, (struct tpm *t, const struct tpm_object *nv, const struct tpm_approval *a, struct tpm_ticket *ticket,
	uint8_t *secret), (t, nv, a, ticket, secret))
TIMED(TPM, tpm_door_close, (struct tpm *t, struct bytes outcome), (t, outcome))
TIMED(TPM, tpm_flush, (struct tpm *t), (t))
TIMED(NETWORK, https_open, (const struct url *u, const struct trust *t, unsigned seconds, struct https **h), (u, t, seconds, h))
TIMED(NETWORK, https_send, (struct https *h, const char *method, const char *path, struct bytes body), (h, method, path, body))
TIMED(NETWORK, https_receive, (struct https *h, unsigned seconds, struct buffer *body, struct https_answer *a), (h, seconds, body, a))
TIMED(CRYPTO, hpke_generate, (struct hpke_private *k), (k))
TIMED(CRYPTO, hpke_derive, (struct bytes ikm, struct hpke_private *k), (ikm, k))
TIMED(CRYPTO, message_result_verify, (const struct result *r, const struct ec_public *authority, const struct binding *b,
	const uint8_t *digest, struct buffer *scratch, struct statement *m), (r, authority, b, digest, scratch, m))
TIMED(CRYPTO, message_share_open, (const struct hpke_private *k, const uint8_t *digest, const struct sealed_share *sealed, uint8_t *share),
	(k, digest, sealed, share))
TIMED(CRYPTO, seal_open, (const struct token_seal *seal, const struct hpke_private *machine, const uint8_t *share, struct bytes aad,
	uint8_t *key), (seal, machine, share, aad, key))

/* The approving process writes to the one that opens; here both are one, and a key fits in a pipe. */
static enum status
approve(const struct settings *settings, const struct volume *v, struct attest *a, struct approve_key *key)
{
	int ends[2];
	enum status s = pipe2(ends, O_CLOEXEC) == 0 ? OK : E_IO;

	if (s == OK)
		s = approve_run(settings, v, 1, ends[1], a);
	if (s == OK) {
		close(ends[1]);
		s = file_read_all(ends[0], key, sizeof *key);
	}
	return s;
}

static void
note(const char *path, double all)
{
	FILE *f = fopen(path, "ae");

	if (f == NULL)
		return;
	fprintf(f, "%.3f %.3f %.3f %.3f\n", spent[TPM], spent[NETWORK], spent[CRYPTO], all - spent[TPM] - spent[NETWORK] - spent[CRYPTO]);
	fclose(f);
}

int
main(int argc, char **argv)
{
	static struct settings settings;
	static struct volume volume;
	static struct attest attest;
	struct approve_key key;
	double start = now();
	enum status s;

	if (argc < 3 || argc > 4) {
		fprintf(stderr, "usage: boot CONFIGURATION DEVICE [FILE]\n");
		return 2;
	}
	log_open("bootgate", false);
	s = settings_load(argv[1], &settings);
	if (s == OK)
		memory_protect();
	if (s == OK)
		s = volume_read(argv[2], &volume);
	if (s == OK)
		s = approve(&settings, &volume, &attest, &key);
	if (s != OK) {
		log_error("%s", status_text(s));
		return 1;
	}
	if (argc == 4)
		note(argv[3], now() - start);
	s = file_write_all(STDOUT_FILENO, bytes_of(key.key, strlen(key.key)));
	memory_wipe(&key, sizeof key);
	return s == OK ? 0 : 1;
}
