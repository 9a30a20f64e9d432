/* SPDX-License-Identifier: ISC */
/*
 * Which part of an event's data its digests prove.  (PFP 10.4.1; checked on 50 logs of real machines)
 *
 * A quote proves digests.  Data are believed only where every digest of a known algorithm in the event is the hash of them;
 * one bank that does not agree is enough to believe nothing.  Which hash, depends on who measured:
 *
 *	type                              PCR    form              seen
 *	EV_S_CRTM_VERSION                 any    DATA              one server of Google measures something else: not covered
 *	EV_SEPARATOR, EV_ACTION,          any    DATA              always
 *	EV_EFI_ACTION, EV_EFI_GPT_EVENT   any    DATA              always
 *	EV_IPL_PARTITION_DATA,            any    DATA              mostly; vendors measure other things too: not covered then
 *	EV_COMPACT_HASH, EV_NONHOST_INFO, EV_NONHOST_CONFIG, EV_PLATFORM_CONFIG_FLAGS, EV_OMIT_BOOT_DEVICE_EVENTS
 *	EV_EVENT_TAG                      any    DATA              Windows in PCR 12-14; Linux in PCR 9 measures a file: not covered
 *	EV_EFI_VARIABLE_DRIVER_CONFIG,    any    DATA, BUT_LAST    older shims log one byte more than they measure
 *	_AUTHORITY, _BOOT2
 *	EV_EFI_VARIABLE_BOOT              any    the same, VALUE   the PFP wants the value only, some firmware measures all;
 *	                                                           on Google's machines some hash 01 00 00 00: not covered
 *	EV_IPL                            8      TEXT, TEXT_NUL,   GRUB: "grub_cmd: ls" measures "ls", Fedora's older one with its
 *	                                         DATA_NUL          NUL; systemd-boot before 251 logged one byte too few
 *	EV_IPL                            11     NAME              systemd-stub: name of a section; the event after it measures the
 *	                                                           section and is not covered (event_linux.h)
 *	EV_IPL                            12     DATA              systemd-boot and -stub: a command line, UTF-16LE with its NUL
 *	all others                        -      none              files, firmware volumes, tables: they are not in the log
 *
 * The *type* is never covered.  Whoever made up the log can put another type beside the same digest and bytes, so a rule
 * must not skip an event because of its type, nor find its meaning by type alone: bind PCR, order and the whole covered bytes.
 * So is the name of a variable in PCR 1 worth nothing by itself: where the firmware measures values only, root can store a Boot####
 * whose value looks like a whole structure.  Secure Boot's variables are read from PCR 7, before its separator.
 */
#ifndef EVENTLOG_EVENT_COVER_H
#define EVENTLOG_EVENT_COVER_H

#include "eventlog/event_data.h"

enum event_cover_form {
	EVENT_COVER_NONE,      /* the digest is of something else: nothing of the data is proved */
	EVENT_COVER_DATA,      /* of all data */
	EVENT_COVER_BUT_LAST,  /* of all data but the last byte, which is no part of the variable */
	EVENT_COVER_VALUE,     /* of a variable's value: neither its name nor its GUID is proved */
	EVENT_COVER_TEXT,      /* of the text after GRUB's label, without the NUL: the label is not proved */
	EVENT_COVER_TEXT_NUL,  /* with the NUL */
	EVENT_COVER_DATA_NUL,  /* of all data and one zero byte more */
	EVENT_COVER_NAME,      /* of the ASCII text, with a NUL, that the data hold as UTF-16LE */
};

struct event_cover {
	enum event_cover_form form;
	struct bytes part; /* of the event's data; empty for NONE */
};

/* event_cover_possible(ev): whether the table has a form for this type and PCR; false means that no data can be proved. */
bool event_cover_possible(const struct event *ev);

/* event_cover_verify(ev): what its digests prove.  NONE also for events without a digest of a known algorithm. */
struct event_cover event_cover_verify(const struct event *ev);

/*
 * event_cover_variable(ev, v): a variable as far as it is proved: with the form VALUE, ${v} has neither name nor GUID.
 * E_TYPE for other types, E_MISMATCH when nothing is proved.
 */
enum status event_cover_variable(const struct event *ev, struct event_data_variable *v);

/* event_cover_form_text(f): "whole data", "value only", ...; never NULL. */
const char *event_cover_form_text(enum event_cover_form f);

#endif
