/* SPDX-License-Identifier: ISC */
/*
 * Files with stated digests, and a small UKI built here, one mutation each.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/text.h"
#include "policy/uki_reference.h"

#define HEADERS 1024
#define ALIGNMENT 512

static uint8_t space[1 << 20];

static struct bytes
load(const char *name)
{
	struct buffer b = BUFFER(space);
	char path[128];

	snprintf(path, sizeof path, "tests/data/pe/%s", name);
	if (file_read(path, &b) != OK)
		fail_msg("%s", path);
	return buffer_view(&b);
}

static void
digests_are_those_that_other_tools_state(void **state)
{
	/* Signing pads to 8 bytes, so HelloWorld.efi has another digest once it is signed. */
	static const struct {
		const char *name, *digest;
		size_t padding;
	} files[] = {
		{ "HelloWorld.efi", "d2ae1f36ec9b40b55f60920a3f58ec902ebdc7c323e443412c751cdb3c42d3f3", 0 },
		{ "HelloWorld.efi", "765600a03f44d9f954376dd5f4e5b5e86b2ca1a3d6308a005f95922b0ebe7c94", 2 },
		{ "HelloWorld.efi.signed", "765600a03f44d9f954376dd5f4e5b5e86b2ca1a3d6308a005f95922b0ebe7c94", 0 },
		{ "linuxx64.efi.stub", "b9d3bcb414848ce11814ccb9fd98d95511e95fcc117c24e1517c9867761f251e", 0 },
		{ "linuxx64.efi.stub", "cc09c6b98fc5bf619ce09388399c35c21a510855f5fd308de653a8cf868e01cc", 4 },
		{ "test.pecoff.signed", "e7d74d2bc1287c17bf056e259ad7d2ca557e848b252509ae9956df0b14f69702", 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
		struct bytes in = load(files[i].name);
		struct pe pe;
		struct digest d;
		char hex[65];

		memset(space + in.n, 0, files[i].padding);
		in.n += files[i].padding;
		assert_int_equal(pe_decode(in, &pe), OK);
		d = pe_authenticode(&pe, HASH_SHA256);
		assert_string_equal(text_hex(digest_view(&d), hex, sizeof hex), files[i].digest);
	}
}

static void
a_real_file_that_is_cut_is_refused_or_hashed_otherwise(void **state)
{
	struct bytes in = load("test.pecoff.signed");
	struct pe pe;
	struct digest whole, d;

	(void)state;
	assert_int_equal(pe_decode(in, &pe), OK);
	whole = pe_authenticode(&pe, HASH_SHA256);
	for (size_t n = 0; n < in.n; n++)
		if (pe_decode(bytes_of(in.p, n), &pe) == OK) {
			d = pe_authenticode(&pe, HASH_SHA256);
			assert_false(digest_equal(&whole, &d));
		}
}

/* --- a file built here ------------------------------------------------------------------------------------------------- */

struct part {
	const char *name;
	struct bytes content;
};

static void
put16(size_t at, unsigned v)
{
	space[at] = (uint8_t)v;
	space[at + 1] = (uint8_t)(v >> 8);
}

static void
put32(size_t at, uint32_t v)
{
	put16(at, v & 0xffff);
	put16(at + 2, v >> 16);
}

#define AT_PE 0x80
#define AT_COFF (AT_PE + 4)
#define AT_OPTIONAL (AT_COFF + 20)
#define AT_DIRECTORY (AT_OPTIONAL + 112 + 4 * 8)
#define AT_SECTIONS (AT_OPTIONAL + 240)

