/* SPDX-License-Identifier: ISC */
#include "store/keys.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"
#include "crypto/aead.h"
#include "crypto/ecdsa_sign.h"
#include "crypto/kdf.h"
#include "crypto/keyfile.h"
#include "crypto/random.h"
#include "structures/policy_digest.h"

#define SALT_SIZE 16

/* --- the text formats --- */

static void
put_line(struct buffer *out, const char *word, const char *value)
{
	buffer_bytes(out, bytes_of(word, strlen(word)));
	buffer_u8(out, ' ');
	buffer_bytes(out, bytes_of(value, strlen(value)));
	buffer_u8(out, '\n');
}

static void
put_hex(struct buffer *out, const char *word, struct bytes v)
{
	char hex[2 * EC_POINT_MAX + 1];

	put_line(out, word, text_hex(v, hex, sizeof hex));
}

static void
put_key(struct buffer *out, const char *word, const struct ec_public *k)
{
	uint8_t point[EC_POINT_MAX];

	put_hex(out, word, bytes_of(point, ec_public_encode(k, point)));
}

/* take_line(r, word, value, size): the value of the next line, which must begin with ${word}. */
static void
take_line(struct reader *r, const char *word, char *value, size_t size)
{
	size_t n = 0;

	for (const char *c = word; *c != '\0'; c++)
		if (reader_u8(r) != (uint8_t)*c)
			reader_fail(r, E_SYNTAX);
	if (reader_u8(r) != ' ')
		reader_fail(r, E_SYNTAX);
	while (r->failed == OK) {
		char c = (char)reader_u8(r);

		if (c == '\n' || r->failed != OK)
			break;
		if (c <= ' ' || c > '~' || n + 1 >= size)
			reader_fail(r, E_SYNTAX);
		else
			value[n++] = c;
	}
	value[r->failed == OK ? n : 0] = '\0';
}

static size_t
take_hex(struct reader *r, const char *word, uint8_t *out, size_t size)
{
	char value[2 * EC_POINT_MAX + 1];
	size_t n = 0;

	take_line(r, word, value, sizeof value);
	if (r->failed == OK && text_unhex(value, out, size, &n) != OK)
		reader_fail(r, E_SYNTAX);
	return n;
}

static void
take_key(struct reader *r, const char *word, struct ec_public *k)
{
	uint8_t point[EC_POINT_MAX];
	size_t n = take_hex(r, word, point, sizeof point);
	enum ec_curve curve = n == 1 + 2 * ec_field_size(EC_P384) ? EC_P384 : EC_P256;

	if (r->failed == OK)
		reader_fail(r, ec_public_decode(curve, bytes_of(point, n), k));
}

static void
take_version(struct reader *r, const char *word)
{
	char value[8];

	take_line(r, word, value, sizeof value);
	if (r->failed == OK && strcmp(value, "1") != 0)
		reader_fail(r, E_VERSION);
}

enum status
keys_encode_request(const struct keys_request *q, struct buffer *out)
{
	put_line(out, "bootgate-verifier", "1");
	put_key(out, "approval", &q->approval);
	put_key(out, "statement", &q->statement);
	put_key(out, "tls", &q->tls);
	return out->failed;
}

enum status
keys_parse_request(struct bytes text, struct keys_request *q)
{
	struct reader r = reader_of(text);

	take_version(&r, "bootgate-verifier");
	take_key(&r, "approval", &q->approval);
	take_key(&r, "statement", &q->statement);
	take_key(&r, "tls", &q->tls);
	return reader_end(&r);
}

enum status
keys_encode_delegation(const struct keys_delegation *d, struct buffer *out)
{
	char epoch[16];

	snprintf(epoch, sizeof epoch, "%u", (unsigned)d->epoch);
	put_line(out, "bootgate-delegation", "1");
	put_line(out, "epoch", epoch);
	put_key(out, "approval", &d->approval);
	put_key(out, "statement", &d->statement);
	put_hex(out, "signature", bytes_of(d->signature, d->n));
	return out->failed;
}

