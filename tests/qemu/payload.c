/* SPDX-License-Identifier: ISC */
/*
 * payload KEY IMAGE DEVICE OFFSET: writes IMAGE, a file system, into the data segment of the LUKS2 volume DEVICE that begins at OFFSET: AES-256-XTS,
 * sectors of 512 bytes numbered from 0 (aes-xts-plain64), by the volume key in KEY (64 bytes).  Without device mapper.
 */
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>

#define SECTOR 512

static FILE *
open_file(const char *path, const char *mode)
{
	FILE *f = fopen(path, mode);

	if (f == NULL) {
		perror(path);
		exit(1);
	}
	return f;
}

static void
encrypt(EVP_CIPHER_CTX *c, const unsigned char *key, unsigned long number, const unsigned char *in, unsigned char *out)
{
	unsigned char iv[16] = { 0 };
	int n;

	for (int i = 0; i < 8; i++)
		iv[i] = (unsigned char)(number >> 8 * i);
	if (EVP_EncryptInit_ex(c, EVP_aes_256_xts(), NULL, key, iv) != 1 || EVP_EncryptUpdate(c, out, &n, in, SECTOR) != 1 || n != SECTOR)
		exit(1);
}

int
main(int argc, char **argv)
{
	unsigned char key[64], plain[SECTOR], out[SECTOR];
	EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
	FILE *image, *device;

	if (argc != 5 || c == NULL || fread(key, 1, sizeof key, open_file(argv[1], "rb")) != sizeof key)
		return 2;
	image = open_file(argv[2], "rb");
	device = open_file(argv[3], "r+b");
	if (fseek(device, strtol(argv[4], NULL, 10), SEEK_SET) != 0)
		return 1;
	for (unsigned long i = 0; fread(plain, 1, SECTOR, image) == SECTOR; i++) {
		encrypt(c, key, i, plain, out);
		if (fwrite(out, 1, SECTOR, device) != SECTOR)
			return 1;
	}
	return fclose(device) == 0 ? 0 : 1;
}
