/* SPDX-License-Identifier: ISC */
#include "tpm/tcti.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#ifdef TPM_WITH_SWTPM
#include <sys/socket.h>
#include <sys/un.h>
#endif

#include <tss2/tss2_tpm2_types.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"

#define HEADER 10
#define WAY_MAGIC UINT64_C(0x626f6f7467617465)

/* ${common} is what ESYS sees, and comes first. */
struct way {
	TSS2_TCTI_CONTEXT_COMMON_V1 common;
	const struct kind *kind;
	char where[112];
	int fd;
	int64_t sent, until; /* when the command was, and when the answer must be there */
	bool dead;
};

/*
 * open: what must be there before the first command.  begin: what each command needs before it is sent; 0, or -1.  stream: an answer may
 * come in pieces, and ends its connection; the kernel's comes in one.
 */
struct kind {
	const char *prefix;
	int (*open)(struct way *w);
	int (*begin)(struct way *w);
	bool stream;
};

static int
open_device(struct way *w)
{
	/* Without O_NONBLOCK the kernel would hold us in write() until the TPM has answered. */
	w->fd = open(w->where, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	return w->fd < 0 ? -1 : 0;
}

static int
begin_nothing(struct way *w)
{
	(void)w;
	return 0;
}

#ifdef TPM_WITH_SWTPM
static int
connect_socket(const char *path)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || strlen(path) >= sizeof to.sun_path)
		return -1;
	memcpy(to.sun_path, path, strlen(path) + 1);
	if (connect(fd, (const struct sockaddr *)&to, sizeof to) == 0)
		return fd;
	close(fd);
	return -1;
}

/* A software TPM serves one connection at a time: each command has its own, so that another process comes in between. */
static int
open_nothing(struct way *w)
{
	return access(w->where, F_OK);
}

static int
begin_connection(struct way *w)
{
	w->fd = connect_socket(w->where);
	return w->fd < 0 ? -1 : 0;
}
#endif

static const struct kind kinds[] = {
	{ "device:", open_device, begin_nothing, false },
#ifdef TPM_WITH_SWTPM
	{ "swtpm:path=", open_nothing, begin_connection, true },
#endif
};

static struct way *
way_of(TSS2_TCTI_CONTEXT *tcti)
{
	return (struct way *)(void *)tcti;
}

static void
hang_up(struct way *w)
{
	if (w->fd >= 0)
		close(w->fd);
	w->fd = -1;
}

static TSS2_RC
fail(struct way *w, TSS2_RC rc)
{
	w->dead = true;
	return rc;
}

unsigned
tcti_limit(uint32_t code)
{
	return code == TPM2_CC_CreatePrimary || code == TPM2_CC_Create ? TCTI_KEY_SECONDS : TCTI_ANSWER_SECONDS;
}

unsigned
tcti_waited(TSS2_TCTI_CONTEXT *tcti)
{
	return (unsigned)((clock_now_ms() - way_of(tcti)->sent) / 1000);
}

static TSS2_RC
transmit(TSS2_TCTI_CONTEXT *tcti, size_t n, const uint8_t *command)
{
	struct way *w = way_of(tcti);
	struct reader r = reader_of(bytes_of(command, n));
	ssize_t sent;

	reader_take(&r, 6);
	w->sent = clock_now_ms();
	w->until = w->sent + (int64_t)tcti_limit(reader_be32(&r)) * 1000;
	if (w->dead || w->kind->begin(w) != 0)
		return fail(w, TCTI_FAILED);
	do
		sent = write(w->fd, command, n);
	while (sent < 0 && errno == EINTR);
	return sent == (ssize_t)n ? TSS2_RC_SUCCESS : fail(w, TCTI_FAILED);
}

/* What there is of the answer, within the time. */
static TSS2_RC
receive_some(struct way *w, uint8_t *to, size_t room, size_t *n)
{
	for (;;) {
		struct pollfd p = { w->fd, POLLIN, 0 };
		int64_t left = w->until - clock_now_ms();
		int ready = left > 0 ? poll(&p, 1, (int)left) : 0;
		ssize_t got;

		if (ready == 0)
			return TCTI_TOO_LATE;
		got = ready < 0 ? -1 : read(w->fd, to, room);
		if (got > 0) {
			*n = (size_t)got;
			return TSS2_RC_SUCCESS;
		}
		/* ETIME: the driver's own time is over. */
		if (got == 0 || (errno != EINTR && errno != EAGAIN))
			return got < 0 && errno == ETIME ? TCTI_TOO_LATE : TCTI_FAILED;
	}
}

/* tag 2, size 4, code 4 */
static size_t
size_in(const uint8_t *answer)
{
	struct reader r = reader_of(bytes_of(answer + 2, 4));

	return reader_be32(&r);
}

