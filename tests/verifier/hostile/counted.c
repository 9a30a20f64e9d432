/* SPDX-License-Identifier: ISC */
/*
 * Linked around a few functions of bootgated (--wrap), for tests only: how much work a judge did for each answer stands in the log.
 */
#include "base/log.h"
#include "structures/public.h"
#include "store/store.h"
#include "verifier/frame.h"

static unsigned reads, verifications, hashes;

enum status __real_store_machine_get(struct store *st, const uint8_t id[MACHINE_ID_SIZE], struct machine *m);
enum status __wrap_store_machine_get(struct store *st, const uint8_t id[MACHINE_ID_SIZE], struct machine *m);
enum status __real_public_verify(const struct public_area *k, struct bytes message, struct bytes signature);
enum status __wrap_public_verify(const struct public_area *k, struct bytes message, struct bytes signature);
struct digest __real_hash_digest(enum hash_alg alg, struct bytes in);
struct digest __wrap_hash_digest(enum hash_alg alg, struct bytes in);
void __real_frame_encode_answer(const struct frame_answer *f, struct buffer *out);
void __wrap_frame_encode_answer(const struct frame_answer *f, struct buffer *out);

enum status
__wrap_store_machine_get(struct store *st, const uint8_t id[MACHINE_ID_SIZE], struct machine *m)
{
	reads++;
	return __real_store_machine_get(st, id, m);
}

enum status
__wrap_public_verify(const struct public_area *k, struct bytes message, struct bytes signature)
{
	verifications++;
	return __real_public_verify(k, message, signature);
}

struct digest
__wrap_hash_digest(enum hash_alg alg, struct bytes in)
{
	hashes++;
	return __real_hash_digest(alg, in);
}

void
__wrap_frame_encode_answer(const struct frame_answer *f, struct buffer *out)
{
	log_info("work: %u reads, %u verifications, %u hashes, status %u", reads, verifications, hashes, f->status);
	reads = verifications = hashes = 0;
	__real_frame_encode_answer(f, out);
}
