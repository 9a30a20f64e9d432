/* SPDX-License-Identifier: ISC */
/*
 * The reference values that a unified kernel image gives: `bootgatectl reference add UKI`.
 *
 *	list            value
 *	uki             Authenticode SHA-256 of the file                     PCR 4
 *	uki.kernels     the same of the kernel in it                         PCR 4
 *	uki.sections    SHA-256 of each section's content                    PCR 11
 *	initrd          SHA-256 of .initrd                                   PCR 9
 *	cmdline         the text in .cmdline, as it stands there             PCR 11, and PCR 9 with kernels that measure it
 */
#ifndef POLICY_UKI_REFERENCE_H
#define POLICY_UKI_REFERENCE_H

#include "policy/pe.h"
#include "policy/policy.h"

#define UKI_REFERENCES_MAX (PE_UKI_SECTIONS + 4)

/*
 * uki_reference_list(in, out, n): the values of the UKI ${in}.  Failures of pe_uki_decode(); E_TOO_LARGE for a command line of more
 * than REFERENCE_VALUE_MAX bytes, E_MISSING without .initrd or .cmdline: the shipped policies would deny such an image.
 */
enum status uki_reference_list(struct bytes in, struct reference out[UKI_REFERENCES_MAX], size_t *n);

#endif