/* A PE32+ of these sections, at the start of ${space}. */
static struct bytes
build(const struct part *parts, size_t n)
{
	size_t end = HEADERS;

	memset(space, 0, HEADERS);
	memcpy(space, "MZ", 2);
	put32(0x3c, AT_PE);
	memcpy(space + AT_PE, "PE\0\0", 4);
	put16(AT_COFF, 0x8664);
	put16(AT_COFF + 2, (unsigned)n);
	put16(AT_COFF + 16, 240);
	put16(AT_OPTIONAL, 0x20b);
	put32(AT_OPTIONAL + 60, HEADERS);
	put32(AT_OPTIONAL + 64, 0x12345678);
	put32(AT_OPTIONAL + 108, 16);
	for (size_t i = 0; i < n; i++) {
		size_t at = AT_SECTIONS + 40 * i, size = (parts[i].content.n + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;

		memcpy(space + at, parts[i].name, strnlen(parts[i].name, 8));
		put32(at + 8, (uint32_t)parts[i].content.n);
		put32(at + 12, (uint32_t)(0x1000 * (i + 1)));
		put32(at + 16, (uint32_t)size);
		put32(at + 20, size > 0 ? (uint32_t)end : 0);
		memset(space + end, 0, size);
		if (parts[i].content.n > 0)
			memcpy(space + end, parts[i].content.p, parts[i].content.n);
		end += size;
	}
	return bytes_of(space, end);
}

static struct digest
authenticode(struct bytes in)
{
	struct pe pe;

	assert_int_equal(pe_decode(in, &pe), OK);
	return pe_authenticode(&pe, HASH_SHA256);
}

static uint8_t kernel_space[4096];

static struct bytes
kernel(void)
{
	static const struct part parts[] = { { ".text", BYTES_STRING("the kernel") } };
	struct bytes in = build(parts, 1);

	memcpy(kernel_space, in.p, in.n);
	return bytes_of(kernel_space, in.n);
}

#define LINE "console=ttyS0 noresume"

static struct bytes
uki(void)
{
	const struct part parts[] = {
		{ ".text", BYTES_STRING("the stub") },
		{ ".osrel", BYTES_STRING("ID=test\n") },
		{ ".cmdline", BYTES_STRING(LINE) },
		{ ".linux", kernel() },
		{ ".initrd", BYTES_STRING("the initrd") },
		{ ".pcrsig", BYTES_STRING("{}") },
	};

	return build(parts, sizeof parts / sizeof parts[0]);
}

static void
checksum_certificates_and_their_entry_do_not_count_all_else_does(void **state)
{
	struct bytes in = uki();
	struct digest whole = authenticode(in), d;

	(void)state;
	for (size_t i = 0; i < in.n; i++) {
		struct pe pe;

		space[i] ^= 1;
		if (pe_decode(in, &pe) == OK) {
			bool apart = (i >= AT_OPTIONAL + 64 && i < AT_OPTIONAL + 68) || (i >= AT_DIRECTORY && i < AT_DIRECTORY + 8);

			d = pe_authenticode(&pe, HASH_SHA256);
			assert_int_equal(digest_equal(&whole, &d), apart);
		}
		space[i] ^= 1;
	}
	put32(AT_DIRECTORY, (uint32_t)in.n);
	put32(AT_DIRECTORY + 4, 16);
	memset(space + in.n, 0xcc, 16);
	d = authenticode(bytes_of(space, in.n + 16));
	assert_true(digest_equal(&whole, &d));
}

static void
bytes_after_the_last_section_count(void **state)
{
	struct bytes in = uki();
	struct digest whole = authenticode(in), d;

	(void)state;
	space[in.n] = 0;
	d = authenticode(bytes_of(space, in.n + 1));
	assert_false(digest_equal(&whole, &d));
}

struct change {
	const char *name;
	size_t at, size;
	uint32_t value;
	enum status status;
};

static void
a_malformed_file_is_refused_with_its_reason(void **state)
{
	static const struct change changes[] = {
		{ "no MZ", 0, 2, 0x5a4e, E_MAGIC },
		{ "PE header beyond the file", 0x3c, 4, 0x7fffffff, E_TRUNCATED },
		{ "no PE", AT_PE, 4, 0x4551, E_MAGIC },
		{ "too many sections", AT_COFF + 2, 2, 97, E_TOO_LARGE },
		{ "more sections than the headers hold", AT_COFF + 2, 2, 20, E_RANGE },
		{ "an optional header of nothing", AT_COFF + 16, 2, 0, E_RANGE },
		{ "unknown optional header", AT_OPTIONAL, 2, 0x107, E_MAGIC },
		{ "headers beyond the file", AT_OPTIONAL + 60, 4, 0x7fffffff, E_RANGE },
		{ "headers that end before the sections' list", AT_OPTIONAL + 60, 4, 0x180, E_RANGE },
		{ "more directories than the header holds", AT_OPTIONAL + 108, 4, 17, E_RANGE },
		{ "very many directories", AT_OPTIONAL + 108, 4, 0xffffffff, E_RANGE },
		{ "certificates that do not end the file", AT_DIRECTORY + 4, 4, 8, E_RANGE },
		{ "a section beyond the file", AT_SECTIONS + 16, 4, 0x7fffffff, E_RANGE },
		{ "a section that wraps around", AT_SECTIONS + 20, 4, 0xffffff00, E_RANGE },
		{ "a section in the headers", AT_SECTIONS + 20, 4, 512, E_RANGE },
		{ "two sections in one place", AT_SECTIONS + 40 + 20, 4, HEADERS, E_DUPLICATE },
		{ "a section that ends in the next", AT_SECTIONS + 16, 4, ALIGNMENT + 1, E_DUPLICATE },
	};
	struct pe pe;

	(void)state;
	for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
		struct bytes in = uki();
		enum status s;

		if (changes[i].size == 2)
			put16(changes[i].at, changes[i].value);
		else
			put32(changes[i].at, changes[i].value);
		s = pe_decode(in, &pe);
		if (s != changes[i].status)
			fail_msg("%s: %s", changes[i].name, status_name(s));
	}
}

