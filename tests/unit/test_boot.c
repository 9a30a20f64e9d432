/* SPDX-License-Identifier: ISC */
/*
 * What a boot waits for, opens, closes and ends with (S7): src/agent/boot.c, with volumes, console, door and approval of the test's own in the
 * place of their modules.  A boot runs in a process of its own, for it keeps its state; what it did is read from memory shared with it.
 */
#include "vectors.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/approve.h"
#include "agent/boot.h"
#include "agent/console.h"
#include "agent/door.h"
#include "agent/memory_overwrite.h"
#include "agent/opened.h"
#include "agent/rotate.h"
#include "base/file.h"
#include "base/log.h"

#define ROOT "7b0c5e2a-1f4d-4c3b-9a86-5d2e4f10a001"
#define DATA "7b0c5e2a-1f4d-4c3b-9a86-5d2e4f10a002"
#define OTHER "7b0c5e2a-1f4d-4c3b-9a86-5d2e4f10a003"

/* A disk: of machine 1, 2, ...; 0: no token. ${key}: whether the approval gives its key. */
struct disk {
	const char *uuid;
	uint8_t machine;
	bool key;
	const char *passphrase;
	bool copied;
};

static const struct scenario {
	const char *names; /* lines of the configuration */
	size_t disks;
	struct disk disk[4];
	const char *typed;      /* at the console, */
	const char *typed_when; /* after this was done; NULL: no console */
	const char *keys_when;  /* keys come after this was done */
	bool dies;              /* who asks, in place of its end */
	bool seals, last;       /* a second seal for each, after the keys; the older ones have done their duty */
	bool hangs;             /* who asks, behind the keys; and a minute takes a second */
} *scenario;

static struct shared {
	char done[1024];
} *shared;

static int typing[2];

static bool
is_done(const char *what)
{
	return strstr(shared->done, what) != NULL;
}

static void
do_(const char *what, const char *which)
{
	size_t n = strlen(shared->done);

	snprintf(shared->done + n, sizeof shared->done - n, "%s %s; ", what, which);
	if (scenario->typed_when != NULL && typing[1] >= 0 && is_done(scenario->typed_when)) {
		file_write_all(typing[1], bytes_of(scenario->typed, strlen(scenario->typed)));
		close(typing[1]);
		typing[1] = -1;
	}
}

/*
 * In the place of other modules.
 */

/* No test waits for a disk. */
unsigned
sleep(unsigned seconds)
{
	(void)seconds;
	return 0;
}

int
clock_gettime(clockid_t clock, struct timespec *t)
{
	int result = (int)syscall(SYS_clock_gettime, clock, t);

	if (scenario != NULL && scenario->hangs)
		t->tv_sec *= 60;
	return result;
}

void
rotate_add_seal(struct volume *v, uint32_t from, const struct token_seal *seal, const struct token_object *index)
{
	(void)index;
	assert_int_equal(from, 1);
	assert_int_equal(seal->epoch, 2);
	do_("seal", v->device);
}

void
rotate_finish(const struct settings *settings, struct volume *v, size_t n, const uint32_t *opened)
{
	(void)settings;
	do_("finish", "it");
	for (size_t i = 0; i < n; i++)
		if (opened[i] != 0)
			do_("rotated", v[i].device);
}

enum status
volume_scan(const char *const *wanted, size_t n_wanted, bool say, struct volume v[VOLUMES_MAX], size_t *n)
{
	(void)wanted, (void)n_wanted, (void)say;
	memset(v, 0, scenario->disks * sizeof *v);
	for (*n = 0; *n < scenario->disks; ++*n) {
		const struct disk *d = &scenario->disk[*n];

		snprintf(v[*n].device, sizeof v[*n].device, "/dev/vd%c", (char)('a' + *n));
		snprintf(v[*n].uuid, sizeof v[*n].uuid, "%s", d->uuid);
		v[*n].has_token = d->machine != 0;
		v[*n].token.seals = d->machine != 0;
		v[*n].token.seal[0].machine_key[0] = d->machine;
		v[*n].copied = d->copied;
	}
	return OK;
}

enum status
volume_open(const struct volume *v, const char *name, struct bytes key, int slot)
{
	const struct disk *d = &scenario->disk[v->device[7] - 'a'];
	char what[128];

	if (slot < 0 && (d->passphrase == NULL || !bytes_equal(key, bytes_of(d->passphrase, strlen(d->passphrase)))))
		return E_PERMISSION;
	snprintf(what, sizeof what, "%s by %s", name, slot < 0 ? "passphrase" : "approval");
	do_("open", what);
	return OK;
}

enum status
volume_close(const char *name)
{
	do_("close", name);
	return OK;
}

enum status
volume_token_write(const struct volume *v, const struct token *token, int number)
{
	(void)v, (void)token, (void)number;
	return OK;
}

