/* SPDX-License-Identifier: ISC */
#include "agent/door.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"

#define NOTE DOOR_FOLDER "/door"
#define EVENTS DOOR_FOLDER "/user-events"
#define TRIES 5
/* No try begins later than this: a TPM that does not answer is not asked five times. */
#define TRY_SECONDS 20

static const char *const outcomes[] = { "approved", "passphrase", "shell", "left" };

bool
door_outcome_known(const char *text)
{
	for (size_t i = 0; i < sizeof outcomes / sizeof *outcomes; i++)
		if (strcmp(outcomes[i], text) == 0)
			return true;
	return false;
}

bool
door_closed(void)
{
	return access(NOTE, F_OK) == 0;
}

/* A TPM 1.2 has no door, and no /dev/tpmrm0. */
static bool
is_version_1(void)
{
	char text[8] = "";
	struct buffer b = buffer_of(text, sizeof text - 1);

	return file_read("/sys/class/tpm/tpm0/tpm_version_major", &b) == OK && text[0] == '1';
}

bool
door_tpm_announced(void)
{
	static const char *const signs[] = { "/sys/firmware/acpi/tables/TPM2", "/sys/class/tpm/tpm0", "/dev/tpm0", "/dev/tpmrm0" };

	/* No sysfs: nothing can be known, so there is one. */
	if (access("/sys/class", F_OK) != 0 || access(signs[0], F_OK) == 0)
		return true;
	for (size_t i = 1; i < sizeof signs / sizeof *signs; i++)
		if (access(signs[i], F_OK) == 0)
			return !is_version_1();
	return false;
}

enum status
door_user_events(struct buffer *out)
{
	static struct user_events none;
	enum status s = file_read(EVENTS, out);

	return s == E_NOT_FOUND ? message_user_events_encode(&none, out) : s;
}

/* One more event after those that were noted before. */
static enum status
note_event(struct bytes data)
{
	static const enum hash_alg banks[] = { HASH_SHA1, HASH_SHA256, HASH_SHA384, HASH_SHA512 };
	static struct user_events events;
	static uint8_t before_bytes[USER_EVENTS_SIZE_MAX], after_bytes[USER_EVENTS_SIZE_MAX];
	struct buffer before = BUFFER(before_bytes), after = BUFFER(after_bytes);
	struct user_event *e;
	enum status s = door_user_events(&before);

	if (s == OK)
		s = message_user_events_decode(buffer_view(&before), &events);
	if (s != OK)
		return s;
	if (events.n == USER_EVENTS_MAX)
		return E_TOO_LARGE;
	e = &events.event[events.n++];
	memset(e, 0, sizeof *e);
	e->pcr = DOOR_PCR;
	e->name = BYTES_STRING("door");
	e->data = data;
	for (e->digests = 0; e->digests < sizeof banks / sizeof *banks; e->digests++)
		e->digest[e->digests] = hash_digest(banks[e->digests], data);
	s = message_user_events_encode(&events, &after);
	return s != OK ? s : file_write(EVENTS, buffer_view(&after), 0644);
}

enum status
door_close_with(struct tpm *t, const char *outcome, struct bytes digest)
{
	uint8_t data_bytes[128];
	struct buffer data = BUFFER(data_bytes);
	enum status s = message_door_event(outcome, digest, &data);

	if (s == OK)
		s = tpm_door_close(t, buffer_view(&data));
	if (s != OK)
		return s;
	mkdir(DOOR_FOLDER, 0755);
	/* The door is closed, whether or not it can be noted: a lost note costs a second event, or a later denial. */
	if (note_event(buffer_view(&data)) != OK || file_write(NOTE, bytes_of(outcome, strlen(outcome)), 0644) != OK)
		log_warning("the door is closed (%s), but %s could not be written", outcome, DOOR_FOLDER);
	return OK;
}

/* A TPM that is announced may come late, or be held by a predecessor that is about to die. */
static enum status
try_close(const char *tcti, const char *outcome, struct bytes digest)
{
	struct tpm *t = NULL;
	enum status s = tpm_open(tcti[0] != '\0' ? tcti : "device:/dev/tpmrm0", &t);

	if (s != OK && tcti[0] == '\0') {
		tpm_close(t);
		s = tpm_open(NULL, &t);
	}
	if (s == OK)
		s = door_close_with(t, outcome, digest);
	tpm_close(t);
	return s;
}

static int64_t
seconds_now(void)
{
	struct timespec t = { 0 };

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec;
}

/* Whether our note says that an approval closed it, or cannot be read. */
static bool
shows_approval(void)
{
	char text[16] = "";
	struct buffer b = buffer_of(text, sizeof text - 1);

	return door_closed() && (file_read(NOTE, &b) != OK || strcmp(text, "approved") == 0);
}

static enum status
close_door(const char *tcti, const char *outcome, struct bytes digest)
{
	enum status s = E_TPM_LOST;
	int64_t begun;

	if (tcti[0] == '\0' && !door_tpm_announced()) {
		log_info("this machine announces no TPM 2.0: there is no door to close");
		return OK;
	}
	begun = seconds_now();
	for (unsigned i = 0; i < TRIES && seconds_now() - begun <= TRY_SECONDS; i++) {
		if (i > 0)
			sleep(1);
		s = try_close(tcti, outcome, digest);
		if (s == OK)
			break;
		log_warning("the door (PCR %d) could not be closed: %s", DOOR_PCR, status_text(s));
	}
	return s;
}

enum status
door_close(const char *tcti, const char *outcome, struct bytes digest)
{
	return door_closed() ? OK : close_door(tcti, outcome, digest);
}

static bool
is_unprotected(void)
{
	static const char word[] = "bootgate.door=unprotected";
	char line[4096] = "";
	struct buffer b = buffer_of(line, sizeof line - 1);

	if (file_read("/proc/cmdline", &b) != OK)
		return false;
	for (char *save = NULL, *w = strtok_r(line, " \t\n", &save); w != NULL; w = strtok_r(NULL, " \t\n", &save))
		if (strcmp(w, word) == 0)
			return true;
	return false;
}

void
door_poweroff(const char *reason)
{
	log_error("%s: switching off", reason);
	sync();
	/* So that it can be read. */
	sleep(5);
	reboot(RB_POWER_OFF);
	log_error("switching off failed: %s", strerror(errno));
	for (;;)
		pause();
}

static bool
or_poweroff(enum status s)
{
	if (s == OK)
		return true;
	if (!is_unprotected())
		door_poweroff("the TPM is announced but the door cannot be closed, and nothing that a disk supplies may ask for an approval. "
			"Check the TPM in the firmware's set-up; boot the rescue entry to start without it");
	log_warning("the door is open, and bootgate.door=unprotected on the command line lets this boot go on");
	return false;
}

bool
door_close_or_poweroff(const char *tcti, const char *outcome, struct bytes digest)
{
	return or_poweroff(door_close(tcti, outcome, digest));
}

bool
door_disown_or_poweroff(const char *tcti, const char *outcome)
{
	struct bytes none = bytes_of(NULL, 0);

	return or_poweroff(shows_approval() ? close_door(tcti, outcome, none) : door_close(tcti, outcome, none));
}
