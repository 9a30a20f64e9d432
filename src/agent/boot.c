/* SPDX-License-Identifier: ISC */
#include "agent/boot.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "agent/approve.h"
#include "agent/console.h"
#include "agent/door.h"
#include "agent/memory_overwrite.h"
#include "agent/opened.h"
#include "agent/rotate.h"
#include "base/file.h"
#include "base/log.h"
#include "base/memory.h"

#define SCAN_SECONDS 15
#define CONSOLE_SECONDS 10
#define REST_SECONDS 60

enum how { SHUT = 0, BY_APPROVAL, BY_PASSPHRASE };

/* One boot: main's process opens; a child asks the verifiers, so that the prompt never waits for the network. */
static struct boot {
	struct settings *settings;
	struct network network;
	struct volume volume[VOLUMES_MAX];
	char name[VOLUMES_MAX][VOLUME_NAME_MAX];
	enum how opened[VOLUMES_MAX];
	uint32_t epoch[VOLUMES_MAX]; /* of the seal that opened it */
	bool rotated; /* the seals before that one have done their duty */
	size_t volumes;
	bool named; /* some of them are named in the configuration */
	pid_t child;
	int keys;            /* read end of the child's pipe; -1 when it ended */
	enum status outcome; /* with which it ended; OK: it did not end by itself, or had handed out what there was */
	struct console console;
	int64_t console_after; /* when to look for it again */
	int64_t told;          /* of the seconds that are left: the last that were said */
	int64_t complete_since;
	struct attest attest; /* the child's */
} boot;

static void
find_volumes(struct boot *b)
{
	const char *wanted[SETTINGS_VOLUMES_MAX];

	for (size_t i = 0; i < b->settings->volumes; i++)
		wanted[i] = b->settings->volume[i].uuid;
	for (unsigned tries = 0; tries < SCAN_SECONDS; tries++) {
		size_t missing = 0, copied = 0;
		/* What is refused, and when the waiting is over, once more. */
		bool say = tries == 0 || tries == SCAN_SECONDS - 1;

		if (volume_scan(wanted, b->settings->volumes, say, b->volume, &b->volumes) == E_TOO_LARGE && say)
			log_warning("more than %d volumes, or %d block devices: some stay shut; volumes that %s names go first", VOLUMES_MAX, BLOCK_LIST_MAX, SETTINGS_PATH);
		for (size_t i = 0; i < b->settings->volumes; i++) {
			bool found = false;

			for (size_t k = 0; k < b->volumes; k++)
				found = found || strcasecmp(b->volume[k].uuid, wanted[i]) == 0;
			missing += !found;
			if (!found && tries == 0)
				log_info("waiting for volume %s (%s)", b->settings->volume[i].name, wanted[i]);
			else if (!found && tries == SCAN_SECONDS - 1)
				log_error("volume %s (%s) did not appear: see whether its disk is connected and its header was refused above, then restart",
					b->settings->volume[i].name, wanted[i]);
		}
		/* They may be members of an array that is still to come. */
		for (size_t i = 0; i < b->volumes; i++)
			copied += b->volume[i].copied;
		if (missing == 0 && copied == 0 && b->volumes > 0)
			break;
		sleep(1);
	}
	for (size_t i = 0; i < b->volumes; i++) {
		settings_name(b->settings, b->volume[i].uuid, b->name[i], sizeof b->name[i]);
		b->named = b->named || settings_has(b->settings, b->volume[i].uuid);
		if (b->volume[i].copied)
			log_error("%s is one of several devices with the same header (UUID %s), and is not opened: remove the copy, or assemble the array that "
				"they are members of, and restart", b->volume[i].device, b->volume[i].uuid);
	}
}

/* Of several devices with one UUID one has to be open. */
static bool
is_open(const struct boot *b, size_t i)
{
	for (size_t k = 0; k < b->volumes; k++)
		if (b->opened[k] != SHUT && strcasecmp(b->volume[k].uuid, b->volume[i].uuid) == 0)
			return true;
	return false;
}

/*
 * Whether the boot waits for it: where the configuration names volumes, for those and no others, so that a stranger's disk holds up nothing; where
 * it names none that are there, for all of the machine that something is open of.
 */
static bool
is_awaited(const struct boot *b, size_t i)
{
	bool any = false;

	if (b->named)
		return settings_has(b->settings, b->volume[i].uuid);
	for (size_t k = 0; k < b->volumes; k++) {
		any = any || b->opened[k] != SHUT;
		if (b->opened[k] != SHUT && token_same_machine(&b->volume[i].token, &b->volume[k].token))
			return true;
	}
	return !any;
}

