/* SPDX-License-Identifier: ISC */
/*
 * Published test vectors in JSON, as unit tests read them.  The tests run in the top folder.
 */
#ifndef TESTS_VECTORS_H
#define TESTS_VECTORS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "base/bytes.h"
#include "base/text.h"

struct octets {
	size_t n;
	uint8_t p[16384];
};

static inline struct bytes
vectors_unhex(const char *hex, struct octets *to)
{
	assert_non_null(hex);
	assert_int_equal(text_unhex(hex, to->p, sizeof to->p, &to->n), OK);
	return bytes_of(to->p, to->n);
}

/* vectors_hex(o, name, to): the member ${name} of ${o}, which is hex digits. */
static inline struct bytes
vectors_hex(const json_t *o, const char *name, struct octets *to)
{
	return vectors_unhex(json_string_value(json_object_get(o, name)), to);
}

static inline const char *
vectors_text(const json_t *o, const char *name)
{
	const char *s = json_string_value(json_object_get(o, name));

	assert_non_null(s);
	return s;
}

static inline json_t *
vectors_load(const char *path)
{
	json_error_t e;
	json_t *root = json_load_file(path, 0, &e);

	if (root == NULL)
		fail_msg("%s:%d: %s", path, e.line, e.text);
	return root;
}

static inline int
vectors_id(const json_t *test)
{
	return (int)json_integer_value(json_object_get(test, "tcId"));
}

static inline bool
vectors_result(const json_t *test, const char *result)
{
	return strcmp(vectors_text(test, "result"), result) == 0;
}

/*
 * vectors_each(path, check): ${check} on each test of a Wycheproof file; at least ${least} tests must be there, so that an
 * emptied file does not pass.
 */
static inline void
vectors_each(const char *path, size_t least, void (*check)(const json_t *group, const json_t *test))
{
	json_t *root = vectors_load(path), *group, *test;
	size_t i, k, n = 0;

	json_array_foreach(json_object_get(root, "testGroups"), i, group) {
		json_array_foreach(json_object_get(group, "tests"), k, test) {
			check(group, test);
			n++;
		}
	}
	json_decref(root);
	assert_true(n >= least);
}

#endif