static uint32_t
take_number(struct reader *r, const char *word)
{
	char value[12];
	uint64_t v = 0;

	take_line(r, word, value, sizeof value);
	for (const char *c = value; *c != '\0'; c++) {
		if (*c < '0' || *c > '9' || (c == value && *c == '0')) {
			reader_fail(r, E_RANGE);
			return 0;
		}
		v = v * 10 + (uint64_t)(*c - '0');
	}
	if (v == 0 || v > UINT32_MAX)
		reader_fail(r, E_RANGE);
	return (uint32_t)v;
}

enum status
keys_parse_delegation(struct bytes text, struct keys_delegation *d)
{
	struct reader r = reader_of(text);

	take_version(&r, "bootgate-delegation");
	d->epoch = take_number(&r, "epoch");
	take_key(&r, "approval", &d->approval);
	take_key(&r, "statement", &d->statement);
	d->n = take_hex(&r, "signature", d->signature, sizeof d->signature);
	return reader_end(&r);
}

/* --- files --- */

static enum status
path_in(const char *state, const char *name, char path[PATH_MAX], char *why, size_t size)
{
	if (snprintf(path, PATH_MAX, "%s/%s", state, name) < PATH_MAX)
		return OK;
	snprintf(why, size, "%s: the path is too long", state);
	return E_TOO_LARGE;
}

static enum status
because(char *why, size_t size, const char *path, enum status s)
{
	if (s != OK)
		snprintf(why, size, "%s: %s", path, status_text(s));
	return s;
}

static enum status
refuse_open_to_others(const char *path, char *why, size_t size)
{
	struct stat st;

	if (stat(path, &st) != 0)
		return because(why, size, path, file_status(errno));
	if ((st.st_mode & (S_IRWXG | S_IRWXO)) == 0)
		return OK;
	snprintf(why, size, "%s: others may read this key (mode %03o); chmod 600 it", path, (unsigned)(st.st_mode & 0777));
	return E_PERMISSION;
}

enum status
keys_load_private(const char *path, struct ec_private *k, char *why, size_t size)
{
	uint8_t pem[KEYFILE_SIZE_MAX];
	struct buffer b = BUFFER(pem);
	enum status s = refuse_open_to_others(path, why, size);

	if (s != OK)
		return s;
	s = file_read(path, &b);
	if (s == OK)
		s = keyfile_decode_private(buffer_view(&b), k);
	memory_wipe(pem, sizeof pem);
	return because(why, size, path, s);
}

static enum status
create_private(const char *path, char *why, size_t size)
{
	uint8_t pem[KEYFILE_SIZE_MAX];
	struct buffer b = BUFFER(pem);
	struct ec_private k;
	enum status s;

	if (access(path, F_OK) == 0)
		return OK;
	s = ec_generate(EC_P256, &k);
	if (s == OK)
		s = keyfile_encode_private(&k, &b);
	if (s == OK)
		s = file_create(path, buffer_view(&b), 0600);
	memory_wipe(&k, sizeof k);
	memory_wipe(pem, sizeof pem);
	return because(why, size, path, s == E_EXISTS ? OK : s);
}

static enum status
create_master(const char *path, char *why, size_t size)
{
	uint8_t master[KEYS_MASTER_SIZE];
	char hex[2 * KEYS_MASTER_SIZE + 2];
	enum status s;

	if (access(path, F_OK) == 0)
		return OK;
	s = random_fill(master, sizeof master);
	if (s == OK) {
		text_hex(BYTES(master), hex, sizeof hex);
		hex[2 * KEYS_MASTER_SIZE] = '\n';
		s = file_create(path, bytes_of(hex, 2 * KEYS_MASTER_SIZE + 1), 0600);
	}
	memory_wipe(master, sizeof master);
	memory_wipe(hex, sizeof hex);
	return because(why, size, path, s == E_EXISTS ? OK : s);
}

