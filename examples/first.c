/* SPDX-License-Identifier: GPL-2.0-or-later
 * first TARGET PICTURE.png: look at a desktop, click, type, and see that it has an effect. */
#include <porthole.h>
#include <stdio.h>

int main(int argc, char **argv)
{
    ph_client *desktop;
    ph_frame *before = NULL, *after = NULL;
    ph_watch watch = PH_WATCH_INIT;
    ph_error e;
    uint8_t *png = NULL;
    size_t len = 0;

    if (argc != 3 || ph_connect(argv[1], NULL, NULL, &desktop, &e) != PH_OK)
        return fprintf(stderr, "%s\n", argc == 3 ? e.message : "first TARGET PICTURE.png"), 1;
    int rc = ph_wait_quiet(desktop, NULL, 300, NULL, &before, NULL, &e);
    if (rc == PH_OK)
        rc = ph_image_encode(before, NULL, &png, &len, NULL, &e);
    FILE *file = rc == PH_OK ? fopen(argv[2], "wb") : NULL;
    if (file != NULL)
        printf("%zu bytes of PNG\n", fwrite(png, 1, len, file)), fclose(file);
    if (rc == PH_OK)
        rc = ph_click(desktop, 200, 200, PH_BUTTON_LEFT, 1, NULL, NULL, &e);
    if (rc == PH_OK)
        rc = ph_type(desktop, "hello\n", NULL, NULL, &e);
    watch.since = before;
    if (rc == PH_OK)
        rc = ph_wait_change(desktop, &watch, NULL, &after, &e);
    puts(rc == PH_OK ? "the screen has changed" : e.message);
    ph_free(png);
    ph_frame_unref(after);
    ph_frame_unref(before);
    return ph_close(desktop, NULL, &e) == PH_OK && rc == PH_OK ? 0 : 1;
}
