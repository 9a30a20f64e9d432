/* SPDX-License-Identifier: ISC */
/*
 * Linked into an agent for tests where there is no device mapper: a volume opens when cryptsetup says that the key fits, and a file stands
 * for its mapping.  Never in a program that is installed.
 */
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/cryptsetup.h"
#include "agent/mapping.h"

#define FOLDER "/run/bootgate/mapped"

bool __wrap_mapping_exists(const char *name);
enum status __wrap_mapping_check(const char *name, const struct mapping_plan *plan, struct block_id *id);
enum status __wrap_cryptsetup_open(const char *device, int header, const char *name, uint32_t slot, struct bytes key);
enum status __wrap_cryptsetup_close(const char *name);

static const char *
path_of(const char *name)
{
	static char path[256];

	mkdir(FOLDER, 0755);
	snprintf(path, sizeof path, FOLDER "/%s", name);
	return path;
}

bool
__wrap_mapping_exists(const char *name)
{
	return access(path_of(name), F_OK) == 0;
}

enum status
__wrap_mapping_check(const char *name, const struct mapping_plan *plan, struct block_id *id)
{
	*id = plan->device;
	return __wrap_mapping_exists(name) ? OK : E_NOT_FOUND;
}

enum status
__wrap_cryptsetup_open(const char *device, int header, const char *name, uint32_t slot, struct bytes key)
{
	enum status s = cryptsetup_test(device, header, slot, key);
	FILE *f = s == OK ? fopen(path_of(name), "w") : NULL;

	if (f != NULL)
		fclose(f);
	return s;
}

enum status
__wrap_cryptsetup_close(const char *name)
{
	unlink(path_of(name));
	return OK;
}
