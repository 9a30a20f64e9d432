/* SPDX-License-Identifier: ISC */
#include "agent/identity.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/text.h"

/* A cached object that is damaged, or another's, counts as not there: it is then read from the TPM. */
static void
take_object(const struct token_object *from, uint32_t handle, struct tpm_object *to)
{
	struct name name;
	uint32_t found;

	_Static_assert(sizeof to->blob >= TOKEN_OBJECT_MAX, "a cached object fits");
	to->n = from->n;
	memcpy(to->blob, from->p, from->n);
	if (from->n > 0 && (tpm_object_name(to, &name, &found) != OK || found != handle))
		to->n = 0;
}

enum status
identity_from_token(const struct token *token, struct identity *id)
{
	memset(id, 0, sizeof *id);
	id->ek_handle = token->ek_handle;
	id->ak_handle = token->ak_handle;
	take_object(&token->cache.ek, id->ek_handle, &id->ek);
	take_object(&token->cache.ak, id->ak_handle, &id->ak);
	if (token->seals == 0)
		return E_MISSING;
	id->nv_handle_next = token->nv_handle[1];
	id->indices = token->seals;
	for (size_t i = 0; i < token->seals; i++) {
		memcpy(id->machine_key[i], token->seal[i].machine_key, sizeof id->machine_key[i]);
		id->index[i] = (struct index_claim){ token->nv_handle[i], token->seal[i].epoch };
		take_object(&token->cache.nv[i], token->nv_handle[i], &id->nv[i]);
	}
	return OK;
}

/* The note's numbers, and where they go. */
static uint32_t *
number_of(struct identity *id, const char *key, size_t n)
{
	const struct {
		const char *key;
		uint32_t *to;
	} numbers[] = {
		{ "ek", &id->ek_handle }, { "ak", &id->ak_handle }, { "nv", &id->index[0].handle },
		{ "epoch", &id->index[0].epoch }, { "nv-next", &id->nv_handle_next },
	};

	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
		if (strlen(numbers[i].key) == n && strncmp(numbers[i].key, key, n) == 0)
			return numbers[i].to;
	return NULL;
}

static enum status
parse_line(struct identity *id, char *line, unsigned *lines)
{
	char *equals = strstr(line, " = "), *end;
	uint32_t *number;
	size_t n;

	if (line[0] == '#')
		return OK;
	if (equals == NULL)
		return E_SYNTAX;
	++*lines;
	number = number_of(id, line, (size_t)(equals - line));
	if (number != NULL) {
		*number = (uint32_t)strtoul(equals + 3, &end, 0);
		return *end == '\0' ? OK : E_SYNTAX;
	}
	if (strncmp(line, "machine-key", (size_t)(equals - line)) != 0)
		return E_SYNTAX;
	return text_unhex(equals + 3, id->machine_key[0], MACHINE_KEY_SIZE, &n) == OK && n == MACHINE_KEY_SIZE ? OK : E_SYNTAX;
}

enum status
identity_load(const char *path, struct identity *id)
{
	char text[1024] = "";
	struct buffer b = buffer_of(text, sizeof text - 1);
	unsigned lines = 0;
	enum status s = file_read(path, &b);

	memset(id, 0, sizeof *id);
	id->indices = 1;
	for (char *save = NULL, *line = strtok_r(text, "\n", &save); s == OK && line != NULL; line = strtok_r(NULL, "\n", &save))
		s = parse_line(id, line, &lines);
	return s != OK ? s : lines == 6 ? OK : E_MISSING;
}

enum status
identity_save(const struct identity *id, const char *path)
{
	char text[1024], key[2 * MACHINE_KEY_SIZE + 1];
	int n = snprintf(text, sizeof text,
		"# Written by bootgate enroll: where this machine's keys are in its TPM. Nothing here is secret.\n"
		"ek = 0x%08" PRIx32 "\nak = 0x%08" PRIx32 "\nnv = 0x%08" PRIx32 "\nepoch = %" PRIu32 "\nnv-next = 0x%08" PRIx32 "\n"
		"machine-key = %s\n",
		id->ek_handle, id->ak_handle, id->index[0].handle, id->index[0].epoch, id->nv_handle_next,
		text_hex(BYTES(id->machine_key[0]), key, sizeof key));

	if (n < 0 || (size_t)n >= sizeof text)
		return E_TOO_LARGE;
	return file_write(path, bytes_of(text, (size_t)n), 0644);
}

enum status
identity_check_place(const char *path)
{
	char folder[256];
	const char *slash = strrchr(path, '/');

	snprintf(folder, sizeof folder, "%.*s", slash == NULL ? 1 : (int)(slash - path), slash == NULL ? "." : path);
	mkdir(folder, 0755);
	if (access(folder, W_OK) == 0)
		return OK;
	log_error("%s: the machine's note cannot be written there: %s", folder, strerror(errno));
	return E_PERMISSION;
}

enum status
identity_open_tpm(const char *tcti, struct tpm **t)
{
	enum status s = tpm_open(tcti[0] != '\0' ? tcti : "device:/dev/tpmrm0", t);

	if (s != OK && tcti[0] == '\0')
		s = tpm_open(NULL, t);
	if (s == OK)
		return OK;
	log_error("no TPM 2.0 on this machine answers: %s", status_text(s));
	return E_TPM;
}

static enum status
complete_object(struct tpm *t, const char *what, uint32_t handle, struct tpm_object *o)
{
	enum status s;

	if (o->n > 0)
		return OK;
	s = tpm_object_find(t, handle, o);
	if (s != OK)
		log_error("the machine's %s at TPM handle 0x%08" PRIx32 ": %s%s", what, handle, status_text(s), s != E_NOT_FOUND ? "" :
			"; the TPM was cleared, or is another one, or this LUKS header is older than a rotation: put the newest header back, or open by passphrase, "
			"then bootgate enroll and bootgate luks-enroll");
	return s;
}

/* While a rotation is under way only the TPM knows which of the two there are: whatever was cached, it is asked. */
static enum status
drop_absent(struct tpm *t, struct identity *id)
{
	enum status s = tpm_object_find(t, id->index[1].handle, &id->nv[1]);

	if (s == E_NOT_FOUND) {
		id->indices = 1;
		return OK;
	}
	if (s == OK)
		s = tpm_object_find(t, id->index[0].handle, &id->nv[0]);
	if (s != E_NOT_FOUND)
		return s;
	id->nv_handle_next = id->index[0].handle;
	id->index[0] = id->index[1];
	id->nv[0] = id->nv[1];
	memcpy(id->machine_key[0], id->machine_key[1], sizeof id->machine_key[0]);
	id->indices = 1;
	return OK;
}

enum status
identity_complete(struct tpm *t, struct identity *id, bool fresh)
{
	struct public_area ek;
	struct bytes public;
	uint32_t handle;
	enum status s;

	if (fresh) {
		id->ek.n = id->ak.n = 0;
		for (size_t i = 0; i < GATES_MAX; i++)
			id->nv[i].n = 0;
	}
	s = complete_object(t, "EK", id->ek_handle, &id->ek);
	if (s == OK)
		s = complete_object(t, "AK", id->ak_handle, &id->ak);
	if (s == OK && id->indices == 2)
		s = drop_absent(t, id);
	if (s == OK)
		s = complete_object(t, "secret", id->index[0].handle, &id->nv[0]);
	if (s == OK)
		s = tpm_object_public(&id->ek, &public, &handle);
	if (s == OK)
		s = public_decode(public, &ek);
	if (s == OK)
		public_id(&ek, id->machine);
	return s;
}