/* What there is to wait for. */
static bool
all_open(const struct boot *b)
{
	for (size_t i = 0; i < b->volumes; i++)
		if (is_awaited(b, i) && !is_open(b, i))
			return false;
	return b->volumes > 0;
}

static int64_t
seconds_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec;
}

/* And there are no more keys to come for others, nor seals; which a boot does not wait for without end. */
static bool
is_complete(struct boot *b)
{
	if (!all_open(b))
		return false;
	if (b->complete_since == 0)
		b->complete_since = seconds_now();
	return b->keys < 0 || seconds_now() - b->complete_since >= REST_SECONDS;
}

static void
put(struct buffer *b, const char *text)
{
	buffer_bytes(b, bytes_of(text, strlen(text)));
}

static void
ask_passphrase(const struct boot *b)
{
	char text[VOLUMES_MAX * (VOLUME_NAME_MAX + BLOCK_PATH_MAX + 4) + 128];
	struct buffer out = buffer_of(text, sizeof text - 1);

	put(&out, "Passphrase for");
	for (size_t i = 0; i < b->volumes; i++) {
		if (is_open(b, i) || b->volume[i].copied || !is_awaited(b, i))
			continue;
		put(&out, " ");
		put(&out, b->name[i]);
		put(&out, " (");
		put(&out, b->volume[i].device);
		put(&out, ")");
	}
	put(&out, b->keys >= 0 ? ", beside the approval that is being asked for: " : ": ");
	text[out.n] = '\0';
	console_ask(&b->console, text);
}

/* The console may come late, or go and come back. */
static void
open_console(struct boot *b)
{
	if (b->settings->prompt && b->console.fd < 0 && seconds_now() >= b->console_after && console_open("/dev/console", &b->console) == OK)
		ask_passphrase(b);
}

/* What locks memory, and what ends a process with its parent, is not inherited. */
_Noreturn static void
run_child(struct boot *b, pid_t parent, int keys)
{
	memory_protect();
	b->attest.network = &b->network;
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != parent)
		_exit(E_IO);
	_exit((int)approve_run(b->settings, b->volume, b->volumes, keys, &b->attest));
}

static void
forget_child(struct boot *b)
{
	if (b->keys >= 0)
		close(b->keys);
	b->keys = b->child = -1;
}

static void
no_child(struct boot *b)
{
	b->outcome = file_status(errno);
	log_error("no approval can be asked for: %s", strerror(errno));
}

static void
start_child(struct boot *b)
{
	pid_t parent = getpid();
	int ends[2];

	b->keys = b->child = -1;
	if (pipe2(ends, O_CLOEXEC) != 0) {
		no_child(b);
		return;
	}
	b->child = fork();
	if (b->child == 0) {
		close(ends[0]);
		run_child(b, parent, ends[1]);
	}
	close(ends[1]);
	b->keys = ends[0];
	if (b->child < 0) {
		no_child(b);
		forget_child(b);
	}
}

static void
kill_child(struct boot *b)
{
	if (b->child > 0) {
		kill(b->child, SIGKILL);
		waitpid(b->child, NULL, 0);
	}
	forget_child(b);
}

/* It closed its end of the pipe. If it did not end by itself, it may have read the secret: the door must close now. */
static void
reap_child(struct boot *b)
{
	int status = 0;
	bool ended = waitpid(b->child, &status, 0) == b->child && WIFEXITED(status);

	forget_child(b);
	if (ended) {
		b->outcome = (enum status)WEXITSTATUS(status);
		return;
	}
	log_error("the process that asks for the approval died (signal %d); nothing is asked for any more in this boot", WTERMSIG(status));
	b->outcome = E_IO;
	door_close_or_poweroff(b->settings->tpm, "left", bytes_of(NULL, 0));
}

/* A ticket that was made in this boot saves three TPM commands in the next. */
static void
cache_ticket(struct volume *v, const struct token_ticket *fresh)
{
	struct token *t = &v->token;
	size_t i = 0;

	if (fresh->n == 0)
		return;
	/* In the place of one that the TPM refused. */
	while (i < t->cache.tickets && memcmp(t->cache.ticket[i].delegation, fresh->delegation, sizeof fresh->delegation) != 0)
		i++;
	if (i == TOKEN_TICKETS)
		memmove(t->cache.ticket, t->cache.ticket + 1, --i * sizeof *t->cache.ticket);
	t->cache.ticket[i] = *fresh;
	if (t->cache.tickets <= i)
		t->cache.tickets = i + 1;
	if (volume_token_write(v, t, (int)v->token_number) != OK)
		log_warning("%s: the ticket of the new delegation could not be kept in the token; the next boot checks it again", v->device);
}

