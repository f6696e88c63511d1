/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "crop_how.h"

#include <string.h>

/* -1: it is none of them. */
static int find_word(const char *const *words, int count, const char *word)
{
    int i = 0;
    while (i < count && strcmp(words[i], word) != 0)
        i++;
    return i < count ? i : -1;
}

bool crop_how_set_popups(struct crop_how *how, const char *word)
{
    static const char *const words[] = {
        [CROP_POPUPS_EXPAND] = "expand", [CROP_POPUPS_CLIP] = "clip", [CROP_POPUPS_NONE] = "none"};
    int found = find_word(words, sizeof words / sizeof words[0], word);
    if (found >= 0)
        how->popups = (enum crop_popups)found;
    return found >= 0;
}

bool crop_how_set_on_close(struct crop_how *how, const char *word)
{
    static const char *const words[] = {[CROP_ON_CLOSE_END] = "end", [CROP_ON_CLOSE_WAIT] = "wait"};
    int found = find_word(words, sizeof words / sizeof words[0], word);
    if (found >= 0)
        how->on_close = (enum crop_on_close)found;
    return found >= 0;
}
