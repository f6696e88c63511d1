/* SPDX-License-Identifier: GPL-2.0-or-later
 * uthash's tables, which tell when there is no memory in place of ending the process: an element
 * that HASH_ADD_... could not take has a NULL hh.tbl, and the table is as it was. */
#ifndef PROXY_TABLE_H
#define PROXY_TABLE_H

#define HASH_NONFATAL_OOM 1
#include <uthash.h>

/* It does not see that the lists inside end, and would find elements freed twice. */
#ifdef __clang_analyzer__
#undef HASH_DEL
#define HASH_DEL(head, element) ((head) = (head) == (element) ? (element)->hh.next : (head))
#endif

#endif
