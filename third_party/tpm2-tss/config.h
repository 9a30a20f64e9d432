/* SPDX-License-Identifier: ISC */
/*
 * What configure would have written for tpm2-tss: no log at all (a trace prints secrets), no crypto backend (bootgate
 * gives its own callbacks).
 */
#define MAXLOGLEVEL 0
#define _GNU_SOURCE 1
