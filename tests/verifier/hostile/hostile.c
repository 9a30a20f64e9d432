/* SPDX-License-Identifier: ISC */
#include "hostile.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <termios.h>
#include <unistd.h>

#include "protocol/message.h"
#include "verifier/frame.h"
#include "verifier/roles.h"

#define ARGUMENTS 3
#define FRAMES_BODY_MAX 4096

struct attempt {
	const char *argument[ARGUMENTS];
	char *said;
	size_t size;
};

static uint8_t space[256 * 1024];

__attribute__((format(printf, 2, 3))) static void
say(struct attempt *a, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(a->said, a->size, format, args);
	va_end(args);
}

/* outcome(r, what): of a system call. */
static bool
outcome(struct attempt *a, long r, const char *what)
{
	if (r < 0)
		say(a, "refused: %s: %s", what, strerror(errno));
	else
		say(a, "got: %s", what);
	return r >= 0;
}

static pid_t
process(const struct attempt *a)
{
	return (pid_t)strtol(a->argument[0], NULL, 10);
}

/* --- files --- */

static void
read_file(struct attempt *a)
{
	long fd = syscall(SYS_openat, AT_FDCWD, a->argument[0], O_RDONLY);

	if (outcome(a, fd, "reading the file"))
		say(a, "got: %zd bytes of it", read((int)fd, space, sizeof space));
}

static void
write_file(struct attempt *a)
{
	outcome(a, syscall(SYS_openat, AT_FDCWD, a->argument[0], O_WRONLY | O_CREAT, 0600), "writing the file");
}

static void
list_folder(struct attempt *a)
{
	outcome(a, syscall(SYS_openat, AT_FDCWD, a->argument[0], O_RDONLY | O_DIRECTORY), "listing the folder");
}

static void
delete_file(struct attempt *a)
{
	outcome(a, syscall(SYS_unlinkat, AT_FDCWD, a->argument[0], 0), "deleting the file");
}

static void
link_file(struct attempt *a)
{
	outcome(a, syscall(SYS_linkat, AT_FDCWD, a->argument[0], AT_FDCWD, a->argument[1], 0), "linking the file");
}

/* --- other processes --- */

static void
trace(struct attempt *a)
{
	outcome(a, syscall(SYS_ptrace, PTRACE_ATTACH, process(a), NULL, NULL), "tracing the process");
}

static void
read_memory(struct attempt *a)
{
	struct iovec own = { space, 4096 }, its = { space, 4096 };

	outcome(a, syscall(SYS_process_vm_readv, process(a), &own, 1L, &its, 1L, 0L), "reading its memory");
}

static void
write_memory(struct attempt *a)
{
	struct iovec own = { space, 4096 }, its = { space, 4096 };

	outcome(a, syscall(SYS_process_vm_writev, process(a), &own, 1L, &its, 1L, 0L), "writing its memory");
}

static void
take_descriptor(struct attempt *a)
{
	long fd = syscall(SYS_pidfd_open, process(a), 0);

	if (outcome(a, fd, "opening the process"))
		outcome(a, syscall(SYS_pidfd_getfd, fd, 3, 0), "taking its descriptor");
}

static void
kill_process(struct attempt *a)
{
	outcome(a, syscall(SYS_kill, process(a), 0), "signalling the process");
}

static void
kill_thread(struct attempt *a)
{
	outcome(a, syscall(SYS_tgkill, process(a), process(a), 0), "signalling its thread");
}

/* The kernel sends the signal when bytes arrive. */
static void
signal_by_descriptor(struct attempt *a)
{
	if (outcome(a, fcntl(ROLES_FD, F_SETOWN, process(a)), "naming whom to signal"))
		outcome(a, fcntl(ROLES_FD, 10 /* F_SETSIG */, SIGKILL), "signalling by a descriptor");
}

static void
limit_process(struct attempt *a)
{
	outcome(a, syscall(SYS_prlimit64, process(a), 7, NULL, space), "reading its limits");
}

/* --- the network, and what listens on this machine --- */

