/* SPDX-License-Identifier: ISC */
/*
 * One entry of an event log.  (TCG PC Client Platform Firmware Profile, "PFP", 10.2.1, 10.2.2 and 10.4.1)
 *
 * What a log says of an event is of three kinds: the digests, which a quote proves in their order; the PCR index, which it
 * proves too; and the type and the data, which nobody proves.  A PCR is extended by digests only, so whoever hands over a log
 * can write any type beside a digest, and any data that the digest does not cover (event_cover.h).
 */
#ifndef EVENTLOG_EVENT_H
#define EVENTLOG_EVENT_H

#include "base/bytes.h"
#include "crypto/hash.h"

#define EVENT_DIGESTS_MAX 16
#define EVENT_PCR_MAX 23
/* Windows writes this index into the EV_NO_ACTION events that end its logs. */
#define EVENT_PCR_NONE UINT32_C(0xffffffff)

/* Event types (PFP 10.4.1): 32-bit numbers from outside, so no enum.  event.c has their names. */
#define EV_PREBOOT_CERT                    UINT32_C(0x00000000)
#define EV_POST_CODE                       UINT32_C(0x00000001)
#define EV_UNUSED                          UINT32_C(0x00000002)
#define EV_NO_ACTION                       UINT32_C(0x00000003)
#define EV_SEPARATOR                       UINT32_C(0x00000004)
#define EV_ACTION                          UINT32_C(0x00000005)
#define EV_EVENT_TAG                       UINT32_C(0x00000006)
#define EV_S_CRTM_CONTENTS                 UINT32_C(0x00000007)
#define EV_S_CRTM_VERSION                  UINT32_C(0x00000008)
#define EV_CPU_MICROCODE                   UINT32_C(0x00000009)
#define EV_PLATFORM_CONFIG_FLAGS           UINT32_C(0x0000000a)
#define EV_TABLE_OF_DEVICES                UINT32_C(0x0000000b)
#define EV_COMPACT_HASH                    UINT32_C(0x0000000c)
#define EV_IPL                             UINT32_C(0x0000000d)
#define EV_IPL_PARTITION_DATA              UINT32_C(0x0000000e)
#define EV_NONHOST_CODE                    UINT32_C(0x0000000f)
#define EV_NONHOST_CONFIG                  UINT32_C(0x00000010)
#define EV_NONHOST_INFO                    UINT32_C(0x00000011)
#define EV_OMIT_BOOT_DEVICE_EVENTS         UINT32_C(0x00000012)
#define EV_POST_CODE2                      UINT32_C(0x00000013)
#define EV_EFI_VARIABLE_DRIVER_CONFIG      UINT32_C(0x80000001)
#define EV_EFI_VARIABLE_BOOT               UINT32_C(0x80000002)
#define EV_EFI_BOOT_SERVICES_APPLICATION   UINT32_C(0x80000003)
#define EV_EFI_BOOT_SERVICES_DRIVER        UINT32_C(0x80000004)
#define EV_EFI_RUNTIME_SERVICES_DRIVER     UINT32_C(0x80000005)
#define EV_EFI_GPT_EVENT                   UINT32_C(0x80000006)
#define EV_EFI_ACTION                      UINT32_C(0x80000007)
#define EV_EFI_PLATFORM_FIRMWARE_BLOB      UINT32_C(0x80000008)
#define EV_EFI_HANDOFF_TABLES              UINT32_C(0x80000009)
#define EV_EFI_PLATFORM_FIRMWARE_BLOB2     UINT32_C(0x8000000a)
#define EV_EFI_HANDOFF_TABLES2             UINT32_C(0x8000000b)
#define EV_EFI_VARIABLE_BOOT2              UINT32_C(0x8000000c)
#define EV_EFI_GPT_EVENT2                  UINT32_C(0x8000000d)
#define EV_EFI_HCRTM_EVENT                 UINT32_C(0x80000010)
#define EV_EFI_VARIABLE_AUTHORITY          UINT32_C(0x800000e0)
#define EV_EFI_SPDM_FIRMWARE_BLOB          UINT32_C(0x800000e1)
#define EV_EFI_SPDM_FIRMWARE_CONFIG        UINT32_C(0x800000e2)
#define EV_EFI_SPDM_DEVICE_POLICY          UINT32_C(0x800000e3)
#define EV_EFI_SPDM_DEVICE_AUTHORITY       UINT32_C(0x800000e4)

struct event_digest {
	uint16_t alg; /* TPM_ALG_ID, also of algorithms that we do not know */
	struct bytes value;
};

/* Views point into the log.  The Spec ID event and only it has no digest (its fixed 20 zero bytes are checked and dropped). */
struct event {
	size_t offset; /* of its first byte in the log */
	size_t number; /* 0 is the first */
	uint32_t pcr;  /* 0-23; EVENT_PCR_NONE only with EV_NO_ACTION */
	uint32_t type;
	size_t digests;
	struct event_digest digest[EVENT_DIGESTS_MAX];
	struct bytes data;
};

/* event_type_name(type): "EV_SEPARATOR"; NULL for a type that is not in the list. */
const char *event_type_name(uint32_t type);

/* event_digest(ev, alg): the digest of that algorithm; an empty view if there is none. */
struct bytes event_digest(const struct event *ev, enum hash_alg alg);

/* event_extends(ev): whether the event extended its PCR.  EV_NO_ACTION never does, whatever its digests are. */
bool event_extends(const struct event *ev);

#endif