enum status
opened_note(const char *name, bool approved)
{
	(void)name, (void)approved;
	return OK;
}

enum status
approve_run(struct settings *settings, const struct volume *v, size_t n, int fd, struct attest *a)
{
	(void)settings, (void)v, (void)a;
	while (scenario->keys_when != NULL && !is_done(scenario->keys_when))
		usleep(1000);
	/* Whoever has to end this does it now. */
	if (scenario->keys_when != NULL)
		usleep(300000);
	for (size_t i = 0; i < n; i++) {
		struct approve_key k;

		memset(&k, 0, sizeof k);
		k.volume = i;
		k.epoch = 1;
		k.last = scenario->last;
		if (scenario->disk[i].key)
			file_write_all(fd, bytes_of(&k, sizeof k));
	}
	for (size_t i = 0; scenario->seals && i < n; i++) {
		struct approve_key k = { .volume = i, .epoch = 1, .seal = { .epoch = 2 } };

		file_write_all(fd, bytes_of(&k, sizeof k));
	}
	while (scenario->hangs)
		pause();
	if (scenario->dies)
		raise(SIGKILL);
	/* The parent must not need the end of the pipe to come at once. */
	usleep(100000);
	return OK;
}

void
approve_clean_up(const struct settings *settings)
{
	(void)settings;
}

void
network_start(const struct settings *s, struct network *n)
{
	(void)s, (void)n;
}

void
network_stop(struct network *n)
{
	(void)n;
}

enum status
console_open(const char *path, struct console *c)
{
	(void)path;
	c->fd = scenario->typed_when != NULL ? typing[0] : -1;
	if (c->fd >= 0)
		do_("prompt", "is there");
	return c->fd >= 0 ? OK : E_NOT_FOUND;
}

void
console_ask(const struct console *c, const char *text)
{
	(void)c;
	do_("ask", text);
}

enum status
console_read(const struct console *c, char line[CONSOLE_LINE_MAX], size_t *n)
{
	char ch;

	for (*n = 0; read(c->fd, &ch, 1) == 1 && ch != '\n'; )
		line[(*n)++] = ch;
	return *n > 0 ? OK : E_IO;
}

void
console_close(struct console *c)
{
	c->fd = -1;
}

bool
door_closed(void)
{
	return false;
}

bool
door_close_or_poweroff(const char *tcti, const char *outcome, struct bytes digest)
{
	(void)tcti, (void)digest;
	do_("door", outcome);
	return true;
}

bool
door_disown_or_poweroff(const char *tcti, const char *outcome)
{
	(void)tcti;
	do_("disown", outcome);
	return true;
}

void
door_poweroff(const char *reason)
{
	do_("off", reason);
	_exit(99);
}

enum status
memory_overwrite_request(void)
{
	return OK;
}

/*
 * A boot.
 */

static enum status
boots(const struct scenario *s)
{
	static struct settings settings;
	char text[512];
	unsigned line;
	const char *why;
	int status;
	pid_t pid;

	scenario = s;
	memset(shared, 0, sizeof *shared);
	assert_int_equal(pipe(typing), 0);
	snprintf(text, sizeof text, "verifier = https://127.0.0.1\ngive-up = 2\n%s", s->names);
	assert_int_equal(settings_parse(bytes_of(text, strlen(text)), &settings, &line, &why), OK);
	fflush(NULL);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0)
		_exit((int)boot_run(&settings));
	close(typing[0]);
	close(typing[1]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	scenario = NULL;
	assert_true(WIFEXITED(status));
	return (enum status)WEXITSTATUS(status);
}

/* That ${a} was done, and then ${b}. */
static void
assert_order(const char *a, const char *b)
{
	const char *first = strstr(shared->done, a);

	if (first == NULL || strstr(first, b) == NULL)
		fail_msg("not \"%s\" and then \"%s\" in: %s", a, b, shared->done);
}

static void
assert_never(const char *what)
{
	if (is_done(what))
		fail_msg("\"%s\" in: %s", what, shared->done);
}

#define NAMES_ROOT "volume = root " ROOT "\n"
#define NAMES_BOTH NAMES_ROOT "volume = data " DATA "\n"

static void
an_approval_opens_all_and_the_door_is_closed(void **state)
{
	static const struct scenario s = { .names = NAMES_BOTH, .disks = 2, .disk = { { ROOT, 1, true, NULL, false }, { DATA, 1, true, NULL, false } } };

	(void)state;
	assert_int_equal(boots(&s), OK);
	assert_order("open root by approval", "open data by approval");
	assert_order("open data by approval", "door left");
}

