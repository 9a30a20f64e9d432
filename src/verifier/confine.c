/* SPDX-License-Identifier: ISC */
#include "verifier/confine.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <seccomp.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/log.h"

/* Newer than the oldest headers that we build with. */
#define FS_TRUNCATE (UINT64_C(1) << 14)
#define FS_IOCTL_DEV (UINT64_C(1) << 15)
#define NET_BIND_TCP (UINT64_C(1) << 0)
#define NET_CONNECT_TCP (UINT64_C(1) << 1)
#define SCOPE_ABSTRACT_SOCKET (UINT64_C(1) << 0)
#define SCOPE_SIGNAL (UINT64_C(1) << 1)

#define FS_UP_TO_MAKE_SYM ((UINT64_C(1) << 13) - 1)
#define FS_REFER (UINT64_C(1) << 13)
#define FS_IN_FOLDER                                                                                                    \
	(LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_READ_DIR |                   \
		LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_REG | FS_TRUNCATE)

struct ruleset {
	uint64_t fs, net, scoped;
};

static const char *const calls_all[] = {
	"read", "readv", "write", "writev", "close", "exit", "exit_group", "brk", "mmap", "munmap", "mremap", "madvise",
	"rt_sigreturn", "rt_sigprocmask", "rt_sigaction", "restart_syscall", "getrandom", "clock_gettime", "gettimeofday",
	"getpid", "gettid", "futex", "fstat", "newfstatat", NULL,
};
static const char *const calls_loop[] = {
	"epoll_wait", "epoll_pwait", "epoll_pwait2", "epoll_ctl", "recvmsg", "recvfrom", "shutdown", NULL,
};
static const char *const calls_front[] = {
	"accept4", "sendmsg", "sendto", "setsockopt", "getsockopt", "getpeername", "getsockname", NULL,
};
static const char *const calls_judge[] = {
	/* SQLite */
	"openat", "open", "pread64", "pwrite64", "fsync", "fdatasync", "ftruncate", "stat", "lstat", "statx", "lseek",
	"unlink", "unlinkat", "access", "faccessat", "faccessat2", "getcwd", "readlink", "readlinkat", "fchmod", "fchown",
	"geteuid", "fallocate", "nanosleep", "clock_nanosleep",
	/* asking for an EK certificate's check */
	"poll", "ppoll", "sendmsg", "sendto", "shutdown", "mlock", "munlock", NULL,
};
static const char *const calls_ekcert[] = { "alarm", "poll", "ppoll", "sysinfo", "sched_yield", NULL };

/* Calls that are allowed with some arguments only: argument ${argument}, masked, must be ${value}. */
struct condition {
	const char *call;
	unsigned argument;
	uint64_t mask, value;
};
#define EXACTLY UINT64_C(0xffffffff) /* what the kernel looks at: they are all ints */
#define SOCKET_TYPE UINT64_C(0xf) /* without its flags */

/* fcntl: no owner and no signal, or the kernel would signal others for us. */
static const struct condition conditions_loop[] = {
	{ "fcntl", 1, EXACTLY, F_GETFL }, { "fcntl", 1, EXACTLY, F_SETFL }, { "fcntl", 1, EXACTLY, F_GETFD }, { "fcntl", 1, EXACTLY, F_SETFD },
	/* How much there is to read; a terminal would take other requests as typed. */
	{ "ioctl", 1, EXACTLY, FIONREAD }, { NULL, 0, 0, 0 },
};
/* socketpair: half a pair of datagram sockets could send to any socket that has a name. */
static const struct condition conditions_pair[] = { { "socketpair", 1, SOCKET_TYPE, SOCK_STREAM }, { NULL, 0, 0, 0 } };
static const struct condition conditions_judge[] = {
	{ "fcntl", 1, EXACTLY, F_GETFL }, { "fcntl", 1, EXACTLY, F_GETFD }, { "fcntl", 1, EXACTLY, F_SETFD }, { "fcntl", 1, EXACTLY, F_GETLK },
	{ "fcntl", 1, EXACTLY, F_SETLK }, { "fcntl", 1, EXACTLY, F_SETLKW }, { NULL, 0, 0, 0 },
};
static const struct condition conditions_ekcert[] = { { "prlimit64", 0, EXACTLY, 0 }, { NULL, 0, 0, 0 } };

static const struct {
	const char *const *list[3];
	const struct condition *conditions[2];
} calls[] = {
	[CONFINE_FRONT] = { { calls_all, calls_loop, calls_front }, { conditions_loop, conditions_pair } },
	[CONFINE_DESK] = { { calls_all, calls_loop, NULL }, { conditions_loop, NULL } },
	[CONFINE_JUDGE] = { { calls_all, calls_judge, NULL }, { conditions_judge, conditions_pair } },
	[CONFINE_EKCERT] = { { calls_all, calls_ekcert, NULL }, { conditions_ekcert, NULL } },
};

/* Refused, but not fatal: libraries try them and do without. */
static const char *const calls_refused[] = { "openat", "open", "access", "ioctl", "sysinfo", NULL };

static enum status
fail(char *why, size_t size, const char *what, int error)
{
	snprintf(why, size, "%s: %s", what, strerror(error));
	return E_PERMISSION;
}

