/* SPDX-License-Identifier: ISC */
/*
 * What firmware does to a TPM in a boot, for a software TPM on a Unix socket.
 *
 *     firmware SOCKET LOG      extend the PCRs, in every bank of the log, by each of its events
 *     firmware SOCKET          TPM2_Shutdown(CLEAR), as before the power goes
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/file.h"
#include "eventlog/eventlog.h"

#define NO_SESSIONS 0x8001
#define SESSIONS 0x8002
#define PCR_EXTEND 0x182
#define SHUTDOWN 0x145
#define PASSWORD_SESSION 0x40000009

static int tpm;

static bool
connect_to(const char *path)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };

	if (strlen(path) >= sizeof to.sun_path)
		return false;
	memcpy(to.sun_path, path, strlen(path));
	tpm = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	return tpm >= 0 && connect(tpm, (const struct sockaddr *)&to, sizeof to) == 0;
}

/* One command: header (Part 1, 18.6) and ${rest}; whether the TPM did it. */
static bool
command(uint16_t tag, uint32_t code, struct bytes rest)
{
	uint8_t out[1024], in[1024];
	struct buffer b = BUFFER(out);
	struct reader r;

	buffer_be16(&b, tag);
	buffer_be32(&b, (uint32_t)(10 + rest.n));
	buffer_be32(&b, code);
	buffer_bytes(&b, rest);
	if (b.failed != OK || file_write_all(tpm, buffer_view(&b)) != OK || file_read_all(tpm, in, 10) != OK)
		return false;
	r = reader_of(bytes_of(in, 10));
	reader_be16(&r);
	b.n = reader_be32(&r);
	if (b.n < 10 || b.n > sizeof in || file_read_all(tpm, in + 10, b.n - 10) != OK)
		return false;
	return reader_be32(&r) == 0;
}

/* TPM2_PCR_Extend with an empty password.  (Part 3, 22.2) */
static bool
extend(const struct eventlog *log, const struct event *ev)
{
	uint8_t memory[1024];
	struct buffer b = BUFFER(memory);

	buffer_be32(&b, ev->pcr);
	buffer_be32(&b, 9);
	buffer_be32(&b, PASSWORD_SESSION);
	buffer_be16(&b, 0);
	buffer_u8(&b, 0);
	buffer_be16(&b, 0);
	buffer_be32(&b, (uint32_t)log->algs);
	for (size_t i = 0; i < log->algs; i++) {
		buffer_be16(&b, log->alg[i].alg);
		buffer_bytes(&b, event_digest(ev, (enum hash_alg)log->alg[i].alg));
	}
	return b.failed == OK && command(SESSIONS, PCR_EXTEND, buffer_view(&b));
}

static bool
replay(const char *path)
{
	static uint8_t memory[512 * 1024];
	struct buffer b = BUFFER(memory);
	struct eventlog log;
	struct event ev;

	if (file_read(path, &b) != OK)
		return false;
	eventlog_begin(&log, buffer_view(&b), EVENTLOG_APPRAISE);
	while (eventlog_next(&log, &ev))
		if (event_extends(&ev) && !extend(&log, &ev))
			return false;
	return eventlog_end(&log) == OK;
}

int
main(int argc, char **argv)
{
	static const uint8_t clear[2] = { 0, 0 };

	if (argc < 2 || argc > 3) {
		fprintf(stderr, "usage: firmware SOCKET [LOG]\n");
		return 2;
	}
	if (!connect_to(argv[1]) || !(argc == 3 ? replay(argv[2]) : command(NO_SESSIONS, SHUTDOWN, BYTES(clear)))) {
		fprintf(stderr, "firmware: the TPM at %s, or the log, did not do it\n", argv[1]);
		return 1;
	}
	return 0;
}
