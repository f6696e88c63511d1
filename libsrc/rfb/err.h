/* SPDX-License-Identifier: GPL-2.0-or-later
 * What the wire code answers. 0 is success; every failure is one of these negative codes. */
#ifndef RFB_ERR_H
#define RFB_ERR_H

enum rfb_err {
    RFB_OK = 0,
    RFB_E_INCOMPLETE = -1,  /* not an error: feed more bytes */
    RFB_E_INVALID = -2,     /* the peer is broken or hostile: end the connection */
    RFB_E_TOO_LARGE = -3,   /* well-formed, but above a stated limit */
    RFB_E_NO_MEMORY = -4,   /* the allocator said no */
    RFB_E_REFUSED = -5,     /* the peer ended the handshake and gave a reason */
    RFB_E_AUTH = -6,        /* the peer did not accept the password, or wants one we lack */
    RFB_E_UNSUPPORTED = -7, /* no version or security type in common */
    RFB_E_TOO_MANY = -8,    /* after too many failures the peer lets nobody try for a while */
};

/* A short English text for a code; never NULL. Thread-safe. */
const char *rfb_strerror(int code);

#endif
