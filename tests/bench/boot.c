/* SPDX-License-Identifier: ISC */
/*
 * The agent's part of a boot on a host that has no device mapper: what `bootgate boot` does from its start until it holds the key
 * of a volume's slot and the door is closed, by the agent's own objects.  Prints the key, as `clevis decrypt` prints what it decrypted.
 *
 *     boot CONFIGURATION DEVICE [FILE]
 *
 * To FILE goes one line: milliseconds in waiting for the TPM's answers, in the connection to the verifier and its answers, and in all
 * else.
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
#include "tpm/tcti.h"

static double waited_for_tpm, waited_for_verifier;

static double
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

/* The linker puts the functions below between the agent and what it waits for (-Wl,--wrap). */
enum status __real_tcti_open(const char *name, TSS2_TCTI_CONTEXT **tcti, bool *raw);
enum status __wrap_tcti_open(const char *name, TSS2_TCTI_CONTEXT **tcti, bool *raw);

static TSS2_TCTI_RECEIVE_FCN real_receive;

static TSS2_RC
receive(TSS2_TCTI_CONTEXT *tcti, size_t *size, uint8_t *response, int32_t timeout)
{
	double start = now();
	TSS2_RC rc = real_receive(tcti, size, response, timeout);

	waited_for_tpm += now() - start;
	return rc;
}

enum status
__wrap_tcti_open(const char *name, TSS2_TCTI_CONTEXT **tcti, bool *raw)
{
	enum status s = __real_tcti_open(name, tcti, raw);

	if (s == OK) {
		real_receive = TSS2_TCTI_RECEIVE(*tcti);
		TSS2_TCTI_RECEIVE(*tcti) = receive;
	}
	return s;
}

#define TIMED(name, parameters, arguments)                             \
	enum status __real_##name parameters;                          \
	enum status __wrap_##name parameters;                          \
	_Static_assert(__builtin_types_compatible_p(__typeof__(name), __typeof__(__real_##name)), #name " has other parameters now"); \
	enum status __wrap_##name parameters                           \
	{                                                              \
		double start = now();                                  \
		enum status s = __real_##name arguments;               \
                                                                       \
		waited_for_verifier += now() - start;                  \
		return s;                                              \
	}

TIMED(https_open, (const struct url *u, const struct trust *t, unsigned seconds, struct https **h), (u, t, seconds, h))
TIMED(https_send, (struct https *h, const char *method, const char *path, struct bytes body), (h, method, path, body))
TIMED(https_receive, (struct https *h, unsigned seconds, struct buffer *body, struct https_answer *a), (h, seconds, body, a))

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
	fprintf(f, "%.3f %.3f %.3f\n", waited_for_tpm, waited_for_verifier, all - waited_for_tpm - waited_for_verifier);
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
