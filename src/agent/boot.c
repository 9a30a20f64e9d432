/* SPDX-License-Identifier: ISC */
#include "agent/boot.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "agent/approve.h"
#include "agent/console.h"
#include "agent/door.h"
#include "agent/memory_overwrite.h"
#include "base/file.h"
#include "base/log.h"
#include "base/memory.h"

#define SCAN_SECONDS 15

enum opened { SHUT = 0, BY_APPROVAL, BY_PASSPHRASE };

/* One boot: main's process opens; a child asks the verifiers, so that the prompt never waits for the network. */
static struct boot {
	const struct settings *settings;
	struct volume volume[VOLUMES_MAX];
	char name[VOLUMES_MAX][VOLUME_NAME_MAX];
	enum opened opened[VOLUMES_MAX];
	size_t volumes;
	pid_t child;
	int keys; /* read end of the child's pipe; -1 when it ended */
	struct console console;
	struct attest attest; /* the child's */
} boot;

static void
find_volumes(struct boot *b)
{
	const char *wanted[SETTINGS_VOLUMES_MAX];

	for (size_t i = 0; i < b->settings->volumes; i++)
		wanted[i] = b->settings->volume[i].uuid;
	for (unsigned tries = 0; tries < SCAN_SECONDS; tries++) {
		size_t missing = 0;

		volume_scan(wanted, b->settings->volumes, b->volume, &b->volumes);
		for (size_t i = 0; i < b->settings->volumes; i++) {
			bool found = false;

			for (size_t k = 0; k < b->volumes; k++)
				found = found || strcmp(b->volume[k].uuid, wanted[i]) == 0;
			missing += !found;
			if (!found && tries == 0)
				log_info("waiting for volume %s (%s)", b->settings->volume[i].name, wanted[i]);
			else if (!found && tries == SCAN_SECONDS - 1)
				log_error("volume %s (%s) did not appear", b->settings->volume[i].name, wanted[i]);
		}
		if (missing == 0 && b->volumes > 0)
			break;
		sleep(1);
	}
	for (size_t i = 0; i < b->volumes; i++)
		settings_name(b->settings, b->volume[i].uuid, b->name[i], sizeof b->name[i]);
}

static bool
all_open(const struct boot *b)
{
	for (size_t i = 0; i < b->volumes; i++)
		if (b->opened[i] == SHUT)
			return false;
	return b->volumes > 0;
}

static void
ask_passphrase(const struct boot *b)
{
	char text[512];
	size_t n = (size_t)snprintf(text, sizeof text, "Passphrase for");

	for (size_t i = 0; i < b->volumes && n < sizeof text - 96; i++)
		if (b->opened[i] == SHUT)
			n += (size_t)snprintf(text + n, sizeof text - n, " %s (%s)", b->name[i], b->volume[i].device);
	snprintf(text + n, sizeof text - n, ", beside the approval that is being asked for: ");
	console_ask(&b->console, text);
}

static void
start_child(struct boot *b)
{
	int ends[2];

	b->keys = -1;
	if (pipe2(ends, O_CLOEXEC) != 0)
		return;
	b->child = fork();
	if (b->child == 0) {
		close(ends[0]);
		memory_protect();
		_exit(approve_run(b->settings, b->volume, b->volumes, ends[1], &b->attest) == OK ? 0 : 1);
	}
	close(ends[1]);
	if (b->child > 0)
		b->keys = ends[0];
	else
		close(ends[0]);
}

static void
end_child(struct boot *b)
{
	if (b->child > 0) {
		kill(b->child, SIGKILL);
		waitpid(b->child, NULL, 0);
	}
	b->child = -1;
	if (b->keys >= 0)
		close(b->keys);
	b->keys = -1;
}

/* A ticket that was made in this boot saves three TPM commands in the next. */
static void
cache_ticket(struct volume *v, const struct token_ticket *fresh)
{
	struct token *t = &v->token;

	if (fresh->n == 0)
		return;
	if (t->cache.tickets == TOKEN_TICKETS)
		memmove(t->cache.ticket, t->cache.ticket + 1, --t->cache.tickets * sizeof *t->cache.ticket);
	t->cache.ticket[t->cache.tickets++] = *fresh;
	if (volume_token_write(v, t, (int)v->token_number) != OK)
		log_warning("%s: the ticket of the new delegation could not be kept in the token; the next boot checks it again", v->device);
}

