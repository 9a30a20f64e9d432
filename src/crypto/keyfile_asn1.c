/* SPDX-License-Identifier: ISC */
#include "crypto/keyfile_asn1.h"

#include "crypto/der.h"

static const uint8_t oid_ec_public_key[] = { 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01 };
static const uint8_t oid_p256[] = { 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07 };
static const uint8_t oid_p384[] = { 0x2b, 0x81, 0x04, 0x00, 0x22 };

static const struct {
	enum ec_curve curve;
	struct bytes oid;
} curves[] = {
	{ EC_P256, { oid_p256, sizeof oid_p256 } },
	{ EC_P384, { oid_p384, sizeof oid_p384 } },
};

enum ec_curve
keyfile_asn1_curve(struct bytes oid)
{
	for (size_t i = 0; i < sizeof curves / sizeof *curves; i++)
		if (bytes_equal(curves[i].oid, oid))
			return curves[i].curve;
	return EC_NONE;
}

struct bytes
keyfile_asn1_oid(enum ec_curve curve)
{
	for (size_t i = 0; i < sizeof curves / sizeof *curves; i++)
		if (curves[i].curve == curve)
			return curves[i].oid;
	return bytes_of(NULL, 0);
}

enum ec_curve
keyfile_asn1_read_algorithm(struct reader *r)
{
	struct reader in = reader_of(der_read(r, DER_SEQUENCE));
	struct bytes algorithm = der_read(&in, DER_OID);
	enum ec_curve curve;

	if (r->failed != OK)
		return EC_NONE;
	if (in.failed != OK) {
		reader_fail(r, E_SYNTAX);
		return EC_NONE;
	}
	/* What follows another algorithm's name has another form. */
	if (!bytes_equal(algorithm, BYTES(oid_ec_public_key)) || !der_next(&in, DER_OID)) {
		reader_fail(r, E_UNSUPPORTED);
		return EC_NONE;
	}
	curve = keyfile_asn1_curve(der_read(&in, DER_OID));
	if (reader_end(&in) != OK)
		reader_fail(r, E_SYNTAX);
	if (curve == EC_NONE)
		reader_fail(r, E_UNSUPPORTED);
	return curve;
}

void
keyfile_asn1_write_algorithm(struct buffer *b, enum ec_curve curve)
{
	uint8_t inner[32];
	struct buffer in = BUFFER(inner);

	der_write(&in, DER_OID, BYTES(oid_ec_public_key));
	der_write(&in, DER_OID, keyfile_asn1_oid(curve));
	der_write(b, DER_SEQUENCE, buffer_view(&in));
}

void
keyfile_asn1_read_point(struct reader *r, enum ec_curve curve, struct ec_public *k)
{
	struct reader in = reader_of(der_read(r, DER_BIT_STRING));
	uint8_t unused_bits = reader_u8(&in);
	struct bytes point = reader_take(&in, reader_left(&in));

	if (in.failed != OK || unused_bits != 0)
		reader_fail(r, E_SYNTAX);
	if (r->failed == OK)
		reader_fail(r, ec_public_decode(curve, point, k));
}

void
keyfile_asn1_write_point(struct buffer *b, const struct ec_public *k)
{
	uint8_t inner[1 + EC_POINT_MAX], point[EC_POINT_MAX];
	struct buffer in = BUFFER(inner);

	buffer_u8(&in, 0);
	buffer_bytes(&in, bytes_of(point, ec_public_encode(k, point)));
	der_write(b, DER_BIT_STRING, buffer_view(&in));
}