static enum status
load_master(const char *path, uint8_t master[KEYS_MASTER_SIZE], char *why, size_t size)
{
	char hex[2 * KEYS_MASTER_SIZE + 2];
	struct buffer b = buffer_of(hex, sizeof hex - 1);
	size_t n = 0;
	enum status s = refuse_open_to_others(path, why, size);

	if (s != OK)
		return s;
	s = file_read(path, &b);
	if (s == OK && b.n > 0 && hex[b.n - 1] == '\n')
		b.n--;
	hex[b.n] = '\0';
	if (s == OK)
		s = b.n != 2 * KEYS_MASTER_SIZE ? E_SYNTAX : text_unhex(hex, master, KEYS_MASTER_SIZE, &n);
	memory_wipe(hex, sizeof hex);
	return because(why, size, path, s);
}

static enum status
write_request(const char *state, char *why, size_t size)
{
	static const char *const name[] = { KEYS_APPROVAL, KEYS_STATEMENT, KEYS_TLS };
	struct keys_request q;
	struct ec_public *const to[] = { &q.approval, &q.statement, &q.tls };
	uint8_t text[KEYS_TEXT_MAX], old[KEYS_TEXT_MAX];
	struct buffer b = BUFFER(text), before = BUFFER(old);
	char path[PATH_MAX];
	enum status s = OK;

	for (size_t i = 0; s == OK && i < sizeof name / sizeof *name; i++) {
		struct ec_private k;

		s = path_in(state, name[i], path, why, size);
		if (s == OK)
			s = keys_load_private(path, &k, why, size);
		if (s == OK)
			*to[i] = k.public;
		memory_wipe(&k, sizeof k);
	}
	if (s == OK)
		s = path_in(state, KEYS_REQUEST, path, why, size);
	if (s != OK)
		return s;
	s = keys_encode_request(&q, &b);
	if (s == OK && file_read(path, &before) == OK && bytes_equal(buffer_view(&b), buffer_view(&before)))
		return OK;
	if (s == OK)
		s = file_write(path, buffer_view(&b), 0644);
	return because(why, size, path, s);
}

enum status
keys_create(const char *state, char *why, size_t size)
{
	static const struct {
		const char *name;
		enum status (*create)(const char *, char *, size_t);
	} list[] = {
		{ KEYS_APPROVAL, create_private },
		{ KEYS_STATEMENT, create_private },
		{ KEYS_TLS, create_private },
		{ KEYS_MASTER, create_master },
	};
	char path[PATH_MAX];
	enum status s = OK;

	if (mkdir(state, 0700) != 0 && errno != EEXIST)
		return because(why, size, state, file_status(errno));
	for (size_t i = 0; s == OK && i < sizeof list / sizeof *list; i++) {
		s = path_in(state, list[i].name, path, why, size);
		if (s == OK)
			s = list[i].create(path, why, size);
	}
	return s == OK ? write_request(state, why, size) : s;
}

static enum status
load_delegation(const char *path, struct keys_delegation *d)
{
	uint8_t text[KEYS_TEXT_MAX];
	struct buffer b = BUFFER(text);
	enum status s = file_read(path, &b);

	return s == OK ? keys_parse_delegation(buffer_view(&b), d) : s;
}

static enum status
check_delegation(const struct keys *k, const struct keys_delegation *d)
{
	if (!ec_public_equal(&d->approval, &k->approval.public) || !ec_public_equal(&d->statement, &k->statement.public))
		return E_MISMATCH;
	return gate_delegation_verify(&k->authority, &d->approval, &d->statement, d->epoch, bytes_of(d->signature, d->n));
}

