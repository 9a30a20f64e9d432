/* SPDX-License-Identifier: ISC */
/*
 * bootgated-ekcert: one check of an EK certificate, then the end.  Started by bootgated's supervisor, as
 * `bootgated-ekcert -c FILE --role ekcert 0` with the stream of ekcert_ask.h as ROLES_FD.
 */
#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <signal.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "verifier/confine.h"
#include "ekcert/ekcert.h"
#include "verifier/ekcert_ask.h"
#include "verifier/roles.h"

#define SECONDS_MAX 5

static uint8_t question[EKCERT_QUESTION_MAX + 1];

static enum status
receive(struct buffer *b)
{
	while (b->n < b->size) {
		ssize_t n = read(ROLES_FD, b->p + b->n, b->size - b->n);

		if (n == 0)
			return OK;
		if (n < 0 && errno != EINTR)
			return file_status(errno);
		if (n > 0)
			b->n += (size_t)n;
	}
	return E_TOO_LARGE;
}

static enum ekcert_code
check(const struct ekcert_trust *t, struct bytes in, char detail[EKCERT_DETAIL_MAX + 1])
{
	struct ekcert_question q;
	struct public_area ek;

	detail[0] = '\0';
	if (ekcert_ask_decode(in, &q) != OK || public_decode(q.ek, &ek) != OK)
		return EKCERT_FAILED;
	return ekcert_check(t, &ek, q.certificate, q.certificates, (uint64_t)time(NULL), detail, EKCERT_DETAIL_MAX + 1);
}

/* warm_up(): what libcrypto opens or starts only when it is first needed, before nothing may be opened any more. */
static bool
warm_up(void)
{
	uint8_t digest[EVP_MAX_MD_SIZE];
	unsigned n = 0;

	return OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG | OPENSSL_INIT_NO_ATEXIT, NULL) == 1 &&
	       EVP_Digest("", 0, digest, &n, EVP_sha256(), NULL) == 1 && RAND_bytes(digest, 16) == 1;
}

int
main(int argc, char **argv)
{
	static struct config c;
	struct ekcert_trust *t;
	struct buffer b = BUFFER(question);
	char why[512] = "", detail[EKCERT_DETAIL_MAX + 1];
	uint8_t answer[1 + EKCERT_DETAIL_MAX];
	enum ekcert_code code;

	log_open("bootgated[ekcert]", false);
	if (argc != 6 || strcmp(argv[1], "-c") != 0) {
		log_error("this program is started by bootgated");
		return 2;
	}
	signal(SIGPIPE, SIG_IGN);
	if (config_load(argv[2], &c, why, sizeof why) != OK) {
		log_error("%s", why);
		return 1;
	}
	t = ekcert_trust_new();
	if (t == NULL || !warm_up())
		return 1;
	for (size_t i = 0; i < c.ek_cas; i++)
		ekcert_trust_add(t, c.ek_ca[i]);
	if (confine_limits(16, why, sizeof why) != OK || confine(CONFINE_EKCERT, NULL, why, sizeof why) != OK) {
		log_error("not confined, so not started: %s", why);
		return 1;
	}
	alarm(SECONDS_MAX);
	if (receive(&b) != OK)
		return 1;
	code = check(t, buffer_view(&b), detail);
	answer[0] = (uint8_t)code;
	memcpy(answer + 1, detail, strlen(detail));
	return file_write_all(ROLES_FD, bytes_of(answer, 1 + strlen(detail))) == OK ? 0 : 1;
}
