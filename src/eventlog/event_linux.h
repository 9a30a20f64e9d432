/* SPDX-License-Identifier: ISC */
/*
 * What systemd-stub and the kernel's EFI stub measure when a unified kernel image (UKI) boots.
 *
 *	PCR 4    EV_EFI_BOOT_SERVICES_APPLICATION of the firmware: Authenticode digest of the UKI.  Debian 12's stub starts the kernel inside
 *	         without LoadImage, so no second event; newer stubs and boot loaders may give one.
 *	PCR 9    EV_EVENT_TAG of the kernel's stub, a text each that the digest does not cover:
 *	           0x8f3b22ed "LOADED_IMAGE::LoadOptions": the digest is of the command line, UTF-16LE as passed
 *	           0x8f3b22ec "Linux initrd":              the digest is of the initrd as loaded through LoadFile2
 *	         The kernel's stub measures load options first, then the initrd, all of it: .initrd and what systemd-stub adds.
 *	         An initrd that never passes the kernel's EFI stub (a boot loader that hands it over itself) gives no such event: a
 *	         rule must demand exactly the events that it knows, and not only refuse wrong ones.
 *	PCR 11   systemd-stub, EV_IPL, two events for each section but .pcrsig, in the order of event_linux_sections[]: first the
 *	         digest of the section's name with its NUL, then that of its contents; both with the name in UTF-16LE as data.
 *	         A PE section's contents are taken with its virtual size.
 *	PCR 12   EV_IPL: a command line that replaces or extends the image's own, data covered; a cpio of credentials, not covered
 *	         ("Credentials initrd").  No event when the image's own command line is used.
 *	PCR 13   a cpio of system extensions ("System extension initrd"), not covered.
 *
 * The label of an event is not covered, so a LoadOptions event can be called an initrd.  What holds is PCR, order and digest.
 */
#ifndef EVENTLOG_EVENT_LINUX_H
#define EVENTLOG_EVENT_LINUX_H

#include "eventlog/event.h"

#define EVENT_LINUX_INITRD UINT32_C(0x8f3b22ec)
#define EVENT_LINUX_LOAD_OPTIONS UINT32_C(0x8f3b22ed)

/* event_linux_tag(ev): EVENT_LINUX_INITRD or EVENT_LINUX_LOAD_OPTIONS for an event in PCR 9 that calls itself so; else 0. */
uint32_t event_linux_tag(const struct event *ev);

/* event_linux_initrd_digest(ev, alg): the digest of the initrd in such an event; empty for any other event. */
struct bytes event_linux_initrd_digest(const struct event *ev, enum hash_alg alg);

/* The sections that systemd-stub knows, in the order in which it measures them (252 to 257); NULL at the end. */
extern const char *const event_linux_sections[];

struct event_linux_section {
	size_t order;                 /* place in event_linux_sections[] */
	const char *name;             /* ".linux", proved by the first event */
	const struct event *contents; /* the second event: its digests are of the section's contents */
};

/*
 * event_linux_section(first, second, s): two consecutive events of PCR 11 as one section.
 * E_TYPE when one is not an EV_IPL event of PCR 11, E_MISMATCH when the name is not what the first event's digests prove or the
 * second has another label, E_UNSUPPORTED for a name that is not in the list (.pcrsig is not).
 */
enum status event_linux_section(const struct event *first, const struct event *second, struct event_linux_section *s);

#endif
