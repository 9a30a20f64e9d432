/* SPDX-License-Identifier: ISC */
/*
 * Event logs for unit tests: real ones from tests/data/eventlogs, and small ones built event by event.
 */
#ifndef TESTS_EVENTLOG_BUILD_H
#define TESTS_EVENTLOG_BUILD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/bytes.h"
#include "base/file.h"
#include "base/text.h"
#include "eventlog/event_data.h"
#include "eventlog/eventlog.h"
#include "eventlog/replay.h"

#define LOGS "tests/data/eventlogs/"
#define LOG_SIZE_MAX (128 * 1024)

struct log_file {
	size_t n;
	uint8_t p[LOG_SIZE_MAX];
};

/* log_load(name, f): the log tests/data/eventlogs/NAME.bin. */
static inline struct bytes
log_load(const char *name, struct log_file *f)
{
	struct buffer b = buffer_of(f->p, sizeof f->p);
	char path[256];

	snprintf(path, sizeof path, LOGS "%s.bin", name);
	if (file_read(path, &b) != OK)
		fail_msg("%s", path);
	f->n = b.n;
	return buffer_view(&b);
}

static inline void
put_le16(struct buffer *b, unsigned v)
{
	buffer_u8(b, (uint8_t)v);
	buffer_u8(b, (uint8_t)(v >> 8));
}

static inline void
put_le32(struct buffer *b, uint32_t v)
{
	put_le16(b, v & 0xffff);
	put_le16(b, v >> 16);
}

static inline void
put_le64(struct buffer *b, uint64_t v)
{
	put_le32(b, (uint32_t)v);
	put_le32(b, (uint32_t)(v >> 32));
}

static inline void
put_zeros(struct buffer *b, size_t n)
{
	while (n-- > 0)
		buffer_u8(b, 0);
}

static inline void
put_tpm12(struct buffer *b, uint32_t pcr, uint32_t type, struct bytes data)
{
	put_le32(b, pcr);
	put_le32(b, type);
	put_zeros(b, 20);
	put_le32(b, (uint32_t)data.n);
	buffer_bytes(b, data);
}

/* put_spec_id(b, algs, n): the Spec ID event for ${n} algorithms. */
static inline void
put_spec_id(struct buffer *b, const struct eventlog_alg *algs, size_t n)
{
	uint8_t memory[256];
	struct buffer data = BUFFER(memory);

	buffer_bytes(&data, bytes_of("Spec ID Event03", 16));
	put_le32(&data, 0);
	buffer_bytes(&data, bytes_of("\x00\x02\x00\x02", 4));
	put_le32(&data, (uint32_t)n);
	for (size_t i = 0; i < n; i++) {
		put_le16(&data, algs[i].alg);
		put_le16(&data, algs[i].size);
	}
	buffer_u8(&data, 0);
	put_tpm12(b, 0, EV_NO_ACTION, buffer_view(&data));
}

/* put_agile(b, pcr, type, algs, n, measured, data): digests of ${measured}; for algorithms that we do not know, bytes 0xaa. */
static inline void
put_agile(struct buffer *b, uint32_t pcr, uint32_t type, const struct eventlog_alg *algs, size_t n, struct bytes measured,
    struct bytes data)
{
	put_le32(b, pcr);
	put_le32(b, type);
	put_le32(b, (uint32_t)n);
	for (size_t i = 0; i < n; i++) {
		uint8_t digest[HASH_SIZE_MAX];

		memset(digest, 0xaa, sizeof digest);
		if (hash_known(algs[i].alg))
			hash_compute((enum hash_alg)algs[i].alg, measured, digest);
		put_le16(b, algs[i].alg);
		buffer_bytes(b, bytes_of(digest, algs[i].size));
	}
	put_le32(b, (uint32_t)data.n);
	buffer_bytes(b, data);
}

/* log_fault(in, rules, at): the fault of a log, and where. */
static inline enum eventlog_fault
log_fault(struct bytes in, enum eventlog_rules rules, size_t *at)
{
	struct eventlog log;
	struct event ev;

	eventlog_begin(&log, in, rules);
	while (eventlog_next(&log, &ev))
		;
	*at = log.fault_at;
	assert_int_equal(eventlog_end(&log) == OK, log.fault == EVENTLOG_FINE);
	return log.fault;
}

/* log_event(in, n, ev): event number ${n} of a log without a fault before. */
static inline void
log_event(struct bytes in, size_t n, struct event *ev)
{
	struct eventlog log;

	eventlog_begin(&log, in, EVENTLOG_SHOW);
	do
		assert_true(eventlog_next(&log, ev));
	while (ev->number < n);
}

#endif
