/* SPDX-License-Identifier: GPL-2.0-or-later
 * VNC Authentication (RFC 6143 section 7.2.2). Weak by design: DES, 8 characters. */
#ifndef RFB_VNCAUTH_H
#define RFB_VNCAUTH_H

#include <stdbool.h>
#include <stdint.h>

enum { RFB_VNC_CHALLENGE = 16, RFB_VNC_PASSWORD = 8 };

/* Encrypts the challenge with the password's first 8 bytes. 0, or RFB_E_UNSUPPORTED where the
 * machine's OpenSSL refuses the cipher. Thread-safe. */
int rfb_vncauth_answer(const char *password, const uint8_t challenge[RFB_VNC_CHALLENGE],
                       uint8_t answer[RFB_VNC_CHALLENGE]);
/* A server's: is this the answer of one who has the password? Takes the same time whichever it is.
 * 1, 0, or a negative code as above. Thread-safe. */
int rfb_vncauth_check(const char *password, const uint8_t challenge[RFB_VNC_CHALLENGE],
                      const uint8_t answer[RFB_VNC_CHALLENGE]);

#endif
