/* SPDX-License-Identifier: ISC */
/*
 * UEFI programs, as firmware measures them, and unified kernel images, as systemd's stub and the kernel's own stub measure them.
 * (Microsoft PE/COFF; Windows Authenticode Portable Executable Signature Format, "Calculating the PE Image Hash"; systemd-stub(7))
 *
 *	"MZ" … @0x3c: offset of | "PE\0\0" | COFF 20 | optional header | sections x 40 | … raw data … | certificates
 */
#ifndef POLICY_PE_H
#define POLICY_PE_H

#include "eventlog/event_linux.h"

#define PE_SECTIONS_MAX 96
#define PE_SECTION_NAME_MAX 8

struct pe_section {
	char name[PE_SECTION_NAME_MAX + 1];
	uint32_t address, virtual_size; /* in memory */
	uint32_t offset;                /* of ${raw} in the file */
	struct bytes raw;
};

/* Views point into the file. */
struct pe {
	struct bytes file;
	size_t checksum_at;    /* offset of the CheckSum field */
	size_t directory_at;   /* offset of the Certificate Table's directory entry; 0: the header has none */
	size_t headers;        /* SizeOfHeaders */
	struct bytes certificates;
	size_t sections;       /* as the file lists them */
	struct pe_section section[PE_SECTIONS_MAX];
};

/*
 * pe_decode(in, pe): PE32 or PE32+.  Refuses sections that reach beyond the file, into the headers or into one another,
 * and certificates that do not end the file: firmware would hash such files in ways that differ.
 */
enum status pe_decode(struct bytes in, struct pe *pe);

/* pe_authenticode(pe, alg): the digest that a PE's signature is over, which is also what firmware extends into PCR 4. */
struct digest pe_authenticode(const struct pe *pe, enum hash_alg alg);

/* pe_section_find(pe, name): the first section of that name, or NULL. */
const struct pe_section *pe_section_find(const struct pe *pe, const char *name);

/*
 * pe_section_content(s, content): the section as a program finds it in memory: VirtualSize bytes.
 * E_UNSUPPORTED when the file holds fewer and memory would be filled up with zeros: no tool makes a UKI like that.
 */
enum status pe_section_content(const struct pe_section *s, struct bytes *content);

/* Sections that systemd's stub measures into PCR 11, each as its name with its NUL, then its content: event_linux_sections[]. */
#define PE_UKI_SECTIONS 14

/* A unified kernel image, and what a boot of it shows.  Contents point into the file; empty: no such section. */
struct pe_uki {
	struct digest image;                      /* PCR 4: SHA-256 Authenticode of the whole file */
	struct digest kernel;                     /* the same of the kernel in .linux, which the stub starts as an image of its own */
	struct bytes content[PE_UKI_SECTIONS];    /* PCR 11, in the order of event_linux_sections[] */
	struct bytes initrd, command_line;        /* .initrd and .cmdline once more */
};

/* pe_uki_decode(in, u): E_MISSING without .linux, E_DUPLICATE for a section given twice; else as above. */
enum status pe_uki_decode(struct bytes in, struct pe_uki *u);

#endif
