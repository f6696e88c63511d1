/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "address.h"

#include <stdbool.h>
#include <stdio.h>

void address_text(const struct sockaddr_storage *address, char text[ADDRESS_TEXT_MAX])
{
    char host[INET6_ADDRSTRLEN] = "?";
    bool six = address->ss_family == AF_INET6;
    unsigned port = ntohs(six ? ((const struct sockaddr_in6 *)address)->sin6_port
                              : ((const struct sockaddr_in *)address)->sin_port);
    uv_ip_name((const struct sockaddr *)address, host, sizeof host);
    snprintf(text, ADDRESS_TEXT_MAX, six ? "[%s]:%u" : "%s:%u", host, port);
}
