/* SPDX-License-Identifier: GPL-2.0-or-later
 * What the log and the audit trail hear of the admin API: what was done, and by whom. */
#ifndef PROXY_ADMIN_TELL_H
#define PROXY_ADMIN_TELL_H

#include "admin.h"
#include "reason.h"

/* During a request. */
void admin_tell_made(const struct admin *a, const struct grant *g);
void admin_tell_changed(const struct admin *a, const struct grant *g);
void admin_tell_revoked(const struct admin *a, const char *id);
void admin_tell_jwt_revoked(const struct admin *a, const struct revocation *r);
void admin_tell_sent_away(const struct admin *a, uint64_t viewer);

/* The database did not take it. */
void admin_tell_not_stored(const char *what, const char *why);

/* Somebody may not ask; unless too many lines of this kind come at once. */
void admin_tell_refused(struct admin *a, const struct admin_asker *asker, enum refusal reason);

#endif
