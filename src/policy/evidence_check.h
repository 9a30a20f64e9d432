/* SPDX-License-Identifier: ISC */
/*
 * Checks A1-A27: the evidence itself, whatever the policy says of its content.  Each is described by its title in appraise.c.
 */
#ifndef POLICY_EVIDENCE_CHECK_H
#define POLICY_EVIDENCE_CHECK_H

#include "policy/judgement.h"

enum outcome evidence_check_binding(struct judgement *j);
enum outcome evidence_check_machine(struct judgement *j);
enum outcome evidence_check_quote(struct judgement *j);
enum outcome evidence_check_ak(struct judgement *j);
enum outcome evidence_check_signature(struct judgement *j);
enum outcome evidence_check_extra_data(struct judgement *j);
enum outcome evidence_check_active(struct judgement *j);
enum outcome evidence_check_frozen(struct judgement *j);
enum outcome evidence_check_salting_key(struct judgement *j);
enum outcome evidence_check_machine_key(struct judgement *j);
enum outcome evidence_check_index(struct judgement *j);
enum outcome evidence_check_selection(struct judgement *j);
enum outcome evidence_check_required_banks(struct judgement *j);
enum outcome evidence_check_log_digest(struct judgement *j);
enum outcome evidence_check_users_digest(struct judgement *j);
enum outcome evidence_check_log(struct judgement *j);
enum outcome evidence_check_log_banks(struct judgement *j);
enum outcome evidence_check_users(struct judgement *j);
enum outcome evidence_check_replay(struct judgement *j);
enum outcome evidence_check_door(struct judgement *j);
enum outcome evidence_check_resets(struct judgement *j);
enum outcome evidence_check_restarts(struct judgement *j);
enum outcome evidence_check_clock(struct judgement *j);
enum outcome evidence_check_same_boot(struct judgement *j);
enum outcome evidence_check_same_log(struct judgement *j);
enum outcome evidence_check_epoch(struct judgement *j);
enum outcome evidence_check_rotation(struct judgement *j);

#endif
