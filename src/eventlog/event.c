/* SPDX-License-Identifier: ISC */
#include "eventlog/event.h"

static const struct {
	uint32_t type;
	const char *name;
} types[] = {
#define NAMED(type) { type, #type }
	NAMED(EV_PREBOOT_CERT),
	NAMED(EV_POST_CODE),
	NAMED(EV_UNUSED),
	NAMED(EV_NO_ACTION),
	NAMED(EV_SEPARATOR),
	NAMED(EV_ACTION),
	NAMED(EV_EVENT_TAG),
	NAMED(EV_S_CRTM_CONTENTS),
	NAMED(EV_S_CRTM_VERSION),
	NAMED(EV_CPU_MICROCODE),
	NAMED(EV_PLATFORM_CONFIG_FLAGS),
	NAMED(EV_TABLE_OF_DEVICES),
	NAMED(EV_COMPACT_HASH),
	NAMED(EV_IPL),
	NAMED(EV_IPL_PARTITION_DATA),
	NAMED(EV_NONHOST_CODE),
	NAMED(EV_NONHOST_CONFIG),
	NAMED(EV_NONHOST_INFO),
	NAMED(EV_OMIT_BOOT_DEVICE_EVENTS),
	NAMED(EV_POST_CODE2),
	NAMED(EV_EFI_VARIABLE_DRIVER_CONFIG),
	NAMED(EV_EFI_VARIABLE_BOOT),
	NAMED(EV_EFI_BOOT_SERVICES_APPLICATION),
	NAMED(EV_EFI_BOOT_SERVICES_DRIVER),
	NAMED(EV_EFI_RUNTIME_SERVICES_DRIVER),
	NAMED(EV_EFI_GPT_EVENT),
	NAMED(EV_EFI_ACTION),
	NAMED(EV_EFI_PLATFORM_FIRMWARE_BLOB),
	NAMED(EV_EFI_HANDOFF_TABLES),
	NAMED(EV_EFI_PLATFORM_FIRMWARE_BLOB2),
	NAMED(EV_EFI_HANDOFF_TABLES2),
	NAMED(EV_EFI_VARIABLE_BOOT2),
	NAMED(EV_EFI_GPT_EVENT2),
	NAMED(EV_EFI_HCRTM_EVENT),
	NAMED(EV_EFI_VARIABLE_AUTHORITY),
	NAMED(EV_EFI_SPDM_FIRMWARE_BLOB),
	NAMED(EV_EFI_SPDM_FIRMWARE_CONFIG),
	NAMED(EV_EFI_SPDM_DEVICE_POLICY),
	NAMED(EV_EFI_SPDM_DEVICE_AUTHORITY),
#undef NAMED
};

const char *
event_type_name(uint32_t type)
{
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (types[i].type == type)
			return types[i].name;
	return NULL;
}

struct bytes
event_digest(const struct event *ev, enum hash_alg alg)
{
	for (size_t i = 0; i < ev->digests; i++)
		if (ev->digest[i].alg == (uint16_t)alg)
			return ev->digest[i].value;
	return (struct bytes){ NULL, 0 };
}

bool
event_extends(const struct event *ev)
{
	return ev->type != EV_NO_ACTION;
}
