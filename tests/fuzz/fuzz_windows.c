/* SPDX-License-Identifier: GPL-2.0-or-later
 * The library's reader of the window feed's snapshots: any JSON is taken or refused, and what is
 * taken can be looked at. */
#include "fuzz.h"

#include <string.h>

#include "windows/list.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const ph_window_match matches[] = {
        {.app = "xterm"}, {.title = "*[a-z]?"}, {.id = 1}, {.kind = "normal", .mapped = 1}};
    int no_memory;
    json_t *json = json_loadb((const char *)data, size, JSON_REJECT_DUPLICATES, NULL);
    if (json == NULL)
        return 0;
    const ph_window_list *list = list_make(json, &no_memory);
    json_decref(json);
    for (size_t i = 0; list != NULL && i < sizeof matches / sizeof matches[0]; i++)
        ph_window_list_find(list, &matches[i]);
    size_t bytes = 0;
    for (size_t i = 0; list != NULL && i < list->count; i++)
        bytes += strlen(list->windows[i]->title) + strlen(list->windows[i]->app);
    ph_window_list_unref(list);
    return bytes == SIZE_MAX;
}
