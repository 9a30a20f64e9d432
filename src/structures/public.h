/* SPDX-License-Identifier: ISC */
/*
 * TPMT_PUBLIC, Names, and what an EK and an AK must look like.  (TPM 2.0 Part 2, 12.2.4; TCG EK Credential Profile, B.3)
 */
#ifndef STRUCTURES_PUBLIC_H
#define STRUCTURES_PUBLIC_H

#include "crypto/ec.h"
#include "crypto/rsa.h"

/* The largest TPMT_PUBLIC that is accepted: RSA-4096 with a policy of 64 bytes fits well. */
#define PUBLIC_SIZE_MAX 640

/* TPMA_OBJECT (Part 2, 8.3): the one bit that callers look at. */
#define PUBLIC_USER_WITH_AUTH UINT32_C(0x00000040)

/* A Name: 16-bit hash identifier, then the digest. */
#define NAME_SIZE_MAX (2 + HASH_SIZE_MAX)
struct name {
	size_t n;
	uint8_t p[NAME_SIZE_MAX];
};

struct bytes name_view(const struct name *a);
bool name_equal(const struct name *a, const struct name *b);

enum public_type { PUBLIC_RSA = 0x0001, PUBLIC_ECC = 0x0023 };

enum signature_scheme { SCHEME_NULL = 0x0010, SCHEME_RSASSA = 0x0014, SCHEME_RSAPSS = 0x0016, SCHEME_ECDSA = 0x0018 };

/* A decoded public area.  Views point into the input. */
struct public_area {
	enum public_type type;
	enum hash_alg name_alg;
	uint32_t attributes; /* TPMA_OBJECT */
	struct bytes policy;
	uint16_t symmetric; /* TPM_ALG_AES or TPM_ALG_NULL */
	uint16_t symmetric_bits, symmetric_mode;
	enum signature_scheme scheme;
	enum hash_alg scheme_hash; /* HASH_NONE with SCHEME_NULL */
	union {
		struct rsa_public rsa;
		struct ec_public ec; /* checked to be on its curve */
	} key;
	struct bytes encoded; /* the whole TPMT_PUBLIC: what the Name is over */
};

/* public_decode(in, k): a TPMT_PUBLIC (without a size in front) of an RSA or ECC key.  Refuses all else, and trailing bytes. */
enum status public_decode(struct bytes in, struct public_area *k);

/* public_encode_verify_key(k, hash, out): the TPMT_PUBLIC with which an EC public key is loaded to verify signatures:
 * nameAlg = scheme hash = ec_hash(curve), attributes sign | userWithAuth, no policy, ECDSA. Appends to ${out}. */
enum status public_encode_verify_key(const struct ec_public *k, struct buffer *out);

/* public_name(k, name): nameAlg || H_nameAlg(TPMT_PUBLIC).  (Part 1, 16) */
enum status public_name(const struct public_area *k, struct name *name);

/* name_of_verify_key(k, name): the Name of public_encode_verify_key(k). */
enum status name_of_verify_key(const struct ec_public *k, struct name *name);

/* public_id(k, id): the machine's id: SHA-256 of the EK's TPMT_PUBLIC. */
#define MACHINE_ID_SIZE 32
void public_id(const struct public_area *k, uint8_t id[MACHINE_ID_SIZE]);

/*
 * public_check_ek(k, why): whether this is one of the default EK templates (L-1 RSA-2048, L-2 P-256, H-3 P-384; also
 * H-1 RSA-2048 and H-2 P-256): attributes, policy, symmetric, scheme.  public_check_ak(k, why): restricted, sign only, sensitiveDataOrigin, fixedTPM,
 * fixedParent, noDA; RSA-2048/3072/4096, P-256, P-384, with RSASSA/RSAPSS/ECDSA and SHA-256 or SHA-384.
 * On E_KEY, ${*why} is a sentence that names what is wrong.
 */
enum status public_check_ek(const struct public_area *k, const char **why);
enum status public_check_ak(const struct public_area *k, const char **why);

/* public_encode_ek_template(type, curve, out): appends the TPMT_PUBLIC from which a TPM makes its EK: L-1 for RSA, L-2 for P-256, H-3 for P-384. */
enum status public_encode_ek_template(enum public_type type, enum ec_curve curve, struct buffer *out);

/* public_encode_ek(k, out): appends the TPMT_PUBLIC of the EK that a TPM with the key in ${k} makes from that template; of ${k}, only type and key count. */
enum status public_encode_ek(const struct public_area *k, struct buffer *out);

/* public_encode_ak_template(type, curve, out): appends that of an AK: RSA-2048 with RSASSA, P-256, P-384 with ECDSA; the hash of the curve, SHA-256 for RSA. */
enum status public_encode_ak_template(enum public_type type, enum ec_curve curve, struct buffer *out);

/*
 * public_verify(k, message, signature): ${signature} is a TPMT_SIGNATURE made by ${k} over ${message}, with the key's own
 * scheme and hash (a signature of another scheme or hash is refused: E_MISMATCH).  E_SIGNATURE, E_SYNTAX family otherwise.
 */
enum status public_verify(const struct public_area *k, struct bytes message, struct bytes signature);

#endif