static void
a_strangers_disk_with_a_token_is_not_waited_for(void **state)
{
	static const struct scenario s = { .names = NAMES_ROOT, .disks = 2, .disk = { { OTHER, 2, false, NULL, false }, { ROOT, 1, true, NULL, false } } };

	(void)state;
	assert_int_equal(boots(&s), OK);
	assert_order("open root by approval", "door left");
}

static void
a_volume_of_ours_that_nobody_named_opens_too(void **state)
{
	static const struct scenario s = { .names = NAMES_ROOT, .disks = 2, .disk = { { ROOT, 1, true, NULL, false }, { DATA, 1, true, NULL, false } } };

	(void)state;
	assert_int_equal(boots(&s), OK);
	assert_order("open root by approval", "open luks-" DATA " by approval");
}

static void
without_names_all_volumes_of_one_machine_are_waited_for(void **state)
{
	static const struct scenario all = { .names = "", .disks = 3, .disk = { { OTHER, 2, false, NULL, false }, { ROOT, 1, true, NULL, false }, { DATA, 1, true, NULL, false } } };
	static const struct scenario some = { .names = "", .disks = 2, .disk = { { ROOT, 1, true, NULL, false }, { DATA, 1, false, NULL, false } }, .typed = "x", .typed_when = "never" };
	static const struct scenario none = { .names = "", .disks = 1, .disk = { { ROOT, 1, false, NULL, false } }, .typed = "x", .typed_when = "never" };

	(void)state;
	assert_int_equal(boots(&all), OK);
	assert_int_equal(boots(&some), E_TIMEOUT);
	assert_order("open luks-" ROOT " by approval", "close luks-" ROOT);
	assert_int_equal(boots(&none), E_TIMEOUT);
}

static void
beside_a_passphrase_nothing_stays_open_by_approval(void **state)
{
	static const struct scenario s = { .names = NAMES_ROOT, .disks = 2, .disk = { { DATA, 1, true, NULL, false }, { ROOT, 1, false, "rogue", false } },
		.typed = "rogue\n", .typed_when = "open luks-" DATA };

	(void)state;
	assert_int_equal(boots(&s), OK);
	assert_order("open luks-" DATA " by approval", "open root by passphrase");
	assert_order("open root by passphrase", "disown passphrase");
	assert_order("open root by passphrase", "close luks-" DATA);
}

static void
what_was_closed_again_and_is_waited_for_needs_its_own_passphrase(void **state)
{
	static const struct scenario s = { .names = NAMES_BOTH, .disks = 2, .disk = { { DATA, 1, true, "second", false }, { ROOT, 1, false, "first", false } },
		.typed = "first\nsecond\n", .typed_when = "open data by approval" };

	(void)state;
	assert_int_equal(boots(&s), OK);
	assert_order("open root by passphrase", "close data");
	assert_order("close data", "open data by passphrase");
}

static void
after_a_passphrase_nothing_is_asked_for(void **state)
{
	static const struct scenario s = { .names = NAMES_ROOT, .disks = 2, .disk = { { DATA, 1, true, NULL, false }, { ROOT, 1, true, "rogue", false } },
		.typed = "rogue\n", .typed_when = "prompt", .keys_when = "open root by passphrase" };

	(void)state;
	assert_int_equal(boots(&s), OK);
	assert_order("open root by passphrase", "disown passphrase");
	assert_never("by approval");
}

static void
a_wrong_passphrase_opens_nothing_and_is_asked_for_again(void **state)
{
	static const struct scenario s = { .names = NAMES_ROOT, .disks = 1, .disk = { { ROOT, 1, true, "right", false } },
		.typed = "wrong\n", .typed_when = "prompt", .keys_when = "door" };

	(void)state;
	assert_int_equal(boots(&s), E_TIMEOUT);
	assert_never("open root");
	assert_never("door");
}

static void
who_asks_and_dies_closes_the_door(void **state)
{
	static const struct scenario s = { .names = NAMES_ROOT, .disks = 1, .disk = { { ROOT, 1, false, NULL, false } }, .typed = "x", .typed_when = "never", .dies = true };

	(void)state;
	assert_int_equal(boots(&s), E_TIMEOUT);
	assert_order("ask", "door left");
}

static void
when_not_all_could_be_opened_none_stays_open(void **state)
{
	static const struct scenario s = { .names = NAMES_BOTH, .disks = 2, .disk = { { DATA, 1, true, NULL, false }, { ROOT, 1, false, NULL, false } },
		.typed = "x", .typed_when = "never" };

	(void)state;
	assert_int_equal(boots(&s), E_TIMEOUT);
	assert_order("open data by approval", "close data");
}

static void
with_nothing_left_to_open_by_it_ends_shut(void **state)
{
	static const struct scenario s = { .names = NAMES_ROOT, .disks = 1, .disk = { { ROOT, 1, false, NULL, false } } };

	(void)state;
	assert_int_equal(boots(&s), E_DENIED);
	assert_never("open");
}