static void
open_socket(struct attempt *a)
{
	static const struct {
		const char *name;
		int domain, type;
	} kinds[] = {
		{ "tcp", AF_INET, SOCK_STREAM },
		{ "udp", AF_INET, SOCK_DGRAM },
		{ "unix", AF_UNIX, SOCK_STREAM },
		{ "netlink", AF_NETLINK, SOCK_RAW },
	};

	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (strcmp(kinds[i].name, a->argument[0]) == 0)
			outcome(a, syscall(SYS_socket, kinds[i].domain, kinds[i].type, 0), "a socket");
}

/* One half of a pair of datagram sockets can send to any named one. */
static void
send_datagram(struct attempt *a)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	int pair[2];

	snprintf(to.sun_path, sizeof to.sun_path, "%s", a->argument[0]);
	if (outcome(a, syscall(SYS_socketpair, AF_UNIX, SOCK_DGRAM, 0, pair), "a pair of datagram sockets"))
		outcome(a, sendto(pair[0], "x", 1, MSG_DONTWAIT, (const struct sockaddr *)&to, sizeof to), "a datagram to another process");
}

static void
connect_it(struct attempt *a)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(9), .sin_addr = { htonl(INADDR_LOOPBACK) } };

	/* An accepted connection, or the listening socket itself, made to go elsewhere. */
	outcome(a, syscall(SYS_connect, ROLES_FD + 1, &to, sizeof to), "a connection outward");
}

/* --- other programs, other rights --- */

static void
execute(struct attempt *a)
{
	char program[] = "/bin/true";
	char *const arguments[] = { program, NULL };

	outcome(a, syscall(SYS_execve, program, arguments, arguments + 1), "another program");
}

static void
clone_it(struct attempt *a)
{
	outcome(a, syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL), "another process");
}

static void
call(struct attempt *a)
{
	static const struct {
		const char *name;
		long number;
	} calls[] = {
		{ "setuid", SYS_setuid }, { "mount", SYS_mount }, { "unshare", SYS_unshare }, { "bpf", SYS_bpf }, { "bind", SYS_bind },
		{ "io_uring_setup", SYS_io_uring_setup }, { "mprotect", SYS_mprotect }, { "prctl", SYS_prctl },
	};

	for (size_t i = 0; i < sizeof calls / sizeof *calls; i++)
		if (strcmp(calls[i].name, a->argument[0]) == 0) {
			syscall(calls[i].number, 0, 0, 0, 0, 0, 0);
			say(a, "got: the call was let through");
		}
}

/* What a terminal, should there be one, would take as typed by the operator. */
static void
type_at_terminal(struct attempt *a)
{
	char c = '\n';

	if (ioctl(STDERR_FILENO, TIOCSTI, &c) == 0 || errno == ENOTTY || errno == EIO)
		say(a, "got: the call was let through");
	else
		say(a, "refused: typing at the terminal: %s", strerror(errno));
}

/* --- what it was given --- */

/* Every descriptor that is open, as a letter: p(ipe), s(ocket), f(ile), d(evice), e(vent and the like). */
static void
list_descriptors(struct attempt *a)
{
	size_t n = 0;

	say(a, "refused:");
	n = strlen(a->said);
	for (int fd = 0; fd < 1024 && n + 8 < a->size; fd++) {
		struct stat st;

		if (fstat(fd, &st) != 0)
			continue;
		n += (size_t)snprintf(a->said + n, a->size - n, " %d%c", fd,
			S_ISSOCK(st.st_mode) ? 's' : S_ISFIFO(st.st_mode) ? 'p' : S_ISREG(st.st_mode) ? 'f' : S_ISCHR(st.st_mode) ? 'd' : 'e');
	}
}

static void
read_descriptor(struct attempt *a)
{
	ssize_t n = read((int)strtol(a->argument[0], NULL, 10), space, sizeof space);

	if (n > 0)
		say(a, "got: %zd bytes", n);
	else
		say(a, "refused: %s", n == 0 ? "nothing to read" : strerror(errno));
}

/* --- the judge, asked by frames of our own making --- */

static bool
answer_of_judge(int fd, struct frame_answer *f)
{
	static size_t n;
	size_t used = 0;

	n = 0;
	for (;;) {
		ssize_t got = read(fd, space + n, sizeof space - n);

		if (got == 0 || n == sizeof space)
			return false;
		if (got > 0)
			n += (size_t)got;
		if (n >= FRAME_HEAD && frame_decode_answer(bytes_of(space, n), f, &used) == OK)
			return true;
	}
}

