/* SPDX-License-Identifier: GPL-2.0-or-later
 * A line on the terminal (standard error) about what takes longer than a second, erased at its end.
 * Where standard error is no terminal nothing is ever written. */
#ifndef PORTHOLE_PROGRESS_H
#define PORTHOLE_PROGRESS_H

/* Something begins that may take time; what began before has ended. From one thread only. */
void progress_begin(const char *format, ...) __attribute__((format(printf, 1, 2)));
void progress_end(void);

#endif
