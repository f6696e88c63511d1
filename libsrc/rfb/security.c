/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rfb/security.h"

#include "rfb/proto.h"

static const struct rfb_way types[] = {
    {RFB_SEC_NONE, "None", "none", RFB_AUTH_NONE, RFB_ALLOW_CLEAR, false},
    {RFB_SEC_VNC_AUTH, "VncAuth", "vncauth", RFB_AUTH_VNC, RFB_ALLOW_CLEAR, false},
};

static const struct rfb_way subtypes[] = {
    {256, "Plain", "plain", RFB_AUTH_PLAIN, RFB_ALLOW_PLAIN, false},
    {257, "TLSNone", "tlsnone", RFB_AUTH_NONE, RFB_ALLOW_ANON_TLS, true},
    {258, "TLSVnc", "tlsvnc", RFB_AUTH_VNC, RFB_ALLOW_ANON_TLS, true},
    {259, "TLSPlain", "tlsplain", RFB_AUTH_PLAIN, RFB_ALLOW_ANON_TLS, true},
    {260, "X509None", "x509none", RFB_AUTH_NONE, RFB_ALLOW_X509, true},
    {261, "X509Vnc", "x509vnc", RFB_AUTH_VNC, RFB_ALLOW_X509, true},
    {262, "X509Plain", "x509plain", RFB_AUTH_PLAIN, RFB_ALLOW_X509, true},
};

/* Of what we do not speak, the types people meet (rfbproto's registry). */
static const struct {
    uint8_t number;
    const char *label;
} others[] = {
    {5, "RA2"},
    {6, "RA2ne"},
    {RFB_SEC_TIGHT, "Tight"},
    {17, "Ultra"},
    {18, "TLS"},
    {RFB_SEC_VENCRYPT, "VeNCrypt"},
    {20, "SASL"},
    {30, "Apple Diffie-Hellman"},
};

static const struct rfb_way *find(const struct rfb_way *ways, size_t n, uint32_t number)
{
    for (size_t i = 0; i < n; i++)
        if (ways[i].number == number)
            return &ways[i];
    return NULL;
}

const struct rfb_way *rfb_way_of_type(uint32_t number)
{
    return find(types, sizeof types / sizeof types[0], number);
}

const struct rfb_way *rfb_way_of_subtype(uint32_t number)
{
    return find(subtypes, sizeof subtypes / sizeof subtypes[0], number);
}

const char *rfb_security_label(uint32_t number)
{
    const struct rfb_way *way = rfb_way_of_type(number);
    if (way != NULL)
        return way->label;
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        if (others[i].number == number)
            return others[i].label;
    return NULL;
}

/* The lower, the better. */
static int rank(const struct rfb_way *way, bool username, bool password)
{
    static const int with_username[] = {
        [RFB_AUTH_PLAIN] = 0, [RFB_AUTH_VNC] = 1, [RFB_AUTH_NONE] = 2};
    static const int with_password[] = {
        [RFB_AUTH_VNC] = 0, [RFB_AUTH_NONE] = 1, [RFB_AUTH_PLAIN] = 2};
    static const int with_nothing[] = {
        [RFB_AUTH_NONE] = 0, [RFB_AUTH_VNC] = 1, [RFB_AUTH_PLAIN] = 2};
    const int *order = username ? with_username : password ? with_password : with_nothing;
    int encryption = way->allow == RFB_ALLOW_X509 ? 0 : way->allow == RFB_ALLOW_ANON_TLS ? 1 : 2;
    return order[way->auth] * 3 + encryption;
}

const struct rfb_way *rfb_way_better(const struct rfb_way *a, const struct rfb_way *b,
                                     bool username, bool password)
{
    if (a == NULL || b == NULL)
        return a == NULL ? b : a;
    return rank(b, username, password) < rank(a, username, password) ? b : a;
}