/* Where there are too many, the oldest goes. */
static void
add_delegation(struct keys *k, const struct keys_delegation *d)
{
	size_t at = k->delegations;

	if (keys_find_delegation(k, d->epoch) != NULL || (at == KEYS_DELEGATIONS_MAX && d->epoch < k->delegation[0].epoch))
		return;
	if (at == KEYS_DELEGATIONS_MAX)
		memmove(k->delegation, k->delegation + 1, --at * sizeof *d);
	k->delegations = at;
	for (; at > 0 && k->delegation[at - 1].epoch > d->epoch; at--)
		k->delegation[at] = k->delegation[at - 1];
	k->delegation[at] = *d;
	k->delegations++;
}

static enum status
load_delegations(const char *state, struct keys *k, char *why, size_t size)
{
	DIR *folder = opendir(state);
	const struct dirent *e;

	if (folder == NULL)
		return because(why, size, state, file_status(errno));
	while ((e = readdir(folder)) != NULL) {
		const char *number = e->d_name + strlen(KEYS_DELEGATION);
		struct keys_delegation d;
		char path[PATH_MAX];
		enum status s;

		if (strncmp(e->d_name, KEYS_DELEGATION, strlen(KEYS_DELEGATION)) != 0 || *number == '\0' ||
			number[strspn(number, "0123456789")] != '\0')
			continue;
		s = path_in(state, e->d_name, path, why, size);
		if (s == OK)
			s = load_delegation(path, &d);
		if (s == OK)
			s = check_delegation(k, &d);
		if (s == OK)
			add_delegation(k, &d);
		else
			snprintf(why, size, "%s: not used: %s", path,
				s == E_MISMATCH ? "it is for other keys than this verifier's" : status_text(s));
	}
	closedir(folder);
	return OK;
}

static enum status
load_authority(const char *path, struct ec_public *k, char *why, size_t size)
{
	uint8_t pem[KEYFILE_SIZE_MAX];
	struct buffer b = BUFFER(pem);
	enum status s = file_read(path, &b);

	if (s == E_NOT_FOUND) {
		memset(k, 0, sizeof *k);
		return OK;
	}
	if (s == OK)
		s = keyfile_decode_public(buffer_view(&b), k);
	return because(why, size, path, s);
}

enum status
keys_load(const char *state, const char *authority, struct keys *k, char *why, size_t size)
{
	char path[PATH_MAX];
	enum status s;

	memset(k, 0, sizeof *k);
	why[0] = '\0';
	if ((s = path_in(state, KEYS_APPROVAL, path, why, size)) == OK &&
		(s = keys_load_private(path, &k->approval, why, size)) == OK &&
		(s = path_in(state, KEYS_STATEMENT, path, why, size)) == OK &&
		(s = keys_load_private(path, &k->statement, why, size)) == OK &&
		(s = path_in(state, KEYS_MASTER, path, why, size)) == OK &&
		(s = load_master(path, k->master, why, size)) == OK &&
		(s = path_in(state, KEYS_AUTHORITY, path, why, size)) == OK)
		s = load_authority(authority != NULL ? authority : path, &k->authority, why, size);
	if (s == OK && k->authority.curve != EC_NONE)
		s = load_delegations(state, k, why, size);
	if (s != OK)
		keys_wipe(k);
	return s;
}

void
keys_wipe(struct keys *k)
{
	memory_wipe(k, sizeof *k);
}

const struct keys_delegation *
keys_find_delegation(const struct keys *k, uint32_t epoch)
{
	for (size_t i = 0; i < k->delegations; i++)
		if (k->delegation[i].epoch == epoch)
			return &k->delegation[i];
	return NULL;
}

enum status
keys_write_delegation(const char *state, const struct keys_delegation *d)
{
	uint8_t text[KEYS_TEXT_MAX];
	struct buffer b = BUFFER(text);
	char path[PATH_MAX];
	enum status s = keys_encode_delegation(d, &b);

	if (s != OK)
		return s;
	if (snprintf(path, sizeof path, "%s/" KEYS_DELEGATION "%u", state, (unsigned)d->epoch) >= (int)sizeof path)
		return E_TOO_LARGE;
	return file_write(path, buffer_view(&b), 0644);
}