static const char *
why_not_opened(enum status s)
{
	static const struct {
		enum status status;
		const char *text;
	} texts[] = {
		{ E_PERMISSION, "the key does not open its key slot; open it by passphrase and run \"bootgate luks-enroll\"" },
		{ E_MISMATCH, "it is not what was checked: the disk was swapped or rewritten in this boot; find out by whom, and restart" },
		{ E_EXISTS, "a mapping of that name is there already, or the device is in use" },
		{ E_NOT_FOUND, "the device is gone; connect it and restart" },
		{ E_UNSUPPORTED, "there is no cryptsetup" },
	};

	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		if (texts[i].status == s)
			return texts[i].text;
	return status_text(s);
}

/* On record before it is there, so that whoever starts a shell knows of it. */
static void
open_by_approval(struct boot *b, size_t i, const struct approve_key *in)
{
	struct volume *v = &b->volume[i];
	enum status s;

	/* Two keys for one name: a second disk with the same UUID. What is said of copies was said. */
	if (is_open(b, i) || v->copied)
		return;
	s = opened_note(b->name[i], true);

	if (s == OK)
		s = volume_open(v, b->name[i], bytes_of(in->key, strnlen(in->key, sizeof in->key)), (int)v->token.keyslot);
	if (s != OK) {
		log_error("%s: not opened as %s: %s", v->device, b->name[i], why_not_opened(s));
		return;
	}
	b->opened[i] = BY_APPROVAL;
	b->epoch[i] = in->epoch;
	b->rotated = in->last;
	log_info("%s: opened as %s by approval", v->device, b->name[i]);
	cache_ticket(v, &in->ticket);
}

/* A key from the child, or a second seal. The door is closed already: it closes it before it writes. */
static void
take_key(struct boot *b)
{
	struct approve_key in;
	enum status s = file_read_all(b->keys, &in, sizeof in);

	if (s == OK && in.volume < b->volumes) {
		if (in.seal.epoch == 0)
			open_by_approval(b, in.volume, &in);
		else if (b->opened[in.volume] == BY_APPROVAL)
			rotate_add_seal(&b->volume[in.volume], in.epoch, &in.seal, &in.index);
	} else {
		if (s != OK)
			reap_child(b);
		if (!all_open(b))
			ask_passphrase(b);
	}
	memory_wipe(&in, sizeof in);
}

/*
 * Hand-over is all or nothing: beside a volume that anybody with a passphrase may have prepared, what was opened by approval is closed
 * again, so that a rogue root does not find honest data.
 */
static void
close_approved(struct boot *b)
{
	for (size_t i = 0; i < b->volumes; i++) {
		if (b->opened[i] != BY_APPROVAL)
			continue;
		log_warning("%s: closed again: what an approval opened stays open only when all is", b->volume[i].device);
		if (volume_close(b->name[i]) != OK)
			door_poweroff("it cannot be closed");
		b->opened[i] = SHUT;
		b->epoch[i] = 0;
	}
}

/* Whether it opens one of them. */
static bool
try_passphrase(struct boot *b, struct bytes passphrase)
{
	bool fits = false;

	for (size_t i = 0; i < b->volumes; i++) {
		enum status s = E_PERMISSION;

		if (!is_open(b, i) && !b->volume[i].copied)
			s = volume_open(&b->volume[i], b->name[i], passphrase, -1);
		/* A passphrase that does not fit is nothing to speak of before all were tried. */
		if (s != OK && s != E_PERMISSION)
			log_error("%s: not opened as %s: %s", b->volume[i].device, b->name[i], why_not_opened(s));
		if (s != OK)
			continue;
		/* Without the note it counts as opened by nobody. */
		opened_note(b->name[i], false);
		b->opened[i] = BY_PASSPHRASE;
		fits = true;
		log_info("%s: opened as %s by passphrase", b->volume[i].device, b->name[i]);
	}
	return fits;
}

static void
take_passphrase(struct boot *b)
{
	char line[CONSOLE_LINE_MAX];
	size_t n;
	enum status s = console_read(&b->console, line, &n);
	bool fits = s == OK && try_passphrase(b, bytes_of(line, n));

	memory_wipe(line, sizeof line);
	if (s == E_IO) {
		log_warning("the console is gone");
		console_close(&b->console);
		b->console_after = seconds_now() + CONSOLE_SECONDS;
		return;
	}
	if (fits) {
		/* From here on nothing is asked for in this boot's name. */
		kill_child(b);
		door_disown_or_poweroff(b->settings->tpm, "passphrase");
		close_approved(b);
	} else if (s == OK) {
		log_warning("this passphrase opens none of the volumes");
	}
	if (!all_open(b))
		ask_passphrase(b);
}