static uint32_t
code_in(const uint8_t *answer)
{
	struct reader r = reader_of(bytes_of(answer + 6, 4));

	return reader_be32(&r);
}

static TSS2_RC
receive(TSS2_TCTI_CONTEXT *tcti, size_t *size, uint8_t *answer, int32_t timeout)
{
	struct way *w = way_of(tcti);
	size_t have = 0, room = *size, n;

	/* The caller's is "without end". */
	(void)timeout;
	*size = TPM2_MAX_RESPONSE_SIZE;
	if (answer == NULL)
		return TSS2_RC_SUCCESS;
	do {
		TSS2_RC rc = receive_some(w, answer + have, room - have, &n);

		if (rc != TSS2_RC_SUCCESS)
			return fail(w, rc);
		have += n;
	} while (w->kind->stream && (have < HEADER || (have < size_in(answer) && size_in(answer) <= room)));
	if (w->kind->stream)
		hang_up(w);
	if (have < HEADER || size_in(answer) != have || (code_in(answer) != TPM2_RC_SUCCESS && have != HEADER))
		return TCTI_MALFORMED;
	/*
	 * SYS reads on behind an answer that is shorter than its kind is, up to the end of its buffer: what stands there must not be the
	 * last command's.  Behind an error it must be: SYS may send the command again from there.
	 */
	if (code_in(answer) == TPM2_RC_SUCCESS)
		memset(answer + have, 0, room - have);
	*size = have;
	return TSS2_RC_SUCCESS;
}

static void
finalize(TSS2_TCTI_CONTEXT *tcti)
{
	hang_up(way_of(tcti));
}

static enum status
open_kind(const struct kind *k, const char *where, TSS2_TCTI_CONTEXT **tcti)
{
	struct way *w = calloc(1, sizeof *w);

	if (w == NULL)
		return E_MEMORY;
	w->common = (TSS2_TCTI_CONTEXT_COMMON_V1){ .magic = WAY_MAGIC, .version = 1, .transmit = transmit, .receive = receive, .finalize = finalize };
	w->kind = k;
	snprintf(w->where, sizeof w->where, "%s", where);
	w->fd = -1;
	if (k->open(w) != 0) {
		int error = errno;

		free(w);
		return error == EBUSY ? E_BUSY : file_status(error);
	}
	*tcti = (TSS2_TCTI_CONTEXT *)(void *)w;
	return OK;
}

static enum status
open_named(const char *name, TSS2_TCTI_CONTEXT **tcti)
{
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		size_t n = strlen(kinds[i].prefix);

		if (strncmp(name, kinds[i].prefix, n) == 0)
			return open_kind(&kinds[i], name + n, tcti);
	}
	log_error("TPM: %s: not a way to a TPM that this program knows", name);
	return E_UNSUPPORTED;
}
enum status
tcti_open(const char *name, TSS2_TCTI_CONTEXT **tcti, bool *raw)
{
	static const char *const devices[] = { "device:/dev/tpm0", "device:/dev/tpmrm0" };
	const char *const *names = name == NULL ? devices : &name;
	size_t n = name == NULL ? sizeof devices / sizeof *devices : 1;
	enum status s = E_NOT_FOUND;

	*tcti = NULL;
	for (size_t i = 0; i < n; i++) {
		s = open_named(names[i], tcti);
		*raw = strstr(names[i], "tpmrm") == NULL;
		if (s == OK)
			return OK;
	}
	log_error("TPM: %s: %s", name == NULL ? "/dev/tpm0, /dev/tpmrm0" : name, status_text(s));
	return s;
}

void
tcti_close(TSS2_TCTI_CONTEXT *tcti)
{
	if (tcti == NULL)
		return;
	if (TSS2_TCTI_FINALIZE(tcti) != NULL)
		TSS2_TCTI_FINALIZE(tcti)(tcti);
	free(tcti);
}

/*
 * ESYS names tpm2-tss's loader of TCTI libraries, for callers that give it no TCTI.  There is no such caller and no
 * loader here.
 */
TSS2_RC Tss2_TctiLdr_Initialize(const char *name, TSS2_TCTI_CONTEXT **tcti);
void Tss2_TctiLdr_Finalize(TSS2_TCTI_CONTEXT **tcti);

TSS2_RC
Tss2_TctiLdr_Initialize(const char *name, TSS2_TCTI_CONTEXT **tcti)
{
	(void)name;
	(void)tcti;
	return TSS2_TCTI_RC_NOT_SUPPORTED;
}

void
Tss2_TctiLdr_Finalize(TSS2_TCTI_CONTEXT **tcti)
{
	(void)tcti;
}
