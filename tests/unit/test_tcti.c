/* SPDX-License-Identifier: ISC */
/* The way to the kernel's device: what is handed up of what comes. A pseudo-terminal stands for the device. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include <cmocka.h>

#include <tss2/tss2_tpm2_types.h>

#include "base/text.h"
#include "tpm/tcti.h"

/* FlushContext of a handle. */
#define COMMAND "80010000000e0000016580000000"

struct device {
	int tpm; /* the far end */
	TSS2_TCTI_CONTEXT *tcti;
};

static struct device
device_open(void)
{
	struct device d = { .tpm = posix_openpt(O_RDWR | O_NOCTTY) };
	struct termios raw;
	char name[64], path[80];
	bool is_raw;

	assert_true(d.tpm >= 0 && grantpt(d.tpm) == 0 && unlockpt(d.tpm) == 0);
	assert_int_equal(ptsname_r(d.tpm, name, sizeof name), 0);
	assert_int_equal(tcgetattr(d.tpm, &raw), 0);
	cfmakeraw(&raw);
	assert_int_equal(tcsetattr(d.tpm, TCSANOW, &raw), 0);
	snprintf(path, sizeof path, "device:%s", name);
	assert_int_equal(tcti_open(path, &d.tcti, &is_raw), OK);
	assert_true(is_raw);
	return d;
}

static void
device_close(struct device *d)
{
	tcti_close(d->tcti);
	if (d->tpm >= 0)
		close(d->tpm);
}

static size_t
bytes_from(const char *hex, uint8_t *out, size_t size)
{
	size_t n = 0;

	assert_int_equal(text_unhex(hex, out, size, &n), OK);
	return n;
}

static TSS2_RC
send_command(struct device *d)
{
	uint8_t command[64];
	size_t n = bytes_from(COMMAND, command, sizeof command);

	return TSS2_TCTI_TRANSMIT(d->tcti)(d->tcti, n, command);
}

/* The answer to a command; ${answer} is where the command stood, as in SYS. */
static TSS2_RC
ask(struct device *d, const char *hex, uint8_t answer[TPM2_MAX_RESPONSE_SIZE], size_t *n)
{
	uint8_t command[64], far[TPM2_MAX_RESPONSE_SIZE];
	size_t sent = bytes_from(COMMAND, command, sizeof command), m = bytes_from(hex, far, sizeof far);

	memset(answer, 0xaa, TPM2_MAX_RESPONSE_SIZE);
	memcpy(answer, command, sent);
	assert_int_equal(send_command(d), TSS2_RC_SUCCESS);
	assert_int_equal(read(d->tpm, far + m, sent), (ssize_t)sent);
	assert_memory_equal(far + m, command, sent);
	assert_int_equal(write(d->tpm, far, m), (ssize_t)m);
	*n = 0;
	assert_int_equal(TSS2_TCTI_RECEIVE(d->tcti)(d->tcti, n, NULL, -1), TSS2_RC_SUCCESS);
	assert_int_equal(*n, TPM2_MAX_RESPONSE_SIZE);
	return TSS2_TCTI_RECEIVE(d->tcti)(d->tcti, n, answer, -1);
}

static void
a_whole_answer_comes_with_nothing_of_the_command_behind_it(void **state)
{
	struct device d = device_open();
	uint8_t answer[TPM2_MAX_RESPONSE_SIZE];
	size_t n;

	(void)state;
	assert_int_equal(ask(&d, "80010000000c00000000" "1234", answer, &n), TSS2_RC_SUCCESS);
	assert_int_equal(n, 12);
	assert_int_equal(answer[11], 0x34);
	assert_true(bytes_zero(bytes_of(answer + 12, sizeof answer - 12)));
	device_close(&d);
}

static void
behind_an_error_the_command_stays_so_that_it_can_be_sent_again(void **state)
{
	struct device d = device_open();
	uint8_t answer[TPM2_MAX_RESPONSE_SIZE];
	size_t n;

	(void)state;
	assert_int_equal(ask(&d, "80010000000a00000922", answer, &n), TSS2_RC_SUCCESS);
	assert_int_equal(n, 10);
	assert_int_equal(answer[10], 0x80);
	assert_int_equal(answer[14], 0xaa);
	device_close(&d);
}

static void
an_answer_that_is_not_as_long_as_it_says_is_none(void **state)
{
	static const char *const bad[] = {
		"80",                              /* less than a header */
		"80010000000d00000000" "1234",     /* shorter than it says */
		"80010000000b00000000" "1234",     /* longer */
		"80010000000000000000",            /* not even its header */
		"8001ffffffff00000000",
		"80010000000c00000101" "1234",     /* an error with something behind it */
	};
	struct device d = device_open();
	uint8_t answer[TPM2_MAX_RESPONSE_SIZE];
	size_t n;

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_int_equal(ask(&d, bad[i], answer, &n), TCTI_MALFORMED);
	/* the next one is none the worse for it */
	assert_int_equal(ask(&d, "80010000000a00000000", answer, &n), TSS2_RC_SUCCESS);
	device_close(&d);
}

static void
a_device_that_went_away_is_not_asked_again(void **state)
{
	struct device d = device_open();
	uint8_t answer[TPM2_MAX_RESPONSE_SIZE];
	size_t n = sizeof answer;

	(void)state;
	assert_int_equal(send_command(&d), TSS2_RC_SUCCESS);
	close(d.tpm);
	d.tpm = -1;
	assert_int_equal(TSS2_TCTI_RECEIVE(d.tcti)(d.tcti, &n, answer, -1), TCTI_FAILED);
	assert_int_equal(send_command(&d), TCTI_FAILED);
	device_close(&d);
}

static void
commands_that_make_keys_have_more_time(void **state)
{
	(void)state;
	assert_int_equal(tcti_limit(TPM2_CC_NV_Read), TCTI_ANSWER_SECONDS);
	assert_int_equal(tcti_limit(TPM2_CC_CreatePrimary), TCTI_KEY_SECONDS);
	assert_int_equal(tcti_limit(TPM2_CC_Create), TCTI_KEY_SECONDS);
}

static void
what_is_not_there_or_not_known_does_not_open(void **state)
{
	TSS2_TCTI_CONTEXT *tcti = NULL;
	bool is_raw;

	(void)state;
	assert_int_equal(tcti_open("device:/dev/no-such-tpm", &tcti, &is_raw), E_NOT_FOUND);
	assert_null(tcti);
	assert_int_equal(tcti_open("mssim:host=localhost", &tcti, &is_raw), E_UNSUPPORTED);
	assert_null(tcti);
	tcti_close(tcti);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_whole_answer_comes_with_nothing_of_the_command_behind_it),
		cmocka_unit_test(behind_an_error_the_command_stays_so_that_it_can_be_sent_again),
		cmocka_unit_test(an_answer_that_is_not_as_long_as_it_says_is_none),
		cmocka_unit_test(a_device_that_went_away_is_not_asked_again),
		cmocka_unit_test(commands_that_make_keys_have_more_time),
		cmocka_unit_test(what_is_not_there_or_not_known_does_not_open),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
