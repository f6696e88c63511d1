/* SPDX-License-Identifier: GPL-2.0-or-later
 * What JSON says of a window stream: the fields of an admin request and the claims of a JWT are the
 * same ones. */
#ifndef PROXY_CROP_JSON_H
#define PROXY_CROP_JSON_H

#include <jansson.h>
#include <stddef.h>

#include "crop_how.h"

struct crop_field {
    const char *name;
    bool (*take)(struct crop_how *how, const json_t *value); /* false: it is something else */
    const char *wanted;                                      /* what it must be */
    const char *wrong; /* what to say of a value that is something else */
};

/* The one at this place, or NULL behind the last. "window" itself is the first of them. */
const struct crop_field *crop_field_at(size_t i);
/* NULL: there is none of this name. */
const struct crop_field *crop_field_find(const char *name);

/* What of the object's fields means nothing beside its "window", or without one: NULL, or the name
 * of the first. how is what was read of them. */
const char *crop_field_idle(const json_t *object, const struct crop_how *how);

#endif