/* opens(f): whether there is a signature in an answer that a TPM or an agent would believe. */
static bool
opens(const struct frame_answer *f)
{
	struct result r;

	return message_result_decode(f->body, &r) == OK;
}

static uint32_t
pick(uint64_t *state, uint32_t below)
{
	*state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t)(*state >> 33) % below;
}

/* COUNT SEED: well-formed frames of any route and body, to the judge for enrolment and to the first for boots. */
static void
ask_judge(struct attempt *a)
{
	static uint8_t body[FRAMES_BODY_MAX], out_space[FRAME_HEAD + HTTP_PARAMETER_MAX + FRAMES_BODY_MAX];
	uint32_t count = (uint32_t)strtoul(a->argument[0], NULL, 10), sent = 0, believed = 0, accepted = 0;
	uint64_t state = strtoull(a->argument[1], NULL, 10);

	while (sent < count) {
		int fd = ROLES_FD + 1 + (int)pick(&state, 2);
		struct frame_request f = { .number = UINT64_C(1) << 60 | sent, .route = (enum http_route)(1 + pick(&state, HTTP_ROUTES_END - 1)) };
		char parameter[HTTP_PARAMETER_MAX + 1] = "";
		struct buffer out = BUFFER(out_space);
		struct frame_answer answer;

		for (size_t i = pick(&state, 2) * pick(&state, HTTP_PARAMETER_MAX); i > 0; i--)
			parameter[i - 1] = (char)('0' + pick(&state, 10));
		f.parameter = bytes_of(parameter, strlen(parameter));
		f.body = bytes_of(body, pick(&state, 3) == 0 ? 0 : pick(&state, sizeof body));
		for (size_t i = 0; i < f.body.n; i++)
			body[i] = (uint8_t)pick(&state, 256);
		frame_encode_request(&f, &out);
		if (write(fd, out.p, out.n) != (ssize_t)out.n || !answer_of_judge(fd, &answer))
			break;
		sent++;
		accepted += answer.status == 200 && f.route != HTTP_ROUTE_CHALLENGE && f.route != HTTP_ROUTE_HOLD && f.route != HTTP_ROUTE_HEALTH;
		believed += opens(&answer);
	}
	say(a, "%s: %u frames, %u accepted, %u signed", sent < count || accepted > 0 || believed > 0 ? "got" : "refused", sent, accepted, believed);
}

/* --- the table --- */

static void
hello(struct attempt *a)
{
	say(a, "refused: hello");
}

static const struct {
	const char *name;
	void (*run)(struct attempt *a);
} attempts[] = {
	{ "hello", hello },
	{ "read", read_file },
	{ "write", write_file },
	{ "list", list_folder },
	{ "delete", delete_file },
	{ "link", link_file },
	{ "trace", trace },
	{ "read-memory", read_memory },
	{ "write-memory", write_memory },
	{ "take-descriptor", take_descriptor },
	{ "kill", kill_process },
	{ "kill-thread", kill_thread },
	{ "signal-by-descriptor", signal_by_descriptor },
	{ "limits", limit_process },
	{ "socket", open_socket },
	{ "datagram", send_datagram },
	{ "connect", connect_it },
	{ "execute", execute },
	{ "clone", clone_it },
	{ "call", call },
	{ "type", type_at_terminal },
	{ "descriptors", list_descriptors },
	{ "descriptor", read_descriptor },
	{ "judge", ask_judge },
};

void
hostile_run(const char *command, char *said, size_t size)
{
	char copy[512];
	struct attempt a = { { "", "", "" }, said, size };
	char *word[1 + ARGUMENTS] = { copy };
	size_t n = 1;

	snprintf(copy, sizeof copy, "%s", command);
	for (char *p = copy; *p != '\0' && n < 1 + ARGUMENTS; p++)
		if (*p == ' ') {
			*p = '\0';
			word[n++] = p + 1;
		}
	for (size_t i = 1; i < n; i++)
		a.argument[i - 1] = word[i];
	say(&a, "got: no such attempt: %s", copy);
	for (size_t i = 0; i < sizeof attempts / sizeof *attempts; i++)
		if (strcmp(attempts[i].name, copy) == 0)
			attempts[i].run(&a);
}