static void
a_second_disk_of_the_same_uuid_is_not_waited_for(void **state)
{
	static const struct scenario s = { .names = NAMES_ROOT, .disks = 3, .disk = { { ROOT, 1, false, NULL, false }, { ROOT, 1, true, NULL, false }, { ROOT, 0, false, NULL, false } } };

	(void)state;
	assert_int_equal(boots(&s), OK);
	assert_order("open root by approval", "door left");
}

static void
of_two_disks_with_one_header_none_is_opened(void **state)
{
	static const struct scenario s = { .names = NAMES_ROOT, .disks = 2, .disk = { { ROOT, 1, true, "right", true }, { ROOT, 1, true, "right", true } },
		.typed = "right\n", .typed_when = "prompt" };

	(void)state;
	assert_int_equal(boots(&s), E_TIMEOUT);
	assert_never("open root");
}

static void
second_seals_are_for_what_the_approval_opened(void **state)
{
	struct scenario s = { .names = NAMES_ROOT, .disks = 2, .disk = { { ROOT, 1, .key = true }, { OTHER, 2 } }, .seals = true };

	(void)state;
	assert_int_equal(boots(&s), OK);
	assert_order("open root by approval", "seal /dev/vda");
	assert_never("seal /dev/vdb");
	assert_never("finish");
}

static void
a_rotation_ends_when_all_is_open_and_the_door_closed(void **state)
{
	struct scenario s = { .names = NAMES_BOTH, .disks = 2, .disk = { { ROOT, 1, .key = true }, { DATA, 1, .key = true } }, .last = true };
	struct scenario shut = { .names = NAMES_BOTH, .disks = 2, .disk = { { ROOT, 1, .key = true }, { DATA, 1 } }, .last = true };
	struct scenario typed = { .names = NAMES_BOTH, .disks = 2, .disk = { { ROOT, 1, .key = true, .passphrase = "both" }, { DATA, 1, .passphrase = "both" } },
		.typed = "both\nboth\n", .typed_when = "open root by approval", .last = true };

	(void)state;
	assert_int_equal(boots(&s), OK);
	assert_order("door left", "finish it");
	assert_order("rotated /dev/vda", "rotated /dev/vdb");
	assert_int_not_equal(boots(&shut), OK);
	assert_never("finish");
	assert_int_equal(boots(&typed), OK);
	/* what was closed again counts as opened by nobody's secret */
	assert_never("rotated");
}

static void
what_follows_the_keys_is_not_waited_for_without_end(void **state)
{
	struct scenario s = { .names = NAMES_ROOT, .disks = 1, .disk = { { ROOT, 1, .key = true } }, .hangs = true };

	(void)state;
	assert_int_equal(boots(&s), OK);
	assert_order("open root by approval", "door left");
}

static void
without_any_volume_it_ends_at_once(void **state)
{
	static const struct scenario s = { .names = NAMES_ROOT, .disks = 0 };

	(void)state;
	assert_int_equal(boots(&s), E_NOT_FOUND);
}

static int
share_memory(void **state)
{
	(void)state;
	log_limit(LOG_LEVEL_ERROR);
	shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	return shared == MAP_FAILED ? -1 : 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_approval_opens_all_and_the_door_is_closed),
		cmocka_unit_test(a_strangers_disk_with_a_token_is_not_waited_for),
		cmocka_unit_test(a_volume_of_ours_that_nobody_named_opens_too),
		cmocka_unit_test(without_names_all_volumes_of_one_machine_are_waited_for),
		cmocka_unit_test(beside_a_passphrase_nothing_stays_open_by_approval),
		cmocka_unit_test(what_was_closed_again_and_is_waited_for_needs_its_own_passphrase),
		cmocka_unit_test(after_a_passphrase_nothing_is_asked_for),
		cmocka_unit_test(a_wrong_passphrase_opens_nothing_and_is_asked_for_again),
		cmocka_unit_test(who_asks_and_dies_closes_the_door),
		cmocka_unit_test(when_not_all_could_be_opened_none_stays_open),
		cmocka_unit_test(with_nothing_left_to_open_by_it_ends_shut),
		cmocka_unit_test(a_second_disk_of_the_same_uuid_is_not_waited_for),
		cmocka_unit_test(of_two_disks_with_one_header_none_is_opened),
		cmocka_unit_test(second_seals_are_for_what_the_approval_opened),
		cmocka_unit_test(a_rotation_ends_when_all_is_open_and_the_door_closed),
		cmocka_unit_test(what_follows_the_keys_is_not_waited_for_without_end),
		cmocka_unit_test(without_any_volume_it_ends_at_once),
	};

	return cmocka_run_group_tests(tests, share_memory, NULL);
}