#define POWEROFF_SECONDS 600

/* The countdown: each minute, and each ten seconds of the last one. */
static void
count_down(struct boot *b, int64_t left)
{
	int64_t step = left > 60 ? 60 : 10, next = (left + step - 1) / step * step;

	if (next == b->told)
		return;
	if (b->told != 0) {
		log_info("nothing more was opened yet: %s in %lld s", b->settings->give_up == GIVE_UP_POWEROFF ? "power off" : "giving up", (long long)left);
		ask_passphrase(b);
	}
	b->told = next;
}

/* Whether waiting has an end, and it has come. */
static bool
gives_up(struct boot *b, int64_t since)
{
	const struct settings *s = b->settings;
	int64_t left = (s->give_up == GIVE_UP_POWEROFF ? POWEROFF_SECONDS : (int64_t)s->give_up_seconds) - (seconds_now() - since);

	if (s->give_up == GIVE_UP_NEVER)
		return false;
	if (left > 0) {
		count_down(b, left);
		return false;
	}
	if (s->give_up == GIVE_UP_POWEROFF)
		door_poweroff("no approval and no passphrase in time (give-up = poweroff)");
	log_error("giving up, as the configuration says (give-up = %u)", s->give_up_seconds);
	return true;
}

/* Nothing more can come: say why, by the status as well. */
static enum status
no_way_left(const struct boot *b)
{
	log_error("nothing more can open the volumes: no approval is being asked for, and there is no console for a passphrase");
	if (b->outcome == E_NOT_FOUND)
		return E_TPM;
	return b->outcome != OK ? b->outcome : E_DENIED;
}

static volatile sig_atomic_t told_to_end;

static void
take_signal(int signal)
{
	told_to_end = signal;
}

/* Who is stopped, by a unit that ends say, leaves nothing behind: neither sessions in the TPM nor addresses. */
static void
catch_signals(void)
{
	const struct sigaction a = { .sa_handler = take_signal };

	sigaction(SIGTERM, &a, NULL);
	sigaction(SIGINT, &a, NULL);
	sigaction(SIGHUP, &a, NULL);
}

static enum status
wait_for_keys(struct boot *b)
{
	static const short any = POLLIN | POLLHUP | POLLERR | POLLNVAL;
	int64_t since = seconds_now();

	while (!is_complete(b)) {
		struct pollfd p[2];

		open_console(b);
		if (b->keys < 0 && b->console.fd < 0 && seconds_now() >= b->console_after)
			return no_way_left(b);
		p[0] = (struct pollfd){ b->keys, POLLIN, 0 };
		p[1] = (struct pollfd){ b->console.fd, POLLIN, 0 };
		if (poll(p, 2, 1000) < 0 && errno != EINTR)
			return E_IO;
		if ((p[0].revents & any) != 0)
			take_key(b);
		if ((p[1].revents & any) != 0)
			take_passphrase(b);
		if (!all_open(b) && (told_to_end != 0 || gives_up(b, since)))
			return E_TIMEOUT;
	}
	return OK;
}

static void
request_memory_overwrite(const struct settings *s)
{
	enum status status = s->memory_overwrite ? memory_overwrite_request() : OK;

	if (status != OK)
		log_warning("MemoryOverwriteRequest could not be set (%s): a warm reset may leave keys in memory", status_text(status));
}

enum status
boot_run(struct settings *settings)
{
	struct boot *b = &boot;
	enum status s;

	b->settings = settings;
	b->console.fd = -1;
	if (memory_protect() != OK)
		log_warning("memory cannot be locked");
	mkdir(DOOR_FOLDER, 0755);
	/* Before anything secret is in memory; addresses come while the volumes are looked for. */
	network_start(settings, &b->network);
	find_volumes(b);
	if (b->volumes == 0) {
		network_stop(&b->network);
		log_error("no LUKS2 volume with a bootgate token, and none that the configuration names, was found");
		return E_NOT_FOUND;
	}
	request_memory_overwrite(settings);
	if (door_closed())
		log_error("the door is closed already (%s): this boot cannot be approved any more", DOOR_FOLDER "/door");
	start_child(b);
	catch_signals();
	s = wait_for_keys(b);
	console_close(&b->console);
	kill_child(b);
	network_stop(&b->network);
	approve_clean_up(settings);
	if (s == OK) {
		door_close_or_poweroff(settings->tpm, "left", bytes_of(NULL, 0));
		if (b->rotated)
			rotate_finish(settings, b->volume, b->volumes, b->epoch);
	} else {
		/* What follows may be a shell. */
		close_approved(b);
	}
	memory_wipe(&b->attest, sizeof b->attest);
	return s;
}
