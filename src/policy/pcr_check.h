/* SPDX-License-Identifier: ISC */
/*
 * Checks P1-P12: what the policy says of the PCRs.  Each is described by its title in appraise.c.
 *
 * The type and the label of an event are nobody's word (eventlog/event.h).  So these rules go by digests and by data that the
 * digests cover; type and label only choose the words of a reason.
 */
#ifndef POLICY_PCR_CHECK_H
#define POLICY_PCR_CHECK_H

#include "policy/judgement.h"

enum outcome pcr_check_references(struct judgement *j);
enum outcome pcr_check_unused(struct judgement *j);
enum outcome pcr_check_values(struct judgement *j);
enum outcome pcr_check_applications(struct judgement *j);
enum outcome pcr_check_secure_boot(struct judgement *j);
enum outcome pcr_check_keys(struct judgement *j);
enum outcome pcr_check_secure_boot_events(struct judgement *j);
enum outcome pcr_check_initrd(struct judgement *j);
enum outcome pcr_check_extra_initrd(struct judgement *j);
enum outcome pcr_check_sections(struct judgement *j);
enum outcome pcr_check_command_line(struct judgement *j);
enum outcome pcr_check_user_space(struct judgement *j);

#endif