enum status
confine_limits(unsigned files, char *why, size_t size)
{
	const struct rlimit none = { 0, 0 };
	struct rlimit open_files;

	if (setrlimit(RLIMIT_CORE, &none) != 0)
		return fail(why, size, "limit of core files", errno);
	if (getrlimit(RLIMIT_NOFILE, &open_files) != 0)
		return fail(why, size, "limit of open files", errno);
	if (open_files.rlim_max < files) {
		snprintf(why, size, "%u open files are needed, the limit is %lu; raise it or lower max-clients", files,
			(unsigned long)open_files.rlim_max);
		return E_PERMISSION;
	}
	open_files.rlim_cur = files;
	if (setrlimit(RLIMIT_NOFILE, &open_files) != 0)
		return fail(why, size, "limit of open files", errno);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return fail(why, size, "no new privileges", errno);
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
		return fail(why, size, "not dumpable", errno);
	return OK;
}

static int
allow_folder(int ruleset, const char *folder, uint64_t handled)
{
	struct landlock_path_beneath_attr beneath = { .allowed_access = FS_IN_FOLDER & handled };
	int r, error;

	beneath.parent_fd = open(folder, O_PATH | O_CLOEXEC);
	if (beneath.parent_fd < 0)
		return -1;
	r = (int)syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &beneath, 0);
	error = errno;
	close(beneath.parent_fd);
	errno = error;
	return r;
}

static enum status
landlock(const char *folder, char *why, size_t size)
{
	long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
	struct ruleset rules = { FS_UP_TO_MAKE_SYM, 0, 0 };
	int fd;
	enum status s = OK;

	if (abi < 1) {
		log_warning("this kernel has no Landlock; system calls are confined all the same");
		return OK;
	}
	rules.fs |= (abi >= 2 ? FS_REFER : 0) | (abi >= 3 ? FS_TRUNCATE : 0) | (abi >= 5 ? FS_IOCTL_DEV : 0);
	rules.net = abi >= 4 ? NET_BIND_TCP | NET_CONNECT_TCP : 0;
	rules.scoped = abi >= 6 ? SCOPE_ABSTRACT_SOCKET | SCOPE_SIGNAL : 0;
	fd = (int)syscall(SYS_landlock_create_ruleset, &rules, sizeof rules, 0);
	if (fd < 0)
		return fail(why, size, "Landlock", errno);
	if (folder != NULL && allow_folder(fd, folder, rules.fs) != 0)
		s = fail(why, size, folder, errno);
	if (s == OK && syscall(SYS_landlock_restrict_self, fd, 0) != 0)
		s = fail(why, size, "Landlock", errno);
	close(fd);
	return s;
}

/* allow_if(): several conditions of one call are alternatives. */
static int
allow_if(scmp_filter_ctx filter, const struct condition *c)
{
	int r = 0;

	for (; r == 0 && c != NULL && c->call != NULL; c++) {
		const struct scmp_arg_cmp is = { c->argument, SCMP_CMP_MASKED_EQ, c->mask, c->value };

		r = seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, seccomp_syscall_resolve_name(c->call), 1, &is);
	}
	return r;
}

/* is_allowed(): always, or under a condition. */
static bool
is_allowed(enum confine_role role, const char *name)
{
	bool found = false;

	for (size_t i = 0; i < sizeof calls[role].list / sizeof *calls[role].list; i++)
		for (const char *const *p = calls[role].list[i]; p != NULL && *p != NULL; p++)
			found = found || strcmp(name, *p) == 0;
	for (size_t i = 0; i < sizeof calls[role].conditions / sizeof *calls[role].conditions; i++)
		for (const struct condition *c = calls[role].conditions[i]; c != NULL && c->call != NULL; c++)
			found = found || strcmp(name, c->call) == 0;
	return found;
}

static int
add_calls(scmp_filter_ctx filter, enum confine_role role)
{
	const size_t lists = sizeof calls[role].list / sizeof *calls[role].list;
	int r = 0;

	for (size_t i = 0; i < lists; i++)
		for (const char *const *name = calls[role].list[i]; r == 0 && name != NULL && *name != NULL; name++) {
			int number = seccomp_syscall_resolve_name(*name);

			if (number != __NR_SCMP_ERROR)
				r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, number, 0);
		}
	for (const char *const *name = calls_refused; r == 0 && *name != NULL; name++)
		if (!is_allowed(role, *name))
			r = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EACCES), seccomp_syscall_resolve_name(*name), 0);
	for (size_t i = 0; r == 0 && i < sizeof calls[role].conditions / sizeof *calls[role].conditions; i++)
		r = allow_if(filter, calls[role].conditions[i]);
	/* What abort() needs; of other processes' threads none. */
	if (r == 0)
		r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 1, SCMP_A0(SCMP_CMP_MASKED_EQ, EXACTLY, (scmp_datum_t)getpid()));
	return r;
}

static enum status
filter_calls(enum confine_role role, char *why, size_t size)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_KILL_PROCESS);
	int r = filter == NULL ? -ENOMEM : add_calls(filter, role);

	if (r == 0)
		r = seccomp_load(filter);
	if (filter != NULL)
		seccomp_release(filter);
	return r == 0 ? OK : fail(why, size, "system call filter", -r);
}

enum status
confine(enum confine_role role, const char *folder, char *why, size_t size)
{
	enum status s = landlock(folder, why, size);

	return s == OK ? filter_calls(role, why, size) : s;
}