/* Found by fuzzing: the room before the certificates, less than nothing there, was taken for very much. */
static void
a_section_that_begins_in_the_certificates_is_refused(void **state)
{
	struct bytes in = uki();
	struct pe pe;

	(void)state;
	memset(space + in.n, 0, 64);
	put32(AT_DIRECTORY, (uint32_t)in.n);
	put32(AT_DIRECTORY + 4, 64);
	assert_int_equal(pe_decode(bytes_of(space, in.n + 64), &pe), OK);
	for (uint32_t at = 1; at <= 64; at++) {
		put32(AT_SECTIONS + 20, (uint32_t)in.n + at);
		assert_int_equal(pe_decode(bytes_of(space, in.n + 64), &pe), E_RANGE);
	}
}

static void
a_header_without_a_certificate_entry_is_hashed_through(void **state)
{
	struct bytes in = uki();
	struct digest whole, d;

	(void)state;
	put32(AT_OPTIONAL + 108, 4);
	whole = authenticode(in);
	space[AT_DIRECTORY] ^= 1;
	d = authenticode(in);
	assert_false(digest_equal(&whole, &d));
}

/* --- unified kernel images --------------------------------------------------------------------------------------------- */

static void
a_uki_shows_what_its_boot_will_measure(void **state)
{
	struct bytes in = uki();
	struct digest image = authenticode(in), inner;
	struct pe_uki u;
	struct pe pe;

	(void)state;
	assert_int_equal(pe_uki_decode(in, &u), OK);
	assert_true(digest_equal(&u.image, &image));
	assert_int_equal(pe_decode(bytes_of(kernel_space, 1024 + ALIGNMENT), &pe), OK);
	inner = pe_authenticode(&pe, HASH_SHA256);
	assert_true(digest_equal(&u.kernel, &inner));
	assert_true(bytes_equal(u.initrd, BYTES_STRING("the initrd")));
	assert_true(bytes_equal(u.command_line, BYTES_STRING(LINE)));
	for (size_t i = 0; i < PE_UKI_SECTIONS; i++)
		assert_string_not_equal(event_linux_sections[i], ".pcrsig");
}

static void
the_list_of_sections_is_the_event_logs(void **state)
{
	(void)state;
	for (size_t i = 0; i < PE_UKI_SECTIONS; i++)
		assert_non_null(event_linux_sections[i]);
	assert_null(event_linux_sections[PE_UKI_SECTIONS]);
}