enum status
keys_delegation_of(const struct ec_private *authority, const struct ec_public *approval, const struct ec_public *statement,
	uint32_t epoch, struct keys_delegation *d)
{
	uint8_t policy[GATE_DIGEST_SIZE];
	struct digest digest;
	enum status s;

	if (epoch == 0)
		return E_RANGE;
	s = gate_delegated_policy(approval, statement, policy);
	if (s == OK)
		s = gate_delegation_digest(&authority->public, policy, epoch, &digest);
	if (s != OK)
		return s;
	d->epoch = epoch;
	d->approval = *approval;
	d->statement = *statement;
	return ecdsa_sign(authority, digest.alg, digest_view(&digest), d->signature, &d->n);
}

/* --- what follows from the share master --- */

static void
derive(const uint8_t master[KEYS_MASTER_SIZE], const char *purpose, struct bytes salt, uint8_t *out, size_t n)
{
	uint8_t prk[HASH_SIZE_MAX], info[64];
	struct buffer b = BUFFER(info);

	buffer_bytes(&b, BYTES_STRING("bootgate/1 "));
	buffer_bytes(&b, bytes_of(purpose, strlen(purpose)));
	kdf_hkdf_extract(HASH_SHA256, salt, bytes_of(master, KEYS_MASTER_SIZE), prk);
	if (kdf_hkdf_expand(HASH_SHA256, bytes_of(prk, hash_size(HASH_SHA256)), buffer_view(&b), out, n) != OK)
		abort(); /* only for more than 255 blocks */
	memory_wipe(prk, sizeof prk);
}

void
keys_derive(const uint8_t master[KEYS_MASTER_SIZE], const char *purpose, uint8_t out[32])
{
	derive(master, purpose, (struct bytes){ NULL, 0 }, out, 32);
}

enum status
keys_wrap(const uint8_t master[KEYS_MASTER_SIZE], const char *purpose, struct bytes aad, struct bytes in, struct buffer *out)
{
	uint8_t salt[SALT_SIZE], tag[AEAD_TAG_SIZE], data[KEYS_WRAP_MAX];
	struct aead_key k;
	enum status s;

	if (in.n > sizeof data)
		return E_TOO_LARGE;
	s = random_fill(salt, sizeof salt);
	if (s != OK)
		return s;
	derive(master, purpose, BYTES(salt), (uint8_t *)&k, sizeof k);
	memcpy(data, in.p, in.n);
	aead_encrypt(&k, aad, data, in.n, tag);
	memory_wipe(&k, sizeof k);
	buffer_bytes(out, BYTES(salt));
	buffer_bytes(out, bytes_of(data, in.n));
	buffer_bytes(out, BYTES(tag));
	return out->failed;
}

enum status
keys_unwrap(const uint8_t master[KEYS_MASTER_SIZE], const char *purpose, struct bytes aad, struct bytes in, struct buffer *out)
{
	struct reader r = reader_of(in);
	uint8_t data[KEYS_WRAP_MAX], tag[AEAD_TAG_SIZE];
	struct bytes salt = reader_take(&r, SALT_SIZE);
	struct aead_key k;
	size_t n = in.n - KEYS_WRAP_OVERHEAD;
	enum status s;

	if (in.n < KEYS_WRAP_OVERHEAD || n > sizeof data)
		return E_MAC;
	reader_copy(&r, data, n);
	reader_copy(&r, tag, sizeof tag);
	derive(master, purpose, salt, (uint8_t *)&k, sizeof k);
	s = aead_decrypt(&k, aad, data, n, tag);
	memory_wipe(&k, sizeof k);
	if (s == OK)
		buffer_bytes(out, bytes_of(data, n));
	memory_wipe(data, sizeof data);
	return s == OK ? out->failed : s;
}
