/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rfb/vncauth.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <string.h>

#include "rfb/err.h"

/* RFC 6143 7.2.2: each byte of the key has its bits in reverse order. */
static uint8_t reversed(uint8_t b)
{
    uint8_t r = 0;
    for (int i = 0; i < 8; i++)
        r = (uint8_t)(r << 1 | (b >> i & 1));
    return r;
}

int rfb_vncauth_answer(const char *password, const uint8_t challenge[RFB_VNC_CHALLENGE],
                       uint8_t answer[RFB_VNC_CHALLENGE])
{
    /* OpenSSL 3 keeps single DES in its legacy provider, which may not be installed. Triple DES
     * with one key three times is the same function: encrypt, decrypt, encrypt. */
    uint8_t key[3 * RFB_VNC_PASSWORD] = {0};
    size_t n = strnlen(password, RFB_VNC_PASSWORD);
    for (size_t i = 0; i < n; i++)
        key[i] = key[i + 8] = key[i + 16] = reversed((uint8_t)password[i]);

    int rc = RFB_E_UNSUPPORTED, len = 0;
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    if (ctx == NULL) {
        rc = RFB_E_NO_MEMORY;
        goto out;
    }
    if (EVP_EncryptInit_ex(ctx, EVP_des_ede3_ecb(), NULL, key, NULL) == 1 &&
        EVP_CIPHER_CTX_set_padding(ctx, 0) == 1 &&
        EVP_EncryptUpdate(ctx, answer, &len, challenge, RFB_VNC_CHALLENGE) == 1 &&
        len == RFB_VNC_CHALLENGE)
        rc = RFB_OK;
out:
    EVP_CIPHER_CTX_free(ctx);
    OPENSSL_cleanse(key, sizeof key);
    return rc;
}

int rfb_vncauth_check(const char *password, const uint8_t challenge[RFB_VNC_CHALLENGE],
                      const uint8_t answer[RFB_VNC_CHALLENGE])
{
    uint8_t right[RFB_VNC_CHALLENGE];
    int rc = rfb_vncauth_answer(password, challenge, right);
    if (rc == RFB_OK)
        rc = CRYPTO_memcmp(right, answer, sizeof right) == 0;
    OPENSSL_cleanse(right, sizeof right);
    return rc;
}
