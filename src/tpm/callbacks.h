/* SPDX-License-Identifier: ISC */
/*
 * The cryptography that ESYS asks for, done by crypto/: sessions' salts and HMACs, encrypted parameters.
 */
#ifndef TPM_CALLBACKS_H
#define TPM_CALLBACKS_H

#include <tss2/tss2_esys.h>

/* callbacks_esys(): for Esys_SetCryptoCallbacks(). No SM4: nothing here asks for it. */
ESYS_CRYPTO_CALLBACKS callbacks_esys(void);

#endif