static void
a_uki_becomes_reference_values_for_each_list(void **state)
{
	static const char *const lists[] = { "uki", "uki.kernels", "uki.sections", "uki.sections", "uki.sections", "uki.sections",
		"initrd", "cmdline" };
	struct reference r[UKI_REFERENCES_MAX];
	struct digest initrd = hash_digest(HASH_SHA256, BYTES_STRING("the initrd"));
	size_t n;

	(void)state;
	assert_int_equal(uki_reference_list(uki(), r, &n), OK);
	assert_int_equal(n, sizeof lists / sizeof lists[0]);
	for (size_t i = 0; i < n; i++)
		assert_string_equal(r[i].list, lists[i]);
	assert_true(bytes_equal(bytes_of(r[6].value, r[6].n), digest_view(&initrd)));
	assert_true(bytes_equal(bytes_of(r[7].value, r[7].n), BYTES_STRING(LINE)));
}

static void
an_image_that_could_not_be_approved_gives_no_values(void **state)
{
	static uint8_t line[REFERENCE_VALUE_MAX + 1];
	const struct part no_linux[] = { { ".initrd", BYTES_STRING("x") }, { ".cmdline", BYTES_STRING("x") } };
	const struct part no_initrd[] = { { ".linux", kernel() }, { ".cmdline", BYTES_STRING("x") } };
	const struct part no_line[] = { { ".linux", kernel() }, { ".initrd", BYTES_STRING("x") } };
	const struct part twice[] = { { ".linux", kernel() }, { ".initrd", BYTES_STRING("x") }, { ".initrd", BYTES_STRING("y") } };
	const struct part no_kernel[] = { { ".linux", BYTES_STRING("no PE") }, { ".initrd", BYTES_STRING("x") }, { ".cmdline", BYTES_STRING("x") } };
	const struct part long_line[] = { { ".linux", kernel() }, { ".initrd", BYTES_STRING("x") }, { ".cmdline", BYTES(line) } };
	const struct {
		const struct part *parts;
		size_t n;
		enum status status;
	} images[] = {
		{ no_linux, 2, E_MISSING },
		{ no_initrd, 2, E_MISSING },
		{ no_line, 2, E_MISSING },
		{ twice, 3, E_DUPLICATE },
		{ no_kernel, 3, E_MAGIC },
		{ long_line, 3, E_TOO_LARGE },
	};
	struct reference r[UKI_REFERENCES_MAX];
	size_t n;

	(void)state;
	memset(line, 'x', sizeof line);
	for (size_t i = 0; i < sizeof images / sizeof images[0]; i++) {
		assert_int_equal(uki_reference_list(build(images[i].parts, images[i].n), r, &n), images[i].status);
		assert_int_equal(n, 0);
	}
}

static void
a_section_that_memory_would_fill_up_is_refused(void **state)
{
	struct bytes in = uki();
	struct pe_uki u;

	(void)state;
	put32(AT_SECTIONS + 4 * 40 + 8, ALIGNMENT + 1);
	assert_int_equal(pe_uki_decode(in, &u), E_UNSUPPORTED);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(digests_are_those_that_other_tools_state),
		cmocka_unit_test(a_real_file_that_is_cut_is_refused_or_hashed_otherwise),
		cmocka_unit_test(checksum_certificates_and_their_entry_do_not_count_all_else_does),
		cmocka_unit_test(bytes_after_the_last_section_count),
		cmocka_unit_test(a_malformed_file_is_refused_with_its_reason),
		cmocka_unit_test(a_section_that_begins_in_the_certificates_is_refused),
		cmocka_unit_test(a_header_without_a_certificate_entry_is_hashed_through),
		cmocka_unit_test(a_uki_shows_what_its_boot_will_measure),
		cmocka_unit_test(the_list_of_sections_is_the_event_logs),
		cmocka_unit_test(a_uki_becomes_reference_values_for_each_list),
		cmocka_unit_test(an_image_that_could_not_be_approved_gives_no_values),
		cmocka_unit_test(a_section_that_memory_would_fill_up_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