/* A key from the child. The door is closed already: it closes it before it writes. */
static void
take_key(struct boot *b)
{
	struct approve_key in;
	struct volume *v;
	enum status s = file_read_all(b->keys, &in, sizeof in);

	if (s != OK || in.volume >= b->volumes) {
		end_child(b);
		return;
	}
	v = &b->volume[in.volume];
	if (b->opened[in.volume] == SHUT) {
		s = volume_open(v, b->name[in.volume], bytes_of(in.key, strlen(in.key)), (int)v->token.keyslot);
		if (s == OK) {
			b->opened[in.volume] = BY_APPROVAL;
			log_info("%s: opened as %s by approval", v->device, b->name[in.volume]);
			cache_ticket(v, &in.ticket);
		} else {
			log_error("%s: not opened: %s", v->device, status_text(s));
		}
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
		log_warning("%s: closed again, because another volume was opened by passphrase; give its passphrase too", b->volume[i].device);
		if (volume_close(b->name[i]) == OK)
			b->opened[i] = SHUT;
	}
}

static void
take_passphrase(struct boot *b)
{
	char line[CONSOLE_LINE_MAX];
	size_t n;
	bool fits = false;
	enum status s = console_read(&b->console, line, &n);

	if (s == E_IO) {
		console_close(&b->console);
		return;
	}
	for (size_t i = 0; s == OK && i < b->volumes; i++) {
		if (b->opened[i] != SHUT || volume_open(&b->volume[i], b->name[i], bytes_of(line, n), -1) != OK)
			continue;
		b->opened[i] = BY_PASSPHRASE;
		fits = true;
		log_info("%s: opened as %s by passphrase", b->volume[i].device, b->name[i]);
	}
	memory_wipe(line, sizeof line);
	if (fits) {
		/* From here on nothing is asked for in this boot's name. */
		end_child(b);
		door_close_or_poweroff(b->settings->tpm, "passphrase");
		close_approved(b);
	} else if (s == OK) {
		log_warning("this passphrase opens none of the volumes");
	}
	if (!all_open(b))
		ask_passphrase(b);
}

static int64_t
seconds_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec;
}

/* Whether waiting has an end, and it has come. */
static bool
gives_up(const struct settings *s, int64_t since)
{
	static const unsigned until_poweroff = 600;

	if (s->give_up == GIVE_UP_NEVER || seconds_now() - since < (int64_t)(s->give_up == GIVE_UP_AFTER ? s->give_up_seconds : until_poweroff))
		return false;
	if (s->give_up == GIVE_UP_POWEROFF) {
		log_error("no approval and no passphrase for %u s: switching off", until_poweroff);
		sync();
		reboot(RB_POWER_OFF);
	}
	return true;
}

static enum status
wait_for_keys(struct boot *b)
{
	int64_t since = seconds_now();

	while (!all_open(b)) {
		struct pollfd p[2] = { { b->keys, POLLIN, 0 }, { b->console.fd, POLLIN, 0 } };

		if (b->keys < 0 && b->console.fd < 0) {
			log_error("nothing more can open the volumes: no approval is being asked for, and there is no console for a passphrase");
			return E_DENIED;
		}
		if (poll(p, 2, 1000) < 0 && errno != EINTR)
			return E_IO;
		if ((p[0].revents & (POLLIN | POLLHUP)) != 0)
			take_key(b);
		if ((p[1].revents & (POLLIN | POLLHUP)) != 0)
			take_passphrase(b);
		if (gives_up(b->settings, since)) {
			log_error("giving up, as the configuration says (give-up = %u)", b->settings->give_up_seconds);
			return E_TIMEOUT;
		}
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
boot_run(const struct settings *settings)
{
	struct boot *b = &boot;
	enum status s;

	b->settings = settings;
	b->console.fd = -1;
	if (memory_protect() != OK)
		log_warning("memory cannot be locked");
	mkdir(DOOR_FOLDER, 0755);
	find_volumes(b);
	if (b->volumes == 0) {
		log_error("no LUKS2 volume with a bootgate token, and none that the configuration names, was found");
		return E_NOT_FOUND;
	}
	request_memory_overwrite(settings);
	if (door_closed())
		log_error("the door is closed already (%s): this boot cannot be approved any more", DOOR_FOLDER "/door");
	start_child(b);
	if (settings->prompt && console_open("/dev/console", &b->console) == OK)
		ask_passphrase(b);
	s = wait_for_keys(b);
	console_close(&b->console);
	end_child(b);
	if (s == OK)
		door_close_or_poweroff(settings->tpm, "left");
	memory_wipe(&b->attest, sizeof b->attest);
	return s;
}
